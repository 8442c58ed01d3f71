"""Public holidays of countries and their parts, from the library `holidays`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from lookout.errors import ConfigError, short_repr

# An observed holiday is the same one on another day; of some, the day is an estimate.
_NOTES = re.compile(r"( \((observed|estimated|observed, estimated)\))+$")
_OTHER_NAMES = {"UK": "GB", "EN": "GB", "ENGLAND": "GB-ENG", "SCOTLAND": "GB-SCT", "WALES": "GB-WLS"}


@dataclass(frozen=True)
class Holiday:
    """A holiday in some of the countries. ``keys`` tell its occurrences in other years: name and country.

    ``is_moved`` says that it is only observed on this day.
    """

    day: date
    label: str
    keys: frozenset[tuple[str, str]]
    is_moved: bool


def read_countries(value: object) -> tuple[str, ...]:
    """Return codes like ``US`` and ``DE-BY`` in their usual spelling, from a text with commas or a list of texts.

    Raises ConfigError with the end of a sentence, after the name of the setting.
    """
    if value is False:
        raise ConfigError('is false, which is how YAML reads NO; write "NO" in quotes, or [] for no holidays.')
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, Sequence) or not all(isinstance(part, str) and part.strip() for part in parts):
        raise ConfigError(f"is {short_repr(value)}; write a country code like US, or a list like [US, DE-BY].")
    return tuple(dict.fromkeys(_code(part.strip()) for part in parts))


def holidays_between(codes: tuple[str, ...], first: int, last: int) -> tuple[Holiday, ...]:
    """Return the holidays of countries from the beginning of year ``first`` to the end of year ``last``, by day."""
    names: dict[date, dict[str, list[str]]] = {}
    for code in codes:
        for day, name in _named_days(code, first, last):
            names.setdefault(day, {}).setdefault(name, []).append(code)
    return tuple(
        Holiday(
            day,
            ", ".join(f"{name} ({', '.join(where)})" for name, where in found.items()),
            frozenset((_NOTES.sub("", name), code) for name, where in found.items() for code in where),
            all("(observed" in name for name in found),
        )
        for day, found in sorted(names.items())
    )


@lru_cache(maxsize=256)
def _named_days(code: str, first: int, last: int) -> tuple[tuple[date, str], ...]:
    import holidays

    country, _, part = code.partition("-")
    known: Any = holidays.country_holidays(country, subdiv=part or None)
    language = next((name for name in ("en_US", "en_GB") if name in known.supported_languages), None)
    found = holidays.country_holidays(country, subdiv=part or None, years=range(first, last + 1), language=language)
    return tuple((day, name) for day, text in sorted(found.items()) for name in text.split("; "))


@lru_cache(maxsize=1)
def _supported() -> Mapping[str, Sequence[str]]:
    import holidays

    return holidays.list_supported_countries()


@lru_cache(maxsize=1)
def _spelled_out() -> Mapping[str, str]:
    """Return the code of each country by its name in capitals, without spaces: ``UNITEDSTATES``."""
    from holidays import registry

    return {module.replace("_", "").upper(): codes[1] for module, codes in registry.COUNTRIES.items()}


def _code(text: str) -> str:
    country, dash, part = text.partition("-")
    country = country.upper()
    if country not in _supported():
        raise ConfigError(f"names the country '{text}', which is unknown; {_country_hint(text)}")
    if not dash:
        return country
    parts = _supported()[country]
    found = next((one for one in parts if one.upper() == part.upper()), None)
    if found is None:
        raise ConfigError(f"names '{text}', but {country} has no part '{part}'; {_part_hint(country, part, parts)}")
    return f"{country}-{found}"


def _country_hint(text: str) -> str:
    word = re.sub(r"[^A-Z]", "", text.upper())
    names = {**{code: code for code in _supported()}, **_spelled_out(), **_OTHER_NAMES}
    close = [word] if word in names else difflib.get_close_matches(word, names, n=1)
    if close:
        return f"did you mean '{names[close[0]]}'?"
    return "use a code of ISO 3166 like US, or US-CA for a part of it."


def _part_hint(country: str, part: str, parts: Sequence[str]) -> str:
    close = difflib.get_close_matches(part.upper(), parts, n=1)
    if close:
        return f"did you mean '{country}-{close[0]}'?"
    return f"it has {', '.join(parts)}." if parts else f"write {country} alone."
