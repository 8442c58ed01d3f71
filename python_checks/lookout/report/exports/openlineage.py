"""Executions as OpenLineage events, for catalogues that collect lineage from many tools. Pure.

Every execution becomes a START and, once it ended, a COMPLETE, FAIL or ABORT; every contract check likewise. Run ids
are derived from stored ids, so sending events twice adds nothing. Format: https://openlineage.io/spec/2-0-2/.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from lookout import __version__
from lookout.masking import mask_secrets
from lookout.project.artifacts.outcomes import FAILED, PASSED, WARNED
from lookout.report.exports.datasets import LineageData

Row = dict[str, Any]
SPEC = "https://openlineage.io/spec"
PRODUCER = f"urn:lookout-observability:{__version__}"
EVENT = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
# Schema version and name of each facet.
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
# Whether a test result counts as success; results with another outcome were not evaluated.
SUCCESS = {PASSED: True, WARNED: False, FAILED: False}
STARTED, ENDED = 0, 1
Event = tuple[datetime, int, str, Row]  # time, start before end, run id, the event itself: sorted by the first three


@dataclass
class _Index:
    """Rows by the keys that they are looked up with."""

    data: LineageData
    edges: dict[str, list[Row]] = field(default_factory=dict)
    addresses: dict[tuple[str, str], Row] = field(default_factory=dict)
    nodes: dict[str, Row] = field(default_factory=dict)
    findings: dict[tuple[str, str, datetime], list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for edge in self.data.edges:
            self.edges.setdefault(edge["pipeline_id"], []).append(edge)
        for row in self.data.addresses.values():
            self.addresses.setdefault(self.data.namer.address(row), row)
            self.nodes.setdefault(row["node_id"], row)
        for row in self.data.findings:
            self.findings.setdefault((row["connection"], row["asset"], row["as_of"]), []).append(row)


def lineage_events(data: LineageData) -> str:
    """Return one event a line, the oldest first; empty when nothing ran."""
    index = _Index(data)
    results = {(row["invocation_id"], row["node_id"]): row for row in data.results}
    events: list[Event] = []
    for row in data.executions:
        events += _execution(index, row, results.get((row["invocation_id"], row["node_id"])))
    for row in data.checks:
        events += _check(index, row)
    events.sort(key=lambda event: event[:3])
    return "\n".join(json.dumps(content, ensure_ascii=False, separators=(",", ":")) for *_, content in events)


def run_id(execution_id: str) -> str:
    """Return the UUID of a run: the execution's id, or a UUID derived from it where the id is none."""
    try:
        return str(UUID(execution_id))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, f"lookout:{execution_id}"))


def facet(name: str, **values: Any) -> Row:
    """Return a facet with its producer and the URL of its schema."""
    version, kind = FACETS[name]
    return {"_producer": PRODUCER, "_schemaURL": f"{SPEC}/facets/{version}/{kind}.json#/$defs/{kind}", **values}


def _execution(index: _Index, row: Row, result: Row | None) -> Iterable[Event]:
    data = index.data
    sources, targets = _lineage(index, row)
    run: Row = {"runId": run_id(row["execution_id"])}
    if row["parent_id"]:
        parent = {"namespace": data.namespace, "name": row["parent_name"] or row["parent_id"]}
        run["facets"] = {"parent": facet("parent", run={"runId": run_id(row["parent_id"])}, job=parent)}
    job = _job(data, row["name"], row["pipeline_type"], row["origin"], row["owner"])
    yield _event(row["start_date"], STARTED, "START", run, job, _named(data, sources), _named(data, targets))
    if row["end_date"] is None:
        return
    inputs = [_dataset(data, address) for address in sources]
    outputs = [_dataset(data, address) for address in targets]
    if result is not None and result["asset"]:
        tested = _table(index, result["connection"], result["asset"])
        inputs = [dataset for dataset in inputs if dataset["name"] != tested["name"]] + [tested]
        if result["outcome"] in SUCCESS:
            tested["inputFacets"] = _assertions([_test_assertion(result)])
    if row["total_rows"] is not None and len(outputs) == 1:
        rows = facet("outputStatistics", rowCount=int(row["total_rows"]))
        outputs[0]["outputFacets"] = {"outputStatistics": rows}
    kind = _end_type(row)
    if kind == "FAIL":
        run = _with_error(run, row["error"] or (result or {}).get("message") or row["status"] or "it failed")
    yield _event(row["end_date"], ENDED, kind, run, job, inputs, outputs)


def _lineage(index: _Index, row: Row) -> tuple[list[Row], list[Row]]:
    """Return the addresses that an execution reads and those that it writes, each once."""
    edges, addresses = index.edges.get(row["pipeline_id"], []), index.data.addresses
    source_ids = dict.fromkeys(edge["source_address_id"] for edge in edges)
    target_ids = dict.fromkeys(edge["target_address_id"] for edge in edges)
    targets = [addresses[key] for key in target_ids]
    if not targets and row["node_id"] and row["node_id"] in index.nodes:
        targets = [index.nodes[row["node_id"]]]
    return [addresses[key] for key in source_ids], targets


def _end_type(row: Row) -> str:
    if row["completed_successfully"]:
        return "COMPLETE"
    return "ABORT" if row["status"] == "killed" else "FAIL"


def _check(index: _Index, row: Row) -> Iterable[Event]:
    """Return the events of a contract check; one that could not be evaluated in full is a failure, never a success."""
    run: Row = {"runId": run_id(f"contract:{row['connection']}:{row['asset']}:{row['as_of'].isoformat()}")}
    name = f"contract.{row['connection']}.{row['asset']}"
    job = _job(index.data, name, "contract", "lookout", row["owner"])
    parts = {part: row[f"{part}_status"] for part in ("structure", "values")}
    assertions: list[Row] = [
        {"assertion": f"contract_{part}", "success": status == "passed", "name": f"{name}.{part}"}
        for part, status in parts.items()
        if status in ("passed", "violated")
    ]
    findings = index.findings.get((row["connection"], row["asset"], row["as_of"]), ())
    assertions += [_violation_assertion(finding) for finding in findings]
    tested = _table(index, row["connection"], row["asset"])
    bare = {"namespace": tested["namespace"], "name": tested["name"]}
    yield _event(row["as_of"], STARTED, "START", run, job, [bare], [])
    if assertions:
        tested["inputFacets"] = _assertions(assertions)
    is_unevaluated = "not_evaluated" in parts.values()
    if is_unevaluated:
        run = _with_error(run, row["message"] or "the contract could not be evaluated")
    ended = row["as_of"] + timedelta(seconds=row["duration_seconds"] or 0.0)
    yield _event(ended, ENDED, "FAIL" if is_unevaluated else "COMPLETE", run, job, [tested], [])


def _assertions(assertions: list[Row]) -> Row:
    return {"dataQualityAssertions": facet("dataQualityAssertions", assertions=assertions)}


def _event(moment: datetime, order: int, kind: str, run: Row, job: Row, inputs: list[Row], outputs: list[Row]) -> Event:
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
    integration, job_type = ("DBT", kind.removeprefix("dbt ")) if is_dbt else ("LOOKOUT", kind or "job")
    facets = {"jobType": facet("jobType", processingType="BATCH", integration=integration, jobType=job_type.upper())}
    if owner:
        facets["ownership"] = facet("ownership", owners=_owners(owner))
    return {"namespace": data.namespace, "name": name, "facets": facets}


def _owners(owner: str) -> list[Row]:
    return [{"name": name.strip(), "type": "OWNER"} for name in owner.split(",") if name.strip()]


def _named(data: LineageData, addresses: Sequence[Row]) -> list[Row]:
    names = [data.namer.address(row) for row in addresses]
    return [{"namespace": namespace, "name": name} for namespace, name in names]


def _dataset(data: LineageData, address: Row) -> Row:
    namespace, name = data.namer.address(address)
    return {"namespace": namespace, "name": name, "facets": _described(data, address["node_id"], address["owner"])}


def _table(index: _Index, connection: str, asset: str) -> Row:
    """Return the dataset of a table, with its description, columns and owner if it is an address."""
    namespace, name = index.data.namer.table(connection, asset)
    address = index.addresses.get((namespace, name))
    if address is not None:
        return _dataset(index.data, address)
    return {"namespace": namespace, "name": name, "facets": {}}


def _described(data: LineageData, node_id: str | None, owner: str | None) -> Row:
    node = data.nodes.get(node_id or "", {})
    facets: Row = {}
    if node.get("description"):
        facets["documentation"] = facet("documentation", description=node["description"], contentType="text/markdown")
    fields = [_schema_field(column) for column in node.get("columns", {}).values()]
    if fields:
        facets["schema"] = facet("schema", fields=fields)
    if owner:
        facets["ownership"] = facet("datasetOwnership", owners=_owners(owner))
    return facets


def _schema_field(column: Mapping[str, Any]) -> Row:
    values = {"name": column["name"], "type": column.get("data_type"), "description": column.get("description")}
    return {key: value for key, value in values.items() if value}


def _test_assertion(result: Row) -> Row:
    assertion: Row = {
        "assertion": result["test_name"] or "custom_sql",
        "success": SUCCESS[result["outcome"]],
        "name": result["name"],
    }
    if result["column_name"]:
        assertion["column"] = result["column_name"]
    if result["severity"]:
        assertion["severity"] = result["severity"].lower()
    if result["failures"] is not None:
        assertion |= {"expected": "0", "actual": str(int(result["failures"]))}
    return assertion


def _violation_assertion(finding: Row) -> Row:
    assertion: Row = {
        "assertion": finding["violation_type"].lower(),
        "success": False,
        "name": finding["rule"],
        "severity": "error" if finding["severity"] == "critical" else "warn",
    }
    if finding["column_name"]:
        assertion["column"] = finding["column_name"]
    return assertion | {key: finding[key] for key in ("expected", "actual") if finding[key]}


def _with_error(run: Row, message: str) -> Row:
    error = facet("errorMessage", message=mask_secrets(message), programmingLanguage="SQL")
    return {**run, "facets": {**run.get("facets", {}), "errorMessage": error}}


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}Z"
