"""The console command ``lookout``: arguments in, exit code out. The work is done elsewhere."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from python_checks import __version__
from python_checks.errors import ConfigError, LookoutError

app = typer.Typer(
    name="lookout",
    help="Data observability for dbt and PostgreSQL. Start with `lookout demo`, or `lookout run` in your dbt project.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",
    epilog="Exit codes: 0 nothing open, 1 critical alerts open, 2 something could not be evaluated or is wrong.",
)
db_app = typer.Typer(
    help="The embedded PostgreSQL: start, stop, its URL, and links to other databases.", no_args_is_help=True
)
alerts_app = typer.Typer(help="The alerts in the monitoring schema.", no_args_is_help=True)
app.add_typer(db_app, name="db")
app.add_typer(alerts_app, name="alerts")

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


def version(value: bool) -> None:
    """Print the version and leave."""
    if value:
        typer.echo(f"lookout {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    log_format: Annotated[str, typer.Option(help="text or json; json lines carry the run id.")] = "text",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens inside.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    from python_checks.console import set_up_logging
    from python_checks.steps import new_run_id

    if log_format not in ("text", "json"):
        raise ConfigError(f"--log-format {log_format!r} is unknown: use text or json.")
    context.obj = new_run_id()
    set_up_logging(context.obj, as_json=log_format == "json", verbose=verbose)


@app.command()
def demo(
    quiet: Quiet = False,
    days: Annotated[int, typer.Option(help="Days of resiliency tests to generate, up to the end of 2013.")] = 365,
    tests_per_day: Annotated[int, typer.Option(help="Resiliency tests a day.")] = 50,
    pass_rate: Annotated[float, typer.Option(help="Share of tests that pass, 0 to 1.")] = 0.85,
    long_outages: Annotated[bool, typer.Option(help="Let 2 % of the failures last 5 to 480 minutes.")] = True,
) -> None:
    """Three databases of real data on the embedded PostgreSQL, watched over a whole year: see what Lookout finds."""
    from python_checks.demo.tour import run_demo

    run_demo(
        Path.cwd(), quiet=quiet, days=days, tests_per_day=tests_per_day, pass_rate=pass_rate, long_outages=long_outages
    )


@app.command()
def run(
    context: typer.Context,
    as_of: AsOf = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    project_dir: ProjectDir = HERE,
    reports: ReportsDir = None,
    explain: Annotated[
        int, typer.Option(min=0, metavar="N", help="Break down at most so many alerts by their dimensions.")
    ] = 20,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Collect, `dbt build`, learn, derive alerts and publish the reports: everything, in one process."""
    from python_checks.runner import run_all

    summary = run_all(
        _workspace(project_dir, profiles_dir, target, as_of),
        _narrator(quiet or as_json),
        run_id=context.obj,
        reports_dir=reports,
        explain=explain,
    )
    _finish(summary, as_json)


@app.command()
def collect(
    context: typer.Context,
    as_of: AsOf = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    project_dir: ProjectDir = HERE,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Profile every watched table, one query each, and read what dbt wrote to target/."""
    from python_checks.runner import run_collect

    summary = run_collect(
        _workspace(project_dir, profiles_dir, target, as_of), _narrator(quiet or as_json), run_id=context.obj
    )
    _finish(summary, as_json)


@app.command()
def learn(
    context: typer.Context,
    as_of: AsOf = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    project_dir: ProjectDir = HERE,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Judge what was collected against what is normal, and derive alerts and scorecard."""
    from python_checks.runner import run_learn

    summary = run_learn(
        _workspace(project_dir, profiles_dir, target, as_of), _narrator(quiet or as_json), run_id=context.obj
    )
    _finish(summary, as_json)


@app.command()
def publish(
    as_of: AsOf = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    project_dir: ProjectDir = HERE,
    reports: ReportsDir = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Derive alerts and scorecard from what is stored, write the reports and exit by what is open."""
    from python_checks.runner import run_publish

    workspace = _workspace(project_dir, profiles_dir, target, as_of)
    _finish(run_publish(workspace, _narrator(quiet or as_json), reports_dir=reports), as_json)


@app.command()
def report(
    as_of: AsOf = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    project_dir: ProjectDir = HERE,
    reports: ReportsDir = None,
) -> None:
    """Write the reports from what is stored; nothing is collected and nothing is judged."""
    from python_checks.report import write_reports
    from python_checks.store import Store

    workspace = _workspace(project_dir, profiles_dir, target, as_of)
    workspace.parse()
    with Store(workspace.profile.warehouse, workspace.schema) as store:
        for path in write_reports(store, reports or workspace.root / "reports", as_of=workspace.as_of):
            typer.echo(path)


@app.command()
def backtest(
    series: Annotated[
        Path | None,
        typer.Option(help="CSV with series_id, kind (count, rate, positive, real), grain (D, H); may be .gz."),
    ] = None,
    points: Annotated[
        Path | None, typer.Option(help="CSV with series_id, ts, value; an empty value is a missing bucket; may be .gz.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="CSV to write: series_id, ts, value, expected, lower, upper, score, reason, flagged."),
    ] = None,
    asset: Annotated[
        str | None, typer.Option(metavar="TABLE", help="Instead of files: what is stored of this watched table.")
    ] = None,
    days: Annotated[int | None, typer.Option(help="With --asset: the last so many days. Default: 90.")] = None,
    method: Annotated[str | None, typer.Option(help="With --asset: learned or zscore. Default: as it is set.")] = None,
    sensitivity: Annotated[
        float | None, typer.Option(help="With --asset: 2 halves the usual thresholds, 0.5 doubles them.")
    ] = None,
    as_of: AsOf = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    project_dir: ProjectDir = HERE,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Judge a whole history as runs would have judged it at the time: of a watched table, or of series from CSV files.

    With `--asset`, say which alerts other settings would have given; nothing is written. With `--series`, `--points`
    and `--out`, no database is needed.
    """
    files = {"--series": series, "--points": points, "--out": out}
    stored = {"--days": days, "--method": method, "--sensitivity": sensitivity, "--as-of": as_of}
    if asset is not None:
        _refuse([name for name, given in files.items() if given is not None], "--asset reads what is stored")
        workspace = _workspace(project_dir, profiles_dir, target, as_of)
        _backtest_stored(
            workspace, asset, 90 if days is None else days, method, sensitivity, as_of is not None, as_json
        )
        return
    if series is None or points is None or out is None:
        raise ConfigError("Give --asset to judge what is stored, or --series, --points and --out to judge CSV files.")
    _refuse([name for name, given in stored.items() if given is not None], "--series reads files")
    from python_checks.backtest import backtest as judge_files

    narrator = _narrator(quiet or as_json)
    with narrator.step("backtest") as step:

        def tell(done: int, total: int) -> None:
            step.total(total)
            step.advance()

        summary = judge_files(series, points, out, progress=tell)
        step.done = f"{summary.flagged:,} of {summary.buckets:,} buckets flagged in {summary.series:,} series"
    if as_json:
        typer.echo(json.dumps(vars(summary), default=str))


def _refuse(names: list[str], because: str) -> None:
    if names:
        raise ConfigError(f"{because}, so {' and '.join(names)} cannot be given with it.")


def _backtest_stored(
    workspace: Any,
    asset: str,
    days: int,
    method: str | None,
    sensitivity: float | None,
    until_clock: bool,
    as_json: bool,
) -> None:
    from python_checks.backtest_stored import backtest_dict, backtest_page, backtest_stored

    result = backtest_stored(
        workspace, asset, days=days, method=method, sensitivity=sensitivity, until_clock=until_clock
    )
    typer.echo(json.dumps(backtest_dict(result), ensure_ascii=False) if as_json else backtest_page(result))


@app.command()
def doctor(
    as_of: AsOf = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    project_dir: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Check that Lookout can work here: profile, connections, rights, versions, tables, clock, settings."""
    from python_checks.doctor import examine

    findings = examine(project_dir.resolve(), profiles_dir=profiles_dir, target=target, as_of=as_of)
    if as_json:
        typer.echo(json.dumps([vars(f) for f in findings], ensure_ascii=False))
    else:
        for finding in findings:
            typer.echo(f"{'ok  ' if finding.ok else 'FAIL'} {finding.subject}: {finding.message}")
    raise typer.Exit(0 if all(f.ok for f in findings) else 2)


@alerts_app.command("list")
def list_alerts(
    status: Annotated[str, typer.Option(help="open, resolved or all.")] = "open",
    asset: Annotated[str | None, typer.Option(help="Only assets whose name contains this.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, newest first.")] = 50,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    project_dir: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """List alerts, newest first."""
    from python_checks.alert_list import alert_table, read_alerts

    workspace = _workspace(project_dir, profiles_dir, target, None)
    frame = read_alerts(workspace, status=status, asset=asset, limit=limit)
    typer.echo(frame.to_json(orient="records", date_format="iso", indent=1) if as_json else alert_table(frame))


@alerts_app.command("show")
def show_alert(
    key: Annotated[str, typer.Argument(help="Key of the alert, or the beginning of it.")],
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    project_dir: ProjectDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Show everything about one alert: what and why, where it comes from, and what people answered."""
    from python_checks.alert_list import alert_page, read_alert

    alert = read_alert(_workspace(project_dir, profiles_dir, target, None), key)
    typer.echo(json.dumps(alert, ensure_ascii=False, indent=1, default=str) if as_json else alert_page(alert))


Keys = Annotated[list[str], typer.Argument(metavar="KEY...", help="Keys of alerts, or beginnings of them.")]
Note = Annotated[str, typer.Option(help="Why, for whoever looks later.")]


@alerts_app.command("resolve")
def resolve_alerts(
    keys: Keys,
    expected: Annotated[bool, typer.Option("--expected", help="No fault: a sale, a migration, a holiday.")] = False,
    new_normal: Annotated[bool, typer.Option("--new-normal", help="It stays like this: learn anew from here.")] = False,
    fixed: Annotated[bool, typer.Option("--fixed", help="A real fault, and it is mended.")] = False,
    note: Note = "",
    until: Annotated[str | None, typer.Option(metavar="DAY", help="Last day it is about, when it goes on.")] = None,
    as_of: AsOf = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    project_dir: ProjectDir = HERE,
) -> None:
    """Answer alerts, so that they are closed and Lookout learns from the answer."""
    from python_checks.feedback import HEARD, chosen_verdict, give_feedback

    verdict = chosen_verdict(expected=expected, new_normal=new_normal, fixed=fixed)
    workspace = _workspace(project_dir, profiles_dir, target, as_of)
    for line in [*give_feedback(workspace, keys, verdict, note=note, until=until), HEARD]:
        typer.echo(line)


@alerts_app.command("reopen")
def reopen_alerts(
    keys: Keys,
    note: Note = "",
    as_of: AsOf = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    project_dir: ProjectDir = HERE,
) -> None:
    """Take back what was answered to alerts."""
    from python_checks.feedback import HEARD, give_feedback

    workspace = _workspace(project_dir, profiles_dir, target, as_of)
    for line in [*give_feedback(workspace, keys, "reopened", note=note), HEARD]:
        typer.echo(line)


@db_app.command("start")
def db_start(project_dir: ProjectDir = HERE) -> None:
    """Start the embedded PostgreSQL, with its three databases, and write a profiles.yml for it."""
    from python_checks.dbt import find_project, profile_name
    from python_checks.server import DATABASES

    root = find_project(project_dir.resolve())
    server = _server(project_dir).start()
    for database in DATABASES:
        server.create_database(database)
    typer.echo(f"running; use it with --profiles-dir {server.write_profile(profile_name(root))}")


@db_app.command("stop")
def db_stop(project_dir: ProjectDir = HERE) -> None:
    """Stop the embedded PostgreSQL; its data stays."""
    typer.echo("stopped" if _server(project_dir).stop() else "it was not running")


@db_app.command("url")
def db_url(
    name: Annotated[str, typer.Argument(help="Database: warehouse, batch_analytics or cdc_history.")] = "warehouse",
    project_dir: ProjectDir = HERE,
) -> None:
    """Print the connection URL of a database of the embedded PostgreSQL, for psql and other clients."""
    server = _server(project_dir).start()
    server.existing(name)
    typer.echo(server.url(name))


@db_app.command("link")
def db_link(
    names: Annotated[
        list[str] | None, typer.Argument(help="Outputs of the profile to link. Default: every other one.")
    ] = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    project_dir: ProjectDir = HERE,
) -> None:
    """Import the watched tables of other databases as foreign schemas, for dbt's own tests, freshness and docs."""
    from python_checks.link import link_sources

    workspace = _workspace(project_dir, profiles_dir, target, None)
    workspace.parse()
    for line in link_sources(workspace, names or None):
        typer.echo(line)


def _server(project_dir: Path) -> Any:
    from python_checks.dbt import find_project
    from python_checks.server import EmbeddedServer, state_directory

    return EmbeddedServer(state_directory(find_project(project_dir.resolve())))


def _workspace(project_dir: Path, profiles_dir: Path | None, target: str | None, as_of: str | None) -> Any:
    from python_checks.workspace import open_workspace

    return open_workspace(project_dir, profiles_dir=profiles_dir, target=target, as_of=as_of)


def _narrator(quiet: bool) -> Any:
    from python_checks.console import Narrator

    return Narrator(quiet=quiet)


def _finish(summary: Any, as_json: bool) -> NoReturn:
    from python_checks.summary import as_dict, show

    if as_json:
        typer.echo(json.dumps(as_dict(summary), ensure_ascii=False))
    else:
        show(summary)
    raise typer.Exit(summary.exit_code)


def main() -> None:
    """Entry point: every error is one sentence on standard error and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        # A pipe or console that knows no more than ASCII must not end a run over the name of a table.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except LookoutError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        _fail("Interrupted; what was collected so far is kept.", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("LOOKOUT_TRACEBACK"):
            raise
        from python_checks.connections import mask_secrets

        told = mask_secrets(" ".join(str(error).split()))[:300]
        _fail(
            f"Lookout met an error it does not know ({type(error).__name__}: {told}); "
            "set LOOKOUT_TRACEBACK=1 to see where, and please report it."
        )


def _fail(message: str, code: int = 2) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
