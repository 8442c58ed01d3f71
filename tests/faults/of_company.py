"""Other runs, other commands, and runs at another time: at once with a run, or before it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.faults.rows import Row
from tests.faults.world import CLOCK, DAY_BEFORE, Ended, State, World, ended
from tests.waiting import wait_until

AHEAD, BACK = "2099-03-03", "2026-02-20"
OLD_RUN = (
    "insert into {schema}.collection_results (connection, asset, as_of, run_id, status, message) "
    "values ('shop', 'public.orders', '2019-01-01', 'old', 'ok', '') returning 1"
)


def at_once(count: int) -> Callable[[World, str], Ended]:
    """Return a run in the middle of which others begin; they wait for it."""

    def strike(world: World, phase: str) -> Ended:
        others: list[subprocess.Popen[str]] = []

        def begin() -> None:
            others.extend(world.start() for _ in range(count - 1))
            wait_until(lambda: world.rows(f"select 1 from ({WAITING}) as waiting having count(*) >= {count}"))

        done = world.run_struck(phase, begin)
        found = [ended(process) for process in others]
        assert {other.code for other in found} == {1}, found
        return done

    return strike


# A run that holds the lease, or waits for it, has such a session.
WAITING = "select 1 from pg_stat_activity where datname = 'observed' and application_name = 'lookout lease'"


def first_at_once(world: World, phase: str) -> Ended:
    world.reset(is_new=True)
    both = [world.start("run", "--as-of", DAY_BEFORE) for _ in range(2)]
    first, second = (ended(process) for process in both)
    assert first.code == second.code, (first, second)
    world.sink.posts.clear()
    return first


def beside(*command: str, code: int) -> Callable[[World, str], Ended]:
    """Return a run in the middle of which another command runs to its end."""

    def strike(world: World, phase: str) -> Ended:
        world.rows(OLD_RUN)

        def other() -> None:
            done = ended(world.start(*command))
            assert done.code == code, done.said

        return world.run_struck(phase, other)

    return strike


def beside_collect(world: World, phase: str) -> Ended:
    others: list[subprocess.Popen[str]] = []

    def begin() -> None:
        others.append(world.start("collect", "--as-of", CLOCK))
        wait_until(lambda: len(world.rows(WAITING)) >= 2)

    done = world.run_struck(phase, begin)
    other = ended(others[0])
    assert other.code == 1, other.said
    return done


def at(clock: str) -> Callable[[World, str], Ended]:
    """Return a run with that clock."""

    def strike(world: World, phase: str) -> Ended:
        return ended(world.start("run", "--as-of", clock))

    return strike


def nobody_was_told(world: World) -> None:
    """A run of the past sends nothing."""
    assert world.sink.posts == []


def all_good(world: World) -> None:
    """Every run is a success."""
    found = world.rows("select status from {schema}.lookout_runs where status <> 'success'")
    assert found == []


def without_old_run(state: State) -> State:
    """Leave out what was put there to be pruned."""
    return {**state, "collection_results": [row for row in state["collection_results"] if row[2].year > 2019]}


def until_then(state: State) -> State:
    """Leave out what was recorded for another time."""
    until = datetime.fromisoformat(f"{CLOCK}T00:00:00+00:00")
    known = (until, until - timedelta(days=1))
    return {
        **state,
        "metric_observations": [row for row in state["metric_observations"] if row[1] <= until],
        "baselines": [row for row in state["baselines"] if row[1] <= until],
        "collection_results": [row for row in state["collection_results"] if row[2] in known],
    }


WAIT = "The second waits until the first is done."
ROWS = (
    Row("Two runs at once", at_once(2), WAIT, phases=("collect",), code=1, meanwhile=all_good),
    Row("Three runs at once", at_once(3), "One after the other.", phases=("learn",), code=1, meanwhile=all_good),
    Row("Two first runs at once", first_at_once, WAIT, phases=("parse",), code=1, meanwhile=all_good),
    Row("`lookout collect` beside a run", beside_collect, WAIT, phases=("derive",), code=1, meanwhile=all_good),
    Row(
        "`lookout prune` beside a run",
        beside("prune", "--as-of", CLOCK, code=0),
        "Both go on.",
        phases=("learn",),
        code=1,
        meanwhile=all_good,
    ),
    Row(
        "`lookout report` beside a run",
        beside("report", "--as-of", CLOCK, code=0),
        "Both go on.",
        phases=("derive",),
        code=1,
        meanwhile=all_good,
        compared=without_old_run,
    ),
    Row(
        "The clock of a run is ahead",
        at(AHEAD),
        "Says so, and goes on; on a terminal it asks first.",
        sees=f"--as-of {AHEAD} lies … days ahead of this machine's clock: what is recorded for then stays, and the next "
        "run at the right time puts the alerts right.",
        kept="As without the fault up to that time; observations for later days stay.",
        code=1,
        meanwhile=all_good,
        compared=until_then,
    ),
    Row(
        "The clock of a run is behind",
        at(BACK),
        "Sends nothing.",
        sees="a later run has been, so nothing is sent for this replay of the past",
        kept="As without the fault; what was recorded for the earlier time stays.",
        code=0,
        meanwhile=nobody_was_told,
        compared=until_then,
    ),
)
