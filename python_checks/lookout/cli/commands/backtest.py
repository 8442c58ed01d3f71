"""`lookout backtest`: the alerts of a past period under other settings, or of series in files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from lookout.cli.options import DetectorOptions, OutputOptions, RunOptions, with_options
from lookout.errors import ConfigError


@with_options
def backtest(
    *,
    series: Annotated[
        Path | None,
        typer.Option(
            help="CSV with series_id, kind (count, rate, positive, real), grain (5min, 10min, 15min, 30min, "
            "H, D, W, M) and, if wanted, time_zone and a column for any of the settings below; may be .gz."
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
    days: Annotated[int | None, typer.Option(help="Of what is stored, the last so many days. Default: 90.")] = None,
    suggest: Annotated[
        bool,
        typer.Option(
            "--suggest", help="Show alerts a month at several sensitivities, of --asset, files or all tables."
        ),
    ] = False,
    detector: DetectorOptions,
    options: RunOptions,
    output: OutputOptions,
) -> None:
    """Judge a whole history as runs would have judged it at the time: of a watched table, or of series from CSV files.

    With `--asset`, say which alerts other settings would have given; nothing is written. With `--series`, `--points`
    and `--out`, no database is needed. Settings that are not set stay as they are. `--suggest` helps to choose a
    sensitivity, and prints the setting to write.
    """
    settings = detector.given()
    if series is not None or points is not None or out is not None:
        files = _Files(series, points, out)
        stored = {"--asset": asset, "--days": days, "--as-of": options.as_of}
        if asset is not None:
            _refuse(files.names(), "--asset reads what is stored")
        _refuse([name for name, value in stored.items() if value is not None], "--series reads files")
        files.suggest(settings, output) if suggest else files.judge(settings, output)
    elif asset is None and not suggest:
        raise ConfigError("Give --asset to judge what is stored, or --series, --points and --out to judge CSV files.")
    else:
        span: dict[str, Any] = {"days": 90 if days is None else days, "until_clock": options.as_of is not None}
        workspace = options.open()
        if suggest:
            from lookout.runs.backtest.suggest import suggest_stored

            _suggest(
                output, lambda progress: suggest_stored(workspace, asset, settings=settings, **span, progress=progress)
            )
        else:
            _stored(workspace, str(asset), settings, span, output.as_json)


def _stored(workspace: Any, asset: str, settings: dict[str, Any], span: dict[str, Any], as_json: bool) -> None:
    from lookout.runs.backtest.stored import backtest_dict, backtest_page, backtest_stored

    result = backtest_stored(workspace, asset, settings=settings, **span)
    typer.echo(json.dumps(backtest_dict(result), ensure_ascii=False) if as_json else backtest_page(result))


@dataclass(frozen=True)
class _Files:
    """The files of a backtest, as far as they are given."""

    series: Path | None
    points: Path | None
    out: Path | None

    def names(self) -> list[str]:
        """Return the names of the options that are given."""
        return [f"--{name}" for name, value in vars(self).items() if value is not None]

    def judge(self, settings: dict[str, Any], output: OutputOptions) -> None:
        """Judge the series of the files; exit with 2 when some of them could not be."""
        from lookout.runs.backtest.files import backtest as judge_files

        if self.series is None or self.points is None or self.out is None:
            raise ConfigError(f"{' and '.join(self.names())} alone do not do; give --series, --points and --out.")
        with output.narrator.step("backtest") as step:

            def on_progress(done: int, total: int) -> None:
                step.total(total)
                step.advance()

            summary = judge_files(self.series, self.points, self.out, settings=settings, progress=on_progress)
            step.done = f"{summary.flagged:,} of {summary.buckets:,} buckets flagged in {summary.series:,} series"
        if output.as_json:
            typer.echo(json.dumps(vars(summary), default=str))
        if summary.without_values:
            raise ConfigError(summary.sentence_about_missing(self.points))

    def suggest(self, settings: dict[str, Any], output: OutputOptions) -> None:
        """Show the alerts a month at several sensitivities; nothing is written."""
        from lookout.runs.backtest.suggest import suggest_files

        if self.out is not None:
            raise ConfigError("--suggest writes no file, so --out cannot be given with it.")
        if self.series is None or self.points is None:
            raise ConfigError("--suggest needs both --series and --points, or neither to read what is stored.")
        series, points = self.series, self.points
        _suggest(output, lambda progress: suggest_files(series, points, settings, progress))


def _suggest(output: OutputOptions, count: Callable[[Callable[[int, int], None]], Any]) -> None:
    from lookout.runs.backtest.suggest import suggestion_dict, suggestion_page

    with output.narrator.step("backtest") as step:

        def on_progress(done: int, total: int) -> None:
            step.total(total)
            step.advance()

        suggestion = count(on_progress)
        step.done = f"{len(suggestion.choices[0].rates)} sensitivities tried"
    found = (
        json.dumps(suggestion_dict(suggestion), ensure_ascii=False) if output.as_json else suggestion_page(suggestion)
    )
    typer.echo(found)


def _refuse(names: list[str], because: str) -> None:
    if names:
        raise ConfigError(f"{because}, so {' and '.join(names)} cannot be given with it.")
