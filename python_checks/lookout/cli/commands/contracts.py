"""`lookout contracts`: check tables against their contracts, and everything around it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from lookout.cli.options import AsJson, OutputOptions, ProjectOptions, ReportsDir, RunOptions, with_options, write_text
from lookout.errors import ConfigError

app = typer.Typer(help="Contracts: what the project promises about its tables.", invoke_without_command=True)
Format = Annotated[str, typer.Option("--format", help="text, markdown (for a pull request) or json.")]


@app.callback()
@with_options
def check(
    *,
    context: typer.Context,
    structure: Annotated[
        bool, typer.Option("--structure", help="Columns, types and keys only; no row is read.")
    ] = False,
    select: Annotated[
        list[str] | None, typer.Option("--select", "-s", help="Only tables or contracts of this name; * is a wildcard.")
    ] = None,
    options: RunOptions,
    reports: ReportsDir = None,
    output: OutputOptions,
) -> None:
    """Hold every contract against the real table: columns, types and keys, then the rows, one query a table.

    Exit codes: 0 every promise holds, 1 one is broken, 2 something could not be evaluated.
    """
    if context.invoked_subcommand:
        return
    from lookout.cli.contract_summary import as_dict, show
    from lookout.runs.run import run_contracts

    summary = run_contracts(
        options.open_to_record(),
        output.narrator,
        run_id=context.obj,
        values=not structure,
        select=tuple(select or ()),
        reports_dir=reports,
    )
    if output.as_json:
        typer.echo(json.dumps(as_dict(summary), ensure_ascii=False, default=str))
    else:
        show(summary)
    raise typer.Exit(summary.exit_code)


@app.command("compile")
@with_options
def compile_contracts(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 when the file is not up to date.")
    ] = False,
    options: ProjectOptions,
) -> None:
    """Write the rules of all contracts as SQL into macros/, for models that call accepted_rows and rejected_rows."""
    from lookout.contracts.compile.file import compiled_file

    workspace = options.open()
    workspace.parse()
    project = workspace.watched_project
    file = compiled_file(project.root, project.manifest, project.default_connection)
    if not file.problem:
        typer.echo(f"{file.path} is up to date." if file.found else "No contract is about rows: nothing to compile.")
    elif check:
        typer.echo(file.problem, err=True)
        raise typer.Exit(1)
    else:
        write_text(file.path, file.text)
        typer.echo(f"{file.path} written.")


@app.command()
@with_options
def history(
    asset: Annotated[str, typer.Argument(metavar="TABLE", help="schema.table, or the name of the source or model.")],
    options: ProjectOptions,
    as_json: AsJson = False,
) -> None:
    """Show what changed in a contract and in the real columns of its table: old, new, and when it was first seen."""
    from lookout.contracts.changes.history_text import history_text
    from lookout.contracts.exchange.lookup import read_history

    frame = read_history(options.open(), asset)
    typer.echo(frame.to_json(orient="records", date_format="iso", indent=1) if as_json else history_text(frame))


@app.command()
def diff(
    base: Annotated[Path, typer.Option(help="manifest.json before the change.")],
    head: Annotated[Path, typer.Option(help="manifest.json after the change.")],
    output: Format = "text",
    as_json: AsJson = False,
) -> None:
    """Compare the contracts of two manifests: what breaks whom downstream. Exit code 1 when something breaks."""
    from lookout.contracts.changes.diff import diff_files
    from lookout.report.exports.contract_diff import to_json, to_markdown, to_text

    renderers: dict[str, Any] = {"text": to_text, "markdown": to_markdown, "json": to_json}
    if output not in renderers:
        raise ConfigError(f"--format {output!r} is unknown: use text, markdown or json.")
    found = diff_files(base, head)
    typer.echo(renderers["json" if as_json else output](found))
    raise typer.Exit(1 if found.breaking else 0)


@app.command("suggest")
@with_options
def suggest_contract(
    *,
    asset: Annotated[str, typer.Argument(metavar="TABLE", help="A source or model, or schema.table.")],
    connection: Annotated[
        str | None, typer.Option(help="Output of the profile that the table lives in. Default: as declared.")
    ] = None,
    sample: Annotated[int, typer.Option(min=100, help="Look at about so many rows at most.")] = 100_000,
    options: ProjectOptions,
) -> None:
    """Print dbt YAML with a contract that the table keeps today, so that nobody starts from an empty page."""
    from lookout.contracts.exchange.lookup import suggest_yaml

    workspace = options.open()
    typer.echo(suggest_yaml(workspace, asset, connection=connection, sample_rows=sample))


@app.command("export")
@with_options
def export_contract(
    asset: Annotated[str, typer.Argument(metavar="TABLE", help="Source or model under contract, or schema.table.")],
    options: ProjectOptions,
) -> None:
    """Print a contract as YAML of the Open Data Contract Standard."""
    from lookout.contracts.exchange.lookup import export_odcs

    typer.echo(export_odcs(options.open(), asset))


@app.command("import")
def import_contract(
    file: Annotated[Path, typer.Argument(help="YAML of the Open Data Contract Standard.")],
    source: Annotated[str, typer.Option(help="Name of the dbt source to write. Default: as the contract says.")] = "",
    as_model: Annotated[bool, typer.Option("--model", help="Write models, not sources.")] = False,
) -> None:
    """Print dbt YAML of a contract that is written in the Open Data Contract Standard."""
    from lookout.contracts.exchange.lookup import import_odcs

    typer.echo(import_odcs(file, source=source, is_model=as_model))
