"""Pipelines on the command line: start and end executions, run commands, read and set watermarks."""

from __future__ import annotations

import logging
import os
import re
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

from lookout.database.runners.process import this_machine
from lookout.errors import ConfigError
from lookout.masking import mask_arguments, mask_secrets, remember_secrets, secret_arguments
from lookout.tracking.executions.events import End, Heartbeat, Start
from lookout.tracking.executions.store import ExecutionStore
from lookout.tracking.model import Pipeline, watermark_text
from lookout.tracking.sdk.context import PARENT, orchestration
from lookout.tracking.sdk.execution import Execution, parent_of
from lookout.tracking.sdk.tracker import Tracker, Tracking

WATERMARK = "LOOKOUT_WATERMARK"
TAIL_LINES = 20
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
    """Start an execution that another process will end, and return its id; None when the pipeline is switched off.

    Works without the database: then the start waits in the spool. Raises ConfigError for a wrong name.
    """
    with _tracker_or_new(tracker) as used:
        pipeline = Pipeline(name, pipeline_type or None, origin="command")
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
    """End an execution that ``start_command`` began, here or in another process; a second call has no effect.

    Raises ConfigError for counts below zero, and for an id that was never started.
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
    with _tracker_or_new(tracker) as used, _without_warnings():
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
    with_arguments: bool = False,
    tracker: Tracker | None = None,
) -> int:
    """Run a command as an execution of a pipeline and return its exit code, as a shell would.

    Of the command, its program's name is stored; ``with_arguments`` stores the arguments as well, all of them masked
    that may be a secret.
    Its output goes where it would go anyway; the last lines of its standard error are kept when it fails. The command
    finds the watermark in LOOKOUT_WATERMARK, and executions that it tracks itself become children of this one. Signals
    are forwarded. For a command that cannot be found, one sentence is printed and 127 returned.
    """
    if not argv:
        raise ConfigError("There is no command: write it behind two dashes, for example `-- python load.py`.")
    settings = {"pipeline_type": pipeline_type} if pipeline_type else {}
    with _tracker_or_new(tracker) as used:
        tracking = Tracking(
            used,
            Pipeline(name or os.path.basename(argv[0]), origin="command", **settings),  # type: ignore[arg-type]  # noqa: PTH119
            next_watermark=next_watermark,
            monotonic=monotonic,
        )
        run = used.begin(tracking, kind="command")
        program = os.path.basename(argv[0])  # noqa: PTH119
        run.metadata["command"] = " ".join(mask_arguments([program, *argv[1:]])) if with_arguments else program
        # The command may repeat in an error what it was called with.
        remember_secrets(secret_arguments(argv[1:]), but_not=[program, name])
        code, error_text = _run(argv, run)
        run.metadata["exit_code"] = code
        if code:
            run.fail(mask_secrets(error_text) or f"exit code {code}")
        used.finish(run, None)
    return code


def watermark_get(name: str, *, execution_store: ExecutionStore) -> str | None:
    """Return the watermark of a pipeline; None before its first success.

    Raises ConfigError when there is no such pipeline.
    """
    found = execution_store.find(name)
    if found is None:
        raise ConfigError(f"There is no pipeline '{name.strip().lower()}'; `lookout runs` lists those that ran.")
    return found.watermark


def watermark_set(name: str, value: str | None, *, force: bool = False, execution_store: ExecutionStore) -> str | None:
    """Set a watermark by hand, None to begin anew, and return the previous one.

    Raises ConfigError when there is no such pipeline, or one of its executions is running. With ``force`` the pipeline
    is made, and the watermark is set even then; a running execution will not move it.
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
    """Run the command and return its exit code and the end of its standard error."""
    environment = {**os.environ, WATERMARK: run.watermark or ""}
    if run.active:
        environment[PARENT] = run.execution_id
    with _forwarding() as forwarder:
        try:
            process = subprocess.Popen(list(argv), env=environment, stderr=subprocess.PIPE)
        except (OSError, ValueError) as error:
            return _report_not_run(argv[0], error)
        forwarder.attach(process)
        return _wait_for(process, run)


def _report_not_run(command: str, error: OSError | ValueError) -> tuple[int, str]:
    """Report a command that cannot be run; return the exit code of a shell and the message."""
    code = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
    message = f"The command '{command}' cannot be run: {error.strerror if isinstance(error, OSError) else error}."
    print(message, file=sys.stderr)
    return code, message


def _wait_for(process: subprocess.Popen[bytes], run: Execution) -> tuple[int, str]:
    """Wait for the command and return its exit code and the end of its standard error."""
    tail: deque[bytes] = deque(maxlen=TAIL_LINES)
    ended = threading.Event()
    assert process.stderr is not None
    copier = threading.Thread(target=_copy_stderr, args=(process.stderr, tail), daemon=True)
    copier.start()
    if run.active:
        threading.Thread(target=_send_heartbeats, args=(run, ended), daemon=True).start()
    code = process.wait()
    ended.set()
    # A grandchild that lives on keeps the pipe open: it is not waited for.
    copier.join(timeout=2.0)
    error_text = b"".join(tail).decode("utf-8", "replace").strip()
    if code < 0:
        error_text = f"{error_text}\nended by signal {_signal_name(-code)}".strip()
        code = 128 - code
    return code, error_text


def _copy_stderr(source: IO[bytes], tail: deque[bytes]) -> None:
    """Copy a stream to standard error as it comes, and keep its last lines, each up to a length."""
    line = b""
    while piece := os.read(source.fileno(), 65536):
        try:
            sys.stderr.flush()
            os.write(_stderr(), piece)
        except OSError:
            pass
        *whole, line = re.split(rb"(?<=\n)", line + piece)
        tail.extend(whole[-TAIL_LINES:])
        line = line[-4096:]
    if line:
        tail.append(line)


def _stderr() -> int:
    """Return the file descriptor of standard error, 2 when Python's own has none."""
    try:
        return sys.stderr.fileno()
    except (OSError, ValueError, AttributeError):
        return 2


def _send_heartbeats(run: Execution, ended: threading.Event) -> None:
    while not ended.wait(HEARTBEAT_SECONDS):
        run.tracker.beat(Heartbeat(run.execution_id, _now()))


class _SignalForwarder:
    """Handler that forwards signals to a command; signals that come before it runs are kept until then."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.pending: list[int] = []

    def attach(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        while self.pending:
            process.send_signal(self.pending.pop(0))

    def __call__(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT and _is_foreground():
            # The terminal sends Ctrl-C to the command as well.
            return
        if self.process is None:
            self.pending.append(number)
        else:
            self.process.send_signal(number)


@contextmanager
def _forwarding() -> Iterator[_SignalForwarder]:
    """Forward signals to the command that is attached later."""
    forwarder, previous = _SignalForwarder(), {}
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in FORWARDED if hasattr(signal, name)]
        previous = {number: signal.signal(number, forwarder) for number in numbers}
    try:
        yield forwarder
    finally:
        for number, handler in previous.items():
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
def _without_warnings() -> Iterator[None]:
    """Silence the delivery's warning about a rejected event: the command raises the same as its error."""
    log = logging.getLogger("lookout.tracking.sdk.delivery")
    before, log.level = log.level, logging.ERROR
    try:
        yield
    finally:
        log.level = before


@contextmanager
def _tracker_or_new(tracker: Tracker | None) -> Iterator[Tracker]:
    """Yield the given tracker, else one for this command that is closed afterwards."""
    if tracker is not None:
        yield tracker
        return
    with Tracker() as used:
        yield used


def _now() -> datetime:
    return datetime.now(timezone.utc)
