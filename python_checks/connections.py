"""Where databases are: dbt's profiles.yml read the way dbt reads it, and connections opened the way Lookout wants them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import yaml
from psycopg2.extensions import connection as PgConnection

from python_checks.errors import ConfigError, SourceError

LIBPQ_KEYS = {
    "host": "host",
    "port": "port",
    "user": "user",
    "password": "password",
    "pass": "password",
    "dbname": "dbname",
    "database": "dbname",
    "sslmode": "sslmode",
    "sslcert": "sslcert",
    "sslkey": "sslkey",
    "sslrootcert": "sslrootcert",
    "keepalives_idle": "keepalives_idle",
    "role": "role",
    "search_path": "search_path",
}


@dataclass(frozen=True)
class Connection:
    """One output of profiles.yml. ``parameters`` holds libpq keywords and is never printed: it may hold a password."""

    name: str
    parameters: Mapping[str, Any] = field(repr=False)

    @property
    def place(self) -> str:
        """Where the database is, safe to print: ``name (host:port/dbname)``."""
        p = self.parameters
        return f"{self.name} ({p.get('host', 'localhost')}:{p.get('port', 5432)}/{p.get('dbname', '')})"


@dataclass(frozen=True)
class Profile:
    """A profile of profiles.yml: its outputs by name and the one that dbt builds into."""

    name: str
    target: str
    outputs: Mapping[str, Connection]
    directory: Path

    @property
    def warehouse(self) -> Connection:
        """The database that dbt builds into and that holds the monitoring schema."""
        return self.outputs[self.target]


def profiles_directory(explicit: Path | None, project: Path) -> Path | None:
    """Folder of the profiles.yml that dbt would use: the argument, DBT_PROFILES_DIR, the project, then ~/.dbt."""
    chosen = explicit or (Path(os.environ["DBT_PROFILES_DIR"]) if os.environ.get("DBT_PROFILES_DIR") else None)
    if chosen is not None:
        if not (chosen / "profiles.yml").is_file():
            raise ConfigError(f"There is no profiles.yml in {chosen}: copy profiles.yml.example there and fill it in.")
        return chosen
    for folder in (project, Path.home() / ".dbt"):
        if (folder / "profiles.yml").is_file():
            return folder
    return None


def load_profile(directory: Path, name: str, target: str | None = None) -> Profile:
    """Read one profile with dbt's own rendering of ``env_var()``.

    Raises ConfigError, naming file and key, when the profile, the target or an environment variable is missing.
    """
    from dbt.config.renderer import ProfileRenderer
    from dbt_common.clients.system import get_env
    from dbt_common.context import set_invocation_context
    from dbt_common.exceptions import DbtBaseException

    file = directory / "profiles.yml"
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"{file} is not valid YAML: {_one_line(error)}.") from error
    if not isinstance(raw, dict) or not isinstance(raw.get(name), dict):
        raise ConfigError(f"{file} has no profile '{name}': add it, or set `profile:` in dbt_project.yml.")
    set_invocation_context(get_env())
    renderer = ProfileRenderer({})
    try:
        chosen = target or renderer.render_value(raw[name].get("target", "default"))
        outputs = raw[name].get("outputs") or {}
        if chosen not in outputs:
            known = ", ".join(sorted(outputs)) or "none"
            raise ConfigError(f"Profile '{name}' in {file} has no output '{chosen}'; it has: {known}.")
        rendered = {key: _rendered(renderer, value, key == chosen) for key, value in outputs.items()}
    except DbtBaseException as error:
        raise ConfigError(f"{file}, profile '{name}': {_one_line(error)}.") from error
    connections = {key: _connection(file, key, value, key == chosen) for key, value in rendered.items() if value}
    return Profile(name, chosen, {k: c for k, c in connections.items() if c is not None}, directory)


def connect(
    connection: Connection, *, application: str = "lookout", statement_timeout: float | None = None,
    lock_timeout: float | None = None, read_only: bool = False, connect_timeout: int = 10,
) -> PgConnection:
    """Open one connection in UTC. Timeouts are in seconds. Raises SourceError without any secret in it."""
    parameters = dict(connection.parameters)
    role, search_path = parameters.pop("role", None), parameters.pop("search_path", None)
    options = "-c TimeZone=UTC -c client_min_messages=warning"
    if statement_timeout:
        options += f" -c statement_timeout={int(statement_timeout * 1000)}"
    if lock_timeout:
        options += f" -c lock_timeout={int(lock_timeout * 1000)}"
    try:
        handle: PgConnection = psycopg2.connect(
            **parameters, application_name=application, connect_timeout=connect_timeout, options=options
        )
    except psycopg2.Error as error:
        raise SourceError(f"Cannot connect to {connection.place}: {clean_message(error)}") from error
    handle.set_session(readonly=read_only)
    with handle.cursor() as cursor:
        if role:
            cursor.execute("select set_config('role', %s, false)", (role,))
        if search_path:
            cursor.execute("select set_config('search_path', %s, false)", (search_path,))
    handle.commit()
    return handle


def clean_message(error: BaseException) -> str:
    """First line of a database error without connection strings, passwords or line noise."""
    text = mask_secrets(str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".") + "."


def mask_secrets(text: str) -> str:
    """The text with passwords in connection strings and keyword pairs replaced by three stars."""
    text = re.sub(r"(password|pass|pwd|token|secret)(\s*[=:]\s*)\S+", r"\1\2***", text, flags=re.IGNORECASE)
    return re.sub(r"://([^:/@\s]+):[^@\s]*@", r"://\1:***@", text)


def _rendered(renderer: Any, value: Any, required: bool) -> Any:
    from dbt_common.exceptions import DbtBaseException

    try:
        return renderer.render_data(value)
    except DbtBaseException:
        # An output nobody asked for may lack its environment variables: it is simply not available.
        if required:
            raise
        return None


def _connection(file: Path, name: str, output: Mapping[str, Any], required: bool) -> Connection | None:
    if output.get("type") != "postgres":
        if required:
            raise ConfigError(f"{file}: output '{name}' is of type '{output.get('type')}'; Lookout needs postgres.")
        return None
    parameters = {LIBPQ_KEYS[key]: value for key, value in output.items() if key in LIBPQ_KEYS and value is not None}
    if not parameters.get("password"):
        parameters.pop("password", None)
    return Connection(name, parameters)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".")
