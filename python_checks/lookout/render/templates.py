"""Texts from templates: one way to set them up for every room that writes some."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def text_templates(package: str) -> Environment:
    """The templates of a package for Markdown and plain text.

    Nothing is escaped as in HTML: who fills a template escapes what comes from data, in the way of its markup. A name
    that a template misspells is an error.
    """
    return Environment(
        loader=PackageLoader(package), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
