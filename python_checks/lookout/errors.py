"""Errors people read. Every message is one sentence that says what is wrong, where, and what to do about it."""

from __future__ import annotations


class LookoutError(Exception):
    """Base of everything Lookout raises on purpose; the command line prints it as one sentence and exits 2."""


class ConfigError(LookoutError):
    """A setting, a profile or an argument is missing or wrong."""


class SourceError(LookoutError):
    """A database could not be reached, or would not answer a query."""


class ArtifactError(LookoutError):
    """A file that dbt writes is missing, unreadable or of an unsupported version."""


class DeliveryError(LookoutError):
    """A notification could not be delivered."""
