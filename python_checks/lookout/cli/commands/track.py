"""`lookout track`, `watermark`, `lineage`, `runs`, `prune`: executions, watermarks and lineage."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from lookout.cli.options import AsJson, OutputOptions, ProjectOptions, RunOptions, with_options
from lookout.errors import ConfigError

track_app = typer.Typer(help="Track executions of pipelines from scripts in any language.", no_args_is_help=True)
watermark_app = typer.Typer(help="How far a pipeline has come.", no_args_is_help=True)
lineage_app = typer.Typer(help="What feeds a table, and what it feeds.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="PIPELINE", help="Name of the pipeline.")]
Kind = Annotated[str | None, typer.Option("--type", help="Type of the pipeline, for example extraction.")]
NextWatermark = Annotated[str | None, typer.Option(help="Where the pipeline will stand when this succeeds.")]
Monotonic = Annotated[bool, typer.Option("--monotonic", help="The watermark never moves back.")]
Asset = Annotated[str, typer.Argument(metavar="ASSET", help="schema.table, a dbt model, source or exposure.")]
Depth = Annotated[int | None, typer.Option(min=1, help="At most so many steps. Default: all.")]


@track_app.command("start")
def start_execution(
    name: Name,
    kind: Kind = None,
    next_watermark: NextWatermark = None,
    parent: Annotated[str | None, typer.Option(help="Execution that this one is part of.")] = None,
    metadata: Annotated[str | None, typer.Option(metavar="JSON", help="What to keep with the execution.")] = None,
) -> None:
    """Start an execution and print its id; `lookout track end ID` ends it, in this process or another."""
    from lookout.tracking.commands import start_command

    key = start_command(
        name, pipeline_type=kind, next_watermark=next_watermark, parent=parent, metadata=_mapping(metadata)
    )
    if key is None:
        print(f"Pipeline '{name}' is switched off: nothing is tracked.", file=sys.stderr)
        return
    typer.echo(key)


@track_app.command("end")
def end_execution(
    key: Annotated[str, typer.Argument(metavar="ID", help="What `lookout track start` printed.")],
    failed: Annotated[bool, typer.Option("--failed", help="It did not succeed.")] = False,
    error: Annotated[str, typer.Option(help="Why it failed.")] = "",
    inserts: Annotated[int | None, typer.Option(help="Rows inserted.")] = None,
    updates: Annotated[int | None, typer.Option(help="Rows updated.")] = None,
    soft_deletes: Annotated[int | None, typer.Option(help="Rows marked as deleted.")] = None,
    total_rows: Annotated[int | None, typer.Option(help="Rows handled in all.")] = None,
    next_watermark: NextWatermark = None,
    monotonic: Monotonic = False,
    metadata: Annotated[str | None, typer.Option(metavar="JSON", help="What to keep with the execution.")] = None,
) -> None:
    """End an execution."""
    from lookout.tracking.commands import end_command

    end_command(
        key,
        completed_successfully=not (failed or error),
        inserts=inserts,
        updates=updates,
        soft_deletes=soft_deletes,
        total_rows=total_rows,
        next_watermark=next_watermark,
        error=error,
        metadata=_mapping(metadata),
        monotonic=monotonic,
    )


@track_app.command("exec", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def exec_execution(
    context: typer.Context,
    name: Annotated[str | None, typer.Option("--name", help="Name of the pipeline. Default: the command's.")] = None,
    kind: Kind = None,
    next_watermark: NextWatermark = None,
    monotonic: Monotonic = False,
    with_arguments: Annotated[
        bool, typer.Option("--with-arguments", help="Store the command's arguments, masked; else its name only.")
    ] = False,
) -> None:
    """Run a command as an execution: `lookout track exec --name "load orders" -- python load.py`. Exits as it does."""
    from lookout.tracking.commands import exec_command

    raise typer.Exit(
        exec_command(
            context.args,
            name,
            pipeline_type=kind,
            next_watermark=next_watermark,
            monotonic=monotonic,
            with_arguments=with_arguments,
        )
    )


@watermark_app.command("get")
def get_watermark(name: Name) -> None:
    """Print where the last successful execution ended; nothing before the first."""
    from lookout.tracking.commands import watermark_get

    with _open_store() as execution_store:
        typer.echo(watermark_get(name, execution_store=execution_store) or "")


@watermark_app.command("set")
def set_watermark(
    name: Name,
    value: Annotated[str | None, typer.Argument(help="The new watermark; leave it out to begin anew.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Even while it runs, and make a pipeline that is new.")
    ] = False,
) -> None:
    """Set a watermark by hand; the one before is printed."""
    from lookout.tracking.commands import watermark_set

    with _open_store() as execution_store:
        before = watermark_set(name, value, force=force, execution_store=execution_store)
        typer.echo(f"{before or '(none)'} -> {value or '(none)'}")


@lineage_app.command("up")
@with_options
def lineage_up(
    *,
    asset: Asset,
    depth: Depth = None,
    options: ProjectOptions,
    as_json: AsJson = False,
) -> None:
    """List everything that feeds an asset, nearest first."""
    _lineage("up", asset, depth, options.open(), as_json)


@lineage_app.command("down")
@with_options
def lineage_down(
    *,
    asset: Asset,
    depth: Depth = None,
    options: ProjectOptions,
    as_json: AsJson = False,
) -> None:
    """List everything that an asset feeds, nearest first."""
    _lineage("down", asset, depth, options.open(), as_json)


@with_options
def runs(
    *,
    pipeline: Annotated[str | None, typer.Option(help="Only this pipeline.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 20,
    options: ProjectOptions,
    as_json: AsJson = False,
) -> None:
    """Show recent executions as a tree: what ran, when, for how long, and how it ended."""
    from lookout.tracking.executions.listing import recent_runs, runs_text

    workspace = options.open()
    workspace.locate()
    with workspace.home.store() as store:
        rows = recent_runs(store, limit, pipeline)
    typer.echo(json.dumps(rows, ensure_ascii=False, indent=1, default=str) if as_json else runs_text(rows))


@with_options
def prune(
    *,
    keep: Annotated[
        list[str] | None, typer.Option(metavar="KIND=DAYS", help="Retention of one kind of data; may be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and delete nothing.")] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Rows a statement; each commits on its own.")] = 10_000,
    options: RunOptions,
    output: OutputOptions,
) -> None:
    """Delete what is older than its retention, in small batches; may be interrupted and run beside a collect."""
    from lookout.database.retention import prune as prune_store

    workspace = options.open()
    workspace.locate()
    with (
        workspace.home.store() as store,
        output.narrator.step("prune") as step,
    ):
        totals = prune_store(
            store,
            _retention(keep or []),
            as_of=workspace.as_of,
            batch_size=batch_size,
            dry_run=dry_run,
            on_batch=lambda table, rows: step.advance(f"{table} {rows:,}"),
        )
        step.done = f"{sum(totals.values()):,} rows {'would go' if dry_run else 'deleted'}"
    if output.as_json:
        typer.echo(json.dumps(totals))
        return
    for table, rows in totals.items():
        if rows:
            typer.echo(f"{table}: {rows:,} rows {'would go' if dry_run else 'deleted'}")
    if not any(totals.values()):
        typer.echo("Nothing is older than its retention.")


def _lineage(direction: str, asset: str, depth: int | None, workspace: Any, as_json: bool) -> None:
    from lookout.tracking.lineage import search as lineage_search

    workspace.locate()
    with workspace.home.store() as store:
        rows = getattr(lineage_search, direction)(store, asset, depth)
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1))
    else:
        typer.echo(lineage_search.lineage_text(rows))


def _open_store() -> Any:
    from lookout.tracking.executions.store import ExecutionStore
    from lookout.tracking.sdk.context import find_connection

    connection = find_connection()
    if connection is None:
        raise ConfigError("No database to read: run this in a dbt project with a profile, or set LOOKOUT_DATABASE_URL.")
    return ExecutionStore(connection)


def _mapping(text: str | None) -> dict[str, Any]:
    from lookout.project.files import parse_json

    try:
        content = parse_json(text) if text else {}
    except ValueError as error:
        raise ConfigError(f'--metadata is no JSON ({error}): write it like \'{{"file": "a.csv"}}\'.') from error
    if not isinstance(content, dict):
        raise ConfigError('--metadata must be a JSON object, like \'{"file": "a.csv"}\'.')
    return content


def _retention(options: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for text in options:
        kind, _, days = text.partition("=")
        if not days.strip().isdigit():
            raise ConfigError(f"--keep {text!r} is not understood: write it like executions=180.")
        found[kind.strip()] = int(days)
    return found
