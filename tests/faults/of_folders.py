"""A folder cannot be written: the disk is full, it is read-only, or it is none."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.rows import Row
from tests.faults.world import Ended, World, ended

FULL = "mount -t tmpfs -o size=16k none {0}"
READ_ONLY = "mount --bind {0} {0} && mount -o remount,ro,bind {0}"


def mounted(folder: str, mount: str) -> Callable[[World, str], Ended]:
    """Return a run that alone sees such a file system at a folder of the project. Rights do not bind root; this does."""

    def strike(world: World, phase: str) -> Ended:
        place = world.root / folder
        place.mkdir(exist_ok=True)
        # Who is root already needs to be nobody else, and would lose his right to enter the server's folder.
        as_root = () if os.getuid() == 0 else ("--map-root-user",)
        prefix = ("unshare", *as_root, "--mount", "sh", "-c", f'{mount.format(folder)} && exec "$@"', "sh")
        if shutil.which("unshare") is None or subprocess.run([*prefix, "true"], cwd=world.root, check=False).returncode:
            pytest.skip("this machine lets nobody mount a file system of his own")
        return ended(world.start(prefix=prefix))

    return strike


def is_a_file(world: World, phase: str) -> Ended:
    reports, aside = world.root / "reports", world.root / "reports aside"
    reports.mkdir(exist_ok=True)
    reports.rename(aside)
    reports.write_text("not a folder")

    def repair() -> None:
        reports.unlink()
        aside.rename(reports)

    world.repairs.append(repair)
    return world.run()


DOES = "Notifies people all the same; an older report stays whole."
ARTIFACTS = "Ends before anything is written."


def reports(fault: str, strike: Callable[[World, str], Ended], why: str, **settings: Any) -> Row:
    """Return a row about the folder of the reports."""
    sees = f"The report … cannot be written: {why}."
    return Row(fault, strike, DOES, sees=sees, phases=("publish",), meanwhile=people_know, **settings)


def people_know(world: World) -> None:
    """The message was sent, and the run is no success."""
    assert len(world.messages()) == 1
    assert world.last_run() == "partial"


ROWS = (
    reports("The disk of the reports is full", mounted("reports", FULL), "No space left on device"),
    reports("The folder of the reports is read-only", mounted("reports", READ_ONLY), "Read-only file system"),
    reports("There is a file where the folder of the reports should be", is_a_file, "File exists"),
    Row(
        "The disk of dbt's artifacts is full",
        mounted("target", FULL),
        ARTIFACTS,
        sees="dbt cannot parse the project in …: … No space left on device.",
        phases=("parse",),
    ),
    Row(
        "The folder of dbt's artifacts is read-only",
        mounted("target", READ_ONLY),
        ARTIFACTS,
        sees="dbt cannot parse the project in …: … Read-only file system",
        phases=("parse",),
    ),
)
