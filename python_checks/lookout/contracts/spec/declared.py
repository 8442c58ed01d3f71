"""Contracts as a dbt project declares them: a manifest becomes a tuple of contracts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from lookout.contracts.spec.dbt_tests import read_tests, tests_by_node
from lookout.contracts.spec.model import ColumnContract, Contract, Mode, Rule, SampleMethod, Sampling, Unexpected
from lookout.contracts.spec.rules import (
    SEVERITIES,
    Constraints,
    RuleCollector,
    Where,
    read_column_contracts,
    read_constraints,
    read_rules,
)
from lookout.contracts.spec.types import known_type, suggested_type
from lookout.errors import ConfigError
from lookout.project.declarations.monitor import Severity
from lookout.project.declarations.nodes import (
    DeclaredNode,
    check_column_keys,
    connection_of,
    file_of,
    first_line,
    is_watched,
    layer_of,
    lookout_of,
    meta_of,
    name_of,
    owner_setting,
    read_declared_node,
    relation_name,
    table_nodes,
    timestamp_column,
)
from lookout.project.declarations.settings import CONTRACT_KEYS, SAMPLE_KEYS, TABLE_KEYS, Reader, short_repr, suggestion

MODES: tuple[Mode, ...] = ("strict", "lenient")
UNEXPECTED: tuple[Unexpected, ...] = ("fail", "warn", "ignore")
METHODS: tuple[SampleMethod, ...] = ("latest", "random")
# What dbt builds with the constraints of its YAML, when its contract is enforced.
CONSTRAINED_MATERIALIZATIONS = ("table", "incremental")
NO_CONSTRAINTS = Constraints((), (), frozenset())


@dataclass(frozen=True)
class _Project:
    """What every node of a project is read against."""

    manifest: Mapping[str, Any]
    default_connection: str
    known_connections: Collection[str] | None
    tests: Mapping[str, Sequence[Mapping[str, Any]]]


def load_contracts(
    manifest: Mapping[str, Any], *, default_connection: str, known_connections: Collection[str] | None = None
) -> tuple[Contract, ...]:
    """Contracts declared in a manifest (the dict of ``target/manifest.json``), in order of file and name.

    A table carries a contract when ``meta.lookout.contract`` of itself or its source says so, a model also when dbt's
    own contract is enforced. Raises ConfigError with one line per mistake, each naming file, asset and key.
    """
    project = _Project(manifest, default_connection, known_connections, tests_by_node(manifest))
    problems: list[str] = []
    found: dict[tuple[str, str], tuple[Contract, bool]] = {}
    for raw in table_nodes(manifest):
        reader = Reader(f"{file_of(raw)}: {name_of(raw)}")
        check_column_keys(reader, raw)
        settings = _settings(reader, raw)
        if settings is not None:
            node, given, is_explicit = settings
            contract = _contract(reader, project, node, given)
            other, other_is_explicit = found.get((contract.connection, contract.asset), (None, False))
            if other is not None and is_explicit and other_is_explicit:
                reader.wrong(
                    f"table {contract.asset} of connection '{contract.connection}' already has the contract of "
                    f"{other.name}; promise everything in one place."
                )
            if other is None or is_explicit:
                found[contract.connection, contract.asset] = contract, is_explicit
        problems += reader.problems
    if problems:
        raise ConfigError("\n".join(problems))
    return tuple(contract for contract, _ in found.values())


def _settings(reader: Reader, raw: Mapping[str, Any]) -> tuple[DeclaredNode, dict[str, Any], bool] | None:
    """A node that carries a contract, the contract as a mapping, and whether Lookout's settings (not dbt's) say so."""
    node = read_declared_node(reader, raw) or DeclaredNode(raw, {}, True, file_of(raw), name_of(raw))
    reader.unknown_keys(node.settings, TABLE_KEYS, "lookout")
    if node.settings.get("enabled") is False or _is_own(raw):
        return None
    # A table adds to the contract of its source, as it does to its other settings.
    layers = [layer["contract"] for layer in _layers(raw) if "contract" in layer]
    is_ephemeral = (raw.get("config") or {}).get("materialized") == "ephemeral"
    if layers and layers[-1] is not False:
        if is_ephemeral:
            reader.wrong("an ephemeral model has no table to hold to a contract; materialize it or remove `contract`.")
        given = [_as_mapping(reader, layer) for layer in layers if layer is not False]
        return node, {key: value for layer in given for key, value in layer.items()}, True
    if not layers and not is_ephemeral and _is_enforced(raw):
        return node, {}, False
    promising = [
        name for name, column in (raw.get("columns") or {}).items() if "contract" in (lookout_of(column) or {})
    ]
    if promising and not layers:
        reader.wrong(
            f"column {promising[0]} has a contract and its table has none; add `contract: true` to the table's lookout "
            "settings."
        )
    return None


def _layers(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = [(raw.get("source_meta") or {}).get("lookout"), meta_of(raw).get("lookout")]
    return [layer for layer in found if isinstance(layer, Mapping)]


def _is_own(raw: Mapping[str, Any]) -> bool:
    """Lookout's own monitoring models: nobody has promised anything about them."""
    return list(raw.get("fqn") or ())[:2] == ["lookout", "monitoring"]


def _is_enforced(raw: Mapping[str, Any]) -> bool:
    """Whether dbt itself holds the columns of a model to its YAML whenever it builds it."""
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


def _contract(reader: Reader, project: _Project, node: DeclaredNode, given: Mapping[str, Any]) -> Contract:
    raw, settings = node.raw, node.settings
    reader.unknown_keys(given, CONTRACT_KEYS, "contract")
    mode = cast(Mode, reader.choice(given.get("mode"), "contract.mode", MODES) or "lenient")
    default: Severity = "critical" if mode == "strict" else "warning"
    severity = cast("Severity | None", reader.choice(given.get("severity"), "contract.severity", SEVERITIES))
    connection = connection_of(reader, settings, project.default_connection, project.known_connections)
    book = RuleCollector(reader, severity or default)
    place = Where(project.manifest, raw, connection, project.default_connection)
    payload = reader.text(given.get("payload"), "contract.payload") or ""
    constraints = read_constraints(book, place)
    own = read_column_contracts(book, raw.get("columns") or {})
    keys = dict.fromkeys((*constraints.keys, *_keys(book, given.get("keys"))))
    read_rules(book, given.get("rules"))
    if payload:
        _payload_types(book, raw.get("columns") or {})
    tests = reader.switch(given.get("tests"), "contract.tests", default=node.is_source)
    left_out = read_tests(book, place, project.tests.get(str(raw.get("unique_id")), ())) if tests else ()
    in_catalog = constraints if not payload and _are_built(raw) else NO_CONSTRAINTS
    rules = book.finish()
    unexpected = reader.choice(given.get("unexpected"), "contract.unexpected", UNEXPECTED)
    examples = reader.names(given.get("examples"), "contract.examples")
    return Contract(
        name=node.name,
        connection=connection,
        schema=reader.text(settings.get("schema"), "schema") or str(raw.get("schema") or ""),
        table=reader.text(settings.get("table"), "table") or relation_name(raw),
        node_id=str(raw.get("unique_id") or ""),
        file=node.file,
        mode=mode,
        unexpected=cast(Unexpected, unexpected or ("fail" if mode == "strict" else "warn")),
        columns=_columns(reader, raw, own, rules, in_catalog),
        keys=tuple(keys),
        rules=rules,
        version=_version(reader, given.get("version")),
        owner=reader.text(owner_setting(raw, settings, project.manifest.get("groups") or {}), "owner") or "",
        layer=_layer(node),
        description=reader.text(settings.get("description"), "description") or first_line(raw.get("description")),
        is_source=node.is_source,
        payload=payload,
        **_reach(reader, node, given),
        example_columns=examples or constraints.primary_key or next(iter(keys), ()),
        constrained_keys=in_catalog.keys,
        left_out=left_out,
    )


def _are_built(raw: Mapping[str, Any]) -> bool:
    """Whether the constraints in YAML are in the database as well. Those of a source are what its owner says of it."""
    if raw.get("resource_type") == "source":
        return True
    return _is_enforced(raw) and (raw.get("config") or {}).get("materialized") in CONSTRAINED_MATERIALIZATIONS


def _columns(
    reader: Reader,
    raw: Mapping[str, Any],
    own: Mapping[str, Mapping[str, Any]],
    rules: tuple[Rule, ...],
    in_catalog: Constraints,
) -> tuple[ColumnContract, ...]:
    without_nulls = {rule.columns[0] for rule in rules if rule.kind == "not_null" and rule.where is None}
    found = []
    for name, column in (raw.get("columns") or {}).items():
        given, data_type = own.get(name, {}), str(column.get("data_type") or "")
        meant = suggested_type(data_type)
        if meant:
            reader.wrong(
                f"column {name}: unknown type '{data_type}'; did you mean '{meant}'? Write a type of your own with its "
                "schema."
            )
        if given.get("nullable") is True and name in without_nulls:
            reader.wrong(
                f"column {name}: contract.nullable is true, and elsewhere it is not null; keep one of the two."
            )
        found.append(
            ColumnContract(
                name=name,
                data_type=data_type,
                is_required=given.get("required") is not False,
                is_nullable=name not in without_nulls,
                has_not_null_constraint=name in in_catalog.not_null,
                is_quoted=bool(column.get("quote")),
            )
        )
    return tuple(found)


def _payload_types(book: RuleCollector, columns: Mapping[str, Any]) -> None:
    """Fields of a document have no type in the catalog: their values are held to it."""
    for name, column in columns.items():
        data_type = str(column.get("data_type") or "")
        if data_type and known_type(data_type):
            book.add("type", (name,), {"data_type": data_type})
        elif data_type and not suggested_type(data_type):
            book.reader.wrong(
                f"column {name}: '{data_type}' is no type that a field of a payload can be checked for; write string, "
                "integer, number, boolean, datetime, array or object."
            )


def _keys(book: RuleCollector, given: object) -> list[tuple[str, ...]]:
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(key, list) and key for key in given):
        book.reader.wrong(f"contract.keys is {short_repr(given)}; it must be a list of keys, such as [[order_id]].")
        return []
    keys = [key for key in (book.reader.names(key, "contract.keys") for key in given) if key]
    for key in keys:
        book.add("unique", key)
    return keys


def _reach(reader: Reader, node: DeclaredNode, given: Mapping[str, Any]) -> dict[str, Any]:
    """Which rows are checked."""
    timestamp = reader.text(given.get("timestamp_column"), "contract.timestamp_column")
    timestamp = timestamp or timestamp_column(reader, node, is_needed=False)
    incremental = reader.switch(given.get("incremental"), "contract.incremental", default=False)
    sample = reader.mapping(given.get("sample"), "contract.sample")
    reader.unknown_keys(sample, SAMPLE_KEYS, "contract.sample")
    rows = reader.whole(sample.get("rows"), "contract.sample.rows", least=1)
    method = cast(SampleMethod, reader.choice(sample.get("method"), "contract.sample.method", METHODS) or "latest")
    if sample and "rows" not in sample:
        reader.wrong("contract.sample has no rows; write {rows: 1000}.")
    if not timestamp and (incremental or (rows and method == "latest")):
        what = "contract.incremental" if incremental else "contract.sample of the latest rows"
        reader.wrong(f"{what} needs a timestamp_column; name the column that tells when a row was loaded or happened.")
    switch = reader.switch(given.get("include_sample_data"), "contract.include_sample_data", default=False)
    return {
        "timestamp_column": timestamp,
        "row_filter": reader.text(given.get("filter"), "contract.filter"),
        "incremental": incremental,
        "sampling": Sampling(rows, method) if rows else None,
        "include_sample_data": switch,
    }


def _version(reader: Reader, given: object) -> str:
    """YAML reads 1.2 as a number."""
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return str(given)
    return reader.text(given, "contract.version") or ""


def _layer(node: DeclaredNode) -> str:
    """The layer that the same table has as a watched series, else that of its folder."""
    if node.settings.get("layer") or not is_watched(node):
        return layer_of(node.raw)
    return "cdc" if node.settings.get("grain") == "hour" else "batch"
