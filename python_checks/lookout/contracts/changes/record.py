"""Writers of the landing tables of contracts: contracts, checks, findings, versions and changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from lookout.contracts.changes.versions import (
    Definition,
    Subject,
    changes,
    contract_definition,
    definition_hash,
    definition_text,
    table_definition,
)
from lookout.contracts.spec.model import STRUCTURE, Contract, ContractCheck, violation_key
from lookout.database.store import Store

AssetKey = tuple[str, str]


@dataclass(frozen=True)
class _CurrentState:
    """A contract or table as it is now; ``definition`` is None when there is none any more."""

    key: AssetKey
    subject: Subject
    definition: Definition | None
    owner: str

    @property
    def text(self) -> str:
        return definition_text(self.definition) if self.definition is not None else ""

    @property
    def hash(self) -> str:
        return definition_hash(self.definition) if self.definition is not None else ""


def record_contracts(store: Store, contracts: Sequence[Contract], *, as_of: datetime, run_id: str) -> None:
    """Write the contracts in force; those no longer declared become inactive, which is recorded as a change.

    One that cannot be read as it is declared now stays in force as it was.
    """
    known = store.query("select connection, asset, owner from {schema}.contracts where is_active").to_dict("records")
    in_force = {(row["connection"], row["asset"]) for row in known}
    wrong = {(c.connection, c.asset) for c in contracts if c.problem}
    declared = {(c.connection, c.asset): c for c in contracts if (c.connection, c.asset) not in wrong & in_force}
    undeclared = [row for row in known if (row["connection"], row["asset"]) not in {*declared, *wrong}]
    states = [_CurrentState(key, "contract", contract_definition(c), c.owner) for key, c in declared.items()]
    states += [_CurrentState((row["connection"], row["asset"]), "contract", None, row["owner"]) for row in undeclared]
    numbers = _record_versions(store, states, as_of=as_of, run_id=run_id)
    rows = [_contract_row(state, declared[state.key], numbers[state.key]) for state in states if state.definition]
    store.upsert("contracts", pd.DataFrame(rows).assign(is_active=True, updated_at=as_of))
    store.execute(
        "update {schema}.contracts set is_active = false, updated_at = %s "
        "where is_active and (connection, asset) in (select * from unnest(%s::text[], %s::text[]))",
        (as_of, [row["connection"] for row in undeclared], [row["asset"] for row in undeclared]),
    )


def record_checks(store: Store, checks: Iterable[ContractCheck], *, as_of: datetime, run_id: str) -> None:
    """Write the result of checking each contract, and every new version of the columns of a table."""
    checks = list(checks)
    observed = [_observed_state(check) for check in checks]
    states = [state for state in observed if state is not None]
    _record_versions(store, states, as_of=as_of, run_id=run_id)
    findings = pd.DataFrame([row for check in checks for row in _finding_rows(check, as_of)])
    # A run repeated at the same as_of must not leave findings of the first one behind.
    keys = [(check.contract.connection, check.contract.asset) for check in checks]
    store.execute(
        "delete from {schema}.contract_findings where as_of = %s "
        "and (connection, asset) in (select * from unnest(%s::text[], %s::text[])) and not violation_key = any(%s)",
        (
            as_of,
            [connection for connection, _ in keys],
            [asset for _, asset in keys],
            [] if findings.empty else list(findings["violation_key"]),
        ),
    )
    if not findings.empty:
        whole = {"failing_rows": "Int64", "total_rows": "Int64"}
        findings = findings.drop_duplicates("violation_key").astype(whole)
        store.upsert("contract_findings", findings.assign(run_id=run_id))
    rows = pd.DataFrame([_check_row(check, as_of) for check in checks])
    if not rows.empty:
        whole = dict.fromkeys(("total_rows", "checked_rows", "invalid_rows"), "Int64")
        rows["checked_until"] = pd.to_datetime(rows["checked_until"], utc=True)
        store.upsert("contract_checks", rows.astype(whole).assign(run_id=run_id))


def checked_until(store: Store, *, as_of: datetime) -> dict[AssetKey, datetime]:
    """Return up to when the rows of incremental contracts have been checked, by connection and asset."""
    found = store.query(
        "select connection, asset, max(checked_until) as mark from {schema}.contract_checks "
        "where values_status in ('passed', 'violated') and checked_until is not null and as_of < %s group by 1, 2",
        (as_of,),
    )
    return {(row["connection"], row["asset"]): row["mark"].to_pydatetime() for row in found.to_dict("records")}


def _record_versions(
    store: Store, states: Sequence[_CurrentState], *, as_of: datetime, run_id: str
) -> Mapping[AssetKey, int]:
    """Write the versions that are new; return the number of the version in force by connection and asset."""
    newest = store.query(
        "select distinct on (connection, asset, subject) * from {schema}.schema_versions "
        "where (connection, asset) in (select * from unnest(%s::text[], %s::text[])) "
        "order by connection, asset, subject, version_number desc",
        ([state.key[0] for state in states], [state.key[1] for state in states]),
    )
    known = {((row["connection"], row["asset"]), row["subject"]): row for row in newest.to_dict("records")}
    numbers: dict[AssetKey, int] = {}
    versions: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for state in states:
        before = known.get((state.key, state.subject))
        number = int(before["version_number"]) if before else 0
        numbers[state.key] = number
        # A replay of the past does not become the newest version.
        is_past = before is not None and pd.Timestamp(as_of) < before["first_seen_at"]
        if is_past or state.hash == (before["definition_hash"] if before else ""):
            continue
        numbers[state.key] = number + 1
        identity = {
            "connection": state.key[0],
            "asset": state.key[1],
            "subject": state.subject,
            "version_number": number + 1,
        }
        content = {"definition": state.text, "definition_hash": state.hash, "first_seen_at": as_of, "run_id": run_id}
        versions.append(identity | content)
        old = json.loads(before["definition"]) if before and before["definition"] else None
        changed += [
            identity | vars(change) | {"seen_at": as_of, "owner": state.owner}
            for change in changes(state.subject, old, state.definition)
        ]
    store.upsert("schema_changes", pd.DataFrame(changed))
    store.upsert("schema_versions", pd.DataFrame(versions))
    return numbers


def _contract_row(state: _CurrentState, contract: Contract, number: int) -> dict[str, Any]:
    return {
        "connection": contract.connection,
        "asset": contract.asset,
        "name": contract.name,
        "node_id": contract.node_id,
        "mode": contract.mode,
        "version": contract.version,
        "version_number": number,
        "definition": state.text,
        "definition_hash": state.hash,
        "column_count": len(contract.columns),
        "rule_count": len(contract.rules),
        "owner": contract.owner,
        "layer": contract.layer,
        "description": contract.description,
        "file_path": contract.file,
    }


def _observed_state(check: ContractCheck) -> _CurrentState | None:
    """Return the state of the checked table; None when it could not be read."""
    contract, observed = check.contract, check.observed
    if observed is None or not observed.is_usable:
        return None
    return _CurrentState(
        (contract.connection, contract.asset),
        "table",
        table_definition(observed) if observed.kind else None,
        contract.owner,
    )


def _check_row(check: ContractCheck, as_of: datetime) -> dict[str, Any]:
    return {
        "connection": check.contract.connection,
        "asset": check.contract.asset,
        "as_of": as_of,
        "structure_status": check.structure,
        "values_status": check.values,
        "violation_count": len(check.violations),
        "critical_count": sum(v.severity == "critical" for v in check.violations),
        "total_rows": check.total_rows,
        "checked_rows": check.checked_rows,
        "invalid_rows": check.invalid_rows,
        "checked_until": check.checked_until,
        "message": check.message,
        "duration_seconds": check.duration_seconds,
        "attempts": check.attempts,
    }


def _finding_rows(check: ContractCheck, as_of: datetime) -> list[dict[str, Any]]:
    connection, asset = check.contract.connection, check.contract.asset
    return [
        {
            "violation_key": violation_key(connection, asset, v.column_name, v.violation_type, v.rule or STRUCTURE),
            "as_of": as_of,
            "connection": connection,
            "asset": asset,
            "column_name": v.column_name,
            "violation_type": v.violation_type,
            "rule": v.rule or STRUCTURE,
            "expected": v.expected,
            "actual": v.actual,
            "failing_rows": v.failing_rows,
            "total_rows": v.total_rows,
            "severity": v.severity,
            "example_keys": json.dumps([json.loads(key) for key in v.example_keys], ensure_ascii=False),
        }
        for v in check.violations
    ]
