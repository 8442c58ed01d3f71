"""The small charts that messages carry as images."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Any

from lookout.alerts.model import Alert
from lookout.database.store import Store
from lookout.project.declarations.grain import grain_words
from lookout.render.chart import Span, picture_of, series_chart
from lookout.render.picture import draw
from lookout.render.points import STEP, Window, alert_window, chart_windows, encode, read_points

MOST = 3  # in one message, where it takes several
MOST_DRAWN = 60  # in one run
MIME = "image/png"
_DRAWING = Lock()  # the library draws one at a time

_SPANS = """
    select alerts.series_key, alerts.alert_key, states.is_open,
        extract(epoch from alerts.window_start)::float8 as since,
        extract(epoch from coalesce(alerts.window_end, alerts.window_start))::float8 as until
    from {schema}.alerts as alerts
    inner join {schema}.alert_states as states on states.alert_key = alerts.alert_key
    where alerts.series_key = any(%s) and alerts.severity in ('critical', 'warning')
    order by alerts.window_start, alerts.alert_key
"""


@dataclass(frozen=True)
class Chart:
    """The chart of one alert. ``caption`` says in words what it shows."""

    alert_key: str
    caption: str
    picture: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def file_name(self) -> str:
        """Return the name under which the image arrives."""
        return f"lookout-{self.alert_key[:8]}.png"

    @cached_property
    def png(self) -> bytes | None:
        """Return the image, drawn when it is first asked for; None when it cannot be drawn."""
        with _DRAWING:
            return draw(dict(self.picture))

    def as_dict(self) -> dict[str, str] | None:
        """Return the image as text, for programs; None when it cannot be drawn."""
        if self.png is None:
            return None
        content = base64.b64encode(self.png).decode("ascii")
        return {
            "alert_key": self.alert_key,
            "file_name": self.file_name,
            "content_type": MIME,
            "caption": self.caption,
            "content_base64": content,
        }


def read_charts(store: Store, alerts: Iterable[Alert], as_of: datetime) -> dict[str, Chart]:
    """Return the charts of those alerts that come from a measured series, by alert key. Raises SourceError."""
    chosen = [alert for alert in alerts if alert.series_key and alert.grain in STEP][:MOST_DRAWN]
    if not chosen:
        return {}
    rows = [vars(alert) for alert in chosen]
    windows = chart_windows(rows, (), as_of)
    points = encode(read_points(store, windows), windows)
    known: dict[str, list[tuple[str, Span]]] = {}
    for row in store.query(_SPANS, ([alert.series_key for alert in chosen],)).to_dict("records"):
        span = Span(row["since"], as_of.timestamp() if row["is_open"] else row["until"])
        known.setdefault(row["series_key"], []).append((row["alert_key"], span))
    charts = {}
    for alert, values in zip(chosen, rows, strict=True):
        window, series = alert_window(values), str(alert.series_key)
        if window is None or series not in points:
            continue
        chart = _chart(alert, window, points[series], known.get(series, ()))
        if chart is not None:
            charts[alert.alert_key] = chart
    return charts


def sample_charts(as_of: datetime) -> tuple[Chart, ...]:
    """Return a made-up chart for test messages, so that a target shows whether images arrive."""
    days, key = 30, "test"
    end = as_of.timestamp() // STEP["day"] * STEP["day"]
    times = [int(end) - STEP["day"] * back for back in range(days, 0, -1)]
    rows = [1000 + 13 * (day % 7) for day in range(days - 1)]
    points = [times, [*rows, 300], [1040] * days, [900] * days, [1180] * days, [*[0] * (days - 1), 2]]
    alert = Alert(key, "VOLUME_ANOMALY", "critical", "open", "", "a test", as_of, metric="row_count", grain="day")
    chart = _chart(alert, Window(key, times[0], end), points, [(key, Span(times[-1], end))])
    return () if chart is None else (chart,)


def _chart(
    alert: Alert, window: Window, points: Sequence[Sequence[Any]], known: Sequence[tuple[str, Span]]
) -> Chart | None:
    spans = [span._replace(now=key == alert.alert_key) for key, span in known]
    series = {"metric": alert.metric, "kind": alert.kind, "grain": alert.grain, "time_zone": alert.time_zone}
    chart = series_chart(series, points, window.since, window.until, spans)
    if chart is None:
        return None
    column = f" of {alert.column_name}" if alert.column_name else ""
    table = f"{alert.connection} {alert.asset}".strip()
    caption = f"{alert.metric}{column} of {table}, per {grain_words(str(alert.grain))}"
    return Chart(alert.alert_key, caption, picture_of(chart, caption))
