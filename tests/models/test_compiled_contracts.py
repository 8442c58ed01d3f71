"""Compiled contracts: one set of conditions, in Python, for the check of a table and for the rows that dbt sorts out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from lookout.contracts.checks.check import check_contracts
from lookout.contracts.compile.file import NAME, compiled_file
from lookout.contracts.spec.declared import load_contracts
from tests.conftest import Server
from tests.models.test_quarantine import Project, column, rules

CREATE = """
create schema raw;
create type raw.state as enum ('neu', 'größer', 'alt');
create table raw.kinds (
    n int primary key, id bigint, "Größe" text, amount text, ratio float8, share real, state raw.state, note varchar(20),
    day text, at timestamptz, opens text, flag text, token text, email text, units text, line int, ref bigint, tags text[],
    deleted boolean, digest bytea
);
create view raw.kinds_lenient as select * from raw.kinds;
create view raw.parents as select 1::bigint as ref;
"""
GOOD: dict[str, Any] = {
    "id": 1, "Größe": "XL", "amount": "10.50", "ratio": 0.5, "share": 0.5, "state": "neu", "note": "aé", "day": "2025-06-01",
    "at": "2025-06-01Z", "opens": "09:30", "flag": "true", "token": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "email": None,
    "units": "1", "line": 1, "ref": 1, "tags": ["a"], "deleted": False, "digest": b"ab",
}  # fmt: skip
# What is different about each row from the good one.
ROWS: list[dict[str, Any]] = [
    {},
    {"id": 2, "Größe": None, "amount": None, "note": None, "state": None, "day": None, "flag": None},
    {"id": None, "line": None},
    {"id": 3, "email": "d@b.c"},
    {"id": 3, "email": "e@b.c", "at": "2025-05-01Z"},
    {"id": 3, "email": "e@b.c", "amount": "-1"},
    {
        "id": 4,
        "amount": "zwölf",
        "day": "2025-02-30",
        "opens": "25:00",
        "flag": "vielleicht",
        "token": "x",
        "units": "1.5",
    },
    {"id": 5, "amount": " 1e2 ", "day": "2024-02-29", "opens": "23:59:59", "flag": " yes "},
    {"id": 6, "amount": "100.001", "ratio": 0.05, "share": 0.1, "units": "7"},
    {"id": 7, "amount": "1" * 1001, "ratio": "NaN", "share": "Infinity"},
    {"id": 8, "Größe": "", "state": "alt", "note": "ß-Wörter"},
    {"id": 9, "Größe": "ÜÜÜÜ", "state": "größer", "note": "it's {{ odd }}"},
    {"id": 10, "ref": 2, "line": 3, "tags": None, "email": "f@b.c"},
    {"id": 11, "deleted": True, "amount": "-5", "line": None},
    {"id": -1, "line": 2, "flag": "no", "email": "f@b.c"},
    {"id": 14, "digest": b"abcd"},
    {
        "id": 13,
        "line": 0,
        "share": 0.25,
        "units": "2",
        "opens": "08:00",
        "token": "1" * 8 + "-0000-0000-0000-" + "0" * 12,
    },
    {"id": 12, "line": 2, "at": "2024-12-31Z", "email": "F@b.c"},
]
RULES = [
    # What dbt renders to an end of the blocks that the file is made of.
    {
        "expression": "line < 3 -- it's {{ '{% endraw %}' }}",
        "name": "ordnung's \"{{ '{% endmacro %}' }}\"",
        "where": "state <> 'alt'",
    },
    {"expression": "note not like '%ß%'", "severity": "warning"},
    {"unique": ["email"], "where": "line = 1", "severity": "warning"},
]
COLUMNS = [
    column("id", "bigint", constraints=[{"type": "primary_key"}, {"type": "check", "expression": "id > 0", "name": "positive"}]),
    {**column("Größe", "text", min_length=1, max_length=3, nullable=False), "quote": True},
    column("amount", "numeric(12,2)", min=0, max=100, precision=2),
    column("ratio", "double precision", min=0.1, where="amount is not null"),
    column("share", "real", min=0.1, precision=1),
    column("state", "raw.state", accepted_values=["neu", "größer", "gibt es nicht"]),
    column("note", "varchar(20)", pattern="^[a-zé-ü-']+$", severity="warning"),
    column("day", "date", min="2025-01-01"),
    column("at", "timestamptz", min="2025-01-01", max="2025-12-31", strict=True),
    column("opens", "time", min="09:00"),
    column("flag", "boolean", accepted_values=[True]),
    column("token", "uuid", pattern="^0"),
    column("units", "integer", accepted_values=[1, 7]),
    column("line", tests=["not_null", {"accepted_values": {"arguments": {"values": [1, 2, 3]}}}], min=1),
    column("REF", tests=[{"relationships": {"arguments": {"to": "source('raw', 'parents')", "field": "ref"}}}]),
    column("tags", "text[]"),
    column("digest", "bytea", max_length=3),
]  # fmt: skip


def table(name: str, mode: str) -> dict[str, Any]:
    contract = rules(mode=mode, rules=RULES, filter="deleted is not true", keys=[["id", "line"]], timestamp_column="at")
    return {"name": name, "config": contract, "columns": COLUMNS}


SOURCE = {
    "name": "raw",
    "schema": "raw",
    "tables": [table("kinds", "strict"), table("kinds_lenient", "lenient"), {"name": "parents"}],
}
MODELS = {
    f"{name}_{table}": "{{ lookout." + name + "_rows(source('raw', '" + table + "')) }}"
    for name in ("accepted", "rejected", "checked")
    for table in ("kinds", "kinds_lenient")
}
TESTS = {
    "not_null": "test.observed.source_not_null_raw_kinds{}_line.{}",
    "accepted_values": "test.observed.source_accepted_values_raw_kinds{}_line__1__2__3.{}",
}
IDS = {"": ("2871d5707d", "2a35f555c1"), "_lenient": ("352591c18c", "68ffd6b654")}
# The names of the rules that each row breaks, as the macros found them when they read the rules themselves (but for
# length(digest), of which they knew nothing).
EXPECTED = {
    0: [],
    1: ["not_null(Größe)"],
    2: ["not_null(id)", "not_null"],
    3: ["unique(id)", "unique(id, line)"],
    4: [],
    5: ["range(amount)", "unique(id)", "unique(id, line)", "unique(email) where line = 1"],
    6: ["type(amount)", "type(day)", "type(opens)", "type(flag)", "type(token)", "type(units)"],
    7: ["range(day)"],
    8: ["range(amount)", "precision(amount)", "range(ratio) where amount is not null"],
    9: ["type(amount)"],
    10: ["length(Größe)", "accepted_values(state)", "pattern(note)", "expression(note not like '%ß%')"],
    11: ["length(Größe)", "pattern(note)"],
    12: ["ordnung's \"{% endmacro %}\""],
    13: [],
    14: ["positive", "accepted_values(flag)"],
    15: ["length(digest)"],
    16: ["precision(share)", "range(opens)", "pattern(token)", "accepted_values(units)", "range(line)", "accepted_values"],
    17: ["range(at)"],
}  # fmt: skip
WARNINGS = {"pattern(note)", "expression(note not like '%ß%')", "unique(email) where line = 1"}


def expected(table: str) -> dict[int, list[str]]:
    suffix = table.removeprefix("kinds")
    ids = {kind: name.format(suffix, number) for (kind, name), number in zip(TESTS.items(), IDS[suffix], strict=True)}
    return {row: [ids.get(name, name) for name in names] for row, names in EXPECTED.items()}


@pytest.fixture(scope="module")
def project(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(server, tmp_path_factory.mktemp("compiled"))
    project.ask(CREATE)
    columns = ", ".join(f'"{name}"' for name in ("n", *GOOD))
    values = ", ".join(["%s"] * (len(GOOD) + 1))
    for number, row in enumerate(ROWS):
        project.ask(f"insert into raw.kinds ({columns}) values ({values})", [number, *{**GOOD, **row}.values()])
    declare(project, SOURCE)
    for name, text in MODELS.items():
        project.write(name, text)
    project.build(*MODELS)
    return project


def declare(project: Project, *sources: dict[str, Any]) -> None:
    text = yaml.safe_dump({"version": 2, "sources": list(sources)}, sort_keys=False, allow_unicode=True)
    (project.root / "models" / "sources.yml").write_text(text, encoding="utf-8")


def generated(project: Project) -> Path:
    return project.root / "macros" / NAME


def manifest_of(project: Project) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((project.root / "target" / "manifest.json").read_text())
    return content


def lookout(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The console command, in the project's folder."""
    command = [sys.executable, "-m", "lookout", *arguments]
    return subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("table", ["kinds", "kinds_lenient"])
def test_every_kind_of_rule_row_by_row(project: Project, table: str) -> None:
    checked = dict(project.ask(f"select n, failed_rules from public.checked_{table} order by n"))
    assert checked == expected(table)
    rejected = dict(project.ask(f"select n, failed_rules from public.rejected_{table} order by n"))
    critical = {row: [name for name in names if name not in WARNINGS] for row, names in expected(table).items()}
    assert rejected == ({row: names for row, names in critical.items() if names} if table == "kinds" else {})
    accepted = {n for (n,) in project.ask(f"select n from public.accepted_{table}")}
    assert accepted == set(EXPECTED) - set(rejected)


@pytest.mark.parametrize("table", ["kinds", "kinds_lenient"])
def test_the_check_counts_the_rows_that_the_macros_name(project: Project, table: str) -> None:
    contracts = load_contracts(manifest_of(project), default_connection="observed")
    (check,) = check_contracts([c for c in contracts if c.table == table], {"observed": project.warehouse})
    orphans = {rule.name for rule in check.contract.rules if rule.kind == "relationship"}
    counted = {v.rule: v.failing_rows for v in check.violations if v.failing_rows is not None}
    assert [counted.pop(name) for name in orphans] == [1]
    named = project.ask(f"select rule, count(*) from public.checked_{table}, unnest(failed_rules) as rule group by 1")
    assert dict(named) == counted


def test_a_rule_of_another_table_is_named_and_rejects_nothing(project: Project) -> None:
    text = generated(project).read_text(encoding="utf-8")
    assert text.count("{#- Not decided by single rows: relationship(REF) -#}") == 2


def test_compiling_twice_changes_nothing_and_the_order_of_the_manifest_neither(project: Project) -> None:
    manifest = manifest_of(project)
    before = generated(project).stat()
    file = compiled_file(project.root, manifest, "observed")
    assert (file.problem, file.text) == ("", file.found)
    shuffled = {
        **manifest,
        "nodes": dict(reversed(manifest["nodes"].items())),
        "sources": dict(reversed(manifest["sources"].items())),
    }
    assert compiled_file(project.root, shuffled, "another").text == file.text
    done = lookout(project, "contracts", "compile")
    assert (done.returncode, done.stdout) == (0, f"{generated(project)} is up to date.\n"), done.stderr
    assert generated(project).stat().st_mtime_ns == before.st_mtime_ns


@pytest.fixture
def edited(project: Project) -> Any:
    """The project, whose YAML and file a test may change."""
    yield project
    declare(project, SOURCE)
    project.compile_contracts()


def build_message(project: Project, name: str) -> str:
    (result,) = project.dbt("run", "--select", name).result
    return " ".join(str(result.message).split())


def with_columns(columns: list[dict[str, Any]], **changed: Any) -> dict[str, Any]:
    return {**SOURCE, "tables": [{**SOURCE["tables"][0], "columns": columns, **changed}, *SOURCE["tables"][1:]]}


def test_old_sql_is_never_used_in_silence(edited: Project) -> None:
    old = "contract of raw.kinds has changed since it was compiled: run `lookout contracts compile`"
    line = COLUMNS[13]
    changes = {
        "limit": with_columns([{**COLUMNS[2], **column("amount", "numeric(12,2)", min=1)}, *COLUMNS[:2], *COLUMNS[3:]]),
        "type": with_columns([*COLUMNS[:-1], column("digest", "text", max_length=3)]),
        "quote": with_columns([*COLUMNS[:-1], {**COLUMNS[-1], "quote": True}]),
        "test": with_columns([*COLUMNS[:13], {**line, "data_tests": ["not_null"]}, *COLUMNS[14:]]),
        "value of a test": with_columns(
            [
                *COLUMNS[:13],
                {**line, "data_tests": ["not_null", {"accepted_values": {"arguments": {"values": [1, 9]}}}]},
                *COLUMNS[14:],
            ]
        ),
        "where of a test": with_columns(
            [*COLUMNS[:13], {**line, "data_tests": [{"not_null": {"config": {"where": "n > 1"}}}]}, *COLUMNS[14:]]
        ),
        "settings": with_columns(COLUMNS, config=rules(mode="strict")),
        "of the source": {**SOURCE, "config": {"meta": {"lookout": {"contract": {"severity": "warning"}}}}},
    }
    for name, source in changes.items():
        declare(edited, source)
        assert old in build_message(edited, "rejected_kinds"), name
    # What no rule is read from changes nothing.
    described = {
        **SOURCE["tables"][0],
        "description": "Kinds.",
        "columns": [{**c, "description": "x"} for c in COLUMNS],
    }
    declare(edited, {**SOURCE, "tables": [described, *SOURCE["tables"][1:]]})
    assert build_message(edited, "rejected_kinds") == "CREATE VIEW"

    generated(edited).unlink()
    declare(edited, SOURCE)
    missing = "contract of raw.kinds is not compiled: run `lookout contracts compile`"
    assert missing in build_message(edited, "rejected_kinds")


def test_what_no_file_can_help_is_a_sentence_of_its_own(edited: Project) -> None:
    inside = {"name": "inside", "config": rules(payload="doc"), "columns": [column("a", "string")]}
    declare(edited, SOURCE, {**SOURCE, "name": "sent", "config": rules(mode="strict"), "tables": [inside]})
    edited.compile_contracts()
    edited.write("inside", "{{ lookout.accepted_rows(source('sent', 'inside')) }}")
    file = edited.root / "models" / "unit.yml"
    unit = {"name": "u", "model": "rejected_kinds", "expect": {"rows": []}}
    given = [{"input": "source('raw', 'kinds')", "rows": [{"n": 1}]}]
    file.write_text(yaml.safe_dump({"unit_tests": [{**unit, "given": given}]}))
    try:
        assert "contract of raw.inside is about the fields inside doc" in build_message(edited, "inside")
        (result,) = edited.dbt("test", "--select", "test_type:unit").result
        assert "dbt shows no contracts to unit tests: test the models that read this one" in str(result.message)
    finally:
        file.unlink()
        (edited.root / "models" / "inside.sql").unlink()


def test_the_package_that_declares_its_contracts_brings_their_file(edited: Project) -> None:
    """The model of an installed package finds the file of that package, and that of the root project first."""
    package = edited.root / "shared"
    (package / "models").mkdir(parents=True)
    (package / "dbt_project.yml").write_text("name: shared\nversion: 1.0.0\n")
    (package / "models" / "shared.sql").write_text("{{ lookout.rejected_rows(source('ours', 'parents')) }}")
    parents = {"name": "parents", "config": rules(mode="strict"), "columns": [column("ref", min=2)]}
    ours = {"version": 2, "sources": [{"name": "ours", "schema": "raw", "tables": [parents]}]}
    (package / "models" / "ours.yml").write_text(yaml.safe_dump(ours))
    packages = edited.root / "packages.yml"
    before = packages.read_text()
    generated(edited).unlink()
    try:
        packages.write_text(yaml.safe_dump({"packages": [*yaml.safe_load(before)["packages"], {"local": "shared"}]}))
        edited._dbt("deps")
        assert edited.dbt("parse").success
        assert "is not compiled" in build_message(edited, "shared")
        (package / "macros").mkdir()
        file = compiled_file(package, manifest_of(edited), "observed")
        file.path.write_text(file.text, encoding="utf-8")
        assert build_message(edited, "shared") == "CREATE VIEW"
        assert edited.ask("select ref, failed_rules from public.shared") == [(1, ["range(ref)"])]
    finally:
        packages.write_text(before)
        edited._dbt("deps")
