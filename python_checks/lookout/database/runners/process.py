"""Processes as text that only they have: on this machine, one that is gone is never taken for a later one."""

from __future__ import annotations

import functools
import os
import re
import socket
from pathlib import Path


def this_process() -> str:
    """Return this process as text: machine, pid and start time, so that no later process is taken for it."""
    return _own_text(os.getpid())


@functools.lru_cache(maxsize=1)
def _own_text(pid: int) -> str:
    return process_text(pid)


def process_text(pid: int) -> str:
    """Return a process of this machine as text: ``host/machine/boot/namespace:pid:begun``."""
    return f"{this_machine()}:{pid}:{process_begun(pid) or ''}"


def this_machine() -> str:
    """Return this machine as text: ``host/machine/boot/namespace``, because machines and containers share names."""
    machine, boot = _read("/etc/machine-id")[:8], _read("/proc/sys/kernel/random/boot_id")[:8]
    try:
        namespace = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        namespace = ""
    host = re.sub(r"[/:\s]", "-", socket.gethostname())
    return f"{host}/{machine}/{boot}/{namespace}"


def process_begun(pid: int) -> str | None:
    """Return the start time of a process of this machine as an opaque text; None when it is gone or unknown."""
    status = _read(f"/proc/{pid}/stat")
    if status:
        # The name is in parentheses and may hold anything; the state follows, the start time is the 22nd field.
        fields = status.rpartition(")")[2].split()
        return None if fields[0] in "ZXx" else fields[19]
    if Path("/proc/self/stat").exists():
        return None
    # Installed with the embedded PostgreSQL; needed only where there is no /proc.
    import psutil  # type: ignore[import-untyped]

    try:
        return str(int(psutil.Process(pid).create_time()))
    except psutil.Error:
        return None


def why_gone(process: str, machine: str) -> str | None:
    """Return why a process is surely gone; None when it lives or nobody here can know."""
    location, _, rest = process.partition(":")
    pid, _, begun = rest.partition(":")
    if not pid.isdigit() or not begun:
        return None
    recorded, current = location.split("/"), machine.split("/")
    if len(recorded) != 4 or len(current) != 4 or recorded[:2] != current[:2]:
        return None
    host, machine_id, boot_id, namespace = recorded
    if boot_id != current[2]:
        # The same name on another kernel may be another machine, unless both have the same number.
        return f"machine {host} has been restarted since" if machine_id and boot_id else None
    if namespace != current[3] or process_begun(int(pid)) == begun:
        return None
    return f"process {pid} on {host} is gone (killed, or it crashed)"


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
