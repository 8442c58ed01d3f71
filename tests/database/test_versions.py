"""PostgreSQL 13 is the oldest that Lookout supports: no SQL of ours may use what came later."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

# By the version that brought them; what a server of PostgreSQL 15 refuses is found by running the suite on one.
NEWER = {
    14: r"date_bin|string_to_table|range_agg|range_intersect_agg|trim_array|bit_count|unistr|multirange|group\s+by\s+distinct"
    r"|create\s+or\s+replace\s+trigger|\bcycle\s+\w+\s+set\b|search\s+(?:breadth|depth)\s+first",
    15: r"merge\s+into|nulls\s+not\s+distinct|regexp_count|regexp_like|regexp_substr|regexp_instr|security_invoker",
    16: r"any_value|array_sample|array_shuffle|random_normal|pg_input_is_valid|pg_input_error_info|json_arrayagg|json_objectagg"
    r"|is\s+json\b|date_add\s*\(|date_subtract\s*\(|erf\s*\(",
    17: r"json_table|json_exists|json_query|json_value|json_scalar|merge_action|to_bin\s*\(|to_oct\s*\(|on_error",
    18: r"uuidv7|uuidv4|array_sort|array_reverse|casefold\s*\(|crc32c?\s*\(|returning\s+(?:old|new)\b|without\s+overlaps|\bvirtual\b",
}
# An identifier that only contains such a word is another one.
FOUND = {version: re.compile(rf"(?<![\w.])(?:{names})(?!\w)", re.IGNORECASE) for version, names in NEWER.items()}
COMMENT = re.compile(r"\{#.*?#\}|--[^\n]*|/\*.*?\*/", re.DOTALL)
FOLDERS = ("models", "macros", "snapshots", "analyses", "tests/generic", "python_checks")
FILES = sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.sql"))
FILES += sorted((ROOT / "python_checks").rglob("*.sql.j2"))
# SQL in Python stands in strings; words of Python itself are left alone by asking for strings with a statement in them.
STRING = re.compile(r'"""(.*?)"""|"((?:[^"\\\n]|\\.)*)"', re.DOTALL)
STATEMENT = re.compile(r"\b(?:select|insert into|update|delete from|create|alter)\b")


def newer_than_13(text: str) -> list[str]:
    bare = COMMENT.sub(" ", text)
    return [f"{match[0]} ({version})" for version, pattern in FOUND.items() for match in pattern.finditer(bare)]


def test_no_sql_is_newer_than_the_oldest_server() -> None:
    used = {file.relative_to(ROOT).as_posix(): newer_than_13(file.read_text()) for file in FILES}
    for file in sorted((ROOT / "python_checks").rglob("*.py")):
        strings = [a or b for a, b in STRING.findall(file.read_text())]
        used[file.relative_to(ROOT).as_posix()] = newer_than_13("\n".join(filter(STATEMENT.search, strings)))
    assert len(used) > 150
    assert {name: words for name, words in used.items() if words} == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select date_bin('1 day', at, '2000-01-01')", ["date_bin (14)"]),
        ("merge  into a using b", ["merge  into (15)"]),
        ("create unique index on a (b) nulls not distinct", ["nulls not distinct (15)"]),
        ("select Any_Value(x) -- date_bin", ["Any_Value (16)"]),
        ("select {# json_table #} uuidv7()", ["uuidv7 (18)"]),
        ("select my_date_bin(x), t.virtual_rows, date_binning", []),
    ],
)
def test_the_words_are_found(text: str, words: list[str]) -> None:
    assert newer_than_13(text) == words


def test_every_folder_with_sql_is_looked_at() -> None:
    skipped = ("dbt_packages", "target", "integrations", "examples", "benchmarks", ".venv", "build")
    everywhere = {
        f for f in ROOT.rglob("*.sql") if not any(part in skipped or part.startswith(".") for part in f.parts)
    }
    outside = {Path(f).relative_to(ROOT).parts[0] for f in everywhere - set(FILES)}
    assert outside <= {"tests"}
