"""Databases with the landing tables of the tracking: dbt builds them once a session, every module gets a copy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from lookout.database.connection import Connection
from lookout.tracking.executions.store import ExecutionStore
from tests.conftest import Server, dbt_runner

TEMPLATE = "track_template"
TABLES = (
    "pipeline_types", "pipelines", "pipeline_executions", "pipeline_execution_closure", "watermarks",
    "anomaly_detection_rules", "anomaly_unflags", "addresses", "address_types", "address_lineage", "lineage_closure",
)  # fmt: skip
T0 = datetime(2026, 1, 1, 10, tzinfo=timezone.utc)


def later(**passed: float) -> datetime:
    return T0 + timedelta(**passed)


def track_place(server: Server, name: str) -> Connection:
    """A database with empty landing tables."""
    if not hasattr(server, "has_track_template"):
        connection = server.create_database(TEMPLATE)
        result = dbt_runner(connection, Path(mkdtemp()))(["run", "--select", "models/monitoring/landing/tracking"])
        assert result.success, result
        server.has_track_template = True  # type: ignore[attr-defined]
    return server.create_database(name, template=TEMPLATE)


@contextmanager
def empty_execution_store(connection: Connection, **settings: Any) -> Iterator[ExecutionStore]:
    """A execution_store over tables that have just been emptied."""
    with ExecutionStore(connection, **settings) as execution_store:
        execution_store.query("truncate " + ", ".join(f"{{schema}}.{table}" for table in TABLES))
        yield execution_store


def url(connection: Connection) -> str:
    p = connection.parameters
    return f"postgresql://{p['user']}@/{p['dbname']}?host={p['host']}&port={p['port']}"


def watermark(execution_store: ExecutionStore, name: str) -> str | None:
    found = execution_store.find(name)
    assert found is not None
    return found.watermark


def executions(execution_store: ExecutionStore, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    return execution_store.query(
        f"select {columns} from {{schema}}.pipeline_executions as e join {{schema}}.pipelines as p using (pipeline_id) "
        f"where {where} order by e.start_date, e.execution_id"
    )
