"""Arrival of the rows of watched tables: what each look finds out, stored for the next ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd

from lookout.profiling import arrival
from lookout.profiling.arrival import Floats, Look, Standing, Undated
from lookout.profiling.collect import CollectionOutcome
from lookout.project.declarations.monitor import Monitor
from lookout.runs.recording import Run

KNOWN_FOR = timedelta(weeks=8)
SHARES_FOR = timedelta(weeks=4)
NEW_NORMAL_AFTER = timedelta(weeks=2)
# The newest two looks at each table, up to the clock: a run that is repeated finds its own.
_LOOKS = """
    select looks.*
    from (select distinct connection, asset from {schema}.monitors where is_active) as watched
    cross join lateral (
        select connection, asset, as_of, watermark, undated_rows, new_rows, due_until, usual_delay_seconds, late_since,
            undated_since
        from {schema}.collection_results as results
        where
            results.connection = watched.connection and results.asset = watched.asset
            and results.due_until is not null and results.as_of <= %s
        order by results.as_of desc limit 2
    ) as looks
"""
_KNOWN = """
    select
        cast(extract(epoch from bucket_start) as double precision), row_count::float8,
        coalesce(complete_rows::float8, 'nan'),
        coalesce(cast(extract(epoch from complete_at) as double precision), 'nan'),
        coalesce(cast(extract(epoch from waited_at) as double precision), 'nan')
    from {schema}.bucket_arrivals
    where connection = %s and asset = %s and grain = %s and bucket_start >= %s
"""
_SHARES = """
    select undated_share from {schema}.collection_results
    where
        connection = %s and asset = %s and as_of >= %s and as_of < %s and undated_share is not null
        and (undated_since is null or undated_since < %s)
"""


class Arrivals:
    """The looks before those of a run, and what the run's own add to them."""

    def __init__(self, run: Run) -> None:
        self._run, self._is_replay = run, run.store.has_later_run(run.as_of)
        self._looks: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for row in run.store.query(_LOOKS, (run.as_of,)).to_dict("records"):
            self._looks.setdefault((row["connection"], row["asset"]), []).append({str(k): v for k, v in row.items()})

    def note(self, outcome: CollectionOutcome, *, is_new: bool) -> CollectionOutcome:
        """Store when the rows of a table came, and return the outcome with its ``standing``.

        ``is_new`` says that all of its history was read, as at the first look or when its settings have changed.
        """
        if outcome.counts is None:
            return outcome
        monitor, looks = outcome.monitor, self._looks.get((outcome.connection, outcome.asset), [])
        again = [look for look in looks if look["as_of"] == self._run.as_of]
        before = next((look for look in looks if look["as_of"] < self._run.as_of), {})
        look = self._look(outcome, before)
        identity = (monitor.connection, monitor.asset, monitor.grain)
        known = self._run.store.fetch_numbers(_KNOWN, 5, (*identity, self._run.as_of - KNOWN_FOR))
        counts = _recent(outcome.counts, known, monitor, look)
        changed, came = arrival.seen(known, counts, replace(look, previous_at=np.nan) if is_new else look)
        if not self._is_replay:
            self._store(identity, changed)
            known = np.vstack([known[~np.isin(known[:, arrival.START], changed[:, arrival.START])], changed])
        found = arrival.standing(known, outcome.counts, look)
        self._judge_now(monitor, before, found)
        came = np.nan if self._is_replay else came + sum(_number(look["new_rows"], 0.0) for look in again)
        undated = self._undated(outcome, before, came)
        return replace(outcome, standing=_columns(found, came, undated))

    def _look(self, outcome: CollectionOutcome, before: Mapping[str, Any]) -> Look:
        judged_until, knew_delay = _seconds(before.get("due_until")), pd.notna(before.get("usual_delay_seconds"))
        return Look(
            self._run.as_of.timestamp(),
            _seconds(outcome.closed_until),
            outcome.monitor.clock,
            latest_at=_seconds(outcome.latest_at),
            previous_at=_seconds(before.get("as_of")),
            judged_until=judged_until,
            knew_delay=knew_delay,
            was_in_doubt=not knew_delay and judged_until < _seconds(before.get("watermark")),
            late_since=_seconds(before.get("late_since")),
            delay=np.nan if outcome.monitor.delay is None else outcome.monitor.delay.total_seconds(),
        )

    def _store(self, identity: tuple[str, str, str], changed: Floats) -> None:
        names = ("bucket_start", "row_count", "complete_rows", "complete_at", "waited_at")
        columns = dict(zip(names, changed.T, strict=True))
        for name, numbers in columns.items():
            is_count = name.endswith(("_count", "_rows"))
            columns[name] = pd.array(numbers, "Int64") if is_count else pd.to_datetime(numbers, unit="s", utc=True)
        frame = pd.DataFrame(columns).assign(**dict(zip(("connection", "asset", "grain"), identity, strict=True)))
        self._run.store.upsert("bucket_arrivals", frame)

    def _judge_now(self, monitor: Monitor, before: Mapping[str, Any], found: Standing) -> None:
        """Let learning judge buckets that have been waiting, although their rows have not changed since."""
        judged_until = _seconds(before.get("due_until"))
        if not judged_until < np.fmin(found.due_until, _seconds(before.get("watermark"))):
            return
        keys = [monitor.key_of(metric) for metric in monitor.metrics]
        self._run.store.execute(
            "update {schema}.metric_observations set batch_number = %s "
            "where series_key = any(%s) and bucket_start >= %s and bucket_start < %s",
            (self._run.batch_number, keys, before["due_until"], _moment(found.due_until)),
        )

    def _undated(self, outcome: CollectionOutcome, before: Mapping[str, Any], came: float) -> Undated:
        since = _seconds(before.get("undated_since"))
        rows = _number(outcome.undated_rows, np.nan) - _number(before.get("undated_rows"), np.nan)
        if not np.isfinite(rows + came):
            return Undated(np.nan, np.nan, since)
        rows, as_of = max(rows, 0.0), self._run.as_of
        shares = np.empty(0)
        if rows or np.isfinite(since):
            period = (as_of - SHARES_FOR, as_of, as_of - NEW_NORMAL_AFTER)
            found = self._run.store.query(_SHARES, (outcome.connection, outcome.asset, *period))
            shares = found["undated_share"].to_numpy(dtype=np.float64)
        return arrival.undated(shares, rows, came, _seconds(before.get("as_of")), since)


def _recent(counts: Floats, known: Floats, monitor: Monitor, look: Look) -> Floats:
    """Return the counts from the oldest known bucket on, or from the one where the next look begins to read."""
    late = max(monitor.late_window.total_seconds(), look.step)
    oldest = known[:, arrival.START].min() if len(known) else look.until - late - look.step
    return counts[counts[:, 0] >= oldest]


def _columns(found: Standing, came: float, undated: Undated) -> dict[str, Any]:
    return {
        "due_until": _moment(found.due_until),
        "arrived_until": _moment(found.arrived_until),
        "usual_delay_seconds": found.usual_delay,
        "late_since": _moment(found.late_since),
        "new_rows": None if np.isnan(came) else int(came),
        "undated_share": undated.share,
        "usual_undated_share": undated.usual,
        "undated_since": _moment(undated.since),
    }


def _seconds(moment: datetime | None) -> float:
    return np.nan if moment is None or pd.isna(moment) else moment.timestamp()


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, timezone.utc) if np.isfinite(seconds) else None


def _number(value: Any, missing: float) -> float:
    return missing if value is None or pd.isna(value) else float(value)
