"""What `notifications` in lookout.yml holds: targets, routes, and where the report is published."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from python_checks.notify.schedule import Digest, QuietHours

FILE = "lookout.yml"
URL_VARIABLE, LINK_VARIABLE = "LOOKOUT_NOTIFY_URL", "LOOKOUT_NOTIFY_LINK"
FROM_ENVIRONMENT = "environment"
GROUPINGS = ("owner", "layer", "connection", "none")


@dataclass(frozen=True)
class Target:
    """Where messages go. ``url`` is never printed; it is None when ``problem`` says why it is not known.

    ``pause`` is in seconds between two messages; ``most_messages`` bounds one run. ``images`` says whether
    messages carry charts; None leaves it to what the service is good for.
    """

    name: str
    url: str | None = field(default=None, repr=False)
    problem: str = ""
    pause: float = 1.0
    most_messages: int = 20
    group_by: str = "owner"
    tells_resolved: bool = True
    icon: bool = False
    images: bool | None = None
    payload: str | None = None


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
    goes_on: bool = False


@dataclass(frozen=True)
class Settings:
    """Targets by name, and routes in order; the last one is the default and fits every alert."""

    targets: Mapping[str, Target] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    link: str = ""

    def __bool__(self) -> bool:
        return bool(self.targets)


def load_settings(root: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings of the project in ``root``; nothing, and no cost, when nobody is to be told anything.

    Without `notifications` in lookout.yml, the variable LOOKOUT_NOTIFY_URL is the only target. Raises ConfigError
    that names every mistake; a variable that is not set is only a mistake of the target that refers to it.
    """
    environment = os.environ if environment is None else environment
    file = root / FILE
    if file.is_file():
        from python_checks.notify.settings_reader import read_settings

        settings = read_settings(file, environment)
        if settings is not None:
            return settings
    url = environment.get(URL_VARIABLE, "").strip()
    if not url:
        return Settings()
    target = Target(FROM_ENVIRONMENT, url)
    link = environment.get(LINK_VARIABLE, "").strip().rstrip("/")
    return Settings({target.name: target}, (Route((target.name,)),), link)
