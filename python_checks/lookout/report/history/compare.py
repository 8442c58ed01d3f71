"""Differences between two summaries of a report. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lookout.report.history.summaries import MOST_NODES

Summary = Mapping[str, Any]
# A node is slower when it takes at least twice as long, and that is at least a second more.
SLOWER_FACTOR, SLOWER_SECONDS = 2.0, 1.0


@dataclass(frozen=True)
class Slower:
    """A dbt node that takes longer, in seconds. With ``is_bound`` it took at most ``before``, or it is new."""

    name: str
    before: float
    now: float
    is_bound: bool = False


@dataclass(frozen=True)
class Difference:
    """Differences of alerts, contracts, tables and dbt nodes.

    ``contracts`` are (name, status before, status now, why), with the status "none" where there is no contract.
    ``fixed`` are the resolved alerts whose table is still evaluated: an alert also ends when its table is not.
    """

    new: list[Summary]
    resolved: list[Summary]
    fixed: list[Summary]
    contracts: list[tuple[str, str, str, str]]
    newly_unevaluated: list[Summary]
    unwatched: list[Summary]
    slower: list[Slower]

    def contracts_to(self, status: str) -> list[tuple[str, str, str, str]]:
        """Return the contracts that changed to a status; to "held" only those that were broken before."""
        changed = [row for row in self.contracts if row[2] == status]
        return [row for row in changed if row[1] == "broken"] if status == "held" else changed


def compare(now: Summary, base: Summary) -> Difference:
    """Return the difference of two summaries that were evaluated; the order is that of the summaries."""
    old_keys = {alert["key"] for alert in base["alerts"]}
    new_keys = {alert["key"] for alert in now["alerts"]}
    before = {location(row) for row in unevaluated_tables(base)}
    unevaluated = unevaluated_tables(now)
    watched = {location(row) for row in now["tables"]}
    unwatched = [row for row in base["tables"] if location(row) not in watched]
    unseen = {location(row) for row in (*unevaluated, *unwatched)}
    resolved = [alert for alert in base["alerts"] if alert["key"] not in new_keys]
    return Difference(
        new=[alert for alert in now["alerts"] if alert["key"] not in old_keys],
        resolved=resolved,
        fixed=[alert for alert in resolved if location(alert) not in unseen],
        contracts=_contracts(now, base),
        newly_unevaluated=[row for row in unevaluated if location(row) not in before],
        unwatched=unwatched,
        slower=_slower(now["nodes"] or [], base["nodes"] or []),
    )


def unevaluated_tables(summary: Summary) -> list[Summary]:
    """Return the watched tables that could not be evaluated."""
    return [row for row in summary["tables"] if row["status"] == "not evaluated"]


def location(row: Summary) -> str:
    """Return database and table of a row."""
    return f"{row['connection']} {row['asset']}".strip()


def contract_key(row: Summary) -> str:
    """Return a contract's name and the table it is about."""
    return f"{row['name']} on {location(row)}"


def _contracts(now: Summary, base: Summary) -> list[tuple[str, str, str, str]]:
    old = {contract_key(row): row for row in base["contracts"]}
    new = {contract_key(row): row for row in now["contracts"]}
    nothing = {"status": "none", "detail": ""}
    changed = []
    # New contracts first, in their order, then those that are gone.
    for name in {**new, **old}:
        before, after = old.get(name, nothing), new.get(name, nothing)
        if before["status"] != after["status"]:
            changed.append((name, before["status"], after["status"], after["detail"]))
    return changed


def _slower(now: list[Summary], base: list[Summary]) -> list[Slower]:
    """Return the nodes that take longer than before.

    A summary keeps only its slowest nodes: one that is not in a full base took at most as long as the fastest that is.
    """
    before = {node["name"]: node["seconds"] for node in base}
    bound = min(before.values()) if len(base) >= MOST_NODES else None
    slower = []
    for node in now:
        name, seconds = node["name"], node["seconds"]
        old = before.get(name, bound)
        if old is None:
            continue
        if seconds >= SLOWER_FACTOR * old and seconds - old >= SLOWER_SECONDS:
            slower.append(Slower(name, old, seconds, is_bound=name not in before))
    return slower
