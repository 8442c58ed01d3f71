"""Facts about an alert, as labelled lines for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lookout.alerts.model import Alert
from lookout.render import text

MOST_NAMES = 5


class Fact(NamedTuple):
    """One labelled line."""

    label: str
    value: str


def facts_of(alert: Alert) -> Iterator[Fact]:
    """Yield the lines about an alert; what is not known is left out. All times are in UTC and say so."""
    yield Fact("Since", _period(alert))
    if alert.observed_value is not None:
        yield Fact("Seen", _seen(alert))
    if alert.reason:
        label = "Error Details" if alert.alert_type == "SOURCE_UNREACHABLE" else "Why"
        yield Fact(label, alert.reason)
    if alert.explanation:
        yield Fact("Where", alert.explanation)
    if alert.cause:
        yield Fact("Likely cause", f"{alert.cause} ({(alert.cause_key or '')[:8]})")
    if alert.downstream_count:
        yield Fact("Downstream", _downstream(alert))
    yield Fact("Owner", alert.owner or "nobody named")


def _period(alert: Alert) -> str:
    since = f"{text.utc(alert.window_start)} UTC"
    if alert.is_open:
        return since
    return f"{since}, until {text.utc(alert.resolved_at or alert.window_end)} UTC"


def _seen(alert: Alert) -> str:
    seen = _amount(alert, alert.observed_value)
    if alert.expected_value is not None:
        expected = round(alert.expected_value) if alert.kind == "count" else alert.expected_value
        seen += f", expected {_amount(alert, expected)}"
    normal = _normal(alert)
    return f"{seen} ({normal})" if normal else seen


def _normal(alert: Alert) -> str:
    lower, upper = alert.lower_bound, alert.upper_bound
    if lower is not None and upper is not None:
        return f"normal: {_amount(alert, lower)} to {_amount(alert, upper)}"
    if upper is not None:
        return f"at most {_amount(alert, upper)}"
    if lower is not None:
        return f"at least {_amount(alert, lower)}"
    return ""


def _amount(alert: Alert, value: float | None) -> str:
    metric = "freshness" if alert.metric == "duration_seconds" else alert.metric
    return text.amount(value, metric, alert.kind)


def _downstream(alert: Alert) -> str:
    kinds = (
        ("model", alert.downstream_models),
        ("exposure", alert.downstream_exposures),
        ("other", alert.downstream_others),
    )
    parts = [f"{text.plural(len(names), noun)} ({_names(names)})" for noun, names in kinds if names]
    owned = f"; owned by {_names(alert.downstream_owners)}" if alert.downstream_owners else ""
    return (", ".join(parts) or str(alert.downstream_count)) + owned


def _names(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
