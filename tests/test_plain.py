"""Escape sequences, control characters and line breaks are stripped where text enters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from lookout.ci.outcomes import plain_message
from lookout.database.connection import clean_message
from lookout.database.store import Store
from lookout.errors import ConfigError
from lookout.plain import plain, plain_name
from lookout.project.artifacts.rows import result_rows
from lookout.tracking.model import Address, Pipeline, clean_text, watermark_text
from tests.conftest import MONITORING, Observed, Said

EVIL = "ev\x1b[31mil\nna\x07me\x1b]0;title\x07"
UNSAFE = ("\x1b", "\x07", "title")


@pytest.mark.parametrize(
    ("text", "kept", "name"),
    [
        ("Ärger – 100 %  ok", "Ärger – 100 %  ok", "Ärger – 100 %  ok"),
        ("\x1b[1;31mred\x1b[0m\n-a\n+b", "red\n-a\n+b", "red -a +b"),
        ("\x1b[2J\x1b[Hgone\x9b1A\r\n", "gone1A\r\n", "gone1A "),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link", "link"),
        ("a\u202eb\u2028c\td\x00", "ab\u2028c\td", "ab c d"),
        ("\x1b", "", ""),
    ],
)
def test_what_moves_a_cursor_is_stripped(text: str, kept: str, name: str) -> None:
    assert (plain(text), plain_name(text)) == (kept, name)


def test_where_text_enters() -> None:
    result = {"unique_id": "test.shop.t", "status": "fail", "message": f"Got 1\n{EVIL}", "timing": []}
    metadata = {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json"}
    rows = result_rows(
        {"metadata": {**metadata, "generated_at": "2026-01-01T00:00:00Z"}, "results": [result]},
        {"nodes": {}},
        connection="shop",
    )
    entered = [
        rows["message"].iloc[0],
        plain_message(EVIL),
        clean_message(RuntimeError(EVIL)),
        Pipeline(EVIL).name,
        Address(EVIL).name,
        str(ConfigError(EVIL)).replace("\n", " "),
        clean_text(EVIL).replace("\n", " "),
    ]
    assert all(text.startswith("ev") and text.isprintable() and "title" not in text for text in entered[1:])
    assert rows["message"].iloc[0] == "Got 1 evil name"
    assert watermark_text("a\x1fb") == "a\x1fb"


def test_what_lands_is_plain(observed: Observed) -> None:
    row: dict[str, Any] = {"run_id": "r", "connection": "shop", "asset": EVIL, "status": "timeout", "message": EVIL}
    with Store(observed.warehouse) as store:
        store.upsert("collection_results", pd.DataFrame([{**row, "as_of": pd.Timestamp("2026-01-01", tz="UTC")}]))
        found = store.query("select asset, message from {schema}.collection_results where run_id = 'r'")
    assert found.to_numpy().tolist() == [["evil name", "evil\nname"]]


def test_a_table_of_an_evil_name_is_watched_under_a_plain_one(observed: Observed, lookout: Callable[..., Said]) -> None:
    observed.sql(f'create table "{EVIL}" (at timestamptz)', ())
    observed.sql(f"insert into \"{EVIL}\" values ('2026-01-01Z')", ())
    watched = {"timestamp_column": "at", "freshness": {"error_after": "1 day"}, "table": EVIL}
    observed.declare({"evil": watched, "gone": {**watched, "table": f"{EVIL} gone"}})
    said = lookout("run", "--as-of", "2026-01-03", cwd=observed.root)
    listed = lookout("alerts", "list", cwd=observed.root)
    shown = said.out + said.err + listed.out
    assert "public.evil name" in shown
    assert [text for text in UNSAFE if text in shown] == []
    alerts = observed.sql(f"select asset, alert_type from {MONITORING}.alerts order by 1", at="observed")
    assert alerts == [("public.evil name", "STALE_DATA_FLOW"), ("public.evil name gone", "SOURCE_UNREACHABLE")]
