"""Read alerts and mutes from the monitoring schema."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from lookout.alerts.model import Alert, Mute
from lookout.database.sql_files import read_sql
from lookout.database.store import Store, records

_ALERTS = read_sql(__package__, "alerts_to_notify")


def query_alerts(store: Store, clauses: str = "", parameters: Sequence[object] = ()) -> pd.DataFrame:
    """Return rows of ``alerts``, whose ``status`` is the one at the clock of the last run.

    ``clauses`` follow FROM, which names ``alerts`` and ``states``; an alert unknown at that clock has no state.
    """
    frame = store.query(
        "select alerts.*, coalesce(states.is_open, false) as is_open from {schema}.alerts as alerts "  # noqa: S608
        f"left join {{schema}}.alert_states as states on states.alert_key = alerts.alert_key {clauses}",
        tuple(parameters),
    )
    frame["status"] = frame.pop("is_open").astype(bool).map({True: "open", False: "resolved"})
    return frame


def read_alerts(store: Store) -> list[Alert]:
    """Return the alerts that are open, and those that are over but whose targets have not been notified of it."""
    names = ("downstream_models", "downstream_exposures", "downstream_others", "downstream_owners")
    rows = records(store.query(_ALERTS))
    for row in rows:
        row.update({name: tuple(row[name] or ()) for name in names})
        row.update({name: row[name] or "" for name in ("connection", "column_name", "metric", "owner", "layer")})
    return [Alert(**row) for row in rows]


def read_mutes(store: Store, as_of: datetime) -> list[Mute]:
    """Return the mutes and acknowledgements that are in force at ``as_of``."""
    frame = store.query(
        "select mute_number, kind, alert_key, asset_glob, severity, ends_at, coalesce(note, '') as note, "
        "coalesce(given_by, '') as given_by, given_at from {schema}.alert_mutes "
        "where lifted_at is null and given_at <= %s and (ends_at is null or ends_at > %s) order by mute_number",
        (as_of, as_of),
    )
    return [Mute(**row) for row in records(frame)]
