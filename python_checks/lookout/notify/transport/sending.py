"""Sending: the sender of a target, and repeated attempts."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import sleep

from lookout.errors import DeliveryError
from lookout.notify.message import Message
from lookout.notify.settings.model import Target
from lookout.notify.transport.attempt import Attempt, Sender

logger = logging.getLogger(__name__)
PAUSES = (1.0, 2.0)  # seconds before the second and the third try
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


def send(sender: Sender, message: Message) -> Attempt:
    """Post a message, three times at most, waiting in between as long as the service asks for, up to ``PATIENCE``.

    The last try is without images: a message must not fail because of them.
    """
    attempt = sender.send(message)
    for number, pause in enumerate(PAUSES, 1):
        # Where other messages would fail too, leaving out the images does not help.
        is_hopeless = not attempt.is_transient and (attempt.is_down or not message.charts)
        if attempt.ok or is_hopeless or (attempt.retry_after or 0) > PATIENCE:
            break
        # Otherwise the images may be the cause.
        if message.charts and (not attempt.is_transient or number == len(PAUSES)):
            logger.warning("message %s to %s is tried again without images", message.message_id, message.target)
            message = replace(message, charts=())
        sleep(max(pause, attempt.retry_after or 0))
        attempt = sender.send(message)
    return attempt


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keep the log records of the libraries that post away from everybody's log, whatever its level.

    Loggers belong to the whole process: enter this once, around everything that is sent, and not in each thread.
    """
    loggers = [logging.getLogger(name) for name in CHATTY]
    before = [(log.propagate, list(log.handlers)) for log in loggers]
    for log in loggers:
        log.propagate, log.handlers = False, [logging.NullHandler()]
    try:
        yield
    finally:
        for log, (propagate, handlers) in zip(loggers, before, strict=True):
            log.propagate, log.handlers = propagate, handlers
