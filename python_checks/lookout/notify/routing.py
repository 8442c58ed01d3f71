"""Routes: the targets of an alert, the time, and the message it is part of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase

from lookout.alerts.model import Alert, Mute, mutes_in_force
from lookout.notify.model import Delivery
from lookout.notify.settings.model import Route, Settings, Target
from lookout.notify.settings.schedule import first_loud


def targets_of(settings: Settings, alert: Alert, as_of: datetime) -> dict[str, datetime]:
    """Return the targets of an alert, each with the moment from which on it may be notified.

    The first route that fits decides, unless it says `continue`; of two routes to one target the earlier moment counts.
    """
    found: dict[str, datetime] = {}
    for route in settings.routes:
        if not fits(route, alert):
            continue
        due = due_at(route, alert.severity, as_of)
        for name in route.targets:
            found[name] = min(due, found.get(name, due))
        if not route.continues:
            break
    return found


def fits(route: Route, alert: Alert) -> bool:
    """Return whether every field that the route names has a value that fits one of its patterns, in any case."""
    for field, patterns in route.match.items():
        values = [value.lower() for value in _values(alert, field)]
        if not any(fnmatchcase(value, pattern) for value in values for pattern in patterns):
            return False
    return True


def due_at(route: Route, severity: str, as_of: datetime) -> datetime:
    """Return the moment at which the route lets an alert of this severity through."""
    if severity in route.loud:
        return as_of
    due = route.digest.next_after(as_of) if route.digest else as_of
    return first_loud(route.quiet_hours, due) or due


def group_of(target: Target, alert: Alert) -> str:
    """Return the value that the alert shares with the others in its message, such as its owner."""
    return "" if target.group_by == "none" else str(getattr(alert, target.group_by))


def is_held(alert: Alert, mutes: Iterable[Mute], as_of: datetime) -> str:
    """Return ``mute`` or ``ack`` when somebody holds the alert back now, else empty. A mute counts for more.

    An acknowledgement holds nothing back once the alert is worse than what was acknowledged, or over.
    """
    kinds = {mute.kind for mute in mutes_in_force(alert, mutes, as_of)}
    if "mute" in kinds:
        return "mute"
    return "ack" if kinds else ""


def batches(
    rows: Iterable[Delivery], alerts: Mapping[str, Alert], targets: Mapping[str, Target]
) -> list[list[Delivery]]:
    """Return the rows of each message: by target and group, worst first, at most ``most_messages`` a target."""
    groups: dict[tuple[str, str], list[Delivery]] = {}
    for row in rows:
        groups.setdefault((row.target, row.owner), []).append(row)

    def order(item: tuple[tuple[str, str], list[Delivery]]) -> tuple[str, int, int, str]:
        (target, group), members = item
        return target, -_worst(members, alerts), -len(members), group

    result: list[list[Delivery]] = []
    counts: dict[str, int] = {}
    for (name, _), members in sorted(groups.items(), key=order):
        counts[name] = counts.get(name, 0) + 1
        if counts[name] > targets[name].most_messages:
            # The last message that may be sent carries everything that is left.
            result[-1].extend(members)
        else:
            result.append(list(members))
    return result


def _values(alert: Alert, field: str) -> list[str]:
    value = str(getattr(alert, field))
    return [part.strip() for part in value.split(",")] if field == "owner" else [value]


def _worst(rows: Iterable[Delivery], alerts: Mapping[str, Alert]) -> int:
    return max(alerts[row.alert_key].rank + 10 * alerts[row.alert_key].is_open for row in rows)
