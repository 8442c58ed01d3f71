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
    """Return text for a terminal: a block for each contract that changed, the worst first."""
    blocks = [headline(diff) + ("" if diff.assets else ".")]
    for asset in diff.assets:
        about = _about(asset)
        lines = [f"{title(asset)}  ({about})" if about else title(asset)]
        for judgement in asset.judgements:
            level = judgement.level.upper() if judgement.level == "breaking" else judgement.level
            lines.append(f"  {level:<9} {change_text(judgement.change)}. {judgement.reason}")
        if asset.consumers:
            lines.append(f"  downstream: {consumers_text(asset.consumers)}")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def to_json(diff: ContractDiff) -> str:
    """Return JSON for scripts: the count of changes by level, and every change with the consumers that it hits."""
    summary: dict[str, int] = {level: len(diff.of_level(level)) for level in LEVELS}
    content = {
        "summary": {**summary, "compared": diff.compared},
        "contracts": [_asset_dict(asset) for asset in diff.assets],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def to_markdown(diff: ContractDiff) -> str:
    """Return Markdown for a pull request comment: one line, a table of what is not safe, the rest folded."""
    rows = [(asset, judgement) for asset in diff.assets for judgement in asset.judgements]
    unsafe = [(asset, judgement) for asset, judgement in rows if judgement.level != "safe"]
    safe = [(asset, judgement) for asset, judgement in rows if judgement.level == "safe"]
    filled = (
        _environment()
        .get_template("contract_diff.md.j2")
        .render(
            headline=headline(diff),
            attention=_table(unsafe),
            safe=_table(safe),
            safe_count=text.plural(len(diff.of_level("safe")), "safe change"),
            hit=[asset for asset in diff.assets if asset.consumers and asset.level != "safe"],
            is_breaking=bool(diff.breaking),
        )
    )
    return filled.rstrip() + "\n"


def headline(diff: ContractDiff) -> str:
    """Return the comparison in one line, without a full stop."""
    if not diff.assets:
        if not diff.compared:
            return "There are no contracts in either manifest"
        return f"The contracts are the same in both manifests ({text.plural(diff.compared, 'contract')})"
    by_level = {level: len(diff.of_level(level)) for level in LEVELS}
    counts = [f"{count} {level}" for level, count in by_level.items() if count]
    total = sum(len(asset.judgements) for asset in diff.assets)
    noun = "change" if total == 1 else "changes"
    return f"{', '.join(counts)} {noun} of {text.plural(len(diff.assets), 'table')}"


def title(asset: AssetDiff) -> str:
    """Return the name of the table; of a renamed one the old and the new name."""
    return f"{asset.name} -> {asset.renamed_to.split('.', 2)[-1]}" if asset.renamed_to else asset.name


def change_text(change: Change) -> str:
    """Return a change in words, like ``total: type numeric(12,2) -> integer``; long values are cut."""
    detail = change.detail
    if change.change_type == "setting_changed" and detail == "description":
        return "description reworded"
    if change.column_name and detail.endswith(f" {change.column_name}"):
        detail = detail.removesuffix(f" {change.column_name}")
    if change.change_type in ("key_added", "key_removed"):
        return f"{WORDS[change.change_type]} ({detail})"
    if change.change_type == "column_removed" and detail:
        # Only a renamed column has a detail here, like "renamed to total".
        words = f"column {detail}"
    elif change.change_type == "setting_changed":
        words = f"{detail}{_values(change)}"
    else:
        words = f"{WORDS[change.change_type]} {detail}".strip() + _values(change)
    return f"{change.column_name}: {words}" if change.column_name else words


def consumers_text(consumers: Iterable[Consumer]) -> str:
    """Return the nearest consumers, like ``stg_orders (ann), exposure Board (bob)``, and the number of the others."""
    listed = list(consumers)
    names = [_consumer(consumer) for consumer in listed[:SHOWN_CONSUMERS]]
    more = len(listed) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _consumer(consumer: Consumer) -> str:
    kind = "" if consumer.kind == "model" else f"{consumer.kind} "
    owner = f" ({consumer.owner})" if consumer.owner else ""
    return f"{kind}{consumer.name}{owner}"


@cache
def _environment() -> Environment:
    environment = text_templates("lookout.report.exports")
    environment.filters["cell"] = text.cell
    environment.filters["title"] = lambda asset: _arrows(title(asset))
    environment.filters["consumers"] = consumers_text
    return environment


def _table(rows: Iterable[tuple[AssetDiff, Judgement]]) -> str:
    cells = []
    for asset, judgement in rows:
        change = _arrows(change_text(judgement.change))
        cells.append((ICONS[judgement.level], text.code(title(asset)), text.cell(change), text.cell(judgement.reason)))
    return text.table(("", "Table", "Change", "What it means"), cells) if cells else ""


def _arrows(words: str) -> str:
    return words.replace(" -> ", " → ")


def _values(change: Change) -> str:
    old, new = _cut(change.old_value), _cut(change.new_value)
    if change.change_type == "setting_changed" or (old and new):
        return f" {old or 'none'} -> {new or 'none'}"
    return f" ({old or new})" if old or new else ""


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 3] + "..."


def _about(asset: AssetDiff) -> str:
    owner = f"owner {asset.owner}" if asset.owner else ""
    return ", ".join(filter(None, (asset.file, owner)))


def _asset_dict(asset: AssetDiff) -> dict[str, Any]:
    return {
        "node_id": asset.node_id,
        "name": asset.name,
        "renamed_to": asset.renamed_to,
        "file": asset.file,
        "owner": asset.owner,
        "level": asset.level,
        "changes": [
            {"level": judgement.level, **asdict(judgement.change), "reason": judgement.reason}
            for judgement in asset.judgements
        ],
        "downstream": [asdict(consumer) for consumer in asset.consumers],
    }
