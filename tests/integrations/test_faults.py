"""Time: whatever stalls, a run ends within its limits, says what it has not done, and keeps what it had."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import MONITORING, Observed
from tests.faults import Proxy, proxy
from tests.waiting import wait_until

TABLES = ("first", "second", "third", "fourth")
LIMITS = {"statement": "2 seconds", "run": "60 seconds"}


@pytest.fixture
def shop(observed: Observed) -> Iterator[Proxy]:
    """The database `shop`, read through a proxy."""
    for table in TABLES:
        observed.sql(f'create table "{table}" (at timestamptz)')
        observed.sql(f"""insert into "{table}" select generate_series('2025-06-01', '2026-03-02', interval '1 day')""")
    observed.declare({table: {"timestamp_column": "at", "metrics": ["row_count"]} for table in TABLES})
    with proxy(observed.shop) as running:
        lead(observed, "shop", running)
        yield running
    for name in ("lookout.yml", "models/slow.sql"):
        (observed.root / name).unlink(missing_ok=True)


@pytest.fixture
def warehouse(observed: Observed, shop: Proxy) -> Iterator[Proxy]:
    """The warehouse, which Lookout and dbt use through a proxy."""
    with proxy(observed.warehouse) as running:
        lead(observed, "observed", running)
        yield running


def lead(observed: Observed, output: str, running: Proxy) -> None:
    """Lead an output of the profile through the proxy."""
    file = observed.root / "profiles.yml"
    profile = yaml.safe_load(file.read_text())
    for key in ("host", "port", "sslmode"):
        profile["observed"]["outputs"][output][key] = running.connection.parameters[key]
    file.write_text(yaml.safe_dump(profile))


def limit(observed: Observed, **limits: str) -> None:
    (observed.root / "lookout.yml").write_text(yaml.safe_dump({"limits": {**LIMITS, **limits}}))


def start(observed: Observed, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "lookout", *(arguments or ("run", "--as-of", "2026-03-03"))],
        cwd=observed.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], seconds: float = 100) -> tuple[int, str]:
    """The exit code, and what was said, line breaks aside."""
    try:
        said = " ".join(" ".join(process.communicate(timeout=seconds)).split())
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert "Traceback" not in said, said
    return process.returncode, said


def rows(observed: Observed, query: str) -> list[tuple[Any, ...]]:
    return observed.sql(query.replace("{schema}", MONITORING), at="observed")


def slow_model(observed: Observed) -> None:
    (observed.root / "models" / "slow.sql").write_text(
        "{{ config(materialized='table') }} select 1 as a from pg_sleep(600)"
    )


def is_building(observed: Observed) -> bool:
    return bool(
        rows(observed, "select 1 from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()")
    )


def test_a_source_that_stalls_is_one_alert_and_one_problem(observed: Observed, shop: Proxy) -> None:
    limit(observed, source="14 seconds")
    shop.fault.stall_after = 2500
    code, said = ended(start(observed))
    assert code == 2
    alerts = rows(observed, "select alert_type, asset, reason from {schema}.alerts")
    assert [(kind, asset) for kind, asset, _ in alerts] == [("SOURCE_UNREACHABLE", "")]
    assert "4 watched tables could not be evaluated: shop" in alerts[0][2]
    assert "has used up the 14 seconds that one source may take" in said


def test_a_warehouse_that_goes_silent_in_the_build(observed: Observed, warehouse: Proxy) -> None:
    limit(observed, lease="4 seconds")
    slow_model(observed)
    process = start(observed)
    wait_until(lambda: is_building(observed) or process.poll() is not None)
    warehouse.fault.is_silent = True
    code, said = ended(process)
    assert code == 2
    assert re.search(
        r"has not answered for 4 s, .*; not done: build, profile, verify, learn, derive, explain, publish", said
    )
    assert len(rows(observed, "select 1 from {schema}.collection_results where status = 'ok'")) == 4


def test_a_build_that_does_not_end(observed: Observed, shop: Proxy) -> None:
    limit(observed, run="25 seconds")
    slow_model(observed)
    code, said = ended(start(observed))
    assert code == 2
    assert "The run has used up its 25 seconds (`limits: run` in lookout.yml); not done: build, profile" in said
    assert rows(observed, "select status from {schema}.lookout_runs") == [("failed",)]
    assert rows(observed, "select 1 from {schema}.run_leases") == []
    wait_until(lambda: not is_building(observed))
    assert len(rows(observed, "select 1 from {schema}.collection_results where status = 'ok'")) == 4


def test_a_run_that_was_stopped_for_too_long_leaves_the_rest_to_the_next(observed: Observed, shop: Proxy) -> None:
    limit(observed, lease="4 seconds")
    slow_model(observed)
    first = start(observed)
    wait_until(lambda: is_building(observed) or first.poll() is not None)
    os.kill(first.pid, signal.SIGSTOP)
    try:
        code, said = ended(start(observed, "collect", "--as-of", "2026-03-03"))
    finally:
        os.kill(first.pid, signal.SIGCONT)
    assert code == 0, said
    code, said = ended(first)
    assert code == 2
    assert "did not renew its lease" in said
    assert "another has taken over" in said
    assert rows(observed, "select command, status from {schema}.lookout_runs order by batch_number") == [
        ("run", "failed"),
        ("collect", "success"),
    ]


def test_two_first_runs_at_once_are_one_after_the_other(observed_project: Observed) -> None:
    observed_project.reset()
    observed_project.sql("create table seen (at timestamptz)")
    observed_project.declare({"seen": {"timestamp_column": "at"}})
    both = [start(observed_project, "collect", "--as-of", "2026-03-03") for _ in range(2)]
    outcomes: list[tuple[int, str]] = []
    threads = [threading.Thread(target=lambda process=process: outcomes.append(ended(process))) for process in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({code for code, _ in outcomes}) == 1, outcomes
    found = rows(observed_project, "select batch_number, status from {schema}.lookout_runs order by 1")
    assert [number for number, _ in found] == [1, 2]


def test_a_process_that_hangs_in_something_else_is_ended(observed: Observed, shop: Proxy, tmp_path: Path) -> None:
    """A name server that does not answer cannot be hung up on."""
    limit(observed, run="20 seconds")
    (tmp_path / "sitecustomize.py").write_text(
        "import lookout.runs.collection as module, threading\n"
        "module.collect = lambda *arguments, **settings: threading.Event().wait()\n"
    )
    done = observed.command("collect", PYTHONPATH=f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    assert done.returncode == 2
    assert "The run did not end within its time" in done.stderr
