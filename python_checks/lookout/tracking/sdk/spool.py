"""The spool: events recorded while the database is away, in a file of JSON lines, delivered later in order, once each.

Writers append to ``events.jsonl``. A delivery first renames that file to ``delivering.jsonl``, so that the order stays,
and removes it when all of it is in the execution store. Events that the store has already have no effect there, so a
delivery that is killed in the middle loses nothing and doubles nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from lookout.database.connection import Connection
from lookout.errors import ConfigError, LookoutError
from lookout.project.files import UnusableFileError, is_there, read_text
from lookout.tracking.executions.events import Event, from_line, to_line
from lookout.tracking.executions.store import ExecutionStore

logger = logging.getLogger(__name__)

FOLDER = "LOOKOUT_SPOOL"
UNASSIGNED = "unassigned"
CHUNK = 5000
ADVICE = "events of pipelines may wait there; move it away"


@dataclass(frozen=True)
class Delivered:
    """Counts of a delivery: events recorded, rejected (with ``reasons``) and still waiting.

    ``problems`` has a sentence for each spool with rejected events, and for each that cannot be read.
    """

    events: int = 0
    rejected: int = 0
    waiting: int = 0
    reasons: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass
class Spool:
    """One folder of waiting events. Safe for any number of writing and delivering processes."""

    folder: Path
    _mode: int = field(default=0o700, repr=False)

    @property
    def events(self) -> Path:
        """Return the file that writers append to."""
        return self.folder / "events.jsonl"

    @property
    def delivering(self) -> Path:
        """Return the file that is being delivered."""
        return self.folder / "delivering.jsonl"

    @property
    def rejected(self) -> Path:
        """Return the file of lines that cannot be delivered, each with its reason."""
        return self.folder / "events.rejected"

    def is_empty(self) -> bool:
        """Return whether no event waits."""
        return not self.delivering.exists() and not (self.events.exists() and self.events.stat().st_size)

    def problem(self) -> str:
        """Return a sentence when something is where the spool or its files should be that can hold no events."""
        try:
            if is_there(self.folder) and not self.folder.is_dir():
                return f"{self.folder} is no folder: {ADVICE}."
            for file in (self.events, self.delivering):
                if is_there(file) and not file.is_file():
                    return f"{file} is no file: {ADVICE}."
        except OSError as error:
            return f"{self.folder} cannot be read ({error.strerror or error}): {ADVICE}."
        return ""

    def append(self, events: Sequence[Event]) -> None:
        """Write events and wait until they are on the disk. Raises OSError when they cannot be written."""
        if not events:
            return
        self.folder.mkdir(mode=self._mode, parents=True, exist_ok=True)
        text = "".join(f"{to_line(event)}\n" for event in events).encode("ascii")
        with self._locked("append.lock"):
            handle = os.open(self.events, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "rb+", buffering=0) as file:
                if _is_torn(file):
                    # A writer was killed in the middle of a line, which must not swallow the next event.
                    text = b"\n" + text
                file.write(text)
                os.fsync(file.fileno())

    def deliver(self, execution_store: ExecutionStore, *, seconds: float | None = None) -> Delivered:
        """Deliver waiting events to the execution store, for about ``seconds``. Raises SourceError when the store does.

        Nothing happens when another process is delivering already.
        """
        if self.is_empty():
            return Delivered()
        deadline = None if seconds is None else time.monotonic() + seconds
        with self._locked("deliver.lock", wait=False) as is_locked:
            if not is_locked:
                return Delivered()
            events, reasons = 0, []
            while self._set_aside():
                for chunk, end in self._chunks():
                    chunk_reasons = self._deliver(execution_store, chunk)
                    reasons += chunk_reasons
                    events += len(chunk) - len(chunk_reasons)
                    _write_number(self.folder / "delivering.offset", end)
                    if deadline is not None and time.monotonic() > deadline:
                        return self._outcome(events, reasons, self.waiting())
                # The offset goes last: without it, a file that is still there would be delivered from its beginning.
                self.delivering.unlink()
                (self.folder / "delivering.offset").unlink(missing_ok=True)
            return self._outcome(events, reasons, 0)

    def _outcome(self, events: int, reasons: Sequence[str], waiting: int) -> Delivered:
        done = Delivered(events, len(reasons), waiting, tuple(reasons))
        if not reasons:
            return done
        what = f"{len(reasons)} event(s) of pipelines cannot be recorded and were set aside in {self.rejected}"
        return replace(done, problems=(f"{what}; the first: {reasons[0].rstrip('.')}.",))

    def waiting(self) -> int:
        """Return the number of waiting lines."""
        done = self._delivered() if self.delivering.exists() else 0
        return _count_lines(self.delivering, done) + _count_lines(self.events, 0)

    def _set_aside(self) -> bool:
        """Return whether there is a file to deliver: one left from last time, else that of the writers."""
        if self.delivering.exists():
            return True
        with self._locked("append.lock"):
            if not self.events.exists() or not self.events.stat().st_size:
                return False
            (self.folder / "delivering.offset").unlink(missing_ok=True)
            self.events.rename(self.delivering)
        return True

    def _chunks(self) -> Iterator[tuple[list[bytes], int]]:
        """Yield up to CHUNK lines at a time, each with the offset in bytes at which they end."""
        with self.delivering.open("rb") as file:
            end = file.seek(self._delivered())
            lines: list[bytes] = []
            for line in file:
                end += len(line)
                if line.strip():
                    lines.append(line)
                if len(lines) == CHUNK:
                    yield lines, end
                    lines = []
            if lines:
                yield lines, end

    def _delivered(self) -> int:
        """Return the number of bytes that are delivered; 0 unless they end with a line, as a torn number would not."""
        try:
            done = int(read_text(self.folder / "delivering.offset"))
            with self.delivering.open("rb") as file:
                file.seek(max(done - 1, 0))
                return done if done > 0 and file.read(1) == b"\n" else 0
        except (OSError, ValueError, OverflowError, UnusableFileError):
            return 0

    def _deliver(self, execution_store: ExecutionStore, lines: Sequence[bytes]) -> list[str]:
        """Record lines; append those that cannot be recorded to the rejected file and return their reasons."""
        events: list[tuple[Event, bytes]] = []
        rejected: list[tuple[bytes, str]] = []
        for line in lines:
            try:
                events.append((from_line(line.decode("utf-8-sig")), line))
            except (ConfigError, UnicodeDecodeError) as error:
                rejected.append((line, str(error)))
        rejected += _record(execution_store, events)
        if rejected:
            with self.rejected.open("ab") as file:
                file.writelines(f"# {reason}\n".encode() + line.rstrip(b"\n") + b"\n" for line, reason in rejected)
        return [reason for _, reason in rejected]

    @contextlib.contextmanager
    def _locked(self, name: str, *, wait: bool = True) -> Iterator[bool]:
        """Hold a lock between processes and threads; yield False when ``wait`` is off and another holds it."""
        # Opened for reading as well, because opening a pipe for writing alone would wait for a reader.
        with os.fdopen(os.open(self.folder / name, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
            is_locked = _lock(file, wait)
            try:
                yield is_locked
            finally:
                if is_locked:
                    _unlock(file)


def spool_for(connection: Connection | None) -> Spool:
    """Return the spool of a database: the folder LOOKOUT_SPOOL, else its own folder in the user's data folder."""
    folder = os.environ.get(FOLDER)
    if folder:
        return Spool(Path(folder).expanduser())
    # Installed with the embedded PostgreSQL.
    from platformdirs import user_data_path

    return Spool(user_data_path("lookout", appauthor=False) / "spool" / _name(connection))


def spools_for(connection: Connection) -> list[Spool]:
    """Return the spools with events for a database: its own, and that of programs without a configured database."""
    spools = [spool_for(connection), spool_for(None)]
    return spools[:1] if spools[0] == spools[1] else spools


def deliver_spool(connection: Connection, schema: str | None = None, *, seconds: float | None = None) -> Delivered:
    """Deliver the events that wait for a database. Raises SourceError, and loses none, when it cannot be reached.

    A spool that cannot be read is one of the ``problems``.
    """
    total = Delivered()
    for spool in spools_for(connection):
        problem, done = spool.problem(), Delivered()
        try:
            if not problem and not spool.is_empty():
                with ExecutionStore(connection, schema) as execution_store:
                    done = spool.deliver(execution_store, seconds=seconds)
        except OSError as error:
            problem = f"{spool.folder} cannot be read ({error.strerror or error}): {ADVICE}."
        if problem:
            done = replace(done, problems=(problem,))
        total = Delivered(
            total.events + done.events,
            total.rejected + done.rejected,
            total.waiting + done.waiting,
            total.reasons + done.reasons,
            total.problems + done.problems,
        )
    return total


def _record(execution_store: ExecutionStore, events: Sequence[tuple[Event, bytes]]) -> list[tuple[bytes, str]]:
    """Record events and return the rejected lines with reasons; halve a batch that the database refuses as a whole."""
    if not events:
        return []
    try:
        recorded = execution_store.record([event for event, _ in events])
    except (LookoutError, TypeError, ValueError, OverflowError) as error:
        # The driver raises Python's own errors for values that it cannot write.
        if isinstance(error, LookoutError) and not execution_store.is_about_data(error):
            raise
        if len(events) == 1:
            return [(events[0][1], str(error))]
        middle = len(events) // 2
        return _record(execution_store, events[:middle]) + _record(execution_store, events[middle:])
    lines = {id(event): line for event, line in events}
    return [(lines[id(item.event)], item.reason) for item in recorded.rejected]


def _name(connection: Connection | None) -> str:
    if connection is None:
        return UNASSIGNED
    host, port, database = (str(connection.parameters.get(key) or "") for key in ("host", "port", "dbname"))
    readable = re.sub(r"[^a-z0-9]+", "-", f"{host}-{port}-{database}".lower()).strip("-")[-60:]
    # libpq's defaults, so that a URL with and one without them share a spool.
    key = "\n".join((host or "localhost", port or "5432", database))
    return f"{readable}-{hashlib.sha256(key.encode()).hexdigest()[:10]}"


def _is_torn(file: BinaryIO) -> bool:
    """Return whether the file ends in the middle of a line."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def _count_lines(path: Path, offset: int) -> int:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return sum(1 for _ in file)
    except FileNotFoundError:
        return 0


def _write_number(path: Path, number: int) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(str(number), encoding="ascii")
    fresh.replace(path)


try:
    import fcntl

    def _lock(file: BinaryIO, wait: bool) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True

    def _unlock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)

except ImportError:  # Windows
    import msvcrt

    def _lock(file: BinaryIO, wait: bool) -> bool:
        while True:
            try:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
            except OSError:
                if not wait:
                    return False
                time.sleep(0.05)
            else:
                return True

    def _unlock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]
