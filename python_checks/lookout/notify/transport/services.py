"""The many services that Apprise knows: Slack, Teams, PagerDuty, e-mail and so on, each by its address."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

from lookout.notify.charts import MIME, MOST, Chart
from lookout.notify.message import Markup, Message, escaped
from lookout.notify.settings.model import Target
from lookout.notify.transport.attempt import TIMEOUT, Attempt, http_failure

logger = logging.getLogger(__name__)
_STATUS = re.compile(r"error=(\d{3})\b")
_TYPES = {"CRITICAL": "failure", "ERROR": "failure", "WARNING": "warning", "SUCCESS": "success", "INFO": "info"}
_TITLE_ROOM = 16  # what a service adds where it has no title of its own
# Text and images of a letter travel in one request, so that they arrive together or not at all.
_LETTERS = (
    "mailto", "mailgun", "sendgrid", "ses", "azure", "o365", "outlook", "postmark", "brevo", "resend", "sparkpost",
    "smtp2go", "mailersend", "sendpulse", "json", "form", "xml",
)  # fmt: skip
# Where people see an image beside its message; others, where one may cost a fee or be public, have to be asked to.
_CHATS = ("slack", "discord", "tgram", "matrix", "mmost", "wxteams", "ntfy", "pover")


class Service:
    """One service of Apprise. The library is imported here and nowhere else, because that takes seconds."""

    def __init__(self, plugin: Any, asset: Any, images: bool | None = None) -> None:
        self._plugin, self._asset = plugin, asset
        # Pauses between messages and repeated tries are Lookout's own business.
        plugin.request_rate_per_sec = 0
        plugin.socket_read_timeout = plugin.socket_connect_timeout = TIMEOUT
        plugin.overflow_mode = "truncate"
        formats = plugin.notify_format if isinstance(plugin.notify_format, tuple) else (plugin.notify_format,)
        self._markup: Markup = (
            "markdown" if {"markdown", "html"} & {str(getattr(f, "value", f)) for f in formats} else "text"
        )

        self._is_letter = self._is_one_of(_LETTERS)
        if self._is_letter:
            plugin.overflow_mode = "upstream"  # the text fits already, and cutting it would leave one image only
        self.most_images = self._most_images(images)

    def _is_one_of(self, schemes: Sequence[str]) -> bool:
        given = (self._plugin.secure_protocol, self._plugin.protocol)
        names = [name for one in given for name in (one if isinstance(one, tuple) else (one,)) if name]
        return any(name in (scheme, f"{scheme}s") for name in names for scheme in schemes)

    def _most_images(self, wanted: bool | None) -> int:
        """How many charts a message carries: several in a letter, one in a chat, none where there is no room."""
        plugin = self._plugin
        # Slack's webhooks take text only; its library knows the way in by this word.
        has_no_room = getattr(plugin, "mode", "bot") != "bot" and self._is_one_of(("slack",))
        if wanted is False or has_no_room or not getattr(plugin, "attachment_support", False):
            return 0
        if self._is_letter:
            is_for_programs = self._is_one_of(("json", "form", "xml"))
            return MOST if wanted or not is_for_programs else 0
        return 1 if wanted or self._is_one_of(_CHATS) else 0

    @classmethod
    def of(cls, target: Target) -> Service | None:
        """The service of an address; None when it is not one that the library knows."""
        import apprise

        asset = apprise.AppriseAsset(app_id="Lookout", app_desc="Lookout", async_mode=False)
        if not target.icon:
            asset.image_url_mask = asset.image_url_logo = asset.image_path_mask = ""
        plugin = apprise.Apprise.instantiate(target.url or "", asset=asset)
        return None if plugin is None else cls(plugin, asset, target.images)

    def send(self, message: Message) -> Attempt:
        """Post once."""
        plugin = self._plugin
        has_title = plugin.title_maxlen > 0
        room = plugin.body_maxlen - (min(len(message.title), plugin.title_maxlen) if has_title else 0) - _TITLE_ROOM
        body = message.fitting(self._markup, room)
        if hasattr(plugin, "dedup") and hasattr(plugin, "action"):
            # One incident for each owner, closed when nothing that was told is open any more.
            plugin.dedup, plugin.action = message.thread, "resolve" if message.is_all_clear else "trigger"
        title = message.title if has_title else ""
        charts = message.charts[: self.most_images]
        if self._is_letter:
            return self._post(message, title, body, charts)
        attempt = self._post(message, title, body)
        # A chat takes text and image one after the other. What failed in between would else be told twice.
        for chart in charts if attempt.ok else ():
            if chart.png and not self._post(message, "", self._caption(chart), [chart]).ok:
                logger.warning("the chart of message %s did not reach %s", message.message_id, message.target)
        return attempt

    def _caption(self, chart: Chart) -> str:
        return escaped(f"{chart.caption} ({chart.alert_key[:8]})", self._markup)

    def _post(self, message: Message, title: str, body: str, charts: Sequence[Chart] = ()) -> Attempt:
        import apprise
        from apprise.attachment.memory import AttachMemory

        images: Any = apprise.AppriseAttachment(asset=self._asset)
        in_memory: Any = AttachMemory
        for chart in charts:
            if chart.png is not None:
                images.add(in_memory(content=chart.png, name=chart.file_name, mimetype=MIME))
        hub = apprise.Apprise(asset=self._asset)
        hub.add(self._plugin)
        result = hub.notify(
            body=body,
            title=title,
            notify_type=_TYPES[message.level],
            body_format=self._markup,
            attach=images if len(images) else None,
        )
        return Attempt(True) if result else _failure(result)


def _failure(result: Any) -> Attempt:
    """What the library's own record of the attempt says; nothing of its text is kept, for it may hold the address."""
    texts = [str(getattr(entry, "message", entry)) for one in result for entry in one.logs()]
    statuses = [int(found[1]) for text in texts for found in _STATUS.finditer(text)]
    if statuses:
        return http_failure(statuses[-1])
    return Attempt(False, "the service did not take the message", is_transient=True, is_down=True)
