"""A row of the matrix: a fault, the phases in which it strikes, and what must hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.world import Ended, State, World

TWIN = "As without the fault."


def is_not_called_good(world: World) -> None:
    """No run that met a fault is recorded as a success."""
    assert not world.is_called_good()


def same(state: State) -> State:
    """Compare everything."""
    return state


@dataclass(frozen=True)
class Row:
    """One line of the page. ``sees`` is a sentence of Lookout, with … for what differs, or empty; ``code`` its exit code.

    ``strike(world, phase)`` does the run that meets the fault. ``meanwhile`` looks at what is stored then, before the
    undisturbed run; ``compared`` reduces a state to what the fault does not change for good. ``may_repeat``: a message
    may come twice.
    """

    fault: str
    strike: Callable[[World, str], Ended]
    does: str
    sees: str = ""
    kept: str = TWIN
    code: int = 2
    phases: tuple[str, ...] = ("",)
    short: tuple[str, ...] = ()
    meanwhile: Callable[[World], None] = is_not_called_good
    compared: Callable[[State], State] = same
    may_repeat: bool = False

    def sees_it(self, said: str) -> bool:
        """Whether the sentence was printed."""
        return bool(re.search(".*".join(re.escape(part) for part in self.sees.split("…")), said))

    def cases(self) -> list[tuple[str, str, bool]]:
        """Its tests: the name, the phase, and whether it belongs to the short half."""
        name = re.sub(r"\W+", "-", self.fault.lower()).strip("-")
        return [(f"{name}-{phase}".strip("-"), phase, phase in self.short) for phase in self.phases]
