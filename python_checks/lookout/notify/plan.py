"""The plan of a round: the deliveries to each target, from the alerts now and the deliveries before. Pure.

A target is notified of an alert three times at most: when it begins (``opened``), when it becomes worse (``worsened``)
and when it is over (``resolved``); one that comes back begins again. The state of the alert is compared with the state
that the target was last notified of, so a re-run finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from lookout.alerts.model import RANK, Alert, Mute
from lookout.notify.model import OPENED, PENDING, RESOLVED, SENDING, SENT, SKIPPED, WORSENED, Delivery
from lookout.notify.routing import group_of, is_held, targets_of
from lookout.notify.settings.model import Settings

ACKNOWLEDGED = "acknowledged before it could be sent"
NO_TARGET = "the target is no longer in lookout.yml"
OVERTAKEN = "something newer is told instead"


@dataclass
class Plan:
    """Deliveries to add, to drop with the reason, and to send earlier, and the alerts that people hold back.

    ``held`` are alert keys with mute or ack; ``muted`` counts the deliveries that would have been sent otherwise.
    """

    new: list[Delivery] = field(default_factory=list)
    dropped: list[tuple[Delivery, str]] = field(default_factory=list)
    sooner: list[tuple[Delivery, datetime]] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)
    muted: int = 0


def make_plan(
    alerts: Iterable[Alert], deliveries: Iterable[Delivery], mutes: Sequence[Mute], settings: Settings, as_of: datetime
) -> Plan:
    """Compare each alert with its deliveries. ``deliveries`` are all those of these alerts."""
    history: dict[str, dict[str, list[Delivery]]] = {}
    for row in sorted(deliveries, key=lambda row: row.step):
        history.setdefault(row.alert_key, {}).setdefault(row.target, []).append(row)
    plan = Plan()
    by_key: dict[str, list[Mute]] = {}
    globs = [mute for mute in mutes if not mute.alert_key]
    for mute in mutes:
        if mute.alert_key:
            by_key.setdefault(mute.alert_key, []).append(mute)
    for alert in alerts:
        mine = by_key.get(alert.alert_key, [])
        held = is_held(alert, [*mine, *globs], as_of)
        if held:
            plan.held[alert.alert_key] = held
        _plan_alert(plan, alert, history.get(alert.alert_key, {}), settings, as_of, held)
    return plan


def _plan_alert(
    plan: Plan, alert: Alert, history: Mapping[str, list[Delivery]], settings: Settings, as_of: datetime, held: str
) -> None:
    due = targets_of(settings, alert, as_of)
    # A target that was notified of the beginning is notified of the rest too, even if no route leads there any more.
    for name in [*due, *(target for target in history if target not in due)]:
        rows = history.get(name, [])
        waiting = rows[-1] if rows and rows[-1].status in (PENDING, SENDING) else None
        if name not in settings.targets:
            if waiting and waiting.status == PENDING:
                plan.dropped.append((waiting, NO_TARGET))
            continue
        if waiting is None:
            stage = next_stage(alert, rows, is_routed=name in due)
            step = rows[-1].step + 1 if rows else 1
            group = group_of(settings.targets[name], alert)
            if stage == RESOLVED and not settings.targets[name].sends_resolved:
                plan.new.append(replace(_row(alert, name, step, stage, group, as_of), status=SKIPPED))
            elif stage and held:
                plan.muted += 1
            elif stage:
                plan.new.append(_row(alert, name, step, stage, group, due.get(name, as_of)))
        elif waiting.status == PENDING:
            _review(plan, alert, rows, waiting, due.get(name, as_of), held)


def _review(plan: Plan, alert: Alert, rows: Sequence[Delivery], waiting: Delivery, due: datetime, held: str) -> None:
    """Hold back, drop, replace or bring forward a waiting delivery, by what happened since it was planned."""
    if held == "ack":
        plan.dropped.append((waiting, ACKNOWLEDGED))
        plan.muted += 1
    elif held:
        plan.muted += 1
    elif waiting.stage == WORSENED and not alert.is_open:
        plan.dropped.append((waiting, OVERTAKEN))
        plan.new.append(_row(alert, waiting.target, waiting.step + 1, RESOLVED, waiting.owner, due))
    elif waiting.stage == RESOLVED and alert.is_open:
        # It came back before its end was sent, so for the target it never ended; only a worsening is news.
        plan.dropped.append((waiting, OVERTAKEN))
        last = _last_known(rows)
        if last and alert.rank > RANK.get(last.severity, 0):
            plan.new.append(_row(alert, waiting.target, waiting.step + 1, WORSENED, waiting.owner, due))
    elif due < waiting.not_before:
        plan.sooner.append((waiting, due))


def next_stage(alert: Alert, rows: Sequence[Delivery], *, is_routed: bool) -> str | None:
    """Return the stage of which a target has to be notified next; None when there is no news.

    ``rows`` are its deliveries of this alert, in order, none of them waiting.
    """
    last = _last_known(rows)
    if last is None or last.alert_status == "resolved":
        return OPENED if alert.is_open and is_routed else None
    if not alert.is_open:
        return RESOLVED
    return WORSENED if alert.rank > RANK.get(last.severity, 0) else None


def opening_delivery(rows: Iterable[Delivery]) -> Delivery | None:
    """Return the delivery that notified a target of the beginning of an alert, the newest if it began repeatedly."""
    sent = [row for row in rows if row.status == SENT and row.stage == OPENED]
    return sent[-1] if sent else None


def _last_known(rows: Sequence[Delivery]) -> Delivery | None:
    """Return the last delivery that was sent, or skipped because the target does not want it."""
    sent = [row for row in rows if row.status in (SENT, SKIPPED)]
    return sent[-1] if sent else None


def _row(alert: Alert, target: str, step: int, stage: str, owner: str, due: datetime) -> Delivery:
    status = "resolved" if stage == RESOLVED else "open"
    return Delivery(alert.alert_key, target, step, stage, PENDING, owner, alert.severity, status, due)
