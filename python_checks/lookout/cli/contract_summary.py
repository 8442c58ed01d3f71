"""The closing lines of `lookout contracts`."""

from __future__ import annotations

from typing import Any

from lookout.contracts.spec.model import ContractCheck, Violation
from lookout.runs.summary import RunSummary

MOST_LINES = 20


def show(summary: RunSummary) -> None:
    """Print one line per contract that is broken or could not be evaluated, and one that counts the others."""
    if not summary.checks:
        print("No table is under contract: add `contract: true` to `config.meta.lookout` of a source or model.")
        return
    sound = [check for check in summary.checks if check.is_evaluated and not check.violations]
    for check in summary.checks:
        if check not in sound:
            _show_check(check)
    print(f"As of {summary.as_of:%Y-%m-%d %H:%M} UTC: {len(sound)} of {len(summary.checks)} contracts hold.")
    for path in summary.reports:
        if path.name == "contract_validation_report.md":
            print(f"  report: {path}")


def as_dict(summary: RunSummary) -> dict[str, Any]:
    """Return the result for ``--json``: plain values only."""
    return {
        "run_id": summary.run_id,
        "as_of": summary.as_of.isoformat(),
        "exit_code": summary.exit_code,
        "contracts": [
            {
                "name": check.contract.name,
                "connection": check.contract.connection,
                "asset": check.contract.asset,
                "mode": check.contract.mode,
                "structure": check.structure,
                "values": check.values,
                "total_rows": check.total_rows,
                "checked_rows": check.checked_rows,
                "invalid_rows": check.invalid_rows,
                "message": check.message,
                "violations": [vars(violation) for violation in check.violations],
            }
            for check in summary.checks
        ],
    }


def _show_check(check: ContractCheck) -> None:
    contract = check.contract
    state = "broken" if check.is_broken else "not evaluated"
    rows = ""
    if check.checked_rows is not None:
        rows = f", {check.checked_rows:,} of {check.total_rows or check.checked_rows:,} rows checked"
    print(f"{contract.name} ({contract.connection} {contract.asset}, {contract.mode}): {state}{rows}")
    for violation in check.violations[:MOST_LINES]:
        print(f"  {violation.severity:<8} {violation.violation_type:<22} {_sentence(violation)}")
    if len(check.violations) > MOST_LINES:
        print(f"  ... and {len(check.violations) - MOST_LINES} more, see the report.")
    if check.message and check.is_broken:
        print(f"  could not evaluate: {check.message}")


def _sentence(violation: Violation) -> str:
    where = f"{violation.column_name}: " if violation.column_name else ""
    return f"{where}expected {violation.expected}, found {violation.actual}"
