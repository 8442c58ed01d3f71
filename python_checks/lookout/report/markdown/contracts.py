"""The contract validation report: which promises about tables hold, which do not, and what to do about each."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lookout.render import text
from lookout.report.data import ReportData
from lookout.report.markdown.alerts import owner, place

Row = dict[str, Any]
DETECTED, PASSED, NOT_EVALUATED = "VIOLATIONS DETECTED", "PASSED", "NOT EVALUATED"
BLIND = "CONTRACT_NOT_EVALUATED"
MOST_CONTRACTS, MOST_VIOLATIONS, MOST_KEYS = 200, 5, 5
# What each type means, and what to do about it; the order is the one in which they are listed.
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
    BLIND: (
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
class Standing:
    """One contract with what is broken of it, critical promises first, and sentences about what was not evaluated."""

    row: Row
    broken: tuple[Row, ...]
    blind: tuple[str, ...]

    @property
    def status(self) -> str:
        """VIOLATIONS DETECTED, NOT EVALUATED or PASSED; nothing that was not looked at counts as passed."""
        if self.broken or "violated" in (self.row["structure_status"], self.row["values_status"]):
            return DETECTED
        return NOT_EVALUATED if self.blind else PASSED

    @property
    def critical(self) -> int:
        """Number of broken promises that are critical."""
        return sum(violation["severity"] == "critical" for violation in self.broken)


def standings(data: ReportData) -> list[Standing]:
    """Every contract in force, the violated ones first and those that passed last."""
    by_table: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for violation in data.rows("contract_violations"):
        by_table[violation["connection"], violation["asset"]].append(violation)
    told = [_standing(row, by_table[row["connection"], row["asset"]]) for row in data.rows("contracts")]
    order = (DETECTED, NOT_EVALUATED, PASSED)
    return sorted(told, key=lambda standing: (order.index(standing.status), -standing.critical))


def headline(data: ReportData) -> str:
    """One bold sentence about all contracts."""
    if data.missing:
        names = ", ".join(text.code(name) for name in data.missing)
        return f"**NOT EVALUATED.** The monitoring schema lacks {names}: run `lookout run` first."
    statuses = [standing.status for standing in standings(data)]
    if not statuses:
        return FIRST_CONTRACT
    blind = statuses.count(NOT_EVALUATED)
    said = f"{text.plural(len(statuses), 'contract')}, {text.number(len(statuses) - blind)} evaluated"
    return f"**{said}, {text.number(statuses.count(DETECTED))} violated, {text.number(blind)} not evaluated.**"


def summary_table(data: ReportData) -> str:
    """One row per contract."""
    headings = ["Contract", "Target table", "Mode", "Version", "Status", "Records Validated>", "Total Violations>"]
    told = standings(data)
    rows = [
        (
            text.cell(one.row["name"]),
            place(one.row),
            one.row["mode"],
            _version(one.row),
            one.status if one.status == PASSED else f"**{one.status}**",
            _records(one.row),
            text.number(_count(one.broken)),
            text.utc(one.row["looked_at"]),
            owner(one.row),
        )
        for one in told[:MOST_CONTRACTS]
    ]
    hidden = len(told) - len(rows)
    more = f"\n\n{text.number(hidden)} more are in the table `contract_status`." if hidden else ""
    return text.table([*headings, "Checked (UTC)", "Owner"], rows) + more


def sections(data: ReportData) -> list[dict[str, Any]]:
    """One section per contract: facts, what is broken, what could not be evaluated, what to do."""
    return [
        {
            "heading": f"{text.cell(one.row['name'])} on {place(one.row)}",
            "facts": [*_facts(one), *_type_counts(one)],
            "violations": _violation_table(one),
            "blind": [f"- **NOT EVALUATED**: {text.cell(sentence)}" for sentence in one.blind],
            "advice": [f"- {name}: {TYPES[name][1]}." for name in _types(one)],
        }
        for one in standings(data)[:MOST_CONTRACTS]
    ]


def logic_lines() -> list[str]:
    """What the guard looks for, one line per type of violation."""
    return [f"- {name}: {meaning}." for name, (meaning, _) in TYPES.items()]


def _standing(row: Row, found: Sequence[Row]) -> Standing:
    order = list(TYPES)
    broken = [violation for violation in found if violation["violation_type"] != BLIND]
    broken.sort(key=lambda v: (v["severity"], order.index(v["violation_type"]), v["column_name"], v["rule"]))
    blind = [row["message"] or "", *(f"{v['rule']}: {v['actual']}" for v in found if v["violation_type"] == BLIND)]
    # Rules that hold for no row at all have not been held against anything.
    if row["values_status"] == "passed" and row["total_rows"] == 0:
        blind.append("The table holds no rows, so the rules about rows say nothing.")
    blind = [sentence for sentence in blind if sentence]
    if not blind and "not_evaluated" in (row["structure_status"], row["values_status"]):
        blind = ["The last look at the table could not evaluate it: run `lookout contracts`."]
    return Standing(row, tuple(broken), tuple(blind))


def _facts(one: Standing) -> list[str]:
    row, total = one.row, text.number(_count(one.broken))
    if one.broken:
        total += f" ({text.plural(len(one.broken), 'broken promise')}, {text.number(one.critical)} critical)"
    invalid = f", {text.number(row['invalid_rows'])} of them invalid" if row["invalid_rows"] else ""
    declared = f", declared in {text.code(row['file_path'])}" if row["file_path"] else ""
    looked = f"structure {_word(row['structure_status'])}, rows {_word(row['values_status'])}"
    about = [f"- About: {text.cell(row['description'])}"] if row["description"] else []
    return [
        f"- Status: **{one.status}**",
        f"- Contract: {text.cell(row['name'])}, {row['mode']}, version {_version(row)}{declared}, owner {owner(row)}",
        *about,
        f"- Target table: {place(row)}",
        f"- Checked (UTC): {text.utc(row['looked_at'])} ({looked})",
        f"- Records Validated: {_records(row)}{invalid}",
        f"- Total Violations: {total}",
    ]


def _types(one: Standing) -> list[str]:
    """Types of violation that a contract has, in the order of TYPES."""
    found = {violation["violation_type"] for violation in one.broken}
    return [name for name in TYPES if name in found or (name == BLIND and one.blind)]


def _type_counts(one: Standing) -> list[str]:
    types = [name for name in _types(one) if name != BLIND]
    counts = {name: _count([v for v in one.broken if v["violation_type"] == name]) for name in types}
    return [f"  - {name}: {text.number(count)}" for name, count in counts.items()]


def _violation_table(one: Standing) -> str:
    """The first critical violations and the first warnings."""
    shown = []
    for severity in ("critical", "warning"):
        shown += [v for v in one.broken if v["severity"] == severity][:MOST_VIOLATIONS]
    if not shown:
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
        for v in shown
    ]
    hidden = len(one.broken) - len(shown)
    more = f"\n\n{text.number(hidden)} more are in the table `contract_violations`." if hidden else ""
    return text.table([*headings, "Rule"], rows) + more


def _failing(violation: Row) -> str:
    failing, total = violation["failing_rows"], violation["total_rows"]
    if failing is None:
        return text.NOTHING
    return text.number(failing) if total is None else f"{text.number(failing)} of {text.number(total)}"


def _keys(violation: Row) -> str:
    keys = json.loads(violation["example_keys"] or "[]")
    shown = [key if isinstance(key, str) else json.dumps(key, ensure_ascii=False) for key in keys[:MOST_KEYS]]
    return ", ".join(text.code(key) for key in shown) or text.NOTHING


def _count(violations: Sequence[Row]) -> int:
    """Every row once for each rule it breaks; what is wrong with the table itself once."""
    return int(sum(1 if v["failing_rows"] is None else v["failing_rows"] for v in violations))


def _word(outcome: str) -> str:
    return "nothing promised" if outcome == "none" else outcome.replace("_", " ")


def _version(row: Row) -> str:
    return text.cell(row["version"] or f"#{row['version_number']}")


def _records(row: Row) -> str:
    """``n of N``: how many rows were looked at, of how many there are."""
    if row["checked_rows"] is None:
        return text.NOTHING if row["values_status"] == "none" else NOT_EVALUATED
    if row["total_rows"] is None:
        return text.number(row["checked_rows"])
    partly = " (sampled, or only new rows)" if row["checked_rows"] < row["total_rows"] else ""
    return f"{text.number(row['checked_rows'])} of {text.number(row['total_rows'])}{partly}"
