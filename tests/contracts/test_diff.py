"""Contracts of two manifests that dbt itself wrote: what breaks, what does not, who is hit, and how it is told."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lookout.contracts.changes.breaking import ConsumerRule, Judgement, judge_changes
from lookout.contracts.changes.diff import ContractDiff, diff_files, diff_manifests, renamed_columns
from lookout.contracts.changes.type_changes import type_change
from lookout.contracts.changes.versions import changes, contract_definition
from lookout.contracts.spec.model import ColumnContract, Contract, Rule
from lookout.errors import ArtifactError, ConfigError
from lookout.project.dbt import Project
from lookout.report.exports.contract_diff import to_json, to_markdown, to_text

Properties = dict[str, Any]
Write = Callable[..., dict[str, Any]]

BASE: Properties = {
    "version": 2,
    "sources": [
        {
            "name": "shop",
            "schema": "{{ target.schema }}_shop",
            "config": {"meta": {"owner": "sales", "lookout": {"contract": True}}},
            "tables": [
                {
                    "name": "orders",
                    "columns": [
                        {"name": "order_id", "data_type": "bigint", "data_tests": ["not_null"],
                         "constraints": [{"type": "unique"}]},
                        {"name": "customer_id", "data_type": "bigint"},
                        {"name": "total", "data_type": "numeric(12,2)",
                         "config": {"meta": {"lookout": {"contract": {"min": 0, "nullable": False}}}}},
                        {"name": "status", "data_type": "text", "data_tests": [
                            {"accepted_values": {"arguments": {"values": ["open", "paid"]}}}]},
                        {"name": "note", "data_type": "text"},
                    ],
                },
                {"name": "customers", "columns": [{"name": "id", "data_type": "integer"}]},
                {"name": "visits", "config": {"meta": {"lookout": {"contract": False}}}},
            ],
        }
    ],
    "models": [
        {"name": "stg_orders", "config": {"schema": "staging"}},
        {
            "name": "fct_orders",
            "config": {"meta": {"owner": "finance", "lookout": {"contract": {"mode": "strict"}}}},
            "columns": [
                {"name": "status", "data_type": "text",
                 "config": {"meta": {"lookout": {"contract": {"accepted_values": ["open", "paid"]}}}}},
                {"name": "total", "data_type": "numeric"},
            ],
        },
    ],
    "exposures": [
        {"name": "revenue", "type": "dashboard", "owner": {"name": "Ann", "email": "ann@example.org"},
         "depends_on": ["ref('fct_orders')"]}
    ],
}  # fmt: skip
SQL = {
    "stg_orders": "select * from {{ source('shop', 'orders') }}",
    "fct_orders": "select status, total from {{ ref('stg_orders') }}",
    "idle": "select 1 as one",
}


@pytest.fixture(scope="module")
def manifest_of(tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Writes a project and returns the manifest that dbt parses from it. dbt keeps what it parsed."""
    root = tmp_path_factory.mktemp("project")
    (root / "models").mkdir()

    def write(properties: Properties, models: dict[str, str] = SQL, target: str = "ci") -> dict[str, Any]:
        for file in (root / "models").iterdir():
            file.unlink()
        (root / "models" / "shop.yml").write_text(yaml.safe_dump(properties))
        for name, query in models.items():
            (root / "models" / f"{name}.sql").write_text(query)
        output = {"type": "postgres", "host": "nowhere", "port": 1, "user": "u", "password": "", "threads": 1}
        outputs = {
            "ci": {**output, "dbname": "ci", "schema": "pr_17"},
            "dev": {**output, "dbname": "laptop", "schema": "dev_ann"},
        }
        (root / "profiles.yml").write_text(yaml.safe_dump({"shop": {"target": "ci", "outputs": outputs}}))
        definition = {
            "name": "shop",
            "version": "1.0",
            "profile": "shop",
            "flags": {"send_anonymous_usage_stats": False},
        }
        (root / "dbt_project.yml").write_text(yaml.safe_dump(definition))
        return Project(root, root, target).parse()

    return write


@pytest.fixture(scope="module")
def base(manifest_of: Write) -> dict[str, Any]:
    return manifest_of(BASE)


def edited(edit: Callable[[Properties], object]) -> Properties:
    properties = copy.deepcopy(BASE)
    edit(properties)
    return properties


def said(diff: ContractDiff) -> set[tuple[str, str, str, str]]:
    return {
        (asset.name, one.level, one.change.column_name, one.change.change_type)
        for asset in diff.assets
        for one in asset.judgements
    }


def test_the_same_project_under_another_profile_has_the_same_contracts(
    base: dict[str, Any], manifest_of: Write
) -> None:
    theirs = manifest_of(BASE, target="dev")
    assert theirs["sources"]["source.shop.shop.orders"]["schema"] == "dev_ann_shop"
    diff = diff_manifests(base, theirs)
    assert (diff.assets, diff.breaking, diff.compared) == ((), (), 3)
    same = "The contracts are the same in both manifests (3 contracts)"
    assert to_text(diff) == f"{same}."
    assert to_markdown(diff) == f"### Data contracts: {same}\n"
    assert json.loads(to_json(diff)) == {
        "summary": {"breaking": 0, "risky": 0, "safe": 0, "compared": 3},
        "contracts": [],
    }


@pytest.fixture(scope="module")
def changed(base: dict[str, Any], manifest_of: Write) -> ContractDiff:
    def edit(properties: Properties) -> None:
        tables = properties["sources"][0]["tables"]
        order_id, customer_id, total, status, note = tables[0]["columns"]
        order_id["constraints"] = []
        customer_id["name"] = "customer_key"
        total["data_type"], total["config"] = "integer", {"meta": {"lookout": {"contract": {"min": -5}}}}
        status["data_tests"][0]["accepted_values"]["arguments"]["values"].append("sent")
        note["data_type"] = "varchar(200)"
        tables[0]["columns"].append({"name": "tax", "data_type": "numeric", "data_tests": ["not_null"]})
        tables[0]["description"] = "Orders of the shop."
        tables[1]["identifier"] = "clients"
        properties["models"][1]["config"]["meta"]["lookout"]["contract"]["mode"] = "lenient"

    models = {name: query for name, query in SQL.items() if name != "idle"}
    return diff_manifests(base, manifest_of(edited(edit), models))


def test_every_change_is_judged_from_the_side_of_consumers(changed: ContractDiff) -> None:
    assert said(changed) == {
        ("shop.orders", "breaking", "order_id", "key_removed"),
        ("shop.orders", "breaking", "customer_id", "column_removed"),
        ("shop.orders", "breaking", "total", "type_changed"),
        ("shop.orders", "breaking", "total", "nullability_changed"),
        ("shop.orders", "risky", "total", "rule_changed"),
        # fct_orders promises the two values itself, so a third one breaks its promise.
        ("shop.orders", "breaking", "status", "rule_changed"),
        ("shop.orders", "breaking", "note", "type_changed"),
        ("shop.orders", "safe", "tax", "column_added"),
        ("shop.orders", "safe", "", "setting_changed"),
        ("shop.customers", "breaking", "", "setting_changed"),
        ("fct_orders", "risky", "", "setting_changed"),
        ("idle", "risky", "", "removed"),
    }
    assert [asset.level for asset in changed.assets] == ["breaking", "breaking", "risky", "risky"]
    assert len(changed.breaking) == 7


def test_who_is_hit_is_named_in_order_of_depth(changed: ContractDiff) -> None:
    orders = next(asset for asset in changed.assets if asset.name == "shop.orders")
    assert [(one.name, one.kind, one.depth, one.owner) for one in orders.consumers] == [
        ("stg_orders", "model", 1, ""),
        ("fct_orders", "model", 2, "finance"),
        ("revenue", "exposure", 3, "Ann"),
    ]
    assert orders.owner == "sales"


def test_reports(changed: ContractDiff) -> None:
    text = to_text(changed)
    assert text.splitlines()[0] == "7 breaking, 4 risky, 3 safe changes of 4 tables"
    for line in (
        "shop.orders  (models/shop.yml, owner sales)",
        "  BREAKING  customer_id: column renamed to customer_key. Queries that name the column fail.",
        "  BREAKING  total: type numeric(12,2) -> integer. Values that used to arrive are cut, rounded or refused.",
        "  BREAKING  total: nullability not null -> nullable. Nulls may arrive: joins and comparisons lose rows.",
        "  BREAKING  key removed (order_id). Duplicates may arrive: joins on the key multiply rows.",
        "  risky     total: rule range min 0, warning -> min -5, warning. Rows may arrive that were ruled out before.",
        "  downstream: stg_orders, fct_orders (finance), exposure revenue (Ann)",
        "  BREAKING  table customers -> clients. The table is in another place: queries that name it fail.",
        "  risky     mode strict -> lenient. Bad data is not held back any more.",
    ):
        assert line in text.splitlines()
    parsed = json.loads(to_json(changed))
    assert parsed["summary"] == {"breaking": 7, "risky": 4, "safe": 3, "compared": 3}
    assert parsed["contracts"][1]["downstream"][0]["name"] == "stg_orders"
    markdown = to_markdown(changed)
    assert markdown.startswith("### Data contracts: 7 breaking, 4 risky, 3 safe changes of 4 tables\n\n|  | Table |")
    assert "| 🔴 breaking | `shop.orders` | total: type numeric(12,2) → integer |" in markdown
    assert markdown.count("🔴 breaking |") == 7
    assert "- **shop.orders** (owner sales): stg_orders, fct_orders (finance), exposure revenue (Ann)" in markdown
    assert "<summary>3 safe changes</summary>" in markdown


def test_contracts_and_tables_that_come_and_go(base: dict[str, Any], manifest_of: Write) -> None:
    def edit(properties: Properties) -> None:
        tables = properties["sources"][0]["tables"]
        tables[0]["config"] = {"meta": {"lookout": {"contract": False}}}
        tables[1]["name"] = "customer"
        del tables[2]["config"]
        properties["models"][1]["name"] = "fct_order_lines"
        properties["models"][1]["columns"].pop()
        properties["exposures"] = []

    models = {**SQL, "fct_order_lines": SQL["fct_orders"]}
    del models["fct_orders"]
    diff = diff_manifests(base, manifest_of(edited(edit), models))
    assert said(diff) == {
        ("shop.orders", "breaking", "", "removed"),
        ("shop.customers", "breaking", "", "setting_changed"),
        ("shop.visits", "safe", "", "created"),
        ("fct_orders", "breaking", "", "removed"),
        ("fct_order_lines", "safe", "", "created"),
    }
    by_name = {asset.name: asset for asset in diff.assets}
    assert by_name["shop.customers"].renamed_to == "source.shop.shop.customer"
    assert by_name["fct_orders"].judgements[0].reason == "The table itself is gone."
    assert by_name["shop.orders"].judgements[0].reason == "Nothing is promised any more."
    assert [one.name for one in by_name["shop.orders"].consumers] == ["stg_orders", "fct_order_lines"]


def test_bad_files_earn_one_sentence(tmp_path: Path, base: dict[str, Any]) -> None:
    good, bad = tmp_path / "manifest.json", tmp_path / "bad.json"
    good.write_text(json.dumps(base))
    assert diff_files(tmp_path, good).assets == ()
    for text, sentence in (
        ("{", "is not valid JSON"),
        ('{"metadata": {}}', "is not a dbt manifest"),
        (json.dumps({**base, "nodes": []}).replace('"nodes": []', '"nodes": [1]'), "is damaged"),
        (json.dumps(base).replace("manifest/v12", "manifest/v9"), "has schema version v9"),
    ):
        bad.write_text(text)
        with pytest.raises(ArtifactError, match=sentence) as raised:
            diff_files(good, bad)
        assert "bad.json" in str(raised.value)
        assert "\n" not in str(raised.value)
    with pytest.raises(ArtifactError, match="There is no"):
        diff_files(tmp_path / "none.json", good)


def test_a_wrong_contract_names_its_manifest(base: dict[str, Any]) -> None:
    wrong = copy.deepcopy(base)
    wrong["nodes"]["model.shop.fct_orders"]["config"]["meta"]["lookout"]["contract"]["mode"] = "strikt"
    with pytest.raises(ConfigError, match=r"^base manifest: models/shop.yml: fct_orders: .*'strict'"):
        diff_manifests(wrong, base)


def contract(*columns: ColumnContract, rules: tuple[Rule, ...] = (), **more: Any) -> Contract:
    named = {column.name: column for column in (ColumnContract("a", "integer"), ColumnContract("b", "text"), *columns)}
    return Contract("t", "", "public", "t", "model.p.t", columns=tuple(named.values()), rules=rules, **more)


def judged(old: Contract, new: Contract, consumer_rules: tuple[ConsumerRule, ...] = ()) -> list[Judgement]:
    was, now = contract_definition(old), contract_definition(new)
    return list(judge_changes(changes("contract", was, now), was, now, consumer_rules))


def rule(kind: Any = "range", column: str = "a", severity: Any = "critical", where: str = "", **arguments: Any) -> Rule:
    return Rule(kind, (column,), f"{kind} {column}", arguments, severity, where or None)


@pytest.mark.parametrize(
    ("old", "new", "level"),
    [
        (rule(min=0), rule(min=1), "safe"),
        (rule(min=0), rule(min=-1), "risky"),
        (rule(min=0, max=9, strict=True), rule(min=0, max=5), "risky"),
        (rule(min=0, max=9), rule(min=1, max=5), "safe"),
        (rule(min=0, max=9), rule(min=1, max=50), "risky"),
        (rule(min=0), rule(min=0, strict=True), "safe"),
        (rule(min="2020-01-01"), rule(min="2019-01-01"), "risky"),
        (rule(min="2020-01-01"), rule(min=5), "risky"),
        (rule(min=0), rule(min=0, severity="warning"), "risky"),
        (rule(min=0, severity="warning"), rule(min=0), "safe"),
        (rule(min=0), rule(min=0, where="b = 'x'"), "risky"),
        (rule(min=0, where="b = 'x'"), rule(min=0), "safe"),
        (rule("accepted_values", "b", values=["x"]), rule("accepted_values", "b", values=["x", "y"]), "risky"),
        (rule("accepted_values", "b", values=["x", "y"]), rule("accepted_values", "b", values=["x"]), "safe"),
        (rule("length", "b", max=3), rule("length", "b", max=9), "risky"),
        (rule("precision", digits=2), rule("precision", digits=1), "safe"),
        (rule("pattern", "b", regex="^a"), rule("pattern", "b", regex="^b"), "risky"),
        (rule(min=0), None, "risky"),
        (None, rule(min=0), "safe"),
        (rule("unique"), None, "breaking"),
        (rule("not_null", where="b = 'x'"), None, "risky"),
    ],
)
def test_rules(old: Rule | None, new: Rule | None, level: str) -> None:
    found = judged(contract(rules=(old,) if old else ()), contract(rules=(new,) if new else ()))
    assert [one.level for one in found] == [level]


def test_what_consumers_promise_decides_about_a_looser_rule() -> None:
    small, wide = rule(min=0, max=9), rule(min=0, max=99)
    strict, lax = (contract_definition(contract(rules=(one,)))["rules"][0] for one in (small, rule(max=500)))
    old, new = contract(rules=(small,)), contract(rules=(wide,))
    assert [one.level for one in judged(old, new, (ConsumerRule("below", lax),))] == ["risky"]
    found = judged(old, new, (ConsumerRule("below", strict), ConsumerRule("other", lax)))
    assert [(one.level, one.reason) for one in found] == [
        ("breaking", "below promises the same of its own column and cannot keep it.")
    ]
    assert [one.level for one in judged(old, contract(), (ConsumerRule("below", strict),))] == ["breaking"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (contract(), contract(), []),
        (contract(keys=(("a",),)), contract(keys=(("a", "b"),)), ["breaking", "safe"]),
        (contract(keys=(("a", "b"),)), contract(keys=(("a",),)), ["safe", "safe"]),
        (contract(ColumnContract("a", "integer", is_nullable=False), rules=(rule("not_null"),)), contract(), ["breaking"]),
        (contract(), contract(ColumnContract("a", "integer", is_nullable=False), rules=(rule("not_null"),)), ["safe"]),
        (contract(), contract(ColumnContract("a", "integer", is_required=False)), ["breaking"]),
        (contract(ColumnContract("c", "text", is_required=False)), contract(), ["risky"]),
        (contract(ColumnContract("c", "text"), rules=(rule("length", "c", max=3),)), contract(), ["breaking"]),
        (contract(unexpected="fail"), contract(unexpected="ignore"), ["risky"]),
        (contract(payload="doc"), contract(), ["breaking"]),
        (contract(owner="a"), contract(owner="b"), ["safe"]),
        (
            contract(mode="strict", rules=(rule(min=0),)), contract(rules=(rule(min=0, severity="warning"),)), ["risky"],
        ),
    ],
)  # fmt: skip
def test_structure_and_settings(old: Contract, new: Contract, expected: list[str]) -> None:
    assert [one.level for one in judged(old, new)] == expected


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("int", "integer", "same"),
        ("varchar(10)", "text", "wider"),
        ("text", "varchar(10)", "narrower"),
        ("integer", "bigint", "wider"),
        ("bigint", "integer", "narrower"),
        ("integer", "numeric(12,2)", "wider"),
        ("numeric(12,2)", "numeric(14,4)", "wider"),
        ("numeric(12,2)", "numeric(12,4)", "narrower"),
        ("numeric(12,2)", "double precision", "narrower"),
        ("timestamp", "timestamptz", "incompatible"),
        ("uuid", "text", "incompatible"),
        ("text", "text[]", "incompatible"),
        ("string", "varchar(3)", "more_precise"),
        ("varchar(3)", "string", "less_precise"),
        ("string", "integer", "incompatible"),
        ("", "text", "more_precise"),
        ("text", "", "less_precise"),
    ],
)
def test_types(old: str, new: str, change: str) -> None:
    assert type_change(old, new) == change


@pytest.mark.parametrize(
    ("old", "new", "renamed"),
    [
        (["id:int", "total:num"], ["id:int", "total_amount:num"], {"total": "total_amount"}),
        (["id:int", "qty:num"], ["id:int", "pieces:num"], {"qty": "pieces"}),
        (["id:int", "qty:num"], ["id:int", "pieces:int"], {}),
        (["id:int", "qty:num"], ["pieces:num", "id:int"], {}),
        (["id:int", "qty:num"], ["id:int", "pieces:num", "weight:num"], {}),
        (
            ["id:int", "name:text", "city:text"],
            ["id:int", "names:text", "citys:text"],
            {"name": "names", "city": "citys"},
        ),
    ],
)
def test_columns_that_were_renamed(old: list[str], new: list[str], renamed: dict[str, str]) -> None:
    one, other = (
        Contract("t", "", "s", "t", "model.p.t", columns=tuple(ColumnContract(*text.split(":")) for text in texts))
        for texts in (old, new)
    )
    assert renamed_columns(one, other) == renamed
