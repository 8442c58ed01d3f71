"""The rows behind OpenLineage events, and the names of datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

from lookout.database.connection import Connection, mask_secrets
from lookout.database.store import Store, records

Row = dict[str, Any]
LATELY = timedelta(days=1)

# An execution that was skipped has not run.
EXECUTIONS = """
    select runs.execution_id, runs.parent_id, runs.start_date, runs.end_date, runs.completed_successfully, runs.status,
        runs.total_rows, coalesce(runs.error, '') as error, coalesce(runs.node_id, '') as node_id,
        pipelines.pipeline_id, pipelines.name, coalesce(pipelines.pipeline_type, '') as pipeline_type,
        coalesce(pipelines.origin, '') as origin, coalesce(pipelines.owner, '') as owner,
        parent_pipelines.name as parent_name,
        coalesce(parents.execution_metadata ->> 'invocation_id', '') as invocation_id
    from {schema}.pipeline_executions as runs
    inner join {schema}.pipelines as pipelines on pipelines.pipeline_id = runs.pipeline_id
    left join {schema}.pipeline_executions as parents on parents.execution_id = runs.parent_id
    left join {schema}.pipelines as parent_pipelines on parent_pipelines.pipeline_id = parents.pipeline_id
    where runs.start_date > %s and runs.start_date <= %s and coalesce(runs.status, '') <> 'skipped'
    order by runs.start_date, runs.execution_id
"""
EDGES = """
    select distinct edges.pipeline_id, edges.source_address_id, edges.target_address_id
    from {schema}.address_lineage as edges
    inner join {schema}.addresses as sources on sources.address_id = edges.source_address_id
    inner join {schema}.addresses as targets on targets.address_id = edges.target_address_id
    order by edges.pipeline_id, edges.source_address_id, edges.target_address_id
"""
ADDRESSES = """
    select address_id, name, coalesce(address_type, '') as address_type, database_name, schema_name, table_name,
        coalesce(owner, '') as owner, coalesce(node_id, '') as node_id
    from {schema}.addresses
    order by address_id
"""
RESULTS = """
    select invocation_id, node_id, name, coalesce(test_name, '') as test_name, status, severity, failures,
        column_name, coalesce(connection, '') as connection, coalesce(asset, '') as asset, message
    from {schema}.dbt_results
    where resource_type in ('test', 'unit_test') and invocation_id = any(%s)
"""
CHECKS = """
    select checks.connection, checks.asset, checks.as_of, checks.structure_status, checks.values_status, checks.message,
        checks.duration_seconds, coalesce(contracts.owner, '') as owner
    from {schema}.contract_checks as checks
    left join {schema}.contracts as contracts
        on contracts.connection = checks.connection and contracts.asset = checks.asset
    where checks.as_of > %s and checks.as_of <= %s
    order by checks.as_of, checks.connection, checks.asset
"""
FINDINGS = """
    select connection, asset, as_of, column_name, violation_type, rule, expected, actual, severity
    from {schema}.contract_findings
    where as_of > %s and as_of <= %s and violation_type <> 'CONTRACT_NOT_EVALUATED'
    order by as_of, connection, asset, column_name, violation_type, rule
"""


@dataclass(frozen=True)
class Namer:
    """Names tables as https://openlineage.io/docs/spec/naming asks: by host and port, then database, schema, table."""

    warehouse: Connection
    outputs: Mapping[str, Connection]

    def table(self, connection: str, asset: str) -> tuple[str, str]:
        """Namespace and name of a table that stands as schema.table in an output of the profile."""
        return _postgres(self.outputs.get(connection, self.warehouse), None, asset)

    def address(self, row: Row) -> tuple[str, str]:
        """Namespace and name of an address: a table of a known server, a web address, or else its type and its name."""
        connection, _, rest = row["name"].rpartition(":")
        if row["schema_name"] and row["table_name"]:
            asset = f"{row['schema_name']}.{row['table_name']}"
            if connection in self.outputs and rest == asset:
                return _postgres(self.outputs[connection], row["database_name"], asset)
            here = self.warehouse.parameters.get("dbname")
            if not connection and row["database_name"] in (None, here):
                return _postgres(self.warehouse, row["database_name"], asset)
            known = [one for one in self.outputs.values() if one.parameters.get("dbname") == row["database_name"]]
            if not connection and len(known) == 1:
                return _postgres(known[0], row["database_name"], asset)
        return _elsewhere(row["name"], row["address_type"])


def _postgres(connection: Connection, database: str | None, asset: str) -> tuple[str, str]:
    host = str(connection.parameters.get("host") or "localhost")
    # A folder is where a server of this machine listens.
    host = "localhost" if host.startswith("/") else host
    port = connection.parameters.get("port") or 5432
    return f"postgres://{host}:{port}", f"{database or connection.parameters.get('dbname', '')}.{asset}"


def _elsewhere(name: str, kind: str) -> tuple[str, str]:
    """A web address in its two parts, without user, password and question, which may be secret; else type and name."""
    try:
        parts = urlsplit(name if "://" in name else "")
    except ValueError:
        parts = urlsplit("")
    place = parts.netloc.rpartition("@")[2]
    if parts.scheme == "file" and not place:
        return "file", parts.path
    if parts.scheme and place:
        return f"{parts.scheme}://{place}", parts.path.lstrip("/") or "/"
    return kind.replace(" ", "-") or "unknown", mask_secrets(name)


def read_lineage(
    store: Store,
    outputs: Mapping[str, Connection],
    manifest: Mapping[str, Any],
    *,
    since: datetime | None,
    as_of: datetime,
    namespace: str,
) -> LineageData:
    """Everything that began after ``since`` (default: a day ago) up to ``as_of``. Raises SourceError."""

    window = ((since or as_of - LATELY).astimezone(timezone.utc), as_of.astimezone(timezone.utc))
    executions = records(store.query(EXECUTIONS, window))
    invocations = sorted({row["invocation_id"] for row in executions} - {""})
    return LineageData(
        executions=executions,
        edges=records(store.query(EDGES)),
        addresses={row["address_id"]: row for row in records(store.query(ADDRESSES))},
        results=records(store.query(RESULTS, (invocations,))),
        checks=records(store.query(CHECKS, window)),
        findings=records(store.query(FINDINGS, window)),
        nodes={**manifest.get("nodes", {}), **manifest.get("sources", {})},
        namer=Namer(store.connection, outputs),
        namespace=namespace,
    )


@dataclass(frozen=True)
class LineageData:
    """Rows of what is told: executions, the edges of their pipelines, test results and checks of contracts.

    ``nodes`` are dbt's nodes by unique id, as in its manifest; ``namespace`` is that of the jobs.
    """

    executions: Sequence[Row]
    edges: Sequence[Row]
    addresses: Mapping[str, Row]
    results: Sequence[Row]
    checks: Sequence[Row]
    findings: Sequence[Row]
    nodes: Mapping[str, Mapping[str, Any]]
    namer: Namer
    namespace: str = "lookout"
