"""The guard as a step of a run: look, write down, and say what must not be built now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from python_checks.contracts.guard import check_contracts
from python_checks.contracts.model import Contract, ContractCheck
from python_checks.contracts.record import checked_until, record_checks
from python_checks.sources import CollectOptions

if TYPE_CHECKING:
    from python_checks.steps import Run


@dataclass(frozen=True)
class HeldBack:
    """What a broken strict contract keeps from being built: ``models`` are names, ``because`` names of sources."""

    arguments: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    because: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """One sentence; empty when nothing is held back."""
        if not self.because:
            return ""
        what = f"{', '.join(self.models)} not built" if self.models else "no model reads it"
        return f"{', '.join(self.because)} breaks its strict contract: {what}"


def guard(
    run: Run,
    contracts: Sequence[Contract],
    options: CollectOptions | None = None,
    *,
    values: bool = True,
    select: Sequence[str] = (),
    on_done: Callable[[ContractCheck], None] | None = None,
) -> list[ContractCheck]:
    """Hold contracts against their tables, every database at once, and write down what came of it.

    What could not be evaluated becomes a problem of the run.
    """
    if not contracts:
        return []
    checks = check_contracts(
        contracts,
        run.workspace.profile.outputs,
        options=options or CollectOptions.from_environment(),
        marks=checked_until(run.store, as_of=run.as_of),
        values=values,
        select=select or None,
        on_done=on_done,
        as_of=run.as_of,
    )
    record_checks(run.store, checks, as_of=run.as_of, run_id=run.run_id)
    run.problems += [f"contract {check.contract.name}: {check.message}" for check in checks if _is_blind(check)]
    return checks


def held_back(checks: Sequence[ContractCheck], manifest: Mapping[str, Any]) -> HeldBack:
    """What is downstream of sources whose strict contract is critically broken, as arguments of `dbt build`."""
    broken = [check.contract for check in checks if _holds_back(check)]
    if not broken:
        return HeldBack()
    children = manifest.get("child_map") or {}
    below: dict[str, None] = {}
    waiting = [contract.node_id for contract in broken]
    while waiting:
        for child in children.get(waiting.pop(0), []):
            if child not in below:
                below[child] = None
                waiting.append(child)
    nodes = manifest.get("nodes") or {}
    models = [nodes[node]["name"] for node in below if node in nodes and nodes[node]["resource_type"] == "model"]
    sources = [(manifest.get("sources") or {})[contract.node_id] for contract in broken]
    # The source's own tests still run: they say more about what is wrong.
    arguments = [f"source:{source['source_name']}.{source['name']}+" for source in sources]
    return HeldBack(tuple(arguments), tuple(models), tuple(contract.name for contract in broken))


def _is_blind(check: ContractCheck) -> bool:
    """Whether something could not be evaluated that is there: a missing table is broken, an empty one just empty."""
    is_gone = any(v.violation_type == "MISSING_REQUIRED_FIELD" and not v.column_name for v in check.violations)
    return not check.is_evaluated and not is_gone and check.total_rows != 0


def _holds_back(check: ContractCheck) -> bool:
    contract = check.contract
    return (
        contract.is_source
        and contract.mode == "strict"
        and any(v.severity == "critical" and v.violation_type != "CONTRACT_NOT_EVALUATED" for v in check.violations)
    )
