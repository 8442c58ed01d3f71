"""A strict reader of lookout.yml: each mistake becomes one sentence, and none holds an address or a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timezone
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

import yaml

from lookout.errors import ConfigError
from lookout.notify.settings.model import GROUPINGS, Route, Settings, Target
from lookout.notify.settings.schedule import DAYS, EVERY_DAY, Digest, QuietHours, first_loud
from lookout.project.declarations.settings import Reader, short_repr, suggestion
from lookout.project.files import why_unreadable

TOP_KEYS = ("notifications",)
KEYS = ("link", "timezone", "images", "targets", "routes", "default")
TARGET_KEYS = ("url", "messages_per_minute", "most_messages", "group_by", "resolved", "images", "icon", "payload")
DEFAULT_KEYS = ("targets", "quiet_hours", "digest", "loud")
ROUTE_KEYS = ("match", *DEFAULT_KEYS, "continue")
MATCH_KEYS = ("owner", "severity", "alert_type", "connection", "asset", "layer")
QUIET_KEYS = ("from", "until", "days", "timezone")
DIGEST_KEYS = ("at", "days", "timezone")
PAYLOADS = ("json", "slack")
SEVERITIES = ("warning", "critical")
ALERT_TYPES = (
    "VOLUME_ANOMALY", "STALE_DATA_FLOW", "METRIC_ANOMALY", "CONTRACT_VIOLATION", "PIPELINE_LATE", "PIPELINE_STALE",
    "PIPELINE_ANOMALY", "TEST_FAILURE", "SOURCE_UNREACHABLE",
)  # fmt: skip
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}")


def read_settings(file: Path, environment: Mapping[str, str]) -> Settings | None:
    """Return the settings in a lookout.yml, None without `notifications`. Raises ConfigError with every mistake."""
    content = _parsed(file)
    reader = _Notifications(file.name, environment)
    settings = None if content is None else reader.read(content)
    if reader.problems:
        raise ConfigError("\n".join(reader.problems))
    return settings


def _parsed(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        # The offending line itself may hold a secret.
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(
            f"{file.name} is not valid YAML{where}: {error.problem or error.context}; put a value with special "
            "characters in quotes."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file.name} is not valid YAML: it holds characters that are no UTF-8 text.") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {why_unreadable(file, error)}.") from error


class _Notifications(Reader):
    """Reads the mapping `notifications` and collects its mistakes in ``problems``."""

    def __init__(self, where: str, environment: Mapping[str, str]) -> None:
        super().__init__(where)
        self.environment = environment
        self.zone = ZoneInfo("UTC")
        self.images: bool | None = None

    def read(self, content: Any) -> Settings | None:
        if not isinstance(content, Mapping):
            self.wrong("it must be a mapping that begins with `notifications:`.")
            return None
        self.unknown_keys(content, TOP_KEYS)
        if content.get("notifications") is None:
            return None
        # Not Reader.mapping: its message would quote the value, which may hold a secret.
        settings = self._mapping(content["notifications"], "notifications")
        self.unknown_keys(settings, KEYS, "notifications")
        self.zone = self._zone(settings.get("timezone"), "timezone") or self.zone
        self.images = self._images(settings.get("images"), "images", None)
        targets = self._targets(settings.get("targets"))
        routes = self._routes(settings.get("routes"), targets)
        routes.append(self._default(settings, targets, bool(routes)))
        return Settings(targets, tuple(routes), self._link(settings.get("link")))

    def _mapping(self, value: object, key: str) -> dict[Any, Any]:
        if value is None or isinstance(value, Mapping):
            return dict(value or {})
        self.wrong(f"{key} must be a mapping of keys to values.")
        return {}

    def _targets(self, value: object) -> dict[str, Target]:
        entries = self._mapping(value, "targets")
        if not entries:
            self.wrong("notifications has no targets: write `targets: {team: {url: {env: NAME}}}`.")
        return {str(name): self._target(str(name), entry) for name, entry in entries.items()}

    def _target(self, name: str, value: object) -> Target:
        key = f"targets.{name}"
        if not _NAME.fullmatch(name):
            self.wrong("the name of a target must be made of letters, digits, spaces, '.', '-' and '_'.")
        settings = self._mapping(value, key)
        self.unknown_keys(settings, TARGET_KEYS, key)
        url, problem = self._url(settings.get("url"), name)
        rate = self.number(settings.get("messages_per_minute"), f"{key}.messages_per_minute", above=0)
        most = self.whole(settings.get("most_messages"), f"{key}.most_messages", least=1)
        return Target(
            name,
            url,
            problem,
            60 / rate if rate else Target.pause,
            most or Target.most_messages,
            self.choice(settings.get("group_by"), f"{key}.group_by", GROUPINGS) or Target.group_by,
            self.switch(settings.get("resolved"), f"{key}.resolved", True),
            self.switch(settings.get("icon"), f"{key}.icon", False),
            self._images(settings.get("images"), f"{key}.images", self.images),
            self.choice(settings.get("payload"), f"{key}.payload", PAYLOADS),
        )

    def _images(self, value: object, key: str, default: bool | None) -> bool | None:
        return default if value is None else self.switch(value, key, True)

    def _url(self, value: object, name: str) -> tuple[str | None, str]:
        key = f"targets.{name}.url"
        if value is None:
            self.wrong(f"{key} is missing: write {{env: NAME}}, NAME being the environment variable with the address.")
            return None, ""
        if isinstance(value, Mapping):
            self.unknown_keys(value, ("env",), key)
            variable = value.get("env")
            if not isinstance(variable, str) or not variable.isidentifier():
                self.wrong(f"{key}.env must be the name of an environment variable.")
                return None, ""
            value = f"${{{variable}}}"
        if not isinstance(value, str) or not _REFERENCE.search(value):
            self.wrong(
                f"{key} must come from the environment, because who has it can write to the channel: put it into a "
                "variable and write {env: NAME}, or write its secret parts as ${NAME}."
            )
            return None, ""
        missing = [n for n in dict.fromkeys(_REFERENCE.findall(value)) if not self.environment.get(n, "").strip()]
        if missing:
            return None, f"the environment variable {missing[0]} is not set"
        return self._expanded(value), ""

    def _expanded(self, text: str) -> str:
        # A part of an address is encoded, so that a password may hold any character; a whole one is left as it is.
        whole = _REFERENCE.fullmatch(text)
        if whole:
            return self.environment[whole[1]].strip()
        return _REFERENCE.sub(lambda match: quote(self.environment[match[1]].strip(), safe=""), text)

    def _routes(self, value: object, targets: Mapping[str, Target]) -> list[Route]:
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong("routes must be a list, each with `match` and `targets`.")
            return []
        return [self._route(entry, f"routes[{number}]", targets) for number, entry in enumerate(value, 1)]

    def _route(self, value: object, key: str, targets: Mapping[str, Target]) -> Route:
        settings = self._mapping(value, key)
        self.unknown_keys(settings, ROUTE_KEYS, key)
        match = self._mapping(settings.get("match"), f"{key}.match")
        self.unknown_keys(match, MATCH_KEYS, f"{key}.match")
        if not match:
            self.wrong(f"{key} has no `match`: say which alerts it is for, or move it to `default`.")
        patterns = {name: self._patterns(match[name], f"{key}.match.{name}", name) for name in match}
        return self._route_to(settings, key, targets, {field: words for field, words in patterns.items() if words})

    def _route_to(
        self, settings: Mapping[Any, Any], key: str, targets: Mapping[str, Target], match: Mapping[str, tuple[str, ...]]
    ) -> Route:
        names = self._words(settings.get("targets"), f"{key}.targets")
        if "targets" not in settings:
            self.wrong(f"{key} has no `targets`: name those it leads to.")
        for name in names:
            if name not in targets:
                self.wrong(f"{key}.targets: there is no target '{name}'; {suggestion(name, targets)}")
        return Route(
            names,
            match,
            self._quiet(settings.get("quiet_hours"), f"{key}.quiet_hours"),
            self._digest(settings.get("digest"), f"{key}.digest"),
            frozenset(self._chosen(settings.get("loud"), f"{key}.loud", SEVERITIES)),
            self.switch(settings.get("continue"), f"{key}.continue", False),
        )

    def _default(self, settings: Mapping[Any, Any], targets: Mapping[str, Target], has_routes: bool) -> Route:
        value = settings.get("default")
        if "default" not in settings:
            if len(targets) == 1 and not has_routes:
                return Route(tuple(targets))
            self.wrong(
                "notifications.default is missing: name the targets of alerts that no route is for, or write "
                "`default: []` for none."
            )
            return Route(())
        if not isinstance(value, Mapping):
            value = {"targets": value}
        self.unknown_keys(value, DEFAULT_KEYS, "default")
        return self._route_to(value, "default", targets, {})

    def _patterns(self, value: object, key: str, field: str) -> tuple[str, ...]:
        words = self._words(value, key)
        known = {"severity": SEVERITIES, "alert_type": ALERT_TYPES}.get(field, ())
        for word in words:
            if known and not any(fnmatchcase(name.lower(), word.lower()) for name in known):
                self.wrong(f"{key}: nothing is called '{word}'; {suggestion(word, known)}")
        return tuple(word.lower() for word in words)

    def _words(self, value: object, key: str) -> tuple[str, ...]:
        """Return a list of texts; a single text is a list of one."""
        words = [value] if isinstance(value, str) else value
        if not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
            self.wrong(f"{key} must be a name or a list of names.")
            return ()
        return tuple(dict.fromkeys(words))

    def _chosen(self, value: object, key: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        words = () if value is None else self._words(value, key)
        for word in words:
            if word not in allowed:
                self.wrong(f"{key}: '{word}' is unknown; {suggestion(word, allowed)}")
        return tuple(word for word in words if word in allowed)

    def _quiet(self, value: object, key: str) -> tuple[QuietHours, ...]:
        if value is None:
            return ()
        entries = value if isinstance(value, list) else [value]
        quiet = tuple(self._quiet_hours(entry, key) for entry in entries)
        if quiet and first_loud(quiet, datetime(2024, 1, 1, tzinfo=timezone.utc)) is None:
            self.wrong(f"{key} never end: leave some hours of the week in which messages may be sent.")
        return quiet

    def _quiet_hours(self, value: object, key: str) -> QuietHours:
        settings = self._mapping(value, key)
        self.unknown_keys(settings, QUIET_KEYS, key)
        if not {"from", "until", "days"} & set(settings):
            self.wrong(f"{key} needs `from` and `until`, or `days`.")
        begin = self._time(settings.get("from", "00:00"), f"{key}.from")
        end = self._time(settings.get("until", "00:00"), f"{key}.until")
        zone = self._zone(settings.get("timezone"), f"{key}.timezone") or self.zone
        return QuietHours(self._days(settings.get("days"), f"{key}.days"), begin, end, zone)

    def _digest(self, value: object, key: str) -> Digest | None:
        if value is None:
            return None
        settings = self._mapping(value if isinstance(value, Mapping) else {"at": value}, key)
        self.unknown_keys(settings, DIGEST_KEYS, key)
        times = settings.get("at")
        if not isinstance(times, list):
            times = [times]
        at = tuple(self._time(entry, f"{key}.at") for entry in times or [None])
        zone = self._zone(settings.get("timezone"), f"{key}.timezone") or self.zone
        return Digest(self._days(settings.get("days"), f"{key}.days"), at, zone)

    def _days(self, value: object, key: str) -> frozenset[int]:
        days = frozenset(DAYS.index(day) for day in self._chosen(value, key, DAYS))
        return days or EVERY_DAY

    def _time(self, value: object, key: str) -> time:
        # YAML reads an unquoted 22:00 as the number 1320, in base 60.
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 24 * 60:
            value = f"{value // 60:02}:{value % 60:02}"
        match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", value) if isinstance(value, str) else None
        if match:
            return time(int(match[1]), int(match[2]))
        if value != "24:00":
            self.wrong(f'{key} is {short_repr(value)}; write a time of the day like "22:00".')
        return time()

    def _zone(self, value: object, key: str) -> ZoneInfo | None:
        if value is None:
            return None
        try:
            return ZoneInfo(value if isinstance(value, str) else "")
        except (ValueError, OSError, KeyError):
            self.wrong(f"{key} is {short_repr(value)}; write the name of a time zone, like UTC or Europe/Berlin.")
            return None

    def _link(self, value: object) -> str:
        if value is None:
            return ""
        text = value if isinstance(value, str) else ""
        variables = _REFERENCE.findall(text)
        if any(not self.environment.get(name, "").strip() for name in variables):
            return ""
        text = _REFERENCE.sub(lambda match: self.environment[match[1]].strip(), text).rstrip("/")
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https", "file") or "@" in parts.netloc or re.search(r"\s", text):
            self.wrong(
                "link must be where the reports are published, like https://example.com/lookout, without a password."
            )
            return ""
        return text
