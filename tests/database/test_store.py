"""The writer of the landing tables: what goes in comes out, a second time changes nothing, and two writers wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timezone
from typing import Any

import pandas as pd
import psycopg2
import pytest

from lookout.database.connection import Connection, connect
from lookout.database.store import Store
from lookout.database.writing import staged
from lookout.errors import ConfigError, LookoutError, SourceError
from tests.conftest import Server
from tests.waiting import wait_until

SCHEMA = 'moni"tor é; --'
TEXTS = [
    "",
    " ",
    "plain",
    "it's",
    'say "hi"',
    "a,b",
    "line\nbreak",
    "return\rback",
    "both\r\nends",
    "tab\there",
    "back\\slash",
    "\\N",
    "\\.",
    "line\n\\.\nend",
    "NULL",
    "null",
    "None",
    "NaN",
    "nan",
    "é 漢 🙂",
    "%s {schema}",
    "'; drop table lookout_runs; --",
    "\\x00",
    "x" * 5000,
]
TABLES = {
    "collection_results": "connection text, asset text, as_of timestamptz, message text, rows_profiled bigint, "
    "duration_seconds float8, run_id text, is_active boolean, primary key (connection, asset, as_of)",
    "metric_observations": "series_key text, bucket_start timestamptz, value float8, observed_at timestamptz, "
    "batch_number bigint, primary key (series_key, bucket_start)",
    "lookout_runs": "run_id text primary key, status text",
}
AT = pd.Timestamp("2026-01-01 12:34:56.789012", tz="UTC")


@pytest.fixture(scope="module")
def place(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Connection:
    connection = server.create_database("store")
    handle = connect(connection)
    quoted = SCHEMA.replace('"', '""')
    with handle, handle.cursor() as cursor:
        cursor.execute(f'create schema "{quoted}"')
        for name, columns in TABLES.items():
            cursor.execute(f'create table "{quoted}".{name} ({columns})')
    handle.close()
    return connection


@pytest.fixture(params=["as text", "as numbers"])
def store(place: Connection, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store that writes every frame as it writes few rows, or as it writes many."""
    if request.param == "as numbers":
        for name, value in {"LEAST_ROWS": 1, "LEAST_SHARE": 0, "ROWS_AT_A_TIME": 4}.items():
            monkeypatch.setattr(staged, name, value)
    with Store(place, SCHEMA) as store:
        for table in TABLES:
            store.execute(f"truncate {{schema}}.{table}")
        yield store


def results(texts: list[Any], **columns: Any) -> pd.DataFrame:
    assets = [f"t{n}" for n in range(len(texts))]
    return pd.DataFrame({"connection": "c", "asset": assets, "as_of": AT, "message": texts, **columns})


def test_every_text_comes_back_as_it_went_in(store: Store) -> None:
    assert store.upsert("collection_results", results([*TEXTS, None])) == len(TEXTS) + 1
    found = store.query("select message, as_of from {schema}.collection_results order by substr(asset, 2)::int")
    assert list(found["message"]) == [*TEXTS, None]
    assert set(found["as_of"]) == {AT.to_pydatetime()}


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_can_be_a_key_and_the_only_column(store: Store, text: str) -> None:
    assert store.upsert("lookout_runs", pd.DataFrame({"run_id": [text]})) == 1
    assert store.upsert("lookout_runs", pd.DataFrame({"run_id": [text]})) == 0
    assert list(store.query("select run_id from {schema}.lookout_runs")["run_id"]) == [text]


def test_a_character_that_no_database_stores_does_not_lose_the_row(store: Store) -> None:
    assert store.upsert("collection_results", results(["a\x00b", "\ud800", "fine"])) == 3
    found = store.query("select message from {schema}.collection_results order by asset")
    assert found["message"][2] == "fine"
    assert found["message"][0].startswith("a")


def test_numbers_and_missing_values(store: Store) -> None:
    frame = results(
        ["x"] * 5,
        duration_seconds=[0.1 + 0.2, float("nan"), float("inf"), float("-inf"), 1e-300],
        rows_profiled=pd.array([2**62, None, 0, -1, 7], dtype="Int64"),
        is_active=[True, False, None, True, False],
    )
    store.upsert("collection_results", frame)
    found = store.query(
        "select duration_seconds as d, rows_profiled::text as n, is_active as b "
        "from {schema}.collection_results order by asset"
    )
    assert found["d"].astype(object).where(found["d"].notna(), None).tolist() == [
        0.1 + 0.2,
        None,
        float("inf"),
        float("-inf"),
        1e-300,
    ]
    assert list(found["n"]) == [str(2**62), None, "0", "-1", "7"]
    assert list(found["b"]) == [True, False, None, True, False]


def observations(value: float, **columns: Any) -> pd.DataFrame:
    buckets = pd.date_range("2026-01-01", periods=50, freq="h", tz="UTC")
    return pd.DataFrame({"series_key": "s", "bucket_start": buckets, "value": value, **columns})


def test_a_second_time_changes_nothing(store: Store) -> None:
    first = observations(float("nan"), observed_at=AT, batch_number=1)
    first.loc[3, "value"] = 5.0
    assert store.upsert("metric_observations", first) == 50
    before = store.query("select xmin::text, ctid::text, * from {schema}.metric_observations order by bucket_start")
    later = first.assign(observed_at=AT + pd.Timedelta(days=1), batch_number=2)
    assert store.upsert("metric_observations", later) == 0
    assert before.equals(
        store.query("select xmin::text, ctid::text, * from {schema}.metric_observations order by bucket_start")
    )

    later.loc[3, "value"] = 6.0
    assert store.upsert("metric_observations", later) == 1
    changed = store.query("select value, batch_number from {schema}.metric_observations where batch_number = 2")
    assert changed.to_dict("records") == [{"value": 6.0, "batch_number": 2}]


def test_rows_that_come_between_looking_and_writing(store: Store, place: Connection) -> None:
    both = pd.concat([observations(1.0), observations(2.0).assign(series_key="other")])
    statement = str(store.named("insert into {schema}.metric_observations values ('s', %s, 0)"))
    with Store(place, SCHEMA) as other, ThreadPoolExecutor(1) as pool:
        with closing(connect(place)) as faster, faster, faster.cursor() as cursor:
            cursor.execute(statement, (AT.floor("D"),))
            slower = pool.submit(store.upsert, "metric_observations", both)
            wait_until(lambda: len(other.query("select 1 from pg_locks where not granted")))
        assert slower.result(60) == 100
    found = store.query("select min(value) as low, count(*) as n from {schema}.metric_observations")
    assert found.to_dict("records") == [{"low": 1.0, "n": 100}]


def test_nothing_to_write(store: Store) -> None:
    assert store.upsert("metric_observations", observations(1.0).head(0)) == 0


def test_the_session_speaks_utc_whatever_the_database_says(store: Store, place: Connection, server: Server) -> None:
    server.run("alter database store set timezone to 'Asia/Kathmandu'")
    with Store(place, SCHEMA) as other:
        aware = pd.Timestamp("2026-03-29 03:30:00", tz="Europe/Berlin")
        other.upsert("collection_results", results(["x"]).assign(as_of=aware))
        found = other.query("select as_of from {schema}.collection_results")
    assert found["as_of"][0] == aware.to_pydatetime()
    assert found["as_of"][0].utcoffset().total_seconds() == 0


def test_numbers_come_as_they_are(store: Store) -> None:
    text = "select cast(n as double precision), v from (values (1, 0.1), (2, 'nan'), (3, '-inf')) as t (n, v)"
    found = store.fetch_numbers(text.replace("0.1", "cast(0.1 as double precision)"), 2)
    assert found[:, 0].tolist() == [1.0, 2.0, 3.0]
    assert (found[0, 1], found[2, 1]) == (0.1, float("-inf"))
    assert found[1, 1] != found[1, 1]
    none = store.fetch_numbers("select 1::float8, 2::float8, %s::float8 where false", 3, (1,))
    assert none.shape == (0, 3)


def test_two_writers_of_the_same_rows_lose_nothing(store: Store, place: Connection) -> None:
    problems: list[BaseException] = []

    def write(value: float) -> None:
        try:
            with Store(place, SCHEMA) as mine:
                for _ in range(10):
                    mine.upsert("metric_observations", observations(value))
        except (LookoutError, psycopg2.Error) as error:
            problems.append(error)

    writers = [threading.Thread(target=write, args=(float(n),)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert problems == []
    found = store.query("select count(*) as n, count(distinct value) as v from {schema}.metric_observations")
    assert found.to_dict("records") == [{"n": 50, "v": 1}]


def test_a_table_that_is_missing(store: Store) -> None:
    assert store.missing_tables(["baselines", "lookout_runs"]) == ["baselines"]
    for attempt in (
        lambda: store.upsert("baselines", observations(1.0)),
        lambda: store.query("select 1 from {schema}.baselines"),
        lambda: store.fetch_numbers("select 1 from {schema}.baselines", 1),
        lambda: store.execute("delete from {schema}.baselines"),
    ):
        with pytest.raises(ConfigError, match=r"A table of the monitoring schema is missing in store .*lookout run"):
            attempt()
    # A failed statement leaves the store usable.
    assert store.upsert("lookout_runs", pd.DataFrame({"run_id": ["a"]})) == 1


def test_what_the_database_refuses_is_one_sentence(store: Store) -> None:
    twice = pd.concat([observations(1.0), observations(2.0)])
    with pytest.raises(SourceError, match=r"Could not write to .*metric_observations in store") as caught:
        store.upsert("metric_observations", twice)
    assert "\n" not in str(caught.value)
    with pytest.raises(SourceError):
        store.upsert("metric_observations", observations(1.0).assign(value="many"))
    assert store.query("select 1 as one from {schema}.metric_observations").empty


def test_a_server_that_goes_away_is_a_sentence(store: Store, server: Server, place: Connection) -> None:
    server.run("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'store'")
    for _ in range(2):
        with pytest.raises(SourceError, match="Could not read the monitoring schema in store"):
            store.query("select 1")


def test_times_before_the_epoch_and_without_a_zone(store: Store) -> None:
    early = datetime(1969, 7, 20, 20, 17, tzinfo=timezone.utc)
    store.upsert("collection_results", results(["x"]).assign(as_of=early))
    assert store.query("select as_of from {schema}.collection_results")["as_of"][0] == early
