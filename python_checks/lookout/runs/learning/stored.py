"""Stored input of learning: the calendar, the exclusions, and the observations to judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from psycopg2 import sql

from lookout.baseline.judge import COLUMNS, judge
from lookout.baseline.settings import RARE_LOADS, RARE_LOOKBACK, is_filled, lookback
from lookout.database.store import Store
from lookout.errors import LookoutError
from lookout.project.calendar import CALENDAR, calendar_name, find_node
from lookout.project.declarations.grain import GRAIN_STEP, UTC, BucketClock
from lookout.runs.learning.exclusions import (
    CalendarEntry,
    judge_with_exclusions,
    read_calendar,
    restarts_of,
    windows_of,
)
from lookout.runs.learning.holidays import MEMORY, earlier_stretches, groups_of


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
        "select series_key, connection, asset, coalesce(time_zone, 'UTC') as time_zone "
        "from {schema}.monitors where is_active and %s",
        (bool(entries),),
    )
    return windows_of(entries, series, feedback), restarts_of(feedback)


def judge_stored(
    store: Store, series: pd.DataFrame, windows: pd.DataFrame, restarts: pd.DataFrame, *, as_of: Any, horizon: int
) -> pd.DataFrame:
    """Judge what is stored of some series of one grain and zone, up to the newest bucket that is closed at ``as_of``.

    ``series`` holds rows of ``monitors``, indexed by series key, and judge_from (NaT: from the beginning); with a
    column judge_until, nothing after that is judged. Returns the frame of :func:`lookout.baseline.judge`, without rows
    when nothing is stored.
    """
    grain, zone = series["grain"].iloc[0], series["time_zone"].fillna(UTC).iloc[0]
    clock = BucketClock(grain, zone)
    judge_from = pd.to_datetime(series["judge_from"], utc=True)
    # A day more, for days that a change of the clock makes longer.
    since = (judge_from - lookback(series)[grain] - timedelta(days=1)).fillna(pd.Timestamp(0, tz="UTC"))
    ends = {moment: clock.floor(moment) for moment in set(series.get("judge_until", [as_of]))}
    until = [ends[moment] for moment in series.get("judge_until", [as_of] * len(series))]
    rows = _points(store, series.index, since, until)
    rare = np.flatnonzero(_filled_before(rows, series, judge_from) < RARE_LOADS)
    rare = rare[judge_from.notna().to_numpy()[rare]]
    if len(rare):
        # The rhythm of rare loads shows over months and years.
        long_ago = pd.concat([since, judge_from - RARE_LOOKBACK], axis=1).min(axis=1)
        older = _points(store, series.index[rare], long_ago.iloc[rare], [until[row] for row in rare])
        older[:, 0] = rare[older[:, 0].astype(np.int64)]
        rows = np.concatenate([rows[~np.isin(rows[:, 0], rare)], older])
        since = since.where(~np.isin(np.arange(len(since)), rare), long_ago)
    rows = np.concatenate([_earlier_holidays(store, series, judge_from, since, as_of, horizon), rows])
    if not len(rows):
        return pd.DataFrame(columns=[*COLUMNS, "holiday"])
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


def due_until(store: Store, series: pd.DataFrame, as_of: Any) -> list[Any]:
    """Return for each series the end of the newest bucket that is usually complete at the last look at its table."""
    tables = series[["connection", "asset"]].drop_duplicates()
    due = store.query(
        """
        select watched.connection, watched.asset, looks.due_until
        from unnest(%s::text[], %s::text[]) as watched (connection, asset)
        cross join lateral (
            select results.due_until from {schema}.collection_results as results
            where
                results.connection = watched.connection and results.asset = watched.asset
                and results.due_until is not null and results.as_of <= %s
            order by results.as_of desc limit 1
        ) as looks
        """,
        (list(tables["connection"]), list(tables["asset"]), as_of),
    )
    until = {(row.connection, row.asset): row.due_until for row in due.itertuples()}
    names = zip(series["connection"], series["asset"], strict=True)
    return [min(until.get(name, as_of), as_of) for name in names]


def take_back(store: Store, series: pd.DataFrame, as_of: Any) -> None:
    """Delete what was judged too early, before it was known that the rows of the table come late."""
    waiting = series[series["judge_until"] < as_of - GRAIN_STEP[series["grain"].iloc[0]]]
    store.execute(
        "delete from {schema}.baselines using unnest(%s::text[], %s::timestamptz[]) as waiting (series_key, due_until) "
        "where baselines.series_key = waiting.series_key and bucket_start >= due_until and status <> 'forecast'",
        (list(waiting.index), list(waiting["judge_until"])),
    )


def _earlier_holidays(
    store: Store, series: pd.DataFrame, judge_from: pd.Series[Any], since: pd.Series[Any], as_of: Any, horizon: int
) -> NDArray[np.float64]:
    """Return what is stored around earlier occurrences of the holidays to judge, from before ``since``.

    A row has the number of the series, the start of the bucket in seconds since 1970, and the value.
    """
    first, last = judge_from.min(), pd.Timestamp(as_of) + horizon * GRAIN_STEP[series["grain"].iloc[0]]
    groups = groups_of(series, first - MEMORY, last)
    stretches = list(earlier_stretches(groups, first, last)) if groups else []
    if not stretches:
        return np.zeros((0, 3))
    return store.fetch_numbers(
        """
        select
            cast(c.number - 1 as double precision), cast(extract(epoch from o.bucket_start) as double precision),
            coalesce(o.value, 'nan')
        from unnest(%s::text[], %s::timestamptz[]) with ordinality as c (series_key, since, number)
        cross join unnest(%s::timestamptz[], %s::timestamptz[]) as s (starts_at, ends_at)
        inner join {schema}.metric_observations as o
            on
                o.series_key = c.series_key
                and o.bucket_start >= s.starts_at and o.bucket_start < least(s.ends_at, c.since)
        """,
        3,
        (list(series.index), [moment.to_pydatetime() for moment in since], *map(list, zip(*stretches, strict=True))),
    )


def _points(store: Store, keys: pd.Index[str], since: pd.Series[Any], until: Sequence[Any]) -> NDArray[np.float64]:
    """Return what is stored of series between two moments each: rows of the number of the series, seconds, value."""
    # Numbers instead of keys and times: the text of a million rows costs more than judging them.
    return store.fetch_numbers(
        """
        select
            cast(c.number - 1 as double precision), cast(extract(epoch from o.bucket_start) as double precision),
            coalesce(o.value, 'nan')
        from unnest(%s::text[], %s::timestamptz[], %s::timestamptz[])
            with ordinality as c (series_key, since, until, number)
        inner join {schema}.metric_observations as o on o.series_key = c.series_key and o.bucket_start >= c.since
        where o.bucket_start < c.until
        """,
        3,
        (list(keys), [moment.to_pydatetime() for moment in since], list(until)),
    )


def _filled_before(rows: NDArray[np.float64], series: pd.DataFrame, judge_from: pd.Series[Any]) -> NDArray[np.int64]:
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
