"""What people see while Lookout works: progress on a terminal, plain lines when piped, JSON lines for machines."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

logger = logging.getLogger("lookout")


@dataclass
class Step:
    """One long step of a command. ``done`` is the sentence its line ends with."""

    name: str
    done: str = ""
    _progress: Progress | None = None
    _task: int = 0
    _seen: int = field(default=0)

    def total(self, count: int) -> None:
        """Say how many parts the step has."""
        if self._progress is not None:
            self._progress.update(self._task, total=count)  # type: ignore[arg-type]

    def advance(self, what: str = "") -> None:
        """One more part is done; ``what`` names it."""
        self._seen += 1
        if self._progress is not None:
            self._progress.update(self._task, advance=1, description=f"{self.name} {what}"[:60])  # type: ignore[arg-type]


class Narrator:
    """Tells a person, on standard error, what a command is doing; silent when ``quiet``."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Show a step while it runs and one line when it is done; the line is also a log record with its duration."""
        began, step = time.monotonic(), Step(name)
        if self.quiet or not self.console.is_terminal:
            yield step
        else:
            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
            )
            with Progress(*columns, console=self.console, transient=True) as progress:
                step._progress, step._task = progress, progress.add_task(name, total=None)
                yield step
        seconds = time.monotonic() - began
        if not self.quiet:
            self.console.print(f"  {name:<10} {step.done:<70} {seconds:6.1f} s", markup=False)
        logger.debug("%s: %s", name, step.done, extra={"component": name, "duration_seconds": round(seconds, 3)})

    def say(self, text: str = "") -> None:
        """One plain line."""
        if not self.quiet:
            self.console.print(text, markup=False)


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
            "message": record.getMessage(),
        }
        return json.dumps(line, ensure_ascii=False)


def set_up_logging(run_id: str, *, as_json: bool, verbose: bool) -> None:
    """Send Lookout's log records to standard error, as readable lines or as JSON lines that carry the run id."""
    handler = logging.StreamHandler(sys.stderr)
    readable = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")
    handler.setFormatter(_JsonLines(run_id) if as_json else readable)
    for name in ("lookout", "python_checks"):
        log = logging.getLogger(name)
        log.handlers, log.propagate = [handler], False
        log.setLevel(logging.DEBUG if verbose or as_json else logging.WARNING)
