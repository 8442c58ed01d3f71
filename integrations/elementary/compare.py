"""What the demo's build and report cost with plain dbt, with Elementary and with Lookout: processor and wall seconds.

    python integrations/elementary/compare.py

Works in a temporary folder with a server of its own and leaves nothing behind. It needs the dbt packages and `edr`, as
`make elementary` leaves them, and takes some minutes. Exit code 2 with one sentence when they are missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import yaml
from build import PACKAGES, PROJECT, missing_packages, report_command

from lookout.database.connection import connect
from lookout.database.embedded import EmbeddedServer
from lookout.demo import flights, resiliency

ROOT = PROJECT.parent.parent
DAYS = 365
CORE = ("models", "macros", "seeds", "tests", "analyses", "snapshots", "dbt_project.yml", "packages.yml")
AS_OF = flights.AS_OF.isoformat()
PYTHON = [sys.executable, "-c"]
DBT = [*PYTHON, "from dbt.cli.main import cli; cli()", "--quiet"]
LOOKOUT = [*PYTHON, "from lookout.cli.main import main; main()"]
NO_MONITORING = ["--exclude", "fqn:lookout.monitoring.*", "resource_type:snapshot"]


@dataclass(frozen=True)
class Cost:
    """Processor seconds (user and system, children included), wall seconds and peak memory in MB of one command."""

    cpu: float
    wall: float
    memory: float


def main() -> int:
    """Measure and print one line a command."""
    edr, missing = PROJECT / ".venv" / "bin" / "edr", missing_packages(PROJECT)
    missing += [] if edr.is_file() else ["edr"]
    if missing:
        print(f"compare.py needs {', '.join(missing)} here: run `make elementary` first.", file=sys.stderr)
        return 2
    # Short, because a socket's path may not be long.
    home = Path(tempfile.mkdtemp(prefix="lookout-"))
    home.chmod(0o755)
    server = EmbeddedServer(home / "server").start()
    os.environ.update({"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "LOOKOUT_HUB": "0", "LOOKOUT_AS_OF": AS_OF})
    try:
        print(f"{'':<58}{'CPU s':>8}{'wall s':>8}{'MB':>6}   load {os.getloadavg()[0]:.1f}")
        core(server, home / "core")
        both(server, home / "both", edr)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    return 0


def core(server: EmbeddedServer, root: Path) -> None:
    """The demo without any package: plain dbt, then Lookout."""
    for name in CORE:
        source = ROOT / name
        shutil.copytree(source, root / name) if source.is_dir() else shutil.copy(source, root / name)
    _profile(server, root)
    _fill(server, root)
    _show("dbt parse, cold", [*DBT, "parse", "--no-partial-parse"], root)
    _show("dbt build, first", [*DBT, "build", *NO_MONITORING, "--exclude-resource-type", "unit_test"], root)
    _show("dbt build, later", [*DBT, "build", *NO_MONITORING, "--exclude-resource-type", "unit_test"], root)
    _show("lookout run, first (the same build within it)", [*LOOKOUT, "run", "--as-of", AS_OF, "--quiet"], root, (0, 1))
    _show("lookout run, later", [*LOOKOUT, "run", "--as-of", AS_OF, "--quiet"], root, (0, 1))
    _show("lookout report (all files)", [*LOOKOUT, "report"], root, (0, 1))
    _size(root / "reports" / "index.html")


def both(server: EmbeddedServer, root: Path, edr: Path) -> None:
    """The demo with Elementary beside it: hooks, its seven tests, its report."""
    (root / "dbt_packages").mkdir(parents=True)
    for name in ("packages.yml", "dbt_project.yml"):
        shutil.copy(PROJECT / name, root)
    for name in PACKAGES:
        (root / "dbt_packages" / name).symlink_to((PROJECT / "dbt_packages" / name).resolve())
    (root / "dbt_packages" / "lookout").symlink_to(ROOT)
    _profile(server, root)
    _fill(server, root)
    no_units, no_models = ["--exclude-resource-type", "unit_test"], [*NO_MONITORING, "package:elementary"]
    no_tests = "tag:elementary-tests"
    _show("dbt parse with Elementary, cold", [*DBT, "parse", "--no-partial-parse"], root)
    _show("dbt build with Elementary, first", [*DBT, "build", *NO_MONITORING, no_tests, *no_units], root)
    _show("dbt build with Elementary's hooks, later", [*DBT, "build", *no_models, no_tests, *no_units], root)
    for when in ("first", "later"):
        _show(f"dbt build with its hooks and seven tests, {when}", [*DBT, "build", *no_models, *no_units], root)
    folder, report = root / "edr", root / "report.html"
    folder.mkdir()
    output = yaml.safe_load((root / "profiles.yml").read_text())["lookout"]["outputs"]["bench"]
    command = report_command(edr, folder, report, output)
    os.environ["PATH"] = f"{edr.parent}{os.pathsep}{os.environ['PATH']}"
    for when in ("first", "again"):
        _show(f"edr report, {when}", command, folder)
    _size(report)


def _profile(server: EmbeddedServer, root: Path) -> None:
    connection = server.create_database(root.name)
    output = {"type": "postgres", "schema": "public", "threads": 2, "password": "", **connection.parameters}
    # Not `warehouse`: the demo's two foreign databases are not part of this.
    profile = {"lookout": {"target": "bench", "outputs": {"bench": output}}}
    (root / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")


def _fill(server: EmbeddedServer, root: Path) -> None:
    _cost([*DBT, "run", "--select", "raw_resiliency_tests"], root, (0,))
    frame = resiliency.generate(seed=1, first_day=flights.AS_OF.date() - timedelta(days=DAYS), days=DAYS)
    handle = connect(server.connection(root.name))
    resiliency.load(handle, frame, "resiliency", "raw_resiliency_tests")
    handle.close()


def _show(what: str, command: list[str], folder: Path, fine: tuple[int, ...] = (0,)) -> None:
    cost = _cost(command, folder, fine)
    print(f"{what:<58}{cost.cpu:8.1f}{cost.wall:8.1f}{cost.memory:6.0f}   load {os.getloadavg()[0]:.1f}", flush=True)


def _cost(command: list[str], folder: Path, fine: tuple[int, ...]) -> Cost:
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in fine:
            said.seek(0)
            sys.exit(f"{' '.join(command[-4:])} ended with {process.returncode}: {said.read()[-2000:]}")
    return Cost(used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss / 1024)


def _size(file: Path) -> None:
    print(f"  {file.name:<56}{file.stat().st_size / 1e6:8.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
