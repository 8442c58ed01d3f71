"""dbt tracks itself: artifacts, log and live events become executions, once each, killed ones included."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from lookout.errors import ConfigError
from lookout.tracking.dbt.limits import load_limits
from lookout.tracking.dbt.log import read_log
from tests.conftest import MONITORING, Observed

LOG = """\x1b[0m23:59:58.000000 [info ] [MainThread]: leftover of an older file
============================== 23:59:59.000000 | 11111111-1111-1111-1111-111111111111 ==============================
\x1b[0m23:59:59.000000 [info ] [MainThread]: Running with dbt=1.11.16
\x1b[0m23:59:59.100000 [debug] [MainThread]: running dbt with arguments {'invocation_command': 'dbt build --select x'}
\x1b[0m23:59:59.500000 [debug] [Thread-1 (]: Began running node model.shop.one
\x1b[0m23:59:59.500001 [info ] [Thread-1 (]: 1 of 3 START sql table model public.one .... [RUN]
\x1b[0m23:59:59.600000 [debug] [Thread-2 (]: Began running node model.shop.two
select 'Finished running node model.shop.two'
\x1b[0m00:00:01.000000 [info ] [Thread-1 (]: 1 of 3 OK created sql table model public.one .... [\x1b[32mSELECT 7\x1b[0m in 1.50s]
\x1b[0m00:00:01.000001 [debug] [Thread-1 (]: Finished running node model.shop.one
\x1b[0m00:00:02.000000 [error] [Thread-2 (]: 2 of 3 ERROR creating sql table model public.two .... [\x1b[31mERROR\x1b[0m in 2.40s]
\x1b[0m00:00:02.000001 [debug] [Thread-2 (]: Finished running node model.shop.two
\x1b[0m00:00:02.500000 [error] [MainThread]:   Database Error in model two (models/two.sql)
  division by zero
\x1b[0m00:00:03.000000 [debug] [MainThread]: Command `dbt build` failed at 00:00:03.000000 after 4.00 seconds


============================== 00:10:00.000000 | 22222222-2222-2222-2222-222222222222 ==============================
\x1b[0m00:10:00.000000 [info ] [MainThread]: Running with dbt=1.11.16
\x1b[0m00:10:00.100000 [debug] [MainThread]: running dbt with arguments {'invocation_command': 'dbt run'}
\x1b[0m00:10:01.000000 [debug] [Thread-1 (]: Began running node model.shop.one
"""


def test_a_log_is_read_over_midnight() -> None:
    """Times have no day in the log: they are counted back from when the file was written."""
    written = datetime(2026, 3, 1, 0, 10, 1, tzinfo=timezone.utc)
    first, second = read_log(LOG, written_at=written)
    assert first.started_at == datetime(2026, 2, 28, 23, 59, 59, tzinfo=timezone.utc)
    assert first.ended_at == datetime(2026, 3, 1, 0, 0, 3, tzinfo=timezone.utc)
    assert (first.command, first.succeeded) == ("build", False)
    one, two = first.nodes
    assert (one.status, one.rows, one.ended_at) == ("success", 7, datetime(2026, 3, 1, 0, 0, 1, 1, tzinfo=timezone.utc))
    assert (two.status, two.message) == ("error", "division by zero")
    assert (second.command, second.ended_at, second.succeeded) == ("run", None, None)
    assert [(node.node_id, node.ended_at) for node in second.nodes] == [("model.shop.one", None)]
    assert [i.invocation_id[0] for i in read_log(LOG, written_at=written, skip=[first.invocation_id])] == ["2"]


class Shop:
    """The observed project with two models: one that works and one that does not."""

    def __init__(self, observed: Observed) -> None:
        self.observed = observed
        observed.declare({"seen": {"connection": "observed", "timestamp_column": "at"}})
        self.sql("create table seen (at timestamptz)")
        models = observed.root / "models"
        (models / "good.sql").write_text("{{ config(materialized='table') }} select * from generate_series(1, 5) as n")
        (models / "below.sql").write_text("select * from {{ ref('bad') }}")
        (models / "bad.sql").write_text(
            "{{ config(materialized='table') }} select 1 / (select count(*) from {{ ref('good') }} where n > 9) as n"
        )
        self.models = models

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        return self.observed.sql(statement, at="observed")

    def dbt(self, *arguments: str) -> None:
        """dbt as somebody else runs it: another process, with its own log and artifacts."""
        subprocess.run(
            [sys.executable, "-c", "from dbt.cli.main import cli; cli()", *arguments],
            cwd=self.observed.root,
            env={**os.environ, "DBT_PROFILES_DIR": str(self.observed.root)},
            check=False,
            capture_output=True,
            timeout=120,
        )

    def executions(self) -> list[tuple[Any, ...]]:
        return self.sql(
            f"""
            select pipelines.name, executions.status, executions.completed_successfully, executions.total_rows
            from {MONITORING}.pipeline_executions as executions inner join {MONITORING}.pipelines using (pipeline_id)
            where pipelines.name not like '%.lookout%' order by executions.start_date, executions.kind, pipelines.name
            """
        )


@pytest.fixture
def shop(observed: Observed) -> Iterator[Shop]:
    log = observed.root / "logs" / "dbt.log"
    log.unlink(missing_ok=True)
    for file in (observed.root / "target").glob("run_results.json"):
        file.unlink()
    made = Shop(observed)
    yield made
    for name in ("good", "bad", "below"):
        (made.models / f"{name}.sql").unlink()
    log.unlink(missing_ok=True)


def test_a_run_tracks_its_own_build(shop: Shop) -> None:
    """Invocation and nodes, nested; the failed model is an alert with its error; a second look changes nothing."""
    summary = shop.observed.run(None)
    assert summary.exit_code == 2
    found = {name: tuple(rest) for name, *rest in shop.executions()}
    assert found["model.observed.good"] == ("success", True, 5)
    assert found["model.observed.bad"] == ("error", False, None)
    assert found["dbt:observed"][:2] == ("failed", False)
    assert shop.sql(f"select count(*) from {MONITORING}.pipeline_execution_closure where depth = 1")[0][0] >= 2
    told = shop.sql(
        f"select asset, reason from {MONITORING}.alerts where alert_type = 'PIPELINE_ANOMALY' and status = 'open'"
    )
    assert [asset for asset, _ in told] == ["public.bad"]
    assert "division by zero" in told[0][1]
    hit = shop.sql(f"select downstream_models from {MONITORING}.alert_impact where downstream_count > 1")
    assert hit == [(["public.bad", "public.below"],)]
    assert summary.open_alerts.set_index("asset")["downstream"]["public.bad"] == "2 models: public.bad, public.below"
    before = shop.sql(
        f"select md5(string_agg(e::text, ',' order by execution_id)) from {MONITORING}.pipeline_executions as e"
    )
    shop.observed.command("collect", "--quiet")
    assert (
        shop.sql(
            f"select md5(string_agg(e::text, ',' order by execution_id)) from {MONITORING}.pipeline_executions as e"
        )
        == before
    )


def test_limits_of_a_model_stand_in_its_yaml(shop: Shop) -> None:
    """A limit is in force after the next build, and gone from the database when it is gone from the YAML."""
    properties = shop.models / "_good.yml"
    limit = "{meta: {lookout: {pipeline: {timeliness: 1 minute, mute: [freshness]}}}}"
    properties.write_text(f"models: [{{name: good, config: {limit}}}]\n")
    stored = (
        "select timeliness_number, timeliness_datepart, coalesce(mute_freshness_check, false) "
        f"from {MONITORING}.pipelines where name = 'model.observed.good'"
    )
    try:
        shop.observed.run(None)
        assert shop.sql(stored) == [(1, "minute", True)]
    finally:
        properties.unlink()
    shop.observed.run(None)
    assert shop.sql(stored) == [(None, None, False)]


def test_a_wrong_limit_is_told_with_its_place() -> None:
    node = {"resource_type": "model", "name": "orders", "original_file_path": "models/orders.sql"}

    def manifest(resource_type: str, pipeline: object) -> dict[str, Any]:
        meta = {"meta": {"lookout": {"pipeline": pipeline}}}
        return {"nodes": {"x": {**node, "resource_type": resource_type, "config": meta}}}

    with pytest.raises(ConfigError) as told:
        load_limits(manifest("model", {"freshness": "soon", "timelyness": "1 hour", "mute": "all"}))
    assert str(told.value).splitlines() == [
        "models/orders.sql: orders: unknown key 'timelyness' in pipeline; did you mean 'timeliness'?",
        "models/orders.sql: orders: pipeline.freshness is 'soon'; write it like '12 hours' or '1 day'.",
        "models/orders.sql: orders: pipeline.mute is 'all'; it is a list of freshness and timeliness.",
    ]
    source = {**node, "resource_type": "source", "config": {"meta": {"lookout": {"pipeline": {"freshness": "1 day"}}}}}
    with pytest.raises(ConfigError, match="set `freshness` of the source's table instead"):
        load_limits({"sources": {"x": source}})


def test_a_replay_of_the_past_did_its_build_then(shop: Shop) -> None:
    shop.observed.run("2026-01-02")
    start, end = shop.sql(f"select min(start_date), max(end_date) from {MONITORING}.pipeline_executions")[0]
    clock = datetime(2026, 1, 2, tzinfo=timezone.utc)
    assert clock - timedelta(minutes=5) < start < end <= clock + timedelta(seconds=1)
