"""Results of dbt: read from the artifacts of the watched projects, each written once."""

from __future__ import annotations

from lookout.errors import ArtifactError
from lookout.project.artifacts import result_rows
from lookout.project.damage import read_results
from lookout.project.elementary import with_messages
from lookout.project.files import RESULT_FILES, is_there
from lookout.project.workspace import Watched
from lookout.runs.recording import Run


def ingest_results(run: Run, *, own: bool) -> int:
    """Write the results in run_results.json and sources.json that are not stored yet. Returns the rows written.

    ``own`` is for files that this run's dbt wrote: their times are capped at the run clock.
    """
    return sum(_ingest_results(run, watched, own=own) for watched in run.workspace.watched)


def _ingest_results(run: Run, watched: Watched, *, own: bool) -> int:
    written = 0
    for name in RESULT_FILES:
        if own and name != "run_results.json":
            # A build writes run_results.json alone; sources.json is older, and has been read before.
            continue
        file = watched.target_path / name
        if not is_there(file):
            continue
        try:
            content, damaged = read_results(file)
            frame = result_rows(
                content,
                watched.manifest,
                connection=watched.default_connection,
                not_after=run.as_of if own else None,
            )
        except ArtifactError as error:
            run.problems.append(str(error))
            continue
        run.problems += damaged
        frame = frame[frame["resource_type"] != "operation"]
        if not own and not frame.empty and _is_stored(run, str(frame["invocation_id"].iloc[0])):
            continue
        frame = with_messages(run.store, watched.manifest, frame)
        written += run.store.upsert("dbt_results", frame.drop_duplicates(["invocation_id", "node_id"]))
    return written


def _is_stored(run: Run, invocation_id: str) -> bool:
    found = run.store.query("select 1 from {schema}.dbt_results where invocation_id = %s limit 1", (invocation_id,))
    return not found.empty


def retire_removed_tests(run: Run) -> None:
    """Write a result `removed` for tests that the project no longer has, so that their last result no longer counts."""
    known = [
        node
        for watched in run.workspace.watched
        for kind in ("nodes", "sources", "unit_tests")
        for node in watched.manifest.get(kind) or {}
    ]
    run.store.execute(
        """
        insert into {schema}.dbt_results (invocation_id, node_id, name, resource_type, status, connection, asset,
            column_name, test_name, severity, message, executed_at, owner, layer)
        select %s, node_id, name, resource_type, 'removed', connection, asset, column_name, test_name, severity,
            'no longer part of the project', %s, owner, layer
        from (
            select distinct on (node_id) * from {schema}.dbt_results order by node_id, executed_at desc
        ) as latest
        where status <> 'removed' and resource_type in ('test', 'unit_test', 'source')
            and node_id <> all(%s) and executed_at <= %s
        on conflict (invocation_id, node_id) do nothing
        """,
        (run.run_id, run.as_of, known, run.as_of),
    )
