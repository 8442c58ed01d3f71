"""dbt's commands since the last look: the last ones from their artifacts, those before them from dbt's log."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from lookout.errors import ArtifactError
from lookout.project.artifacts.damage import read_results
from lookout.project.artifacts.outcomes import foreign_project, packages_of
from lookout.project.files import RESULT_FILES, UnusableFileError, is_there, read_bytes
from lookout.project.workspace import Watched
from lookout.tracking.dbt.entry import moment_or_epoch
from lookout.tracking.dbt.log import invocations_in, read_log
from lookout.tracking.dbt.logged import LoggedInvocation

Known = Callable[[Sequence[str]], set[str]]


@dataclass(frozen=True)
class DbtCommand:
    """One command of dbt with its results, in the shape of run_results.json.

    ``logged`` is set when the results come from the log; ``may_run`` says that the command may not have ended.
    """

    invocation_id: str
    started_at: datetime
    results: dict[str, Any]
    logged: LoggedInvocation | None = None
    may_run: bool = False


@dataclass
class DbtCommands:
    """The commands that are not known yet, in the order in which they began, and what could not be read."""

    found: list[DbtCommand] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_commands(watched: Watched, known: Known) -> DbtCommands:
    """Return the commands in the project's artifacts and log that ``known`` does not return of their identities."""
    commands, packages = DbtCommands(), packages_of(watched.manifest)
    artifacts = _artifacts(watched.target_path, packages, commands.problems)
    text, written_at = _read_log(watched.log_file, commands.problems)
    logged_ids = invocations_in(text)
    skip = known([*artifacts, *logged_ids])
    logged = [] if skip.issuperset(logged_ids) else read_log(text, written_at=written_at, skip=skip)
    for invocation, results in artifacts.items():
        if invocation not in skip:
            commands.found.append(DbtCommand(invocation, _started_at(results), results))
    is_alive = bool(logged) and logged[-1].ended_at is None and _is_being_written(watched.log_file)
    for one in logged:
        results = one.as_results()
        if one.invocation_id in artifacts:
            # Interrupted, dbt writes the results that it has, and only the log says so.
            artifacts[one.invocation_id]["succeeded"] = one.succeeded
        elif not foreign_project(results, packages):
            # Only the last invocation of a log can still be running.
            may_run = is_alive and one is logged[-1]
            commands.found.append(DbtCommand(one.invocation_id, one.started_at, results, one, may_run))
    commands.found.sort(key=lambda command: command.started_at)
    return commands


def _artifacts(target: Path, packages: set[str], problems: list[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, remedy in RESULT_FILES.items():
        if not is_there(target / name):
            continue
        try:
            content, damaged = read_results(target / name)
        except ArtifactError as error:
            problems.append(str(error))
            continue
        other = foreign_project(content, packages)
        if other:
            problems.append(
                f"{target / name} has the results of another project, {other}, and was not read: "
                f"give that project a target-path of its own, and {remedy}."
            )
            continue
        problems += damaged
        found[str(content["metadata"].get("invocation_id") or "")] = content
    return found


def _started_at(results: dict[str, Any]) -> datetime:
    metadata = results.get("metadata") or {}
    return moment_or_epoch(metadata.get("invocation_started_at") or metadata.get("generated_at"))


def _read_log(file: Path, problems: list[str]) -> tuple[str, datetime]:
    """Return the text of a log, empty where there is none, and when it was last written."""
    now = datetime.now(timezone.utc)
    if not is_there(file):
        return "", now
    try:
        text = read_bytes(file).decode("utf-8", "replace")
        return text, datetime.fromtimestamp(file.stat().st_mtime, timezone.utc)
    except (UnusableFileError, OSError, ValueError, OverflowError) as error:
        reason = error.reason if isinstance(error, UnusableFileError) else "its time is not known"
        problems.append(f"{file} cannot be read, so no build is tracked: {reason}.")
        return "", now


def _is_being_written(file: Path) -> bool:
    """Return whether a process on this machine has the log open; a dbt that was killed has not."""
    import psutil  # type: ignore[import-untyped]

    wanted = str(file.resolve())
    for process in psutil.process_iter():
        # The dbt inside this process has the log open, too, but writes nothing to it.
        if process.pid == os.getpid():
            continue
        with contextlib.suppress(psutil.Error, OSError):
            if any(opened.path == wanted for opened in process.open_files()):
                return True
    return False
