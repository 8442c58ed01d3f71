"""lookout.yml as pydantic models. No sentence about it holds an address or a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, time, timezone
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationInfo, model_validator

from lookout.errors import suggestion
from lookout.notify.settings.model import Grouping, Target
from lookout.notify.settings.schedule import EVERY_DAY, Digest, QuietHours, first_loud
from lookout.project.declarations.monitor import Severity
from lookout.project.lookout_file import LimitSettings
from lookout.project.validation import Duration, Settings, list_of, mistake

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
FIELDS = ("owner", "severity", "alert_type", "connection", "asset", "layer")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}")
ALERT_TYPES = (
    "VOLUME_ANOMALY", "STALE_DATA_FLOW", "METRIC_ANOMALY", "CONTRACT_VIOLATION", "PIPELINE_LATE", "PIPELINE_STALE",
    "PIPELINE_ANOMALY", "TEST_FAILURE", "SOURCE_UNREACHABLE",
)  # fmt: skip
# A value that should be a mapping may be an address.
MAPPING = dict.fromkeys(("model_type", "dict_type"), "{key} must be a mapping of keys to values.")
UNKNOWN = "{key}: {value} is unknown; {hint}"
NO_MATCH = "{parent} has no `match`: say which alerts it is for, or move it to `default`."
NO_TARGETS = "notifications has no targets: write `targets: {{team: {{url: {{env: NAME}}}}}}`."
AT = '{key} is missing; write a time of the day like "22:00".'


def _names(value: object) -> object:
    """Return a list of texts as a tuple; a single text is a list of one."""
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
        raise mistake("{key} must be a name or a list of names.")
    return tuple(dict.fromkeys(words))


def _targets(names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    known = (info.context or {}).get("targets", names)
    for name in names:
        if name not in known:
            raise mistake("{key}: there is no target '{name}'; {hint}", name=name, hint=suggestion(name, known))
    return names


def _patterns(known: tuple[str, ...]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    def check(words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if not any(fnmatchcase(name.lower(), word.lower()) for name in known):
                raise mistake("{key}: nothing is called '{word}'; {hint}", word=word, hint=suggestion(word, known))
        return words

    return check


def _time(value: object) -> time:
    # YAML reads an unquoted 22:00 as the number 1320, in base 60.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 24 * 60:
        value = f"{value // 60:02}:{value % 60:02}"
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", value) if isinstance(value, str) else None
    if match:
        return time(int(match[1]), int(match[2]))
    if value == "24:00":
        return time()
    raise mistake('{key} is {value}; write a time of the day like "22:00".')


def read_zone(value: object) -> ZoneInfo:
    """Return a time zone by its name."""
    try:
        return ZoneInfo(value if isinstance(value, str) else "")
    except (ValueError, OSError, KeyError):
        raise mistake("{key} is {value}; write the name of a time zone, like UTC or Europe/Berlin.") from None


def _url(value: object) -> str:
    """Return an address as text with ``${NAME}`` where the environment fills it in."""
    if isinstance(value, Mapping):
        for key in value:
            if key != "env":
                raise mistake("unknown key '{word}' in {key}; {hint}", word=key, hint=suggestion(key, ("env",)))
        variable = value.get("env")
        if not isinstance(variable, str) or not REFERENCE.fullmatch(f"${{{variable}}}"):
            raise mistake("{key}.env must be the name of an environment variable.")
        return f"${{{variable}}}"
    if isinstance(value, str) and REFERENCE.search(value):
        return value
    raise mistake(
        "{key} must come from the environment, because who has it can write to the channel: put it into a "
        "variable and write {{env: NAME}}, or write its secret parts as ${{NAME}}."
    )


def _link(value: object, info: ValidationInfo) -> str:
    environment = (info.context or {}).get("environment", {})
    text = value if isinstance(value, str) else ""
    if any(not environment.get(name, "").strip() for name in REFERENCE.findall(text)):
        return ""
    text = REFERENCE.sub(lambda match: environment[match[1]].strip(), text).rstrip("/")
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https", "file") and "@" not in parts.netloc
    except ValueError:
        is_address = False
    if not is_address or re.search(r"\s", text):
        raise mistake(
            "{key} must be where the reports are published, like https://example.com/lookout, without a password."
        )
    return text


def _listed(value: object) -> object:
    return tuple(value) if isinstance(value, list) else (value,)


def _named_targets(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    if any(not NAME.fullmatch(str(name)) for name in value):
        raise mistake("the name of a target must be made of letters, digits, spaces, '.', '-' and '_'.")
    return {str(name): target for name, target in value.items()}


def _ends(entries: tuple[Quiet, ...], info: ValidationInfo) -> tuple[Quiet, ...]:
    zone = (info.context or {}).get("zone", ZoneInfo("UTC"))
    quiet = tuple(entry.hours(zone) for entry in entries)
    if first_loud(quiet, datetime(2024, 1, 1, tzinfo=timezone.utc)) is None:
        raise mistake("{key} never end: leave some hours of the week in which messages may be sent.")
    return entries


def _mapping_under(key: str, input_type: Any) -> BeforeValidator:
    """Return a validator that takes a value which is no mapping for that of a key."""
    return BeforeValidator(
        lambda value: value if isinstance(value, Mapping) else {key: value}, json_schema_input_type=input_type
    )


class EnvironmentVariable(Settings):
    """The name of the environment variable that holds a value."""

    env: str = Field(description="Name of the environment variable with the address.")


Names = Annotated[tuple[str, ...], PlainValidator(_names, json_schema_input_type=str | list[str])]
TargetNames = Annotated[Names, AfterValidator(_targets)]
Time = Annotated[time, PlainValidator(_time, json_schema_input_type=str | int)]
Zone = Annotated[ZoneInfo, PlainValidator(read_zone, json_schema_input_type=str)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Severities = Annotated[tuple[Severity, ...], BeforeValidator(_names, json_schema_input_type=Severity | list[Severity])]
Days = Annotated[tuple[Day, ...], BeforeValidator(_names, json_schema_input_type=Day | list[Day])]
WEEK: tuple[Day, ...] = get_args(Day)


def _weekdays(days: tuple[Day, ...] | None) -> frozenset[int]:
    return frozenset(WEEK.index(day) for day in days or ()) or EVERY_DAY


class Quiet(Settings):
    """The mapping under `quiet_hours`."""

    sentences = MAPPING | {"days.literal_error": UNKNOWN}
    filled = ("from", "until")
    start: Time = Field(time(), alias="from")
    until: Time = time()
    days: Days | None = None
    timezone: Zone | None = None

    @model_validator(mode="after")
    def _says_when(self) -> Quiet:
        if not {"start", "until", "days"} & self.model_fields_set:
            raise mistake("{key} needs `from` and `until`, or `days`.")
        return self

    def hours(self, zone: ZoneInfo) -> QuietHours:
        """Return the hours, in ``zone`` unless the setting names one."""
        return QuietHours(_weekdays(self.days), self.start, self.until, self.timezone or zone)


class DigestTimes(Settings):
    """The mapping under `digest`."""

    sentences = MAPPING | {"at.missing": AT, "at.too_short": AT, "days.literal_error": UNKNOWN}
    filled = ("at",)
    at: Annotated[
        tuple[Time, ...], Field(min_length=1), BeforeValidator(_listed, json_schema_input_type=Time | list[Time])
    ]
    days: Days | None = None
    timezone: Zone | None = None

    def digest(self, zone: ZoneInfo) -> Digest:
        """Return the times, in ``zone`` unless the setting names one."""
        return Digest(_weekdays(self.days), self.at, self.timezone or zone)


class Match(Settings):
    """The alerts that a route is for: patterns by field."""

    sentences = MAPPING
    filled = FIELDS
    owner: Names = ()
    severity: Annotated[Names, AfterValidator(_patterns(get_args(Severity)))] = ()
    alert_type: Annotated[Names, AfterValidator(_patterns(ALERT_TYPES))] = ()
    connection: Names = ()
    asset: Names = ()
    layer: Names = ()

    @model_validator(mode="after")
    def _names_a_field(self) -> Match:
        if not self.model_fields_set:
            raise mistake(NO_MATCH)
        return self

    @property
    def patterns(self) -> dict[str, tuple[str, ...]]:
        """Return the patterns of the fields that are named, in lower case."""
        found = {field: getattr(self, field) for field in FIELDS}
        return {field: tuple(word.lower() for word in words) for field, words in found.items() if words}


class DefaultRoute(Settings):
    """The route of alerts that no other route is for."""

    sentences = MAPPING | {
        "targets.missing": "{parent} has no `targets`: name those it leads to.",
        "loud.literal_error": UNKNOWN,
    }
    targets: TargetNames
    quiet_hours: Annotated[
        tuple[Quiet, ...],
        BeforeValidator(_listed, json_schema_input_type=Quiet | list[Quiet]),
        AfterValidator(_ends),
    ] = ()
    digest: Annotated[DigestTimes, _mapping_under("at", DigestTimes | Time | list[Time])] | None = None
    loud: Annotated[
        tuple[Severity, ...], BeforeValidator(_names, json_schema_input_type=Severity | list[Severity])
    ] = ()


class RouteSettings(DefaultRoute):
    """An entry of `routes`."""

    sentences = DefaultRoute.sentences | {"match.missing": NO_MATCH}
    match: Match
    continues: bool = Field(False, alias="continue")


class TargetSettings(Settings):
    """An entry of `targets`."""

    sentences = MAPPING | {
        "url.missing": "{key} is missing: write {{env: NAME}}, NAME being the environment variable with the address.",
    }
    url: Annotated[str, PlainValidator(_url, json_schema_input_type=EnvironmentVariable | str), Field(repr=False)]
    messages_per_minute: Annotated[float, Field(gt=0)] = 60
    most_messages: Annotated[int, Field(ge=1)] = Target.most_messages
    group_by: Grouping = Target.group_by
    resolved: bool = Target.sends_resolved
    images: bool | None = None
    icon: bool = Target.icon
    payload: Literal["json", "slack"] | None = None
    time_limit: Duration = Target.time_limit


class Notifications(Settings):
    """The mapping `notifications`."""

    sentences = MAPPING | {"targets.missing": NO_TARGETS, "targets.too_short": NO_TARGETS}
    link: Annotated[str, PlainValidator(_link, json_schema_input_type=str)] = ""
    timezone: Zone = ZoneInfo("UTC")
    images: bool | None = None
    targets: Annotated[dict[str, TargetSettings], Field(min_length=1), BeforeValidator(_named_targets)]
    routes: Annotated[
        tuple[RouteSettings, ...], list_of(RouteSettings, "{key} must be a list, each with `match` and `targets`.")
    ] = ()
    default: Annotated[DefaultRoute, _mapping_under("targets", DefaultRoute | str | list[str])] | None = None


class SettingsFile(Settings):
    """lookout.yml."""

    sentences = MAPPING
    notifications: Notifications | None = Field(default=None, description="Who is told what, where and when.")
    limits: LimitSettings | None = Field(default=None, description="How long runs, sources and statements may take.")
