"""Rows behind the OpenLineage events, and the names that OpenLineage gives to datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

from lookout.database.connection import Connection
from lookout.database.store import Store, records
from lookout.masking import mask_secrets

Row = dict[str, Any]
DEFAULT_PERIOD = timedelta(days=1)

# Skipped executions have not run, so there is nothing to report about them.
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
    select invocation_id, node_id, name, coalesce(test_name, '') as test_name, outcome, severity, failures,
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
    """Names of tables by https://openlineage.io/docs/spec/naming: host and port, then database, schema, table."""

    warehouse: Connection
    outputs: Mapping[str, Connection]

    def table(self, connection: str, asset: str) -> tuple[str, str]:
        """Return namespace and name of a table that is schema.table in an output of the profile."""
        return _postgres(self.outputs.get(connection, self.warehouse), None, asset)

    def address(self, row: Row) -> tuple[str, str]:
        """Return namespace and name of an address: a table of a known server, a web address, or its type and name."""
        server = self._server(row) if row["schema_name"] and row["table_name"] else None
        if server is None:
            return _not_a_table(row["name"], row["address_type"])
        return _postgres(server, row["database_name"], f"{row['schema_name']}.{row['table_name']}")

    def _server(self, row: Row) -> Connection | None:
        """Return the connection that holds the table of an address; None when it is unknown or ambiguous."""
        connection, _, asset = row["name"].rpartition(":")
        if connection:
            is_known = asset == f"{row['schema_name']}.{row['table_name']}"
            return self.outputs.get(connection) if is_known else None
        database = row["database_name"]
        if database in (None, self.warehouse.parameters.get("dbname")):
            return self.warehouse
        same_database = [output for output in self.outputs.values() if output.parameters.get("dbname") == database]
        return same_database[0] if len(same_database) == 1 else None


def _postgres(connection: Connection, database: str | None, asset: str) -> tuple[str, str]:
    host = str(connection.parameters.get("host") or "localhost")
    # A folder is the Unix socket of a server on this machine.
    host = "localhost" if host.startswith("/") else host
    port = connection.parameters.get("port") or 5432
    return f"postgres://{host}:{port}", f"{database or connection.parameters.get('dbname', '')}.{asset}"


def _not_a_table(name: str, kind: str) -> tuple[str, str]:
    """Return a web address as host and path, anything else as type and name.

    User, password and query are left out, because they may be secret.
    """
    try:
        parts = urlsplit(name if "://" in name else "")
    except ValueError:
        parts = urlsplit("")
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme == "file" and not host:
        return "file", parts.path
    if parts.scheme and host:
        return f"{parts.scheme}://{host}", parts.path.lstrip("/") or "/"
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
    """Return everything that began after ``since`` (default: a day ago) up to ``as_of``. Raises SourceError."""
    begin = since or as_of - DEFAULT_PERIOD
    window = (begin.astimezone(timezone.utc), as_of.astimezone(timezone.utc))
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
    """Rows behind the events: executions, the edges of their pipelines, test results and contract checks.

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
