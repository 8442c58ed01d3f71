"""Runs that are killed and runs that meet: what is stored afterwards is what one undisturbed run stores."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from lookout.errors import SourceError
from tests.conftest import MONITORING, Observed
from tests.waiting import wait_until

CLOCK = "2026-03-03"
TABLES = 12
STATE = {
    "metric_observations": "series_key, bucket_start, value",
    "baselines": "series_key, bucket_start, status, observed_value, expected_value, lower_bound, upper_bound, score, "
    "severity, reason",
    "alerts": "alert_key, alert_type, asset, status, occurrences, first_seen_at, last_seen_at, observed_value",
    "collection_results": "connection, asset, as_of, status",
    "monitors": "series_key, is_active, asset",
}


def prepare(observed: Observed) -> None:
    for number in range(TABLES):
        observed.sql(f"create table t{number} (at timestamptz)")
        observed.sql(
            f"insert into t{number} select day + interval '5 hours' from generate_series(timestamptz '2026-01-01Z', "
            "timestamptz '2026-03-01Z', interval '1 day') as day, generate_series(1, 100)"
        )
    observed.declare({f"t{number}": {"timestamp_column": "at", "metrics": ["row_count"]} for number in range(TABLES)})


def state(observed: Observed) -> dict[str, pd.DataFrame]:
    return {
        table: pd.DataFrame(observed.sql(f"select {columns} from {MONITORING}.{table} order by 1, 2, 3", at="observed"))
        for table, columns in STATE.items()
    }


def same(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> None:
    for table in STATE:
        assert_frame_equal(one[table], other[table], check_exact=True)


@pytest.fixture(scope="module")
def undisturbed(observed_project: Observed) -> dict[str, pd.DataFrame]:
    """What one run in peace stores."""
    observed_project.reset("observed_template")
    prepare(observed_project)
    assert observed_project.run(CLOCK).exit_code == 1
    found = state(observed_project)
    assert len(found["alerts"]) == TABLES
    return found


def start(observed: Observed) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "lookout", "run", "--as-of", CLOCK],
        cwd=observed.root,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ),
    )


def test_a_run_that_is_killed(observed: Observed, undisturbed: dict[str, pd.DataFrame]) -> None:
    prepare(observed)
    process = start(observed)

    def has_begun_to_write() -> bool:
        assert process.poll() is None, process.communicate()
        return bool(observed.sql(f"select 1 from {MONITORING}.metric_observations limit 1", at="observed"))

    wait_until(has_begun_to_write)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert observed.sql(f"select status from {MONITORING}.lookout_runs", at="observed") == [("running",)]

    assert observed.run(CLOCK).exit_code == 1
    assert observed.sql(
        f"select status, message from {MONITORING}.lookout_runs order by batch_number", at="observed"
    ) == [
        ("failed", "ended without a word: killed or disconnected"),
        ("success", ""),
    ]
    same(state(observed), undisturbed)


def test_two_runs_at_once_on_a_warehouse_that_has_nothing_yet(
    observed: Observed, undisturbed: dict[str, pd.DataFrame]
) -> None:
    observed.reset()
    prepare(observed)
    processes = [start(observed), start(observed)]
    said = [process.communicate(timeout=200) for process in processes]
    assert [process.returncode for process in processes] == [1, 1], said
    assert sum(out.count("CRITICAL DATA RELIABILITY ALERT") for out, _ in said) == 10
    assert sum(err.count("CRITICAL ALERT: ") for _, err in said) == TABLES
    assert observed.sql(f"select status from {MONITORING}.lookout_runs", at="observed") == [("success",), ("success",)]
    same(state(observed), undisturbed)


def test_a_warehouse_that_hangs_up_in_the_middle(
    observed: Observed, monkeypatch: pytest.MonkeyPatch, undisturbed: dict[str, pd.DataFrame]
) -> None:
    prepare(observed)
    from lookout.runs import collection

    def cut(*_: object, **__: object) -> None:
        observed.server.run(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'observed' "
            "and application_name = 'lookout store'"
        )
        real(*_, **__)  # type: ignore[arg-type]

    real = collection.write_outcome
    monkeypatch.setattr(collection, "write_outcome", cut)
    with pytest.raises(SourceError, match=r"Could not write to monitoring.metric_observations in observed "):
        observed.run(CLOCK)
    monkeypatch.undo()
    assert observed.run(CLOCK).exit_code == 1
    assert [
        s for (s,) in observed.sql(f"select status from {MONITORING}.lookout_runs order by batch_number", at="observed")
    ] == ["failed", "success"]
    same(state(observed), undisturbed)
