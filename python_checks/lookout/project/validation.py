"""Settings that people write, as pydantic models, and one sentence for each mistake in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from types import UnionType
from typing import Annotated, Any, ClassVar, TypeVar, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from lookout.errors import short_repr, suggestion

PERIODS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
LONGEST = timedelta(days=36_500)
TEXT = "{key} is {value}; it must be a non-empty text."
NUMBER = "{key} is {value}; it must be a number."
# By pydantic's type of mistake; a model may have other sentences for its keys.
SENTENCES = {
    "extra_forbidden": "unknown key '{word}'{inside}; {hint}",
    "missing": "{key} is missing.",
    "string_type": TEXT,
    "string_unicode": TEXT,
    "bool_type": "{key} is {value}; it must be true or false.",
    "int_type": "{key} is {value}; it must be a whole number.",
    "float_type": NUMBER,
    "finite_number": NUMBER,
    "greater_than": "{key} is {value}; it must be greater than {gt:g}.",
    "greater_than_equal": "{key} is {value}; it must be {ge:g} or more.",
    "less_than_equal": "{key} is {value}; it must be {le:g} or less.",
    "literal_error": "{key} is {value}; {hint}",
    "model_type": "{key} is {value}; it must be a mapping of keys to values.",
    "dict_type": "{key} is {value}; it must be a mapping of keys to values.",
}


class Settings(BaseModel):
    """Base of the models: an unknown key or a value of another type is a mistake, a key without a value is not set.

    ``sentences`` has the model's own sentences by ``key.type`` or ``type``; ``filled`` names keys that need a value.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, populate_by_name=False)
    sentences: ClassVar[Mapping[str, str]] = {}
    filled: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        known = set(keys_of(cls)) - set(cls.filled)
        return {str(key): item for key, item in value.items() if item is not None or key not in known}


S = TypeVar("S", bound=Settings)


def keys_of(model: type[Settings]) -> tuple[str, ...]:
    """Return the keys of a model as people write them."""
    return tuple(field.alias or name for name, field in model.model_fields.items())


def mistake(sentence: str, **words: object) -> PydanticCustomError:
    """Return an error for a validator: a sentence with places for ``words``, the ``{key}`` and its ``{value}``."""
    return PydanticCustomError("mistake", "mistake", {"sentence": sentence, "words": words})


def list_of(item: type[Settings], sentence: str) -> BeforeValidator:
    """Return a validator that takes a list only; ``sentence`` is said about anything else."""

    def check(value: object) -> object:
        if not isinstance(value, list):
            raise mistake(sentence)
        return tuple(value)

    return BeforeValidator(check, json_schema_input_type=list[item])  # type: ignore[valid-type]


class Reader:
    """Reader of the settings of one file or table. Each mistake leaves one sentence in ``problems``."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[str] = []

    def wrong(self, text: str) -> None:
        """Record one sentence, once, on one line whatever names it quotes."""
        sentence = " ".join(f"{self.where}: {text}".split())
        if sentence not in self.problems:
            self.problems.append(sentence)

    def read(
        self,
        model: type[S],
        value: object,
        key: str = "",
        *,
        inside: str = "",
        context: Mapping[str, Any] | None = None,
    ) -> S | None:
        """Read the settings under ``key``; a wrong key counts as not set. None when nothing can be made of the rest.

        ``inside`` is what an unknown key is said to be in, ``key`` unless given.
        """
        try:
            return model.model_validate(value, context=context)
        except ValidationError as error:
            found = sorted(error.errors(include_url=False), key=lambda details: details["type"] != "extra_forbidden")
        for details in found:
            self.wrong(_sentence(model, details, value, key, inside or key))
        wrong = {details["loc"][0] for details in found if details["loc"]}
        if not wrong or not isinstance(value, Mapping):
            return None
        rest = {name: item for name, item in value.items() if str(name) not in wrong}
        try:
            return model.model_validate(rest, context=context)
        except ValidationError:
            return None


def _sentence(model: type[Settings], details: ErrorDetails, root: object, key: str, inside: str) -> str:
    location, kind, context = details["loc"], details["type"], details.get("ctx") or {}
    owner, name = _owner(model, location)
    words = {**context, **context.get("words", {})}
    if kind == "extra_forbidden":
        parent = _path(key, location[:-1], root) if len(location) > 1 else inside
        words |= {"word": name, "hint": suggestion(name, keys_of(owner)), "inside": f" in {parent}" if parent else ""}
    elif kind == "literal_error":
        words["hint"] = suggestion(details["input"], re.findall(r"'([^']*)'", context["expected"]))
    else:
        words["inside"] = inside
    sentence = context.get("sentence") or owner.sentences.get(f"{name}.{kind}") or owner.sentences.get(kind)
    sentence = sentence or SENTENCES.get(kind, "{key} is {value}, which is not understood.")
    places = {"key": _path(key, location, root), "parent": _path(key, location[:-1], root)}
    return sentence.format(**{**places, "value": short_repr(details["input"]), **words})


def _owner(model: type[Settings], location: tuple[int | str, ...]) -> tuple[type[Settings], str]:
    """Return the innermost model that a location leads into, and its key there."""
    owner, name = model, ""
    annotation: Any = model
    for part in location:
        while get_origin(annotation) in (Union, UnionType, Annotated):
            annotation = get_args(annotation)[0]
        if isinstance(annotation, type) and issubclass(annotation, Settings):
            owner, name = annotation, str(part)
            fields = {field.alias or key: field for key, field in annotation.model_fields.items()}
            annotation = fields[name].annotation if name in fields else None
        else:
            # The last argument of dict[str, X], the first of tuple[X, ...].
            arguments = get_args(annotation) or (None,)
            annotation = arguments[-1] if isinstance(part, str) else arguments[0]
    return owner, name


def _path(key: str, location: tuple[int | str, ...], value: Any) -> str:
    """Return a location as people write it, ``routes[1].match``; steps that only the model has are left out."""
    path = key
    for number, part in enumerate(location):
        is_last = number == len(location) - 1
        if isinstance(part, int):
            if isinstance(value, list) and part < len(value):
                value, path = value[part], f"{path}[{part + 1}]"
        elif isinstance(value, Mapping) and (is_last or part in {str(name) for name in value}):
            value = next((item for name, item in value.items() if str(name) == part), None)
            path = f"{path}.{part}" if path else part
    return path


def _duration(value: object, *, zero: bool) -> timedelta:
    length = parse_duration(value)
    if length is None:
        raise mistake("{key} is {value}; write it like '3 days', '36 hours' or {{count: 3, period: day}}.")
    if length < timedelta(0) or (length == timedelta(0) and not zero):
        raise mistake("{key} is {value}; it must be {limit}.", limit="zero or longer" if zero else "longer than zero")
    return length


def read_columns(value: object) -> tuple[str, ...]:
    """Return different column names; a single text is a list of one."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
        raise mistake("{key} is {value}; it must be a list of column names.")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise mistake("{key}: '{name}' stands there twice; remove one.", name=twice[0])
    return tuple(names)


def _text(value: str) -> str:
    if not value.strip() or "\x00" in value:
        raise mistake(TEXT)
    return value


class Period(BaseModel):
    """A length of time as dbt writes it."""

    model_config = ConfigDict(extra="forbid")
    count: float = Field(description="How many of the period.")
    period: str = Field(description="second, minute, hour, day or week.")


Text = Annotated[str, AfterValidator(_text)]
Columns = Annotated[tuple[str, ...], PlainValidator(read_columns, json_schema_input_type=str | list[str])]
Duration = Annotated[
    timedelta, PlainValidator(lambda value: _duration(value, zero=False), json_schema_input_type=str | Period)
]
DurationOrZero = Annotated[
    timedelta, PlainValidator(lambda value: _duration(value, zero=True), json_schema_input_type=str | Period)
]


def parse_duration(value: object) -> timedelta | None:
    """Read ``3 days`` or dbt's ``{count: 3, period: day}``; None when it is neither, or longer than a century."""
    count: object = None
    period: object = None
    if isinstance(value, str):
        match = re.fullmatch(r"\s*(-?\d{1,9}(?:\.\d{1,6})?)\s*([A-Za-z]+)\s*", value)
        if match:
            count, period = float(match[1]), match[2]
    elif isinstance(value, Mapping) and set(value) == {"count", "period"}:
        count, period = value["count"], value["period"]
    if isinstance(count, bool) or not isinstance(count, (int, float)) or not isinstance(period, str):
        return None
    unit = PERIODS.get(period.lower().removesuffix("s"))
    if unit is None or not abs(count) * unit.total_seconds() <= LONGEST.total_seconds():
        return None
    return unit * count
