"""One message about a group of alerts, in plain text, Markdown and Slack's own markup. Pure."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from lookout.alerts.model import Alert
from lookout.masking import mask_secrets
from lookout.notify.charts import Chart
from lookout.notify.facts import Fact, facts_of
from lookout.notify.model import OPENED, RESOLVED, WORSENED, Delivery
from lookout.render import text
from lookout.render.templates import text_templates

Markup = Literal["text", "markdown", "slack"]
SIGNS = {"INFO": "ℹ️", "SUCCESS": "✅", "WARNING": "⚠️", "ERROR": "❌", "CRITICAL": "🛑"}
LEVELS = tuple(SIGNS)
MOST_SHOWN, SHORT, LONGEST_TITLE = 10, 8, 200
_MARKDOWN = re.compile(r"([\\`*\[\]<>~]|(?<!\w)_|_(?!\w))")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class Notice:
    """One alert in a message. ``first`` is the delivery that notified the target of its beginning, if there is one."""

    alert: Alert
    stage: str
    first: Delivery | None = None
    before: str = ""

    @property
    def is_over(self) -> bool:
        """Return whether the alert is resolved."""
        return not self.alert.is_open

    @property
    def level(self) -> str:
        """Return one of LEVELS. What could not be evaluated is ERROR, neither healthy nor a finding."""
        if self.is_over:
            return "SUCCESS"
        if self.alert.alert_type == "SOURCE_UNREACHABLE":
            return "ERROR"
        return "CRITICAL" if self.alert.severity == "critical" else "WARNING"

    @property
    def news(self) -> str:
        """Return the change since the last message, in a few words."""
        if self.stage == OPENED:
            return "new, and over already" if self.is_over else "new"
        if self.stage == WORSENED:
            return f"worse: {self.before} before, {self.alert.severity} now" if self.before else "worse"
        return "resolved"


@dataclass(frozen=True)
class Message:
    """One message to one target. ``is_all_clear`` says that no alert of which it was notified is still open.

    ``thread`` is the same for all messages to this target about this group. ``charts`` are those of its worst alerts,
    the worst first; a service that takes no images leaves them out.
    """

    message_id: str
    target: str
    group: str
    notices: tuple[Notice, ...]
    as_of: datetime
    link: str = ""
    is_all_clear: bool = False
    note: str = ""
    charts: tuple[Chart, ...] = ()

    @property
    def level(self) -> str:
        """Return the worst level of its alerts; INFO without any."""
        return max((one.level for one in self.notices), key=LEVELS.index, default="INFO")

    @property
    def sign(self) -> str:
        """Return the sign of its level; the signs differ by shape, not by colour alone."""
        return SIGNS[self.level]

    @property
    def thread(self) -> str:
        """Return the identity of the conversation with this target about this group."""
        return "lookout-" + hashlib.sha256(f"{self.target}\n{self.group}".encode()).hexdigest()[:16]

    @property
    def worst_first(self) -> list[Notice]:
        """Return the notices, the worst first and the resolved last."""
        return sorted(self.notices, key=_order)

    @property
    def headline(self) -> str:
        """Return one line for a subject or a lock screen, without level."""
        if len(self.notices) == 1:
            notice = self.notices[0]
            prefix = "resolved: " if notice.is_over else ""
            location = _plain(notice.alert.location)
            description = _plain(notice.alert.description or "alert")
            return _short(f"{prefix}{location}: {description}", LONGEST_TITLE)
        if not self.notices:
            return _plain(self.note)
        whom = f" for {_plain(self.group)}" if self.group else ""
        return _short(f"{text.plural(len(self.notices), 'alert')}{whom}: {self.counts}", LONGEST_TITLE)

    @property
    def title(self) -> str:
        """Return sign, level and headline."""
        return f"{self.sign} {self.level} {self.headline}"

    @property
    def counts(self) -> str:
        """Return the number of alerts by level, such as "2 critical, 1 warning, 3 resolved"."""
        levels = [one.level for one in self.notices]
        words = {"CRITICAL": "critical", "ERROR": "not evaluated", "WARNING": "warning", "SUCCESS": "resolved"}
        return ", ".join(f"{levels.count(level):,} {word}" for level, word in words.items() if level in levels)

    @property
    def summary(self) -> str:
        """Return one sentence on what is new."""
        if not self.notices:
            return _plain(self.note)
        if len(self.notices) == 1:
            news = self.notices[0].news
            return "New alert." if news == "new" else f"{news.capitalize()}."
        words = {"new": OPENED, "worse": WORSENED, "resolved": RESOLVED}
        stages = [one.stage for one in self.notices]
        parts = [f"{stages.count(stage):,} {word}" for word, stage in words.items() if stage in stages]
        return f"{', '.join(parts)}; {self.counts}."

    def body(self, markup: Markup, most: int = MOST_SHOWN) -> str:
        """Return the text below the title, with the worst ``most`` alerts in full."""
        detailed = self.worst_first[:most]
        name = f"message.{'md' if markup == 'markdown' else 'txt'}.j2"
        template = text_templates("lookout.notify").get_template(name)
        filled = template.render(
            message=self,
            shown=[_Details.of(notice, self.link) for notice in detailed],
            left=len(self.notices) - len(detailed),
            e=_ESCAPES[markup],
            bold=_BOLD[markup],
            anchor=_ANCHORS[markup],
            report=f"{self.link}/index.html" if self.link else "",
            at=f"{text.utc(self.as_of)} UTC",
        )
        return filled.strip() + "\n"

    def fitting(self, markup: Markup, limit: int) -> str:
        """Return the longest form of the body that fits into ``limit`` characters; cut only as a last resort."""
        for most in (MOST_SHOWN, 5, 3, 1, 0):
            filled = self.body(markup, most)
            if len(filled) <= limit:
                return filled
        return _short(filled, max(limit, 1))

    def as_dict(self) -> dict[str, Any]:
        """Return the message as plain values, for programs: the worst alerts and how many more there are."""
        return {
            "message_id": self.message_id,
            "level": self.level,
            "title": self.title,
            "text": self.body("text"),
            "markdown": self.body("markdown"),
            "as_of": self.as_of.isoformat(),
            "owner": self.group,
            "thread": self.thread,
            "alert_count": len(self.notices),
            "alerts": [_record(notice, self.link) for notice in self.worst_first[:MOST_SHOWN]],
        }


@dataclass(frozen=True)
class _Details:
    """One alert as the templates show it in full."""

    sign: str
    level: str
    news: str
    headline: str
    facts: tuple[Fact, ...]
    url: str
    key: str

    @classmethod
    def of(cls, notice: Notice, link: str) -> _Details:
        alert, first = notice.alert, notice.first
        facts = list(facts_of(alert))
        if first is not None and first.sent_at is not None and notice.stage != OPENED:
            facts.append(Fact("First told", f"in message {first.message_id} at {text.utc(first.sent_at)} UTC"))
        return cls(
            SIGNS[notice.level],
            notice.level,
            notice.news,
            f"{alert.location}: {alert.description or 'alert'}",
            tuple(facts),
            alert_url(link, alert),
            alert.alert_key[:SHORT],
        )


def alert_url(link: str, alert: Alert) -> str:
    """Return the address of this alert in the report; empty when the report is not published."""
    return f"{link}/index.html#alert={alert.alert_key}" if link else ""


def message_id(rows: Sequence[Delivery]) -> str:
    """Return an id that is the same for the same rows, so that a service can recognise a repeated message."""
    keys = sorted(f"{row.target}/{row.alert_key}/{row.step}" for row in rows)
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:12]


def _order(notice: Notice) -> tuple[Any, ...]:
    alert = notice.alert
    return (
        1 if notice.is_over else -LEVELS.index(notice.level),
        -alert.downstream_count,
        -abs(alert.score or 0),
        (alert.window_start, alert.location, alert.alert_key),
    )


def _record(notice: Notice, link: str) -> dict[str, Any]:
    alert = notice.alert
    numbers = ("observed_value", "expected_value", "lower_bound", "upper_bound", "score")
    return {
        "alert_key": alert.alert_key,
        "stage": notice.stage,
        "status": alert.status,
        "level": notice.level,
        "alert_type": alert.alert_type,
        "severity": alert.severity,
        "connection": alert.connection,
        "asset": alert.asset,
        "column_name": alert.column_name,
        "metric": alert.metric,
        "since": alert.window_start.isoformat(),
        "description": _plain(alert.description or ""),
        **{name: _finite(getattr(alert, name)) for name in numbers},
        "reason": _plain(alert.reason or ""),
        "explanation": _plain(alert.explanation or ""),
        "owner": alert.owner,
        "downstream_count": alert.downstream_count,
        "cause_key": alert.cause_key,
        "url": alert_url(link, alert),
        "first_message_id": notice.first.message_id if notice.first else None,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _plain(value: str) -> str:
    """Return one line without control characters and without passwords that a database may have quoted."""
    return " ".join(_CONTROL.sub(" ", mask_secrets(value)).split())


def _short(value: str, most: int) -> str:
    return value if len(value) <= most else value[: most - 1].rstrip() + "…"


def escaped(value: str, markup: Markup) -> str:
    """Return text from data as one line in which nothing is markup."""
    return _ESCAPES[markup](value)


def _markdown(value: str) -> str:
    return _MARKDOWN.sub(r"\\\1", _short(_plain(value), 600))


def _slack(value: str) -> str:
    # Slack knows no escape for * and _, and takes <...> for links and for calls to a whole channel.
    return _short(_plain(value), 600).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_ESCAPES: dict[str, Callable[[str], str]] = {
    "text": lambda value: _short(_plain(value), 600),
    "markdown": _markdown,
    "slack": _slack,
}
_BOLD: dict[str, Callable[[str], str]] = {
    "text": lambda value: value,
    "markdown": lambda value: f"**{value}**",
    "slack": lambda value: f"*{value}*",
}
_ANCHORS: dict[str, Callable[[str, str], str]] = {
    "text": lambda label, url: f"{label}: {url}",
    "markdown": lambda label, url: f"[{label}](<{url}>)",
    "slack": lambda label, url: f"<{url}|{label}>",
}
