"""`make elementary`: the demo with Elementary and dbt_expectations beside Lookout, and the reports of both.

    python integrations/elementary/build.py

Installs the dbt packages unless they lie in dbt_packages/, and `edr` into a folder of its own. Exit code 0 when both
reports are there, 2 with one sentence when something is missing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
import yaml

from lookout.database.connection import mask_secrets
from lookout.database.embedded import state_directory
from lookout.demo import flights, resiliency
from lookout.demo.tour import SEED, embedded_databases, fill
from lookout.errors import ConfigError, LookoutError
from lookout.project.workspace import Workspace
from lookout.render.progress import Narrator
from lookout.runs.recording import new_run_id
from lookout.runs.run import run_all

PROJECT = Path(__file__).resolve().parent
# What packages.yml names, and what those packages need themselves.
PACKAGES = {"dbt_expectations": "0.10.9", "dbt_date": "0.21.0", "elementary": "0.25.1", "dbt_utils": "1.3.3"}
HUB = "https://hub.getdbt.com"
PATIENCE = 15.0
# dbt asks a hub that does not answer for minutes; a download that began may take its time.
DEPS_SECONDS = 180.0
ELEMENTARY_SCHEMA = "public_elementary"
# The report leaves out what Elementary recorded longer ago than this.
REPORT_DAYS = 31


def main() -> int:
    """Build and report; returns the exit code."""
    os.environ.update({"LOOKOUT_HUB": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"})
    narrator = Narrator()
    try:
        with narrator.step("packages") as step:
            step.done = install_packages(PROJECT)
        with narrator.step("edr") as step:
            edr = install_edr(PROJECT)
            step.done = f"elementary-data in {edr.parent.parent.relative_to(PROJECT)}/"
        frame = resiliency.generate(seed=SEED, first_day=flights.AS_OF.date() - timedelta(days=365), days=365)
        workspace = embedded_databases(PROJECT, narrator)
        fill(workspace, narrator, frame)
        summary = run_all(workspace, narrator, run_id=new_run_id())
        with narrator.step("edr report") as step:
            report = write_report(workspace, edr)
            step.done = f"{report.stat().st_size / 1e6:.1f} MB"
    except LookoutError as error:
        print(f"make elementary: {error}", file=sys.stderr)
        return 2
    except Exception as error:
        # The outermost place, as in the console command: packages and programs of others raise what they like.
        if os.environ.get("LOOKOUT_TRACEBACK"):
            raise
        words = mask_secrets(" ".join(str(error).split()))[:300]
        print(
            f"make elementary: it met an error it does not know ({type(error).__name__}: {words}); "
            "set LOOKOUT_TRACEBACK=1 to see where, and please report it.",
            file=sys.stderr,
        )
        return 2
    for problem in summary.problems:
        print(f"could not be evaluated: {problem}", file=sys.stderr)
    print(f"Lookout's page      {PROJECT / 'reports' / 'index.html'}\nElementary's report {report}")
    return 2 if summary.problems else 0


def missing_packages(project: Path) -> list[str]:
    """Names of the packages that are not in dbt_packages/."""
    return [name for name in PACKAGES if not (project / "dbt_packages" / name / "dbt_project.yml").is_file()]


def install_packages(project: Path, hub: str | None = None) -> str:
    """Take the packages in dbt_packages/, else fetch them with `dbt deps`; returns how.

    Raises ConfigError when they are not there and the hub cannot be reached.
    """
    missing = missing_packages(project)
    if not missing:
        _link_root(project)
        return "as they lie in dbt_packages/"
    hub = (hub or os.environ.get("DBT_PACKAGE_HUB_URL") or HUB).rstrip("/")
    reason = why_unreachable(hub) or _dbt_deps(project)
    if reason:
        wanted = ", ".join(f"{name} {PACKAGES[name]}" for name in missing)
        raise ConfigError(
            f"The dbt package hub {hub} cannot be used ({reason}): place {wanted} by hand into "
            f"{project / 'dbt_packages'}, each in a folder of its name, and try again; Lookout works without."
        )
    return f"dbt deps from {hub}"


def why_unreachable(hub: str, patience: float = PATIENCE) -> str:
    """Why a package cannot be had from a hub, looked at once; empty when it can. Takes at most ``patience`` seconds."""
    found = [f"no answer within {patience:.0f} s"]

    def look() -> None:
        try:
            page = f"{hub}/api/v1/elementary-data/elementary/{PACKAGES['elementary']}.json"
            answer = requests.get(page, timeout=patience)
            answer.raise_for_status()
            # The hub only says where a package is; it is fetched from elsewhere.
            requests.get(answer.json()["downloads"]["tarball"], timeout=patience, stream=True).raise_for_status()
            found[0] = ""
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            found[0] = _in_short(error)

    # A thread, because looking up a name has no time limit of its own.
    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(patience)
    return found[0]


def _in_short(error: Exception) -> str:
    response = getattr(error, "response", None)
    if response is not None:
        return f"it answers {response.status_code}"
    return "no connection" if isinstance(error, requests.ConnectionError) else type(error).__name__


def _dbt_deps(project: Path) -> str:
    """Run `dbt deps`; returns why it failed."""
    command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet", "deps"]
    try:
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=DEPS_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"dbt deps did not end within {DEPS_SECONDS:.0f} s"
    missing = missing_packages(project)
    if done.returncode or missing:
        return f"dbt deps: {_last_line(done) or 'left out ' + ', '.join(missing)}"
    return ""


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _link_root(project: Path) -> None:
    """What `dbt deps` does for `local: ../..`."""
    link = project / "dbt_packages" / "lookout"
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(project.parent.parent, target_is_directory=True)


def install_edr(project: Path) -> Path:
    """Install requirements.txt into .venv/ beside it unless it is there; returns the path of `edr`.

    Raises ConfigError when pip cannot.
    """
    folder, wanted = project / ".venv", (project / "requirements.txt").read_text(encoding="utf-8")
    edr, ready = folder / "bin" / "edr", folder / ".ready"
    if not (edr.is_file() and ready.is_file() and ready.read_text(encoding="utf-8") == wanted):
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [
                str(folder / "bin" / "python"),
                "-m",
                "pip",
                "install",
                "-qq",
                "--disable-pip-version-check",
                "-r",
                str(project / "requirements.txt"),
            ],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise ConfigError(f"edr cannot be installed into {folder}: {_last_line(done)}")
        ready.write_text(wanted, encoding="utf-8")
    _lend_packages(project, folder)
    return edr


def _lend_packages(project: Path, environment: Path) -> None:
    """Give edr's own dbt project the packages of this one: it would ask the hub for them otherwise."""
    for inside in environment.glob("lib/python*/site-packages/elementary/monitor/dbt_project"):
        (inside / "dbt_packages").mkdir(exist_ok=True)
        for name in ("elementary", "dbt_utils"):
            link = inside / "dbt_packages" / name
            if not link.exists():
                link.unlink(missing_ok=True)
                link.symlink_to(project / "dbt_packages" / name, target_is_directory=True)


def report_command(edr: Path, folder: Path, report: Path, warehouse: Mapping[str, Any]) -> list[str]:
    """Write the profile and the settings of `edr` into ``folder``; returns the command that writes ``report``."""
    profile = {"elementary": {"target": "report", "outputs": {"report": {**warehouse, "schema": ELEMENTARY_SCHEMA}}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    (folder / "config.yml").write_text("anonymous_usage_tracking: false\n", encoding="utf-8")
    command = [str(edr), "report", "--file-path", str(report), "--open-browser", "false"]
    for option in ("--profiles-dir", "--config-dir", "--target-path"):
        command += [option, str(folder)]
    return command


def write_report(workspace: Workspace, edr: Path) -> Path:
    """Let `edr report` write one offline HTML file; returns its path. Raises ConfigError with the last words of edr."""
    folder = state_directory(workspace.home.root) / "edr"
    folder.mkdir(parents=True, exist_ok=True)
    warehouse = {"type": "postgres", "threads": 2, "password": "", **workspace.home.warehouse.parameters}
    report = workspace.home.root / "reports" / "elementary_report.html"
    report.parent.mkdir(exist_ok=True)
    command = report_command(edr, folder, report, warehouse)
    command += ["--days-back", str(REPORT_DAYS), "--project-name", "Lookout's demo"]
    # edr calls the `dbt` that the path names first.
    environment = {**os.environ, "PATH": f"{edr.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    report.unlink(missing_ok=True)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode or not report.is_file():
        raise ConfigError(f"edr report wrote nothing: {_last_line(done) or f'exit code {done.returncode}'}")
    return report


if __name__ == "__main__":
    sys.exit(main())
