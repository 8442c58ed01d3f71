"""The steps of a run: collect into landing tables, learn baselines, let dbt derive the rest."""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import pandas as pd

from python_checks.artifacts import asset_rows, result_rows
from python_checks.baseline import LOOKBACK, judge
from python_checks.config import monitor_rows
from python_checks.dbt import read_artifact
from python_checks.errors import ArtifactError, LookoutError
from python_checks.monitors import GRAIN_STEP, Monitor
from python_checks.sources import CollectionOutcome, CollectOptions, ProfileRequest, collect
from python_checks.store import LANDING_KEYS, Store
from python_checks.workspace import Workspace

EVALUATED = ("ok", "empty")
FORECAST_BUCKETS = 3
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
BASELINE_COLUMNS = [
    "series_key", "bucket_start", "status", "observed_value", "expected_value", "lower_bound", "upper_bound",
    "warning_lower_bound", "warning_upper_bound", "scale", "sample_size", "method", "score", "severity", "reason",
]  # fmt: skip


@dataclass
class Run:
    """One run of a writing command. ``batch_number`` numbers its collection; the store's lock is held meanwhile."""

    workspace: Workspace
    store: Store
    run_id: str
    batch_number: int
    learned_through: int | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def as_of(self) -> datetime:
        """Run clock."""
        return self.workspace.as_of


def new_run_id() -> str:
    """Identity of a run; it stands in every log line."""
    return uuid.uuid4().hex


def ensure_landing(workspace: Workspace) -> bool:
    """Let dbt create the landing tables that are missing; True when it had to. Raises ConfigError when dbt cannot."""
    with Store(workspace.profile.warehouse, workspace.schema) as store:
        if not store.missing_tables([*LANDING_KEYS, "alert_candidates", "alerts"]):
            return False
    outcome = workspace.project.build(
        ["run", "--select", "tag:lookout_landing", "+fqn:lookout.monitoring.alerts.alerts"], keep_artifacts=False
    )
    if not outcome.success:
        raise LookoutError("dbt could not create the landing tables: " + "; ".join(outcome.failures))
    return True


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
        run = Run(workspace, store, run_id, int(last["n"][0]) + 1)
        started = datetime.now(timezone.utc)
        _record(run, command, started, "running")
        try:
            yield run
        except BaseException as error:
            run.problems.append(str(error) or type(error).__name__)
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
    _deactivate(run, "monitors", "series_key", list(rows["series_key"]))
    assets = asset_rows(
        run.workspace.manifest,
        connection=run.workspace.profile.target,
        monitored=[m.node_id for m in monitors],
        as_of=run.as_of,
    )
    run.store.upsert("assets", assets)
    _deactivate(run, "assets", "node_id", list(assets["node_id"]))


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
    for name in ("run_results.json", "sources.json"):
        file = run.workspace.project.target_path / name
        if not file.exists():
            continue
        try:
            content = read_artifact(file, "run `dbt build`")
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


def learn(run: Run, on_chunk: Any = None) -> int:
    """Judge the buckets that are new or changed since the last learning, and forecast the next ones.

    Returns the number of rows written to ``baselines``.
    """
    mark = run.store.query("select coalesce(max(learned_through), 0) as n from {schema}.lookout_runs")
    since = _changed_series(run, int(mark["n"][0]))
    written = 0
    for grain, part in since.groupby("grain"):
        written += _learn_grain(run, str(grain), part)
        if on_chunk is not None:
            on_chunk(str(grain))
    later = run.store.query("select 1 from {schema}.lookout_runs where as_of > %s limit 1", (run.as_of,))
    if later.empty:
        # A replay of the past must not mark what a later run collected as learned.
        run.learned_through = run.batch_number
    return written


def _changed_series(run: Run, learned_through: int) -> pd.DataFrame:
    return run.store.query(
        """
        with changed as (
            select series_key, min(bucket_start) as judge_from from {schema}.metric_observations
            where batch_number > %s group by series_key
        )
        select m.*, case when m.batch_number > %s then null else c.judge_from end as judge_from
        from {schema}.monitors as m
        left join changed as c on c.series_key = m.series_key
        where m.is_active and (m.batch_number > %s or c.series_key is not null)
        """,
        (learned_through, learned_through, learned_through),
    )


def _learn_grain(run: Run, grain: str, changed: pd.DataFrame) -> int:
    series = changed.set_index("series_key")
    judge_from = pd.to_datetime(series["judge_from"], utc=True)
    since = (judge_from - LOOKBACK[grain]).fillna(pd.Timestamp(0, tz="UTC"))  # type: ignore[index]
    points = run.store.fetch(
        """
        select o.series_key, o.bucket_start, o.value
        from unnest(%s::text[], %s::timestamptz[]) as c (series_key, since)
        inner join {schema}.metric_observations as o on o.series_key = c.series_key and o.bucket_start >= c.since
        where o.bucket_start + %s <= %s
        """,
        (list(series.index), [t.to_pydatetime() for t in since], GRAIN_STEP[grain], run.as_of),  # type: ignore[index]
        times=["bucket_start"],
        types={"series_key": "str", "value": "float64"},
    )
    if points.empty:
        return 0
    series = series.assign(last_bucket=points.groupby("series_key")["bucket_start"].max())
    judged = judge(series, points, horizon=FORECAST_BUCKETS, judge_from=judge_from.dropna())
    frame = judged[BASELINE_COLUMNS].assign(learned_at=run.as_of)
    frame["sample_size"] = frame["sample_size"].astype("Int64")
    return run.store.upsert("baselines", frame)
