"""Pipelines that overlap, meet and are killed, as real processes: no data is skipped, nothing is doubled or lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from lookout.database.connection import Connection
from lookout.database.runners.process import process_text, this_machine, this_process
from lookout.tracking.executions.events import End, Event, Heartbeat, Start
from lookout.tracking.executions.store import ExecutionStore
from lookout.tracking.reaper import reap
from lookout.tracking.sdk.spool import spool_for
from tests.conftest import Server
from tests.tracking.track_place import T0, empty_execution_store, executions, later, track_place, url, watermark
from tests.waiting import wait_until

HEAD = """
import sys, time
from datetime import datetime, timedelta, timezone
from lookout import track, Pipeline, Tracker
from lookout.tracking.executions.store import ExecutionStore
from lookout.tracking.executions.events import Start, End
from lookout.tracking.sdk.context import find_connection
from lookout.tracking.sdk.spool import deliver_spool
T0 = datetime(2026, 1, 1, 10, tzinfo=timezone.utc)
def say(word): print(word, flush=True)
def wait(): assert sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def place(server: Server) -> Connection:
    return track_place(server, "track_concurrency")


@pytest.fixture
def execution_store(place: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ExecutionStore]:
    monkeypatch.setenv("LOOKOUT_DATABASE_URL", url(place))
    monkeypatch.setenv("LOOKOUT_SPOOL", str(tmp_path / "spool"))
    with empty_execution_store(place) as execution_store:
        yield execution_store


class Process:
    """A Python program that talks in lines."""

    def __init__(self, code: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HEAD + code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def hear(self, word: str) -> None:
        assert self.process.stdout is not None
        said = self.process.stdout.readline().strip()
        assert said == word, (said, self.process.communicate(timeout=30))

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def end(self) -> str:
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err
        return out

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


OVERLAP = """
with track("p", next_watermark={reached}) as run:
    say("started"); wait()
    if {fails}: run.fail("no")
say("ended")
"""


def test_of_two_that_overlap_only_the_one_that_succeeds_moves_the_watermark(execution_store: ExecutionStore) -> None:
    one, other = Process(OVERLAP.format(reached=100, fails=False)), Process(OVERLAP.format(reached=200, fails=True))
    for process in (one, other):
        process.hear("started")
    assert execution_store.query("select count(*) from {schema}.pipeline_executions where end_date is null") == [(2,)]
    for process in (one, other):
        process.go()
        process.hear("ended")
        process.end()
    assert watermark(execution_store, "p") == "100"
    assert execution_store.query("select watermark from {schema}.watermarks") == [("100",)]


REGISTER = """
with ExecutionStore(find_connection()) as execution_store:
    execution_store.query("select 1"); say("ready"); wait()
    made = [execution_store.register(Pipeline(f"p{n}", "type", owner="x"), at=T0).is_new for n in range(30)]
    say(sum(made))
"""


def test_processes_that_register_at_once_all_succeed_and_make_one(execution_store: ExecutionStore) -> None:
    processes = [Process(REGISTER) for _ in range(3)]
    for process in processes:
        process.hear("ready")
    for process in processes:
        process.go()
    assert sum(int(process.end()) for process in processes) == 30
    assert execution_store.query("select count(*), count(distinct name), max(updated_at) from {schema}.pipelines") == [
        (30, 30, None)
    ]
    assert execution_store.query("select count(*) from {schema}.pipeline_types") == [(1,)]


def test_a_killed_pipeline_is_closed_by_the_reaper_and_nothing_else(execution_store: ExecutionStore) -> None:
    code = "with track('p', next_watermark=9):\n  with track('child'):\n    say('started'); wait()\n"
    dead, alive = Process(code), Process(code)
    dead.hear("started")
    alive.hear("started")
    elsewhere = "other/m/b/1:7:1"
    execution_store.record(
        [
            Start("elsewhere", "q", T0, host=elsewhere),
            Start("none", "q", T0),
            Start("nobody", "q", T0, host=this_machine()),
        ]
    )
    as_of = datetime.now(timezone.utc)
    assert reap(execution_store, as_of) == []
    dead.kill()
    assert reap(execution_store, T0) == [], "at that time none of them had started"
    reaped = reap(execution_store, as_of + timedelta(seconds=1))
    assert [r.pipeline for r in reaped] == ["p", "child"]
    assert f"process {dead.process.pid} on" in reaped[0].reason
    assert reap(execution_store, as_of + timedelta(seconds=1)) == []
    alive.go()
    alive.end()
    assert sorted(executions(execution_store, "e.status, p.name, e.closed_by, e.error <> ''", "p.name <> 'q'")) == [
        ("killed", "child", "reaper", True),
        ("killed", "p", "reaper", True),
        ("success", "child", "self", False),
        ("success", "p", "self", False),
    ]
    assert executions(execution_store, "e.status", "p.name = 'q'") == [("running",)] * 3
    assert watermark(execution_store, "p") == "9"


def test_the_reaper_knows_heartbeats_restarts_and_other_processes_of_the_same_number(
    execution_store: ExecutionStore,
) -> None:
    host, machine, boot, space = this_machine().split("/")
    pid, begun = this_process().split(":")[1:]
    hosts = {
        "self": this_process(),
        "same number": f"{this_machine()}:{pid}:{int(begun) - 1}",
        "zombie": "",
        "restarted": f"{host}/{machine or 'm'}/older/{space}:{pid}:{begun}",
        "container": f"{host}/{machine}/{boot}/1{space}:{pid}:1",
        "beating": "x/m/b/1:2:3",
        "silent": "x/m/b/1:2:3",
    }
    child = subprocess.Popen(["true"])
    if hasattr(os, "waitid"):
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    hosts["zombie"] = f"{this_machine()}:{child.pid}:{begun}"
    execution_store.record([Start(key, key, T0, host=value) for key, value in hosts.items()])
    execution_store.record([Heartbeat("beating", later(minutes=50)), Heartbeat("silent", later(minutes=40))])
    reaped = {
        r.execution_id: r.reason
        for r in reap(
            execution_store, later(minutes=60), f"{host}/{machine or 'm'}/{boot}/{space}" if not machine else None
        )
    }
    child.wait()
    expected = {"same number", "zombie", "silent", "restarted"} if machine else {"restarted", "silent"}
    assert set(reaped) == expected
    assert "has been restarted since" in reaped["restarted"]
    assert "last heartbeat came at 2026-01-01T10:40:00+00:00" in reaped["silent"]
    assert executions(execution_store, "e.end_date", "p.name = 'silent'") == [(later(minutes=40),)]
    assert process_text(int(pid)) == this_process()


DELIVER = """
say("ready"); wait()
connection = find_connection()
total = 0
from lookout.tracking.sdk.spool import spool_for
while not spool_for(connection).is_empty():
    total += deliver_spool(connection).events
say(total)
"""


def many(number: int) -> list[Event]:
    events: list[Event] = []
    for n in range(number):
        start = Start(
            f"e{n:05d}",
            f"p{n % 7}",
            later(seconds=n),
            parent_id=f"e{n - 1:05d}" if n % 10 else None,
            next_watermark=str(n),
        )
        events += [
            start,
            End(start.execution_id, later(seconds=n, milliseconds=500), n % 5 > 0, inserts=n, start=start),
        ]
    return events


def state(execution_store: ExecutionStore) -> tuple[Any, ...]:
    return (
        execution_store.query(
            "select count(*), count(distinct execution_id), sum(inserts), count(end_date) from {schema}.pipeline_executions"
        ),
        execution_store.query("select name, watermark, last_target_insert from {schema}.pipelines order by name"),
        execution_store.query("select count(*), sum(depth) from {schema}.pipeline_execution_closure"),
        execution_store.query("select pipeline_id, count(*) from {schema}.watermarks group by 1 order by 1"),
    )


def test_two_deliverers_and_one_that_is_killed_neither_double_nor_lose(execution_store: ExecutionStore) -> None:
    events = many(3000)
    execution_store.record(events)
    expected = state(execution_store)
    with empty_execution_store(execution_store.connection) as _:
        pass
    spool = spool_for(execution_store.connection)
    spool.append(events)
    victim = Process(DELIVER)
    victim.hear("ready")
    victim.go()
    wait_until(lambda: execution_store.query("select 1 from {schema}.pipelines limit 1"), pause=0.005)
    victim.kill()
    processes = [Process(DELIVER) for _ in range(2)]
    for process in processes:
        process.hear("ready")
    for process in processes:
        process.go()
    for process in processes:
        process.end()
    assert spool.is_empty()
    assert not spool.rejected.exists()
    assert state(execution_store) == expected


def test_the_same_and_related_events_from_many_connections_at_once(
    execution_store: ExecutionStore, place: Connection
) -> None:
    events = many(400)
    execution_store.record(events)
    expected = state(execution_store)
    with empty_execution_store(place):
        pass

    def deliver(part: int) -> None:
        with ExecutionStore(place) as mine:
            # Everybody delivers everything, in an order and in batches of their own.
            for begin in range(0, len(events), 50):
                chosen = (begin + part * 150) % len(events)
                mine.record(events[chosen : chosen + 50])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(deliver, range(4)))
    assert state(execution_store)[0] == expected[0]
    assert state(execution_store)[2] == expected[2], "the closure is complete whoever came first"
    assert [row[:2] for row in state(execution_store)[1]] == [row[:2] for row in expected[1]]


def test_a_parent_and_its_children_that_arrive_at_once(execution_store: ExecutionStore, place: Connection) -> None:
    def tree(n: int) -> list[Start]:
        return [Start(f"t{n}-{d}", "p", later(seconds=d), parent_id=f"t{n}-{d - 1}" if d else None) for d in range(4)]

    starts = [start for n in range(25) for start in tree(n)]

    def record(part: int) -> None:
        with ExecutionStore(place) as mine:
            for start in starts[part::4] if part % 2 else reversed(starts[part::4]):
                mine.record([start])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(record, range(4)))
    found = execution_store.query(
        "select depth, count(*) from {schema}.pipeline_execution_closure group by 1 order by 1"
    )
    assert found == [(0, 100), (1, 75), (2, 50), (3, 25)]


def test_a_thousand_pairs_from_several_processes(execution_store: ExecutionStore) -> None:
    code = "with Tracker(batch_size=100) as t:\n  for n in range(250):\n    with t.track(f'p{n % 9}') as run: run.inserts = 1\nsay('done')"
    processes = [Process(code) for _ in range(4)]
    for process in processes:
        process.hear("done")
        process.end()
    assert execution_store.query(
        "select count(*), sum(inserts), count(end_date) from {schema}.pipeline_executions"
    ) == [(1000, 1000, 1000)]


def test_interpreter_exit_writes_what_waits(execution_store: ExecutionStore) -> None:
    Process("run = track('p').__enter__(); sys.exit(0)").end()
    assert executions(execution_store, "e.status") == [("running",)]
    assert [r.pipeline for r in reap(execution_store, datetime.now(timezone.utc) + timedelta(seconds=1))] == ["p"]
    assert os.environ["LOOKOUT_SPOOL"]
