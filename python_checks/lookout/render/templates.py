"""Jinja environment for Markdown and plain text, shared by every package that has templates."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def text_templates(package: str) -> Environment:
    """Return the Jinja environment of a package's templates for Markdown and plain text.

    Nothing is escaped as HTML: callers escape values from data for the markup of the template. A name that a template
    misspells is an error.
    """
    return Environment(
        loader=PackageLoader(package), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
