"""The Markdown reports from frames alone: no database, no clock."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lookout.database.store import records
from lookout.errors import DeliveryError
from lookout.render import text
from lookout.report.data import ReportData
from lookout.report.markdown.portfolio import component_table, infrastructure_lines
from lookout.report.markdown.render import render_detection, render_portfolio, render_scorecard
from lookout.report.write import write_file

NOW = datetime(2025, 1, 31, 6, tzinfo=timezone.utc)
COUNTS = (
    "baseline_count", "critical_alerts", "warning_alerts", "volume_alerts", "freshness_alerts", "metric_alerts",
    "contract_alerts", "test_alerts", "pipeline_alerts", "source_alerts", "unevaluated_assets", "learning_assets", "asset_count",
    "monitored_count", "described_count", "tested_count", "tests_passed", "tests_failed",
)  # fmt: skip


def card(scope: str, name: str, score: float | None, status: str, **counts: Any) -> dict[str, Any]:
    row = {"scope": scope, "connection": "", "name": name, "score": score, "status": status, "as_of": NOW}
    return {**row, **dict.fromkeys(COUNTS, 0), **counts}


def alert(**values: Any) -> dict[str, Any]:
    row = {
        "alert_key": "k",
        "alert_type": "VOLUME_ANOMALY",
        "severity": "critical",
        "connection": "shop",
        "asset": "marts.orders",
        "column_name": "",
        "metric": "row_count",
        "kind": "count",
        "grain": "day",
        "layer": "batch",
        "owner": "sales",
        "window_start": NOW - timedelta(days=1),
        "window_end": NOW,
        "last_seen_at": NOW,
        "resolved_at": None,
        "observed_value": 1247.0,
        "expected_value": 20500.5,
        "lower_bound": 19000.0,
        "upper_bound": 22000.0,
        "score": -3.6,
        "reason": "6.1 % of the usual 20,500",
        "description": "row_count was 1,247, expected about 20,500",
    }
    return {**row, **values}


def series(**values: Any) -> dict[str, Any]:
    row = {
        "connection": "shop",
        "asset": "marts.orders",
        "column_name": "",
        "metric": "row_count",
        "kind": "count",
        "grain": "day",
        "layer": "batch",
        "owner": "sales",
        "warn_after_seconds": None,
        "error_after_seconds": None,
        "newest_status": "judged",
        "newest_reason": "",
        "bucket_start": NOW.replace(day=30, hour=0),
        "observed_value": 1247.0,
        "expected_value": 1291.285714,
        "scale": 83.78951,
        "sample_size": 14,
        "judged_method": "zscore",
        "score": -0.5286,
        "severity": "",
        "learned_at": NOW,
        "next_bucket": NOW.replace(hour=0),
        "next_expected": 1290.123456,
        "next_lower": 1039.9,
        "next_upper": 1542.1,
        "next_learned_at": NOW,
        "asset_score": 60.0,
        "asset_status": "Fair",
    }
    return {**row, **values}


def data(as_of: datetime = NOW, **frames: list[dict[str, Any]]) -> ReportData:
    return ReportData(as_of, NOW, {name: pd.DataFrame(rows) for name, rows in frames.items()})


OVERALL = card(
    "platform", "Overall", 40.0, "CRITICAL", critical_alerts=1, monitored_count=3, unevaluated_assets=1, asset_count=4
)


def test_a_baseline_stands_with_mean_std_sample_size_and_the_bounds_of_the_next_bucket() -> None:
    told = render_scorecard(data(scorecard=[OVERALL], series=[series()]))
    assert "### `shop marts.orders`" in told
    assert "Fair, score 60.0 · layer batch · owner sales" in told
    line = next(line for line in told.splitlines() if line.startswith("| row_count |"))
    assert line == (
        "| row_count | 1,291.29 rows | 83.79 rows | 14 | zscore | 2025-01-30 | 1,247 rows | -0.53 | 2025-01-31 |"
        " 1,290.12 rows | ≤ 1,039 rows or ≥ 1,543 rows | 2025-01-31 06:00 |"
    )


def test_a_series_without_baseline_says_what_it_needs() -> None:
    learning = series(bucket_start=None, newest_status="learning", newest_reason="needs 8 more days of history")
    unseen = series(metric="freshness", bucket_start=None, newest_status=None, error_after_seconds=1800.0)
    told = render_scorecard(data(scorecard=[OVERALL], series=[learning, unseen]))
    assert "- row_count: learning, needs 8 more days of history." in told
    assert "- freshness: **NOT EVALUATED**, no day of history has been learned yet." in told
    assert "- freshness has a fixed limit: critical when older than 30 min." in told
    assert "| row_count |" not in told


def test_a_table_that_could_not_be_evaluated_is_not_shown_with_its_old_score() -> None:
    told = render_scorecard(data(scorecard=[OVERALL], series=[series(asset_score=None, asset_status="not evaluated")]))
    assert "**NOT EVALUATED** · layer batch" in told


def test_the_headline_says_what_is_wrong_since_when_and_whose_it_is() -> None:
    shown = data(scorecard=[OVERALL], open_alerts=[alert()])
    for render in (render_scorecard, render_detection, render_portfolio):
        told = render(shown)
        assert (
            "**1 open alert, 1 critical; 1 of 3 watched tables could not be evaluated. Overall status: CRITICAL.**"
            in told
        )
        assert (
            "- **critical** since 2025-01-30 06:00 UTC: `shop marts.orders` row_count was 1,247, expected about 20,500"
            ": 6.1 % of the usual 20,500. Owner: sales." in told
        )


@pytest.mark.parametrize(
    ("open_alerts", "evaluated", "verdict"),
    [(1, 0, "DETECTED"), (0, 2, "Normal"), (0, 1, "Normal"), (0, 0, "NOT EVALUATED")],
)
def test_a_detector_that_judged_nothing_is_never_normal(open_alerts: int, evaluated: int, verdict: str) -> None:
    row = {"detector": "Volume", "open_alerts": open_alerts, "watched": 2, "evaluated": evaluated}
    told = render_detection(data(scorecard=[OVERALL], detectors=[row]))
    line = next(line for line in told.splitlines() if line.startswith("- Volume Anomaly:"))
    assert f"**{verdict}**" in line
    assert ("NOT EVALUATED" in line) == (verdict == "NOT EVALUATED" or evaluated == 1)
    total = "NOT EVALUATED" if verdict == "NOT EVALUATED" else open_alerts
    assert f"- Total anomalies open: **{total}**" in told


def test_alerts_stand_with_units_and_a_closed_one_with_its_end() -> None:
    late = alert(
        alert_type="STALE_DATA_FLOW",
        severity="warning",
        metric="freshness",
        kind="positive",
        expected_value=None,
        lower_bound=None,
        upper_bound=1800.0,
        observed_value=2700.0,
        reason="newest row is 45 min old",
        owner="",
    )
    rate = alert(metric="null_rate", column_name="email", kind="rate", observed_value=0.123, expected_value=0.001)
    told = render_detection(data(scorecard=[OVERALL], open_alerts=[late], resolved_alerts=[rate]))
    assert (
        "| warning | STALE_DATA_FLOW | `shop marts.orders` freshness | 2025-01-30 06:00 | 2025-01-31 06:00 |"
        " at most 30 min | 45 min | newest row is 45 min old | nobody named |" in told
    )
    assert "null_rate of `email` | 2025-01-30 06:00 | 2025-01-31 06:00 | 0.1 % | 12.3 % |" in told


def test_an_explained_alert_says_where_it_comes_from() -> None:
    told = render_detection(
        data(scorecard=[OVERALL], open_alerts=[alert(explanation="96 % are from origin LGA | EWR")])
    )
    assert "Where: 96 % are from origin LGA \\| EWR. Owner: sales." in told


def test_an_answered_alert_shows_verdict_note_and_who() -> None:
    answers = [
        alert(verdict="new_normal", note="new shop | Oslo", given_by="ann", given_at=NOW, is_open=False),
        alert(verdict="expected", note="", given_by="", given_at=NOW - timedelta(hours=2), is_open=True),
    ]
    told = render_detection(data(scorecard=[OVERALL], answers=answers))
    lines = told.split("## What people answered")[1].split("##")[0].strip().splitlines()
    assert lines[2:] == [
        "| new normal | new shop \\| Oslo | ann | 2025-01-31 06:00 | VOLUME_ANOMALY | `shop marts.orders` row_count |"
        " 2025-01-30 06:00 | resolved |",
        "| expected | – | – | 2025-01-31 04:00 | VOLUME_ANOMALY | `shop marts.orders` row_count | 2025-01-30 06:00 |"
        " open |",
    ]
    assert "What people answered" not in render_detection(data(scorecard=[OVERALL]))


def test_thresholds_are_the_ones_in_force() -> None:
    rows = [
        {
            "method": "learned",
            "grain": "hour",
            "warn_score": None,
            "critical_score": None,
            "min_sample_size": None,
            "alert_from": "critical",
            "series": 1200,
        },
        {
            "method": "zscore",
            "grain": "day",
            "warn_score": 1.5,
            "critical_score": 2.5,
            "min_sample_size": 20,
            "alert_from": "warning",
            "series": 1,
        },
    ]
    told = render_detection(data(scorecard=[OVERALL], thresholds=rows))
    assert "| learned | hour | 1,200 | 2 | 3.5 | 408 | critical |" in told
    assert "| zscore | day | 1 | 1.5 | 2.5 | 20 | warning |" in told


def test_recommendations_name_the_weak_components_only() -> None:
    names = ("Platform reliability", "Batch layer", "CDC layer", "Contract compliance")
    weak = [card("platform", name, score, "x") for name, score in zip(names, (100.0, 74.9, 75.0, None), strict=True)]
    weak[3]["monitored_count"] = 1
    told = render_portfolio(data(scorecard=[OVERALL, *weak])).split("## Recommendations")[1].split("##")[0]
    assert [line.split("**")[1] for line in told.strip().splitlines()] == ["Batch layer", "Contract compliance"]
    assert "NOT EVALUATED" in told

    good = [card("platform", name, 75.0, "Good") for name in names]
    assert "- Maintain:" in render_portfolio(data(scorecard=[OVERALL, *good]))


def test_the_next_report_is_due_in_an_hour_and_older_figures_say_so() -> None:
    told = render_portfolio(data(as_of=NOW + timedelta(hours=3), scorecard=[OVERALL]))
    assert "Next scheduled report: 2025-01-31 10:00 UTC." in told
    assert "As of 2025-01-31 09:00 UTC. The figures are those of the run at 2025-01-31 06:00 UTC." in told


@pytest.mark.parametrize("missing", [(), ("scorecard",)])
@pytest.mark.parametrize("render", [render_scorecard, render_detection, render_portfolio])
def test_nothing_collected_is_not_evaluated(render: Any, missing: tuple[str, ...]) -> None:
    told = render(ReportData(NOW, NOW, missing=missing))
    assert "**NOT EVALUATED.**" in told
    for word in ("Normal", "HEALTHY", "Healthy", "Excellent", "nan", "None."):
        assert word not in told


def test_markup_in_names_stays_text() -> None:
    hostile = alert(asset="marts.a|b`c", reason="<script>x</script> | *bold* [link](u)\n# heading", owner="_team_|x")
    told = render_detection(data(scorecard=[OVERALL], open_alerts=[hostile]))
    row = next(line for line in told.splitlines() if line.startswith("| **critical** |"))
    assert r"`shop marts.a\|b'c`" in row
    assert r"&lt;script&gt;x&lt;/script&gt; \| \*bold\* \[link\](u) # heading | \_team\_\|x |" in row


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"), (0.0, "0"), (12.0, "12"), (1291.285714, "1,291.29"), (0.0042, "0.0042"), (-0.5, "-0.5"),
        (123456.7, "123,457"), (1e9, "1,000,000,000"), (2.50001, "2.5"), (0.999, "1"), (-1e-300, "0"),
        (1e-7, "0.0000001"),
    ],
)  # fmt: skip
def test_numbers_carry_no_noise(value: float | None, shown: str) -> None:
    assert text.number(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(30, "0.5 min"), (2700, "45 min"), (95400, "26.5 h"), (1036800, "12 days"), (406816128, "4,709 days")],
)
def test_durations_have_a_unit(seconds: float, shown: str) -> None:
    assert text.duration(seconds) == shown


def test_every_kind_of_missing_value_is_none() -> None:
    frame = pd.DataFrame({"a": [float("nan"), 1.0], "b": pd.to_datetime([None, NOW], utc=True), "c": [None, "x"]})
    assert records(frame)[0] == {"a": None, "b": None, "c": None}


def test_a_report_that_cannot_be_written_is_one_sentence_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file where the folder should be")
    with pytest.raises(DeliveryError, match=r"The report .* cannot be written: .*\."):
        write_file(tmp_path / "reports" / "x.md", "text")
    (tmp_path / "x.md").mkdir()
    with pytest.raises(DeliveryError):
        write_file(tmp_path / "x.md", "text")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reports", "x.md"]


@pytest.mark.parametrize(
    ("days", "gap", "expected"),
    [
        (0.5, 1.0, "- Availability, last 30 days: 20 of 20 finished runs (100.00 %) without a failure"),
        (
            9.0,
            1.0,
            "- Availability, last 30 days: **NOT EVALUATED**, no run for 9 days where they came at most 24 h apart; until "
            "then 20 of 20 finished runs (100.00 %) without a failure",
        ),
        (9.0, None, "- Availability, last 30 days: 20 of 20 finished runs (100.00 %) without a failure"),
    ],
)
def test_runs_that_stopped_are_no_availability(days: float, gap: float | None, expected: str) -> None:
    total = dict.fromkeys(("databases", "tables", "series", "observations", "baselines", "alerts", "open_alerts"), 1)
    total |= {"runs": 20, "good_runs": 20, "looks": 20, "good_looks": 20}
    moments = dict.fromkeys(("newest_bucket", "learned_at", "newest_alert_at", "collected_at"), NOW)
    row = {**total, **moments, "newest_run_at": NOW - timedelta(days=days)}
    row["longest_gap_seconds"] = None if gap is None else gap * 86_400
    assert expected in infrastructure_lines(data(totals=[row]))


def test_a_component_that_only_learns_is_neither_praised_nor_not_evaluated() -> None:
    row = card("platform", "Batch layer", None, "learning", monitored_count=2, learning_assets=2)
    table = component_table(data(scorecard=[row]))
    assert "| Batch layer | **LEARNING** | – |" in table
    assert "0 of 2 watched tables evaluated" in table
