"""The middle of each phase of a run: an inner function of the product, at which a fault strikes.

    python -m tests.faults.hooks PHASE SIGNAL COMMAND ...

is the console command in a process that sends itself a signal there: ``SIGKILL`` ends it, ``SIGSTOP`` halts it. With
``hang`` as the signal, it waits there without end.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Point:
    """A function that a phase calls: the fault strikes before its ``call``-th call, of those within ``step`` if named."""

    module: str
    function: str
    call: int = 1
    step: str = ""


POINTS = {
    # Before the first connection, and after it.
    "start": Point("lookout.runs.steps", "ensure_landing"),
    "parse": Point("lookout.runs.landing", "_indexes"),
    # One table is written already.
    "collect": Point("lookout.runs.collection", "write_outcome", call=2),
    # dbt has built, and its results are not recorded yet.
    "build": Point("lookout.runs.tracking", "read_results"),
    # Series are judged and not written yet.
    "learn": Point("lookout.runs.learning.partitions", "judge_stored"),
    # Some models are there and others not.
    "derive": Point("lookout.runs.steps", "_advance", call=10, step="derive"),
    "publish": Point("lookout.report.write", "render_page"),
    # Messages are claimed and not sent yet.
    "notify": Point("lookout.notify.publish", "deliver"),
}
PHASES = tuple(POINTS)[1:]


def struck(phase: str, strike: Callable[[], object]) -> tuple[Any, str, Callable[..., Any]]:
    """Return a module, the name of a function, and what to put in its place so that ``strike`` is called in a phase."""
    point = POINTS[phase]
    module = import_module(point.module)
    real = getattr(module, point.function)
    calls = 0

    @wraps(real)
    def function(*arguments: Any, **settings: Any) -> Any:
        nonlocal calls
        if not point.step or getattr(arguments[0], "name", "") == point.step:
            calls += 1
            if calls == point.call:
                strike()
        return real(*arguments, **settings)

    return module, point.function, function


if __name__ == "__main__":
    _, phase, name, *command = sys.argv
    strike = threading.Event().wait if name == "hang" else partial(os.kill, os.getpid(), signal.Signals[name])
    setattr(*struck(phase, strike))
    sys.argv = ["lookout", *command]
    from lookout.cli.main import main

    main()
