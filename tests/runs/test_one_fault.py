"""One fault is one sentence and one table, contract, node, result or event less; everything else goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from lookout.project.clock import parse_clock
from lookout.tracking.executions.events import Start, to_line
from tests.conftest import MONITORING, Observed, Said

CANARY = "kAn4ry-in-a-cage"
GOOD = {"timestamp_column": "at", "metrics": ["row_count", "freshness"]}
LATE_WARNING = {"freshness": {"warn_after": "9 days", "error_after": "2 days"}}
HISTORY = """
    create table {0} (at timestamptz);
    insert into {0} select day from generate_series(timestamptz '2026-01-01 05:00Z', '2026-03-01 05:00Z', '1 day') as day
"""


def add_outputs(observed: Observed) -> None:
    file = observed.root / "profiles.yml"
    content = yaml.safe_load(file.read_text())
    outputs = content["observed"]["outputs"]
    outputs["vault"] = {**outputs["shop"], "password": "{{ env_var('VAULT_PASSWORD') }}"}
    outputs["nameless"] = {key: value for key, value in outputs["shop"].items() if key != "dbname"}
    # Nothing is watched there, so nobody misses it.
    outputs["unused"] = {"type": "duckdb", "token": CANARY}
    file.write_text(yaml.safe_dump(content))


def add_results(observed: Observed) -> None:
    metadata = {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json",
        "generated_at": "2026-03-01T06:00:00Z",
        "invocation_id": "6c3c1d0f-96ff-4a6b-8c51-6a3d6f7a1c3e",
    }
    result = {"unique_id": "model.observed.fine", "status": "success", "execution_time": 1.0}
    results = [{**result, "timing": "x"}, {**result, "unique_id": "model.observed.other", "timing": []}]
    (observed.root / "target").mkdir(exist_ok=True)
    (observed.root / "target" / "run_results.json").write_text(
        json.dumps({"metadata": metadata, "args": {"which": "run"}, "results": results, "elapsed_time": 1.0})
    )


def add_events(folder: Path) -> None:
    started = parse_clock("2026-03-01T05:00:00Z")
    good = to_line(Start("run-1", "load orders", started, execution_metadata={"api_key": CANARY, "file": "a.csv"}))
    folder.mkdir()
    (folder / "events.jsonl").write_text('{"event":["start"]}\n' + good + "\n")


def watched(observed: Observed, **orders: object) -> None:
    observed.declare(
        {
            "orders": {**GOOD, **orders},
            "limits": {**GOOD, **LATE_WARNING},
            "promised": {"contract": {"modus": "strict"}, "enabled": True, **GOOD},
            "kept": {**GOOD, "contract": True},
            "secret": {**GOOD, "connection": "vault"},
            "lost": {**GOOD, "connection": "nameless"},
            "elsewhere": {**GOOD, "connection": "shp"},
        }
    )


@pytest.fixture
def faults(observed: Observed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Observed:
    """A project with one fault of each kind, and a table, contract, result and event that are right beside each."""
    monkeypatch.delenv("VAULT_PASSWORD", raising=False)
    monkeypatch.setenv("LOOKOUT_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("SHOP_TOKEN", CANARY)
    profile = (observed.root / "profiles.yml").read_text()
    for table in ("orders", "limits", "promised", "kept"):
        observed.sql(HISTORY.format(table))
    add_outputs(observed)
    add_results(observed)
    add_events(tmp_path / "spool")
    model = observed.root / "models" / "fine.sql"
    model.write_text("select 1 as one")
    (observed.root / "models" / "fine.yml").write_text(
        yaml.safe_dump(
            {"models": [{"name": "fine", "config": {"meta": {"lookout": {"pipeline": {"timeliness": "soon"}}}}}]}
        )
    )
    watched(observed)
    yield observed
    (observed.root / "profiles.yml").write_text(profile)
    for file in (model, model.with_suffix(".yml"), observed.root / "target" / "run_results.json"):
        file.unlink(missing_ok=True)


def test_each_fault_is_said_once_and_the_rest_is_evaluated(
    faults: Observed, lookout: Callable[..., Said], tmp_path: Path
) -> None:
    said = lookout("collect", "--as-of", "2026-03-01T06:00", cwd=faults.root)
    assert said.code == 2
    assert "Traceback" not in said.out + said.err
    for sentence in (
        "limits: freshness.warn_after is longer than freshness.error_after",
        "promised: unknown key 'modus' in contract",
        "fine: pipeline.timeliness is 'soon'; write it like '12 hours' or '1 day'.",
        "output 'vault' needs the environment variable VAULT_PASSWORD for its `password`, and it is not set",
        "output 'nameless' has no `dbname`: add it",
        "connection 'shp' is not an output of profiles.yml",
        "run_results.json: result 1 (model.observed.fine): timing is 'x'; it must be a list. It is left out",
        "the line is no event",
    ):
        assert (said.out + said.err).count(sentence) == 1, (sentence, said)
    assert "output 'unused'" not in said.out
    statuses = dict(faults.sql(f"select asset, status from {MONITORING}.collection_results", at="observed"))
    wrong = dict.fromkeys(("limits", "secret", "lost", "elsewhere"), "wrong_setting")
    # Of the one with a wrong contract, the table itself is declared as it should be.
    expected = {"orders": "ok", "kept": "ok", "promised": "ok", **wrong}
    assert statuses == {f"public.{table}": status for table, status in expected.items()}
    stored = faults.sql(f"select node_id from {MONITORING}.dbt_results", at="observed")
    assert stored == [("model.observed.other",)]
    begun = faults.sql(
        f"select pipeline_executions.execution_metadata from {MONITORING}.pipeline_executions where execution_id = 'run-1'",
        at="observed",
    )
    assert begun == [({"api_key": "***", "file": "a.csv"},)]
    assert (tmp_path / "spool" / "events.rejected").read_text() == '# the line is no event\n{"event":["start"]}\n'


def test_a_fault_closes_no_series_and_doctor_says_it(faults: Observed, lookout: Callable[..., Said]) -> None:
    assert lookout("collect", "--as-of", "2026-03-01T06:00", cwd=faults.root).code == 2
    active = f"select count(*) from {MONITORING}.monitors where is_active and asset = 'public.orders'"
    assert faults.sql(active, at="observed") == [(2,)]
    watched(faults, grain="weekly", metrics=["row_count"])
    said = lookout("collect", "--as-of", "2026-03-01T07:00", cwd=faults.root)
    assert "orders: grain is 'weekly'" in said.out
    assert faults.sql(active, at="observed") == [(2,)]
    said = lookout("doctor", cwd=faults.root)
    assert said.code == 2
    assert said.out.count("VAULT_PASSWORD") == 1
    assert "orders: grain is 'weekly'" in said.out
