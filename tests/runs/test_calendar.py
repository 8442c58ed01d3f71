"""Days that the calendar names are neither judged nor learned from, and a changed calendar is heard at once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from lookout.baseline.judge import judge
from lookout.doctor.examine import examine
from lookout.project.workspace import Workspace, open_workspace
from lookout.runs.learning import learn as learning
from lookout.runs.learning.exclusions import CalendarEntry, excluded_reasons, judge_anew, read_calendar, windows_of
from lookout.runs.recording import new_run_id, recorded_run
from tests.conftest import MONITORING, Observed

NO_FEEDBACK = pd.DataFrame(columns=["series_key", "verdict", "window_start", "window_end", "note"])
# 100 rows a day, give or take; five times as many on 20 February, which is the sale.
DAILY = """
create table orders as
select day + interval '6 hours' as at
from generate_series(timestamptz '2026-01-01Z', timestamptz '2026-03-01Z', interval '1 day') as day,
    generate_series(1, (100 + (extract(doy from day)::int * 7) % 11)
        * case when day = timestamptz '2026-02-20Z' then 5 else 1 end)
"""


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=timezone.utc)


def test_rows_become_entries_and_mistakes_become_sentences() -> None:
    rows = [
        ["2026-12-24", "2026-12-26", "shop.*", "Christmas"],
        ["2026-01-01 00:00:00+00", None, None, None],
        ["2026-12-24", "2026-12-23", "", "wrong way round"],
        ["24.12.2026", "2026-12-26", "", "not ISO"],
        ["2026-02-30", "", "", ""],
        [None, None, "shop.*", ""],
        ["2026-05-01", "soon", "", ""],
    ]
    entries, problems = read_calendar(rows, "holidays")
    assert entries == (
        CalendarEntry(at("2026-12-24"), at("2026-12-27"), "shop.*", "Christmas"),
        CalendarEntry(at("2026-01-01"), at("2026-01-02"), "*", "calendar"),
    )
    assert problems[0] == (
        "Calendar holidays, entry (2026-12-24, 2026-12-23, wrong way round): it ends on 2026-12-23, before it starts "
        "on 2026-12-24; the entry is left out until it is corrected."
    )
    assert [p.split("): ")[1].split(";")[0] for p in problems[1:]] == [
        "'24.12.2026' is not a date",
        "'2026-02-30' is not a date",
        "start_date is empty",
        "'soon' is not a date",
    ]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("*", True), ("shop.orders", True), ("shop.o*", True), ("*.orders", True), ("pg.shop.order?", True),
     ("orders", False), ("shop.Orders", False), ("pg2.*", False), ("shop.order_", False)],
)  # fmt: skip
def test_patterns(pattern: str, expected: bool) -> None:
    assert CalendarEntry(at("2026-01-01"), at("2026-01-02"), pattern, "").matches("pg", "shop.orders") is expected


def test_the_days_are_whole_and_in_utc_and_the_first_reason_counts() -> None:
    series = pd.DataFrame({"series_key": ["a", "b"], "connection": "pg", "asset": ["shop.a", "shop.b"]})
    entries, _ = read_calendar(
        [["2026-01-02", "", "shop.a", "first"], ["2026-01-02", "2026-01-03", "*", "second"]], "c"
    )
    windows = windows_of(entries, series, NO_FEEDBACK)
    hours = pd.to_datetime(
        ["2026-01-01T23", "2026-01-02T00", "2026-01-02T23", "2026-01-03T23", "2026-01-04T00"], utc=True
    )
    points = pd.DataFrame(
        {"series_key": np.repeat(["b", "z", "a"], 5), "bucket_start": list(hours) * 3}, index=range(7, 22)
    )
    reasons = excluded_reasons(points, windows)
    assert list(reasons.index) == list(points.index)
    assert reasons.tolist() == [
        None,
        "second",
        "second",
        "second",
        None,
        *[None] * 5,
        None,
        "first",
        "first",
        "second",
        None,
    ]
    assert excluded_reasons(points, windows[:0]).isna().all()


def test_a_named_day_is_as_if_it_had_never_been() -> None:
    days = pd.date_range("2026-01-01", periods=60, tz="UTC")
    values = 1000 + 30 * np.sin(np.arange(60) * 1.7)
    spoiled = values.copy()
    spoiled[50] = 9000.0
    series = pd.DataFrame({"kind": "count", "grain": "day", "last_bucket": days[-1]}, index=["a"])
    window = pd.DataFrame({"series_key": ["a"], "starts_at": days[50], "ends_at": days[51], "reason": "sale"})

    def judged(given: Any, windows: pd.DataFrame) -> pd.DataFrame:
        points = pd.DataFrame({"series_key": "a", "bucket_start": days, "value": given})
        none = pd.DataFrame({"series_key": [], "restart_at": pd.to_datetime([], utc=True)})
        nothing = pd.Series(pd.NaT, index=["a"], dtype="datetime64[ns, UTC]")
        return judge_anew(judge, series, points, none, windows, judge_from=nothing, horizon=3)

    left_out, other = judged(spoiled, window), judged(np.where(np.arange(60) == 50, 1.0, values), window)
    assert left_out.drop(columns="observed_value").equals(other.drop(columns="observed_value"))
    row = left_out.iloc[50]
    assert (row["status"], row["reason"], row["severity"], row["observed_value"]) == ("excluded", "sale", "", 9000.0)
    assert np.isnan(row["score"])
    assert judged(spoiled, window[:0]).iloc[50]["severity"] == "critical"
    assert left_out.iloc[51:60]["severity"].eq("").all()
    ahead = window.assign(starts_at=days[-1] + pd.Timedelta(days=2), ends_at=days[-1] + pd.Timedelta(days=3))
    assert judged(values, ahead)["status"].tolist()[-3:] == ["forecast", "excluded", "forecast"]


@pytest.fixture
def project(observed: Observed) -> Iterator[Observed]:
    definition = observed.root / "dbt_project.yml"
    before = definition.read_text()
    columns = ["start_date", "end_date", "asset_pattern", "reason"]
    seed = {"name": "lookout_calendar", "config": {"column_types": dict.fromkeys(columns, "text")}}
    seeds = observed.root / "seeds"
    seeds.mkdir()
    (seeds / "lookout_calendar.csv").write_text(",".join(columns) + "\n")
    (seeds / "seeds.yml").write_text(yaml.safe_dump({"version": 2, "seeds": [seed]}))
    yield observed
    definition.write_text(before)
    shutil.rmtree(seeds)
    (observed.root / "models" / "calendar.yml").unlink(missing_ok=True)


def parsed(project: Observed) -> Workspace:
    workspace = open_workspace(project.root, as_of="2026-03-02")
    workspace.parse()
    return workspace


def learn(workspace: Workspace) -> list[str]:
    """The learning step alone; returns what it could not do."""
    with recorded_run(workspace, "learn", new_run_id()) as run:
        learning.learn(run)
    return run.problems


def test_a_calendar_is_heard_forgotten_and_replaced(project: Observed) -> None:
    def rows() -> dict[str, tuple[str, str, str]]:
        found = project.sql(
            "select (bucket_start at time zone 'UTC')::date::text, status || ' ' || severity, reason, xmin::text "
            f"from {MONITORING}.baselines order by 1",
            at="observed",
        )
        return {str(day): (str(status).strip(), str(reason), str(written)) for day, status, reason, written in found}

    def sale() -> tuple[str, str]:
        return rows()["2026-02-20"][:2]

    def change(statement: str) -> None:
        project.sql(statement.replace("CALENDAR", "public.lookout_calendar"), at="observed")

    project.sql(DAILY)
    project.declare({"orders": {"timestamp_column": "at", "metrics": ["row_count"]}})
    assert project.run("2026-03-02").exit_code == 0
    first = rows()
    assert first["2026-02-20"][0] == "judged critical"
    workspace = parsed(project)

    change(
        "insert into CALENDAR values ('2026-02-20', '2026-02-20', 'public.ord*', 'the sale'), "
        "('2026-03-03', null, null, 'to come'), ('2026-02-10', '2026-02-12', 'public.items', 'not about orders')"
    )
    assert learn(workspace) == []
    second = rows()
    assert sale() == ("excluded", "the sale")
    assert second["2026-03-03"][:2] == ("excluded", "to come")
    assert all(first[day] == second[day] for day in first if day < "2026-02-20"), "what lies before was judged again"
    assert first["2026-02-21"] != second["2026-02-21"], "what lies after was not judged again"
    assert learn(workspace) == []
    assert rows() == second, "an unchanged calendar was judged again"

    said = [f.message for f in examine(project.root) if f.subject == "calendar"]
    assert said == ["3 entries in lookout_calendar; no watched table matches public.items"]

    change("update CALENDAR set end_date = '2026-02-19' where reason = 'the sale'")
    assert learn(workspace) == [
        "Calendar lookout_calendar, entry (2026-02-20, 2026-02-19, public.ord*, the sale): it ends on 2026-02-19, "
        "before it starts on 2026-02-20; the entry is left out until it is corrected."
    ]
    assert sale()[0] == "judged critical"

    change(
        "create table days_off as select date '2026-02-19' as start_date, date '2026-02-21' as end_date, "
        "'observed.*' as asset_pattern, 'ours' as reason"
    )
    source = {"name": "people", "schema": "public", "tables": [{"name": "days_off"}]}
    (project.root / "models" / "calendar.yml").write_text(yaml.safe_dump({"version": 2, "sources": [source]}))
    definition = project.root / "dbt_project.yml"
    definition.write_text(definition.read_text() + "vars: {lookout_calendar: people.days_off}\n")
    workspace = parsed(project)
    assert learn(workspace) == []
    assert sale()[0] == "judged critical", "the pattern names another connection"
    change("update days_off set asset_pattern = 'shop.*'")
    assert learn(workspace) == []
    assert [rows()[f"2026-02-{day}"][:2] for day in (19, 20, 21)] == [("excluded", "ours")] * 3
    change("drop table days_off")
    assert learn(workspace) == [
        "The calendar people.days_off is not in the database yet: run `dbt build --select people.days_off`."
    ]
    definition.write_text(definition.read_text().replace("people.days_off", "holidays"))
    assert learn(parsed(project)) == [
        "The project has no seed, model or source 'holidays', which the var lookout_calendar names: correct it in "
        "dbt_project.yml."
    ]
