"""Profiles of profiles.yml, read as dbt reads them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lookout.database.connection import Connection
from lookout.errors import ConfigError, short_repr
from lookout.masking import is_secret_name, remember_secrets
from lookout.project.files import is_there, read_yaml

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


NEEDED = ("host", "user", "dbname")
VARIABLE = re.compile(r"""env_var\(\s*(['"])([^'"]+)\1\s*\)""")
CONNECTION_STRING = re.compile(r"://|%3A%2F%2F|^\s*\w+\s*=", re.IGNORECASE)


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

    An output that cannot be used is a connection with a ``problem``. Raises ConfigError, naming file and key, when that
    is the target's, or when the profile or the target is missing.
    """
    file = directory / "profiles.yml"
    raw = read_yaml(file, "put a value with special characters in quotes")
    if not isinstance(raw, dict) or not isinstance(raw.get(name), dict):
        raise ConfigError(f"{file} has no profile '{name}': add it, or set `profile:` in dbt_project.yml.")
    where = f"{file}, profile '{name}'"
    try:
        chosen = target or _rendered("target", raw[name].get("target") or "default")
    except OutputError as error:
        raise ConfigError(f"{where}: {error}.") from None
    if not isinstance(chosen, str):
        raise ConfigError(f"{where}: `target` must be the name of one of its outputs.")
    outputs = raw[name].get("outputs") or {}
    if not isinstance(outputs, dict):
        raise ConfigError(f"{file}: `outputs` of profile '{name}' must be a mapping, with a name for each database.")
    connections = {str(key): _connection(where, str(key), output) for key, output in outputs.items()}
    if chosen not in connections:
        known = ", ".join(sorted(connections)) or "none"
        raise ConfigError(f"Profile '{name}' in {file} has no output '{chosen}'; it has: {known}.")
    if connections[chosen].problem:
        raise ConfigError(connections[chosen].problem)
    return Profile(name, chosen, connections, directory)


class OutputError(Exception):
    """A clause that says what is wrong with an output, and holds no value of it that may be secret."""


def _connection(where: str, name: str, output: object) -> Connection:
    """Return the connection of an output, with a problem instead of parameters when it cannot be used."""
    try:
        return Connection(name, _parameters(output))
    except OutputError as error:
        return Connection(name, _location(output), f"{where}: output '{name}' {error}.")


def _location(output: object) -> dict[str, Any]:
    """Return where an output that cannot be used is, as far as that is known: reports name its tables by it."""
    found: dict[str, Any] = {}
    for key, value in output.items() if isinstance(output, dict) else ():
        with suppress(OutputError):
            if key in ("host", "port", "user", "dbname", "database"):
                found[LIBPQ_KEYS[key]] = _checked(key, _rendered(key, value))
    return {} if CONNECTION_STRING.search(str(found.get("dbname") or "")) else found


def _parameters(output: object) -> dict[str, Any]:
    if not isinstance(output, dict):
        raise OutputError("must be a mapping with type, host, user and so on")
    # Written out instead of taken from the environment, they must not show up in an error of another program either.
    remember_secrets(value for key, value in output.items() if is_secret_name(str(key)) and "{{" not in str(value))
    return parameters_of({str(key): _rendered(str(key), value) for key, value in output.items()})


def parameters_of(output: Mapping[str, Any]) -> dict[str, Any]:
    """Return libpq's parameters of an output whose values are rendered. Raises OutputError when one is wrong."""
    if output.get("type") != "postgres":
        raise OutputError(f"is of type {short_repr(output.get('type'))}; Lookout needs postgres")
    parameters: dict[str, Any] = {}
    for key, value in output.items():
        if key in LIBPQ_KEYS and value is not None:
            parameters[LIBPQ_KEYS[key]] = _checked(key, value)
    for key in NEEDED:
        # Without it, libpq would take a default of the machine, and connect to another database or as somebody else.
        if not str(parameters.get(key) or "").strip():
            raise OutputError(f"has no `{key}`: add it, because Lookout connects to no default")
    if CONNECTION_STRING.search(str(parameters["dbname"])):
        raise OutputError(
            "has a connection string as its `dbname`: write the name of the database only, and host, port, user and "
            "password as keys of their own"
        )
    if not parameters.get("password"):
        parameters.pop("password", None)
    return parameters


def _checked(key: str, value: Any) -> Any:
    """Return a value as libpq takes it. Raises OutputError for one of another type."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if key == "port":
        text = str(value).strip()
        if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65536:
            raise OutputError(f"has {short_repr(value)} as its `port`; it must be a number up to 65535")
    elif not (isinstance(value, str) or is_number) or "\x00" in str(value):
        raise OutputError(f"has no text as its `{key}`; put the value in quotes")
    return value


def _rendered(key: str, value: Any) -> Any:
    """Return a value with its Jinja rendered. Raises OutputError, without the value, when that cannot be done."""
    try:
        return QuickRenderer().render_data({key: value})[key]
    except AskDbtError:
        missing = [variable for variable in _variables(value) if variable not in os.environ]
    if missing:
        raise OutputError(
            f"needs the environment variable {missing[0]} for its `{key}`, and it is not set; set it, or give "
            "env_var() a default"
        )
    try:
        rendered = dbt_renderer().render_data({key: value})[key]
        if key == "password" and rendered == value and "env_var" in value:
            # dbt takes a password that it cannot render literally, which would end in a puzzling refusal.
            dbt_renderer().render_value(value)
        return rendered
    except Exception:  # noqa: BLE001 - whatever Jinja says about it quotes the value, which may be a secret
        raise OutputError(f"has a template as its `{key}` that dbt cannot render; check its braces") from None


def _variables(value: Any) -> list[str]:
    """Return the environment variables without a default that a value, or one inside it, asks for."""
    if isinstance(value, Mapping):
        return [variable for item in value.values() for variable in _variables(item)]
    if isinstance(value, list):
        return [variable for item in value for variable in _variables(item)]
    return [match[2] for match in VARIABLE.finditer(value)] if isinstance(value, str) else []
