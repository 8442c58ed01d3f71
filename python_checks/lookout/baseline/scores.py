"""Verdicts from forecasts, statistics and rules: score, cause and the bounds that agree, per bucket."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lookout.baseline import learned, zscore
from lookout.baseline.bounds import (
    Bounds,
    Options,
    agree,
    apply_options,
    around_constant,
    just_outside,
    learned_bounds,
    with_limits,
)
from lookout.baseline.learned import Panel
from lookout.baseline.rules import filling, loads, repetition, youth
from lookout.baseline.rules.drift import drift_score
from lookout.baseline.rules.sizes import Judged, judge_silence, judge_sizes
from lookout.baseline.scales import transforms
from lookout.baseline.windows import Mask, Matrix

POINT, CONSTANT, EMPTY_SLOT, MISSING, STUCK, DRIFT, LIMIT, ZERO, OVERDUE, LOAD = range(10)


@dataclass(frozen=True)
class Verdict:
    """Scores, causes and bounds of the judged buckets of a panel; expectations and bounds in the metric's unit.

    ``remaining`` is how many more buckets of history a learning bucket needs, in ``sparse`` ones how many more loads.
    ``repeats``, ``step`` (per week, judged scale), ``weeks``, ``slots`` and ``rare`` word the reasons, and so does
    ``young``: hours of history where that is too short for a profile, else 0.
    """

    expected: Matrix
    scale: Matrix
    sample: NDArray[Any]
    warning: Bounds
    critical: Bounds
    score: Matrix
    cause: NDArray[np.int64]
    learning: Mask
    remaining: NDArray[Any]
    repeats: Matrix
    step: Matrix
    weeks: NDArray[np.int64]
    slots: filling.Slots
    constant: Matrix
    sparse: Mask
    rare: loads.Rare
    young: NDArray[np.int64] | None = None


def judge_learned(panel: Panel, settings: pd.DataFrame, lengths: NDArray[np.float64] | None = None) -> Verdict:
    """Return the verdict of the learned method. ``lengths`` of the judged buckets are relative to the usual one."""
    options = Options.of(settings)
    rare = loads.rare_loads(panel, _are_ages(settings))
    everything, young = youth.forecast_of_all(filling.without_outages(panel, _are_ages(settings)), settings)
    slots = filling.slots(panel)
    forecast, empty = filling.with_empty_slots(panel, everything.since(panel.start), slots)
    if lengths is not None:
        forecast = learned.by_length(panel, forecast, lengths)
    constant_score, constant, lasting = repetition.constant_score(panel)
    now = panel.since(panel.start)
    enough = np.minimum(options.min_sample, float(panel.spans.errors))
    remaining = np.maximum(enough - forecast.sample, panel.spans.least - forecast.count)
    remaining = np.maximum(remaining, np.where(young[:, panel.start :], 0, options.min_age - forecast.age))
    known = (remaining <= 0) | empty
    expected = np.where(known, transforms.backward(forecast.expected, panel.kinds), np.nan)
    known &= np.isfinite(expected) & np.isfinite(forecast.scale)
    constant_score = np.where(known, constant_score, 0.0)
    point = learned.point_score(now, forecast)
    bounds = []
    for threshold in (options.warn, options.critical):
        reach = np.where(known, threshold * forecast.scale, np.nan)
        sides = learned_bounds(np.where(empty, np.nan, forecast.low - reach), forecast.high + reach, panel.kinds)
        sides = around_constant(sides, constant, constant_score >= threshold, lasting, panel.kinds)
        bounds.append(apply_options(sides, expected, options))
    judged_x = np.where(known, now.x, np.nan)
    fires = _outside_constant(judged_x, constant, lasting, panel) & (constant_score > np.abs(np.nan_to_num(point)))
    score = np.where(fires, np.sign(judged_x - constant) * constant_score, np.where(known, point, np.nan))
    score = np.nan_to_num(agree(score, judged_x, bounds[0], bounds[1], options))
    cause = np.where(fires, CONSTANT, np.where(empty, EMPTY_SLOT, POINT))
    verdict = Verdict(
        expected=expected,
        scale=np.where(known, forecast.scale, np.nan),
        sample=forecast.sample,
        warning=bounds[0],
        critical=bounds[1],
        score=score,
        cause=cause,
        learning=~known,
        remaining=np.maximum(remaining, 1.0),
        repeats=np.zeros(score.shape),
        step=np.zeros(score.shape),
        weeks=np.zeros(score.shape, dtype=np.int64),
        slots=slots,
        constant=constant,
        sparse=np.zeros(score.shape, dtype=bool),
        rare=rare,
    )
    verdict = _with_missing(verdict, panel, options)
    verdict = _with_young(verdict, panel, options, young, forecast)
    verdict = _with_zero(verdict, panel, options, _are_ages(settings))
    verdict = _with_stuck(verdict, panel)
    verdict = _with_drift(verdict, panel, everything, options, _are_ages(settings))
    return _with_limits(_with_rare(verdict, panel, options, _are_ages(settings)), panel, options)


def judge_zscore(panel: Panel, settings: pd.DataFrame, window: int, own_window: bool) -> Verdict:
    """Return the verdict of plain statistics."""
    options = Options.of(settings)
    rare = loads.rare_loads(panel, _are_ages(settings))
    filled = zscore.zero_filled(panel, window)
    plain = zscore.statistics(panel, filled, window, own_window).since(panel.start)
    x = filled[:, panel.start :]
    remaining = options.min_sample - plain.history
    known = (remaining <= 0) & np.isfinite(plain.deviation)
    score = np.where(known, zscore.score(x, plain), np.nan)
    # A count that was never 0 and now is, although its spread is so wide that 0 would pass.
    never = (panel.kinds == transforms.COUNT)[:, None] & (plain.zeros == 0) & known
    bounds = []
    for threshold in (options.warn, options.critical):
        reach = np.where(known, threshold * plain.deviation, np.nan)
        steady = known & (plain.deviation == 0) & (threshold <= zscore.CONSTANT_SCORE)
        lower, upper = _within_kind(plain.mean - reach, plain.mean + reach, panel)
        lower = np.where(never & ~np.isfinite(lower), 0.0, lower)
        lower = np.where(steady, np.nextafter(plain.mean, -np.inf), lower)
        upper = np.where(steady, np.nextafter(plain.mean, np.inf), upper)
        bounds.append(apply_options(Bounds(*_within_kind(lower, upper, panel)), plain.mean, options))
    score = np.nan_to_num(agree(score, np.where(known, x, np.nan), bounds[0], bounds[1], options))
    slots = filling.slots(panel)
    verdict = Verdict(
        expected=plain.mean,
        scale=plain.deviation,
        sample=plain.count,
        warning=bounds[0],
        critical=bounds[1],
        score=score,
        cause=np.full(score.shape, POINT),
        learning=~known,
        remaining=np.maximum(remaining, 1.0),
        repeats=np.zeros(score.shape),
        step=np.zeros(score.shape),
        weeks=np.zeros(score.shape, dtype=np.int64),
        slots=slots,
        constant=np.full(score.shape, np.nan),
        sparse=np.zeros(score.shape, dtype=bool),
        rare=rare,
    )
    counts = (panel.kinds == transforms.COUNT)[:, None]
    verdict = _with_missing(verdict, panel, options, unless=np.broadcast_to(counts, score.shape))
    return _with_limits(_with_rare(verdict, panel, options, _are_ages(settings), plain=True), panel, options)


def _within_kind(lower: Matrix, upper: Matrix, panel: Panel) -> tuple[Matrix, Matrix]:
    """Return the bounds that a value of the kind can reach; NaN for the others."""
    lowest, highest = transforms.LOWEST[panel.kinds][:, None], transforms.HIGHEST[panel.kinds][:, None]
    with np.errstate(invalid="ignore"):
        return np.where(lower >= lowest, lower, np.nan), np.where(upper <= highest, upper, np.nan)


def _outside_constant(x: Matrix, constant: Matrix, lasting: Mask, panel: Panel) -> Mask:
    bounds = around_constant(
        Bounds(np.full(x.shape, np.nan), np.full(x.shape, np.nan)),
        constant,
        np.isfinite(constant),
        lasting,
        panel.kinds,
    )
    return bounds.below(x) | bounds.above(x)


def _with_missing(verdict: Verdict, panel: Panel, options: Options, unless: Mask | None = None) -> Verdict:
    natural = filling.natural_zero(verdict.expected, verdict.scale, panel) * panel.empties[:, None]
    score = filling.missing_score(panel, verdict.slots, natural)
    # An empty bucket is a fall only where rows are counted; there a series watched for rises does not mind.
    score = np.where(panel.empties[:, None] & ~options.down, 0.0, score)
    now = panel.since(panel.start)
    absent = ~np.isfinite(now.x) & ~now.excluded
    if unless is not None:
        score, absent = np.where(unless, 0.0, score), absent & ~unless
    learning = np.where(absent, verdict.slots.known < 2, verdict.learning)
    result = np.where(absent, score, verdict.score)
    return replace(verdict, score=result, learning=learning, cause=np.where(absent, MISSING, verdict.cause))


def _with_young(verdict: Verdict, panel: Panel, options: Options, young: Mask, forecast: learned.Forecast) -> Verdict:
    """Return the verdict with the missing buckets of young series, whose slots are not known yet."""
    absent = youth.broken_off(panel, young)
    score = np.where(panel.empties[:, None] & ~options.down, 0.0, np.where(absent, -6.0, verdict.score))
    return replace(
        verdict,
        score=np.where(absent, score, verdict.score),
        cause=np.where(absent, MISSING, verdict.cause),
        learning=verdict.learning & ~absent,
        young=np.where(young[:, panel.start :], forecast.age, 0),
    )


def _with_zero(verdict: Verdict, panel: Panel, options: Options, ages: Mask) -> Verdict:
    """Return the verdict with a value of 0 as unusual as an empty bucket would be; bounds of counts then end there."""
    natural = filling.natural_zero(verdict.expected, verdict.scale, panel)
    score = np.where(options.down & ~verdict.learning, filling.zero_score(panel, ages, natural), 0.0)
    return _louder(verdict, score, ZERO)


def _with_stuck(verdict: Verdict, panel: Panel) -> Verdict:
    score, repeats = repetition.stuck_score(panel)
    sign = np.where(verdict.score < 0, -1.0, 1.0)
    return replace(_louder(verdict, score * sign, STUCK), repeats=repeats)


def _with_drift(verdict: Verdict, panel: Panel, forecast: learned.Forecast, options: Options, ages: Mask) -> Verdict:
    score, step, weeks = drift_score(panel, forecast)
    score = np.where(np.where(score < 0, options.down, options.up), score, 0.0)
    # Between rare loads the age grows every day, which is no drift.
    score = np.where(ages[:, None] & verdict.rare.rare, 0.0, score)
    return replace(_louder(verdict, score, DRIFT), step=step, weeks=weeks)


def _louder(verdict: Verdict, score: Matrix, cause: int) -> Verdict:
    """Return the verdict with another rule's score where that is larger and the bucket holds a judged value."""
    more = (np.abs(score) > np.abs(verdict.score)) & ~verdict.learning & (verdict.cause != MISSING)
    return replace(verdict, score=np.where(more, score, verdict.score), cause=np.where(more, cause, verdict.cause))


def _with_limits(verdict: Verdict, panel: Panel, options: Options) -> Verdict:
    """Apply the hard limits, which hold while learning, too; beyond one the score is at least critical."""
    floor, ceiling = just_outside(options, panel.kinds)
    now = panel.since(panel.start)
    value = np.where(now.excluded, np.nan, now.observed)
    with np.errstate(invalid="ignore"):
        under, over = value <= floor, value >= ceiling
    beyond = under | over
    sign = np.where(under, -1.0, 1.0)
    size = np.fmax(np.abs(verdict.score), options.critical)
    return replace(
        verdict,
        score=np.where(beyond, sign * size, verdict.score),
        cause=np.where(beyond, LIMIT, verdict.cause),
        learning=verdict.learning & ~beyond,
        warning=with_limits(verdict.warning, options, panel.kinds),
        critical=with_limits(verdict.critical, options, panel.kinds),
    )


def _with_rare(verdict: Verdict, panel: Panel, options: Options, ages: Mask, plain: bool = False) -> Verdict:
    """Return the verdict with silence and, unless ``plain``, sizes of rarely loaded tables judged by their loads."""
    part = {f.name: getattr(verdict, f.name) for f in fields(Judged) if hasattr(verdict, f.name)}
    none = np.zeros_like(verdict.learning)
    found = judge_silence(Judged(**part, unknown=none, overdue=none, sized=none), verdict.rare, panel, options, ages)
    found = found if plain else judge_sizes(found, verdict.rare, panel, options, ages)
    changed = {name: getattr(found, name) for name in part}
    cause = np.where(found.overdue, OVERDUE, np.where(found.sized, LOAD, verdict.cause))
    return replace(verdict, **changed, cause=cause, sparse=found.unknown)


def _are_ages(settings: pd.DataFrame) -> Mask:
    return (settings["metric"] == "freshness").to_numpy()
