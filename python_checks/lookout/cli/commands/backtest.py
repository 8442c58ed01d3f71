"""`lookout backtest`: the alerts of a past period under other settings, or of series in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from lookout.cli.options import OutputOptions, RunOptions, with_options
from lookout.errors import ConfigError


@with_options
def backtest(
    *,
    series: Annotated[
        Path | None,
        typer.Option(
            help="CSV with series_id, kind (count, rate, positive, real), grain (5min, 10min, 15min, 30min, "
            "H, D, W, M), and if wanted time_zone; may be .gz."
        ),
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
    options: RunOptions,
    output: OutputOptions,
) -> None:
    """Judge a whole history as runs would have judged it at the time: of a watched table, or of series from CSV files.

    With `--asset`, say which alerts other settings would have given; nothing is written. With `--series`, `--points`
    and `--out`, no database is needed.
    """
    files = {"--series": series, "--points": points, "--out": out}
    stored = {"--days": days, "--method": method, "--sensitivity": sensitivity, "--as-of": options.as_of}
    if asset is not None:
        _refuse([name for name, value in files.items() if value is not None], "--asset reads what is stored")
        workspace = options.open()
        _backtest_stored(
            workspace,
            asset,
            90 if days is None else days,
            method,
            sensitivity,
            options.as_of is not None,
            output.as_json,
        )
        return
    if series is None or points is None or out is None:
        raise ConfigError("Give --asset to judge what is stored, or --series, --points and --out to judge CSV files.")
    _refuse([name for name, value in stored.items() if value is not None], "--series reads files")
    from lookout.runs.backtest.files import backtest as judge_files

    with output.narrator.step("backtest") as step:

        def on_progress(done: int, total: int) -> None:
            step.total(total)
            step.advance()

        summary = judge_files(series, points, out, progress=on_progress)
        step.done = f"{summary.flagged:,} of {summary.buckets:,} buckets flagged in {summary.series:,} series"
    if output.as_json:
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
    from lookout.runs.backtest.stored import backtest_dict, backtest_page, backtest_stored

    result = backtest_stored(
        workspace, asset, days=days, method=method, sensitivity=sensitivity, until_clock=until_clock
    )
    typer.echo(json.dumps(backtest_dict(result), ensure_ascii=False) if as_json else backtest_page(result))
