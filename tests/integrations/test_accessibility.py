"""The page as axe-core sees it: nothing that people with a keyboard, a screen reader or weak eyes stumble over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.integrations.browser import Browser, visit
from tests.integrations.test_page_in_browser import VIEWS

# Read before the tests, whose environment knows no LOOKOUT_ variable.
AXE = Path(os.environ.get("LOOKOUT_AXE", "axe.min.js"))
# Not asked: "skip-link" takes each link within the page that is out of sight for a link that skips the menu. The page's
# views are such links, and on a phone the menu moves sideways.
FOUND = """
    axe.run(document, {rules: {"skip-link": {enabled: false}}}).then((result) => result.violations.map((rule) =>
        `${rule.id}: ${rule.help}: ${rule.nodes.map((node) => node.html.slice(0, 200)).join(" ")}`))
"""


def violations(browser: Browser, url: str) -> list[str]:
    """Return what axe-core finds on a page once its charts are drawn."""
    visit(browser, url)
    browser.run("new Promise((done) => setTimeout(done, 250))")
    # Evaluated by the debugger, which a page's own policy for scripts does not hold.
    browser.run(f"{AXE.read_text(encoding='utf-8')}; 0")
    found: list[str] = browser.run(FOUND)
    return found


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_axe_finds_nothing_on_any_view(browser: Browser, written: str, width: int, dark: bool) -> None:
    browser.look(width=width, dark=dark)
    found = {view: violations(browser, written + view) for view in (*VIEWS, "#view=lineage&node=raw.orders")}
    assert {view: rules for view, rules in found.items() if rules} == {}


def test_axe_finds_what_is_wrong(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text("<html lang='en'><title>x</title><main><h1>One</h1><h3>Three</h3><img src=''></main></html>")
    rules = {rule.split(":")[0] for rule in violations(browser, page.as_uri())}
    assert {"image-alt", "heading-order"} <= rules
