"""The learning step: judge what is new, changed or has new feedback, and write it to ``baselines``.

A run does it in two steps where many series have changed: first those that may raise alerts, so that these can be
derived, then the others.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from lookout.baseline.judge import CLOCK_CHANGE
from lookout.runs.learning import triage
from lookout.runs.learning.partitions import Task, learn_parts, parts_of
from lookout.runs.learning.stored import read_exclusions, read_stored_calendar
from lookout.runs.recording import Run

# Up to this number, changed series are learned in less than a second, so two steps are not worth it.
FEW_SERIES = 500
# The buckets that alerts are derived from, with the columns that alerts show. They are few among millions, and an index
# by status and severity holds them.
ALERTING_BUCKETS = """
    select
        baselines.series_key, baselines.bucket_start, baselines.observed_value, baselines.expected_value,
        baselines.lower_bound, baselines.upper_bound, baselines.score, baselines.severity, baselines.reason
    from {schema}.baselines as baselines
    inner join unnest(%s::text[], %s::timestamptz[], %s::text[]) as changed (series_key, since, alert_from)
        on baselines.series_key = changed.series_key and baselines.bucket_start >= changed.since
    where
        baselines.status = 'judged' and baselines.severity in ('warning', 'critical')
        and (baselines.severity = 'critical' or changed.alert_from = 'warning')
    order by baselines.series_key, baselines.bucket_start
"""


@dataclass(frozen=True)
class LearningPlan:
    """The learning of one run: ``mark`` is the last collection learned, ``windows`` and ``restarts`` the exclusions.

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

    :func:`learn_rest` has to follow once the alerts are out; until then nothing is marked as learned.
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
        _mark_learned(run, plan)
    return plan


def learn_rest(run: Run, plan: LearningPlan, on_chunk: Any = None) -> LearningResult:
    """Learn the series that the first step left. The result says whether alerts have to be derived again."""
    if plan.is_complete:
        return LearningResult(0, is_news=False)
    changed = run.store.query(triage.EVERYTHING, _parameters(run, plan))
    changed = changed[~changed["series_key"].isin(plan.learned)]
    before = _alerting_buckets(run, changed)
    rows = _learn_series(run, plan, changed, on_chunk)
    is_news = not _alerting_buckets(run, changed).equals(before)
    _mark_learned(run, plan)
    return LearningResult(rows, is_news)


def _prepare(run: Run) -> LearningPlan:
    mark = run.store.query("select coalesce(max(learned_through), 0) as n from {schema}.lookout_runs")
    entries, problems = read_stored_calendar(run.store, run.workspace.home.manifest)
    run.problems += problems
    windows, restarts = read_exclusions(run.store, entries)
    return LearningPlan(int(mark["n"][0]), windows, restarts, is_replay=run.store.has_later_run(run.as_of))


def _parameters(run: Run, plan: LearningPlan) -> dict[str, Any]:
    windows = plan.windows
    return {
        "mark": plan.mark,
        "as_of": run.as_of,
        "clock_change": CLOCK_CHANGE,
        "keys": list(windows["series_key"]),
        "starts": [moment.to_pydatetime() for moment in windows["starts_at"]],
        "ends": [moment.to_pydatetime() for moment in windows["ends_at"]],
        "reasons": list(windows["reason"]),
    }


def _learn_series(run: Run, plan: LearningPlan, changed: pd.DataFrame, on_chunk: Any) -> int:
    store, processes = run.store, run.workspace.home.options.processes
    run_id = run.run_id if store.fence is not None else None
    task = Task(store.connection, store.schema, run_id, run.as_of, plan.is_replay, plan.windows, plan.restarts)
    return learn_parts(store, task, list(parts_of(changed, run.as_of)), processes, on_chunk)


def _alerting_buckets(run: Run, changed: pd.DataFrame) -> pd.DataFrame:
    since = pd.to_datetime(changed["judge_from"], utc=True).fillna(pd.Timestamp(0, tz="UTC"))
    moments = [moment.to_pydatetime() for moment in since]
    frame = run.store.query(ALERTING_BUCKETS, (list(changed["series_key"]), moments, list(changed["alert_from"])))
    return frame.sort_values(["series_key", "bucket_start"], ignore_index=True)


def _mark_learned(run: Run, plan: LearningPlan) -> None:
    if not plan.is_replay:
        # A replay of the past must not mark what a later run collected as learned.
        run.learned_through = run.batch_number
