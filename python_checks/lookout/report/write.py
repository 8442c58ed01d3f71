"""Writing the reports, the Markdown files and the page, from the rows of the monitoring schema."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from lookout.database.store import Store
from lookout.errors import DeliveryError
from lookout.report.data import read
from lookout.report.docs import docs_beside
from lookout.report.history import summaries as history
from lookout.report.history.trend import read_trend
from lookout.report.markdown.render import render_contracts, render_detection, render_portfolio, render_scorecard
from lookout.report.page.data import read_page
from lookout.report.page.render import render_page

REPORTS = {
    "data_health_scorecard.md": render_scorecard,
    "detection_summary.md": render_detection,
    "PORTFOLIO_HEALTH_REPORT.md": render_portfolio,
    "contract_validation_report.md": render_contracts,
}
PAGE = "index.html"


def write_reports(store: Store, folder: Path, *, as_of: datetime, keep_history: bool = False) -> list[Path]:
    """Write the reports into ``folder`` (made if missing), each all or nothing, and return their paths.

    ``keep_history`` also keeps a small summary in ``folder``/history to compare with later; its path is not returned.
    The text depends only on the stored rows, ``as_of`` (with a time zone) and the files in ``folder``. Raises
    SourceError when the monitoring schema cannot be read and DeliveryError when a file cannot be written.
    """
    data = read(store, as_of)
    trend = read_trend(folder / history.FOLDER, before=data.as_of)
    page = render_page(replace(read_page(store, data), trend=trend), docs=docs_beside(folder))
    paths = [write_file(folder / name, render(data)) for name, render in REPORTS.items()]
    paths.append(write_file(folder / PAGE, page))
    if keep_history:
        history.keep(history.read_current(store, data), folder / history.FOLDER, write_file)
    return paths


def write_file(path: Path, content: str) -> Path:
    """Replace a file in one step, so that a reader never sees half of it; return its path. Raises DeliveryError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not a file of `tempfile`, which is closed to others whatever the umask.
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            fresh.write_text(content, encoding="utf-8", newline="\n")
            fresh.replace(path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DeliveryError(f"The report {path} cannot be written: {error.strerror or error}.") from error
    return path
