"""The warehouse, which holds the monitoring schema, hangs up, falls silent or is restarted."""

from __future__ import annotations

from tests.faults.hooks import POINTS
from tests.faults.proxy import proxy
from tests.faults.rows import Row
from tests.faults.world import Ended, World

PHASES = tuple(POINTS)


def hangs_up(world: World, phase: str) -> Ended:
    def strike() -> None:
        world.observed.server.run(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'observed' and pid <> pg_backend_pid()"
        )

    return world.run_struck(phase, strike)


def falls_silent(world: World, phase: str) -> Ended:
    with proxy(world.observed.warehouse) as running:
        world.lead(observed=running)

        def strike() -> None:
            running.fault.is_silent = True

        return world.run_struck(phase, strike)


ROWS = (
    Row(
        "The warehouse ends all connections",
        hangs_up,
        phases=PHASES,
        short=("collect",),
        does="ends",
        sees="",
    ),
    Row(
        "The warehouse falls silent",
        falls_silent,
        phases=PHASES,
        short=("derive",),
        does="ends",
        sees="",
    ),
)
