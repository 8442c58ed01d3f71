"""Elementary and dbt_expectations in a watched project, by stubs: their tests' names and arguments, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from lookout.grants.plan import WRITER
from lookout.project.workspace import open_workspace
from lookout.render.progress import Narrator
from lookout.runs.recording import new_run_id
from lookout.runs.run import run_collect
from tests.conftest import MONITORING, Observed

STUBS = {
    "elementary/dbt_project.yml": """
        name: elementary
        version: 0.0.1
        models: {elementary: {+schema: elementary}}
        on-run-start: ["{{ elementary.remember() }}"]
        on-run-end: ["{{ elementary.tell(results) }}"]
    """,
    "elementary/models/elementary_test_results.sql": """
        {{ config(materialized='incremental', full_refresh=false) }}
        select ''::text as invocation_id, ''::text as test_unique_id, ''::text as status,
            ''::text as test_results_description
        where false
    """,
    # What is left in `graph` is there again when a manifest is used twice, and then the temporary tables are gone.
    "elementary/macros/hooks.sql": """
        {% macro remember() %}
            {% if execute %}
                {% if 'elementary' in graph %}{{ exceptions.raise_compiler_error('left over') }}{% endif %}
                {% do graph.setdefault('elementary', {}) %}
                create table if not exists public.hooks (at timestamptz);
                insert into public.hooks values (now());
            {% endif %}
        {% endmacro %}
        {% macro tell(results) %}
            {% for result in results if result.node.resource_type == 'test' and result.status in ('fail', 'warn') %}
            insert into public_elementary.elementary_test_results values
                ('{{ invocation_id }}', '{{ result.node.unique_id }}', '{{ result.status }}',
                '
                    The last   value stands out.
                ');
            {% endfor %}
        {% endmacro %}
    """,
    "elementary/macros/tests.sql": """
        {% test volume_anomalies(model, timestamp_column) %}
            {% set _ = kwargs %}
            select count(*) from {{ model }} where {{ timestamp_column }} is null having count(*) > 0
        {% endtest %}
        {% test column_anomalies(model, column_name, column_anomalies) %}
            {% set _ = kwargs %}
            select * from {{ model }} where {{ column_name }} is null
        {% endtest %}
    """,
    "dbt_expectations/dbt_project.yml": """
        name: dbt_expectations
        version: 0.0.1
    """,
    "dbt_expectations/macros/tests.sql": """
        {% test expect_column_values_to_not_be_null(model, column_name, row_condition=None) %}
            select * from {{ model }} where {{ column_name }} is null and {{ row_condition or 'true' }}
        {% endtest %}
        {% test expect_column_values_to_be_between(model, column_name, min_value=None, max_value=None) %}
            select * from {{ model }} where {{ column_name }} < {{ min_value }} or {{ column_name }} > {{ max_value }}
        {% endtest %}
    """,
}


@pytest.fixture
def both(observed: Observed) -> Iterator[Observed]:
    """The observed project with both packages' stubs, and nothing of them afterwards."""
    written = [observed.root / "dbt_packages" / name for name in STUBS]
    for file, text in zip(written, STUBS.values(), strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(re.sub(r"(?m)^ {8}", "", text))
    observed.declare({"orders": {"timestamp_column": "at", "enabled": False}})
    # dbt's role makes no schemas of its own here.
    observed.sql(f"create schema public_elementary authorization {WRITER}", at="observed")
    yield observed
    for name in ("elementary", "dbt_expectations"):
        shutil.rmtree(observed.root / "dbt_packages" / name)
    for file in ("fine.sql", "fine.yml", "watched.yml"):
        (observed.root / "models" / file).unlink(missing_ok=True)
    # dbt's partial parsing keeps the hooks of a package that is gone.
    (observed.root / "target" / "partial_parse.msgpack").unlink(missing_ok=True)


def fine(project: Observed, sql: str, *tests: Any, column: Any = (), contract: dict[str, Any] | None = None) -> None:
    """The model `fine` of that SQL with tests on the model and on its column `n`."""
    model: dict[str, Any] = {
        "name": "fine",
        "config": {"materialized": "table", "meta": {"owner": "sales"}},
        "data_tests": list(tests),
        "columns": [{"name": "n", "data_type": "integer", "data_tests": list(column)}],
    }
    if contract is not None:
        model["config"]["meta"]["lookout"] = {"contract": contract}
    (project.root / "models" / "fine.sql").write_text(sql)
    (project.root / "models" / "fine.yml").write_text(yaml.safe_dump({"version": 2, "models": [model]}))


def alerts(project: Observed, columns: str) -> list[tuple[Any, ...]]:
    return project.sql(f"select {columns} from {MONITORING}.alerts order by alert_type, metric", at="observed")


VOLUME = {"elementary.volume_anomalies": {"name": "rows_of_fine", "arguments": {"timestamp_column": "n"}}}
DRIFT = {
    "elementary.column_anomalies": {
        "name": "drift_of_n",
        "arguments": {"column_anomalies": ["null_count"]},
        "config": {"severity": "warn"},
    }
}
BETWEEN = {
    "dbt_expectations.expect_column_values_to_be_between": {
        "name": "n_in_range",
        "arguments": {"min_value": 0, "max_value": 9},
    }
}
NOT_NULL = {"dbt_expectations.expect_column_values_to_not_be_null": {"name": "n_is_there"}}


def test_their_failures_are_alerts_and_end_when_mended(both: Observed) -> None:
    fine(both, "select null::int as n union all select 12", VOLUME, column=[DRIFT, BETWEEN])
    summary = both.run("2026-03-03")
    assert summary.problems == ()
    assert summary.exit_code == 1
    assert alerts(both, "alert_type, severity, asset, column_name, metric, owner, reason, status") == [
        ("TEST_FAILURE", "warning", "public.fine", "n", "drift_of_n", "sales", "The last value stands out.", "open"),
        (
            "TEST_FAILURE",
            "critical",
            "public.fine",
            "n",
            "n_in_range",
            "sales",
            "Got 1 result, configured to fail if != 0",
            "open",
        ),
        ("TEST_FAILURE", "critical", "public.fine", "", "rows_of_fine", "sales", "The last value stands out.", "open"),
    ]
    fine(both, "select 1 as n", VOLUME, column=[DRIFT, BETWEEN])
    assert both.run("2026-03-03 01:00").exit_code == 0
    assert alerts(both, "metric, status") == [
        ("drift_of_n", "resolved"),
        ("n_in_range", "resolved"),
        ("rows_of_fine", "resolved"),
    ]


def test_a_test_that_cannot_be_evaluated_is_not_healthy(both: Observed) -> None:
    wrong = {"elementary.volume_anomalies": {"name": "rows_of_fine", "arguments": {"timestamp_column": "no_such"}}}
    fine(both, "select 1 as n", wrong)
    summary = both.run("2026-03-03")
    assert summary.exit_code == 2
    assert "rows_of_fine" in " ".join(summary.problems)
    ((description, reason, severity),) = alerts(both, "description, reason, severity")
    assert description == "dbt could not evaluate rows_of_fine"
    assert "no_such" in reason
    assert severity == "critical"


def test_hooks_of_packages_run_once_a_run_and_their_tables_are_nobodys_work(both: Observed) -> None:
    fine(both, "select 1 as n", VOLUME)
    both.run("2026-03-03")
    assert both.sql("select count(*) from public.hooks", at="observed") == [(1,)]
    # A second build of the same manifest meets nothing that the first one's hooks left behind.
    workspace = open_workspace(both.root, as_of="2026-03-04")
    workspace.parse()
    for _ in range(2):
        assert workspace.home.project.build(["run", "--select", "fine"]).success
    assert both.sql("select count(*) from public.hooks", at="observed") == [(3,)]
    ((described, owners),) = both.sql(
        f"""
        select sum(asset_count) filter (where scope = 'connection' and name = 'observed'),
            string_agg(name, ', ' order by name) filter (where scope in ('owner', 'layer'))
        from {MONITORING}.scorecard
        """,
        at="observed",
    )
    assert described == 1
    assert "elementary" not in owners
    assert both.sql(
        f"select count(*) from {MONITORING}.dbt_results where resource_type = 'operation'", at="observed"
    ) == [(0,)]


def test_one_cause_is_told_once(both: Observed) -> None:
    """Lookout's own volume alert on a table, and Elementary's volume test on the same one."""
    both.sql("create table loads (at timestamptz, n int)", at="observed")
    both.sql(
        """
        insert into loads select day + interval '5 hours', number
        from generate_series(timestamptz '2026-01-01Z', timestamptz '2026-03-01Z', interval '1 day') as day,
            generate_series(1, 200) as number
        """,
        at="observed",
    )
    both.sql("insert into loads values ('2026-03-01Z', null)", at="observed")
    settings = {"connection": "observed", "timestamp_column": "at", "metrics": ["row_count"]}
    volume = {"elementary.volume_anomalies": {"name": "rows_of_loads", "arguments": {"timestamp_column": "n"}}}
    source = {
        "name": "here",
        "schema": "public",
        "tables": [{"name": "loads", "config": {"meta": {"lookout": settings}}, "data_tests": [volume]}],
    }
    file = both.root / "models" / "watched.yml"
    file.write_text(yaml.safe_dump({"version": 2, "sources": [source]}))
    # The second of March is missing: Lookout tells it, and Elementary's failure stands in dbt_results only.
    assert both.run("2026-03-03").exit_code == 1
    assert alerts(both, "alert_type, metric, status") == [("VOLUME_ANOMALY", "row_count", "open")]
    results = f"select status from {MONITORING}.dbt_results where name = 'rows_of_loads'"
    assert both.sql(results, at="observed") == [("fail",)]
    # Where Lookout sees nothing, Elementary is heard.
    both.sql(
        "insert into loads select timestamptz '2026-03-02 05:00Z', number from generate_series(1, 200) as number",
        at="observed",
    )
    both.run("2026-03-03 01:00")
    assert alerts(both, "alert_type, status") == [("TEST_FAILURE", "open"), ("VOLUME_ANOMALY", "resolved")]


def test_an_expectation_that_is_a_rule_of_a_contract_is_one_alert(both: Observed) -> None:
    fine(both, "select null::int as n union all select 12", column=[NOT_NULL, BETWEEN], contract={})
    both.run("2026-03-03")
    found = alerts(both, "alert_type, asset, column_name, status")
    assert len(found) == 2
    assert {row[1:] for row in found} == {("public.fine", "n", "open")}


def test_plain_dbt_and_then_lookout(both: Observed) -> None:
    """The test results of a build that Lookout knows nothing of, hooks and all."""
    fine(both, "select null::int as n", VOLUME, column=[NOT_NULL])
    both.run("2026-03-03")
    both._dbt("run", "--select", "fine")
    from dbt.cli.main import dbtRunner

    where = ["--project-dir", str(both.root), "--profiles-dir", str(both.root), "--quiet"]
    assert not dbtRunner().invoke(["build", "--select", "fine", *where]).success
    told = json.loads((both.root / "target" / "run_results.json").read_text())
    run_collect(open_workspace(both.root), Narrator(quiet=True), run_id=new_run_id())
    stored = both.sql(
        f"select name, status, message from {MONITORING}.dbt_results where invocation_id = %s "
        "and resource_type = 'test' order by name",
        (told["metadata"]["invocation_id"],),
        at="observed",
    )
    assert stored == [
        ("n_is_there", "fail", "Got 1 result, configured to fail if != 0"),
        ("rows_of_fine", "fail", "The last value stands out."),
    ]
