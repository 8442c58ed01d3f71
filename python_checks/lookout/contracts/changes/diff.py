"""Comparison of the contracts of two manifests, with the consumers downstream of each change.

Contracts are identified by dbt's unique id, never by schema: the two manifests may come from different profiles, whose
schemas and databases differ. A table counts as moved when the project itself names another location: the custom schema,
the alias or identifier, or Lookout's connection, schema and table, as declared and where possible not yet rendered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from lookout.contracts.changes.breaking import LEVELS, ConsumerRule, Judgement, Level, judge_changes, rename_columns
from lookout.contracts.changes.consumers import Consumer, Graph
from lookout.contracts.changes.versions import Change, Definition, changes, contract_definition
from lookout.contracts.spec.declared import load_contracts
from lookout.contracts.spec.model import ColumnContract, Contract
from lookout.errors import ArtifactError, ConfigError
from lookout.project.artifacts.damage import leave_out_damaged
from lookout.project.declarations.nodes import file_of, name_of, owner_of
from lookout.project.files import read_artifact

Manifest = Mapping[str, Any]
TABLES = ("model", "snapshot", "seed", "source")
LOCATION = ("connection", "schema", "table")
MIN_SIMILARITY = 0.6


@dataclass(frozen=True)
class AssetDiff:
    """The changes of the contract of one table. ``renamed_to`` is the new unique id of a renamed table."""

    node_id: str
    name: str
    file: str
    owner: str
    judgements: tuple[Judgement, ...]
    consumers: tuple[Consumer, ...] = ()
    renamed_to: str = ""

    @property
    def level(self) -> Level:
        """Return the level of the worst change."""
        return self.judgements[0].level


@dataclass(frozen=True)
class ContractDiff:
    """All contracts that changed, the worst first. ``compared`` counts the contracts of either manifest."""

    assets: tuple[AssetDiff, ...]
    compared: int

    @property
    def breaking(self) -> tuple[Judgement, ...]:
        """Return the changes that break consumers; the command fails when there is one."""
        return self.of_level("breaking")

    def of_level(self, level: Level) -> tuple[Judgement, ...]:
        """Return all changes of one level."""
        judgements = [judgement for asset in self.assets for judgement in asset.judgements]
        return tuple(judgement for judgement in judgements if judgement.level == level)


def diff_files(base: Path, head: Path, *, default_connection: str = "") -> ContractDiff:
    """Compare two manifest files, or the folders they are in. Raises ArtifactError and ConfigError."""
    manifests = []
    for path in (base, head):
        file = path / "manifest.json" if path.is_dir() else path
        manifest = read_artifact(file, "run `dbt parse`")
        check_manifest(manifest, str(file))
        manifests.append(manifest)
    return diff_manifests(*manifests, default_connection=default_connection)


def check_manifest(manifest: Manifest, file: str) -> None:
    """Raise ArtifactError unless this is a manifest of a version that Lookout reads, with nodes and sources in it."""
    problems = leave_out_damaged(dict(manifest), file)
    if problems:
        # What is left out would count as removed.
        raise ArtifactError(f"{file} is damaged: {problems[0]}")


def diff_manifests(base: Manifest, head: Manifest, *, default_connection: str = "") -> ContractDiff:
    """Compare the contracts of two manifests. Raises ConfigError when either declares a contract that is wrong."""
    before = _contracts(base, default_connection, "base")
    after = _contracts(head, default_connection, "head")
    graph, names = Graph(head), sorted({*before, *after})
    renamed = _renamed_nodes(base, before, head, after)
    assets = []
    for node_id in names:
        if node_id in renamed.values():
            continue
        old, new = before.get(node_id), after.get(renamed.get(node_id, node_id))
        assets.append(_compare(node_id, old, new, _Locations(base, head), graph, after))
    assets += _removed_without_contract(base, before, head)
    found = [asset for asset in assets if asset.judgements]
    found.sort(key=lambda asset: (LEVELS.index(asset.level), asset.name))
    return ContractDiff(tuple(found), len(names))


class _Locations:
    """Locations of tables as two manifests declare them, whatever profile they were written with."""

    def __init__(self, base: Manifest, head: Manifest) -> None:
        self.base, self.head = base, head

    def changes(self, old_id: str, new_id: str) -> Iterator[Change]:
        was, now = _declared_location(_node(self.base, old_id)), _declared_location(_node(self.head, new_id))
        for name in LOCATION:
            if was[name] != now[name]:
                yield Change("", "setting_changed", name, was[name], now[name])


def _contracts(manifest: Manifest, default_connection: str, label: str) -> dict[str, Contract]:
    try:
        contracts = load_contracts(manifest, default_connection=default_connection)
        return {contract.node_id: contract for contract in contracts}
    except ConfigError as error:
        lines = "\n".join(f"{label} manifest: {line}" for line in str(error).splitlines())
        raise ConfigError(lines) from error


def _compare(
    node_id: str,
    old: Contract | None,
    new: Contract | None,
    locations: _Locations,
    graph: Graph,
    after: Mapping[str, Contract],
) -> AssetDiff:
    current = new or old
    assert current is not None
    live_id = new.node_id if new else node_id
    consumers = graph.downstream(live_id) or graph.existing(Graph(locations.base).downstream(node_id))
    if old is None or new is None:
        found_changes = changes(
            "contract", contract_definition(old) if old else None, contract_definition(new) if new else None
        )
        judgements = judge_changes(found_changes, _EMPTY, _EMPTY)
        if old is not None and node_id not in graph.nodes:
            judgements = tuple(_table_removed(judgement) for judgement in judgements)
    else:
        consumer_rules = [
            ConsumerRule(after[consumer.node_id].name, rule)
            for consumer in consumers
            if consumer.node_id in after
            for rule in contract_definition(after[consumer.node_id])["rules"]
        ]
        judgements = (*_judge_moves(old, new, locations), *_judge_contract(old, new, consumer_rules))
    judgements = tuple(sorted(judgements, key=lambda judgement: LEVELS.index(judgement.level)))
    renamed_to = live_id if live_id != node_id else ""
    return AssetDiff(node_id, (old or current).name, current.file, current.owner, judgements, consumers, renamed_to)


_EMPTY: Definition = {"columns": {}, "keys": [], "rules": [], "settings": {}}


def _table_removed(judgement: Judgement) -> Judgement:
    return Judgement("breaking", judgement.change, "The table itself is gone.")


def _judge_contract(old: Contract, new: Contract, consumer_rules: list[ConsumerRule]) -> Iterator[Judgement]:
    was, now = contract_definition(old), contract_definition(new)
    renamed = renamed_columns(old, new)
    was = rename_columns(was, renamed)
    for before, after in renamed.items():
        text = was["columns"][after]["data_type"]
        yield Judgement(
            "breaking",
            Change(before, "column_removed", f"renamed to {after}", f"{before} {text}".strip(), after),
            "Queries that name the column fail.",
        )
    yield from judge_changes(changes("contract", was, now), was, now, consumer_rules)
    if old.description != new.description:
        change = Change("", "setting_changed", "description", old.description, new.description)
        yield Judgement("safe", change, "Does not change what is promised.")


def _judge_moves(old: Contract, new: Contract, locations: _Locations) -> Iterator[Judgement]:
    if old.node_id != new.node_id:
        change = Change("", "setting_changed", "name", old.name, new.name)
        yield Judgement("breaking", change, "Queries that name the table fail.")
    for change in locations.changes(old.node_id, new.node_id):
        if old.node_id == new.node_id or change.detail != "table":
            yield Judgement("breaking", change, "The table is in another place: queries that name it fail.")


def renamed_columns(old: Contract, new: Contract) -> dict[str, str]:
    """Return old to new names of columns that were evidently renamed: one removed, one added, of the same type.

    Nullability is the same too, and the names are similar or, when no other column changed, the positions the same.
    """
    was, now = [column.name for column in old.columns], [column.name for column in new.columns]
    removed = [column for column in old.columns if column.name not in now]
    added = [column for column in new.columns if column.name not in was]
    found: dict[str, str] = {}
    for column in removed:
        similar = [
            other for other in added if _column_type(other) == _column_type(column) and other.name not in found.values()
        ]
        similarly_named = [other for other in similar if _similarity(column.name, other.name) >= MIN_SIMILARITY]
        is_only_change = len(removed) == len(added) == 1 and len(was) == len(now)
        if len(similarly_named) == 1:
            found[column.name] = similarly_named[0].name
        elif is_only_change and column.data_type and similar and was.index(column.name) == now.index(similar[0].name):
            found[column.name] = similar[0].name
    return found


def _column_type(column: ColumnContract) -> tuple[str, bool, bool]:
    return column.data_type, column.is_nullable, column.is_required


def _similarity(name: str, other: str) -> float:
    return SequenceMatcher(None, name.lower(), other.lower()).ratio()


def _renamed_nodes(
    base: Manifest, before: Mapping[str, Contract], head: Manifest, after: Mapping[str, Contract]
) -> dict[str, str]:
    """Return old to new unique ids of tables that were evidently renamed: the same columns and a similar name."""
    removed = [contract for key, contract in before.items() if not _node(head, key)]
    added = [contract for key, contract in after.items() if not _node(base, key)]
    found: dict[str, str] = {}
    for contract in removed:
        similar = [
            other
            for other in added
            if other.is_source == contract.is_source
            and other.columns == contract.columns
            and contract.columns
            and _similarity(contract.name, other.name) >= MIN_SIMILARITY
            and other.node_id not in found.values()
        ]
        if len(similar) == 1:
            found[contract.node_id] = similar[0].node_id
    return found


def _removed_without_contract(base: Manifest, before: Mapping[str, Contract], head: Manifest) -> list[AssetDiff]:
    """Return the removed tables of the project itself that had no contract: risky, not breaking."""
    project, graph, found = (base.get("metadata") or {}).get("project_name"), Graph(base), []
    remaining = Graph(head)
    for key, node in graph.nodes.items():
        is_own = node.get("resource_type") in TABLES and node.get("package_name") == project
        if not is_own or key in before or key in remaining.nodes:
            continue
        judgement = Judgement("risky", Change("", "removed"), "The table is gone; no contract promised it.")
        consumers = remaining.existing(graph.downstream(key))
        owner = owner_of(node, graph.groups)
        found.append(AssetDiff(key, name_of(node), file_of(node), owner, (judgement,), consumers))
    return found


def _node(manifest: Manifest, node_id: str) -> Mapping[str, Any]:
    for part in ("nodes", "sources"):
        found = (manifest.get(part) or {}).get(node_id)
        if isinstance(found, Mapping):
            return found
    return {}


def _declared_location(node: Mapping[str, Any]) -> dict[str, str]:
    config, raw = node.get("config") or {}, node.get("unrendered_config") or {}
    lookout = {**_lookout(node.get("source_meta")), **_lookout(node.get("meta")), **_lookout(config.get("meta"))}
    if node.get("resource_type") == "source":
        schema, table = node.get("unrendered_schema"), node.get("identifier") or node.get("name")
    else:
        schema = raw.get("schema", config.get("schema"))
        table = raw.get("alias", config.get("alias")) or node.get("name")
    location = {"connection": "", "schema": schema, "table": table}
    return {name: str(lookout.get(name) or location[name] or "") for name in LOCATION}


def _lookout(meta: object) -> Mapping[str, Any]:
    found = meta.get("lookout") if isinstance(meta, Mapping) else None
    return found if isinstance(found, Mapping) else {}
