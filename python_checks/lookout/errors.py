"""Errors people read. Every message is one sentence that says what is wrong, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from lookout.masking import mask_secrets
from lookout.plain import plain


class LookoutError(Exception):
    """Base of everything Lookout raises on purpose; the command line prints it as one sentence and exits 2."""

    def __str__(self) -> str:
        # Sentences quote names and messages of others.
        return mask_secrets(plain(super().__str__()))


class ConfigError(LookoutError):
    """A setting, a profile or an argument is missing or wrong."""


class SourceError(LookoutError):
    """A database could not be reached, or would not answer a query."""


class ArtifactError(LookoutError):
    """A file that dbt writes is missing, unreadable or of an unsupported version."""


class DeliveryError(LookoutError):
    """A notification could not be delivered."""


def suggestion(word: object, allowed: Collection[str]) -> str:
    """Return ``did you mean 'x'?`` for a close match, else the list of what is allowed."""
    close = difflib.get_close_matches(str(word), list(allowed), n=1)
    return f"did you mean '{close[0]}'?" if close else f"use one of {', '.join(allowed)}."


def short_repr(value: object) -> str:
    """Return a value as it may appear in a sentence: short, on one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."
