with recursive newest as (
    select executions.* from {schema}.pipeline_executions as executions
    where
        case
            when %(pipeline)s::text is null then executions.parent_id is null or not exists (
                select 1 from {schema}.pipeline_executions as parents
                where parents.execution_id = executions.parent_id
            )
            else executions.pipeline_id = %(pipeline)s
        end
    order by executions.start_date desc, executions.execution_id
    limit %(limit)s
),
tree as (
    select execution_id, cast(null as text) as below, 0 as depth, array[execution_id] as path from newest
    union all
    select executions.execution_id, tree.execution_id, tree.depth + 1, tree.path || executions.execution_id
    from tree
    inner join {schema}.pipeline_executions as executions on executions.parent_id = tree.execution_id
    where executions.execution_id <> all(tree.path) and tree.depth < 50
)
select
    tree.below, tree.depth, executions.execution_id, coalesce(pipelines.name, executions.pipeline_id) as pipeline,
    coalesce(pipelines.pipeline_type, '') as pipeline_type, executions.kind, executions.start_date,
    executions.end_date, executions.elapsed_seconds, executions.completed_successfully, executions.status,
    executions.total_rows, executions.inserts, executions.updates, executions.soft_deletes, executions.error
from tree
inner join {schema}.pipeline_executions as executions on executions.execution_id = tree.execution_id
left join {schema}.pipelines as pipelines on pipelines.pipeline_id = executions.pipeline_id
order by executions.start_date desc, executions.execution_id
