"""Contracts read from a manifest that dbt wrote, and the sentence that each mistake earns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lookout.contracts.spec.declared import load_contracts
from lookout.contracts.spec.model import ColumnContract, Contract, Rule, Sampling
from lookout.errors import ConfigError
from lookout.project.declarations.monitors import load_monitors

# Stand-ins with the signatures of the packages' tests: dbt writes them into the manifest as it writes the real ones.
PACKAGES = {
    "dbt_utils": {
        "accepted_range": "column_name, min_value=none, max_value=none, inclusive=true",
        "expression_is_true": "expression, column_name=none",
        "unique_combination_of_columns": "combination_of_columns, quote_columns=false",
        "at_least_one": "column_name",
    },
    "dbt_expectations": {
        "expect_column_values_to_not_be_null": "column_name, row_condition=none",
        "expect_column_values_to_be_unique": "column_name, row_condition=none",
        "expect_column_values_to_be_between": "column_name, min_value=none, max_value=none, row_condition=none, strictly=false",
        "expect_column_values_to_be_in_set": "column_name, value_set, quote_values=true, row_condition=none",
        "expect_column_values_to_match_regex": "column_name, regex, row_condition=none, is_raw=false, flags=''",
        "expect_column_value_lengths_to_be_between": "column_name, min_value=none, max_value=none, row_condition=none, strictly=false",
    },
}
MODELS = {
    "customers": "select 1 as id",
    "regions": "{{ config(materialized='ephemeral') }} select 1 as id",
    "orders": "select 1 as order_id, 2 as customer_id",
    "orders_view": "select 1 as order_id",
    "plain": "select 1 as id",
    "quiet": "select 1 as id",
}
YAML = """
models:
  - name: customers
    config: {meta: {lookout: {schema: crm, table: people, contract: false}}}
  - name: orders
    description: "Orders of the shop.\\nMore."
    config: {materialized: table, contract: {enforced: true}, group: sales}
    constraints:
      - {type: primary_key, columns: [order_id]}
      - {type: foreign_key, columns: [customer_id], to: ref('customers'), to_columns: [id]}
      - {type: foreign_key, columns: [region_id], to: "ref('regions')", to_columns: [id]}
      - {type: unique, columns: [customer_id, status]}
      - {type: check, expression: "total > tax", name: total_covers_tax}
    columns:
      - {name: order_id, data_type: integer, constraints: [{type: not_null}, {type: unique}], data_tests: [unique, not_null]}
      - {name: customer_id, data_type: integer, constraints: [{type: foreign_key, expression: '"crm"."people" ("id")'}]}
      - {name: region_id, data_type: integer}
      - {name: total, data_type: "numeric(12,2)", constraints: [{type: check, expression: "total > 0"}]}
      - {name: tax, data_type: "numeric(12,2)"}
      - {name: status, data_type: text, config: {meta: {lookout: {contract: {max_length: 5}}}}}
  - name: orders_view
    config: {materialized: view, contract: {enforced: true}}
    columns: [{name: order_id, data_type: integer, constraints: [{type: not_null}]}]
  - name: plain
    config: {materialized: table, meta: {lookout: {contract: {mode: strict, tests: true}}}}
    columns: [{name: id, data_type: integer, constraints: [{type: not_null}, {type: primary_key}], data_tests: [unique]}]
  - name: quiet
    config: {contract: {enforced: true}, meta: {lookout: {contract: false}}}
    columns: [{name: id, data_type: integer, config: {meta: {lookout: {contract: {min: 0}}}}}]
sources:
  - name: shop
    schema: sales
    config: {meta: {owner: Shop Team, lookout: {connection: shop, contract: {mode: strict, unexpected: warn}}}}
    tables:
      - name: lines
        config: {meta: {lookout: {contract: {version: 1.2}, timestamp_column: loaded_at, grain: hour}}}
        data_tests:
          - dbt_utils.unique_combination_of_columns: {arguments: {combination_of_columns: [order_id, Line]}}
          - dbt_utils.expression_is_true: {arguments: {expression: "total >= tax"}, config: {where: "status <> 'draft'"}}
        columns:
          - name: order_id
            data_type: bigint
            constraints: [{type: not_null}, {type: primary_key}, {type: foreign_key, to: "source('shop', 'items')", to_columns: [id]}]
            data_tests:
              - unique
              - not_null: {config: {severity: warn, where: "total > 0"}}
              - relationships: {arguments: {to: "source('shop', 'items')", field: id}}
              - relationships: {name: elsewhere, arguments: {to: "source('other', 'far')", field: id}}
              - dbt_utils.at_least_one
          - name: Line
            quote: true
            data_tests:
              - not_null
              - dbt_expectations.expect_column_values_to_be_between: {arguments: {min_value: 1, max_value: 9, strictly: true, row_condition: "total > 1"}, config: {where: "total < 5"}}
          - name: status
            data_tests:
              - accepted_values: {arguments: {values: [a, b]}, config: {severity: error}}
              - accepted_values: {name: some, arguments: {values: [a]}, config: {error_if: ">10"}}
              - accepted_values: {name: switched_off, arguments: {values: [z]}, config: {enabled: false}}
              - dbt_expectations.expect_column_values_to_be_in_set: {arguments: {value_set: [1, 2], quote_values: false}}
              - dbt_expectations.expect_column_values_to_match_regex: {arguments: {regex: "^[a-z]+$"}}
              - dbt_expectations.expect_column_values_to_match_regex: {name: flagged, arguments: {regex: "^A", flags: i}}
              - dbt_expectations.expect_column_value_lengths_to_be_between: {arguments: {min_value: 1, max_value: 9, strictly: true}}
              - dbt_expectations.expect_column_values_to_not_be_null
              - dbt_expectations.expect_column_values_to_be_unique
          - name: total
            data_tests:
              - dbt_utils.accepted_range: {arguments: {min_value: 0, inclusive: false}}
              - dbt_utils.accepted_range: {name: of_tax, arguments: {min_value: "tax * 2", max_value: 100}}
              - dbt_utils.expression_is_true: {name: even, arguments: {expression: "% 2 = 0"}}
      - name: items
        columns: [{name: id}]
      - name: left_alone
        config: {meta: {lookout: {contract: false}}}
  - name: other
    schema: far
    tables: [{name: far}]
groups:
  - {name: sales, owner: {email: sales@example.com}}
"""


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The manifest of a small project, written by dbt."""
    from dbt.cli.main import dbtRunner

    root = tmp_path_factory.mktemp("declared")
    for package, tests in PACKAGES.items():
        project(root / package, package)
        text = "".join(f"{{% test {name}(model, {args}) %}}select 1{{% endtest %}}\n" for name, args in tests.items())
        (root / package / "macros").mkdir()
        (root / package / "macros" / "tests.sql").write_text(text)
    project(root, "declared")
    (root / "packages.yml").write_text(yaml.safe_dump({"packages": [{"local": name} for name in PACKAGES]}))
    (root / "models").mkdir()
    for name, text in MODELS.items():
        (root / "models" / f"{name}.sql").write_text(text)
    (root / "models" / "all.yml").write_text(YAML)
    output = {
        "type": "postgres",
        "host": "localhost",
        "user": "u",
        "password": "p",
        "port": 5432,
        "dbname": "d",
        "schema": "public",
    }
    profile = {"declared": {"target": "warehouse", "outputs": {"warehouse": output, "shop": output}}}
    (root / "profiles.yml").write_text(yaml.safe_dump(profile))
    for command in ("deps", "parse"):
        result = dbtRunner().invoke([command, "--project-dir", str(root), "--profiles-dir", str(root), "--quiet"])
        assert result.success, result.exception
    content: dict[str, Any] = json.loads((root / "target" / "manifest.json").read_text())
    return content


def project(folder: Path, name: str) -> None:
    folder.mkdir(exist_ok=True)
    settings = {"name": name, "version": "1.0.0", "profile": "declared", "flags": {"send_anonymous_usage_stats": False}}
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(settings))


@pytest.fixture(scope="module")
def contracts(manifest: dict[str, Any]) -> dict[str, Contract]:
    loaded = load_contracts(manifest, default_connection="warehouse", known_connections=["warehouse", "shop"])
    return {contract.name: contract for contract in loaded}


def rules(contract: Contract) -> dict[str, Rule]:
    """Rules by name; those of tests by the second part of the test's unique id."""
    named = {rule.name.split(".")[2] if rule.name.startswith("test.") else rule.name: rule for rule in contract.rules}
    assert len(named) == len(contract.rules)
    return named


def test_who_carries_a_contract(contracts: dict[str, Contract]) -> None:
    assert list(contracts) == ["orders", "orders_view", "plain", "shop.items", "shop.lines"]


def test_dbts_own_contract_is_one(contracts: dict[str, Contract]) -> None:
    orders = contracts["orders"]
    assert (orders.mode, orders.unexpected, orders.connection, orders.asset) == (
        "lenient",
        "warn",
        "warehouse",
        "public.orders",
    )
    assert (orders.owner, orders.description, orders.is_source) == ("sales@example.com", "Orders of the shop.", False)
    assert orders.keys == orders.constrained_keys == (("order_id",), ("customer_id", "status"))
    assert (orders.example_columns, orders.left_out) == (("order_id",), ())
    assert orders.columns[0] == ColumnContract("order_id", "integer", is_nullable=False, has_not_null_constraint=True)
    assert orders.columns[1] == ColumnContract("customer_id", "integer")
    # Its tests are dbt's to run; a parent that is ephemeral has no table.
    assert {name: (rule.kind, rule.columns, rule.severity) for name, rule in rules(orders).items()} == {
        "relationship(customer_id -> crm.people.id)": ("relationship", ("customer_id",), "warning"),
        "total_covers_tax": ("expression", (), "warning"),
        "expression(total > 0)": ("expression", ("total",), "warning"),
        "not_null(order_id)": ("not_null", ("order_id",), "warning"),
        "unique(order_id)": ("unique", ("order_id",), "warning"),
        "unique(customer_id, status)": ("unique", ("customer_id", "status"), "warning"),
        "length(status)": ("length", ("status",), "warning"),
    }


def test_only_what_dbt_builds_with_constraints_has_them_in_the_catalog(contracts: dict[str, Contract]) -> None:
    assert not contracts["orders_view"].columns[0].has_not_null_constraint
    plain = contracts["plain"]
    assert (plain.mode, plain.unexpected, plain.keys, plain.constrained_keys) == ("strict", "fail", (("id",),), ())
    assert plain.columns == (ColumnContract("id", "integer", is_nullable=False),)
    # The same promise, by a constraint and by a test, is one rule under the test's name.
    assert {name: (rule.kind, rule.severity) for name, rule in rules(plain).items()} == {
        "not_null(id)": ("not_null", "critical"),
        "unique_plain_id": ("unique", "critical"),
    }


def test_a_source_in_another_database(contracts: dict[str, Contract], manifest: dict[str, Any]) -> None:
    lines = contracts["shop.lines"]
    assert (lines.connection, lines.asset, lines.mode, lines.unexpected) == ("shop", "sales.lines", "strict", "warn")
    assert (lines.version, lines.owner, lines.layer) == ("1.2", "Shop Team", "cdc")
    assert (lines.timestamp_column, lines.constrained_keys, lines.file) == (
        "loaded_at",
        (("order_id",),),
        "models/all.yml",
    )
    assert lines.columns[1] == ColumnContract("Line", is_nullable=False, is_quoted=True)
    (monitor,) = load_monitors(manifest, default_connection="warehouse")
    assert (monitor.asset, monitor.layer) == (lines.asset, lines.layer)


def test_tests_of_a_source_become_rules(contracts: dict[str, Contract]) -> None:
    lines = contracts["shop.lines"]
    by_kind: dict[str, list[Any]] = {}
    for name, rule in rules(lines).items():
        text = "" if name == f"{rule.kind}({', '.join(rule.columns)})" else "test"
        by_kind.setdefault(rule.kind, []).append((text, rule.columns, dict(rule.arguments), rule.severity, rule.where))
    assert {kind: sorted(found, key=str) for kind, found in by_kind.items()} == {
        "not_null": [
            ("", ("order_id",), {}, "critical", None),
            ("test", ("Line",), {}, "critical", None),
            ("test", ("order_id",), {}, "warning", "total > 0"),
            ("test", ("status",), {}, "critical", None),
        ],
        "unique": [
            ("test", ("order_id", "Line"), {}, "critical", None),
            ("test", ("order_id",), {}, "critical", None),
            ("test", ("status",), {}, "critical", None),
        ],
        "relationship": [
            ("test", ("order_id",), {"schema": "sales", "table": "items", "column": "id"}, "critical", None)
        ],
        "accepted_values": [
            ("test", ("status",), {"values": ["a", "b"], "quote": True}, "critical", None),
            ("test", ("status",), {"values": [1, 2], "quote": False}, "critical", None),
        ],
        "pattern": [("test", ("status",), {"regex": "^[a-z]+$"}, "critical", None)],
        "length": [("test", ("status",), {"min": 2, "max": 8}, "critical", None)],
        "range": [
            ("test", ("Line",), {"min": 1, "max": 9, "strict": True}, "critical", "(total < 5) and (total > 1)"),
            ("test", ("total",), {"min": 0, "max": None, "strict": True}, "critical", None),
        ],
        "expression": [
            ("test", ("total",), {"sql": "total % 2 = 0"}, "critical", None),
            ("test", ("total",), {"sql": "total >= tax * 2 and total <= 100"}, "critical", None),
            ("test", (), {"sql": "total >= tax"}, "critical", "status <> 'draft'"),
        ],
    }
    # A condition on the number of failures, regex flags, a test nobody knows, a parent in another database.
    assert sorted(test.split(".")[2].split("_at_least")[0] for test in lines.left_out) == [
        "dbt_utils_source",
        "elsewhere",
        "flagged",
        "some",
    ]


def test_names_of_tests_are_their_unique_ids(contracts: dict[str, Contract], manifest: dict[str, Any]) -> None:
    named = [rule.name for contract in contracts.values() for rule in contract.rules if rule.name.startswith("test.")]
    assert len(named) == 17
    assert set(named) <= set(manifest["nodes"])


def test_the_compiled_relation_of_a_foreign_key_is_resolved_too(manifest: dict[str, Any]) -> None:
    changed = json.loads(json.dumps(manifest))
    (_, key, *_) = changed["nodes"]["model.declared.orders"]["constraints"]
    for relation, place in (('"d"."public"."customers"', ("crm", "people")), ('"d"."old"."gone"', ("old", "gone"))):
        key["to"] = relation
        orders = load_contracts(changed, default_connection="warehouse")[0]
        found = next(rule for rule in orders.rules if rule.kind == "relationship")
        assert (found.arguments["schema"], found.arguments["table"]) == place


def test_lookouts_own_models_promise_nothing() -> None:
    node = {**model({"contract": True}), "fqn": ["lookout", "monitoring", "alerts"], "contract": {"enforced": True}}
    assert load(node) == ()


# --- written by hand ------------------------------------------------------------------------------------------------


def model(lookout: Any, name: str = "orders", **more: Any) -> dict[str, Any]:
    node = {
        "resource_type": "model",
        "unique_id": f"model.shop.{name}",
        "name": name,
        "alias": name,
        "schema": "public",
        "patch_path": "shop://models/_models.yml",
        "columns": {},
        "fqn": ["shop", name],
        "config": {"meta": {"lookout": lookout}, "materialized": "table"},
    }
    return {**node, **more}


def load(*nodes: dict[str, Any], **settings: Any) -> tuple[Contract, ...]:
    manifest = {"nodes": {node["unique_id"]: node for node in nodes}, "sources": {}}
    return load_contracts(manifest, default_connection="warehouse", **settings)


def read(text: str, columns: str = "{}", **more: Any) -> Contract:
    """The contract of a model with this as ``contract`` and these ``lookout.contract`` mappings of its columns."""
    given = {
        name: {"name": name, "config": {"meta": {"lookout": {"contract": value}}}}
        if isinstance(value, dict)
        else {"name": name, "data_type": value}
        for name, value in yaml.safe_load(columns).items()
    }
    (contract,) = load(model({"contract": yaml.safe_load(text)}, columns=given, **more))
    return contract


def test_no_example_columns_are_not_the_same_as_none_declared() -> None:
    assert read("{}").example_columns is None
    assert read("{keys: [[b]]}").example_columns == ("b",)
    assert read("{keys: [[b]], examples: []}").example_columns == ()


def test_every_key_of_a_contract() -> None:
    contract = read(
        """
        {mode: strict, version: "2.0", unexpected: ignore, severity: warning, keys: [[id], [a, b]], filter: "not gone",
         timestamp_column: at, incremental: true, sample: {rows: 10, method: random}, examples: [b],
         include_sample_data: true, rules: [{expression: "a > b", name: bigger, severity: critical, where: "c"},
         {unique: [a, c]}, {expression: "a > b"}]}
        """
    )
    assert (contract.mode, contract.version, contract.unexpected, contract.row_filter) == (
        "strict",
        "2.0",
        "ignore",
        "not gone",
    )
    assert (contract.keys, contract.constrained_keys, contract.example_columns) == ((("id",), ("a", "b")), (), ("b",))
    assert (contract.timestamp_column, contract.incremental, contract.sampling) == ("at", True, Sampling(10, "random"))
    assert contract.include_sample_data
    assert contract.rules == (
        Rule("unique", ("id",), "unique(id)", {}, "warning"),
        Rule("unique", ("a", "b"), "unique(a, b)", {}, "warning"),
        Rule("expression", (), "bigger", {"sql": "a > b"}, "critical", "c"),
        Rule("unique", ("a", "c"), "unique(a, c)", {}, "warning"),
        Rule("expression", (), "expression(a > b)", {"sql": "a > b"}, "warning"),
    )
    assert dict(contract.rules[2].arguments) == {"sql": "a > b"}


def test_every_key_of_a_column() -> None:
    contract = read(
        "strict",
        """
        {a: {required: false, nullable: false, unique: true, min: 0, max: 9.5, strict: true, accepted_values: [x, 1],
             min_length: 1, max_length: 5, pattern: "^x", precision: 2, severity: warning, where: "b > 0"},
         d: {min: "2026-01-01"}, e: {nullable: false}}
        """,
    )
    assert contract.columns == (
        ColumnContract("a", is_required=False),
        ColumnContract("d"),
        ColumnContract("e", is_nullable=False),
    )
    found = [(rule.kind, dict(rule.arguments)) for rule in contract.rules if rule.columns == ("a",)]
    assert found == [
        ("not_null", {}),
        ("unique", {}),
        ("range", {"min": 0, "max": 9.5, "strict": True}),
        ("length", {"min": 1, "max": 5}),
        ("accepted_values", {"values": ["x", 1], "quote": True}),
        ("pattern", {"regex": "^x"}),
        ("precision", {"digits": 2}),
    ]
    assert {(rule.severity, rule.where) for rule in contract.rules if rule.columns == ("a",)} == {("warning", "b > 0")}
    assert contract.rules[0].name == "not_null(a) where b > 0"
    assert contract.rules[-1] == Rule("not_null", ("e",), "not_null(e)", {}, "critical")


def test_the_columns_of_a_payload_are_its_fields() -> None:
    contract = read("{payload: record, keys: [[id]]}", "{id: integer, total: 'numeric(12,2)', note: {max_length: 3}}")
    assert (contract.payload, contract.constrained_keys) == ("record", ())
    assert [(rule.kind, rule.columns, dict(rule.arguments)) for rule in contract.rules] == [
        ("length", ("note",), {"min": None, "max": 3}),
        ("unique", ("id",), {}),
        ("type", ("id",), {"data_type": "integer"}),
        ("type", ("total",), {"data_type": "numeric(12,2)"}),
    ]


def test_two_ranges_of_one_column_keep_their_names_apart() -> None:
    constraint = {"type": "foreign_key", "expression": "crm.people (id)"}
    columns = {"a": {"name": "a", "constraints": [constraint, {**constraint, "expression": "crm.others (id)"}]}}
    (contract,) = load(model({"contract": True}, columns=columns))
    assert [rule.name for rule in contract.rules] == [
        "relationship(a -> crm.people.id)",
        "relationship(a -> crm.others.id)",
    ]


def test_a_contract_alone_watches_nothing() -> None:
    manifest = {"nodes": {"model.shop.orders": model({"connection": "shop", "contract": True})}}
    assert load_monitors(manifest, default_connection="warehouse") == ()
    assert len(load_contracts(manifest, default_connection="warehouse")) == 1
    assert load(model({"enabled": False, "contract": True})) == load(model(False)) == load(model(None)) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("strct", "contract is 'strct'; did you mean 'strict'?"),
        ("7", "contract is 7; write true, false, strict, lenient or a mapping."),
        ("{mod: strict}", "unknown key 'mod' in contract; did you mean 'mode'?"),
        ("{mode: loose}", "contract.mode is 'loose'; use one of strict, lenient."),
        ("{unexpected: error}", "contract.unexpected is 'error'; use one of fail, warn, ignore."),
        ("{severity: high}", "contract.severity is 'high'; use one of warning, critical."),
        ("{version: [1]}", "contract.version is [1]; it must be a non-empty text."),
        ("{keys: [id]}", "contract.keys is ['id']; it must be a list of keys, such as [[order_id]]."),
        ("{keys: [[a, a]]}", "contract.keys: 'a' stands there twice; remove one."),
        ("{rules: {a: 1}}", "contract.rules is {'a': 1}; it must be a list of {expression: ...} or {unique: [...]}."),
        ("{rules: [a > b]}", "contract.rules[1]: 'a > b' is not a rule; write {expression: ...} or {unique: [...]}."),
        ("{rules: [{expression: a, unique: [b]}]}", "is not a rule; write {expression: ...} or {unique: [...]}."),
        ("{rules: [{unique: []}]}", "contract.rules[1].unique names no column."),
        ("{rules: [{expression: a, nmae: x}]}", "unknown key 'nmae' in contract.rules[1]; did you mean 'name'?"),
        ("{rules: [{expression: a, name: x}, {expression: b, name: x}]}", "contract: two rules are called 'x'; "),
        ("{incremental: true}", "contract.incremental needs a timestamp_column; "),
        ("{sample: {rows: 5}}", "contract.sample of the latest rows needs a timestamp_column; "),
        ("{sample: {method: random}}", "contract.sample has no rows; write {rows: 1000}."),
        ("{sample: {rows: 0, method: random}}", "contract.sample.rows is 0; it must be 1 or more."),
        ("{sample: {rows: 5, method: first}, timestamp_column: at}", "contract.sample.method is 'first'; use one of "),
        ("{include_sample_data: 'no'}", "contract.include_sample_data is 'no'; it must be true or false."),
        ("{tests: 1}", "contract.tests is 1; it must be true or false."),
        ("{filter: ''}", "contract.filter is ''; it must be a non-empty text."),
        ("{payload: 3}", "contract.payload is 3; it must be a non-empty text."),
    ],
)
def test_each_mistake_in_a_contract_earns_one_sentence(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    (line,) = str(caught.value).splitlines()
    assert line.startswith("models/_models.yml: orders: ")
    assert expected in line


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("{a: {mn: 1}}", "column a: unknown key 'mn' in contract; did you mean 'min'?"),
        ("{a: {min: 2, max: 1}}", "column a: contract.min 2 is above contract.max 1."),
        ("{a: {min_length: 2, max_length: 1}}", "column a: contract.min_length 2 is above contract.max_length 1."),
        ("{a: {min: [1]}}", "column a: contract.min is [1]; it must be a number."),
        ("{a: {accepted_values: x}}", "column a: contract.accepted_values is 'x'; it must be a list of texts or numbers."),
        ("{a: {accepted_values: []}}", "column a: contract.accepted_values is []; it must be a list of texts or"),
        ("{a: {precision: -1}}", "column a: contract.precision is -1; it must be 0 or more."),
        ("{a: {severity: bad}}", "column a: contract.severity is 'bad'; "),
        ("{a: {nullable: 1}}", "column a: contract.nullable is 1; it must be true or false."),
        ("{a: {pattern: 5}}", "column a: contract.pattern is 5; it must be a non-empty text."),
        ("{a: integr}", "column a: unknown type 'integr'; did you mean 'integer'? Write a type of your own with its schema."),
    ],
)  # fmt: skip
def test_each_mistake_in_a_column_earns_one_sentence(columns: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read("true", columns)
    (line,) = str(caught.value).splitlines()
    assert expected in line


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([model({"contarct": True})], "unknown key 'contarct' in lookout; did you mean 'contract'?"),
        ([model({"contract": True, "connection": "shp"})], "connection 'shp' is not an output of profiles.yml; it has: shop, warehouse."),
        ([model({"contract": True}, config={"materialized": "ephemeral", "meta": {"lookout": {"contract": True}}})],
         "an ephemeral model has no table to hold to a contract; "),
        ([model(None, columns={"a": {"name": "a", "meta": {"lookout": {"contract": {"min": 1}}}}})],
         "column a has a contract and its table has none; add `contract: true` to the table's lookout settings."),
        ([model(None, columns={"a": {"name": "a", "meta": {"lookout": {"contracts": {"min": 1}}}}})],
         "column a: unknown key 'contracts' in lookout; did you mean 'contract'?"),
        ([model({"contract": True}, columns={"a": {"name": "a", "meta": {"lookout": {"contract": 5}}}})],
         "column a: contract is 5; it must be a mapping of keys to values."),
        ([model({"contract": True}), model({"contract": True}, "other", alias="orders")],
         "other: table public.orders of connection 'warehouse' already has the contract of orders; "),
        ([model({"contract": {"payload": "r"}}, columns={"a": {"name": "a", "data_type": "mood"}})],
         "column a: 'mood' is no type that a field of a payload can be checked for; "),
        ([model({"contract": True}, columns={"a": {"name": "a", "constraints": [{"type": "not_null"}],
         "meta": {"lookout": {"contract": {"nullable": True}}}}})],
         "column a: contract.nullable is true, and elsewhere it is not null; keep one of the two."),
    ],
)  # fmt: skip
def test_mistakes_around_contracts(nodes: list[dict[str, Any]], expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(*nodes, known_connections=["warehouse", "shop"])
    (line,) = str(caught.value).splitlines()
    assert expected in line


def test_what_is_written_counts_over_what_dbt_enforces() -> None:
    enforced = model(None, contract={"enforced": True})
    written = model({"contract": "strict"}, "other", alias="orders")
    assert [(contract.name, contract.mode) for contract in load(enforced, written)] == [("other", "strict")]


json_values = st.recursive(
    st.sampled_from([None, True, 0, -1, 2.5, float("nan"), " ", "x\ny", "strict", "a > b", "unique", "integer"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["expression", "unique", "rows", "method", "name", "where", "x"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
CONTRACT_WORDS = [
    "mode", "version", "unexpected", "severity", "payload", "keys", "rules", "filter", "incremental", "sample", "tests",
    "examples", "timestamp_column", "include_sample_data",
]  # fmt: skip
COLUMN_WORDS = [
    "required",
    "nullable",
    "unique",
    "min",
    "max",
    "strict",
    "accepted_values",
    "min_length",
    "pattern",
    "where",
]


@given(
    st.one_of(json_values, st.dictionaries(st.sampled_from(CONTRACT_WORDS), json_values, max_size=5)),
    st.one_of(json_values, st.dictionaries(st.sampled_from(COLUMN_WORDS), json_values, max_size=5)),
)
def test_whatever_people_write_they_get_a_contract_or_a_sentence(contract: Any, column: Any) -> None:
    columns = {"a": {"name": "a", "data_type": "text", "config": {"meta": {"lookout": {"contract": column}}}}}
    try:
        load(model({"contract": contract}, columns=columns))
    except ConfigError as error:
        lines = str(error).splitlines()
    else:
        lines = []
    assert all(line.startswith("models/_models.yml: orders: ") for line in lines)
