"""Contract checks as a step of a run: check, record, and name the models that must not be built now."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lookout.contracts.changes.record import checked_until, record_checks
from lookout.contracts.checks.check import check_contracts
from lookout.contracts.compile.file import needed_file
from lookout.contracts.spec.model import Contract, ContractCheck
from lookout.errors import ConfigError
from lookout.project.workspace import Workspace
from lookout.runs.recording import Run

logger = logging.getLogger(__name__)

SORTING_MACROS = frozenset({"macro.lookout.accepted_rows", "macro.lookout.rejected_rows"})


@dataclass(frozen=True)
class BlockedModels:
    """Models that a broken strict contract keeps from being built; ``because`` are the names of the broken sources."""

    arguments: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    because: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Return one sentence; empty when nothing is blocked."""
        if not self.because:
            return ""
        effect = f"{', '.join(self.models)} not built" if self.models else "no model reads it"
        return f"{', '.join(self.because)} breaks its strict contract: {effect}"


def warn_of_stale_files(workspace: Workspace) -> None:
    """Log a line for each project whose compiled contracts are out of date: dbt will not build what reads them."""
    for project in workspace.watched:
        file = None
        with suppress(ConfigError):
            # A contract that is wrong is named by the declarations.
            file = needed_file(project.root, project.manifest, project.default_connection)
        if file is not None and file.problem:
            logger.warning("%s", file.problem)


def check_and_record(
    run: Run,
    contracts: Sequence[Contract],
    *,
    values: bool = True,
    select: Sequence[str] = (),
    on_done: Callable[[ContractCheck], None] | None = None,
) -> list[ContractCheck]:
    """Check contracts against their tables, all databases at once, and record the results.

    A contract that could not be evaluated becomes a problem of the run.
    """
    if not contracts:
        return []
    checks = check_contracts(
        contracts,
        run.workspace.connections,
        options=run.workspace.home.options,
        marks=checked_until(run.store, as_of=run.as_of),
        values=values,
        select=select or None,
        on_done=on_done,
        as_of=run.as_of,
    )
    record_checks(run.store, checks, as_of=run.as_of, run_id=run.run_id)
    run.problems += [f"contract {check.contract.name}: {check.message}" for check in checks if _is_unevaluated(check)]
    return checks


def blocked_models(checks: Sequence[ContractCheck], manifest: Mapping[str, Any]) -> BlockedModels:
    """Return the models downstream of sources whose strict contract is critically broken.

    Where only rows are bad, a model that sorts them out itself (`lookout.accepted_rows`, `lookout.rejected_rows`) is
    built, and so are its readers.
    """
    broken = [check for check in checks if _blocks(check)]
    if not broken:
        return BlockedModels()
    nodes = manifest.get("nodes") or {}
    downstream: dict[str, None] = {}
    for check in broken:
        downstream.update(_downstream(check, manifest.get("child_map") or {}, nodes))
    blocked = [nodes[node] for node in downstream if nodes[node]["resource_type"] in ("model", "snapshot")]
    return BlockedModels(
        tuple(f"fqn:{'.'.join(node['fqn'])}" for node in blocked),
        tuple(node["name"] for node in blocked),
        tuple(check.contract.name for check in broken),
    )


def _downstream(check: ContractCheck, children: Mapping[str, Any], nodes: Mapping[str, Any]) -> dict[str, None]:
    source = check.contract.node_id
    # A row without its parent is not sorted out: the macros look at one table.
    orphans = {rule.name for rule in check.contract.rules if rule.kind == "relationship"}
    critical = [violation for violation in check.violations if violation.severity == "critical"]
    can_sort_out = all(violation.failing_rows is not None and violation.rule not in orphans for violation in critical)
    downstream: dict[str, None] = {}  # a set that keeps its order
    waiting = [source]
    while waiting:
        node = waiting.pop(0)
        for child in children.get(node, []):
            if child in downstream or child not in nodes:
                continue
            macros = (nodes[child].get("depends_on") or {}).get("macros") or ()
            if node == source and can_sort_out and SORTING_MACROS.intersection(macros):
                continue
            downstream[child] = None
            waiting.append(child)
    return downstream


def _is_unevaluated(check: ContractCheck) -> bool:
    """Return whether a table that exists could not be evaluated: a missing one is broken, an empty one is empty."""
    if check.contract.problem:
        # One of the declarations, which are problems of the run already.
        return False
    is_gone = any(v.violation_type == "MISSING_REQUIRED_FIELD" and not v.column_name for v in check.violations)
    return not check.is_evaluated and not is_gone and check.total_rows != 0


def _blocks(check: ContractCheck) -> bool:
    if not check.contract.is_source or check.contract.mode != "strict":
        return False
    evaluated = [v for v in check.violations if v.violation_type != "CONTRACT_NOT_EVALUATED"]
    return any(violation.severity == "critical" for violation in evaluated)
