"""Commands and nodes as dbt's log has them, and in the shape of run_results.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SCHEMA = "https://schemas.getdbt.com/dbt/run-results/v6.json"


@dataclass(frozen=True)
class LoggedNode:
    """A node that ran; ``status`` is dbt's own, empty while it has not ended, and for an ephemeral model.

    ``batches`` are those of a microbatch model, with whether each was built.
    """

    node_id: str
    started_at: datetime
    ended_at: datetime | None = None
    status: str = ""
    message: str = ""
    rows: int | None = None
    failures: int | None = None
    batches: Mapping[str, bool] = field(default_factory=dict)

    def as_result(self) -> dict[str, Any]:
        """Return the node as an entry of run_results.json."""
        ended_at = self.ended_at or self.started_at
        kinds = {"successful": True, "failed": False}
        batches = {name: [[b] for b, good in self.batches.items() if good is kind] for name, kind in kinds.items()}
        return {
            "unique_id": self.node_id,
            "status": self.status,
            "message": self.message,
            "failures": self.failures,
            "timing": [{"started_at": self.started_at.isoformat(), "completed_at": ended_at.isoformat()}],
            "execution_time": (ended_at - self.started_at).total_seconds(),
            "batch_results": batches if self.batches else None,
        }


@dataclass(frozen=True)
class LoggedInvocation:
    """One dbt command; ``succeeded`` is None when its end is not in the log. ``last_seen_at`` is its last line.

    ``args`` are those of dbt's that say whether its results count, in the names of run_results.json.
    """

    invocation_id: str
    started_at: datetime
    command: str = ""
    ended_at: datetime | None = None
    succeeded: bool | None = None
    last_seen_at: datetime | None = None
    nodes: tuple[LoggedNode, ...] = field(default_factory=tuple)
    args: Mapping[str, bool] = field(default_factory=dict)

    def as_results(self) -> dict[str, Any]:
        """Return the command as the content of run_results.json, with the nodes that ended."""
        ended_at = self.ended_at or self.last_seen_at or self.started_at
        return {
            "metadata": {
                "dbt_schema_version": SCHEMA,
                "invocation_id": self.invocation_id,
                "generated_at": ended_at.isoformat(),
            },
            "args": {**self.args, "which": self.command},
            "results": [node.as_result() for node in self.nodes if node.status],
        }
