"""Where a command works: the dbt project, its profile and manifest, the clock and the monitoring schema."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml

from python_checks.config import check_manifest_version, load_monitors
from python_checks.connections import Profile, load_profile, profiles_directory
from python_checks.contracts.declared import load_contracts
from python_checks.contracts.model import Contract
from python_checks.dbt import Project, find_project, profile_name
from python_checks.errors import ConfigError
from python_checks.monitors import Monitor
from python_checks.server import DATABASES, EmbeddedServer, state_directory
from python_checks.track.declared import load_limits

logger = logging.getLogger(__name__)

PACKAGE = "lookout"
DEMO_SOURCES = Path("models", "_demo__sources.yml")
# Beside dbt's artifacts, so that `dbt clean` takes it along.
MEMORY = "lookout_schemas.json"
# Far enough from the ends of what a nanosecond clock can hold.
CLOCK_YEARS = range(1900, 2200)


@dataclass
class Workspace:
    """Everything a command needs to know before it touches a database. ``manifest`` is filled by ``parse``.

    ``located`` is the monitoring schema as an earlier parse found it, for commands that need no more of the project.
    """

    root: Path
    profile: Profile
    project: Project
    as_of: datetime
    is_embedded: bool
    manifest: Mapping[str, Any] = field(default_factory=dict)
    located: str = ""

    def parse(self) -> None:
        """Parse the dbt project. Raises ConfigError or ArtifactError with one sentence."""
        self.manifest = self.project.parse()
        check_manifest_version(self.manifest)
        with suppress(ConfigError):
            remember_schema(self._memory, self._place, self.schema)

    def locate(self) -> None:
        """Find the monitoring schema: where the last parse for this target found it, else by parsing.

        Parsing takes seconds, and what only looks into the schema needs nothing else of the project.
        """
        if self.manifest:
            return
        self.located = remembered_schema(self._memory, self._place)
        if not self.located:
            self.parse()

    @property
    def _memory(self) -> Path:
        return self.project.target_path / MEMORY

    @property
    def _place(self) -> str:
        """What decides the name of the schema and can be seen without parsing."""
        settings = (self.root / "dbt_project.yml").read_bytes()
        database = self.profile.warehouse.parameters.get("dbname")
        parts = [self.profile.name, self.profile.target, str(database), hashlib.sha256(settings).hexdigest()]
        return "/".join(parts)

    @property
    def schema(self) -> str:
        """Name of the monitoring schema in this project. Raises ConfigError when Lookout is not installed in it."""
        if not self.manifest and self.located:
            return self.located
        for node in self.manifest.get("nodes", {}).values():
            if node.get("package_name") == PACKAGE and node.get("name") == "metric_observations":
                return str(node["schema"])
        raise ConfigError(f"The project in {self.root} does not include the lookout package: add it to packages.yml.")

    def monitors(self) -> tuple[Monitor, ...]:
        """The watched tables that the project declares. Raises ConfigError naming every wrong setting."""
        return load_monitors(
            self.manifest, default_connection=self.profile.target, known_connections=tuple(self.profile.outputs)
        )

    def contracts(self) -> tuple[Contract, ...]:
        """The contracts that the project declares. Raises ConfigError naming every wrong setting."""
        return load_contracts(
            self.manifest, default_connection=self.profile.target, known_connections=tuple(self.profile.outputs)
        )

    def check_pipelines(self) -> None:
        """Raise ConfigError naming every wrong limit of what dbt builds."""
        load_limits(self.manifest)


def remember_schema(file: Path, place: str, schema: str) -> None:
    """Note the monitoring schema of a place; a folder that cannot be written only costs the next command its time."""
    known = _remembered(file)
    if known.get(place) != schema:
        with suppress(OSError):
            file.write_text(json.dumps({**known, place: schema}), encoding="utf-8")


def remembered_schema(file: Path, place: str) -> str:
    """The monitoring schema that was noted for a place; empty when none was."""
    return _remembered(file).get(place, "")


def _remembered(file: Path) -> dict[str, str]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def open_workspace(
    start: Path, *, profiles_dir: Path | None = None, target: str | None = None, as_of: str | datetime | None = None
) -> Workspace:
    """Find project and profile; with no profile of that name anywhere, start the embedded server and use its own."""
    root = find_project(start.resolve())
    name = profile_name(root)
    clock = parse_clock(as_of)
    target = target or os.environ.get("DBT_TARGET")
    folder = profiles_folder(root, name, profiles_dir)
    embedded = folder is None
    if folder is None:
        folder = start_embedded(root, name)
    profile = load_profile(folder, name, target)
    project = Project(root, folder, target, as_of=clock, is_live=as_of is None)
    return Workspace(root, profile, project, clock, embedded)


def start_embedded(root: Path, name: str, databases: Sequence[str] = ()) -> Path:
    """Start the project's embedded server and write a profile of that name for it; returns the profile's folder.

    The profile has the database that dbt builds into, the demo's where their sources are declared, ``databases``, and
    what an earlier call named.
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
    """Folder of the profiles.yml that has the project's profile; None for the one of the embedded server.

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
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        # What is wrong with the file is told where it is read.
        return True
    return not isinstance(content, dict) or name in content


def parse_clock(text: str | datetime | None) -> datetime:
    """The run clock in UTC: ISO 8601 text (no offset means UTC), or now. Raises ConfigError for anything else."""
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
