"""What the command line does with pipelines: start and end executions, run commands, read and set watermarks."""

from __future__ import annotations

import logging
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from types import FrameType
from typing import IO, Any

from lookout.database.connection import mask_secrets
from lookout.errors import ConfigError
from lookout.tracking.executions.events import End, Heartbeat, Start
from lookout.tracking.executions.store import ExecutionStore
from lookout.tracking.model import Pipeline, watermark_text
from lookout.tracking.sdk.context import PARENT, orchestration, this_machine
from lookout.tracking.sdk.execution import Execution, parent_of
from lookout.tracking.sdk.tracker import Tracker, Tracking

WATERMARK = "LOOKOUT_WATERMARK"
TAIL = 20
NOT_FOUND, NOT_EXECUTABLE = 127, 126
FORWARDED = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
HEARTBEAT_SECONDS = 60.0
_RUNNING = """
select execution_id, start_date from {schema}.pipeline_executions
where pipeline_id = %s and end_date is null
order by start_date desc limit 1
"""


def start_command(
    name: str,
    *,
    pipeline_type: str | None = None,
    next_watermark: str | None = None,
    parent: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    tracker: Tracker | None = None,
) -> str | None:
    """Start an execution that another process will end; returns its id, None when the pipeline is switched off.

    Works without the database: then the start waits in the spool. Raises ConfigError for a wrong name.
    """
    with _own(tracker) as used:
        pipeline = (
            Pipeline(name, pipeline_type, origin="command") if pipeline_type else Pipeline(name, origin="command")
        )
        registered = used.register(pipeline, next_watermark)
        if not registered.active:
            return None
        start = Start(
            os.urandom(16).hex(),
            pipeline.name,
            _now(),
            parent_of(parent) or os.environ.get(PARENT) or None,
            registered.watermark,
            watermark_text(next_watermark),
            {**orchestration(), **(metadata or {})},
            kind="command",
            host=this_machine(),
        )
        used.emit(start)
        return start.execution_id


def end_command(
    execution_id: str,
    *,
    completed_successfully: bool = True,
    inserts: int | None = None,
    updates: int | None = None,
    soft_deletes: int | None = None,
    total_rows: int | None = None,
    next_watermark: str | None = None,
    error: str = "",
    metadata: Mapping[str, Any] | None = None,
    monotonic: bool = False,
    tracker: Tracker | None = None,
) -> None:
    """End an execution that ``start_command`` began, here or in another process; a second time without effect.

    Raises ConfigError for counts below zero, and for an id that nobody started.
    """
    event = End(
        execution_id,
        _now(),
        completed_successfully,
        inserts,
        updates,
        soft_deletes,
        total_rows,
        next_watermark=next_watermark,
        execution_metadata=metadata or {},
        error=error,
        monotonic=monotonic,
    )
    with _own(tracker) as used, _told_once():
        refused = used.emit(event)
    if refused:
        raise ConfigError(refused[0].reason[:1].upper() + refused[0].reason[1:])


def exec_command(
    argv: Sequence[str],
    name: str | None = None,
    *,
    pipeline_type: str | None = None,
    next_watermark: str | None = None,
    monotonic: bool = False,
    tracker: Tracker | None = None,
) -> int:
    """Run a command as an execution of a pipeline and return its exit code, as a shell would.

    Its output goes where it would go anyway; the last lines of its standard error are kept when it fails. The command
    finds the watermark in LOOKOUT_WATERMARK, and what it tracks itself becomes part of this execution. Signals are
    passed on. A command that cannot be found is one sentence and 127.
    """
    if not argv:
        raise ConfigError("There is no command: write it behind two dashes, for example `-- python load.py`.")
    settings = {"pipeline_type": pipeline_type} if pipeline_type else {}
    with _own(tracker) as used:
        tracking = Tracking(
            used,
            Pipeline(name or os.path.basename(argv[0]), origin="command", **settings),  # type: ignore[arg-type]  # noqa: PTH119
            next_watermark=next_watermark,
            monotonic=monotonic,
        )
        run = used.begin(tracking, kind="command")
        run.metadata["command"] = mask_secrets(shlex.join(argv))
        code, told = _run(argv, run)
        run.metadata["exit_code"] = code
        if code:
            run.fail(mask_secrets(told) or f"exit code {code}")
        used.finish(run, None)
    return code


def watermark_get(name: str, *, execution_store: ExecutionStore) -> str | None:
    """The watermark of a pipeline; None before its first success. Raises ConfigError when there is no such pipeline."""
    found = execution_store.find(name)
    if found is None:
        raise ConfigError(f"There is no pipeline '{name.strip().lower()}'; `lookout runs` lists those that ran.")
    return found.watermark


def watermark_set(name: str, value: str | None, *, force: bool = False, execution_store: ExecutionStore) -> str | None:
    """Set a watermark by hand, None to begin anew; returns the one before.

    Raises ConfigError when there is no such pipeline, or one of its executions is running: only with ``force`` is the
    watermark set then, and the running execution will not move it.
    """
    found = execution_store.find(name)
    if found is None and not force:
        raise ConfigError(f"There is no pipeline '{name.strip().lower()}': check the name, or make it with --force.")
    if found is None:
        found = execution_store.register(Pipeline(name, origin="command"), at=_now())
    running = execution_store.query(_RUNNING, (found.pipeline_id,))
    if running and not force:
        key, since = running[0]
        raise ConfigError(
            f"Execution {key} of '{name.strip().lower()}' runs since {since:%Y-%m-%d %H:%M:%S} UTC: wait for it, "
            "or set the watermark with --force, and what that execution reaches will not count."
        )
    return execution_store.set_watermark(name, value, at=_now())


def _run(argv: Sequence[str], run: Execution) -> tuple[int, str]:
    """Exit code and the end of standard error."""
    environment = {**os.environ, WATERMARK: run.watermark or ""}
    if run.active:
        environment[PARENT] = run.execution_id
    with _forwarding() as received:
        try:
            process = subprocess.Popen(list(argv), env=environment, stderr=subprocess.PIPE)
        except (OSError, ValueError) as error:
            return _not_run(argv[0], error)
        received.to(process)
        return _watched(process, run)


def _not_run(command: str, error: OSError | ValueError) -> tuple[int, str]:
    code = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
    told = f"The command '{command}' cannot be run: {error.strerror if isinstance(error, OSError) else error}."
    print(told, file=sys.stderr)
    return code, told


def _watched(process: subprocess.Popen[bytes], run: Execution) -> tuple[int, str]:
    tail: deque[bytes] = deque(maxlen=TAIL)
    over = threading.Event()
    assert process.stderr is not None
    copier = threading.Thread(target=_copy, args=(process.stderr, tail), daemon=True)
    copier.start()
    if run.active:
        threading.Thread(target=_beat, args=(run, over), daemon=True).start()
    code = process.wait()
    over.set()
    # A grandchild that lives on keeps the pipe open: it is not waited for.
    copier.join(timeout=2.0)
    told = b"".join(tail).decode("utf-8", "replace").strip()
    if code < 0:
        told = f"{told}\nended by signal {_signal_name(-code)}".strip()
        code = 128 - code
    return code, told


def _copy(source: IO[bytes], tail: deque[bytes]) -> None:
    """Pass bytes on as they come and remember the last lines, each up to a length."""
    line = b""
    while piece := os.read(source.fileno(), 65536):
        try:
            sys.stderr.flush()
            os.write(_stderr(), piece)
        except OSError:
            pass
        *whole, line = re.split(rb"(?<=\n)", line + piece)
        tail.extend(whole[-TAIL:])
        line = line[-4096:]
    if line:
        tail.append(line)


def _stderr() -> int:
    try:
        return sys.stderr.fileno()
    except (OSError, ValueError, AttributeError):
        return 2


def _beat(run: Execution, over: threading.Event) -> None:
    while not over.wait(HEARTBEAT_SECONDS):
        run.tracker.beat(Heartbeat(run.execution_id, _now()))


class _Received:
    """Signals for a command; those that come before it runs wait for it."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.early: list[int] = []

    def to(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        while self.early:
            process.send_signal(self.early.pop(0))

    def __call__(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT and _is_foreground():
            # What a terminal sends on Ctrl-C reaches the command by itself.
            return
        if self.process is None:
            self.early.append(number)
        else:
            self.process.send_signal(number)


@contextmanager
def _forwarding() -> Iterator[_Received]:
    """Pass signals on to the command that is told later."""
    received, before = _Received(), {}
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in FORWARDED if hasattr(signal, name)]
        before = {number: signal.signal(number, received) for number in numbers}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


def _is_foreground() -> bool:
    try:
        return os.getpgrp() == os.tcgetpgrp(0)
    except OSError:
        return False


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


@contextmanager
def _told_once() -> Iterator[None]:
    """What the execution store refuses is an error of the command; the warning that programs get would say it twice."""
    log = logging.getLogger("lookout.tracking.sdk.delivery")
    before, log.level = log.level, logging.ERROR
    try:
        yield
    finally:
        log.level = before


@contextmanager
def _own(tracker: Tracker | None) -> Iterator[Tracker]:
    """The tracker given, else one for this command that is closed afterwards."""
    if tracker is not None:
        yield tracker
        return
    with Tracker() as used:
        yield used


def _now() -> datetime:
    return datetime.now(timezone.utc)
