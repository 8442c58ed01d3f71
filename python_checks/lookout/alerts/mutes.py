"""Mutes (send nothing until a day) and acknowledgements (somebody works on it) of alerts."""

from __future__ import annotations

import getpass
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import pandas as pd

from lookout.alerts.feedback import SHORT, find_alert
from lookout.database.store import Store
from lookout.errors import ConfigError
from lookout.project.workspace import Workspace

_KEY = re.compile(r"[0-9a-f]{4,64}")
MOST_NAMED = 5


def mute(workspace: Workspace, subject: str, *, until: str, note: str = "") -> str:
    """Send nothing about an alert, or about assets, up to and including a day. Returns a sentence.

    ``subject`` is an alert key or the beginning of one, or a pattern of assets: ``schema.table``, ``schema.*``,
    ``connection:schema.*``. ``until`` is YYYY-MM-DD in UTC. Raises ConfigError with one sentence.
    """
    ends_at = _day_after(until)
    if ends_at <= workspace.as_of:
        raise ConfigError(f"--until {until} is over already: give a later day.")
    with _store(workspace) as store:
        key, glob = _subject(store, subject)
        _add(store, workspace.as_of, "mute", key, glob, "", ends_at, note)
        names = _open_alerts_like(store, key, glob)
    about = f"alert {key[:SHORT]}" if key else f"assets like {glob}"
    now = f"{len(names)} open now: {_listed(names)}" if names else "no open alert is meant now"
    return f"Muted up to and including {until} (UTC): {about}, {now}."


def acknowledge(workspace: Workspace, keys: Sequence[str], *, note: str = "") -> list[str]:
    """Record that somebody works on these alerts: from then on, only their end and their becoming critical are sent.

    Returns a sentence for each. Raises ConfigError for a key that no open alert has.
    """
    with _store(workspace) as store:
        alerts = [find_alert(store, key) for key in dict.fromkeys(keys)]
        for alert in alerts:
            if alert["status"] != "open":
                raise ConfigError(f"Alert {alert['alert_key'][:SHORT]} is resolved already: nothing to acknowledge.")
        for alert in alerts:
            _add(store, workspace.as_of, "ack", alert["alert_key"], "", alert["severity"], None, note)
    return [f"Acknowledged: {alert['alert_key'][:SHORT]} ({_named(alert)})." for alert in alerts]


def unmute(workspace: Workspace, subject: str) -> str:
    """Take back all mutes and acknowledgements of an alert, or of exactly this pattern. Returns a sentence."""
    if not subject.strip():
        raise ConfigError("Say what is not to be muted any longer, as `lookout alerts mutes` lists it.")
    with _store(workspace) as store:
        count = store.execute(
            "update {schema}.alert_mutes set lifted_at = %s where lifted_at is null "
            "and (asset_glob = %s or (alert_key <> '' and left(alert_key, length(%s)) = %s))",
            (workspace.as_of, subject, subject, subject),
        )
    if not count:
        raise ConfigError(f"Nothing is muted as '{subject}': see `lookout alerts mutes`.")
    return f"No longer muted: {subject}."


def list_mutes(workspace: Workspace) -> pd.DataFrame:
    """Return mutes and acknowledgements in force.

    Columns: kind, alert_key, asset_glob, severity, ends_at, note, given_by and given_at.
    """
    with _store(workspace) as store:
        return store.query(
            "select kind, alert_key, asset_glob, severity, ends_at, note, given_by, given_at from {schema}.alert_mutes "
            "where lifted_at is null and (ends_at is null or ends_at > %s) order by mute_number",
            (workspace.as_of,),
        )


def _store(workspace: Workspace) -> Store:
    workspace.locate()
    return workspace.home.store()


def _subject(store: Store, subject: str) -> tuple[str, str]:
    """Return the alert key and the asset pattern that ``subject`` means; one of them is empty."""
    text = subject.strip()
    if not text:
        raise ConfigError("Say what to mute: the key of an alert, or a pattern of assets like 'raw.*'.")
    if not _KEY.fullmatch(text):
        return "", text
    if store.query("select 1 from {schema}.alerts where asset = %s limit 1", (text,)).empty:
        return str(find_alert(store, text)["alert_key"]), ""
    return "", text


def _add(
    store: Store, as_of: datetime, kind: str, key: str, glob: str, severity: str, ends_at: datetime | None, note: str
) -> None:
    # The table's lock keeps two people from getting the same number.
    store.execute(
        "lock table {schema}.alert_mutes in share row exclusive mode; "
        "insert into {schema}.alert_mutes (mute_number, kind, alert_key, asset_glob, severity, ends_at, note, "
        "given_by, given_at) select coalesce(max(mute_number), 0) + 1, %s, %s, %s, %s, %s, %s, %s, %s "
        "from {schema}.alert_mutes",
        (kind, key, glob, severity, ends_at, " ".join(note.split()), _user(), as_of),
    )


def _open_alerts_like(store: Store, key: str, glob: str) -> list[str]:
    from lookout.alerts.model import Mute, applies_to
    from lookout.alerts.store import read_alerts

    mute = Mute(0, "mute", key, glob, "", None)
    return [alert.location for alert in read_alerts(store) if alert.is_open and applies_to(mute, alert)]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _named(alert: Any) -> str:
    location = f"{alert['connection']} {alert['asset']}".strip()
    return f"{location}: {alert['description']}"


def _day_after(day: str) -> datetime:
    try:
        last = date.fromisoformat(day)
    except ValueError:
        raise ConfigError(f"--until {day!r} is not a date: write it like 2026-12-24.") from None
    return datetime.combine(last, time(), timezone.utc) + timedelta(days=1)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A container may run as a number without a name.
        return ""
