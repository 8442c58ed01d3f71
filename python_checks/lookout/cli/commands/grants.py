"""`lookout grants`: SQL for the roles that Lookout connects as."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lookout.cli.options import ProjectOptions, with_options, write_text
from lookout.errors import ConfigError


@with_options
def grants(
    *,
    reader: Annotated[str, typer.Option(help="Role that reads watched tables.")] = "lookout_reader",
    writer: Annotated[str, typer.Option(help="Role that writes the monitoring schema.")] = "lookout_writer",
    connection: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this output of the profile; may be repeated.")
    ] = None,
    build: Annotated[
        bool, typer.Option("--build/--no-build", help="The writer also builds the project's models, as `run` does.")
    ] = True,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="The writer becomes the owner of models that another role has built.")
    ] = False,
    link: Annotated[bool, typer.Option("--link", help="The writer also runs `lookout db link`.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write there instead of printing.")] = None,
    options: ProjectOptions,
) -> None:
    """Print SQL that gives Lookout's roles just what this project needs, for a DBA to read and run.

    One part for each database: a reader for every watched one, a writer for the one that dbt builds into. Nothing is
    run here, and no database is queried.
    """
    from lookout.declarations import read_declarations
    from lookout.grants.plan import grants_sql, needs_of, plan_grants

    if take_over and not build:
        raise ConfigError("--take-over is for a writer that builds the models: leave out --no-build.")

    workspace = options.open()
    workspace.parse()
    needs = needs_of(workspace, read_declarations(workspace).checked(), build=build)
    text = grants_sql(
        plan_grants(
            needs,
            workspace.connections,
            reader=reader,
            writer=writer,
            only=connection or (),
            link=link,
            take_over=take_over,
        )
    )
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)
