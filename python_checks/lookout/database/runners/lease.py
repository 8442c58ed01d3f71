"""The right to write to a monitoring schema: a lease in the database, which lapses unless its holder renews it.

All its times are by the clock of the database. The holder renews it on a connection of its own; who cannot, because
the machine is gone or the process is stopped, loses it to the next run. A process of this machine that was killed
loses it at once. Before the first run has made the table of the
lease, an advisory lock stands in for it.
"""

from __future__ import annotations

import getpass
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import psycopg2

from lookout.database.connection import clean_message, connect
from lookout.database.limits import LEASE_SECONDS, LimitedConnection, TimeLimit, hang_up
from lookout.database.runners.process import this_machine, this_process, why_gone
from lookout.database.store import Store
from lookout.errors import SourceError

logger = logging.getLogger(__name__)

TABLE = "run_leases"
PATIENCE = 600.0
POLL = 0.5
# So many renewals fit into a lease.
BEATS = 6
RELEASE_SECONDS = 3.0
_LOCK_KEY = 4_716_215_730_202_611 % 2**31
_TAKE = """
insert into {schema}.run_leases as held
    (lease_name, run_id, command, held_by, host, taken_at, heartbeat_at, expires_at)
values
    ('writing', %(run_id)s, %(command)s, %(held_by)s, %(host)s, clock_timestamp(), clock_timestamp(),
    clock_timestamp() + %(length)s)
on conflict (lease_name) do update set
    run_id = excluded.run_id, command = excluded.command, held_by = excluded.held_by, host = excluded.host,
    taken_at = excluded.taken_at, heartbeat_at = excluded.heartbeat_at, expires_at = clock_timestamp() + %(length)s
where held.expires_at <= clock_timestamp() or held.run_id = %(gone)s
returning run_id
"""
_RENEW = """
update {schema}.run_leases set heartbeat_at = clock_timestamp(), expires_at = clock_timestamp() + %(length)s
where lease_name = 'writing' and run_id = %(run_id)s
returning run_id
"""
# Kept from being taken over until the transaction ends; renewing it does not wait for that.
_FENCE = "select 1 from {schema}.run_leases where lease_name = 'writing' and run_id = %(run_id)s for key share"
_HOLDER = """
select run_id, command, held_by, host, taken_at, expires_at from {schema}.run_leases where lease_name = 'writing'
"""


@dataclass(frozen=True)
class Holder:
    """A process that holds a lease, or wants it."""

    run_id: str
    command: str

    @property
    def parameters(self) -> dict[str, Any]:
        """Return the values of its row."""
        return {
            "run_id": self.run_id,
            "command": self.command,
            "held_by": getpass.getuser(),
            "host": this_process(),
        }


class Lease:
    """One lease, from ``take`` to ``release``. When it is lost, ``time_limit`` ends, and with it what it limits."""

    def __init__(self, store: Store, holder: Holder, *, seconds: float, time_limit: TimeLimit) -> None:
        self._store, self._holder, self._seconds, self._time_limit = store, holder, seconds, time_limit
        self._parameters = {**holder.parameters, "length": timedelta(seconds=seconds)}
        self._handle: LimitedConnection | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_stopped, name="lookout lease", daemon=True)

    def take(self, *, patience: float, poll: float = POLL) -> None:
        """Take the lease, and keep it in a thread. Raises SourceError when another holds it for ``patience`` s."""
        _wait_for(self._try_to_take, self._store, patience, poll, self._time_limit)
        self._thread.start()

    def fence(self, cursor: Any) -> None:
        """Keep the lease for the transaction of ``cursor``, which is about to write. Raises SourceError if it is lost.

        Only this makes sure that two runs never write: a process that was stopped does not know that it was.
        """
        if not _is_held(cursor, self._store, self._holder.run_id):
            cursor.execute(self._store.named(_HOLDER))
            self._time_limit.end(self._lost_to(cursor.fetchone()))
            self._time_limit.check()

    def release(self) -> None:
        """Give the lease back; one that cannot be given back lapses."""
        self._stop.set()
        self._thread.join(RELEASE_SECONDS)
        if self._handle is None:
            return
        if self._thread.is_alive():
            # It waits for a server that is silent.
            hang_up(self._handle)
            return
        self._handle.time_limit = TimeLimit(RELEASE_SECONDS)
        with suppress(SourceError, psycopg2.Error):
            self._run("delete from {schema}.run_leases where lease_name = 'writing' and run_id = %(run_id)s")
        self._handle.close()

    def _try_to_take(self) -> str | None:
        """Return None when the lease was taken, else who holds it. Who was killed on this machine holds nothing."""
        found = self._run(_HOLDER)
        gone = [run_id for run_id, _, _, process, *_ in found if why_gone(process or "", this_machine())]
        if self._run(_TAKE, gone=next(iter(gone), None)):
            return None
        found = self._run(_HOLDER)
        return _described(found[0]) if found else "another run has just ended"

    def _renew_until_stopped(self) -> None:
        renewed_at, failures = time.monotonic(), 0
        while not self._stop.wait(self._seconds / BEATS):
            asked_at = time.monotonic()
            try:
                if not self._run(_RENEW):
                    found = self._run(_HOLDER)
                    self._time_limit.end(self._lost_to(found[0] if found else None))
                    return
                renewed_at, failures = asked_at, 0
            except (SourceError, psycopg2.Error) as error:
                logger.warning("the lease of the run could not be renewed: %s", clean_message(error))
                failures += 1
                # The first one may be this process's own: it was stopped while it waited for an answer.
                if failures > 1 and time.monotonic() - renewed_at >= self._seconds:
                    self._time_limit.end(
                        f"{self._store.connection.location} has not answered for {self._seconds:g} s, so this run may "
                        "no longer write to it: check that server, then run again."
                    )
                    return

    def _run(self, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
        # Short enough for several tries within one lease.
        moment = self._seconds / BEATS
        if self._handle is None or self._handle.closed:
            self._handle = connect(
                self._store.connection,
                application="lookout lease",
                statement_timeout=moment,
                lock_timeout=moment / 2,
                connect_timeout=max(2, int(moment)),
                hang_grace=moment,
            )
        with self._handle as handle, handle.cursor() as cursor:
            cursor.execute(self._store.named(statement), {**self._parameters, **parameters})
            return list(cursor.fetchall()) if cursor.description else []

    def _lost_to(self, holder: tuple[Any, ...] | None) -> str:
        where, who = self._store.connection.location, _described(holder) if holder else "a run that has ended since"
        return (
            f"This run did not renew its lease on {where} within {self._seconds:g} s, and another has taken over: {who}"
            "; what was written so far is kept, the rest is left to the other run."
        )


@contextmanager
def writing(
    store: Store,
    command: str,
    *,
    run_id: str | None = None,
    seconds: float = LEASE_SECONDS,
    patience: float = PATIENCE,
    poll: float = POLL,
    time_limit: TimeLimit | None = None,
) -> Iterator[None]:
    """Let nobody else write to the schema meanwhile, whoever uses this; what ``store`` writes is fenced by the lease.

    Raises SourceError, which names the holder, when the schema is not free within ``patience`` seconds.
    """
    time_limit = time_limit or TimeLimit()
    if store.missing_tables([TABLE]):
        _wait_for(lambda: _try_to_lock(store), store, patience, poll, time_limit)
        yield
        return
    lease = Lease(store, Holder(run_id or uuid.uuid4().hex, command), seconds=seconds, time_limit=time_limit)
    lease.take(patience=patience, poll=poll)
    store.fence = lease.fence
    try:
        yield
    finally:
        store.fence = None
        lease.release()


def fence_of(store: Store, run_id: str) -> Callable[[Any], None]:
    """Return the fence of a further store of the run that holds the lease: it raises SourceError once that is lost."""

    def fence(cursor: Any) -> None:
        if not _is_held(cursor, store, run_id):
            raise SourceError(
                f"This run has lost its lease on {store.connection.location} to another: what was written so far is "
                "kept, the rest is left to the other run."
            )

    return fence


def _is_held(cursor: Any, store: Store, run_id: str) -> bool:
    """Return whether a run still holds the lease, which then nobody takes before the transaction of ``cursor`` ends."""
    cursor.execute(store.named(_FENCE), {"run_id": run_id})
    return cursor.fetchone() is not None


def _wait_for(
    attempt: Callable[[], str | None], store: Store, patience: float, poll: float, time_limit: TimeLimit
) -> None:
    """Repeat an attempt until it returns None. Raises SourceError with what it returned last."""
    deadline, is_logged = time.monotonic() + patience, False
    while True:
        try:
            holder = attempt()
        except psycopg2.errors.LockNotAvailable:
            holder = "its holder is writing at this moment"
        except psycopg2.Error as error:
            raise SourceError(f"Could not lease {store.connection.location}: {clean_message(error)}") from error
        if holder is None:
            return
        if not is_logged:
            logger.info("another run is writing to %s in %s: %s", store.schema, store.connection.name, holder)
            is_logged = True
        if time.monotonic() > deadline:
            raise SourceError(
                f"Another run has been writing to {store.connection.location} for {patience:.0f} s: {holder}; wait "
                "for it, or end it."
            )
        time_limit.check()
        time.sleep(poll)


def _try_to_lock(store: Store) -> str | None:
    # It belongs to the connection, and goes when that is closed.
    found = store.query("select pg_try_advisory_lock(%s, hashtext(%s)) as is_taken", (_LOCK_KEY, store.schema))
    return None if found["is_taken"][0] else "a first run that is making the monitoring schema"


def _described(holder: tuple[Any, ...]) -> str:
    _, command, user, process, taken_at, expires_at = holder
    location, pid = (process or "").split(":")[:2]
    host = location.split("/")[0]
    return (
        f"`lookout {command}` of {user} on {host} (process {pid}), since {_moment(taken_at)}; its lease lapses at "
        f"{_moment(expires_at)} unless it is renewed"
    )


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
