"""A folder cannot be written: the disk is full, it is read-only, or it is none."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

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
        prefix = ("unshare", "--map-root-user", "--mount", "sh", "-c", f'{mount.format(folder)} && exec "$@"', "sh")
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


DOES = "Stops at the reports: nothing half-written, and no message."

ROWS = (
    Row("The disk of the reports is full", mounted("reports", FULL), DOES, phases=("publish",)),
    Row("The folder of the reports is read-only", mounted("reports", READ_ONLY), DOES, phases=("publish",)),
    Row("There is a file where the folder of the reports should be", is_a_file, DOES, phases=("publish",)),
    Row("The disk of dbt's artifacts is full", mounted("target", FULL), "", phases=("parse",)),
    Row("The folder of dbt's artifacts is read-only", mounted("target", READ_ONLY), "", phases=("parse",)),
)
