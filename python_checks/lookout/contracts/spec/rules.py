"""Rules about values: what constraints, column contracts and contract rules of the project's YAML promise."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from lookout.contracts.spec.model import Rule, RuleKind
from lookout.project.declarations.monitor import Severity
from lookout.project.declarations.nodes import location_of, lookout_of, referenced_node
from lookout.project.declarations.settings import COLUMN_CONTRACT_KEYS, RULE_KEYS, Reader, short_repr

SEVERITIES: tuple[Severity, ...] = ("warning", "critical")


@dataclass(frozen=True)
class Where:
    """What rules are read against: the manifest, the node, and where its table is."""

    manifest: Mapping[str, Any]
    raw: Mapping[str, Any]
    connection: str
    default_connection: str

    def parent(self, text: str, among: Collection[str] | None = None) -> tuple[str, str] | None:
        """Schema and table behind a ``ref``, a ``source`` or a relation; None when it is not in the same database.

        ``among`` are the unique ids that a ref may mean, since packages may share names.
        """
        node = referenced_node(text, self.manifest, among)
        if node:
            return self.parent_node(node)
        # dbt puts the relation in the place of the call when it compiles: "database"."schema"."table".
        parts = [quoted.replace('""', '"') or bare for quoted, bare in re.findall(r'"((?:[^"]|"")*)"|([^".\s]+)', text)]
        if not 2 <= len(parts) <= 3 or re.search(r"[({]", text):
            return None
        for node_id, other in {**(self.manifest.get("nodes") or {}), **(self.manifest.get("sources") or {})}.items():
            if [other.get("schema"), other.get("identifier") or other.get("alias")] == parts[-2:]:
                return self.parent_node(node_id)
        return parts[-2], parts[-1]

    def parent_node(self, node_id: str) -> tuple[str, str] | None:
        """Schema and table of a node; None when it has no table in the same database."""
        node = (self.manifest.get("nodes") or {}).get(node_id) or (self.manifest.get("sources") or {}).get(node_id)
        if node is None or (node.get("config") or {}).get("materialized") == "ephemeral":
            return None
        connection, schema, table = location_of(node, self.default_connection)
        return (schema, table) if connection == self.connection else None


@dataclass
class RuleCollector:
    """Collects rules. The same promise made twice is one rule: named as its dbt test, of the graver severity."""

    reader: Reader
    severity: Severity
    rules: dict[str, Rule] = field(default_factory=dict)

    def add(
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
        """Add one promise; ``name`` is what people call it, ``test`` the unique id of the dbt test it comes from."""
        arguments = arguments or {}
        # An expression says by itself which columns it is about.
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
            gravest = "critical" if "critical" in (known.severity, rule.severity) else "warning"
            rule = replace(rule if test else known, severity=cast(Severity, gravest))
        elif any(other.name == rule.name for other in self.rules.values()):
            if name:
                self.reader.wrong(f"contract: two rules are called '{name}'; give one of them another name.")
            # Two ranges of one column, for instance: what they promise tells them apart.
            rule = replace(rule, name=f"{rule.name} {json.dumps(arguments, sort_keys=True, default=str)}")
        self.rules[identity] = rule

    def finish(self) -> tuple[Rule, ...]:
        """All rules in the order in which they were first made."""
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
    """What the constraints of a table promise besides rules: keys, the primary key first, and columns without nulls."""

    keys: tuple[tuple[str, ...], ...]
    primary_key: tuple[str, ...]
    not_null: frozenset[str]


def read_constraints(book: RuleCollector, place: Where) -> Constraints:
    """Rules of the constraints of a table and of its columns, and what they promise about its catalog."""
    raw, primary, unique, not_null = place.raw, [], [], set()
    columns = (raw.get("columns") or {}).values()
    given: list[tuple[tuple[str, ...], Any]] = [((), constraint) for constraint in raw.get("constraints") or ()]
    given += [((column["name"],), constraint) for column in columns for constraint in column.get("constraints") or ()]
    for own, constraint in given:
        kind, names = constraint.get("type"), own or tuple(constraint.get("columns") or ())
        expression = constraint.get("expression")
        if kind == "primary_key" and names:
            primary.append(names)
        elif kind == "unique" and names:
            unique.append(names)
        if kind in ("primary_key", "not_null"):
            not_null |= set(names)
        elif kind == "check" and expression:
            book.add("expression", own, {"sql": expression}, name=_check_name(book, constraint))
        elif kind == "foreign_key":
            _foreign_key(book, place, names, constraint)
    for name in (name for name in raw.get("columns") or {} if name in not_null):
        book.add("not_null", (name,))
    for key in (*primary, *unique):
        book.add("unique", key)
    keys = tuple(dict.fromkeys((*primary, *unique)))
    return Constraints(keys, primary[0] if primary else (), frozenset(not_null))


def _check_name(book: RuleCollector, constraint: Mapping[str, Any]) -> str:
    """The name of a check, unless another rule has it: dbt lets checks of two columns share one."""
    name = str(constraint.get("name") or "")
    return "" if any(rule.name == name for rule in book.rules.values()) else name


def _foreign_key(book: RuleCollector, place: Where, columns: Sequence[str], constraint: Mapping[str, Any]) -> None:
    """A foreign key of one column whose parent is in the same database; the rest only the databases can hold."""
    to, to_columns = constraint.get("to"), list(constraint.get("to_columns") or ())
    expression = re.fullmatch(
        r'\s*(.+?)\s*\(\s*("(?:[^"]|"")+"|[^",()]+?)\s*\)[^()]*', constraint.get("expression") or ""
    )
    if not to and expression:
        to, to_columns = expression[1].removeprefix("references "), [plain_name(expression[2])]
    about = (place.raw.get("depends_on") or {}).get("nodes")
    parent = place.parent(str(to), about) if to else None
    if parent is not None and len(columns) == 1 and len(to_columns) == 1:
        arguments = {"schema": parent[0], "table": parent[1], "column": to_columns[0]}
        book.add("relationship", tuple(columns), arguments)


def read_column_contracts(book: RuleCollector, columns: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Rules of ``meta.lookout.contract`` of the columns; returns these mappings by column name."""
    found: dict[str, Mapping[str, Any]] = {}
    for name, column in columns.items():
        lookout = lookout_of(column) or {}
        if "contract" not in lookout:
            continue
        reader = Reader(f"{book.reader.where}: column {name}")
        given = reader.mapping(lookout["contract"], "contract")
        reader.unknown_keys(given, COLUMN_CONTRACT_KEYS, "contract")
        _column_rules(book, reader, name, given)
        book.reader.problems += reader.problems
        found[name] = given
    return found


def _column_rules(book: RuleCollector, reader: Reader, column: str, given: Mapping[str, Any]) -> None:
    severity = cast("Severity | None", reader.choice(given.get("severity"), "contract.severity", SEVERITIES))
    where = reader.text(given.get("where"), "contract.where")

    def add(kind: RuleKind, **arguments: Any) -> None:
        book.add(kind, (column,), arguments, severity=severity, where=where)

    reader.switch(given.get("required"), "contract.required", default=True)
    if not reader.switch(given.get("nullable"), "contract.nullable", default=True):
        add("not_null")
    if reader.switch(given.get("unique"), "contract.unique", default=False):
        add("unique")
    low, high = (_limit(reader, given.get(key), f"contract.{key}") for key in ("min", "max"))
    _ordered(reader, low, high, "min", "max")
    strict = reader.switch(given.get("strict"), "contract.strict", default=False)
    if low is not None or high is not None:
        add("range", min=low, max=high, strict=strict)
    short, long = (reader.whole(given.get(key), f"contract.{key}", least=0) for key in ("min_length", "max_length"))
    _ordered(reader, short, long, "min_length", "max_length")
    if short is not None or long is not None:
        add("length", min=short, max=long)
    values = given.get("accepted_values")
    if isinstance(values, list) and values and all(isinstance(value, (str, int, float)) for value in values):
        add("accepted_values", values=values, quote=True)
    elif values is not None:
        reader.wrong(f"contract.accepted_values is {short_repr(values)}; it must be a list of texts or numbers.")
    pattern = reader.text(given.get("pattern"), "contract.pattern")
    if pattern is not None:
        add("pattern", regex=pattern)
    digits = reader.whole(given.get("precision"), "contract.precision", least=0)
    if digits is not None:
        add("precision", digits=digits)


def _limit(reader: Reader, value: object, key: str) -> float | int | str | None:
    """A number, or a text such as a date that the database compares in the type of the column."""
    if isinstance(value, str):
        return reader.text(value, key)
    number = reader.number(value, key)
    return cast("float | int | None", value) if number is not None else None


def _ordered(reader: Reader, low: object, high: object, low_key: str, high_key: str) -> None:
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
        reader.wrong(f"contract.{low_key} {low:g} is above contract.{high_key} {high:g}.")


def read_rules(book: RuleCollector, given: object) -> None:
    """Rules of ``contract.rules``: mappings with an ``expression`` or with the columns that are ``unique``."""
    reader = book.reader
    if given is not None and not isinstance(given, list):
        reader.wrong(
            f"contract.rules is {short_repr(given)}; it must be a list of {{expression: ...}} or {{unique: [...]}}."
        )
    for entry in given if isinstance(given, list) else ():
        if not isinstance(entry, Mapping) or len({"expression", "unique"} & set(entry)) != 1:
            reader.wrong(
                f"contract.rules: {short_repr(entry)} is not a rule; write {{expression: ...}} or {{unique: [...]}}."
            )
            continue
        reader.unknown_keys(entry, RULE_KEYS, "contract.rules")
        severity = cast("Severity | None", reader.choice(entry.get("severity"), "contract.rules.severity", SEVERITIES))
        where = reader.text(entry.get("where"), "contract.rules.where")
        name = reader.text(entry.get("name"), "contract.rules.name") or ""
        expression = reader.text(entry.get("expression"), "contract.rules.expression")
        columns = reader.names(entry.get("unique"), "contract.rules.unique")
        if expression is not None:
            book.add("expression", (), {"sql": expression}, name=name, severity=severity, where=where)
        elif columns:
            book.add("unique", columns, name=name, severity=severity, where=where)
        elif entry.get("unique") in ([], None) and "unique" in entry:
            reader.wrong("contract.rules.unique names no column.")


def plain_name(text: str) -> str:
    """A column name without the quotes that dbt puts around the name of a column with ``quote: true``."""
    text = text.strip()
    return text[1:-1].replace('""', '"') if len(text) > 2 and text[0] == text[-1] == '"' else text
