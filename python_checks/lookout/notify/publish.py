"""One round of notifying: plan what is new, claim it, send it, and write down what came of it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from lookout.alerts.model import Alert
from lookout.alerts.store import read_alerts, read_mutes
from lookout.database.store import Store
from lookout.errors import LookoutError
from lookout.notify import deliveries
from lookout.notify.charts import MOST, read_charts
from lookout.notify.message import Message, Told, message_id
from lookout.notify.model import OPENED, PENDING, SENT, WORSENED, Delivery, NotifyOutcome
from lookout.notify.plan import Plan, first_told, make_plan
from lookout.notify.routing import batches
from lookout.notify.settings.model import Settings
from lookout.notify.transport.attempt import Attempt
from lookout.notify.transport.deliver import deliver

logger = logging.getLogger(__name__)
REPLAY = "a later run has been, so nothing is sent for this replay of the past"


@dataclass
class _Round:
    """What one round works on: alerts by key, all that was told about them, and the plan."""

    settings: Settings
    as_of: datetime
    alerts: Mapping[str, Alert]
    history: Mapping[tuple[str, str], Sequence[Delivery]]
    plan: Plan
    sent: int = 0
    failed: int = 0
    messages: int = 0
    errors: dict[str, dict[str, int]] = field(default_factory=dict)


def publish(store: Store, settings: Settings, *, as_of: datetime, run_id: str) -> NotifyOutcome:
    """See `lookout.notify.notifying.notify_alerts`."""
    if store.has_later_run(as_of, derived=True):
        return NotifyOutcome(note=REPLAY)
    this = _read(store, settings, as_of)
    deliveries.write_plan(store, this.plan, as_of)
    deliveries.drop_orphans(store, this.alerts)
    waiting = deliveries.waiting_rows(store)
    due = _due(this, waiting)
    token = uuid.uuid4().hex
    ours = deliveries.claim(store, due, token)
    mine = [row for row in due if row.key in ours]
    rows_of = {}
    messages = []
    for batch in batches(mine, this.alerts, settings.targets):
        message = _message(this, batch)
        rows_of[message.message_id] = batch
        messages.append(message)
    messages = _with_charts(store, this, messages)

    def record(message: Message, attempt: Attempt) -> None:
        rows = rows_of[message.message_id]
        if attempt.ok:
            this.sent += deliveries.record_sent(store, rows, this.alerts, message.message_id, token)
            this.messages += 1
        else:
            deliveries.release(store, rows, attempt.error, token)
            _count_failure(this, message.target, attempt.error, len(rows))
        logger.info("message %s to %s: %s", message.message_id, message.target, attempt.error or "sent")

    for message in deliver(messages, settings.targets, record):
        # It may have arrived: the claim stays, so that it is not sent again at once.
        _count_failure(this, message.target, "it has not answered yet", len(rows_of[message.message_id]))
    held = this.plan.held
    still = sum(row.alert_key in this.alerts and row.alert_key not in held and row.key not in ours for row in waiting)
    return NotifyOutcome(this.sent, this.failed, still, this.plan.muted, this.messages, _problems(this))


def pending_messages(store: Store, settings: Settings, as_of: datetime) -> list[Message]:
    """The messages that a round would send now; nothing is written."""
    this = _read(store, settings, as_of)
    dropped = {row.key for row, _ in this.plan.dropped}
    sooner = {row.key for row, due in this.plan.sooner if due <= as_of}
    stored = [row for row in deliveries.waiting_rows(store) if row.key not in dropped]
    due = _due(this, [*stored, *this.plan.new])
    due += [row for row in stored if row.key in sooner and row not in due and row.status == PENDING]
    return [_message(this, batch) for batch in batches(due, this.alerts, settings.targets)]


def _with_charts(store: Store, this: _Round, messages: Sequence[Message]) -> list[Message]:
    """The messages with the charts of their worst open alerts; without, when these cannot be read."""
    wanted = {}
    for message in messages:
        if this.settings.targets[message.target].images is not False:
            shown = [one.alert for one in message.worst_first if one.alert.is_open and one.alert.series_key]
            wanted[message.message_id] = shown[:MOST]
    try:
        charts = read_charts(store, {a.alert_key: a for alerts in wanted.values() for a in alerts}.values(), this.as_of)
    except LookoutError as error:
        logger.warning("messages go without charts: %s", error)
        return list(messages)
    return [
        replace(
            message,
            charts=tuple(
                charts[alert.alert_key] for alert in wanted.get(message.message_id, ()) if alert.alert_key in charts
            ),
        )
        for message in messages
    ]


def _read(store: Store, settings: Settings, as_of: datetime) -> _Round:
    alerts = read_alerts(store)
    told = deliveries.read_deliveries(store, [alert.alert_key for alert in alerts])
    history: dict[tuple[str, str], list[Delivery]] = {}
    for row in sorted(told, key=lambda row: row.step):
        history.setdefault((row.alert_key, row.target), []).append(row)
    plan = make_plan(alerts, told, read_mutes(store, as_of), settings, as_of)
    return _Round(settings, as_of, {alert.alert_key: alert for alert in alerts}, history, plan)


def _due(this: _Round, rows: Sequence[Delivery]) -> list[Delivery]:
    return [
        row
        for row in rows
        if row.status == PENDING
        and row.not_before <= this.as_of
        and row.target in this.settings.targets
        and row.alert_key in this.alerts
        and row.alert_key not in this.plan.held
    ]


def _message(this: _Round, rows: Sequence[Delivery]) -> Message:
    first = rows[0]
    groups = {row.owner for row in rows}
    several = f"several {this.settings.targets[first.target].group_by}s"
    told = tuple(_told(this, row) for row in rows)
    return Message(
        message_id(rows),
        first.target,
        first.owner if len(groups) == 1 else several,
        told,
        this.as_of,
        this.settings.link,
        is_all_clear=_is_all_clear(this, rows),
    )


def _told(this: _Round, row: Delivery) -> Told:
    rows = [one for one in this.history.get((row.alert_key, row.target), []) if one.status == SENT]
    alert = this.alerts[row.alert_key]
    before = rows[-1].severity if rows and row.stage == WORSENED else ""
    return Told(alert, row.stage, None if row.stage == OPENED else first_told(rows), before)


def _is_all_clear(this: _Round, rows: Sequence[Delivery]) -> bool:
    """Whether, after this message, nothing that the target was told about this group is still open."""
    if any(this.alerts[row.alert_key].is_open for row in rows):
        return False
    ours = {(row.alert_key, row.target) for row in rows}
    target, groups = rows[0].target, {row.owner for row in rows}
    for (key, name), told in this.history.items():
        sent = [row for row in told if row.status == SENT]
        if (
            name == target
            and sent
            and sent[-1].owner in groups
            and (key, name) not in ours
            and this.alerts[key].is_open
        ):
            return False
    return True


def _count_failure(this: _Round, target: str, error: str, count: int) -> None:
    this.failed += count
    errors = this.errors.setdefault(target, {})
    errors[error] = errors.get(error, 0) + count


def _problems(this: _Round) -> tuple[str, ...]:
    """One sentence for each target that did not get everything."""
    problems = []
    for target, errors in sorted(this.errors.items()):
        count = sum(errors.values())
        alerts = "1 alert" if count == 1 else f"{count:,} alerts"
        reasons = "; ".join(reason.rstrip(".") for reason in errors)
        problems.append(f"{alerts} could not be sent to target '{target}': {reasons}; the next run tries again.")
    return tuple(problems)
