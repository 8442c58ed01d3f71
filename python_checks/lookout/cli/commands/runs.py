"""A run and its parts: demo, run, collect, learn, publish, report, doctor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from lookout.cli.options import (
    AsJson,
    OutputOptions,
    Quiet,
    ReportsDir,
    RunOptions,
    Target,
    with_options,
    write_text,
)

Tell = Annotated[bool, typer.Option("--notify/--no-notify", help="Notify people, as lookout.yml says.")]


def demo(
    quiet: Quiet = False,
    days: Annotated[int, typer.Option(help="Days of resiliency tests to generate, up to the end of 2013.")] = 365,
    tests_per_day: Annotated[int, typer.Option(help="Resiliency tests a day.")] = 50,
    pass_rate: Annotated[float, typer.Option(help="Share of tests that pass, 0 to 1.")] = 0.85,
    long_outages: Annotated[bool, typer.Option(help="Let 2 % of the failures last 5 to 480 minutes.")] = True,
    profiles_dir: Annotated[
        Path | None,
        typer.Option("--profiles-dir", help="Use the databases of this folder's profiles.yml, on servers of your own."),
    ] = None,
    target: Target = None,
) -> None:
    """Watch three databases of real data on the embedded PostgreSQL over a whole year, and show what Lookout finds."""
    from lookout.demo.tour import run_demo

    run_demo(
        Path.cwd(),
        quiet=quiet,
        days=days,
        tests_per_day=tests_per_day,
        pass_rate=pass_rate,
        long_outages=long_outages,
        profiles_dir=profiles_dir,
        target=target,
    )


@with_options
def run(
    *,
    context: typer.Context,
    options: RunOptions,
    reports: ReportsDir = None,
    explain: Annotated[
        int, typer.Option(min=0, metavar="N", help="Break down at most so many alerts by their dimensions.")
    ] = 20,
    tell: Tell = True,
    output: OutputOptions,
) -> None:
    """Collect, `dbt build`, learn, derive alerts, publish the reports and notify people: everything, in one process."""
    from lookout.runs.run import run_all

    summary = run_all(
        options.open_to_record(),
        output.narrator,
        run_id=context.obj,
        reports_dir=reports,
        explain=explain,
        notify=tell,
    )
    output.finish(summary)


@with_options
def collect(
    context: typer.Context,
    options: RunOptions,
    output: OutputOptions,
) -> None:
    """Profile every watched table, one query each, and read what dbt wrote to target/."""
    from lookout.runs.run import run_collect

    summary = run_collect(options.open_to_record(), output.narrator, run_id=context.obj)
    output.finish(summary)


@with_options
def learn(
    context: typer.Context,
    options: RunOptions,
    output: OutputOptions,
) -> None:
    """Judge what was collected against what is normal, and derive alerts and scorecard."""
    from lookout.runs.run import run_learn

    summary = run_learn(options.open_to_record(), output.narrator, run_id=context.obj)
    output.finish(summary)


@with_options
def publish(
    *,
    context: typer.Context,
    options: RunOptions,
    reports: ReportsDir = None,
    tell: Tell = True,
    output: OutputOptions,
) -> None:
    """Derive alerts and scorecard from what is stored, write the reports, notify people and exit by what is open."""
    from lookout.runs.run import run_publish

    workspace = options.open_to_record()
    output.finish(run_publish(workspace, output.narrator, run_id=context.obj, reports_dir=reports, notify=tell))


@with_options
def report(
    *,
    output: Annotated[
        str,
        typer.Option(
            "--format",
            help="files; markdown, a comment for a pull request; junit, for CI servers; openlineage, for catalogues.",
        ),
    ] = "files",
    base: Annotated[
        str | None,
        typer.Option(
            help="Compare with the report of this day, or with this file. Default: the one before. "
            "With openlineage: report what ran since then. Default: a day."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write it into this file, unless it is files. Default: print it.")
    ] = None,
    options: RunOptions,
    reports: ReportsDir = None,
) -> None:
    """Write the reports from what is stored, or a comment for a pull request or a CI server; nothing is collected."""
    from lookout.report.exports.comparison import export_lineage, export_summary
    from lookout.report.write import write_reports

    workspace = options.open()
    if output == "openlineage":
        workspace.parse()
    else:
        workspace.locate()
    folder = reports or workspace.home.reports
    with workspace.home.store() as store:
        if output == "files":
            for path in write_reports(store, folder, as_of=workspace.as_of, keep_history=True):
                typer.echo(path)
            return
        if output == "openlineage":
            manifest = workspace.watched_project.manifest
            text = export_lineage(store, workspace.connections, manifest, base, as_of=workspace.as_of)
        else:
            text = export_summary(store, output, folder, base, as_of=workspace.as_of)
    if out is None:
        typer.echo(text, nl=bool(text))
    else:
        write_text(out, text if text.endswith("\n") or not text else f"{text}\n")
        typer.echo(out)


@with_options
def doctor(
    options: RunOptions,
    as_json: AsJson = False,
) -> None:
    """Check that Lookout can work here: profile, connections, rights, versions, tables, clock, settings."""
    from lookout.doctor.examine import examine

    root = options.project_dir.resolve()
    findings = examine(root, profiles_dir=options.profiles_dir, target=options.target, as_of=options.as_of)
    if as_json:
        typer.echo(json.dumps([vars(f) for f in findings], ensure_ascii=False))
    else:
        for finding in findings:
            word = "ok  " if finding.ok else "FAIL"
            if finding.is_warning:
                word = "warn"
            typer.echo(f"{word} {finding.subject}: {finding.message}")
    raise typer.Exit(0 if all(f.ok for f in findings) else 2)


@with_options
def notify(
    *,
    test: Annotated[str | None, typer.Option(metavar="TARGET", help="Only send a test message to this target.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the messages and their recipients, and send nothing.")
    ] = False,
    options: RunOptions,
) -> None:
    """Notify people about the stored alerts, as `lookout.yml` says; nobody is notified of the same twice."""
    from lookout.notify.notifying import notify_alerts, preview, preview_text, send_test
    from lookout.notify.settings.load import load_settings

    workspace = options.open()
    if test is not None:
        typer.echo(send_test(workspace.home.root, test, as_of=workspace.as_of))
        return
    settings = load_settings(workspace.home.root)
    workspace.locate()
    with workspace.home.store() as store:
        if dry_run:
            typer.echo(preview_text(preview(store, settings, as_of=workspace.as_of)))
            return
        outcome = notify_alerts(store, settings, as_of=workspace.as_of)
    typer.echo(outcome.sentence)
    for problem in outcome.problems:
        typer.echo(f"  {problem}", err=True)
    raise typer.Exit(2 if outcome.problems else 0)
