"""Collection: register what is watched, profile the tables and follow the pipelines, into landing tables."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pandas as pd

from lookout.profiling.collect import CollectionOutcome, collect
from lookout.profiling.query import OBSERVATION_COLUMNS, ProfileRequest
from lookout.project.artifacts.rows import asset_rows
from lookout.project.declarations.grain import UTC
from lookout.project.declarations.monitor import Monitor
from lookout.project.declarations.monitors import monitor_rows
from lookout.runs.learning.arrival import Arrivals
from lookout.runs.recording import Run
from lookout.tracking.executions.series import CONNECTION as PIPELINES
from lookout.tracking.executions.series import pipeline_series

logger = logging.getLogger(__name__)
EVALUATED = ("ok", "empty")
NOTHING: Mapping[Hashable, Any] = {"watermark": None, "late_since": None, "has_new": True}


def register(run: Run) -> None:
    """Write what is watched and what the projects consist of; series and nodes that are gone become inactive."""
    monitors = run.declared.monitors
    wrong = {(monitor.connection, monitor.asset) for monitor in monitors if monitor.problem}
    known = run.store.query("select series_key, connection, asset from {schema}.monitors where is_active")
    of_key = {row["series_key"]: (row["connection"], row["asset"]) for row in known.to_dict("records")}
    # The series of a table whose settings are wrong stay as they were, or its alerts would be closed unseen.
    kept = [key for key, table in of_key.items() if table in wrong or table[0] == PIPELINES]
    written = [m for m in monitors if not m.problem or (m.connection, m.asset) not in of_key.values()]
    rows = monitor_rows(written, run.as_of).assign(batch_number=run.batch_number)
    _forget_other_zones(run, rows)
    run.store.upsert("monitors", rows)
    _deactivate(run, "monitors", "series_key", [*rows["series_key"], *kept])
    monitored = [monitor.node_id for monitor in monitors]
    frames = [
        asset_rows(watched.manifest, connection=watched.default_connection, monitored=monitored, as_of=run.as_of)
        for watched in run.workspace.watched
    ]
    assets = pd.concat(frames, ignore_index=True)
    run.store.upsert("assets", assets)
    _deactivate(run, "assets", "node_id", list(assets["node_id"]))


def _forget_other_zones(run: Run, rows: pd.DataFrame) -> None:
    """Remove what is stored of series whose time zone changed: their buckets begin and end at other times."""
    known = run.store.query("select series_key, time_zone from {schema}.monitors")
    both = rows.merge(known, on="series_key", suffixes=("", "_before"))
    zones = both[["time_zone", "time_zone_before"]].fillna(UTC)
    changed = both[(zones["time_zone"] != zones["time_zone_before"]).to_numpy()]
    if changed.empty:
        return
    for table in ("metric_observations", "baselines"):
        run.store.execute(
            f"delete from {{schema}}.{table} where series_key = any(%s)",  # noqa: S608
            (list(changed["series_key"]),),
        )
    for (asset, zone), _ in changed.fillna({"time_zone": UTC}).groupby(["asset", "time_zone"]):
        logger.warning("The time zone of %s is now %s: its buckets are counted and learned anew.", asset, zone)


def follow_pipelines(run: Run) -> int:
    """Turn executions into series beside those of tables; return the number of active series."""
    last_collected = run.store.query(
        "select max(as_of) as mark from {schema}.lookout_runs "
        "where command in ('run', 'collect') and status <> 'running' and as_of <= %s and run_id <> %s",
        (run.as_of, run.run_id),
    )["mark"][0]
    since = None if pd.isna(last_collected) else last_collected.to_pydatetime()
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
    """Return one request a table, which reads from its watermark less the late window, or all of a new table."""
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
        "select distinct on (connection, asset) connection, asset, watermark, latest_at, late_since "
        "from {schema}.collection_results where status = 'ok' and as_of <= %s order by connection, asset, as_of desc",
        (run.as_of,),
    )
    state = {
        (row["connection"], row["asset"]): row
        for row in known.merge(marks, on=["connection", "asset"], how="left").to_dict("records")
    }
    return [_request(run, monitor, state.get((monitor.connection, monitor.asset), NOTHING)) for monitor in monitors]


def _request(run: Run, monitor: Monitor, state: Mapping[Hashable, Any]) -> ProfileRequest:
    start = run.as_of - monitor.history
    if pd.isna(state["watermark"]) or state["has_new"] or state["has_changed"]:
        return ProfileRequest(monitor, since=start, first_bucket=None, latest_at=None)
    # A bucket that waits for its rows is read until they are due.
    waits = monitor.clock.step + (monitor.delay or timedelta())
    since = state["watermark"].to_pydatetime() - max(monitor.late_window, waits)
    if pd.notna(state["late_since"]):
        # A late load is read when it comes, however late.
        since = min(since, state["late_since"].to_pydatetime())
    latest = None if pd.isna(state["latest_at"]) else state["latest_at"].to_pydatetime()
    return ProfileRequest(
        monitor, since=max(since, start), first_bucket=state["first_bucket"].to_pydatetime(), latest_at=latest
    )


def collect_observations(run: Run, monitors: Sequence[Monitor], on_done: Any = None) -> list[CollectionOutcome]:
    """Profile the tables, all databases at once, and write each outcome as soon as it arrives."""

    requests = requests_for(run, monitors)
    new = {(request.monitor.connection, request.monitor.asset) for request in requests if request.first_bucket is None}
    arrivals = Arrivals(run)

    def write_and_report(outcome: CollectionOutcome) -> None:
        is_new = (outcome.connection, outcome.asset) in new
        write_outcome(run, arrivals.note(outcome, is_new=is_new))
        if on_done is not None:
            on_done(outcome)

    outcomes = collect(
        requests,
        run.workspace.connections,
        as_of=run.as_of,
        options=run.workspace.home.options,
        on_done=write_and_report,
    )
    # Those of the declarations are problems of the run already.
    run.problems += _problems(outcome for outcome in outcomes if outcome.status not in (*EVALUATED, "wrong_setting"))
    return outcomes


def _problems(failed: Iterable[CollectionOutcome]) -> list[str]:
    """Return one sentence for each cause: what keeps a whole database from being read is one."""
    causes: dict[tuple[str, str], list[str]] = {}
    for outcome in failed:
        causes.setdefault((outcome.connection, outcome.message), []).append(outcome.asset)
    return [
        f"{connection} {assets[0]}{f' and {len(assets) - 1} more' if len(assets) > 1 else ''}: {message}"
        for (connection, message), assets in causes.items()
    ]


def write_outcome(run: Run, outcome: CollectionOutcome) -> None:
    """Write the observations of one table and the result of its collection."""
    if not outcome.observations.empty:
        frame = outcome.observations[list(OBSERVATION_COLUMNS)]
        run.store.upsert("metric_observations", frame.assign(observed_at=run.as_of, batch_number=run.batch_number))
    run.store.upsert("collection_results", outcome.result_row(run.as_of, run.run_id))
