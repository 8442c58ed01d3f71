"""Commands in dbt's log read like their artifacts, which the next command has overwritten."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from lookout.project.artifacts.outcomes import has_results, message_of
from lookout.tracking.dbt.log import read_log
from lookout.tracking.dbt.logged import LoggedInvocation

WRITTEN = datetime(2026, 3, 1, 10, 10, tzinfo=timezone.utc)
KEY = "{0}1111111-1111-1111-1111-111111111111"
TESTED = """\
10:00:00.1 [debug] [MainThread]: running dbt with arguments {{'empty': 'None', 'invocation_command': 'dbt test -s orders'}}
10:00:01.0 [debug] [Thread-1 (]: Began running node test.shop.unique_orders_id.1f
10:00:01.1 [error] [Thread-1 (]: 1 of 4 FAIL 3 unique_orders_id ......... [\x1b[31mFAIL 3\x1b[0m in 0.08s]
10:00:01.2 [debug] [Thread-1 (]: Finished running node test.shop.unique_orders_id.1f
10:00:01.2 [debug] [Thread-1 (]: Began running node test.shop.late.2f
10:00:01.3 [warn ] [Thread-1 (]: 2 of 4 WARN 1 late ..................... [\x1b[33mWARN 1\x1b[0m in 0.04s]
10:00:01.3 [debug] [Thread-1 (]: Finished running node test.shop.late.2f
10:00:01.4 [debug] [Thread-1 (]: Began running node unit_test.shop.orders.adds_up
10:00:01.5 [error] [Thread-1 (]: 3 of 4 FAIL 1 orders::adds_up .......... [\x1b[31mFAIL 1\x1b[0m in 0.04s]
10:00:01.5 [debug] [Thread-1 (]: Finished running node unit_test.shop.orders.adds_up
10:00:01.5 [debug] [Thread-1 (]: Began running node test.shop.fine.3f
10:00:01.6 [info ] [Thread-1 (]: 4 of 4 PASS fine ....................... [\x1b[32mPASS\x1b[0m in 0.04s]
10:00:01.6 [debug] [Thread-1 (]: Finished running node test.shop.fine.3f
10:00:01.8 [error] [MainThread]: \x1b[31mFailure in test unique_orders_id (models/m.yml)\x1b[0m
10:00:01.8 [error] [MainThread]:   Got 3 results, configured to fail if != 0
10:00:01.8 [info ] [MainThread]:
10:00:01.8 [warn ] [MainThread]: \x1b[33mWarning in test late (models/m.yml)\x1b[0m
10:00:01.8 [warn ] [MainThread]: Got 1 result, configured to warn if != 0
10:00:01.8 [error] [MainThread]: \x1b[31mFailure in unit_test adds_up (models/m.yml)\x1b[0m
10:00:01.8 [error] [MainThread]:

actual differs from expected:
  5, 6

10:00:01.9 [debug] [MainThread]: Command `dbt test` failed at 10:00:01.9 after 1.00 seconds
"""
BATCHED = """\
10:01:00.1 [debug] [MainThread]: running dbt with arguments {{'invocation_command': 'dbt run --full-refresh {flag}'}}
10:01:01.0 [debug] [Thread-1 (]: Began running node model.shop.days
10:01:01.0 [info ] [Thread-1 (]: 1 of 1 START sql microbatch model marts.days ......... [RUN]
10:01:01.1 [debug] [Thread-1 (]: Began running node model.shop.days
10:01:01.1 [info ] [Thread-1 (]: Batch 1 of 2 START batch 2026-02-24 of marts.days .... [RUN]
10:01:01.2 [error] [Thread-1 (]: Batch 1 of 2 ERROR creating batch 2026-02-24 of marts.days [\x1b[31mERROR\x1b[0m in 0.02s]
10:01:01.2 [debug] [Thread-1 (]: Finished running node model.shop.days
10:01:01.2 [debug] [Thread-2 (]: Began running node model.shop.days
10:01:01.3 [info ] [Thread-2 (]: Batch 2 of 2 OK created batch 2026-02-25 of marts.days [\x1b[32mMERGE 1\x1b[0m in 0.20s]
10:01:01.3 [debug] [Thread-2 (]: Finished running node model.shop.days
10:01:01.4 [info ] [Thread-1 (]: 1 of 1 PARTIALLY created sql microbatch model marts.days [\x1b[33mPARTIAL SUCCESS (1/2)\x1b[0m in 0.4s]
10:01:01.5 [debug] [Thread-1 (]: Finished running node model.shop.days
10:01:01.9 [debug] [MainThread]: Command `dbt run` failed at 10:01:01.9 after 1.00 seconds
"""
RETRIED = """\
10:03:00.1 [debug] [MainThread]: running dbt with arguments {{'invocation_command': 'dbt retry'}}
10:03:01.0 [debug] [Thread-1 (]: Began running node model.shop.days
10:03:01.3 [info ] [Thread-1 (]: 1 of 1 OK created sql microbatch model marts.days [\x1b[32mSUCCESS\x1b[0m in 0.4s]
10:03:01.5 [debug] [Thread-1 (]: Finished running node model.shop.days
10:03:01.9 [debug] [MainThread]: Command `dbt retry` succeeded at 10:03:01.9 after 1.00 seconds
"""
LISTED = """\
10:02:00.1 [debug] [MainThread]: running dbt with arguments {{'invocation_command': 'dbt list'}}
10:02:01.9 [debug] [MainThread]: Command `dbt list` succeeded at 10:02:01.9 after 1.00 seconds
"""


def section(number: int, text: str, **parts: str) -> str:
    lines = text.format(**parts).splitlines(keepends=True)
    return f"\n\n{'=' * 30} {lines[0][:10]} | {KEY.format(number)} {'=' * 30}\n" + "".join(lines)


def read(*sections: str, **settings: Any) -> list[LoggedInvocation]:
    return read_log("".join(sections), written_at=WRITTEN, **settings)


def test_tests_have_their_count_and_sentence() -> None:
    (found,) = read(section(1, TESTED))
    rows = {row["unique_id"].split(".")[2]: row for row in found.as_results()["results"]}
    assert {name: (row["status"], row["failures"], row["message"]) for name, row in rows.items()} == {
        "unique_orders_id": ("fail", 3, "Got 3 results, configured to fail if != 0"),
        "late": ("warn", 1, "Got 1 result, configured to warn if != 0"),
        "orders": ("fail", 1, "actual differs from expected: 5, 6"),
        "fine": ("pass", None, ""),
    }
    assert rows["fine"]["timing"][0]["completed_at"] == "2026-03-01T10:00:01.600000+00:00"
    assert found.as_results()["args"] == {"which": "test"}


def test_batches_are_no_nodes_and_make_the_result_of_their_model() -> None:
    (found,) = read(section(1, BATCHED, flag=""))
    assert found.as_results()["args"] == {"which": "run", "full_refresh": True}
    (row,) = found.as_results()["results"]
    assert (row["status"], message_of(row)) == ("partial success", "1 of 2 batches failed: 2026-02-24")
    assert row["timing"] == [
        {"started_at": "2026-03-01T10:01:01+00:00", "completed_at": "2026-03-01T10:01:01.500000+00:00"}
    ]


def test_a_retry_is_what_it_repeats() -> None:
    """Its log does not say what it repeats: that is the last command before it which wrote results."""
    empty = section(1, BATCHED, flag="--empty"), section(2, LISTED), section(3, RETRIED), section(4, RETRIED)
    commands = [(one.command, has_results(one.as_results())) for one in read(*empty)]
    assert commands == [("run", False), ("list", False), ("run", False), ("run", False)]
    # Also when the others are known already.
    known = [KEY.format(number) for number in (1, 2, 3)]
    assert [(one.command, dict(one.args)) for one in read(*empty, skip=known)] == [
        ("run", {"empty": True, "full_refresh": True})
    ]
    full = read(section(1, BATCHED, flag=""), section(3, RETRIED))
    assert [has_results(one.as_results()) for one in full] == [True, True]
    (alone,) = read(section(3, RETRIED))
    assert (alone.command, has_results(alone.as_results())) == ("retry", True)


def test_flags_that_came_from_elsewhere_than_the_command_line() -> None:
    text = TESTED.replace("'empty': 'None'", "'empty': 'True'")
    assert [has_results(one.as_results()) for one in read(section(1, text))] == [False]


def test_the_json_form() -> None:
    def entry(name: str, at: str, msg: str = "", **data: Any) -> str:
        info = {"name": name, "invocation_id": KEY.format(1), "ts": f"2026-03-01T{at}Z", "msg": msg}
        return json.dumps({"info": info, "data": data})

    node = {"unique_id": "model.shop.days", "node_started_at": "2026-03-01T10:00:01.0"}
    test = {"unique_id": "test.shop.late.2f", "node_started_at": "2026-03-01T10:00:05.0"}
    batch = "Batch 1 of 2 {} batch 2026-02-2{} of marts.days ... [x]"
    ran = {"status": "error", "message": "PARTIAL SUCCESS (1/2)"}
    lines = [
        entry(
            "MainReportArgs", "10:00:00.1", "running dbt with arguments {'invocation_command': 'dbt build --sample 1'}"
        ),
        entry("NodeStart", "10:00:01.0", node_info=node),
        entry("LogBatchResult", "10:00:02.0", batch.format("ERROR creating", 4), node_info=node),
        entry("LogBatchResult", "10:00:03.0", batch.format("OK created", 5), node_info=node),
        entry("NodeFinished", "10:00:04.0", node_info={**node, "node_status": "partial success"}, run_result=ran),
        entry("NodeStart", "10:00:05.0", node_info=test),
        entry(
            "NodeFinished",
            "10:00:06.0",
            node_info={**test, "node_status": "warn"},
            run_result={"message": "Got 2 results", "num_failures": 2},
        ),
        entry("CommandCompleted", "10:00:07.0", command="dbt build", success=False),
    ]
    (found,) = read("\n".join(lines))
    model, warned = found.as_results()["results"]
    assert message_of(model) == "1 of 2 batches failed: 2026-02-24"
    assert (warned["status"], warned["failures"], warned["message"]) == ("warn", 2, "Got 2 results")
    assert not has_results(found.as_results())
