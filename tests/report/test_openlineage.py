"""OpenLineage events: their form as the specification asks, what becomes of runs, tests and contracts, and names."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from lookout.database.connection import Connection
from lookout.database.store import Store
from lookout.errors import ConfigError
from lookout.project.artifacts.outcomes import outcome_of
from lookout.report.exports.comparison import export_lineage
from lookout.report.exports.datasets import LineageData, Namer
from lookout.report.exports.openlineage import FACETS, lineage_events, run_id
from tests.conftest import MONITORING, Observed

NOW = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
TEXT, URI = {"type": "string", "minLength": 1}, {"type": "string", "pattern": "^(https|urn):"}
UUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
FACET = {"type": "object", "required": ["_producer", "_schemaURL"], "properties": {"_producer": URI, "_schemaURL": URI}}
# The form of an event in version 2-0-2, and of the facets that are spoken, as far as it is used here.
PLACE: dict[str, Any] = {
    "type": "object",
    "required": ["namespace", "name"],
    "additionalProperties": False,
    "properties": {
        "namespace": TEXT,
        "name": TEXT,
        **{
            part: {"type": "object", "additionalProperties": FACET}
            for part in ("facets", "inputFacets", "outputFacets")
        },
    },
}
EVENT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["eventType", "eventTime", "producer", "schemaURL", "run", "job", "inputs", "outputs"],
    "properties": {
        "eventType": {"enum": ["START", "COMPLETE", "FAIL", "ABORT"]},
        "eventTime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"},
        "producer": URI,
        "schemaURL": {"const": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"},
        "run": {
            "type": "object",
            "required": ["runId"],
            "additionalProperties": False,
            "properties": {"runId": UUID, "facets": {"type": "object", "additionalProperties": FACET}},
        },
        "job": PLACE,
        "inputs": {"type": "array", "items": {**PLACE}},
        "outputs": {"type": "array", "items": {**PLACE}},
    },
}
ASSERTION = {
    "type": "object",
    "required": ["assertion", "success"],
    "additionalProperties": False,
    "properties": {
        "success": {"type": "boolean"},
        **{key: {"type": "string"} for key in ("assertion", "name", "column", "severity", "expected", "actual")},
    },
}
CONTENTS: dict[str, dict[str, Any]] = {
    "parent": {
        "run": {"type": "object", "required": ["runId"], "properties": {"runId": UUID}},
        "job": {"type": "object", "required": ["namespace", "name"], "properties": {"namespace": TEXT, "name": TEXT}},
    },
    "errorMessage": {"message": TEXT, "programmingLanguage": TEXT},
    "jobType": {"processingType": {"const": "BATCH"}, "integration": {"enum": ["DBT", "LOOKOUT"]}, "jobType": TEXT},
    "ownership": {
        "owners": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["name"], "properties": {"name": TEXT}}}
    },
    "documentation": {"description": TEXT, "contentType": TEXT},
    "schema": {
        "fields": {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {"name": TEXT, "type": TEXT}}}
    },
    "dataQualityAssertions": {"assertions": {"type": "array", "minItems": 1, "items": ASSERTION}},
    "outputStatistics": {"rowCount": {"type": "integer", "minimum": 0}},
}  # fmt: skip


def read(text: str) -> list[Any]:
    """The events, each of which has the form that the specification asks for."""
    events = [json.loads(line) for line in text.splitlines()]
    for event in events:
        Draft202012Validator(EVENT, format_checker=FormatChecker()).validate(event)
        holders = [event["run"], event["job"], *event["inputs"], *event["outputs"]]
        for holder in holders:
            for part in ("facets", "inputFacets", "outputFacets"):
                for name, facet in holder.get(part, {}).items():
                    expected = CONTENTS[name]
                    schema = {"type": "object", "required": list(expected), "properties": expected}
                    Draft202012Validator(schema).validate(facet)
                    kind = facet["_schemaURL"].rsplit("/", 1)[1]
                    assert kind in {known for _, known in FACETS.values()}
                    assert kind.lower().startswith(name.lower())
    return events


WAREHOUSE = Connection("warehouse", {"host": "db.example.com", "port": 6543, "dbname": "dwh", "password": "hunter2"})
SHOP = Connection("shop", {"host": "/var/run/postgresql", "dbname": "shop"})
NAMER = Namer(WAREHOUSE, {"warehouse": WAREHOUSE, "shop": SHOP})


def execution(key: str, **values: Any) -> dict[str, Any]:
    row = {
        "execution_id": key,
        "parent_id": None,
        "parent_name": None,
        "start_date": NOW - 2 * MINUTE,
        "end_date": NOW - MINUTE,
        "completed_successfully": True,
        "status": "success",
        "total_rows": None,
        "error": "",
        "node_id": "",
        "pipeline_id": "p",
        "name": "nightly",
        "pipeline_type": "load",
        "origin": "sdk",
        "owner": "",
        "invocation_id": "",
    }
    return {**row, **values}


def address(name: str, **values: Any) -> dict[str, Any]:
    schema, _, table = name.rpartition(":")[2].partition(".")
    row = {
        "address_id": name,
        "name": name,
        "address_type": "dbt model",
        "database_name": None,
        "schema_name": schema,
        "table_name": table,
        "owner": "",
        "node_id": "",
    }
    return {**row, **values}


def told(executions: list[Any], **parts: Any) -> list[Any]:
    addresses = [
        address("shop:public.orders", owner="sales, web", node_id="source.shop.orders"),
        address("marts.orders", database_name="dwh", node_id="model.shop.orders"),
    ]
    nodes = {
        "model.shop.orders": {
            "description": "One row per order.",
            "columns": {"id": {"name": "id", "data_type": "integer", "description": "Key."}, "x": {"name": "x"}},
        }
    }
    edges = [{"pipeline_id": "p", "source_address_id": "shop:public.orders", "target_address_id": "marts.orders"}]
    filled = {
        "edges": edges,
        "addresses": {row["address_id"]: row for row in addresses},
        "results": [],
        "checks": [],
        "findings": [],
        "nodes": nodes,
        "namer": NAMER,
        **parts,
    }
    return read(lineage_events(LineageData(executions=executions, **filled)))


def test_a_run_begins_and_ends_with_what_it_read_and_wrote() -> None:
    begun, ended = told([execution("e1", total_rows=10, owner="etl")])
    places = ("postgres://localhost:5432", "shop.public.orders"), ("postgres://db.example.com:6543", "dwh.marts.orders")
    for event in (begun, ended):
        (source,), (target,) = event["inputs"], event["outputs"]
        assert ((source["namespace"], source["name"]), (target["namespace"], target["name"])) == places
        assert (event["job"]["namespace"], event["job"]["name"]) == ("lookout", "nightly")
    assert (begun["eventType"], begun["eventTime"]) == ("START", "2026-03-03T11:58:00.000000Z")
    assert (ended["eventType"], ended["eventTime"]) == ("COMPLETE", "2026-03-03T11:59:00.000000Z")
    assert begun["run"] == ended["run"] == {"runId": run_id("e1")}
    assert [owner["name"] for owner in ended["inputs"][0]["facets"]["ownership"]["owners"]] == ["sales", "web"]
    facets = ended["outputs"][0]["facets"]
    assert facets["documentation"]["description"] == "One row per order."
    assert facets["schema"]["fields"] == [{"name": "id", "type": "integer", "description": "Key."}, {"name": "x"}]
    assert ended["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 10
    assert ended["job"]["facets"]["ownership"]["owners"] == [{"name": "etl", "type": "OWNER"}]


def test_how_runs_end() -> None:
    events = told(
        [
            execution("a", completed_successfully=False, status="failed", error="boom, password=hunter2"),
            execution("b", completed_successfully=False, status="killed"),
            execution("c", end_date=None, completed_successfully=None, status="running"),
        ]
    )
    by_run = {key: [e["eventType"] for e in events if e["run"]["runId"] == run_id(key)] for key in "abc"}
    assert by_run == {"a": ["START", "FAIL"], "b": ["START", "ABORT"], "c": ["START"]}
    failed = next(event for event in events if event["eventType"] == "FAIL")
    assert failed["run"]["facets"]["errorMessage"]["message"].startswith("boom")
    assert "hunter2" not in json.dumps(events)


def test_nodes_of_an_invocation_name_their_parent_and_come_after_it() -> None:
    parent, child = "0" * 32, "1" * 32
    events = told(
        [
            execution(
                child,
                parent_id=parent,
                parent_name="dbt:shop",
                start_date=NOW - 2 * MINUTE,
                origin="dbt",
                pipeline_type="dbt model",
                name="model.shop.orders",
            ),
            execution(
                parent, start_date=NOW - 3 * MINUTE, end_date=NOW, name="dbt:shop", origin="dbt", pipeline_id="q"
            ),
        ]
    )
    assert [event["eventType"] for event in events] == ["START", "START", "COMPLETE", "COMPLETE"]
    assert events[0]["run"]["runId"] == "00000000-0000-0000-0000-000000000000"
    facet = events[1]["run"]["facets"]["parent"]
    assert facet["run"]["runId"] == events[0]["run"]["runId"]
    assert facet["job"] == {"namespace": "lookout", "name": "dbt:shop"}
    assert events[1]["job"]["facets"]["jobType"]["jobType"] == "MODEL"


@pytest.mark.parametrize(
    ("status", "success"), [("pass", True), ("warn", False), ("fail", False), ("error", None), ("skipped", None)]
)
def test_a_test_is_an_assertion_about_its_table_unless_it_could_not_be_evaluated(
    status: str, success: bool | None
) -> None:
    result = {
        "invocation_id": "i",
        "node_id": "test.shop.unique",
        "name": "unique_orders_id",
        "test_name": "unique",
        "outcome": outcome_of(status),
        "severity": "ERROR",
        "failures": 3 if status == "fail" else None,
        "column_name": "id",
        "connection": "warehouse",
        "asset": "marts.orders",
        "message": "Got 3 results",
    }
    ran = execution(
        "t",
        pipeline_id="t",
        node_id="test.shop.unique",
        invocation_id="i",
        origin="dbt",
        pipeline_type="dbt test",
        completed_successfully=status in ("pass", "warn"),
        status=status,
    )
    (tested,) = told([ran], results=[result])[-1]["inputs"]
    assert tested["name"] == "dwh.marts.orders"
    assert "schema" in tested["facets"]
    if success is None:
        assert "inputFacets" not in tested
        return
    (assertion,) = tested["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert (assertion["assertion"], assertion["success"], assertion["column"]) == ("unique", success, "id")
    assert assertion.get("actual") == ("3" if status == "fail" else None)


def check(**values: Any) -> dict[str, Any]:
    row = {
        "connection": "shop",
        "asset": "public.orders",
        "as_of": NOW,
        "structure_status": "passed",
        "values_status": "none",
        "message": "",
        "duration_seconds": 1.5,
        "owner": "sales",
    }
    return {**row, **values}


def test_a_contract_is_asserted_and_what_could_not_be_evaluated_fails() -> None:
    finding = {
        "connection": "shop",
        "asset": "public.orders",
        "as_of": NOW,
        "column_name": "id",
        "rule": "structure",
        "violation_type": "TYPE_MISMATCH",
        "expected": "integer",
        "actual": "text",
        "severity": "critical",
    }
    events = told([], checks=[check(structure_status="violated", values_status="passed")], findings=[finding])
    assert [event["eventType"] for event in events] == ["START", "COMPLETE"]
    assert events[1]["eventTime"] == "2026-03-03T12:00:01.500000Z"
    said = events[1]["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert [(one["assertion"], one["success"]) for one in said] == [
        ("contract_structure", False),
        ("contract_values", True),
        ("type_mismatch", False),
    ]
    assert (said[2]["column"], said[2]["severity"], said[2]["expected"], said[2]["actual"]) == (
        "id",
        "error",
        "integer",
        "text",
    )
    blind = told([], checks=[check(structure_status="not_evaluated", message="It is gone.")])[1]
    assert (blind["eventType"], blind["run"]["facets"]["errorMessage"]["message"]) == ("FAIL", "It is gone.")
    assert "inputFacets" not in blind["inputs"][0]


@pytest.mark.parametrize(
    ("row", "place"),
    [
        (address("marts.a"), ("postgres://db.example.com:6543", "dwh.marts.a")),
        (address("shop:public.a"), ("postgres://localhost:5432", "shop.public.a")),
        (address("dwh.marts.a", database_name="dwh", schema_name="marts", table_name="a"),
         ("postgres://db.example.com:6543", "dwh.marts.a")),
        (address("shop.public.a", database_name="shop", schema_name="public", table_name="a"),
         ("postgres://localhost:5432", "shop.public.a")),
        (address("crm.public.a", address_type="postgres", database_name="crm", schema_name="public", table_name="a"),
         ("postgres", "crm.public.a")),
        (address("s3://Bucket/in/x.csv", schema_name=None, table_name=None), ("s3://Bucket", "in/x.csv")),
        (address("https://u:secret@api.example.com:8443/v1?token=secret", schema_name=None),
         ("https://api.example.com:8443", "v1")),
        (address("file:///data/x.csv", schema_name=None), ("file", "/data/x.csv")),
        (address("exposure:board", address_type="exposure", schema_name=None), ("exposure", "exposure:board")),
        (address("orders topic", address_type="", schema_name=None), ("unknown", "orders topic")),
        (address("http://[bad", address_type="an api", schema_name=None), ("an-api", "http://[bad")),
    ],
)  # fmt: skip
def test_names_of_places(row: dict[str, Any], place: tuple[str, str]) -> None:
    assert NAMER.address(row) == place


def test_they_are_read_from_what_is_stored(observed: Observed, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = f"""
        insert into {MONITORING}.pipelines (pipeline_id, name, pipeline_type, origin, mute_freshness_check,
            mute_timeliness_check, load_lineage, active) values
            ('d', 'dbt:shop', 'dbt project', 'dbt', false, false, false, true),
            ('t', 'test.shop.unique', 'dbt test', 'dbt', false, false, false, true);
        insert into {MONITORING}.pipeline_executions (execution_id, parent_id, pipeline_id, start_date, end_date,
            completed_successfully, kind, status, node_id, execution_metadata, date_recorded, hour_recorded) values
            ('i', null, 'd', '2026-03-03 10:00Z', '2026-03-03 10:05Z', true, 'dbt invocation', 'success', '',
             '{{"invocation_id": "abc"}}', '2026-03-03', 10),
            ('n', 'i', 't', '2026-03-03 10:01Z', '2026-03-03 10:02Z', true, 'dbt node', 'pass', 'test.shop.unique', null,
             '2026-03-03', 10),
            ('s', 'i', 't', '2026-03-03 10:03Z', '2026-03-03 10:03Z', false, 'dbt node', 'skipped', 'x', null,
             '2026-03-03', 10),
            ('old', null, 'd', '2026-03-01 10:00Z', '2026-03-01 10:05Z', true, 'dbt invocation', 'success', '', null,
             '2026-03-01', 10);
        insert into {MONITORING}.dbt_results (invocation_id, node_id, name, resource_type, outcome, connection, asset,
            test_name, failures) values ('abc', 'test.shop.unique', 'u', 'test', 'passed', 'shop', 'public.a', 'unique', 0);
        insert into {MONITORING}.contract_checks (connection, asset, as_of, structure_status, values_status) values
            ('shop', 'public.a', '2026-03-03 09:00Z', 'passed', 'none')
    """
    observed.sql(rows, at="observed")
    outputs = {"shop": observed.shop, "observed": observed.warehouse}
    monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "prod")
    with Store(observed.warehouse, MONITORING) as store:
        events = read(export_lineage(store, outputs, {}, None, as_of=NOW))
        again = read(export_lineage(store, outputs, {}, None, as_of=NOW))
        more = read(export_lineage(store, outputs, {}, "2026-03-01", as_of=NOW))
        none = export_lineage(store, outputs, {}, "2026-03-03T11:00:00Z", as_of=NOW)
        with pytest.raises(ConfigError, match="--base 'soon' is not a time"):
            export_lineage(store, outputs, {}, "soon", as_of=NOW)
    assert [(e["eventType"], e["job"]["name"]) for e in events] == [
        ("START", "contract.shop.public.a"),
        ("COMPLETE", "contract.shop.public.a"),
        ("START", "dbt:shop"),
        ("START", "test.shop.unique"),
        ("COMPLETE", "test.shop.unique"),
        ("COMPLETE", "dbt:shop"),
    ]
    assert {event["job"]["namespace"] for event in events} == {"prod"}
    (tested,) = events[4]["inputs"]
    assert tested["name"] == "shop.public.a"
    assert tested["inputFacets"]["dataQualityAssertions"]["assertions"][0]["success"] is True
    assert events == again
    assert len(more) == len(events) + 2
    assert none == ""
