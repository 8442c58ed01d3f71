"""The shape of the package: rooms that import downwards, none of them crowded, the old names gone."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import yaml

from lookout.project.own import own_project
from tests.conftest import ROOT

PACKAGE = ROOT / "python_checks" / "lookout"
MODULES = sorted(PACKAGE.rglob("*.py"))
MODELS = sorted((ROOT / "models").rglob("*.sql"))
MACROS = sorted([*(ROOT / "macros").rglob("*.sql"), *(ROOT / "tests" / "generic").rglob("*.sql")])


def test_imports_go_downwards_and_never_round() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [str(linter), "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "2 kept, 0 broken" in done.stdout


def test_no_package_is_crowded() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 6
    folders = {module.parent for module in MODULES}
    crowded = {str(folder): count for folder in folders if (count := len(list(folder.glob("*.py")))) > 12}
    assert crowded == {}
    assert {str(folder) for folder in folders if not (folder / "__init__.py").is_file()} == set()


def test_no_module_is_described_by_a_question() -> None:
    described = {module: ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or "" for module in MODULES}
    questions = ("What", "Which", "Where", "Who", "How", "")
    assert [str(module) for module, text in described.items() if text.split(" ")[0] in questions] == []


def test_an_edited_model_takes_effect_without_installing_again() -> None:
    assert own_project() == ROOT


def test_only_one_model_says_whether_an_alert_is_open() -> None:
    """`alert_states` says so at the clock; the status in `alerts` is what the latest run wrote."""
    sources = [
        *(ROOT / "models").rglob("*.sql"),
        *(ROOT / "macros").rglob("*.sql"),
        *(ROOT / "python_checks" / "lookout").rglob("*.py"),
    ]
    judging = re.compile(r"(alerts|known)\.status = |candidates\.is_open")
    found = {path.name for path in sources if judging.search(path.read_text())}
    assert found == {"alerts.sql", "alert_candidates.sql", "alert_states.sql"}


def test_long_statements_are_files_that_the_linter_reads() -> None:
    statement = re.compile(r"\b(select|insert into|update|delete from)\b.*\b(from|set|values)\b", re.DOTALL)
    long = [
        f"{module.relative_to(ROOT)}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, (ast.Constant, ast.JoinedStr))
        and (node.end_lineno or 0) - node.lineno >= 20
        and statement.search(ast.unparse(node))
    ]
    assert long == []


def length(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def unit_tested_models(folder: Path) -> list[str]:
    """Return the model of every dbt unit test that is written beside the models of a folder."""
    files = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in folder.rglob("*__unit_tests.yml")]
    return [test["model"] for file in files for test in file["unit_tests"]]


def test_a_model_is_read_in_one_go() -> None:
    lengths = {model.stem: length(model) for model in MODELS}
    assert {name: lines for name, lines in lengths.items() if lines > 120} == {}
    assert sum(lengths.values()) / len(lengths) <= 40


def test_macros_stay_few_and_shallow() -> None:
    of_contracts = [macro for macro in MACROS if macro.parent.name == "contracts"]
    total, contracts = sum(map(length, MACROS)), sum(map(length, of_contracts))
    assert total <= 700, f"{total} lines: {contracts} in macros/contracts, which should be 170, and {total - contracts}"
    calls: dict[str, set[str]] = {}
    for macro in MACROS:
        parts = re.split(r"{%-? (?:macro|test) (\w+)\(", macro.read_text(encoding="utf-8"))
        calls |= {
            name: set(re.findall(r"lookout\.(\w+)\(", body))
            for name, body in zip(parts[1::2], parts[2::2], strict=True)
        }

    def depth(name: str) -> int:
        return 1 + max((depth(called) for called in calls[name] if called in calls), default=0)

    assert {name: depth(name) for name in calls if depth(name) > 5} == {}


def test_every_model_that_decides_has_a_unit_test() -> None:
    monitoring = ROOT / "models" / "monitoring"
    tested = set(unit_tested_models(monitoring))
    deciding = re.compile(r"\b(case|over|lateral|distinct on)\b")
    untested = {
        model.stem
        for model in MODELS
        if {"alerts", "contracts", "timeliness"} & set(model.relative_to(monitoring.parent).parts)
        and "landing" not in model.parts
        and deciding.search(re.sub(r"--.*", "", model.read_text(encoding="utf-8")))
    } - tested
    assert untested == set()


CLOCKS = {"monotonic", "perf_counter", "process_time", "thread_time", "time"}
MEASURED = {"duration_seconds", "elapsed_seconds", "elapsed", "took"}


def test_no_test_compares_a_measured_time_with_a_number() -> None:
    """A busy machine is slow: a test counts attempts, statements or pauses; speeds are ratios in `benchmarks/`."""
    found = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if _reads_a_clock(node) or (isinstance(node, ast.Compare) and _orders_a_measured_time(node)):
                found.append(f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}")
    assert found == []


def _reads_a_clock(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom) and node.module == "time":
        return any(name.name.removesuffix("_ns") in CLOCKS for name in node.names)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):  # the code of another process
        return any(f"time.{clock}()" in node.value for clock in CLOCKS)
    is_of_time = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "time"
    return is_of_time and node.attr.removesuffix("_ns") in CLOCKS


def _orders_a_measured_time(node: ast.Compare) -> bool:
    """An order, as equality needs a clock of the test's own."""
    words = {
        found
        for part in ast.walk(node)
        for found in (getattr(part, "attr", None), getattr(part, "id", None), getattr(part, "value", None))
        if isinstance(found, str)
    }
    return any(isinstance(op, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) for op in node.ops) and bool(words & MEASURED)
