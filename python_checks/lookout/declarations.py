"""Everything that the watched projects declare, read once from their manifests into one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from lookout.contracts.spec.declared import load_contracts
from lookout.contracts.spec.model import Contract
from lookout.errors import ConfigError
from lookout.project.declarations.monitor import Monitor
from lookout.project.declarations.monitors import load_monitors
from lookout.project.workspace import Watched, Workspace
from lookout.tracking.dbt.limits import load_limits
from lookout.tracking.lineage.manifest import ManifestLineage, manifest_lineage

T = TypeVar("T")


@dataclass(frozen=True)
class Declarations:
    """The monitors and contracts of the watched projects. ``limits`` are those of dbt nodes, by unique id.

    ``problems`` has a line for each wrong setting; the part with that setting is empty then.
    """

    monitors: tuple[Monitor, ...] = ()
    contracts: tuple[Contract, ...] = ()
    limits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    projects: tuple[Watched, ...] = field(default=(), repr=False)

    @cached_property
    def lineage(self) -> ManifestLineage:
        """Return the lineage of the manifests, worked out when first asked for: most commands do without."""
        return ManifestLineage.merged(
            manifest_lineage(watched.manifest, watched.default_connection) for watched in self.projects
        )

    def checked(self) -> Declarations:
        """Return these declarations. Raises ConfigError naming every wrong setting."""
        if self.problems:
            raise ConfigError("\n".join(self.problems))
        return self


def read_declarations(workspace: Workspace) -> Declarations:
    """Read what the watched projects of a parsed workspace declare."""
    projects = [_read(watched, workspace) for watched in workspace.watched]
    problems = dict.fromkeys(problem for project in projects for problem in project.problems)
    return Declarations(
        tuple(monitor for project in projects for monitor in project.monitors),
        tuple(contract for project in projects for contract in project.contracts),
        {node: limits for project in projects for node, limits in project.limits.items()},
        tuple(problems),
        workspace.watched,
    )


def _read(watched: Watched, workspace: Workspace) -> Declarations:
    # The readers share some checks; what two of them complain about is reported once.
    problems: dict[str, None] = {}
    manifest, known = watched.manifest, tuple(workspace.connections)

    def attempt(read: Callable[[], T], fallback: T) -> T:
        try:
            return read()
        except ConfigError as error:
            problems.update(dict.fromkeys(str(error).splitlines()))
            return fallback

    default = watched.default_connection
    no_monitors: tuple[Monitor, ...] = ()
    no_contracts: tuple[Contract, ...] = ()
    no_limits: dict[str, dict[str, Any]] = {}
    return Declarations(
        attempt(lambda: load_monitors(manifest, default_connection=default, known_connections=known), no_monitors),
        attempt(lambda: load_contracts(manifest, default_connection=default, known_connections=known), no_contracts),
        attempt(lambda: load_limits(manifest), no_limits),
        tuple(problems),
    )
