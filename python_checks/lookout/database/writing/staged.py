"""Rows on their way into a table: copied into temporary tables, from which a statement takes them.

Few rows go as text. Of many, the numbers and times go in PostgreSQL's binary format, each row with the number of its
texts: a million rows share some thousand combinations of texts, and these go once.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_float_dtype, is_integer_dtype
from psycopg2 import extensions, sql

from lookout.database.writing.text import NULL, as_csv

Codes = NDArray[np.int64]
# Fewer rows are faster as text, in one table.
LEAST_ROWS = 2_000
# Rows that a combination of texts must have on average to be worth a number.
LEAST_SHARE = 2
ROWS_AT_A_TIME = 250_000
_BUFFER_BYTES = 2**20
_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"
_NO_NUMBER = int(np.iinfo(np.int64).min)
_EPOCH_MICROSECONDS = 946_684_800_000_000  # PostgreSQL counts from 2000
_LABEL = "lookout label"
TEXTS = "lookout_texts"


class Format(NamedTuple):
    """How a kind of number is sent: PostgreSQL's type, numpy's, and the SQL that makes null of what stands for it."""

    type_: str
    stored: str
    value: str


FORMATS = {
    "float": Format("float8", ">f8", "nullif(n.{}, 'NaN')"),
    "integer": Format("int8", ">i8", f"nullif(n.{{}}, {_NO_NUMBER})"),
    "truth": Format("int2", ">i2", "nullif(n.{}, -1)::int4::bool"),
    "time": Format("timestamptz", ">i8", "nullif(n.{}, '-infinity')"),
}


class Rows(NamedTuple):
    """A select of staged rows; ``is_many`` says that their texts are in the table :data:`TEXTS`."""

    select: sql.Composable
    is_many: bool


def staged(
    cursor: extensions.cursor, target: sql.Composable, frame: pd.DataFrame, key: Sequence[str]
) -> Iterator[Rows]:
    """Copy the rows of a frame into temporary tables, and yield one or more selects that together return them all.

    ``target`` is the table that the columns' types are taken from. Many rows are ordered by their key, so that
    those of one series lie together. Each select has to be used before the next one is asked for.
    """
    kinds = {str(name): _kind(frame[name].dtype) for name in frame.columns}
    texts = [name for name, kind in kinds.items() if not kind]
    # The rows are looked up by the first column of the key.
    is_many = len(frame) >= LEAST_ROWS and key[0] in texts
    codes = _combinations(frame, texts) if is_many else None
    if codes is not None:
        yield from _in_parts(cursor, target, frame, key, kinds, codes)
        return
    columns = _identifiers(list(kinds))
    _create(cursor, "lookout_incoming", columns, target)
    _copy(cursor, "lookout_incoming", as_csv(frame), text=True)
    yield Rows(sql.SQL("select {} from lookout_incoming").format(columns), is_many=False)


def _in_parts(
    cursor: extensions.cursor,
    target: sql.Composable,
    frame: pd.DataFrame,
    key: Sequence[str],
    kinds: Mapping[str, str],
    codes: Codes,
) -> Iterator[Rows]:
    texts, numbers = ([name for name, kind in kinds.items() if bool(kind) == wanted] for wanted in (False, True))
    label = sql.Identifier(_LABEL)
    _create(cursor, TEXTS, sql.SQL("0 as {}, {}").format(label, _identifiers(texts)), target)
    _, firsts = np.unique(codes, return_index=True)
    rows = frame.iloc[firsts][texts]
    rows.insert(0, _LABEL, np.arange(len(rows)))
    _copy(cursor, TEXTS, as_csv(rows), text=True)
    types = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(FORMATS[kinds[name]].type_)) for name in numbers]
    fields = sql.SQL(", ").join([sql.SQL("{} int8").format(label), *types])
    cursor.execute(sql.SQL("create temporary table lookout_numbers ({}) on commit drop").format(fields))
    values = [
        sql.SQL(FORMATS[kind].value if kind else "t.{}").format(sql.Identifier(name)) for name, kind in kinds.items()
    ]
    statement = sql.SQL("select {} from lookout_numbers as n inner join {} as t on n.{label} = t.{label}")
    select = statement.format(sql.SQL(", ").join(values), sql.Identifier(TEXTS), label=label)
    rest = [_numbers(frame[name], kinds[name]) for name in reversed(key) if kinds[name]]
    order = np.lexsort([*rest, pd.factorize(frame[key[0]])[0]])
    for begin in range(0, len(frame), ROWS_AT_A_TIME):
        part = order[begin : begin + ROWS_AT_A_TIME]
        columns = [(codes[part], "integer")]
        columns += [(_numbers(frame[name].iloc[part], kinds[name]), kinds[name]) for name in numbers]
        if begin:
            cursor.execute("truncate lookout_numbers")
        _copy(cursor, "lookout_numbers", _binary(columns), text=False)
        yield Rows(select, is_many=True)


def _kind(dtype: Any) -> str:
    """Return the kind of number of a column; empty for one that goes as text."""
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "time"
    tests = (("truth", is_bool_dtype), ("integer", is_integer_dtype), ("float", is_float_dtype))
    return next((kind for kind, test in tests if test(dtype)), "")


def _combinations(frame: pd.DataFrame, texts: Sequence[str]) -> Codes | None:
    """Return the number of each row's combination of texts; None where the rows share too little."""
    codes: Codes = np.zeros(len(frame), dtype=np.int64)
    for name in texts:
        try:
            mine, distinct = pd.factorize(frame[name], use_na_sentinel=False)
        except TypeError:
            # Lists have no hash.
            return None
        codes, found = pd.factorize(codes * len(distinct) + mine)
        if LEAST_SHARE * len(found) > len(frame):
            return None
    return codes


def _binary(columns: Sequence[tuple[NDArray[Any], str]]) -> io.BytesIO:
    """Return rows in PostgreSQL's binary format: per row the number of fields, per field its length and value."""
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for at, (_, kind) in enumerate(columns):
        layout += [(f"length{at}", ">i4"), (f"value{at}", FORMATS[kind].stored)]
    rows = np.empty(len(columns[0][0]), dtype=layout)
    rows["fields"] = len(columns)
    for at, (values, kind) in enumerate(columns):
        rows[f"length{at}"] = np.dtype(FORMATS[kind].stored).itemsize
        rows[f"value{at}"] = values
    return io.BytesIO(b"".join([_HEADER, rows.tobytes(), _END]))


def _numbers(column: pd.Series[Any], kind: str) -> NDArray[Any]:
    if kind == "float":
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if kind == "integer":
        return column.to_numpy(dtype=np.int64, na_value=_NO_NUMBER)
    if kind == "truth":
        return column.astype("boolean").astype("Int64").to_numpy(dtype=np.int64, na_value=-1)
    moments = pd.DatetimeIndex(column).as_unit("us").to_numpy(dtype="datetime64[us]").view(np.int64)
    return np.where(moments == _NO_NUMBER, _NO_NUMBER, moments - _EPOCH_MICROSECONDS)


def _create(cursor: extensions.cursor, name: str, columns: sql.Composable, target: sql.Composable) -> None:
    statement = sql.SQL("create temporary table {} on commit drop as select {} from {} where false")
    cursor.execute(statement.format(sql.Identifier(name), columns, target))


def _copy(cursor: extensions.cursor, name: str, rows: io.BytesIO, *, text: bool) -> None:
    form = sql.SQL("format csv, null {}").format(sql.Literal(NULL)) if text else sql.SQL("format binary")
    cursor.copy_expert(sql.SQL("copy {} from stdin with ({})").format(sql.Identifier(name), form), rows, _BUFFER_BYTES)


def _identifiers(names: Sequence[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, names))
