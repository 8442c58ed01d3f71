"""The clock of a run, as people write it."""

from __future__ import annotations

from datetime import datetime, timezone

from lookout.errors import ConfigError

# Far enough from the ends of what a nanosecond clock can hold.
CLOCK_YEARS = range(1900, 2200)


def parse_clock(text: str | datetime | None) -> datetime:
    """Parse the run clock to UTC: ISO 8601 text (no offset means UTC), or now. Raises ConfigError for other text."""
    if text is None:
        return datetime.now(timezone.utc)
    if isinstance(text, datetime):
        moment = text
    else:
        try:
            moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
        except ValueError as error:
            raise ConfigError(
                f"--as-of {text!r} is not a time: write it like 2026-01-31 or 2026-01-31T06:00:00Z."
            ) from error
    if moment.year not in CLOCK_YEARS:
        raise ConfigError(f"--as-of {text!r} is out of range: use a year from {CLOCK_YEARS[0]} to {CLOCK_YEARS[-1]}.")
    return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)
