"""Sending: the sender of a target, and repeated attempts."""

from __future__ import annotations

import logging
from dataclasses import replace
from time import sleep

from lookout.database.limits import OutOfTimeError, TimeLimit, within
from lookout.errors import DeliveryError
from lookout.notify.message import Message
from lookout.notify.settings.model import Target
from lookout.notify.transport.attempt import Attempt, Sender

logger = logging.getLogger(__name__)
PAUSES = (1.0, 2.0)  # seconds before the second and the third try
ANSWER_SECONDS = 30.0  # what one try may take from the first look at the name server to the end of the answer
PATIENCE = 30.0  # the longest wait that a service may ask for within a run
# The log records of these libraries may hold addresses, which are secrets.
CHATTY = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib")


def sender_for(target: Target) -> Sender:
    """Return the sender for a target's address. Raises DeliveryError, without the address, when there is none."""
    if target.url is None:
        raise DeliveryError(target.problem)
    from lookout.notify.transport.webhook import Webhook, payload_of

    payload = payload_of(target)
    if payload is not None:
        return Webhook(target, payload)
    from lookout.notify.transport.services import Service

    service = Service.of(target)
    if service is not None:
        return service
    if target.url.lower().startswith("https://"):
        return Webhook(target, "json")
    raise DeliveryError(
        "its address is not one that Apprise knows (write it as its documentation says: slack://..., pagerduty://..., "
        "mailto://..., or https://... for a plain webhook)"
    )


def send(sender: Sender, message: Message, limit: TimeLimit) -> Attempt:
    """Post a message, three times at most, waiting in between as long as the service asks for, up to ``PATIENCE``.

    The last try is without images: a message must not fail because of them. No try takes longer than ``ANSWER_SECONDS``
    in all, and none begins after ``limit``.
    """
    attempt = _send_once(sender, message, limit)
    for number, pause in enumerate(PAUSES, 1):
        wait = max(pause, attempt.retry_after or 0)
        # Where other messages would fail too, leaving out the images does not help.
        is_hopeless = not attempt.is_transient and (attempt.is_down or not message.charts)
        if attempt.ok or is_hopeless or wait > min(PATIENCE, limit.remaining):
            break
        # Otherwise the images may be the cause.
        if message.charts and (not attempt.is_transient or number == len(PAUSES)):
            logger.warning("message %s to %s is tried again without images", message.message_id, message.target)
            message = replace(message, charts=())
        sleep(wait)
        attempt = _send_once(sender, message, limit)
    return attempt


def _send_once(sender: Sender, message: Message, limit: TimeLimit) -> Attempt:
    """Post once, in a thread that is left behind when it takes too long.

    The time limits of sockets are for each read: a service that answers a byte at a time, or a name server that does
    not answer at all, would outlast them. The message may have arrived, and comes again with the next run.
    """
    seconds = min(ANSWER_SECONDS, limit.remaining)
    try:
        attempt: Attempt = within(TimeLimit(seconds), lambda: sender.send(message), lambda _: None)
    except OutOfTimeError:
        return Attempt(False, f"it had not answered in full after {seconds:.1f} s", is_down=True)
    return attempt


def quiet_libraries() -> None:
    """Keep the log records of the libraries that post away from everybody's log, whatever its level.

    For good, because a try that was left behind may still write to them.
    """
    for name in CHATTY:
        log = logging.getLogger(name)
        log.propagate, log.handlers = False, [logging.NullHandler()]
