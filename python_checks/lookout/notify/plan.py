"""The plan of a round: what each target is sent, from what is wrong now and what was sent before. Pure.

Of every alert a target is told three things at most: that it began (``opened``), that it became worse (``worsened``)
and that it is over (``resolved``); one that comes back begins again. What the alert is now is compared with what the
target was last told it is, so a re-run finds nothing to do.
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
    """Rows to add, rows to drop with the reason, rows with an earlier moment, and what people hold back.

    ``held`` are alert keys with mute or ack; ``muted`` counts what would have been told otherwise.
    """

    new: list[Delivery] = field(default_factory=list)
    dropped: list[tuple[Delivery, str]] = field(default_factory=list)
    sooner: list[tuple[Delivery, datetime]] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)
    muted: int = 0


def make_plan(
    alerts: Iterable[Alert], told: Iterable[Delivery], mutes: Sequence[Mute], settings: Settings, as_of: datetime
) -> Plan:
    """Compare each alert with what its targets were told. ``told`` are all deliveries of these alerts."""
    history: dict[str, dict[str, list[Delivery]]] = {}
    for row in sorted(told, key=lambda row: row.step):
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
    plan: Plan, alert: Alert, told: Mapping[str, list[Delivery]], settings: Settings, as_of: datetime, held: str
) -> None:
    due = targets_of(settings, alert, as_of)
    # Whoever was told that it began hears the rest of it too, even if no route leads there any more.
    for name in {**dict.fromkeys(due), **dict.fromkeys(told)}:
        rows = told.get(name, [])
        waiting = rows[-1] if rows and rows[-1].status in (PENDING, SENDING) else None
        if name not in settings.targets:
            if waiting and waiting.status == PENDING:
                plan.dropped.append((waiting, NO_TARGET))
            continue
        if waiting is None:
            stage = next_stage(alert, rows, is_routed=name in due)
            step = rows[-1].step + 1 if rows else 1
            group = group_of(settings.targets[name], alert)
            if stage == RESOLVED and not settings.targets[name].tells_resolved:
                plan.new.append(replace(_row(alert, name, step, stage, group, as_of), status=SKIPPED))
            elif stage and held:
                plan.muted += 1
            elif stage:
                plan.new.append(_row(alert, name, step, stage, group, due.get(name, as_of)))
        elif waiting.status == PENDING:
            _review(plan, alert, rows, waiting, due.get(name, as_of), held)


def _review(plan: Plan, alert: Alert, rows: Sequence[Delivery], waiting: Delivery, due: datetime, held: str) -> None:
    """What waits may have been overtaken by what happened since."""
    if held == "ack":
        plan.dropped.append((waiting, ACKNOWLEDGED))
        plan.muted += 1
    elif held:
        plan.muted += 1
    elif waiting.stage == WORSENED and not alert.is_open:
        plan.dropped.append((waiting, OVERTAKEN))
        plan.new.append(_row(alert, waiting.target, waiting.step + 1, RESOLVED, waiting.owner, due))
    elif waiting.stage == RESOLVED and alert.is_open:
        # It came back before anybody heard that it was over: for them it never ended, unless it is worse now.
        plan.dropped.append((waiting, OVERTAKEN))
        last = _last_known(rows)
        if last and alert.rank > RANK.get(last.severity, 0):
            plan.new.append(_row(alert, waiting.target, waiting.step + 1, WORSENED, waiting.owner, due))
    elif due < waiting.not_before:
        plan.sooner.append((waiting, due))


def next_stage(alert: Alert, rows: Sequence[Delivery], *, is_routed: bool) -> str | None:
    """What a target has to be told next, given everything it was told, in order, and nothing of it is waiting."""
    last = _last_known(rows)
    if last is None or last.alert_status == "resolved":
        return OPENED if alert.is_open and is_routed else None
    if not alert.is_open:
        return RESOLVED
    return WORSENED if alert.rank > RANK.get(last.severity, 0) else None


def first_told(rows: Iterable[Delivery]) -> Delivery | None:
    """The message in which the target was told that the alert began, the newest time that it did."""
    sent = [row for row in rows if row.status == SENT and row.stage == OPENED]
    return sent[-1] if sent else None


def _last_known(rows: Sequence[Delivery]) -> Delivery | None:
    """What the target knows last: it was told so, or does not want to be."""
    sent = [row for row in rows if row.status in (SENT, SKIPPED)]
    return sent[-1] if sent else None


def _row(alert: Alert, target: str, step: int, stage: str, owner: str, due: datetime) -> Delivery:
    status = "resolved" if stage == RESOLVED else "open"
    return Delivery(alert.alert_key, target, step, stage, PENDING, owner, alert.severity, status, due)
