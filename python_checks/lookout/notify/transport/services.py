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
MOST_BYTES = 1_000_000
_TITLE_ROOM = 16  # characters that a service may add where it has no title of its own
# Services that send text and images in one request, so that they arrive together or not at all.
_LETTERS = (
    "mailto", "mailgun", "sendgrid", "ses", "azure", "o365", "outlook", "postmark", "brevo", "resend", "sparkpost",
    "smtp2go", "mailersend", "sendpulse", "json", "form", "xml",
)  # fmt: skip
# Services that show an image beside its message. Elsewhere images may cost a fee or be public, so a setting decides.
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
        names = {str(getattr(format_, "value", format_)) for format_ in formats}
        self._markup: Markup = "markdown" if names & {"markdown", "html"} else "text"
        self._is_letter = self._is_one_of(_LETTERS)
        if self._is_letter:
            plugin.overflow_mode = "upstream"  # the text fits already, and cutting it would leave one image only
        self.most_images = self._most_images(images)

    def _is_one_of(self, schemes: Sequence[str]) -> bool:
        names: set[str] = set()
        for protocol in (self._plugin.secure_protocol, self._plugin.protocol):
            # None, one name, or a tuple of names.
            names.update(protocol if isinstance(protocol, tuple) else [protocol or ""])
        return any(scheme in names or f"{scheme}s" in names for scheme in schemes)

    def _most_images(self, wanted: bool | None) -> int:
        """Return how many charts a message carries: several in a letter, one in a chat, none where there is no room."""
        plugin = self._plugin
        # Slack's webhooks take text only, its bots images as well; the plugin has them as modes.
        has_no_room = getattr(plugin, "mode", "bot") != "bot" and self._is_one_of(("slack",))
        if wanted is False or has_no_room or not getattr(plugin, "attachment_support", False):
            return 0
        if self._is_letter:
            is_for_programs = self._is_one_of(("json", "form", "xml"))
            return MOST if wanted or not is_for_programs else 0
        return 1 if wanted or self._is_one_of(_CHATS) else 0

    @classmethod
    def of(cls, target: Target) -> Service | None:
        """Return the service of a target's address; None when the library does not know it."""
        import apprise

        asset = apprise.AppriseAsset(app_id="Lookout", app_desc="Lookout", async_mode=False)
        if not target.icon:
            asset.image_url_mask = asset.image_url_logo = asset.image_path_mask = ""
        # A redirected POST becomes a GET, and a lost message would count as sent.
        asset.http_redirects = False
        _bound_answers()
        plugin = apprise.Apprise.instantiate(target.url or "", asset=asset)
        return None if plugin is None else cls(plugin, asset, target.images)

    def send(self, message: Message) -> Attempt:
        """Post once."""
        plugin = self._plugin
        has_title = plugin.title_maxlen > 0
        title_size = min(len(message.title), plugin.title_maxlen) if has_title else 0
        room = plugin.body_maxlen - title_size - _TITLE_ROOM
        body = message.fitting(self._markup, room)
        if hasattr(plugin, "dedup") and hasattr(plugin, "action"):
            # One incident for each owner, resolved when no alert that was sent is open any more.
            plugin.dedup, plugin.action = message.thread, "resolve" if message.is_all_clear else "trigger"
        title = message.title if has_title else ""
        charts = message.charts[: self.most_images]
        if self._is_letter:
            return self._post(message, title, body, charts)
        attempt = self._post(message, title, body)
        if not attempt.ok:
            return attempt
        # A chat takes text and images one after the other. The text has arrived, so a failed image is only logged:
        # a new attempt would send the text twice.
        for chart in charts:
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


def _bound_answers() -> None:
    """Let the library read no more than the beginning of an answer, which may have no end."""
    from requests import Response, adapters, sessions

    class BoundedAdapter(adapters.HTTPAdapter):
        def send(self, *arguments: Any, **settings: Any) -> Response:
            response = super().send(*arguments, **{**settings, "stream": True})
            response._content = response.raw.read(MOST_BYTES, decode_content=True)
            response._content_consumed = True
            response.close()
            return response

    vars(sessions)["HTTPAdapter"] = BoundedAdapter


def _failure(result: Any) -> Attempt:
    """Return the failure that the library recorded; its text is not kept, because it may hold the address."""
    entries = [entry for attempt in result for entry in attempt.logs()]
    texts = [str(getattr(entry, "message", entry)) for entry in entries]
    statuses = [int(match[1]) for text in texts for match in _STATUS.finditer(text)]
    if statuses:
        return http_failure(statuses[-1])
    return Attempt(False, "the service did not take the message", is_transient=True, is_down=True)
