"""The values of `notifications` in lookout.yml: targets, routes, and the address of the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from lookout.notify.settings.schedule import Digest, QuietHours

Grouping = Literal["owner", "layer", "connection", "none"]


@dataclass(frozen=True)
class Target:
    """A destination of messages. ``url`` is never printed; it is None when ``problem`` says why it is not known.

    ``pause`` is in seconds between two messages; ``most_messages`` and ``time_limit`` bound one run.
    ``images`` says whether messages carry charts; None means where the service shows them well.
    """

    name: str
    url: str | None = field(default=None, repr=False)
    problem: str = ""
    pause: float = 1.0
    most_messages: int = 20
    group_by: Grouping = "owner"
    sends_resolved: bool = True
    icon: bool = False
    images: bool | None = None
    payload: str | None = None
    time_limit: timedelta = timedelta(minutes=5)


@dataclass(frozen=True)
class Route:
    """Alerts that fit ``match`` (field to patterns, all fields have to fit) go to ``targets``.

    ``loud`` are the severities that neither quiet hours nor the digest hold back.
    """

    targets: tuple[str, ...]
    match: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quiet_hours: tuple[QuietHours, ...] = ()
    digest: Digest | None = None
    loud: frozenset[str] = frozenset()
    continues: bool = False


@dataclass(frozen=True)
class Settings:
    """Targets by name, and routes in order; the last one is the default and fits every alert.

    ``problems`` has a sentence for each mistake; the targets and routes with one are not used.
    """

    targets: Mapping[str, Target] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    link: str = ""
    problems: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.targets)
