"""Executions as OpenLineage events, for catalogues that collect lineage from many tools. Pure.

Every execution becomes a START and, once it ended, a COMPLETE, FAIL or ABORT; every check of a contract likewise. Run
ids follow from what is stored, so sending events twice tells nothing new. Form: https://openlineage.io/spec/2-0-2/.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from lookout import __version__
from lookout.database.connection import mask_secrets
from lookout.report.exports.datasets import LineageData

Row = dict[str, Any]
SPEC = "https://openlineage.io/spec"
PRODUCER = f"urn:lookout-observability:{__version__}"
EVENT = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
# Which version of each facet is spoken.
FACETS = {
    "parent": ("1-2-0", "ParentRunFacet"),
    "errorMessage": ("1-0-1", "ErrorMessageRunFacet"),
    "jobType": ("2-0-4", "JobTypeJobFacet"),
    "ownership": ("1-0-1", "OwnershipJobFacet"),
    "datasetOwnership": ("1-0-1", "OwnershipDatasetFacet"),
    "documentation": ("1-1-0", "DocumentationDatasetFacet"),
    "schema": ("1-2-0", "SchemaDatasetFacet"),
    "dataQualityAssertions": ("1-1-0", "DataQualityAssertionsDatasetFacet"),
    "outputStatistics": ("1-0-2", "OutputStatisticsOutputDatasetFacet"),
}
JUDGED = {"pass": True, "warn": False, "fail": False}
STARTED, ENDED = 0, 1


@dataclass
class _Known:
    """The same rows, by what they are looked up with."""

    data: LineageData
    edges: dict[str, list[Row]] = field(default_factory=dict)
    places: dict[tuple[str, str], Row] = field(default_factory=dict)
    nodes: dict[str, Row] = field(default_factory=dict)
    findings: dict[tuple[str, str, datetime], list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for edge in self.data.edges:
            self.edges.setdefault(edge["pipeline_id"], []).append(edge)
        for row in self.data.addresses.values():
            self.places.setdefault(self.data.namer.address(row), row)
            self.nodes.setdefault(row["node_id"], row)
        for row in self.data.findings:
            self.findings.setdefault((row["connection"], row["asset"], row["as_of"]), []).append(row)


def lineage_events(data: LineageData) -> str:
    """One event a line, the oldest first; empty when nothing ran."""
    known = _Known(data)
    results = {(row["invocation_id"], row["node_id"]): row for row in data.results}
    told: list[tuple[datetime, int, str, Row]] = []
    for row in data.executions:
        told += _execution(known, row, results.get((row["invocation_id"], row["node_id"])))
    for row in data.checks:
        told += _check(known, row)
    told.sort(key=lambda one: one[:3])
    return "\n".join(json.dumps(event, ensure_ascii=False, separators=(",", ":")) for *_, event in told)


def run_id(execution_id: str) -> str:
    """The identity of a run as a UUID: that of the execution, or one that always follows from it."""
    try:
        return str(UUID(execution_id))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, f"lookout:{execution_id}"))


def facet(name: str, **values: Any) -> Row:
    """A facet with its producer and the place of its schema."""
    version, kind = FACETS[name]
    return {"_producer": PRODUCER, "_schemaURL": f"{SPEC}/facets/{version}/{kind}.json#/$defs/{kind}", **values}


def _execution(known: _Known, row: Row, result: Row | None) -> Iterable[tuple[datetime, int, str, Row]]:
    data, edges = known.data, known.edges.get(row["pipeline_id"], [])
    inputs = [data.addresses[key] for key in dict.fromkeys(edge["source_address_id"] for edge in edges)]
    outputs = [data.addresses[key] for key in dict.fromkeys(edge["target_address_id"] for edge in edges)]
    if row["node_id"] in known.nodes and row["node_id"] and not outputs:
        outputs = [known.nodes[row["node_id"]]]
    run: Row = {"runId": run_id(row["execution_id"])}
    if row["parent_id"]:
        parent = {"namespace": data.namespace, "name": row["parent_name"] or row["parent_id"]}
        run["facets"] = {"parent": facet("parent", run={"runId": run_id(row["parent_id"])}, job=parent)}
    job = _job(data, row["name"], row["pipeline_type"], row["origin"], row["owner"])
    ends = row["end_date"] is not None
    yield _event(row["start_date"], STARTED, "START", run, job, _named(data, inputs), _named(data, outputs))
    if not ends:
        return
    told_in, told_out = ([_dataset(data, address) for address in some] for some in (inputs, outputs))
    if result is not None and result["asset"]:
        tested = _table(known, result["connection"], result["asset"])
        told_in = [one for one in told_in if one["name"] != tested["name"]] + [tested]
        if result["status"] in JUDGED:
            tested["inputFacets"] = {
                "dataQualityAssertions": facet("dataQualityAssertions", assertions=[_tested(result)])
            }
    if row["total_rows"] is not None and len(told_out) == 1:
        rows = facet("outputStatistics", rowCount=int(row["total_rows"]))
        told_out[0]["outputFacets"] = {"outputStatistics": rows}
    kind = _how_it_ended(row)
    if kind == "FAIL":
        run = _with_error(run, row["error"] or (result or {}).get("message") or row["status"] or "it failed")
    yield _event(row["end_date"], ENDED, kind, run, job, told_in, told_out)


def _how_it_ended(row: Row) -> str:
    if row["completed_successfully"]:
        return "COMPLETE"
    return "ABORT" if row["status"] == "killed" else "FAIL"


def _check(known: _Known, row: Row) -> Iterable[tuple[datetime, int, str, Row]]:
    """What the guard of contracts found; the part that could not be evaluated is a failure and never a success."""
    run: Row = {"runId": run_id(f"contract:{row['connection']}:{row['asset']}:{row['as_of'].isoformat()}")}
    name = f"contract.{row['connection']}.{row['asset']}"
    job = _job(known.data, name, "contract", "lookout", row["owner"])
    parts = {part: row[f"{part}_status"] for part in ("structure", "values")}
    judged: list[Row] = [
        {"assertion": f"contract_{part}", "success": status == "passed", "name": f"{name}.{part}"}
        for part, status in parts.items()
        if status in ("passed", "violated")
    ]
    judged += [_broken(one) for one in known.findings.get((row["connection"], row["asset"], row["as_of"]), ())]
    tested = _table(known, row["connection"], row["asset"])
    yield _event(row["as_of"], STARTED, "START", run, job, [{k: tested[k] for k in ("namespace", "name")}], [])
    if judged:
        tested["inputFacets"] = {"dataQualityAssertions": facet("dataQualityAssertions", assertions=judged)}
    is_blind = "not_evaluated" in parts.values()
    if is_blind:
        run = _with_error(run, row["message"] or "the contract could not be evaluated")
    ended = row["as_of"] + timedelta(seconds=row["duration_seconds"] or 0.0)
    yield _event(ended, ENDED, "FAIL" if is_blind else "COMPLETE", run, job, [tested], [])


def _event(
    moment: datetime, order: int, kind: str, run: Row, job: Row, inputs: list[Row], outputs: list[Row]
) -> tuple[datetime, int, str, Row]:
    event = {
        "eventType": kind,
        "eventTime": _time(moment),
        "run": run,
        "job": job,
        "inputs": inputs,
        "outputs": outputs,
        "producer": PRODUCER,
        "schemaURL": EVENT,
    }
    return moment, order, str(run["runId"]), event


def _job(data: LineageData, name: str, kind: str, origin: str, owner: str | None) -> Row:
    is_dbt = origin == "dbt"
    what = kind.removeprefix("dbt ") if is_dbt else kind or "job"
    facets = {
        "jobType": facet(
            "jobType", processingType="BATCH", integration="DBT" if is_dbt else "LOOKOUT", jobType=what.upper()
        )
    }
    if owner:
        facets["ownership"] = facet("ownership", owners=_owners(owner))
    return {"namespace": data.namespace, "name": name, "facets": facets}


def _owners(owner: str) -> list[Row]:
    return [{"name": name.strip(), "type": "OWNER"} for name in owner.split(",") if name.strip()]


def _named(data: LineageData, addresses: Sequence[Row]) -> list[Row]:
    return [dict(zip(("namespace", "name"), data.namer.address(row), strict=True)) for row in addresses]


def _dataset(data: LineageData, address: Row) -> Row:
    namespace, name = data.namer.address(address)
    return {"namespace": namespace, "name": name, "facets": _described(data, address["node_id"], address["owner"])}


def _table(known: _Known, connection: str, asset: str) -> Row:
    """A table by its place; with what is known of it, if it is an address."""
    place = known.data.namer.table(connection, asset)
    if place in known.places:
        return _dataset(known.data, known.places[place])
    return {"namespace": place[0], "name": place[1], "facets": {}}


def _described(data: LineageData, node_id: str | None, owner: str | None) -> Row:
    node = data.nodes.get(node_id or "", {})
    facets: Row = {}
    if node.get("description"):
        facets["documentation"] = facet("documentation", description=node["description"], contentType="text/markdown")
    fields = [
        {key: value for key, value in known.items() if value}
        for known in (
            {"name": column["name"], "type": column.get("data_type"), "description": column.get("description")}
            for column in node.get("columns", {}).values()
        )
    ]
    if fields:
        facets["schema"] = facet("schema", fields=fields)
    if owner:
        facets["ownership"] = facet("datasetOwnership", owners=_owners(owner))
    return facets


def _tested(result: Row) -> Row:
    told: Row = {
        "assertion": result["test_name"] or "custom_sql",
        "success": JUDGED[result["status"]],
        "name": result["name"],
    }
    if result["column_name"]:
        told["column"] = result["column_name"]
    if result["severity"]:
        told["severity"] = result["severity"].lower()
    if result["failures"] is not None:
        told |= {"expected": "0", "actual": str(int(result["failures"]))}
    return told


def _broken(row: Row) -> Row:
    told: Row = {
        "assertion": row["violation_type"].lower(),
        "success": False,
        "name": row["rule"],
        "severity": "error" if row["severity"] == "critical" else "warn",
    }
    told |= {"column": row["column_name"]} if row["column_name"] else {}
    return told | {key: row[key] for key in ("expected", "actual") if row[key]}


def _with_error(run: Row, message: str) -> Row:
    error = facet("errorMessage", message=mask_secrets(message), programmingLanguage="SQL")
    return {**run, "facets": {**run.get("facets", {}), "errorMessage": error}}


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}Z"
