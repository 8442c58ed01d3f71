"""Public holidays: judged by earlier ones where there are any, left out with a reason otherwise, never learned from."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookout.baseline.judge import judge
from lookout.baseline.rules.holidays import NO_VALUE, NOT_KNOWN, TOO_EARLY
from lookout.baseline.settings import LOOKBACK
from lookout.errors import ConfigError
from lookout.project.calendar import usual_holidays
from lookout.project.holidays import holidays_between, read_countries
from lookout.runs.learning.exclusions import WINDOW_COLUMNS, judge_with_exclusions
from lookout.runs.learning.holidays import MEMORY, earlier_stretches, groups_of

DAYS = pd.date_range("2021-01-01", "2023-12-31", tz="UTC")
NONE = pd.DataFrame(columns=list(WINDOW_COLUMNS))
NO_RESTARTS = pd.DataFrame({"series_key": [], "restart_at": []})
THANKSGIVING = {2021: "2021-11-25", 2022: "2022-11-24", 2023: "2023-11-23"}


def usual() -> pd.Series[Any]:
    rng = np.random.default_rng(3)
    return pd.Series(rng.poisson(np.where(DAYS.dayofweek < 5, 1000, 600)).astype(float), index=DAYS)


def on(day: str) -> pd.Timestamp:
    return pd.Timestamp(day, tz="UTC")


def with_values(values: pd.Series[Any], **by_day: float) -> pd.Series[Any]:
    changed = values.copy()
    for day, value in by_day.items():
        changed[on(day)] = value
    return changed


def judged(
    values: pd.Series[Any], windows: pd.DataFrame = NONE, judge_from: Any = pd.NaT, **options: Any
) -> pd.DataFrame:
    """Judge one daily series; options are its settings."""
    row = {"kind": "count", "grain": "day", "metric": "row_count", "holidays": "US", **options}
    series = pd.DataFrame({name: [value] for name, value in row.items()}, index=["a"])
    series["last_bucket"] = values.index.max()
    points = pd.DataFrame({"series_key": "a", "bucket_start": values.index, "value": values.to_numpy()})
    since = pd.Series([judge_from], index=["a"], dtype="datetime64[ns, UTC]")
    result = judge_with_exclusions(judge, series, points, NO_RESTARTS, windows, judge_from=since, horizon=3)
    return result.set_index("bucket_start")


@pytest.mark.parametrize(
    ("value", "codes"),
    [("US", ("US",)), ("us, de-by", ("US", "DE-BY")), (["GB-eng"], ("GB-ENG",)), (["US", "US"], ("US",)), ([], ())],
)
def test_countries(value: object, codes: tuple[str, ...]) -> None:
    assert read_countries(value) == codes


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("Germany", "names the country 'Germany', which is unknown; did you mean 'DE'?"),
        ("Untied States", "names the country 'Untied States', which is unknown; did you mean 'US'?"),
        ("ZZ", "names the country 'ZZ', which is unknown; use a code of ISO 3166 like US, or US-CA for a part of it."),
        ("DE-BYE", "names 'DE-BYE', but DE has no part 'BYE'; did you mean 'DE-BY'?"),
        (False, 'is false, which is how YAML reads NO; write "NO" in quotes, or [] for no holidays.'),
        (3, "is 3; write a country code like US, or a list like [US, DE-BY]."),
        (["US", ""], "is ['US', '']; write a country code like US, or a list like [US, DE-BY]."),
    ],
)
def test_unknown_countries(value: object, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_countries(value)
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("var", "codes"), [("US", ("US",)), ("['US', 'DE-BY']", ("US", "DE-BY")), (["US"], ("US",)), ("", ()), (None, ())]
)
def test_the_var_of_the_project(var: object, codes: tuple[str, ...]) -> None:
    seed = {"config": {"meta": {"lookout_holidays": var}}}
    assert usual_holidays({"nodes": {"seed.lookout.lookout_calendar": seed}}) == codes
    assert usual_holidays({"nodes": {}, "disabled": {"seed.lookout.lookout_calendar": [seed]}}) == codes
    with pytest.raises(ConfigError, match=r"^dbt_project.yml: the var lookout_holidays names the country 'Norwegen'"):
        usual_holidays(
            {"nodes": {"seed.lookout.lookout_calendar": {"config": {"meta": {"lookout_holidays": "Norwegen"}}}}}
        )


def test_holidays_have_english_names_and_know_when_they_are_moved() -> None:
    found = {holiday.day: holiday for holiday in holidays_between(("US", "DE-BY"), 2021, 2021)}
    christmas, moved = found[date(2021, 12, 25)], found[date(2021, 12, 24)]
    assert (christmas.label, christmas.is_moved) == ("Christmas Day (US, DE-BY)", False)
    assert (moved.label, moved.is_moved) == ("Christmas Day (observed) (US)", True)
    assert moved.keys < christmas.keys
    assert found[date(2021, 1, 6)].label == "Epiphany (DE-BY)"


def test_a_holiday_is_never_learned_from() -> None:
    plain = judged(usual())
    wild = judged(with_values(usual(), **dict.fromkeys(THANKSGIVING.values(), 50000.0), **{"2022-07-04": 1.0}))
    ordinary = plain["holiday"].isna()
    assert ordinary.sum() > 1000
    pd.testing.assert_frame_equal(plain[ordinary], wild[ordinary])


def test_the_first_is_left_out_and_the_next_is_judged_by_it() -> None:
    values = with_values(usual(), **{THANKSGIVING[2021]: 475.0, THANKSGIVING[2022]: 482.0, THANKSGIVING[2023]: 1000.0})
    result = judged(values)
    first, second, third = (result.loc[on(THANKSGIVING[year])] for year in (2021, 2022, 2023))
    assert (first["status"], first["severity"]) == ("excluded", "")
    assert first["reason"] == f"Thanksgiving Day (US): {NOT_KNOWN}"
    assert NOT_KNOWN == "not judged, no earlier one is known"
    assert (second["status"], second["severity"], second["holiday"]) == ("judged", "", "Thanksgiving Day (US)")
    assert 440 < second["expected_value"] < 510
    # An ordinary day in place of a holiday is remarkable.
    assert (third["severity"], third["sample_size"]) == ("critical", 2)
    assert third["reason"] == f"on Thanksgiving Day (US) about {float(f'{third.expected_value:.3g}'):g} are usual"
    # As far off as the holiday may be, an ordinary day would not be.
    ordinary = result.loc[on("2022-11-17")]
    assert second["upper_bound"] - second["lower_bound"] > 0.8 * (ordinary["upper_bound"] - ordinary["lower_bound"])
    columbus = result.loc[on("2022-10-10")]
    assert 1.3 * result.loc[on("2022-10-03"), "scale"] < columbus["scale"] < 2 * result.loc[on("2022-10-03"), "scale"]
    ahead = judged(values[: on("2022-11-23")]).loc[on(THANKSGIVING[2022])]
    assert ahead["status"] == "forecast"
    for name in ("expected_value", "lower_bound", "upper_bound", "scale"):
        assert ahead[name] == second[name]


def test_the_effect_is_that_of_the_level_then() -> None:
    grown = usual() * np.where(DAYS < "2022-06-01", 1, 10)
    row = judged(with_values(grown, **{THANKSGIVING[2021]: 500.0, THANKSGIVING[2022]: 5000.0})).loc[
        on(THANKSGIVING[2022])
    ]
    assert (row["severity"], row["status"]) == ("", "judged")
    assert 3500 < row["expected_value"] < 6500


@pytest.mark.parametrize("is_stored", [True, False])
def test_an_empty_holiday_is_no_outage_unless_rows_are_usual(is_stored: bool) -> None:
    christmas = {year: f"{year}-12-25" for year in (2021, 2022, 2023)}

    def with_empty(*years: int, rows: float) -> pd.DataFrame:
        values = with_values(usual(), **dict.fromkeys(christmas.values(), rows), **{"2022-12-26": 1000.0})
        empty = [on(christmas[year]) for year in years]
        return judged(with_values(values, **{christmas[y]: 0.0 for y in years}) if is_stored else values.drop(empty))

    never = with_empty(2021, 2022, 2023, rows=0)
    assert never.loc[on(christmas[2021]), "status"] == "excluded"
    assert never.loc[on(christmas[2023]), ["status", "severity"]].tolist() == ["judged", ""]
    assert never.loc[on("2023-12-26"), "severity"] == ""
    usually = with_empty(2023, rows=500).loc[on(christmas[2023])]
    assert (usually["status"], usually["severity"]) == ("judged", "critical")
    assert usually["reason"].startswith("on Christmas Day (US) about ")


def test_calendar_and_feedback_go_first() -> None:
    values = with_values(usual(), **{THANKSGIVING[2021]: 9000.0, THANKSGIVING[2022]: 480.0})
    days = [on(THANKSGIVING[2021])]
    window = pd.DataFrame({"series_key": "a", "starts_at": days, "ends_at": days, "reason": "a fault, confirmed"})
    window["ends_at"] += pd.Timedelta(days=1)
    result = judged(values, window)
    first, second = (result.loc[on(THANKSGIVING[year])] for year in (2021, 2022))
    assert (first["reason"], first["holiday"]) == ("a fault, confirmed", None)
    assert second["reason"] == f"Thanksgiving Day (US): {NOT_KNOWN}", "a day that is left out says nothing about others"


def test_what_cannot_be_judged_says_why() -> None:
    rate = usual() / 2000
    rate[on(THANKSGIVING[2022])] = np.nan
    row = judged(rate, kind="rate", metric="null_rate").loc[on(THANKSGIVING[2022])]
    assert (row["status"], row["reason"]) == ("excluded", f"Thanksgiving Day (US): {NO_VALUE}")
    silent = usual().where((DAYS < "2022-03-01") | (DAYS > "2022-11-15"))
    row = judged(silent).loc[on(THANKSGIVING[2022])]
    assert (row["status"], row["reason"]) == ("excluded", f"Thanksgiving Day (US): {TOO_EARLY}")


def test_limits_hold_on_holidays() -> None:
    values = with_values(usual(), **dict.fromkeys(THANKSGIVING.values(), 480.0))
    row = judged(values, lower_limit=490).loc[on(THANKSGIVING[2023])]
    assert (row["severity"], row["reason"]) == ("critical", "480 is below the limit of 490")


def test_the_newest_alone_equals_everything() -> None:
    values = with_values(usual(), **{THANKSGIVING[2021]: 475.0, THANKSGIVING[2022]: 482.0, THANKSGIVING[2023]: 700.0})
    values = values[: on("2023-11-23")]
    everything = judged(values)
    for newest in ("2023-11-20", "2023-11-21", "2023-11-23"):
        since = on(newest)
        series = pd.DataFrame({"holidays": ["US"], "grain": ["day"]}, index=["a"])
        until = values.index.max() + pd.Timedelta(days=3)
        stretches = list(earlier_stretches(groups_of(series, since - MEMORY, until), since, until))
        assert len(stretches) == 5
        is_read = values.index >= since - LOOKBACK["day"]
        for start, end in stretches:
            is_read |= (values.index >= start) & (values.index < end)
        assert is_read.sum() < 370
        alone = judged(values[is_read], judge_from=since)
        pd.testing.assert_frame_equal(alone, everything[everything.index >= since])


def test_hours_of_a_zone() -> None:
    hours = pd.date_range("2022-10-01", "2023-12-01", freq="h", tz="UTC")
    local = hours.tz_convert("America/New_York")
    quiet = np.isin(local.date, [date(2022, 11, 24), date(2023, 11, 23)])
    rng = np.random.default_rng(5)
    values = pd.Series(rng.poisson(np.where(quiet, 60, 200)).astype(float), index=hours)
    result = judged(values, grain="hour", time_zone="America/New_York")
    rows = result.loc[hours[quiet]]
    assert set(rows["holiday"]) == {"Thanksgiving Day (US)"}
    assert rows.index[0] == pd.Timestamp("2022-11-24T05:00Z")
    later = rows[rows.index > "2023-01-01"]
    assert len(later) == 24
    assert set(later["status"]) == {"judged"}
    assert set(later["severity"]) <= {"", "warning"}
    assert later["expected_value"].between(30, 110).all()


@settings(max_examples=10, deadline=None)
@given(
    st.sampled_from(["count", "rate", "positive", "real"]),
    st.sampled_from(["learned", "zscore"]),
    st.sampled_from(["both", "up", "down"]),
    st.floats(0, 3),
    st.floats(0, 3),
)
def test_bounds_agree_with_the_score(kind: str, method: str, direction: str, before: float, now: float) -> None:
    values = usual()["2021-06-01":"2022-11-24"] / (5000 if kind == "rate" else 1)  # type: ignore[misc]
    level = values[on("2022-11-17")]
    values = with_values(values, **{THANKSGIVING[2021]: before * level, THANKSGIVING[2022]: now * level})
    result = judged(values, kind=kind, method=method, direction=direction, metric="", judge_from=on("2022-11-24"))
    row = result.iloc[0]
    assert row["status"] == "judged"
    for severity, lower, upper in (
        (("critical",), row["lower_bound"], row["upper_bound"]),
        (("critical", "warning"), row["warning_lower_bound"], row["warning_upper_bound"]),
    ):
        is_outside = row["observed_value"] <= lower or row["observed_value"] >= upper
        assert (row["severity"] in severity) == is_outside
    assert not lower > upper
    if direction != "both":
        assert np.isnan(row["lower_bound" if direction == "up" else "upper_bound"])
