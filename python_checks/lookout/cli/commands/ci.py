"""`lookout ci`: the review of a pull request: its effect on the data and on those who read it."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from lookout.cli.options import HERE, AsJson, ProfilesDir, ProjectDir, Quiet, narrator, write_text
from lookout.errors import ConfigError


def ci(
    base: Annotated[
        str | None,
        typer.Option(metavar="REF", help="Compare with this branch or commit. Default: as the CI server says."),
    ] = None,
    state: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Compare with the manifest.json in this folder instead.")
    ] = None,
    project_dir: ProjectDir = HERE,
    profiles_dir: ProfilesDir = None,
    target: Annotated[
        str | None,
        typer.Option("--target", "-t", help="Build into this output of the profile. Default: an embedded PostgreSQL."),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the comment here, too.")] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML here.")] = None,
    docs: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the dbt docs site here.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Build what changed since the base and all that reads it, and print a comment for the pull request.

    Exit codes: 0 fine, 1 something failed or a contract breaks, 2 something could not be evaluated.
    """
    from lookout.ci.run import Options, review_change
    from lookout.ci.text.comment import to_comment, to_dict
    from lookout.ci.text.junit import to_junit

    # CI servers end a job with SIGTERM; the embedded server has to be stopped with it.
    signal.signal(signal.SIGTERM, _exit)
    review = review_change(Options(project_dir, base, state, profiles_dir, target, docs), narrator(quiet))
    comment = to_comment(review)
    typer.echo(json.dumps(to_dict(review), ensure_ascii=False) if as_json else comment, nl=as_json)
    if out is not None:
        write_text(out, comment)
    if junit is not None:
        write_text(junit, to_junit(review))
    if os.environ.get("GITHUB_STEP_SUMMARY"):
        _append(Path(os.environ["GITHUB_STEP_SUMMARY"]), comment)
    raise typer.Exit(review.exit_code)


def _append(file: Path, text: str) -> None:
    try:
        with file.open("a", encoding="utf-8") as summary:
            summary.write(text)
    except OSError as error:
        raise ConfigError(f"GITHUB_STEP_SUMMARY {file} cannot be written: {error.strerror or error}.") from error


def _exit(*_: Any) -> None:
    sys.exit(128 + signal.SIGTERM)
