"""Text of other programs and databases without what would move a terminal's cursor or break a line of a list."""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # titles, links and other strings for the terminal
    r"|\x1b[ -/]*[0-~]"
)
# Control characters but tabs and line breaks, and those that turn the direction of writing.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
_BREAKS = re.compile("[\t\r\n\x85\u2028\u2029]+")


def plain(text: str) -> str:
    """Return the text without escape sequences and control characters; line breaks and tabs stay."""
    return text if text.isprintable() else _CONTROLS.sub("", _ESCAPES.sub("", text))


def plain_name(text: str) -> str:
    """Return the text on one line, without escape sequences and control characters; spaces stay as they are."""
    return text if text.isprintable() else _BREAKS.sub(" ", plain(text))
