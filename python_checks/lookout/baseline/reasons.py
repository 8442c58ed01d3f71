"""Reasons in words a person understands; only for buckets that are remarkable or still learning."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lookout.baseline import scores
from lookout.baseline.learned import WEEKS, Panel
from lookout.baseline.rules.holidays import HolidayVerdict
from lookout.baseline.rules.loads import in_words
from lookout.baseline.scales import transforms

Integers = NDArray[np.int64]
_MINUTE = 60_000_000_000
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Cells:
    """Buckets that become rows: series and judged column in the panel, codes of status and severity, local ns."""

    row: Integers
    column: Integers
    status: Integers
    severity: Integers
    time: Integers


def word(panel: Panel, verdict: scores.Verdict, settings: pd.DataFrame, cells: Cells) -> NDArray[Any]:
    """Return one reason per cell: empty for unremarkable buckets, excluded ones and forecasts."""
    result = np.full(len(cells.row), "", dtype=object)
    learning = np.flatnonzero(cells.status == 0)
    if len(learning):
        # Forecasts of parts of an hour count in hours, plain statistics in buckets.
        in_buckets = panel.spans.folds > 1 and (settings["method"] == "zscore").all()
        unit = "bucket" if in_buckets else panel.spans.unit
        needed = verdict.remaining[cells.row[learning], cells.column[learning]].astype(np.int64)
        sparse = verdict.sparse[cells.row[learning], cells.column[learning]]
        result[learning] = np.where(sparse, _learning(needed, "load", ""), _learning(needed, unit, " of history"))
    remarkable = np.flatnonzero(cells.severity > 0)
    if len(remarkable):
        writer = _Writer(panel, verdict, settings)
        chosen = (part[remarkable].tolist() for part in (cells.row, cells.column, cells.time))
        result[remarkable] = [writer.reason(*cell) for cell in zip(*chosen, strict=True)]
    return result


def number(value: float) -> str:
    """Format a number as people write it: 1,234 and 12.3 and 0.0042."""
    size = abs(value)
    if size >= 1000 or float(value).is_integer():
        return f"{value:,.0f}"
    if size >= 100:
        return f"{value:.0f}"
    return f"{float(f'{value:.3g}'):.10g}"


def of_infinite(reason: str) -> str:
    """Return the reason of a bucket whose value is infinite, from that of an empty one."""
    rest = re.sub(r"^no (rows|value)(; )?", "", reason)
    return f"an infinite value, which counts as none{'; ' if rest else ''}{rest}"


def value_text(kind: str, metric: str, value: float) -> str:
    """Format a value of a metric as people write it."""
    if kind == "rate":
        return f"{float(f'{100 * value:.3g}'):.10g} %"
    return _duration(value) if metric == "freshness" else number(value)


def limit_text(kind: str, metric: str, value: float, lower: float, upper: float) -> str:
    """Return the reason of a value beyond one of its hard limits."""
    is_below = value < lower
    limit = value_text(kind, metric, lower if is_below else upper)
    return f"{value_text(kind, metric, value)} is {'below' if is_below else 'above'} the limit of {limit}"


def on_holidays(verdict: HolidayVerdict, settings: pd.DataFrame, labels: Sequence[str]) -> list[str]:
    """Return the reasons of judged holidays; ``settings`` and ``labels`` are those of each row."""
    result = []
    series = settings[["kind", "metric", "lower_limit", "upper_limit"]].itertuples(index=False)
    for row, (label, (kind, metric, lower, upper)) in enumerate(zip(labels, series, strict=True)):
        expected = float(verdict.expected[row, 0])
        if verdict.beyond[row, 0]:
            result.append(limit_text(kind, metric, float(verdict.value[row, 0]), lower, upper))
        elif kind == "count" and expected >= 0:
            rounded = float(f"{expected:.3g}") if expected >= 10 else float(round(expected))
            result.append(f"on {label} about {number(rounded)} are usual")
        else:
            result.append(f"on {label} about {value_text(kind, metric, expected)} is usual")
    return result


def _learning(needed: Integers, unit: str, what: str) -> NDArray[Any]:
    texts = {int(count): f"needs {count} more {unit}{'' if count == 1 else 's'}{what}" for count in np.unique(needed)}
    return np.array([texts[int(count)] for count in needed], dtype=object)


class _Writer:
    """Writer of the reasons of one panel."""

    def __init__(self, panel: Panel, verdict: scores.Verdict, settings: pd.DataFrame) -> None:
        self.panel, self.verdict = panel, verdict
        self.now = panel.since(panel.start)
        self.kinds = settings["kind"].tolist()
        self.metrics = settings["metric"].tolist()
        self.plain = (settings["method"] == "zscore").tolist()
        self.lower, self.upper = settings["lower_limit"].tolist(), settings["upper_limit"].tolist()
        self.by_cause: dict[int, Callable[[int, int, int], str]] = {
            scores.POINT: self._point,
            scores.CONSTANT: self._constant,
            scores.EMPTY_SLOT: self._empty_slot,
            scores.MISSING: self._missing,
            scores.STUCK: self._stuck,
            scores.DRIFT: self._drift,
            scores.LIMIT: self._limit,
            scores.ZERO: self._zero,
            scores.OVERDUE: self._overdue,
            scores.LOAD: self._load,
        }

    def reason(self, row: int, column: int, time: int) -> str:
        text = self.by_cause[int(self.verdict.cause[row, column])](row, column, time)
        hours = 0 if self.verdict.young is None else int(self.verdict.young[row, column])
        return f"{text}, judged by {hours // 24} days of history" if hours else text

    def _value(self, row: int, value: float) -> str:
        return value_text(self.kinds[row], self.metrics[row], value)

    def _slot(self, time: int) -> str:
        spans = self.panel.spans
        if spans.season == 1:
            return spans.unit
        day, rest = divmod(time, _DAY)
        name = _WEEKDAYS[(day + 3) % 7]  # 1970 began on a Thursday
        return name if spans.day == 1 else f"{name} {rest // _HOUR:02d}:{rest % _HOUR // _MINUTE:02d}"

    def _earlier(self, row: int, column: int) -> list[float]:
        """Return the values of the same slot in the eight weeks before."""
        season, at = self.panel.spans.season, self.panel.start + column
        values = self.panel.x[row, max(at - WEEKS * season, at % season) : at : season].tolist()
        return [value for value in values if value == value]

    def _missing(self, row: int, column: int, time: int) -> str:
        nothing = "no rows" if self.panel.empties[row] else "no value"
        seen = self._earlier(row, column)
        if not seen:
            return nothing
        low, high = self._value(row, min(seen)), self._value(row, max(seen))
        span = low if low == high else f"{low} to {high}"
        known = int(self.verdict.slots.known[row, column])
        slot = self._slot(time)
        if len(seen) >= known:
            return f"{nothing}; every {slot} before had {span}"
        return f"{nothing}; {len(seen)} of the last {known} {slot}s had {span}"

    def _point(self, row: int, column: int, time: int) -> str:
        del time
        value, expected = float(self.now.observed[row, column]), float(self.verdict.expected[row, column])
        if self.plain[row]:
            # Plain statistics know an empty bucket as a count of 0 only.
            return self._standard(row, column, 0.0 if np.isnan(value) else value, expected)
        usual = self._value(row, expected)
        if self.kinds[row] == "real":
            side = "above" if value > expected else "below"
            return f"{number(value)}, which is {number(abs(value - expected))} {side} the usual {usual}"
        if value == 0 or expected <= 0:
            return f"{self._value(row, value)} instead of the usual {usual}"
        return _ratio(value / expected, usual)

    def _standard(self, row: int, column: int, value: float, mean: float) -> str:
        deviation = float(self.verdict.scale[row, column])
        if deviation == 0:
            return f"{self._value(row, value)}; every value before was {self._value(row, mean)}"
        size, side = abs(value - mean) / deviation, "above" if value > mean else "below"
        return f"{size:.1f} standard deviations {side} the mean of {self._value(row, mean)}"

    def _zero(self, row: int, column: int, time: int) -> str:
        seen = [value for value in self._earlier(row, column) if value]
        low, high = self._value(row, min(seen)), self._value(row, max(seen))
        span = low if low == high else f"{low} to {high}"
        return f"{self._value(row, 0.0)}; {self._slot(time)}s before had {span}"

    def _constant(self, row: int, column: int, time: int) -> str:
        del time
        before = self._value(row, float(self.verdict.constant[row, column]))
        return f"changed from {before}, the value it always had, to {self._value(row, float(self.now.x[row, column]))}"

    def _empty_slot(self, row: int, column: int, time: int) -> str:
        value = number(float(self.now.observed[row, column]))
        earlier = self._earlier(row, column)
        if earlier:
            return f"{value} rows; {self._slot(time)}s had at most {number(max(earlier))} before"
        return f"{value} rows; {self._slot(time)}s were empty before"

    def _overdue(self, row: int, column: int, time: int) -> str:
        state = int(self.verdict.rare.state[row, column])
        states = self.verdict.rare.states
        return in_words(states, state, self.panel.history, self.panel.spans.day)

    def _load(self, row: int, column: int, time: int) -> str:
        text = self._point(row, column, time)
        return text.replace("the usual", "a usual load of") if self.panel.empties[row] else text

    def _stuck(self, row: int, column: int, time: int) -> str:
        del time
        return f"the same value {int(self.verdict.repeats[row, column])} times in a row"

    def _drift(self, row: int, column: int, time: int) -> str:
        del time
        kinds = self.panel.kinds[row : row + 1]
        at = self.panel.start + column
        now = float(np.nanmedian(self.panel.y[row, max(0, at - 6) : at + 1]))
        step = float(self.verdict.step[row, column])
        new, old = (float(transforms.backward(np.array([[y]]), kinds)[0, 0]) for y in (now, now - step))
        course = f"{'more' if step > 0 else 'less'} every week for {int(self.verdict.weeks[row, column])} weeks"
        if self.kinds[row] == "rate":
            return f"about {100 * abs(new - old):.2g} percentage points {course}"
        # From next to nothing, a change in percent says nothing.
        if self.kinds[row] == "real" or old <= 0 or not 0.1 <= new / old <= 10.0:
            return f"about {number(float(f'{abs(new - old):.2g}'))} {course}"
        return f"about {number(float(f'{100 * abs(new / old - 1):.2g}'))} % {course}"

    def _limit(self, row: int, column: int, time: int) -> str:
        del time
        value = float(self.now.observed[row, column])
        return limit_text(self.kinds[row], self.metrics[row], value, self.lower[row], self.upper[row])


def _duration(seconds: float) -> str:
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"


def _ratio(ratio: float, usual: str) -> str:
    if 1.95 <= ratio <= 2.05:
        return f"twice the usual {usual}"
    if ratio > 2:
        return f"{number(round(ratio, 1) if ratio < 10 else round(ratio))} times the usual {usual}"
    if 0.48 <= ratio <= 0.52:
        return f"half the usual {usual}"
    if ratio < 0.48:
        return f"{100 * ratio:.2g} % of the usual {usual}"
    return f"{100 * abs(ratio - 1):.2g} % {'more' if ratio > 1 else 'less'} than the usual {usual}"
