"""The page beside other files: the dbt docs site that it links to, whichever was made first, and over HTTP."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from lookout.database.connection import Connection
from lookout.errors import DeliveryError
from lookout.report.docs import DOCS, docs_beside, opened_at_overview, place_docs
from lookout.report.page import bundle
from lookout.report.page.render import render_page
from lookout.report.write import PAGE, write_file
from tests.browser import Browser
from tests.conftest import dbt_runner
from tests.report.test_page import SCRIPT, Page, asset, browser, full, overall, visit  # noqa: F401
from tests.report.test_page import page as shown_page

SITE = '<html><head><title>x</title></head>{"metadata": {"project_name": "shop"}, "docs": {"doc.shop.__shop__": {}}}'


def link_of(html: str) -> str | None:
    return next(attributes["data-docs"] for tag, attributes in Page(html).elements if tag == "body")


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "target" / "static_index.html"
    path.parent.mkdir()
    path.write_text(SITE)
    return path


def test_the_page_links_to_docs_that_are_there_and_to_those_that_come_later(tmp_path: Path, made: Path) -> None:
    folder = tmp_path / "reports"
    assert docs_beside(folder) == ""
    before = render_page(full(), script=SCRIPT)
    write_file(folder / PAGE, before)
    assert link_of(before) == ""
    assert place_docs(made, folder, PAGE, write_file) == folder / DOCS
    later = (folder / PAGE).read_text()
    assert later == render_page(full(), script=SCRIPT, docs=docs_beside(folder))
    assert link_of(later) == DOCS
    place_docs(made, folder, PAGE, write_file)
    assert (folder / PAGE).read_text() == later


def test_docs_without_a_page_and_a_page_without_docs(tmp_path: Path, made: Path) -> None:
    folder = tmp_path / "reports"
    place_docs(made, folder, PAGE, write_file)
    assert [path.name for path in folder.iterdir()] == [DOCS]
    with pytest.raises(DeliveryError, match="dbt docs generate --static"):
        place_docs(tmp_path / "gone.html", folder, PAGE, write_file)


def test_the_site_opens_at_the_projects_own_overview_if_it_has_one() -> None:
    assert 'location.replace("#!/overview/shop")' in opened_at_overview(SITE)
    for without in (SITE.replace("__shop__", "__lookout__"), SITE.replace("project_name", "name"), "<head>"):
        assert opened_at_overview(without) == without


def test_the_command_that_make_docs_calls(tmp_path: Path, made: Path) -> None:
    command = [sys.executable, "-m", "lookout.report", str(made)]
    told = subprocess.run([*command, str(tmp_path / "out")], capture_output=True, text=True)
    assert (told.returncode, told.stdout.strip(), told.stderr) == (0, str(tmp_path / "out" / DOCS), "")
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.returncode == 1
    assert told.stderr.startswith("Name the static site")


def test_in_a_browser_a_table_leads_to_its_node_in_the_docs_and_they_lead_back(
    browser: Browser, warehouse: Connection, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    folder, nodes = tmp_path / "reports", ("model.lookout.alerts", "source.lookout.batch_analytics.flights")
    assert dbt_runner(warehouse, tmp_path)(["docs", "generate", "--static", "--empty-catalog"]).success
    assets = [asset(node.rsplit(".", 1)[1], node_id=node) for node in nodes]
    write_file(folder / PAGE, render_page(shown_page({"assets": assets}, scorecard=[overall()])))
    place_docs(tmp_path / "target" / "static_index.html", folder, PAGE, write_file)
    page, shown = (folder / PAGE).as_uri(), "document.querySelector('h1') && document.querySelector('h1').innerText"
    browser.look()
    for name, title in (("alerts", "alerts"), ("flights", "batch_analytics.flights")):
        visit(browser, f"{page}#asset=shop:{name}")
        assert browser.problems == []
        browser.run("document.querySelector('a[data-node]').click()")
        browser.wait(f"({shown} || '').startsWith('{title}')")
        assert DOCS in browser.run("location.href")
    visit(browser, page)
    browser.run("document.getElementById('docs-link').click()")
    back = "[...document.querySelectorAll('a')].find((one) => one.innerText.includes('The page beside'))"
    browser.wait(f"location.href.includes('{DOCS}') && {back}")
    browser.run(f"{back}.click()")
    browser.wait(f"location.href.endsWith('/{PAGE}') && document.getElementById('verdict')")


def test_in_a_browser_without_docs_nothing_leads_to_them(browser: Browser, tmp_path: Path) -> None:  # noqa: F811
    write_file(tmp_path / PAGE, render_page(full()))
    visit(browser, f"{(tmp_path / PAGE).as_uri()}#asset=shop:marts.orders")
    assert browser.run("document.querySelectorAll('a[data-node], #docs-link:not([hidden])').length") == 0


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The page as a web server hands it out, with all that stands beside it."""
    write_file(tmp_path / PAGE, render_page(full()))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("path", ["/", f"/{PAGE}"])
def test_in_a_browser_over_http_the_page_asks_for_itself_alone_and_filters_by_its_address(
    browser: Browser, served: str, path: str  # noqa: F811
) -> None:  # fmt: skip
    browser.look()
    listed = (
        "[...document.querySelectorAll('#view > div > div tr[data-key]')].map((row) => row.dataset.key[0]).join('')"
    )
    for view, keys in (
        ("#view=alerts&state=open", "ab"), ("#view=alerts&state=resolved&owner=finance", "c"),
        ("#view=alerts&severity=warning", "b"), ("#view=alerts&q=row_count+orders&state=open", "a"),
    ):  # fmt: skip
        visit(browser, served + path + view)
        assert browser.run(listed) == keys, view
        assert [url for url in browser.requests if not url.startswith(("data:", "about:"))] == [served + path]
        assert browser.problems == []
    visit(browser, f"{served}{path}#alert={'a' * 32}")
    if bundle.chart_script() is not None:
        browser.wait("document.querySelector('#view figure svg path')")
    assert browser.run("document.querySelector('#view h1').innerText") == "shop marts.orders"
    assert [url.split("#")[0] for url in browser.requests if url.startswith("http")] == [served + path]
    assert browser.problems == []
