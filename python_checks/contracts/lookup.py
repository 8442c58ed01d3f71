"""Finding a contract, and what is stored about it, by the name people use."""

from __future__ import annotations

import difflib

import pandas as pd

from python_checks.errors import ConfigError
from python_checks.store import Store
from python_checks.workspace import Workspace


def read_history(workspace: Workspace, name: str) -> pd.DataFrame:
    """Rows of ``schema_changes`` of one table, newest first. Raises ConfigError when nothing is known of it."""
    workspace.parse()
    with Store(workspace.profile.warehouse, workspace.schema) as store:
        known = store.query("select distinct connection, asset, name from {schema}.contracts")
        wanted = name.lower()
        hits = known[(known["asset"].str.lower() == wanted) | (known["name"].str.lower() == wanted)]
        if hits.empty:
            names = sorted({*known["asset"], *known["name"]})
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean '{close[0]}'?" if close else "run `lookout contracts` first, or correct the name."
            raise ConfigError(f"No contract of '{name}' is known; {hint}")
        return store.query(
            "select * from {schema}.schema_changes where (connection, asset) in "
            "(select * from unnest(%s::text[], %s::text[])) order by seen_at desc, version_number desc, column_name",
            (list(hits["connection"]), list(hits["asset"])),
        )
