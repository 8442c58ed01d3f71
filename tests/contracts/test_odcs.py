"""Contracts to the Open Data Contract Standard and back: nothing gets lost unsaid, and the standard is kept."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from lookout.contracts.changes.versions import contract_definition
from lookout.contracts.exchange.odcs import check, to_odcs
from lookout.contracts.exchange.odcs_import import from_odcs
from lookout.contracts.spec.declared import load_contracts
from lookout.contracts.spec.model import Contract
from lookout.errors import ConfigError
from lookout.project.dbt import Project
from lookout.project.declarations.monitors import load_monitors

SHOP = r"""
version: 2
sources:
  - name: shop
    schema: public
    config: {meta: {lookout: {connection: shop}}}
    tables:
      - name: customers
        columns: [{name: id, data_type: bigint}]
      - name: orders
        description: One row per order.
        config:
          meta:
            lookout:
              connection: shop
              owner: sales
              contract:
                mode: MODE
                version: "1.2"
                unexpected: ignore
                keys: [[order_id], [customer_id, placed_on]]
                filter: "is_deleted = false"
                timestamp_column: loaded_at
                incremental: true
                sample: {rows: 1000, method: random}
                examples: [customer_id]
                rules:
                  - {expression: "total >= tax", name: total_covers_tax, severity: OTHER, where: "status <> 'x'"}
                  - {expression: "total is not null"}
                  - {unique: [line, order_id], severity: OTHER}
        columns:
          - {name: order_id, data_type: bigint, description: Number of the order., data_tests: [not_null]}
          - {name: customer_id, data_type: bigint, constraints: [{type: foreign_key, expression: public.customers (id)}]}
          - {name: placed_on, data_type: date, config: {meta: {lookout: {contract: {min: "2020-01-01"}}}}}
          - name: total
            data_type: numeric(12,2)
            config: {meta: {lookout: {contract: {nullable: false, min: 0, max: 9.5, strict: true, precision: 2}}}}
          - {name: tax, data_type: float8, config: {meta: {lookout: {contract: {min: 0, severity: OTHER, where: "line > 0"}}}}}
          - {name: status, data_type: varchar(9), data_tests: [{accepted_values: {arguments: {values: [open, "on"]}}}]}
          - name: code
            data_type: text
            config: {meta: {lookout: {contract: {min_length: 1, max_length: 5, pattern: '^[A-Z]{1,5}\d*$', required: false}}}}
          - {name: line, data_type: integer, data_tests: [{accepted_values: {arguments: {values: [1, 2], quote: false}}}]}
          - {name: uid, data_type: uuid, data_tests: [unique]}
          - {name: doc, data_type: jsonb}
          - {name: tags, data_type: "text[]"}
          - {name: loaded_at, data_type: timestamptz}
          - {name: is_deleted, data_type: boolean}
          - {name: kind, data_type: order_kind}
          - {name: anything}
"""

THEIRS = """
apiVersion: v3.1.0
kind: DataContract
id: 53581432-6c55-4ba2-a65f-72344a91553b
name: Seller payments
version: 1.1.0
status: active
domain: seller
description: {purpose: Views built on top of the seller tables.}
servers:
  - {server: live, type: postgresql, host: db.example.org, port: 5432, database: pay, schema: pay_v1}
team:
  - {username: ann, name: Ann, role: owner}
  - {username: bob, name: Bob, dateOut: "2023-01-01"}
roles: [{role: reader, access: read}]
slaProperties:
  - {property: latency, value: 4, unit: d, element: tab1.txn_ref_dt}
  - {property: retention, value: 3, unit: y, element: tab1.txn_ref_dt}
schema:
  - name: tab1
    physicalName: receivers_master
    logicalType: object
    properties:
      - {name: rcvr_id, primaryKey: true, primaryKeyPosition: 1, logicalType: string, physicalType: varchar(18)}
      - {name: txn_ref_dt, logicalType: timestamp, required: true}
      - name: amount
        logicalType: number
        logicalTypeOptions: {exclusiveMinimum: 0, maximum: 500, multipleOf: 5}
        quality:
          - {metric: nullValues, mustBeLessThan: 10, unit: percent, name: few nulls}
          - {metric: nullValues, mustBe: 0, severity: error}
      - name: country
        logicalType: string
        physicalType: varchar(2)
        quality:
          - {type: library, metric: invalidValues, arguments: {validValues: [pt, es]}, mustBe: 0}
          - {type: custom, engine: soda, implementation: "type: duplicate_percent"}
      - {name: address, logicalType: object, properties: [{name: street, logicalType: string}]}
      - {name: buyer_id, logicalType: integer, relationships: [{to: buyers.id}]}
    quality:
      - {metric: rowCount, mustBeGreaterThan: 0, name: not empty}
      - {type: sql, query: "SELECT COUNT(*) FROM ${table} WHERE NOT (amount > 1)", mustBe: 0, name: big}
"""
Read = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def parse(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Lets dbt parse a project with the YAML in it; a model named orders is there too. dbt keeps what it parsed."""
    root: Path = tmp_path_factory.mktemp("imported")
    (root / "models").mkdir()
    known: dict[str, dict[str, Any]] = {}

    def run(text: str) -> dict[str, Any]:
        if text in known:
            return known[text]
        (root / "models" / "imported.yml").write_text(text)
        (root / "models" / "orders.sql").write_text("select 1 as one")
        output = {"type": "postgres", "host": "nowhere", "port": 1, "user": "u", "password": "", "threads": 1}
        profile = {"target": "ci", "outputs": {"ci": {**output, "dbname": "d", "schema": "s"}}}
        (root / "profiles.yml").write_text(yaml.safe_dump({"imported": profile}))
        definition = {"name": "imported", "version": "1.0", "profile": "imported"}
        flags = {"send_anonymous_usage_stats": False}
        (root / "dbt_project.yml").write_text(yaml.safe_dump({**definition, "flags": flags}))
        known[text] = Project(root, root).parse()
        return known[text]

    return run


def only(manifest: dict[str, Any]) -> Contract:
    (contract,) = load_contracts(manifest, default_connection="warehouse")
    return contract


def promise(contract: Contract) -> dict[str, Any]:
    """What a contract promises, without the names of rules; every key is a unique rule too."""
    definition = contract_definition(contract)
    del definition["keys"]
    definition["rules"] = sorted(
        (
            repr(sorted((key, value) for key, value in rule["arguments"].items() if key != "quote")),
            sorted(rule["columns"]),
            rule["kind"],
            rule["severity"],
            rule["where"],
            rule["name"] if "(" not in rule["name"] else "",
        )
        for rule in definition["rules"]
    )
    return definition


@pytest.mark.parametrize(("mode", "other"), [("strict", "warning"), ("lenient", "critical")])
def test_a_contract_survives_the_way_there_and_back(parse: Read, mode: str, other: str) -> None:
    contract = only(parse(SHOP.replace("MODE", mode).replace("OTHER", other)))
    assert len(contract.rules) == 17
    exported = to_odcs(contract)
    check(yaml.safe_load(exported), "the export")
    back = from_odcs(exported)
    assert "#" not in back
    returned = only(parse(back))
    assert promise(returned) == promise(contract)
    assert returned.keys[0] == contract.keys[0] == ("order_id",)
    assert (returned.name, returned.asset, returned.connection) == ("shop.orders", "public.orders", "shop")
    assert [column.name for column in returned.columns] == [column.name for column in contract.columns]
    assert to_odcs(returned).replace("source.imported", "source.shop") == exported.replace(
        "source.imported", "source.shop"
    )


def test_a_model_survives_too(parse: Read) -> None:
    contract = only(parse(SHOP.replace("MODE", "lenient").replace("OTHER", "critical")))
    returned = only(parse(from_odcs(to_odcs(contract), is_model=True)))
    assert (returned.name, returned.is_source) == ("orders", False)
    assert promise(returned) == promise(contract)


def test_what_the_standard_has_words_for(parse: Read) -> None:
    contract = only(parse(SHOP.replace("MODE", "lenient").replace("OTHER", "critical")))
    server = {"host": "db.example.org", "port": 5433, "dbname": "shop", "password": "hidden", "user": "u"}
    text = to_odcs(contract, server=server, freshness=timedelta(hours=36))
    assert "hidden" not in text
    content = yaml.safe_load(text)
    check(content, "the export")
    assert (content["apiVersion"], content["version"], content["team"]) == ("v3.1.0", "1.2", {"name": "sales"})
    assert content["servers"] == [
        {
            "server": "shop",
            "type": "postgres",
            "host": "db.example.org",
            "port": 5433,
            "database": "shop",
            "schema": "public",
        }
    ]
    assert content["slaProperties"] == [
        {"property": "latency", "value": 36, "unit": "h", "element": "orders.loaded_at"}
    ]
    properties = {entry["name"]: entry for entry in content["schema"][0]["properties"]}
    assert properties["order_id"] == {
        "name": "order_id",
        "logicalType": "integer",
        "physicalType": "bigint",
        "primaryKey": True,
        "primaryKeyPosition": 1,
        "required": True,
    }
    assert properties["total"]["logicalTypeOptions"] == {"exclusiveMinimum": 0, "exclusiveMaximum": 9.5}
    assert properties["placed_on"]["logicalTypeOptions"] == {"minimum": "2020-01-01"}
    assert properties["uid"] == {"name": "uid", "logicalType": "string", "physicalType": "uuid", "unique": True}
    assert properties["status"]["quality"] == [
        {"type": "library", "metric": "invalidValues", "arguments": {"validValues": ["open", "on"]}, "mustBe": 0}
    ]
    assert properties["customer_id"]["relationships"][0]["to"] == "customers.id"
    assert "logicalType" not in properties["kind"]
    queries = [rule["query"] for rule in content["schema"][0]["quality"] if rule["type"] == "sql"]
    assert queries[0] == "select count(*) from {object} where not (total >= tax)"
    monitors = load_monitors(parse(from_odcs(text)), default_connection="warehouse")
    assert [monitor.error_after for monitor in monitors] == [timedelta(hours=36)]


def test_a_contract_of_another_tool(parse: Read) -> None:
    text = from_odcs(THEIRS, source="pay")
    contract = only(parse(text))
    assert (contract.name, contract.asset, contract.version, contract.owner) == (
        "pay.tab1",
        "pay_v1.receivers_master",
        "1.1.0",
        "Ann",
    )
    assert {column.name: column.data_type for column in contract.columns} == {
        "rcvr_id": "varchar(18)",
        "txn_ref_dt": "datetime",
        "amount": "number",
        "country": "varchar(2)",
        "address": "object",
        "buyer_id": "integer",
    }
    assert contract.keys == (("rcvr_id",),)
    found = {(rule.kind, rule.columns): (dict(rule.arguments), rule.severity) for rule in contract.rules}
    assert found["range", ("amount",)] == ({"min": 0, "max": 500, "strict": True}, "warning")
    assert found["accepted_values", ("country",)][0]["values"] == ["pt", "es"]
    assert found["expression", ()][0] == {"sql": "amount > 1"}
    comments = [line.strip().removeprefix("# ") for line in text.splitlines() if line.strip().startswith("#")]
    assert comments == [
        "Not taken over: roles.",
        "Not taken over: quality rule 'not empty' of the table.",
        "Not taken over: slaProperty retention.",
        "Not taken over: multipleOf of amount.",
        "Both limits of amount are exclusive here, since one column has one kind of limits.",
        "Not taken over: quality rule 'few nulls' of amount.",
        "Not taken over, for amount has promises of another severity or filter: nullable: False, severity: critical.",
        "Not taken over: quality rule 'custom' of country.",
        "Not taken over: properties of address.",
        "Not taken over: buyer_id refers to buyers.id; add a relationships test with ref() or source().",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "orders.yaml is not valid YAML"),
        ("[]", "is not a contract of the Open Data Contract Standard"),
        ("kind: DataContract\napiVersion: v2.2.2", "has apiVersion v2.2.2, and Lookout reads version 3"),
        (THEIRS.replace("kind: DataContract", "kind: DataContract\nsurprise: 1"), "the document: .*surprise"),
        (THEIRS.replace("logicalType: timestamp", "logicalType: moment"), r"schema.0.properties.1.*'moment'"),
        (THEIRS.replace("name: tab1", "nome: tab1"), r"schema.0"),
        (THEIRS.split("schema:\n  - name: tab1")[0], "has no schema"),
    ],
)
def test_what_is_wrong_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as raised:
        from_odcs(text, file="orders.yaml")
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith("orders.yaml ")


def test_a_missing_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "open_data_contract_standard.model", None)
    with pytest.raises(ConfigError, match=r"run `pip install 'lookout-observability\[odcs\]'`"):
        from_odcs(THEIRS)
