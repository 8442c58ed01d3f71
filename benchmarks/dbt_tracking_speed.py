"""What tracking dbt costs: reading a run_results.json of many nodes, and being told of each node while dbt builds.

    python benchmarks/dbt_tracking_speed.py [--nodes 500]

Prints the seconds to take in the artifact the first time and again, and the share of a build's time that live tracking
takes (dbt needs about 60 ms a model).
"""

from __future__ import annotations

import argparse
import time
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

from _workbench import project, server

from lookout.project.dbt import NodeEvent
from lookout.runs.landing import ensure_landing
from lookout.runs.recording import new_run_id, recorded_run
from lookout.runs.tracking import LiveBuild
from lookout.tracking.dbt.invocations import DbtInvocations
from lookout.tracking.executions.store import ExecutionStore

SECONDS_PER_MODEL = 0.06


def main() -> None:
    """Build a project and a warehouse in a temporary folder, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=500)
    nodes = parser.parse_args().nodes
    with server() as (running, home):
        workspace = project(running, home / "tracking")
        ensure_landing(workspace)
        ids = [f"model.bench.model_{number}" for number in range(nodes)]
        with (
            recorded_run(workspace, "bench", new_run_id()) as run,
            ExecutionStore(workspace.home.warehouse, run.store.schema) as execution_store,
        ):
            results = invented(ids)
            for name in ("first time", "again"):
                began = time.perf_counter()
                execution_store.record(DbtInvocations(workspace.home.manifest).of_results(results))
                print(f"{nodes} nodes of run_results.json, {name:<12}{time.perf_counter() - began:8.3f} s")
            workspace.home.project.is_live = True
            live, invocation = LiveBuild(run, execution_store), str(uuid.uuid4())
            began = time.perf_counter()
            for node_id in ids:
                live.on_event(NodeEvent(node_id, node_id, "model", "", invocation))
            took = time.perf_counter() - began
            share = took / (nodes * SECONDS_PER_MODEL)
            print(f"{nodes} nodes told while they begin{took:15.3f} s, {share:.1%} of a build of such models")


def invented(ids: list[str]) -> dict[str, Any]:
    """A run_results.json in which every node took 50 ms, one after the other."""
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    moments = [start + timedelta(milliseconds=50 * number) for number in range(len(ids) + 1)]
    found = [
        {
            "unique_id": node_id,
            "status": "success",
            "message": "SELECT 10",
            "compiled_code": f"select {node_id!r}",
            "adapter_response": {"_message": "SELECT 10", "rows_affected": 10},
            "timing": [{"name": "execute", "started_at": begin.isoformat(), "completed_at": end.isoformat()}],
        }
        for node_id, begin, end in zip(ids, moments, moments[1:], strict=False)
    ]
    metadata = {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json",
        "invocation_id": str(uuid.uuid4()),
        "generated_at": moments[-1].isoformat(),
        "invocation_started_at": start.isoformat(),
    }
    return {"metadata": metadata, "args": {"which": "build"}, "results": found}


if __name__ == "__main__":
    main()
