"""Profiles of profiles.yml, read as dbt reads them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lookout.database.connection import Connection, mask_secrets
from lookout.errors import ConfigError
from lookout.project.files import is_there, why_unreadable

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
    "connect_timeout": "connect_timeout",
    "role": "role",
    "search_path": "search_path",
}


class AskDbtError(Exception):
    """A profile needs more than `QuickRenderer` knows."""


class QuickRenderer:
    """Renderer of values with dbt's Jinja, for those that need no more than environment variables that are set.

    Importing dbt's own renderer takes longer than most commands run. Raises AskDbtError for all other values.
    """

    def render_value(self, value: Any) -> Any:
        """Render one value; text that is no template stays what it is."""
        from dbt_common.clients.jinja import catch_jinja, get_template, render_template
        from dbt_common.exceptions import DbtBaseException

        if not isinstance(value, str):
            return value
        context = {"env_var": self._variable}
        try:
            with catch_jinja():
                return render_template(get_template(value, context, native=True), context)
        except DbtBaseException as error:
            raise AskDbtError(value) from error

    def render_data(self, data: Mapping[str, Any]) -> Any:
        """Render every value of a mapping, however deep."""
        from dbt_common.utils import deep_map_render

        return deep_map_render(lambda value, _: self.render_value(value), dict(data))

    @staticmethod
    def _variable(name: str, default: str | None = None) -> str:
        value = os.environ.get(name, default)
        # dbt keeps variables of these names out of its logs in a way of its own.
        if value is None or name.startswith("DBT_ENV_SECRET"):
            raise AskDbtError(name)
        return str(value)


def dbt_renderer() -> Any:
    """Return dbt's own renderer of profiles."""
    from dbt.config.renderer import ProfileRenderer
    from dbt_common.clients.system import get_env
    from dbt_common.context import set_invocation_context

    set_invocation_context(get_env())
    return ProfileRenderer({})


@dataclass(frozen=True)
class Profile:
    """A profile of profiles.yml: its outputs by name and the one that dbt builds into."""

    name: str
    target: str
    outputs: Mapping[str, Connection]
    directory: Path

    @property
    def warehouse(self) -> Connection:
        """Return the database that dbt builds into and that holds the monitoring schema."""
        return self.outputs[self.target]


def profiles_directory(explicit: Path | None, project: Path) -> Path | None:
    """Return the folder of the profiles.yml that dbt would use: argument, DBT_PROFILES_DIR, project, then ~/.dbt."""
    chosen = explicit or (Path(os.environ["DBT_PROFILES_DIR"]) if os.environ.get("DBT_PROFILES_DIR") else None)
    if chosen is not None:
        if not is_there(chosen / "profiles.yml"):
            raise ConfigError(f"There is no profiles.yml in {chosen}: copy profiles.yml.example there and fill it in.")
        return chosen
    for folder in (project, Path.home() / ".dbt"):
        if is_there(folder / "profiles.yml"):
            return folder
    return None


def load_profile(directory: Path, name: str, target: str | None = None) -> Profile:
    """Read one profile with dbt's own rendering of ``env_var()``.

    Raises ConfigError, naming file and key, when the profile, the target or an environment variable is missing.
    """
    from dbt_common.exceptions import DbtBaseException

    file = directory / "profiles.yml"
    raw = _read(file)
    if not isinstance(raw, dict) or not isinstance(raw.get(name), dict):
        raise ConfigError(f"{file} has no profile '{name}': add it, or set `profile:` in dbt_project.yml.")
    try:
        chosen, rendered = _render(file, name, raw[name], target, QuickRenderer())
    except AskDbtError:
        try:
            chosen, rendered = _render(file, name, raw[name], target, dbt_renderer())
        except DbtBaseException as error:
            # dbt quotes the value it could not render, which may be a secret.
            message = _without(_secrets(raw[name]), _one_line(error))
            raise ConfigError(f"{file}, profile '{name}': {message}.") from error
    connections = {key: _connection(file, key, value, key == chosen) for key, value in rendered.items() if value}
    return Profile(name, chosen, {k: c for k, c in connections.items() if c is not None}, directory)


def _read(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except yaml.MarkedYAMLError as error:
        # PyYAML would quote the line, and the line with the odd character in it is often the password's.
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        advice = "; put a value with special characters in quotes"
        raise ConfigError(f"{file} is not valid YAML{where}: {error.problem or error.context}{advice}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not valid YAML: it holds characters that are no UTF-8 text.") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {why_unreadable(file, error)}.") from error


def _outputs(file: Path, name: str, profile: Mapping[str, Any]) -> dict[str, Any]:
    outputs = profile.get("outputs") or {}
    if not isinstance(outputs, dict):
        raise ConfigError(f"{file}: `outputs` of profile '{name}' must be a mapping, with a name for each database.")
    for key, output in outputs.items():
        if not isinstance(output, dict):
            raise ConfigError(
                f"{file}: output '{key}' of profile '{name}' must be a mapping with type, host, user and so on."
            )
    return outputs


def _secrets(profile: Mapping[str, Any]) -> list[str]:
    outputs = (profile.get("outputs") or {}).values()
    return [str(output[key]) for output in outputs for key in ("password", "pass") if output.get(key)]


def _without(secrets: list[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return mask_secrets(text)


def _render(
    file: Path, name: str, profile: Mapping[str, Any], target: str | None, renderer: Any
) -> tuple[str, dict[str, Any]]:
    chosen = target or renderer.render_value(profile.get("target", "default"))
    outputs = _outputs(file, name, profile)
    if chosen not in outputs:
        known = ", ".join(sorted(outputs)) or "none"
        raise ConfigError(f"Profile '{name}' in {file} has no output '{chosen}'; it has: {known}.")
    return chosen, {key: _rendered(renderer, value, key == chosen) for key, value in outputs.items()}


def _rendered(renderer: Any, value: Mapping[str, Any], required: bool) -> Any:
    from dbt_common.exceptions import DbtBaseException

    try:
        rendered = renderer.render_data(value)
        password = value.get("password")
        if isinstance(password, str) and rendered.get("password") == password and "env_var" in password:
            # dbt takes a password that it cannot render literally, which would end in a puzzling refusal.
            renderer.render_value(password)
        return rendered
    except DbtBaseException:
        # An output that is not the target may lack its environment variables: it is just not available.
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
