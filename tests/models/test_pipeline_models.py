"""What SQL says about pipelines: late, stale, unusual and failed ones. One landing of cases, two runs of dbt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest

from lookout.database.store import Store
from lookout.project.clock import parse_clock
from lookout.project.workspace import open_workspace
from lookout.tracking.model import pipeline_id
from tests.conftest import MONITORING, Observed

UTC = timezone.utc
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
MODELS = ["run", "--select", "fqn:lookout.monitoring.timeliness.*", "fqn:lookout.monitoring.alerts.*"]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Desk:
    """Writes landing rows of pipelines and reads what dbt derives from them."""

    def __init__(self, observed: Observed) -> None:
        self.workspace = open_workspace(observed.root)
        self.workspace.parse()
        self.store = Store(self.workspace.home.warehouse, MONITORING)
        self.number = 0

    def kind(self, name: str, **settings: Any) -> None:
        muted = {"mute_freshness_check": False, "mute_timeliness_check": False}
        self.store.upsert("pipeline_types", _frame({"name": name, **muted, "created_at": NOW, **settings}))

    def pipeline(self, name: str, kind: str = "script", **settings: Any) -> str:
        row = {
            "pipeline_id": pipeline_id(name),
            "name": name,
            "pipeline_type": kind,
            "origin": "sdk",
            "node_id": "",
            "owner": "ana",
            "mute_freshness_check": False,
            "mute_timeliness_check": False,
            "load_lineage": False,
            "active": True,
            "input_hash": "",
            "created_at": NOW - 400 * DAY,
            **settings,
        }
        self.store.upsert("pipelines", _frame(row))
        return name

    def ran(
        self, name: str, start: datetime, took: timedelta | None, *, ok: bool | None = True, **settings: Any
    ) -> str:
        """One execution; ``took`` None means that it is still running."""
        self.number += 1
        seconds = None if took is None else took.total_seconds()
        row = {
            "execution_id": f"e{self.number}",
            "pipeline_id": pipeline_id(name),
            "start_date": start,
            "date_recorded": start.date(),
            "hour_recorded": start.hour,
            "kind": "sdk",
            "node_id": "",
            "end_date": None if took is None else start + took,
            "duration_seconds": None if seconds is None else round(seconds),
            "elapsed_seconds": seconds,
            "completed_successfully": None if took is None else ok,
            "error": "",
            "status": "running" if took is None else "success" if ok else "failed",
            **settings,
        }
        self.store.upsert("pipeline_executions", _frame(row))
        return str(row["execution_id"])

    def rule(self, name: str, metric: str, **settings: Any) -> None:
        row = {
            "pipeline_id": pipeline_id(name),
            "metric_field": metric,
            "z_threshold": 3.0,
            "lookback_days": 30,
            "minimum_executions": 5,
            "active": True,
            "created_at": NOW,
            **settings,
        }
        self.store.upsert("anomaly_detection_rules", _frame(row))

    def node(self, name: str, *, is_active: bool = True) -> str:
        node_id = f"model.shop.{name}"
        row = {
            "node_id": node_id,
            "name": name,
            "resource_type": "model",
            "connection": "observed",
            "asset": f"marts.{name}",
            "layer": "batch",
            "owner": "bob",
            "has_description": True,
            "is_monitored": False,
            "is_active": is_active,
        }
        self.store.upsert("assets", _frame(row))
        return self.pipeline(node_id, "dbt model", node_id=node_id, owner="")

    def derive(self, as_of: datetime) -> None:
        self.workspace.home.project.as_of, self.workspace.home.project.is_live = as_of, False
        outcome = self.workspace.home.project.build(MODELS)
        assert outcome.success, "\n".join(outcome.failures)

    def rows(self, statement: str, *parameters: Any) -> list[dict[str, Any]]:
        frame = self.store.query(statement, parameters)
        return [
            {str(k): v for k, v in row.items()}
            for row in frame.astype(object).where(frame.notna(), None).to_dict("records")
        ]

    def alerts(self, asset: str) -> list[dict[str, Any]]:
        return self.rows("select * from {schema}.alerts where asset = %s order by window_start", asset)

    def late(self, name: str) -> list[tuple[Any, ...]]:
        found = self.rows("select * from {schema}.pipeline_timeliness where name = %s order by start_date", name)
        return [
            (r["execution_status"], r["duration_seconds"], r["seconds_threshold"], r["used_child_config"])
            for r in found
        ]

    def stale(self, name: str) -> list[dict[str, Any]]:
        return self.rows("select * from {schema}.pipeline_freshness where name = %s order by stale_since", name)

    def unusual(self, execution: str) -> dict[str, dict[str, Any]]:
        found = self.rows("select * from {schema}.execution_anomalies where pipeline_execution_id = %s", execution)
        return {row["metric_field"]: row for row in found}


def _frame(row: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([row]).astype(object)


def minutes(number: int | None, part: str | None = "minute") -> dict[str, Any]:
    return {"timeliness_number": number, "timeliness_datepart": part}


def fresh(number: int | None, part: str | None = "hour") -> dict[str, Any]:
    return {"freshness_number": number, "freshness_datepart": part}


def _timeliness(desk: Desk) -> None:
    desk.kind("two hours", **minutes(2, "hour"))
    desk.kind("muted", **minutes(1), mute_timeliness_check=True)
    for name in ("running", "took", "on the dot", "failed", "stuck"):
        desk.pipeline(name, **minutes(1))
    desk.ran("running", NOW - 10 * MINUTE, None)
    desk.ran("took", NOW - HOUR, 15 * MINUTE)
    desk.ran("on the dot", NOW - HOUR, MINUTE)
    desk.ran("failed", NOW - HOUR, 15 * MINUTE, ok=False)
    desk.ran("stuck", NOW - 200 * DAY, None)
    desk.ran(desk.pipeline("of its type", "two hours"), NOW - 3 * HOUR, None)
    desk.ran(desk.pipeline("half a limit", "two hours", **minutes(1, None)), NOW - 3 * HOUR, None)
    desk.ran(desk.pipeline("own before type", "two hours", **minutes(4, "hour")), NOW - 3 * HOUR, None)
    desk.ran(desk.pipeline("no limit"), NOW - 3 * DAY, None)
    desk.ran(desk.pipeline("muted", mute_timeliness_check=True, **minutes(1)), NOW - HOUR, None)
    desk.ran(desk.pipeline("muted type", "muted"), NOW - HOUR, None)
    desk.ran(desk.pipeline("inactive", active=False, **minutes(1), **fresh(1)), NOW - HOUR, None)
    leap = datetime(2024, 1, 31, 10, tzinfo=UTC)
    desk.pipeline("a month", **minutes(1, "month"))
    desk.ran("a month", leap, timedelta(days=29))
    desk.ran("a month", leap, timedelta(days=29, seconds=1))
    desk.pipeline("recovered", **minutes(1))
    desk.ran("recovered", NOW - 2 * HOUR, 5 * MINUTE)
    desk.ran("recovered", NOW - HOUR, 30 * timedelta(seconds=1))
    desk.pipeline("twice at once", **minutes(1))
    desk.ran("twice at once", NOW - HOUR, None)
    desk.ran("twice at once", NOW - HOUR, 5 * MINUTE)
    desk.pipeline("absurd", **minutes(2_000_000_000, "year"), **fresh(2_000_000_000, "year"))
    desk.ran("absurd", NOW - HOUR, None)
    desk.pipeline("ends soon", **minutes(1))
    desk.ran("ends soon", NOW - 10 * MINUTE, 30 * MINUTE)


def _freshness(desk: Desk) -> None:
    desk.kind("half a day", **fresh(12))
    desk.kind("muted freshness", **fresh(12), mute_freshness_check=True)
    desk.pipeline("exactly", last_target_update=NOW - 12 * HOUR, **fresh(12))
    desk.pipeline("a second more", last_target_update=NOW - 12 * HOUR - timedelta(seconds=1), **fresh(12))
    desk.pipeline("own limit", "half a day", last_target_insert=NOW - 2 * HOUR, **fresh(1))
    desk.pipeline("type's limit", "half a day", last_target_insert=NOW - 13 * HOUR, last_target_update=NOW - 14 * HOUR)
    desk.pipeline("never loaded", created_at=NOW - 13 * HOUR, **fresh(12))
    desk.pipeline("new", created_at=NOW - 11 * HOUR, **fresh(12))
    desk.pipeline("muted load", "half a day", mute_freshness_check=True, created_at=NOW - DAY)
    desk.pipeline("muted kind", "muted freshness", created_at=NOW - DAY)
    desk.pipeline("comes back", last_target_insert=NOW - 13 * HOUR, **fresh(12))


def _anomalies(desk: Desk) -> dict[str, str]:
    """Histories on days before in hour 3, and the judged executions by name."""
    judged: dict[str, str] = {}

    def history(name: str, values: list[int | None], value: int | None, **settings: Any) -> None:
        desk.pipeline(name)
        start = datetime(2026, 3, 8, 3, tzinfo=UTC)
        for days, rows in enumerate(reversed(values), 1):
            desk.ran(name, start - days * DAY, MINUTE, total_rows=rows)
        judged[name] = desk.ran(name, start, MINUTE, total_rows=value, **settings)
        desk.rule(name, "total_rows")

    seeds = [10, 12, 14, 16, 18]
    for value in (24, 23, 5, 4):
        history(f"value {value}", [*seeds], value)
    for hours in range(5):
        desk.ran("value 24", datetime(2026, 3, 3 + hours, 4, tzinfo=UTC), MINUTE, total_rows=1000)
    desk.ran("value 24", datetime(2026, 3, 9, 3, tzinfo=UTC), MINUTE, total_rows=5000)
    history("too few", seeds[1:], 24)
    history("too few told", [None, *seeds[1:]], 24)
    history("failed wildly", seeds, 1000, completed_successfully=False)
    history("inactive rule", seeds, 24)
    desk.rule("inactive rule", "total_rows", active=False)
    history("too old", seeds, 24)
    desk.rule("too old", "total_rows", lookback_days=4)
    history("drop to zero", [10, 200, 30, 400, 50], 0)
    history("small counts", [1, 2, 1, 3, 1], 0)
    history("constant", [100] * 5, 0)
    history("still constant", [100] * 5, 100)
    history("large", [10**15 + n for n in range(5)], 9 * 10**18)
    history("flagged before", [*seeds, 14, 5000], 24)
    history("unflagged", seeds, 24)
    history("counts again", [*seeds, 14, 5000], 24)
    again = desk.rows(
        "select execution_id from {schema}.pipeline_executions where pipeline_id = %s and total_rows = 5000",
        pipeline_id("counts again"),
    )
    for execution in (judged["unflagged"], again[0]["execution_id"]):
        row = {"execution_id": execution, "metric_field": "total_rows", "note": "", "unflagged_at": NOW}
        desk.store.upsert("anomaly_unflags", _frame(row))
    history("expected", [*seeds, 14, 5000], 24)
    judged["expected before"] = _answered(desk, "expected", "expected")
    history("expected, then reopened", [*seeds, 14, 5000], 24)
    _answered(desk, "expected, then reopened", "expected")
    _answered(desk, "expected, then reopened", "reopened")
    history("two numbers", seeds, 24, duration_seconds=600)
    desk.rule("two numbers", "duration_seconds")
    history("a second's blur", seeds, 14, duration_seconds=61)
    desk.rule("a second's blur", "duration_seconds")
    return judged


def _answered(desk: Desk, name: str, verdict: str) -> str:
    """Answer the alert about the execution of 5000 rows of a pipeline; return that execution."""
    (execution,) = desk.rows(
        "select execution_id, start_date, md5(cast(jsonb_build_array('PIPELINE_ANOMALY', '', %s::text, '', "
        "'anomaly_rules', cast(extract(epoch from start_date) as numeric(20, 6))) as text)) as alert_key "
        "from {schema}.pipeline_executions where pipeline_id = %s and total_rows = 5000",
        name,
        pipeline_id(name),
    )
    (number,) = desk.rows("select count(*) + 1 as n from {schema}.alert_feedback")
    answer = {"verdict": verdict, "window_start": execution["start_date"], "alert_key": execution["alert_key"]}
    desk.store.upsert("alert_feedback", _frame({"feedback_number": number["n"], **answer, "given_at": NOW}))
    return str(execution["execution_id"])


def _failures(desk: Desk) -> None:
    desk.pipeline("broke")
    desk.ran("broke", NOW - 5 * HOUR, MINUTE)
    desk.ran("broke", NOW - 4 * HOUR, MINUTE, ok=False, error="first")
    desk.ran("broke", NOW - 3 * HOUR, MINUTE, ok=False, error="disk full")
    desk.ran("broke", NOW - 2 * MINUTE, None)
    desk.pipeline("mended")
    desk.ran("mended", NOW - 4 * HOUR, MINUTE, ok=False)
    desk.ran("mended", NOW - 3 * HOUR, MINUTE)
    desk.pipeline("outer")
    desk.pipeline("inner")
    outer = desk.ran("outer", NOW - HOUR, 10 * MINUTE, ok=False, error="inner broke")
    desk.ran("inner", NOW - HOUR + MINUTE, MINUTE, ok=False, error="division by zero", parent_id=outer)

    desk.pipeline("dbt:shop", "dbt project")
    desk.pipeline("dbt:killed", "dbt project")
    test = desk.pipeline("test.shop.not_null", "dbt test", node_id="test.shop.not_null")
    cut = desk.pipeline("test.shop.cut_short", "dbt test", node_id="test.shop.cut_short")
    invocation = desk.ran("dbt:shop", NOW - 2 * HOUR, HOUR, ok=False)
    killed = desk.ran("dbt:killed", NOW - 2 * HOUR, HOUR, ok=False, status="killed", error="no sign of life")
    desk.ran(
        desk.node("orders"), NOW - 2 * HOUR, MINUTE, ok=False, error="column x does not exist", parent_id=invocation
    )
    desk.ran(desk.node("skipped"), NOW - 3 * HOUR, MINUTE)
    desk.ran("model.shop.skipped", NOW - 2 * HOUR, MINUTE, ok=False, status="skipped", parent_id=invocation)
    desk.ran(desk.node("removed", is_active=False), NOW - 2 * HOUR, MINUTE, ok=False, parent_id=invocation)
    desk.ran(test, NOW - 2 * HOUR, MINUTE, ok=False, status="fail", parent_id=invocation)
    desk.ran(cut, NOW - 2 * HOUR, MINUTE, ok=False, status="killed", parent_id=killed)


def _report(desk: Desk) -> None:
    yesterday = datetime(2026, 3, 9, 5, tzinfo=UTC)
    desk.pipeline("reported")
    counts = {"inserts": 600, "updates": 300, "soft_deletes": 100}
    desk.ran("reported", yesterday, timedelta(seconds=100), total_rows=1000, **counts)
    desk.ran("reported", yesterday + HOUR, timedelta(seconds=50), ok=False, total_rows=0)
    desk.ran("reported", yesterday + 2 * HOUR, None)
    desk.ran("reported", NOW.replace(hour=0), MINUTE, total_rows=7)
    desk.ran("reported", NOW.replace(hour=23) - 31 * DAY, MINUTE, total_rows=7)


@pytest.fixture(scope="module")
def derived(observed_project: Observed) -> Iterator[tuple[Desk, dict[str, str]]]:
    observed_project.reset("observed_template")
    desk = Desk(observed_project)
    desk.kind("script")
    _timeliness(desk)
    _freshness(desk)
    _failures(desk)
    _report(desk)
    judged = _anomalies(desk)
    desk.derive(NOW)
    yield desk, judged
    desk.store.close()


@pytest.fixture
def desk(derived: tuple[Desk, dict[str, str]]) -> Desk:
    return derived[0]


@pytest.fixture
def judged(derived: tuple[Desk, dict[str, str]]) -> dict[str, str]:
    return derived[1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("running", [("running", 600, 60, True)]),  # W-TI3
        ("took", [("completed", 900, 60, True)]),  # W-TI4
        ("on the dot", []),
        ("failed", []),  # W-TI5
        ("stuck", [("running", 200 * 86400, 60, True)]),  # W-TI1
        ("of its type", [("running", 3 * 3600, 7200, False)]),  # W-TI2
        ("half a limit", [("running", 3 * 3600, 7200, False)]),
        ("own before type", []),
        ("no limit", []),
        ("muted", []),
        ("muted type", []),
        ("inactive", []),
        ("a month", [("completed", 29 * 86400 + 1, 29 * 86400, True)]),
        ("absurd", []),
    ],
)
def test_late_executions(desk: Desk, name: str, expected: list[tuple[Any, ...]]) -> None:
    assert desk.late(name) == expected


def test_late_executions_alert_until_one_is_in_time(desk: Desk) -> None:
    (running,) = desk.alerts("running")
    assert (running["alert_type"], running["status"], running["severity"]) == ("PIPELINE_LATE", "open", "critical")
    assert (running["window_start"], running["observed_value"], running["upper_bound"]) == (NOW - 10 * MINUTE, 600, 60)
    assert running["description"] == "running for 10 minutes, expected within 1 minute"
    assert running["reason"].endswith("is still running; the limit is set for the pipeline itself")
    assert running["owner"] == "ana"
    (took,) = desk.alerts("took")
    assert (took["status"], took["severity"]) == ("open", "warning")
    assert took["description"] == "took 15 minutes, expected within 1 minute"
    assert [a["status"] for a in desk.alerts("recovered")] == ["resolved"]
    # Two that began at the same moment are one alert.
    assert [a["severity"] for a in desk.alerts("twice at once")] == ["critical"]
    assert desk.alerts("of its type")[0]["description"] == "running for 3 hours, expected within 2 hours"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("exactly", []),  # W-F3
        ("a second more", [(NOW - 12 * HOUR - timedelta(seconds=1), 12, True)]),
        ("own limit", [(NOW - 2 * HOUR, 1, True)]),
        ("type's limit", [(NOW - 13 * HOUR, 12, False)]),  # W-F2
        ("never loaded", [(None, 12, True)]),
        ("new", []),
        ("muted load", []),  # W-F1
        ("muted kind", []),
        ("inactive", []),
        ("absurd", []),
    ],
)
def test_stale_pipelines(desk: Desk, name: str, expected: list[tuple[Any, ...]]) -> None:
    found = [(r["last_dml_timestamp"], r["freshness_number"], r["used_child_config"]) for r in desk.stale(name)]
    assert found == expected
    assert [a["alert_type"] for a in desk.alerts(name)] == ["PIPELINE_STALE"] * len(expected)


def test_stale_alerts_say_since_when(desk: Desk) -> None:
    (alert,) = desk.alerts("type's limit")
    assert alert["description"] == "no changed rows for 13.0 h, expected within 12 hours"
    assert alert["reason"] == (
        "type's limit last changed rows at 2026-03-09 23:00 UTC and was due by 2026-03-10 11:00 UTC; "
        "the limit is set for its type half a day"
    )
    (never,) = desk.alerts("never loaded")
    assert (never["description"], never["window_start"]) == ("never loaded, expected within 12 hours", NOW - 13 * HOUR)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("value 24", ("range", 14.0, 3.1623, 3.1623)),  # W-A2, W-A4, W-A5; neither other hours nor later runs count
        ("value 23", None),
        ("value 5", None),
        ("value 4", ("range", 14.0, 3.1623, -3.1623)),
        ("too few", None),  # W-A3
        ("too few told", None),
        ("failed wildly", None),  # W-A1
        ("inactive rule", None),
        ("too old", None),
        ("drop to zero", ("zero", 138.0, 164.5296, -0.8388)),  # W-A6
        ("small counts", None),
        ("constant", ("constant", 100.0, 0.0, None)),  # W-A7
        ("still constant", None),
        ("flagged before", ("range", 14.0, 2.8284, 3.5355)),  # what the first pass flags is no part of the baseline
        ("unflagged", None),  # W-A11
        ("counts again", None),
        ("expected", None),
        ("expected, then reopened", ("range", 14.0, 2.8284, 3.5355)),
    ],
)
def test_fixed_rules(desk: Desk, judged: dict[str, str], name: str, expected: tuple[Any, ...] | None) -> None:
    found = desk.unusual(judged[name])
    columns = ("historical_mean", "std_deviation_value", "z_score")
    shown = {
        metric: (row["cause"], *(None if row[c] is None else float(row[c]) for c in columns))
        for metric, row in found.items()
    }
    assert shown == ({"total_rows": expected} if expected else {})


def test_an_unusual_execution_is_one_alert(desk: Desk, judged: dict[str, str]) -> None:
    row = desk.unusual(judged["value 24"])["total_rows"]
    assert (float(row["threshold_min_value"]), float(row["threshold_max_value"])) == (4.5132, 23.4868)
    assert row["context"] == {"lookback_days": 30, "minimum_executions": 5, "execution_count": 5, "rule": "range"}
    assert float(desk.unusual(judged["large"])["total_rows"]["violation_value"]) == 9e18
    (both,) = desk.alerts("two numbers")
    assert (both["alert_type"], both["severity"], both["status"]) == ("PIPELINE_ANOMALY", "warning", "open")
    assert both["description"] == (
        "2 unusual numbers: duration_seconds: 600 (range: 60 - 60), total_rows: 24 (range: 4.5132 - 23.4868)"
    )
    (one,) = desk.alerts("value 4")
    assert (one["observed_value"], one["expected_value"], one["score"]) == (4, 14, -3.1623)
    assert desk.alerts("value 24")[0]["status"] == "resolved", "a later execution was usual"
    assert desk.alerts("a second's blur") == []


def test_flags_of_executions(desk: Desk, judged: dict[str, str]) -> None:
    def flags(name: str) -> Any:
        statement = "select anomaly_flags from {schema}.pipeline_execution_flags where pipeline_execution_id = %s"
        return [row["anomaly_flags"] for row in desk.rows(statement, judged[name])]

    assert flags("two numbers") == [{"total_rows": True, "duration_seconds": True}]
    assert flags("unflagged") == [{"total_rows": False}]
    assert flags("expected before") == [{"total_rows": False}], "answered as expected is unflagged"
    assert desk.alerts("unflagged") == [], "unflagged is answered as expected"
    assert flags("value 23") == []


def test_failed_executions_are_told_once_where_they_began(desk: Desk) -> None:
    (broke,) = desk.alerts("broke")
    assert (broke["alert_type"], broke["severity"], broke["metric"]) == (
        "PIPELINE_ANOMALY",
        "critical",
        "failed_executions",
    )
    assert (broke["window_start"], broke["observed_value"], broke["reason"]) == (NOW - 4 * HOUR, 2, "disk full")
    assert broke["description"] == "the last execution failed, 2 failures in a row"
    assert [a["reason"] for a in desk.alerts("inner")] == ["division by zero"]
    (orders,) = desk.alerts("marts.orders")
    assert (orders["connection"], orders["owner"], orders["reason"]) == ("observed", "bob", "column x does not exist")
    (killed,) = desk.alerts("dbt:killed")
    assert (killed["description"], killed["reason"]) == ("the last execution was killed", "no sign of life")
    for quiet in (
        "mended",
        "outer",
        "dbt:shop",
        "marts.skipped",
        "marts.removed",
        "test.shop.not_null",
        "test.shop.cut_short",
    ):
        assert desk.alerts(quiet) == []


def test_daily_report(desk: Desk) -> None:
    (row,) = desk.rows("select * from {schema}.daily_pipeline_report where pipeline_name = 'reported'")
    assert row["date_recorded"].isoformat() == "2026-03-09"
    assert [
        float(row[c])
        for c in (
            "total_executions",
            "failed_executions",
            "error_percentage",
            "daily_inserts",
            "daily_updates",
            "daily_soft_deletes",
            "daily_total_rows",
            "avg_duration_seconds",
            "daily_throughput",
        )
    ] == [2, 1, 50.0, 600, 300, 100, 1000, 75.0, 6.6667]


def test_a_later_run_updates_and_a_replay_changes_nothing(desk: Desk) -> None:
    assert desk.late("ends soon") == [("running", 600, 60, True)]
    before = desk.stale("type's limit")
    desk.pipeline("comes back", last_target_insert=NOW + HOUR, **fresh(12))
    desk.derive(LATER)
    assert desk.late("ends soon") == [("completed", 1800, 60, True)]  # W-TI6: the same row
    assert desk.stale("type's limit") == before  # W-F4
    assert [(r["is_current"], r["ended_at"]) for r in desk.stale("comes back")] == [(False, LATER)]
    assert [a["status"] for a in desk.alerts("comes back")] == ["resolved"]
    again = LATER + 12 * HOUR
    desk.derive(again)
    assert [r["is_current"] for r in desk.stale("comes back")] == [False, True]
    state = "select * from {schema}.pipeline_freshness order by freshness_key"
    known = desk.rows(state)
    desk.derive(NOW)
    assert desk.rows(state) == known
    assert desk.late("ends soon") == [("running", 600, 60, True)]


def test_clock_of_the_session_does_not_matter(desk: Desk) -> None:
    assert parse_clock("2026-03-10 12:00") == NOW
    desk.store.execute("set timezone to 'America/New_York'")
    try:
        assert desk.late("a month") == [("completed", 29 * 86400 + 1, 29 * 86400, True)]
    finally:
        desk.store.execute("set timezone to 'UTC'")
