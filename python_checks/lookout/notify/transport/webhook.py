"""Plain webhooks by HTTP. Unlike the library for the many services, this reads how long a service asks to wait."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from lookout import __version__
from lookout.errors import DeliveryError
from lookout.notify.message import Message
from lookout.notify.settings.model import Target
from lookout.notify.transport.attempt import TIMEOUT, Attempt, http_failure

SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
SLACK_LIMIT = 40_000


def payload_of(target: Target) -> str | None:
    """Return ``json`` or ``slack`` when the address is a plain webhook; None when it is for the library to decide."""
    parts = urlsplit(target.url or "")
    if parts.scheme.lower() not in ("http", "https"):
        return None
    if target.payload:
        return target.payload
    if (parts.hostname or "").lower() in SLACK_HOSTS:
        return "slack"
    # Some services have https addresses that the library knows; none has a plain http one.
    return "json" if parts.scheme.lower() == "http" else None


class Webhook:
    """Posts JSON to an address: the whole message as fields, or ``text`` alone for Slack and those that copy it."""

    def __init__(self, target: Target, payload: str) -> None:
        self.payload, self._images = payload, target.images is True
        self._url, self._login = _address(target.url or "")
        self._opener = urllib.request.build_opener(_NoRedirect)

    def send(self, message: Message) -> Attempt:
        """Post once."""
        if self.payload == "slack":
            content: dict[str, Any] = {"text": message.fitting("slack", SLACK_LIMIT)}
        else:
            content = message.as_dict()
            if self._images:
                images = [chart.as_dict() for chart in message.charts]
                content["images"] = [image for image in images if image]
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"lookout/{__version__}",
            "Idempotency-Key": message.message_id,
            **self._login,
        }
        body = json.dumps(content, ensure_ascii=False, allow_nan=False, default=str).encode()
        request = urllib.request.Request(self._url, data=body, headers=headers, method="POST")
        try:
            with self._opener.open(request, timeout=TIMEOUT):
                return Attempt(True)
        except urllib.error.HTTPError as error:
            with error:
                return http_failure(error.code, _wait(error.headers.get("Retry-After")))
        except (OSError, HTTPException) as error:
            return Attempt(False, _reason(error), is_transient=True, is_down=True)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuses redirects: a redirected POST becomes a GET, and a lost message would count as sent."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def _address(url: str) -> tuple[str, dict[str, str]]:
    """Return the address without user and password, and the header for these.

    Raises DeliveryError, without the address, when it is not valid.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        host = ""
    if not host or any(character <= " " or character > "~" for character in url):
        raise DeliveryError("its address is not a valid web address")
    if parts.username is None:
        return url, {}
    netloc = f"[{host}]" if ":" in host else host
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    if port is not None:
        netloc = f"{netloc}:{port}"
    return parts._replace(netloc=netloc).geturl(), {
        "Authorization": "Basic " + base64.b64encode(login.encode()).decode()
    }


def _wait(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header, which holds seconds or a date; None for neither."""
    if not value:
        return None
    try:
        if value.strip().isdigit():
            return float(value)
        return _until(parsedate_to_datetime(value))
    except (ValueError, TypeError):
        return None


def _until(moment: datetime) -> float:
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return max((moment - datetime.now(timezone.utc)).total_seconds(), 0.0)


def _reason(error: Exception) -> str:
    """Return why there was no answer, in our own words: those of the library may hold the address."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return f"it did not answer within {TIMEOUT:g} s"
    if isinstance(cause, ConnectionRefusedError):
        return "it refused the connection"
    if isinstance(cause, (ConnectionError, HTTPException)):
        return "it closed the connection before it answered"
    name = type(cause).__name__
    known = {"gaierror": "its host name is not known", "SSLCertVerificationError": "its certificate is not trusted"}
    return known.get(name, f"it could not be reached ({name})")
