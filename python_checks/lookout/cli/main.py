"""The console command ``lookout``: arguments in, exit code out. The commands are in `commands`."""

from __future__ import annotations

import gc
import io
import os
import sys
from typing import Annotated, NoReturn

import typer

from lookout import __version__
from lookout.cli.commands import alerts, backtest, ci, contracts, db, grants, init, runs, track
from lookout.cli.options import cancel_last_resorts
from lookout.errors import ConfigError, LookoutError
from lookout.masking import mask_secrets
from lookout.plain import plain

# Objects that dbt imports and parses live until the end; searching them again for garbage takes a tenth of a run.
GARBAGE_THRESHOLDS = (100_000, 50, 100)
app = typer.Typer(
    name="lookout",
    help="Data observability for dbt and PostgreSQL. Start with `lookout demo`, or `lookout run` in your dbt project.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",
    epilog="Exit codes: 0 nothing open, 1 critical alerts open, 2 something could not be evaluated or is wrong.",
)
for command in (
    runs.demo,
    init.init,
    runs.run,
    runs.collect,
    runs.learn,
    runs.publish,
    runs.report,
    runs.doctor,
    backtest.backtest,
):
    app.command()(command)
app.command()(ci.ci)
app.command()(track.runs)
app.command()(runs.notify)
app.command()(track.prune)
app.command()(grants.grants)
app.add_typer(alerts.app, name="alerts")
app.add_typer(contracts.app, name="contracts")
app.add_typer(track.track_app, name="track")
app.add_typer(track.watermark_app, name="watermark")
app.add_typer(track.lineage_app, name="lineage")
app.add_typer(db.app, name="db")


def version(value: bool) -> None:
    """Print the version and exit."""
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
    from lookout.cli.logs import set_up_logging
    from lookout.runs.recording import new_run_id

    if log_format not in ("text", "json"):
        raise ConfigError(f"--log-format {log_format!r} is unknown: use text or json.")
    context.obj = new_run_id()
    set_up_logging(context.obj, as_json=log_format == "json", verbose=verbose)


def main() -> None:
    """Run the command line; every error becomes one sentence on standard error and exit code 2."""
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    for stream in (sys.stdout, sys.stderr):
        # A table name beyond ASCII must not end a run on a pipe or console that knows only ASCII.
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
        message = mask_secrets(" ".join(plain(str(error)).split()))[:300]
        _fail(
            f"Lookout met an error it does not know ({type(error).__name__}: {message}); "
            "set LOOKOUT_TRACEBACK=1 to see where, and please report it."
        )
    finally:
        cancel_last_resorts()


def _fail(message: str, code: int = 2) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(code)
