"""The table of docs/reliability.md, from the rows of the matrix: `python -m tests.faults.table` writes it anew."""

from __future__ import annotations

import re

from tests.conftest import ROOT
from tests.faults.matrix import ROWS
from tests.faults.rows import Row

PAGE = ROOT / "docs" / "reliability.md"
HEADER = "| what breaks | in | what Lookout does | what you see | exit code | afterwards |\n|---|---|---|---|---|---|"
TABLE = re.compile(r"^\| what breaks .*?\n(?=\n)", re.MULTILINE | re.DOTALL)


def table() -> str:
    """Return the whole table, in Markdown."""
    return "\n".join([HEADER, *map(line, ROWS)]) + "\n"


def line(row: Row) -> str:
    """Return the line of one row."""
    phases = ", ".join(row.phases) or "the whole run"
    cells = (row.fault, phases, row.does, quoted(row.sees), "" if row.code < 0 else str(row.code), row.kept)
    return f"| {' | '.join(cells)} |"


def quoted(sentence: str) -> str:
    """Return a sentence as code, which may have code in it."""
    if not sentence:
        return ""
    return f"`` {sentence} ``" if "`" in sentence else f"`{sentence}`"


if __name__ == "__main__":
    PAGE.write_text(TABLE.sub(lambda _: table(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
