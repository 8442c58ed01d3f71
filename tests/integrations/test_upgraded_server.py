"""A store that moves from a server before PostgreSQL 14 to today's: the same alerts, with all that was said to them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookout.alerts.feedback import give_feedback
from lookout.database.cluster.data import PROGRAMS
from lookout.database.connection import Connection
from lookout.database.embedded import EmbeddedServer
from lookout.project.workspace import open_workspace
from tests.conftest import MONITORING, Observed, Server
from tests.integrations.test_upgraded_rows import HISTORY

# How Lookout spelled the seconds in a key on such a server before it spelled them the same everywhere.
OLDER_KEYS = f"""
    create temporary table renamed as
    select alert_key, md5(jsonb_build_array(alert_type, connection, asset, column_name, metric,
        extract(epoch from window_start)::double precision)::text) as before
    from {MONITORING}.alerts;
    update {MONITORING}.alerts set alert_key = before from renamed where renamed.alert_key = alerts.alert_key;
    update {MONITORING}.alert_feedback as said set alert_key = before from renamed where renamed.alert_key = said.alert_key
"""
SHOWN = "alert_key, alert_type, status, window_start, first_seen_at, occurrences"
CLOCK = "2026-03-03"


@pytest.fixture
def newer() -> Iterator[Server]:
    """The embedded server beside the one that the suite runs on."""
    home = Path(tempfile.mkdtemp(prefix="lookout-"))
    home.chmod(0o755)
    embedded = EmbeddedServer(home).start()
    yield Server(embedded)
    embedded.stop()
    shutil.rmtree(home, ignore_errors=True)


def copy_database(source: Connection, target: Connection) -> None:
    """What an administrator does to move a database: dump it and restore it."""

    def call(program: str, connection: Connection, *arguments: str, given: bytes = b"") -> bytes:
        where = connection.parameters
        named = ("--host", str(where["host"]), "--port", str(where["port"]), "--username", str(where["user"]))
        environment = {**os.environ, "PGPASSWORD": str(where.get("password") or "")}
        command = [
            str(Path(sysconfig.get_path("purelib"), PROGRAMS, program)),
            *named,
            "--dbname",
            str(where["dbname"]),
            *arguments,
        ]
        return subprocess.run(command, input=given, capture_output=True, check=True, env=environment).stdout

    dump = call("pg_dump", source, "--format", "custom")
    call("pg_restore", target, "--no-owner", "--no-privileges", given=dump)


def alerts(project: Observed) -> list[tuple[Any, ...]]:
    return project.sql(f"select {SHOWN} from {MONITORING}.alerts order by window_start", at="observed")


@pytest.mark.parametrize("is_older", [False, True], ids=["keys of today", "keys of an older version"])
def test_alerts_stay_the_same_ones(observed: Observed, newer: Server, is_older: bool) -> None:
    observed.sql(HISTORY, at="observed")
    observed.declare({"orders": {"timestamp_column": "at", "metrics": ["row_count"]}}, connection="observed")
    assert observed.sql("show server_version_num", at="observed")[0][0] < "140000"
    observed.run(CLOCK)
    before = alerts(observed)
    assert [row[2] for row in before] == ["resolved", "open"]
    give_feedback(open_workspace(observed.root, as_of=CLOCK), [before[1][0]], "expected", note="a small day")
    if is_older:
        observed.sql(OLDER_KEYS, at="observed")
        assert not {row[0] for row in alerts(observed)} & {row[0] for row in before}
    older, shop = observed.warehouse, observed.shop

    observed.warehouse = newer.create_database("observed")
    copy_database(older, observed.warehouse)
    observed.shop = newer.create_database("shop")
    observed.as_administrator()
    try:
        summary = observed.run(CLOCK)
        assert (summary.problems, len(summary.new_alerts)) == ((), 0)
        # The answer, given before the move, is what closes the second one.
        answered = (*before[1][:2], "resolved", *before[1][3:])
        assert alerts(observed) == [before[0], answered]
        said = observed.sql(f"select alert_key, note from {MONITORING}.alert_feedback", at="observed")
        assert said == [(before[1][0], "a small day")]
    finally:
        observed.warehouse, observed.shop = older, shop
