"""Statements of SQL that are files beside the Python that runs them, where the linter of the models reads them too."""

from __future__ import annotations

from importlib import resources


def read_sql(package: str | None, name: str) -> str:
    """Return the statement ``sql/NAME.sql`` of a package. Placeholders are psycopg2's and ``{schema}``."""
    assert package is not None
    return (resources.files(package) / "sql" / f"{name}.sql").read_text(encoding="utf-8")
