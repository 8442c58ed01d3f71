with recursive above (parent_execution_id, child_execution_id, depth, path) as (
    select fresh, fresh, 0, array[fresh] from unnest(%(fresh)s) as fresh
    union all
    select
        parent.execution_id, above.child_execution_id, above.depth + 1, above.path || parent.execution_id
    from above
    inner join {schema}.pipeline_executions as child on above.parent_execution_id = child.execution_id
    inner join {schema}.pipeline_executions as parent on child.parent_id = parent.execution_id
    where not parent.execution_id = any(above.path)
),

below as (
    select above.parent_execution_id, earlier.child_execution_id, above.depth + 1 + earlier.depth as depth
    from above
    inner join {schema}.pipeline_executions as child on above.child_execution_id = child.parent_id
    inner join {schema}.pipeline_execution_closure as earlier on child.execution_id = earlier.parent_execution_id
),

pairs as (
    select parent_execution_id, child_execution_id, depth from above
    union all
    select parent_execution_id, child_execution_id, depth from below
)

insert into {schema}.pipeline_execution_closure (parent_execution_id, child_execution_id, depth)
select parent_execution_id, child_execution_id, min(depth)
from pairs
group by parent_execution_id, child_execution_id
order by parent_execution_id, child_execution_id
on conflict (parent_execution_id, child_execution_id) do nothing
