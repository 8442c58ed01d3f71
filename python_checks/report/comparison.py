"""What a report says to a pull request or a CI server: now, and against the report of another day."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from python_checks.errors import ConfigError
from python_checks.report.data import read
from python_checks.report.formats import markdown_comment
from python_checks.report.history import read_current, read_summary
from python_checks.report.junit import junit
from python_checks.store import Store

FORMATS = ("files", "markdown", "junit")


def tell(store: Store, output: str, folder: Path, base: str | None, *, as_of: datetime) -> str:
    """Markdown or JUnit XML of what is stored. ``folder`` holds the history of reports.

    ``base`` is a day or a file; without it the newest report before the clock, if there is one. Raises ConfigError for
    an unknown format and for a base that is not there.
    """
    if output not in FORMATS[1:]:
        raise ConfigError(f"--format {output!r} is unknown: use {', '.join(FORMATS)}.")
    now = read_current(store, read(store, as_of))
    if output == "junit":
        return junit(now)
    if base is not None and Path(base).is_file():
        return markdown_comment(now, read_summary(Path(base)))
    try:
        return markdown_comment(now, read_summary(folder, base, before=as_of))
    except ConfigError:
        if base is not None:
            raise
        return markdown_comment(now, None)
