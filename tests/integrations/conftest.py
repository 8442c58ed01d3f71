"""What the tests in a browser share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lookout.report.page.render import render_page
from tests.integrations.browser import Browser, find_browser
from tests.report.test_page import full


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser with one page for the tests of a module."""
    found = find_browser()
    assert found is not None, "no Chromium is installed: apt-get install chromium, or name one with LOOKOUT_BROWSER"
    opened = Browser(found, tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page with alerts, lineage and dbt's runs, opened from disk."""
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(render_page(full()), encoding="utf-8")
    return path.as_uri()
