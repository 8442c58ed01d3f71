"""The detector: what it flags, what it leaves alone, and that bounds, partial runs and full runs agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from lookout.baseline.judge import COLUMNS, judge
from lookout.baseline.settings import LOOKBACK, lookback
from lookout.errors import ConfigError
from tests.baseline.series_factory import make

MONDAY = pd.Timestamp("2026-01-05", tz="UTC")


def one(kind: str = "count", grain: str = "day", **settings: Any) -> pd.DataFrame:
    return pd.DataFrame({"kind": [kind], "grain": [grain], **{k: [v] for k, v in settings.items()}}, index=["s"])


def points(values: Any, grain: str = "day", key: str = "s", start: pd.Timestamp = MONDAY) -> pd.DataFrame:
    times = pd.date_range(start, periods=len(values), freq="D" if grain == "day" else "h")
    return pd.DataFrame({"series_key": key, "bucket_start": times, "value": np.asarray(values, dtype=float)})


def last(series: pd.DataFrame, values: Any, grain: str = "day", **kwargs: Any) -> pd.Series[Any]:
    return judge(series, points(values, grain), **kwargs).iloc[-1]


def weekly(weeks: int = 10, seed: int = 1, level: float = 1000, weekend: float = 0.5) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    shape = np.where(np.arange(7 * weeks) % 7 < 5, 1.0, weekend)
    return rng.poisson(level * shape).astype(float)


class TestPlainStatistics:
    def test_mean_and_sample_deviation_of_three_days(self) -> None:  # O-P1
        row = last(one(method="zscore"), [10, 12, 14, 13])
        assert (row.expected_value, row.scale, row.sample_size) == (12.0, 2.0, 3)
        assert row.status == "learning"
        assert row.reason == "needs 7 more days of history"
        assert np.isnan(row.score)

    def test_missing_days_of_a_count_are_zero(self) -> None:  # O-P1
        row = last(one(method="zscore"), [10, np.nan, 14, 13])
        assert (row.expected_value, row.sample_size) == (8.0, 3)
        row = last(one(kind="real", method="zscore"), [10, np.nan, 14, 13])
        assert (row.expected_value, row.sample_size) == (12.0, 2)

    def test_buckets_that_have_not_been_observed_are_no_zeros(self) -> None:
        ahead = judge(one(method="zscore"), points([10, 12, 14]), horizon=10).tail(10)
        assert list(ahead.expected_value) == [12.0] * 10
        assert list(ahead["sample_size"]) == [3] * 10

    def test_reference_values(self) -> None:  # O-P3, O-D8
        values = [1247, 1198, 1312, 1287, 1156, 1432, 1389, 1223, 1298, 1345, 1267, 1189, 1401, 1334, 342]
        row = last(one(method="zscore"), values)
        assert row.expected_value == pytest.approx(1291.2857, abs=1e-4)
        assert row.scale == pytest.approx(83.7895, abs=1e-4)
        assert row.score == pytest.approx(-11.3294, abs=1e-4)
        assert row.severity == "critical"
        assert row.reason == "11.3 standard deviations below the mean of 1,291"

    @pytest.mark.parametrize(
        ("value", "score", "severity"),
        [
            (2, -3.6, "critical"),
            (36, 3.2, "critical"),
            (35, 3.0, "critical"),
            (5, -3.0, "critical"),
            (34, 2.8, "warning"),
            (0, -4.0, "critical"),
            (30, 2.0, "warning"),
            (29, 1.8, ""),
        ],
    )
    def test_mean_20_deviation_5(self, value: float, score: float, severity: str) -> None:  # O-D1, O-D3, O-D6
        # Nine pairs of 20 +- 5 and one 20: mean 20, sample deviation exactly 5 with n - 1 = 18.
        history = [15.0, 25.0] * 9 + [20.0]
        row = last(one(kind="count", grain="hour", method="zscore"), [*history, value], "hour")
        assert (row.expected_value, row.scale, row.sample_size) == (20.0, 5.0, 19)
        assert row.score == pytest.approx(score)
        assert row.severity == severity
        assert (row.lower_bound, row.upper_bound) == (5.0, 35.0)

    def test_no_variation_and_then_a_change(self) -> None:  # O-D4, W-A7
        for value in (500, 0, 21):
            row = last(one(method="zscore", min_sample_size=5), [20] * 6 + [value])
            assert abs(row.score) == 6
            assert row.severity == "critical"
        assert last(one(method="zscore", min_sample_size=5), [20] * 7).severity == ""

    def test_a_count_that_was_never_zero_may_not_become_zero(self) -> None:  # W-A6
        row = last(one(method="zscore", min_sample_size=5), [10, 200, 30, 400, 50, 0])
        assert row.expected_value == 138
        assert row.scale == pytest.approx(164.5296, abs=1e-4)
        assert row.severity == "critical"
        assert row.lower_bound == 0
        assert last(one(method="zscore", min_sample_size=5), [10, 200, 0, 400, 50, 0]).severity == ""

    def test_weekdays_are_compared_with_weekdays(self) -> None:  # O-P5
        rng = np.random.default_rng(5)
        values = [v for _ in range(8) for v in [*rng.integers(980, 1021, 5), *rng.integers(95, 106, 2)]]
        for method in ("learned", "zscore"):
            assert last(one(method=method), [*values[:-1], 102]).severity == ""
            row = last(one(method=method), [*values[:-1], 1000])
            assert row.severity == "critical"
            assert row.score > 0
        assert last(one(method="zscore"), [*values[:-1], 102]).expected_value == pytest.approx(100, abs=5)

    def test_same_hour_of_the_day(self) -> None:  # W-A2, W-A4, W-A5
        day = [np.nan] * 24
        values = []
        for k in range(5):
            values += [*day[:3], 10 + 2 * k, 1000 + 10 * k, *day[5:]]
        row = last(one("positive", "hour", method="zscore", min_sample_size=5), [*values, *day[:3], 24], "hour")
        assert (row.expected_value, row.sample_size) == (14.0, 5)
        assert row.scale == pytest.approx(3.1623, abs=1e-4)
        assert row.score == pytest.approx(3.1623, abs=1e-4)
        assert row.severity == "critical"
        assert row.upper_bound == pytest.approx(23.4868, abs=1e-4)


class TestLearned:
    def test_short_history_is_learning_and_says_what_is_missing(self) -> None:  # O-D5
        result = judge(one(), points([100, 101, 99, 102, 98]))
        assert set(result["status"]) == {"learning"}
        assert result["score"].isna().all()
        assert result["reason"].iloc[-1] == "needs 10 more days of history"

    def test_a_series_without_any_value_is_learning(self) -> None:
        series = one(last_bucket=MONDAY)
        result = judge(series, points([]))
        assert result["status"].tolist() == ["learning"]

    @pytest.mark.parametrize(("factor", "sign"), [(5, 1), (2, 1), (0.4, -1), (0, -1)])
    def test_a_wrong_tuesday(self, factor: float, sign: int) -> None:
        values = weekly()[:-5]
        values[-1] *= factor
        row = last(one(), values)
        assert row.severity == "critical"
        assert np.sign(row.score) == sign
        assert row.reason
        assert (row.observed_value <= row.lower_bound) if sign < 0 else (row.observed_value >= row.upper_bound)

    def test_a_normal_sunday_and_a_busy_one(self) -> None:
        values = weekly(weekend=0.1)
        assert last(one(), values).severity == ""
        assert last(one(), [*values[:-1], 1000]).severity == "critical"

    def test_row_count_of_no_rows(self) -> None:
        values = weekly()[:-5]
        row = last(one(metric="row_count"), [*values[:-1], 0])
        assert row.severity == "critical"
        assert row.score == pytest.approx(-5.37, abs=0.01)
        assert row.observed_value == 0
        assert row.reason.startswith("no rows; every Tuesday before had ")

    def test_an_outage_does_not_turn_normal_by_lasting(self) -> None:
        result = judge(one(metric="row_count"), points([*weekly()[:-5], *[0] * 12]))
        assert (result["severity"].tail(12) == "critical").all()

    def test_row_count_in_slots_that_are_empty_as_a_rule(self) -> None:
        values = weekly(weekend=0)
        series = one(metric="row_count")
        assert last(series, values).severity == ""
        assert last(series, values).expected_value == 0
        row = last(series, [*values[:-1], 1000])
        assert row.severity == "critical"
        assert row.reason == "1,000 rows; Sundays were empty before"
        assert last(series, [*values[:-1], 3]).severity == ""

    def test_a_table_that_is_filled_once_a_week(self) -> None:
        loads = np.zeros(7 * 14)
        loads[::7] = np.random.default_rng(4).poisson(5000, 14)
        series = one(metric="row_count")
        assert last(series, [*loads, 5000]).severity == ""
        assert last(series, [*loads, 5000]).status == "judged"
        assert last(series, [*loads, 25_000]).reason.startswith("5 times a usual load of ")
        assert last(series, [*loads, 0]).severity == "critical"
        late = last(series, [*loads, 0, 5000])
        assert (late.status, late.severity) == ("judged", "")
        assert last(series, [*loads, 5000, 0, 0, 900_000]).severity == "critical"

    def test_a_table_that_is_filled_once_a_month(self) -> None:
        loads = np.zeros(200)
        loads[::30] = 100_000
        assert set(judge(one(metric="row_count"), points(loads))["severity"]) == {""}

    def test_business_hours(self) -> None:
        hour = np.arange(24 * 60)
        busy = (hour % 24 >= 8) & (hour % 24 <= 18) & (hour // 24 % 7 < 5)
        values = np.where(busy, np.random.default_rng(5).poisson(200, len(hour)), 0)
        series = one(metric="row_count", grain="hour")
        assert "critical" not in set(judge(series, points(values, "hour"))["severity"])
        tuesday = 24 * 57
        assert last(series, [*values[: tuesday + 10], 0], "hour").severity == "critical"
        assert last(series, [*values[: tuesday + 10], 1000], "hour").severity == "critical"
        assert last(series, [*values[: tuesday + 2], 250], "hour").severity == "critical"
        assert last(series, [*values[: tuesday + 2], 3], "hour").severity == ""

    def test_missing_value_of_a_rate(self) -> None:
        values = np.random.default_rng(3).uniform(0.01, 0.03, 60)
        row = last(one("rate", metric="null_rate"), [*values, np.nan, 0.02][:61])
        assert row.status == "judged"
        assert row.severity == "critical"
        assert row.reason.startswith("no value; every ")

    def test_a_value_that_does_not_move(self) -> None:
        values = weekly(weekend=1)
        row = last(one(), [*values, *[values[-1]] * 8])
        assert row.severity == "critical"
        assert row.reason == "the same value 9 times in a row"

    @pytest.mark.parametrize(
        ("usual", "value", "severity"),
        [(1_000_000, 999_999, ""), (1_000_000, 500_000, "critical"), (50, 49, ""), (50, 48, ""), (50, 47, "critical")],
    )
    def test_a_constant_count_may_move_a_little(self, usual: int, value: int, severity: str) -> None:
        row = last(one(), [usual] * 60 + [value])
        assert row.severity == severity
        assert (value <= row.lower_bound) == (severity == "critical")

    def test_freshness_is_told_as_a_duration(self) -> None:
        row = last(one("positive", metric="freshness"), [3600] * 60 + [90_000])
        assert row.reason == "25 times the usual 60 min"

    def test_a_count_that_mostly_repeats_is_not_stuck(self) -> None:
        usual = [72, 72, 72, 72, 71, 72, 72, 72, 72, 70] * 6
        assert last(one(), usual + [72] * 50).severity == ""

    def test_a_full_count_is_not_stuck(self) -> None:
        poor = [*np.random.default_rng(6).integers(21, 25, 40), 23]
        assert last(one(), [*poor, *[24] * 14]).severity == ""
        stuck = last(one(), [*poor, *[22] * 14])
        assert (stuck.severity, stuck.reason) == ("critical", "the same value 14 times in a row")

    def test_one_report_less_than_always_is_told_when_it_lasts(self) -> None:
        assert last(one(), [18] * 60 + [17]).severity == ""
        assert last(one(), [18] * 60 + [17, 17]).severity == ""
        row = last(one(), [18] * 60 + [17, 17, 17])
        assert (row.severity, row.reason) == ("critical", "changed from 18, the value it always had, to 17")
        assert last(one(), [18] * 60 + [16]).severity == "critical"

    def test_the_first_zero_after_half_a_year(self) -> None:
        kind, values = "positive", np.round(np.exp(np.random.default_rng(9).normal(3, 0.8, 120))) + 1
        assert last(one(kind), [*values, 0]).severity == "critical"
        seldom = [*values[:60], 0, *values[60:80], 0, *values[80:100], 0, *values[100:], 0]
        assert last(one(kind), seldom).severity != "critical"

    @pytest.mark.parametrize("kind", ["positive", "real"])
    def test_rain_is_measured_by_earlier_rain(self, kind: str) -> None:
        dry = [0.0] * 60
        row = last(one(kind), [*dry, 12.0, *dry, 0.3])
        assert row.severity == ""
        assert last(one(kind), [*dry, 12.0, *dry, 12.0]).severity != "critical"
        assert last(one(kind), [*dry, 12.0, *dry, 500.0]).severity == "critical"
        assert abs(last(one(kind), [*dry, 0.3]).score) < 100
        assert last(one("positive"), 2 * ([3.0, 2.0, 5.0] * 5 + [0.0] * 20)).severity == ""

    @pytest.mark.parametrize("kind", ["rate", "real"])
    def test_the_end_of_a_long_fault_is_no_fault(self, kind: str) -> None:
        usual = np.random.default_rng(4).normal(0.02, 0.002, 130)
        fault = np.random.default_rng(5).normal(0.2, 0.005, 24)
        result = judge(one(kind), points([*usual[:100], *fault, *usual[100:]]))
        assert result["severity"].iloc[100] == "critical"
        assert not result["severity"].iloc[124:].eq("critical").any()

    def test_sums_vary_in_proportion_to_their_level(self) -> None:
        noise = np.exp(np.random.default_rng(3).normal(0, 0.15, 100))
        low, high = (last(one("real"), [*(100 * noise[:85]), *(level * noise[85:])]) for level in (100, 1000))
        assert high.scale > 6 * low.scale

    def test_each_hour_has_a_spread_of_its_own(self) -> None:
        rng = np.random.default_rng(1)
        hour = np.arange(24 * 60)
        values = 1000 * np.exp(rng.normal(0, np.where(hour % 24 == 8, 0.4, 0.02)))
        rush, calm = (last(one("real", "hour"), values[: 24 * 58 + at], "hour") for at in (9, 15))
        assert rush.scale > 3 * calm.scale

    def test_less_than_a_tenth_is_no_drift(self) -> None:
        t = np.arange(300)
        small, large = (
            judge(one("positive"), points(9000 * (1 - part * np.clip((t - 240) / 35, 0, 1)) + t % 5))["reason"]
            for part in (0.06, 0.3)
        )
        assert not small.str.contains("every week").any()
        assert large.str.contains("every week").any()

    def test_a_change_from_next_to_nothing_is_not_told_in_percent(self) -> None:
        rng = np.random.default_rng(2)
        values = rng.normal(1000, 5, 120)
        values[80:] *= 0.75 ** np.arange(1, 41)
        told = judge(one("positive"), points(values))["reason"]
        assert not told.str.contains("e\\+", regex=True).any()
        assert told.str.contains(" less every week").any()

    def test_drift(self) -> None:
        values = np.random.default_rng(2).normal(1000, 20, 100)
        values[80:] *= 0.985 ** np.arange(1, 21)
        result = judge(one("positive"), points(values))
        found = result[result["reason"].str.startswith("about")]
        assert len(found)
        assert (found["score"] < 0).all()

    def test_excluded_buckets_are_neither_judged_nor_learned(self) -> None:
        values = weekly()
        frame = points([*values[:-3], 0, 7000, values[-1]])
        frame["excluded"] = [False] * (len(values) - 3) + [True, True, False]
        result = judge(one(), frame)
        assert result["status"].tail(3).tolist() == ["excluded", "excluded", "judged"]
        assert result["score"].tail(3).isna().tolist() == [True, True, False]
        absent = frame.copy()
        absent.loc[absent["excluded"], "value"] = np.nan
        without = judge(one(), absent)
        assert result["score"].iloc[-1] == without["score"].iloc[-1]
        assert result["expected_value"].iloc[-1] == without["expected_value"].iloc[-1]

    def test_forecast_rows(self) -> None:
        values = weekly()
        result = judge(one(), points(values), horizon=3)
        ahead = result[result["status"] == "forecast"]
        assert len(ahead) == 3
        assert ahead["bucket_start"].iloc[0] == MONDAY + pd.Timedelta(days=len(values))
        assert ahead["score"].isna().all()
        assert ahead["observed_value"].isna().all()
        assert (ahead["lower_bound"] < ahead["expected_value"]).all()
        assert (ahead["upper_bound"] > ahead["expected_value"]).all()
        # The first forecast is what the bucket is judged by once it is there.
        then = judge(one(), points([*values, 1003])).iloc[-1]
        for name in ("expected_value", "lower_bound", "upper_bound", "scale"):
            assert then[name] == ahead[name].iloc[0]

    def test_the_open_bucket_is_not_judged(self) -> None:
        values = weekly()
        newest = MONDAY + pd.Timedelta(days=len(values) - 2)
        result = judge(one(last_bucket=newest), points([*values[:-1], 3]))
        assert result["bucket_start"].max() == newest
        assert result.iloc[-1]["severity"] == ""

    def test_a_bucket_is_no_part_of_its_own_baseline(self) -> None:
        values = weekly()
        low, high = (last(one(), [*values[:-1], v]) for v in (1, 99_999))
        for name in ("expected_value", "lower_bound", "upper_bound", "scale", "sample_size"):
            assert low[name] == high[name]


class TestSettings:
    def test_direction(self) -> None:
        values = weekly()[:-5]
        up = last(one(direction="up"), [*values[:-1], 100])
        assert up.severity == ""
        assert up.score == 0
        assert np.isnan(up.lower_bound)
        assert last(one(direction="up"), [*values[:-1], 5000]).severity == "critical"
        down = last(one(direction="down"), [*values[:-1], 5000])
        assert down.severity == ""
        assert np.isnan(down.upper_bound)

    def test_limits_hold_while_learning(self) -> None:
        row = last(one(upper_limit=100), [50, 60, 101])
        assert (row.status, row.severity) == ("judged", "critical")
        assert row.reason == "101 is above the limit of 100"
        assert row.observed_value >= row.upper_bound
        row = last(one(upper_limit=100, lower_limit=10), [50, 60, 100])
        assert (row.status, row.severity) == ("learning", "")
        assert row.observed_value < row.upper_bound

    def test_minimum_changes(self) -> None:
        values = weekly(level=100_000, weekend=1)
        assert last(one(), [*values, 103_000]).severity == "critical"
        assert last(one(min_relative_change=0.1), [*values, 103_000]).severity == ""
        assert last(one(min_absolute_change=5000), [*values, 103_000]).severity == ""
        assert last(one(min_relative_change=0.1), [*values, 120_000]).severity == "critical"

    def test_sensitivity(self) -> None:
        values = weekly(weekend=1)
        strict, loose = (last(one(critical_score=c), [*values, 1000]) for c in (2.5, 6.0))
        assert loose.upper_bound > strict.upper_bound
        assert loose.lower_bound < strict.lower_bound

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"kind": "number"}, "Series 's' has kind 'number'; choose one of count, rate, positive, real."),
            ({"method": "magic"}, "Series 's' has method 'magic'; choose one of learned, zscore."),
            ({"critical_score": -1.0}, "Series 's' has critical_score -1; it must be greater than 0."),
            ({"warn_score": "x"}, "Series 's' has warn_score 'x'; give a number."),
        ],
    )
    def test_impossible_settings(self, settings: dict[str, Any], message: str) -> None:
        with pytest.raises(ConfigError) as error:
            judge(one(**settings), points([1, 2]))
        assert str(error.value) == message

    @pytest.mark.parametrize("method", ["learned", "zscore"])
    @pytest.mark.parametrize("kind", ["count", "rate", "positive", "real"])
    @pytest.mark.filterwarnings("error")
    def test_series_that_nothing_can_be_learned_from(self, kind: str, method: str) -> None:
        series = one(kind, method=method)
        assert judge(series, points([])).empty
        young = "needs 14 more days of history" if method == "learned" else "needs 10 more days of history"
        for values in ([5.0], [np.nan] * 60, [np.inf] * 60):
            (row,) = judge(series, points(values)).itertuples()
            infinite = "an infinite value, which counts as none; " if np.isinf(values[-1]) else ""
            assert (row.status, row.severity, row.reason) == ("learning", "", infinite + young)
        constant = judge(series, points([5.0] * 60))
        assert set(constant["severity"]) == {""}
        huge = judge(series, points([1e308, -1e308] * 30))
        assert len(huge) == 60

    @pytest.mark.parametrize("method", ["learned", "zscore"])
    @pytest.mark.parametrize("value", [np.inf, -np.inf])
    def test_an_infinite_value_says_so(self, method: str, value: float) -> None:
        row = last(one("count", method=method), [*weekly()[:-1], value])
        assert row.severity == "critical"
        why = "no value; every" if method == "learned" else "standard deviations below the mean"
        nothing = last(one("count", method=method), [*weekly()[:-1], np.nan])
        assert why in nothing.reason
        assert row.reason == f"an infinite value, which counts as none; {nothing.reason.removeprefix('no value; ')}"

    def test_points_need_their_columns_and_a_time_zone(self) -> None:
        with pytest.raises(ConfigError, match="no column 'value'"):
            judge(one(), points([1]).drop(columns="value"))
        naive = points([1]).assign(bucket_start=lambda f: f["bucket_start"].dt.tz_localize(None))
        with pytest.raises(ConfigError, match="no time zone"):
            judge(one(), naive)


def test_columns_and_empty_input() -> None:
    assert tuple(judge(one(), points([1, 2])).columns) == COLUMNS
    assert tuple(judge(one().iloc[:0], points([])).columns) == COLUMNS
    assert lookback(one(method="zscore", window_size=365))["day"] > LOOKBACK["day"]


@pytest.fixture(scope="module")
def mixed() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two series of every family, as learned and as plain statistics, some with settings and with excluded buckets."""
    made = make(2, 77)
    step = {"D": "day", "H": "hour"}
    frames, rows = [], []
    for method in ("learned", "zscore"):
        for entry in made.series.itertuples():
            key = f"{method}-{entry.series_id}"
            number = len(rows)
            rows.append(
                {
                    "series_key": key,
                    "kind": entry.kind,
                    "grain": step[entry.grain],
                    "method": method,
                    "metric": "row_count" if entry.kind == "count" and number % 2 else "value",
                    "direction": ("both", "up", "down", "both")[number % 4],
                    "min_relative_change": 0.1 if number % 5 == 0 else None,
                    "min_absolute_change": 3.0 if number % 7 == 0 else None,
                    "lower_limit": 1.0 if number % 6 == 0 and entry.kind == "count" else None,
                    "upper_limit": 100_000.0 if number % 6 == 1 and entry.kind == "count" else None,
                }
            )
        frames.append(made.points.assign(series_key=method + "-" + made.points["series_id"]))
    frame = pd.concat(frames, ignore_index=True)
    frame["bucket_start"] = frame["ts"].dt.tz_localize("UTC")
    frame["excluded"] = np.random.default_rng(8).random(len(frame)) < 0.01
    return pd.DataFrame(rows).set_index("series_key"), frame[["series_key", "bucket_start", "value", "excluded"]]


def test_judging_the_newest_buckets_equals_judging_everything(mixed: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    series, frame = mixed
    full = judge(series, frame, horizon=2)
    for back in (3, 20):
        newest = frame.merge(series["grain"], left_on="series_key", right_index=True)
        unit = newest["grain"].map({"day": pd.Timedelta(days=1), "hour": pd.Timedelta(hours=1)})
        end = newest.groupby("series_key")["bucket_start"].max()
        since = end - back * series["grain"].map({"day": pd.Timedelta(days=1), "hour": pd.Timedelta(hours=1)})
        first = newest["series_key"].map(since)
        need = newest["grain"].map({grain: pd.Timedelta(value) for grain, value in LOOKBACK.items()})
        assert (unit > pd.Timedelta(0)).all()
        recent = frame[newest["bucket_start"] >= first - need]
        part = judge(series, recent, horizon=2, judge_from=since)
        expected = full[full["bucket_start"] >= full["series_key"].map(since)].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, expected, check_exact=True)


def test_nothing_older_than_the_lookback_matters() -> None:
    """Scores stay the same to the last bit whatever came before the lookback, in daily and in hourly series."""
    rng = np.random.default_rng(12)
    spans = {"day": (430, 7, [401, 409, 429]), "hour": (24 * 120, 168, [24 * 114, 24 * 117 + 5, 24 * 120 - 1])}
    for grain, (size, season, starts) in spans.items():
        shape = np.where(np.arange(size) % season < season * 5 // 7, 1.0, 0.4)
        values = rng.poisson(np.array([[8.0], [300.0], [20_000.0], [50.0]]) * shape).astype(float)
        values[rng.random(values.shape) < 0.03] = np.nan
        values[1, size - 130 : size - 60] = np.nan
        values[3] = 50.0
        values[3, size - 90] = values[3, size - 20] = 60.0
        series = pd.concat(
            [one(grain=grain, metric="row_count"), one(grain=grain), one("positive", grain), one(grain=grain)]
        )
        series["method"] = ["learned", "zscore", "learned", "learned"]
        series.index = pd.Index(["a", "b", "c", "d"])
        other = np.where(rng.random(values.shape) < 0.5, np.nan, rng.poisson(900, values.shape))
        unit = pd.Timedelta(hours=1) if grain == "hour" else pd.Timedelta(days=1)
        reach = int(LOOKBACK["hour" if grain == "hour" else "day"] / unit)
        for at in starts:
            since = pd.Series(MONDAY + at * unit, index=series.index)
            changed = values.copy()
            changed[:, : at - reach] = other[:, : at - reach]
            cut = values.copy()
            cut[:, : at - reach] = np.nan
            results = [
                judge(
                    series,
                    pd.concat([points(v[k], grain, key) for k, key in enumerate(series.index)]),
                    judge_from=since,
                )
                for v in (values, changed, cut)
            ]
            pd.testing.assert_frame_equal(results[0], results[1], check_exact=True)
            pd.testing.assert_frame_equal(results[0], results[2], check_exact=True)


def test_scores_agree_with_bounds(mixed: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """A value moved onto a bound reaches the threshold, and moved just inside it does not."""
    series, frame = mixed
    series = series.assign(metric="value")
    # Neighbours differ, so that the rule for stuck values stays out of this.
    last_rows = frame.groupby("series_key")["bucket_start"].transform("max") == frame["bucket_start"]
    frame = frame.assign(excluded=frame["excluded"] & ~last_rows)
    ahead = judge(series, frame[~last_rows], horizon=1)
    ahead = ahead[ahead["status"] == "forecast"].set_index("series_key")
    thresholds = {"lower_bound": "critical", "upper_bound": "critical"}
    thresholds |= {"warning_lower_bound": "warning", "warning_upper_bound": "warning"}
    rank = {"": 0, "warning": 1, "critical": 2}
    seen = 0
    for name, severity in thresholds.items():
        bound = ahead[name].dropna()
        outward = -np.inf if "lower" in name else np.inf
        keys = frame.loc[last_rows, "series_key"]
        for value, reaches in ((bound, True), (np.nextafter(bound, -outward), False)):
            moved = frame.copy()
            moved.loc[last_rows, "value"] = keys.map(pd.Series(value, index=bound.index)).to_numpy()
            got = judge(series, moved[moved["series_key"].isin(bound.index)])
            got = got.drop_duplicates("series_key", keep="last").set_index("series_key").loc[bound.index]
            hit = got["severity"].map(rank) >= rank[severity]
            by_point = ~got["reason"].str.contains("every week|in a row")
            assert (hit[by_point] == reaches).all(), (name, reaches, got[by_point & (hit != reaches)])
            seen += int(by_point.sum())
            for column in ("expected_value", *thresholds):
                pd.testing.assert_series_equal(got[column], ahead.loc[bound.index, column])
    assert seen > 200


class TestSparseLoads:
    @staticmethod
    def loads(period: int, silent: int, days: int = 300) -> tuple[Any, Any]:
        """Row counts, and ages at the end of each day, of a table loaded every so many days that then fell silent."""
        newest = days - 1 - silent
        filled = np.zeros(days, dtype=bool)
        filled[np.arange(newest, -1, -period)] = True
        before = np.maximum.accumulate(np.where(filled, np.arange(days), -period))
        return np.where(filled, 500.0 + np.arange(days) % 7, 0.0), (np.arange(days) - before + 0.5) * 86_400.0

    @pytest.mark.parametrize("metric", ["row_count", "freshness"])
    @pytest.mark.parametrize("method", ["learned", "zscore"])
    @pytest.mark.parametrize("period", [1, 7, 2, 5, 14, 30])
    def test_silence_is_judged_by_the_rhythm_of_loads(self, metric: str, method: str, period: int) -> None:
        kind, direction = ("count", "down") if metric == "row_count" else ("positive", "up")
        settings = one(kind, metric=metric, method=method, direction=direction)
        for silent, severity in ((period // 2, ""), (period, "critical")):
            values = dict(zip(("row_count", "freshness"), self.loads(period, silent), strict=True))[metric]
            found = judge(settings, points(values)).iloc[-1]
            assert (found.status, found.severity) == ("judged", severity)

    def test_the_age_between_rare_loads_is_no_drift(self) -> None:
        _, ages = self.loads(91, silent=60, days=420)
        found = judge(one("positive", metric="freshness", direction="up"), points(ages)).tail(200)
        assert not found.severity.any(), found[found.severity != ""]
        assert last(one("positive", metric="freshness", direction="up"), ages).status == "judged"
        _, few = self.loads(91, silent=60, days=300)
        row = last(one("positive", metric="freshness", direction="up"), few)
        assert (row.status, row.reason) == ("learning", "needs 1 more load")

    def test_a_young_series_says_how_much_history_it_needs(self) -> None:
        row = last(one(metric="row_count"), [500.0, 0.0, 510.0, 0.0])
        assert (row.status, row.reason) == ("learning", "needs 11 more days of history")
