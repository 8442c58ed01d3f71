"""The small chart that a message carries as an image: who gets it, what is on it, and that it never holds anything up."""

# Fixtures are imported, and named again as parameters.
# ruff: noqa: F811
from __future__ import annotations

import base64
import json
import struct
from datetime import datetime, timedelta
from email import message_from_string
from pathlib import Path
from typing import Any

import pytest

from lookout.database.limits import TimeLimit
from lookout.database.store import Store
from lookout.notify import charts
from lookout.notify.charts import Chart
from lookout.notify.message import Message
from lookout.notify.notifying import notify_alerts, send_test
from lookout.notify.settings.model import Target
from lookout.notify.transport import sending as transport
from lookout.notify.transport.services import Service
from lookout.render import chart as page_chart
from lookout.render import picture
from tests.conftest import MONITORING, Observed
from tests.notify.test_messages import message, notice
from tests.notify.test_notify import NOW, Raise, Sink, _no_waiting, alert, one_target, sink, store  # noqa: F401

DAY = timedelta(days=1)
LARGEST = 60_000
PNG = b"\x89PNG\r\n\x1a\n"


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(PNG)
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def some_chart(key: str = "0123456789abcdef", values: int = 60, noise: int = 7) -> Chart:
    begin = int((NOW - values * DAY).timestamp())
    days = range(values)
    points = [
        [begin + 86400 * n for n in days],
        [1000 + 997 * n % noise for n in days],
        [1003] * values,
        [980] * values,
        [None] * values,
        [2 * (n == values - 1) for n in days],
    ]
    series = {"metric": "row_count", "kind": "count", "grain": "day"}
    spans = [page_chart.Span(points[0][-1], NOW.timestamp(), now=True)]
    drawn = page_chart.series_chart(series, points, 0, NOW.timestamp(), spans)
    assert drawn is not None
    return Chart(key, "row_count of shop marts._orders, per day", page_chart.picture_of(drawn, "row_count"))


def with_charts(count: int = 1, alerts: int = 1) -> Message:
    base = message(*(notice(alert_key=f"{n}" * 16) for n in range(alerts)))
    return Message(**{**vars(base), "charts": tuple(some_chart(f"{n}" * 16) for n in range(count))})


def measured(observed: Observed, series: str, last: datetime = NOW) -> None:
    """A daily series of rows in `public.a1`, of which the last day is an anomaly."""
    observed.sql(
        f"insert into {MONITORING}.monitors (series_key, connection, asset, column_name, metric, kind, grain, is_active)"
        " values (%s, 'shop', 'public.a1', '', 'row_count', 'count', 'day', true)",
        (series,),
        at="observed",
    )
    observed.sql(
        f"insert into {MONITORING}.baselines (series_key, bucket_start, status, observed_value, expected_value,"
        " lower_bound, upper_bound, severity) select %s, moment, 'judged', case when moment < %s - interval '1 day' "
        "then 1000 else 10 end, 1000, 900, 1100, case when moment >= %s - interval '1 day' then 'critical' end "
        "from generate_series(%s - interval '60 days', %s - interval '1 day', interval '1 day') as moment",
        (series, last, last, last, last),
        at="observed",
    )


def test_a_webhook_that_asks_gets_the_chart_of_its_worst_alert(
    store: Store,
    observed: Observed,
    sink: Sink,
    alert: Raise,
    tmp_path: Path,
) -> None:
    measured(observed, "rows")
    alert("a1", series_key="rows")
    alert("a0", series_key="rows", window_start=NOW - 20 * DAY, window_end=NOW - 18 * DAY, status="resolved")
    alert("a2")
    assert notify_alerts(store, one_target(sink, tmp_path, ", images: true"), as_of=NOW).sent == 2
    (image,) = sink.posts[0]["images"]
    assert (image["alert_key"], image["file_name"], image["content_type"]) == ("a1", "lookout-a1.png", "image/png")
    assert image["caption"] == "row_count of shop public.a1, per day"
    png = base64.b64decode(image["content_base64"])
    assert len(png) < LARGEST
    assert size_of(png) > (800, 300)


def test_a_test_message_shows_whether_images_arrive(
    sink: Sink,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOOK", sink.url)
    (tmp_path / "lookout.yml").write_text("notifications: {images: true, targets: {team: {url: {env: HOOK}}}}")
    assert send_test(tmp_path, "team", as_of=NOW) == "Target 'team' took the test message."
    (image,) = sink.posts[0]["images"]
    assert image["caption"] == "row_count of a test, per day"
    assert size_of(base64.b64decode(image["content_base64"])) > (800, 300)


def test_what_is_drawn_is_the_stored_series_with_band_anomaly_and_earlier_alerts(
    store: Store,
    observed: Observed,
    alert: Raise,
) -> None:
    from lookout.alerts.store import read_alerts

    measured(observed, "rows")
    alert("a1", series_key="rows")
    alert("a0", series_key="rows", window_start=NOW - 20 * DAY, window_end=NOW - 18 * DAY, status="resolved")
    drawn = charts.read_charts(store, read_alerts(store), NOW)
    assert list(drawn) == ["a1"]
    layers = drawn["a1"].picture["layer"]
    this, earlier, band, lines, odd = ([*layer["data"]["values"]] for layer in layers)
    assert [span["from"] for span in (*this, *earlier)] == [
        1000 * moment.timestamp() for moment in (NOW - DAY, NOW - 20 * DAY)
    ]
    assert len(band) == len(lines) == 46  # 45 days before it and its own
    assert [(row["observed"], row["expected"], row["severity"], row["now"]) for row in odd] == [
        (10, 1000, "critical", True)
    ]


@pytest.mark.parametrize("more", ["", ", images: false"])
def test_a_webhook_that_does_not_ask_gets_none(
    more: str,
    store: Store,
    observed: Observed,
    sink: Sink,
    alert: Raise,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(charts, "draw", lambda _: pytest.fail("it was drawn for nobody"))
    measured(observed, "rows")
    alert("a1", series_key="rows")
    assert notify_alerts(store, one_target(sink, tmp_path, more), as_of=NOW).sent == 1
    assert "images" not in sink.posts[0]


def test_a_message_goes_without_a_chart_that_cannot_be_drawn_or_read(
    store: Store,
    observed: Observed,
    sink: Sink,
    alert: Raise,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    import vl_convert

    class Panic(BaseException):
        """What the library raises when it fails inside."""

    def fail(*_: Any, **__: Any) -> bytes:
        raise Panic("boom")

    monkeypatch.setattr(vl_convert, "vegalite_to_png", fail)
    measured(observed, "rows")
    alert("a1", series_key="rows")
    settings = one_target(sink, tmp_path, ", images: true")
    assert notify_alerts(store, settings, as_of=NOW).sent == 1
    assert sink.posts[0]["images"] == []
    assert "a chart could not be drawn (Panic)" in caplog.text
    alert("a2", series_key="rows")
    observed.sql(f"alter table {MONITORING}.baselines rename to gone", at="observed")
    assert notify_alerts(store, settings, as_of=NOW + timedelta(hours=1)).sent == 1
    assert "messages go without charts" in caplog.text


@pytest.mark.parametrize(
    ("answers", "images"), [([413], [1, 0]), ([400], [1, 0]), ([500], [1, 1]), ([500, 500], [1, 1, 0])]
)
def test_what_is_refused_with_an_image_is_tried_without(
    answers: list[int],
    images: list[int],
    store: Store,
    observed: Observed,
    sink: Sink,
    alert: Raise,
    tmp_path: Path,
) -> None:
    measured(observed, "rows")
    alert("a1", series_key="rows")
    sink.answers = answers
    assert notify_alerts(store, one_target(sink, tmp_path, ", images: true"), as_of=NOW).sent == 1
    assert [len(post["images"]) for post in sink.posts] == images


def test_a_letter_carries_three_and_a_chat_one_after_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    letters: list[str] = []

    class Post:
        def __init__(self, *_: Any, **__: Any) -> None: ...
        def starttls(self, **_: Any) -> None: ...
        def login(self, *_: Any) -> None: ...
        def quit(self) -> None: ...
        def sendmail(self, _: Any, __: Any, text: str) -> None:
            letters.append(text)

    monkeypatch.setattr("smtplib.SMTP", Post)
    monkeypatch.setattr("smtplib.SMTP_SSL", Post)
    service = Service.of(Target("a", "mailto://user:word@example.com?to=a@example.com"))
    assert service is not None
    assert service.send(with_charts(count=3, alerts=5)).ok
    parts = [part for part in message_from_string(letters[0]).walk() if part.get_content_type() == "image/png"]
    assert len(letters) == 1
    assert [part.get_filename() for part in parts] == [f"lookout-{n}{n}{n}{n}{n}{n}{n}{n}.png" for n in range(3)]
    assert all(size_of(part.get_payload(decode=True)) for part in parts)


def answering(monkeypatch: pytest.MonkeyPatch, *, upload: int) -> list[str]:
    """Slack as its library sees it; returns the addresses asked, texts beside them."""
    import requests

    asked: list[str] = []

    def answer(_: str, url: str, data: Any = None, **__: Any) -> Any:
        said = json.loads(data) if isinstance(data, str) and data.startswith("{") else {}
        asked.append(f"{url.rsplit('/', 1)[1].split('?')[0]} {json.dumps(said, ensure_ascii=False)[:600]}")
        response = requests.Response()
        response.status_code = upload if "upload" in url.lower() else 200
        response._content = json.dumps(
            {
                "ok": True,
                "channel": "C1",
                "upload_url": "https://files.slack.com/upload/v1/x",
                "file_id": "F1",
                "files": [1],
            }
        ).encode()
        return response

    monkeypatch.setattr("requests.request", answer)
    return asked


SLACK = "slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#general"


@pytest.mark.parametrize("upload", [200, 403])
def test_a_chat_is_told_once_whatever_becomes_of_the_image(
    upload: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = answering(monkeypatch, upload=upload)
    service = Service.of(Target("a", SLACK))
    assert service is not None
    attempt = transport.send(service, with_charts(count=3, alerts=5), TimeLimit())
    assert attempt.ok
    texts = [one for one in asked if one.startswith("chat.postMessage")]
    assert len([one for one in texts if "CRITICAL" in one]) == 1
    assert "row_count of shop marts.\\\\_orders, per day (00000000)" in texts[1]
    assert ("did not reach" in caplog.text) == (upload != 200)
    assert any("completeUploadExternal" in one for one in asked) == (upload == 200)


def test_text_that_does_not_arrive_takes_no_image_along(monkeypatch: pytest.MonkeyPatch) -> None:
    import requests

    asked: list[str] = []

    def refuse(_: str, url: str, **__: Any) -> Any:
        asked.append(url)
        response = requests.Response()
        response.status_code = 500
        return response

    monkeypatch.setattr("requests.request", refuse)
    monkeypatch.setattr(charts, "draw", lambda _: pytest.fail("it was drawn in vain"))
    service = Service.of(Target("a", SLACK))
    assert service is not None
    assert not service.send(with_charts()).ok
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("url", "images", "most"),
    [
        ("mailto://user:word@example.com", None, 3),
        ("mailto://user:word@example.com", False, 0),
        (SLACK, None, 1),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general", True, 0),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", None, 1),
        ("tgram://123456789:alphanumeric_key-aaaaaaaaaaaaaaaaa/12315544", None, 1),
        ("workflows://host:443/WORKFLOWID/SIGNATURE/", True, 0),
        ("pagerduty://INTEGRATIONKEY@APIKEY", True, 0),
        ("json://localhost", None, 0),
        ("json://localhost", True, 3),
    ],
)
def test_who_gets_how_many(url: str, images: bool | None, most: int) -> None:
    service = Service.of(Target("a", url, images=images))
    assert service is not None
    assert service.most_images == most


def test_a_picture_is_small_even_with_a_point_for_every_hour() -> None:
    for values, noise in ((1, 7), (7, 7), (145, 800), (400, 900)):
        png = some_chart(values=values, noise=noise).png
        assert png is not None
        assert len(png) < LARGEST


def test_compressing_keeps_every_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    import zlib

    import vl_convert

    raw: list[bytes] = []
    draw = vl_convert.vegalite_to_png

    def keep(*arguments: Any, **options: Any) -> bytes:
        raw.append(draw(*arguments, **options))
        return raw[0]

    monkeypatch.setattr(vl_convert, "vegalite_to_png", keep)
    png = some_chart().png
    assert png is not None

    def pixels(one: bytes) -> bytes:
        return zlib.decompress(b"".join(data for kind, data in picture._chunks(one) if kind == b"IDAT"))

    assert pixels(png) == pixels(raw[0])
    assert len(png) < len(raw[0]) / 2
