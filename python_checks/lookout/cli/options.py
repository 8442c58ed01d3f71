"""Options that several commands share, and functions that use them."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from lookout.errors import ConfigError

AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="TIME", help="Run clock, e.g. 2026-01-31 or 2026-01-31T06:00:00Z. Default: now. UTC."
    ),
]
ProfilesDir = Annotated[
    Path | None, typer.Option("--profiles-dir", help="Folder of profiles.yml. Default: as dbt finds it.")
]
Target = Annotated[str | None, typer.Option("--target", "-t", help="Output of the profile to build into.")]
ProjectDir = Annotated[Path, typer.Option("--project-dir", help="Folder of dbt_project.yml.")]
ReportsDir = Annotated[
    Path | None, typer.Option("--reports", help="Folder for the reports. Default: reports/ in the project.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the result.")]
HERE = Path()
MOST_AHEAD = timedelta(days=1)

logger = logging.getLogger(__name__)


def open_workspace(project_dir: Path, profiles_dir: Path | None, target: str | None, as_of: str | None = None) -> Any:
    """Open the dbt project, profile and clock that the options name."""
    from lookout.project.workspace import open_workspace as opened

    return opened(project_dir, profiles_dir=profiles_dir, target=target, as_of=as_of)


def open_to_record(project_dir: Path, profiles_dir: Path | None, target: str | None, as_of: str | None) -> Any:
    """Open the workspace of a command that records results; ask first if its clock is a day ahead, often a mistake."""
    from lookout.project.clock import parse_clock

    ahead = parse_clock(as_of) - datetime.now(timezone.utc)
    if ahead > MOST_AHEAD:
        logger.warning(
            "--as-of %s lies %d days ahead of this machine's clock: what is recorded for then stays, and the "
            "next run at the right time puts the alerts right.",
            as_of,
            ahead.days,
        )
        if sys.stdin.isatty() and not typer.confirm("Go on?", default=False):
            raise typer.Exit(2)
    return open_workspace(project_dir, profiles_dir, target, as_of)


def narrator(quiet: bool) -> Any:
    """Return the narrator of progress."""
    from lookout.render.progress import Narrator

    return Narrator(quiet=quiet)


def finish(summary: Any, as_json: bool) -> NoReturn:
    """Print the summary of a run, and exit with its exit code."""
    from lookout.cli.summary import as_dict, show

    if as_json:
        typer.echo(json.dumps(as_dict(summary), ensure_ascii=False))
    else:
        show(summary)
    raise typer.Exit(summary.exit_code)


def write_text(file: Path, text: str) -> None:
    """Write a file named by an option. Raises ConfigError when it cannot be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror or error}.") from error
