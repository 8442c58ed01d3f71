"""From baselines and collection results to alerts: dbt's SQL alone, on rows written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest

from lookout.database.store import Store
from lookout.project.artifacts.outcomes import outcome_of
from lookout.project.clock import parse_clock
from lookout.project.declarations.monitor import series_key
from lookout.project.workspace import Workspace, open_workspace
from tests.conftest import MONITORING, Observed

UTC = timezone.utc
ALERTS = ["run", "--select", "fqn:lookout.monitoring.alerts.*"]


class Desk:
    """Writes landing rows and lets dbt derive the alerts as of a clock."""

    def __init__(self, observed: Observed, workspace: Workspace) -> None:
        self.observed, self.workspace = observed, workspace
        self.store = Store(workspace.home.warehouse, MONITORING)

    def monitor(
        self, metric: str = "row_count", *, asset: str = "public.orders", grain: str = "day", **settings: Any
    ) -> str:
        key = series_key("shop", asset, "", metric, grain)
        row = {
            "series_key": key,
            "connection": "shop",
            "asset": asset,
            "column_name": "",
            "metric": metric,
            "kind": "positive" if metric == "freshness" else "count",
            "grain": grain,
            "layer": "batch",
            "owner": "sales",
            "alert_from": "critical",
            "is_active": True,
            **settings,
        }
        self.store.upsert("monitors", pd.DataFrame([row]))
        return key

    def counted(self, key: str, values: dict[str, tuple[float, str]]) -> None:
        """Judged row counts with a severity each."""
        rows = [
            {
                "series_key": key,
                "bucket_start": pd.Timestamp(at, tz="UTC"),
                "status": "judged",
                "observed_value": value,
                "expected_value": 20.0,
                "score": -6.0 if severity else 0.0,
                "reason": "no rows",
                "severity": severity,
                "learned_at": pd.Timestamp(at, tz="UTC"),
            }
            for at, (value, severity) in values.items()
        ]
        self.store.upsert("baselines", pd.DataFrame(rows))

    def judged(self, key: str, scores: dict[str, float | None], *, status: str = "judged") -> None:
        rows = [
            {
                "series_key": key,
                "bucket_start": pd.Timestamp(at, tz="UTC"),
                "status": status if score is not None else "learning",
                "observed_value": 20 + 5 * (score or 0),
                "expected_value": 20.0,
                "lower_bound": 5.0,
                "upper_bound": 35.0,
                "score": score,
                "reason": "because",
                "severity": "" if score is None or abs(score) < 2 else "warning" if abs(score) < 3 else "critical",
                "learned_at": pd.Timestamp(at, tz="UTC"),
            }
            for at, score in scores.items()
        ]
        self.store.upsert("baselines", pd.DataFrame(rows))

    def looked(
        self,
        as_of: str,
        status: str = "ok",
        *,
        asset: str = "public.orders",
        latest_at: str | None = None,
        message: str = "",
    ) -> None:
        row = {
            "connection": "shop",
            "asset": asset,
            "as_of": parse_clock(as_of),
            "status": status,
            "message": message,
            "latest_at": parse_clock(latest_at) if latest_at else None,
            "owner": "sales",
            "layer": "batch",
        }
        self.store.upsert("collection_results", pd.DataFrame([row]))

    def derive(self, as_of: str) -> list[dict[str, Any]]:
        self.workspace.home.project.as_of = parse_clock(as_of)
        outcome = self.workspace.home.project.build(ALERTS)
        assert outcome.success, "\n".join(outcome.failures)
        return self.alerts()

    def states(self) -> list[tuple[bool, bool]]:
        """Whether each alert known at the clock is found, and open."""
        frame = self.store.query(
            "select is_found, is_open from {schema}.alert_states "
            "inner join {schema}.alerts using (alert_key) where alert_type = 'VOLUME_ANOMALY' order by alert_key"
        )
        return list(frame.itertuples(index=False, name=None))

    def alerts(self) -> list[dict[str, Any]]:
        frame = self.store.query("select * from {schema}.alerts order by window_start, alert_type, asset")
        return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


@pytest.fixture(scope="module")
def parsed(observed_project: Observed) -> Workspace:
    observed_project.reset("observed_template")
    observed_project.declare({"orders": {"timestamp_column": "at"}})
    workspace = open_workspace(observed_project.root)
    workspace.parse()
    return workspace


@pytest.fixture
def desk(parsed: Workspace, observed: Observed) -> Iterator[Desk]:
    desk = Desk(observed, parsed)
    yield desk
    desk.store.close()


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_one_alert_for_neighbouring_buckets_and_a_new_one_when_it_returns(desk: Desk) -> None:
    key = desk.monitor()
    desk.judged(key, {"2026-01-01": 0.5, "2026-01-02": -3.6, "2026-01-03": -4.0, "2026-01-04": 0.1, "2026-01-05": 3.0})
    desk.looked("2026-01-06")
    first, second = desk.derive("2026-01-06")
    assert (first["window_start"], first["window_end"]) == (day("2026-01-02"), day("2026-01-04"))
    assert (first["status"], first["score"], first["observed_value"]) == ("resolved", -4.0, 0.0)
    assert (second["window_start"], second["status"], second["score"]) == (day("2026-01-05"), "open", 3.0)


def test_a_bucket_that_could_not_be_judged_does_not_end_an_episode(desk: Desk) -> None:
    key = desk.monitor()
    desk.judged(key, {"2026-01-01": 0.5, "2026-01-02": -3.6, "2026-01-03": None, "2026-01-04": -3.6})
    desk.looked("2026-01-05")
    (alert,) = desk.derive("2026-01-05")
    assert (alert["window_start"], alert["window_end"], alert["status"]) == (
        day("2026-01-02"),
        day("2026-01-05"),
        "open",
    )


def test_a_silence_that_alerted_stays_open_until_rows_come(desk: Desk) -> None:
    key = desk.monitor()
    desk.counted(
        key, {"2026-01-01": (20, ""), "2026-01-02": (0, "critical"), "2026-01-03": (0, ""), "2026-01-04": (0, "")}
    )
    desk.looked("2026-01-05")
    (alert,) = desk.derive("2026-01-05")
    assert (alert["status"], alert["window_start"], alert["window_end"]) == (
        "open",
        day("2026-01-02"),
        day("2026-01-05"),
    )
    desk.counted(key, {"2026-01-05": (20, "")})
    desk.looked("2026-01-06")
    assert [a["status"] for a in desk.derive("2026-01-06")] == ["resolved"]


def test_a_silence_that_is_usual_ends_an_episode(desk: Desk) -> None:
    desk.counted(desk.monitor(), {"2026-01-01": (20, ""), "2026-01-02": (3, "critical"), "2026-01-03": (0, "")})
    desk.looked("2026-01-04")
    assert [a["status"] for a in desk.derive("2026-01-04")] == ["resolved"]


@pytest.mark.parametrize(("alert_from", "expected"), [("warning", ["warning"]), ("critical", [])])
def test_warnings_alert_only_where_people_want_them(desk: Desk, alert_from: str, expected: list[str]) -> None:
    desk.judged(desk.monitor(alert_from=alert_from), {"2026-01-01": 0.1, "2026-01-02": 2.0})
    desk.looked("2026-01-03")
    assert [a["severity"] for a in desk.derive("2026-01-03")] == expected
    anomalies = desk.store.query("select severity from {schema}.anomalies")
    assert list(anomalies["severity"]) == ["warning"]


def test_same_clock_changes_nothing_and_a_later_one_counts(desk: Desk) -> None:
    key = desk.monitor()
    desk.judged(key, {"2026-01-01": 0.1, "2026-01-02": -3.6})
    desk.looked("2026-01-03")
    desk.derive("2026-01-03")
    before = desk.store.query("select xmin::text, * from {schema}.alerts")
    desk.derive("2026-01-03")
    assert before.equals(desk.store.query("select xmin::text, * from {schema}.alerts"))

    desk.looked("2026-01-03 06:00")
    (alert,) = desk.derive("2026-01-03 06:00")
    assert (alert["occurrences"], alert["last_seen_at"]) == (2, day("2026-01-03T06:00"))
    assert alert["first_seen_at"] == day("2026-01-03")

    desk.judged(key, {"2026-01-03": 0.2})
    desk.looked("2026-01-04")
    (alert,) = desk.derive("2026-01-04")
    assert (alert["status"], alert["resolved_at"], alert["occurrences"]) == ("resolved", day("2026-01-04"), 2)


def test_a_correction_resolves_and_a_replay_of_the_past_leaves_later_knowledge_alone(desk: Desk) -> None:
    key = desk.monitor()
    desk.judged(key, {"2026-01-01": 0.1, "2026-01-02": -3.6})
    desk.looked("2026-01-03")
    desk.derive("2026-01-03")
    desk.judged(key, {"2026-01-02": 0.3})
    desk.looked("2026-01-03 09:00")
    (alert,) = desk.derive("2026-01-03 09:00")
    assert (alert["status"], alert["resolved_at"]) == ("resolved", day("2026-01-03T09:00"))
    (replayed,) = desk.derive("2026-01-02 12:00")
    assert replayed == alert


def test_the_state_of_an_alert_is_the_one_at_the_clock_whatever_a_later_run_made_of_it(desk: Desk) -> None:
    key = desk.monitor()
    desk.judged(key, {"2026-01-01": 0.1, "2026-01-02": -3.6})
    desk.looked("2026-01-03")
    desk.derive("2026-01-03")
    desk.judged(key, {"2026-01-03": 0.3})
    desk.looked("2026-01-04")
    desk.derive("2026-01-04")
    assert desk.states() == [(True, False)]
    desk.derive("2026-01-03")
    assert (desk.states(), desk.alerts()[0]["status"]) == ([(True, True)], "resolved")
    desk.derive("2026-01-01")
    assert desk.states() == []


def test_an_alert_of_a_table_that_cannot_be_looked_at_stays_open(desk: Desk) -> None:
    key = desk.monitor()
    desk.judged(key, {"2026-01-01": 0.1, "2026-01-02": -3.6})
    desk.looked("2026-01-03")
    desk.derive("2026-01-03")
    desk.store.execute("delete from {schema}.baselines")
    desk.looked("2026-01-04", "timeout")
    desk.derive("2026-01-04")
    assert desk.states() == [(False, True)]
    desk.looked("2026-01-05")
    desk.derive("2026-01-05")
    assert desk.states() == [(False, False)]


def test_a_run_whose_clock_was_ahead_of_the_time_leaves_no_trace_after_the_next(desk: Desk) -> None:
    kept, over = desk.monitor(), desk.monitor(asset="public.other")
    desk.judged(kept, {"2026-01-01": 0.1, "2026-01-02": -3.6})
    desk.judged(over, {"2026-01-02": -3.6, "2026-01-03": -3.6, "2026-01-04": 0.1})
    for asset in ("public.orders", "public.other"):
        desk.looked("2026-01-03", asset=asset)
    desk.derive("2026-01-03")
    desk.judged(kept, {"2126-01-01": -4.0})
    desk.judged(over, {"2126-01-01": -4.0})
    for asset in ("public.orders", "public.other"):
        desk.looked("2126-01-02", asset=asset)
    ahead = desk.derive("2126-01-02")
    assert max(alert["last_seen_at"] for alert in ahead) == day("2126-01-02")

    for asset in ("public.orders", "public.other"):
        desk.looked("2026-01-05", asset=asset)
    found = {(a["asset"], a["window_start"].year): a for a in desk.derive("2026-01-05")}
    states = {key: alert["status"] for key, alert in found.items()}
    assert states == {
        ("public.orders", 2026): "open",
        ("public.other", 2026): "resolved",
        ("public.other", 2126): "resolved",
    }
    assert max(alert["last_seen_at"] for alert in found.values()) == day("2026-01-05")
    assert found["public.orders", 2026]["first_seen_at"] == day("2026-01-03")
    assert len(desk.states()) == len(found)


def test_nothing_after_the_clock_is_seen(desk: Desk) -> None:
    desk.judged(desk.monitor(), {"2026-01-01": 0.1, "2026-01-02": -3.6})
    desk.looked("2026-01-03")
    assert desk.derive("2026-01-02 23:59") == []


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(minutes=45), "critical"),
        (timedelta(minutes=30), None),
        (timedelta(minutes=10), None),
        (timedelta(minutes=30, seconds=1), "critical"),
    ],
)
def test_fixed_freshness_limit(desk: Desk, age: timedelta, expected: str | None) -> None:
    desk.monitor("freshness", error_after_seconds=1800.0)
    clock = day("2026-01-03T12:00")
    desk.looked("2026-01-03 12:00", latest_at=(clock - age).isoformat())
    found = desk.derive("2026-01-03 12:00")
    assert [a["severity"] for a in found] == ([expected] if expected else [])
    if found:
        assert (found[0]["alert_type"], found[0]["observed_value"]) == ("STALE_DATA_FLOW", age.total_seconds())
        assert (found[0]["upper_bound"], found[0]["window_start"]) == (1800.0, clock - age)
        desk.looked("2026-01-03 12:05", latest_at="2026-01-03 12:04")
        assert [a["status"] for a in desk.derive("2026-01-03 12:05")] == ["resolved"]


def test_a_limit_holds_when_freshness_is_not_among_the_metrics(desk: Desk) -> None:
    desk.monitor("freshness", error_after_seconds=1800.0)
    desk.looked("2026-01-03 12:00", latest_at="2026-01-03 11:00")
    (alert,) = desk.derive("2026-01-03 12:00")
    desk.monitor("freshness", error_after_seconds=1800.0, is_active=False)
    desk.monitor("row_count", error_after_seconds=1800.0)
    desk.looked("2026-01-03 12:05", latest_at="2026-01-03 11:00")
    (later,) = desk.derive("2026-01-03 12:05")
    assert (later["alert_key"], later["status"], later["reason"]) == (
        alert["alert_key"],
        "open",
        "newest row is 65 min old, the limit is 30 min",
    )


def test_a_table_that_was_never_loaded_is_stale(desk: Desk) -> None:
    desk.monitor("freshness")
    desk.looked("2026-01-03", "empty")
    desk.looked("2026-01-04", "empty")
    (alert,) = desk.derive("2026-01-04")
    assert (alert["alert_type"], alert["description"], alert["window_start"]) == (
        "STALE_DATA_FLOW",
        "never loaded",
        day("2026-01-03"),
    )
    # While it cannot be looked at, it is the same alert.
    desk.looked("2026-01-05", "timeout")
    stale, unevaluated = desk.derive("2026-01-05")
    assert (stale["alert_key"], stale["status"]) == (alert["alert_key"], "open")
    assert unevaluated["alert_type"] == "SOURCE_UNREACHABLE"


def test_a_dead_source_is_one_alert_and_hides_no_other(desk: Desk) -> None:
    desk.judged(desk.monitor(), {"2026-01-01": 0.1, "2026-01-02": -3.6})
    desk.monitor(asset="public.items")
    desk.looked("2026-01-03")
    desk.looked("2026-01-03", asset="public.items")
    desk.derive("2026-01-03")
    for asset in ("public.orders", "public.items"):
        desk.looked("2026-01-04", "source_unreachable", asset=asset, message="connection refused")
    volume, unreachable = desk.derive("2026-01-04")
    assert (volume["alert_type"], volume["status"], volume["occurrences"]) == ("VOLUME_ANOMALY", "open", 1)
    assert (unreachable["alert_type"], unreachable["asset"], unreachable["window_start"]) == (
        "SOURCE_UNREACHABLE",
        "",
        day("2026-01-04"),
    )
    assert unreachable["reason"] == "2 watched tables could not be evaluated: connection refused"
    for asset in ("public.orders", "public.items"):
        desk.looked("2026-01-05", asset=asset)
    assert {a["alert_type"]: a["status"] for a in desk.derive("2026-01-05")} == {
        "VOLUME_ANOMALY": "open",
        "SOURCE_UNREACHABLE": "resolved",
    }


def test_an_unreadable_table_is_named(desk: Desk) -> None:
    desk.monitor()
    desk.looked("2026-01-03", "missing_table", message="public.orders does not exist in shop.")
    (alert,) = desk.derive("2026-01-03")
    assert (alert["alert_type"], alert["asset"], alert["reason"]) == (
        "SOURCE_UNREACHABLE",
        "public.orders",
        "public.orders does not exist in shop.",
    )
    assert alert["description"] == "could not be evaluated: missing table"


def test_a_table_that_is_watched_no_more_alerts_no_more(desk: Desk) -> None:
    desk.monitor()
    desk.looked("2026-01-03", "missing_table", message="public.orders does not exist in shop.")
    desk.derive("2026-01-03")
    desk.monitor(is_active=False)
    assert [a["status"] for a in desk.derive("2026-01-04")] == ["resolved"]


def test_failing_dbt_tests_alert_until_they_pass(desk: Desk) -> None:
    def result(
        invocation: str, at: str, status: str, name: str = "not_null_orders_id", test_name: str = "not_null"
    ) -> None:
        row = {
            "invocation_id": invocation,
            "node_id": f"test.x.{name}",
            "name": name,
            "resource_type": "test",
            "status": status,
            "outcome": outcome_of(status),
            "connection": "observed",
            "asset": "public.orders",
            "column_name": "id",
            "test_name": test_name,
            "failures": 3,
            "message": "Got 3 results",
            "executed_at": parse_clock(at),
            "owner": "sales",
            "layer": "batch",
        }
        desk.store.upsert("dbt_results", pd.DataFrame([row]))

    result("a", "2026-01-01", "pass")
    result("b", "2026-01-02", "fail")
    result("c", "2026-01-03", "fail")
    result("c", "2026-01-03", "fail", "volume_orders", "lookout.volume_anomaly")
    (alert,) = desk.derive("2026-01-03")
    assert (alert["alert_type"], alert["metric"], alert["window_start"]) == (
        "TEST_FAILURE",
        "not_null_orders_id",
        day("2026-01-02"),
    )
    result("d", "2026-01-04", "pass")
    assert [a["status"] for a in desk.derive("2026-01-04")] == ["resolved"]


def test_identity_does_not_depend_on_the_session(desk: Desk) -> None:
    desk.judged(desk.monitor(), {"2026-01-01": 0.1, "2026-01-02": -3.6})
    desk.looked("2026-01-03")
    (before,) = desk.derive("2026-01-03")
    desk.observed.server.run("alter database observed set timezone to 'Asia/Kathmandu'")
    assert desk.derive("2026-01-03") == [before]
