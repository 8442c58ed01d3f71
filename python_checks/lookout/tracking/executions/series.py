"""Executions as series, so that a pipeline's normal values are learned like those of a table.

The series are in the landing tables ``monitors`` and ``metric_observations`` beside those of tables, under the
connection CONNECTION, which no profile has, and are judged by the same learner.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import numpy as np
import pandas as pd

from lookout.database.sql_files import read_sql
from lookout.database.store import Store
from lookout.project.declarations.grain import GRAIN_STEP, Grain
from lookout.project.declarations.monitor import Direction, Kind, series_key
from lookout.project.declarations.monitors import MONITOR_COLUMNS

CONNECTION = "pipelines"
LAYER = "pipeline"
COLUMNS = ("series_key", "connection", "asset", "column_name", "metric", "kind", "grain", "bucket_start", "value")
# A pipeline is learned once it has so many successful executions within so many days.
LEAST_EXECUTIONS, RECENT = 20, timedelta(days=60)
# Above HOURLY_FROM executions a day (days without any left out) the grain is an hour; within a factor of NEAR of that
# limit a series keeps its grain.
HOURLY_FROM, NEAR = 3.0, 2.0
HISTORY = timedelta(days=400)
# Executions may arrive late, from a spool file, and end after the bucket in which they began.
LATE_WINDOW = timedelta(days=3)


@dataclass(frozen=True)
class Measure:
    """One number per bucket of a pipeline's executions. Absolute changes are in its own unit; relative 0.5 is half.

    ``direction`` says which deviations count. A duration below ``min_absolute_change`` cannot have grown by as much, so
    pipelines that were never slow have no series of it until they are.
    """

    metric: str
    kind: Kind
    direction: Direction
    min_absolute_change: float
    min_relative_change: float
    description: str


MEASURES = (
    Measure("executions", "count", "down", 1.0, 0.5, "Executions that began"),
    Measure("duration_seconds", "positive", "up", 10.0, 0.5, "Mean seconds that successful executions took"),
    Measure("total_rows", "count", "both", 10.0, 0.2, "Rows handled by successful executions"),
    Measure("inserts", "count", "both", 10.0, 0.2, "Rows inserted by successful executions"),
    Measure("throughput", "positive", "down", 1.0, 0.5, "Rows per second of successful executions"),
)
SLOW = ("duration_seconds", "throughput")

# dbt's own checks move no rows and report their own outcome.
PIPELINES = read_sql(__package__, "measured_pipelines")
# Only whole buckets, as known at the clock. A skipped execution did not run.
BUCKETS = read_sql(__package__, "execution_buckets")


def pipeline_series(store: Store, as_of: datetime, since: datetime | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the series of all pipelines worth learning, and their observations in whole buckets up to ``as_of``.

    The first frame holds rows of ``monitors`` (columns MONITOR_COLUMNS), the second rows of ``metric_observations``
    (COLUMNS). ``since`` is the clock of the previous call: series that ``monitors`` knows are read again from there,
    less LATE_WINDOW, and new ones from their beginning; None reads everything. A bucket without executions has an empty
    value in the series of executions, so a pipeline that does not start is missed, and no row in the others.

    A pipeline begins with LEAST_EXECUTIONS successful executions in RECENT. Then its series stay while it is active, so
    that one that no longer runs is not forgotten.
    """
    known = store.query(
        "select asset, metric, grain from {schema}.monitors where is_active and connection = %s", (CONNECTION,)
    )
    pipelines = store.query(PIPELINES, {"least": LEAST_EXECUTIONS, "recent": as_of - RECENT, "as_of": as_of})
    series = choose_series(pipelines, known)
    if series.empty:
        return monitor_rows(series, as_of), pd.DataFrame(columns=list(COLUMNS))
    earliest = as_of - HISTORY
    reread_from = earliest if since is None else max(earliest, since - LATE_WINDOW)
    series["since"] = [
        _floor(reread_from if is_known else earliest, grain)
        for is_known, grain in series[["is_known", "grain"]].to_numpy()
    ]
    wanted = series.groupby(["pipeline_id", "asset", "grain"], as_index=False)["since"].min()
    since_each = [moment.to_pydatetime() for moment in wanted["since"]]
    names = [list(wanted[name]) for name in ("pipeline_id", "asset", "grain")]
    buckets = store.query(BUCKETS, (as_of, *names, since_each, as_of))
    return monitor_rows(series, as_of), observations(series, buckets, as_of)


def choose_series(pipelines: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return one row per series: pipeline_id, asset, owner, node_id, metric, grain, and is_known for stored ones."""
    stored_grains = {(row.asset, row.metric): str(row.grain) for row in known.itertuples()}
    pipeline_grains = {row.asset: str(row.grain) for row in known.itertuples()}
    rows = []
    for pipeline in cast(list[dict[str, Any]], pipelines.to_dict("records")):
        asset = pipeline["asset"]
        grain = grain_of(pipeline["per_day"], pipeline_grains.get(asset))
        for measure in MEASURES:
            stored_grain = stored_grains.get((asset, measure.metric))
            if stored_grain is None and not _is_worthwhile(measure, pipeline):
                continue
            rows.append(
                {
                    **{name: pipeline[name] for name in ("pipeline_id", "asset", "owner", "node_id")},
                    "metric": measure.metric,
                    "grain": grain,
                    "is_known": stored_grain == grain,
                }
            )
    return pd.DataFrame(rows, columns=["pipeline_id", "asset", "owner", "node_id", "metric", "grain", "is_known"])


def grain_of(per_day: float | None, stored: str | None) -> Grain:
    """Return hour above HOURLY_FROM executions a day, else day; the stored grain while the rate is near that limit."""
    if per_day is None or pd.isna(per_day):
        return cast(Grain, stored or "day")
    if stored is not None and HOURLY_FROM / NEAR <= per_day <= HOURLY_FROM * NEAR:
        return cast(Grain, stored)
    return "hour" if per_day > HOURLY_FROM else "day"


def monitor_rows(series: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Return the series as rows of ``monitors``."""
    measures = {measure.metric: measure for measure in MEASURES}
    rows = []
    for row in cast(list[dict[str, Any]], series.to_dict("records")):
        measure = measures[row["metric"]]
        values: Mapping[str, Any] = {
            "series_key": series_key(CONNECTION, row["asset"], "", measure.metric, row["grain"]),
            "connection": CONNECTION,
            "asset": row["asset"],
            "column_name": "",
            "metric": measure.metric,
            "kind": measure.kind,
            "grain": row["grain"],
            "node_id": row["node_id"],
            "layer": LAYER,
            "owner": row["owner"],
            "description": measure.description,
            "method": "learned",
            "direction": measure.direction,
            "alert_from": "critical",
            "min_absolute_change": measure.min_absolute_change,
            "min_relative_change": measure.min_relative_change,
            "settings_hash": _settings_hash(measure, row["grain"]),
            "is_active": True,
        }
        rows.append([values.get(name) for name in MONITOR_COLUMNS])
    frame = pd.DataFrame(rows, columns=list(MONITOR_COLUMNS))
    numbers = [name for name in MONITOR_COLUMNS if name.endswith(("_score", "_limit", "_change", "_seconds"))]
    types: dict[str, str] = dict.fromkeys(numbers, "float64")
    types |= {"window_size": "Int64", "min_sample_size": "Int64", "is_active": "bool"}
    return frame.astype(cast(Any, types)).assign(updated_at=pd.Timestamp(as_of))


def observations(series: pd.DataFrame, buckets: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Return the buckets (asset, grain, bucket_start and a column per metric) as observations of the series.

    The series of executions has every bucket from the first one or from ``since`` on, the others those with a value.
    """
    names = [measure.metric for measure in MEASURES]
    keys = ["asset", "grain", "metric"]
    # Numbers stand for series until the end: a first reading may have millions of rows.
    series = series.assign(number=range(len(series)))
    numbers = series.pivot(index=["asset", "grain"], columns="metric", values="number").reindex(columns=names)
    bucket_numbers = (
        numbers.reindex(pd.MultiIndex.from_frame(buckets[["asset", "grain"]])).to_numpy(dtype=float).ravel("F")
    )
    starts = pd.to_datetime(buckets["bucket_start"], utc=True)
    long = pd.DataFrame(
        {
            "number": bucket_numbers,
            "bucket_start": pd.concat([starts] * len(names), ignore_index=True),
            "value": buckets[names].to_numpy(dtype=float).ravel("F"),
        }
    ).dropna()
    long = long.astype({"number": np.int64})
    since = pd.DatetimeIndex(series["since"]).take(long["number"].to_numpy())
    long = long[(long["bucket_start"] >= since).to_numpy()]
    spine = _spine(series[series["metric"] == "executions"], long, as_of)
    long = spine.merge(long, on=["number", "bucket_start"], how="outer").sort_values(["number", "bucket_start"])
    kinds = {measure.metric: measure.kind for measure in MEASURES}
    identity = series[keys].assign(
        series_key=[
            series_key(CONNECTION, asset, "", metric, grain) for asset, grain, metric in series[keys].to_numpy()
        ],
        connection=CONNECTION,
        column_name="",
        kind=series["metric"].map(kinds),
    )
    result = identity.take(long["number"].to_numpy()).reset_index(drop=True)
    starts = pd.Series(pd.DatetimeIndex(long["bucket_start"]))
    return result.assign(bucket_start=starts, value=long["value"].to_numpy())[list(COLUMNS)]


def _spine(series: pd.DataFrame, long: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Return every whole bucket of some series.

    They begin at ``since``, or at the first bucket with a value where the series is new.
    """
    first = long.groupby("number")["bucket_start"].min().reindex(series["number"]).to_numpy()
    begin = series["since"].where(series["is_known"], pd.Series(pd.DatetimeIndex(first, tz="UTC"), series.index))
    series, begin = series[begin.notna()], begin.dropna()
    step = series["grain"].map(lambda grain: GRAIN_STEP[cast(Grain, grain)].total_seconds()).to_numpy(dtype=float)
    end = pd.DatetimeIndex([_floor(as_of, str(grain)) for grain in series["grain"]], tz="UTC")
    seconds = np.asarray((end - pd.DatetimeIndex(begin)).total_seconds(), dtype=float)
    length = np.maximum(seconds // step, 0).astype(np.int64)
    rows = np.repeat(np.arange(len(series)), length)
    offset = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    starts = pd.DatetimeIndex(begin).take(rows) + pd.to_timedelta(offset * step[rows], unit="s")
    return pd.DataFrame({"number": series["number"].to_numpy()[rows], "bucket_start": starts})


def _is_worthwhile(measure: Measure, pipeline: Mapping[str, Any]) -> bool:
    if pipeline["successes"] < LEAST_EXECUTIONS:
        return False
    if measure.metric in SLOW and not pipeline["slowest"] >= MEASURES[1].min_absolute_change:
        return False
    if measure.metric == "executions":
        # A node of dbt begins whenever its project does.
        return not pipeline["node_id"]
    if measure.metric == "duration_seconds":
        return True
    if measure.metric == "inserts":
        return bool(pipeline["has_inserts"]) and not pipeline["has_total_rows"]
    return bool(pipeline["has_total_rows"])


def _settings_hash(measure: Measure, grain: str) -> str:
    text = json.dumps([asdict(measure), grain], ensure_ascii=False)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _floor(moment: datetime, grain: str) -> pd.Timestamp:
    return pd.Timestamp(moment).tz_convert("UTC").floor("h" if grain == "hour" else "D")
