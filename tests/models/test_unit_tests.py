"""dbt's unit tests, beside the models: rows in, rows out, no table of the database is read."""

from __future__ import annotations

from tests.conftest import ROOT, DbtRunner
from tests.test_house import unit_tested_models


def test_every_unit_test_of_the_monitoring_models_passes(dbt: DbtRunner) -> None:
    outcome = dbt(["test", "--select", "path:models/monitoring,test_type:unit"])
    assert outcome.exception is None
    results = {result.node.name: str(result.status) for result in outcome.result.results}
    assert {name: status for name, status in results.items() if status != "pass"} == {}
    assert len(results) == len(unit_tested_models(ROOT / "models" / "monitoring"))
