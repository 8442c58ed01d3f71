"""Compiled contracts as the commands of a project see them: its checks, its runs, and `lookout init`."""

from __future__ import annotations

import json

from lookout.contracts.compile.file import NAME
from tests.models.test_compiled_contracts import (
    COLUMNS,
    MODELS,
    SOURCE,
    build_message,
    declare,
    edited,
    generated,
    lookout,
    project,
    with_columns,
)
from tests.models.test_quarantine import Project

__all__ = ["edited", "project"]  # fixtures


def test_ci_asks_by_check_and_a_run_says_so_in_one_line(edited: Project) -> None:
    declare(edited, with_columns(COLUMNS[:-1]))
    problem = (
        f"{generated(edited)} does not hold the contracts as they are declared now: run `lookout contracts compile`."
    )
    before = generated(edited).read_text(encoding="utf-8")
    checked = lookout(edited, "contracts", "compile", "--check")
    assert (checked.returncode, checked.stdout, checked.stderr) == (1, "", f"{problem}\n")
    ran = lookout(edited, "contracts", "--structure", "--json")
    assert ran.stderr.count(problem) == 1, ran.stderr
    examined = lookout(edited, "doctor")
    assert problem in examined.stdout + examined.stderr
    assert generated(edited).read_text(encoding="utf-8") == before

    assert lookout(edited, "contracts", "compile").stdout == f"{generated(edited)} written.\n"
    assert lookout(edited, "contracts", "compile", "--check").returncode == 0
    assert problem not in lookout(edited, "contracts", "--structure", "--json").stderr
    generated(edited).unlink()
    proposed = json.loads(lookout(edited, "init", "--yes", "--json", "--limit", "0").stdout)
    assert f"macros/{NAME}" in [file["file"] for file in proposed["files"]]
    # A monitor that init suggests names the time column, which decides which row of a key stays.
    (note,) = json.loads(lookout(edited, "init", "--json").stdout)["notes"]
    assert note.endswith("run `lookout contracts compile` after writing it.")
    assert lookout(edited, "contracts", "compile", "--check").returncode == 0


def test_a_project_without_contracts_has_nothing_to_compile(edited: Project) -> None:
    generated(edited).unlink()
    declare(edited, {"name": "raw", "schema": "raw", "tables": [{"name": "kinds"}, {"name": "kinds_lenient"}]})
    done = lookout(edited, "contracts", "compile")
    assert (done.returncode, done.stdout) == (0, "No contract is about rows: nothing to compile.\n"), done.stderr
    assert lookout(edited, "contracts", "compile", "--check").returncode == 0
    assert not generated(edited).exists()
    assert "no source or model with a contract has the table raw.kinds" in build_message(edited, "rejected_kinds")
    # With contracts, and nobody who calls the macros, nobody hears of the file.
    declare(edited, SOURCE)
    for name in MODELS:
        (edited.root / "models" / f"{name}.sql").unlink()
    try:
        assert "compile" not in lookout(edited, "contracts", "--structure", "--json").stderr
        examined = lookout(edited, "doctor")
        assert "compiled contracts" not in examined.stdout + examined.stderr
        assert not generated(edited).exists()
    finally:
        for name, text in MODELS.items():
            edited.write(name, text)
