"""The dbt docs site beside the page: each finds the other, whichever was made first."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from lookout.errors import DeliveryError

DOCS = "dbt_docs.html"
_PROJECT = re.compile(r'"project_name": ?"(\w+)"')
# Where the page keeps the name of the site it may link to; data that is shown holds no such mark, as it is escaped.
_MARK = '<body data-docs="{}">'


def docs_beside(folder: Path) -> str:
    """The name of the dbt docs site in a folder of reports; empty when there is none."""
    return DOCS if (folder / DOCS).is_file() else ""


def opened_at_overview(site: str) -> str:
    """A static site that opens at the project's own overview, if it has one, and not at dbt's welcome.

    The project's own is the doc block ``__<project>__``: one called ``__overview__`` would also take the first page of
    every project that installs this one as a package.
    """
    project = _PROJECT.search(site)
    if project is None or f'"doc.{project[1]}.__{project[1]}__"' not in site:
        return site
    jump = f'<script>if (location.hash.length < 4) location.replace("#!/overview/{project[1]}");</script>'
    return site.replace("<head>", f"<head>{jump}", 1)


def place_docs(made: Path, folder: Path, page: str, write: Callable[[Path, str], Path]) -> Path:
    """Put a static site of dbt into a folder of reports, and let the page that is there link to it; returns its path.

    ``write`` replaces a file in one step. Raises DeliveryError when the site cannot be read or a file not be written.
    """
    try:
        placed = write(folder / DOCS, opened_at_overview(made.read_bytes().decode("utf-8")))
        shown = folder / page
        if shown.is_file():
            before = shown.read_text("utf-8")
            after = before.replace(_MARK.format(""), _MARK.format(DOCS), 1)
            if after != before:
                write(shown, after)
    except (OSError, UnicodeDecodeError) as error:
        raise DeliveryError(f"The dbt docs in {made} cannot be read: run dbt docs generate --static first.") from error
    return placed
