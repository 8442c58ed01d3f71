"""The generic dbt tests compare the bucket that is being built with what was learned before it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Observed

MODEL = """
{{ config(materialized='table') }}
select * from public.raw_orders
"""
PROPERTIES = """
version: 2
models:
  - name: orders
    config:
      meta:
        lookout:
          timestamp_column: "{column}"
          grain: day
          metrics: [row_count, freshness, {{name: mean, column: amount, kind: real}}]
    data_tests:
      - lookout.volume_anomaly
      - lookout.freshness_anomaly
      - lookout.zscore_anomaly:
          arguments: {{metric: mean, measured_column: amount}}
"""
FILL = """
create table raw_orders as
select cast(day + interval '20 hours' as {type}) as "{column}", (10 + n % 7)::numeric as amount
from generate_series(timestamp '2026-01-01', timestamp '2026-02-28', interval '1 day') as day,
    generate_series(1, 100 + (extract(doy from day)::int * 7) % 11) as n
"""


@pytest.fixture
def project(observed: Observed) -> Iterator[Observed]:
    models = observed.root / "models"
    sources = (models / "sources.yml").read_text() if (models / "sources.yml").exists() else None
    (models / "sources.yml").unlink(missing_ok=True)
    yield observed
    for name in ("orders.sql", "orders.yml"):
        (models / name).unlink(missing_ok=True)
    if sources:
        (models / "sources.yml").write_text(sources)


def prepare(project: Observed, *, column: str = "at", type: str = "timestamptz") -> None:
    models = project.root / "models"
    (models / "orders.sql").write_text(MODEL)
    (models / "orders.yml").write_text(PROPERTIES.format(column=column))
    project.orders_manifest = None  # type: ignore[attr-defined]
    project.sql(FILL.format(column=column, type=type), at="observed")


def build(project: Observed, as_of: str) -> dict[str, str]:
    """Build and test the model as plain dbt would at a clock; status of each generic test by its metric."""
    from dbt.cli.main import dbtRunner

    known = getattr(project, "orders_manifest", None)
    flags = ["--project-dir", str(project.root), "--profiles-dir", str(project.root), "--quiet"]
    if known is None:
        known = project.orders_manifest = dbtRunner().invoke(["parse", *flags]).result  # type: ignore[attr-defined]
    os.environ["LOOKOUT_AS_OF"] = as_of
    try:
        result: Any = dbtRunner(manifest=known).invoke(["build", "--select", "orders", *flags])
    finally:
        del os.environ["LOOKOUT_AS_OF"]
    tests = [r for r in result.result.results if r.node.resource_type == "test"]
    return {r.node.name.split("_anomaly")[0].split("_")[-1]: str(r.status) for r in tests}


def test_nothing_learned_warns_instead_of_passing(project: Observed) -> None:
    prepare(project)
    assert build(project, "2026-03-01") == {"volume": "warn", "freshness": "warn", "zscore": "warn"}


@pytest.mark.parametrize(("column", "type"), [("at", "timestamptz"), ("Created At", "timestamp")])
def test_the_next_bucket_is_held_against_its_forecast(project: Observed, column: str, type: str) -> None:
    prepare(project, column=column, type=type)
    project.run("2026-03-01")
    add = f"insert into raw_orders select cast(%s as {type}), 13 from generate_series(1, %s)"
    assert build(project, "2026-03-01") == {"volume": "pass", "freshness": "pass", "zscore": "pass"}

    project.sql(add, ("2026-03-01 20:00", 103), at="observed")
    assert build(project, "2026-03-02") == {"volume": "pass", "freshness": "pass", "zscore": "pass"}

    project.sql(add, ("2026-03-01 20:00", 103), at="observed")
    assert build(project, "2026-03-02")["volume"] == "fail"

    project.sql("delete from raw_orders where amount = 13 and %s = %s", (1, 1), at="observed")
    assert build(project, "2026-03-04")["freshness"] == "fail"
    assert build(project, "2026-03-04")["volume"] == "fail"


def test_too_little_history_warns(project: Observed) -> None:
    prepare(project)
    project.sql("delete from raw_orders where at < '2026-02-24'", at="observed")
    project.run("2026-03-01")
    assert build(project, "2026-03-01")["volume"] == "warn"
