"""Progress of long steps: a bar on a terminal, plain lines when piped, JSON lines for machines."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

logger = logging.getLogger("lookout")


@dataclass
class Step:
    """One long step of a command. ``done`` is the text of its line once it has ended."""

    name: str
    done: str = ""
    _progress: Progress | None = None
    _task: int = 0

    def total(self, count: int) -> None:
        """Set the number of parts that the step has."""
        if self._progress is not None:
            self._progress.update(self._task, total=count)  # type: ignore[arg-type]

    def advance(self, part: str = "") -> None:
        """Count one more part as done; ``part`` names it."""
        if self._progress is not None:
            self._progress.update(self._task, advance=1, description=f"{self.name} {part}"[:60])  # type: ignore[arg-type]


class Narrator:
    """Progress output of a command on standard error; silent when ``quiet``."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Show a step while it runs and one line when it is done; the line is also a log record with its duration."""
        began = time.monotonic()
        step = Step(name)
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
