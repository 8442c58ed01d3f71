"""Learning in several processes: the same rows as in one, and an error of one of them is the run's."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone

import numpy as np
import pandas as pd
import pytest

from lookout.database.store import Store
from lookout.errors import SourceError
from lookout.runs.learning import partitions
from lookout.runs.learning.partitions import Part, Task, learn_parts, parts_of
from lookout.runs.learning.stored import read_exclusions
from tests.conftest import MONITORING, Observed

NOW = datetime(2026, 3, 10, tzinfo=timezone.utc)
SERIES, DAYS = 12, 60


@pytest.fixture(scope="module")
def store(observed_project: Observed) -> Iterator[Store]:
    """Daily and hourly series, observed but not learned."""
    observed_project.reset("observed_template")
    with Store(observed_project.warehouse, MONITORING) as store:
        for table in ("monitors", "metric_observations", "baselines"):
            store.execute(f"truncate {{schema}}.{table}")
        rng = np.random.default_rng(5)
        frames = []
        for grain, frequency in (("day", "D"), ("hour", "h")):
            starts = pd.date_range(end=NOW, periods=DAYS + 1, freq=frequency, tz="UTC", inclusive="left")
            for number in range(SERIES):
                values = rng.poisson(400.0, DAYS).astype(float)
                values[-1] *= 0.2 if number == 3 else 1.0
                frame = pd.DataFrame({"bucket_start": starts, "value": values})
                frames.append(frame.assign(series_key=f"{grain}{number}", asset=f"public.t{number}", grain=grain))
        common = {"connection": "shop", "column_name": "", "metric": "row_count", "kind": "count"}
        rows = pd.concat(frames).assign(observed_at=NOW, batch_number=1, **common)
        store.upsert("metric_observations", rows)
        store.upsert(
            "monitors",
            rows[["series_key", "asset", "grain", *common]]
            .drop_duplicates()
            .assign(is_active=True, alert_from="critical", batch_number=1),
        )
        yield store


@pytest.fixture
def parts(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[Part]:
    monkeypatch.setattr(partitions, "_CELLS", 6_000)
    monkeypatch.setattr(partitions, "_ROWS_WORTH_A_PROCESS", 1)
    changed = store.query("select *, null::timestamptz as judge_from from {schema}.monitors order by series_key")
    found = list(parts_of(changed, NOW))
    assert len(found) >= 6
    assert sorted(key for part in found for key in part.series.index) == sorted(changed["series_key"])
    return found


def task(store: Store) -> Task:
    return Task(store.connection, MONITORING, None, NOW, False, *read_exclusions(store, ()))


def learned(store: Store, parts: list[Part], processes: int) -> pd.DataFrame:
    store.execute("truncate {schema}.baselines")
    done: list[str] = []
    rows = learn_parts(store, task(store), parts, processes, done.append)
    assert sorted(done) == sorted(part.series["grain"].iloc[0] for part in parts)
    found = store.query("select * from {schema}.baselines order by series_key, bucket_start")
    assert len(found) == rows
    return found


def test_any_number_of_processes_writes_the_same(store: Store, parts: list[Part]) -> None:
    alone = learned(store, parts, 1)
    assert set(alone["status"]) == {"learning", "judged", "forecast"}
    assert "day3" in set(alone.loc[alone["severity"] == "critical", "series_key"])
    for processes in (2, 4):
        pd.testing.assert_frame_equal(learned(store, parts, processes), alone, check_exact=True)


def test_a_database_that_a_process_cannot_reach_is_a_sentence(store: Store, parts: list[Part]) -> None:
    nowhere = replace(store.connection, parameters={**store.connection.parameters, "dbname": "nowhere"})
    with pytest.raises(SourceError, match="nowhere"):
        learn_parts(store, replace(task(store), connection=nowhere), parts, 2)


def test_a_lease_that_is_lost_ends_the_learning(store: Store, parts: list[Part]) -> None:
    with pytest.raises(SourceError, match="has lost its lease on"):
        learn_parts(store, replace(task(store), run_id="another"), parts, 2)


def test_a_process_that_is_killed_is_a_sentence(
    store: Store, parts: list[Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    start = partitions._Worker.learn

    def killed(worker: partitions._Worker, part: Part) -> int:
        worker._process.send_signal(signal.SIGKILL)
        return start(worker, part)

    monkeypatch.setattr(partitions._Worker, "learn", killed)
    with pytest.raises(SourceError, match=r"has ended without a word.*`limits: processes`"):
        learn_parts(store, task(store), parts, 2)
