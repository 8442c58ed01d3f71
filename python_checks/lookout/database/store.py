"""The store: bulk writes into landing tables and reads of derived models. No DDL beyond temporary tables."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd
import psycopg2
from numpy.typing import NDArray
from psycopg2 import extensions, sql

from lookout.database.connection import Connection, clean_message, connect
from lookout.database.limits import TimeLimit
from lookout.database.writing.upsert import write_rows
from lookout.errors import ConfigError, SourceError

logger = logging.getLogger(__name__)

LANDING_KEYS: Mapping[str, tuple[str, ...]] = {
    "monitors": ("series_key",),
    "metric_observations": ("series_key", "bucket_start"),
    "collection_results": ("connection", "asset", "as_of"),
    "bucket_arrivals": ("connection", "asset", "grain", "bucket_start"),
    "baselines": ("series_key", "bucket_start"),
    "lookout_runs": ("run_id",),
    "run_leases": ("lease_name",),
    "assets": ("node_id",),
    "dbt_results": ("invocation_id", "node_id"),
    "alert_feedback": ("feedback_number",),
    "alert_explanations": ("alert_key", "dimension"),
    "alert_deliveries": ("alert_key", "target", "step"),
    "alert_mutes": ("mute_number",),
    "contracts": ("connection", "asset"),
    "contract_checks": ("connection", "asset", "as_of"),
    "contract_findings": ("violation_key", "as_of"),
    "schema_versions": ("connection", "asset", "subject", "version_number"),
    "schema_changes": (
        "connection",
        "asset",
        "subject",
        "version_number",
        "column_name",
        "change_type",
        "detail",
    ),
    "pipeline_types": ("name",),
    "pipelines": ("pipeline_id",),
    "pipeline_executions": ("execution_id",),
    "pipeline_execution_closure": ("parent_execution_id", "child_execution_id"),
    "watermarks": ("pipeline_id", "execution_id"),
    "address_types": ("name",),
    "addresses": ("address_id",),
    "address_lineage": ("pipeline_id", "source_address_id", "target_address_id"),
    "lineage_closure": ("source_address_id", "target_address_id"),
    "anomaly_detection_rules": ("pipeline_id", "metric_field"),
    "anomaly_unflags": ("execution_id", "metric_field"),
}


class Store(AbstractContextManager["Store"]):
    """One connection to the monitoring schema. Every write commits on its own, so what was collected is kept.

    ``fence`` is called with the cursor of each transaction that writes, first, and raises SourceError when this process
    may no longer write (see `lease`).
    """

    def __init__(
        self, connection: Connection, schema: str = "monitoring", *, time_limit: TimeLimit | None = None
    ) -> None:
        self.connection, self.schema = connection, schema
        self.fence: Callable[[Any], None] | None = None
        self._handle = connect(connection, application="lookout store", time_limit=time_limit)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def allow(self, seconds: float) -> None:
        """Give the store some time of its own: for last words when that of its run is over."""
        self._handle.time_limit = TimeLimit(seconds, f"{self.connection.location} did not answer in time.")

    @property
    def time_limit(self) -> TimeLimit:
        """Return the time that all its statements may take."""
        return self._handle.time_limit or TimeLimit()

    @property
    def is_closed(self) -> bool:
        """Return whether the connection is closed, by this side or the other."""
        return bool(self._handle.closed)

    def close(self) -> None:
        """Close the connection."""
        self._handle.close()

    def has_later_run(self, as_of: datetime, *, derived: bool = False) -> bool:
        """Return whether a run had a later clock than this one, which makes this one a replay of the past.

        ``derived`` leaves out runs that only collected. A clock ahead of the time is a mistake and counts for nothing.
        """
        found = self.query(
            "select 1 from {schema}.lookout_runs where as_of > %s and as_of <= now() "
            "and not (%s and command = 'collect') limit 1",
            (as_of, derived),
        )
        return not found.empty

    def missing_tables(self, names: Sequence[str]) -> list[str]:
        """Return those of the named tables that do not exist yet."""
        found = self.query(
            "select table_name from information_schema.tables where table_schema = %s and table_name = any(%s)",
            (self.schema, list(names)),
        )
        return [name for name in names if name not in set(found["table_name"])]

    def missing_indexes(self, wanted: Collection[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """Return those of the wanted indexes, as table and columns in their order, that do not exist yet."""
        found = self.query(
            """
            select tables.relname, array_agg(attributes.attname::text order by keys.position) as columns
            from pg_index as indexes
            inner join pg_class as tables on tables.oid = indexes.indrelid
            inner join pg_namespace as schemas on schemas.oid = tables.relnamespace and schemas.nspname = %s
            cross join lateral unnest(indexes.indkey::smallint[]) with ordinality as keys (attnum, position)
            inner join pg_attribute as attributes
                on attributes.attrelid = indexes.indrelid and attributes.attnum = keys.attnum
            where indexes.indisvalid
            group by tables.relname, indexes.indexrelid
            """,
            (self.schema,),
        )
        existing = {(table, *columns) for table, columns in found.to_numpy().tolist()}
        return sorted(set(wanted) - existing)

    def upsert(self, table: str, frame: pd.DataFrame) -> int:
        """Write rows by column name. Returns the rows that changed.

        Rows that differ from the stored ones only in bookkeeping columns are not written again.
        """
        if frame.empty:
            return 0
        with self._writing(f"write to {self.schema}.{table}") as cursor:
            return write_rows(cursor, sql.Identifier(self.schema, table), frame, LANDING_KEYS[table])

    def execute(self, statement: str | sql.Composable, parameters: Sequence[Any] | None = None) -> int:
        """Run one writing statement and commit; returns the affected rows."""
        with self._writing("write to the monitoring schema") as cursor:
            cursor.execute(self.named(statement), parameters)
            return int(cursor.rowcount)

    def query(
        self, statement: str | sql.Composable, parameters: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return a small result as a frame of Python values. ``{schema}`` in the text is the monitoring schema."""
        with self._translated_errors("read the monitoring schema"), self._handle, self._handle.cursor() as cursor:
            cursor.execute(self.named(statement), parameters)
            names = [column.name for column in cursor.description or ()]
            return pd.DataFrame(cursor.fetchall(), columns=names)

    def fetch_numbers(self, statement: str, columns: int, parameters: Sequence[Any] = ()) -> NDArray[np.float64]:
        """Return a large result of float8 columns without nulls as a matrix of rows, read in binary format."""
        with self._translated_errors("read the monitoring schema"), self._handle, self._handle.cursor() as cursor:
            text = cursor.mogrify(self.named(statement), tuple(parameters)).decode()
            buffer = io.BytesIO()
            cursor.copy_expert(f"copy ({text}) to stdout with (format binary)", buffer)
        # A header of 19 bytes; per row the number of fields, per field its length and value; and two bytes at the end.
        row = np.dtype([("fields", ">i2"), ("cells", [("length", ">i4"), ("value", ">f8")], (columns,))])
        return np.frombuffer(buffer.getbuffer()[19:-2], dtype=row)["cells"]["value"].astype(np.float64)

    def named(self, statement: str | sql.Composable) -> str | sql.Composable:
        """Return a statement with the monitoring schema in the place of ``{schema}``."""
        if isinstance(statement, str):
            return statement.replace("{schema}", '"' + self.schema.replace('"', '""') + '"')
        return statement

    @contextmanager
    def _writing(self, what: str) -> Iterator[extensions.cursor]:
        with self._translated_errors(what), self._handle, self._handle.cursor() as cursor:
            if self.fence is not None:
                self.fence(cursor)
            yield cursor

    def _translated_errors(self, what: str) -> ErrorTranslation:
        return ErrorTranslation(what, self.connection)


class ErrorTranslation(AbstractContextManager[None]):
    """Context in which database errors become a ConfigError or SourceError of one sentence."""

    def __init__(self, what: str, connection: Connection) -> None:
        self.what, self.connection = what, connection

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(value, psycopg2.errors.UndefinedTable):
            raise ConfigError(
                f"A table of the monitoring schema is missing in {self.connection.location}: "
                f"{clean_message(value)} Build it with `dbt build --select monitoring` or `lookout run`."
            ) from value
        if isinstance(value, psycopg2.Error):
            raise SourceError(f"Could not {self.what} in {self.connection.location}: {clean_message(value)}") from value


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as dicts of plain values: NaN, NaT and NA become None, lists stay lists."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return value
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return None if pd.isna(value) else value
