"""Many databases at once, and everything that can go wrong with one of them without touching the others."""

from __future__ import annotations

import _thread
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import psycopg2
import pybreaker
import pytest

from lookout.database.connection import Connection, connect
from lookout.database.limits import OutOfTimeError, TimeLimit
from lookout.database.options import CollectOptions
from lookout.database.retries import Breakers, RetryPolicy, UnreachableError, open_connection
from lookout.engines.catalog import Relation
from lookout.engines.session import Session
from lookout.errors import ConfigError, SourceError
from lookout.profiling.checks import check_monitor
from lookout.profiling.collect import CollectionOutcome, collect
from lookout.profiling.query import ProfileRequest
from lookout.project.declarations.monitor import Metric, Monitor
from tests.faults.proxy import Proxy, proxy
from tests.waiting import Clock, ended_by_the_test, wait_until

AS_OF = datetime(2026, 3, 10, 12, 30, tzinfo=timezone.utc)
TODAY = datetime(2026, 3, 10, tzinfo=timezone.utc)
SINCE = TODAY - timedelta(days=30)
VOLUME = (Metric("row_count", "count"), Metric("freshness", "positive"))
ONCE = RetryPolicy(max_attempts=1)
Sql = Callable[..., list[tuple[Any, ...]]]

TABLES = """
create table good (at timestamptz, v numeric, note text, doc json);
insert into good select timestamptz '2026-03-07' + n * interval '1 hour', n, 'x', '{}' from generate_series(0, 71) as n;
create view a_view as select at, v from good;
create table parted (at timestamp, v int) partition by range (at);
create table parted_1 partition of parted for values from ('2026-03-01') to ('2026-04-01');
insert into parted select timestamp '2026-03-09' + n * interval '1 hour', n from generate_series(0, 23) as n;
create materialized view a_snapshot as select * from good;
create table odd (at timestamp, f float8, r real, n numeric, big int8, note text);
insert into odd
select timestamp '2026-03-07' + k * interval '1 hour', k % 24, k % 24, k % 24, 9e18, '4711 secret ' || k from generate_series(0, 71) as k;
insert into odd values
    ('2026-03-09', 'NaN', 'Infinity', 1e400, 1, '7'), ('2026-03-09', 'Infinity', 'NaN', 'NaN', 1, '7'),
    (null, 1, 1, 1, 1, '7'), ('-infinity', 1, 1, 1, 1, '7'), ('1970-01-01', 1, 1, 1, 1, '7'), ('0001-01-01', 1, 1, 1, 1, '7'),
    ('infinity', 1, 1, 1, 1, '7'), ('294276-12-31', 1, 1, 1, 1, '7'), ('0044-03-15 BC', 1, 1, 1, 1, '7');
create function refuse(text) returns int language plpgsql as $$ begin raise exception 'cannot take %', $1; end $$;
create table nothing_in_it (at timestamptz);
create table old_rows (at timestamptz);
insert into old_rows values ('2020-01-01'), (null);
create table ahead (at timestamptz);
insert into ahead values ('2026-03-09'), ('2026-03-10 12:30:00+00'), ('2026-03-10 12:30:01+00'), ('2031-01-01');
create table as_text (at text);
create table on_days (at date);
create domain moment as timestamptz;
create table in_domain (at moment);
insert into in_domain values ('2026-03-09');
create sequence a_sequence;
create table "Capital" (at timestamptz);
create view asleep as select timestamptz '2026-03-09' as at from pg_sleep(1);
create view asleep_for_long as select timestamptz '2026-03-09' as at from pg_sleep(3600);
create view behind_a_gate as select timestamptz '2026-03-09' as at from pg_advisory_xact_lock_shared(12);
"""


@pytest.fixture(scope="module")
def source(server: Any, sql_rows: Sql) -> Connection:
    connection: Connection = server.create_database()
    sql_rows(connection, TABLES)
    return replace(connection, name="batch")


@pytest.fixture(scope="module")
def sql_rows() -> Sql:
    def run(connection: Connection, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        with closing(connect(connection)) as handle, handle, handle.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall()) if cursor.description else []

    return run


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    yield
    wait_until(lambda: not [t.name for t in threading.enumerate() if t.name.startswith("lookout-source")])


def watch(table: str, *metrics: Metric, connection: str = "batch", **more: Any) -> Monitor:
    return Monitor(
        connection,
        more.pop("schema", "public"),
        table,
        more.pop("column", "at"),
        more.pop("grain", "day"),
        metrics or VOLUME,
        **more,
    )


def options(**settings: Any) -> CollectOptions:
    """Options with a memory of their own, so that one test's failures do not open another's breaker."""
    return CollectOptions(**{"breakers": Breakers(), "retry": ONCE, "hang_grace": 1.0, **settings})


def look(source: Connection, *watched: Monitor, **settings: Any) -> list[CollectionOutcome]:
    requests = [ProfileRequest(monitor, SINCE) for monitor in watched]
    return collect(requests, {source.name: source}, as_of=AS_OF, options=options(**settings))


def counts(outcome: CollectionOutcome, metric: str = "row_count") -> list[float]:
    frame = outcome.observations
    return [float(value) for value in frame[frame["metric"] == metric]["value"]]


# What comes of a table -----------------------------------------------------------------------------------------------


def test_tables_views_partitions_and_domains_are_all_read(source: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookout.profiling.collect.time", Clock(tick=1.5))
    names = ["good", "a_view", "a_snapshot", "parted", "in_domain"]
    outcomes = look(source, *(watch(name) for name in names))
    assert [(o.asset, o.status, o.message) for o in outcomes] == [(f"public.{name}", "ok", "") for name in names]
    assert [counts(o) for o in outcomes] == [[24, 24, 24], [24, 24, 24], [24, 24, 24], [24], [1]]
    first = outcomes[0]
    assert (first.profiled_from, first.watermark, first.first_bucket) == (SINCE, TODAY, TODAY - timedelta(days=3))
    assert (first.rows_profiled, first.future_rows, first.attempts) == (72, 0, 1)
    assert first.latest_at == TODAY - timedelta(hours=1)
    assert first.duration_seconds == 1.5


def test_rows_from_the_future_are_reported(source: Connection) -> None:
    (outcome,) = look(source, watch("ahead"))
    assert (outcome.status, outcome.future_rows, counts(outcome), outcome.latest_at) == ("ok", 2, [1.0], AS_OF)
    assert outcome.message == (
        "Table public.ahead holds 2 rows with 'at' after 2026-03-10 12:30 UTC; they are not judged."
    )


@pytest.mark.parametrize(
    ("watched", "status", "message"),
    [
        (watch("nothing_in_it"), "empty", "Table public.nothing_in_it holds no rows; check the job that loads it."),
        (watch("old_rows"), "empty", "Table public.old_rows holds no rows with 'at' from 2026-02-08 on; "),
        (watch("good", row_filter="v < 0"), "empty", "holds no rows that pass its filter with 'at' from "),
        (watch("goood"), "missing_table", "There is no table 'goood' in schema 'public'; did you mean 'good'?"),
        (watch("capital"), "missing_table", "did you mean 'Capital'?"),
        (watch("good", schema="publik"), "missing_table", "There is no schema 'publik'; did you mean 'public'?"),
        (watch("zzzzzz", schema="zzzzzz"), "missing_table", "There is no schema 'zzzzzz', or it is in another"),
        (watch("a_sequence"), "missing_table", "public.a_sequence is not a table or a view; "),
        (watch("good", column="att"), "missing_column", "Table public.good has no column 'att'; did you mean 'at'?"),
        (watch("good", column="AT"), "missing_column", "Table public.good has no column 'AT'; did you mean 'at'?"),
        (watch("as_text"), "wrong_type", "Timestamp column 'at' of public.as_text is of type text: name a column "),
        (watch("on_days", grain="hour"), "wrong_type", "is a date and holds no hours: set grain: day."),
    ],
)
def test_what_is_wrong_with_a_table_is_one_sentence(
    source: Connection, watched: Monitor, status: str, message: str
) -> None:
    outcome, beside = look(source, watched, watch("good"))
    assert outcome.status == status
    assert message in outcome.message
    assert outcome.message.endswith((".", "?"))
    assert outcome.observations.empty
    assert (beside.status, counts(beside)) == ("ok", [24, 24, 24])


@pytest.mark.parametrize(
    ("metric", "status", "message"),
    [
        (Metric("mean", "real", "w"), "missing_column", "Table public.good has no column 'w'; "),
        (Metric("mean", "real", "note"), "wrong_type", "Metric mean needs a number, and column 'note' of public.good"),
        (Metric("distinct_count", "count", "doc"), "wrong_type", "Values of type json (column 'doc' of public.good) "),
        (Metric("own", "count", expression="count(w)"), "missing_column", 'column "w" does not exist'),
        (Metric("own", "count", expression="count("), "error", "syntax error at or near"),
        (Metric("own", "count", expression="max(note)"), "error", "invalid input syntax for type double precision"),
        (Metric("own", "count", expression="sum(1 / (v - v))"), "error", "division by zero"),
    ],
)
def test_one_wrong_metric_does_not_blind_the_others(
    source: Connection, metric: Metric, status: str, message: str
) -> None:
    (outcome,) = look(source, watch("good", *VOLUME, metric))
    assert (outcome.status, counts(outcome), counts(outcome, metric.name)) == (status, [24, 24, 24], [])
    assert message in outcome.message
    assert outcome.watermark is None


def test_a_row_that_is_no_number_or_has_no_time_costs_only_itself(source: Connection) -> None:
    columns = ("f", "r", "n")
    metrics = [Metric(name, "real", column) for column in columns for name in ("mean", "sum", "min", "max", "stddev")]
    (outcome,) = look(source, watch("odd", *VOLUME, *metrics))
    assert (outcome.status, outcome.unmeasured, outcome.undated_rows, outcome.future_rows) == ("ok", (), 4, 2)
    assert counts(outcome) == [24, 24, 26]
    for name, value in {"mean": 11.5, "sum": 276, "min": 0, "max": 23}.items():
        assert counts(outcome, name) == [value] * 9
    assert outcome.message == (
        "Table public.odd holds 2 rows with 'at' after 2026-03-10 12:30 UTC; they are not judged. Times without a zone are "
        "read as UTC: set `time_zone` if that is wrong. Table public.odd holds 4 rows without a time in 'at'; they "
        "belong to no bucket and are not judged. Table public.odd holds NaN or infinity in 2 rows of 'f' and 2 rows of 'r' "
        "and 2 rows of 'n'; numbers are judged without them."
    )


FAILING = {
    "out of range": "sum(big)::bigint",
    "division by zero": "sum(1 / (big - big))",
    '"…"': "max(note::int)",
    "timestamp out of range": "date_part('epoch', max(least(at, '2026-03-09') + interval '300000 years'))",
    "a text cannot be decoded": "max(length(convert_from(decode('ff', 'hex'), 'UTF8') || note))",
    "a function raised an exception": "max(refuse(note))",
    'column "nowhere" does not exist': "max(nowhere)",
}


def test_a_failing_metric_costs_only_itself_and_its_message_holds_no_value(source: Connection) -> None:
    failing = [Metric(f"m{number}", "real", expression=text) for number, text in enumerate(FAILING.values())]
    good = (*VOLUME, Metric("mean", "real", "n"), Metric("own", "count", expression="count(note)"))
    watched = watch("odd", *good[:3], *failing, good[3])
    (outcome,) = look(source, watched)
    assert (counts(outcome), counts(outcome, "mean"), counts(outcome, "own")) == (
        [24, 24, 26],
        [11.5] * 3,
        [24, 24, 26],
    )
    assert outcome.status != "ok"
    assert outcome.is_evaluated
    assert outcome.watermark is None
    assert outcome.unmeasured == tuple(watched.key_of(metric) for metric in failing)
    for number, reason in enumerate(FAILING):
        assert f"m{number} could not be measured: " in outcome.message
        assert reason in outcome.message
    assert not {"4711", "secret"} & set(outcome.message.replace('"', " ").split())


def test_a_filter_that_fails_blinds_the_table_and_names_no_value(source: Connection) -> None:
    (outcome,) = look(source, watch("odd", *VOLUME, row_filter="note::int > 3"))
    assert (outcome.status, outcome.unmeasured, outcome.is_evaluated) == ("error", None, False)
    assert outcome.message.startswith("Table public.odd of ")
    assert outcome.message.endswith('invalid input syntax for type integer: "…".')


def test_every_problem_of_a_table_is_named(source: Connection) -> None:
    (outcome,) = look(source, watch("good", *VOLUME, Metric("mean", "real", "note"), Metric("max", "real", "w")))
    assert (outcome.status, outcome.message.count("; ")) == ("wrong_type", 2)
    assert "column 'note'" in outcome.message
    assert "column 'w'" in outcome.message


@pytest.fixture
def reader(source: Connection, sql_rows: Sql) -> Iterator[Connection]:
    """The source through a role that may read nothing yet."""
    sql_rows(source, "create role some_reader login")
    yield Connection("batch", {**source.parameters, "user": "some_reader"})
    sql_rows(source, "drop owned by some_reader; drop role some_reader")


def test_rights_that_are_missing(source: Connection, reader: Connection, sql_rows: Sql) -> None:
    sql_rows(source, "create schema if not exists closed; create table if not exists closed.t (at timestamptz)")
    outcomes = look(reader, watch("good"), watch("t", schema="closed"))
    assert [o.status for o in outcomes] == ["permission_denied", "permission_denied"]
    assert outcomes[0].message == (
        "User 'some_reader' may not read column 'at' of public.good: grant select on it to 'some_reader'."
    )
    assert outcomes[1].message == ("User 'some_reader' may not use schema closed: grant usage on it to 'some_reader'.")


def test_rights_on_some_columns_are_enough_for_their_metrics(
    source: Connection, reader: Connection, sql_rows: Sql
) -> None:
    sql_rows(source, "grant select (at, v) on good to some_reader")
    own = Metric("own", "real", expression="sum(v)")
    fine, hidden = look(reader, watch("good", *VOLUME, own), watch("good", Metric("null_rate", "rate", "note")))
    assert (fine.status, counts(fine, "own")) == ("ok", [276, 852, 1428])
    assert (hidden.status, "column 'note'" in hidden.message) == ("permission_denied", True)


def test_a_session_can_write_nothing(source: Connection) -> None:
    with closing(Session(source, options(), threading.Event())) as session:
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
            session.fetch_rows("create table written (a int)")
        assert session.fetch_rows("select current_setting('transaction_read_only')") == [("on",)]


def test_no_transaction_stays_open_between_tables(source: Connection, sql_rows: Sql) -> None:
    with closing(Session(source, options(), threading.Event())) as session:
        ((pid,),) = session.fetch_rows("select pg_backend_pid()")
        assert sql_rows(source, "select state from pg_stat_activity where pid = %s", (pid,)) == [("idle",)]


# Time ----------------------------------------------------------------------------------------------------------------


def test_twelve_sources_are_read_at_once(server: Any, source: Connection, sql_rows: Sql) -> None:
    """O-N1: no query ends before all twelve are running."""
    connections = {f"s{n}": replace(source, name=f"s{n}") for n in range(12)}
    waiting = (
        "select count(*) from pg_locks join pg_database on oid = database and datname = current_database() "
        "where locktype = 'advisory' and not granted"
    )
    at_once: list[bool] = []
    gate = connect(source)
    with gate.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(12)")

    def open_the_gate() -> None:
        with closing(gate):
            at_once.append(wait_until(lambda: sql_rows(source, waiting) == [(12,)]))

    opener = threading.Thread(target=open_the_gate)
    opener.start()
    requests = [ProfileRequest(watch("behind_a_gate", connection=name), SINCE) for name in connections]
    outcomes = collect(requests, connections, as_of=AS_OF, options=options(lock_timeout=300))
    opener.join()
    assert at_once == [True]
    assert {o.status for o in outcomes} == {"ok"}


def test_a_query_that_takes_too_long(source: Connection) -> None:
    slow, beside = look(source, watch("asleep_for_long"), watch("good"), statement_timeout=0.3)
    assert (slow.status, beside.status) == ("timeout", "ok")
    assert "did not answer within 0.3 s: index its timestamp, shorten `history`, or raise the statement" in slow.message


def test_a_table_that_somebody_has_locked(source: Connection) -> None:
    with closing(connect(source)) as other:
        with other.cursor() as cursor:
            cursor.execute("lock table parted in access exclusive mode")
        locked, beside = look(source, watch("parted"), watch("good"), lock_timeout=0.2)
    assert (locked.status, beside.status) == ("timeout", "ok")
    assert "is locked by somebody else for more than 0.2 s; run it later." in locked.message


@contextmanager
def fake_server(answer: bytes = b"") -> Iterator[Connection]:
    """A port that accepts connections and then says this, or nothing."""
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        calls: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    call, _ = listening.accept()
                except OSError:
                    return
                calls.append(call)
                if answer:
                    call.recv(4096)
                    call.sendall(answer)
                    call.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        parameters = {
            "host": "127.0.0.1",
            "port": listening.getsockname()[1],
            "user": "u",
            "password": "s3cret",
            "dbname": "d",
            "sslmode": "disable",
            "gssencmode": "disable",
        }
        yield Connection("fake", parameters)
        listening.shutdown(socket.SHUT_RDWR)
        for call in calls:
            call.close()
        thread.join(2)


def refusal(message: str, code: str) -> bytes:
    body = b"".join(part.encode() + b"\0" for part in ("SFATAL", "VFATAL", f"C{code}", f"M{message}")) + b"\0"
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body


def test_a_port_that_never_answers(source: Connection) -> None:
    with fake_server() as silent:
        requests = [ProfileRequest(watch("t", connection="fake"), SINCE), ProfileRequest(watch("good"), SINCE)]
        connections = {"fake": silent, "batch": source}
        done: list[str] = []
        outcomes = collect(
            requests,
            connections,
            as_of=AS_OF,
            options=options(connect_timeout=2),
            on_done=lambda outcome: done.append(outcome.asset),
        )
    assert [o.status for o in outcomes] == ["source_unreachable", "ok"]
    assert "timeout expired" in outcomes[0].message
    assert "s3cret" not in outcomes[0].message
    assert done == ["public.good", "public.t"], "the other source does not wait for it"


def test_a_server_that_stops_in_the_middle_of_a_query(source: Connection, sql_rows: Sql) -> None:
    # Only the query that sleeps: the one before it, of the catalog, names the table too and serves both.
    query = "select pid from pg_stat_activity where wait_event = 'PgSleep' and query like '%asleep_for_long%'"
    stopped: list[int] = []
    is_over = threading.Event()

    def stop() -> None:
        stopped.extend(pid for (pid,) in wait_until(lambda: sql_rows(source, query)))
        os.kill(stopped[0], signal.SIGSTOP)
        # Should Lookout not hang up, the server goes on after a while, so that this test fails and does not hang.
        if not is_over.wait(15):
            os.kill(stopped[0], signal.SIGCONT)

    thread = threading.Thread(target=stop)
    thread.start()
    try:
        requests = [ProfileRequest(watch(name), SINCE) for name in ("asleep_for_long", "good")]
        # Long enough that the server is stopped in this query also on a busy machine.
        settings = options(statement_timeout=6.0, hang_grace=0.5)
        hung, beside = collect(requests, {"batch": source}, as_of=AS_OF, options=settings)
    finally:
        is_over.set()
        thread.join()
        os.kill(stopped[0], signal.SIGCONT)
    assert (hung.status, beside.status, beside.attempts) == ("source_unreachable", "ok", 2)
    assert "stopped answering; Lookout hung up: check that server." in hung.message


def look_through(running: Proxy, *names: str, **settings: Any) -> list[CollectionOutcome]:
    """Collect tables of one source through a proxy, with limits of fractions of a second."""
    requests = [ProfileRequest(watch(name, connection="far", grain="hour"), SINCE) for name in names]
    limits = options(**{"statement_timeout": 0.3, "hang_grace": 0.2, "connect_timeout": 2, **settings})
    return collect(requests, {"far": running.connection}, as_of=AS_OF, options=limits)


def test_a_source_that_stalls_is_left_when_its_time_is_over(source: Connection) -> None:
    """Two stall, each on a connection of its own, and the others are not even asked for."""
    with proxy(source, "far", stall_after=2500) as far:
        outcomes = look_through(far, *["good"] * 20, source_limit=0.9)
    assert {o.status for o in outcomes} == {"source_unreachable"}
    assert "has used up the 0.9 seconds that one source may take in a run" in outcomes[-1].message
    assert far.opened <= 3


def test_a_source_that_stalls_again_and_again_is_left_alone(source: Connection) -> None:
    with proxy(source, "far", stall_after=2500) as far:
        outcomes = look_through(far, *["good"] * 20, breakers=Breakers(fail_max=2))
    assert {o.status for o in outcomes} == {"source_unreachable"}
    assert "did not answer 2 queries in a row in time and is left alone for 60 s" in outcomes[-1].message
    assert far.opened <= 3


def test_a_table_that_takes_too_long_does_not_count_against_the_next(source: Connection) -> None:
    names = ("asleep_for_long", "good") * 3
    outcomes = look(source, *map(watch, names), statement_timeout=0.3, breakers=Breakers(fail_max=2))
    assert [o.status for o in outcomes] == ["timeout", "ok"] * 3


def test_the_time_of_a_source_is_that_of_all_steps(source: Connection) -> None:
    settings = options(source_limit=5.0)
    settings.source_times.add(source, 6.0)
    first, beside = collect(
        [ProfileRequest(watch("good"), SINCE), ProfileRequest(watch("good", connection="other"), SINCE)],
        {"batch": source, "other": replace(source, name="other")},
        as_of=AS_OF,
        options=settings,
    )
    assert (first.status, beside.status) == ("source_unreachable", "ok")


def test_the_end_of_the_run_ends_the_collection(source: Connection, sql_rows: Sql) -> None:
    settings = options(time_limit=TimeLimit(0.5, "The run has used up its time."))
    with (
        ended_by_the_test(source, "asleep_for_long") as ended,
        pytest.raises(OutOfTimeError, match="The run has used up its time"),
    ):
        collect([ProfileRequest(watch("asleep_for_long"), SINCE)], {"batch": source}, as_of=AS_OF, options=settings)
    wait_until(lambda: not running(source, sql_rows))
    assert ended == []


# Connections ---------------------------------------------------------------------------------------------------------


def test_one_dead_source_is_an_outcome_for_each_of_its_tables(source: Connection) -> None:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    dead = Connection("dead", {"host": "127.0.0.1", "port": port, "user": "u", "password": "s3cret", "dbname": "d"})
    watched = [watch("a", connection="dead"), watch("good"), watch("b", connection="dead")]
    told: list[str] = []
    outcomes = collect(
        [ProfileRequest(monitor, SINCE) for monitor in watched],
        {"dead": dead, "batch": source},
        as_of=AS_OF,
        options=options(),
        on_done=lambda outcome: told.append(outcome.asset),
    )
    assert [o.status for o in outcomes] == ["source_unreachable", "ok", "source_unreachable"]
    assert sorted(told) == ["public.a", "public.b", "public.good"]
    assert f"Cannot connect to dead (127.0.0.1:{port}/d): " in outcomes[0].message
    assert "refused" in outcomes[0].message
    assert "s3cret" not in outcomes[0].message
    row = outcomes[0].result_row(AS_OF, "run").iloc[0]
    assert (row["connection"], row["asset"], row["status"], row["attempts"]) == (
        "dead",
        "public.a",
        outcomes[0].status,
        1,
    )


def test_a_connection_nobody_knows(source: Connection) -> None:
    unknown, beside = look(source, watch("good", connection="elsewhere"), watch("good"))
    assert (unknown.status, beside.status) == ("source_unreachable", "ok")
    assert "There is no output 'elsewhere' in profiles.yml" in unknown.message


@pytest.mark.parametrize(
    ("message", "code", "attempts"),
    [
        ('password authentication failed for user "u"', "28P01", 1),
        ('database "d" does not exist', "3D000", 1),
        ("the database system is starting up", "57P03", 3),
        ("sorry, too many clients already", "53300", 3),
    ],
)
def test_only_what_may_pass_is_tried_again(message: str, code: str, attempts: int) -> None:
    pauses: list[float] = []
    with fake_server(refusal(message, code)) as server:
        settings = options(retry=RetryPolicy(), sleep=pauses.append)
        (outcome,) = collect(
            [ProfileRequest(watch("t", connection="fake"), SINCE)], {"fake": server}, as_of=AS_OF, options=settings
        )
    assert (outcome.status, outcome.attempts, len(pauses)) == ("source_unreachable", attempts, attempts - 1)
    assert message in outcome.message
    assert "s3cret" not in outcome.message


class Flaky:
    """Opens nothing so many times, then connections that are plain objects."""

    def __init__(self, refusals: int, error: type[Exception] = psycopg2.OperationalError) -> None:
        self.refusals, self.error, self.calls = refusals, error, 0

    def __call__(self, connection: Connection) -> Any:
        self.calls += 1
        if self.calls <= self.refusals:
            try:
                raise self.error("connection refused")
            except psycopg2.Error as error:
                raise SourceError(f"Cannot connect to {connection.location}.") from error
        return object()


PLACE = Connection("flaky", {"host": "nowhere"})


def test_refused_twice_then_up_takes_three_seconds() -> None:
    """O-X4: pauses of 1.0 to 1.1 and 2.0 to 2.2 seconds."""
    pauses: list[float] = []
    opener = Flaky(2)
    _, attempts = open_connection(PLACE, opener, RetryPolicy(), Breakers(), stop=threading.Event(), sleep=pauses.append)
    assert (attempts, opener.calls) == (3, 3)
    assert 1.0 <= pauses[0] <= 1.1
    assert 2.0 <= pauses[1] <= 2.2
    assert 3.0 <= sum(pauses) <= 3.3


def test_pauses_grow_up_to_a_maximum_and_never_agree() -> None:
    policy = RetryPolicy()
    assert all(60 <= policy.pause(attempt) <= 66 for attempt in (7, 70, 7000))
    assert len({policy.pause(1) for _ in range(20)}) > 10


def test_a_wrong_statement_is_not_tried_again() -> None:
    opener = Flaky(1, psycopg2.ProgrammingError)
    with pytest.raises(UnreachableError) as caught:
        open_connection(PLACE, opener, RetryPolicy(), Breakers(), stop=threading.Event(), sleep=lambda _: None)
    assert (opener.calls, caught.value.attempts) == (1, 1)


def wait_a_minute(breakers: Breakers) -> None:
    """Let the breaker have opened a minute earlier than it has."""
    storage = breakers.of(PLACE)._state_storage
    storage.opened_at = storage.opened_at - timedelta(minutes=1)


def test_the_breaker_opens_after_five_failures_and_closes_after_one_success() -> None:
    """O-X5: closed, open, half open, open again, half open, closed."""
    breakers, opener = Breakers(cool_down=60), Flaky(6)

    def attempt() -> int:
        stop = threading.Event()
        return open_connection(PLACE, opener, RetryPolicy(max_attempts=3), breakers, stop=stop, sleep=lambda _: None)[1]

    for calls in (3, 5):
        with pytest.raises(UnreachableError):
            attempt()
        assert opener.calls == calls
    with pytest.raises(UnreachableError, match=r"failed 5 times in a row and is left alone for 60 s") as caught:
        attempt()
    assert (opener.calls, caught.value.attempts) == (5, 0)
    wait_a_minute(breakers)
    with pytest.raises(UnreachableError):
        attempt()
    assert (opener.calls, breakers.of(PLACE).current_state) == (6, pybreaker.STATE_OPEN)
    wait_a_minute(breakers)
    assert attempt() == 1
    assert (opener.calls, breakers.of(PLACE).current_state) == (7, pybreaker.STATE_CLOSED)


def test_a_breaker_belongs_to_one_source() -> None:
    breakers = Breakers(fail_max=1)
    with pytest.raises(UnreachableError):
        open_connection(PLACE, Flaky(1), ONCE, breakers, stop=threading.Event())
    other = Connection("other", {"host": "nowhere"})
    assert open_connection(other, Flaky(0), ONCE, breakers, stop=threading.Event())[1] == 1


def killer(source: Connection, sql_rows: Sql, times: int) -> threading.Thread:
    """A thread that ends the session that reads ``asleep``, so many times."""
    query = """
        select count(pg_terminate_backend(pid)) from pg_stat_activity
        where state = 'active' and query like '%"asleep"%' and pid <> pg_backend_pid()
    """

    def kill() -> None:
        for _ in range(times):
            wait_until(lambda: sql_rows(source, query)[0][0])

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


@pytest.mark.parametrize(("times", "status"), [(1, "ok"), (2, "source_unreachable")])
def test_a_connection_that_breaks_is_opened_once_more(
    source: Connection, sql_rows: Sql, times: int, status: str
) -> None:
    thread = killer(source, sql_rows, times)
    broken, beside = look(source, watch("asleep"), watch("good"))
    thread.join()
    assert (broken.status, beside.status, beside.attempts) == (status, "ok", times + 1)
    if times == 2:
        assert "the connection broke twice: " in broken.message


# Ending --------------------------------------------------------------------------------------------------------------


def running(source: Connection, sql_rows: Sql, table: str = "lookout_bucket") -> int:
    query = "select count(*) from pg_stat_activity where state = 'active' and query like %s and pid <> pg_backend_pid()"
    return int(sql_rows(source, query + " and application_name = 'lookout'", (f"%{table}%",))[0][0])


def interrupt_when(condition: Callable[[], Any]) -> None:
    """Press Ctrl-C as soon as the condition holds."""

    def press() -> None:
        wait_until(condition)
        _thread.interrupt_main()

    threading.Thread(target=press).start()


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Ctrl-C counts, although a shell starts what it runs in the background with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_ctrl_c_ends_the_queries_and_the_wait(source: Connection, sql_rows: Sql) -> None:
    interrupt_when(lambda: running(source, sql_rows, "asleep_for_long"))
    with ended_by_the_test(source, "asleep_for_long") as ended, pytest.raises(KeyboardInterrupt):
        look(source, watch("asleep_for_long"), watch("good"))
    wait_until(lambda: not running(source, sql_rows))
    assert ended == []


@pytest.mark.usefixtures("_interruptible")
def test_ctrl_c_ends_a_pause_between_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = Connection("dead", {"host": "127.0.0.1", "port": 1, "user": "u", "dbname": "d"})
    attempts: list[str] = []

    def attempt(connection: Connection, **settings: Any) -> Any:
        attempts.append(connection.name)
        return connect(connection, **settings)

    monkeypatch.setattr("lookout.engines.session.connect", attempt)
    interrupt_when(lambda: attempts)
    settings = options(retry=RetryPolicy(initial_delay=20))
    with pytest.raises(KeyboardInterrupt):
        collect([ProfileRequest(watch("t", connection="dead"), SINCE)], {"dead": dead}, as_of=AS_OF, options=settings)
    assert attempts == ["dead"], "a pause that is waited out ends in a second attempt"


def test_an_error_of_the_callback_ends_the_collection(source: Connection, sql_rows: Sql) -> None:
    def fail(_: CollectionOutcome) -> None:
        raise SourceError("the warehouse is full")

    requests = [ProfileRequest(watch(name), SINCE) for name in ("good", "asleep_for_long")]
    with (
        ended_by_the_test(source, "asleep_for_long") as ended,
        pytest.raises(SourceError, match="the warehouse is full"),
    ):
        collect(requests, {"batch": source}, as_of=AS_OF, options=options(), on_done=fail)
    wait_until(lambda: not running(source, sql_rows))
    assert ended == []


def test_nothing_to_do() -> None:
    assert collect([], {}, as_of=AS_OF) == []


# Settings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("MAX_RETRY_ATTEMPTS", "0"), ("MAX_RETRY_ATTEMPTS", "2.5"), ("MAX_RETRY_ATTEMPTS", "many"),
        ("RETRY_BACKOFF_FACTOR", "1"), ("RETRY_BACKOFF_FACTOR", "nan"), ("INITIAL_RETRY_DELAY", "-1"),
        ("INITIAL_RETRY_DELAY", "inf"), ("MAX_RETRY_DELAY", "0"), ("MAX_RETRY_DELAY", "0.5"),
    ],
)  # fmt: skip
def test_each_wrong_retry_setting_is_named(key: str, value: str) -> None:
    """O-X7."""
    with pytest.raises(ConfigError, match=key):
        CollectOptions.from_environment({key: value})


def test_retry_settings_from_the_environment() -> None:
    environment = {
        "MAX_RETRY_ATTEMPTS": "5",
        "RETRY_BACKOFF_FACTOR": "3",
        "INITIAL_RETRY_DELAY": "0.5",
        "MAX_RETRY_DELAY": " 9 ",
    }
    assert CollectOptions.from_environment(environment, statement_timeout=9).retry == RetryPolicy(5, 0.5, 3.0, 9.0)
    assert CollectOptions.from_environment({}).retry == RetryPolicy(3, 1.0, 2.0, 60.0)
    with pytest.raises(ConfigError) as caught:
        CollectOptions.from_environment({"MAX_RETRY_ATTEMPTS": "0", "RETRY_BACKOFF_FACTOR": "0"})
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    "name", ["statement_timeout", "lock_timeout", "connect_timeout", "hang_grace", "source_limit", "run_limit", "lease"]
)
def test_timeouts_are_positive(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is 0; it must be greater than 0."):
        CollectOptions(**{name: 0})


def test_a_column_somebody_hid_is_told_apart_from_one_that_is_missing() -> None:
    relation = Relation("r", columns={"at": "timestamptz", "v": "int4"}, hidden=frozenset({"v"}))
    finding = check_monitor(watch("t", *VOLUME, Metric("mean", "real", "v")), relation, "ann")
    assert (finding.status, finding.metrics) == ("permission_denied", VOLUME)
