"""The steps of a run: collect into landing tables, learn baselines, let dbt derive the rest."""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import pandas as pd

from python_checks.artifacts import asset_rows, result_rows
from python_checks.config import monitor_rows
from python_checks.dbt import read_artifact
from python_checks.elementary import with_messages
from python_checks.errors import ArtifactError, LookoutError, SourceError
from python_checks.monitors import GRAIN_STEP, Monitor
from python_checks.sources import CollectionOutcome, CollectOptions, ProfileRequest, collect
from python_checks.store import Store
from python_checks.track.series import CONNECTION as PIPELINES
from python_checks.track.series import pipeline_series
from python_checks.upgrades import refuse_other_types
from python_checks.workspace import Workspace

EVALUATED = ("ok", "empty")
LANDING = "lookout_landing"
RESULT_FILES = {"run_results.json": "run `dbt build`", "sources.json": "run `dbt source freshness`"}
CREATE_LANDING = ("run", "--select", "tag:lookout_landing", "+fqn:lookout.monitoring.alerts.alerts")
OBSERVATION_COLUMNS = [
    "series_key",
    "connection",
    "asset",
    "column_name",
    "metric",
    "kind",
    "grain",
    "bucket_start",
    "value",
]


@dataclass
class Run:
    """One run of a writing command. ``batch_number`` numbers its collection; the store's lock is held meanwhile.

    ``known_alerts`` are the keys of the alerts that were there before it.
    """

    workspace: Workspace
    store: Store
    run_id: str
    batch_number: int
    learned_through: int | None = None
    problems: list[str] = field(default_factory=list)
    known_alerts: frozenset[str] = frozenset()

    @property
    def as_of(self) -> datetime:
        """Run clock."""
        return self.workspace.as_of


def new_run_id() -> str:
    """Identity of a run; it stands in every log line."""
    return uuid.uuid4().hex


def ensure_landing(workspace: Workspace) -> bool:
    """Let dbt create landing tables, or columns of them, that are missing; True when it had to.

    A derive run leaves the landing tables alone, so the columns and indexes that a newer version adds come from here.
    Raises LookoutError when dbt cannot make them, and for columns whose type is not what this version writes.
    """
    with Store(workspace.profile.warehouse, workspace.schema) as store:
        refuse_other_types(store, _landing(workspace))
        wanted = _indexes(workspace)
        is_new = _lacks_columns(store, workspace)
        if not is_new and not store.missing_indexes(wanted):
            return False
        # Another first run may be creating them at this moment.
        store.lock()
        if _lacks_columns(store, workspace):
            _create_landing(workspace)
        if store.missing_indexes(wanted):
            failure = workspace.project.operate("lookout.add_missing_indexes")
            if failure:
                raise LookoutError(f"dbt could not add an index to a landing table: {failure}")
    return is_new


def drop_retired_relations(run: Run) -> None:
    """Let dbt drop what an older version made under a name that no model has now; what still reads it is a problem.

    After deriving, because until then a view of that version may read it.
    """
    retired = {
        (name, next(iter(node["columns"])))
        for node in _own_nodes(run.workspace)
        for name in node["config"].get("meta", {}).get("retired_relations") or ()
    }
    if retired & _columns(run.store):
        failure = run.workspace.project.operate("lookout.drop_retired_relations")
        run.problems += [f"monitoring: {failure}"] if failure else []


def _own_nodes(workspace: Workspace) -> list[Mapping[str, Any]]:
    return [node for node in workspace.manifest["nodes"].values() if node["package_name"] == "lookout"]


def _landing(workspace: Workspace) -> list[Mapping[str, Any]]:
    return [node for node in _own_nodes(workspace) if LANDING in node["tags"]]


def _lacks_columns(store: Store, workspace: Workspace) -> bool:
    needed = {(str(node["alias"]), column) for node in _landing(workspace) for column in node["columns"]}
    needed |= {("alert_candidates", "alert_key"), ("alerts", "alert_key")}
    return not needed <= _columns(store)


def _columns(store: Store) -> set[tuple[str, str]]:
    """Tables and views of the monitoring schema with their columns."""
    found = store.query(
        """
        select pg_class.relname as table_name, pg_attribute.attname as column_name
        from pg_catalog.pg_class
        inner join pg_catalog.pg_namespace on pg_namespace.oid = pg_class.relnamespace
        inner join pg_catalog.pg_attribute on pg_attribute.attrelid = pg_class.oid
        where pg_namespace.nspname = %s and pg_attribute.attnum > 0 and not pg_attribute.attisdropped
        """,
        (store.schema,),
    )
    return set(zip(found["table_name"], found["column_name"], strict=True))


def _indexes(workspace: Workspace) -> set[tuple[str, ...]]:
    """Indexes of the landing tables as dbt is told to make them: table and columns."""
    return {(n["alias"], *index["columns"]) for n in _landing(workspace) for index in n["config"].get("indexes") or []}


def _create_landing(workspace: Workspace) -> None:
    outcome = workspace.project.build(CREATE_LANDING, keep_artifacts=False)
    if not outcome.success:
        raise LookoutError("dbt could not create the landing tables: " + "; ".join(outcome.failures))


@contextmanager
def recorded_run(workspace: Workspace, command: str, run_id: str) -> Iterator[Run]:
    """Hold the schema's lock and keep a row in ``lookout_runs`` from start to end, whatever happens in between."""
    with Store(workspace.profile.warehouse, workspace.schema) as store:
        store.lock()
        store.execute(
            "update {schema}.lookout_runs set status = 'failed', "
            "message = 'ended without a word: killed or disconnected' where status = 'running'"
        )
        last = store.query("select coalesce(max(batch_number), 0) as n from {schema}.lookout_runs")
        known = store.query("select alert_key from {schema}.alerts")["alert_key"]
        run = Run(workspace, store, run_id, int(last["n"][0]) + 1, known_alerts=frozenset(known))
        started = datetime.now(timezone.utc)
        _record(run, command, started, "running")
        try:
            yield run
        except BaseException as error:
            run.problems.append(str(error) or type(error).__name__)
            # The connection may be what failed: then the next run closes this row, and people hear of the cause.
            with suppress(SourceError):
                _record(run, command, started, "failed")
            raise
        _record(run, command, started, "partial" if run.problems else "success")


def _record(run: Run, command: str, started: datetime, status: str) -> None:
    row = {
        "run_id": run.run_id,
        "batch_number": run.batch_number,
        "command": command,
        "as_of": run.as_of,
        "started_at": started,
        "finished_at": None if status == "running" else datetime.now(timezone.utc),
        "status": status,
        "learned_through": run.learned_through,
        "message": "; ".join(run.problems)[:2000],
    }
    frame = pd.DataFrame([row]).astype({"learned_through": "Int64"})
    run.store.upsert("lookout_runs", frame)


def register(run: Run, monitors: Sequence[Monitor]) -> None:
    """Write what is watched and what the project consists of; series and nodes that are gone become inactive."""
    rows = monitor_rows(monitors, run.as_of).assign(batch_number=run.batch_number)
    run.store.upsert("monitors", rows)
    kept = run.store.query("select series_key from {schema}.monitors where connection = %s", (PIPELINES,))
    _deactivate(run, "monitors", "series_key", [*rows["series_key"], *kept["series_key"]])
    assets = asset_rows(
        run.workspace.manifest,
        connection=run.workspace.profile.target,
        monitored=[m.node_id for m in monitors],
        as_of=run.as_of,
    )
    run.store.upsert("assets", assets)
    _deactivate(run, "assets", "node_id", list(assets["node_id"]))


def follow_pipelines(run: Run) -> int:
    """Turn executions into series beside those of tables; returns the number of series in force."""
    last = run.store.query(
        "select max(as_of) as mark from {schema}.lookout_runs "
        "where command in ('run', 'collect') and status <> 'running' and as_of <= %s and run_id <> %s",
        (run.as_of, run.run_id),
    )["mark"][0]
    since = None if pd.isna(last) else last.to_pydatetime()
    monitors, observations = pipeline_series(run.store, run.as_of, since)
    run.store.upsert("monitors", monitors.assign(batch_number=run.batch_number))
    run.store.upsert("metric_observations", observations.assign(observed_at=run.as_of, batch_number=run.batch_number))
    run.store.execute(
        "update {schema}.monitors set is_active = false, updated_at = %s "
        "where is_active and connection = %s and series_key <> all(%s)",
        (run.as_of, PIPELINES, list(monitors["series_key"])),
    )
    return len(monitors)


def _deactivate(run: Run, table: str, key: str, active: list[str]) -> None:
    run.store.execute(
        f"update {{schema}}.{table} set is_active = false, updated_at = %s where is_active and {key} <> all(%s)",  # noqa: S608
        (run.as_of, active),
    )


def requests_for(run: Run, monitors: Sequence[Monitor]) -> list[ProfileRequest]:
    """Where to start reading each table: its watermark less the late window, or its whole history when it is new."""
    known = run.store.query(
        """
        select m.connection, m.asset, min(f.first_bucket) as first_bucket, bool_or(f.first_bucket is null) as has_new,
            bool_or(m.batch_number = %s) as has_changed
        from {schema}.monitors as m
        left join lateral (
            select min(o.bucket_start) as first_bucket from {schema}.metric_observations as o
            where o.series_key = m.series_key
        ) as f on true
        where m.is_active group by m.connection, m.asset
        """,
        (run.batch_number,),
    )
    marks = run.store.query(
        "select distinct on (connection, asset) connection, asset, watermark, latest_at "
        "from {schema}.collection_results where status = 'ok' and as_of <= %s order by connection, asset, as_of desc",
        (run.as_of,),
    )
    state = {
        (row["connection"], row["asset"]): row
        for row in known.merge(marks, on=["connection", "asset"], how="left").to_dict("records")
    }
    return [_request(run, monitor, state[monitor.connection, monitor.asset]) for monitor in monitors]


def _request(run: Run, monitor: Monitor, state: Mapping[Hashable, Any]) -> ProfileRequest:
    start = run.as_of - monitor.history
    if pd.isna(state["watermark"]) or state["has_new"] or state["has_changed"]:
        return ProfileRequest(monitor, since=start, first_bucket=None, latest_at=None)
    since = state["watermark"].to_pydatetime() - max(monitor.late_window, GRAIN_STEP[monitor.grain])
    latest = None if pd.isna(state["latest_at"]) else state["latest_at"].to_pydatetime()
    return ProfileRequest(
        monitor, since=max(since, start), first_bucket=state["first_bucket"].to_pydatetime(), latest_at=latest
    )


def collect_observations(
    run: Run, monitors: Sequence[Monitor], options: CollectOptions | None = None, on_done: Any = None
) -> list[CollectionOutcome]:
    """Profile the tables, every database at once, and write each outcome as soon as it is there."""

    def keep(outcome: CollectionOutcome) -> None:
        write_outcome(run, outcome)
        if on_done is not None:
            on_done(outcome)

    outcomes = collect(
        requests_for(run, monitors), run.workspace.profile.outputs, as_of=run.as_of,
        options=options or CollectOptions.from_environment(), on_done=keep,
    )  # fmt: skip
    run.problems += [f"{o.connection} {o.asset}: {o.message}" for o in outcomes if o.status not in EVALUATED]
    return outcomes


def write_outcome(run: Run, outcome: CollectionOutcome) -> None:
    """Write one table's observations and the result of looking at it."""
    if not outcome.observations.empty:
        frame = outcome.observations[OBSERVATION_COLUMNS]
        run.store.upsert("metric_observations", frame.assign(observed_at=run.as_of, batch_number=run.batch_number))
    run.store.upsert("collection_results", outcome.result_row(run.as_of, run.run_id))


def ingest_results(run: Run, *, own: bool) -> int:
    """Write the results in run_results.json and sources.json that are not stored yet. Returns the rows written.

    ``own`` is for files that this run's dbt wrote: their times are capped at the run clock.
    """
    written = 0
    # A build writes run_results.json alone; sources.json is older, and has been read before.
    for name, remedy in list(RESULT_FILES.items())[: 1 if own else None]:
        file = run.workspace.project.target_path / name
        if not file.exists():
            continue
        try:
            content = read_artifact(file, remedy)
            frame = result_rows(
                content, run.workspace.manifest, connection=run.workspace.profile.target,
                not_after=run.as_of if own else None,
            )  # fmt: skip
        except ArtifactError as error:
            run.problems.append(str(error))
            continue
        frame = frame[frame["resource_type"] != "operation"]
        if not own and not frame.empty and _is_stored(run, str(frame["invocation_id"].iloc[0])):
            continue
        frame = with_messages(run.store, run.workspace.manifest, frame)
        written += run.store.upsert("dbt_results", frame.drop_duplicates(["invocation_id", "node_id"]))
    return written


def _is_stored(run: Run, invocation_id: str) -> bool:
    found = run.store.query("select 1 from {schema}.dbt_results where invocation_id = %s limit 1", (invocation_id,))
    return not found.empty


def retire_removed_tests(run: Run) -> None:
    """Close the books on tests that the project no longer has: their last result counts no more."""
    manifest = run.workspace.manifest
    known = [*manifest["nodes"], *manifest["sources"], *(manifest.get("unit_tests") or {})]
    run.store.execute(
        """
        insert into {schema}.dbt_results (invocation_id, node_id, name, resource_type, status, connection, asset,
            column_name, test_name, severity, message, executed_at, owner, layer)
        select %s, node_id, name, resource_type, 'removed', connection, asset, column_name, test_name, severity,
            'no longer part of the project', %s, owner, layer
        from (
            select distinct on (node_id) * from {schema}.dbt_results order by node_id, executed_at desc
        ) as latest
        where status <> 'removed' and resource_type in ('test', 'unit_test', 'source')
            and node_id <> all(%s) and executed_at <= %s
        on conflict (invocation_id, node_id) do nothing
        """,
        (run.run_id, run.as_of, known, run.as_of),
    )
