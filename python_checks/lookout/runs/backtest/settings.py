"""Settings of a backtest: those of a monitor, as options of the command and as columns of series.csv."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import pandas as pd

from lookout.errors import ConfigError
from lookout.project.declarations.grain import Grain
from lookout.project.declarations.metrics import resolved
from lookout.project.declarations.settings import Countries, MetricDefaults
from lookout.project.validation import Reader, keys_of

WHOLE = ("min_sample_size", "window")
WORDS = ("method", "direction", "alert_from", "holidays")


class BacktestSettings(MetricDefaults):
    """The settings of a metric, and those of its table that change how it is judged."""

    holidays: Countries | None = None


NAMES = keys_of(BacktestSettings)
# Settings that decide on the scores from which a bucket is a warning and critical.
_SCORES = {"sensitivity", "warn_score", "threshold", "critical_score"}
_COLUMNS = {"window": "window_size"}


def check_options(given: Mapping[str, Any], grains: Iterable[Any]) -> None:
    """Raise ConfigError, in one sentence, for options that are not possible for series of these grains."""
    for grain in grains:
        _read(given, grain, "")


def settings_of(frame: pd.DataFrame, given: Mapping[str, Any], path: Path) -> pd.DataFrame:
    """Return the arguments of the detector for series of a file: a column per setting, and ``alert_from``.

    ``frame`` has the columns kind and grain (as in monitors) and any of NAMES as text; an empty cell is the option
    ``given``. Raises ConfigError that names the line.
    """
    cells = frame.reindex(columns=list(NAMES)).astype(object)
    known: dict[Hashable, dict[str, Any]] = {}
    rows = []
    for line, (grain, *texts) in enumerate(zip(frame["grain"], *(cells[name] for name in NAMES), strict=True), start=2):
        key = (grain, *texts)
        if key not in known:
            own = {name: _number(name, text) for name, text in zip(NAMES, texts, strict=True) if not pd.isna(text)}
            known[key] = _arguments(_read({**given, **own}, grain, f"{path}, line {line}"), grain)
        rows.append(known[key])
    columns = list(_arguments(BacktestSettings(), "day"))
    return pd.DataFrame(rows, columns=columns, index=frame.index).assign(kind=frame["kind"], grain=frame["grain"])


def changed_settings(series: pd.DataFrame, given: Mapping[str, Any]) -> pd.DataFrame:
    """Return rows of ``monitors`` with the settings ``given``; the others stay as they are.

    Another method brings its usual thresholds, and a sensitivity is one of these. Raises ConfigError in one sentence.
    """
    check_options(given, series["grain"].unique())
    changed = series.astype(
        dict.fromkeys(series.columns.intersection(list(_arguments(BacktestSettings(), "day"))), object)
    )
    for keys, rows in series.groupby(["method", "grain", "metric"]).groups.items():
        method, grain, metric = cast("tuple[str, str, str]", keys)
        values = _arguments(_read({"method": method, **given}, grain, ""), grain, metric)
        names = set(given) - _SCORES
        if _SCORES & set(given):
            names |= {"warn_score", "critical_score"}
        if "threshold" in given:
            names.add("alert_from")
        if given.get("method", method) != method:
            names |= {"warn_score", "critical_score", "alert_from", "min_sample_size"}
        for name in names:
            column = _COLUMNS.get(name, name)
            changed.loc[rows, column] = values[column]
    return changed


def _read(given: Mapping[str, Any], grain: Any, where: str) -> BacktestSettings:
    reader = Reader(where)
    settings = reader.read(BacktestSettings, dict(given), "settings", context={"grain": grain})
    if settings is not None and not reader.problems:
        return settings
    sentence = reader.problems[0].replace("settings.", "").replace("settings: ", "").removeprefix(": ")
    if not where:
        names = "|".join(sorted(NAMES, key=len, reverse=True))
        sentence = re.sub(rf"(?<!')\b({names})\b(?!')", lambda found: "--" + found[1].replace("_", "-"), sentence)
    raise ConfigError(sentence)


def _arguments(settings: BacktestSettings, grain: str, metric: str = "") -> dict[str, Any]:
    values = resolved(settings, metric, cast(Grain, grain))
    values["window_size"] = values.pop("window")
    return {**values, "holidays": ", ".join(settings.holidays or ()) or None}


def _number(name: str, text: str) -> Any:
    """Return a cell as the number it should be; text that is none stays, for the sentence about it."""
    if name in WORDS:
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if name in WHOLE and number.is_integer() else number
