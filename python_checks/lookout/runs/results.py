"""Results of dbt, as rows of dbt_results: each command written once, from its artifact or from dbt's log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lookout.database.store import Store
from lookout.errors import ArtifactError
from lookout.project.artifacts.elementary import with_messages
from lookout.project.artifacts.outcomes import OUTCOMES, has_results
from lookout.project.artifacts.rows import result_rows
from lookout.project.workspace import Watched
from lookout.runs.recording import Run


def write_results(
    run: Run, watched: Watched, results: Mapping[str, Any], *, is_own: bool = False, is_logged: bool = False
) -> int:
    """Write the results of one dbt command, unless it built and tested nothing. Returns the rows written.

    ``is_own`` is for the build of this run, which a replay of the past has at its clock. A log may be older than the
    project: with ``is_logged``, nodes that the project does not have are left out.
    """
    if not has_results(results):
        return 0
    is_moved = is_own and not run.workspace.home.project.is_live
    try:
        frame = result_rows(
            results,
            watched.manifest,
            connection=watched.default_connection,
            not_after=run.as_of if is_moved else None,
        )
    except ArtifactError as error:
        run.problems.append(str(error))
        return 0
    frame = frame[frame["resource_type"] != "operation"]
    if is_logged:
        frame = frame[frame["node_id"].isin(_nodes(watched))]
    frame = with_messages(run.store, watched.manifest, frame)
    return run.store.upsert("dbt_results", frame.drop_duplicates(["invocation_id", "node_id"]))


def _nodes(watched: Watched) -> list[str]:
    return [node for kind in ("nodes", "sources", "unit_tests") for node in watched.manifest.get(kind) or {}]


def retire_removed_tests(run: Run) -> None:
    """Write a result `removed` for tests that the project no longer has, so that their last result no longer counts."""
    known = [node for watched in run.workspace.watched for node in _nodes(watched)]
    run.store.execute(
        """
        insert into {schema}.dbt_results (invocation_id, node_id, name, resource_type, status, outcome, connection,
            asset, column_name, test_name, severity, message, executed_at, finished_at, owner, layer)
        select %s, node_id, name, resource_type, 'removed', 'removed', connection, asset, column_name, test_name,
            severity, 'no longer part of the project', %s, now(), owner, layer
        from (
            select distinct on (node_id) * from {schema}.dbt_results
            order by node_id, executed_at desc, finished_at desc nulls last
        ) as latest
        where status <> 'removed' and resource_type in ('test', 'unit_test', 'source')
            and node_id <> all(%s) and executed_at <= %s
        on conflict (invocation_id, node_id) do nothing
        """,
        (run.run_id, run.as_of, known, run.as_of),
    )


def judge_older_results(store: Store) -> None:
    """Fill in the outcome of results that a version without outcomes wrote."""
    store.execute(
        """
        update {schema}.dbt_results as results
        set outcome = case
            when results.status = 'success' and results.resource_type in ('test', 'unit_test', 'source') then 'none'
            else meanings.outcome
        end
        from unnest(%s::text[], %s::text[]) as meanings (status, outcome)
        where results.outcome is null and results.status = meanings.status
        """,
        (list(OUTCOMES), list(OUTCOMES.values())),
    )
