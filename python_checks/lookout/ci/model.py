"""The values of a review of a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lookout.contracts.changes.consumers import Consumer
from lookout.contracts.changes.diff import AssetDiff, ContractDiff

Manifest = Mapping[str, Any]
Status = Literal["built", "passed", "warned", "failed", "skipped", "not_evaluated"]
# Exit codes of a review.
FINE, FAILED, UNKNOWN = 0, 1, 2


@dataclass(frozen=True)
class Node:
    """A node of a manifest as a comment names it. ``kind`` is dbt's resource type."""

    node_id: str
    name: str
    kind: str
    file: str = ""
    owner: str = ""
    is_new: bool = False


@dataclass(frozen=True)
class Outcome:
    """The result of one node of the change.

    ``message`` is dbt's or Lookout's reason in one line. ``saw_rows`` is False for a data test of empty tables alone,
    and None where rows were not counted.
    """

    node: Node
    status: Status
    message: str = ""
    seconds: float = 0.0
    saw_rows: bool | None = None


@dataclass(frozen=True)
class Coverage:
    """Tests and described columns of one table: before (None when it is new) and now."""

    name: str
    tests_before: int | None
    tests: int
    described_before: int | None
    described: int
    columns_before: int | None
    columns: int
    has_description: bool = True


@dataclass(frozen=True)
class Slowed:
    """A node that takes longer than in the base, in seconds."""

    name: str
    before: float
    now: float


@dataclass(frozen=True)
class Review:
    """The whole result of a review. ``where`` names the database the change was built in, empty when it was not built.

    ``unparsed`` holds dbt's words when the change does not parse. ``problems`` are sentences about what could not be
    evaluated. ``announced`` are the tables whose breaking change was announced. ``notices`` are facts that deserve a
    line and change no verdict.
    """

    project: str
    base: str
    where: str = ""
    modified: tuple[Node, ...] = ()
    removed: tuple[Node, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    contracts: ContractDiff | None = None
    announced: Mapping[str, str] = field(default_factory=dict)
    coverage: tuple[Coverage, ...] = ()
    downstream: tuple[Consumer, ...] = ()
    slower: tuple[Slowed, ...] = ()
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    unparsed: str = ""
    is_unchanged: bool = False

    def of_status(self, *statuses: Status) -> tuple[Outcome, ...]:
        """Return the outcomes of these statuses."""
        return tuple(one for one in self.outcomes if one.status in statuses)

    @property
    def breaking(self) -> tuple[AssetDiff, ...]:
        """Tables whose contract breaks without an announcement."""
        assets = self.contracts.assets if self.contracts else ()
        return tuple(one for one in assets if one.level == "breaking" and one.node_id not in self.announced)

    @property
    def without_rows(self) -> tuple[Outcome, ...]:
        """Data tests that passed over empty tables."""
        return tuple(one for one in self.of_status("passed", "warned") if one.saw_rows is False)

    @property
    def exit_code(self) -> int:
        """1 when something failed or breaks, else 2 when something could not be evaluated, else 0."""
        if self.unparsed or self.of_status("failed") or self.breaking:
            return FAILED
        return UNKNOWN if self.problems or self.of_status("not_evaluated", "skipped") else FINE
