"""The dbt docs site beside the page: the page links to it, whichever of the two was written first."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from lookout.errors import DeliveryError
from lookout.project.files import UnusableFileError, read_text

DOCS = "dbt_docs.html"
_PROJECT = re.compile(r'"project_name": ?"(\w+)"')
# The element of the page that holds the name of the site to link to; data is escaped, so it cannot contain this text.
_MARK = '<body data-docs="{}">'


def docs_beside(folder: Path) -> str:
    """Return the file name of the dbt docs site in a folder of reports; empty when there is none."""
    return DOCS if (folder / DOCS).is_file() else ""


def opened_at_overview(site: str) -> str:
    """Return a static site that opens at the project's own overview, if it has one, instead of dbt's welcome page.

    The project's own overview is the doc block ``__<project>__``: a block called ``__overview__`` would also replace
    the first page of every project that installs this one as a package.
    """
    project = _PROJECT.search(site)
    if project is None or f'"doc.{project[1]}.__{project[1]}__"' not in site:
        return site
    jump = f'<script>if (location.hash.length < 4) location.replace("#!/overview/{project[1]}");</script>'
    return site.replace("<head>", f"<head>{jump}", 1)


def publish_docs(site: Path, folder: Path, page: str, write: Callable[[Path, str], Path]) -> Path:
    """Write a static site of dbt into a folder of reports, link the page in it to the site, and return the site's path.

    ``write`` replaces a file in one step. Raises DeliveryError when the site cannot be read or a file not be written.
    """
    try:
        published = write(folder / DOCS, opened_at_overview(read_text(site)))
        page_file = folder / page
        if page_file.is_file():
            before = read_text(page_file)
            after = before.replace(_MARK.format(""), _MARK.format(DOCS), 1)
            if after != before:
                write(page_file, after)
    except UnusableFileError as error:
        raise DeliveryError(f"The dbt docs in {site} cannot be read: run dbt docs generate --static first.") from error
    return published
