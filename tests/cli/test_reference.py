"""docs/reference/ says what the code says: regenerated and compared, and every setting and example held against it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from lookout.cli import reference
from lookout.contracts.spec.declared import load_contracts
from lookout.database.retention import checked_retention
from lookout.notify.settings.reader import read_settings
from lookout.project.declarations.grain import SHORT
from lookout.project.declarations.metrics import CRITICAL_SCORE
from lookout.project.declarations.monitors import load_monitors
from lookout.project.lookout_file import LimitSettings
from lookout.project.validation import Reader
from lookout.tracking.dbt.limits import load_limits

SECTIONS = {section["title"]: section for section in reference.described()}
COLUMNS = ("amount", "customer_id", "order_id", "line", "country", "channel", "loaded_at", "created_at", "record")


@pytest.mark.parametrize("name", ["tables.md", "commands.md", "settings.md", "lookout.schema.json", "meta.schema.json"])
def test_the_pages_are_what_the_code_says(name: str) -> None:
    written = (reference.ROOT / reference.FOLDER / name).read_text(encoding="utf-8")
    assert written == reference.pages()[name], f"docs/reference/{name} is out of date: run `make reference`"


@pytest.mark.parametrize("title", SECTIONS)
def test_every_setting_is_described_and_none_that_does_not_exist(title: str) -> None:
    section = SECTIONS[title]
    assert set(section["settings"]) == set(reference.keys_of(section["keys"])), "edit docs/reference/settings.yml"


@pytest.mark.parametrize("name", ["lookout.schema.json", "meta.schema.json"])
def test_every_property_of_a_schema_is_described(name: str) -> None:
    for model, definition in _schema(name)["definitions"].items():
        for key, written in definition["properties"].items():
            # `table` is dbt's own node around Lookout's settings.
            assert model == "table" or written["description"].strip(), f"{model}.{key}"


@pytest.mark.parametrize("file", [*sorted(reference.ROOT.glob("models/**/*.yml")), *reference.ROOT.glob("seeds/*.yml")])
def test_the_schema_takes_the_settings_of_this_project(file: Path) -> None:
    jsonschema.validate(yaml.safe_load(file.read_text(encoding="utf-8")), _schema("meta.schema.json"))


def test_the_schema_takes_the_example_of_lookout_yml() -> None:
    text = (reference.ROOT / "lookout.yml.example").read_text(encoding="utf-8")
    jsonschema.validate(yaml.safe_load(text), _schema("lookout.schema.json"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lookout.schema.json", {"notifications": {"targts": {}}}),
        ("lookout.schema.json", {"notifications": {"targets": {"a": {"url": {"env": "A"}, "icon": "yes"}}}}),
        ("meta.schema.json", {"models": [{"config": {"meta": {"lookout": {"grian": "day"}}}}]}),
        ("meta.schema.json", {"sources": [{"tables": [{"meta": {"lookout": {"contract": {"mode": "loose"}}}}]}]}),
        ("meta.schema.json", {"seeds": [{"columns": [{"config": {"meta": {"lookout": {"contract": {"min": []}}}}}]}]}),
    ],
)
def test_the_schema_refuses_a_wrong_key_and_a_wrong_value(name: str, content: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, _schema(name))


def _schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((reference.ROOT / reference.FOLDER / name).read_text(encoding="utf-8"))
    return found


def test_every_model_and_column_of_the_monitoring_schema_is_described() -> None:
    for file in (reference.ROOT / reference.MONITORING).rglob("_*__models.yml"):
        for model in yaml.safe_load(file.read_text(encoding="utf-8"))["models"]:
            assert model["description"].strip().startswith("One row"), model["name"]
            for column in model["columns"]:
                assert column.get("description"), f"{model['name']}.{column['name']}"
                assert column.get("data_type"), f"{model['name']}.{column['name']}"


def test_defaults_that_are_told_in_words_are_those_of_the_code() -> None:
    said = SECTIONS["Settings of a metric"]["settings"]["critical_score"]["default"]
    assert said == "`3`; `3.5` learned below a day"
    below_a_day = {("learned", grain) for grain in SHORT}
    assert {CRITICAL_SCORE[key] for key in below_a_day} == {3.5}
    assert {score for key, score in CRITICAL_SCORE.items() if key not in below_a_day} == {3.0}


def test_a_default_that_is_no_longer_in_the_code_cannot_be_written() -> None:
    with pytest.raises(AttributeError):
        reference.default_of("=lookout.project.declarations.monitor:Monitor.no_such_field")


def _node(settings: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> dict[str, Any]:
    known = {name: {"name": name, "data_type": "text"} for name in COLUMNS}
    return {
        "nodes": {},
        "groups": {},
        "sources": {
            "source.shop.shop.orders": {
                "resource_type": "source",
                "unique_id": "source.shop.shop.orders",
                "source_name": "shop",
                "name": "orders",
                "schema": "public",
                "identifier": "orders",
                "patch_path": None,
                "original_file_path": "models/sources.yml",
                "columns": {**known, **(columns or {})},
                "config": {"meta": {"lookout": dict(settings)}},
                "loaded_at_field": "created_at",
            }
        },
    }


def _table(key: str, value: Any) -> None:
    _read({key: value})


def _metric(key: str, value: Any) -> None:
    own = {"kind": "count", "expression": "count(*)"} if key in ("name", "kind", "expression") else {}
    _read({"metrics": [{"name": "mean" if not own else "refunds", "column": "amount", **own, key: value}]})


def _own_column(key: str, value: Any) -> None:
    column = {"name": "amount", "data_type": "numeric", "config": {"meta": {"lookout": {key: value}}}}
    _read({"contract": "strict"}, {"amount": column})


def _build(key: str, value: Any) -> None:
    manifest = _node({"pipeline": {key: value}})
    model = {**manifest["sources"].popitem()[1], "resource_type": "model", "unique_id": "model.shop.orders"}
    assert load_limits({**manifest, "nodes": {"model.shop.orders": model}})


def _read(settings: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> None:
    nodes = [{"name": name, **column} for name, column in (columns or {}).items()]
    table = {"config": {"meta": {"lookout": dict(settings)}}, "columns": nodes}
    jsonschema.validate({"models": [table]}, _schema("meta.schema.json"))
    manifest = _node(settings, columns)
    known = ("dev", "shop_db")
    load_monitors(manifest, default_connection="dev", known_connections=known)
    load_contracts(manifest, default_connection="dev", known_connections=known)


def _notifications(folder: Path, content: Mapping[str, Any]) -> None:
    file = folder / "lookout.yml"
    target = {"data-team": {"url": {"env": "URL"}}, "on-call": {"url": {"env": "URL"}}}
    whole = {"targets": target, "default": {"targets": "data-team"}, **content}
    jsonschema.validate({"notifications": whole}, _schema("lookout.schema.json"))
    file.write_text(yaml.safe_dump({"notifications": whole}, sort_keys=False))
    read_settings(file, {"URL": "https://hooks.example.com/a"})


def _retention(_: str, example: str) -> None:
    kind, _, days = example.partition("=")
    checked_retention({kind: int(days)})


def _limits(content: Mapping[str, Any]) -> None:
    jsonschema.validate({"limits": content}, _schema("lookout.schema.json"))
    reader = Reader("lookout.yml")
    assert (reader.read(LimitSettings, content) is not None, reader.problems) == (True, [])


TRIES: dict[str, Callable[[str, Any], None]] = {
    "A watched table": _table,
    "Metrics": lambda _, example: _table("metrics", [example]),
    "Settings of a metric": _metric,
    "Settings of a column": _own_column,
    "Build of a table": _build,
    "Contract of a table": lambda key, value: _table("contract", {key: value}),
    "Rule of a contract": lambda key, value: _table(
        "contract", {"rules": [{**({} if key in ("expression", "unique") else {"expression": "true"}), key: value}]}
    ),
    "Sample of a contract": lambda key, value: _table("contract", {"sample": {"rows": 10, key: value}}),
    "Contract of a column": lambda key, value: _own_column("contract", {key: value}),
    "Retention": _retention,
    "Limits in lookout.yml": lambda key, value: _limits({key: value}),
}
ROUTE = {"match": {"owner": "sales"}, "targets": "data-team"}
IN_FILE: dict[str, Callable[[str, Any], dict[str, Any]]] = {
    "lookout.yml": lambda key, value: {key: value},
    "Target in lookout.yml": lambda key, value: {
        "targets": {"data-team": {"url": {"env": "URL"}, key: value}, "on-call": {"url": {"env": "URL"}}}
    },
    "Route in lookout.yml": lambda key, value: {"routes": [{**ROUTE, key: value}]},
    "Match of a route": lambda key, value: {"routes": [{**ROUTE, "match": {key: value}}]},
    "Quiet hours": lambda key, value: {"routes": [{**ROUTE, "quiet_hours": {"from": "21:00", key: value}}]},
    "Digest": lambda key, value: {"routes": [{**ROUTE, "digest": {"at": "09:00", key: value}}]},
}


def _examples(titles: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for title in titles:
        for key, setting in SECTIONS[title]["settings"].items():
            yield title, key, setting["example"]


@pytest.mark.parametrize(("title", "key", "example"), _examples(TRIES))
def test_an_example_is_accepted(title: str, key: str, example: Any) -> None:
    TRIES[title](key, example)


@pytest.mark.parametrize(("title", "key", "example"), _examples(IN_FILE))
def test_an_example_of_lookout_yml_is_accepted(title: str, key: str, example: Any, tmp_path: Path) -> None:
    _notifications(tmp_path, IN_FILE[title](key, example))


def test_every_section_with_examples_is_tried() -> None:
    assert set(SECTIONS) - set(TRIES) - set(IN_FILE) == {
        "Tests of volume and freshness in a dbt build",
        "Test of any metric in a dbt build",
        "Tracking in Python",
        "Variables of dbt_project.yml",
        "Environment variables",
    }


def test_both_short_tests_have_the_same_arguments() -> None:
    short = [reference.keys_of(f"tests/generic/{name}.sql:{name}") for name in ("volume_anomaly", "freshness_anomaly")]
    assert short[0] == short[1] == ("timestamp_column", "grain", "time_zone", "connection", "asset")
