"""The execution store: the one writer of pipelines, executions and watermarks. Every call may be repeated."""

from __future__ import annotations

import os
import random
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar

import psycopg2
from psycopg2.extensions import connection as PgConnection  # noqa: N812
from psycopg2.extensions import quote_ident

from lookout.database.connection import Connection, clean_message, connect
from lookout.database.limits import CONNECT_TIMEOUT, TimeLimit
from lookout.errors import ConfigError, LookoutError, SourceError
from lookout.tracking.executions import statements
from lookout.tracking.executions.batch import Batch, Recorded, newest_steps, write_batch, write_steps
from lookout.tracking.executions.events import Event, Lineage, Register
from lookout.tracking.executions.pipelines import (
    changed_registrations,
    check_metrics,
    read_registered,
    write_registrations,
    write_rules,
)
from lookout.tracking.executions.watermarks import Step
from lookout.tracking.model import Pipeline, Registered, pipeline_id, watermark_text

Outcome = TypeVar("Outcome")
AUTO_RULES = "LOOKOUT_AUTO_CREATE_ANOMALY_RULES"
ATTEMPTS = 4
_SWITCH = """
update {schema}.pipelines
set
    active = coalesce(%(active)s, active),
    mute_freshness_check = coalesce(%(freshness)s, mute_freshness_check),
    mute_timeliness_check = coalesce(%(timeliness)s, mute_timeliness_check),
    load_lineage = coalesce(%(lineage)s, load_lineage),
    updated_at = %(at)s
where pipeline_id = %(id)s
"""


class ExecutionStore(AbstractContextManager["ExecutionStore"]):
    """One connection to the monitoring schema, opened when first needed. Every call is one transaction.

    Raises SourceError when the database cannot be reached or refuses, ConfigError when its tables are missing.
    """

    def __init__(
        self,
        connection: Connection,
        schema: str | None = None,
        *,
        connect_timeout: int = CONNECT_TIMEOUT,
        statement_timeout: float | None = None,
        lock_timeout: float | None = None,
        time_limit: TimeLimit | None = None,
        auto_rules: bool | None = None,
    ) -> None:
        self.connection, self.schema = connection, schema or os.environ.get("LOOKOUT_SCHEMA") or "monitoring"
        if auto_rules is None:
            auto_rules = os.environ.get(AUTO_RULES, "").strip().lower() in ("1", "true", "yes", "on")
        self.auto_rules = auto_rules
        self._statement_timeout, self._lock_timeout = statement_timeout, lock_timeout
        self._connect_timeout, self._time_limit = connect_timeout, time_limit
        self._handle: PgConnection | None = None

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._handle is not None:
            self._handle.close()
        self._handle = None

    @property
    def handle(self) -> PgConnection:
        """Return the open connection."""
        if self._handle is None or self._handle.closed:
            waits = {"tcp_user_timeout": 5000, **self.connection.parameters}
            self._handle = connect(
                replace(self.connection, parameters={**waits, "connect_timeout": self._connect_timeout}),
                application="lookout track",
                statement_timeout=self._statement_timeout,
                lock_timeout=self._lock_timeout,
                time_limit=self._time_limit,
            )
        return self._handle

    def register(self, pipeline: Pipeline | str, *, at: datetime, next_watermark: Any = None) -> Registered:
        """Get or make a pipeline, and change it when its settings changed. Safe in a race.

        The ``watermark`` returned is where the last successful execution ended.
        """
        value = Pipeline(pipeline) if isinstance(pipeline, str) else pipeline
        event = Register(value, at, watermark_text(next_watermark))

        def work(cursor: Any) -> Registered:
            new_ids: set[str] = set()
            changed = changed_registrations(cursor, self._schema, [event])
            if changed:
                new_ids = write_registrations(cursor, self._schema, changed, with_rules=self.auto_rules)
            return read_registered(cursor, self._schema, [value.pipeline_id], new_ids)[value.pipeline_id]

        return self._transact("register a pipeline", work)

    def record(self, events: Sequence[Event]) -> Recorded:
        """Record events of any kind in one transaction, in any order; repeating them has no effect.

        A faulty event is returned with the reason and stops none of the others. Lineage follows in transactions of its
        own.
        """
        batch = Batch.of(events)
        if batch.is_empty:
            return Recorded(rejected=tuple(batch.rejected))
        recorded = self._transact(
            "record executions", lambda cursor: write_batch(cursor, self._schema, batch, with_rules=self.auto_rules)
        )
        for event in batch.lineages:
            self._declare(event)
        return recorded

    def find(self, name: str) -> Registered | None:
        """Return the stored state of a pipeline; None when there is none of that name."""
        key = pipeline_id(name)
        return self._transact(
            "read a pipeline", lambda cursor: read_registered(cursor, self._schema, [key], set()).get(key)
        )

    def switch(
        self,
        name: str,
        *,
        at: datetime,
        active: bool | None = None,
        mute_freshness_check: bool | None = None,
        mute_timeliness_check: bool | None = None,
        load_lineage: bool | None = None,
    ) -> None:
        """Switch a pipeline, its checks or its lineage on or off by hand; None leaves a switch alone.

        A declaration in code replaces it as soon as that declaration changes. Raises ConfigError for an unknown name.
        """
        values = {
            "id": pipeline_id(name),
            "active": active,
            "freshness": mute_freshness_check,
            "timeliness": mute_timeliness_check,
            "lineage": load_lineage,
            "at": at,
        }
        if not self.query(f"{_SWITCH} returning name", values):
            raise ConfigError(f"There is no pipeline '{name.strip().lower()}'.")

    def set_watermark(self, name: str, value: Any, *, at: datetime, set_by: str = "person") -> str | None:
        """Set a pipeline's watermark by hand and return the previous one. Running executions do not move it on.

        Raises ConfigError when there is no such pipeline.
        """
        key, text = pipeline_id(name), watermark_text(value) or None

        def work(cursor: Any) -> str | None:
            cursor.execute(self._sql(statements.LOCK_PIPELINES), {"ids": [key]})
            found = cursor.fetchone()
            if found is None:
                raise ConfigError(f"There is no pipeline '{name.strip().lower()}'.")
            newest = newest_steps(cursor, self._schema, [key]).get(key)
            moved_at = at if newest is None else max(at, newest[0])
            step = Step(key, f"{set_by}:{uuid.uuid4().hex}", found[1], text, moved_at)
            write_steps(cursor, self._schema, [step], set_by)
            cursor.execute(
                self._sql("update {schema}.pipelines set watermark = %s where pipeline_id = %s"), (text, key)
            )
            return None if found[1] is None else str(found[1])

        return self._transact("set a watermark", work)

    def create_rule(
        self,
        name: str,
        metric_field: str,
        *,
        at: datetime,
        z_threshold: float = 3.0,
        lookback_days: int = 30,
        minimum_executions: int = 30,
        active: bool = True,
    ) -> bool:
        """Make a fixed anomaly rule; return False when the pipeline has one for this number already."""
        settings = {
            "z_threshold": z_threshold,
            "lookback_days": lookback_days,
            "minimum_executions": minimum_executions,
            "active": active,
        }
        key = pipeline_id(name)
        made = self._transact(
            "make an anomaly rule",
            lambda cursor: write_rules(cursor, self._schema, [key], [metric_field], at=at, **settings),  # type: ignore[arg-type]
        )
        return made == 1

    def unflag(self, execution_id: str, metric_fields: Sequence[str], *, note: str, at: datetime) -> int:
        """Record that numbers of an execution are no anomaly; return how many were not recorded before."""
        check_metrics(metric_fields)

        def work(cursor: Any) -> int:
            cursor.execute(
                self._sql(
                    "insert into {schema}.anomaly_unflags (execution_id, metric_field, note, unflagged_at) "
                    "select %s, metric_field, %s, %s from unnest(%s) as metric_field "
                    "on conflict (execution_id, metric_field) do nothing"
                ),
                (execution_id, note, at, list(metric_fields)),
            )
            return int(cursor.rowcount)

        return self._transact("take an anomaly back", work)

    def query(self, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Run one statement, with ``{schema}`` for the monitoring schema, and return its rows, if any."""

        def work(cursor: Any) -> list[tuple[Any, ...]]:
            cursor.execute(self._sql(statement), parameters)
            return list(cursor.fetchall()) if cursor.description else []

        return self._transact("read the monitoring schema", work)

    @staticmethod
    def is_about_data(error: LookoutError) -> bool:
        """Return whether the fault is in the data, which would be refused again."""
        if isinstance(error.__cause__, psycopg2.Error):
            return isinstance(
                error.__cause__, (psycopg2.DataError, psycopg2.IntegrityError, psycopg2.NotSupportedError)
            )
        return isinstance(error, ConfigError)

    @property
    def _schema(self) -> str:
        return quote_ident(self.schema, self.handle)

    def _sql(self, statement: str, incoming: str = "") -> str:
        return statement.format(schema=self._schema, incoming=incoming)

    def _transact(self, what: str, work: Callable[[Any], Outcome]) -> Outcome:
        """Run one transaction, again when it collided with another one."""
        for attempt in range(1, ATTEMPTS + 1):
            handle = self.handle
            try:
                with handle, handle.cursor() as cursor:
                    return work(cursor)
            except (psycopg2.errors.DeadlockDetected, psycopg2.errors.SerializationFailure) as error:
                if attempt == ATTEMPTS:
                    raise self._error(what, error) from error
                time.sleep(random.uniform(0.0, 0.02 * 2**attempt))
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                # A connection that was cut while nobody used it is opened again, once.
                if not handle.closed or attempt > 1:
                    raise self._error(what, error) from error
            except psycopg2.Error as error:
                raise self._error(what, error) from error
        raise AssertionError

    def _error(self, what: str, error: psycopg2.Error) -> ConfigError | SourceError:
        """Return the error of the database as one of Lookout's, with a sentence about what was done."""
        if isinstance(error, (psycopg2.errors.UndefinedTable, psycopg2.errors.InvalidSchemaName)):
            return ConfigError(
                f"There are no tables for pipelines in the schema {self.schema} of {self.connection.location}: build "
                "them with `dbt build --select monitoring` or `lookout run`, or name the schema in LOOKOUT_SCHEMA."
            )
        return SourceError(f"Could not {what} in {self.connection.location}: {clean_message(error)}")

    def _declare(self, event: Lineage) -> None:
        # The writer of lineage brings pandas with it, half a second that people without lineage need not spend.
        from lookout.database.store import Store
        from lookout.tracking.lineage.declare import declare

        with Store(self.connection, self.schema) as store:
            declare(store, pipeline_id(event.pipeline), event.sources, event.targets, declared_at=event.at)
