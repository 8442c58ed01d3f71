"""A strict reader of lookout.yml: each mistake becomes one sentence, and none holds an address or a secret."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from lookout.errors import ConfigError
from lookout.masking import address_secrets, is_secret_name, remember_secrets
from lookout.notify.settings.file import REFERENCE, DefaultRoute, RouteSettings, SettingsFile, TargetSettings, read_zone
from lookout.notify.settings.model import Route, Settings, Target
from lookout.project.files import read_yaml
from lookout.project.lookout_file import QUOTING
from lookout.project.validation import Reader


def read_settings(file: Path, environment: Mapping[str, str]) -> Settings | None:
    """Return the settings in a lookout.yml, None without `notifications`.

    A target or route with a mistake is left out, and is one of the ``problems``. Raises ConfigError with every mistake
    when nothing can be made of the rest.
    """
    content = read_yaml(file, QUOTING)
    if content is None:
        return None
    reader = Reader(file.name)
    found: SettingsFile | None = None
    wrong: list[str] = []
    if isinstance(content, Mapping):
        context = _context(content.get("notifications"), environment)
        found = reader.read(SettingsFile, content, context=context)
        if reader.problems:
            found, wrong = _without_mistakes(content, context)
        before = len(reader.problems)
        _check_default(reader, content.get("notifications"))
        # Without a default nobody knows where the other alerts go.
        found = found if len(reader.problems) == before else None
    else:
        reader.wrong("it must be a mapping that begins with `notifications:`.")
    if reader.problems and found is None:
        raise ConfigError("\n".join(reader.problems))
    if found is None or found.notifications is None:
        return None
    settings = found.notifications
    targets = {name: _target(name, target, settings.images, environment) for name, target in settings.targets.items()}
    targets |= {name: Target(name, problem="its settings in lookout.yml are wrong") for name in wrong}
    routes = [_route(route, settings.timezone) for route in settings.routes]
    routes.append(_route(settings.default, settings.timezone) if settings.default else Route(tuple(targets)))
    return Settings(targets, tuple(routes), settings.link, tuple(reader.problems))


def _without_mistakes(content: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[SettingsFile | None, list[str]]:
    """Return the settings without the targets and routes that are wrong, and the names of these targets.

    None when something else is wrong as well.
    """
    rest: Any = copy.deepcopy(content)
    names: list[str] = []
    while True:
        try:
            return SettingsFile.model_validate(rest, context=context), names
        except ValidationError as error:
            location = error.errors(include_url=False)[0]["loc"]
        part: Any = rest["notifications"].get(location[1]) if len(location) > 2 else None
        if location[1:2] == ("targets",) and isinstance(part, dict) and location[2] in part:
            names.append(str(location[2]))
        elif not (location[1:2] == ("routes",) and isinstance(part, list) and isinstance(location[2], int)):
            return None, names
        del part[location[2]]


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
    url = _expanded(settings.url, environment)
    # What fills in an address is as secret as the address.
    remember_secrets(
        [*address_secrets(url), *(environment.get(v, "") for v in REFERENCE.findall(settings.url) if is_secret_name(v))]
    )
    missing = [variable for variable in REFERENCE.findall(settings.url) if not environment.get(variable, "").strip()]
    return Target(
        name,
        None if missing else url,
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
        return environment.get(whole[1], "").strip()
    return REFERENCE.sub(lambda match: quote(environment.get(match[1], "").strip(), safe=""), text)


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
