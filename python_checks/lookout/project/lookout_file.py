"""lookout.yml: reading the file, and the limits of a command that it sets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field

from lookout.database.limits import LEASE_SECONDS, LOCK_TIMEOUT, STATEMENT_TIMEOUT
from lookout.database.options import RUN_SECONDS, SOURCE_SECONDS, CollectOptions, default_processes
from lookout.errors import ConfigError
from lookout.project.files import is_there, read_yaml
from lookout.project.validation import Duration, Reader, Settings

FILE = "lookout.yml"
OTHER_NAMES = ("lookout.yaml", ".lookout.yml", ".lookout.yaml")
# What to do about a mistake in its syntax.
QUOTING = "put a value with special characters in quotes"
DEFAULTS = {
    "run": timedelta(seconds=RUN_SECONDS),
    "source": timedelta(seconds=SOURCE_SECONDS),
    "statement": timedelta(seconds=STATEMENT_TIMEOUT),
    "lock": timedelta(seconds=LOCK_TIMEOUT),
    "lease": timedelta(seconds=LEASE_SECONDS),
}


class LimitSettings(Settings):
    """The mapping `limits`."""

    sentences = dict.fromkeys(("model_type", "dict_type"), "{key} must be a mapping of keys to values.")
    run: Duration = DEFAULTS["run"]
    source: Duration = DEFAULTS["source"]
    statement: Duration = DEFAULTS["statement"]
    lock: Duration = DEFAULTS["lock"]
    lease: Duration = DEFAULTS["lease"]
    processes: Annotated[int, Field(ge=1, le=64, description="Processes that learn at once.")] | None = None


def locate_file(root: Path) -> Path | None:
    """Return the lookout.yml of a project, None where there is none. Raises ConfigError for one of another name."""
    file = root / FILE
    if is_there(file):
        return file
    for name in OTHER_NAMES:
        if is_there(root / name):
            raise ConfigError(f"{root / name} is not read: rename it to {FILE}.")
    return None


def read_options(root: Path) -> CollectOptions:
    """Return the limits of a command: those of `limits` in lookout.yml, and the retries of the environment.

    Raises ConfigError that names every mistake.
    """
    file = locate_file(root)
    content = read_yaml(file, QUOTING) if file else None
    limits = LimitSettings()
    if isinstance(content, Mapping) and content.get("limits") is not None:
        reader = Reader(FILE)
        limits = reader.read(LimitSettings, content["limits"], "limits") or limits
        if reader.problems:
            raise ConfigError("\n".join(reader.problems))
    return CollectOptions.from_environment(
        run_limit=limits.run.total_seconds(),
        source_limit=limits.source.total_seconds(),
        statement_timeout=limits.statement.total_seconds(),
        lock_timeout=limits.lock.total_seconds(),
        lease=limits.lease.total_seconds(),
        processes=limits.processes or default_processes(),
    )
