"""The processes of a server. A number in a file proves nothing: it may belong to another process by now."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

# Installed with the embedded PostgreSQL.
import psutil  # type: ignore[import-untyped]

from lookout.database.cluster.account import Account
from lookout.database.cluster.folders import SOCKET

STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Running:
    """A server that runs, by its ``postmaster.pid``; the fields that it has not written yet are empty."""

    process: psutil.Process
    socket_folder: str
    addresses: str
    status: str


def running_server(data: Path) -> Running | None:
    """Return the server that runs on a data folder; None when there is none, whatever the pid file says."""
    try:
        lines = [line.strip() for line in (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()]
        process = psutil.Process(int(lines[0]))
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    if not _works_in(process, data):
        return None
    lines += [""] * 8
    return Running(process, lines[4], lines[5], lines[7])


def stop_server(data: Path) -> bool:
    """Stop the server of a data folder and wait until it is gone; False when it does not run."""
    running = running_server(data)
    if running is None:
        return False
    # Clients are disconnected; then, should that take too long, no checkpoint is waited for.
    for kind in (signal.SIGINT, signal.SIGQUIT):
        deadline = time.monotonic() + STOP_SECONDS
        try:
            running.process.send_signal(kind)
        except psutil.NoSuchProcess:
            return True
        while time.monotonic() < deadline:
            if running_server(data) is None:
                return True
            time.sleep(0.02)
    return running_server(data) is None


def end_leftovers(data: Path, socket_folder: Path) -> None:
    """End what a killed server left behind: its other processes, and the files that would hinder a start.

    To be called only when no server runs on the data folder. PostgreSQL ends its processes by itself, except one that
    is busy, and it does not start when the number in an old file belongs to another process of the same user.
    """
    _end([process for process in psutil.process_iter() if _works_in(process, data)])
    for file in (data / "postmaster.pid", socket_folder / f"{SOCKET}.lock"):
        # The number of a process that is gone is left to PostgreSQL, which looks for shared memory in use as well.
        if file.exists() and ((number := _first_number(file)) is None or psutil.pid_exists(number)):
            file.unlink()


def end_makers(folder: Path) -> None:
    """End the programs that a killed first start left behind, and that are still filling a data folder."""
    _end([process for process in psutil.process_iter() if _fills(process, folder)])


def _fills(process: psutil.Process, folder: Path) -> bool:
    try:
        # initdb and the server that it runs both name the folder.
        return process.name() in ("initdb", "postgres") and str(folder) in process.cmdline()
    except psutil.Error:
        return False


def _end(processes: list[psutil.Process]) -> None:
    for kind in (signal.SIGQUIT, signal.SIGKILL):
        for process in processes:
            try:
                process.send_signal(kind)
            except psutil.Error:
                continue
        _, processes = psutil.wait_procs(processes, timeout=5)


def _first_number(file: Path) -> int | None:
    try:
        return int(file.read_text(encoding="utf-8").splitlines()[0])
    except (ValueError, IndexError):
        return None


def _works_in(process: psutil.Process, data: Path) -> bool:
    """Return whether a process is one of PostgreSQL and works in a data folder, as all of one server's do."""
    try:
        if process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE:
            return False
        # Through /proc, a folder of the same path in a container is another one.
        folder = Path(f"/proc/{process.pid}/cwd")
        return (folder if Path("/proc/self").exists() else Path(process.cwd())).samefile(data)
    except (PermissionError, psutil.AccessDenied):
        return _seen_by_its_user(process, data)
    except (OSError, psutil.Error):
        return False


def _seen_by_its_user(process: psutil.Process, data: Path) -> bool:
    # In a container, root may often not look at the processes of others: their own user may.
    try:
        account = Account(process.uids().real, process.gids().real, "")
        if os.geteuid() != 0:
            return bool(account.uid == data.stat().st_uid)
        command = ["/bin/sh", "-c", 'test "/proc/$1/cwd" -ef "$2"', "sh", str(process.pid), str(data)]
        return account.run(command).returncode == 0
    except (OSError, psutil.Error):
        return False
