"""lookout.yml: reading the file, and the limits of a command that it sets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from lookout.database.limits import LEASE_SECONDS, LOCK_TIMEOUT, STATEMENT_TIMEOUT
from lookout.database.options import RUN_SECONDS, SOURCE_SECONDS, CollectOptions
from lookout.errors import ConfigError
from lookout.project.files import is_there, why_unreadable
from lookout.project.validation import Duration, Reader, Settings

FILE = "lookout.yml"
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


def read_options(root: Path) -> CollectOptions:
    """Return the limits of a command: those of `limits` in lookout.yml, and the retries of the environment.

    Raises ConfigError that names every mistake.
    """
    file = root / FILE
    content = parse_file(file) if is_there(file) else None
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
    )


def parse_file(file: Path) -> Any:
    """Return the content of a YAML file. Raises ConfigError of one sentence, which quotes nothing of it."""
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        # The offending line itself may hold a secret.
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(
            f"{file.name} is not valid YAML{where}: {error.problem or error.context}; put a value with special "
            "characters in quotes."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file.name} is not valid YAML: it holds characters that are no UTF-8 text.") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {why_unreadable(file, error)}.") from error
