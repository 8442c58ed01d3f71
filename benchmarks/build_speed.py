"""What Lookout adds to the dbt commands of a project of 40 models and 40 tests that installs it as a package.

    python benchmarks/build_speed.py [--times 3]

Prints CPU seconds (user and system) of the fastest of several `dbt parse` and `dbt build`, cold (nothing in target/)
and later, plain, with the package and the selector that `lookout init` writes, and with the package alone, and the
ratios to plain. The three take turns, because machines that run benchmarks are rarely idle.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import yaml
from _workbench import cpu_seconds, project, server
from run_speed import fill

from lookout.database.embedded import EmbeddedServer
from lookout.init.plan import SELECTOR

TABLES = 20
STAGING = "select id, at, amount, quantity, price, state, note from {{{{ source('app', 't{number}') }}}}"
TOTALS = (
    "{{{{ config(materialized='table') }}}} "
    "select state, count(*) as n, sum(amount) as amount from {{{{ ref('staging_{number}') }}}} group by 1"
)
KINDS = ("plain", "with Lookout", "without the selector")


def main() -> None:
    """Make the three projects and print what each command costs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    with server() as (running, home):
        roots = [shop(running, home / f"shop{place}", kind) for place, kind in enumerate(KINDS)]
        print(f"{2 * TABLES} models, {2 * TABLES} tests; load of the machine {os.getloadavg()[0]:.1f}")
        print(f"  {'':<18}" + "".join(f"{kind:>28}" for kind in KINDS))
        tell("dbt parse, cold", roots, given.times, lambda root: dbt(root, "parse", is_cold=True))
        tell("dbt build, cold", roots, given.times, lambda root: dbt(root, "build", is_cold=True))
        tell("dbt build, later", roots, given.times, lambda root: dbt(root, "build"))


def tell(what: str, roots: list[Path], times: int, measure: Callable[[Path], float]) -> None:
    """One line: the fastest of several, for each project, and its ratio to the first."""
    best = [float("inf")] * len(roots)
    for _ in range(times):
        best = [min(before, measure(root)) for before, root in zip(best, roots, strict=True)]
    cells = [f"{seconds:.1f} s, {seconds / best[0]:.2f} times" for seconds in best[1:]]
    print(f"  {what:<18}{f'{best[0]:.1f} s':>28}" + "".join(f"{cell:>28}" for cell in cells), flush=True)


def shop(running: EmbeddedServer, root: Path, kind: str) -> Path:
    """A project with a view, an aggregate and two tests for each table."""
    workspace = project(running, root)
    fill(workspace.home.warehouse, TABLES, 1_000, 1)
    models = []
    for number in range(TABLES):
        (root / "models" / f"staging_{number}.sql").write_text(STAGING.format(number=number))
        (root / "models" / f"totals_{number}.sql").write_text(TOTALS.format(number=number))
        for name, column in ((f"staging_{number}", "id"), (f"totals_{number}", "n")):
            models.append({"name": name, "columns": [{"name": column, "data_tests": ["not_null"]}]})
    tables = [{"name": f"t{number}"} for number in range(TABLES)]
    content = {"models": models, "sources": [{"name": "app", "schema": "public", "tables": tables}]}
    (root / "models" / "models.yml").write_text(yaml.safe_dump(content))
    if kind == "plain":
        (root / "packages.yml").unlink()
        shutil.rmtree(root / "dbt_packages")
    if kind == "with Lookout":
        (root / "selectors.yml").write_text(yaml.safe_dump({"selectors": [dict(SELECTOR)]}))
    return root


def dbt(root: Path, command: str, *, is_cold: bool = False) -> float:
    """CPU seconds of a dbt command in a process of its own."""
    if is_cold:
        shutil.rmtree(root / "target", ignore_errors=True)
    return cpu_seconds([Path(sys.executable).parent / "dbt", command, "--quiet"], root)


if __name__ == "__main__":
    main()
