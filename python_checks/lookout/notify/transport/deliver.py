"""Delivery of the messages of a run: all targets at once, the messages of each in turn, within a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, Queue
from threading import Thread

from lookout.errors import DeliveryError
from lookout.notify.message import Message
from lookout.notify.settings.model import Target
from lookout.notify.transport.attempt import Attempt, Sender
from lookout.notify.transport.sending import quiet_libraries, send, sender_for

DEADLINE = 300.0  # seconds after which no further message is begun; the claims in `deliveries` last longer
GRACE = 60.0  # seconds that the last message begun may take
NOT_BEGUN = Attempt(False, "other messages took too long")
Report = Callable[[Message, Attempt], None]


def deliver(messages: Sequence[Message], targets: Mapping[str, Target], report: Report) -> list[Message]:
    """Send the messages and report each result as soon as it is known, in the calling thread.

    Returns the messages without a result: their service did not answer until ``GRACE`` after the deadline.
    """
    with quiet_libraries():
        return _deliver(messages, targets, report)


def _deliver(messages: Sequence[Message], targets: Mapping[str, Target], report: Report) -> list[Message]:
    results: Queue[tuple[Message, Attempt]] = Queue()
    deadline = time.monotonic() + DEADLINE
    by_target: dict[str, list[Message]] = {}
    for message in messages:
        by_target.setdefault(message.target, []).append(message)
    for name, queue in by_target.items():
        # A daemon, because a service that answers a byte at a time must not keep the process alive.
        Thread(target=_send_all, args=(targets[name], queue, results, deadline), daemon=True).start()
    unknown = {message.message_id: message for message in messages}
    while unknown:
        try:
            message, attempt = results.get(timeout=max(deadline + GRACE - time.monotonic(), 0.01))
        except Empty:
            break
        unknown.pop(message.message_id, None)
        report(message, attempt)
    return list(unknown.values())


def _send_all(
    target: Target, messages: Sequence[Message], results: Queue[tuple[Message, Attempt]], deadline: float
) -> None:
    failed: Attempt | None = None
    sender: Sender | None = None
    for number, message in enumerate(messages):
        if failed is None and time.monotonic() > deadline:
            failed = NOT_BEGUN
        if failed is not None:
            results.put((message, failed))
            continue
        try:
            sender = sender or sender_for(target)
            if number > 0:
                time.sleep(target.pause)
            attempt = send(sender, message)
        except DeliveryError as error:
            attempt = Attempt(False, str(error), is_down=True)
        except Exception as error:  # noqa: BLE001
            # A service's plugin may fail in any way; its text may hold the address, its type does not.
            attempt = Attempt(False, f"sending failed with {type(error).__name__}", is_down=True)
        results.put((message, attempt))
        # When a service is down, its other messages wait for the next run instead of for a timeout each.
        failed = attempt if attempt.is_down and not attempt.ok else None
