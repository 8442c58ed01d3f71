"""Regular expressions of other dialects, rewritten for PostgreSQL."""

from __future__ import annotations


def posix_regex(regex: str) -> str:
    """Return a regular expression in which a hyphen after a range in brackets is escaped, as other dialects read it.

    PostgreSQL refuses ``[A-Za-z0-9-_]``.
    """
    out: list[str] = []
    start, after_range, position = -1, False, 0
    while position < len(regex):
        char = regex[position]
        step = 2 if char == "\\" and position + 1 < len(regex) else 1
        if start < 0:
            if char == "[":
                start, after_range = len(out) + 1, False
                if regex[position + 1 : position + 2] == "^":
                    step, start = 2, len(out) + 1
        elif char == "[" and regex[position + 1 : position + 2] in (":", ".", "="):
            closing = regex.find(regex[position + 1] + "]", position + 2)
            step, after_range = (closing + 2 - position if closing > 0 else 1), True
        elif char == "]" and len(out) > start:
            start = -1
        elif char == "-" and len(out) > start and regex[position + 1 : position + 2] not in ("]", ""):
            if after_range:
                out.append("\\-")
                position, after_range = position + 1, False
                continue
            end = 2 if regex[position + 1] == "\\" else 1
            step, after_range = 1 + end, True
        else:
            after_range = step == 2 and regex[position + 1].lower() in "dsw"
        out.append(regex[position : position + step])
        position += step
    return "".join(out)
