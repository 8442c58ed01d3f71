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
    """A dbt node that takes longer, in seconds. With ``is_bound`` it took ``before`` at most, or it is new."""

    name: str
    before: float
    now: float
    is_bound: bool = False


@dataclass(frozen=True)
class Difference:
    """Alerts by key; contracts as (name, status before, status now, why), "none" where there is none.

    ``mended`` are the resolved alerts whose table is still looked at: an alert may also end because nobody looks.
    """

    new: list[Summary]
    resolved: list[Summary]
    mended: list[Summary]
    contracts: list[tuple[str, str, str, str]]
    newly_blind: list[Summary]
    unwatched: list[Summary]
    slower: list[Slower]

    def contracts_to(self, status: str) -> list[tuple[str, str, str, str]]:
        """Contracts that are now of this status; one that is new and held has not been mended."""
        return [row for row in self.contracts if row[2] == status and (status != "held" or row[1] == "broken")]


def compare(now: Summary, base: Summary) -> Difference:
    """Difference of two summaries that were evaluated; the order is that of the summaries."""
    old_keys, new_keys = ({alert["key"] for alert in one["alerts"]} for one in (base, now))
    was_blind, blind = ({place(row) for row in blind_tables(one)} for one in (base, now))
    watched = {place(row) for row in now["tables"]}
    unwatched = [row for row in base["tables"] if place(row) not in watched]
    unseen = blind | {place(row) for row in unwatched}
    resolved = [alert for alert in base["alerts"] if alert["key"] not in new_keys]
    return Difference(
        new=[alert for alert in now["alerts"] if alert["key"] not in old_keys],
        resolved=resolved,
        mended=[alert for alert in resolved if place(alert) not in unseen],
        contracts=_contracts(now, base),
        newly_blind=[row for row in blind_tables(now) if place(row) not in was_blind],
        unwatched=unwatched,
        slower=_slower(now["nodes"] or [], base["nodes"] or []),
    )


def blind_tables(summary: Summary) -> list[Summary]:
    """Watched tables that could not be evaluated."""
    return [row for row in summary["tables"] if row["status"] != "evaluated"]


def place(row: Summary) -> str:
    """Database and table."""
    return f"{row['connection']} {row['asset']}".strip()


def contract_key(row: Summary) -> str:
    """A contract's name and the table it is about."""
    return f"{row['name']} on {place(row)}"


def _contracts(now: Summary, base: Summary) -> list[tuple[str, str, str, str]]:
    old, new = ({contract_key(row): row for row in one["contracts"]} for one in (base, now))
    nothing = {"status": "none", "detail": ""}
    changed = []
    for name in [*new, *(name for name in old if name not in new)]:
        before, after = old.get(name, nothing), new.get(name, nothing)
        if before["status"] != after["status"]:
            changed.append((name, before["status"], after["status"], after["detail"]))
    return changed


def _slower(now: list[Summary], base: list[Summary]) -> list[Slower]:
    """Only the slowest nodes are kept: one that is not among those of a full base took at most as long as its last."""
    before = {node["name"]: node["seconds"] for node in base}
    bound = min(before.values()) if len(base) >= MOST_NODES else None
    found = []
    for node in now:
        old = before.get(node["name"], bound)
        grown = old is not None and node["seconds"] >= SLOWER_FACTOR * old and node["seconds"] - old >= SLOWER_SECONDS
        if old is not None and grown:
            found.append(Slower(node["name"], old, node["seconds"], node["name"] not in before))
    return found
