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


@dataclass(frozen=True)
class DetectorOptions:
    """The settings of a monitor that change what it finds."""

    method: Annotated[str | None, typer.Option(help="learned or zscore.")] = None
    sensitivity: Annotated[float | None, typer.Option(help="2 halves the usual thresholds, 0.5 doubles them.")] = None
    threshold: Annotated[float | None, typer.Option(help="Score from which there is an alert.")] = None
    warn_score: Annotated[float | None, typer.Option(help="Score from which a bucket is a warning.")] = None
    critical_score: Annotated[float | None, typer.Option(help="Score from which a bucket is critical.")] = None
    alert_from: Annotated[str | None, typer.Option(help="Lowest severity of an alert: warning or critical.")] = None
    direction: Annotated[str | None, typer.Option(help="Deviations that count: both, up or down.")] = None
    lower_limit: Annotated[float | None, typer.Option(help="A value below is always critical.")] = None
    upper_limit: Annotated[float | None, typer.Option(help="A value above is always critical.")] = None
    min_absolute_change: Annotated[float | None, typer.Option(help="Smaller deviations never count.")] = None
    min_relative_change: Annotated[
        float | None, typer.Option(help="Deviations that are a smaller share of the expectation never count.")
    ] = None
    window: Annotated[str | None, typer.Option(help="With zscore: what it learns from, in buckets or as 30 days.")] = (
        None
    )
    min_sample_size: Annotated[int | None, typer.Option(help="Buckets that are needed before anything is judged.")] = (
        None
    )
    holidays: Annotated[str | None, typer.Option(help="Countries whose public holidays count, as US,DE-BY.")] = None

    def given(self) -> dict[str, Any]:
        """Return the settings that are given, a window of buckets as a number."""
        found = {name: value for name, value in vars(self).items() if value is not None}
        if self.window is not None and self.window.strip().isdecimal():
            found["window"] = int(self.window)
        return found


BUNDLES = (ProjectOptions, RunOptions, OutputOptions, DetectorOptions)


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
