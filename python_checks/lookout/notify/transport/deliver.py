"""Delivery of the messages of a run: all targets at once, the messages of each in turn, each within its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, Queue
from threading import Thread

from lookout.database.limits import TimeLimit
from lookout.errors import DeliveryError
from lookout.notify.message import Message
from lookout.notify.settings.model import Target
from lookout.notify.transport.attempt import Attempt, Sender
from lookout.notify.transport.sending import quiet_libraries, send, sender_for

# An attempt ends with the time of its target, so this is for a thread that does not run.
GRACE = 5.0
NO_TIME = Attempt(False, "its time was over before (`time_limit` of the target)", is_down=True)
SILENT = Attempt(False, "it has not answered yet", is_down=True)
Report = Callable[[Message, Attempt], None]


def deliver(
    messages: Sequence[Message], targets: Mapping[str, Target], report: Report, time_limit: TimeLimit | None = None
) -> None:
    """Send the messages and report each result as soon as it is known, in the calling thread.

    No target takes longer than its own time, or than half of what is left of ``time_limit``; messages without an answer
    by then are reported as not sent.
    """
    quiet_libraries()
    results: Queue[tuple[Message, Attempt]] = Queue()
    by_target: dict[str, list[Message]] = {}
    for message in messages:
        by_target.setdefault(message.target, []).append(message)
    # The other half is for recording what came of them.
    most = (time_limit or TimeLimit()).remaining / 2
    limits = {name: TimeLimit(min(targets[name].time_limit.total_seconds(), most)) for name in by_target}
    for name, queue in by_target.items():
        # A daemon, because a service must not keep the process alive.
        Thread(target=_send_all, args=(targets[name], queue, results, limits[name]), daemon=True).start()
    deadline = time.monotonic() + max((limit.remaining for limit in limits.values()), default=0.0) + GRACE
    unknown = {message.message_id: message for message in messages}
    while unknown:
        try:
            message, attempt = results.get(timeout=max(deadline - time.monotonic(), 0.01))
        except Empty:
            break
        unknown.pop(message.message_id, None)
        report(message, attempt)
    for message in unknown.values():
        report(message, SILENT)


def _send_all(
    target: Target, messages: Sequence[Message], results: Queue[tuple[Message, Attempt]], limit: TimeLimit
) -> None:
    failed: Attempt | None = None
    sender: Sender | None = None
    for number, message in enumerate(messages):
        if failed is None and limit.is_over:
            failed = NO_TIME
        if failed is not None:
            results.put((message, failed))
            continue
        try:
            sender = sender or sender_for(target)
            if number > 0:
                time.sleep(min(target.pause, limit.remaining))
            attempt = send(sender, message, limit)
        except DeliveryError as error:
            attempt = Attempt(False, str(error), is_down=True)
        except Exception as error:  # noqa: BLE001
            # A service's plugin may fail in any way; its text may hold the address, its type does not.
            attempt = Attempt(False, f"sending failed with {type(error).__name__}", is_down=True)
        results.put((message, attempt))
        # When a service is down, its other messages wait for the next run instead of for a timeout each.
        failed = attempt if attempt.is_down and not attempt.ok else None
