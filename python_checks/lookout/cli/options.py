"""Options that several commands share, and functions that use them."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta, timezone
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, NoReturn, get_type_hints

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
GRACE_SECONDS = 2.0
LAST_RESORTS: list[threading.Timer] = []

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProjectOptions:
    """The dbt project and the profile that a command works with."""

    profiles_dir: ProfilesDir = None
    target: Target = None
    project_dir: ProjectDir = HERE

    def open(self) -> Any:
        """Open the workspace that the options name."""
        return _open(self.project_dir, self.profiles_dir, self.target)


@dataclass(frozen=True)
class RunOptions:
    """The run clock, and the dbt project and the profile that a command works with."""

    as_of: AsOf = None
    profiles_dir: ProfilesDir = None
    target: Target = None
    project_dir: ProjectDir = HERE

    def open(self) -> Any:
        """Open the workspace that the options name."""
        return _open(self.project_dir, self.profiles_dir, self.target, self.as_of)

    def open_to_record(self) -> Any:
        """Open the workspace of a command that records results; ask first if its clock is a day ahead.

        Such a clock is often a mistake.
        """
        from lookout.project.clock import parse_clock

        ahead = parse_clock(self.as_of) - datetime.now(timezone.utc)
        if ahead > MOST_AHEAD:
            logger.warning(
                "--as-of %s lies %d days ahead of this machine's clock: what is recorded for then stays, and the "
                "next run at the right time puts the alerts right.",
                self.as_of,
                ahead.days,
            )
            if sys.stdin.isatty() and not typer.confirm("Go on?", default=False):
                raise typer.Exit(2)
        workspace = self.open()
        _end_at_last(workspace.home.options.run_limit)
        return workspace


@dataclass(frozen=True)
class OutputOptions:
    """How much a command says, and in which form."""

    quiet: Quiet = False
    as_json: AsJson = False

    @property
    def narrator(self) -> Any:
        """Return the narrator of progress; JSON is printed without any."""
        return narrator(self.quiet or self.as_json)

    def finish(self, summary: Any) -> NoReturn:
        """Print the summary of a run, and exit with its exit code."""
        from lookout.cli.summary import as_dict, show

        if self.as_json:
            typer.echo(json.dumps(as_dict(summary), ensure_ascii=False))
        else:
            show(summary)
        raise typer.Exit(summary.exit_code)


BUNDLES = (ProjectOptions, RunOptions, OutputOptions)


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of its bundles: each stands in the help where the signature has the bundle."""
    hints = get_type_hints(command, include_extras=True)
    bundles = {name: hint for name, hint in hints.items() if hint in BUNDLES}
    parameters: list[Parameter] = []
    for parameter in signature(command).parameters.values():
        bundle = bundles.get(parameter.name)
        if bundle is None:
            parameters.append(parameter.replace(annotation=hints[parameter.name], kind=Parameter.KEYWORD_ONLY))
            continue
        options = get_type_hints(bundle, include_extras=True)
        parameters += [
            Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=options[field.name])
            for field in fields(bundle)
        ]

    @wraps(command)
    def wrapper(**arguments: Any) -> None:
        filled = {
            name: bundle(**{field.name: arguments.pop(field.name) for field in fields(bundle)})
            for name, bundle in bundles.items()
        }
        command(**arguments, **filled)

    vars(wrapper)["__signature__"] = Signature(parameters)
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return wrapper


def _end_at_last(seconds: float) -> None:
    """End this process a little after a run should have ended itself: whatever it hangs in, nothing else can."""

    def end() -> None:
        sentence = "The run did not end within its time (`limits: run` in lookout.yml), so its process was ended."
        print(sentence, file=sys.stderr, flush=True)
        os._exit(2)

    timer = threading.Timer(seconds + GRACE_SECONDS, end)
    timer.daemon = True
    timer.start()
    LAST_RESORTS.append(timer)


def cancel_last_resorts() -> None:
    """Cancel what ends this process, once its command has ended."""
    while LAST_RESORTS:
        LAST_RESORTS.pop().cancel()


def _open(project_dir: Path, profiles_dir: Path | None, target: str | None, as_of: str | None = None) -> Any:
    from lookout.project.workspace import open_workspace

    return open_workspace(project_dir, profiles_dir=profiles_dir, target=target, as_of=as_of)


def narrator(quiet: bool) -> Any:
    """Return the narrator of progress."""
    from lookout.render.progress import Narrator

    return Narrator(quiet=quiet)


def write_text(file: Path, text: str) -> None:
    """Write a file named by an option. Raises ConfigError when it cannot be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror or error}.") from error
