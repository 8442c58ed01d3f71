"""dbt's run results as outcomes, and the failures that say nothing about the change. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lookout.ci.model import Manifest, Outcome, Slowed, Status
from lookout.ci.plan import TABLES, Lineage, parents_of
from lookout.ci.stub_tables import StubTable
from lookout.masking import mask_secrets
from lookout.plain import plain
from lookout.project.artifacts.outcomes import GOOD, NONE, PASSED, WARNED, has_results, message_of, outcome_of
from lookout.report.history.compare import SLOWER_FACTOR, SLOWER_SECONDS

NO_COLUMN = re.compile(r'column (?:"([^"]+)"|(?:[\w"]+\.)?"?(\w+)"?) does not exist')
# Parts of dbt's messages that are of no use outside the machine that built.
NOISE = re.compile(
    r"compiled code at \S+"
    r"|(Database|Runtime|Compilation) Error in \w+ \S+ \(\S*\)"
    r"|An error occurred during execution of unit test '[^']*'\. "
    r"|There may be an error in the unit test definition: check the data types\."
    r"|\n\s*\^\s*(?=\n|$)"
)
LONGEST = 600


def read_results(results: Mapping[str, Any], head: Manifest, wanted: Collection[str]) -> tuple[Outcome, ...]:
    """Return outcomes of the wanted nodes, in dbt's order; ``results`` is the content of run_results.json."""
    lineage, found = Lineage(head), []
    for row in results.get("results") or ():
        key = str(row.get("unique_id"))
        is_hook = key.startswith("operation.") and outcome_of(row.get("status")) not in GOOD
        if key in wanted or is_hook:
            status = _status(str(row.get("status")))
            message = "" if status in ("built", "passed") else plain_message(message_of(row))
            found.append(Outcome(lineage.named(key), status, message, float(row.get("execution_time") or 0)))
    return tuple(found)


def _status(status: str) -> Status:
    outcome = outcome_of(status)
    if outcome == PASSED:
        return "passed" if status == "pass" else "built"
    if outcome == NONE:
        # dbt had nothing to do for it, unless it did not come to it.
        return "skipped" if status == "skipped" else "built"
    return "warned" if outcome == WARNED else "failed"


def blame_stubs(outcomes: Sequence[Outcome], head: Manifest, stubs: Mapping[str, StubTable]) -> list[Outcome]:
    """Turn failures over a column that a stub table lacks, because nobody declared it, into "not evaluated".

    Only nodes that read nothing but stub tables are turned; a column that another model lost is a failure.
    """
    lineage, checked = Lineage(head), []
    for one in outcomes:
        match = NO_COLUMN.search(one.message) if one.status == "failed" else None
        parents = parents_of(lineage.nodes.get(one.node.node_id, {}))
        read = [stubs[key] for key in parents if key in stubs]
        column = ((match[1] or match[2]).rsplit(".", 1)[-1] if match else "").lower()
        is_declared = any(column == name.lower() for table in read for name, _ in table.columns)
        if match and parents and len(read) == len(parents) and not is_declared:
            names = ", ".join(table.name for table in read)
            advice = "declare it with its data_type, or correct the name"
            reason = f"It reads column {column}, which {names} does not declare: {advice}."
            one = replace(one, status="not_evaluated", message=reason)
        checked.append(one)
    lost = lineage.downstream([one.node.node_id for one in checked if one.status == "not_evaluated"])
    reason = "What it reads could not be evaluated."
    return [
        replace(one, status="not_evaluated", message=reason)
        if one.status == "skipped" and one.node.node_id in lost
        else one
        for one in checked
    ]


def not_evaluated(head: Manifest, reasons: Mapping[str, str], selected: Collection[str]) -> tuple[Outcome, ...]:
    """Return outcomes of the selected nodes that are, or read, something missing, with the reason of the first."""
    lineage = Lineage(head)
    found: dict[str, str] = {}
    for start, reason in reasons.items():
        for key in lineage.downstream([start]):
            if key in selected:
                found.setdefault(key, reason)
    return tuple(Outcome(lineage.named(key), "not_evaluated", found[key]) for key in selected if key in found)


def tested_tables(test: str, head: Manifest) -> list[str]:
    """Return unique ids of the tables that a data test looks at."""
    nodes = head.get("nodes") or {}
    return [key for key in parents_of(nodes.get(test, {})) if nodes.get(key, {}).get("resource_type") in TABLES]


def slower(outcomes: Iterable[Outcome], before: Mapping[str, Any]) -> tuple[Slowed, ...]:
    """Return tables that took at least twice as long as in the base's run results, and at least a second more.

    Only tables that the base has really built count: not one that failed, or results of a command that compiled.
    """
    rows = [row for row in before.get("results") or () if outcome_of(row.get("status", "success")) == PASSED]
    if not has_results(before):
        return ()
    seconds = {str(row.get("unique_id")): float(row.get("execution_time") or 0) for row in rows}
    found = []
    for one in outcomes:
        old = seconds.get(one.node.node_id)
        is_table = one.node.kind in TABLES and one.status == "built"
        if old and is_table and one.seconds >= SLOWER_FACTOR * old and one.seconds - old >= SLOWER_SECONDS:
            found.append(Slowed(one.node.name, old, one.seconds))
    return tuple(found)


def plain_message(message: str, folders: Iterable[str] = ()) -> str:
    """Return dbt's message in one line, without secrets, paths of this machine and repetitions."""
    for folder in folders:
        message = message.replace(f"{folder}/", "").replace(folder, "")
    text = " ".join(mask_secrets(NOISE.sub(" ", plain(message))).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
