"""Verdicts about tables that are loaded rarely: loads that are overdue, ages until then, and the size of loads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookout.baseline.bounds import Bounds, Options, agree, apply_options, learned_bounds
from lookout.baseline.learned import Panel
from lookout.baseline.rules.loads import Rare
from lookout.baseline.rules.rhythm import LEAST
from lookout.baseline.scales import transforms
from lookout.baseline.windows import Mask, Matrix


@dataclass(frozen=True)
class Judged:
    """What is said of the judged buckets, in the metric's unit.

    ``remaining`` is how many more loads an ``unknown`` bucket needs; ``overdue`` ones hold nothing although a load was
    due, and ``sized`` ones hold a load that was compared with others.
    """

    expected: Matrix
    scale: Matrix
    score: Matrix
    learning: Mask
    remaining: NDArray[Any]
    warning: Bounds
    critical: Bounds
    unknown: Mask
    overdue: Mask
    sized: Mask


def judge_silence(judged: Judged, rare: Rare, panel: Panel, options: Options, ages: NDArray[np.bool_]) -> Judged:
    """Return what is said with empty buckets and ages of rarely loaded tables judged by the rhythm of their loads.

    ``ages`` marks the series whose values are the age of the newest row.
    """
    judged = replace(judged, learning=judged.learning | (rare.young & (np.abs(judged.score) < options.warn)))
    if not rare.rare.any():
        return judged
    needed = rare.of("needed", LEAST)
    unknown = rare.rare & (needed > 0)
    quiet = rare.rare & rare.silent & (needed == 0)
    numbers = panel.origin + panel.start + np.arange(quiet.shape[1])
    watched = np.where(ages[:, None], options.up, options.down | ~panel.empties[:, None])
    overdue = quiet & (numbers >= rare.of("limit", 0)) & watched
    score = np.where(ages[:, None], 1.0, -1.0) * rare.of("score", 0.0)
    judged = replace(
        judged,
        score=np.where(quiet, np.where(overdue, score, 0.0), np.where(unknown, 0.0, judged.score)),
        learning=np.where(quiet, False, judged.learning | unknown),
        remaining=np.where(unknown, needed, judged.remaining),
        unknown=unknown,
        overdue=overdue,
    )
    return _with_usual_age(judged, rare, panel, options, ages)


def _with_usual_age(judged: Judged, rare: Rare, panel: Panel, options: Options, ages: NDArray[np.bool_]) -> Judged:
    """Return what is said with ages expected to grow until the next load is due, and no further."""
    mine = rare.rare & ages[:, None]
    known = mine & (rare.of("needed", LEAST) == 0) & (rare.state >= 0)
    if not mine.any():
        return judged
    width, load = panel.history.seconds, rare.of("load", 0)
    due = (panel.history.last_bucket(rare.of("due", 0)) - load) * width
    limit = (rare.of("limit", 0) - load) * width + rare.of("age", 0.0)
    nothing = np.full(due.shape, np.nan)
    bounds = []
    for old, threshold in ((judged.warning, options.warn), (judged.critical, options.critical)):
        upper = np.where((rare.of("score", 0.0) >= threshold) & options.up, limit, np.nan)
        bounds.append(_where(mine, Bounds(nothing, np.where(known, upper, np.nan)), old))
    return replace(
        judged,
        expected=np.where(known, due, np.where(mine, np.nan, judged.expected)),
        scale=np.where(mine, nothing, judged.scale),
        score=np.where(known & ~rare.silent, 0.0, judged.score),
        learning=judged.learning & ~known,
        warning=bounds[0],
        critical=bounds[1],
    )


def judge_sizes(judged: Judged, rare: Rare, panel: Panel, options: Options, ages: NDArray[np.bool_]) -> Judged:
    """Return what is said with values compared with those of earlier loads.

    Rows that come long before the next load is due, or on a later day of a load, may be few.
    """
    now, centre, spread = panel.since(panel.start), rare.of("centre", np.nan), rare.of("spread", np.nan)
    known = rare.rare & ~ages[:, None] & np.isfinite(centre) & (rare.of("needed", LEAST) == 0)
    if not known.any():
        return judged
    days = panel.history.days(panel.origin + panel.start + np.arange(known.shape[1]))
    begun, counted = rare.of("begun", 0), panel.empties[:, None]
    begins = (days - panel.history.days(rare.of("load", 0)) > 1) & (2 * (days - begun) >= rare.of("due", 0) - begun)
    whole = begins | ~counted
    top = np.where(whole, centre, np.fmax(centre, rare.of("most", np.nan)))
    with np.errstate(invalid="ignore"):
        away = np.where(now.y > top, now.y - top, np.where(whole & (now.y < centre), now.y - centre, 0.0)) / spread
    expected = transforms.backward(centre, panel.kinds)
    bounds = []
    for old, threshold in ((judged.warning, options.warn), (judged.critical, options.critical)):
        low = np.where(whole, centre - threshold * spread, np.nan)
        sides = apply_options(learned_bounds(low, top + threshold * spread, panel.kinds), expected, options)
        bounds.append(_where(known, sides, old))
    sized = known & ~rare.silent & np.isfinite(now.x)
    score = np.nan_to_num(agree(away, np.where(sized, now.x, np.nan), bounds[0], bounds[1], options))
    return replace(
        judged,
        expected=np.where(known, np.where(whole, expected, 0.0), judged.expected),
        scale=np.where(known, spread, judged.scale),
        score=np.where(sized, score, judged.score),
        learning=judged.learning & ~sized,
        warning=bounds[0],
        critical=bounds[1],
        sized=sized,
    )


def _where(chosen: Mask, one: Bounds, other: Bounds) -> Bounds:
    return Bounds(np.where(chosen, one.lower, other.lower), np.where(chosen, one.upper, other.upper))
