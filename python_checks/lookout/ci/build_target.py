"""The database that a change is built in: a temporary embedded PostgreSQL, or a target of the user's profile."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lookout.database.connection import Connection
from lookout.database.embedded import DATABASES, EmbeddedServer
from lookout.errors import ConfigError
from lookout.masking import mask_secrets
from lookout.project.dbt import NodeEvent, Project
from lookout.project.files import UnusableFileError, read_yaml
from lookout.project.profiles import dbt_renderer, load_profile, profiles_directory

THREADS = 2


@dataclass(frozen=True)
class BuildTarget:
    """The database dbt builds in. ``empty`` is the connection to the embedded one; None on a server of the user's.

    ``base_target`` is the target whose relations the base has; None for the default of the profile.
    """

    label: str
    profiles_dir: Path
    target: str | None
    base_target: str | None
    empty: Connection | None = None


class PackagesError(ConfigError):
    """The packages of a project are missing and cannot be installed, which says nothing about a change."""


class CheckedProject(Project):
    """A dbt project that can also say which of its nodes changed."""

    def _call(self, arguments: list[str], on_event: Callable[[NodeEvent], None] | None) -> Any:
        # Without a log path dbt makes a folder `logs` in the project.
        result = super()._call([*arguments, "--log-path", str(self.target_path)], on_event)
        # dbt hands over even what should end the whole process.
        if isinstance(result.exception, (KeyboardInterrupt, SystemExit)):
            raise result.exception
        return result

    def modified(self, state: Path) -> list[str]:
        """Return unique ids of what differs from the manifest in ``state``. Raises ConfigError with dbt's own words."""
        # Tests of a changed table have not changed themselves.
        arguments = ["ls", "--select", "state:modified", "--indirect-selection", "empty", "--state", str(state)]
        result = self._call([*arguments, "--output", "json", "--output-keys", "unique_id", "--no-print"], None)
        if not result.success or not isinstance(result.result, list):
            raise ConfigError(" ".join(str(result.exception or "dbt gave no reason").split()))
        return [str(yaml.safe_load(line)["unique_id"]) for line in result.result]

    def install(self) -> None:
        """Run `dbt deps`. Raises PackagesError with dbt's own words."""
        from dbt.cli.main import dbtRunner

        # `dbt deps` knows fewer options than the other commands.
        flags = ["--project-dir", str(self.root), "--profiles-dir", str(self.profiles_dir), "--quiet"]
        flags += ["--log-level", "none", "--log-level-file", "none", "--log-path", str(self.target_path)]
        result = dbtRunner().invoke(["deps", *flags])
        if not result.success:
            words = " ".join(str(result.exception or "dbt gave no reason").split())
            raise PackagesError(f"`dbt deps` cannot install the project's packages: {mask_secrets(words)}")


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a temporary folder that nobody else can enter."""
    folder = Path(tempfile.mkdtemp(prefix="lookout-ci-")).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def embedded_database(home: Path, name: str) -> Iterator[Connection]:
    """Yield an empty database on a server of its own, which is stopped at the end."""
    server = EmbeddedServer(home)
    try:
        yield server.start().create_database(name)
    finally:
        server.remove()


@contextmanager
def embedded_target(home: Path, root: Path, profiles: Iterable[str], explicit: Path | None) -> Iterator[BuildTarget]:
    """Yield a target on an embedded server, with the names of target, database and schema of the user's profile."""
    names = tuple(dict.fromkeys(profiles))
    target, database, schema = profile_names(root, names[0], explicit)
    with embedded_database(home / "server", database) as connection:
        output = {"type": "postgres", "password": "", **connection.parameters, "schema": schema, "threads": THREADS}
        folder = home / "profile"
        folder.mkdir()
        content = {name: {"target": target, "outputs": {target: output}} for name in names}
        (folder / "profiles.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
        yield BuildTarget("an embedded PostgreSQL that held nothing else", folder, None, None, connection)


@contextmanager
def profile_target(root: Path, profile: str, explicit: Path | None, target: str) -> Iterator[BuildTarget]:
    """Yield a target of the user's own profile. Raises ConfigError when there is none of that name."""
    folder = profiles_directory(explicit, root)
    if folder is None:
        raise ConfigError(f"There is no profiles.yml for --target {target}: name its folder with --profiles-dir.")
    load_profile(folder, profile, target)
    yield BuildTarget(f"target {target}", folder, target, None)


def profile_names(root: Path, profile: str, explicit: Path | None) -> tuple[str, str, str]:
    """Return the names of target, database and schema in the user's profile, since models may ask for them.

    Without a usable profile they are those of Lookout's embedded server.
    """
    target, database, schema = DATABASES[0], DATABASES[0], "public"
    folder = profiles_directory(explicit, root)
    content = _profile(folder, profile) if folder is not None else {}
    if not content:
        return target, database, schema
    target = _plain(content.get("target")) or "default"
    outputs = content.get("outputs")
    found = outputs.get(target) if isinstance(outputs, dict) else None
    output = found if isinstance(found, dict) else {}
    database = _plain(output.get("dbname") or output.get("database")) or database
    if not re.fullmatch(r"\w{1,63}", database):
        database = DATABASES[0]
    return target, database, _plain(output.get("schema")) or schema


def _profile(folder: Path, name: str) -> dict[str, Any]:
    try:
        content = read_yaml(folder / "profiles.yml")
    except UnusableFileError:
        return {}
    found = content.get(name) if isinstance(content, dict) else None
    return found if isinstance(found, dict) else {}


def _plain(value: object) -> str:
    """Return a name as it is, or as dbt renders its ``env_var``; empty when that variable is not set."""
    text = str(value or "")
    if "{{" not in text:
        return text
    from dbt_common.exceptions import DbtBaseException

    try:
        return str(dbt_renderer().render_value(text))
    except DbtBaseException:
        return ""
