"""In other people's projects: their own models, failures and habits beside Lookout's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import MONITORING, Observed, Said

HISTORY = """
    insert into {} select day + interval '5 hours'
    from generate_series(timestamptz '2026-01-01Z', timestamptz '2026-03-01Z', interval '1 day') as day,
        generate_series(1, 200)
"""
PLAIN = {"timestamp_column": "at", "metrics": ["row_count"]}


@pytest.fixture
def theirs(observed: Observed) -> Iterator[Callable[[str, str], Path]]:
    """``theirs("models/x.sql", text)`` puts a file into the project for one test."""
    written: list[tuple[Path, str | None]] = []

    def write(name: str, text: str) -> Path:
        file = observed.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        written.append((file, file.read_text() if file.exists() else None))
        file.write_text(text)
        return file

    yield write
    for file, before in reversed(written):
        file.unlink() if before is None else file.write_text(before)


def watched(observed: Observed) -> None:
    observed.sql("create table orders (at timestamptz)")
    observed.sql(HISTORY.format("orders"), ())
    observed.declare({"orders": PLAIN})


def alerts(observed: Observed, columns: str = "alert_type, asset, metric, status") -> list[tuple[Any, ...]]:
    return observed.sql(f"select {columns} from {MONITORING}.alerts order by alert_type, metric", at="observed")


def test_models_of_the_same_names(observed: Observed, theirs: Callable[[str, str], Path]) -> None:
    watched(observed)
    for name in (
        "alerts",
        "monitors",
        "baselines",
        "assets",
        "anomalies",
        "metric_observations",
        "scorecard",
        "dbt_results",
    ):
        theirs(f"models/{name}.sql", "select 1 as id")
    summary = observed.run("2026-03-03")
    assert summary.problems == ()
    assert summary.exit_code == 1
    assert alerts(observed) == [("VOLUME_ANOMALY", "public.orders", "row_count", "open")]
    assert observed.sql("select id from public.alerts", at="observed") == [(1,)]


def test_a_second_run_in_one_process_is_no_slower_than_the_first(observed: Observed) -> None:
    from dbt.adapters.base.impl import DEFAULT_BASE_BEHAVIOR_FLAGS

    observed.declare({"orders": {**PLAIN, "enabled": False}})
    observed.run("2026-03-03")
    flags = len(DEFAULT_BASE_BEHAVIOR_FLAGS)
    observed.run("2026-03-04")
    assert len(DEFAULT_BASE_BEHAVIOR_FLAGS) == flags


def test_a_model_that_fails_does_not_hide_what_else_is_wrong(
    observed: Observed, theirs: Callable[[str, str], Path], lookout: Callable[..., Said]
) -> None:
    watched(observed)
    theirs("models/broken.sql", "select no_such_column from (values (1)) as v (id)")
    theirs("models/after_it.sql", "select * from {{ ref('broken') }}")
    theirs(
        "models/fine.sql", "{{ config(materialized='table') }} select timestamptz '2026-03-01Z' as at, null::int as id"
    )
    content = {
        "version": 2,
        "models": [
            {
                "name": "fine",
                "columns": [{"name": "id", "data_tests": ["not_null", {"unique": {"config": {"severity": "warn"}}}]}],
            },
            {"name": "broken", "config": {"meta": {"lookout": PLAIN}}},
        ],
    }
    theirs("models/models.yml", yaml.safe_dump(content))
    said = lookout("run", "--as-of", "2026-03-03", "--json", cwd=observed.root)
    assert said.code == 2
    told = json.loads(said.out)
    assert any("broken" in problem and "no_such_column" in problem for problem in told["problems"])
    assert told["exit_code"] == 2
    assert told["build"]["error"] == 1
    assert alerts(observed) == [
        ("PIPELINE_ANOMALY", "public.broken", "failed_executions", "open"),
        ("TEST_FAILURE", "public.fine", "not_null_fine_id", "open"),
        ("VOLUME_ANOMALY", "public.orders", "row_count", "open"),
    ]

    theirs("models/broken.sql", "select at from {{ ref('fine') }}")
    theirs("models/fine.sql", "{{ config(materialized='table') }} select timestamptz '2026-03-01Z' as at, 1 as id")
    summary = observed.run("2026-03-03 01:00")
    assert summary.problems == ()
    assert summary.exit_code == 1
    assert alerts(observed, "alert_type, status") == [
        ("PIPELINE_ANOMALY", "resolved"),
        ("TEST_FAILURE", "resolved"),
        ("VOLUME_ANOMALY", "open"),
    ]


def test_a_failing_test_alone(observed: Observed, theirs: Callable[[str, str], Path]) -> None:
    observed.declare({"orders": {**PLAIN, "enabled": False}})
    theirs("models/fine.sql", "select null::int as id")
    theirs("tests/says_no.sql", "select 1 as id from {{ ref('fine') }}")
    summary = observed.run("2026-03-03")
    assert summary.problems == ()
    assert summary.exit_code == 1
    assert alerts(observed) == [("TEST_FAILURE", "public.fine", "says_no", "open")]


@pytest.mark.parametrize(
    "flags",
    [
        {"write_json": False, "fail_fast": True, "indirect_selection": "empty", "partial_parse": False},
        {"warn_error": True},
    ],
)
def test_flags_of_their_own(observed: Observed, theirs: Callable[[str, str], Path], flags: dict[str, Any]) -> None:
    watched(observed)
    definition = yaml.safe_load((observed.root / "dbt_project.yml").read_text())
    definition["flags"] |= flags
    theirs("dbt_project.yml", yaml.safe_dump(definition))
    theirs("models/fine.sql", "select null::int as id")
    theirs("tests/says_no.sql", "select 1 as id from {{ ref('fine') }}")
    summary = observed.run("2026-03-03")
    assert summary.problems == ()
    assert summary.exit_code == 1
    assert [a for a, *_ in alerts(observed)] == ["TEST_FAILURE", "VOLUME_ANOMALY"]


@pytest.mark.parametrize("name", ["target", "reports"])
def test_a_folder_that_cannot_be_written(
    observed: Observed, theirs: Callable[[str, str], Path], lookout: Callable[..., Said], name: str
) -> None:
    definition = yaml.safe_load((observed.root / "dbt_project.yml").read_text())
    theirs(
        "dbt_project.yml", yaml.safe_dump({**definition, "target-path": "occupied" if name == "target" else "target"})
    )
    theirs("occupied", "a file stands where a folder should")
    watched(observed)
    extra = [] if name == "target" else ["--reports", str(observed.root / "occupied")]
    said = lookout("run", "--as-of", "2026-03-03", *extra, cwd=observed.root)
    assert said.code == 2
    # A report that cannot be written is a problem of the run, and a target folder ends it.
    assert "occupied" in (said.err if name == "target" else said.out)
    assert "does not know" not in said.err
    assert "Traceback" not in said.err


def test_nothing_is_watched(
    observed: Observed, theirs: Callable[[str, str], Path], lookout: Callable[..., Said]
) -> None:
    observed.declare({"orders": {**PLAIN, "enabled": False}})
    said = lookout("run", "--as-of", "2026-03-03", cwd=observed.root)
    assert said.code == 0
    assert "watched" in said.out


def test_nonsense_in_models(
    observed: Observed, theirs: Callable[[str, str], Path], lookout: Callable[..., Said]
) -> None:
    watched(observed)
    theirs("models/nonsense.sql", "select {{ nothing( }}")
    said = lookout("run", "--as-of", "2026-03-03", cwd=observed.root)
    assert (said.code, said.out) == (2, "")
    assert "dbt cannot parse the project" in said.err
    assert "nonsense" in said.err
    assert "Traceback" not in said.err


def test_their_own_names_for_schemas_and_an_ordinary_role(
    observed: Observed, theirs: Callable[[str, str], Path], lookout: Callable[..., Said]
) -> None:
    for role in ("builder", "reader"):
        observed.server.run(f"drop role if exists {role}")
        observed.server.run(f"create role {role} login")
    observed.server.run("drop database if exists observed_by_builder")
    observed.server.run("create database observed_by_builder owner builder")
    profile = yaml.safe_load((observed.root / "profiles.yml").read_text())
    outputs = profile["observed"]["outputs"]
    outputs["observed"] |= {"dbname": "observed_by_builder", "user": "builder", "schema": "dev"}
    outputs["shop"] |= {"user": "reader"}
    theirs("profiles.yml", yaml.safe_dump(profile))
    theirs(
        "macros/names.sql",
        "{% macro generate_schema_name(name, node) %}{{ target.schema }}{{ '_' ~ name if name }}{% endmacro %}",
    )
    theirs("models/theirs.sql", "select 1 as id")
    watched(observed)
    observed.sql("grant select on orders to reader")
    said = lookout("run", "--as-of", "2026-03-03", cwd=observed.root)
    assert (said.code, "could not evaluate" in said.out) == (1, False), said
    observed.warehouse = observed.server.embedded.connection("observed_by_builder")
    # Lookout's schema is called what its documentation says, whatever theirs are called.
    assert alerts(observed) == [("VOLUME_ANOMALY", "public.orders", "row_count", "open")]
    assert observed.sql("select id from dev.theirs", at="observed") == [(1,)]
    assert lookout("doctor", cwd=observed.root).code == 0
    observed.server.run("drop database observed_by_builder with (force)")


def test_linked_databases_are_read_through_the_warehouse(observed: Observed, lookout: Callable[..., Said]) -> None:
    # A foreign server that asks for no password, as the tests' own, serves superusers only.
    observed.as_administrator()
    observed.sql(
        'create schema sales; create table orders (at timestamptz); create table sales."Item s" (at timestamptz, n int)'
    )
    observed.sql('insert into orders values (now()); insert into sales."Item s" values (now(), 1), (now(), 2)')
    sources = [
        {
            "name": name,
            "schema": f"linked_{name}",
            "tables": [
                {
                    "name": "it",
                    "identifier": table,
                    "config": {"meta": {"lookout": {**PLAIN, "connection": "shop", "schema": name}}},
                }
            ],
        }
        for name, table in (("public", "orders"), ("sales", "Item s"))
    ]
    (observed.root / "models" / "sources.yml").write_text(yaml.safe_dump({"version": 2, "sources": sources}))
    for _ in range(2):
        said = lookout("db", "link", cwd=observed.root)
        assert (said.code, said.err) == (0, "")
        assert said.out == "linked_public: 1 tables of public in shop\nlinked_sales: 1 tables of sales in shop\n"
    assert observed.sql("select count(*) from linked_public.orders", at="observed") == [(1,)]
    assert observed.sql('select sum(n) from linked_sales."Item s"', at="observed") == [(3,)]
    unknown = lookout("db", "link", "shopp", cwd=observed.root)
    assert (unknown.code, "has no output 'shopp'; it has: observed, shop." in unknown.err) == (2, True)
    observed.sql("drop table orders")
    gone = lookout("db", "link", cwd=observed.root)
    assert gone.code == 2
    assert "orders" in gone.err


def test_a_new_clock_makes_dbt_parse_nothing_again(observed: Observed) -> None:
    from dbt.contracts.graph.manifest import Manifest

    observed.run("2026-01-02")
    # dbt notes which variables were read while parsing, and parses those files again when one has changed.
    noted = Manifest.from_msgpack((observed.root / "target" / "partial_parse.msgpack").read_bytes()).env_vars
    assert [name for name in noted if name.startswith("LOOKOUT_") and name != "LOOKOUT_HUB"] == []
