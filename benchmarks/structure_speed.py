"""How long the structure of 1,000 tables takes: python benchmarks/structure_speed.py

Starts an embedded PostgreSQL in a temporary folder, makes tables with 10 columns and a primary key each in one
database, and prints seconds (best of three) for observing all of them with one statement, for holding them against
their contracts, and for reading these contracts from a manifest with 4 tests a table.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lookout.contracts.checks.catalog import observe
from lookout.contracts.checks.structure import check_structure
from lookout.contracts.spec.declared import load_contracts
from lookout.database.connection import connect
from lookout.database.embedded import EmbeddedServer

TYPES = ("bigint", "integer", "numeric(12,2)", "text", "varchar(20)", "timestamptz", "date", "boolean", "uuid", "jsonb")


def manifest(tables: int) -> dict[str, Any]:
    """A manifest with that many sources, as dbt would write it."""
    columns = {
        f"c{number}": {"name": f"c{number}", "data_type": kind, "constraints": [{"type": "not_null"}]}
        for number, kind in enumerate(TYPES)
    }
    columns["c0"]["constraints"] = [{"type": "primary_key"}]
    sources = {
        f"source.p.s.t{number}": {
            "resource_type": "source",
            "unique_id": f"source.p.s.t{number}",
            "source_name": "s",
            "name": f"t{number}",
            "schema": "public",
            "identifier": f"t{number}",
            "columns": columns,
            "config": {"meta": {"lookout": {"contract": "strict"}}},
        }
        for number in range(tables)
    }
    tests = {
        f"test.p.not_null_{number}_{column}": {
            "resource_type": "test",
            "attached_node": None,
            "config": {"severity": "ERROR"},
            "depends_on": {"nodes": [f"source.p.s.t{number}"]},
            "test_metadata": {
                "name": "not_null",
                "kwargs": {
                    "column_name": f"c{column}",
                    "model": f"{{{{ get_where_subquery(source('s', 't{number}')) }}}}",
                },
            },
        }
        for number in range(tables)
        for column in range(4)
    }
    return {"nodes": tests, "sources": sources}


def best(call: Callable[[], Any]) -> tuple[float, Any]:
    """Shortest of three runs in seconds, and the last result."""
    seconds, result = [], None
    for _ in range(3):
        started = time.perf_counter()
        result = call()
        seconds.append(time.perf_counter() - started)
    return min(seconds), result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=1_000)
    tables: int = parser.parse_args().tables
    home = Path(tempfile.mkdtemp(prefix="lookout-"))
    home.chmod(0o755)
    server = EmbeddedServer(home).start()
    try:
        handle = connect(server.create_database("structure"))
        handle.autocommit = True
        columns = ", ".join(f"c{number} {kind} not null" for number, kind in enumerate(TYPES))
        with handle, handle.cursor() as cursor:
            for number in range(tables):
                cursor.execute(f"create table t{number} ({columns}, primary key (c0))")

            def ask(query: Any, parameters: Any) -> list[tuple[Any, ...]]:
                cursor.execute(query, parameters)
                return cursor.fetchall()

            reading, contracts = best(lambda: load_contracts(manifest(tables), default_connection="structure"))
            observing, observed = best(lambda: observe(ask, [(one.schema, one.table) for one in contracts]))
        checking, found = best(lambda: [check_structure(one, observed[one.schema, one.table]) for one in contracts])
        handle.close()
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    broken = sum(len(violations) for violations, _ in found)
    print(f"{tables} tables x {len(TYPES)} columns: observed in {observing:.3f} s, checked in {checking:.3f} s")
    print(f"violations: {broken}, and there are none to find")
    print(f"contracts read from a manifest of {5 * tables} nodes in {reading:.3f} s")


if __name__ == "__main__":
    main()
