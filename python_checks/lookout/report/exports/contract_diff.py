"""A comparison of contracts as text for a terminal, JSON for scripts and Markdown for a pull request. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from typing import Any

from jinja2 import Environment

from lookout.contracts.changes.breaking import LEVELS, Judgement
from lookout.contracts.changes.consumers import Consumer
from lookout.contracts.changes.diff import AssetDiff, ContractDiff
from lookout.contracts.changes.versions import WORDS, Change
from lookout.render import text
from lookout.render.templates import text_templates

SHOWN_CONSUMERS = 12
LONGEST_VALUE = 200
ICONS = {"breaking": "🔴 breaking", "risky": "🟡 risky", "safe": "🟢 safe"}


def to_text(diff: ContractDiff) -> str:
    """For people at a terminal: a block for each contract that changed, the worst first."""
    blocks = [headline(diff) + ("" if diff.assets else ".")]
    for asset in diff.assets:
        lines = [f"{title(asset)}{f'  ({about})' if (about := _about(asset)) else ''}"]
        for one in asset.judgements:
            level = one.level.upper() if one.level == "breaking" else one.level
            lines.append(f"  {level:<9} {change_text(one.change)}. {one.reason}")
        if asset.consumers:
            lines.append(f"  downstream: {consumers_text(asset.consumers)}")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def to_json(diff: ContractDiff) -> str:
    """For scripts: a summary with the count of changes by level, and every change with who is hit by it."""
    summary: dict[str, int] = {level: len(diff.of_level(level)) for level in LEVELS}
    content = {
        "summary": {**summary, "compared": diff.compared},
        "contracts": [_asset_dict(asset) for asset in diff.assets],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def to_markdown(diff: ContractDiff) -> str:
    """For a comment on a pull request: one line, a table of what is not safe, the rest folded."""
    rows = [(asset, one) for asset in diff.assets for one in asset.judgements]
    filled = (
        _environment()
        .get_template("contract_diff.md.j2")
        .render(
            headline=headline(diff),
            attention=_table((asset, one) for asset, one in rows if one.level != "safe"),
            safe=_table((asset, one) for asset, one in rows if one.level == "safe"),
            safe_count=text.plural(len(diff.of_level("safe")), "safe change"),
            hit=[asset for asset in diff.assets if asset.consumers and asset.level != "safe"],
            is_breaking=bool(diff.breaking),
        )
    )
    return filled.rstrip() + "\n"


def headline(diff: ContractDiff) -> str:
    """The comparison in one line, without a full stop when changes follow."""
    if not diff.assets:
        nobody = "There are no contracts in either manifest" if not diff.compared else ""
        return nobody or f"The contracts are the same in both manifests ({text.plural(diff.compared, 'contract')})"
    counts = [f"{len(found)} {level}" for level in LEVELS if (found := diff.of_level(level))]
    total = sum(len(asset.judgements) for asset in diff.assets)
    noun = "change" if total == 1 else "changes"
    return f"{', '.join(counts)} {noun} of {text.plural(len(diff.assets), 'table')}"


def title(asset: AssetDiff) -> str:
    """Name of the table, and the one it has now when it was renamed."""
    return f"{asset.name} -> {asset.renamed_to.split('.', 2)[-1]}" if asset.renamed_to else asset.name


def change_text(change: Change) -> str:
    """A change in words: ``total: type numeric(12,2) -> integer``; long values are cut."""
    detail = change.detail
    if change.change_type == "setting_changed" and detail == "description":
        return "description reworded"
    if change.column_name and detail.endswith(f" {change.column_name}"):
        detail = detail.removesuffix(f" {change.column_name}")
    if change.change_type in ("key_added", "key_removed"):
        return f"{WORDS[change.change_type]} ({detail})"
    is_setting = change.change_type == "setting_changed"
    about = detail if is_setting else f"{WORDS[change.change_type]} {detail}".strip()
    renamed = change.change_type == "column_removed" and detail
    said = f"column {detail}" if renamed else f"{about}{_values(change)}"
    return f"{change.column_name}: {said}" if change.column_name else said


def consumers_text(consumers: Iterable[Consumer]) -> str:
    """Who is hit, the nearest first: ``stg_orders (ann), exposure Board (bob)``; many are counted."""
    found = list(consumers)
    named = [
        f"{'' if one.kind == 'model' else one.kind + ' '}{one.name}{f' ({one.owner})' if one.owner else ''}"
        for one in found[:SHOWN_CONSUMERS]
    ]
    more = len(found) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


@cache
def _environment() -> Environment:
    found = text_templates("lookout.report.exports")
    found.filters |= {"cell": text.cell, "title": lambda asset: _arrows(title(asset)), "consumers": consumers_text}
    return found


def _table(rows: Iterable[tuple[AssetDiff, Judgement]]) -> str:
    cells = [
        (ICONS[one.level], text.code(title(asset)), text.cell(_arrows(change_text(one.change))), text.cell(one.reason))
        for asset, one in rows
    ]
    return text.table(("", "Table", "Change", "What it means"), cells) if cells else ""


def _arrows(said: str) -> str:
    return said.replace(" -> ", " → ")


def _values(change: Change) -> str:
    old, new = _cut(change.old_value), _cut(change.new_value)
    if change.change_type == "setting_changed" or (old and new):
        return f" {old or 'none'} -> {new or 'none'}"
    return f" ({old or new})" if old or new else ""


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 3] + "..."


def _about(asset: AssetDiff) -> str:
    return ", ".join(filter(None, (asset.file, f"owner {asset.owner}" if asset.owner else "")))


def _asset_dict(asset: AssetDiff) -> dict[str, Any]:
    return {
        "node_id": asset.node_id,
        "name": asset.name,
        "renamed_to": asset.renamed_to,
        "file": asset.file,
        "owner": asset.owner,
        "level": asset.level,
        "changes": [{"level": one.level, **asdict(one.change), "reason": one.reason} for one in asset.judgements],
        "downstream": [asdict(consumer) for consumer in asset.consumers],
    }
