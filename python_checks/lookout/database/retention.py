"""Deletion of rows older than their retention, in small committed batches, while other work goes on.

Rows are deleted by their own date, never by their number, so an execution that was reported late takes no newer ones
along. Rows that the present state is derived from stay, however old: open alerts and their evidence, the newest
collection of each table, the newest result of each dbt node, the progress of learning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from lookout.database.store import Store
from lookout.errors import ConfigError

LEAST_DAYS = 90
# Days by kind of row. Daily series are learned from 245 days before the bucket that is judged.
RETENTION: Mapping[str, int] = {
    "executions": 90, "watermarks": 90, "freshness": 90, "alerts": 90, "dbt_results": 90, "contracts": 90,
    "collections": 90, "runs": 90, "observations": 400, "baselines": 400,
}  # fmt: skip
OnBatch = Callable[[str, int], None]


@dataclass(frozen=True)
class RetentionRule:
    """Rows of one table to delete when ``date`` is old and ``condition`` holds, except those that ``kept`` selects.

    ``kept`` is a query of the ctids that stay, as row_id. Rows of ``children``, pairs of a table and the columns that
    hold ``key``, are deleted first.
    """

    kind: str
    table: str
    date: str
    condition: str = "true"
    kept: str = ""
    key: str = "null"
    children: tuple[tuple[str, tuple[str, ...]], ...] = ()


_LOOKS = """
    select row_id from (
        select *,
            min(as_of) filter (where as_of > coalesce(evaluated_at, '-infinity')) over looked as unevaluated_since,
            min(as_of) filter (where as_of > coalesce(measured_at, '-infinity')) over looked as unmeasured_since,
            min(as_of) filter (where status = 'empty' and as_of > coalesce(ok_at, '-infinity'))
                over looked as empty_since
        from (
            select
                ctid as row_id, connection, asset, as_of, status, max(as_of) over looked as newest_at,
                max(as_of) filter (where status in ('ok', 'empty') or unmeasured_series <> '')
                    over looked as evaluated_at,
                max(as_of) filter (where status in ('ok', 'empty')) over looked as measured_at,
                max(as_of) filter (where status = 'ok') over looked as ok_at
            from {schema}.collection_results
            window looked as (partition by connection, asset)
        ) as looks window looked as (partition by connection, asset)
    ) as looks
    where as_of in (newest_at, evaluated_at, measured_at, ok_at, unevaluated_since, unmeasured_since, empty_since)
"""
_RESULTS = """
    select row_id from (
        select
            *,
            max(position) over node as newest,
            coalesce(max(position) filter (where outcome not in ('warned', 'failed', 'error')) over node, 0) as passed
        from (
            select
                ctid as row_id, node_id, outcome,
                row_number() over (partition by node_id order by executed_at, finished_at nulls first, invocation_id)
                    as position
            from {schema}.dbt_results
            where outcome is distinct from 'none'
        ) as results
        window node as (partition by node_id)
    ) as results
    where position in (newest, passed + 1)
"""
_CHECKS = """
    select row_id from (
        select
            ctid as row_id, as_of,
            max(as_of) over checked as newest_at,
            max(as_of) filter (where 'not_evaluated' not in (structure_status, values_status)) over checked
                as evaluated_at,
            max(as_of) filter (where values_status <> 'none') over checked as valued_at
        from {schema}.contract_checks
        window checked as (partition by connection, asset)
    ) as checks
    where as_of in (newest_at, evaluated_at, valued_at)
"""
_FINDINGS = """
    select findings.ctid as row_id from {schema}.contract_findings as findings
    inner join {schema}.contract_violations as violations
        on
            findings.violation_key = violations.violation_key
            and findings.as_of in (violations.first_seen_at, violations.as_of)
"""
_EXECUTIONS = """
    select executions.ctid as row_id from {schema}.pipeline_executions as executions
    inner join {schema}.alerts as alerts on executions.start_date = alerts.window_start
    inner join {schema}.alert_states as states on alerts.alert_key = states.alert_key
    where states.is_open and alerts.alert_type like 'PIPELINE%%'
"""
_BASELINES = """
    select baselines.ctid as row_id from {schema}.alerts as alerts
    inner join {schema}.baselines as baselines
        on alerts.series_key = baselines.series_key and baselines.bucket_start >= alerts.window_start
    inner join {schema}.alert_states as states on alerts.alert_key = states.alert_key
    where states.is_open
"""
_RUNS = """
    select row_id from (
        select
            ctid as row_id, status, batch_number, learned_through, as_of,
            max(batch_number) over () as last_batch, max(learned_through) over () as last_learned,
            max(as_of) over () as last_as_of
        from {schema}.lookout_runs
    ) as runs
    where status = 'running' or batch_number = last_batch or learned_through = last_learned or as_of = last_as_of
"""
_WATERMARKS = """
    select row_id from (
        select ctid as row_id, advanced_at, max(advanced_at) over (partition by pipeline_id) as newest_at
        from {schema}.watermarks
    ) as watermarks
    where advanced_at = newest_at
"""
# An alert that the stored rows still show would come back as a new one.
_ALERTS = """
    select alerts.ctid as row_id from {schema}.alerts as alerts
    inner join {schema}.alert_states as states on alerts.alert_key = states.alert_key
    where states.is_found or states.is_open
"""
_CLOSURE = ("pipeline_execution_closure", ("parent_execution_id", "child_execution_id"))
# In this order: a row goes before the row that it refers to.
TABLES = (
    RetentionRule("freshness", "pipeline_freshness", "stale_since", "not is_current"),
    RetentionRule(
        "executions", "pipeline_executions", "start_date", kept=_EXECUTIONS, key="execution_id",
        children=(_CLOSURE, ("anomaly_unflags", ("execution_id",))),
    ),
    RetentionRule("watermarks", "watermarks", "advanced_at", kept=_WATERMARKS),
    RetentionRule(
        "alerts", "alerts", "resolved_at", "status = 'resolved'", kept=_ALERTS, key="alert_key",
        children=(("alert_explanations", ("alert_key",)), ("alert_deliveries", ("alert_key",))),
    ),
    RetentionRule("dbt_results", "dbt_results", "executed_at", kept=_RESULTS),
    # A passed check must outlive the violations it resolved, or they would be open again.
    RetentionRule("contracts", "contract_findings", "as_of", kept=_FINDINGS),
    RetentionRule("contracts", "contract_checks", "as_of", kept=_CHECKS),
    RetentionRule("collections", "collection_results", "as_of", kept=_LOOKS),
    RetentionRule("collections", "bucket_arrivals", "bucket_start"),
    RetentionRule("baselines", "baselines", "bucket_start", kept=_BASELINES),
    RetentionRule("observations", "metric_observations", "bucket_start"),
    RetentionRule("runs", "lookout_runs", "coalesce(started_at, as_of)", kept=_RUNS),
)  # fmt: skip


def prune(
    store: Store,
    retention: Mapping[str, int] | None = None,
    *,
    as_of: datetime,
    batch_size: int = 10_000,
    dry_run: bool = False,
    on_batch: OnBatch | None = None,
) -> dict[str, int]:
    """Delete old rows. Returns how many, by table, in the order of deletion.

    ``retention`` gives days by kind; RETENTION has the defaults. A row is deleted when its date is not after the
    midnight (UTC) that begins the day so many days before ``as_of``. Each statement deletes at most ``batch_size`` rows
    and commits on its own, so an interrupted call has kept what it did and a second one goes on. ``on_batch`` is called
    after every batch. With ``dry_run`` nothing is deleted, and the numbers are those of the rows that would be. Raises
    ConfigError for an unknown kind, a retention below 90 days and a batch size below 1.
    """
    days = checked_retention(retention or {})
    if batch_size < 1:
        raise ConfigError(f"The batch size is {batch_size}; it must be at least 1 row.")
    today = as_of.astimezone(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    totals: dict[str, int] = {}
    for rule in TABLES:
        cutoff = today - timedelta(days=days[rule.kind])
        for table, _ in (*rule.children, (rule.table, ())):
            totals.setdefault(table, 0)
        for table, rows in _delete_in_batches(store, rule, cutoff, batch_size, dry_run):
            totals[table] += rows
            if on_batch is not None:
                on_batch(table, rows)
    return totals


def checked_retention(retention: Mapping[str, int]) -> dict[str, int]:
    """Return the retention of every kind in days. Raises ConfigError for an unknown kind or an impossible number."""
    for kind, days in retention.items():
        if kind not in RETENTION:
            raise ConfigError(f"There is no retention of '{kind}': use {', '.join(RETENTION)}.")
        if isinstance(days, bool) or not isinstance(days, int) or not LEAST_DAYS <= days <= 100_000:
            raise ConfigError(
                f"The retention of {kind} is {days!r} days; give a whole number of at least {LEAST_DAYS}, because "
                "alerts and what is normal are worked out from the days before."
            )
    return {**RETENTION, **retention}


def _delete_in_batches(
    store: Store, rule: RetentionRule, cutoff: datetime, batch_size: int, dry_run: bool
) -> Iterator[tuple[str, int]]:
    """Select the old rows in one query, then delete them by ctid; yields table and number of rows of each batch.

    A row that is updated meanwhile gets another ctid, and is left for the next call.
    """
    total = _select_old_rows(store, rule, cutoff)
    if dry_run:
        for table, columns in rule.children:
            yield table, _count_children(store, table, columns)
        yield rule.table, total
    for first in range(0, 0 if dry_run else total, batch_size):
        batch = (first, first + batch_size)
        for table, columns in rule.children:
            while rows := _delete_children(store, table, columns, batch, batch_size):
                yield table, rows
        rows = store.execute(
            f"""
            delete from {{schema}}.{rule.table}
            where
                ctid = any(array(select row_id from pg_temp.lookout_old_rows where number > %s and number <= %s))
                and {rule.date} <= %s and {rule.condition}
            """,  # noqa: S608
            (*batch, cutoff),
        )
        if rows:
            yield rule.table, rows
    store.execute("drop table pg_temp.lookout_old_rows")


def _select_old_rows(store: Store, rule: RetentionRule, cutoff: datetime) -> int:
    store.execute("drop table if exists pg_temp.lookout_old_rows")
    kept = rule.kept or "select cast(null as tid) as row_id where false"
    total = store.execute(
        f"""
        create temporary table lookout_old_rows as
        select row_number() over () as number, old.ctid as row_id, cast({rule.key} as text) as key
        from {{schema}}.{rule.table} as old
        left join ({kept}) as kept on old.ctid = kept.row_id
        where kept.row_id is null and {rule.date} <= %s and {rule.condition}
        """,  # noqa: S608
        (cutoff,),
    )
    store.execute("create index on pg_temp.lookout_old_rows (number)")
    return total


def _delete_children(store: Store, table: str, columns: tuple[str, ...], batch: tuple[int, int], limit: int) -> int:
    chosen = _children(table, columns, "number > %s and number <= %s")
    return store.execute(
        f"delete from {{schema}}.{table} where ctid = any(array({chosen} limit %s))",  # noqa: S608
        (*batch * len(columns), limit),
    )


def _count_children(store: Store, table: str, columns: tuple[str, ...]) -> int:
    found = store.query(f"select count(*) as n from ({_children(table, columns, 'true')}) as children")  # noqa: S608
    return int(found["n"][0])


def _children(table: str, columns: tuple[str, ...], condition: str) -> str:
    """Return the query of the ctids of the rows that hold the key of an old row in one of the columns, each once."""
    return " union ".join(
        f"select child.ctid from pg_temp.lookout_old_rows as old_rows inner join {{schema}}.{table} as child "  # noqa: S608
        f"on child.{column} = old_rows.key where {condition}"
        for column in columns
    )
