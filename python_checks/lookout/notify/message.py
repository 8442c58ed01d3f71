"""One message about a group of alerts: what it says, in plain text, Markdown and Slack's own markup. Pure."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from lookout.alerts.model import Alert
from lookout.database.connection import mask_secrets
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
class Told:
    """One alert in a message. ``first`` is the message in which the target heard that it began, if it has."""

    alert: Alert
    stage: str
    first: Delivery | None = None
    before: str = ""

    @property
    def is_over(self) -> bool:
        """Whether the message says that it is resolved."""
        return not self.alert.is_open

    @property
    def level(self) -> str:
        """One of LEVELS: what could not be evaluated is an error, which is neither fine nor a finding."""
        if self.is_over:
            return "SUCCESS"
        if self.alert.alert_type == "SOURCE_UNREACHABLE":
            return "ERROR"
        return "CRITICAL" if self.alert.severity == "critical" else "WARNING"

    @property
    def news(self) -> str:
        """What is new about it, in a few words."""
        if self.stage == OPENED:
            return "new, and over already" if self.is_over else "new"
        if self.stage == WORSENED:
            return f"worse: {self.before} before, {self.alert.severity} now" if self.before else "worse"
        return "resolved"


@dataclass(frozen=True)
class Message:
    """What is posted in one go to one target. ``is_all_clear`` says that nothing told before is still open.

    ``thread`` is the same for all messages to this target about this group. ``charts`` are those of its worst alerts,
    the worst first; a service that takes no images leaves them out.
    """

    message_id: str
    target: str
    group: str
    told: tuple[Told, ...]
    as_of: datetime
    link: str = ""
    is_all_clear: bool = False
    note: str = ""
    charts: tuple[Chart, ...] = ()

    @property
    def level(self) -> str:
        """The worst level in it."""
        return max((one.level for one in self.told), key=LEVELS.index, default="INFO")

    @property
    def sign(self) -> str:
        """The sign of its level, told apart by shape and not by colour alone."""
        return SIGNS[self.level]

    @property
    def thread(self) -> str:
        """Identity of the conversation with this target about this group."""
        return "lookout-" + hashlib.sha256(f"{self.target}\n{self.group}".encode()).hexdigest()[:16]

    @property
    def worst_first(self) -> list[Told]:
        """What it tells, the worst first and what is over last."""
        return sorted(self.told, key=_order)

    @property
    def headline(self) -> str:
        """One line for a subject or a lock screen, without level."""
        if len(self.told) == 1:
            one = self.told[0]
            over = "resolved: " if one.is_over else ""
            return _short(f"{over}{_plain(one.alert.place)}: {_plain(one.alert.description or 'alert')}", LONGEST_TITLE)
        if not self.told:
            return _plain(self.note)
        whom = f" for {_plain(self.group)}" if self.group else ""
        return _short(f"{text.plural(len(self.told), 'alert')}{whom}: {self.counts}", LONGEST_TITLE)

    @property
    def title(self) -> str:
        """Sign, level and headline."""
        return f"{self.sign} {self.level} {self.headline}"

    @property
    def counts(self) -> str:
        """2 critical, 1 warning, 3 resolved."""
        levels = [one.level for one in self.told]
        words = {"CRITICAL": "critical", "ERROR": "not evaluated", "WARNING": "warning", "SUCCESS": "resolved"}
        return ", ".join(f"{levels.count(level):,} {word}" for level, word in words.items() if level in levels)

    @property
    def summary(self) -> str:
        """What the message is about, in one sentence."""
        if not self.told:
            return _plain(self.note)
        if len(self.told) == 1:
            said = self.told[0].news
            return "New alert." if said == "new" else f"{said.capitalize()}."
        news = {"new": OPENED, "worse": WORSENED, "resolved": RESOLVED}
        stages = [one.stage for one in self.told]
        parts = [f"{stages.count(stage):,} {word}" for word, stage in news.items() if stage in stages]
        return f"{', '.join(parts)}; {self.counts}."

    def body(self, markup: Markup, most: int = MOST_SHOWN) -> str:
        """The text below the title, with the worst ``most`` alerts in full."""
        shown = self.worst_first[:most]
        escape = _ESCAPES[markup]
        name = f"message.{'md' if markup == 'markdown' else 'txt'}.j2"
        template = text_templates("lookout.notify").get_template(name)
        filled = template.render(
            message=self,
            shown=[_Shown.of(one, self.link) for one in shown],
            left=len(self.told) - len(shown),
            e=escape,
            bold=_BOLD[markup],
            anchor=_ANCHORS[markup],
            report=f"{self.link}/index.html" if self.link else "",
            at=f"{text.utc(self.as_of)} UTC",
        )
        return filled.strip() + "\n"

    def fitting(self, markup: Markup, limit: int) -> str:
        """The longest form of the body that a service with so many characters takes; cut only as a last resort."""
        for most in (MOST_SHOWN, 5, 3, 1, 0):
            filled = self.body(markup, most)
            if len(filled) <= limit:
                return filled
        return _short(filled, max(limit, 1))

    def as_dict(self) -> dict[str, Any]:
        """The message as plain values, for programs: the worst alerts and how many more there are."""
        shown = self.worst_first[:MOST_SHOWN]
        return {
            "message_id": self.message_id,
            "level": self.level,
            "title": self.title,
            "text": self.body("text"),
            "markdown": self.body("markdown"),
            "as_of": self.as_of.isoformat(),
            "owner": self.group,
            "thread": self.thread,
            "alert_count": len(self.told),
            "alerts": [_record(one, self.link) for one in shown],
        }


@dataclass(frozen=True)
class _Shown:
    sign: str
    level: str
    news: str
    headline: str
    facts: tuple[Fact, ...]
    url: str
    key: str

    @classmethod
    def of(cls, one: Told, link: str) -> _Shown:
        alert = one.alert
        facts = list(facts_of(alert))
        if one.first is not None and one.first.sent_at is not None and one.stage != OPENED:
            facts.append(Fact("First told", f"in message {one.first.message_id} at {text.utc(one.first.sent_at)} UTC"))
        return cls(
            SIGNS[one.level],
            one.level,
            one.news,
            f"{alert.place}: {alert.description or 'alert'}",
            tuple(facts),
            alert_url(link, alert),
            alert.alert_key[:SHORT],
        )


def alert_url(link: str, alert: Alert) -> str:
    """Where the report shows this alert; empty when it is published nowhere."""
    return f"{link}/index.html#alert={alert.alert_key}" if link else ""


def message_id(rows: Sequence[Delivery]) -> str:
    """The same for the same rows, so that a service that knows it can tell a repeated message."""
    keys = sorted(f"{row.target}/{row.alert_key}/{row.step}" for row in rows)
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:12]


def _order(one: Told) -> tuple[Any, ...]:
    alert = one.alert
    return (
        -LEVELS.index(one.level) if not one.is_over else 1,
        -alert.downstream_count,
        -abs(alert.score or 0),
        (alert.window_start, alert.place, alert.alert_key),
    )


def _record(one: Told, link: str) -> dict[str, Any]:
    alert = one.alert
    numbers = ("observed_value", "expected_value", "lower_bound", "upper_bound", "score")
    return {
        "alert_key": alert.alert_key,
        "stage": one.stage,
        "status": alert.status,
        "level": one.level,
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
        "first_message_id": one.first.message_id if one.first else None,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _plain(value: str) -> str:
    """One line without control characters, without passwords that a database may have quoted."""
    return " ".join(_CONTROL.sub(" ", mask_secrets(value)).split())


def _short(value: str, most: int) -> str:
    return value if len(value) <= most else value[: most - 1].rstrip() + "…"


def escaped(value: str, markup: Markup) -> str:
    """One line of text from data, in which nothing is markup."""
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
