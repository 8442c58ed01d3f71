"""The warehouse, which holds the monitoring schema, hangs up, falls silent or is restarted."""

from __future__ import annotations

import pytest

from lookout.database.embedded import EmbeddedServer
from tests.faults.hooks import PHASES
from tests.faults.rows import Row
from tests.faults.world import LIMITS, Ended, World

KEPT = "As without the fault; a message that was being sent may come twice."


def hangs_up(world: World, phase: str) -> Ended:
    def strike() -> None:
        world.observed.server.run(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'observed' and pid <> pg_backend_pid()"
        )

    world.let_claims_lapse()
    return world.run_struck(phase, strike)


def restarts(world: World, phase: str) -> Ended:
    embedded = world.observed.server.embedded
    if not isinstance(embedded, EmbeddedServer):
        pytest.skip("the tests may not restart a server that is not theirs")

    def strike() -> None:
        embedded.stop()
        embedded.start()

    return world.run_struck(phase, strike)


def falls_silent(world: World, phase: str) -> Ended:
    def strike() -> None:
        world.network.fault.is_silent = True

    world.let_claims_lapse()
    return world.run_struck(phase, strike)


ROWS = (
    Row(
        "The warehouse ends all connections",
        hangs_up,
        phases=PHASES,
        short=("collect",),
        does="Ends; what it has written stays.",
        sees="Could not … in observed (…): …",
        kept=KEPT,
        may_repeat=True,
    ),
    Row(
        "The server of the warehouse restarts",
        restarts,
        phases=("learn",),
        does="Ends; what it has written stays.",
        sees="Could not … in observed (…): …",
    ),
    Row(
        "The warehouse is silent from the start",
        falls_silent,
        phases=("start",),
        does="Ends; what it has written stays.",
        sees="Cannot connect to observed (…): … timeout expired",
    ),
    Row(
        "The warehouse falls silent",
        falls_silent,
        phases=PHASES[1:],
        does="Ends when it has been silent for as long as the lease; dbt is ended, too.",
        sees=f"has not answered for {LIMITS['lease'].split()[0]} s, so this run may no longer write to it: check that server, then run again; not done: …",
        kept=KEPT,
        may_repeat=True,
    ),
)
