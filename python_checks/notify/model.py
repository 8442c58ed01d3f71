"""Plain values that notifying works on: alerts as the models derived them, and what was told about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

RANK = {"warning": 1, "critical": 2}
OPENED, WORSENED, RESOLVED = "opened", "worsened", "resolved"
PENDING, SENDING, SENT, SKIPPED, DROPPED = "pending", "sending", "sent", "skipped", "dropped"


@dataclass(frozen=True)
class Alert:
    """One row of ``alerts`` with what ``alert_impact`` and ``monitors`` know about it. Times are in UTC."""

    alert_key: str
    alert_type: str
    severity: str
    status: str
    connection: str
    asset: str
    window_start: datetime
    column_name: str = ""
    metric: str = ""
    kind: str | None = None
    grain: str | None = None
    series_key: str | None = None
    window_end: datetime | None = None
    observed_value: float | None = None
    expected_value: float | None = None
    lower_bound: float | None = None
    upper_bound: float | None = None
    score: float | None = None
    reason: str | None = None
    description: str | None = None
    explanation: str | None = None
    owner: str = ""
    layer: str = ""
    resolved_at: datetime | None = None
    downstream_count: int = 0
    downstream_models: tuple[str, ...] = ()
    downstream_exposures: tuple[str, ...] = ()
    downstream_others: tuple[str, ...] = ()
    downstream_owners: tuple[str, ...] = ()
    cause_key: str | None = None
    cause: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the condition holds."""
        return self.status == "open"

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return RANK.get(self.severity, 0)

    @property
    def place(self) -> str:
        """What it is about, for people."""
        name = f"{self.connection} {self.asset}".strip()
        return f"{name}.{self.column_name}" if self.column_name else name


@dataclass(frozen=True)
class Delivery:
    """One row of ``alert_deliveries``. Before it is sent, severity and alert_status are what is to be told."""

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
        """Identity in the table."""
        return self.alert_key, self.target, self.step


@dataclass(frozen=True)
class Mute:
    """One row of ``alert_mutes`` that is in force; ``kind`` is mute or ack."""

    mute_number: int
    kind: str
    alert_key: str
    asset_glob: str
    severity: str
    ends_at: datetime | None
    note: str = ""
    given_by: str = ""
    given_at: datetime | None = None


@dataclass(frozen=True)
class NotifyOutcome:
    """What notifying came to, in tellings: one alert to one target. ``messages`` counts what was posted.

    ``failed`` were tried in vain and are tried again by the next run; ``pending`` wait for the end of quiet hours, for
    a digest or for another process; ``muted`` are held back by people. ``problems`` are sentences without secrets.
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
        """The outcome in a few words; empty when there was nothing to tell."""
        if self.note:
            return self.note
        parts = []
        if self.messages:
            parts.append(f"{self.sent:,} told in {self.messages} message{'s' * (self.messages != 1)}")
        for count, word in ((self.failed, "failed"), (self.pending, "waiting"), (self.muted, "muted")):
            if count:
                parts.append(f"{count:,} {word}")
        return ", ".join(parts)
