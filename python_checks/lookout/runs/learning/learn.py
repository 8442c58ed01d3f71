"""The learning step: judge what is new, changed or newly said about, and write it to ``baselines``.

A run does it in two steps where many series have changed: first those that may be remarkable, so that alerts can be
derived, then the others.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from psycopg2 import sql

from lookout.baseline.judge import COLUMNS, judge
from lookout.baseline.settings import lookback
from lookout.database.store import Store
from lookout.errors import LookoutError
from lookout.project.calendar import CALENDAR, calendar_name, find_node
from lookout.project.declarations.monitor import GRAIN_STEP
from lookout.runs.learning import triage
from lookout.runs.learning.exclusions import CalendarEntry, judge_anew, read_calendar, restarts_of, windows_of
from lookout.runs.model import Run

FORECAST_BUCKETS = 3
BASELINE_COLUMNS = [
    "series_key", "bucket_start", "status", "observed_value", "expected_value", "lower_bound", "upper_bound",
    "warning_lower_bound", "warning_upper_bound", "scale", "sample_size", "method", "score", "severity", "reason",
]  # fmt: skip

# So many changed series are learned in less than a second: then there is no reason to do it in two steps.
FEW_SERIES = 500
# Their points are in memory together.
SERIES_AT_A_TIME = 10_000
# What alerts show of a bucket; `anomalies` is a view and follows by itself.
LOUD = """
    select loud.* from unnest(%s::text[], %s::timestamptz[], %s::text[]) as changed (series_key, since, alert_from)
    cross join lateral (
        select
            series_key, bucket_start, observed_value, expected_value, lower_bound, upper_bound, score, severity, reason
        from {schema}.baselines as baselines
        where
            baselines.series_key = changed.series_key and baselines.bucket_start >= changed.since
            and (baselines.severity = 'critical' or (baselines.severity = 'warning' and changed.alert_from = 'warning'))
        order by baselines.bucket_start
    ) as loud
"""


@dataclass(frozen=True)
class LearningPlan:
    """What one run has to learn: since which collection, and what people said about normal by then.

    ``learned`` are the series that were learned at once, ``rows`` the baselines written for them. ``is_complete`` says
    that no others are left.
    """

    mark: int
    windows: pd.DataFrame
    restarts: pd.DataFrame
    is_replay: bool
    learned: frozenset[str] = frozenset()
    rows: int = 0
    is_complete: bool = False


@dataclass(frozen=True)
class LearningResult:
    """Rows written to ``baselines``, and whether anything changed that alerts are derived from."""

    rows: int
    is_news: bool


def learn(run: Run, on_chunk: Any = None) -> int:
    """Judge the buckets that are new or changed since the last learning, and forecast the next ones.

    Returns the number of rows written to ``baselines``.
    """
    return learn_rest(run, _prepare(run), on_chunk).rows


def learn_first(run: Run, on_chunk: Any = None) -> LearningPlan:
    """Learn what alerts depend on: the series that no forecast clears (see ``triage``), or all where those are few.

    :func:`learn_rest` has to follow once the alerts are out; until then the run has learned nothing for good.
    """
    plan = _prepare(run)
    few = {"few": sys.maxsize if plan.is_replay else FEW_SERIES}
    changed = run.store.query(triage.NOT_CLEARED, _parameters(run, plan) | few)
    total = int(changed["changed_series"][0])
    changed = changed.dropna(subset="series_key")
    rows = _learn_series(run, plan, changed, on_chunk)
    done = frozenset(changed["series_key"])
    plan = replace(plan, learned=done, rows=rows, is_complete=len(done) == total)
    if plan.is_complete:
        _close(run, plan)
    return plan


def learn_rest(run: Run, plan: LearningPlan, on_chunk: Any = None) -> LearningResult:
    """Learn what the first step left over. Says whether alerts have to be derived again."""
    if plan.is_complete:
        return LearningResult(0, is_news=False)
    changed = run.store.query(triage.EVERYTHING, _parameters(run, plan))
    changed = changed[~changed["series_key"].isin(plan.learned)]
    before = _loud(run, changed)
    rows = _learn_series(run, plan, changed, on_chunk)
    is_news = not _loud(run, changed).equals(before)
    _close(run, plan)
    return LearningResult(rows, is_news)


def _prepare(run: Run) -> LearningPlan:
    mark = run.store.query("select coalesce(max(learned_through), 0) as n from {schema}.lookout_runs")
    entries, problems = calendar(run.store, run.workspace.home.manifest)
    run.problems += problems
    windows, restarts = read_exclusions(run.store, entries)
    later = run.store.query("select 1 from {schema}.lookout_runs where as_of > %s limit 1", (run.as_of,))
    return LearningPlan(int(mark["n"][0]), windows, restarts, is_replay=not later.empty)


def _parameters(run: Run, plan: LearningPlan) -> dict[str, Any]:
    windows = plan.windows
    return {
        "mark": plan.mark,
        "as_of": run.as_of,
        "keys": list(windows["series_key"]),
        "starts": [moment.to_pydatetime() for moment in windows["starts_at"]],
        "ends": [moment.to_pydatetime() for moment in windows["ends_at"]],
        "reasons": list(windows["reason"]),
    }


def _learn_series(run: Run, plan: LearningPlan, changed: pd.DataFrame, on_chunk: Any) -> int:
    written = 0
    for grain, whole in changed.groupby("grain"):
        for begin in range(0, len(whole), SERIES_AT_A_TIME):
            series = whole.iloc[begin : begin + SERIES_AT_A_TIME].set_index("series_key")
            judged = judge_stored(
                run.store, series, plan.windows, plan.restarts, as_of=run.as_of, horizon=FORECAST_BUCKETS
            )
            frame = judged[BASELINE_COLUMNS].assign(learned_at=run.as_of)
            frame["sample_size"] = frame["sample_size"].astype("Int64")
            written += run.store.upsert("baselines", frame)
            if on_chunk is not None:
                on_chunk(str(grain))
    return written


def _loud(run: Run, changed: pd.DataFrame) -> pd.DataFrame:
    since = pd.to_datetime(changed["judge_from"], utc=True).fillna(pd.Timestamp(0, tz="UTC"))
    moments = [moment.to_pydatetime() for moment in since]
    frame = run.store.query(LOUD, (list(changed["series_key"]), moments, list(changed["alert_from"])))
    return frame.sort_values(["series_key", "bucket_start"], ignore_index=True)


def _close(run: Run, plan: LearningPlan) -> None:
    if not plan.is_replay:
        # A replay of the past must not mark what a later run collected as learned.
        run.learned_through = run.batch_number


def calendar(store: Store, manifest: Mapping[str, Any]) -> tuple[tuple[CalendarEntry, ...], tuple[str, ...]]:
    """Entries of the calendar that the project names, and one sentence for everything that is wrong with it."""
    name = calendar_name(manifest)
    node = find_node(manifest, name)
    if node is None and name == CALENDAR:
        # Nobody has to have one: in a project of one's own, the default names nothing until there is such a seed.
        return (), ()
    if node is None:
        sentence = f"The project has no seed, model or source '{name}', which the var lookout_calendar names"
        return (), (f"{sentence}: correct it in dbt_project.yml.",)
    place = (str(node["schema"]), str(node.get("identifier") or node.get("alias") or node["name"]))
    known = store.query("select to_regclass(format('%%I.%%I', %s, %s)) is not null as is_there", place)
    if not known["is_there"][0]:
        # The one that ships with Lookout is empty until somebody builds it.
        missing = f"The calendar {name} is not in the database yet: run `dbt build --select {name}`."
        return (), (missing,) if name != CALENDAR else ()
    statement = sql.SQL(
        "select start_date::text, end_date::text, asset_pattern::text, reason::text from {} order by 1, 2, 3, 4"
    )
    try:
        rows = store.query(statement.format(sql.Identifier(*place)))
    except LookoutError as error:
        needs = "it needs the columns start_date, end_date, asset_pattern and reason"
        return (), (f"The calendar {name} cannot be read, {needs}: {error}",)
    return read_calendar(rows.to_numpy().tolist(), name)


def read_exclusions(store: Store, entries: tuple[CalendarEntry, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stretches to leave out and levels that begin anew, of all watched series (see ``exclusions``)."""
    feedback = store.query(
        "select distinct on (alert_key) * from {schema}.alert_feedback order by alert_key, feedback_number desc"
    )
    # Without a calendar, no series has to be looked up.
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
    # Numbers instead of keys and times: the text of a million rows costs more than judging them.
    rows = store.fetch_numbers(
        """
        select
            cast(c.number - 1 as double precision), cast(extract(epoch from o.bucket_start) as double precision),
            coalesce(o.value, 'nan')
        from unnest(%s::text[], %s::timestamptz[]) with ordinality as c (series_key, since, number)
        inner join {schema}.metric_observations as o on o.series_key = c.series_key and o.bucket_start >= c.since
        where o.bucket_start + %s <= %s
        """,
        3,
        (list(series.index), [t.to_pydatetime() for t in since], GRAIN_STEP[grain], as_of),
    )
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
    return judge_anew(judge, series, points, restarts, windows, judge_from=judge_from, horizon=horizon)
