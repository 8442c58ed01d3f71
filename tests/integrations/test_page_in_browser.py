"""The page people open, in a real browser."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from lookout.render.chart import Span, series_chart
from lookout.render.points import alert_window, encode
from lookout.report.page import bundle
from lookout.report.page.render import render_page
from tests.integrations.browser import Browser, visit
from tests.report.test_page import NOW, full, handled, with_trend

VIEWS = (
    "",
    "#view=alerts",
    "#view=assets",
    "#view=contracts",
    "#view=pipelines",
    "#view=lineage",
    "#view=scorecards",
    f"#alert={'a' * 32}",
    f"#alert={'b' * 32}",
    "#alert=unknown",
    "#asset=shop:marts.orders",
)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_every_view_opens_from_disk_in_silence_and_fits(browser: Browser, written: str, width: int, dark: bool) -> None:
    browser.look(width=width, height=6000, dark=dark)
    for view in VIEWS:
        visit(browser, written + view)
        browser.run("new Promise((done) => setTimeout(done, 250))")
        browser.wait(
            "![...document.querySelectorAll('main .chart')].some((one) => one.offsetParent && !one.innerText && !one.querySelector('svg'))"
        )
        assert "cannot be drawn" not in browser.run("document.body.innerText"), view
        assert browser.problems == [], view
        assert [url for url in browser.requests if not url.startswith(("file:", "data:", "about:"))] == []
        assert browser.run("document.documentElement.scrollWidth") <= width, view
        assert browser.run("document.querySelectorAll('main h1:not([hidden] h1)').length") == 1, view
        assert browser.run("window.hacked") is None
        # On a phone no label reaches into the row below it.
        assert (
            browser.run(
                "[...document.querySelectorAll('main .cards [data-label]')].filter((cell) => cell.offsetParent && "
                "parseFloat(getComputedStyle(cell, '::before').height) > cell.clientHeight).length"
            )
            == 0
        ), view
    background = browser.run("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, background.strip("rgb()").split(", "))) < 200) == dark


def test_filters_change_the_list_and_the_address(browser: Browser, written: str) -> None:
    browser.look()
    visit(browser, written + "#view=alerts")
    listed = (
        "[...document.querySelectorAll('#view > div > div tr[data-key]')].map((row) => row.dataset.key[0]).join('')"
    )
    assert browser.run(listed) == "abc"
    browser.run("document.getElementById('filter-state').value = 'open'")
    browser.run("document.getElementById('filter-state').dispatchEvent(new Event('change'))")
    browser.wait(f"{listed} === 'ab'")
    assert "state=open" in browser.run("location.hash")
    browser.run("document.getElementById('filter-q').focus()")
    browser.send("Input.insertText", text="row_count ORDERS")
    browser.wait(f"{listed} === 'a'")
    assert browser.run("document.activeElement.id") == "filter-q"
    address = browser.run("location.href")
    visit(browser, address)
    assert browser.run(listed) == "a"
    assert browser.run("document.getElementById('filter-q').value") == "row_count ORDERS"
    browser.run("[...document.querySelectorAll('.filters button')].pop().click()")
    browser.wait(f"{listed} === 'abc'")


def test_what_people_hold_back_can_be_filtered_and_is_explained(browser: Browser, tmp_path: Path) -> None:
    browser.look()
    path = tmp_path / "index.html"
    path.write_text(render_page(handled()), encoding="utf-8")
    listed = (
        "[...document.querySelectorAll('#view > div > div tr[data-key]')].map((row) => row.dataset.key[0]).join('')"
    )
    for state, keys in (("acknowledged", "a"), ("muted", "ab"), ("unattended", ""), ("open", "ab"), ("resolved", "c")):
        visit(browser, f"{path.as_uri()}#view=alerts&state={state}")
        assert browser.run(listed) == keys, state
        assert browser.run("document.getElementById('filter-state').value") == state
    visit(browser, f"{path.as_uri()}#alert={'a' * 32}")
    notes = browser.run("[...document.querySelectorAll('[data-held]')].map((note) => note.innerText)")
    assert notes[0].startswith("acknowledged by ann, since 2025-01-30 06:00 UTC: marts.</script>")
    assert notes[1] == (
        "muted by bob until 2025-02-01 06:00 UTC, as all assets like shop:MARTS.*, since 2025-01-30 06:00 UTC: migration"
    )
    assert browser.run("window.hacked") is None
    assert browser.problems == []


def test_an_alert_is_drawn_and_its_figures_stand_in_a_table(browser: Browser, written: str) -> None:
    if bundle.chart_script() is None:
        pytest.skip(bundle.NEEDED)
    browser.look()
    visit(browser, written)
    browser.run(f"document.querySelector('a[href=\"#alert={'a' * 32}\"]').click()")
    browser.wait("document.querySelector('#view figure svg path')")
    assert browser.run("document.activeElement.tagName") == "H1"
    assert "row_count" in browser.run("document.querySelector('#view .chart').getAttribute('aria-label')")
    browser.run("document.querySelector('#view figure summary').click()")
    browser.wait("document.querySelectorAll('#view figure tbody tr').length > 40")
    assert "weekly_board" in browser.run("document.getElementById('view').innerText")
    assert browser.problems == []


def test_the_page_and_a_message_draw_the_same_chart(browser: Browser, written: str) -> None:
    if bundle.chart_script() is None:
        pytest.skip(bundle.NEEDED)
    browser.look()
    shown = full()
    for key in "ac":
        visit(browser, f"{written}#alert={key * 32}")
        browser.wait("document.querySelector('#view figure svg path')")
        spec = json.loads(browser.run("JSON.stringify(document.querySelector('#view .chart').spec)"))
        alerts = shown.rows("alerts")
        this = next(row for row in alerts if row["alert_key"] == key * 32)
        window = alert_window(this)
        assert window is not None
        spans = [
            Span(
                row["window_start"].timestamp(), (NOW if row["is_open"] else row["window_end"]).timestamp(), row is this
            )
            for row in alerts
            if row["series_key"] == "rows"
        ]
        points = encode(shown.points, shown.windows)["rows"]
        drawn = json.loads(json.dumps(series_chart(this, points, window.since, window.until, spans)))
        assert len(drawn["layer"]) == {"a": 5, "c": 3}[key]
        for layer in (*spec["layer"], *drawn["layer"]):
            for row in layer["data"]["values"]:
                for words in ("when", "Observed", "Expected", "Usual"):
                    row.pop(words, None)
            for part in (layer, *layer.get("layer", ())):
                part["encoding" if "encoding" in part else "none"] = {
                    name: value for name, value in part.get("encoding", {}).items() if name != "tooltip"
                }
        assert {name: spec[name] for name in drawn} == drawn


def test_scores_are_compared_with_the_week_before(browser: Browser, written: str, tmp_path: Path) -> None:
    browser.look()
    path = tmp_path / "index.html"
    path.write_text(render_page(with_trend()), encoding="utf-8")
    visit(browser, f"{path.as_uri()}#view=scorecards")
    row = "[...document.querySelectorAll('#view tr')].find((one) => one.innerText.startsWith('Overall')).innerText"
    assert "▼ −43.0" in browser.run(row)
    assert "since 2025-01-24" in browser.run(row)
    if bundle.chart_script() is not None:
        browser.wait("document.querySelector('#view figure svg path')")
    assert browser.problems == []
    visit(browser, f"{written}#view=scorecards")
    assert "No trend yet" in browser.run("document.getElementById('view').innerText")


def test_a_mark_on_the_timeline_leads_to_its_alert(browser: Browser, written: str) -> None:
    if bundle.chart_script() is None:
        pytest.skip(bundle.NEEDED)
    browser.look()
    visit(browser, written)
    browser.run("document.querySelector('#overview-more figure').scrollIntoView()")
    marks = "[...document.querySelectorAll('#overview-more .mark-symbol path')]"
    browser.wait(f"{marks}.length === 3")
    place = browser.run(
        f"(() => {{ const box = {marks}[2].getBoundingClientRect();"
        " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
    )
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        browser.send("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)
    browser.wait(f"location.hash === '#alert={'c' * 32}'")


def test_without_the_charting_library_the_figures_stand_open(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookout.report.page.render.chart_script", lambda: None)
    path = tmp_path / "index.html"
    path.write_text(render_page(full()), encoding="utf-8")
    visit(browser, f"{path.as_uri()}#alert={'a' * 32}")
    browser.wait("document.querySelectorAll('#view figure tbody tr').length > 40")
    assert browser.problems == []


def test_lineage_can_be_walked_round_a_cycle(browser: Browser, written: str) -> None:
    browser.look()
    visit(browser, written + "#view=lineage&node=raw.orders")
    chosen = "document.querySelector('.node[aria-current]').innerText"
    for name in ("marts.orders", "marts.</script>", "raw.orders"):
        browser.run(
            "[...document.querySelectorAll('.layers > div')].find((one) => one.querySelector('h2').textContent === 'Feeds').querySelector('a').click()"
        )
        browser.wait(f"{chosen}.startsWith({json.dumps(name)})")
    assert browser.problems == []


def test_times_are_those_of_the_zone_that_the_reader_chose(browser: Browser, written: str) -> None:
    browser.look()
    visit(browser, written)
    times = "[...document.querySelectorAll('#open-alerts td.time')].map((cell) => cell.textContent).join()"
    in_utc = browser.run(times)
    heading = "document.querySelector('#open-alerts th:nth-child(3)')?.innerText"
    assert browser.run(heading) == "Since (UTC)"
    browser.run(
        "(() => { const zone = document.getElementById('zone'); zone.value = 'Asia/Tokyo'; "
        "zone.dispatchEvent(new Event('change')); })()"
    )
    browser.wait("document.querySelector('#zone') && document.getElementById('zone').value === 'Asia/Tokyo'")
    browser.wait(f"{heading} === 'Since (Asia/Tokyo)'")
    local = browser.run(times)
    for utc, shown in zip(in_utc.split(","), local.split(","), strict=True):
        assert datetime.fromisoformat(shown) - datetime.fromisoformat(utc) == timedelta(hours=9)
    visit(browser, f"{written}#alert={'a' * 32}")
    browser.wait("document.body.innerText.includes('Since (Asia/Tokyo)')")
    assert "(UTC)" not in browser.run("document.getElementById('view').innerText")
    assert browser.problems == []
