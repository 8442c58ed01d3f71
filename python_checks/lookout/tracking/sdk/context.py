"""The context of a program: its database, the orchestrator that started it, its machine and process."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import parse_dsn

from lookout.database.connection import Connection
from lookout.errors import ConfigError
from lookout.project.files import UnusableFileError, find_project, profile_name, read_yaml
from lookout.project.profiles import OutputError, load_profile, parameters_of, profiles_directory

URL = "LOOKOUT_DATABASE_URL"
PARENT = "LOOKOUT_EXECUTION_ID"
ENV_VAR = re.compile(
    r"""\{\{\s*env_var\(\s*['"](\w+)['"]\s*(?:,\s*['"]([^'"]*)['"]\s*)?\)\s*(?:\|\s*(?:as_\w+|int)\s*)?\}\}"""
)
ORCHESTRATORS: Mapping[str, Mapping[str, str]] = {
    "airflow": {
        "AIRFLOW_CTX_DAG_ID": "dag_id", "AIRFLOW_CTX_TASK_ID": "task_id", "AIRFLOW_CTX_DAG_RUN_ID": "run_id",
        "AIRFLOW_CTX_EXECUTION_DATE": "execution_date", "AIRFLOW_CTX_TRY_NUMBER": "try_number",
    },
    "dagster": {
        "DAGSTER_RUN_ID": "run_id", "DAGSTER_RUN_JOB_NAME": "job_name", "DAGSTER_RUN_STEP_KEY": "step_key",
        "DAGSTER_RUN_PARTITION_KEY": "partition_key",
    },
}  # fmt: skip
# Read from a context object of Dagster or a context mapping of Airflow.
CONTEXT_KEYS = ("run_id", "dag_id", "task_id", "job_name", "partition_key", "execution_date", "logical_date")


def find_connection(start: Path | None = None) -> Connection | None:
    """Return the database for tracking: LOOKOUT_DATABASE_URL, else the folder's dbt profile; None without either.

    Raises ConfigError when the URL or the profile is wrong. No message holds a password.
    """
    url = os.environ.get(URL, "").strip()
    if url:
        return connection_of(url)
    try:
        root = find_project((start or Path()).resolve())
    except ConfigError:
        return None
    folder = profiles_directory(None, root)
    if folder is not None:
        profile = profile_name(root)
        plain = _plain_output(folder, profile)
        return plain or load_profile(folder, profile, os.environ.get("DBT_TARGET")).warehouse
    # Costs time that a script whose database is named need not spend.
    from lookout.database.embedded import EmbeddedServer, state_directory

    server = EmbeddedServer(state_directory(root))
    return server.connection("warehouse") if server.socket_directory() is not None else None


def connection_of(url: str, name: str = URL) -> Connection:
    """Return a connection from a URL or a libpq string. Raises ConfigError, whose message does not show it."""
    try:
        parameters = parse_dsn(url)
    except psycopg2.Error:
        parameters = {}
    if not parameters.get("dbname"):
        # Without the database's name, libpq would take that of the user.
        raise ConfigError(f"{name} is no PostgreSQL URL: write it like postgresql://user:password@host:5432/database.")
    return Connection(name, parameters)


def orchestration(context: Any = None) -> dict[str, Any]:
    """Return the orchestrator's details of the run, from the environment and from the context object it passes."""
    details: dict[str, Any] = {}
    for name, variables in ORCHESTRATORS.items():
        # An orchestrator that runs this process has set the first of its variables.
        if next(iter(variables)) in os.environ:
            found = {key: os.environ[variable] for variable, key in variables.items() if os.environ.get(variable)}
            details |= {"orchestrator": name, **found}
    if context is None:
        return details
    for key in CONTEXT_KEYS:
        value = _context_value(context, key)
        if value is not None and not callable(value):
            details[key] = value if isinstance(value, (int, float)) else str(value)
    return details


def _plain_output(folder: Path, profile: str) -> Connection | None:
    """Return the target's connection if env_var() is the profile's only Jinja: reading it through dbt costs seconds."""
    try:
        profiles = read_yaml(folder / "profiles.yml")
        settings = profiles[profile]
        target = os.environ.get("DBT_TARGET") or _rendered(settings.get("target", "default"))
        output = {key: _rendered(value) for key, value in settings["outputs"][target].items()}
        return Connection(str(target), parameters_of(output))
    except (UnusableFileError, OutputError, LookupError, TypeError, AttributeError):
        # Reading it through dbt says what is wrong.
        return None


def _rendered(value: Any) -> Any:
    """Return the value with env_var() filled in. Raises LookupError for a missing variable and for other Jinja."""
    if not isinstance(value, str):
        return value

    def read_variable(match: re.Match[str]) -> str:
        name, default = match[1], match[2]
        return os.environ[name] if default is None else os.environ.get(name, default)

    text = ENV_VAR.sub(read_variable, value)
    if "{{" in ENV_VAR.sub("", value) or "{%" in value:
        raise LookupError(value)
    return text


def _context_value(context: Any, key: str) -> Any:
    if isinstance(context, Mapping):
        return context.get(key)
    try:
        return getattr(context, key, None)
    except Exception:  # noqa: BLE001 - a property of somebody else's object may raise anything
        return None
