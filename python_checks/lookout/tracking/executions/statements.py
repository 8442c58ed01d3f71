"""SQL of the execution store. ``{schema}`` is the monitoring schema, ``{incoming}`` the batch of executions."""

from __future__ import annotations

from lookout.database.sql_files import read_sql

LOCK_KEY = 471_621_574
SHARED_LOCK = f"select pg_advisory_xact_lock_shared({LOCK_KEY}, hashtext(%(schema)s))"
WHOLE_LOCK = f"select pg_advisory_xact_lock({LOCK_KEY}, hashtext(%(schema)s))"

# The columns of a batch of executions, in the order of its rows.
COLUMNS = {
    "execution_id": "text", "pipeline_id": "text", "start_date": "timestamptz", "parent_id": "text",
    "watermark": "text", "next_watermark": "text", "start_metadata": "jsonb", "kind": "text", "node_id": "text",
    "host": "text", "code_checksum": "text", "end_date": "timestamptz", "completed_successfully": "boolean",
    "inserts": "bigint", "updates": "bigint", "soft_deletes": "bigint", "total_rows": "bigint",
    "end_next_watermark": "text", "end_metadata": "jsonb", "error": "text", "status": "text", "closed_by": "text",
}  # fmt: skip
SHAPE = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
TEMPORARY = "lookout_executions"
CREATE_TEMPORARY = f"create temporary table {TEMPORARY} ({SHAPE}) on commit drop"
FROM_JSON = f"jsonb_to_recordset(cast(%(rows)s as jsonb)) as batch ({SHAPE})"

# Half a second rounds up, on every version of PostgreSQL.
_SECONDS = "round(cast(extract(epoch from incoming.end_date - {start}) as numeric))"
_MEASURES = """cast({seconds} as integer),
    cast(extract(epoch from incoming.end_date - {start}) as double precision),
    case
        when incoming.end_date is null then null
        when {seconds} = 0 then 0
        else round(incoming.total_rows / {seconds}, 4)
    end"""


def _measures(start: str) -> str:
    return _MEASURES.format(seconds=_SECONDS.format(start=start), start=start)


# Whether one of the parents that are not in the batch, or an ancestor of one, is not known yet.
HAS_ORPHANS = """
with recursive above (execution_id) as (
    select outside from unnest(%(outside)s) as outside
    union
    select stored.parent_id
    from above
    join {schema}.pipeline_executions as stored on above.execution_id = stored.execution_id
    where stored.parent_id is not null
)

select exists (
    select 1
    from above
    left join {schema}.pipeline_executions as stored on above.execution_id = stored.execution_id
    where stored.execution_id is null and not above.execution_id = any(%(inside)s)
)
"""

INSERT = read_sql(__package__, "insert_executions").replace("{measures}", _measures("incoming.start_date"))

# Those that came with their end in this batch are closed already, and do not match.
UPDATE = read_sql(__package__, "update_executions").replace("{measures}", _measures("stored.start_date"))

# Ancestors of every new execution, and what came earlier and hangs below a new one. The path ends a circle of parents.
CLOSURE = read_sql(__package__, "extend_closure")

SELF_CLOSURE = """
insert into {schema}.pipeline_execution_closure (parent_execution_id, child_execution_id, depth)
select fresh, fresh, 0 from unnest(%(fresh)s) as fresh order by fresh
on conflict (parent_execution_id, child_execution_id) do nothing
"""
HAS_CHILDREN = "select exists (select 1 from {schema}.pipeline_executions where parent_id = any(%(fresh)s))"

LEFT_OPEN = """
select execution_id, start_date, end_date is not null
from {schema}.pipeline_executions
where execution_id = any(%(left)s)
"""

HEARTBEAT = """
update {schema}.pipeline_executions as stored
set heartbeat_at = greatest(stored.heartbeat_at, beats.at)
from jsonb_to_recordset(cast(%(rows)s as jsonb)) as beats (execution_id text, at timestamptz)
where stored.execution_id = beats.execution_id and stored.end_date is null
"""

LOCK_PIPELINES = """
select pipeline_id, watermark from {schema}.pipelines where pipeline_id = any(%(ids)s) order by pipeline_id for update
"""

NEWEST_STEPS = """
select distinct on (pipeline_id) pipeline_id, advanced_at, set_by = 'person'
from {schema}.watermarks
where pipeline_id = any(%(ids)s)
order by pipeline_id, advanced_at desc
"""

INSERT_STEPS = """
insert into {schema}.watermarks (pipeline_id, execution_id, previous_watermark, watermark, set_by, advanced_at)
select pipeline_id, execution_id, previous_watermark, watermark, %(set_by)s, advanced_at
from jsonb_to_recordset(cast(%(rows)s as jsonb)) as steps (
    pipeline_id text, execution_id text, previous_watermark text, watermark text, advanced_at timestamptz
)
order by pipeline_id, execution_id
on conflict (pipeline_id, execution_id) do nothing
"""

ADVANCE = """
update {schema}.pipelines as stored
set
    watermark = case when moves.has_moved then moves.watermark else stored.watermark end,
    last_target_insert = greatest(stored.last_target_insert, moves.inserted_at),
    last_target_update = greatest(stored.last_target_update, moves.updated_at),
    last_target_soft_delete = greatest(stored.last_target_soft_delete, moves.deleted_at),
    load_lineage = false
from jsonb_to_recordset(cast(%(rows)s as jsonb)) as moves (
    pipeline_id text, has_moved boolean, watermark text,
    inserted_at timestamptz, updated_at timestamptz, deleted_at timestamptz
)
where stored.pipeline_id = moves.pipeline_id
"""
