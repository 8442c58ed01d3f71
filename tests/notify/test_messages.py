"""What the messages say, word for word, for every type of alert; pure, no database and no network."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from lookout.alerts.model import Alert
from lookout.notify.message import LEVELS, SIGNS, Message, Notice, message_id
from lookout.notify.model import OPENED, RESOLVED, WORSENED, Delivery
from lookout.notify.settings.file import ALERT_TYPES

NOW = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)
LINK = "https://example.com/lookout"


def alert(**values: Any) -> Alert:
    row = {
        "alert_key": "0123456789abcdef",
        "alert_type": "VOLUME_ANOMALY",
        "severity": "critical",
        "status": "open",
        "connection": "shop",
        "asset": "marts.orders",
        "window_start": NOW - timedelta(hours=36),
        "owner": "sales",
    }
    return Alert(**{**row, **values})


def notice(stage: str = OPENED, first: Delivery | None = None, before: str = "", **values: Any) -> Notice:
    return Notice(alert(**values), stage, first, before)


def message(*alerts: Notice, group: str = "sales", link: str = LINK) -> Message:
    return Message("m1", "team", group, alerts, NOW, link)


FIRST = Delivery("0123456789abcdef", "team", 1, "opened", "sent", "sales", "warning", "open", NOW, 1, "abc123", NOW)
CASES: dict[str, dict[str, Any]] = {
    "VOLUME_ANOMALY": {
        "metric": "row_count", "kind": "count", "observed_value": 1247.0, "expected_value": 20500.4,
        "lower_bound": 19000.0, "upper_bound": 22000.0, "description": "row_count was 1,247, expected about 20,500",
        "reason": "6.1 % of the usual 20,500", "explanation": "country: DE accounts for 98 % of the drop",
        "downstream_count": 7, "downstream_models": ("a", "b", "c", "d", "e", "f"), "downstream_exposures": ("board",),
        "downstream_owners": ("bi",),
    },
    "STALE_DATA_FLOW": {
        "metric": "freshness", "kind": "positive", "observed_value": 95400.0, "upper_bound": 3600.0,
        "description": "no new rows for 26.5 h", "reason": "newest row is 26.5 h old, the limit is 60 min",
        "cause": "nightly_load: the last execution failed", "cause_key": "fedcba9876543210",
    },
    "METRIC_ANOMALY": {
        "severity": "warning", "column_name": "email", "metric": "null_rate", "kind": "rate", "observed_value": 0.25,
        "expected_value": 0.0131, "upper_bound": 0.05, "description": "null_rate was 25.0 %", "reason": "usually 1.3 %",
        "owner": "",
    },
    "CONTRACT_VIOLATION": {
        "column_name": "status", "metric": "type_changed", "description": "a column changed its type",
        "reason": "expected text, found integer", "downstream_count": 2, "downstream_others": ("crm", "mail"),
    },
    "PIPELINE_LATE": {
        "connection": "", "asset": "nightly_load", "metric": "duration_seconds", "observed_value": 7200.0,
        "upper_bound": 5400.0, "description": "running for 2.0 hours, expected within 90 minutes",
        "reason": "execution 7 of nightly_load began at 2026-03-02 00:00 UTC and is still running",
    },
    "PIPELINE_STALE": {
        "connection": "", "asset": "nightly_load", "metric": "freshness", "observed_value": 259200.0,
        "upper_bound": 86400.0, "description": "no changed rows for 3.0 days, expected within 1 day",
        "reason": "nightly_load last changed rows at 2026-02-28 12:00 UTC",
    },
    "PIPELINE_ANOMALY": {
        "severity": "warning", "connection": "", "asset": "nightly_load", "metric": "anomaly_rules",
        "description": "2 unusual numbers: inserts: 0 (range: 90 - 110), duration: 9 (range: 1 - 3)",
        "reason": "execution 7: inserts was never 0",
    },
    "TEST_FAILURE": {
        "column_name": "order_id", "metric": "unique_orders_order_id", "observed_value": 12.0, "expected_value": 0.0,
        "description": "dbt test unique_orders_order_id failed", "reason": "Got 12 results, configured to fail if != 0",
    },
    "SOURCE_UNREACHABLE": {
        "asset": "", "description": "source could not be reached",
        "reason": "3 watched tables could not be evaluated: connection refused, password=hunter2",
    },
}  # fmt: skip
EXPECTED = {
    "VOLUME_ANOMALY": """
🛑 CRITICAL
shop marts.orders: row_count was 1,247, expected about 20,500
Timestamp: 2026-03-03 12:00 UTC
Message: New alert.
Details:
• Since: 2026-03-02 00:00 UTC
• Seen: 1,247 rows, expected 20,500 rows (normal: 19,000 rows to 22,000 rows)
• Why: 6.1 % of the usual 20,500
• Where: country: DE accounts for 98 % of the drop
• Downstream: 6 models (a, b, c, d, e and 1 more), 1 exposure (board); owned by bi
• Owner: sales
• Alert 01234567: https://example.com/lookout/index.html#alert=0123456789abcdef
""",
    "STALE_DATA_FLOW": """
🛑 CRITICAL
shop marts.orders: no new rows for 26.5 h
Timestamp: 2026-03-03 12:00 UTC
Message: New alert.
Details:
• Since: 2026-03-02 00:00 UTC
• Seen: 26.5 h (at most 60 min)
• Why: newest row is 26.5 h old, the limit is 60 min
• Likely cause: nightly_load: the last execution failed (fedcba98)
• Owner: sales
• Alert 01234567: https://example.com/lookout/index.html#alert=0123456789abcdef
""",
    "METRIC_ANOMALY": """
⚠️ WARNING
shop marts.orders.email: null_rate was 25.0 %
Timestamp: 2026-03-03 12:00 UTC
Message: New alert.
Details:
• Since: 2026-03-02 00:00 UTC
• Seen: 25 %, expected 1.31 % (at most 5 %)
• Why: usually 1.3 %
• Owner: nobody named
• Alert 01234567: https://example.com/lookout/index.html#alert=0123456789abcdef
""",
    "CONTRACT_VIOLATION": """
🛑 CRITICAL
shop marts.orders.status: a column changed its type
Timestamp: 2026-03-03 12:00 UTC
Message: New alert.
Details:
• Since: 2026-03-02 00:00 UTC
• Why: expected text, found integer
• Downstream: 2 others (crm, mail)
• Owner: sales
• Alert 01234567: https://example.com/lookout/index.html#alert=0123456789abcdef
""",
    "PIPELINE_LATE": """
🛑 CRITICAL
nightly_load: running for 2.0 hours, expected within 90 minutes
Timestamp: 2026-03-03 12:00 UTC
Message: New alert.
Details:
• Since: 2026-03-02 00:00 UTC
• Seen: 2 h (at most 1.5 h)
• Why: execution 7 of nightly_load began at 2026-03-02 00:00 UTC and is still running
• Owner: sales
• Alert 01234567: https://example.com/lookout/index.html#alert=0123456789abcdef
""",
    "PIPELINE_STALE": """
🛑 CRITICAL
nightly_load: no changed rows for 3.0 days, expected within 1 day
Timestamp: 2026-03-03 12:00 UTC
Message: New alert.
Details:
• Since: 2026-03-02 00:00 UTC
• Seen: 3 days (at most 24 h)
• Why: nightly_load last changed rows at 2026-02-28 12:00 UTC
• Owner: sales
• Alert 01234567: https://example.com/lookout/index.html#alert=0123456789abcdef
""",
    "PIPELINE_ANOMALY": """
⚠️ WARNING
nightly_load: 2 unusual numbers: inserts: 0 (range: 90 - 110), duration: 9 (range: 1 - 3)
Timestamp: 2026-03-03 12:00 UTC
Message: New alert.
Details:
• Since: 2026-03-02 00:00 UTC
• Why: execution 7: inserts was never 0
• Owner: sales
• Alert 01234567: https://example.com/lookout/index.html#alert=0123456789abcdef
""",
    "TEST_FAILURE": """
🛑 CRITICAL
shop marts.orders.order_id: dbt test unique_orders_order_id failed
Timestamp: 2026-03-03 12:00 UTC
Message: New alert.
Details:
• Since: 2026-03-02 00:00 UTC
• Seen: 12, expected 0
• Why: Got 12 results, configured to fail if != 0
• Owner: sales
• Alert 01234567: https://example.com/lookout/index.html#alert=0123456789abcdef
""",
    "SOURCE_UNREACHABLE": """
❌ ERROR
shop: source could not be reached
Timestamp: 2026-03-03 12:00 UTC
Message: New alert.
Details:
• Since: 2026-03-02 00:00 UTC
• Error Details: 3 watched tables could not be evaluated: connection refused, password=***
• Owner: sales
• Alert 01234567: https://example.com/lookout/index.html#alert=0123456789abcdef
""",
}


def test_every_type_has_its_message() -> None:
    assert set(CASES) == set(ALERT_TYPES) == set(EXPECTED)


@pytest.mark.parametrize("alert_type", CASES)
def test_message_of_each_type(alert_type: str) -> None:
    said = message(notice(alert_type=alert_type, **CASES[alert_type])).body("text")
    assert said.strip() == EXPECTED[alert_type].strip()


def test_levels_have_words_and_signs_of_their_own() -> None:
    assert LEVELS == ("INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL")
    assert len(set(SIGNS.values())) == len(LEVELS)
    over = notice(RESOLVED, FIRST, status="resolved", resolved_at=NOW)
    unreachable = notice(alert_type="SOURCE_UNREACHABLE")
    warning, critical = notice(severity="warning"), notice()
    for alerts, level in (
        ([], "INFO"),
        ([over], "SUCCESS"),
        ([over, warning], "WARNING"),
        ([warning, unreachable], "ERROR"),
        ([over, critical, unreachable], "CRITICAL"),
    ):
        assert message(*alerts).level == level


def test_resolved_message_refers_to_the_first() -> None:
    over = notice(RESOLVED, FIRST, status="resolved", resolved_at=NOW, description="few rows")
    assert message(over, link="").body("text") == (
        "✅ SUCCESS\nresolved: shop marts.orders: few rows\nTimestamp: 2026-03-03 12:00 UTC\nMessage: Resolved.\nDetails:\n"
        "• Since: 2026-03-02 00:00 UTC, until 2026-03-03 12:00 UTC\n• Owner: sales\n"
        "• First told: in message abc123 at 2026-03-03 12:00 UTC\n• Alert: 01234567\n"
    )


def test_several_in_markdown_worst_first() -> None:
    low = notice(alert_key="a" * 16, severity="warning", description="odd *rows*", asset="_raw.fact_orders")
    worse = notice(WORSENED, FIRST, "warning", description="few rows <1>")
    assert message(low, worse).body("markdown", 1) == (
        "🛑 **CRITICAL**\n\n**2 alerts for sales: 1 critical, 1 warning**\n\n**Timestamp:** 2026-03-03 12:00 UTC\n\n"
        "**Message:** 1 new, 1 worse; 1 critical, 1 warning.\n\n**Details:**\n\n"
        "🛑 **CRITICAL** shop marts.orders: few rows \\<1\\> (worse: warning before, critical now)\n\n"
        "- Since: 2026-03-02 00:00 UTC\n- Owner: sales\n- First told: in message abc123 at 2026-03-03 12:00 UTC\n"
        "- [Alert 01234567](<https://example.com/lookout/index.html#alert=0123456789abcdef>)\n\n"
        "and 1 more: [report](<https://example.com/lookout/index.html>)\n"
    )
    assert "⚠️ **WARNING** shop \\_raw.fact_orders: odd \\*rows\\* (new)" in message(low, worse).body("markdown")


def test_fits_where_little_fits() -> None:
    many = [notice(alert_key=f"{n:016x}", description="d" * 500, reason="r" * 5000) for n in range(40)]
    filled = message(*many)
    assert len(filled.title) < 250
    assert len(filled.body("text")) < 16_000
    for limit in (100_000, 8_000, 4_000, 2_000, 1_000, 300, 40):
        assert len(filled.fitting("text", limit)) <= limit
    assert "40 alerts: report: " in filled.fitting("text", 300)
    assert filled.as_dict()["alert_count"] == 40
    assert len(filled.as_dict()["alerts"]) == 10


def test_control_characters_and_numbers_without_end() -> None:
    odd = notice(description="a\x00b\u202ec\nd", observed_value=float("inf"), lower_bound=float("-inf"))
    assert "shop marts.orders: a b c d" in message(odd).body("text")
    assert message(odd).as_dict()["alerts"][0]["lower_bound"] is None


def test_identity_of_a_message() -> None:
    other = Delivery("f" * 16, "team", 1, "opened", "pending", "sales", "warning", "open", NOW)
    assert message_id([FIRST, other]) == message_id([other, FIRST]) != message_id([FIRST])
    assert message(notice()).thread != message(notice(), group="finance").thread
