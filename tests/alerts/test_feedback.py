"""What people answer to an alert closes it and changes what is learned; nothing they said is ever lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lookout.alerts.feedback import chosen_verdict, give_feedback
from lookout.baseline.judge import judge
from lookout.errors import ConfigError
from lookout.project.clock import parse_clock
from lookout.project.workspace import Workspace, open_workspace
from lookout.render.progress import Narrator
from lookout.runs.learning import learn as learning
from lookout.runs.learning.exclusions import judge_with_exclusions, restarts_of, windows_of
from lookout.runs.recording import new_run_id, recorded_run
from lookout.runs.run import run_collect, run_learn
from tests.conftest import MONITORING, Observed, Said

NO_SERIES = pd.DataFrame(columns=["series_key", "connection", "asset"])
DAYS = pd.date_range("2026-01-01", periods=120, tz="UTC")


def answer(verdict: str, key: str | None = "a", since: int = 60, until: int = 62, note: str = "") -> dict[str, Any]:
    return {"series_key": key, "verdict": verdict, "window_start": DAYS[since], "window_end": DAYS[until], "note": note}


def test_one_verdict_is_required() -> None:
    assert chosen_verdict(expected=False, new_normal=True, fixed=False) == "new_normal"
    for given in ((False, False, False), (True, True, False)):
        with pytest.raises(ConfigError, match="one of --expected"):
            chosen_verdict(expected=given[0], new_normal=given[1], fixed=given[2])


def test_answers_become_stretches_and_restarts() -> None:
    feedback = pd.DataFrame(
        [
            answer("expected", note="sale"),
            answer("fixed", "b"),
            answer("new_normal", "c"),
            answer("reopened", "d"),
            answer("expected", None),
            answer("new_normal", "c"),
        ]
    )
    windows = windows_of((), NO_SERIES, feedback)
    assert windows.to_numpy().tolist() == [
        ["a", DAYS[60], DAYS[62], "expected: sale"],
        ["b", DAYS[60], DAYS[62], "a fault, confirmed"],
    ]
    assert restarts_of(feedback).to_numpy().tolist() == [["c", DAYS[60]]]


@pytest.mark.parametrize("since", [None, 90, 60, 40])
def test_after_a_restart_only_what_follows_counts(since: int | None) -> None:
    rng = np.random.default_rng(5)
    values = {"a": rng.poisson(1000, 120) * np.where(np.arange(120) < 60, 1.0, 3.0), "b": rng.poisson(500, 120) * 1.0}
    points = pd.concat([pd.DataFrame({"series_key": k, "bucket_start": DAYS, "value": v}) for k, v in values.items()])
    series = pd.DataFrame({"kind": "count", "grain": "day", "last_bucket": DAYS[-1]}, index=["a", "b"])
    restarts = restarts_of(pd.DataFrame([answer("new_normal")]))
    windows = windows_of((), NO_SERIES, pd.DataFrame([answer("expected", "z")]))
    judge_from = pd.Series(
        [DAYS[since] if since is not None else pd.NaT] * 2, index=["a", "b"], dtype="datetime64[ns, UTC]"
    )
    said = judge_with_exclusions(judge, series, points, restarts, windows, judge_from=judge_from, horizon=3)

    def alone(key: str, first: int, last: int) -> pd.DataFrame:
        mine = points[(points["series_key"] == key) & points["bucket_start"].between(DAYS[first], DAYS[last])]
        return judge(series.loc[[key]].assign(last_bucket=DAYS[last]), mine, horizon=3 if last == 119 else 0)

    expected = pd.concat([alone("a", 0, 59), alone("a", 60, 119), alone("b", 0, 119)])
    if since is not None:
        expected = expected[expected["bucket_start"] >= DAYS[since]]
    order = ["series_key", "bucket_start"]
    pd.testing.assert_frame_equal(
        said.drop(columns="holiday").sort_values(order, ignore_index=True),
        expected.sort_values(order, ignore_index=True),
        check_dtype=False,
    )
    if since is None:
        mine = said[said["series_key"] == "a"].set_index("bucket_start")
        assert mine.loc[DAYS[60] : DAYS[73], "status"].eq("learning").all()
        assert mine.loc[DAYS[80] :, "expected_value"].between(2800, 3200).all()


FILL = """
insert into orders
select day + interval '6 hours'
from generate_series(timestamptz '{since}Z', timestamptz '{until}Z', interval '1 day') as day,
    generate_series(1, (100 + (extract(doy from day)::int * 7) % 11) * {times})
"""


@pytest.fixture
def shop(observed: Observed) -> Observed:
    observed.sql("create table orders (at timestamptz)")
    observed.sql(FILL.format(since="2026-01-01", until="2026-02-28", times=1))
    observed.sql(FILL.format(since="2026-03-01", until="2026-03-01", times=5))
    observed.declare({"orders": {"timestamp_column": "at", "metrics": ["row_count"]}})
    return observed


def rows(shop: Observed, statement: str) -> list[tuple[Any, ...]]:
    return shop.sql(statement.replace("monitoring.", f"{MONITORING}."), at="observed")


def status_on(shop: Observed, day: str) -> tuple[Any, ...]:
    (row,) = rows(shop, f"select status, severity, reason from monitoring.baselines where bucket_start = '{day}Z'")
    return row


def learn_only(workspace: Workspace) -> None:
    with recorded_run(workspace, "learn", new_run_id()) as run:
        learning.learn(run)


def test_an_answer_is_heard_kept_and_can_be_taken_back(shop: Observed, lookout: Callable[..., Said]) -> None:
    assert shop.run("2026-03-02").exit_code == 1
    ((key,),) = rows(shop, "select alert_key from monitoring.alerts where status = 'open'")
    other = json.dumps({"alert_key": f"{key[:9]}x"})
    rows(
        shop,
        f"insert into monitoring.alerts select (jsonb_populate_record(a, '{other}')).* from monitoring.alerts as a",
    )

    def say(*arguments: str) -> Said:
        return lookout("alerts", *arguments, cwd=shop.root)

    what = "status, score, lower_bound, upper_bound, reason"
    first_of_march = f"select {what} from monitoring.baselines where bucket_start = '2026-03-01Z'"
    judged = rows(shop, first_of_march)
    workspace = open_workspace(shop.root, as_of="2026-03-02T09:00")
    for prefix, verdict, until, sentence in (
        ("", "fixed", None, "No alert has a key that begins with ''"),
        (key[:9], "fixed", None, "is the beginning of several alert keys"),
        (key, "new_normal", "2026-03-05", "a new normal has no end"),
        (key, "expected", "2026-02-05", "before the alert began on 2026-03-01"),
        (key, "expected", "tomorrow", "'tomorrow' is not a date"),
        (key, "reopened", None, "there is nothing to take back"),
    ):
        with pytest.raises(ConfigError, match=sentence):
            give_feedback(workspace, [prefix], verdict, until=until)
    rows(shop, f"delete from monitoring.alerts where alert_key = '{key[:9]}x'")
    assert rows(shop, "select * from monitoring.alert_feedback") == []
    assert key[:8] in say("list").out

    told = say("resolve", key[:8], "--expected", "--note", "the  spring\nsale", "--as-of", "2026-03-02T09:00")
    assert (told.code, told.out.splitlines()[0]) == (
        0,
        f"{key[:8]} (shop public.orders: row_count was 510, expected about 105): expected",
    ), told
    again = say("resolve", key[:8], "--expected")
    assert (again.code, again.out, again.err.count("\n")) == (2, "", 1)
    assert "has been answered so already (expected, by " in again.err

    rows(
        shop,
        "insert into monitoring.dbt_results (invocation_id, node_id, name, resource_type, status, connection, asset, "
        "test_name, message, executed_at) "
        "values ('i', 'test.x', 'unique_id', 'test', 'fail', 'observed', 'public.x', 'unique', 'Got 3', '2026-03-02Z')",
    )
    summary = run_learn(workspace, Narrator(quiet=True), run_id=new_run_id())
    assert list(summary.open_alerts["alert_type"]) == ["TEST_FAILURE"]
    assert status_on(shop, "2026-03-01") == ("excluded", "", "expected: the spring sale")
    assert rows(shop, f"select status, resolved_at::text from monitoring.alerts where alert_key = '{key}'") == [
        ("resolved", "2026-03-02 09:00:00+00")
    ]
    assert "at 2026-03-02 09:00 UTC: the spring sale" in say("show", key[:8]).out

    # A failing test can be called mended, but not a new normal; a later look that finds it failing opens it again.
    (test_alert,) = summary.open_alerts["alert_key"]
    with pytest.raises(ConfigError, match="no normal to renew"):
        give_feedback(workspace, [test_alert], "new_normal")
    give_feedback(workspace, [test_alert], "fixed")
    for clock, is_open in (("2026-03-02T09:00", False), ("2026-03-02T09:01", True)):
        workspace.home.project.as_of = parse_clock(clock)
        assert workspace.home.project.build(["run", "--select", "alert_candidates"]).success
        assert rows(shop, "select is_open from monitoring.alert_candidates") == [(is_open,)]

    give_feedback(workspace, [key], "reopened", note="it was a double load")
    # Three times as many from the day after the next on.
    shop.sql(FILL.format(since="2026-03-02", until="2026-03-02", times=1))
    shop.sql(FILL.format(since="2026-03-03", until="2026-03-24", times=3))
    summary = shop.run("2026-03-04")
    assert rows(shop, first_of_march) == judged, "the answer was taken back"
    verdicts = "select verdict from monitoring.alert_feedback order by feedback_number"
    assert [verdict for (verdict,) in rows(shop, verdicts)] == ["expected", "fixed", "reopened"]

    earlier = "select * from monitoring.baselines where bucket_start < '2026-03-03Z' order by bucket_start"
    before = rows(shop, earlier)
    (shifted,) = summary.open_alerts["alert_key"]
    give_feedback(workspace, [shifted], "new_normal")
    workspace.as_of = parse_clock("2026-03-04")
    learn_only(workspace)
    assert status_on(shop, "2026-03-03")[0] == "learning"
    assert rows(shop, earlier) == before, "a restart changed what lies before it"

    workspace = open_workspace(shop.root, as_of="2026-03-25")
    run_collect(workspace, Narrator(quiet=True), run_id=new_run_id())
    learn_only(workspace)
    assert rows(shop, "select 1 from monitoring.baselines where bucket_start > '2026-03-03Z' and severity <> ''") == []
    assert status_on(shop, "2026-03-16")[0] == "learning"
    ((status, expected),) = rows(
        shop, "select status, expected_value from monitoring.baselines where bucket_start = '2026-03-23Z'"
    )
    assert status == "judged"
    assert 290 < expected < 340
