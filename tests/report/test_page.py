"""The page people open: its structure, from frames alone. tests/integrations/ opens it in a browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lookout.alerts.model import Mute
from lookout.database.connection import Connection
from lookout.database.store import Store
from lookout.render.points import MOST_POINTS, alert_window, chart_windows, thin, to_json
from lookout.report.data import ReportData
from lookout.report.page import bundle
from lookout.report.page.data import PageData
from lookout.report.page.render import render_page
from lookout.report.write import write_reports
from tests.conftest import DbtRunner
from tests.models.test_scorecard import AS_OF, ROWS
from tests.report.test_report import alert, card, series

NOW = datetime(2025, 1, 31, 6, tzinfo=timezone.utc)
HOSTILE = "marts.</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>&\"'`{{7*7}}\u2028<!--"
DAY = timedelta(days=1)


class Page(HTMLParser):
    """The texts and elements of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br", "input", "wbr"):
            self.open.append(tag)
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif "style" not in self.open:
            self.words += data

    @property
    def data(self) -> Any:
        return json.loads(next(text for attributes, text in self.scripts if attributes.get("id") == "data"))


def known(**values: Any) -> dict[str, Any]:
    """An alert as the page's query gives it."""
    row = {"is_open": True, "series_key": "rows", "first_seen_at": NOW - DAY, "occurrences": 3, "explanation": None}
    return alert(**{**row, **values})


def page(
    own: dict[str, list[dict[str, Any]]] | None = None,
    *,
    points: Any = None,
    missing: tuple[str, ...] = (),
    lacking: dict[str, tuple[str, ...]] | None = None,
    as_of: datetime = NOW,
    **frames: list[dict[str, Any]],
) -> PageData:
    report = ReportData(as_of, NOW, {name: pd.DataFrame(rows) for name, rows in frames.items()}, missing)
    shown = {name: pd.DataFrame(rows) for name, rows in (own or {}).items()}
    stretches = chart_windows((own or {}).get("alerts", []), frames.get("series", []), NOW)
    if points is None:
        return PageData(report, shown, lacking or {})
    return PageData(report, shown, lacking or {}, stretches, points)


def overall(**counts: Any) -> dict[str, Any]:
    return card("platform", "Overall", 40.0, "CRITICAL", **{"monitored_count": 2, "unevaluated_contracts": 0, **counts})


def asset(name: str = "marts.orders", **values: Any) -> dict[str, Any]:
    row = {
        "node_id": f"model.shop.{name}",
        "name": name,
        "resource_type": "model",
        "connection": "shop",
        "asset": name,
        "layer": "batch",
        "owner": "sales",
        "has_description": True,
        "column_count": 4,
        "documented_column_count": 3,
        "test_count": 2,
        "is_monitored": True,
        "file_path": "",
        "look_status": "ok",
        "message": "",
        "looked_at": NOW,
        "evaluated_at": NOW,
        "latest_at": NOW,
        "unevaluated_since": None,
    }
    return {**row, **values}


def full() -> PageData:
    """Two open alerts and a resolved one, one with a hostile name; a small lineage and one dbt invocation."""
    alerts = [
        known(alert_key="a" * 32, explanation="96 % are from origin LGA"),
        known(
            alert_key="b" * 32, asset=HOSTILE, severity="warning", owner=HOSTILE, description=HOSTILE, series_key=None
        ),
        known(
            alert_key="c" * 32, is_open=False, window_start=NOW - 20 * DAY, window_end=NOW - 19 * DAY, owner="finance"
        ),
    ]
    impact = {
        "alert_key": "a" * 32,
        "downstream_count": 2,
        "downstream_models": ["marts.daily"],
        "downstream_others": [],
        "downstream_exposures": ["weekly_board"],
        "downstream_owners": ["board"],
        "cause_alert_key": None,
        "root_cause_alert_key": None,
    }
    addresses = [
        {
            "address_id": name,
            "name": name,
            "address_type": "dbt model",
            "owner": "sales",
            "node_id": f"model.shop.{name}",
        }
        for name in ("raw.orders", "marts.orders", HOSTILE)
    ]
    edges = [
        {"source_address_id": a, "target_address_id": b, "pipeline": "p"}
        for a, b in (("raw.orders", "marts.orders"), ("marts.orders", HOSTILE), (HOSTILE, "raw.orders"))
    ]
    nodes = [
        {
            "invocation": "i",
            "began_at": NOW,
            "name": f"model.shop.m{n}",
            "status": "error" if n == 2 else "success",
            "offset_seconds": n / 2,
            "elapsed_seconds": 1.5,
            "total_rows": 10,
            "error": HOSTILE if n == 2 else "",
        }
        for n in range(3)
    ]
    runs = [
        {
            "execution_id": str(n),
            "start_date": NOW - n * DAY,
            "elapsed_seconds": 30.0 + n,
            "status": "success",
            "command": "dbt build",
            "error": "",
        }
        for n in range(5)
    ]
    own = {
        "alerts": alerts,
        "impact": [impact],
        "assets": [asset(), asset(HOSTILE, is_monitored=False)],
        "explanations": [{"alert_key": "a" * 32, "dimension": "origin", "explanation": "96 % are from LGA"}],
        "feedback": [
            {"alert_key": "a" * 32, "verdict": "expected", "note": HOSTILE, "given_by": "ann", "given_at": NOW}
        ],
        "addresses": addresses,
        "edges": edges,
        "nodes": nodes,
        "invocations": runs,
    }
    days = np.arange(60)
    points = np.column_stack(
        [
            np.ones(60),
            (NOW.replace(hour=0) - 60 * DAY).timestamp() + 86400 * days,
            1000 + days,
            np.full(60, 1030.0),
            np.full(60, 980.0),
            np.full(60, 1090.0),
            np.where(days == 59, 2, 0),
        ]
    )
    cards = [overall(critical_alerts=1, asset_count=2), card("asset", "marts.orders", 60.0, "Fair", critical_alerts=1)]
    cards[1]["connection"] = "shop"
    return page(own, points=points, scorecard=cards, series=[series(series_key="rows")], open_alerts=alerts[:2])


SCRIPT = "window.vegaEmbed = null;"


def handled() -> PageData:
    """As `full`, but somebody is on the critical alert, all assets like marts.* are muted, and some words are old."""
    said = (
        Mute(1, "ack", "a" * 32, "", "critical", None, HOSTILE, "ann", NOW - DAY),
        Mute(2, "mute", "", "shop:MARTS.*", "", NOW + DAY, "migration", "bob", NOW - DAY),
        Mute(3, "mute", "c" * 32, "", "", NOW + DAY),
        Mute(4, "ack", "b" * 32, "", "warning", NOW - DAY, "", "eve"),
    )
    return replace(full(), mutes=said)


def test_an_alert_that_people_hold_back_still_counts_and_says_so() -> None:
    told = Page(render_page(handled(), script=SCRIPT))
    assert "No: something is broken" in told.words
    assert "Of the open alerts 1 is acknowledged and 2 are muted." in told.words
    assert "acknowledged by ann" in told.words
    assert "muted by bob until 2025-02-01 06:00 UTC" in told.words
    held = [[(one["kind"], one["by"], one["like"]) for one in row["held"]] for row in told.data["alerts"]]
    muted = ("muted", "bob", "shop:MARTS.*")
    assert held == [[("acknowledged", "ann", ""), muted], [muted], []]
    assert "by eve" not in told.words


def test_an_acknowledgement_of_a_warning_does_not_cover_what_became_critical() -> None:
    worse = replace(full(), mutes=(Mute(1, "ack", "a" * 32, "", "warning", None, "", "ann"),))
    assert [row["held"] for row in Page(render_page(worse, script=SCRIPT)).data["alerts"]] == [[], [], []]


def test_every_open_alert_is_there_with_owner_since_and_downstream() -> None:
    told = Page(render_page(full(), script=SCRIPT))
    rows = [attributes["data-key"] for tag, attributes in told.elements if tag == "tr" and "data-key" in attributes]
    assert rows == ["a" * 32, "b" * 32]
    for word in ("2025-01-30 06:00", "weekly_board, marts.daily", "sales", "No: something is broken", "UTC", HOSTILE):
        assert word in told.words
    first = told.data["alerts"][0]
    assert first["observed"] == "1,247 rows"
    assert first["details"] == [["origin", "96 % are from LGA"]]
    assert first["answers"][0]["given_by"] == "ann"
    assert (first["since"], first["owners"], first["downstream"]) == ("2025-01-30 06:00", ["board"], 2)
    times, observed = told.data["series"]["rows"]["p"][:2]
    assert len(times) == 60
    assert observed[-1] == 1059


def test_the_page_is_one_well_formed_document_with_landmarks_headings_and_nothing_from_elsewhere() -> None:
    told = Page(render_page(full(), script=SCRIPT))
    assert told.open == []
    tags = [tag for tag, _ in told.elements]
    for landmark in ("main", "nav", "header", "footer", "title"):
        assert tags.count(landmark) == 1
    assert tags.count("h1") == 1
    assert ("html", {"lang": "en"}) in told.elements
    for tag, attributes in told.elements:
        assert "src" not in attributes
        assert attributes.get("href", "#")[:1] == "#" or attributes["href"] == "data:,", (tag, attributes)
        assert tag != "th" or attributes.get("scope") in ("col", "row")
    policy = next(a["content"] for t, a in told.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "http" not in policy
    ids = [attributes["id"] for _, attributes in told.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_no_name_ends_a_script_or_becomes_markup() -> None:
    html = render_page(full(), script=SCRIPT)
    told = Page(html)
    assert "<img" not in html
    assert len(told.scripts) == 3
    assert told.data["alerts"][1]["asset"] == HOSTILE
    assert "</" not in to_json({"a": "</script>\u2028<!--"})


def test_without_the_charting_library_the_page_says_so_and_shows_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookout.report.page.render.chart_script", lambda: None)
    told = Page(render_page(full()))
    assert bundle.NEEDED in told.words
    assert len(told.scripts) == 2
    assert "No: something is broken" in told.words


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (page(missing=("scorecard",)), "The monitoring schema lacks scorecard"),
        (page(), "Nothing has been collected yet"),
        (page(scorecard=[card("platform", "Overall", None, "not evaluated")]), "Nothing has been collected yet"),
        (
            page(scorecard=[overall()], unevaluated=[{"connection": "shop", "asset": "marts.orders", "owner": "",
                 "status": "missing_table", "message": "It is gone.", "unevaluated_since": NOW, "evaluated_at": None}]),
            "1 of 2 watched tables could not be evaluated",
        ),
        (page(scorecard=[overall(unevaluated_contracts=1)]), "1 contract could not be evaluated"),
        (page(scorecard=[overall(monitored_count=0, contract_count=0)]), "No table is watched yet"),
        (page(scorecard=[overall()], as_of=NOW + 3 * DAY), "The last run was 3 days ago"),
    ],
)  # fmt: skip
def test_what_was_not_evaluated_is_never_all_right(shown: PageData, words: str) -> None:
    told = Page(render_page(shown, script=SCRIPT))
    assert words in told.words
    assert "Yes" not in told.words
    assert any(a.get("data-state") == "not evaluated" and a.get("class") == "verdict" for _, a in told.elements)


def test_only_when_all_was_evaluated_and_nothing_is_open_the_data_is_all_right() -> None:
    told = Page(render_page(page(scorecard=[overall()]), script=SCRIPT))
    assert "Yes: nothing is open" in told.words
    assert "All of 2 watched tables could be evaluated, and no alert is open." in told.words


def test_without_lineage_nobody_is_said_to_be_spared() -> None:
    shown = page({"alerts": [known()]}, lacking={"downstream": ("alert_impact",)}, scorecard=[overall()])
    told = Page(render_page(shown, script=SCRIPT))
    assert "nothing known" not in told.words
    assert told.words.count("not evaluated") == 2


def with_trend() -> PageData:
    days = [((NOW - n * DAY).isoformat(), 90.0 - n) for n in (20, 8, 7, 2, 0)]
    return replace(full(), trend={("platform", "Overall"): days, ("owner", "gone"): days[:1]})


def test_earlier_scores_are_there_without_the_present_one() -> None:
    told = Page(render_page(with_trend(), script=SCRIPT)).data["trend"]
    assert told["platform Overall"] == [
        ["2025-01-11 06:00", 70.0],
        ["2025-01-23 06:00", 82.0],
        ["2025-01-24 06:00", 83.0],
        ["2025-01-29 06:00", 88.0],
    ]
    assert Page(render_page(full(), script=SCRIPT)).data["trend"] == {}


def test_windows_of_one_series_are_read_once() -> None:
    rows = [known(alert_key=str(n), window_start=NOW - n * DAY, window_end=NOW - (n - 1) * DAY) for n in (1, 5, 300)]
    found = chart_windows(rows, [series(series_key="rows")], NOW)
    assert [window.charts for window in found] == [1, 3]
    assert found[1].until == NOW.timestamp()
    assert found[0].until < found[1].since
    assert alert_window(known(series_key=None)) is None


def test_thinning_keeps_the_ends_the_extremes_and_the_anomalies() -> None:
    points = np.zeros((5000, 7))
    points[:, 1] = np.arange(5000)
    points[:, 2] = np.sin(np.arange(5000) / 7)
    points[1234, 2], points[4321, 6], points[2000:2003, 2] = 99, 2, np.nan
    kept = thin(points, MOST_POINTS)
    assert len(kept) <= MOST_POINTS * 1.4
    assert {0, 1234, 2000, 4321, 4999} <= set(kept[:, 1].astype(int).tolist())
    assert (np.diff(kept[:, 1]) > 0).all()
    assert thin(points[:10], MOST_POINTS) is not None
    assert len(thin(points[:10], MOST_POINTS)) == 10


def test_it_is_written_from_the_monitoring_schema_and_says_which_parts_lack_tables(
    warehouse: Connection, dbt: DbtRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKOUT_AS_OF", AS_OF)
    assert dbt(["run", "--select", "monitoring"]).success
    with Store(warehouse) as store:
        store.execute(ROWS)
        assert dbt(
            ["run", "--select", "alert_states", "series_states", "asset_states", "scorecard", "alert_impact"]
        ).success
        store.execute(
            "insert into {schema}.alert_mutes (mute_number, kind, alert_key, asset_glob, severity, ends_at, note, given_by, "
            "given_at) values (1, 'mute', 'v', '', '', %s, 'known', 'ann', %s), (2, 'mute', 't', '', '', %s, '', 'bob', %s)",
            (NOW + DAY, NOW - DAY, NOW, NOW - DAY),
        )
        whole = Page(write_reports(store, tmp_path, as_of=NOW)[-1].read_text())
        store.execute("drop table monitoring.schema_changes, monitoring.alert_impact cascade")
        part = Page(write_reports(store, tmp_path, as_of=NOW)[-1].read_text())
    assert whole.data["lacking"] == {}
    assert part.data["lacking"] == {"downstream": ["alert_impact"], "schema history": ["schema_changes"]}
    keys = [row["key"] for row in whole.data["alerts"]]
    assert {row["key"]: [one["by"] for one in row["held"]] for row in whole.data["alerts"] if row["held"]} == {
        "v": ["ann"]
    }
    assert keys[:5] == ["c", "t", "s", "v", "m"] or set(keys[:5]) == set("ctsvm")
    assert keys[5:] == ["old"]
    assert whole.data["series"]["rows"]["p"][1] == [1247] * 10
    lost = next(row for row in whole.data["assets"] if row["asset"] == "public.remote")
    assert (lost["state"], lost["message"]) == ("not evaluated", "connection refused")


def contrast(one: str, other: str) -> float:
    """Ratio of two colours as WCAG 2.2 counts it; 4.5 is enough for text (level AA)."""

    def light(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_text_can_be_read_on_every_ground_in_light_and_dark() -> None:
    style = render_page(page(), script=SCRIPT).split("<style>")[1].split("</style>")[0]
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", part)) for part in style.split("@media")[:2])
    for theme in (light, {**light, **dark}):
        pairs = [(text, ground) for text in ("text", "muted", "accent") for ground in ("bg", "panel", "soft")]
        pairs += [(state, f"{state}-soft") for state in ("critical", "warning", "ok", "unknown")]
        pairs += [("text", "unknown-soft"), *((state, "panel") for state in ("critical", "warning", "ok", "unknown"))]
        assert {
            pair: round(contrast(theme[pair[0]], theme[pair[1]]), 2)
            for pair in pairs
            if contrast(theme[pair[0]], theme[pair[1]]) < 4.5
        } == {}
