"""One round of notifying: plan deliveries, claim them, send them, and record the results."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from lookout.alerts.model import Alert
from lookout.alerts.store import read_alerts, read_mutes
from lookout.database.limits import TimeLimit
from lookout.database.store import Store
from lookout.errors import LookoutError
from lookout.notify import deliveries
from lookout.notify.charts import MOST, read_charts
from lookout.notify.message import Message, Notice, message_id
from lookout.notify.model import OPENED, PENDING, SENDING, SENT, WORSENED, Delivery, NotifyOutcome
from lookout.notify.plan import Plan, make_plan, opening_delivery
from lookout.notify.routing import batches
from lookout.notify.settings.model import Settings
from lookout.notify.transport.attempt import Attempt
from lookout.notify.transport.deliver import deliver

logger = logging.getLogger(__name__)
BUSY = "another process is sending them, or ended while it did"
REPLAY = "a later run has been, so nothing is sent for this replay of the past"


@dataclass
class _Round:
    """The state of one round: alerts by key, their deliveries by alert and target, the plan, and counts."""

    settings: Settings
    as_of: datetime
    alerts: Mapping[str, Alert]
    history: Mapping[tuple[str, str], Sequence[Delivery]]
    plan: Plan
    sent: int = 0
    failed: int = 0
    messages: int = 0
    errors: dict[str, dict[str, int]] = field(default_factory=dict)


def publish(
    store: Store, settings: Settings, *, as_of: datetime, run_id: str, time_limit: TimeLimit | None = None
) -> NotifyOutcome:
    """Plan, claim, send and record (see `lookout.notify.notifying.notify_alerts`)."""
    if store.has_later_run(as_of, derived=True):
        return NotifyOutcome(note=REPLAY)
    current = _read(store, settings, as_of)
    deliveries.write_plan(store, current.plan, as_of)
    deliveries.drop_orphans(store, current.alerts)
    waiting = deliveries.waiting_rows(store)
    due = _due(current, waiting)
    token = uuid.uuid4().hex
    longest = max((settings.targets[row.target].time_limit for row in due), default=timedelta())
    claimed = deliveries.claim(store, due, token, longest)
    rows_of = {}
    messages = []
    for batch in batches([row for row in due if row.key in claimed], current.alerts, settings.targets):
        message = _message(current, batch)
        rows_of[message.message_id] = batch
        messages.append(message)
    messages = _with_charts(store, current, messages)

    def record(message: Message, attempt: Attempt) -> None:
        rows = rows_of[message.message_id]
        if attempt.ok:
            current.sent += deliveries.record_sent(store, rows, current.alerts, message.message_id, token)
            current.messages += 1
        else:
            deliveries.release(store, rows, attempt.error, token)
            _count_failure(current, message.target, attempt.error, len(rows))
        logger.info("message %s to %s: %s", message.message_id, message.target, attempt.error or "sent")

    deliver(messages, settings.targets, record, time_limit)
    wanted = {row.key for row in due}
    unclaimed = [row for row in waiting if row.key not in claimed and row.alert_key in current.alerts]
    pending = 0
    for row in unclaimed:
        if row.status == SENDING or row.key in wanted:
            _count_failure(current, row.target, BUSY, 1)
        else:
            pending += row.alert_key not in current.plan.held
    return NotifyOutcome(
        current.sent, current.failed, pending, current.plan.muted, current.messages, _problems(current)
    )


def pending_messages(store: Store, settings: Settings, as_of: datetime) -> list[Message]:
    """Return the messages that a round would send now; nothing is written."""
    current = _read(store, settings, as_of)
    dropped = {row.key for row, _ in current.plan.dropped}
    sooner = {row.key for row, due in current.plan.sooner if due <= as_of}
    stored = [row for row in deliveries.waiting_rows(store) if row.key not in dropped]
    due = _due(current, [*stored, *current.plan.new])
    due += [row for row in stored if row.key in sooner and row not in due and row.status == PENDING]
    return [_message(current, batch) for batch in batches(due, current.alerts, settings.targets)]


def _with_charts(store: Store, current: _Round, messages: Sequence[Message]) -> list[Message]:
    """Return the messages with the charts of their worst open alerts, or without when charts cannot be read."""
    wanted: dict[str, list[Alert]] = {}
    for message in messages:
        if current.settings.targets[message.target].images is not False:
            alerts = [notice.alert for notice in message.worst_first]
            charted = [alert for alert in alerts if alert.is_open and alert.series_key]
            wanted[message.message_id] = charted[:MOST]
    unique = {alert.alert_key: alert for alerts in wanted.values() for alert in alerts}
    try:
        charts = read_charts(store, unique.values(), current.as_of)
    except LookoutError as error:
        logger.warning("messages go without charts: %s", error)
        return list(messages)
    result = []
    for message in messages:
        keys = [alert.alert_key for alert in wanted.get(message.message_id, ())]
        result.append(replace(message, charts=tuple(charts[key] for key in keys if key in charts)))
    return result


def _read(store: Store, settings: Settings, as_of: datetime) -> _Round:
    alerts = read_alerts(store)
    stored = deliveries.read_deliveries(store, [alert.alert_key for alert in alerts])
    history: dict[tuple[str, str], list[Delivery]] = {}
    for row in sorted(stored, key=lambda row: row.step):
        history.setdefault((row.alert_key, row.target), []).append(row)
    plan = make_plan(alerts, stored, read_mutes(store, as_of), settings, as_of)
    return _Round(settings, as_of, {alert.alert_key: alert for alert in alerts}, history, plan)


def _due(current: _Round, rows: Sequence[Delivery]) -> list[Delivery]:
    return [
        row
        for row in rows
        if row.status == PENDING
        and row.not_before <= current.as_of
        and row.target in current.settings.targets
        and row.alert_key in current.alerts
        and row.alert_key not in current.plan.held
    ]


def _message(current: _Round, rows: Sequence[Delivery]) -> Message:
    first = rows[0]
    groups = {row.owner for row in rows}
    several = f"several {current.settings.targets[first.target].group_by}s"
    notices = tuple(_notice(current, row) for row in rows)
    return Message(
        message_id(rows),
        first.target,
        first.owner if len(groups) == 1 else several,
        notices,
        current.as_of,
        current.settings.link,
        is_all_clear=_is_all_clear(current, rows),
    )


def _notice(current: _Round, row: Delivery) -> Notice:
    sent = [earlier for earlier in current.history.get((row.alert_key, row.target), []) if earlier.status == SENT]
    first = None if row.stage == OPENED else opening_delivery(sent)
    before = sent[-1].severity if sent and row.stage == WORSENED else ""
    return Notice(current.alerts[row.alert_key], row.stage, first, before)


def _is_all_clear(current: _Round, rows: Sequence[Delivery]) -> bool:
    """Return whether, after this message, no alert of its group that the target was notified of is still open."""
    if any(current.alerts[row.alert_key].is_open for row in rows):
        return False
    included = {row.alert_key for row in rows}
    target, groups = rows[0].target, {row.owner for row in rows}
    for (key, name), earlier in current.history.items():
        if name != target or key in included or not current.alerts[key].is_open:
            continue
        sent = [row for row in earlier if row.status == SENT]
        if sent and sent[-1].owner in groups:
            return False
    return True


def _count_failure(current: _Round, target: str, error: str, count: int) -> None:
    current.failed += count
    errors = current.errors.setdefault(target, {})
    errors[error] = errors.get(error, 0) + count


def _problems(current: _Round) -> tuple[str, ...]:
    """Return one sentence for each target that did not get everything."""
    problems = []
    for target, errors in sorted(current.errors.items()):
        count = sum(errors.values())
        alerts = "1 alert" if count == 1 else f"{count:,} alerts"
        reasons = "; ".join(reason.rstrip(".") for reason in errors)
        problems.append(f"{alerts} could not be sent to target '{target}': {reasons}; the next run tries again.")
    return tuple(problems)
