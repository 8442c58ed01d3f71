"""Answers to alerts: an append-only history that learning and the alerts read."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import pandas as pd

from lookout.alerts.store import query_alerts
from lookout.database.runners.lease import writing
from lookout.database.store import Store
from lookout.errors import ConfigError
from lookout.project.workspace import Workspace

SHORT = 8
LEASE_PATIENCE = 60.0
TAKES_EFFECT = "It counts from the next `lookout run` or `lookout learn` on."


def chosen_verdict(*, expected: bool, new_normal: bool, fixed: bool) -> str:
    """Return the one verdict that was asked for. Raises ConfigError for none and for several."""
    flags = {"expected": expected, "new_normal": new_normal, "fixed": fixed}
    chosen = [name for name, is_set in flags.items() if is_set]
    if len(chosen) != 1:
        raise ConfigError(
            "Say what the alert was, with one of --expected (no fault), --new-normal (stays like this) and --fixed "
            "(a fault, mended)."
        )
    return chosen[0]


def give_feedback(
    workspace: Workspace, prefixes: Sequence[str], verdict: str, *, note: str = "", until: str | None = None
) -> list[str]:
    """Record one answer to each alert, all or none. ``verdict`` is expected, new_normal, fixed or reopened.

    ``prefixes`` are alert keys or unique beginnings of them; ``until`` is the last day, YYYY-MM-DD in UTC, that an
    answer is about when it is not yet over. Returns one line for each alert. Raises ConfigError with one sentence.
    """
    workspace.locate()
    with workspace.home.store() as store, writing(store, "alerts resolve", patience=LEASE_PATIENCE):
        alerts = pd.DataFrame([find_alert(store, prefix) for prefix in dict.fromkeys(prefixes)])
        alerts = alerts.drop_duplicates("alert_key").reset_index(drop=True)
        answers = _newest_answers(store, list(alerts["alert_key"]))
        for _, alert in alerts.iterrows():
            _check(alert, answers.get(alert["alert_key"]), verdict)
        numbers = store.query(
            "select (select coalesce(max(feedback_number), 0) from {schema}.alert_feedback) as feedback, "
            "(select coalesce(max(batch_number), 0) from {schema}.lookout_runs) as batch"
        )
        rows = pd.DataFrame(
            {
                "feedback_number": int(numbers["feedback"][0]) + 1 + alerts.index,
                "alert_key": alerts["alert_key"],
                "series_key": alerts["series_key"],
                "verdict": verdict,
                "window_start": alerts["window_start"],
                "window_end": _ends(alerts, verdict, until),
                "note": " ".join(note.split()),
                "given_by": _user(),
                "given_at": workspace.as_of,
                # The batch number of the next run, so that its learning step picks the answer up.
                "batch_number": int(numbers["batch"][0]) + 1,
            }
        )
        store.upsert("alert_feedback", rows)
    return [f"{_named(alert)}: {verdict.replace('_', ' ')}" for _, alert in alerts.iterrows()]


def find_alert(store: Store, prefix: str) -> pd.Series[Any]:
    """Return the alert whose key begins with ``prefix``. Raises ConfigError when there is none, or more than one."""
    found = query_alerts(
        store,
        "where left(alerts.alert_key, length(%s)) = %s order by alerts.window_start desc limit 6",
        (prefix, prefix),
    )
    if not prefix or found.empty:
        raise ConfigError(f"No alert has a key that begins with '{prefix}': see `lookout alerts list --status all`.")
    if len(found) > 1:
        keys = ", ".join(found["alert_key"].head(5)) + (", ..." if len(found) > 5 else "")
        raise ConfigError(f"'{prefix}' is the beginning of several alert keys ({keys}): write more of it.")
    return found.iloc[0]


def history(store: Store, alert_key: str) -> pd.DataFrame:
    """Return all answers to one alert, oldest first."""
    return store.query(
        "select verdict, window_start, window_end, note, given_by, given_at from {schema}.alert_feedback "
        "where alert_key = %s order by feedback_number",
        (alert_key,),
    )


def _newest_answers(store: Store, keys: list[str]) -> dict[str, pd.Series[Any]]:
    frame = store.query(
        "select distinct on (alert_key) * from {schema}.alert_feedback where alert_key = any(%s) "
        "order by alert_key, feedback_number desc",
        (keys,),
    )
    return {str(row["alert_key"]): row for _, row in frame.iterrows()}


def _check(alert: pd.Series[Any], answer: pd.Series[Any] | None, verdict: str) -> None:
    current = "reopened" if answer is None else str(answer["verdict"])
    if current == verdict:
        if answer is None:
            raise ConfigError(f"Nobody has answered alert {_named(alert)} yet: there is nothing to take back.")
        raise ConfigError(
            f"Alert {_named(alert)} has been answered so already ({current.replace('_', ' ')}, by "
            f"{answer['given_by'] or 'somebody'} on {answer['given_at']:%Y-%m-%d}): nothing was changed."
        )
    if verdict == "new_normal" and (not isinstance(alert["series_key"], str) or pd.isna(alert["score"])):
        raise ConfigError(
            f"Alert {_named(alert)} does not come from a learned series, so there is no normal to renew: "
            "use --expected, or change the limit or test that it comes from."
        )


def _ends(alerts: pd.DataFrame, verdict: str, until: str | None) -> pd.Series[Any]:
    ends = pd.to_datetime(alerts["window_end"], utc=True)
    if until is None:
        return ends
    if verdict not in ("expected", "fixed"):
        raise ConfigError("--until goes with --expected and --fixed: a new normal has no end.")
    try:
        last = date.fromisoformat(until)
    except ValueError:
        raise ConfigError(f"--until {until!r} is not a date: write it like 2026-12-24.") from None
    end = datetime.combine(last, time(), timezone.utc) + timedelta(days=1)
    starts = pd.to_datetime(alerts["window_start"], utc=True)
    if (starts >= end).any():
        raise ConfigError(f"--until {until} is before the alert began on {starts.max():%Y-%m-%d}: give a later day.")
    return ends.where(ends > end, end)


def _named(alert: pd.Series[Any]) -> str:
    location = f"{alert['connection']} {alert['asset']}".strip()
    return f"{alert['alert_key'][:SHORT]} ({location}: {alert['description']})"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A container may run as a number without a name.
        return ""
