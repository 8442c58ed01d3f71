"""lookout.yml is read strictly, quiet hours follow the clock on the wall, and no sentence holds an address."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lookout.alerts.model import Alert
from lookout.errors import ConfigError, DeliveryError
from lookout.notify.message import Message, Notice
from lookout.notify.model import OPENED, RESOLVED
from lookout.notify.settings.load import load_settings
from lookout.notify.settings.model import Settings, Target
from lookout.notify.settings.schedule import EVERY_DAY, Digest, QuietHours, first_loud
from lookout.notify.transport.sending import sender_for
from tests.conftest import ROOT

SECRET = "xoxb-t0ken"
NOW = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)
BERLIN = ZoneInfo("Europe/Berlin")


def load(tmp_path: Path, text: str, **environment: str) -> Settings:
    (tmp_path / "lookout.yml").write_text(text, encoding="utf-8")
    return load_settings(tmp_path, environment)


def test_nothing_and_the_environment(tmp_path: Path) -> None:
    assert not load_settings(tmp_path, {})
    assert not load(tmp_path, "")
    assert not load(tmp_path, "notifications:\n")
    given = load(
        tmp_path, "# nothing\n", LOOKOUT_NOTIFY_URL=f" https://h.example/{SECRET} ", LOOKOUT_NOTIFY_LINK="https://r/"
    )
    assert given.targets["environment"].url == f"https://h.example/{SECRET}"
    assert given.link == "https://r"
    assert SECRET not in repr(given)
    written = load(
        tmp_path, "notifications: {targets: {a: {url: {env: A}}}}", LOOKOUT_NOTIFY_URL="https://x", A="https://a"
    )
    assert list(written.targets) == ["a"]


def test_references(tmp_path: Path) -> None:
    text = "notifications: {targets: {a: {url: '${WHOLE}'}, b: {url: 'mailto://u:${WORD}@h'}, c: {url: {env: UNSET}}}, default: [a]}"
    targets = load(tmp_path, text, WHOLE="slack://a/b/c", WORD="p@ss/word").targets
    assert targets["a"].url == "slack://a/b/c"
    assert targets["b"].url == "mailto://u:p%40ss%2Fword@h"
    assert (targets["c"].url, targets["c"].problem) == (None, "the environment variable UNSET is not set")


T = "targets: {a: {url: {env: A}}}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "mapping that begins with `notifications:`"),
        ("- a", "mapping that begins with `notifications:`"),
        ("notification: {}", "unknown key 'notification'; did you mean 'notifications'?"),
        ("notifications: {}", "has no targets"),
        (f"notifications: [{SECRET}]", "notifications must be a mapping"),
        (f"notifications: {{targets: {{a: 'slack://{SECRET}'}}}}", "notifications.targets.a must be a mapping"),
        (f"notifications: {{targets: {{a: {{url: 'slack://{SECRET}'}}}}}}", "must come from the environment"),
        (f"notifications: {{targets: {{a: {{url: [{SECRET}]}}}}}}", "must come from the environment"),
        (f"notifications: {{targets: {{a: {{url: {{env: 'slack://{SECRET}'}}}}}}}}", "must be the name of an environment"),
        ("notifications: {targets: {a: {}}}", "notifications.targets.a.url is missing"),
        ("notifications: {targets: {a: {uri: {env: A}}}}", "unknown key 'uri' in notifications.targets.a; did you mean 'url'?"),
        ("notifications: {targets: {a: {url: {env: A}, group_by: ovner}}}", "did you mean 'owner'?"),
        ("notifications: {targets: {a: {url: {env: A}, messages_per_minute: 0}}}", "must be greater than 0"),
        ("notifications: {targets: {a: {url: {env: A}, most_messages: 1.5}}}", "must be a whole number"),
        ("notifications: {targets: {'a/b': {url: {env: A}}}}", "name of a target"),
        (f"notifications: {{{T}, routes: {{}}}}", "routes must be a list"),
        (f"notifications: {{{T}, routes: [{{targets: a}}]}}", "notifications.routes[1] has no `match`"),
        (f"notifications: {{{T}, routes: [{{match: {{owner: x}}}}]}}", "notifications.routes[1] has no `targets`"),
        (f"notifications: {{{T}, routes: [{{match: {{ovner: x}}, targets: a}}]}}", "did you mean 'owner'?"),
        (f"notifications: {{{T}, routes: [{{match: {{severity: fatal}}, targets: a}}]}}", "nothing is called 'fatal'"),
        (f"notifications: {{{T}, routes: [{{match: {{alert_type: TEST_FAILUR}}, targets: a}}]}}", "'TEST_FAILURE'?"),
        (f"notifications: {{{T}, routes: [{{match: {{owner: x}}, targets: [aa]}}], default: []}}", "no target 'aa'; did you mean 'a'?"),
        (f"notifications: {{{T}, routes: [{{match: {{owner: x}}, targets: a}}]}}", "default is missing"),
        (f"notifications: {{{T}, default: {{targets: a, loud: loud}}}}", "'loud' is unknown"),
        (f"notifications: {{{T}, default: {{targets: a, match: {{}}}}}}", "unknown key 'match' in notifications.default"),
        (f"notifications: {{{T}, default: {{targets: a, quiet_hours: {{}}}}}}", "needs `from` and `until`"),
        (f"notifications: {{{T}, default: {{targets: a, quiet_hours: {{from: '25:00', until: '07:00'}}}}}}", "time of the day"),
        (f"notifications: {{{T}, default: {{targets: a, quiet_hours: {{days: [mo]}}}}}}", "'mo' is unknown; did you mean 'mon'?"),
        (f"notifications: {{{T}, default: {{targets: a, quiet_hours: {{from: '00:00', until: '24:00'}}}}}}", "never end"),
        (f"notifications: {{{T}, default: {{targets: a, digest: {{days: [mon]}}}}}}", "time of the day"),
        (f"notifications: {{{T}, timezone: Europe/Berlyn}}", "name of a time zone"),
        (f"notifications: {{{T}, link: 'https://u:{SECRET}@x'}}", "link must be"),
        (f"notifications: {{{T}, link: [1]}}", "link must be"),
        (f"notifications:\n  targets: {{a: {{url: @{SECRET}}}}}", "is not valid YAML in line 2"),
    ],
)  # fmt: skip
def test_wrong_settings_are_sentences(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(tmp_path, text, A="https://a")
    assert says in str(error.value)
    assert SECRET not in str(error.value)
    assert all(line.removeprefix(f"{tmp_path}/").startswith("lookout.yml") for line in str(error.value).splitlines())


def test_the_example_is_right(tmp_path: Path) -> None:
    text = (ROOT / "lookout.yml.example").read_text(encoding="utf-8")
    settings = load(tmp_path, text)
    assert settings.targets
    assert settings.routes[-1].match == {}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("now", "loud"),
    [
        ("2026-03-03 21:59", "2026-03-03 21:59"),
        ("2026-03-03 22:00", "2026-03-04 07:00"),
        ("2026-03-04 06:59", "2026-03-04 07:00"),
        ("2026-03-04 07:00", "2026-03-04 07:00"),
        # Friday night leads into a quiet weekend, which leads into Sunday night.
        ("2026-03-06 23:00", "2026-03-09 07:00"),
        ("2026-03-08 12:00", "2026-03-09 07:00"),
        # The clocks go forward on the 29th, and the end is still at seven on the wall.
        ("2026-03-29 01:00", "2026-03-30 07:00"),
    ],
)
def test_quiet_hours(now: str, loud: str) -> None:
    nights = QuietHours(EVERY_DAY, time(22), time(7), BERLIN)
    weekend = QuietHours(frozenset({5, 6}), time(), time(), BERLIN)
    assert first_loud((nights, weekend), at(now)) == at(loud)


def test_digest_times() -> None:
    digest = Digest(frozenset(range(5)), (time(8), time(16)), BERLIN)
    for now, due in (
        ("2026-03-03 08:00", "2026-03-03 08:00"),
        ("2026-03-03 08:01", "2026-03-03 16:00"),
        ("2026-03-06 17:00", "2026-03-09 08:00"),
    ):
        assert digest.next_after(at(now)) == at(due)


def text_of(plugin: Any) -> str:
    return str(type(plugin).__name__)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "Webhook slack"),
        ("http://localhost:1/x", "Webhook json"),
        ("https://example.com/x", "Webhook json"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general", "NotifySlack markdown"),
        ("https://discord.com/api/webhooks/123456789012345678/abcdefghijklmnopqrstuvwxyz", "NotifyDiscord markdown"),
        ("workflows://host:443/WORKFLOWID/SIGNATURE/", "NotifyWorkflows markdown"),
        ("mailto://user:word@example.com", "NotifyEmail markdown"),
        ("pagerduty://INTEGRATIONKEY@APIKEY", "NotifyPagerDuty text"),
    ],
)
def test_addresses_find_their_service(url: str, name: str) -> None:
    pytest.importorskip("apprise")
    sender: Any = sender_for(Target("a", url))
    found = getattr(sender, "payload", None)
    assert name == (f"Webhook {found}" if found else f"{text_of(sender._plugin)} {sender._markup}")


@pytest.mark.parametrize(
    "url", ["slack://x", "ftp://x", "http://", "http://a b", "http://a:99999", "https:///x", "x", ""]
)
def test_addresses_that_are_none(url: str) -> None:
    pytest.importorskip("apprise")
    with pytest.raises(DeliveryError, match="its address is not"):
        sender_for(Target("a", url))


def test_pagerduty_gets_one_incident_an_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = pytest.importorskip("requests")
    pytest.importorskip("apprise")
    posted: list[str] = []

    def post(url: str, data: str, **_: Any) -> Any:
        posted.append(data)
        response = requests.Response()
        response.status_code = 202
        return response

    monkeypatch.setattr("requests.post", post)
    sender = sender_for(Target("a", "pagerduty://INTEGRATIONKEY@APIKEY"))
    alert = Alert(
        "a" * 16, "TEST_FAILURE", "critical", "open", "shop", "public.t", NOW - timedelta(days=1), owner="ops"
    )
    over = Alert("a" * 16, "TEST_FAILURE", "critical", "resolved", "shop", "public.t", NOW, resolved_at=NOW)
    opened = Message("m1", "a", "ops", (Notice(alert, OPENED),), NOW)
    closed = Message("m2", "a", "ops", (Notice(over, RESOLVED),), NOW, is_all_clear=True)
    assert sender.send(opened).ok
    assert sender.send(closed).ok
    assert '"event_action": "trigger"' in posted[0]
    assert '"event_action": "resolve"' in posted[1]
    assert all(f'"dedup_key": "{opened.thread}"' in text for text in posted)


def test_images_are_left_to_the_service_unless_somebody_says_so(tmp_path: Path) -> None:
    def found(head: str, target: str) -> bool | None:
        text = f"notifications: {{{head} targets: {{a: {{url: {{env: A}}{target}}}}}}}"
        (tmp_path / "lookout.yml").write_text(text)
        return load_settings(tmp_path, {"A": "https://example.com"}).targets["a"].images

    assert [found("", ""), found("images: false,", ""), found("images: false,", ", images: true")] == [
        None,
        False,
        True,
    ]
    with pytest.raises(ConfigError, match=r"targets.a.images"):
        found("", ", images: sometimes")
    with pytest.raises(ConfigError, match="images"):
        found("images: 3,", "")


def test_one_wrong_target_or_route_leaves_the_others(tmp_path: Path) -> None:
    text = """
notifications:
  targets: {a: {url: {env: A}}, b: {url: 'slack://xoxb-t0ken'}, c: {url: {env: A}, icons: true}}
  routes: [{match: {ownr: x}, targets: a}, {match: {owner: y}, targets: [a, b]}]
  default: a
"""
    (tmp_path / "lookout.yml").write_text(text)
    found = load_settings(tmp_path, {"A": "https://example.com/x"}, is_strict=False)
    assert [(name, bool(target.url)) for name, target in found.targets.items()] == [
        ("a", True),
        ("b", False),
        ("c", False),
    ]
    assert [route.match for route in found.routes] == [{"owner": ("y",)}, {}]
    assert len(found.problems) == 3
    assert "xoxb-t0ken" not in str(found.problems)
    with pytest.raises(ConfigError, match="unknown key 'icons'"):
        load_settings(tmp_path, {"A": "https://example.com/x"})
    (tmp_path / "lookout.yml").write_text(text.replace("  default: a\n", ""))
    with pytest.raises(ConfigError, match="default is missing"):
        load_settings(tmp_path, {"A": "https://example.com/x"}, is_strict=False)


@pytest.mark.parametrize("name", ["lookout.yaml", ".lookout.yml"])
def test_a_file_of_nearly_the_right_name_is_not_passed_over(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("notifications: {targets: {a: {url: {env: A}}}}")
    with pytest.raises(ConfigError, match=r"is not read: rename it to lookout\.yml\.$"):
        load_settings(tmp_path, {"A": "https://example.com/x"})
    (tmp_path / name).rename(tmp_path / "lookout.yml")
    assert load_settings(tmp_path, {"A": "https://example.com/x"}).targets
