"""The contract validation report: contracts that hold, contracts that are broken, and what to do about each."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lookout.render import text
from lookout.report.data import ReportData
from lookout.report.markdown.alerts import location, owner

Row = dict[str, Any]
DETECTED, PASSED, NOT_EVALUATED = "VIOLATIONS DETECTED", "PASSED", "NOT EVALUATED"
UNEVALUATED = "CONTRACT_NOT_EVALUATED"
MOST_CONTRACTS, MOST_VIOLATIONS, MOST_KEYS = 200, 5, 5
# Meaning of each type of violation and what to do about it, in the order in which they are listed.
TYPES = {
    "MISSING_REQUIRED_FIELD": (
        "a promised table, column or field is not there",
        "bring the column back at the producer, or agree on a new version of the contract without it",
    ),
    "TYPE_CHANGED": (
        "a column has another type than was promised, by the database's own catalog",
        "undo the change at the producer, or promise the new type and build the models downstream anew",
    ),
    "TYPE_MISMATCH": (
        "a text or a field of a document holds what cannot be read as the promised type",
        "mend the writer of these rows; until then quarantine keeps them out of the models downstream",
    ),
    "NULLABILITY_VIOLATION": (
        "there are nulls, or nulls are allowed, where none were promised",
        "fill the column at the producer and add a not null constraint there",
    ),
    "CONSTRAINT_VIOLATION": (
        "a value, a key or a whole row breaks a rule",
        "correct the rows named above, or loosen the rule if it is the rule that is wrong",
    ),
    "UNEXPECTED_FIELD": (
        "there is a column or field that nobody promised",
        "declare the column, or say `unexpected: ignore` in the contract",
    ),
    UNEVALUATED: (
        "a promise could not be held against the table, which is not the same as being kept",
        "do what the sentence above says, then run `lookout contracts`",
    ),
}
FIRST_CONTRACT = """\
**NOT EVALUATED.** No table has a contract yet. Declare the first one in the YAML of a source or model:

```yaml
sources:
  - name: shop
    tables:
      - name: orders
        config: {meta: {lookout: {contract: strict}}}
        columns:
          - name: order_id
            data_type: bigint
            constraints: [{type: not_null}, {type: unique}]
```

Then run `lookout contracts`."""


@dataclass(frozen=True)
class ContractState:
    """One contract with its violations, critical ones first, and sentences about what was not evaluated."""

    row: Row
    violations: tuple[Row, ...]
    unevaluated: tuple[str, ...]

    @property
    def status(self) -> str:
        """VIOLATIONS DETECTED, NOT EVALUATED or PASSED; what was not evaluated never counts as passed."""
        if self.violations or "violated" in (self.row["structure_status"], self.row["values_status"]):
            return DETECTED
        return NOT_EVALUATED if self.unevaluated else PASSED

    @property
    def critical(self) -> int:
        """Number of violations that are critical."""
        return sum(violation["severity"] == "critical" for violation in self.violations)


def contract_states(data: ReportData) -> list[ContractState]:
    """Return every contract in force, the violated ones first and those that passed last."""
    by_table: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for violation in data.rows("contract_violations"):
        by_table[violation["connection"], violation["asset"]].append(violation)
    states = [_state(row, by_table[row["connection"], row["asset"]]) for row in data.rows("contracts")]
    order = (DETECTED, NOT_EVALUATED, PASSED)
    return sorted(states, key=lambda state: (order.index(state.status), -state.critical))


def headline(data: ReportData) -> str:
    """Return one bold sentence about all contracts."""
    if data.missing:
        names = ", ".join(text.code(name) for name in data.missing)
        return f"**NOT EVALUATED.** The monitoring schema lacks {names}: run `lookout run` first."
    statuses = [state.status for state in contract_states(data)]
    if not statuses:
        return FIRST_CONTRACT
    unevaluated, violated = statuses.count(NOT_EVALUATED), statuses.count(DETECTED)
    counts = [
        text.plural(len(statuses), "contract"),
        f"{text.number(len(statuses) - unevaluated)} evaluated",
        f"{text.number(violated)} violated",
        f"{text.number(unevaluated)} not evaluated",
    ]
    return f"**{', '.join(counts)}.**"


def summary_table(data: ReportData) -> str:
    """Return a table with one row per contract."""
    headings = ["Contract", "Target table", "Mode", "Version", "Status", "Records Validated>", "Total Violations>"]
    states = contract_states(data)
    rows = [
        (
            text.cell(state.row["name"]),
            location(state.row),
            state.row["mode"],
            _version(state.row),
            state.status if state.status == PASSED else f"**{state.status}**",
            _records(state.row),
            text.number(_count(state.violations)),
            text.utc(state.row["looked_at"]),
            owner(state.row),
        )
        for state in states[:MOST_CONTRACTS]
    ]
    hidden = len(states) - len(rows)
    more = f"\n\n{text.number(hidden)} more are in the table `contract_status`." if hidden else ""
    return text.table([*headings, "Checked (UTC)", "Owner"], rows) + more


def sections(data: ReportData) -> list[dict[str, Any]]:
    """Return one section per contract: facts, violations, what could not be evaluated, and what to do."""
    return [
        {
            "heading": f"{text.cell(state.row['name'])} on {location(state.row)}",
            "facts": [*_facts(state), *_type_counts(state)],
            "violations": _violation_table(state),
            "unevaluated": [f"- **NOT EVALUATED**: {text.cell(sentence)}" for sentence in state.unevaluated],
            "advice": [f"- {name}: {TYPES[name][1]}." for name in _types(state)],
        }
        for state in contract_states(data)[:MOST_CONTRACTS]
    ]


def logic_lines() -> list[str]:
    """Return one line per type of violation that contract checks look for."""
    return [f"- {name}: {meaning}." for name, (meaning, _) in TYPES.items()]


def _state(row: Row, found: Sequence[Row]) -> ContractState:
    order = list(TYPES)
    violations = [violation for violation in found if violation["violation_type"] != UNEVALUATED]
    violations.sort(key=lambda v: (v["severity"], order.index(v["violation_type"]), v["column_name"], v["rule"]))
    sentences = [row["message"] or ""]
    sentences += [f"{v['rule']}: {v['actual']}" for v in found if v["violation_type"] == UNEVALUATED]
    # A rule about rows is not proven by a table without rows.
    if row["values_status"] == "passed" and row["total_rows"] == 0:
        sentences.append("The table holds no rows, so the rules about rows say nothing.")
    unevaluated = [sentence for sentence in sentences if sentence]
    if not unevaluated and "not_evaluated" in (row["structure_status"], row["values_status"]):
        unevaluated = ["The last look at the table could not evaluate it: run `lookout contracts`."]
    return ContractState(row, tuple(violations), tuple(unevaluated))


def _facts(state: ContractState) -> list[str]:
    row, total = state.row, text.number(_count(state.violations))
    if state.violations:
        total += f" ({text.plural(len(state.violations), 'broken promise')}, {text.number(state.critical)} critical)"
    invalid = f", {text.number(row['invalid_rows'])} of them invalid" if row["invalid_rows"] else ""
    declared = f", declared in {text.code(row['file_path'])}" if row["file_path"] else ""
    outcome = f"structure {_word(row['structure_status'])}, rows {_word(row['values_status'])}"
    about = [f"- About: {text.cell(row['description'])}"] if row["description"] else []
    return [
        f"- Status: **{state.status}**",
        f"- Contract: {text.cell(row['name'])}, {row['mode']}, version {_version(row)}{declared}, owner {owner(row)}",
        *about,
        f"- Target table: {location(row)}",
        f"- Checked (UTC): {text.utc(row['looked_at'])} ({outcome})",
        f"- Records Validated: {_records(row)}{invalid}",
        f"- Total Violations: {total}",
    ]


def _types(state: ContractState) -> list[str]:
    """Return the types of violation that a contract has, in the order of TYPES."""
    found = {violation["violation_type"] for violation in state.violations}
    if state.unevaluated:
        found.add(UNEVALUATED)
    return [name for name in TYPES if name in found]


def _type_counts(state: ContractState) -> list[str]:
    lines = []
    for name in _types(state):
        if name != UNEVALUATED:
            count = _count([violation for violation in state.violations if violation["violation_type"] == name])
            lines.append(f"  - {name}: {text.number(count)}")
    return lines


def _violation_table(state: ContractState) -> str:
    """Return a table of the first critical violations and the first warnings; empty when there are none."""
    listed: list[Row] = []
    for severity in ("critical", "warning"):
        of_severity = [violation for violation in state.violations if violation["severity"] == severity]
        listed += of_severity[:MOST_VIOLATIONS]
    if not listed:
        return ""
    headings = ["Severity", "Field", "Type", "Expected", "Actual", "Failing rows>", "Example keys", "Since (UTC)"]
    rows = [
        (
            f"**{v['severity']}**" if v["severity"] == "critical" else v["severity"],
            text.code(v["column_name"]),
            v["violation_type"],
            text.cell(v["expected"]),
            text.cell(v["actual"]),
            _failing(v),
            _keys(v),
            text.utc(v["first_seen_at"]),
            text.code(v["rule"]),
        )
        for v in listed
    ]
    hidden = len(state.violations) - len(listed)
    more = f"\n\n{text.number(hidden)} more are in the table `contract_violations`." if hidden else ""
    return text.table([*headings, "Rule"], rows) + more


def _failing(violation: Row) -> str:
    failing, total = violation["failing_rows"], violation["total_rows"]
    if failing is None:
        return text.NOTHING
    return text.number(failing) if total is None else f"{text.number(failing)} of {text.number(total)}"


def _keys(violation: Row) -> str:
    keys = json.loads(violation["example_keys"] or "[]")
    names = [key if isinstance(key, str) else json.dumps(key, ensure_ascii=False) for key in keys[:MOST_KEYS]]
    return ", ".join(text.code(name) for name in names) or text.NOTHING


def _count(violations: Sequence[Row]) -> int:
    """Count every row once for each rule it breaks, and a violation of the table itself once."""
    failing = [violation["failing_rows"] for violation in violations]
    return int(sum(1 if rows is None else rows for rows in failing))


def _word(outcome: str) -> str:
    return "nothing promised" if outcome == "none" else outcome.replace("_", " ")


def _version(row: Row) -> str:
    return text.cell(row["version"] or f"#{row['version_number']}")


def _records(row: Row) -> str:
    """Return ``n of N``: rows that were checked, of all rows."""
    if row["checked_rows"] is None:
        return text.NOTHING if row["values_status"] == "none" else NOT_EVALUATED
    if row["total_rows"] is None:
        return text.number(row["checked_rows"])
    partly = " (sampled, or only new rows)" if row["checked_rows"] < row["total_rows"] else ""
    return f"{text.number(row['checked_rows'])} of {text.number(row['total_rows'])}{partly}"
