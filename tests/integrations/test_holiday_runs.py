"""Public holidays over several runs: forecast before they come, judged once, and the same all at once."""

from __future__ import annotations

from typing import Any

from lookout.project.workspace import open_workspace
from lookout.runs.learning import learn as learning
from lookout.runs.recording import new_run_id, recorded_run
from tests.conftest import MONITORING, Observed

DAILY = """
create table orders as
select day + interval '6 hours' as at
from generate_series(timestamptz '2021-10-01Z', timestamptz '2022-11-28Z', interval '1 day') as day,
    generate_series(1, (100 + (extract(doy from day)::int * 7) % 11)
        * case when day in (timestamptz '2021-11-25Z', timestamptz '2022-11-24Z') then .5 else 1 end)
"""


def test_a_run_judges_holidays_once(observed: Observed) -> None:
    observed.sql(DAILY)
    declared = {"timestamp_column": "at", "metrics": ["row_count"], "history": "430 days", "holidays": "US"}
    observed.declare({"orders": declared})
    assert observed.run("2022-11-23").exit_code == 0

    def rows(columns: str) -> dict[str, tuple[Any, ...]]:
        found = observed.sql(
            f"select (bucket_start at time zone 'UTC')::date::text, {columns} from {MONITORING}.baselines",
            at="observed",
        )
        return {str(day): tuple(cells) for day, *cells in found}

    ahead = rows("status, holiday, round(expected_value::numeric)::int")
    assert ahead["2022-11-24"][:2] == ("forecast", "Thanksgiving Day (US)")
    assert ahead["2021-11-25"][:2] == ("excluded", "Thanksgiving Day (US)")
    assert 40 < ahead["2022-11-24"][2] < 65
    assert observed.run("2022-11-29").exit_code == 0
    assert observed.sql(f"select holidays from {MONITORING}.monitors", at="observed") == [("US",)]
    everything = "status, holiday, severity, reason, expected_value, lower_bound, upper_bound, score"
    two_steps, written = rows(everything), rows("xmin::text")
    assert two_steps["2022-11-24"][:3] == ("judged", "Thanksgiving Day (US)", "")
    workspace = open_workspace(observed.root, as_of="2022-11-29")
    workspace.parse()

    def learn() -> None:
        with recorded_run(workspace, "learn", new_run_id()) as run:
            learning.learn(run)

    learn()
    assert rows("xmin::text") == written, "unchanged holidays were judged again"
    change = f"truncate {MONITORING}.baselines; update {MONITORING}.monitors set batch_number = 99"
    observed.sql(change, at="observed")
    learn()
    assert rows(everything) == two_steps, "the newest days alone do not equal all of them"
    observed.sql(f"{change}, holidays = null", at="observed")
    learn()
    assert rows("status, severity, holiday")["2022-11-24"] == ("judged", "critical", None)
