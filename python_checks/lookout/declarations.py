"""Everything that the watched projects declare, read once from their manifests into one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from lookout.contracts.spec.declared import load_contracts
from lookout.contracts.spec.model import Contract
from lookout.errors import ConfigError
from lookout.project.calendar import usual_holidays
from lookout.project.declarations.monitor import Monitor
from lookout.project.declarations.monitors import load_monitors
from lookout.project.workspace import Watched, Workspace
from lookout.tracking.dbt.limits import load_limits
from lookout.tracking.lineage.manifest import ManifestLineage, manifest_lineage

T = TypeVar("T", Monitor, Contract)


@dataclass(frozen=True)
class Declarations:
    """The monitors and contracts of the watched projects. ``limits`` are those of dbt nodes, by unique id.

    ``problems`` has a line for each wrong setting; the table, contract or node with that setting is not evaluated then.
    """

    monitors: tuple[Monitor, ...] = ()
    contracts: tuple[Contract, ...] = ()
    limits: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
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
    holidays, wrong = _usual_holidays(workspace)
    projects = [_read(watched, workspace, holidays) for watched in workspace.watched]
    problems = dict.fromkeys([*wrong, *(problem for project in projects for problem in project.problems)])
    return Declarations(
        tuple(monitor for project in projects for monitor in project.monitors),
        tuple(contract for project in projects for contract in project.contracts),
        {node: limits for project in projects for node, limits in project.limits.items()},
        tuple(problems),
        workspace.watched,
    )


def _usual_holidays(workspace: Workspace) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the countries of tables that name none, and a sentence when they are wrong."""
    try:
        return usual_holidays(workspace.home.manifest or {}), ()
    except ConfigError as error:
        return (), (str(error),)


def _read(watched: Watched, workspace: Workspace, holidays: tuple[str, ...]) -> Declarations:
    connections, problems = workspace.connections, list(workspace.home.problems)
    context: dict[str, Any] = {"default_connection": watched.default_connection, "known_connections": connections}
    monitors = load_monitors(watched.manifest, **context, holidays=holidays, problems=problems)
    contracts = load_contracts(watched.manifest, **context, problems=problems)
    limits = load_limits(watched.manifest, problems=problems)
    used = {*(monitor.connection for monitor in monitors), *(contract.connection for contract in contracts)}
    unusable = {name: connections[name].problem for name in sorted(used & set(connections))}
    problems += filter(None, unusable.values())
    return Declarations(
        tuple(_with_problem(monitor, unusable) for monitor in monitors),
        tuple(_with_problem(contract, unusable) for contract in contracts),
        limits,
        tuple(problems),
    )


def _with_problem(declared: T, unusable: Mapping[str, str]) -> T:
    """Return a monitor or contract with the problem of its connection, unless it has one of its own."""
    problem = declared.problem or unusable.get(declared.connection, "")
    return replace(declared, problem=problem) if problem else declared
