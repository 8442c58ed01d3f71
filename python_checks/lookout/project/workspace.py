"""The workspace of a command: its home, what it watches, and the clock.

`Home` is Lookout's own: the dbt project that it runs, the warehouse with the monitoring schema, reports and settings.
`Watched` is a dbt project that is looked at. Where Lookout is a package inside somebody's project, both are the same
folder; they are different values all the same, because nothing else makes them one.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from lookout.database.connection import Connection, connect_briefly
from lookout.database.embedded import DATABASES, EmbeddedServer, state_directory
from lookout.database.limits import TimeLimit
from lookout.database.options import CollectOptions
from lookout.database.store import Store
from lookout.errors import ConfigError
from lookout.project.clock import parse_clock
from lookout.project.dbt import Project
from lookout.project.files import (
    UnusableFileError,
    find_project,
    profile_name,
    project_name,
    read_bytes,
    read_json,
    read_yaml,
)
from lookout.project.own import PACKAGE
from lookout.project.profiles import Profile, load_profile, profiles_directory

logger = logging.getLogger(__name__)

DEMO_SOURCES = Path("models", "_demo__sources.yml")
# Beside dbt's artifacts, so that `dbt clean` takes it along.
SCHEMA_CACHE = "lookout_schemas.json"


@dataclass
class Home:
    """Lookout's own side: its folder, the dbt project that it runs, and the warehouse with the monitoring schema.

    ``manifest`` is filled by ``parse``, and ``problems`` has a sentence for each entry of it that was left out.
    ``located`` is the monitoring schema as an earlier parse found it, for commands that need no more of the project.
    """

    root: Path
    profile: Profile
    project: Project
    is_embedded: bool
    manifest: Mapping[str, Any] = field(default_factory=dict)
    located: str = ""
    problems: tuple[str, ...] = ()
    time_limit: TimeLimit = field(default_factory=TimeLimit)

    @property
    def warehouse(self) -> Connection:
        """Return the database that dbt builds into and that holds the monitoring schema."""
        return self.profile.warehouse

    @property
    def reports(self) -> Path:
        """Return the folder for reports."""
        return self.root / "reports"

    @cached_property
    def options(self) -> CollectOptions:
        """Return the limits of a run. Raises ConfigError for a wrong environment variable or a wrong lookout.yml."""
        # It checks settings with a library that takes a while to import, and commands that only read need none.
        from lookout.project.lookout_file import read_options

        return read_options(self.root)

    def begin(self) -> None:
        """Begin the time of a run: when it is over, whatever waits for a database is ended."""
        self.time_limit = self.project.time_limit = self.options.run_time()
        self.project.opener = partial(connect_briefly, self.warehouse)
        self.options = replace(self.options, time_limit=self.time_limit)

    @property
    def schema(self) -> str:
        """Return the name of the monitoring schema. Raises ConfigError when the project does not include Lookout."""
        if not self.manifest and self.located:
            return self.located
        for node in self.manifest.get("nodes", {}).values():
            if node.get("package_name") == PACKAGE and node.get("name") == "metric_observations":
                return str(node["schema"])
        raise ConfigError(f"The project in {self.root} does not include the lookout package: add it to packages.yml.")

    def store(self) -> Store:
        """Return the monitoring schema, to be opened by ``with``; the schema must have been parsed or located."""
        return Store(self.warehouse, self.schema, time_limit=self.time_limit)

    def parse(self) -> None:
        """Parse the dbt project. Raises ConfigError or ArtifactError with one sentence."""
        # Costs time that a command which need not parse does not spend.
        from lookout.project.artifacts.damage import leave_out_damaged

        self.manifest = self.project.parse()
        self.problems = tuple(leave_out_damaged(self.manifest, str(self.project.target_path / "manifest.json")))
        with suppress(ConfigError):
            _remember_schema(self._cache_file, self._cache_key, self.schema)

    def locate(self) -> None:
        """Find the monitoring schema: where the last parse for this target found it, else by parsing.

        Parsing takes seconds, and what only reads the schema needs nothing else of the project.
        """
        if self.manifest:
            return
        self.located = _remembered_schemas(self._cache_file).get(self._cache_key, "")
        if not self.located:
            self.parse()

    @property
    def _cache_file(self) -> Path:
        return self.project.target_path / SCHEMA_CACHE

    @property
    def _cache_key(self) -> str:
        # What decides the name of the schema and can be seen without parsing.
        settings = read_bytes(self.root / "dbt_project.yml")
        database = self.warehouse.parameters.get("dbname")
        parts = [self.profile.name, self.profile.target, str(database), hashlib.sha256(settings).hexdigest()]
        return "/".join(parts)


@dataclass
class Watched:
    """A dbt project that is watched: its artifacts, its log, and the databases its tables are in.

    ``connections`` are the outputs of its profile by name, and ``default_connection`` names the one that it builds
    into. ``manifest`` is empty until the workspace is parsed.
    """

    name: str
    root: Path
    target_path: Path
    connections: Mapping[str, Connection]
    default_connection: str
    manifest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def log_file(self) -> Path:
        """Return where dbt writes the log of this project."""
        return Path(os.environ.get("DBT_LOG_PATH") or self.root / "logs") / "dbt.log"


@dataclass
class Workspace:
    """Everything a command needs to know before it touches a database."""

    home: Home
    watched: tuple[Watched, ...]
    as_of: datetime

    @property
    def connections(self) -> Mapping[str, Connection]:
        """Return every connection by name: those of the home and of what is watched."""
        found = {name: connection for watched in self.watched for name, connection in watched.connections.items()}
        return {**found, **self.home.profile.outputs}

    @property
    def watched_project(self) -> Watched:
        """Return the one watched project, for what is done a project at a time. Raises ConfigError otherwise."""
        if len(self.watched) == 1:
            return self.watched[0]
        names = ", ".join(watched.name for watched in self.watched)
        if names:
            raise ConfigError(f"Several projects are watched here ({names}): name one.")
        raise ConfigError(f"Nothing is watched in {self.home.root}.")

    def parse(self) -> None:
        """Parse the dbt projects. Raises ConfigError or ArtifactError with one sentence."""
        self.home.parse()
        self._share_manifest()

    def locate(self) -> None:
        """Find the monitoring schema, by parsing only where it must be."""
        self.home.locate()
        self._share_manifest()

    def _share_manifest(self) -> None:
        # Inside a project, what is watched is what the home builds.
        for watched in self.watched:
            watched.manifest = self.home.manifest


def open_workspace(
    start: Path, *, profiles_dir: Path | None = None, target: str | None = None, as_of: str | datetime | None = None
) -> Workspace:
    """Open the dbt project at or above ``start``, which is home and watched at once.

    With no profile of its name anywhere, the embedded server is started and its profile used. Raises ConfigError.
    """
    root = find_project(start.resolve())
    name = profile_name(root)
    clock = parse_clock(as_of)
    target = target or os.environ.get("DBT_TARGET")
    folder = profiles_folder(root, name, profiles_dir)
    is_embedded = folder is None
    if folder is None:
        folder = start_embedded(root, name)
    profile = load_profile(folder, name, target)
    project = Project(root, folder, target, as_of=clock, is_live=as_of is None)
    home = Home(root, profile, project, is_embedded)
    watched = Watched(project_name(root), root, project.target_path, profile.outputs, profile.target)
    return Workspace(home, (watched,), clock)


def start_embedded(root: Path, name: str, databases: Sequence[str] = ()) -> Path:
    """Start the project's embedded server and write a profile of that name for it; return the profile's folder.

    The profile has the database that dbt builds into, the demo's where their sources are declared, ``databases``, and
    those that an earlier call named.
    """
    server = EmbeddedServer(state_directory(root)).start()
    wanted = {DATABASES[0], *databases, *server.profile_outputs(), *(DATABASES if declares_demo(root) else ())}
    listed = tuple(database for database in DATABASES if database in wanted)
    for database in listed:
        server.create_database(database)
    return server.write_profile(name, listed)


def declares_demo(root: Path) -> bool:
    """Return whether the project in ``root`` declares the demo's sources itself, as Lookout's own repository does."""
    return (root / DEMO_SOURCES).is_file()


def profiles_folder(root: Path, name: str, explicit: Path | None = None) -> Path | None:
    """Return the folder of the profiles.yml with the project's profile; None for that of the embedded server.

    ``~/.dbt/profiles.yml`` belongs to all projects of a person: one that it does not name gets the embedded server, as
    it would without that file. A folder that was chosen on purpose is taken as it is. Raises ConfigError when it has no
    profiles.yml.
    """
    chosen = explicit or (Path(os.environ["DBT_PROFILES_DIR"]) if os.environ.get("DBT_PROFILES_DIR") else None)
    if chosen is not None and chosen.resolve() == state_directory(root):
        return None
    folder = profiles_directory(explicit, root)
    if folder is None or chosen is not None or folder == root or _names_profile(folder / "profiles.yml", name):
        return folder
    logger.warning("%s has no profile '%s': using the embedded PostgreSQL.", folder / "profiles.yml", name)
    return None


def _names_profile(file: Path, name: str) -> bool:
    try:
        content = read_yaml(file)
    except UnusableFileError:
        # A broken file is reported where it is read.
        return True
    return not isinstance(content, dict) or name in content


def _remember_schema(file: Path, key: str, schema: str) -> None:
    # A folder that cannot be written only costs the next command its time.
    known = _remembered_schemas(file)
    if known.get(key) != schema:
        with suppress(OSError):
            file.write_text(json.dumps({**known, key: schema}), encoding="utf-8")


def _remembered_schemas(file: Path) -> dict[str, str]:
    try:
        content = read_json(file)
    except UnusableFileError:
        return {}
    found = content if isinstance(content, dict) else {}
    return {key: schema for key, schema in found.items() if isinstance(schema, str)}
