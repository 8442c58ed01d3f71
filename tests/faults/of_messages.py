"""A target of messages refuses, redirects, trickles or hangs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.faults.rows import Row
from tests.faults.world import Ended, World

KEPT = "As without the fault: the message waits, and the next run sends it."


def answers(answer: Any, tries: int) -> Callable[[World, str], Ended]:
    """Return a run whose messages are answered so."""

    def strike(world: World, phase: str) -> Ended:
        world.sink.always = answer
        done = world.run()
        assert len(world.sink.posts) == tries
        # They arrived and were not accepted.
        world.sink.posts.clear()
        return done

    return strike


def refuses(world: World, phase: str) -> Ended:
    world.monkeypatch.setenv("HOOK", "http://127.0.0.1:9/nobody")
    world.repairs.append(lambda: world.monkeypatch.setenv("HOOK", world.sink.url))
    return world.run()


def it_waits(world: World) -> None:
    """The message about the new alert is kept."""
    assert world.last_run() == "partial"
    assert world.rows("select alert_status from {schema}.alert_deliveries where status = 'pending'") == [("open",)]


def target(fault: str, strike: Callable[[World, str], Ended], why: str, does: str, **settings: Any) -> Row:
    """Return a row about a target."""
    sees = f"1 alert could not be sent to target 'team': {why}; the next run tries again."
    return Row(fault, strike, does=does, sees=sees, phases=("notify",), kept=KEPT, meanwhile=it_waits, **settings)


THRICE, ONCE = "Tries three times.", "Tries once more, without images."

ROWS = (
    target("A target of messages refuses connections", refuses, "it refused the connection", THRICE),
    target("A target of messages answers with an error", answers(500, tries=3), "it answered HTTP 500", THRICE),
    target(
        "A target of messages redirects",
        answers((302, {"Location": "/elsewhere"}), tries=2),
        "it answered HTTP 302",
        ONCE,
    ),
    target(
        "A target of messages answers byte by byte",
        answers("drip", tries=1),
        "it had not answered in full after … s",
        "Leaves it when its `time_limit` is over.",
    ),
    target(
        "A target of messages does not answer",
        answers("hang", tries=1),
        "it had not answered in full after … s",
        "Leaves it when its `time_limit` is over.",
    ),
)
