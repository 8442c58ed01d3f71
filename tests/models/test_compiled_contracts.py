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
    deleted boolean
);
create view raw.kinds_lenient as select * from raw.kinds;
create view raw.parents as select 1::bigint as ref;
"""
GOOD: dict[str, Any] = {
    "id": 1, "Größe": "XL", "amount": "10.50", "ratio": 0.5, "share": 0.5, "state": "neu", "note": "aé", "day": "2025-06-01",
    "at": "2025-06-01Z", "opens": "09:30", "flag": "true", "token": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "email": None,
    "units": "1", "line": 1, "ref": 1, "tags": ["a"], "deleted": False,
}  # fmt: skip
# What is different about each row from the good one.
ROWS: list[dict[str, Any]] = [
    {},
    {"id": 2, "Größe": None, "amount": None, "note": None, "state": None, "day": None, "flag": None},
    {"id": None, "line": None},
    {"id": 3, "email": "d@b.c"},
    {"id": 3, "email": "e@b.c", "at": "2025-05-01Z"},
    {"id": 3, "email": "e@b.c", "amount": "-1"},
    {"id": 4, "amount": "zwölf", "day": "2025-02-30", "opens": "25:00", "flag": "vielleicht", "token": "x", "units": "1.5"},
    {"id": 5, "amount": " 1e2 ", "day": "2024-02-29", "opens": "23:59:59", "flag": " yes "},
    {"id": 6, "amount": "100.001", "ratio": 0.05, "share": 0.1, "units": "7"},
    {"id": 7, "amount": "1" * 1001, "ratio": "NaN", "share": "Infinity"},
    {"id": 8, "Größe": "", "state": "alt", "note": "ß-Wörter"},
    {"id": 9, "Größe": "ÜÜÜÜ", "state": "größer", "note": "it's {{ odd }}"},
    {"id": 10, "ref": 2, "line": 3, "tags": None, "email": "f@b.c"},
    {"id": 11, "deleted": True, "amount": "-5", "line": None},
    {"id": -1, "line": 2, "flag": "no", "email": "f@b.c"},
    {"id": 13, "line": 0, "share": 0.25, "units": "2", "opens": "08:00", "token": "1" * 8 + "-0000-0000-0000-" + "0" * 12},
    {"id": 12, "line": 2, "at": "2024-12-31Z", "email": "F@b.c"},
]
RULES = [
    # What dbt renders to an end of the blocks that the file is made of.
    {"expression": "line < 3 -- it's {{ '{% endraw %}' }}", "name": "ordnung's \"{{ '{% endmacro %}' }}\"", "where": "state <> 'alt'"},
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
