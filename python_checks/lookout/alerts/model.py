"""Alerts and mutes as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

RANK = {"warning": 1, "critical": 2}


@dataclass(frozen=True)
class Alert:
    """One row of ``alerts``, joined with ``alert_impact`` and ``monitors``. Times are in UTC."""

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
    time_zone: str | None = None
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
        """Return whether the alert is open."""
        return self.status == "open"

    @property
    def rank(self) -> int:
        """Return the rank of its severity; higher is worse."""
        return RANK.get(self.severity, 0)

    @property
    def location(self) -> str:
        """Return the connection, asset and column that it is about, for people."""
        name = f"{self.connection} {self.asset}".strip()
        return f"{name}.{self.column_name}" if self.column_name else name


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


def applies_to(mute: Mute, alert: Alert) -> bool:
    """Return whether a mute, in force or not, is about this alert."""
    if mute.alert_key:
        return mute.alert_key == alert.alert_key
    names = (alert.asset, f"{alert.connection}:{alert.asset}")
    return any(fnmatchcase(name.lower(), mute.asset_glob.lower()) for name in names)


def mutes_in_force(alert: Alert, mutes: Iterable[Mute], as_of: datetime) -> list[Mute]:
    """Return the mutes and acknowledgements that hold the alert back at ``as_of``."""
    return [mute for mute in mutes if applies_to(mute, alert) and not _is_over(mute, alert, as_of)]


def _is_over(mute: Mute, alert: Alert, as_of: datetime) -> bool:
    if mute.ends_at is not None and mute.ends_at <= as_of:
        return True
    if mute.kind != "ack":
        return False
    # An acknowledgement ends with the alert, and when the alert becomes critical.
    has_worsened = alert.severity == "critical" and alert.severity != mute.severity
    return has_worsened or not alert.is_open
