"""Floors for how good the detector is: labelled made faults, and lifelike series that have none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lookout.baseline.judge import judge
from tests.baseline import lifelike_factory
from tests.baseline.lifelike_factory import Lifelike
from tests.baseline.series_factory import START, make

SEEDS = (11, 12)


def flags(series: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Critical buckets with the day number of each since the series began."""
    found = judge(series, points)
    found["day"] = (found["bucket_start"].dt.normalize() - found["bucket_start"].min().normalize()).dt.days
    return found[found["severity"] == "critical"]


@pytest.fixture(scope="module")
def lifelike() -> list[tuple[Lifelike, pd.DataFrame]]:
    made = [lifelike_factory.make(seed) for seed in SEEDS]
    return [(data, flags(data.series, data.points)) for data in made]


def false_days(data: Lifelike, found: pd.DataFrame, grain: str) -> dict[str, float]:
    """False-alarm days per series-month, by series."""
    months = (lifelike_factory.DAYS if grain == "day" else lifelike_factory.HOURLY_DAYS - 17) / 30
    names = data.series.index[data.series["grain"] == grain]
    days = {name: set(found.loc[found["series_key"] == name, "day"]) for name in names}
    return {name: len([d for d in mine if (name, d) not in data.odd]) / months for name, mine in days.items()}


class TestLifelike:
    @pytest.mark.parametrize(("grain", "most"), [("day", 0.8), ("hour", 1.6)])
    def test_false_alarms(self, lifelike: list[tuple[Lifelike, pd.DataFrame]], grain: str, most: float) -> None:
        rates = [false_days(data, found, grain) for data, found in lifelike]
        assert np.mean([value for rate in rates for value in rate.values()]) <= most, rates

    def test_holidays_are_found(self, lifelike: list[tuple[Lifelike, pd.DataFrame]]) -> None:
        for data, found in lifelike:
            keys = set(zip(found["series_key"], found["day"], strict=True))
            assert len(data.odd & keys) >= 7

    @pytest.mark.parametrize(
        ("name", "factor", "hours", "least"),
        [
            ("yearly season", 0.8, 1, 10),
            ("temperature", 2.0, 1, 8),
            ("price", 2.0, 1, 10),
            ("full feed", 0.25, 1, 10),
            ("hires in the rain", 0.0, 3, 10),
            ("hires in the rain", 0.4, 6, 8),
        ],
    )
    def test_a_fault_is_found(
        self, lifelike: list[tuple[Lifelike, pd.DataFrame]], name: str, factor: float, hours: int, least: int
    ) -> None:
        data = lifelike[0][0]
        values = data.points.loc[data.points["series_key"] == name].reset_index(drop=True)
        hits = 0
        rng = np.random.default_rng(3)
        for _ in range(10):
            at = int(rng.integers(len(values) // 2, len(values) - 10))
            if len(values) != lifelike_factory.DAYS:
                at += 12 - at % 24
            copy = values.iloc[: at + hours].copy()
            copy.loc[at:, "value"] *= factor
            if data.series.at[name, "kind"] == "count":
                copy["value"] = copy["value"].round()
            since = pd.Series([copy["bucket_start"].iloc[at]], index=[name])
            hits += bool((judge(data.series.loc[[name]], copy, judge_from=since)["severity"] == "critical").any())
        assert hits >= least


def test_made_faults() -> None:
    """F1 over all families: flagged faults against flagged buckets outside of faults."""
    data = make(6, 5)
    series = data.series.set_index("series_id")[["kind", "grain"]].replace({"grain": {"D": "day", "H": "hour"}})
    points = data.points.rename(columns={"series_id": "series_key", "ts": "bucket_start"})
    points["bucket_start"] = points["bucket_start"].dt.tz_localize("UTC")
    found = flags(series, points).assign(at=lambda frame: frame["bucket_start"].dt.tz_localize(None))
    judged = (
        found["series_key"]
        .map(series["grain"])
        .map({"day": START + pd.Timedelta(days=120), "hour": START + pd.Timedelta(days=46)})
    )
    found = found[found["at"] >= judged]
    hits = events = 0
    explained = pd.Series(False, index=found.index)
    for label in data.labels.itertuples():
        inside = (found["series_key"] == label.series_id) & found["at"].between(label.start_ts, label.end_ts)
        explained |= inside & (label.type != "shift")
        if label.type not in ("ignore", "shift"):
            events, hits = events + 1, hits + bool(inside.any())
    assert 2 * hits / (hits + events + (~explained).sum()) >= 0.82
