"""Settings that are right and change nothing as they stand, each as one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lookout.project.declarations.monitor import Monitor


def without_effect(monitors: Iterable[Monitor]) -> list[str]:
    """Return a sentence for each setting that has no effect."""
    return [
        f"{monitor.file}: {monitor.asset}: {sentence}" for monitor in monitors for sentence in _without_effect(monitor)
    ]


def _without_effect(monitor: Monitor) -> Iterator[str]:
    metrics = monitor.metrics
    if not metrics and (monitor.warn_after or monitor.error_after):
        yield "the limits of freshness do not hold, because no metric is measured; add `metrics: [freshness]`."
    windows = [metric for metric in metrics if metric.window]
    if windows and all(metric.method == "learned" for metric in windows):
        yield "window changes nothing for the method learned; remove it, or write `method: zscore`."
    if monitor.dimensions and not any(metric.dimensions for metric in metrics):
        yield "no anomaly is broken down by dimensions, because no metric adds up over them; add `row_count`."
