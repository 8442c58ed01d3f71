"""One table says what dbt's statuses mean, and everything that reads a result of dbt reads it there."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from dbt.artifacts.schemas.results import NodeStatus

from lookout.ci.outcomes import read_results, slower
from lookout.project.artifacts.outcomes import (
    ERROR,
    FAILED,
    OUTCOMES,
    REMOVED,
    has_results,
    is_rebuilding,
    message_of,
    missing_batches,
    outcome_of,
)
from lookout.project.artifacts.rows import result_rows
from lookout.tracking.dbt.invocations import DbtInvocations
from lookout.tracking.executions.events import End
from tests.conftest import ROOT

RUN_RESULTS = "https://schemas.getdbt.com/dbt/run-results/v6.json"
MANIFEST: dict[str, Any] = {
    "metadata": {"project_name": "shop"},
    "nodes": {
        "model.shop.orders": {
            "unique_id": "model.shop.orders", "resource_type": "model", "name": "orders", "schema": "marts",
            "alias": "orders", "package_name": "shop", "original_file_path": "models/orders.sql",
        }
    },
}  # fmt: skip


def batch(day: int) -> list[str]:
    return [f"2026-03-{day:02}T00:00:00+00:00", f"2026-03-{day + 1:02}T00:00:00+00:00"]


def batches(failed: range, built: range) -> dict[str, Any]:
    return {"failed": [batch(day) for day in failed], "successful": [batch(day) for day in built]}


def results(*entries: dict[str, Any], which: str = "build", at: int = 0, **args: Any) -> dict[str, Any]:
    """The content of a run_results.json, ``at`` minutes after ten."""
    timing = [
        {"name": "execute", "started_at": f"2026-03-30T10:{at:02}:00Z", "completed_at": f"2026-03-30T10:{at:02}:05Z"}
    ]
    return {
        "metadata": {
            "dbt_schema_version": RUN_RESULTS,
            "invocation_id": f"invocation {at}",
            "invocation_started_at": f"2026-03-30T10:{at:02}:00Z",
            "generated_at": f"2026-03-30T10:{at:02}:06Z",
        },
        "args": {"which": which, **args},
        "results": [{"unique_id": "model.shop.orders", "timing": timing, **entry} for entry in entries],
    }


def ends(content: dict[str, Any], reader: DbtInvocations | None = None) -> dict[str, End]:
    """The ends of the project and of its model, by name."""
    found = (reader or DbtInvocations(MANIFEST)).of_results(content)
    return {event.start.pipeline: event for event in found if isinstance(event, End) and event.start}


def test_every_status_that_dbt_knows_is_in_the_table() -> None:
    assert {str(status) for status in NodeStatus} - set(OUTCOMES) == set()
    assert outcome_of("reused") == "none"
    assert outcome_of("something new") == ERROR
    assert [outcome_of("success", node) for node in ("model.shop.x", "test.shop.x", "source.shop.x.y")] == [
        "passed",
        "none",
        "none",
    ]


@pytest.mark.parametrize("status", [*sorted(set(OUTCOMES) - {REMOVED}), "something new"])
def test_every_reader_agrees_on_a_status(status: str) -> None:
    content = results({"status": status, "message": "because"})
    is_failure = outcome_of(status) in (FAILED, ERROR)
    (row,) = result_rows(content, MANIFEST, connection="dev").to_dict("records")
    (outcome,) = read_results(content, MANIFEST, ["model.shop.orders"])
    tracked = ends(content)
    assert (row["outcome"] in (FAILED, ERROR), outcome.status == "failed") == (is_failure, is_failure)
    assert tracked["dbt:shop"].completed_successfully is not is_failure
    if outcome_of(status) == "none":
        assert "model.shop.orders" not in tracked
    else:
        assert tracked["model.shop.orders"].completed_successfully is not is_failure
    page = (ROOT / "python_checks/lookout/report/templates/page/pipelines.js.j2").read_text()
    red = set(re.findall(r'"([^"]+)"', re.findall(r"FAILED = new Set\(\[(.*?)\]\)", page)[0]))
    assert (status in red) == (is_failure and status in OUTCOMES)


@pytest.mark.parametrize(
    ("which", "args", "counts"),
    [
        *((which, {}, True) for which in ("build", "run", "test", "seed", "snapshot", "retry", "freshness")),
        *((which, {}, False) for which in ("generate", "compile", "parse", "list", "show", "clone", "run-operation")),
        ("build", {"empty": False, "sample": None}, True),
        ("build", {"empty": True}, False),
        ("test", {"sample": {"start": "2026-01-01", "end": "2026-01-02"}}, False),
    ],
)
def test_only_what_built_or_tested_all_rows_has_results(which: str, args: dict[str, Any], counts: bool) -> None:
    content = results({"status": "success", "execution_time": 1}, which=which, **args)
    assert has_results(content) is counts
    assert bool(ends(content)) is counts
    now = results({"status": "success", "execution_time": 9})
    compared = slower(read_results(now, MANIFEST, ["model.shop.orders"]), content)
    assert bool(compared) is counts


def test_a_base_that_failed_is_not_what_a_build_is_slower_than() -> None:
    before = results({"status": "error", "execution_time": 0.1})
    now = read_results(results({"status": "success", "execution_time": 9}), MANIFEST, ["model.shop.orders"])
    assert slower(now, before) == ()


def test_a_failed_batch_is_missing_until_it_is_built() -> None:
    """A plain build takes the newest batches only: dbt calls it a success, and the day before is still not there."""
    reader = DbtInvocations(MANIFEST)
    first = {
        "status": "partial success",
        "message": "PARTIAL SUCCESS (9/10)",
        "batch_results": batches(range(4, 5), range(5, 14)),
    }
    partly = ends(results(first), reader)
    assert not partly["dbt:shop"].completed_successfully
    assert partly["model.shop.orders"].error == "1 of 10 batches failed: 2026-03-04"

    later = ends(results({"status": "success", "batch_results": batches(range(0), range(13, 15))}, at=1), reader)
    model = later["model.shop.orders"]
    assert (model.completed_successfully, model.status) == (False, "partial success")
    assert model.error == "1 batch is still missing: 2026-03-04"
    assert model.execution_metadata == {"missing_batches": ["2026-03-04T00"]}
    # The next run of Lookout reads what is missing from the store.
    reader = DbtInvocations(MANIFEST, missing={"model.shop.orders": ["2026-03-04T00"]})
    built = {"status": "success", "batch_results": batches(range(0), range(4, 5))}
    assert ends(results(built, at=2), reader)["model.shop.orders"].completed_successfully
    assert ends(results({**built, "batch_results": batches(range(0), range(14, 15))}, at=3), reader)[
        "model.shop.orders"
    ].completed_successfully


@pytest.mark.parametrize(
    ("entry", "args", "left"),
    [
        ({"status": "success", "batch_results": batches(range(0), range(8, 9))}, {}, ["2026-03-04T00"]),
        ({"status": "success", "batch_results": batches(range(0), range(8, 9))}, {"full_refresh": True}, []),
        (
            {"status": "success", "batch_results": batches(range(0), range(8, 9))},
            {"full_refresh": True, "event_time_start": "2026-03-08"},
            ["2026-03-04T00"],
        ),
        ({"status": "success", "batch_results": batches(range(0), range(0))}, {}, ["2026-03-04T00"]),
        ({"status": "skipped"}, {"full_refresh": True}, ["2026-03-04T00"]),
        # Not a microbatch model any more.
        ({"status": "success"}, {}, []),
        ({"status": "error"}, {}, ["2026-03-04T00"]),
        ({"status": "error", "batch_results": batches(range(5, 6), range(0))}, {}, ["2026-03-04T00", "2026-03-05T00"]),
    ],
)
def test_which_batches_are_left(entry: dict[str, Any], args: dict[str, Any], left: list[str]) -> None:
    content = results(entry, **args)
    is_rebuilt = is_rebuilding(content)
    assert missing_batches(["2026-03-04T00"], entry, is_rebuilt=is_rebuilt) == left


def test_messages_of_batches() -> None:
    entry = {"status": "partial success", "message": "PARTIAL SUCCESS (35/36)"}
    assert message_of(entry) == "1 of 36 batches failed"
    assert message_of({**entry, "batch_results": batches(range(1, 7), range(7, 9))}) == (
        "6 of 8 batches failed: 2026-03-01, 2026-03-02, 2026-03-03 and 3 more"
    )
    assert message_of({"status": "error", "message": "division by zero"}) == "division by zero"


def test_a_hook_that_fails_fails_its_command() -> None:
    hook = {"unique_id": "operation.shop.shop-on-run-end-0", "status": "error", "message": "division by zero"}
    found = ends(results({"status": "success"}, hook))
    assert found["dbt:shop"].error == "shop-on-run-end-0: division by zero"
    assert not found["dbt:shop"].completed_successfully
    assert set(found) == {"dbt:shop", "model.shop.orders"}
    assert found["model.shop.orders"].completed_successfully


def test_a_command_that_was_interrupted_did_not_succeed() -> None:
    content = {**results({"status": "success"}), "succeeded": False}
    assert ends(content)["dbt:shop"].error == "dbt was interrupted, or failed outside its nodes"


def test_a_build_repeated_at_one_clock_begins_after_the_one_before() -> None:
    """Also one that took longer; it takes as long as it did, but ends by the clock."""
    clock = datetime(2026, 3, 1, tzinfo=timezone.utc)
    shift = clock - datetime(2026, 3, 30, 10, 0, 6, tzinfo=timezone.utc)
    for last in (None, clock - timedelta(seconds=5.5), clock - timedelta(seconds=2)):
        after = {} if last is None else {"model.shop.orders": last, "dbt:shop": last}
        reader = DbtInvocations(MANIFEST, shift=shift, after=after, until=clock)
        found = ends(results({"status": "success"}), reader)["model.shop.orders"]
        assert found.start is not None
        begun = clock - timedelta(seconds=6) if last is None else last + timedelta(milliseconds=1)
        assert found.start.start_date == begun
        assert found.end_date == min(begun + timedelta(seconds=5), clock)
