"""Window lengths of each grain: what a forecast looks back on."""

from __future__ import annotations

from dataclasses import dataclass

from lookout.project.declarations.grain import Grain


@dataclass(frozen=True)
class Spans:
    """Window lengths of one grain, in buckets."""

    season: int  # the cycle whose profile is learned: a week; 1 where no cycle is seen
    level: int  # what the present level is read from
    steady: int  # what the slow level is read from
    errors: int  # past forecast errors that the spread is read from
    choice: int  # past forecast errors that choose between forecasts
    day: int  # buckets a day; 1 where a daily cycle cannot be seen
    cycles: int  # earlier cycles that a profile needs
    seconds: int  # width of a bucket, at most
    unit: str  # word for the time that history is counted in
    least: int = 7  # past forecast errors that a spread needs
    folds: int = 1  # buckets an hour: so many hourly series are forecast side by side


def _below_an_hour(minutes: int) -> Spans:
    # Windows of forecasts are those of hourly series, see `folding`; these are for the rules about neighbours.
    day = 1440 // minutes
    return Spans(7 * day, 24, 168, 168, 336, day, 2, 60 * minutes, "hour", folds=60 // minutes)


SPANS: dict[Grain, Spans] = {
    "5min": _below_an_hour(5),
    "10min": _below_an_hour(10),
    "15min": _below_an_hour(15),
    "30min": _below_an_hour(30),
    "hour": Spans(168, 24, 168, 168, 336, day=24, cycles=2, seconds=3600, unit="hour"),
    "day": Spans(7, 7, 28, 56, 28, day=1, cycles=3, seconds=86_400, unit="day"),
    # No cycle: a year of weeks or months is too short to tell a season from chance.
    "week": Spans(1, 4, 13, 26, 13, day=1, cycles=1, seconds=604_800, unit="week"),
    "month": Spans(1, 3, 6, 24, 12, day=1, cycles=1, seconds=31 * 86_400, unit="month", least=5),
}
