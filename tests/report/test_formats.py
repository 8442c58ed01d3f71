"""What is kept of a report, and its forms for pull requests and CI servers: from frames, and once from a database."""

from __future__ import annotations

import copy
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest

from lookout.database.connection import Connection
from lookout.database.store import Store
from lookout.errors import ConfigError
from lookout.report.data import ReportData, read
from lookout.report.exports.junit import junit
from lookout.report.exports.markdown_comment import markdown_comment
from lookout.report.history.compare import compare
from lookout.report.history.summaries import MOST_FILES, keep, read_current, read_summary, summarize
from lookout.report.history.trend import read_trend
from lookout.report.write import write_file, write_reports
from tests.conftest import DbtRunner
from tests.models.test_scorecard import AS_OF, ROWS
from tests.report.test_contract_report import contract, violation
from tests.report.test_report import NOW, alert, card

HOSTILE = 'a</details><script>x</script>|`b` @team https://evil.example\n# "&\x00\x1b\ufffe]]>'
DAY = timedelta(days=1)
Row = dict[str, Any]


def summary(as_of: datetime = NOW, **parts: Any) -> Row:
    """A summary of three tables, two contracts and one critical alert; ``parts`` replace what is in it."""
    frames: dict[str, list[Row]] = {
        "scorecard": [
            card(
                "platform",
                "Overall",
                40.0,
                "CRITICAL",
                asset_count=4,
                described_count=2,
                tested_count=1,
                tests_failed=1,
            ),
            card("owner", "sales", 60.0, "Fair"),
            card("asset", "marts.orders", 60.0, "Fair"),
        ],
        "open_alerts": [alert(alert_key="a" * 32, description="row_count was 1,247, expected about 20,500")],
        "contracts": [contract(), contract(name="refunds", asset="public.refunds")],
        **{
            name: parts.pop(name)
            for name in list(parts)
            if name in ("open_alerts", "contracts", "contract_violations", "scorecard")
        },
    }
    report = ReportData(
        as_of, as_of, {name: pd.DataFrame(rows) for name, rows in frames.items()}, parts.pop("missing", ())
    )
    tables = parts.pop("tables", [table("marts.orders"), table("public.refunds"), table("cdc.feed")])
    made = summarize(report, tables, parts.pop("nodes", [{"name": "orders", "seconds": 2.0}]))
    assert not parts
    return made


def table(name: str, status: str = "ok", message: str = "") -> Row:
    return {"connection": "shop", "asset": name, "status": status, "message": message}


def cells(comment: str, section: str) -> list[list[str]]:
    """Rows of the table in one folded part."""
    body = comment.split(f"<summary>{section} (")[1].split("</details>")[0]
    lines = [line for line in body.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_a_summary_holds_what_a_comparison_needs_in_a_few_kilobytes() -> None:
    made = summary()
    assert list(made) == [
        "schema_version",
        "as_of",
        "clock",
        "is_evaluated",
        "missing",
        "counts",
        "scorecard",
        "alerts",
        "contracts",
        "tables",
        "nodes",
    ]
    assert made["counts"] == {
        "watched_tables": 3,
        "not_evaluated": 0,
        "contracts_held": 2,
        "contracts_broken": 0,
        "contracts_not_evaluated": 0,
        "failing_tests": 1,
        "tables": 4,
        "described_tables": 2,
        "tested_tables": 1,
    }
    assert made["scorecard"] == [
        {"scope": "platform", "name": "Overall", "score": 40.0, "status": "CRITICAL"},
        {"scope": "owner", "name": "sales", "score": 60.0, "status": "Fair"},
    ]
    assert made["alerts"] == [
        {
            "key": "a" * 32,
            "type": "VOLUME_ANOMALY",
            "severity": "critical",
            "connection": "shop",
            "asset": "marts.orders",
            "column": "",
            "metric": "row_count",
            "since": "2025-01-30T06:00:00+00:00",
            "owner": "sales",
            "description": "row_count was 1,247, expected about 20,500: 6.1 % of the usual 20,500",
        }
    ]
    assert len(json.dumps(made)) < 4000
    assert json.dumps(made) == json.dumps(summary())


def test_without_a_base_it_says_so_and_tells_what_stands() -> None:
    told = markdown_comment(summary(), None)
    assert told.splitlines()[0] == "### 🔴 critical: 1 open alert, 1 critical"
    assert "no earlier summary to compare with, so this says what stands, not what changed." in told
    assert cells(told, "Open alerts") == [
        [
            "🔴 **critical**",
            "VOLUME_ANOMALY",
            "`shop marts.orders` row_count",
            "2025-01-30 06:00",
            "row_count was 1,247, expected about 20,500: 6.1 % of the usual 20,500",
            "sales",
        ]
    ]


def test_identical_summaries_are_unchanged_and_nothing_is_folded_but_what_is_open() -> None:
    told = markdown_comment(summary(), summary(NOW - DAY))
    assert told.splitlines()[0] == "### ⚪ unchanged: 1 open alert, 1 critical"
    assert "As of 2025-01-31 06:00 UTC, compared with 2025-01-30 06:00 UTC." in told
    assert re.findall("<summary>(.*)</summary>", told) == ["All open alerts (1)"]


def test_a_comparison_names_what_came_what_went_and_what_got_slower() -> None:
    base = summary(
        NOW - 7 * DAY,
        open_alerts=[alert(alert_key="c" * 32, asset="public.gone"), alert(alert_key="d" * 32, asset="cdc.feed")],
        nodes=[
            {"name": "orders", "seconds": 2.0},
            {"name": "steady", "seconds": 1.0},
            {"name": "quick", "seconds": 0.2},
        ],
        scorecard=[card("platform", "Overall", 90.0, "HEALTHY", asset_count=4, described_count=1, tested_count=1)],
    )
    now = summary(
        open_alerts=[alert(alert_key="a" * 32), alert(alert_key="b" * 32, severity="warning", column_name="email")],
        contracts=[contract(values_status="violated"), contract(name="refunds", asset="public.refunds")],
        contract_violations=[violation()],
        tables=[
            table("marts.orders"),
            table("public.refunds"),
            table("cdc.feed", "source_unreachable", "connection refused"),
        ],
        nodes=[
            {"name": "orders", "seconds": 4.0},
            {"name": "steady", "seconds": 1.9},
            {"name": "quick", "seconds": 1.1},
        ],
    )
    told = markdown_comment(now, base)
    assert told.splitlines()[0] == (
        "### 🔴 worse: 2 new alerts (1 critical), 2 resolved, 1 contract broken, 1 dbt node slower; 2 open alerts, 1 critical;"
        " 1 of 3 watched tables NOT EVALUATED"
    )
    assert [row[2] for row in cells(told, "New alerts")] == [
        "`shop marts.orders` row_count",
        "`shop marts.orders` row_count of `email`",
    ]
    # An alert that is gone because nobody looks any more is not good news.
    assert [row[-1] for row in cells(told, "Resolved alerts")] == ["**NOT WATCHED**", "**NOT EVALUATED**"]
    assert cells(told, "Contracts that changed") == [
        ["`orders on shop public.orders`", "**broken**", "held", "TYPE_MISMATCH"]
    ]
    assert cells(told, "Tables that can no longer be evaluated") == [["`shop cdc.feed`", "connection refused"]]
    assert cells(told, "Slower dbt nodes") == [["`orders`", "2.0 s", "4.0 s"]]
    assert cells(told, "Coverage") == [
        ["tables that could not be evaluated", "0", "1", "+1"],
        ["described tables", "1 (25.00 %)", "2 (50.00 %)", "+1"],
        ["failing tests", "0", "1", "+1"],
        ["contracts held", "2", "1", "-1"],
        ["contracts broken", "0", "1", "+1"],
    ]
    assert cells(told, "Scores")[0] == ["platform", "Overall", "90.0 HEALTHY", "40.0 CRITICAL"]
    assert told.count("<details") == told.count("</details>")


def test_what_got_better_says_better_and_what_turned_blind_never_does() -> None:
    blind = [table("marts.orders", "permission_denied"), table("public.refunds"), table("cdc.feed")]
    base = summary(NOW - DAY)
    better = summary(open_alerts=[])
    assert markdown_comment(better, base).startswith("### 🟢 better: 1 resolved; no open alerts\n")
    partly = summary(NOW - DAY, open_alerts=[alert(alert_key="a" * 32), alert(alert_key="x")])
    assert markdown_comment(base, partly).startswith("### 🟡 better: 1 resolved; 1 open alert, 1 critical\n")
    left = summary(open_alerts=[], tables=[table("public.refunds"), table("cdc.feed")])
    gone = markdown_comment(left, base)
    assert gone.startswith(
        "### ⚪ unchanged, partly NOT EVALUATED: 1 resolved, 1 table no longer watched; no open alerts\n"
    )
    assert cells(gone, "Tables no longer watched") == [["`shop marts.orders`"]]
    turned = markdown_comment(summary(open_alerts=[], tables=blind), base)
    assert turned.startswith("### 🟡 worse: 1 resolved; no open alerts; 1 of 3 watched tables NOT EVALUATED\n")
    assert cells(turned, "Tables that can no longer be evaluated") == [["`shop marts.orders`", "permission denied"]]
    still = markdown_comment(summary(open_alerts=[], tables=blind), summary(NOW - DAY, open_alerts=[], tables=blind))
    assert still.startswith("### ⚪ unchanged, partly NOT EVALUATED: no open alerts; 1 of 3")
    unsure = summary(contracts=[contract(structure_status="not_evaluated", message="no right to read")])
    assert markdown_comment(unsure, summary(contracts=[contract()])).startswith("### 🟡 worse: ")


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ({"open_alerts": []}, "🟢 no alerts: 3 watched tables evaluated"),
        ({"open_alerts": [alert(severity="warning")]}, "🟡 warning: 1 open alert, 0 critical"),
        ({"open_alerts": [], "tables": []}, "⚪ NOT EVALUATED: no open alerts; nothing is watched"),
        (
            {"open_alerts": [], "tables": [table("a", "timeout"), table("b")]},
            "⚪ NOT EVALUATED: no open alerts; 1 of 2 watched tables NOT EVALUATED",
        ),
        ({"missing": ("alerts",)}, "⚪ NOT EVALUATED: nothing can be said about the data"),
        ({"scorecard": []}, "⚪ NOT EVALUATED: nothing can be said about the data"),
    ],
)
def test_only_what_was_evaluated_and_has_no_alert_is_green(parts: Row, line: str) -> None:
    assert markdown_comment(summary(**copy.deepcopy(parts)), None).splitlines()[0] == f"### {line}"


def test_a_base_that_was_not_evaluated_or_knows_no_dbt_run_is_not_compared() -> None:
    told = markdown_comment(summary(), summary(NOW - DAY, missing=("alerts",)))
    assert "The summary of 2025-01-30 06:00 UTC was NOT EVALUATED" in told
    assert "New alerts" not in told
    told = markdown_comment(summary(), summary(NOW - DAY, nodes=None))
    assert "Run times of dbt nodes: NOT EVALUATED, no dbt invocation is known before." in told
    assert "The monitoring schema lacks `alerts`" in markdown_comment(summary(missing=("alerts",)), summary())


def test_a_node_that_was_not_among_the_slowest_is_held_against_the_last_of_them() -> None:
    ten = [{"name": f"n{number}", "seconds": 12.0 - number} for number in range(10)]
    risen = [{"name": "risen", "seconds": 6.5}, {"name": "below", "seconds": 5.9}]
    (found,) = compare(summary(nodes=risen), summary(nodes=ten)).slower
    assert (found.name, found.before, found.now, found.is_bound) == ("risen", 3.0, 6.5, True)
    assert "| `risen` | ≤ 3.0 s | 6.5 s |" in markdown_comment(summary(nodes=risen[:1]), summary(nodes=ten))
    assert compare(summary(nodes=risen), summary(nodes=ten[:9])).slower == []


def hostile() -> Row:
    named = {"asset": HOSTILE, "owner": HOSTILE, "connection": HOSTILE}
    return summary(
        open_alerts=[
            alert(alert_key="h", column_name=HOSTILE, description=HOSTILE, metric=HOSTILE, reason=HOSTILE * 9, **named)
        ],
        contracts=[contract(name=HOSTILE, message=HOSTILE, structure_status="not_evaluated", **named)],
        tables=[{"connection": HOSTILE, "asset": HOSTILE, "status": "timeout", "message": HOSTILE}],
        nodes=[{"name": HOSTILE, "seconds": 9.0}],
    )


def test_an_alert_without_a_beginning_has_none(tmp_path: Path) -> None:
    keep(summary(open_alerts=[alert(window_start=None)]), tmp_path, write_file)
    found = read_summary(tmp_path, "2025-01-31")
    assert cells(markdown_comment(found, None), "Open alerts")[0][3] == "–"
    assert "since an unknown time" in junit(found)


def test_hostile_names_stay_text_in_markdown_and_call_nobody() -> None:
    for told in (
        markdown_comment(hostile(), None),
        markdown_comment(hostile(), summary(nodes=[{"name": HOSTILE, "seconds": 1.0}])),
    ):
        bare = re.sub("`[^`]*`", "", told)
        assert "<script" not in bare
        assert not re.search(r"@\w|://", bare)
        assert bare.count("<details") == bare.count("</details>") > 0
        assert all(line.count("`") % 2 == 0 for line in told.splitlines())
        assert [line for line in told.splitlines() if line.startswith("#")] == [told.splitlines()[0]]
        assert len(cells_of(told)) == 1


def cells_of(told: str) -> set[bool]:
    """Whether every row of every table has as many cells as its heading."""
    blocks = re.findall(r"(?:^\|.*\n)+", told, re.MULTILINE)
    return {len({len(re.split(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1 for block in blocks}


def test_a_comment_fits_where_comments_are_taken() -> None:
    many = [alert(alert_key=str(n), owner="o" * 500, reason="<" * 900, asset="x" * 300) for n in range(900)]
    told = markdown_comment(summary(open_alerts=many), summary(NOW - DAY))
    assert "… and 880 more." in told
    assert len(told) < 65_536


def test_junit_fails_what_is_critical_or_broken_and_errs_on_what_was_not_evaluated() -> None:
    root = ElementTree.fromstring(
        junit(
            summary(
                open_alerts=[alert(alert_key="a" * 32), alert(alert_key="b" * 32, severity="warning", owner="")],
                contracts=[
                    contract(),
                    contract(name="refunds"),
                    contract(name="blind", structure_status="not_evaluated", message="no right"),
                ],
                contract_violations=[violation(asset="public.other")],
                tables=[table("marts.orders"), table("cdc.feed", "source_unreachable", "connection refused")],
            )
        )
    )
    assert {suite.get("name"): (suite.get("tests"), suite.get("failures"), suite.get("errors")) for suite in root} == {
        "alerts": ("2", "1", "0"),
        "contracts": ("3", "0", "1"),
        "tables": ("2", "0", "1"),
    }
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("7", "1", "2")
    first = root.find("testsuite/testcase")
    assert first is not None
    assert first.get("name") == "VOLUME_ANOMALY shop marts.orders row_count (aaaaaaaa)"
    failure = first.find("failure")
    assert failure is not None
    assert failure.get("message") == "row_count was 1,247, expected about 20,500: 6.1 % of the usual 20,500"
    assert "owner: nobody named" in (root.findtext("testsuite/testcase[2]/system-out") or "")
    broken = junit(
        summary(contracts=[contract(values_status="violated")], contract_violations=[violation()], open_alerts=[])
    )
    assert ElementTree.fromstring(broken).findall(".//failure[@message='TYPE_MISMATCH']")


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"missing": ("alerts",)}, "The monitoring schema lacks alerts: run lookout run first."),
        ({"scorecard": []}, "Nothing is collected: run lookout run first."),
        ({"tables": []}, "No table is watched, so nothing is tested."),
    ],
)
def test_junit_of_nothing_is_an_error(parts: Row, said: str) -> None:
    root = ElementTree.fromstring(junit(summary(open_alerts=[], contracts=[], **parts)))
    assert [error.get("message") for error in root.iter("error")] == [said]


def test_junit_stays_xml_whatever_is_in_a_name() -> None:
    root = ElementTree.fromstring(junit(hostile()).encode())
    assert root.findall(".//script") == []
    assert [case.get("name", "").count("<script>x</script>") for case in root.iter("testcase")] == [4, 3, 2]
    assert root.findtext("testsuite[3]/testcase/error", "").startswith("a</details><script>x</script>|`b` @team")


def kept(folder: Path, *moments: datetime) -> None:
    for moment in moments:
        keep(summary(moment), folder, write_file)


def test_a_summary_is_found_by_its_day_and_by_what_came_before(tmp_path: Path) -> None:
    history = tmp_path / "reports" / "history"
    kept(history, NOW, NOW - DAY, NOW - 7 * DAY, NOW - DAY)
    (history / "notes.json").write_text("{}")
    assert sorted(path.name for path in history.iterdir()) == [
        "2025-01-24T06-00-00Z.json",
        "2025-01-30T06-00-00Z.json",
        "2025-01-31T06-00-00Z.json",
        "notes.json",
    ]
    for place in (history, history.parent):
        for moment, before, day in (
            (None, None, 31),
            (None, NOW, 30),
            ("2025-01-31", None, 31),
            ("2025-01-31", NOW, 30),
            ("2025-01-29", None, 24),
            ("2025-01-30T05:59:59Z", None, 24),
            ("2025-01-30T06:00:00+00:00", None, 30),
            ("2025-01-30T07:00+01:00", None, 30),
        ):
            found = read_summary(place, moment, before=before)
            assert found["as_of"] == f"2025-01-{day}T06:00:00+00:00", (moment, before)
    assert read_summary(history / "2025-01-24T06-00-00Z.json") == summary(NOW - 7 * DAY)


@pytest.mark.parametrize(
    ("moment", "before", "said"),
    [
        ("2025-01-30", None, r"There is no summary not later than 2025-01-30 in .*history: every report run keeps one"),
        (None, NOW, r"There is no summary before 2025-01-31 06:00 UTC in .*history"),
        ("last week", None, "'last week' is neither a file that exists nor a time: write it like 2026-01-05"),
        ("9999-12-31", None, "neither a file that exists nor a time"),
    ],
)
def test_no_summary_is_one_sentence(tmp_path: Path, moment: str | None, before: datetime | None, said: str) -> None:
    kept(tmp_path / "history", NOW)
    with pytest.raises(ConfigError, match=said):
        read_summary(tmp_path, moment, before=before)
    with pytest.raises(ConfigError):
        read_summary(tmp_path / "nowhere", moment, before=before)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("no json", "it is not valid JSON"),
        ("[]", "it has no schema_version"),
        ({"schema_version": 2}, "was written by a newer Lookout"),
        ({"schema_version": "1"}, "it has no schema_version"),
        ({"counts": None}, "counts is missing or wrong"),
        ({"counts": {}}, "watched_tables is missing or wrong"),
        ({"as_of": "soon"}, "one of its times is none"),
        ({"alerts": [{"key": "a"}]}, "a row of alerts is wrong"),
        ({"nodes": [3]}, "a row of nodes is wrong"),
        ({"missing": [3]}, "missing is wrong"),
    ],
)
def test_a_file_that_is_no_summary_is_one_sentence(tmp_path: Path, change: Any, said: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(change if isinstance(change, str) else json.dumps({**summary(), **change}))
    with pytest.raises(ConfigError, match=said) as raised:
        read_summary(path)
    assert str(path) in str(raised.value)


def test_the_oldest_go_and_other_files_stay(tmp_path: Path) -> None:
    for number in range(MOST_FILES):
        name = f"{NOW + timedelta(hours=number):%Y-%m-%dT%H-%M-%SZ}.json"
        (tmp_path / name).write_text("{}")
    (tmp_path / "2000-01-01.json").write_text("mine")
    kept(tmp_path, NOW + timedelta(hours=MOST_FILES))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == MOST_FILES + 1
    assert names[:2] == ["2000-01-01.json", "2025-01-31T07-00-00Z.json"]
    kept(tmp_path, NOW - DAY)
    assert "2025-01-30T06-00-00Z.json" in {path.name for path in tmp_path.iterdir()}
    assert len(list(tmp_path.iterdir())) == MOST_FILES + 1


def test_history_is_kept_beside_the_reports_and_agrees_with_the_database(
    warehouse: Connection, dbt: DbtRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKOUT_AS_OF", AS_OF)
    assert dbt(["run", "--select", "monitoring"]).success
    with Store(warehouse) as store:
        nothing = read_current(store, read(store, NOW - DAY))
        store.execute(ROWS)
        store.execute(NODES)
        assert dbt(["run", "--select", "alert_states", "series_states", "asset_states", "scorecard"]).success
        without = write_reports(store, tmp_path, as_of=NOW)
        assert not (tmp_path / "history").exists()
        assert write_reports(store, tmp_path, as_of=NOW, keep_history=True) == without
        found = read_summary(tmp_path, "2025-01-31")
        assert found == read_current(store, read(store, NOW))
        (tmp_path / "file").mkdir()
        (tmp_path / "file" / "history").write_text("")
        with pytest.raises(ConfigError, match="cannot be read"):
            write_reports(store, tmp_path / "file", as_of=NOW, keep_history=True)
        store.execute("drop table monitoring.pipelines cascade")
        assert read_current(store, read(store, NOW))["nodes"] is None
    assert not nothing["is_evaluated"]
    assert [row["status"] for row in found["tables"]] == ["evaluated", "not evaluated", "evaluated"]
    assert found["tables"][1]["message"] == "connection refused"
    assert (found["counts"]["watched_tables"], found["counts"]["not_evaluated"]) == (3, 1)
    assert {row["key"] for row in found["alerts"]} == set("ctsvm")
    assert {row["scope"] for row in found["scorecard"]} == {"platform", "layer", "owner"}
    assert found["nodes"] == [{"name": "model.shop.slow", "seconds": 12.5}, {"name": "model.shop.fast", "seconds": 0.5}]
    assert ElementTree.fromstring(junit(found)).get("failures") == "4"
    assert markdown_comment(found, nothing).startswith(
        "### 🔴 critical: 5 open alerts, 4 critical; 1 of 3 watched tables"
    )


NODES = """
insert into monitoring.pipelines (pipeline_id, name, pipeline_type, mute_freshness_check, mute_timeliness_check, load_lineage, active)
select id, name, 'dbt', false, false, false, true
from (values ('p', 'dbt run'), ('s', 'model.shop.slow'), ('f', 'model.shop.fast'), ('e', 'model.shop.skipped')) as p (id, name);
insert into monitoring.pipeline_executions (execution_id, pipeline_id, parent_id, kind, start_date, date_recorded, hour_recorded,
    elapsed_seconds, status)
select id, pipeline, parent, case when parent is null then 'dbt invocation' else 'dbt node' end, at::timestamptz, '2025-01-31', 5,
    seconds, status
from (
    values ('i', 'p', null, '2025-01-31 05:00Z', 14, 'success'),
        ('j', 'p', null, '2025-01-31 05:30Z', 1, 'success'),
        ('i.s', 's', 'i', '2025-01-31 05:00Z', 12.5, 'success'),
        ('i.f', 'f', 'i', '2025-01-31 05:00Z', 0.5, 'success'),
        ('i.e', 'e', 'i', '2025-01-31 05:00Z', 99, 'skipped'),
        ('j.s', 's', 'j', '2025-01-31 05:30Z', 1, 'success')
) as e (id, pipeline, parent, at, seconds, status);
"""


def test_the_trend_has_the_last_summary_of_every_earlier_day(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "history"
    for days, hour, score in ((3, 1, 70.0), (3, 2, 71.0), (1, 0, 80.0), (0, 0, 90.0)):
        clock = (NOW - days * DAY).replace(hour=hour)
        keep(summary(clock, scorecard=[card("platform", "Overall", score, "Fair")]), folder, write_file)
    (folder / f"{NOW - 2 * DAY:%Y-%m-%d}T00-00-00Z.json").write_text("{}")
    before = NOW.replace(hour=0)
    trend = read_trend(folder, before=before)
    assert trend == {
        ("platform", "Overall"): [
            ((NOW - 3 * DAY).replace(hour=2).isoformat(), 71.0),
            ((NOW - DAY).replace(hour=0).isoformat(), 80.0),
        ]
    }
    assert "the trend goes without" in caplog.text
    assert read_trend(tmp_path / "gone", before=NOW) == {}
