"""Routes: the targets of an alert, the time, and the message it is part of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase

from lookout.alerts.model import Alert, Mute, holding
from lookout.notify.model import Delivery
from lookout.notify.settings.model import Route, Settings, Target
from lookout.notify.settings.schedule import first_loud


def targets_of(settings: Settings, alert: Alert, as_of: datetime) -> dict[str, datetime]:
    """Targets of an alert, each with the moment from which on it may be told.

    The first route that fits decides, unless it goes on; of two that lead to one target the earlier moment counts.
    """
    found: dict[str, datetime] = {}
    for route in settings.routes:
        if not fits(route, alert):
            continue
        due = due_at(route, alert.severity, as_of)
        for name in route.targets:
            found[name] = min(due, found.get(name, due))
        if not route.goes_on:
            break
    return found


def fits(route: Route, alert: Alert) -> bool:
    """Whether every field that the route names has a value that fits one of its patterns, whatever the case."""
    return all(
        any(fnmatchcase(value.lower(), pattern) for value in _values(alert, field) for pattern in patterns)
        for field, patterns in route.match.items()
    )


def due_at(route: Route, severity: str, as_of: datetime) -> datetime:
    """When the route lets something of this severity through."""
    if severity in route.loud:
        return as_of
    due = route.digest.next_after(as_of) if route.digest else as_of
    return first_loud(route.quiet_hours, due) or due


def group_of(target: Target, alert: Alert) -> str:
    """What the alert shares with the others in its message."""
    return "" if target.group_by == "none" else str(getattr(alert, target.group_by))


def is_held(alert: Alert, mutes: Iterable[Mute], as_of: datetime) -> str:
    """``mute`` or ``ack`` when somebody holds the alert back now, else empty. A mute counts for more.

    An acknowledgement holds nothing back once the alert is worse than what was acknowledged, or over.
    """
    kinds = {mute.kind for mute in holding(alert, mutes, as_of)}
    return "mute" if "mute" in kinds else "ack" if kinds else ""


def batches(
    rows: Iterable[Delivery], alerts: Mapping[str, Alert], targets: Mapping[str, Target]
) -> list[list[Delivery]]:
    """Rows that go into one message each: by target and group, worst first, no more than the target's most."""
    groups: dict[tuple[str, str], list[Delivery]] = {}
    for row in rows:
        groups.setdefault((row.target, row.owner), []).append(row)
    ordered = sorted(groups.items(), key=lambda item: (item[0][0], -_worst(item[1], alerts), -len(item[1]), item[0][1]))
    result: list[list[Delivery]] = []
    counts: dict[str, int] = {}
    for (name, _), members in ordered:
        counts[name] = counts.get(name, 0) + 1
        if counts[name] > targets[name].most_messages:
            # The last message that may be sent tells everything that is left.
            result[-1].extend(members)
        else:
            result.append(list(members))
    return result


def _values(alert: Alert, field: str) -> list[str]:
    value = str(getattr(alert, field))
    return [part.strip() for part in value.split(",")] if field == "owner" else [value]


def _worst(rows: Iterable[Delivery], alerts: Mapping[str, Alert]) -> int:
    return max(alerts[row.alert_key].rank + 10 * alerts[row.alert_key].is_open for row in rows)
