"""The right to write: one holder at a time, who renews it, loses it when stopped for too long, and then writes nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pandas as pd
import pytest

from lookout.database.connection import Connection, connect
from lookout.database.limits import OutOfTimeError, TimeLimit
from lookout.database.runners import lease
from lookout.database.runners.lease import TABLE, writing
from lookout.database.runners.process import process_text
from lookout.database.store import Store
from lookout.errors import SourceError
from tests.conftest import Server
from tests.faults.proxy import proxy
from tests.waiting import Clock, wait_until

SCHEMA = 'moni"tor'
COLUMNS = (
    "lease_name text unique, run_id text unique, command text, held_by text, host text, "
    "taken_at timestamptz, heartbeat_at timestamptz, expires_at timestamptz"
)
RUNS = pd.DataFrame([{"run_id": "r", "status": "running"}])


@pytest.fixture(scope="module")
def place(server: Server) -> Connection:
    connection = server.create_database("lease")
    handle = connect(connection)
    quoted = SCHEMA.replace('"', '""')
    with handle, handle.cursor() as cursor:
        cursor.execute(f'create schema "{quoted}"; create table "{quoted}".{TABLE} ({COLUMNS})')
        cursor.execute(f'create table "{quoted}".lookout_runs (run_id text primary key, status text)')
        cursor.execute("create schema unmade")
    handle.close()
    return connection


@pytest.fixture
def stores(place: Connection) -> Iterator[Any]:
    """``stores()``: another connection to the schema."""
    with ExitStack() as stack:

        def another(schema: str = SCHEMA) -> Store:
            return stack.enter_context(Store(place, schema))

        yield another
        another().execute(f"truncate {{schema}}.{TABLE}")


def refusal(store: Store) -> str:
    """The sentence with which a store is refused."""
    with pytest.raises(SourceError) as refused, writing(store, "collect", seconds=1.2, patience=0):
        pass
    return str(refused.value)


def take_over(other: Store) -> None:
    """What another run does once the lease has lapsed."""
    other.execute(f"update {{schema}}.{TABLE} set expires_at = now() - interval '1 second'")
    lease.Lease(other, lease.Holder("other", "collect"), seconds=600, time_limit=TimeLimit()).take(patience=0)


def test_the_second_is_told_who_holds_it_and_until_when(stores: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    first, second = stores(), stores()
    with writing(first, "run"):
        (row,) = first.query(f"select *, expires_at - taken_at as length from {{schema}}.{TABLE}").to_dict("records")
        # The clock of the database is read twice.
        assert row["length"].round("s") == pd.Timedelta(seconds=120)
        monkeypatch.setattr(lease, "time", clock)
        with pytest.raises(SourceError) as refused, writing(second, "learn", patience=0.2, poll=0.05):
            pass
        monkeypatch.undo()
    assert len(clock.pauses) == 5, "as often as fits into the time, and once more"
    said = str(refused.value)
    assert said.startswith(
        f"Another run has been writing to lease ({first.connection.location[7:-1]}) for 0 s: `lookout run` of "
    )
    for word in (
        row["held_by"],
        f" on {socket.gethostname()} ",
        f"process {os.getpid()}",
        f"since {row['taken_at']:%Y-%m-%d %H:%M:%S} UTC",
    ):
        assert str(word) in said
    assert f"its lease lapses at {row['expires_at']:%Y-%m-%d %H:%M:%S} UTC unless it is renewed; wait for it" in said
    with writing(second, "learn", patience=0):
        pass
    assert second.query(f"select 1 from {{schema}}.{TABLE}").empty


def test_a_process_of_this_machine_that_was_killed_holds_nothing(stores: Any) -> None:
    killed = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = process_text(killed.pid)
    killed.kill()
    killed.communicate()
    first, second = stores(), stores()
    take_over(first)
    # It may have been killed on a machine of that name, which nobody here can know; then the lease has to lapse.
    for gone, is_free in ((f"elsewhere{process}", False), (process_text(os.getpid()), False), (process, True)):
        first.execute(f"update {{schema}}.{TABLE} set host = %s", (gone,))
        if is_free:
            with writing(second, "run", patience=0):
                assert second.query(f"select command from {{schema}}.{TABLE}")["command"].tolist() == ["run"]
        else:
            assert "`lookout collect`" in refusal(second)


def test_each_schema_has_a_lease_of_its_own_and_before_there_is_a_table_a_lock(stores: Any) -> None:
    with writing(stores(), "run", patience=0), writing(stores("unmade"), "run", patience=0):
        assert "a first run that is making the monitoring schema" in refusal(stores("unmade"))


def test_of_many_at_once_one_takes_it(stores: Any) -> None:
    everybody = [stores() for _ in range(6)]
    gate = threading.Barrier(len(everybody))
    held: list[str] = []
    refused: list[str] = []

    def run(store: Store) -> None:
        gate.wait()
        try:
            with writing(store, "run", patience=0):
                held.append("held")
                wait_until(lambda: len(held) + len(refused) == len(everybody))
        except SourceError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=run, args=(store,)) for store in everybody]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(held), len(refused)) == (1, 5)


def test_it_is_renewed_on_a_connection_of_its_own(stores: Any) -> None:
    first, other = stores(), stores()
    with writing(first, "run", seconds=0.6):
        taken = other.query(f"select expires_at from {{schema}}.{TABLE}")["expires_at"][0]
        # Also while a statement that writes is under way.
        first.execute("select pg_sleep(0.9)")
        renewed = "select 1 from {schema}.run_leases where expires_at > clock_timestamp() and taken_at < heartbeat_at"
        wait_until(lambda: not other.query(renewed).empty)
        assert other.query(f"select expires_at from {{schema}}.{TABLE}")["expires_at"][0] > taken


def test_who_was_stopped_for_too_long_writes_nothing_more(stores: Any) -> None:
    first, other = stores(), stores()
    with writing(first, "run", run_id="mine"):
        first.upsert("lookout_runs", RUNS)
        take_over(other)
        with pytest.raises(OutOfTimeError) as lost:
            first.upsert("lookout_runs", RUNS.assign(status="success"))
    assert "another has taken over: `lookout collect` of" in str(lost.value)
    assert other.query("select status from {schema}.lookout_runs")["status"].tolist() == ["running"]
    # Nor does its end take the lease of the other.
    assert other.query(f"select run_id from {{schema}}.{TABLE}")["run_id"].tolist() == ["other"]


def test_a_lost_lease_is_noticed_without_writing(stores: Any) -> None:
    first, other = stores(), stores()
    time_limit = TimeLimit()
    with writing(first, "run", seconds=0.6, time_limit=time_limit):
        take_over(other)
        wait_until(lambda: time_limit.is_over)
    assert "another has taken over" in time_limit.reason


def test_it_is_not_taken_over_in_the_middle_of_a_write(stores: Any) -> None:
    first, other = stores(), stores()
    other.execute("set lock_timeout = '100ms'")
    with writing(first, "run", run_id="mine"), first._writing("write") as cursor:
        cursor.execute("select 1")
        other.execute(f"update {{schema}}.{TABLE} set expires_at = now() - interval '1 second'")
        assert "its holder is writing at this moment" in refusal(other)


def test_a_server_that_is_silent_for_as_long_as_the_lease_ends_the_run(place: Connection) -> None:
    time_limit = TimeLimit()
    with proxy(place) as far, Store(far.connection, SCHEMA, time_limit=time_limit) as first, ExitStack() as stack:
        stack.enter_context(writing(first, "run", seconds=0.6, time_limit=time_limit))
        far.fault.is_silent = True
        with pytest.raises(OutOfTimeError, match=r"has not answered for 0.6 s, so this run may no longer write to it"):
            first.query("select 1")
