"""The page beside other files in a real browser: to the dbt docs site and back, and over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from lookout.database.connection import Connection
from lookout.report.docs import DOCS, publish_docs
from lookout.report.page import bundle
from lookout.report.page.render import render_page
from lookout.report.write import PAGE, write_file
from tests.conftest import dbt_runner
from tests.integrations.browser import Browser, visit
from tests.report.test_page import asset, full, overall
from tests.report.test_page import page as shown_page


def test_a_table_leads_to_its_node_in_the_docs_and_they_lead_back(
    browser: Browser, warehouse: Connection, tmp_path: Path
) -> None:
    folder, nodes = tmp_path / "reports", ("model.lookout.alerts", "source.lookout.batch_analytics.flights")
    assert dbt_runner(warehouse, tmp_path)(["docs", "generate", "--static", "--empty-catalog"]).success
    assets = [asset(node.rsplit(".", 1)[1], node_id=node) for node in nodes]
    write_file(folder / PAGE, render_page(shown_page({"assets": assets}, scorecard=[overall()])))
    publish_docs(tmp_path / "target" / "static_index.html", folder, PAGE, write_file)
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


def test_without_docs_nothing_leads_to_them(browser: Browser, tmp_path: Path) -> None:
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
def test_over_http_the_page_asks_for_itself_alone_and_filters_by_its_address(
    browser: Browser, served: str, path: str
) -> None:
    browser.look()
    listed = (
        "[...document.querySelectorAll('#view > div > div tr[data-key]')].map((row) => row.dataset.key[0]).join('')"
    )
    for view, keys in (
        ("#view=alerts&state=open", "ab"),
        ("#view=alerts&state=resolved&owner=finance", "c"),
        ("#view=alerts&severity=warning", "b"),
        ("#view=alerts&q=row_count+orders&state=open", "a"),
    ):
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
