"""An outage of the monitoring database: pipelines run on, their events wait, and arrive later, once, in order."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg2 import sql

from lookout.database.connection import Connection
from lookout.errors import SourceError
from lookout.tracking.commands import end_command, start_command
from lookout.tracking.executions import store as store_module
from lookout.tracking.executions.events import End, Register, Start, to_line
from lookout.tracking.executions.store import ExecutionStore
from lookout.tracking.model import Pipeline
from lookout.tracking.sdk import spool as spool_module
from lookout.tracking.sdk.delivery import COOL_DOWN
from lookout.tracking.sdk.spool import Spool, deliver_spool, spool_for
from lookout.tracking.sdk.tracker import Tracker
from tests.conftest import Server
from tests.tracking.track_place import T0, empty_execution_store, executions, later, track_place, watermark
from tests.waiting import Clock

AWAY = Connection("away", {"host": "127.0.0.1", "port": 1, "dbname": "x", "user": "u", "password": "hunter2"})


@pytest.fixture(scope="module")
def place(server: Server) -> Connection:
    return track_place(server, "track_spool")


@pytest.fixture
def execution_store(place: Connection, spool: Spool) -> Iterator[ExecutionStore]:
    with empty_execution_store(place) as execution_store:
        yield execution_store


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spool:
    monkeypatch.setenv("LOOKOUT_SPOOL", str(tmp_path / "spool"))
    return spool_for(None)


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the databases that a connection is tried to, one for each attempt."""
    names: list[str] = []

    def connect(connection: Connection, **settings: Any) -> Any:
        names.append(connection.name)
        return real(connection, **settings)

    real = store_module.connect  # type: ignore[attr-defined]
    monkeypatch.setattr(store_module, "connect", connect)
    return names


def lines(spool: Spool) -> list[dict[str, Any]]:
    return [json.loads(line) for line in spool.events.read_text().splitlines()]


def run(tracker: Tracker, name: str, reached: Any = None, rows: int = 1, **settings: Any) -> str | None:
    with tracker.track(name, next_watermark=reached, **settings) as run:
        run.inserts = rows
    return run.watermark


def test_an_outage_does_not_touch_the_pipeline_and_is_made_up_for(
    execution_store: ExecutionStore,
    place: Connection,
    spool: Spool,
    caplog: pytest.LogCaptureFixture,
    attempts: list[str],
) -> None:
    with Tracker(place) as tracker:
        assert run(tracker, "p", 10) is None
    with Tracker(AWAY) as tracker:
        with contextlib.suppress(ZeroDivisionError), tracker.track("p", next_watermark=20) as outer:
            with tracker.track("child", owner="me") as inner:
                assert inner.parent_id == outer.execution_id
            1 / 0  # noqa: B018
        seen = [run(tracker, "p", reached, default_watermark="0") for reached in (30, 40)]
    assert attempts.count("away") == 1, "every event waits in the spool at once, and only the first has tried"
    assert seen == ["10", "30"], "the watermark is remembered here while the database is away"
    assert [r.levelname for r in caplog.records if "Cannot connect" in r.message] == ["WARNING"], "one warning"
    assert "lookout collect" in caplog.text
    assert "hunter2" not in caplog.text + spool.events.read_text()
    assert stat.S_IMODE(spool.events.stat().st_mode) == 0o600
    assert [line["event"] for line in lines(spool)] == ["register", "start", "register", "start", "end", "end"] + [
        "register",
        "start",
        "end",
    ] * 2
    assert watermark(execution_store, "p") == "10"

    waiting = len(lines(spool))
    done = deliver_spool(place)
    assert (done.events, done.rejected, done.waiting) == (waiting, 0, 0)
    assert spool.is_empty()
    assert deliver_spool(place).events == 0
    assert executions(execution_store, "p.name, e.status, e.inserts, p.owner") == [
        ("p", "success", 1, ""),
        ("p", "failed", None, ""),
        ("child", "success", None, "me"),
        ("p", "success", 1, ""),
        ("p", "success", 1, ""),
    ]
    assert watermark(execution_store, "p") == "40"
    steps = execution_store.query("select previous_watermark, watermark from {schema}.watermarks order by advanced_at")
    assert steps == [(None, "10"), ("10", "30"), ("30", "40")]


def test_the_next_execution_delivers_what_waits(
    execution_store: ExecutionStore, place: Connection, spool: Spool
) -> None:
    with Tracker(AWAY) as tracker:
        run(tracker, "p", 5)
    with Tracker(place) as tracker:
        assert run(tracker, "p", 6) == "5"
    assert spool.is_empty()
    assert [s for (s,) in executions(execution_store, "e.status")] == ["success", "success"]
    assert watermark(execution_store, "p") == "6"


def test_a_database_that_goes_away_in_the_middle_and_comes_back(
    execution_store: ExecutionStore,
    place: Connection,
    server: Server,
    spool: Spool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = str(place.parameters["dbname"])
    cut = sql.SQL(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = {} and application_name = 'lookout track'"
    )
    allow = sql.SQL("alter database {} with allow_connections {}")
    clock = Clock()
    monkeypatch.setattr("lookout.tracking.sdk.delivery.time", clock)
    with Tracker(place) as tracker:
        with tracker.track("p", next_watermark=1) as one:
            one.inserts = 3
            server.run(allow.format(sql.Identifier(name), sql.SQL("false")))
            server.run(cut.format(sql.Literal(name)))
        assert [line["event"] for line in lines(spool)] == ["end"]
        run(tracker, "p", 2)
        server.run(allow.format(sql.Identifier(name), sql.SQL("true")))
        clock.now += COOL_DOWN
        run(tracker, "p", 3)
    assert spool.is_empty()
    assert executions(execution_store, "e.status, e.inserts, e.next_watermark") == [
        ("success", 3, "1"),
        ("success", 1, "2"),
        ("success", 1, "3"),
    ]
    assert watermark(execution_store, "p") == "3"


def test_a_database_that_is_away_is_tried_again_after_half_a_minute(
    spool: Spool, attempts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("lookout.tracking.sdk.delivery.time", clock)
    with Tracker(AWAY) as tracker:
        for seconds, expected in ((0, 1), (29, 1), (1, 2), (1, 2), (29, 3)):
            clock.now += seconds
            run(tracker, "p")
            assert len(attempts) == expected, f"at {clock.now - 1000:g} s"


def test_what_waits_is_delivered_every_ten_seconds_at_most(
    execution_store: ExecutionStore, place: Connection, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipeline of many executions does not pay for the outage with each of them."""
    clock = Clock()
    monkeypatch.setattr("lookout.tracking.sdk.delivery.time", clock)
    with Tracker(place) as tracker:
        for number, (seconds, is_delivered) in enumerate(
            ((0, True), (1, False), (8.5, False), (0.5, True), (9, False))
        ):
            clock.now += seconds
            spool.append([Start(f"waiting {number}", "q", T0)])
            run(tracker, "p")
            assert spool.is_empty() is is_delivered, f"at {clock.now - 1000:g} s"
    assert executions(execution_store, "e.execution_id", "p.name = 'q'") == [(f"waiting {n}",) for n in range(4)]


def test_a_server_that_accepts_and_never_answers_is_not_waited_for(
    spool: Spool, caplog: pytest.LogCaptureFixture, attempts: list[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = {**AWAY.parameters, "port": silent.getsockname()[1], "connect_timeout": 60}
        tracker = Tracker(Connection("silent", where), patience=0.3)
        for number in range(20):
            run(tracker, "p", number)
        assert attempts == ["silent"], "one of sixty events has waited for it"
        tracker.close()
    assert len(lines(spool)) == 60
    assert caplog.text.count("did not answer") == 1


def test_start_and_end_without_a_database(execution_store: ExecutionStore, place: Connection, spool: Spool) -> None:
    with Tracker(AWAY) as one, Tracker(AWAY) as other:
        key = start_command("p", next_watermark="8", tracker=one)
        assert key is not None
        end_command(key, inserts=4, tracker=other)
        second = start_command("p", tracker=one)
    assert second is not None
    with Tracker(place) as tracker:
        end_command(second, completed_successfully=False, error="no", tracker=tracker)
    assert executions(execution_store, "e.status, e.inserts, e.error, p.watermark") == [
        ("success", 4, "", "8"),
        ("failed", None, "no", "8"),
    ]
    assert spool.is_empty()


def test_where_nobody_says_where_the_database_is(
    execution_store: ExecutionStore,
    place: Connection,
    spool: Spool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    with Tracker() as tracker:
        run(tracker, "p", 1)
        run(tracker, "p", 2)
    assert caplog.text.count("LOOKOUT_DATABASE_URL") == 1
    assert deliver_spool(place).events == 6
    assert watermark(execution_store, "p") == "2"


def test_a_database_without_the_tables_is_one_warning_that_says_what_to_do(
    server: Server, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    empty = server.create_database("track_empty")
    with Tracker(empty) as tracker:
        run(tracker, "p")
        run(tracker, "p")
    assert [r.levelno for r in caplog.records if "dbt build --select monitoring" in r.message] == [logging.WARNING]
    assert len(lines(spool)) == 6
    with pytest.raises(Exception, match="dbt build --select monitoring"):
        deliver_spool(empty)
    assert spool.waiting() == 6


def test_a_folder_that_cannot_be_written_breaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LOOKOUT_SPOOL", str(tmp_path / "file" / "spool"))
    with Tracker(AWAY) as tracker:
        run(tracker, "p")
        run(tracker, "p")
    assert caplog.text.count("are lost") == 1


def test_a_wrong_profile_breaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LOOKOUT_DATABASE_URL", "postgresql//me:hunter2@x")
    with Tracker() as tracker:
        run(tracker, "p")
    assert "is no PostgreSQL URL" in caplog.text
    assert "hunter2" not in caplog.text
    assert len(lines(spool)) == 3


# The file

EVENTS = [
    event
    for n in range(6)
    for event in (Start(f"e{n}", "p", later(minutes=n)), End(f"e{n}", later(minutes=n, seconds=1), True))
]


@pytest.mark.parametrize("cut", [1, 20, -1])
def test_a_line_that_was_torn_when_somebody_was_killed_is_set_aside(
    execution_store: ExecutionStore, spool: Spool, place: Connection, cut: int
) -> None:
    spool.append(EVENTS[:4])
    with spool.events.open("a") as file:
        file.write(to_line(EVENTS[4])[:cut])
    spool.append(EVENTS[6:])
    with spool.events.open("a") as file:
        file.write(to_line(EVENTS[4])[:cut])
    done = deliver_spool(place)
    assert (done.events, done.rejected) == (10, 2)
    assert spool.rejected.read_text().count("the line is cut off") == 2
    assert [k for (k,) in executions(execution_store, "e.execution_id")] == ["e0", "e1", "e3", "e4", "e5"]


def test_events_that_cannot_be_recorded_do_not_hold_the_others_up(
    execution_store: ExecutionStore, spool: Spool, place: Connection
) -> None:
    spool.append(EVENTS[:2])
    bad = [
        "no json",
        "[]",
        '{"event": "other"}',
        '{"event": "start", "execution_id": "x"}',
        '{"event": "end", "execution_id": "x", "end_date": "soon"}',
        json.dumps({**json.loads(to_line(EVENTS[3])), "inserts": -5}),
        to_line(End("unknown", T0, True)),
    ]
    with spool.events.open("a") as file:
        file.write("\n".join(bad) + "\n\n")
    spool.append(EVENTS[2:])
    done = deliver_spool(place)
    assert (done.events, done.rejected, len(done.reasons)) == (len(EVENTS), len(bad), len(bad))
    said = spool.rejected.read_text().splitlines()
    assert sorted(said[1::2]) == sorted(bad)
    assert all(line.startswith("# ") for line in said[::2])
    assert done.problems[0].startswith(
        f"7 event(s) of pipelines cannot be recorded and were set aside in {spool.rejected}"
    )
    assert len(executions(execution_store, "1", "e.status = 'success'")) == 6


def test_an_event_that_the_database_refuses_is_found_among_the_others(
    execution_store: ExecutionStore, spool: Spool, place: Connection
) -> None:
    events = list(EVENTS)
    # The year 294277 fits into no timestamp; Python cannot say it, a file can.
    spool.append(events[:5])
    huge = Register(Pipeline("p", freshness="1 day"), T0)
    object.__setattr__(huge.pipeline.freshness, "number", 2**40)
    with pytest.raises(SourceError):
        execution_store.record([huge])
    recorded = spool_module._record(
        execution_store,
        [(event, b"x") for event in events[:7]] + [(huge, b"huge")] + [(event, b"x") for event in events[7:]],
    )
    assert [line for line, _ in recorded] == [b"huge"]
    assert len(executions(execution_store, "1", "e.status = 'success'")) == 6


def test_what_a_deliverer_left_when_it_was_killed_goes_first(
    execution_store: ExecutionStore, spool: Spool, place: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_module, "CHUNK", 3)
    spool.append(EVENTS[:8])
    real, calls = ExecutionStore.record, []

    def failing(self: ExecutionStore, events: Any) -> Any:
        calls.append(len(events))
        if len(calls) == 2:
            raise SourceError("gone")
        return real(self, events)

    monkeypatch.setattr(ExecutionStore, "record", failing)
    with pytest.raises(SourceError, match="gone"):
        deliver_spool(place)
    spool.append(EVENTS[8:])
    assert spool.waiting() == len(EVENTS) - 3
    done = deliver_spool(place)
    assert done.events == len(EVENTS) - 3
    assert calls == [3, 3, 3, 2, 3, 1]
    assert len(executions(execution_store, "1", "e.status = 'success'")) == 6
    assert sorted(p.name for p in spool.folder.iterdir()) == ["append.lock", "deliver.lock"]


def test_a_pipeline_does_not_deliver_for_long(
    execution_store: ExecutionStore, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_module, "CHUNK", 2)
    spool.append(EVENTS)
    done = spool.deliver(execution_store, seconds=0.0)
    assert (done.events, done.waiting) == (2, len(EVENTS) - 2)
    assert spool.deliver(execution_store).events == len(EVENTS) - 2


def test_writers_do_not_wait_for_a_delivery_and_a_second_deliverer_stands_back(
    execution_store: ExecutionStore, spool: Spool, place: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool.append(EVENTS[:4])
    inside, go_on = threading.Event(), threading.Event()
    real = ExecutionStore.record

    def slow(self: ExecutionStore, events: Any) -> Any:
        inside.set()
        assert go_on.wait(20)
        return real(self, events)

    monkeypatch.setattr(ExecutionStore, "record", slow)
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(deliver_spool(place)))
    thread.start()
    assert inside.wait(20)
    spool.append(EVENTS[4:])
    assert deliver_spool(place).events == 0
    go_on.set()
    thread.join()
    assert found[0].events == len(EVENTS)
    assert len(executions(execution_store, "1", "e.status = 'success'")) == 6


def test_databases_have_spools_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOOKOUT_SPOOL", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    other = Connection("other", {**AWAY.parameters, "dbname": "y"})
    renamed = Connection("renamed", {**AWAY.parameters, "user": "v", "password": "z"})
    folders = {spool_for(c).folder for c in (AWAY, other, renamed, None)}
    assert len(folders) == 3
    assert all("hunter2" not in str(folder) and folder.is_relative_to(tmp_path) for folder in folders)
