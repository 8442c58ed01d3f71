"""What collecting stores about the arrival of rows, and what learning makes of it; without dbt."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from lookout.declarations import read_declarations
from lookout.project.workspace import Workspace, open_workspace
from lookout.runs.collection import collect_observations, register
from lookout.runs.learning.learn import learn
from lookout.runs.recording import new_run_id, recorded_run
from tests.conftest import MONITORING, Observed

START = datetime(2026, 3, 2, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
# Five hours late, and every third row of the last two hours has no timestamp.
LATE = """
create table late (at timestamptz, came timestamptz);
insert into late
select case when at < '2026-03-02 00:00Z' or extract(minute from at)::int % 3 > 0 then at end, at + interval '5 hours'
from generate_series(timestamptz '2026-02-01Z', '2026-03-03Z', '2 minutes') as at;
create table clock (now timestamptz);
create view events as select at from late where came <= (select now from clock);
"""


class World:
    """One parse of the project, and looks at any clock."""

    def __init__(self, observed: Observed, workspace: Workspace) -> None:
        self.observed, self.workspace = observed, workspace

    def look(self, hours: float) -> tuple[Any, ...]:
        """Collect and learn so many hours after the start; return what the look found out."""
        clock = START + hours * HOUR
        self.observed.sql("truncate clock; insert into clock values (%s)", (clock,))
        workspace = replace(self.workspace, as_of=clock)
        with recorded_run(workspace, "run", new_run_id(), read_declarations(workspace)) as run:
            register(run)
            collect_observations(run, run.declared.monitors)
            learn(run)
        (found,) = self.observed.sql(
            "select due_until, arrived_until, extract(epoch from late_since), usual_delay_seconds::int, new_rows, "
            "round(undated_share::numeric, 2)::float, undated_since is not null "
            f"from {MONITORING}.collection_results where as_of = %s",
            (clock,),
            at="observed",
        )
        return tuple(int((value - START) / HOUR) if isinstance(value, datetime) else value for value in found)

    def judged_until(self) -> int:
        ((newest,),) = self.observed.sql(
            f"select max(bucket_start) from {MONITORING}.baselines where status <> 'forecast'", at="observed"
        )
        return int((newest - START) / HOUR) + 1

    def arrivals(self) -> list[tuple[Any, ...]]:
        return self.observed.sql(f"select * from {MONITORING}.bucket_arrivals order by bucket_start", at="observed")


@pytest.fixture
def world(observed: Observed) -> World:
    observed.sql(LATE)
    observed.declare({"events": {"timestamp_column": "at", "grain": "hour"}})
    workspace = open_workspace(observed.root, as_of=START)
    workspace.parse()
    return World(observed, workspace)


def test_looks_find_out_when_rows_come_and_learning_waits_for_them(world: World) -> None:
    assert world.look(0) == (-5, -5, None, None, None, None, False)
    assert world.judged_until() == -5
    assert world.look(1) == (-5, -4, None, 18000, 30, 0.0, False)
    assert world.look(2) == (-4, -3, None, 18000, 30, 0.0, False)
    assert world.judged_until() == -4
    # The first hour that was late is judged when it is due, though its rows came a look ago.
    assert world.look(3) == (-3, -2, None, 18000, 30, 0.0, False)
    assert world.judged_until() == -3
    assert [world.look(hours)[0] for hours in (4, 5)] == [-2, -1]
    assert world.look(6) == (0, 1, None, 18000, 20, 0.33, True)
    known = world.arrivals()
    # The same clock again finds the same, and so does an earlier one, which teaches nothing.
    assert world.look(6) == (0, 1, None, 18000, 20, 0.33, True)
    assert world.look(3)[:4] == (-3, -2, None, 18000)
    assert world.arrivals() == known


def test_what_was_judged_before_the_delay_was_known_is_taken_back(world: World) -> None:
    world.observed.sql("delete from late where at between '2026-03-01 10:00Z' and '2026-03-01 19:00Z'")
    # Fourteen hours without rows are told at once, and five of them turn out to be as long as ever.
    assert world.look(0)[0] == 0
    assert world.judged_until() == 0
    assert world.look(1)[0] == -5
    assert world.judged_until() == -5
    assert world.look(2)[0] == -4
    assert world.judged_until() == -4
