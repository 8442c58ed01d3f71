"""Whatever breaks, the run says so, and the next one brings everything to what it would have been without the fault.

The short half runs in `make test`, all of it in the suite `faults` of `make test-integrations`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.conftest import Observed
from tests.faults.matrix import ROWS
from tests.faults.proxy import proxy
from tests.faults.rows import Row
from tests.faults.table import PAGE, table
from tests.faults.world import State, World

# Read before the tests, whose environment knows no LOOKOUT_ variable.
IS_WHOLE = bool(os.environ.get("LOOKOUT_ALL_FAULTS"))
# What is waited for in vain takes its time.
SHORTER = {
    "lookout.notify.transport.sending.PAUSES": (0.0, 0.0),
    "lookout.runs.recording.LAST_WORDS_SECONDS": 1.5,
    "lookout.database.runners.lease.RELEASE_SECONDS": 0.5,
    "lookout.project.dbt.END_SECONDS": 2.0,
}


@dataclass(frozen=True)
class Twin:
    """The same data and clocks without a fault."""

    code: int
    state: State
    builds: dict[str, int]
    messages: list[str]


@pytest.fixture(scope="module")
def world(observed_project: Observed) -> Iterator[World]:
    """The project under fault."""
    with pytest.MonkeyPatch.context() as patch, proxy(observed_project.warehouse) as network:
        for limit, seconds in SHORTER.items():
            patch.setattr(limit, seconds)
        running = World(observed_project, patch, network)
        running.prepare()
        yield running
        running.clean()


@pytest.fixture(scope="module")
def twin(world: World) -> Twin:
    """What an undisturbed run stores: an old alert, a new one, and one message about the new one."""
    world.reset()
    code = world.run().code
    state, builds = world.state(), world.builds()
    assert [(row[5], row[3]) for row in state["alerts"]] == [("public.payments", "open"), ("public.refunds", "open")]
    assert len(world.messages()) == 1
    return Twin(code, state, {name: count for name, _, count in builds}, world.messages())


CASES = [
    pytest.param(row, phase, id=name) for row in ROWS for name, phase, is_short in row.cases() if is_short or IS_WHOLE
]


@pytest.fixture
def disturbed(world: World) -> Iterator[World]:
    """The world as it was the day before."""
    world.reset()
    yield world
    world.end_all()
    world.repair()


@pytest.mark.parametrize(("row", "phase"), CASES)
def test_nothing_is_lost_nothing_is_doubled(row: Row, phase: str, twin: Twin, disturbed: World) -> None:
    ended = row.strike(disturbed, phase)
    print(ended.code, ended.said)
    assert ended.code == row.code, ended.said
    assert row.sees_it(ended.said), ended.said
    row.meanwhile(disturbed)
    disturbed.repair()
    after = disturbed.run()
    assert (after.code, after.said) == (twin.code, "")
    assert disturbed.last_run() == "success"
    found = row.compared(disturbed.state())
    for name, rows in row.compared(twin.state).items():
        assert found[name] == rows, name
    known = {alert[0] for alert in found["alerts"]}
    sent = [message for message in disturbed.messages() if message.split()[0] in known]
    assert (sorted(set(sent)) if row.may_repeat else sent) == twin.messages
    for name, is_running, count in disturbed.builds():
        assert not is_running
        assert count >= twin.builds.get(name, 0), "a model that is built twice was executed twice"


def test_the_page_has_the_rows_of_the_matrix() -> None:
    assert table() in PAGE.read_text(encoding="utf-8"), "`python -m tests.faults.table` writes them"
