"""The process of the run is killed, halted with its sessions half open, or hangs."""

from __future__ import annotations

import signal

from tests.faults.hooks import PHASES
from tests.faults.proxy import Fault
from tests.faults.rows import Row
from tests.faults.world import LIMITS, Ended, State, World, ended, wait_for_halt
from tests.waiting import wait_until

SLOW = "{{ config(materialized='table') }} select 1 as a from pg_sleep(600)"


def is_killed(world: World, phase: str) -> Ended:
    done = ended(world.start(before=(phase, "SIGKILL")))
    world.let_claims_lapse()
    return done


def vanishes(world: World, phase: str) -> Ended:
    process = world.start(before=(phase, "SIGSTOP"))
    wait_for_halt(process)
    # Its sessions stay half open; others are not concerned.
    fault, world.network.fault = world.network.fault, Fault()
    fault.is_silent = True
    assert world.run().code == 1, "the next run takes over"
    state = world.state()
    fault.is_silent = False
    process.send_signal(signal.SIGCONT)
    done = ended(process)
    assert world.state() == state, "it wrote although another had taken over"
    return done


def is_taken_over(world: World) -> None:
    """The run that vanished has failed, the one that took over has not."""
    statuses = world.rows("select status from {schema}.lookout_runs order by batch_number")
    assert statuses[-2:] == [("failed",), ("success",)]


def build_does_not_end(world: World, phase: str) -> Ended:
    world.limit(run="12 seconds")
    slow = world.root / "models" / "slow.sql"
    slow.write_text(SLOW)
    world.repairs += [slow.unlink, world.limit]
    done = ended(world.start())
    is_building = "select 1 from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()"
    wait_until(lambda: not world.rows(is_building))
    return done


def hangs(world: World, phase: str) -> Ended:
    world.limit(run="8 seconds")
    world.repairs.append(world.limit)
    return ended(world.start(before=(phase, "hang")))


def without_slow(state: State) -> State:
    """Leave out that there was another model."""
    return {**state, "pipelines": [row for row in state["pipelines"] if row != ("model.observed.slow",)]}


ROWS = (
    Row(
        "The process of the run is killed (`SIGKILL`, out of memory, power)",
        is_killed,
        phases=PHASES,
        short=("learn",),
        code=-signal.SIGKILL,
        does="The next run marks it as failed and does the missing work: at once on the same machine, elsewhere when the lease has lapsed.",
        kept="As without the fault; a message that was being sent may come twice.",
        may_repeat=True,
    ),
    Row(
        "The machine of the run vanishes and comes back later",
        vanishes,
        phases=("collect", "learn", "derive"),
        does="The next run takes over when the lease has lapsed; the run that comes back writes nothing more.",
        sees=f"This run did not renew its lease on … within {LIMITS['lease'].split()[0]} s, and another has taken over: …",
        meanwhile=is_taken_over,
    ),
    Row(
        "dbt's build does not end",
        build_does_not_end,
        phases=("build",),
        does="Ends dbt, its query too, when the time of the run is over.",
        sees="The run has used up its 12 seconds (`limits: run` in lookout.yml); not done: build, …",
        compared=without_slow,
    ),
    Row(
        "The process hangs in something that is no database",
        hangs,
        phases=("collect",),
        does="Ends its own process when the time of the run is over.",
        sees="The run did not end within its time (`limits: run` in lookout.yml), so its process was ended",
    ),
)
