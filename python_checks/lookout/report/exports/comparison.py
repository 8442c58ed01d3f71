"""Reports for other programs from stored rows: a pull request comment, JUnit XML and OpenLineage events."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from lookout.database.connection import Connection
from lookout.database.store import Store
from lookout.errors import ConfigError
from lookout.report.data import read
from lookout.report.exports.datasets import read_lineage
from lookout.report.exports.junit import junit
from lookout.report.exports.markdown_comment import markdown_comment
from lookout.report.exports.openlineage import lineage_events
from lookout.report.history.summaries import read_current, read_summary

FORMATS = ("files", "markdown", "junit", "openlineage")
NAMESPACE_VARIABLE = "OPENLINEAGE_NAMESPACE"  # the variable that other OpenLineage tools read


def export_summary(store: Store, output: str, folder: Path, base: str | None, *, as_of: datetime) -> str:
    """Return Markdown or JUnit XML of what is stored. ``folder`` holds the history of reports.

    ``base`` is a day or a file; without it the newest report before the clock, if there is one. Raises ConfigError for
    an unknown format and for a base that does not exist.
    """
    if output not in ("markdown", "junit"):
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


def export_lineage(
    store: Store, outputs: Mapping[str, Connection], manifest: Mapping[str, Any], base: str | None, *, as_of: datetime
) -> str:
    """Return OpenLineage events, one a line, of what ran since ``base``: a day or a time in UTC; by default a day ago.

    ``outputs`` are those of the profile. Raises ConfigError for a base that is not a time, SourceError as queries do.
    """
    namespace = os.environ.get(NAMESPACE_VARIABLE, "").strip() or "lookout"
    data = read_lineage(store, outputs, manifest, since=_moment(base), as_of=as_of, namespace=namespace)
    return lineage_events(data)


def _moment(base: str | None) -> datetime | None:
    if base is None:
        return None
    try:
        moment = datetime.fromisoformat(base.strip().replace("Z", "+00:00"))
    except ValueError as error:
        raise ConfigError(
            f"--base {base!r} is not a time: for openlineage it is since when, like 2026-01-05 or 2026-01-05T06:00:00Z."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
