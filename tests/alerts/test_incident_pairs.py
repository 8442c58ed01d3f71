"""The labelled pairs of alerts are fit to judge a grouping by: complete, balanced and free of contradictions."""

from __future__ import annotations

import csv
from collections import Counter
from functools import cache
from pathlib import Path

INCIDENTS = Path(__file__).parent / "incidents"
SETS = {"demo": 97, "retail": 202, "made": 115}


@cache
def rows(name: str) -> list[dict[str, str]]:
    with (INCIDENTS / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def alerts() -> list[dict[str, str]]:
    return [row for name in SETS for row in rows(f"{name}_alerts")]


def groups() -> dict[str, str]:
    """Return the representative of every alert that a chain of pairs with the same cause reaches."""
    parent = {row["alert_key"]: row["alert_key"] for row in alerts()}

    def root(key: str) -> str:
        while parent[key] != key:
            key = parent[key]
        return key

    for pair in rows("pairs"):
        if pair["same"] == "yes":
            parent[root(pair["first"])] = root(pair["second"])
    return {key: root(key) for key in parent}


def test_every_alert_has_a_key_of_its_own_and_a_window() -> None:
    assert {name: len(rows(f"{name}_alerts")) for name in SETS} == SETS
    assert [key for key, count in Counter(row["alert_key"] for row in alerts()).items() if count > 1] == []
    assert [row["alert_key"] for row in alerts() if not row["window_start"] <= row["window_end"]] == []


def test_every_pair_names_two_alerts_and_says_why() -> None:
    known = {row["alert_key"] for row in alerts()}
    pairs = rows("pairs")
    assert {pair[side] for pair in pairs for side in ("first", "second")} - known == set()
    assert [pair for pair in pairs if pair["first"] == pair["second"]] == []
    assert [pair for pair in pairs if not 1 <= len(pair["why"].split()) <= 6] == []


def test_no_pair_is_labelled_twice() -> None:
    counts = Counter(frozenset((pair["first"], pair["second"])) for pair in rows("pairs"))
    assert [sorted(pair) for pair, count in counts.items() if count > 1] == []


def test_both_labels_are_common() -> None:
    labels = Counter(pair["same"] for pair in rows("pairs"))
    assert set(labels) == {"yes", "no"}
    assert min(labels.values()) >= 100
    assert labels.total() >= 240


def test_the_labels_do_not_contradict_each_other() -> None:
    """If A and B have one cause, and B and C, then A and C cannot have two."""
    group = groups()
    apart = [pair for pair in rows("pairs") if pair["same"] == "no"]
    assert [pair for pair in apart if group[pair["first"]] == group[pair["second"]]] == []


def test_lineage_and_loaders_speak_of_tables_that_can_alert() -> None:
    made = {(row["connection"], row["asset"]) for row in rows("made_alerts")}
    loaded = {(row["connection"], row["asset"]) for row in rows("loaders")}
    edges = [edge for edge in rows("lineage") if edge["set"] == "made"]
    ends = [{(edge[f"{end}_connection"], edge[f"{end}_asset"]) for end in ("source", "target")} for edge in edges]
    assert loaded - made == set()
    assert [sorted(pair) for pair in ends if not pair & made] == []
