"""Rules about values, read from the constraints, column contracts and contract rules of the project's YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from lookout.contracts.spec.model import Rule, RuleKind
from lookout.contracts.spec.settings import ColumnContractSettings, RuleSettings
from lookout.project.declarations.monitor import Severity
from lookout.project.declarations.nodes import location_of, lookout_of, referenced_node
from lookout.project.validation import Reader


@dataclass(frozen=True)
class RuleContext:
    """The manifest, the node and the connection of its table, by which names in rules are resolved."""

    manifest: Mapping[str, Any]
    raw: Mapping[str, Any]
    connection: str
    default_connection: str

    def parent(self, text: str, candidates: Collection[str] | None = None) -> tuple[str, str] | None:
        """Return schema and table of a ``ref``, a ``source`` or a relation; None when it is not in the same database.

        ``among`` are the unique ids that a ref may mean, since packages may share names.
        """
        node = referenced_node(text, self.manifest, candidates)
        if node:
            return self.parent_node(node)
        # dbt replaces the call by the relation when it compiles: "database"."schema"."table".
        matches = re.findall(r'"((?:[^"]|"")*)"|([^".\s]+)', text)
        parts = [quoted.replace('""', '"') or bare for quoted, bare in matches]
        if not 2 <= len(parts) <= 3 or re.search(r"[({]", text):
            return None
        tables = {**(self.manifest.get("nodes") or {}), **(self.manifest.get("sources") or {})}
        for node_id, other in tables.items():
            if [other.get("schema"), other.get("identifier") or other.get("alias")] == parts[-2:]:
                return self.parent_node(node_id)
        return parts[-2], parts[-1]

    def parent_node(self, node_id: str) -> tuple[str, str] | None:
        """Return schema and table of a node; None when it has no table in the same database."""
        node = (self.manifest.get("nodes") or {}).get(node_id) or (self.manifest.get("sources") or {}).get(node_id)
        if node is None or (node.get("config") or {}).get("materialized") == "ephemeral":
            return None
        connection, schema, table = location_of(node, self.default_connection)
        return (schema, table) if connection == self.connection else None


@dataclass
class RuleCollector:
    """Rules of one contract. The same rule added twice is one: named as its dbt test, of the higher severity."""

    reader: Reader
    severity: Severity
    rules: dict[str, Rule] = field(default_factory=dict)

    def add_rule(
        self,
        kind: RuleKind,
        columns: Sequence[str],
        arguments: Mapping[str, Any] | None = None,
        *,
        name: str = "",
        test: str = "",
        severity: Severity | None = None,
        where: str | None = None,
    ) -> None:
        """Add one rule; ``name`` is the one given in YAML, ``test`` the unique id of the dbt test it comes from."""
        arguments = arguments or {}
        # The SQL of an expression names its columns, so the same SQL under two columns is one rule.
        about = [] if kind == "expression" else list(columns)
        identity = json.dumps([kind, about, arguments, where], sort_keys=True, default=str)
        rule = Rule(
            kind,
            tuple(columns),
            test or name or _name(kind, columns, arguments, where),
            arguments,
            severity or self.severity,
            where,
        )
        known = self.rules.get(identity)
        if known is not None:
            highest = "critical" if "critical" in (known.severity, rule.severity) else "warning"
            rule = replace(rule if test else known, severity=cast(Severity, highest))
        elif any(other.name == rule.name for other in self.rules.values()):
            if name:
                self.reader.wrong(f"contract: two rules are called '{name}'; give one of them another name.")
            # Two ranges of one column, for instance, differ only by their arguments.
            rule = replace(rule, name=f"{rule.name} {json.dumps(arguments, sort_keys=True, default=str)}")
        self.rules[identity] = rule

    def finish(self) -> tuple[Rule, ...]:
        """Return all rules in the order in which they were first added."""
        return tuple(self.rules.values())


def _name(kind: str, columns: Sequence[str], arguments: Mapping[str, Any], where: str | None) -> str:
    about = ", ".join(columns)
    if kind == "relationship":
        about += " -> {schema}.{table}.{column}".format(**arguments)
    if kind == "expression":
        about = str(arguments["sql"])
    return f"{kind}({about})" + (f" where {where}" if where else "")


@dataclass(frozen=True)
class Constraints:
    """Keys, the primary key first, and columns without nulls, as the constraints of a table declare them."""

    keys: tuple[tuple[str, ...], ...]
    primary_key: tuple[str, ...]
    not_null: frozenset[str]


def read_constraints(collector: RuleCollector, context: RuleContext) -> Constraints:
    """Add the rules of the constraints of a table and of its columns; return its keys and columns without nulls."""
    raw = context.raw
    primary: list[tuple[str, ...]] = []
    unique: list[tuple[str, ...]] = []
    not_null: set[str] = set()
    constraints: list[tuple[tuple[str, ...], Any]] = [((), constraint) for constraint in raw.get("constraints") or ()]
    for column in (raw.get("columns") or {}).values():
        constraints += [((column["name"],), constraint) for constraint in column.get("constraints") or ()]
    for own, constraint in constraints:
        kind, names = constraint.get("type"), own or tuple(constraint.get("columns") or ())
        expression = constraint.get("expression")
        if kind == "primary_key" and names:
            primary.append(names)
        elif kind == "unique" and names:
            unique.append(names)
        if kind in ("primary_key", "not_null"):
            not_null |= set(names)
        elif kind == "check" and expression:
            collector.add_rule("expression", own, {"sql": expression}, name=_check_name(collector, constraint))
        elif kind == "foreign_key":
            _foreign_key(collector, context, names, constraint)
    for name in raw.get("columns") or {}:
        if name in not_null:
            collector.add_rule("not_null", (name,))
    for key in (*primary, *unique):
        collector.add_rule("unique", key)
    keys = tuple(dict.fromkeys((*primary, *unique)))
    return Constraints(keys, primary[0] if primary else (), frozenset(not_null))


def _check_name(collector: RuleCollector, constraint: Mapping[str, Any]) -> str:
    """Return the name of a check constraint; empty when another rule has it: dbt lets two columns share a name."""
    name = str(constraint.get("name") or "")
    return "" if any(rule.name == name for rule in collector.rules.values()) else name


def _foreign_key(
    collector: RuleCollector, context: RuleContext, columns: Sequence[str], constraint: Mapping[str, Any]
) -> None:
    """Add the rule of a foreign key, if it has one column and its parent is in the same database."""
    to, to_columns = constraint.get("to"), list(constraint.get("to_columns") or ())
    expression = re.fullmatch(
        r'\s*(.+?)\s*\(\s*("(?:[^"]|"")+"|[^",()]+?)\s*\)[^()]*', constraint.get("expression") or ""
    )
    if not to and expression:
        to, to_columns = expression[1].removeprefix("references "), [plain_name(expression[2])]
    about = (context.raw.get("depends_on") or {}).get("nodes")
    parent = context.parent(str(to), about) if to else None
    if parent is not None and len(columns) == 1 and len(to_columns) == 1:
        arguments = {"schema": parent[0], "table": parent[1], "column": to_columns[0]}
        collector.add_rule("relationship", tuple(columns), arguments)


def read_column_contracts(collector: RuleCollector, columns: Mapping[str, Any]) -> dict[str, ColumnContractSettings]:
    """Add the rules of ``meta.lookout.contract`` of the columns; return these settings by column name."""
    found: dict[str, ColumnContractSettings] = {}
    for name, column in columns.items():
        declared = (lookout_of(column) or {}).get("contract")
        if declared is None:
            continue
        reader = Reader(f"{collector.reader.where}: column {name}")
        settings = reader.read(ColumnContractSettings, declared, "contract")
        collector.reader.problems += reader.problems
        if settings is not None:
            _column_rules(collector, name, settings)
            found[name] = settings
    return found


def _column_rules(collector: RuleCollector, column: str, settings: ColumnContractSettings) -> None:
    def add_column_rule(kind: RuleKind, **arguments: Any) -> None:
        collector.add_rule(kind, (column,), arguments, severity=settings.severity, where=settings.where)

    if settings.nullable is False:
        add_column_rule("not_null")
    if settings.unique:
        add_column_rule("unique")
    if settings.min is not None or settings.max is not None:
        add_column_rule("range", min=settings.min, max=settings.max, strict=settings.strict)
    if settings.min_length is not None or settings.max_length is not None:
        add_column_rule("length", min=settings.min_length, max=settings.max_length)
    if settings.accepted_values:
        add_column_rule("accepted_values", values=list(settings.accepted_values), quote=True)
    if settings.pattern is not None:
        add_column_rule("pattern", regex=settings.pattern)
    if settings.precision is not None:
        add_column_rule("precision", digits=settings.precision)


def add_rules(collector: RuleCollector, rules: Sequence[RuleSettings]) -> None:
    """Add the rules of ``contract.rules``."""
    for rule in rules:
        kind: RuleKind = "unique" if rule.unique else "expression"
        arguments = {"sql": rule.expression} if rule.expression is not None else {}
        collector.add_rule(
            kind, rule.unique or (), arguments, name=rule.name or "", severity=rule.severity, where=rule.where
        )


def plain_name(text: str) -> str:
    """Return a column name without the quotes that dbt puts around the name of a column with ``quote: true``."""
    text = text.strip()
    is_quoted = len(text) > 2 and text[0] == text[-1] == '"'
    return text[1:-1].replace('""', '"') if is_quoted else text
