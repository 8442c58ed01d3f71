"""Loads in every rhythm: silent while nothing is due, an alert when a load is missing, and over once it came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lookout.baseline.judge import judge
from lookout.baseline.settings import LOOKBACK, RARE_LOOKBACK

DAYS = pd.date_range("2024-01-01", periods=760, tz="UTC")
DAY, LAST = DAYS.day.to_numpy(), DAYS.is_month_end
WEEKDAY, NUMBER = DAYS.dayofweek.to_numpy(), np.arange(len(DAYS))
PLAIN = DAYS.tz_localize(None)

CADENCES: dict[str, Any] = {
    "monthly, on the 1st": DAY == 1,
    "monthly, on the 17th": DAY == 17,
    "monthly, on the last day": LAST,
    "monthly, on the last business day": PLAIN.isin(pd.date_range(PLAIN[0], PLAIN[-1], freq="BME")),
    "monthly, on the first business day": PLAIN.isin(pd.date_range(PLAIN[0], PLAIN[-1], freq="BMS")),
    "monthly, on the 2nd Tuesday": (WEEKDAY == 1) & (DAY > 7) & (DAY <= 14),
    "monthly, on the last Friday": (WEEKDAY == 4) & (DAYS.days_in_month - 7 < DAY),
    "monthly, in three days": DAY <= 3,
    "quarterly, on the 1st": (DAY == 1) & (DAYS.month % 3 == 1),
    "loaded twice a month, also on the 1st": (DAY == 1) | (DAY == 15),
    "loaded twice a month, also on the last day": (DAY == 15) | LAST,
    "loaded every 2 weeks": NUMBER % 14 == 3,
    "loaded every 4 weeks": NUMBER % 28 == 3,
    "loaded every 10 days": NUMBER % 10 == 1,
    "loaded every 2 days": NUMBER % 2 == 1,
    "weekly": WEEKDAY == 2,
    "weekdays": WEEKDAY < 5,
    "daily": NUMBER >= 0,
}


def series(filled: Any, metric: str, key: str, half: int | None = None) -> tuple[dict[str, Any], pd.DataFrame]:
    """Settings and points of a table whose loads vary by 2 %."""
    values = np.where(filled, np.round(20_000 * np.exp(np.random.default_rng(5).normal(0, 0.02, len(DAYS)))), 0.0)
    if half is not None:
        values[half] = np.round(values[half] / 2)
    settings: dict[str, Any] = {"kind": "count", "grain": "day", "metric": metric, "direction": "both"}
    if metric == "freshness":
        newest = np.maximum.accumulate(np.where(filled, NUMBER, -1))
        values = np.where(newest >= 0, (NUMBER - newest + 0.5) * 86_400.0, np.nan)
        settings |= {"kind": "positive", "direction": "up", "min_absolute_change": 86_400.0}
    points = pd.DataFrame({"series_key": key, "bucket_start": DAYS, "value": values})
    return settings | {"series_key": key}, points


def judged(made: list[tuple[dict[str, Any], pd.DataFrame]], **options: Any) -> pd.DataFrame:
    settings = pd.DataFrame([one for one, _ in made]).set_index("series_key")
    return judge(settings, pd.concat([points for _, points in made]), **options)


def a_missing_load(name: str) -> tuple[int, Any, int]:
    """The day on which a load of the second year begins, the days without it, and the day on which it comes late."""
    filled = np.asarray(CADENCES[name])
    if filled.mean() > 0.6:
        at = 611  # a Wednesday, after Tuesdays and before Thursdays with rows
        return at, filled & (at != NUMBER), at + 1
    begins = np.flatnonzero(filled & ~np.append(False, filled[:-1]))
    at = int(begins[np.searchsorted(begins, 600)])
    end = at + int(np.flatnonzero(~filled[at:])[0])
    return at, filled & ~((at <= NUMBER) & (end > NUMBER)), at + (1 if filled.mean() > 0.2 else 3)


@pytest.fixture(scope="module")
def everything() -> dict[Any, pd.DataFrame]:
    """Each cadence healthy, with one load missing, late by a few days and, for row counts, of half the size."""
    made = []
    for name, cadence in CADENCES.items():
        filled = np.asarray(cadence)
        at, missing, came = a_missing_load(name)
        late = missing | (came == NUMBER)
        for metric in ("row_count", "freshness"):
            made += [series(days, metric, f"{name}|{metric}|{what}") for what, days in (
                ("healthy", filled), ("missing", missing), ("late", late))]  # fmt: skip
        made.append(series(filled, "row_count", f"{name}|row_count|half", half=at))
    result = judged(made)
    parts = result["series_key"].str.split("|", expand=True)
    keys = [parts[0], parts[1], parts[2]]
    return {tuple(key): part.set_index("bucket_start") for key, part in result.groupby(keys)}


@pytest.mark.parametrize("name", CADENCES)
@pytest.mark.parametrize("metric", ["row_count", "freshness"])
class TestCadence:
    def test_healthy_for_two_years(self, everything: Any, name: str, metric: str) -> None:
        found = everything[name, metric, "healthy"]
        assert "critical" not in set(found.severity), found[found.severity == "critical"]
        assert set(found.status.tail(365)) == {"judged"}

    def test_a_missing_load_is_an_alert_on_the_day_it_was_due(self, everything: Any, name: str, metric: str) -> None:
        found = everything[name, metric, "missing"]
        at, missing, _ = a_missing_load(name)
        critical = found.index[found.severity == "critical"]
        assert critical[0] == DAYS[at]
        reason = found.reason[critical[0]]
        if reason.startswith("no load since "):
            until_next = found.loc[DAYS[at] : DAYS[at + np.flatnonzero(missing[at:])[0] - 1]]
            assert set(until_next.severity) == {"critical"}
        if name.startswith(("monthly, on", "quarterly", "loaded", "weekly")):
            assert reason.startswith("no load since ")
            assert f"; it is {name} and was due on {DAYS[at].day} {DAYS[at]:%B %Y}" in reason

    def test_a_late_load_ends_the_alert(self, everything: Any, name: str, metric: str) -> None:
        found = everything[name, metric, "late"]
        _, _, came = a_missing_load(name)
        assert (found.status[DAYS[came]], found.severity[DAYS[came]]) == ("judged", "")
        assert set(found.severity[DAYS[came] :]) <= {"", "warning"}


@pytest.mark.parametrize("name", CADENCES)
def test_a_load_of_half_the_size(everything: Any, name: str) -> None:
    at, _, _ = a_missing_load(name)
    found = everything[name, "row_count", "half"].loc[DAYS[at]]
    assert found.severity == "critical"
    assert "usual" in found.reason
    assert found.observed_value <= found.lower_bound


@pytest.mark.parametrize("name", ["monthly, on the 1st", "quarterly, on the 1st", "loaded every 2 weeks"])
@pytest.mark.parametrize("metric", ["row_count", "freshness"])
def test_the_silence_of_a_dead_table_is_never_learned(name: str, metric: str) -> None:
    filled = np.asarray(CADENCES[name]).copy()
    newest = np.flatnonzero(filled[:560])[-1]
    filled[newest + 1 :] = False
    found = judged([series(filled, metric, "s")]).set_index("bucket_start")
    first = found.index[found.severity == "critical"][0]
    assert set(found.severity[first:]) == {"critical"}
    if metric == "freshness":
        longest = np.diff(np.flatnonzero(filled)).max()
        assert found.expected_value.iloc[-1] <= longest * 86_400
        assert found.observed_value[first] >= found.upper_bound[first]
        assert found.observed_value[first - pd.Timedelta(days=1)] < found.upper_bound[first - pd.Timedelta(days=1)]


def test_before_the_rhythm_is_known_the_table_is_learning() -> None:
    found = judged([series((DAY == 1) & (NUMBER < 130), "row_count", "s")]).set_index("bucket_start")
    status = found.status.loc["2024-03-10":"2024-03-31"]  # type: ignore[misc]
    assert set(status) == {"learning"}
    assert found.reason["2024-03-20"] == "needs 1 more load"
    assert set(found.status.loc["2024-04-02":"2024-04-30"]) == {"judged"}  # type: ignore[misc]


def test_of_rhythms_that_fit_as_well_the_most_patient_counts() -> None:
    # The last days of five months are business days; 31 May is a Saturday, and the last business day the 30th.
    filled = LAST & (DAYS.year == 2025) | (DAYS == "2024-12-31")
    found = judged([series(filled, "row_count", "s")]).set_index("bucket_start")
    may = found.loc["2025-05-25":"2025-06-05"]  # type: ignore[misc]
    assert set(may.status) == {"judged"}
    assert set(may.severity) == {""}


def test_irregular_loads_are_missed_when_the_gap_is_clearly_longer_than_any_before() -> None:
    seen = 0
    for seed in range(8):
        days = np.cumsum(np.random.default_rng(seed).choice([3, 8, 17, 26], 60))
        filled = np.isin(NUMBER, days[days < 500])
        found = judged([series(filled, "freshness", "s")]).set_index("bucket_start")
        newest = np.flatnonzero(filled)[-1]
        critical = found.index[found.severity == "critical"]
        seen += int((critical < DAYS[newest]).sum() > 0)
        late = critical[critical > DAYS[newest]]
        assert DAYS[newest + 26] < late[0] <= DAYS[newest + 52]
        assert found.reason[late[0]].endswith("; the longest gap before was 26 days")
        assert set(found.severity[late[0] :]) == {"critical"}
    assert seen <= 2, "a quarter of the tables, in more than a year"


def test_deviations_of_the_past_are_allowed() -> None:
    rng = np.random.default_rng(3)
    filled = np.zeros(len(DAYS), dtype=bool)
    for month in pd.date_range("2024-01-05", "2026-01-01", freq="MS", tz="UTC"):
        filled[(month - DAYS[0]).days + int(rng.integers(2, 7))] = True
    found = judged([series(filled, "row_count", "s")])
    assert "critical" not in set(found.severity)
    rest = filled.copy()
    rest[np.flatnonzero(filled)[20] :] = False
    dead = judged([series(rest, "row_count", "s")]).set_index("bucket_start")
    month = DAYS[np.flatnonzero(filled)[20]].replace(day=1)
    critical = dead.index[dead.severity == "critical"]
    assert month + pd.Timedelta(days=2) < critical[0] <= month + pd.Timedelta(days=10)


def test_weekdays_over_a_closed_christmas() -> None:
    filled = WEEKDAY < 5
    closed = filled & ~DAYS.isin(pd.date_range("2024-12-23", "2025-01-01", tz="UTC"))
    closed[DAYS.get_loc("2025-01-14")] = False
    found = judged([series(closed, metric, metric) for metric in ("row_count", "freshness")])
    for _, part in found.groupby("series_key"):
        after = part.set_index("bucket_start").loc["2025-01-02":"2025-03-01"]  # type: ignore[misc]
        assert after.index[after.severity == "critical"].tolist() == [pd.Timestamp("2025-01-14", tz="UTC")]


def gaps(number: int) -> Callable[[np.random.Generator], Any]:
    return lambda rng: rng.choice(np.arange(60, 170), number, replace=False)


class TestMissedDays:
    def test_two_gaps_do_not_switch_the_alarm_off(self) -> None:
        for seed in range(10):
            filled = np.ones(len(DAYS), dtype=bool)
            filled[gaps(2)(np.random.default_rng(seed))] = False
            filled[172] = False
            found = judged([series(filled, "row_count", "s")]).set_index("bucket_start")
            assert found.severity[DAYS[172]] == "critical"

    def test_a_table_that_misses_days_at_random_does_not_page_for_each(self) -> None:
        pages = misses = 0
        for seed in range(10):
            filled = np.random.default_rng(seed).random(len(DAYS)) > 0.125
            found = judged([series(filled, "row_count", "s")]).set_index("bucket_start").loc[DAYS[150] :]
            pages += int(((found.severity == "critical") & (found.observed_value == 0)).sum())
            misses += int((~filled[150:]).sum())
        assert pages < 0.02 * misses

    @pytest.mark.parametrize("kind", ["count", "positive", "real"])
    def test_a_value_of_zero_is_an_outage_where_it_never_was(self, kind: str) -> None:
        rng = np.random.default_rng(6)
        values = np.maximum(np.round(np.exp(rng.normal(6, 1.2, 200))), 3.0)
        values[-1] = 0.0
        points = pd.DataFrame({"series_key": "s", "bucket_start": DAYS[:200], "value": values})
        found = judge(pd.DataFrame({"kind": [kind], "grain": ["day"]}, index=["s"]), points).iloc[-1]
        assert found.severity == "critical"
        common = points.assign(value=np.where(rng.random(200) < 0.2, 0.0, values))
        common.loc[199, "value"] = 0.0
        assert judge(pd.DataFrame({"kind": [kind], "grain": ["day"]}, index=["s"]), common).iloc[-1].severity == ""

    def test_a_temperature_may_pass_zero(self) -> None:
        values = np.round(10 * np.cos(NUMBER[:300] / 60) + np.random.default_rng(2).normal(0, 2, 300))
        points = pd.DataFrame({"series_key": "s", "bucket_start": DAYS[:300], "value": values})
        found = judge(pd.DataFrame({"kind": ["real"], "grain": ["day"]}, index=["s"]), points)
        assert (values == 0).sum() > 5
        assert "critical" not in set(found.severity[found.reason.str.startswith("0; ")])


def test_judging_the_newest_bucket_of_rare_loads_equals_judging_everything() -> None:
    rng = np.random.default_rng(11)
    days = pd.date_range("2021-01-01", periods=1800, tz="UTC")
    made = {
        "monthly": np.flatnonzero(days.day == 3),
        "quarterly": np.flatnonzero((days.day == 1) & (days.month % 3 == 1)),
        "irregular": np.cumsum(rng.integers(2, 60, 60)),
        "every third day": np.arange(0, 1800, 3),
        "dead": np.arange(0, 1500),
    }
    frames, rows = [], []
    for name, at in made.items():
        values = np.zeros(len(days))
        values[at[at < len(days)]] = rng.poisson(900, (at < len(days)).sum())
        frames.append(pd.DataFrame({"series_key": name, "bucket_start": days, "value": values}))
        rows.append({"series_key": name, "kind": "count", "grain": "day", "metric": "row_count"})
    settings, points = pd.DataFrame(rows).set_index("series_key"), pd.concat(frames)
    full = judge(settings, points, horizon=3)
    for back in (1, 40):
        since = pd.Series(days[-back], index=settings.index)
        assert LOOKBACK["day"] < RARE_LOOKBACK
        part = judge(settings, points[points.bucket_start >= days[-back] - RARE_LOOKBACK], horizon=3, judge_from=since)
        expected = full[full.bucket_start >= days[-back]].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, expected, check_exact=True)


@pytest.mark.parametrize("name", ["daily", "weekdays", "weekly", "loaded every 2 days", "monthly, on the 1st"])
def test_a_table_that_died_twice_is_critical_until_rows_come(name: str) -> None:
    filled = np.asarray(CADENCES[name]) & ~((NUMBER >= 300) & (NUMBER < 345)) & (NUMBER < 440)
    found = judged([series(filled, metric, metric) for metric in ("row_count", "freshness")])
    gap = 28 if name.startswith("monthly") else 7
    for _, part in found.groupby("series_key"):
        part = part.set_index("bucket_start")
        for first, last in ((300, 344), (440, 700)):
            silent = part.loc[DAYS[first + gap] : DAYS[last]]
            # Row counts of weekdays leave weekends alone while the slots of the week are known.
            wrong = silent[
                (silent.severity != "critical")
                & (pd.DatetimeIndex(silent.index).dayofweek < 5)
                & (silent.status == "judged")
            ]
            assert wrong.empty or (name == "monthly, on the 1st" and wrong.index.max() < DAYS[first + 31]), wrong
        # The longest time between two loads was that of the first outage.
        assert part.expected_value.max() <= 61 * 86_400 if name.startswith("monthly") else 46 * 86_400


def test_ages_of_a_table_that_never_was_young() -> None:
    """A clock that is years ahead, or a table that died long ago: no bucket ever held anything new."""
    ages = (np.arange(260) + 900) * 86_400.0
    points = pd.DataFrame({"series_key": "s", "bucket_start": DAYS[:260], "value": ages})
    series = pd.DataFrame({"kind": ["positive"], "grain": ["day"], "metric": ["freshness"]}, index=["s"])
    found = judge(series, points)
    assert not (found["status"].eq("judged") & found["severity"].eq("")).iloc[-30:].any()
