"""What dbt itself writes about its commands, read between two runs: selections, retries, batches and repeated clocks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from tests.conftest import MONITORING, Observed, Said

BAD_DAY = date.today() - timedelta(days=5)
MODELS = {
    "ids.sql": "{{ config(materialized='table') }} select * from generate_series(1, 3) as id",
    "other.sql": "select 1 as id",
    "events.sql": (
        "{{ config(materialized='table', event_time='at') }}"
        "select day::timestamp as at, 1 as n from generate_series(current_date - 9, current_date, '1 day') as day"
    ),
    "days.sql": (
        "{{ config(materialized='incremental', incremental_strategy='microbatch', unique_key='at', event_time='at',"
        " batch_size='day', begin='" + str(date.today() - timedelta(days=9)) + "') }}"
        "select at, n from {{ ref('events') }}"
        "{% if env_var('BAD_DAY', '') and model.batch and model.batch.event_time_start.date() | string == env_var('BAD_DAY') %}"
        " where 1 / (n - 1) = 1 {% endif %}"
    ),
    "ids.yml": (
        "models: [{name: ids, columns: [{name: id, data_tests:"
        " [{accepted_values: {name: known_ids, arguments: {values: [1, 2, 3]}}}]}]}]"
    ),
}


class Shop:
    """Somebody's project: dbt in processes of its own, and Lookout after some of them."""

    def __init__(self, observed: Observed, lookout: Callable[..., Said]) -> None:
        self.observed, self.lookout = observed, lookout

    def write(self, name: str, text: str) -> None:
        (self.observed.root / "models" / name).write_text(text)

    def dbt(self, *arguments: str, **environment: str) -> int:
        return subprocess.run(
            [sys.executable, "-c", "from dbt.cli.main import cli; cli()", *arguments],
            cwd=self.observed.root,
            env={**os.environ, "DBT_PROFILES_DIR": str(self.observed.root), **environment},
            check=False,
            capture_output=True,
            timeout=300,
        ).returncode

    def looks(self) -> int:
        """Collect and publish; the exit code."""
        assert self.lookout("collect", "--quiet", cwd=self.observed.root).code in (0, 1)
        return self.lookout("publish", "--quiet", cwd=self.observed.root).code

    def alerts(self) -> list[tuple[Any, ...]]:
        return self.observed.sql(
            f"select alert_type, asset, status, window_start, reason from {MONITORING}.alerts order by window_start",
            at="observed",
        )


@pytest.fixture
def shop(observed: Observed, lookout: Callable[..., Said]) -> Iterator[Shop]:
    observed.as_administrator()
    observed.declare({"seen": {"timestamp_column": "at", "enabled": False}})
    made = Shop(observed, lookout)
    for name, text in MODELS.items():
        made.write(name, text)
    log = observed.root / "logs" / "dbt.log"
    log.unlink(missing_ok=True)
    yield made
    for name in MODELS:
        (observed.root / "models" / name).unlink()
    for file in (*(observed.root / "target").glob("*.json"), log):
        file.unlink(missing_ok=True)


def broken(shop: Shop) -> None:
    shop.observed.sql("insert into public.ids values (9)", at="observed")


def test_a_test_that_failed_fails_until_it_is_run_again(shop: Shop) -> None:
    assert shop.dbt("build", "--select", "ids", "other") == 0
    assert shop.looks() == 0
    broken(shop)
    assert shop.dbt("test", "--select", "ids") == 1
    assert shop.dbt("run", "--select", "other") == 0
    assert shop.looks() == 1
    (found,) = shop.alerts()
    assert (*found[:3], found[4]) == (
        "TEST_FAILURE",
        "public.ids",
        "open",
        "Got 1 result, configured to fail if != 0",
    )
    assert shop.dbt("docs", "generate") == 0
    assert shop.looks() == 1
    # What the log says of these is read, and the artifact of the last.
    for command in (("list",), ("source", "freshness"), ("compile",), ("show", "--select", "other")):
        assert shop.dbt(*command) == 0
    assert shop.dbt("build", "--empty", "--select", "ids") == 0
    assert shop.looks() == 1
    assert shop.alerts() == [found]

    broken(shop)
    assert shop.dbt("test", "--select", "ids", "--store-failures") == 1
    shop.observed.sql("delete from public.ids where id = 9", at="observed")
    assert shop.dbt("retry") == 0
    assert shop.dbt("run", "--select", "other") == 0
    assert shop.looks() == 0
    assert [alert[2] for alert in shop.alerts()] == ["resolved"]


@pytest.mark.parametrize("mended", ["retry", "event time"])
def test_a_day_that_failed_is_missing_until_it_is_built(shop: Shop, mended: str) -> None:
    bad = {"BAD_DAY": str(BAD_DAY)}
    assert shop.dbt("build", "--select", "events", "days", **bad) == 1
    if mended != "retry":
        assert shop.looks() == 1
        ((kind, asset, status, since, reason),) = shop.alerts()
        assert (kind, asset, status) == ("PIPELINE_ANOMALY", "public.days", "open")
        assert reason == f"1 of 10 batches failed: {BAD_DAY}"
        assert shop.dbt("run", "--select", "days") == 0
        assert shop.dbt("run", "--select", "other") == 0
        assert shop.looks() == 1
        assert shop.alerts() == [(kind, asset, "open", since, f"1 batch is still missing: {BAD_DAY}")]
    commands = {
        "retry": ("retry",),
        "event time": (
            *("run", "--select", "days", "--event-time-start", str(BAD_DAY)),
            *("--event-time-end", str(BAD_DAY + timedelta(days=1))),
        ),
    }
    assert shop.dbt(*commands[mended]) == 0
    assert shop.dbt("run", "--select", "other") == 0
    assert shop.looks() == 0
    assert {alert[2] for alert in shop.alerts()} == ({"resolved"} if mended != "retry" else set())


def test_lookouts_own_build_says_that_a_day_is_missing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAD_DAY", str(BAD_DAY))
    summary = shop.observed.run(None)
    assert summary.problems == (f"dbt build: days: 1 of 10 batches failed: {BAD_DAY}",)
    assert summary.exit_code == 2
    monkeypatch.delenv("BAD_DAY")
    summary = shop.observed.run(None)
    assert (summary.problems, summary.exit_code) == ((), 1)
    assert list(summary.open_alerts["reason"]) == [f"1 batch is still missing: {BAD_DAY}"]


@pytest.mark.parametrize(
    ("breaking", "alert_type", "code"),
    [
        ("select * from generate_series(1, 5) as id", "TEST_FAILURE", 1),
        # It takes longer than the one that worked.
        ("select 1 / (id - 1) as id from generate_series(1, 3) as id, pg_sleep(2)", "PIPELINE_ANOMALY", 2),
    ],
)
def test_the_last_of_several_runs_at_one_clock_decides(shop: Shop, breaking: str, alert_type: str, code: int) -> None:
    run: Callable[[], Any] = lambda: shop.observed.run("2026-03-01")  # noqa: E731
    assert run().exit_code == 0
    shop.write("ids.sql", "{{ config(materialized='table') }} " + breaking)
    summary = run()
    assert (summary.exit_code, list(summary.open_alerts["alert_type"])) == (code, [alert_type])
    shop.write("ids.sql", MODELS["ids.sql"])
    assert run().exit_code == 0
    assert [(alert[0], alert[2]) for alert in shop.alerts()] == [(alert_type, "resolved")]


def test_an_empty_build_is_not_what_lookout_judges(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_EMPTY", "1")
    summary = shop.observed.run(None)
    assert (summary.exit_code, summary.problems) == (0, ())
    assert shop.observed.sql("select count(*) from public.ids", at="observed") == [(3,)]
    assert os.environ["DBT_EMPTY"] == "1"
