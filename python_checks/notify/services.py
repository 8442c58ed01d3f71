"""The many services that Apprise knows: Slack, Teams, PagerDuty, e-mail and so on, each by its address."""

from __future__ import annotations

import re
from typing import Any

from python_checks.notify.message import Message
from python_checks.notify.settings import Target
from python_checks.notify.transport import TIMEOUT, Attempt, http_failure

_STATUS = re.compile(r"error=(\d{3})\b")
_TYPES = {"CRITICAL": "failure", "ERROR": "failure", "WARNING": "warning", "SUCCESS": "success", "INFO": "info"}
_TITLE_ROOM = 16  # what a service adds where it has no title of its own


class Service:
    """One service of Apprise. The library is imported here and nowhere else, because that takes seconds."""

    def __init__(self, plugin: Any, asset: Any) -> None:
        self._plugin, self._asset = plugin, asset
        # Pauses between messages and repeated tries are Lookout's own business.
        plugin.request_rate_per_sec = 0
        plugin.socket_read_timeout = plugin.socket_connect_timeout = TIMEOUT
        plugin.overflow_mode = "truncate"
        formats = plugin.notify_format if isinstance(plugin.notify_format, tuple) else (plugin.notify_format,)
        self._markup = "markdown" if {"markdown", "html"} & {str(getattr(f, "value", f)) for f in formats} else "text"

    @classmethod
    def of(cls, target: Target) -> Service | None:
        """The service of an address; None when it is not one that the library knows."""
        import apprise

        asset = apprise.AppriseAsset(app_id="Lookout", app_desc="Lookout", async_mode=False)
        if not target.image:
            asset.image_url_mask = asset.image_url_logo = asset.image_path_mask = ""
        plugin = apprise.Apprise.instantiate(target.url or "", asset=asset)
        return None if plugin is None else cls(plugin, asset)

    def send(self, message: Message) -> Attempt:
        """Post once."""
        import apprise

        plugin = self._plugin
        has_title = plugin.title_maxlen > 0
        room = plugin.body_maxlen - (min(len(message.title), plugin.title_maxlen) if has_title else 0) - _TITLE_ROOM
        body = message.fitting("markdown" if self._markup == "markdown" else "text", room)
        if hasattr(plugin, "dedup") and hasattr(plugin, "action"):
            # One incident for each owner, closed when nothing that was told is open any more.
            plugin.dedup, plugin.action = message.thread, "resolve" if message.is_all_clear else "trigger"
        hub = apprise.Apprise(asset=self._asset)
        hub.add(plugin)
        result = hub.notify(
            body=body, title=message.title if has_title else "", notify_type=_TYPES[message.level],
            body_format=self._markup,
        )  # fmt: skip
        return Attempt(True) if result else _failure(result)


def _failure(result: Any) -> Attempt:
    """What the library's own record of the attempt says; nothing of its text is kept, for it may hold the address."""
    texts = [str(getattr(entry, "message", entry)) for one in result for entry in one.logs()]
    statuses = [int(found[1]) for text in texts for found in _STATUS.finditer(text)]
    if statuses:
        return http_failure(statuses[-1])
    return Attempt(False, "the service did not take the message", is_transient=True, is_down=True)
