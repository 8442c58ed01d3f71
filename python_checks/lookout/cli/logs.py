"""Log records on standard error: readable lines for people, JSON lines for machines."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone

from lookout.masking import mask_secrets


class _Lines(logging.Formatter):
    """Readable lines, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        return mask_secrets(super().format(record))


class _JsonLines(logging.Formatter):
    def __init__(self, run_id: str) -> None:
        super().__init__()
        self.run_id = run_id

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, tz=timezone.utc).isoformat()
        line = {
            "at": at,
            "level": record.levelname.lower(),
            "run_id": self.run_id,
            "component": getattr(record, "component", record.name.rsplit(".", 1)[-1]),
            "duration_seconds": getattr(record, "duration_seconds", None),
            "message": mask_secrets(record.getMessage()),
        }
        return json.dumps(line, ensure_ascii=False)


def set_up_logging(run_id: str, *, as_json: bool, verbose: bool) -> None:
    """Send Lookout's log records to standard error, as readable lines or as JSON lines that carry the run id."""
    handler = logging.StreamHandler(sys.stderr)
    readable = _Lines("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")
    handler.setFormatter(_JsonLines(run_id) if as_json else readable)
    for name in ("lookout", "python_checks"):
        log = logging.getLogger(name)
        log.handlers, log.propagate = [handler], False
        log.setLevel(logging.DEBUG if verbose or as_json else logging.WARNING)
