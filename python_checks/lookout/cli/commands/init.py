"""`lookout init`: bring Lookout into a dbt project, with a look at every line before it is written."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookout.cli.options import HERE, AsJson, ProfilesDir, ProjectDir, Target

if TYPE_CHECKING:
    from lookout.init.project import Proposal

NEXT = """Next:
  dbt deps          # installs the package
  lookout doctor    # looks at everything a run needs
  lookout run       # learns from the history that is there, and tells what stands out"""
STYLES: dict[str, dict[str, Any]] = {
    "+++": {"bold": True},
    "---": {"bold": True},
    "+": {"fg": typer.colors.GREEN},
    "-": {"fg": typer.colors.RED},
    "@": {"fg": typer.colors.CYAN},
}


def init(
    project_dir: ProjectDir = HERE,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    package: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="Where dbt gets the package: local:PATH or git:URL@REVISION. Default: where this command is from.",
        ),
    ] = None,
    schema: Annotated[str | None, typer.Option(help="Schema for Lookout's tables. Default: monitoring.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Watch at most so many tables.")] = 20,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add Lookout to the dbt project here: the package, .gitignore, first monitors. Shows the diff, then asks."""
    from lookout.init.project import propose, write

    proposal = propose(
        project_dir, profiles_dir=profiles_dir, target=target, package=package, schema=schema, limit=limit
    )
    if not as_json:
        _show(proposal)
    is_agreed = bool(proposal.edits) and (yes or (not as_json and _agrees(len(proposal.edits))))
    if is_agreed:
        write(proposal.root, proposal.edits)
    if as_json:
        typer.echo(json.dumps(_as_dict(proposal, is_agreed), ensure_ascii=False))
    elif is_agreed:
        typer.echo(f"{_count(len(proposal.edits), 'file')} written.\n{NEXT}")


def _show(proposal: Proposal) -> None:
    for edit in proposal.edits:
        for line in edit.diff:
            style = next((style for start, style in STYLES.items() if line.startswith(start)), None)
            typer.echo(typer.style(line, **style) if style else line)
        typer.echo()
    if proposal.suggestions:
        typer.echo(f"{_count(len(proposal.suggestions), 'table')} to watch, for rows and freshness:")
        width = max(len(s.candidate.name) for s in proposal.suggestions)
        for s in proposal.suggestions:
            typer.echo(f"  {s.candidate.name:<{width}}  by {s.grain}, {s.column}: {s.reason}")
    for line in _remarks(proposal):
        typer.echo(line)


def _remarks(proposal: Proposal) -> list[str]:
    remarks = []
    if not proposal.edits:
        watched = f"; it watches {_count(proposal.watched, 'table')}" if proposal.watched else ""
        remarks.append(f"Nothing to change: Lookout is in this project{watched}.")
    if proposal.more:
        remarks.append(
            f"{_count(proposal.more, 'more table')} could be watched: raise --limit, or add them beside these."
        )
    if proposal.unclear:
        remarks.append(f"No column tells when rows came, so not watched: {_listed(proposal.unclear)}.")
    if proposal.sparse:
        remarks.append(f"Too few rows to say what is normal, so not watched: {_listed(proposal.sparse)}.")
    if proposal.absent:
        remarks.append(f"Not in the database, or not readable, so not watched: {_listed(proposal.absent)}.")
    return [*remarks, *proposal.notes]


def _listed(names: tuple[str, ...], most: int = 5) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _agrees(count: int) -> bool:
    if not sys.stdin.isatty():
        typer.echo("Nothing was written, as there is no terminal to ask on: add --yes to write it.")
        return False
    if typer.confirm(f"Write {_count(count, 'file')}?", default=True):
        return True
    typer.echo("Nothing was written.")
    return False


def _as_dict(proposal: Proposal, is_written: bool) -> dict[str, object]:
    return {
        "project": str(Path(proposal.root)),
        "written": is_written,
        "files": [{"file": edit.file, "diff": "\n".join(edit.diff)} for edit in proposal.edits],
        "monitors": [
            {"table": s.candidate.name, **s.settings, "reason": s.reason, "owner": s.candidate.owner}
            for s in proposal.suggestions
        ],
        "watched": proposal.watched,
        "more": proposal.more,
        "unclear": list(proposal.unclear),
        "sparse": list(proposal.sparse),
        "absent": list(proposal.absent),
        "notes": list(proposal.notes),
    }
