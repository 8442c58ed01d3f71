"""The whole line, on somebody else's project: rows in, alerts out."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lookout.database.limits import TimeLimit
from lookout.errors import DeliveryError
from lookout.render.progress import Narrator
from lookout.runs import steps
from lookout.runs.recording import Run
from tests.conftest import MONITORING, Observed

DAILY = "insert into orders select day + interval '6 hours' * (n % 4), 10.0 from generate_series(timestamptz '2026-01-01Z', timestamptz '2026-03-01Z', interval '1 day') as day, generate_series(1, 200 + (extract(doy from day)::int * 7) % 11) as n"


def alerts(observed: Observed, columns: str = "alert_type, metric, status") -> list[tuple[object, ...]]:
    return observed.sql(
        f"select {columns} from {MONITORING}.alerts order by window_start, alert_type, metric", at="observed"
    )


def test_a_day_without_rows_is_an_alert_until_rows_come(observed: Observed) -> None:
    observed.sql("create table orders (at timestamptz, amount numeric)")
    observed.sql(DAILY)
    observed.declare({"orders": {"timestamp_column": "at", "metrics": ["row_count"], "owner": "sales"}})
    assert observed.run("2026-03-02").exit_code == 0
    assert alerts(observed) == []

    summary = observed.run("2026-03-03")
    assert summary.exit_code == 1
    assert alerts(
        observed, "alert_type, asset, observed_value, owner, status, occurrences, window_start::date::text"
    ) == [("VOLUME_ANOMALY", "public.orders", 0.0, "sales", "open", 1, "2026-03-02")]

    again = observed.run("2026-03-03")
    assert len(again.new_alerts) == 0
    assert alerts(observed, "occurrences") == [(1,)]
    observed.run("2026-03-03 08:00")
    assert alerts(observed, "occurrences, status") == [(2, "open")]

    observed.sql("insert into orders select timestamptz '2026-03-03 05:00Z', 1 from generate_series(1, 204)")
    assert observed.run("2026-03-04").exit_code == 0
    assert alerts(observed, "status, resolved_at::date::text") == [("resolved", "2026-03-04")]


def test_a_report_that_cannot_be_written_is_one_problem_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise DeliveryError("The report x cannot be written: No space left on device.")

    monkeypatch.setattr(steps, "write_reports", full)
    home = SimpleNamespace(project=None, time_limit=TimeLimit(), reports=tmp_path)
    run = SimpleNamespace(command="publish", workspace=SimpleNamespace(home=home), store=None, as_of=None, problems=[])
    publishing = steps.Steps(cast(Run, run), Narrator(quiet=True))
    assert [publishing.publish(None), publishing.publish(None)] == [(), ()]
    assert run.problems == ["The report x cannot be written: No space left on device."]
