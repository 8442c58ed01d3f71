"""Rows that are inserted, or that replace those of the same key where their content differs."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import psycopg2
from psycopg2 import extensions, sql

from lookout.database.writing.staged import TEXTS, staged

# Columns about the writing of a row, not its content: a row that differs in nothing else is left alone.
BOOKKEEPING = {
    "observed_at",
    "batch_number",
    "learned_at",
    "updated_at",
    "run_id",
    "duration_seconds",
    "attempts",
}


def write_rows(cursor: extensions.cursor, target: sql.Composable, frame: pd.DataFrame, key: Sequence[str]) -> int:
    """Write rows into a table by column name, in the cursor's transaction. Returns the rows that changed."""
    names = sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    begin = sql.SQL("insert into {} as stored ({}) ").format(target, names)
    conflict = _conflict([str(name) for name in frame.columns], key)
    changed, is_new = 0, None
    for rows in staged(cursor, target, frame, key):
        if is_new is None:
            is_new = rows.is_many and _are_new(cursor, target, key[0])
        if not (is_new and _inserted(cursor, begin + rows.select)):
            cursor.execute(begin + rows.select + conflict)
        changed += cursor.rowcount
    return changed


def _inserted(cursor: extensions.cursor, statement: sql.Composable) -> bool:
    """Insert without looking for rows of the same key, a third faster; False when there is one after all."""
    cursor.execute("savepoint lookout_new_rows")
    try:
        cursor.execute(statement)
    except psycopg2.errors.UniqueViolation:
        # Another writer was faster.
        cursor.execute("rollback to savepoint lookout_new_rows")
        return False
    return True


def _are_new(cursor: extensions.cursor, target: sql.Composable, name: str) -> bool:
    """Return whether the table holds nothing yet of what the staged rows are about: then no row can be in the way."""
    statement = sql.SQL(
        "select not exists (select 1 from {} as stored inner join {} as texts on stored.{name} = texts.{name})"
    )
    cursor.execute(statement.format(target, sql.Identifier(TEXTS), name=sql.Identifier(name)))
    return bool(cursor.fetchone() == (True,))


def _conflict(columns: Sequence[str], key: Sequence[str]) -> sql.Composable:
    action: sql.Composable = sql.SQL("do nothing")
    if updated := [name for name in columns if name not in key]:
        compared = [name for name in updated if name not in BOOKKEEPING] or updated
        action = sql.SQL("do update set {} where ({}) is distinct from ({})").format(
            sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in updated),
            sql.SQL(", ").join(sql.SQL("stored.{}").format(sql.Identifier(name)) for name in compared),
            sql.SQL(", ").join(sql.SQL("excluded.{}").format(sql.Identifier(name)) for name in compared),
        )
    return sql.SQL(" on conflict ({}) {}").format(sql.SQL(", ").join(map(sql.Identifier, key)), action)
