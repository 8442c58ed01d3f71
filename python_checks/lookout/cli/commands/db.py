"""`lookout db`: the embedded PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lookout.cli.options import HERE, ProjectDir, ProjectOptions, with_options

app = typer.Typer(
    help="The embedded PostgreSQL: start, stop, its URL, and links to other databases.", no_args_is_help=True
)


@app.command("start")
def db_start(project_dir: ProjectDir = HERE) -> None:
    """Start the embedded PostgreSQL and write a profiles.yml for it."""
    from lookout.project.files import find_project, profile_name
    from lookout.project.workspace import start_embedded

    root = find_project(project_dir.resolve())
    typer.echo(f"running; use it with --profiles-dir {start_embedded(root, profile_name(root))}")
    if elsewhere := _server(project_dir).elsewhere:
        typer.echo(elsewhere)


@app.command("stop")
def db_stop(project_dir: ProjectDir = HERE) -> None:
    """Stop the embedded PostgreSQL; its data stays."""
    typer.echo("stopped" if _server(project_dir).stop() else "it was not running")


@app.command("url")
def db_url(
    name: Annotated[str, typer.Argument(help="Database: warehouse, batch_analytics or cdc_history.")] = "warehouse",
    project_dir: ProjectDir = HERE,
) -> None:
    """Print the connection URL of a database of the embedded PostgreSQL, for psql and other clients."""
    server = _server(project_dir).start()
    server.existing(name)
    typer.echo(server.url(name))


@app.command("link")
@with_options
def db_link(
    *,
    names: Annotated[
        list[str] | None, typer.Argument(help="Outputs of the profile to link. Default: every other one.")
    ] = None,
    options: ProjectOptions,
) -> None:
    """Import the watched tables of other databases as foreign schemas, for dbt's own tests, freshness and docs."""
    from lookout.runs.link import link_sources

    workspace = options.open()
    workspace.parse()
    for line in link_sources(workspace, names or None):
        typer.echo(line)


def _server(project_dir: Path) -> Any:
    from lookout.database.embedded import EmbeddedServer, state_directory
    from lookout.project.files import find_project

    return EmbeddedServer(state_directory(find_project(project_dir.resolve())))
