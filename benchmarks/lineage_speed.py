"""How fast lineage is: python benchmarks/lineage_speed.py [edges ...]

Declares a dbt project of eight layers with two edges a model (10,000 and 100,000 edges unless told otherwise), then
measures: the same manifest again, one edge more and one less, the closure worked out again, up and down of assets
picked at random, and what 1,000 open alerts reach. Prints seconds, and milliseconds where it says so.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from _workbench import NOW, project, server

from lookout.database.store import Store
from lookout.project.workspace import Workspace
from lookout.runs.landing import ensure_landing
from lookout.tracking.lineage.declare import declare, declare_manifest, rebuild_closure
from lookout.tracking.lineage.manifest import manifest_lineage
from lookout.tracking.lineage.search import down, subgraph, up

LAYERS = 8
ALERTS = """
insert into {schema}.alerts (alert_key, alert_type, severity, status, connection, asset, column_name, metric,
    window_start)
select md5(name), 'VOLUME_ANOMALY', 'critical', 'open', 'bench', name, '', 'row_count',
    timestamptz '2026-06-30Z' + random() * interval '1 day'
from {schema}.addresses order by md5(name) limit 1000
"""


def main() -> None:
    """Measure each size in a database of its own."""
    with server() as (running, home):
        for edges in [int(argument) for argument in sys.argv[1:]] or [10_000, 100_000]:
            measure(project(running, home / f"project{edges}"), edges)


def measure(workspace: Workspace, edges: int) -> None:
    """All numbers of one size."""
    print(f"\n{edges // 2:,} models, about {edges:,} edges", flush=True)
    ensure_landing(workspace)
    manifest = invented(edges)
    with Store(workspace.home.warehouse) as store:
        for what in ("manifest, all new", "manifest, unchanged"):
            with timed(what):
                declare_manifest(store, manifest_lineage(manifest, "bench"), as_of=NOW)
        for what, sources in (("one edge more", ["raw.new"]), ("no edge more", ["raw.new"]), ("one edge less", [])):
            with timed(what):
                declare(store, "p", sources, [f"layer_4.model_{edges // 4 + 7}"], declared_at=NOW)
        with timed("closure held against edges"):
            found = rebuild_closure(store)
        with timed(f"all {found.rows:,} pairs worked out"):
            rebuild_closure(store, full=True)
        questions(store, edges)
        store.execute(ALERTS)
    with timed("what 1,000 alerts reach, dbt run"):
        done = workspace.home.project.build(["run", "--select", "alert_impact"], keep_artifacts=False)
    assert done.success, done.failures


def questions(store: Store, edges: int) -> None:
    """Latencies of the questions people ask, as a share of assets picked at random."""
    picked = np.random.default_rng(2).integers(0, edges // 2, 200)
    width = edges // 2 // LAYERS
    names = [f"layer_{n // width}.model_{n}" for n in picked]
    latencies("up, by schema.table", up, store, names)
    latencies("down, by schema.table", down, store, names)
    latencies("down, by unique id", down, store, [f"model.bench.model_{n}" for n in picked])
    latencies("down, by name in dbt", down, store, [f"model_{n}" for n in picked])
    latencies("picture around it", subgraph, store, names)


def latencies(what: str, ask: Callable[[Store, str], Any], store: Store, assets: list[str]) -> None:
    """Print median, 95th percentile and longest of one question, in milliseconds."""
    taken = []
    for asset in assets:
        began = time.perf_counter()
        ask(store, asset)
        taken.append(1000 * (time.perf_counter() - began))
    middle, most, worst = np.percentile(taken, [50, 95, 100])
    print(f"  {what:<38} {middle:6.1f} ms median   {most:6.1f} ms p95   {worst:6.1f} ms longest", flush=True)


def invented(edges: int) -> dict[str, Any]:
    """A manifest in eight layers; every model reads two models near it in the layer before, or one layer earlier."""
    rng, count = np.random.default_rng(1), edges // 2
    width = count // LAYERS
    nodes = {}
    for n in range(count):
        layer, position = divmod(n, width)
        # The first layer reads nothing, so the others read a little more than two.
        fan = (2 + (rng.random() < 0.22)) if layer else 0
        sources = {
            max(layer - 1 - int(rng.random() < 0.2), 0) * width + (position + int(rng.integers(-40, 41))) % width
            for _ in range(fan)
        }
        key = f"model.bench.model_{n}"
        nodes[key] = {
            "unique_id": key,
            "resource_type": "model",
            "name": f"model_{n}",
            "alias": f"model_{n}",
            "database": "bench",
            "schema": f"layer_{layer}",
            "config": {"materialized": "table"},
            "depends_on": {"nodes": [f"model.bench.model_{source}" for source in sorted(sources)]},
        }
    return {"nodes": nodes, "sources": {}, "exposures": {}}


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long the block took."""
    began = time.perf_counter()
    yield
    print(f"  {what:<38} {time.perf_counter() - began:7.3f} s", flush=True)


if __name__ == "__main__":
    main()
