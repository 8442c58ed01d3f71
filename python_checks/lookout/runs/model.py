"""One run of a command that writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from lookout.database.store import Store
from lookout.declarations import Declarations
from lookout.project.workspace import Workspace


@dataclass
class Run:
    """One run of a writing command. ``batch_number`` numbers its collection; the store's lock is held meanwhile.

    ``known_alerts`` are the keys of the alerts that were there before it.
    """

    workspace: Workspace
    store: Store
    run_id: str
    batch_number: int
    learned_through: int | None = None
    problems: list[str] = field(default_factory=list)
    known_alerts: frozenset[str] = frozenset()
    declared: Declarations = field(default_factory=Declarations)

    @property
    def as_of(self) -> datetime:
        """Run clock."""
        return self.workspace.as_of
