"""What was promised and what was found, written down: contracts, checks, findings, versions and changes."""

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

Place = tuple[str, str]


@dataclass(frozen=True)
class _Sight:
    """A contract or table as it is now; ``definition`` is None when it is gone."""

    place: Place
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
    """Write the contracts in force; those that are no longer declared become inactive, and that is a change too."""
    declared = {(c.connection, c.asset): c for c in contracts}
    known = store.query("select connection, asset, owner from {schema}.contracts where is_active")
    gone = [row for row in known.to_dict("records") if (row["connection"], row["asset"]) not in declared]
    sights = [_Sight(place, "contract", contract_definition(c), c.owner) for place, c in declared.items()]
    sights += [_Sight((row["connection"], row["asset"]), "contract", None, row["owner"]) for row in gone]
    numbers = _record_versions(store, sights, as_of=as_of, run_id=run_id)
    rows = [_contract_row(sight, declared[sight.place], numbers[sight.place]) for sight in sights if sight.definition]
    store.upsert("contracts", pd.DataFrame(rows).assign(is_active=True, updated_at=as_of))
    store.execute(
        "update {schema}.contracts set is_active = false, updated_at = %s "
        "where is_active and (connection, asset) in (select * from unnest(%s::text[], %s::text[]))",
        (as_of, [row["connection"] for row in gone], [row["asset"] for row in gone]),
    )


def record_checks(store: Store, checks: Iterable[ContractCheck], *, as_of: datetime, run_id: str) -> None:
    """Write what came of looking at each contract, and every version of a table that has not been seen before."""
    checks = list(checks)
    sights = [sight for check in checks if (sight := _sight_of(check)) is not None]
    _record_versions(store, sights, as_of=as_of, run_id=run_id)
    # The same clock again: what is no longer found must not stay from the first time.
    places = [(check.contract.connection, check.contract.asset) for check in checks]
    store.execute(
        "delete from {schema}.contract_findings where as_of = %s "
        "and (connection, asset) in (select * from unnest(%s::text[], %s::text[]))",
        (as_of, [connection for connection, _ in places], [asset for _, asset in places]),
    )
    findings = pd.DataFrame([row for check in checks for row in _finding_rows(check, as_of)])
    if not findings.empty:
        whole = {"failing_rows": "Int64", "total_rows": "Int64"}
        findings = findings.drop_duplicates("violation_key").astype(whole)
        store.upsert("contract_findings", findings.assign(run_id=run_id))
    rows = pd.DataFrame([_check_row(check, as_of) for check in checks])
    if not rows.empty:
        whole = dict.fromkeys(("total_rows", "checked_rows", "invalid_rows"), "Int64")
        rows["checked_until"] = pd.to_datetime(rows["checked_until"], utc=True)
        store.upsert("contract_checks", rows.astype(whole).assign(run_id=run_id))


def checked_until(store: Store, *, as_of: datetime) -> dict[Place, datetime]:
    """How far the rows of incremental contracts have been checked, by connection and asset."""
    found = store.query(
        "select connection, asset, max(checked_until) as mark from {schema}.contract_checks "
        "where values_status in ('passed', 'violated') and checked_until is not null and as_of < %s group by 1, 2",
        (as_of,),
    )
    return {(row["connection"], row["asset"]): row["mark"].to_pydatetime() for row in found.to_dict("records")}


def _record_versions(store: Store, sights: Sequence[_Sight], *, as_of: datetime, run_id: str) -> Mapping[Place, int]:
    """Write the versions that are new; returns the number of the version in force by place."""
    newest = store.query(
        "select distinct on (connection, asset, subject) * from {schema}.schema_versions "
        "where (connection, asset) in (select * from unnest(%s::text[], %s::text[])) "
        "order by connection, asset, subject, version_number desc",
        ([sight.place[0] for sight in sights], [sight.place[1] for sight in sights]),
    )
    known = {((row["connection"], row["asset"]), row["subject"]): row for row in newest.to_dict("records")}
    numbers: dict[Place, int] = {}
    versions: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for sight in sights:
        before = known.get((sight.place, sight.subject))
        number = int(before["version_number"]) if before else 0
        numbers[sight.place] = number
        # A replay of the past does not become the newest version.
        is_past = before is not None and pd.Timestamp(as_of) < before["first_seen_at"]
        if is_past or sight.hash == (before["definition_hash"] if before else ""):
            continue
        numbers[sight.place] = number + 1
        identity = {
            "connection": sight.place[0],
            "asset": sight.place[1],
            "subject": sight.subject,
            "version_number": number + 1,
        }
        said = {"definition": sight.text, "definition_hash": sight.hash, "first_seen_at": as_of, "run_id": run_id}
        versions.append(identity | said)
        old = json.loads(before["definition"]) if before and before["definition"] else None
        changed += [
            identity | vars(change) | {"seen_at": as_of, "owner": sight.owner}
            for change in changes(sight.subject, old, sight.definition)
        ]
    store.upsert("schema_changes", pd.DataFrame(changed))
    store.upsert("schema_versions", pd.DataFrame(versions))
    return numbers


def _contract_row(sight: _Sight, contract: Contract, number: int) -> dict[str, Any]:
    return {
        "connection": contract.connection,
        "asset": contract.asset,
        "name": contract.name,
        "node_id": contract.node_id,
        "mode": contract.mode,
        "version": contract.version,
        "version_number": number,
        "definition": sight.text,
        "definition_hash": sight.hash,
        "column_count": len(contract.columns),
        "rule_count": len(contract.rules),
        "owner": contract.owner,
        "layer": contract.layer,
        "description": contract.description,
        "file_path": contract.file,
    }


def _sight_of(check: ContractCheck) -> _Sight | None:
    """The table as it was seen; None when it could not be looked at."""
    contract, observed = check.contract, check.observed
    if observed is None or not observed.is_usable:
        return None
    return _Sight(
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
