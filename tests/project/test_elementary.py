"""Elementary beside Lookout: what holds without its packages. tests/integrations/ has what needs them, or `edr`."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tests.conftest import ROOT, DbtRunner

PROJECT = ROOT / "integrations" / "elementary"


def build_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("elementary_build", PROJECT / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_gates_hold_with_the_packages_absent(dbt: DbtRunner) -> None:
    result = dbt(["parse"])
    assert result.success, result.exception
    tests = [node for node in result.result.nodes.values() if node.resource_type == "test"]
    foreign = ("dbt_expectations", "elementary")
    assert not [t.name for t in tests if getattr(t, "test_metadata", None) and t.test_metadata.namespace in foreign]
    disabled = [node for nodes in result.result.disabled.values() for node in nodes if node.resource_type == "test"]
    by_package = [n.test_metadata.namespace for n in disabled if getattr(n, "test_metadata", None)]
    assert by_package.count("dbt_expectations") >= 15
    assert by_package.count("elementary") >= 5


def test_without_the_hub_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    project = tmp_path / "elementary"
    project.mkdir()
    for name in ("build.py", "packages.yml", "dbt_project.yml", "requirements.txt"):
        shutil.copy(PROJECT / name, project)
    environment = {**os.environ, "DBT_PACKAGE_HUB_URL": "http://127.0.0.1:9", "PYTHONPATH": str(ROOT / "python_checks")}
    said = subprocess.run(
        [sys.executable, "build.py"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert said.returncode == 2
    assert said.stdout == ""
    *_, sentence = said.stderr.strip().splitlines()
    for part in ("http://127.0.0.1:9", "no connection", "dbt_expectations 0.10.9", "elementary 0.25.1", "dbt_packages"):
        assert part in sentence
    assert "Traceback" not in said.stderr
    assert not (project / ".venv").exists()


def test_an_error_that_nobody_planned_for_is_one_sentence_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build = build_script()
    monkeypatch.setenv("LOOKOUT_HUB", "0")
    monkeypatch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")

    def fail(_: Path) -> str:
        raise KeyError("postgresql://me:secret@host\nnot there")

    monkeypatch.setattr(build, "install_packages", fail)
    assert build.main() == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert said[-1].startswith("make elementary: it met an error it does not know (KeyError: ")
    assert "secret" not in "".join(said)
    assert "Traceback" not in "".join(said)


def test_versions_fit_together() -> None:
    packages = build_script().PACKAGES
    listed = yaml.safe_load((PROJECT / "packages.yml").read_text())["packages"]
    named = {p["package"].split("/")[1]: p["version"] for p in listed if "package" in p}
    assert named == {name: packages[name] for name in named}
    assert {"local": "../.."} in listed
    requirements = (PROJECT / "requirements.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in requirements)
    # The report's program reads the tables of the package of its own version.
    assert f"elementary-data=={packages['elementary']}" in requirements
    assert {"lookout_with_elementary"} == {yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["name"]}
