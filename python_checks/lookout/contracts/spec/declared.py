"""Contracts of a dbt project, read from its manifest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from lookout.contracts.spec.dbt_tests import read_tests, tests_by_node
from lookout.contracts.spec.model import ColumnContract, Contract, Mode, Rule, Sampling
from lookout.contracts.spec.rules import (
    Constraints,
    RuleCollector,
    RuleContext,
    add_rules,
    read_column_contracts,
    read_constraints,
)
from lookout.contracts.spec.settings import ColumnContractSettings, ContractSettings
from lookout.contracts.spec.types import known_type, suggested_type
from lookout.errors import ConfigError, short_repr, suggestion
from lookout.project.declarations.declared import (
    LOCATION_KEYS,
    DeclaredNode,
    check_column_keys,
    connection_of,
    is_watched,
    read_declared_node,
    read_owner,
    read_table,
    timestamp_column,
)
from lookout.project.declarations.grain import SHORT
from lookout.project.declarations.nodes import (
    file_of,
    first_line,
    layer_of,
    lookout_of,
    meta_of,
    name_of,
    relation_name,
    table_nodes,
)
from lookout.project.declarations.settings import TableSettings
from lookout.project.validation import Reader

MODES: tuple[Mode, ...] = get_args(Mode)
# Materializations that dbt builds with the constraints of their YAML, when their contract is enforced.
CONSTRAINED_MATERIALIZATIONS = ("table", "incremental")
NO_PROMISE = ColumnContractSettings()
NO_CONSTRAINTS = Constraints((), (), frozenset())


@dataclass(frozen=True)
class _Project:
    """A manifest with its tests by node and the connections of the profile."""

    manifest: Mapping[str, Any]
    default_connection: str
    known_connections: Collection[str] | None
    tests: Mapping[str, Sequence[Mapping[str, Any]]]


def load_contracts(
    manifest: Mapping[str, Any],
    *,
    default_connection: str,
    known_connections: Collection[str] | None = None,
    problems: list[str] | None = None,
) -> tuple[Contract, ...]:
    """Return the contracts declared in a manifest (the dict of ``target/manifest.json``), in order of file and name.

    A table carries a contract when ``meta.lookout.contract`` of itself or its source says so, a model also when dbt's
    own contract is enforced. Each mistake is one line that names file, asset and key. With ``problems`` the lines are
    appended to it, and a contract with a mistake has a ``problem``; without, ConfigError is raised with all of them.
    """
    project = _Project(manifest, default_connection, known_connections, tests_by_node(manifest))
    is_strict, problems = problems is None, [] if problems is None else problems
    found: dict[tuple[str, str], tuple[Contract, bool]] = {}
    for raw in table_nodes(manifest):
        reader = Reader(f"{file_of(raw)}: {name_of(raw)}")
        check_column_keys(reader, raw)
        declaration = _settings(reader, raw)
        if declaration is not None:
            node, contract_settings, is_explicit = declaration
            contract = _contract(reader, project, node, contract_settings)
            other, other_is_explicit = found.get((contract.connection, contract.asset), (None, False))
            if other is not None and is_explicit and other_is_explicit:
                reader.wrong(
                    f"table {contract.asset} of connection '{contract.connection}' already has the contract of "
                    f"{other.name}; promise everything in one place."
                )
            if other is None or (is_explicit and not other_is_explicit):
                contract = replace(contract, problem=" ".join(reader.problems))
                found[contract.connection, contract.asset] = contract, is_explicit
        problems += reader.problems
    if problems and is_strict:
        raise ConfigError("\n".join(problems))
    return tuple(contract for contract, _ in found.values())


def _settings(reader: Reader, raw: Mapping[str, Any]) -> tuple[DeclaredNode, dict[str, Any], bool] | None:
    """Return a node with a contract, the contract as a mapping, and whether Lookout's settings (not dbt's) declare it.

    None for a node without a contract.
    """
    node = read_declared_node(reader, raw) or DeclaredNode(raw, {}, True, file_of(raw), name_of(raw))
    read_table(reader, node, ())
    if node.settings.get("enabled") is False or _is_own(raw):
        return None
    # A table adds to the contract of its source, as it does to its other settings.
    layers = [layer["contract"] for layer in _layers(raw) if "contract" in layer]
    is_ephemeral = (raw.get("config") or {}).get("materialized") == "ephemeral"
    if layers and layers[-1] is not False:
        if is_ephemeral:
            reader.wrong("an ephemeral model has no table to hold to a contract; materialize it or remove `contract`.")
        mappings = [_as_mapping(reader, layer) for layer in layers if layer is not False]
        merged: dict[str, Any] = {}
        for mapping in mappings:
            merged.update(mapping)
        return node, merged, True
    if not layers and not is_ephemeral and _is_enforced(raw):
        return node, {}, False
    with_contract = [
        name for name, column in (raw.get("columns") or {}).items() if "contract" in (lookout_of(column) or {})
    ]
    if with_contract and not layers:
        reader.wrong(
            f"column {with_contract[0]} has a contract and its table has none; add `contract: true` to the table's "
            "lookout settings."
        )
    return None


def _layers(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = [(raw.get("source_meta") or {}).get("lookout"), meta_of(raw).get("lookout")]
    return [layer for layer in found if isinstance(layer, Mapping)]


def _is_own(raw: Mapping[str, Any]) -> bool:
    """Return whether this is one of Lookout's own monitoring models, which have no contracts."""
    return list(raw.get("fqn") or ())[:2] == ["lookout", "monitoring"]


def _is_enforced(raw: Mapping[str, Any]) -> bool:
    """Return whether dbt itself checks the columns of a model against its YAML at every build."""
    contract = raw.get("contract") or (raw.get("config") or {}).get("contract") or {}
    return raw.get("resource_type") == "model" and bool(contract.get("enforced"))


def _as_mapping(reader: Reader, value: object) -> dict[str, Any]:
    if value is True:
        return {}
    if isinstance(value, Mapping):
        return dict(value)
    if not isinstance(value, str) or value not in MODES:
        hint = suggestion(value, MODES) if isinstance(value, str) else ""
        end = hint if hint.startswith("did") else "write true, false, strict, lenient or a mapping."
        reader.wrong(f"contract is {short_repr(value)}; {end}")
        return {}
    return {"mode": value}


def _contract(reader: Reader, project: _Project, node: DeclaredNode, declared: Mapping[str, Any]) -> Contract:
    raw, table = node.raw, read_table(reader, node, (*LOCATION_KEYS, "timestamp_column"))
    settings = reader.read(ContractSettings, declared, "contract") or ContractSettings()
    is_strict = settings.mode == "strict"
    connection = connection_of(reader, table.connection, project.default_connection, project.known_connections)
    collector = RuleCollector(reader, settings.severity or ("critical" if is_strict else "warning"))
    context = RuleContext(project.manifest, raw, connection, project.default_connection)
    payload = settings.payload or ""
    constraints = read_constraints(collector, context)
    of_constraints = len(collector.rules)
    column_contracts = read_column_contracts(collector, raw.get("columns") or {})
    column_rules = range(of_constraints, len(collector.rules))
    for key in settings.keys:
        collector.add_rule("unique", key)
    keys = dict.fromkeys((*constraints.keys, *settings.keys))
    add_rules(collector, settings.rules)
    if payload:
        _payload_types(collector, raw.get("columns") or {})
    are_tests_read = node.is_source if settings.tests is None else settings.tests
    node_tests = project.tests.get(str(raw.get("unique_id")), ()) if are_tests_read else ()
    left_out = read_tests(collector, context, node_tests)
    in_catalog = constraints if not payload and _has_constraints(raw) else NO_CONSTRAINTS
    rules = collector.finish()
    return Contract(
        name=node.name,
        connection=connection,
        schema=table.schema_name or str(raw.get("schema") or ""),
        table=table.table or relation_name(raw),
        node_id=str(raw.get("unique_id") or ""),
        file=node.file,
        mode=settings.mode,
        unexpected=settings.unexpected or ("fail" if is_strict else "warn"),
        columns=_columns(reader, raw, column_contracts, rules, in_catalog),
        keys=tuple(keys),
        rules=rules,
        version=settings.version,
        owner=read_owner(reader, node, project.manifest.get("groups") or {}),
        layer=_layer(node),
        description=table.description or first_line(raw.get("description")),
        is_source=node.is_source,
        payload=payload,
        timestamp_column=_timestamp(reader, node, table, settings),
        row_filter=settings.filter,
        incremental=settings.incremental,
        sampling=Sampling(settings.sample.rows, settings.sample.method) if settings.sample else None,
        include_sample_data=settings.include_sample_data,
        example_columns=(
            settings.examples
            if "examples" in settings.model_fields_set
            else constraints.primary_key or next(iter(keys), ()) or None
        ),
        constrained_keys=in_catalog.keys,
        left_out=left_out,
        column_rules=column_rules,
    )


def _has_constraints(raw: Mapping[str, Any]) -> bool:
    """Return whether the constraints in YAML are in the database too. Those of a source describe the real table."""
    if raw.get("resource_type") == "source":
        return True
    return _is_enforced(raw) and (raw.get("config") or {}).get("materialized") in CONSTRAINED_MATERIALIZATIONS


def _columns(
    reader: Reader,
    raw: Mapping[str, Any],
    column_contracts: Mapping[str, ColumnContractSettings],
    rules: tuple[Rule, ...],
    in_catalog: Constraints,
) -> tuple[ColumnContract, ...]:
    without_nulls = {rule.columns[0] for rule in rules if rule.kind == "not_null" and rule.where is None}
    found = []
    for name, column in (raw.get("columns") or {}).items():
        column_contract, data_type = column_contracts.get(name, NO_PROMISE), str(column.get("data_type") or "")
        suggested = suggested_type(data_type)
        if suggested:
            reader.wrong(
                f"column {name}: unknown type '{data_type}'; did you mean '{suggested}'? Write a type of your own with "
                "its schema."
            )
        if column_contract.nullable and name in without_nulls:
            reader.wrong(
                f"column {name}: contract.nullable is true, and elsewhere it is not null; keep one of the two."
            )
        found.append(
            ColumnContract(
                name=name,
                data_type=data_type,
                is_required=column_contract.required,
                is_nullable=name not in without_nulls,
                has_not_null_constraint=name in in_catalog.not_null,
                is_quoted=bool(column.get("quote")),
            )
        )
    return tuple(found)


def _payload_types(collector: RuleCollector, columns: Mapping[str, Any]) -> None:
    """Add a type rule for each field of a payload: fields have no type in the catalog, so their values are checked."""
    for name, column in columns.items():
        data_type = str(column.get("data_type") or "")
        if data_type and known_type(data_type):
            collector.add_rule("type", (name,), {"data_type": data_type})
        elif data_type and not suggested_type(data_type):
            collector.reader.wrong(
                f"column {name}: '{data_type}' is no type that a field of a payload can be checked for; write string, "
                "integer, number, boolean, datetime, array or object."
            )


def _timestamp(reader: Reader, node: DeclaredNode, table: TableSettings, settings: ContractSettings) -> str:
    """Return the column that the newest rows are found by; its absence is reported where it is needed."""
    column = settings.timestamp_column or timestamp_column(reader, node, table.timestamp_column, is_needed=False)
    if not column and (settings.incremental or (settings.sample and settings.sample.method == "latest")):
        option = "contract.incremental" if settings.incremental else "contract.sample of the latest rows"
        reader.wrong(
            f"{option} needs a timestamp_column; name the column that tells when a row was loaded or happened."
        )
    return column


def _layer(node: DeclaredNode) -> str:
    """Return the layer that the table has as a watched series, else that of its folder."""
    if node.settings.get("layer") or not is_watched(node):
        return layer_of(node.raw)
    return "cdc" if node.settings.get("grain") in SHORT else "batch"
