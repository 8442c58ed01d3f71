"""The result of an attempt to send a message."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from lookout.notify.message import Message

TIMEOUT = 10.0

LATER = (408, 425, 429)

DOWN = (401, 403, 404, 407, 410)


class Attempt(NamedTuple):
    """The result of one attempt; ``error`` is a clause without address or secret.

    ``is_transient`` says that trying again may help, ``is_down`` that other messages will fail now, too.
    ``retry_after`` is what the service asked for, in seconds.
    """

    ok: bool
    error: str = ""
    is_transient: bool = False
    is_down: bool = False
    retry_after: float | None = None


class Sender(Protocol):
    """Posts messages to one target."""

    def send(self, message: Message) -> Attempt:
        """Post once. Never raises for what a service does."""
        ...


def http_failure(status: int, retry_after: float | None = None) -> Attempt:
    """Return the failed attempt that an HTTP status means."""
    asked = f" and asks to wait {retry_after:,.0f} s" if retry_after else ""
    is_transient = status in LATER or status >= 500
    is_down = is_transient or status in DOWN
    return Attempt(False, f"it answered HTTP {status}{asked}", is_transient, is_down, retry_after)
