"""A strict reader of lookout.yml: each mistake becomes one sentence, and none holds an address or a secret."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic_core import PydanticCustomError

from lookout.errors import ConfigError
from lookout.notify.settings.file import REFERENCE, DefaultRoute, RouteSettings, SettingsFile, TargetSettings, read_zone
from lookout.notify.settings.model import Route, Settings, Target
from lookout.project.lookout_file import parse_file
from lookout.project.validation import Reader


def read_settings(file: Path, environment: Mapping[str, str]) -> Settings | None:
    """Return the settings in a lookout.yml, None without `notifications`. Raises ConfigError with every mistake."""
    content = parse_file(file)
    if content is None:
        return None
    reader = Reader(file.name)
    found = None
    if isinstance(content, Mapping):
        found = reader.read(SettingsFile, content, context=_context(content.get("notifications"), environment))
        _check_default(reader, content.get("notifications"))
    else:
        reader.wrong("it must be a mapping that begins with `notifications:`.")
    if reader.problems:
        raise ConfigError("\n".join(reader.problems))
    if found is None or found.notifications is None:
        return None
    settings = found.notifications
    targets = {name: _target(name, target, settings.images, environment) for name, target in settings.targets.items()}
    routes = [_route(route, settings.timezone) for route in settings.routes]
    routes.append(_route(settings.default, settings.timezone) if settings.default else Route(tuple(targets)))
    return Settings(targets, tuple(routes), settings.link)


def _context(settings: object, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what settings are checked against: the names of all targets, the time zone, the environment."""
    context: dict[str, Any] = {"environment": environment}
    if isinstance(settings, Mapping):
        if isinstance(settings.get("targets"), Mapping):
            context["targets"] = tuple(str(name) for name in settings["targets"])
        try:
            context["zone"] = read_zone(settings.get("timezone"))
        except PydanticCustomError:
            # Said where the setting itself is read.
            return context
    return context


def _check_default(reader: Reader, settings: object) -> None:
    if not isinstance(settings, Mapping) or settings.get("default") is not None:
        return
    targets = settings.get("targets")
    if settings.get("routes") or not isinstance(targets, Mapping) or len(targets) != 1:
        reader.wrong(
            "notifications.default is missing: name the targets of alerts that no route is for, or write "
            "`default: []` for none."
        )


def _target(name: str, settings: TargetSettings, images: bool | None, environment: Mapping[str, str]) -> Target:
    missing = [variable for variable in REFERENCE.findall(settings.url) if not environment.get(variable, "").strip()]
    return Target(
        name,
        None if missing else _expanded(settings.url, environment),
        f"the environment variable {missing[0]} is not set" if missing else "",
        60 / settings.messages_per_minute,
        settings.most_messages,
        settings.group_by,
        settings.resolved,
        settings.icon,
        images if settings.images is None else settings.images,
        settings.payload,
        settings.time_limit,
    )


def _expanded(text: str, environment: Mapping[str, str]) -> str:
    # A part of an address is encoded, so that a password may hold any character; a whole one is left as it is.
    whole = REFERENCE.fullmatch(text)
    if whole:
        return environment[whole[1]].strip()
    return REFERENCE.sub(lambda match: quote(environment[match[1]].strip(), safe=""), text)


def _route(settings: DefaultRoute, zone: ZoneInfo) -> Route:
    route = settings if isinstance(settings, RouteSettings) else None
    return Route(
        settings.targets,
        route.match.patterns if route else {},
        tuple(quiet.hours(zone) for quiet in settings.quiet_hours),
        settings.digest.digest(zone) if settings.digest else None,
        frozenset(settings.loud),
        route is not None and route.continues,
    )
