"""The assets of the page: state, freshness, volume, contract and tests of every table. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

from lookout.render import text
from lookout.report.markdown.contracts import contract_states
from lookout.report.page.data import PageData

Row = dict[str, Any]


class _Asset(NamedTuple):
    """Everything known of one table; a dict is empty and the rest None where nothing is known.

    ``declared`` is its row of ``assets``, ``card`` its row of the scorecard, ``series`` its series, ``contract`` the
    status of its contract, ``unevaluated`` the reason why it is not evaluated, ``health`` its row of ``asset_states``.
    """

    connection: str
    name: str
    declared: Row
    card: Row
    series: list[Row]
    contract: str | None
    unevaluated: Row | None
    health: Row

    @property
    def is_watched(self) -> bool:
        return bool(self.series) or self.unevaluated is not None or bool(self.declared.get("is_monitored"))

    @property
    def open_alerts(self) -> int:
        return int(self.card.get("critical_alerts", 0) + self.card.get("warning_alerts", 0))

    @property
    def state(self) -> str:
        """Worst known state; a watched table without a score and without alerts is not evaluated."""
        has_score = self.card.get("score") is not None
        if self.unevaluated is not None:
            return "not evaluated"
        if self.card.get("critical_alerts"):
            return "critical"
        if self.card.get("warning_alerts"):
            return "warning"
        if self.health.get("state") == "learning":
            return "learning"
        if self.is_watched and not has_score:
            return "not evaluated"
        return "ok" if has_score else "not watched"


def assets(page: PageData) -> list[Row]:
    """Return one row for every table of the project and every watched table."""
    cards = {(row["connection"], row["name"]): row for row in page.rows("scorecard") if row["scope"] == "asset"}
    series: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in page.rows("series"):
        series[_key(row)].append(row)
    contracts = {_key(state.row): state.status for state in contract_states(page.report)}
    unevaluated = {_key(row): row for row in page.rows("unevaluated")}
    health = {_key(row): row for row in page.rows("asset_states")}
    declared = {_key(row): row for row in page.rows("assets")}
    keys = sorted({*declared, *series, *unevaluated}, key=lambda key: (key[0] or "", key[1] or ""))
    rows = []
    for key in keys:
        connection, name = key
        facts = _Asset(
            connection or "",
            name or "",
            declared.get(key, {}),
            cards.get(key, {}),
            series[key],
            contracts.get(key),
            unevaluated.get(key),
            health.get(key, {}),
        )
        rows.append(_row(facts))
    return rows


def _key(row: Row) -> tuple[str, str]:
    return row["connection"], row["asset"]


def _row(asset: _Asset) -> Row:
    declared, card, unevaluated = asset.declared, asset.card, asset.unevaluated or {}
    by_metric = {row["metric"]: row for row in asset.series}
    return {
        "connection": asset.connection,
        "asset": asset.name,
        "node": declared.get("node_id", ""),
        "state": asset.state,
        "type": declared.get("resource_type", ""),
        "layer": declared.get("layer") or _first(asset.series, "layer"),
        "owner": declared.get("owner") or _first(asset.series, "owner") or unevaluated.get("owner") or "",
        "score": text.score(card.get("score")),
        "status": card.get("status") or "not evaluated",
        "watched": asset.is_watched,
        "message": unevaluated.get("message") or asset.health.get("reason") or "",
        "latest": declared.get("latest_at"),
        "evaluated": declared.get("evaluated_at"),
        "volume": _newest(by_metric.get("row_count")),
        "freshness": _newest(by_metric.get("freshness")),
        "contract": asset.contract or "",
        "tests": declared.get("test_count", 0),
        "passed": card.get("tests_passed", 0),
        "failed": card.get("tests_failed", 0),
        "alerts": asset.open_alerts,
        "described": declared.get("has_description"),
        "columns": declared.get("column_count") or 0,
        "columnsDescribed": declared.get("documented_column_count") or 0,
        "series": [row["series_key"] for row in asset.series],
        "file": declared.get("file_path") or "",
    }


def _first(rows: list[Row], name: str) -> str:
    return next((str(row[name]) for row in rows if row[name]), "")


def _newest(row: Row | None) -> Row | None:
    """Return the newest judged bucket of a series as text, or the reason why there is none."""
    if row is None:
        return None
    if row["bucket_start"] is None:
        limit = text.freshness_limits(row["warn_after_seconds"], row["error_after_seconds"])
        waiting = f"{row['newest_status'] or 'not evaluated'}: {row['newest_reason'] or 'no history learned yet'}"
        return {"value": "", "note": limit or waiting, "severity": ""}
    observed = text.amount(row["observed_value"], row["metric"], row["kind"])
    return {
        "value": "no value" if row["observed_value"] is None else observed,
        "expected": text.amount(row["expected_value"], row["metric"], row["kind"]),
        "bucket": text.bucket(row["bucket_start"], row["grain"], row.get("time_zone")),
        "severity": row["severity"] or "",
        "note": "",
    }
