"""The store of pipelines, executions and watermarks, case by case. Case ids are those of the system it replaces."""

from __future__ import annotations

import hashlib
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from lookout.database.connection import Connection
from lookout.errors import ConfigError, SourceError
from lookout.tracking.executions.events import End, Event, Heartbeat, Register, Start, from_line, to_line
from lookout.tracking.executions.store import ExecutionStore
from lookout.tracking.executions.watermarks import ClosedExecution, WatermarkState, advance, is_later
from lookout.tracking.model import (
    METRIC_FIELDS,
    Address,
    Limit,
    Pipeline,
    PipelineType,
    address_id,
    addresses,
    input_hash,
    pipeline_id,
    watermark_text,
)
from tests.conftest import Server
from tests.tracking.track_place import T0, empty_execution_store, executions, later, track_place, watermark


@pytest.fixture(scope="module")
def place(server: Server) -> Connection:
    return track_place(server, "track_ledger")


@pytest.fixture
def execution_store(place: Connection) -> Iterator[ExecutionStore]:
    with empty_execution_store(place) as execution_store:
        yield execution_store


def pipelines(execution_store: ExecutionStore, columns: str) -> list[tuple[Any, ...]]:
    return execution_store.query(f"select {columns} from {{schema}}.pipelines order by name")


def run(
    execution_store: ExecutionStore,
    key: str,
    reached: str | None,
    ok: bool = True,
    *,
    pipeline: str = "p",
    at: float = 0,
    **end: Any,
) -> None:
    """One execution that starts where the pipeline stands and takes a minute."""
    found = execution_store.register(pipeline, at=T0)
    start = Start(key, pipeline, later(hours=at), watermark=found.watermark, next_watermark=reached)
    execution_store.record([start])
    execution_store.record([End(key, later(hours=at, minutes=1), ok, **end)])


def test_w_m1_registering_twice_gives_one_pipeline(execution_store: ExecutionStore) -> None:
    first, second = execution_store.register("sales", at=T0), execution_store.register("sales", at=later(days=1))
    assert (first.is_new, second.is_new) == (True, False)
    assert first.pipeline_id == second.pipeline_id == pipeline_id("sales")
    assert pipelines(execution_store, "name, pipeline_type, active, load_lineage, created_at, updated_at") == [
        ("sales", "script", True, True, T0, None)
    ]


def test_w_m2_names_of_pipelines_are_normalised_and_those_of_addresses_keep_their_case(
    execution_store: ExecutionStore,
) -> None:
    assert (
        execution_store.register(" Sales ", at=T0).pipeline_id == execution_store.register("sales", at=T0).pipeline_id
    )
    assert pipelines(execution_store, "name") == [("sales",)]
    execution_store.register(Pipeline("typed", " Extraction "), at=T0)
    assert pipelines(execution_store, "pipeline_type")[1] == ("extraction",)
    assert address_id("s3://Bucket/Key") != address_id("s3://bucket/key")
    assert address_id(" a ") == address_id("a") == hashlib.md5(b"a").hexdigest()


SETTINGS = {
    "pipeline_type": "extraction",
    "owner": "data@shop.example",
    "freshness": "15 minutes",
    "metadata": {"a": [1, "é"]},
}


def test_w_m3_the_same_settings_from_another_process_change_nothing(execution_store: ExecutionStore) -> None:
    execution_store.register(Pipeline("sales", **SETTINGS), at=T0)
    code = (
        "import json, sys; from lookout import Pipeline; print(Pipeline('sales', **json.loads(sys.argv[1])).input_hash)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, json.dumps(SETTINGS)], capture_output=True, text=True, check=True
    )
    assert pipelines(execution_store, "input_hash") == [(said.stdout.strip(),)]
    execution_store.register(Pipeline("sales", **SETTINGS), at=later(days=1), next_watermark="7")
    assert pipelines(execution_store, "updated_at, next_watermark") == [(None, "7")]
    assert input_hash({"a": 1, "next_watermark": 1}) == input_hash({"next_watermark": 2, "a": 1})


def test_w_m3_a_changed_setting_is_written_and_a_removed_one_becomes_null(execution_store: ExecutionStore) -> None:
    what = "freshness_number, freshness_datepart, timeliness_number, owner, load_lineage, updated_at"
    execution_store.register(Pipeline("sales", freshness="15 minutes", timeliness="1 hour", owner="a"), at=T0)
    run(execution_store, "e", None, pipeline="sales")
    assert pipelines(execution_store, what) == [(15, "minute", 1, "a", False, None)]
    execution_store.register(Pipeline("sales", freshness="20 minutes", owner="a"), at=later(days=1))
    assert pipelines(execution_store, what) == [(20, "minute", None, "a", True, later(days=1))]
    execution_store.register("sales", at=later(days=2))
    assert pipelines(execution_store, what) == [(20, "minute", None, "a", True, later(days=1))], (
        "a bare name says nothing"
    )
    execution_store.register(Pipeline("sales", freshness="1 year"), at=later(hours=12))
    assert pipelines(execution_store, what)[0][0] == 20, "a declaration that comes late does not undo a newer one"


def test_w_m3_what_a_bare_name_made_is_filled_in_by_a_declaration_that_waited(execution_store: ExecutionStore) -> None:
    execution_store.register("sales", at=later(days=1))
    execution_store.register(Pipeline("sales", owner="a"), at=T0)
    assert pipelines(execution_store, "owner, updated_at") == [("a", T0)]


def test_w_m4_parts_of_an_address() -> None:
    def parts(address: Address) -> tuple[Any, ...]:
        return address.group_name, address.database_name, address.schema_name, address.table_name

    assert parts(Address("database.schema.table", "postgres", "database")) == (
        "database",
        "database",
        "schema",
        "table",
    )
    assert parts(Address("schema.table", "postgres", "database")) == ("database", None, None, None)
    assert parts(Address("a.b.c", "s3", "bucket")) == ("bucket", None, None, None)
    assert parts(Address("a.b.c", "postgres", "database", table_name="t")) == ("database", None, None, "t")
    assert [(a.address_type, a.group_name) for a in addresses(["s3://b/k", "https://x/y", "public.orders"])] == [
        ("s3", "bucket"),
        ("http", "api"),
        ("table", "database"),
    ]
    assert Address("a").input_hash == Address(" a ").input_hash != Address("a", owner="x").input_hash
    assert [a.name for a in addresses(["a", "b", "a"])] == ["a", "b"]


def test_w_m5_a_new_pipeline_has_no_watermark_and_one_that_succeeded_has(execution_store: ExecutionStore) -> None:
    assert execution_store.register("p", at=T0, next_watermark=10).watermark is None
    run(execution_store, "e", "10")
    assert execution_store.register("p", at=T0, next_watermark=12).watermark == "10"


def test_w_m6_only_success_moves_the_watermark_and_only_to_what_the_execution_said(
    execution_store: ExecutionStore,
) -> None:
    seen = []
    for number, (reached, ok) in enumerate([("10", True), ("12", True), ("14", False), (None, True)]):
        run(execution_store, f"e{number}", reached, ok, at=number)
        seen.append(watermark(execution_store, "p"))
    assert seen == ["10", "12", "12", "12"]
    steps = execution_store.query(
        "select previous_watermark, watermark, set_by from {schema}.watermarks order by advanced_at"
    )
    assert steps == [(None, "10", "execution"), ("10", "12", "execution")]


def test_w_m6_a_failing_execution_beside_it_does_not_carry_the_watermark_away(execution_store: ExecutionStore) -> None:
    execution_store.register("p", at=T0, next_watermark="100")
    execution_store.record([Start("a", "p", T0, next_watermark="100")])
    execution_store.register("p", at=later(minutes=1), next_watermark="200")
    execution_store.record([Start("b", "p", later(minutes=1), next_watermark="200")])
    execution_store.record([End("a", later(minutes=5), True)])
    execution_store.record([End("b", later(minutes=6), False)])
    assert watermark(execution_store, "p") == "100"


def test_the_watermark_may_be_told_at_the_end(execution_store: ExecutionStore) -> None:
    run(execution_store, "e", "5", next_watermark="6")
    assert watermark(execution_store, "p") == "6"
    assert executions(execution_store, "e.next_watermark") == [("6",)]


OVERLAP: list[Event] = [
    Start("a", "p", T0, watermark=None, next_watermark="100"),
    Start("b", "p", later(minutes=1), watermark=None, next_watermark="200"),
    Start("c", "p", later(minutes=9), watermark="200", next_watermark="300"),
    End("a", later(minutes=5), True, start=Start("a", "p", T0, next_watermark="100")),
    End("b", later(minutes=4), True, start=Start("b", "p", later(minutes=1), next_watermark="200")),
    End("c", later(minutes=10), False, start=Start("c", "p", later(minutes=9), watermark="200", next_watermark="300")),
]


@pytest.mark.parametrize("monotonic", [False, True])
def test_news_that_come_in_any_order_leave_the_same_watermark(execution_store: ExecutionStore, monotonic: bool) -> None:
    events = [replace(e, monotonic=monotonic) if isinstance(e, End) else e for e in OVERLAP]
    found = set()
    for order in list(itertools.permutations(events))[::37]:
        execution_store.query(
            "truncate {schema}.pipelines, {schema}.pipeline_executions, {schema}.pipeline_execution_closure, {schema}.watermarks"
        )
        for event in order:
            assert execution_store.record([event]).rejected == ()
        found.add((watermark(execution_store, "p"), len(executions(execution_store, "1", "e.end_date is not null"))))
    # Without the guard the execution that ended last decides, and what it loaded is loaded again: nothing is skipped.
    assert found == {("200" if monotonic else "100", 3)}


@pytest.mark.parametrize(
    ("stands", "reached", "expected"),
    [
        ("9", "10", True), ("10", "9", False), ("9.5", "9.50", False), ("-1", "-2", False),
        ("2026-01-02", "2026-01-10", True), ("2026-01-02T00:00:00Z", "2026-01-02T00:30:00+01:00", False),
        ("2026-01-02T00:00:00", "2026-01-02T00:00:00.5+00:00", True), ("a9", "a10", False), ("a", "b", True),
        ("9", "b", True), ("nan", "1", False),
    ],
)  # fmt: skip
def test_a_monotonic_watermark_never_moves_back(
    execution_store: ExecutionStore, stands: str, reached: str, expected: bool
) -> None:
    run(execution_store, "one", stands)
    run(execution_store, "two", reached, at=1, monotonic=True)
    assert watermark(execution_store, "p") == (reached if expected else stands)
    assert is_later(reached, stands) is expected


def test_what_a_person_sets_stays_until_an_execution_that_began_there_succeeds(execution_store: ExecutionStore) -> None:
    run(execution_store, "one", "100")
    execution_store.record([Start("two", "p", later(hours=2), watermark="100", next_watermark="200")])
    assert execution_store.set_watermark("P ", 50, at=later(hours=3)) == "100"
    execution_store.record([End("two", later(hours=4), True)])
    assert watermark(execution_store, "p") == "50", "what lies between 50 and 100 would be skipped"
    run(execution_store, "three", "210", at=5)
    assert watermark(execution_store, "p") == "210"
    with pytest.raises(ConfigError, match="no pipeline 'nobody'"):
        execution_store.set_watermark("nobody", 1, at=T0)


def test_steps_of_a_watermark_are_pure() -> None:
    def closed(key: str, end: float, reached: str | None, began: str | None = None, ok: bool = True) -> ClosedExecution:
        return ClosedExecution("p", key, T0, later(minutes=end), ok, None, None, None, began, reached)

    steps = advance(
        WatermarkState(None),
        [closed("b", 2, "20"), closed("a", 1, "10"), closed("c", 3, None), closed("d", 4, "9", ok=False)],
    )
    assert [(s.previous_watermark, s.watermark) for s in steps] == [(None, "10"), ("10", "20")]
    assert advance(WatermarkState("20", later(minutes=2)), [closed("z", 1, "5")]) == [], (
        "an older execution that comes late"
    )
    assert [s.watermark for s in advance(WatermarkState("20", later(minutes=9)), [closed("z", 1, "30", "20")])] == [
        "30"
    ]


@pytest.mark.parametrize(
    ("zone", "start", "day", "hour"),
    [
        # Of the pipeline's own zone, the session's and UTC, one has another day each time.
        ("Asia/Tokyo", "2025-01-01T23:30-05:00", "2025-01-02", 4),
        ("Asia/Tokyo", "2025-01-01T18:30-05:00", "2025-01-01", 23),
        ("America/New_York", "2025-01-02T03:30+00:00", "2025-01-02", 3),
        ("America/New_York", "2025-01-02T05:00+09:00", "2025-01-01", 20),
    ],
)
def test_w_m7_day_and_hour_are_those_of_utc(
    execution_store: ExecutionStore, zone: str, start: str, day: str, hour: int
) -> None:
    execution_store.query(f"set timezone = '{zone}'")
    execution_store.record([Start("e", "p", datetime.fromisoformat(start))])
    assert execution_store.query("select current_setting('timezone')") == [(zone,)]
    assert executions(
        execution_store,
        "e.date_recorded::text, e.hour_recorded, e.completed_successfully, e.status, e.duration_seconds",
    ) == [(day, hour, None, "running", None)]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("seconds", "rows", "duration", "throughput"),
    [
        (3600, 36, 3600, Decimal("0.0100")), (0.4, 7, 0, Decimal(0)), (0.5, 7, 1, Decimal(7)), (1.5, 9, 2, Decimal("4.5")),
        (60, None, 60, None), (0.4, None, 0, Decimal(0)), (3, 10, 3, Decimal("3.3333")), (1, 2**62, 1, Decimal(2**62)),
    ],
)  # fmt: skip
def test_w_m8_duration_and_throughput(
    execution_store: ExecutionStore,
    together: bool,
    seconds: float,
    rows: int | None,
    duration: int,
    throughput: Decimal | None,
) -> None:
    events = [Start("e", "p", T0), End("e", later(seconds=seconds), True, total_rows=rows)]
    for part in [events] if together else [events[:1], events[1:]]:
        assert execution_store.record(part).rejected == ()
    assert executions(
        execution_store, "e.duration_seconds, e.elapsed_seconds, e.throughput, e.total_rows, e.closed_by"
    ) == [(duration, seconds, throughput, rows, "self")]


@pytest.mark.parametrize("seconds", [0, -1])
@pytest.mark.parametrize("together", [True, False])
def test_w_m8_an_end_that_is_not_after_the_start_is_refused_with_a_sentence(
    execution_store: ExecutionStore, seconds: float, together: bool
) -> None:
    end = End("e", later(seconds=seconds), True)
    if together:
        recorded = execution_store.record([Start("e", "p", T0), end])
    else:
        execution_store.record([Start("e", "p", T0)])
        recorded = execution_store.record([end])
    assert [item.event for item in recorded.rejected] == [end]
    assert "must be later than its start" in recorded.rejected[0].reason
    assert executions(execution_store, "e.end_date") == [(None,)]
    with pytest.raises(ConfigError, match="must be later"):
        End("e", T0, True, start=Start("e", "p", T0))


@pytest.mark.parametrize("count", ["inserts", "updates", "soft_deletes", "total_rows"])
@pytest.mark.parametrize("value", [-1, 1.5, "3", True, 2**63])
def test_counts_are_whole_numbers_of_zero_or_more(count: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=count):
        End("e", T0, True, **{count: value})


def test_w_m9_times_of_the_last_changes_never_move_back(execution_store: ExecutionStore) -> None:
    what = "last_target_insert, last_target_update, last_target_soft_delete"
    run(execution_store, "b", None, at=5, inserts=10, updates=0)
    assert pipelines(execution_store, what) == [(later(hours=5, minutes=1), None, None)]
    run(execution_store, "a", None, at=1, inserts=3, updates=1)
    assert pipelines(execution_store, what) == [(later(hours=5, minutes=1), later(hours=1, minutes=1), None)]
    run(execution_store, "c", None, ok=False, at=9, inserts=3, soft_deletes=3)
    assert pipelines(execution_store, what) == [(later(hours=5, minutes=1), later(hours=1, minutes=1), None)]


def test_w_m10_lineage_is_asked_for_until_a_success_and_after_a_change(execution_store: ExecutionStore) -> None:
    asked = [execution_store.register("p", at=T0).load_lineage]
    run(execution_store, "a", None, ok=False)
    asked.append(execution_store.register("p", at=T0).load_lineage)
    run(execution_store, "b", None, at=1)
    asked.append(execution_store.register("p", at=T0).load_lineage)
    asked.append(execution_store.register(Pipeline("p", sources=["a"], targets=["b"]), at=later(days=1)).load_lineage)
    run(execution_store, "c", None, at=2)
    asked.append(execution_store.register(Pipeline("p", sources=["a"], targets=["c"]), at=later(days=2)).load_lineage)
    assert asked == [True, True, False, True, True]


def test_w_m11_executions_of_an_inactive_pipeline_are_not_recorded(execution_store: ExecutionStore) -> None:
    execution_store.record([Start("before", "p", T0)])
    execution_store.query("update {schema}.pipelines set active = false")
    assert not execution_store.register("p", at=T0).active
    recorded = execution_store.record(
        [Start("e", "p", T0), End("e", later(hours=1), True, inserts=1, next_watermark="7")]
    )
    assert (recorded.started, recorded.ended, recorded.rejected) == (0, 0, ())
    assert execution_store.record([End("before", later(hours=1), True)]).ended == 1, "what ran before may end"
    assert executions(execution_store, "e.execution_id") == [("before",)]
    assert pipelines(execution_store, "watermark, last_target_insert") == [(None, None)]
    execution_store.register(Pipeline("p", owner="x", active=True), at=later(days=1))
    assert execution_store.register("p", at=T0).active


def test_people_may_switch_pipelines_and_checks(execution_store: ExecutionStore) -> None:
    what = "active, mute_freshness_check, mute_timeliness_check, load_lineage, updated_at"
    run(execution_store, "e", None)
    execution_store.switch(" P ", at=later(days=1), active=False, load_lineage=True)
    assert pipelines(execution_store, what) == [(False, False, False, True, later(days=1))]
    execution_store.switch("p", at=later(days=2), active=True, mute_timeliness_check=True)
    assert pipelines(execution_store, what) == [(True, False, True, True, later(days=2))]
    with pytest.raises(ConfigError, match="no pipeline 'nobody'"):
        execution_store.switch("nobody", at=T0, active=True)


def test_w_m12_types_hold_limits_and_their_code_changes_them(execution_store: ExecutionStore) -> None:
    what = "select name, freshness_number, freshness_datepart, timeliness_number, mute_freshness_check, updated_at from {schema}.pipeline_types order by 1"
    execution_store.register(
        Pipeline("a", PipelineType("Load", freshness="12 hours", mute_freshness_check=True)), at=T0
    )
    execution_store.register(Pipeline("b", "load"), at=later(days=1))
    assert execution_store.query(what) == [("load", 12, "hour", None, True, None)]
    execution_store.register(Pipeline("a", PipelineType("load", timeliness="1 day")), at=later(days=2))
    assert execution_store.query(what) == [("load", None, None, 1, False, later(days=2))]


@pytest.mark.parametrize(
    "given", ["12", "hour", "0 hours", "-1 hour", "1 quarter", "1.5 hours", (None, "hour"), (3, None), 5, ""]
)
def test_a_limit_has_a_number_and_a_datepart(given: Any) -> None:
    with pytest.raises(ConfigError, match="is not understood"):
        Limit.of(given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("12 hours", (12, "hour")), (" 1 DAY ", (1, "day")), ("90minutes", (90, "minute")), ((2, "week"), (2, "week"))],
)
def test_limits_that_are_understood(given: Any, expected: tuple[int, str]) -> None:
    limit = Limit.of(given)
    assert limit is not None
    assert (limit.number, limit.datepart) == expected


CHAIN = [
    Start("1", "p", T0),
    Start("2", "p", later(minutes=1), parent_id="1"),
    Start("3", "p", later(minutes=2), parent_id="2"),
    Start("4", "q", later(minutes=3), parent_id="2"),
]
CLOSURE = [("1", "1", 0), ("1", "2", 1), ("1", "3", 2), ("1", "4", 2), ("2", "2", 0), ("2", "3", 1), ("2", "4", 1),
           ("3", "3", 0), ("4", "4", 0)]  # fmt: skip


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=lambda o: "".join(map(str, o)))
def test_w_m13_the_closure_is_right_in_whatever_order_parents_and_children_come(
    execution_store: ExecutionStore, order: tuple[int, ...]
) -> None:
    for group in ([[n] for n in order], [order[:2], order[2:]])[sum(order[:2]) % 2]:
        execution_store.record([CHAIN[n] for n in group])
    assert sorted(execution_store.query("select * from {schema}.pipeline_execution_closure")) == CLOSURE


def test_w_m13_a_circle_of_parents_ends(execution_store: ExecutionStore) -> None:
    execution_store.record([Start("a", "p", T0, parent_id="b"), Start("b", "p", T0, parent_id="a")])
    found = execution_store.query("select * from {schema}.pipeline_execution_closure")
    assert sorted(found) == [("a", "a", 0), ("a", "b", 1), ("b", "a", 1), ("b", "b", 0)]
    with pytest.raises(ConfigError, match="names itself as its parent"):
        Start("a", "p", T0, parent_id="a")


def test_w_m14_a_second_start_or_end_changes_nothing(execution_store: ExecutionStore) -> None:
    run(execution_store, "e", "10", inserts=5)
    before = executions(execution_store, "e.*")
    again: list[Event] = [
        Start("e", "other", later(days=1)),
        End("e", later(days=2), False, inserts=9, next_watermark="99", error="x"),
    ]
    recorded = execution_store.record(again)
    assert (recorded.started, recorded.ended, recorded.rejected) == (0, 0, ())
    assert executions(execution_store, "e.*") == before
    assert watermark(execution_store, "p") == "10"


def test_an_end_of_an_execution_that_nobody_started(execution_store: ExecutionStore) -> None:
    recorded = execution_store.record([End("never", T0, True), Start("e", "p", T0)])
    assert recorded.started == 1
    assert "never was never started" in recorded.rejected[0].reason
    complete = End("late", later(hours=1), True, inserts=1, start=Start("late", "p", T0, parent_id="e"))
    assert execution_store.record([complete]).ended == 1
    assert execution_store.record([Start("late", "p", T0, parent_id="e")]).started == 0
    assert executions(execution_store, "e.execution_id, e.parent_id, e.inserts", "e.end_date is not null") == [
        ("late", "e", 1)
    ]


def test_an_execution_that_the_reaper_gave_up_is_believed_when_it_ends_after_all(
    execution_store: ExecutionStore,
) -> None:
    execution_store.record([Start("e", "p", T0, next_watermark="7")])
    reaped = End("e", later(hours=1), False, error="gone", status="killed", closed_by="reaper")
    assert execution_store.record([reaped]).ended == 1
    assert watermark(execution_store, "p") is None
    assert execution_store.record([End("e", later(minutes=30), True, inserts=2)]).ended == 1
    assert executions(execution_store, "e.status, e.error, e.closed_by, e.inserts") == [("success", "", "self", 2)]
    assert watermark(execution_store, "p") == "7"
    assert execution_store.record([reaped]).ended == 0


@pytest.mark.parametrize("many", [False, True])
def test_w_m15_metadata_and_texts_come_back_as_they_went_in(execution_store: ExecutionStore, many: bool) -> None:
    texts = [
        "",
        " ",
        "it's",
        'say "hi"',
        "a,b",
        "x\ny",
        "x\ry",
        "\\N",
        "\\.",
        "NULL",
        "é 漢 🙂",
        "%s {schema} %(x)s",
        "'; drop table x; --",
        "\t",
    ]
    said = {"list": texts, "deep": {"a": [1, 2.5, None, True]}, "nan": float("nan"), "time": T0, "bad": "a\x00b\ud800"}
    events: list[Event] = [Start("e", "p", T0, execution_metadata={"kept": 1, "mine": 1})]
    events += [Start(f"f{n}", "p", T0, host=text) for n, text in enumerate(texts * 10)] if many else []
    execution_store.record(events)
    execution_store.record(
        [End("e", later(hours=1), False, execution_metadata={**said, "mine": 2}, error="x,\"y\"\n'z'")]
    )
    ((metadata, error),) = executions(execution_store, "e.execution_metadata, e.error", "e.execution_id = 'e'")
    assert metadata == {
        "kept": 1,
        "mine": 2,
        "list": texts,
        "deep": {"a": [1, 2.5, None, True]},
        "nan": "nan",
        "time": T0.isoformat(),
        "bad": "ab?",
    }
    assert error == "x,\"y\"\n'z'"
    if many:
        hosts = executions(execution_store, "e.host, substr(e.execution_id, 2)::int", "e.execution_id <> 'e'")
        assert [h for h, _ in sorted(hosts, key=lambda row: row[1])] == texts * 10
    execution_store.register(Pipeline("p", metadata=said), at=T0)
    assert pipelines(execution_store, "pipeline_metadata")[0][0]["list"] == texts


def test_errors_hold_no_secrets(execution_store: ExecutionStore) -> None:
    run(
        execution_store,
        "e",
        None,
        ok=False,
        error="could not connect to postgresql://me:hunter2@db/x with password=hunter2",
    )
    assert "hunter2" not in str(executions(execution_store, "e.*"))


def test_w_a12_rules_of_a_new_pipeline_when_asked_for(place: Connection) -> None:
    with empty_execution_store(place, auto_rules=True) as execution_store:
        execution_store.query(
            "insert into {schema}.pipelines (pipeline_id, name, pipeline_type, mute_freshness_check, mute_timeliness_check, "
            "load_lineage, active, input_hash, created_at) values (%s, 'old', 'x', false, false, true, true, '', now())",
            (pipeline_id("old"),),
        )
        execution_store.register("old", at=T0)
        execution_store.register("new", at=T0)
        execution_store.record([Start("e", "by start", T0)])
        found = execution_store.query(
            "select pipeline_id, metric_field, z_threshold, lookback_days, minimum_executions, active from {schema}.anomaly_detection_rules"
        )
        expected = [
            (pipeline_id(name), metric, Decimal("3.00"), 30, 30, True)
            for name in ("new", "by start")
            for metric in METRIC_FIELDS
        ]
        assert sorted(found) == sorted(expected)


def test_w_a12_an_existing_pipeline_that_changes_gets_no_rules(place: Connection) -> None:
    """Neither by a registration of its own nor by one that is recorded, beside a new one in the same batch."""
    with empty_execution_store(place) as without_rules:
        without_rules.register(Pipeline("old", owner="me"), at=T0)
        without_rules.register(Pipeline("older", owner="me"), at=T0)
    with ExecutionStore(place, auto_rules=True) as execution_store:
        execution_store.register(Pipeline("old", owner="you"), at=later(hours=1))
        changes = [Register(Pipeline(name, owner="you"), later(hours=1)) for name in ("older", "new")]
        assert execution_store.record(changes).rejected == ()
        assert pipelines(execution_store, "name, owner") == [("new", "you"), ("old", "you"), ("older", "you")]
        assert execution_store.query("select distinct pipeline_id from {schema}.anomaly_detection_rules") == [
            (pipeline_id("new"),)
        ]


def test_w_a12_no_rules_unless_asked_for(execution_store: ExecutionStore) -> None:
    execution_store.register("p", at=T0)
    assert execution_store.query("select * from {schema}.anomaly_detection_rules") == []


def test_w_a13_a_rule_is_made_once_and_within_its_range(execution_store: ExecutionStore) -> None:
    assert execution_store.create_rule("p", "inserts", at=T0, z_threshold=2.5)
    assert not execution_store.create_rule("p", "inserts", at=T0, z_threshold=9)
    assert execution_store.query("select z_threshold from {schema}.anomaly_detection_rules") == [(Decimal("2.50"),)]
    for wrong in (
        {"z_threshold": 0.9},
        {"z_threshold": 10.1},
        {"lookback_days": 0},
        {"lookback_days": 366},
        {"minimum_executions": 4},
    ):
        with pytest.raises(ConfigError, match="must be from"):
            execution_store.create_rule("p", "updates", at=T0, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="use one of"):
        execution_store.create_rule("p", "rows", at=T0)
    assert execution_store.unflag("e", ["inserts", "updates"], note="a backfill", at=T0) == 2
    assert execution_store.unflag("e", ["inserts"], note="again", at=T0) == 0


def test_heartbeats_move_forward_and_end_with_the_execution(execution_store: ExecutionStore) -> None:
    execution_store.record([Start("e", "p", T0), Heartbeat("e", later(minutes=2)), Heartbeat("e", later(minutes=1))])
    execution_store.record([Heartbeat("e", later(minutes=1)), Heartbeat("nobody", T0)])
    assert executions(execution_store, "e.heartbeat_at") == [(later(minutes=2),)]
    execution_store.record([End("e", later(minutes=3), True)])
    execution_store.record([Heartbeat("e", later(minutes=9))])
    assert executions(execution_store, "e.heartbeat_at") == [(later(minutes=2),)]


def test_a_batch_stores_what_single_events_store(execution_store: ExecutionStore) -> None:
    events: list[Event] = []
    for n in range(120):
        parent = f"e{n - 7}" if n >= 7 else None
        events.append(Start(f"e{n}", f"p{n % 5}", later(minutes=n), parent_id=parent, next_watermark=str(n)))
        if n % 4:
            events.append(
                End(
                    f"e{n}",
                    later(minutes=n, seconds=30 + n),
                    n % 3 > 0,
                    inserts=n,
                    updates=n % 2,
                    total_rows=2 * n,
                    monotonic=n % 2 > 0,
                )
            )
    tables = ("pipelines", "pipeline_executions", "pipeline_execution_closure", "watermarks", "pipeline_types")

    def state() -> list[list[tuple[Any, ...]]]:
        return [
            sorted(execution_store.query(f"select to_jsonb(t) - 'created_at' from {{schema}}.{t} as t"), key=str)
            for t in tables
        ]

    for event in events:
        assert execution_store.record([event]).rejected == ()
    single = state()
    execution_store.query("truncate " + ", ".join(f"{{schema}}.{t}" for t in tables))
    recorded = execution_store.record(events)
    assert (recorded.started, recorded.ended) == (120, 90)
    assert state() == single
    again = execution_store.record(events)
    assert (again.started, again.ended, again.rejected) == (0, 0, ())
    assert state() == single


def test_events_survive_the_way_through_a_file() -> None:
    start = Start("e", "p", T0, "parent", "1", "2", {"a": "é\n"}, "command", "n", "h", "c")
    events: list[Event] = [
        start,
        End("e", later(hours=1), False, 1, 0, None, 4, "3", {"x": [1]}, "why", "killed", "reaper", True, start),
        Heartbeat("e", T0),
        Register(
            Pipeline(
                "p",
                PipelineType("t", "1 day", mute_timeliness_check=True),
                "o",
                "1 hour",
                sources=["s3://a"],
                targets=[Address("b", "postgres", "database")],
                metadata={"m": 1},
                active=False,
            ),
            T0,
            "9",
        ),
    ]
    for event in events:
        assert from_line(to_line(event)) == event
        assert "\n" not in to_line(event)
    assert from_line(to_line(events[3])).pipeline.input_hash == events[3].pipeline.input_hash  # type: ignore[union-attr]
    for line in (
        "",
        "{",
        "[]",
        "{}",
        '{"event": "start"}',
        '{"event": "start", "execution_id": 3, "pipeline": "p", "start_date": "x"}',
    ):
        with pytest.raises(ConfigError):
            from_line(line)


@pytest.mark.parametrize("name", ["", "  ", "\x00", None, 5, "x" * 601])
def test_names_are_texts_that_say_something(name: Any) -> None:
    with pytest.raises(ConfigError, match="The name of the pipeline"):
        Pipeline(name)


def test_watermarks_are_texts() -> None:
    assert [watermark_text(v) for v in (None, 5, Decimal("1.50"), "x", T0, T0.date())] == [
        None,
        "5",
        "1.50",
        "x",
        "2026-01-01T10:00:00+00:00",
        "2026-01-01",
    ]


def test_where_there_are_no_tables_it_says_what_to_do(server: Server) -> None:
    with (
        ExecutionStore(server.create_database("track_none")) as execution_store,
        pytest.raises(ConfigError, match="dbt build --select monitoring"),
    ):
        execution_store.register("p", at=T0)
    away = Connection("away", {"host": "127.0.0.1", "port": 1, "dbname": "x", "user": "u", "password": "hunter2"})
    with ExecutionStore(away) as execution_store, pytest.raises(SourceError, match="Cannot connect") as error:
        execution_store.register("p", at=T0)
    assert "hunter2" not in str(error.value)


def test_the_macro_reads_the_watermark_in_sql(
    execution_store: ExecutionStore, place: Connection, tmp_path: Any
) -> None:
    from tests.conftest import dbt_runner

    run(execution_store, "e", "2026-01-05", pipeline="load orders")
    expressions = [
        "{{ lookout.watermark(' Load Orders', '1970-01-01', 'date') }}",
        "{{ lookout.watermark('nobody', \"it's\") }}",
        "{{ lookout.watermark('nobody') }}",
    ]
    result = dbt_runner(place, tmp_path)(["compile", "--inline", f"select {', '.join(expressions)}"])
    assert result.success, result.exception
    statement = result.result.results[0].node.compiled_code.replace("{", "{{").replace("}", "}}")
    assert execution_store.query(statement) == [(date(2026, 1, 5), "it's", None)]
