"""Alerts a month at each of some sensitivities, so that a person chooses by what they would have heard of."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from lookout.errors import ConfigError
from lookout.project.declarations.grain import GRAIN_STEP, Grain
from lookout.project.workspace import Workspace
from lookout.runs.backtest.files import judged_parts, read_files, read_series
from lookout.runs.backtest.settings import changed_settings, check_options
from lookout.runs.backtest.stored import episodes, is_fixed, stored_series

SENSITIVITIES = (0.5, 0.7, 1.0, 1.4, 2.0)
MONTH = timedelta(days=365.25 / 12)
# The most sensitive setting with at most so many alerts a month is the one to write.
BEARABLE = 1.0
WIDTH = 80
ALL = "all"
_CELL = 7
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Choice:
    """Alerts a month of one series, or of a table where ``metric`` is empty; None where nothing could be judged.

    ``rates`` has one number per sensitivity, ``now`` is that of the settings as they are.
    """

    table: str
    metric: str
    now: float | None
    rates: tuple[float | None, ...]

    @property
    def bearable(self) -> float | None:
        """Return the most sensitive setting with few alerts, else the least sensitive; None where none is known."""
        known = [(value, rate) for value, rate in zip(SENSITIVITIES, self.rates, strict=True) if rate is not None]
        few = [value for value, rate in known if _is_bearable(rate)]
        return max(few) if few else min((value for value, _ in known), default=None)

    @property
    def is_loud(self) -> bool:
        """Return whether there are more alerts even with the least sensitive setting."""
        return self.rates[0] is not None and not _is_bearable(self.rates[0])


@dataclass(frozen=True)
class Suggestion:
    """Alerts a month by table and metric: each table before its metrics, all of them last.

    ``target`` and ``setting`` say where the choice is written and how.
    """

    about: str
    target: str
    setting: str
    choices: tuple[Choice, ...]


def suggest_stored(
    workspace: Workspace,
    asset: str | None,
    *,
    days: int,
    settings: Mapping[str, Any] | None = None,
    until_clock: bool = False,
    progress: Progress | None = None,
) -> Suggestion:
    """Return the alerts a month of what is stored of a table, or of all. Raises ConfigError in one sentence."""
    given = _without_sensitivity(settings or {})
    with stored_series(workspace, asset, days, until_clock=until_clock) as stored:
        check_options(given, stored.series["grain"].unique())
        learned = stored.series[[not is_fixed(row) for row in stored.series.itertuples()]]
        if learned.empty:
            raise ConfigError(
                f"{asset or 'Every watched table'} is judged by fixed limits only, which know no sensitivity."
            )
        counted: dict[float | None, pd.Series[Any]] = {None: _rates(stored.judged(learned), learned)}
        for value in SENSITIVITIES:
            changed = changed_settings(learned, {**given, "sensitivity": value})
            counted[value] = _rates(stored.judged(changed), changed)
            _report(progress, len(counted))
    last = stored.until - timedelta(microseconds=1)
    named = learned["metric"].where(learned["column_name"] == "", learned["metric"] + " of " + learned["column_name"])
    names = pd.DataFrame({"table": learned["connection"] + " " + learned["asset"], "metric": named})
    about = f"{stored.since:%Y-%m-%d} to {last:%Y-%m-%d}"
    setting = "defaults: {{sensitivity: {:g}}}"
    return Suggestion(about, "under meta.lookout", setting, tuple(_choices(names, counted)))


def suggest_files(
    series_csv: Path,
    points_csv: Path,
    settings: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Suggestion:
    """Return the alerts a month of series in CSV files (see ``files``). Raises ConfigError in one sentence."""
    given = _without_sensitivity(settings or {})
    counted: dict[float | None, pd.Series[Any]] = {}
    _, points = read_files(series_csv, points_csv, given)
    for value in (None, *SENSITIVITIES):
        series = read_series(series_csv, given, value)
        judged = [result for _, result in judged_parts(series, points)]
        counted[value] = _rates(pd.concat(judged, ignore_index=True) if judged else pd.DataFrame(), series)
        _report(progress, len(counted))
    names = pd.DataFrame({"table": series.index, "metric": ""}, index=series.index)
    choices = tuple(_choices(names, counted))
    return Suggestion(points_csv.name, f"in {series_csv.name}, column sensitivity", "{:g}", choices)


def suggestion_page(suggestion: Suggestion) -> str:
    """Return the numbers for people, in lines of at most 80 characters, and the setting to write."""
    room = WIDTH - _CELL * (len(SENSITIVITIES) + 1)
    lines = [f"Alerts a month at each sensitivity, {suggestion.about}", ""]
    lines.append(
        " " * room + "".join(f"{name:>{_CELL}}" for name in ("now", *(f"{value:g}" for value in SENSITIVITIES)))
    )
    for choice in suggestion.choices:
        label = f"  {choice.metric}" if choice.metric else choice.table
        label = label if len(label) < room else f"{label[: room - 4]}..."
        lines.append(f"{label:<{room}}" + "".join(f"{_shown(rate):>{_CELL}}" for rate in (choice.now, *choice.rates)))
    if any(choice.now is None for choice in suggestion.choices):
        lines += ["", "-: too little history to judge anything."]
    words = f"The most sensitive setting with at most {BEARABLE:g} alert a month, to write {suggestion.target}:"
    lines += ["", *textwrap.wrap(words, WIDTH)]
    tables = [choice for choice in suggestion.choices if not choice.metric and choice.table != ALL]
    for value, is_loud in sorted({(choice.bearable, choice.is_loud) for choice in tables if choice.bearable}):
        chosen = ", ".join(choice.table for choice in tables if (choice.bearable, choice.is_loud) == (value, is_loud))
        lines.append(f"  {suggestion.setting.format(value)}{' (even so more of them)' if is_loud else ''}")
        lines += textwrap.wrap(chosen, WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def suggestion_dict(suggestion: Suggestion) -> dict[str, Any]:
    """Return the numbers for scripts."""
    return {
        "about": suggestion.about,
        "sensitivities": list(SENSITIVITIES),
        "choices": [
            {
                "table": choice.table,
                "metric": choice.metric,
                "now": choice.now,
                "alerts_a_month": list(choice.rates),
                "sensitivity": choice.bearable,
            }
            for choice in suggestion.choices
        ],
    }


def _report(progress: Progress | None, done: int) -> None:
    if progress is not None:
        progress(done, len(SENSITIVITIES) + 1)


def _without_sensitivity(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    if "sensitivity" in settings:
        raise ConfigError("--suggest tries sensitivities itself, so --sensitivity cannot be given with it.")
    return settings


def _rates(judged: pd.DataFrame, series: pd.DataFrame) -> pd.Series[Any]:
    """Return the alerts a month of each series, of the time that could be judged; NaN where none could."""
    if judged.empty:
        return pd.Series(float("nan"), index=series.index)
    buckets = judged.loc[judged["status"] == "judged", "series_key"].value_counts().reindex(series.index)
    alerts = episodes(judged, series["alert_from"])["series_key"].value_counts().reindex(series.index, fill_value=0)
    months = buckets * [GRAIN_STEP[cast(Grain, grain)] / MONTH for grain in series["grain"]]
    return alerts / months


def _choices(names: pd.DataFrame, counted: Mapping[float | None, pd.Series[Any]]) -> Iterator[Choice]:
    rates = pd.DataFrame(dict(enumerate(counted.values())))
    for table, rows in names.groupby("table", sort=True):
        yield _choice(str(table), "", rates.loc[rows.index].sum(min_count=1))
        for number in np.flatnonzero((names["table"] == table) & (names["metric"] != "")):
            yield _choice(str(table), names["metric"].iloc[number], rates.iloc[number])
    if names["table"].nunique() > 1:
        yield _choice(ALL, "", rates.sum(min_count=1))


def _choice(table: str, metric: str, rates: pd.Series[Any]) -> Choice:
    now, *others = (None if pd.isna(rate) else float(rate) for rate in rates)
    return Choice(table, metric, now, tuple(others))


def _is_bearable(rate: float) -> bool:
    # As it is shown: two alerts in 60 days are one a month.
    return round(rate, 1) <= BEARABLE


def _shown(rate: float | None) -> str:
    if rate is None:
        return "-"
    return f"{rate:.1f}" if rate < 1000 else f"{rate:.0f}"
