"""Exclusions: windows that are neither judged nor learned from, restarts, at which a new level begins, and holidays."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lookout.project.declarations.grain import UTC, BucketClock
from lookout.runs.learning.holidays import groups_of, judged_holidays, on_holidays, with_empty_holidays

WINDOW_COLUMNS = ("series_key", "starts_at", "ends_at", "reason")
_SECONDS_BITS = 34  # seconds since 1970 up to the year 2514


@dataclass(frozen=True)
class CalendarEntry:
    """A stretch of days, by UTC, of the tables that a pattern matches. ``ends_at`` is the end of the last day."""

    starts_at: datetime
    ends_at: datetime
    pattern: str
    reason: str

    def matches(self, connection: str, asset: str) -> bool:
        """Return whether the entry is about a table; ``asset`` is ``schema.table``."""
        return any(fnmatch.fnmatchcase(name, self.pattern) for name in (asset, f"{connection}.{asset}"))


def read_calendar(rows: Sequence[Sequence[Any]], name: str) -> tuple[tuple[CalendarEntry, ...], tuple[str, ...]]:
    """Return entries from text rows (start_date, end_date, asset_pattern, reason), and a sentence for each wrong row.

    An empty end_date means one day, an empty pattern every table. ``name`` is the calendar's, for the sentences.
    """
    entries, problems = [], []
    for start_text, end_text, pattern, reason in rows:
        row_text = ", ".join(str(cell) for cell in (start_text, end_text, pattern, reason) if cell)
        start, end = _date(start_text), _date(end_text or start_text)
        if start is None or end is None:
            wrong = start_text if start is None else end_text
            problem = f"{wrong!r} is not a date; write it like 2026-12-24" if wrong else "start_date is empty"
        elif end < start:
            problem = f"it ends on {end}, before it starts on {start}"
        else:
            begin = datetime.combine(start, time(), timezone.utc)
            stop = datetime.combine(end + timedelta(days=1), time(), timezone.utc)
            entries.append(CalendarEntry(begin, stop, _text(pattern) or "*", _text(reason) or "calendar"))
            continue
        problems.append(f"Calendar {name}, entry ({row_text}): {problem}; the entry is left out until it is corrected.")
    return tuple(entries), tuple(problems)


def _text(value: object) -> str:
    return str(value or "").strip()


def _date(value: object) -> date | None:
    # A timestamp counts as its day.
    match = re.fullmatch(r"\s*(\d{4}-\d{2}-\d{2})([ T].*)?", str(value or ""))
    try:
        return date.fromisoformat(match[1]) if match and match[1] != "9999-12-31" else None
    except ValueError:
        return None


def windows_of(entries: Sequence[CalendarEntry], series: pd.DataFrame, feedback: pd.DataFrame) -> pd.DataFrame:
    """Return the windows to leave out, one row per series and window, with WINDOW_COLUMNS; the end is exclusive.

    ``series`` has the columns series_key, connection and asset, and time_zone where its days are not those of UTC;
    ``feedback`` is the newest answer of each alert, in the columns of ``alert_feedback``. Feedback comes first: where
    windows overlap, the first one gives the reason.
    """
    answers = feedback[feedback["verdict"].isin(["expected", "fixed"]) & feedback["series_key"].notna()]
    words = answers["verdict"].map({"expected": "expected", "fixed": "a fault, confirmed"})
    notes = answers["note"].fillna("").map(lambda note: f": {note}" if note else "")
    answered = pd.DataFrame(
        {
            "series_key": answers["series_key"],
            "starts_at": answers["window_start"],
            "ends_at": answers["window_end"],
            "reason": words + notes,
        }
    )
    parts = [answered]
    tables = series[["connection", "asset"]].drop_duplicates()
    for entry in entries:
        is_meant = [entry.matches(*map(str, names)) for names in tables.to_numpy()]
        keys = series.merge(tables[is_meant], on=["connection", "asset"])
        for zone, own in keys.groupby(keys.get("time_zone", lambda _: UTC)):
            begin, end = (_midnight(moment, str(zone)) for moment in (entry.starts_at, entry.ends_at))
            parts.append(own[["series_key"]].assign(starts_at=begin, ends_at=end, reason=entry.reason))
    frame = pd.concat([part for part in parts if len(part)] or [answered], ignore_index=True)
    for name in ("starts_at", "ends_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return frame[list(WINDOW_COLUMNS)]


def _midnight(moment: datetime, zone: str) -> datetime:
    """Return when the day that a midnight in UTC stands for begins in a time zone."""
    return BucketClock("day", zone).start(BucketClock("day").number(moment))


def restarts_of(feedback: pd.DataFrame) -> pd.DataFrame:
    """Return the times at which a series begins a new level: columns series_key and restart_at, ordered by both."""
    answers = feedback[(feedback["verdict"] == "new_normal") & feedback["series_key"].notna()]
    times = pd.to_datetime(answers["window_start"], utc=True)
    frame = pd.DataFrame({"series_key": answers["series_key"], "restart_at": times})
    return frame.drop_duplicates().sort_values(["series_key", "restart_at"], ignore_index=True)


def excluded_reasons(points: pd.DataFrame, windows: pd.DataFrame) -> pd.Series[Any]:
    """Return why each point is left out, null where it is not. ``points`` has columns series_key and bucket_start."""
    found = np.full(len(points), None, dtype=object)
    if windows.empty or points.empty:
        return pd.Series(found, index=points.index)
    codes, keys = pd.factorize(points["series_key"])
    positions = _positions(codes, points["bucket_start"])
    order = np.argsort(positions, kind="stable")
    code = pd.Index(np.asarray(keys, dtype=object)).get_indexer(pd.Index(windows["series_key"]))
    known = windows[code >= 0]
    first = np.searchsorted(positions, _positions(code[code >= 0], known["starts_at"]), sorter=order)
    last = np.searchsorted(positions, _positions(code[code >= 0], known["ends_at"]), sorter=order)
    size = np.maximum(last - first, 0)
    # The ranks first .. last - 1 of the points in each window, all windows one after another.
    inside = np.repeat(first - np.concatenate([[0], np.cumsum(size)[:-1]]), size) + np.arange(size.sum())
    # The first window wins, so it is written last.
    found[order[inside[::-1]]] = np.repeat(known["reason"].to_numpy(dtype=object), size)[::-1]
    return pd.Series(found, index=points.index)


def _positions(codes: Any, times: pd.Series[Any]) -> npt.NDArray[np.int64]:
    """Return series and time as one number that sorts by both."""
    seconds = pd.DatetimeIndex(times).as_unit("s").to_numpy(dtype="datetime64[s]").view(np.int64)
    return (np.asarray(codes, dtype=np.int64) << _SECONDS_BITS) + np.clip(seconds, 0, 2**_SECONDS_BITS - 1)


Judge = Callable[..., pd.DataFrame]


def judge_with_exclusions(
    judge: Judge,
    series: pd.DataFrame,
    points: pd.DataFrame,
    restarts: pd.DataFrame,
    windows: pd.DataFrame,
    *,
    judge_from: pd.Series[Any],
    horizon: int,
) -> pd.DataFrame:
    """Judge with exclusions and restarts: ``judge`` is :func:`lookout.baseline.judge`, the rest are its arguments.

    ``windows`` are left out, and what lies before a restart does not count after it. Points need not be marked.
    ``series`` has a column last_bucket, and ``holidays`` where public holidays count: those are not learned from, and
    judged by earlier ones in ``points``. ``judge_from`` may hold NaT for a series that is judged from its beginning.
    """
    moments = points["bucket_start"]
    groups = groups_of(series, moments.min(), moments.max() + timedelta(days=horizon + 1))
    points = with_empty_holidays(groups, points)
    is_left_out = excluded_reasons(points, windows).notna()
    excluded = is_left_out | on_holidays(groups, points)
    points = points.assign(excluded=excluded, is_left_out=is_left_out)
    parts = _parts(series, points, restarts)
    if parts is None:
        result = judge(series, points, horizon=horizon, judge_from=judge_from.dropna())
    else:
        result = _judge_parts(judge, series, points, parts, judge_from, horizon)
    result = judged_holidays(groups, series, points, result)
    reasons = excluded_reasons(result, windows)
    left_out = reasons.notna()
    result.loc[left_out, "reason"] = reasons[left_out]
    result.loc[left_out, "status"] = "excluded"
    result.loc[left_out, "severity"] = ""
    result.loc[left_out, "score"] = np.nan
    result.loc[left_out, "holiday"] = None
    return result


def _parts(series: pd.DataFrame, points: pd.DataFrame, restarts: pd.DataFrame) -> pd.DataFrame | None:
    """Return the parts of each series between its restarts: part, series_key, begins_at, ends_at. None without any."""
    restarts = restarts[restarts["series_key"].isin(series.index)]
    if restarts.empty:
        return None
    beginning, end = pd.Timestamp("1900-01-01", tz="UTC"), pd.Timestamp("2200-01-01", tz="UTC")
    starts = pd.concat(
        [pd.DataFrame({"series_key": series.index, "restart_at": beginning}), restarts], ignore_index=True
    ).sort_values(["series_key", "restart_at"], ignore_index=True)
    ends = starts.groupby("series_key")["restart_at"].shift(-1)
    return pd.DataFrame(
        {
            "part": starts["series_key"] + "/" + starts.groupby("series_key").cumcount().astype(str),
            "series_key": starts["series_key"],
            "begins_at": starts["restart_at"],
            "ends_at": ends.fillna(end),
        }
    )


def _judge_parts(
    judge: Judge,
    series: pd.DataFrame,
    points: pd.DataFrame,
    parts: pd.DataFrame,
    judge_from: pd.Series[Any],
    horizon: int,
) -> pd.DataFrame:
    points = points.assign(series_key=points["series_key"].astype(str))
    unit = points["bucket_start"].dt.unit
    by_time = parts.assign(begins_at=parts["begins_at"].dt.as_unit(unit)).sort_values("begins_at")
    placed = pd.merge_asof(
        points.sort_values("bucket_start"), by_time, left_on="bucket_start", right_on="begins_at", by="series_key"
    )
    parts = parts.set_index("part").join(placed.groupby("part")["bucket_start"].max().rename("last_point"), how="inner")
    # A part that ends before the first bucket to judge has been judged already.
    wanted = judge_from.reindex(parts["series_key"]).set_axis(parts.index)
    parts = parts[~(parts["ends_at"] <= wanted)]
    newest = parts["last_point"] == parts.groupby("series_key")["last_point"].transform("max")
    settings = series.loc[parts["series_key"]].set_axis(parts.index)
    settings["last_bucket"] = settings["last_bucket"].where(newest, parts["last_point"])
    placed = placed[placed["part"].isin(parts.index)]
    result: pd.DataFrame = judge(
        settings,
        placed[["part", "bucket_start", "value", "excluded"]].rename(columns={"part": "series_key"}),
        horizon=horizon,
        judge_from=wanted.loc[parts.index].dropna(),
    )
    part_of = parts.loc[result["series_key"]]
    # A forecast beyond a restart belongs to the next part.
    is_before_end = result["bucket_start"].array < part_of["ends_at"].array
    is_kept = is_before_end | newest.loc[result["series_key"]].to_numpy()
    named: pd.DataFrame = result.assign(series_key=part_of["series_key"].to_numpy())
    return pd.DataFrame(named[is_kept]).reset_index(drop=True)
