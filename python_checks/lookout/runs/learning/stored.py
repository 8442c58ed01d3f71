"""Stored input of learning: the calendar, the exclusions, and the observations to judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from psycopg2 import sql

from lookout.baseline.judge import COLUMNS, judge
from lookout.baseline.settings import RARE_LOADS, RARE_LOOKBACK, is_filled, lookback
from lookout.database.store import Store
from lookout.errors import LookoutError
from lookout.project.calendar import CALENDAR, calendar_name, find_node
from lookout.project.declarations.monitor import GRAIN_STEP
from lookout.runs.learning.exclusions import (
    CalendarEntry,
    judge_with_exclusions,
    read_calendar,
    restarts_of,
    windows_of,
)


def read_stored_calendar(
    store: Store, manifest: Mapping[str, Any]
) -> tuple[tuple[CalendarEntry, ...], tuple[str, ...]]:
    """Return the entries of the calendar that the project names, and a sentence for each mistake in it."""
    name = calendar_name(manifest)
    node = find_node(manifest, name)
    if node is None and name == CALENDAR:
        # A calendar is optional: a project without a seed of the default name has none.
        return (), ()
    if node is None:
        sentence = f"The project has no seed, model or source '{name}', which the var lookout_calendar names"
        return (), (f"{sentence}: correct it in dbt_project.yml.",)
    relation = (str(node["schema"]), str(node.get("identifier") or node.get("alias") or node["name"]))
    known = store.query("select to_regclass(format('%%I.%%I', %s, %s)) is not null as is_there", relation)
    if not known["is_there"][0]:
        # The calendar that ships with Lookout is optional, so it may be missing.
        missing = f"The calendar {name} is not in the database yet: run `dbt build --select {name}`."
        return (), (missing,) if name != CALENDAR else ()
    statement = sql.SQL(
        "select start_date::text, end_date::text, asset_pattern::text, reason::text from {} order by 1, 2, 3, 4"
    )
    try:
        rows = store.query(statement.format(sql.Identifier(*relation)))
    except LookoutError as error:
        needs = "it needs the columns start_date, end_date, asset_pattern and reason"
        return (), (f"The calendar {name} cannot be read, {needs}: {error}",)
    return read_calendar(rows.to_numpy().tolist(), name)


def read_exclusions(store: Store, entries: tuple[CalendarEntry, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the windows to leave out and the restarts of all watched series (see ``exclusions``)."""
    feedback = store.query(
        "select distinct on (alert_key) * from {schema}.alert_feedback order by alert_key, feedback_number desc"
    )
    # Only calendar entries need the series.
    series = store.query(
        "select series_key, connection, asset from {schema}.monitors where is_active and %s", (bool(entries),)
    )
    return windows_of(entries, series, feedback), restarts_of(feedback)


def judge_stored(
    store: Store, series: pd.DataFrame, windows: pd.DataFrame, restarts: pd.DataFrame, *, as_of: Any, horizon: int
) -> pd.DataFrame:
    """Judge what is stored of some series of one grain, up to the newest bucket that is closed at ``as_of``.

    ``series`` holds rows of ``monitors``, indexed by series key, and judge_from (NaT: from the beginning). Returns the
    frame of :func:`lookout.baseline.judge`, without rows when nothing is stored.
    """
    grain = series["grain"].iloc[0]
    judge_from = pd.to_datetime(series["judge_from"], utc=True)
    since = (judge_from - lookback(series)[grain]).fillna(pd.Timestamp(0, tz="UTC"))
    rows = _points(store, series, since, as_of)
    rare = np.flatnonzero(_filled_before(rows, series, judge_from) < RARE_LOADS)
    rare = rare[judge_from.notna().to_numpy()[rare]]
    if len(rare):
        # The rhythm of rare loads shows over months and years.
        older = _points(store, series.iloc[rare], (judge_from - RARE_LOOKBACK).iloc[rare], as_of)
        older[:, 0] = rare[older[:, 0].astype(np.int64)]
        rows = np.concatenate([rows[~np.isin(rows[:, 0], rare)], older])
    if not len(rows):
        return pd.DataFrame(columns=list(COLUMNS))
    codes = rows[:, 0].astype(np.int64).tolist()
    points = pd.DataFrame(
        {
            "series_key": pd.Categorical.from_codes(codes, categories=pd.Index(series.index)),
            "bucket_start": pd.to_datetime(rows[:, 1].astype(np.int64), unit="s", utc=True),
            "value": rows[:, 2],
        }
    )
    newest = points.groupby("series_key", observed=True)["bucket_start"].max()
    series = series.assign(last_bucket=newest.reindex(series.index))
    return judge_with_exclusions(judge, series, points, restarts, windows, judge_from=judge_from, horizon=horizon)


def _points(store: Store, series: pd.DataFrame, since: pd.Series[Any], as_of: Any) -> np.ndarray[Any, Any]:
    """Return what is stored of some series from ``since`` on, a row each: number of the series, seconds, value."""
    # Numbers instead of keys and times: the text of a million rows costs more than judging them.
    return store.fetch_numbers(
        """
        select
            cast(c.number - 1 as double precision), cast(extract(epoch from o.bucket_start) as double precision),
            coalesce(o.value, 'nan')
        from unnest(%s::text[], %s::timestamptz[]) with ordinality as c (series_key, since, number)
        inner join {schema}.metric_observations as o on o.series_key = c.series_key and o.bucket_start >= c.since
        where o.bucket_start + %s <= %s
        """,
        3,
        (
            list(series.index),
            [moment.to_pydatetime() for moment in since],
            GRAIN_STEP[series["grain"].iloc[0]],
            as_of,
        ),
    )


def _filled_before(
    rows: np.ndarray[Any, Any], series: pd.DataFrame, judge_from: pd.Series[Any]
) -> np.ndarray[Any, Any]:
    """Return how many buckets of each series held something before the first one to judge."""
    number = rows[:, 0].astype(np.int64)
    begin = (judge_from - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy()
    metric = series["metric"].to_numpy()
    filled = is_filled(
        rows[:, 2],
        (metric == "row_count")[number],
        (metric == "freshness")[number],
        GRAIN_STEP[series["grain"].iloc[0]].total_seconds(),
    )
    return np.bincount(number[filled & (rows[:, 1] < begin[number])], minlength=len(series))
