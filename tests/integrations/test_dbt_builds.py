"""Builds that Lookout did not start: found in the artifacts and the log, and closed when they were killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.conftest import MONITORING
from tests.tracking.test_dbt_tracking import Shop, shop
from tests.waiting import wait_until

__all__ = ["shop"]


def test_builds_of_other_people_are_found(shop: Shop) -> None:
    """Two invocations between collects: the artifacts know the last one, the log knows the other."""
    shop.dbt("build", "--select", "good", "bad")
    shop.dbt("run", "--select", "good")
    assert shop.observed.command("collect", "--quiet").returncode == 0
    rows = shop.executions()
    assert [(status, rows) for name, status, _, rows in rows if name == "model.observed.good"] == [("success", 5)] * 2
    assert [ok for name, _, ok, _ in rows if name == "dbt:observed"] == [False, True]
    assert [status for name, status, _, _ in rows if name == "model.observed.bad"] == ["error"]
    errors = shop.sql(f"select distinct error from {MONITORING}.pipeline_executions where status = 'error'")
    assert "division by zero" in errors[0][0]
    shop.observed.command("collect", "--quiet")
    assert shop.executions() == rows


def test_a_build_that_is_killed_is_closed_as_failed(shop: Shop, tmp_path: Path) -> None:
    """As long as a process has the log open the build runs; then it is closed with the reason."""
    (shop.models / "good.sql").write_text("{{ config(materialized='table') }} select 1 as n from pg_sleep(60)")
    places = {"DBT_PROFILES_DIR": str(shop.observed.root), "DBT_LOG_PATH": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "run", "--select", "good"],
        cwd=shop.observed.root,
        env={**os.environ, **places},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    log = tmp_path / "dbt.log"
    wait_until(lambda: log.exists() and "Began running node model.observed.good" in log.read_text())
    shop.observed.command("collect", "--quiet", **places)
    assert {status for _, status, _, _ in shop.executions()} == {"running"}
    process.send_signal(signal.SIGKILL)
    process.wait()
    shop.observed.command("collect", "--quiet", **places)
    assert {(status, ok) for _, status, ok, _ in shop.executions()} == {("killed", False)}
    told = shop.sql(f"select distinct closed_by, error from {MONITORING}.pipeline_executions")
    assert told == [("reaper", "dbt ended without a word: killed, or the machine went down")]
