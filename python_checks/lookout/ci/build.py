"""The build of a change: first the tables it reads, as the base has them, then the change, with every outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from lookout.ci import stub_tables
from lookout.ci.build_target import BuildTarget, CheckedProject
from lookout.ci.model import Manifest, Outcome
from lookout.ci.outcomes import blame_stubs, not_evaluated, plain_message, read_results, tested_tables
from lookout.ci.plan import Lineage, Plan, overwritten, selectors
from lookout.database.connection import Connection, connect
from lookout.errors import ArtifactError, ConfigError
from lookout.project.declarations.nodes import relation_name
from lookout.project.files import read_artifact

NO_TESTS = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]


@dataclass(frozen=True)
class Change:
    """A change ready to be built. ``base`` builds what the change only reads, from the base's files if known."""

    head: CheckedProject
    head_manifest: Manifest
    base: CheckedProject
    base_manifest: Manifest
    state: Path
    plan: Plan
    left_out: tuple[str, ...] = ()
    large_seeds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Built:
    """The result of a build: an outcome for each selected node, and why some could not be evaluated."""

    outcomes: tuple[Outcome, ...]
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def build_change(change: Change, build_target: BuildTarget, folders: Sequence[str]) -> Built:
    """Build everything of the plan. ``folders`` are paths on this machine that no message should name."""
    plan, head = change.plan, change.head_manifest
    if not plan.selected:
        return Built(())
    reasons, stubs, notices = _prepare(change, build_target, folders)
    blind = not_evaluated(head, reasons, plan.selected)
    excluded = [*(one.node.node_id for one in blind), *change.left_out]
    further = [f"{name}+" for name in (*selectors(head, change.large_seeds), *_sources(head, plan.reloaded))]
    arguments = ["build", "--select", "state:modified+", *further]
    arguments += ["--state", str(change.state)]
    if not build_target.empty:
        # Tables that an earlier check left in the same schema must not be read instead of the base's.
        arguments += ["--defer", "--favor-state"]
    if excluded:
        arguments += ["--exclude", *selectors(head, excluded)]
    rows: Mapping[str, Any] = {}
    problem = ""
    if len(blind) < len(plan.selected):
        rows, problem = _build(change.head, arguments, folders)
    outcomes = blame_stubs(_plain(read_results(rows, head, plan.selected), folders), head, stubs)
    outcomes = [*_with_rows(outcomes, head, build_target.empty), *blind]
    outcomes += _unreported(head, plan, outcomes, problem or "dbt did not come to it.")
    problems = (*dict.fromkeys(reasons.values()), *([problem] if problem else []))
    return Built(tuple(outcomes), problems, notices)


def _prepare(
    change: Change, build_target: BuildTarget, folders: Sequence[str]
) -> tuple[dict[str, str], dict[str, stub_tables.StubTable], tuple[str, ...]]:
    """Make everything the change reads. Return reasons by node id for what cannot be made, stub tables, notices."""
    if build_target.empty is None:
        taken = overwritten(change.base_manifest, change.head_manifest, change.plan.selected)
        message = "It would be built over the base's own table {}: give --target a schema that is not the base's."
        nodes = change.head_manifest["nodes"]
        return {key: message.format(nodes[key]["relation_name"].replace('"', "")) for key in taken}, {}, ()
    reasons, stubs = _create_stubs(change, build_target.empty)
    reasons |= _build_first(change, reasons, folders)
    names = ", ".join(sorted(one.name for one in stubs.values()))
    return reasons, stubs, (f"Stood empty, as their YAML declares them: {names}.",) if names else ()


def _create_stubs(change: Change, connection: Connection) -> tuple[dict[str, str], dict[str, stub_tables.StubTable]]:
    """Create an empty table for each source. Return reasons by node id for those that cannot be, and the tables."""
    stubs: dict[str, stub_tables.StubTable] = {}
    reasons: dict[str, str] = {}
    for key in change.plan.sources:
        stub = stub_tables.stub_table(change.head_manifest["sources"][key], str(connection.parameters["dbname"]))
        if isinstance(stub, str):
            reasons[key] = stub
        else:
            stubs[key] = stub
    refused = stub_tables.create(connection, stubs.values())
    return reasons | refused, {key: stub for key, stub in stubs.items() if key not in refused}


def _build_first(change: Change, reasons: Mapping[str, str], folders: Sequence[str]) -> dict[str, str]:
    """Build what the change reads. Return reasons by node id for what does not build."""
    head, plan = change.head_manifest, change.plan
    lineage, failed = Lineage(head), dict[str, str]()
    # dbt does not know that a source is read from a seed, so what loads sources is built before the rest.
    first = lineage.upstream(plan.loaded)
    steps = [
        (change.base, change.base_manifest, [key for key in plan.ancestors if key in first]),
        (change.head, head, [key for key in plan.loaded if key in plan.selected]),
        (change.base, change.base_manifest, [key for key in plan.ancestors if key not in first]),
    ]
    for project, manifest, wanted in steps:
        blocked = lineage.downstream([*reasons, *failed])
        keys = [key for key in wanted if key not in blocked]
        names = selectors(manifest, keys)
        if not names:
            continue
        rows, problem = _build(project, ["build", "--select", *names, *NO_TESTS], folders)
        for one in _plain(read_results(rows, manifest, keys), folders):
            if one.status == "failed":
                failed[one.node.node_id] = f"{one.node.name} of the base does not build: {one.message}"
        failed |= dict.fromkeys(keys, problem) if problem else {}
    return failed


def _sources(head: Manifest, keys: Iterable[str]) -> list[str]:
    return [f"source:{head['sources'][key]['source_name']}.{head['sources'][key]['name']}" for key in keys]


def _build(project: CheckedProject, arguments: list[str], folders: Sequence[str]) -> tuple[Mapping[str, Any], str]:
    """Return the run results of a build, or no results and the sentence that says why."""
    (project.target_path / "run_results.json").unlink(missing_ok=True)
    try:
        project.build(arguments)
        return read_artifact(project.target_path / "run_results.json", "run `dbt build`"), ""
    except (ConfigError, ArtifactError) as error:
        return {}, plain_message(str(error), folders)


def _plain(outcomes: Iterable[Outcome], folders: Sequence[str]) -> list[Outcome]:
    return [replace(one, message=plain_message(one.message, folders)) if one.message else one for one in outcomes]


def _unreported(head: Manifest, plan: Plan, outcomes: Iterable[Outcome], reason: str) -> list[Outcome]:
    """Return selected nodes without a result of dbt's; ephemeral models are no tables and never have one."""
    reported, lineage = {one.node.node_id for one in outcomes}, Lineage(head)
    return [
        Outcome(lineage.named(key), "not_evaluated", reason)
        for key in plan.selected
        if key not in reported and (lineage.nodes[key].get("config") or {}).get("materialized") != "ephemeral"
    ]


def _with_rows(outcomes: Sequence[Outcome], head: Manifest, connection: Connection | None) -> list[Outcome]:
    """Return the outcomes; data tests that passed say whether there was a row in any table they looked at."""
    tests = {
        one.node.node_id: tables
        for one in outcomes
        if one.node.kind == "test" and one.status in ("passed", "warned")
        if (tables := tested_tables(one.node.node_id, head))
    }
    if connection is None or not tests:
        return list(outcomes)
    filled = _filled(connection, {key: head["nodes"][key] for tables in tests.values() for key in tables})
    saw_rows = {
        test: any(filled[key] for key in tables)
        for test, tables in tests.items()
        if all(key in filled for key in tables)
    }
    return [replace(one, saw_rows=saw_rows.get(one.node.node_id)) for one in outcomes]


def _filled(connection: Connection, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, bool]:
    """Return whether each of these tables holds rows; one that is not there, or cannot be read, is left out."""
    found: dict[str, bool] = {}
    handle = connect(connection, read_only=True)
    try:
        handle.autocommit = True
        with handle.cursor() as cursor:
            for key, node in tables.items():
                table = sql.Identifier(str(node["schema"]), relation_name(node))
                try:
                    cursor.execute(sql.SQL("select exists (select from {})").format(table))
                except psycopg2.Error:
                    continue
                found[key] = bool((cursor.fetchone() or (False,))[0])
    finally:
        handle.close()
    return found
