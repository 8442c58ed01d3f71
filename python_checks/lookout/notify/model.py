"""Plain values of notifying: planned and sent deliveries, and the outcome of a round."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

OPENED, WORSENED, RESOLVED = "opened", "worsened", "resolved"
PENDING, SENDING, SENT, SKIPPED, DROPPED = "pending", "sending", "sent", "skipped", "dropped"


@dataclass(frozen=True)
class Delivery:
    """One row of ``alert_deliveries``. ``severity`` and ``alert_status`` are those of the alert when it was sent,
    or, before that, when it was planned.
    """

    alert_key: str
    target: str
    step: int
    stage: str
    status: str
    owner: str
    severity: str
    alert_status: str
    not_before: datetime
    attempts: int = 0
    message_id: str | None = None
    sent_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """Return the identity in the table."""
        return self.alert_key, self.target, self.step


@dataclass(frozen=True)
class NotifyOutcome:
    """The outcome of notifying, counted in deliveries: one alert to one target. ``messages`` counts posted messages.

    ``failed`` could not be sent and are tried again by the next run; ``pending`` wait for the end of quiet hours, for
    a digest or for another process; ``muted`` are held back by a mute or an acknowledgement. ``problems`` are sentences
    without secrets.
    """

    sent: int = 0
    failed: int = 0
    pending: int = 0
    muted: int = 0
    messages: int = 0
    problems: tuple[str, ...] = field(default=())
    note: str = ""

    @property
    def sentence(self) -> str:
        """Return the outcome in a few words; empty when there was nothing to send."""
        if self.note:
            return self.note
        parts = []
        if self.messages:
            parts.append(f"{self.sent:,} told in {self.messages} message{'s' * (self.messages != 1)}")
        for count, word in ((self.failed, "failed"), (self.pending, "waiting"), (self.muted, "muted")):
            if count:
                parts.append(f"{count:,} {word}")
        return ", ".join(parts)
