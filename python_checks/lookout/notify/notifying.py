"""Notifying: each alert reaches the right person once, by routes, messages and recorded deliveries."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from lookout.database.limits import TimeLimit
from lookout.database.store import Store
from lookout.errors import ConfigError, DeliveryError, LookoutError, suggestion
from lookout.notify.model import NotifyOutcome
from lookout.notify.settings.load import load_settings
from lookout.notify.settings.model import Settings

__all__ = [
    "NotifyOutcome",
    "Preview",
    "Settings",
    "load_settings",
    "notify",
    "notify_alerts",
    "preview",
    "preview_text",
    "send_test",
]


@dataclass(frozen=True)
class Preview:
    """A message as it would be sent, for a dry run."""

    target: str
    owner: str
    title: str
    body: str


def notify(
    store: Store, folder: Path, *, as_of: datetime, run_id: str, time_limit: TimeLimit | None = None
) -> NotifyOutcome:
    """Send everybody what changed since the last message, as lookout.yml in ``folder`` says.

    Without targets it does nothing. ``time_limit`` is that of the run. Errors of a service, a setting or the database
    become problems of the outcome. Raises SourceError when the connection of ``store`` is lost, and with it the run.
    """
    try:
        settings = load_settings(folder, is_strict=False)
        outcome = (
            notify_alerts(store, settings, as_of=as_of, run_id=run_id, time_limit=time_limit)
            if settings
            else NotifyOutcome()
        )
        return replace(outcome, problems=(*settings.problems, *outcome.problems))
    except LookoutError as error:
        if store.is_closed:
            raise
        return NotifyOutcome(problems=tuple(str(error).splitlines()))


def notify_alerts(
    store: Store, settings: Settings, *, as_of: datetime, run_id: str = "", time_limit: TimeLimit | None = None
) -> NotifyOutcome:
    """Plan, claim, send and record, as `notify` does, with settings that are read already.

    Any number of processes may do this at once, and any of them may be killed. Raises SourceError and ConfigError when
    the monitoring schema cannot be used.
    """
    from lookout.notify.publish import publish

    return publish(store, settings, as_of=as_of, run_id=run_id, time_limit=time_limit)


def preview(store: Store, settings: Settings, *, as_of: datetime) -> list[Preview]:
    """Return the messages that `notify_alerts` would send now, without those held back. Writes and sends nothing."""
    from lookout.notify.publish import pending_messages

    return [
        Preview(message.target, message.group, message.title, message.body("text"))
        for message in pending_messages(store, settings, as_of)
    ]


def send_test(root: Path, target: str, *, as_of: datetime) -> str:
    """Send a test message to one target of the project in ``root``; returns a sentence.

    Raises ConfigError for an unknown target and DeliveryError, without the address, when it did not arrive.
    """
    from lookout.notify.charts import sample_charts
    from lookout.notify.message import Message
    from lookout.notify.transport.sending import quiet_libraries, send, sender_for

    settings = load_settings(root)
    if target not in settings.targets:
        known = suggestion(target, settings.targets) if settings else "add it to `notifications` in lookout.yml."
        raise ConfigError(f"There is no target '{target}': {known}")
    note = f"Test message: target '{target}' of Lookout works."
    message = Message(
        uuid.uuid4().hex[:12], target, "", (), as_of, settings.link, note=note, charts=sample_charts(as_of)
    )
    quiet_libraries()
    chosen = settings.targets[target]
    attempt = send(sender_for(chosen), message, TimeLimit(chosen.time_limit.total_seconds()))
    if not attempt.ok:
        raise DeliveryError(f"Target '{target}' did not get the test message: {attempt.error}.")
    return f"Target '{target}' took the test message."


def preview_text(previews: Sequence[Preview]) -> str:
    """Return the messages of a dry run as text."""
    if not previews:
        return "Nothing would be sent."
    parts = []
    for message in previews:
        owner = f", for {message.owner}" if message.owner else ""
        parts.append(f"--- to {message.target}{owner}: {message.title}\n{message.body}")
    return "\n".join(parts)
