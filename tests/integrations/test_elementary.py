"""`make elementary` from its first line to its last, with stand-ins for what only the dbt hub has.

Real are build.py, dbt, the embedded server, the demo's data, `lookout run`, and `edr` as PyPI has it. The packages are not:
every test of theirs that the demo declares is there by name and finds nothing, one aside. edr's own dbt project calls dozens
of macros of the package `elementary`, so that with stand-ins it can only fail; the report that it would write comes from a
stand-in for `edr`. With LOOKOUT_HUB_PACKAGES, test_elementary_hub.py does all of it with the real packages.
"""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import yaml

from lookout.database.embedded import DATABASES, EmbeddedServer
from tests.conftest import MONITORING, ROOT
from tests.integrations.elementary_project import ElementaryProject
from tests.integrations.test_packages import STUBS
from tests.project.test_elementary import build_script

# Read before the tests, whose environment knows no LOOKOUT_ variable.
EDR = Path(os.environ.get("LOOKOUT_EDR_ENVIRONMENT", "nowhere"))
FAILING = "freshness_anomalies"
EDR_STAND_IN = """\
    #!/bin/sh
    while [ "$1" != --file-path ]; do shift; done
    echo "a report" > "$2"
"""


def stand_ins() -> dict[str, str]:
    """Return the files of the four packages: the tests that the demo declares, and Elementary's hooks and table."""
    declared = "".join(file.read_text() for folder in ("models", "seeds") for file in (ROOT / folder).rglob("*.yml"))
    files = {name: text for name, text in STUBS.items() if not name.endswith("macros/tests.sql")}
    # edr would ask the hub for its packages if theirs were other versions.
    for package, version in build_script().PACKAGES.items():
        text = files.get(f"{package}/dbt_project.yml", f"name: {package}\nversion: 0.0.1\n")
        files[f"{package}/dbt_project.yml"] = text.replace("0.0.1", version)
    for package in ("dbt_expectations", "elementary"):
        tests = sorted(set(re.findall(rf"- {package}\.(\w+):", declared)))
        assert len(tests) >= 4, package
        files[f"{package}/macros/tests.sql"] = "".join(
            f"{{% test {test}(model) %}}{{% set _ = kwargs %}}"
            f"select 1 as found where {str(test == FAILING).lower()}{{% endtest %}}\n"
            for test in tests
        )
    return files


@pytest.fixture(scope="module")
def project() -> Iterator[ElementaryProject]:
    project = ElementaryProject(EDR)
    for name, text in stand_ins().items():
        file = project.packages / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
    yield project
    project.remove()


def asked(project: ElementaryProject, statement: str) -> list[tuple[object, ...]]:
    """Return the rows of a query in the project's warehouse."""
    handle = psycopg2.connect(EmbeddedServer(project.root / ".lookout").url(DATABASES[0]))
    try:
        with handle, handle.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())
    finally:
        handle.close()


def test_the_demo_is_built_and_the_real_edr_has_the_last_word(project: ElementaryProject) -> None:
    assert (project.environment / "bin" / "edr").is_file()
    said = project.build()
    assert said.returncode == 2, said.stdout + said.stderr
    *_, sentence = said.stderr.strip().splitlines()
    assert sentence.startswith("make elementary: edr report wrote nothing: ")
    assert "Traceback" not in said.stderr
    # edr got as far as its own dbt project, with our stand-ins for its packages in it.
    lent = list(project.environment.glob("lib/python*/site-packages/elementary/monitor/dbt_project/dbt_packages/*"))
    assert {link.name for link in lent} == {"elementary", "dbt_utils"}
    assert "has no attribute" in sentence

    assert "336,776 flights" in said.stderr
    assert (project.root / "reports" / "index.html").is_file()
    told = asked(project, f"select metric, severity, reason from {MONITORING}.alerts where alert_type = 'TEST_FAILURE'")
    assert told == [("elementary_freshness_of_resiliency_tests", "warning", "The last value stands out.")]
    ((tests,),) = asked(
        project, f"select count(*) from {MONITORING}.dbt_results where test_name like 'dbt_expectations.%'"
    )
    assert tests >= 10


def test_with_a_report_of_edr_both_are_named_and_later_commands_keep_the_databases(project: ElementaryProject) -> None:
    programs = project.environment / "bin"
    programs.unlink()
    programs.mkdir()
    (programs / "edr").write_text(textwrap.dedent(EDR_STAND_IN))
    (programs / "edr").chmod(0o755)
    said = project.build()
    assert said.returncode == 0, said.stdout + said.stderr
    for report in ("index.html", "elementary_report.html"):
        assert str(project.root / "reports" / report) in said.stdout
    assert (project.root / "reports" / "elementary_report.html").read_text() == "a report\n"

    (later,) = re.findall(r"lookout (run .*)", (build_script().PROJECT / "README.md").read_text())
    again = project.run("-m", "lookout", *later.split(), LOOKOUT_HUB="1")
    assert again.returncode == 1, again.stdout + again.stderr
    profile = yaml.safe_load((project.root / ".lookout" / "profiles.yml").read_text())
    assert set(profile["lookout"]["outputs"]) == set(DATABASES)
