"""The page beside other files: the dbt docs site that it links to, whichever was made first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lookout.errors import DeliveryError
from lookout.report.docs import DOCS, docs_beside, opened_at_overview, publish_docs
from lookout.report.page.render import render_page
from lookout.report.write import PAGE, write_file
from tests.report.test_page import SCRIPT, Page, full

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
    assert publish_docs(made, folder, PAGE, write_file) == folder / DOCS
    later = (folder / PAGE).read_text()
    assert later == render_page(full(), script=SCRIPT, docs=docs_beside(folder))
    assert link_of(later) == DOCS
    publish_docs(made, folder, PAGE, write_file)
    assert (folder / PAGE).read_text() == later


def test_docs_without_a_page_and_a_page_without_docs(tmp_path: Path, made: Path) -> None:
    folder = tmp_path / "reports"
    publish_docs(made, folder, PAGE, write_file)
    assert [path.name for path in folder.iterdir()] == [DOCS]
    with pytest.raises(DeliveryError, match="dbt docs generate --static"):
        publish_docs(tmp_path / "gone.html", folder, PAGE, write_file)


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
