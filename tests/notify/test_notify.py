"""The alert reaches the right person once: real HTTP, real processes, services that fail in every way."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lookout.alerts.mutes import acknowledge, list_mutes, mute, unmute
from lookout.database.store import Store
from lookout.errors import ConfigError, DeliveryError, SourceError
from lookout.notify.model import NotifyOutcome
from lookout.notify.notifying import notify, notify_alerts, preview, preview_text, send_test
from lookout.notify.settings.load import load_settings
from lookout.notify.settings.model import Settings
from lookout.notify.transport import sending as transport
from lookout.notify.transport import webhook
from lookout.project.workspace import Workspace
from tests.conftest import MONITORING, Observed
from tests.faults.service import TOKEN, Sink
from tests.waiting import Clock, wait_until

NOW = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)  # a Tuesday
DELIVERED = f"select alert_key, target, step, stage, status, severity, alert_status from {MONITORING}.alert_deliveries order by 1, 2, 3"


@pytest.fixture
def sink() -> Iterator[Sink]:
    running = Sink()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "PAUSES", (0.0, 0.0))


@pytest.fixture
def store(observed: Observed) -> Iterator[Store]:
    with Store(observed.warehouse, MONITORING) as opened:
        yield opened


Raise = Callable[..., None]


@pytest.fixture
def alert(observed: Observed) -> Raise:
    """``alert("a1", severity="warning")``: an alert as the models would write it; the same key changes it."""

    def write(key: str, **values: Any) -> None:
        row = {
            "alert_key": key,
            "alert_type": "VOLUME_ANOMALY",
            "severity": "critical",
            "status": "open",
            "connection": "shop",
            "asset": f"public.{key}",
            "column_name": "",
            "metric": "row_count",
            "window_start": NOW - timedelta(days=1),
            "window_end": NOW,
            "observed_value": 10.0,
            "description": "few rows",
            "reason": "unusual",
            "owner": "sales",
            "layer": "batch",
            "first_seen_at": NOW,
            "last_seen_at": NOW,
            "occurrences": 1,
            "resolved_at": None,
            **values,
        }
        observed.sql(f"delete from {MONITORING}.alerts where alert_key = %s", (key,), at="observed")
        names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
        observed.sql(f"insert into {MONITORING}.alerts ({names}) values ({marks})", tuple(row.values()), at="observed")
        observed.sql(f"delete from {MONITORING}.alert_states where alert_key = %s", (key,), at="observed")
        observed.sql(
            f"insert into {MONITORING}.alert_states (alert_key, is_found, is_open) values (%s, true, %s)",
            (key, row["status"] == "open"),
            at="observed",
        )

    return write


def settings_for(tmp_path: Path, text: str, **environment: str) -> Settings:
    (tmp_path / "lookout.yml").write_text(text)
    return load_settings(tmp_path, environment)


def one_target(sink: Sink, tmp_path: Path, more: str = "", rest: str = "", url: str = "") -> Settings:
    text = f"notifications:\n  targets:\n    team: {{url: {{env: HOOK}}, messages_per_minute: 60000{more}}}\n{rest}"
    return settings_for(tmp_path, text, HOOK=url or sink.url)


def told(observed: Observed) -> list[tuple[Any, ...]]:
    return observed.sql(DELIVERED, at="observed")


def test_nothing_configured_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    outcome = notify(cast(Store, None), tmp_path, as_of=NOW, run_id="r1")
    assert (outcome, outcome.sentence) == (NotifyOutcome(), "")


def test_a_connection_that_is_lost_ends_the_run(
    store: Store, sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_target(sink, tmp_path)
    monkeypatch.setenv("HOOK", sink.url)
    store.execute("drop table {schema}.alert_mutes")
    assert "alert_mutes" in str(notify(store, tmp_path, as_of=NOW, run_id="r1").problems)
    store.close()
    with pytest.raises(SourceError):
        notify(store, tmp_path, as_of=NOW, run_id="r1")


def test_fails_twice_then_arrives(
    store: Store, observed: Observed, sink: Sink, alert: Raise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(transport, "PAUSES", (1.0, 2.0))
    monkeypatch.setattr(transport, "sleep", waits.append)
    alert("a1")
    sink.answers = [500, 500, 200]
    outcome = notify_alerts(store, one_target(sink, tmp_path), as_of=NOW)
    assert (outcome.sent, outcome.messages, outcome.failed, outcome.problems) == (1, 1, 0, ())
    assert len(sink.posts) == 3
    assert waits == [1.0, 2.0]
    assert len({headers["Idempotency-Key"] for headers in sink.headers}) == 1
    assert told(observed) == [("a1", "team", 1, "opened", "sent", "critical", "open")]
    again = notify_alerts(store, one_target(sink, tmp_path), as_of=NOW + timedelta(hours=1))
    assert again == NotifyOutcome()
    assert len(sink.posts) == 3


def test_a_target_gets_no_more_messages_a_minute_than_it_is_said_to_take(
    store: Store, sink: Sink, alert: Raise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[tuple[float, int]] = []
    clock = Clock()
    monkeypatch.setattr(clock, "sleep", lambda seconds: pauses.append((seconds, len(sink.posts))))
    monkeypatch.setattr("lookout.notify.transport.deliver.time", clock)
    for number in range(3):
        alert(f"a{number}", owner=f"owner {number}")
    text = "notifications:\n  targets:\n    team: {url: {env: HOOK}, messages_per_minute: 20}\n"
    outcome = notify_alerts(store, settings_for(tmp_path, text, HOOK=sink.url), as_of=NOW)
    assert (outcome.messages, len(sink.posts)) == (3, 3)
    assert pauses == [(3.0, 1), (3.0, 2)], "seconds, and the messages that had been posted before"


def test_always_failing_stays_pending_and_the_next_run_sends_it(
    store: Store, observed: Observed, sink: Sink, alert: Raise, tmp_path: Path
) -> None:
    alert("a1")
    alert("a2", owner="finance")
    sink.always = 500
    settings = one_target(sink, tmp_path)
    outcome = notify_alerts(store, settings, as_of=NOW)
    assert (outcome.sent, outcome.failed, outcome.pending) == (0, 2, 0)
    assert outcome.problems == (
        "2 alerts could not be sent to target 'team': it answered HTTP 500; the next run tries again.",
    )
    # The second owner's message is not tried where the first has met a service that is down.
    assert len(sink.posts) == 3
    assert {row[4] for row in told(observed)} == {"pending"}
    sink.always = 200
    assert notify_alerts(store, settings, as_of=NOW + timedelta(hours=1)).sent == 2
    assert {row[4] for row in told(observed)} == {"sent"}
    assert len(sink.posts) == 5


@pytest.mark.parametrize(
    ("answers", "posts", "sent", "says", "pauses"),
    [
        (["die", 200], 2, 1, "", [0.0]),
        ([(429, {"Retry-After": "7"}), 200], 2, 1, "", [7.0]),
        ([(429, {"Retry-After": "3600"}), 200], 1, 0, "HTTP 429 and asks to wait 3,600 s", []),
        ([(503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), 200], 2, 1, "", [0.0]),
        ([404, 200], 1, 0, "HTTP 404", []),
        ([(302, {"Location": "/elsewhere"}), 200], 1, 0, "HTTP 302", []),
        (["hang", 200], 2, 1, "", [0.0]),
        (["die", "die", "die"], 3, 0, "closed the connection", [0.0, 0.0]),
    ],
)
def test_services_that_misbehave(
    answers: list[Any],
    posts: int,
    sent: int,
    says: str,
    pauses: list[float],
    store: Store,
    sink: Sink,
    alert: Raise,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(transport, "sleep", waits.append)
    monkeypatch.setattr(webhook, "TIMEOUT", 0.3)
    alert("a1")
    sink.answers = answers
    outcome = notify_alerts(store, one_target(sink, tmp_path), as_of=NOW)
    assert (len(sink.posts), outcome.sent, outcome.failed) == (posts, sent, 1 - sent)
    assert says in "".join(outcome.problems)
    assert waits == pauses


def test_a_service_that_answers_byte_by_byte_holds_nobody_up(
    store: Store, observed: Observed, sink: Sink, alert: Raise, tmp_path: Path
) -> None:
    for number in range(3):
        alert(f"a{number}", owner=f"team {number}")
    sink.always = "drip"
    settings = one_target(sink, tmp_path, more=", time_limit: 0.5 seconds")
    outcome = notify_alerts(store, settings, as_of=NOW)
    assert (outcome.sent, outcome.failed) == (0, 3)
    assert re.search(r"it had not answered in full after 0\.\d s; the next run tries again", outcome.problems[0])
    assert len(sink.posts) == 1, "a service that drips gets no further message in this run"
    assert {row[4] for row in told(observed)} == {"pending"}
    sink.always = 200
    assert notify_alerts(store, settings, as_of=NOW).sent == 3


@pytest.mark.parametrize("scheme", ["http", "json"])
def test_an_answer_without_end_is_not_read_to_its_end(
    store: Store, sink: Sink, alert: Raise, tmp_path: Path, scheme: str
) -> None:
    alert("a1")
    sink.always = "flood"
    sink.scheme = scheme
    outcome = notify_alerts(store, one_target(sink, tmp_path, more=", time_limit: 20 seconds"), as_of=NOW)
    assert (outcome.sent, outcome.problems) == (1, ())
    assert wait_until(lambda: sink.is_cut)


@pytest.mark.parametrize("scheme", ["http", "json"])
def test_a_redirect_is_not_followed(store: Store, sink: Sink, alert: Raise, tmp_path: Path, scheme: str) -> None:
    alert("a1")
    sink.scheme = scheme
    sink.always = (302, {"Location": "/elsewhere"})
    outcome = notify_alerts(store, one_target(sink, tmp_path), as_of=NOW)
    assert (outcome.sent, outcome.failed) == (0, 1)
    assert "it answered HTTP 302" in outcome.problems[0]


@pytest.mark.parametrize("step", [b"", b"220 mail ESMTP\r\n"])
def test_a_mail_server_that_drips(
    store: Store, sink: Sink, alert: Raise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: bytes
) -> None:
    """Silent from the beginning, or after its greeting a byte at a time."""
    alert("a1")
    is_over = Event()

    def serve(listening: socket.socket) -> None:
        client, _ = listening.accept()
        with client:
            client.sendall(step)
            while not is_over.wait(0.05) and step:
                client.sendall(b"2")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        url = f"mailto://127.0.0.1:{listening.getsockname()[1]}?from=a@example.com&to=b@example.com"
        settings = one_target(sink, tmp_path, more=", time_limit: 0.5 seconds", url=url)
        outcome = notify_alerts(store, settings, as_of=NOW)
        is_over.set()
        thread.join()
    assert (outcome.sent, outcome.failed) == (0, 1)
    assert "it had not answered in full after 0." in outcome.problems[0]


def test_a_name_server_that_does_not_answer(
    store: Store, sink: Sink, alert: Raise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert("a1")
    settings = one_target(sink, tmp_path, more=", time_limit: 0.5 seconds", url="http://slow.example/hook")
    asked = socket.getaddrinfo

    def answer(host: Any, *arguments: Any, **settings: Any) -> Any:
        if host == "slow.example":
            sink.released.wait()
        return asked(host, *arguments, **settings)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    outcome = notify_alerts(store, settings, as_of=NOW)
    assert "it had not answered in full after 0." in outcome.problems[0]


def test_nobody_is_there(store: Store, sink: Sink, alert: Raise, tmp_path: Path) -> None:
    alert("a1")
    settings = one_target(sink, tmp_path)
    sink.close()
    outcome = notify_alerts(store, settings, as_of=NOW)
    assert "refused the connection" in outcome.problems[0]
    assert TOKEN not in repr(outcome)
    assert TOKEN not in repr(settings)


def test_life_of_an_alert(store: Store, observed: Observed, sink: Sink, alert: Raise, tmp_path: Path) -> None:
    settings = one_target(sink, tmp_path)
    alert("a1", severity="warning")
    alert("a2")

    def later(hours: int) -> NotifyOutcome:
        return notify_alerts(store, settings, as_of=NOW + timedelta(hours=hours))

    assert later(0).messages == 1
    assert later(1).messages == 0
    alert("a1", severity="critical")
    assert later(2).messages == 1
    # Better and worse again is no news: they have been told that it is critical.
    alert("a1", severity="warning")
    assert later(3).messages == 0
    alert("a1", severity="critical")
    assert later(4).messages == 0
    alert("a1", status="resolved", resolved_at=NOW)
    alert("a2", status="resolved", resolved_at=NOW)
    assert later(5).sent == 2
    assert later(6).messages == 0
    alert("a1")
    assert later(7).messages == 1
    assert sink.stages() == [["a1 opened", "a2 opened"], ["a1 worsened"], ["a1 resolved", "a2 resolved"], ["a1 opened"]]
    first, worse, over, again = sink.posts
    assert [post["level"] for post in sink.posts] == ["CRITICAL", "CRITICAL", "SUCCESS", "CRITICAL"]
    assert worse["title"] == "🛑 CRITICAL shop public.a1: few rows"
    assert "Worse: warning before, critical now." in worse["text"]
    assert f"First told: in message {first['message_id']} at " in over["text"]
    assert over["alerts"][0]["first_message_id"] == first["message_id"]
    assert again["message_id"] != first["message_id"]
    assert first["thread"] == over["thread"]
    assert [row[3] for row in told(observed) if row[0] == "a1"] == ["opened", "worsened", "resolved", "opened"]


def test_what_began_and_ended_unheard(store: Store, sink: Sink, alert: Raise, tmp_path: Path) -> None:
    settings = one_target(sink, tmp_path)
    alert("past", status="resolved", resolved_at=NOW)
    assert notify_alerts(store, settings, as_of=NOW) == NotifyOutcome()
    alert("missed")
    sink.always = 500
    assert notify_alerts(store, settings, as_of=NOW).failed == 1
    alert("missed", status="resolved", resolved_at=NOW + timedelta(minutes=30))
    sink.always = 200
    # It is told all the same, in one message and not in two.
    assert notify_alerts(store, settings, as_of=NOW + timedelta(hours=1)).sent == 1
    assert sink.posts[-1]["level"] == "SUCCESS"
    assert "New, and over already." in sink.posts[-1]["text"]
    assert notify_alerts(store, settings, as_of=NOW + timedelta(hours=2)).messages == 0


def test_quiet_hours_postpone(store: Store, sink: Sink, alert: Raise, tmp_path: Path) -> None:
    rest = """
  timezone: Europe/Berlin
  default:
    targets: team
    quiet_hours: {from: "22:00", until: "07:00"}
    loud: critical
"""
    settings = one_target(sink, tmp_path, rest=rest)
    night = datetime(2026, 3, 3, 23, tzinfo=timezone.utc)
    alert("low", severity="warning")
    alert("high")
    outcome = notify_alerts(store, settings, as_of=night)
    assert (outcome.sent, outcome.pending) == (1, 1)
    assert sink.stages() == [["high opened"]]
    assert notify_alerts(store, settings, as_of=night + timedelta(hours=6)).pending == 1
    alert("low2", severity="warning")
    # 06:00 in UTC is 07:00 in Berlin: one message about all that has gathered.
    morning = datetime(2026, 3, 4, 6, tzinfo=timezone.utc)
    outcome = notify_alerts(store, settings, as_of=morning)
    assert (outcome.sent, outcome.pending, outcome.messages) == (2, 0, 1)
    alert("low3", severity="warning")
    assert notify_alerts(store, settings, as_of=night + timedelta(days=1)).pending == 1
    # What waits and becomes critical is not held back any longer.
    alert("low3", severity="critical")
    assert notify_alerts(store, settings, as_of=night + timedelta(days=1, minutes=5)).sent == 1
    assert [row["level"] for row in sink.posts] == ["CRITICAL", "WARNING", "CRITICAL"]


def test_digest_gathers(store: Store, sink: Sink, alert: Raise, tmp_path: Path) -> None:
    rest = "  default: {targets: [team], digest: {at: ['08:00'], days: [mon, tue, wed, thu, fri]}}\n"
    settings = one_target(sink, tmp_path, rest=rest)
    friday = datetime(2026, 3, 6, 9, tzinfo=timezone.utc)
    for number in range(3):
        alert(f"a{number}")
        outcome = notify_alerts(store, settings, as_of=friday + timedelta(hours=number))
        assert (outcome.messages, outcome.pending) == (0, number + 1)
    assert notify_alerts(store, settings, as_of=friday + timedelta(days=2)).messages == 0
    monday = notify_alerts(store, settings, as_of=friday + timedelta(days=3))
    assert (monday.messages, monday.sent) == (1, 3)


def test_routes_lead_to_the_right_people(store: Store, alert: Raise, tmp_path: Path) -> None:
    sinks = {name: Sink() for name in ("oncall", "finance", "all")}
    text = """
notifications:
  targets:
    oncall: {url: {env: ONCALL}, group_by: none}
    finance: {url: "${FINANCE}", resolved: false}
    all: {url: {env: ALL}}
  routes:
    - {match: {severity: critical, layer: [mart*, batch]}, targets: oncall, continue: true}
    - {match: {owner: FIN*, alert_type: "PIPELINE_*"}, targets: [finance]}
    - {match: {owner: fin*}, targets: [finance]}
    - {match: {connection: legacy, asset: "raw.*"}, targets: []}
  default: [all]
"""
    settings = settings_for(tmp_path, text, **{name.upper(): sink.url for name, sink in sinks.items()})
    alert("a1", owner="finance", severity="warning")
    alert("a2", owner="ops, finance", severity="critical")
    alert("a3", owner="ops", severity="warning")
    alert("a4", owner="ops", severity="warning", connection="legacy", asset="raw.x")
    notify_alerts(store, settings, as_of=NOW)
    assert sorted(sinks["finance"].stages()) == [["a1 opened"], ["a2 opened"]]
    assert sinks["oncall"].stages() == [["a2 opened"]]
    assert sinks["all"].stages() == [["a3 opened"]]
    for key in ("a1", "a2", "a3", "a4"):
        alert(key, status="resolved", resolved_at=NOW)
    notify_alerts(store, settings, as_of=NOW + timedelta(hours=1))
    assert [len(sink.posts) for sink in sinks.values()] == [2, 2, 2]
    alert("a1", owner="finance", severity="warning")
    notify_alerts(store, settings, as_of=NOW + timedelta(hours=2))
    assert sinks["finance"].stages()[2:] == [["a1 opened"]]
    for sink in sinks.values():
        sink.close()


def test_ten_thousand_alerts_are_few_messages(store: Store, observed: Observed, sink: Sink, tmp_path: Path) -> None:
    observed.sql(
        f"insert into {MONITORING}.alerts (alert_key, alert_type, severity, status, connection, asset, column_name, metric, "
        "window_start, description, owner, first_seen_at, last_seen_at, occurrences) "
        "select md5(n::text), 'TEST_FAILURE', case when n = 4711 then 'critical' else 'warning' end, 'open', 'shop', "
        "'public.t' || n, '', 'not_null', %s, 'failed', 'owner' || n %% 500, %s, %s, 1 from generate_series(1, 10000) as n",
        (NOW, NOW, NOW),
        at="observed",
    )
    observed.sql(
        f"insert into {MONITORING}.alert_states (alert_key, is_found, is_open) "
        f"select alert_key, true, true from {MONITORING}.alerts",
        at="observed",
    )
    settings = one_target(sink, tmp_path, more=", most_messages: 5")
    outcome = notify_alerts(store, settings, as_of=NOW)
    assert (outcome.sent, outcome.messages, len(sink.posts)) == (10_000, 5, 5)
    assert sum(post["alert_count"] for post in sink.posts) == 10_000
    assert sink.posts[0]["alerts"][0]["asset"] == "public.t4711"
    last = sink.posts[-1]
    assert (len(last["alerts"]), last["alert_count"], last["owner"]) == (10, 9920, "several owners")
    assert "9,920 alerts for several owners: 9,920 warning" in last["title"]
    assert "and 9,910 more: lookout alerts list" in last["text"]
    assert max(len(post["text"]) for post in sink.posts) < 8000
    assert notify_alerts(store, settings, as_of=NOW + timedelta(hours=1)).messages == 0


PUBLISH = """
import json, sys
from datetime import datetime
from pathlib import Path
from lookout.project.profiles import Connection
from lookout.notify.notifying import load_settings, notify_alerts
from lookout.database.store import Store
with Store(Connection("observed", json.loads(sys.argv[1])), "monitoring") as store:
    print("ready", flush=True)
    sys.stdin.readline()
    print(notify_alerts(store, load_settings(Path(sys.argv[2])), as_of=datetime.fromisoformat(sys.argv[3])).sent)
"""


def publisher(observed: Observed, root: Path, sink: Sink) -> subprocess.Popen[str]:
    arguments = [json.dumps(dict(observed.warehouse.parameters)), str(root), NOW.isoformat()]
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISH, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOOK": sink.url},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_at_once_send_one_message(observed: Observed, sink: Sink, alert: Raise, tmp_path: Path) -> None:
    for number in range(50):
        alert(f"a{number}")
    one_target(sink, tmp_path)
    processes = [publisher(observed, tmp_path, sink) for _ in range(2)]
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    with Store(observed.warehouse, MONITORING) as other, other._handle, other._handle.cursor() as cursor:
        # Both have seen that all is to be sent, and both are about to claim it.
        cursor.execute(f"select pg_advisory_xact_lock(hashtext('lookout notify'), hashtext('\"{MONITORING}\"'))")
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        wait_until(lambda: observed.sql(waiting, at="observed") == [(2,)])
    said = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sorted(said) == [0, 50]
    assert len(sink.posts) == 1


def test_a_killed_sender_is_taken_over_from(
    store: Store, observed: Observed, sink: Sink, alert: Raise, tmp_path: Path
) -> None:
    alert("a1")
    settings = one_target(sink, tmp_path)
    sink.answers = ["hang"]
    process = publisher(observed, tmp_path, sink)
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    wait_until(lambda: sink.posts)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert told(observed)[0][4] == "sending"
    # As long as it might be alive, nobody takes its work; afterwards the next run does.
    waiting = notify_alerts(store, settings, as_of=NOW)
    assert (waiting.pending, waiting.failed) == (0, 1)
    assert "another process is sending them, or ended while it did; the next run tries again" in waiting.problems[0]
    observed.sql(f"update {MONITORING}.alert_deliveries set claimed_until = now() - interval '1 second'", at="observed")
    assert notify_alerts(store, settings, as_of=NOW).sent == 1
    assert len(sink.posts) == 2
    assert len({headers["Idempotency-Key"] for headers in sink.headers}) == 1
    assert notify_alerts(store, settings, as_of=NOW) == NotifyOutcome()


def workspace_of(observed: Observed, as_of: datetime = NOW) -> Workspace:
    home = SimpleNamespace(store=lambda: Store(observed.warehouse, MONITORING))
    found = SimpleNamespace(home=home, as_of=as_of, locate=lambda: None)
    return cast(Workspace, found)


def test_mute_and_its_end(store: Store, observed: Observed, sink: Sink, alert: Raise, tmp_path: Path) -> None:
    settings = one_target(sink, tmp_path)
    alert("abcd01", asset="raw.orders")
    alert("abcd02", asset="marts.orders")
    here = workspace_of(observed)
    assert mute(here, "shop:RAW.*", until="2026-03-05", note="a\nmigration") == (
        "Muted up to and including 2026-03-05 (UTC): assets like shop:RAW.*, 1 open now: shop raw.orders."
    )
    assert "alert abcd02" in mute(here, "abcd02", until="2026-03-03")
    outcome = notify_alerts(store, settings, as_of=NOW)
    assert (outcome.sent, outcome.muted, outcome.sentence) == (0, 2, "2 muted")
    assert list(list_mutes(here)["note"]) == ["a migration", ""]
    assert notify_alerts(store, settings, as_of=datetime(2026, 3, 4, tzinfo=timezone.utc)).sent == 1
    assert sink.stages() == [["abcd02 opened"]]
    assert notify_alerts(store, settings, as_of=datetime(2026, 3, 5, 23, tzinfo=timezone.utc)).muted == 1
    assert notify_alerts(store, settings, as_of=datetime(2026, 3, 6, tzinfo=timezone.utc)).sent == 1
    mute(here, "marts.*", until="2026-12-31")
    alert("abcd02", asset="marts.orders", status="resolved", resolved_at=NOW)
    assert notify_alerts(store, settings, as_of=datetime(2026, 3, 7, tzinfo=timezone.utc)).muted == 1
    assert unmute(here, "marts.*") == "No longer muted: marts.*."
    assert notify_alerts(store, settings, as_of=datetime(2026, 3, 7, tzinfo=timezone.utc)).sent == 1
    for subject, until, says in (
        ("abcd99", "2026-12-31", "No alert has a key"),
        ("abcd01", "2026-03-02", "over already"),
        ("abcd01", "soon", "not a date"),
        ("", "2026-12-31", "Say what to mute"),
    ):
        with pytest.raises(ConfigError, match=says):
            mute(here, subject, until=until)
    for subject in ("nothing", " "):
        with pytest.raises(ConfigError):
            unmute(here, subject)


def test_acknowledged_until_it_is_worse_or_over(
    store: Store, observed: Observed, sink: Sink, alert: Raise, tmp_path: Path
) -> None:
    settings = one_target(sink, tmp_path)
    here = workspace_of(observed)
    alert("abcd01", severity="warning")
    sink.always = 500
    assert notify_alerts(store, settings, as_of=NOW).failed == 1
    sink.always = 200
    assert acknowledge(here, ["abcd01"], note="on it") == ["Acknowledged: abcd01 (shop public.abcd01: few rows)."]
    assert notify_alerts(store, settings, as_of=NOW).muted == 1
    assert notify_alerts(store, settings, as_of=NOW).muted == 1
    alert("abcd01", severity="critical")
    assert notify_alerts(store, settings, as_of=NOW).sent == 1
    alert("abcd01", status="resolved", resolved_at=NOW)
    assert notify_alerts(store, settings, as_of=NOW).sent == 1
    assert sink.stages()[-2:] == [["abcd01 opened"], ["abcd01 resolved"]]
    assert list_mutes(here).empty
    with pytest.raises(ConfigError, match="resolved already"):
        acknowledge(here, ["abcd01"])


def test_secrets_never_leave(
    store: Store,
    observed: Observed,
    sink: Sink,
    alert: Raise,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("apprise")
    caplog.set_level(logging.DEBUG)
    port = sink.server.server_port
    text = """
notifications:
  targets:
    hook: {url: {env: HOOK}}
    apprise: {url: "json://user:${WORD}@127.0.0.1:${PORT}/hook/${WORD}"}
    wrong: {url: "nonsense://${WORD}"}
    broken: {url: "http://user:${WORD}@:99999/x"}
    unset: {url: {env: UNSET}}
  default: [hook, apprise, wrong, broken, unset]
"""
    settings = settings_for(tmp_path, text, HOOK=sink.url, WORD=TOKEN, PORT=str(port))
    alert("a1")
    sink.always = 403
    outcome = notify_alerts(store, settings, as_of=NOW)
    assert (outcome.sent, outcome.failed) == (0, 5)
    assert [problem.split("'")[1] for problem in outcome.problems] == ["apprise", "broken", "hook", "unset", "wrong"]
    assert "answered HTTP 403" in outcome.problems[0]
    assert "not a valid web address" in outcome.problems[1]
    assert "environment variable UNSET is not set" in outcome.problems[3]
    assert "not one that Apprise knows" in outcome.problems[4]
    assert len(sink.posts) == 2, sink.headers
    assert any("Basic " in headers.get("Authorization", "") for headers in sink.headers)
    names = observed.sql(
        "select table_name from information_schema.tables where table_schema = %s", (MONITORING,), at="observed"
    )
    said = repr(outcome) + repr(settings) + caplog.text + "".join(capfd.readouterr())
    said += "".join(
        str(observed.sql(f'select t::text from {MONITORING}."{name}" as t', at="observed")) for (name,) in names
    )
    assert "could not be sent" in said
    assert TOKEN not in said


def test_services_of_the_library(store: Store, observed: Observed, sink: Sink, alert: Raise, tmp_path: Path) -> None:
    pytest.importorskip("apprise")
    text = "notifications: {targets: {team: {url: 'json://127.0.0.1:${PORT}/x'}}, link: 'https://example.com/r/'}"
    settings = settings_for(tmp_path, text, PORT=str(sink.server.server_port))
    alert("a1", asset="public.fact_*orders*")
    sink.answers = [500, 500]
    assert notify_alerts(store, settings, as_of=NOW).sent == 1
    assert len(sink.posts) == 3
    assert sink.posts[-1]["title"] == "🛑 CRITICAL shop public.fact_*orders*: few rows"
    assert "public.fact\\_\\*orders\\*" in sink.posts[-1]["message"]
    assert "[Alert a1](<https://example.com/r/index.html#alert=a1>)" in sink.posts[-1]["message"]
    assert sink.posts[-1]["type"] == "failure"


def test_slack_markup(store: Store, sink: Sink, alert: Raise, tmp_path: Path) -> None:
    rest = "  link: https://example.com/r\n"
    alert("a1", description="<!channel> few & far", owner="")
    assert notify_alerts(store, one_target(sink, tmp_path, ", payload: slack", rest), as_of=NOW).sent == 1
    (post,) = sink.posts
    assert list(post) == ["text"]
    assert post["text"].startswith(
        "🛑 *CRITICAL*\n*shop public.a1: &lt;!channel&gt; few &amp; far*\n*Timestamp:* 2026-03-03"
    )
    assert "<https://example.com/r/index.html#alert=a1|Alert a1>" in post["text"]


def test_run_and_its_problems(
    store: Store, observed: Observed, sink: Sink, alert: Raise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert("a1")
    monkeypatch.setenv("LOOKOUT_NOTIFY_URL", sink.url)

    def notify_run() -> NotifyOutcome:
        return notify(store, tmp_path, as_of=NOW, run_id="r1")

    sink.answers = [400]
    outcome = notify_run()
    assert outcome.failed == 1
    assert outcome.problems == (
        "1 alert could not be sent to target 'environment': it answered HTTP 400; the next run tries again.",
    )
    previews = preview(store, load_settings(tmp_path), as_of=NOW)
    assert [(p.target, p.owner) for p in previews] == [("environment", "sales")]
    assert "--- to environment, for sales: 🛑 CRITICAL shop public.a1: few rows" in preview_text(previews)
    assert len(sink.posts) == 1
    assert notify_run().sent == 1
    assert preview_text(preview(store, load_settings(tmp_path), as_of=NOW)) == "Nothing would be sent."
    # A replay of the past tells nobody anything.
    store.execute(
        "insert into {schema}.lookout_runs (run_id, batch_number, command, as_of, started_at, status) "
        "values ('r2', 2, 'run', %s, now(), 'success')",
        (NOW + timedelta(days=1),),
    )
    alert("a2")
    assert "replay" in notify_run().sentence
    assert len(sink.posts) == 2
    (tmp_path / "lookout.yml").write_text("notifications: {target: {}}")
    problems = notify_run().problems
    assert any("unknown key 'target' in notifications; did you mean 'targets'?" in problem for problem in problems)


def test_test_message(sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lookout.yml").write_text("notifications: {targets: {team: {url: {env: HOOK}}}}")
    monkeypatch.setenv("HOOK", sink.url)
    assert send_test(tmp_path, "team", as_of=NOW) == "Target 'team' took the test message."
    assert sink.posts[0]["title"] == "ℹ️ INFO Test message: target 'team' of Lookout works."
    with pytest.raises(ConfigError, match="did you mean 'team'"):
        send_test(tmp_path, "teem", as_of=NOW)
    sink.always = 410
    with pytest.raises(DeliveryError, match=r"Target 'team' did not get the test message: it answered HTTP 410\."):
        send_test(tmp_path, "team", as_of=NOW)
    monkeypatch.delenv("HOOK")
    with pytest.raises(DeliveryError, match="variable HOOK is not set"):
        send_test(tmp_path, "team", as_of=NOW)


def test_targets_that_go_and_alerts_that_go(
    store: Store, observed: Observed, sink: Sink, alert: Raise, tmp_path: Path
) -> None:
    alert("a1")
    alert("a2")
    sink.always = 500
    notify_alerts(store, one_target(sink, tmp_path), as_of=NOW)
    observed.sql(f"delete from {MONITORING}.alerts where alert_key = 'a2'", at="observed")
    other = settings_for(tmp_path, "notifications: {targets: {other: {url: {env: HOOK}}}}", HOOK=sink.url)
    sink.always = 200
    assert notify_alerts(store, other, as_of=NOW).sent == 1
    assert [(row[0], row[1], row[4]) for row in told(observed)] == [
        ("a1", "other", "sent"),
        ("a1", "team", "dropped"),
        ("a2", "team", "dropped"),
    ]


def test_from_a_broken_table_to_its_owner(observed: Observed, sink: Sink, tmp_path: Path) -> None:
    observed.sql(
        "create table loads (at timestamptz); insert into loads select day + interval '5 hours' from generate_series("
        "timestamptz '2026-01-01Z', timestamptz '2026-03-01Z', interval '1 day') as day, generate_series(1, 100)"
    )
    observed.declare({"loads": {"timestamp_column": "at", "metrics": ["row_count"], "owner": "sales"}})
    observed.run("2026-03-03")
    with Store(observed.warehouse, MONITORING) as store:
        settings = one_target(sink, tmp_path)
        outcome = notify_alerts(store, settings, as_of=datetime(2026, 3, 3, tzinfo=timezone.utc))
    assert (outcome.sent, outcome.messages) == (1, 1)
    (post,) = sink.posts
    assert post["alerts"][0]["alert_type"] == "VOLUME_ANOMALY"
    assert "Since: 2026-03-02 00:00 UTC" in post["text"]
    assert "Seen: 0 rows, expected 100 rows" in post["text"]
    assert "Owner: sales" in post["text"]
