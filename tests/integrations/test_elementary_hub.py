"""Elementary and dbt_expectations as the dbt hub has them, from the folder that LOOKOUT_HUB_PACKAGES names."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from lookout.database.connection import connect
from lookout.database.store import Store
from lookout.demo import resiliency
from lookout.project.workspace import open_workspace
from lookout.render.progress import Narrator
from lookout.runs.recording import new_run_id
from lookout.runs.run import run_all
from tests.conftest import MONITORING, ROOT, Server, write_profile
from tests.integrations.elementary_project import ElementaryProject
from tests.project.test_elementary import PROJECT, build_script

# Read before the tests, whose environment knows no LOOKOUT_ variable.
HUB_PACKAGES = Path(os.environ.get("LOOKOUT_HUB_PACKAGES", "nowhere"))
EDR = Path(os.environ.get("LOOKOUT_EDR_ENVIRONMENT", "nowhere"))


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """integrations/elementary with the real packages, in a folder of its own."""
    project = tmp_path / "elementary"
    (project / "dbt_packages").mkdir(parents=True)
    for name in ("packages.yml", "dbt_project.yml"):
        shutil.copy(PROJECT / name, project)
    for name in build_script().PACKAGES:
        (project / "dbt_packages" / name).symlink_to(HUB_PACKAGES / name)
    (project / "dbt_packages" / "lookout").symlink_to(ROOT)
    return project


def test_with_the_real_packages(real: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty days of the demo pass their tests, a threefold day does not, and is told once."""
    monkeypatch.setenv("LOOKOUT_HUB", "1")
    warehouse = server.create_database()
    profiles = write_profile(real / "profiles", {"integration": warehouse}, target="integration")

    def load(first: date, days: int, tests: int, batch: str = "") -> None:
        frame = resiliency.generate(seed=1, first_day=first, days=days, tests_per_day=tests, dirty_rate=0)
        frame["batch_id"] += batch
        handle = connect(warehouse)
        assert resiliency.load(handle, frame, "resiliency", "raw_resiliency_tests") == len(frame)
        handle.close()

    def run(as_of: str) -> dict[str, tuple[str, str]]:
        workspace = open_workspace(real, profiles_dir=profiles, as_of=as_of)
        summary = run_all(workspace, Narrator(quiet=True), run_id=new_run_id(), notify=False)
        assert summary.problems == ()
        with Store(warehouse, MONITORING) as store:
            found = store.query(
                "select distinct on (name) name, test_name, status, message from {schema}.dbt_results "
                "where test_name like 'dbt_expectations.%%' or test_name like 'elementary.%%' "
                "order by name, executed_at desc",
                (),
            )
        return {row["name"]: (row["status"], row["message"]) for row in found.to_dict("records")}

    workspace = open_workspace(real, profiles_dir=profiles, as_of="2014-01-01")
    workspace.parse()
    assert workspace.home.project.build(["run", "--select", "raw_resiliency_tests"]).success
    load(date(2013, 11, 2), 60, 50)
    found = run("2014-01-01")
    assert len(found) >= 25
    assert {status for status, _ in found.values()} == {"pass"}

    load(date(2013, 12, 31), 1, 600, "-again")
    status, message = run("2014-01-01 01:00")["elementary_volume_of_resiliency_tests"]
    assert status == "fail"
    assert message.startswith("The last row_count value is 650")
    with Store(warehouse, MONITORING) as store:
        told = store.query("select alert_type, metric from {schema}.alerts where status = 'open' order by 1, 2")
        places = store.query("select name from {schema}.scorecard where name like 'edr%%'", ())
    assert ("VOLUME_ANOMALY", "row_count") in set(told.itertuples(index=False, name=None))
    assert "elementary_volume_of_resiliency_tests" not in set(told["metric"])
    assert places.empty


def test_make_elementary_writes_both_reports() -> None:
    project = ElementaryProject(EDR)
    try:
        for name in build_script().PACKAGES:
            (project.packages / name).symlink_to(HUB_PACKAGES / name)
        said = project.build()
        assert said.returncode == 0, said.stdout + said.stderr
        for report in ("index.html", "elementary_report.html"):
            assert str(project.root / "reports" / report) in said.stdout
        assert (
            "elementary_volume_of_resiliency_tests" in (project.root / "reports" / "elementary_report.html").read_text()
        )
    finally:
        project.remove()
