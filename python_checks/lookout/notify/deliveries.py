"""The rows of ``alert_deliveries`` and ``alert_mutes``: reading, planning, claiming and recording.

A row is claimed before its message is sent and marked afterwards. A process that dies in between leaves its claim,
which runs out ``MARGIN`` after the time that its target may take; then the next run sends the message. So every message
arrives at least once, and twice only if a process dies, or its service stops answering, between sending a message and
recording it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from lookout.alerts.model import Alert
from lookout.database.store import Store, records
from lookout.notify.model import DROPPED, PENDING, SENT, Delivery
from lookout.notify.plan import Plan

MARGIN = timedelta(minutes=1)

_COLUMNS = (
    "alert_key, target, step, stage, status, owner, severity, alert_status, not_before, attempts, message_id, sent_at"
)
_PLANNED = ("alert_key", "target", "step", "stage", "status", "owner", "severity", "alert_status", "not_before")
_KEYS = "unnest(%s::text[], %s::text[], %s::integer[]) as chosen (alert_key, target, step)"
_LEASED = "case when status = 'sending' and claimed_until < now() then 'pending' else status end as status,"
_CHOSEN = "rows.alert_key = chosen.alert_key and rows.target = chosen.target and rows.step = chosen.step"


def read_deliveries(store: Store, keys: Sequence[str]) -> list[Delivery]:
    """Return all deliveries of these alerts, whatever their status."""
    frame = store.query(
        f"select {_COLUMNS} from {{schema}}.alert_deliveries where alert_key = any(%s)",  # noqa: S608
        (list(keys),),
    )
    return [Delivery(**row) for row in records(frame)]


def write_plan(store: Store, plan: Plan, as_of: datetime) -> None:
    """Write the planned deliveries. Two processes that plan the same write it once."""
    rows = plan.new
    if rows:
        store.execute(
            f"insert into {{schema}}.alert_deliveries ({_COLUMNS}, planned_at) "  # noqa: S608
            "select alert_key, target, step, stage, status, owner, severity, alert_status, not_before, 0, null, "
            "null, %s from unnest(%s::text[], %s::text[], %s::integer[], %s::text[], %s::text[], %s::text[], "
            "%s::text[], %s::text[], %s::timestamptz[]) "
            "as planned (alert_key, target, step, stage, status, owner, severity, alert_status, not_before) "
            "on conflict (alert_key, target, step) do nothing",
            (
                as_of,
                *([getattr(row, name) for row in rows] for name in _PLANNED),
            ),
        )
    for reason in {reason for _, reason in plan.dropped}:
        chosen = [row for row, why in plan.dropped if why == reason]
        _update(store, chosen, "status = %s, last_error = %s", (DROPPED, reason), only="rows.status = 'pending'")
    for moment in {moment for _, moment in plan.sooner}:
        chosen = [row for row, due in plan.sooner if due == moment]
        _update(store, chosen, "not_before = %s", (moment,), only="rows.status = 'pending'")
    store.execute(
        "update {schema}.alert_mutes as mutes set lifted_at = %s from {schema}.alert_states as states "
        "where mutes.kind = 'ack' and mutes.lifted_at is null and mutes.given_at <= %s "
        "and states.alert_key = mutes.alert_key and not states.is_open",
        (as_of, as_of),
    )


def waiting_rows(store: Store) -> list[Delivery]:
    """Return the rows that are not sent yet; those that another process has claimed are ``sending``."""
    frame = store.query(
        f"select {_COLUMNS.replace('status,', _LEASED, 1)} from {{schema}}.alert_deliveries "  # noqa: S608
        "where status in ('pending', 'sending') order by alert_key, target, step"
    )
    return [Delivery(**row) for row in records(frame)]


def claim(store: Store, rows: Sequence[Delivery], token: str, longest: timedelta) -> set[tuple[str, str, int]]:
    """Claim rows that no other process holds; return the keys of those claimed. Sending takes ``longest`` at most."""
    if not rows:
        return set()
    # One process at a time: the second of two that want the same rows sees the claims of the first.
    frame = store.query(
        "select pg_advisory_xact_lock(hashtext('lookout notify'), hashtext('{schema}')); "  # noqa: S608
        "update {schema}.alert_deliveries as rows set status = 'sending', claimed_by = %s, claimed_until = now() + %s, "
        f"attempts = rows.attempts + 1 from {_KEYS} where {_CHOSEN} "
        "and (rows.status = 'pending' or (rows.status = 'sending' and rows.claimed_until < now())) "
        "returning rows.alert_key, rows.target, rows.step",
        (token, longest + MARGIN, *_arrays(rows)),
    )
    return {(str(key), str(target), int(step)) for key, target, step in frame.itertuples(index=False)}


def record_sent(
    store: Store, rows: Sequence[Delivery], alerts: Mapping[str, Alert], message_id: str, token: str
) -> int:
    """Mark rows as sent, with the state that was sent. Return how many of them this process still held."""
    marked = 0
    by_state: dict[tuple[str, str], list[Delivery]] = {}
    for row in rows:
        alert = alerts[row.alert_key]
        by_state.setdefault((alert.severity, alert.status), []).append(row)
    for (severity, status), chosen in by_state.items():
        marked += _update(
            store,
            chosen,
            "status = %s, sent_at = now(), message_id = %s, severity = %s, alert_status = %s, last_error = null, "
            "claimed_by = null, claimed_until = null",
            (SENT, message_id, severity, status),
            only="rows.claimed_by = %s",
            only_values=(token,),
        )
    return marked


def release(store: Store, rows: Sequence[Delivery], error: str, token: str) -> int:
    """Release rows that could not be sent, with the error; the next run tries them again."""
    return _update(
        store,
        rows,
        "status = %s, last_error = %s, claimed_by = null, claimed_until = null",
        (PENDING, error),
        only="rows.claimed_by = %s",
        only_values=(token,),
    )


def drop_orphans(store: Store, known: Iterable[str]) -> int:
    """Drop the waiting deliveries of alerts that no longer exist."""
    return store.execute(
        "update {schema}.alert_deliveries as rows set status = 'dropped', last_error = 'the alert is no longer stored' "
        "where rows.status = 'pending' and rows.alert_key <> all(%s) "
        "and not exists (select 1 from {schema}.alerts where alerts.alert_key = rows.alert_key)",
        (list(known),),
    )


def _update(
    store: Store,
    rows: Sequence[Delivery],
    setting: str,
    values: tuple[Any, ...],
    *,
    only: str,
    only_values: tuple[Any, ...] = (),
) -> int:
    if not rows:
        return 0
    return store.execute(
        f"update {{schema}}.alert_deliveries as rows set {setting} from {_KEYS} where {_CHOSEN} and {only}",  # noqa: S608
        (*values, *_arrays(rows), *only_values),
    )


def _arrays(rows: Sequence[Delivery]) -> tuple[list[str], list[str], list[int]]:
    return [row.alert_key for row in rows], [row.target for row in rows], [row.step for row in rows]
