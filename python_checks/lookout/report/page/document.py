"""The JSON document that the scripts of the page draw from. Pure; its keys are short, because there are many rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from lookout.alerts.model import Alert, mutes_in_force
from lookout.project.declarations.grain import UTC
from lookout.render import text
from lookout.render.points import MOST_CHARTS, alert_window, encode
from lookout.report.markdown.contracts import contract_states
from lookout.report.page.assets import assets
from lookout.report.page.data import PageData

Row = dict[str, Any]
CONTRACT_KEYS = (
    "connection", "asset", "name", "mode", "version", "version_number", "owner", "layer", "looked_at", "rule_count",
    "total_rows", "checked_rows",
)  # fmt: skip
VIOLATION_KEYS = (
    "severity", "column_name", "violation_type", "rule", "expected", "actual", "failing_rows", "total_rows",
    "first_seen_at", "found_by",
)  # fmt: skip


def document(page: PageData) -> Row:
    """Return everything that the page shows. Times are text in UTC to the minute, durations are in seconds."""
    report = page.report
    return {
        "asOf": text.utc(report.as_of),
        "clock": text.utc(report.clock),
        "lacking": {part: list(tables) for part, tables in page.lacking.items()},
        "missing": list(report.missing),
        "evaluated": not report.missing and any(row["score"] is not None for row in report.rows("scorecard")),
        "zones": sorted({row.get("time_zone") or UTC for row in page.rows("series")}),
        "alerts": alerts(page),
        "assets": assets(page),
        "series": series(page),
        "contracts": contracts(page),
        "changes": page.rows("changes"),
        "pipelines": pipelines(page),
        "lineage": lineage(page),
        "scorecard": page.rows("scorecard"),
        "trend": trend(page),
    }


def alerts(page: PageData) -> list[Row]:
    """Return the alerts of the page, the open ones first; the first ``MOST_CHARTS`` that have a series get a chart."""
    impact = {row["alert_key"]: row for row in page.rows("impact")}
    explanations = _by_alert(page.rows("explanations"))
    answers = _by_alert(page.rows("feedback"))
    deliveries = _by_alert(page.rows("deliveries"))
    charts, rows = 0, []
    for alert in page.rows("alerts"):
        key = alert["alert_key"]
        window = alert_window(alert)
        charts += window is not None
        rows.append(
            {
                **_alert(alert),
                "window": [window.since, window.until] if window is not None and charts <= MOST_CHARTS else None,
                "details": [[row["dimension"], row["explanation"]] for row in explanations.get(key, ())],
                "answers": answers.get(key, []),
                "deliveries": deliveries.get(key, []),
                **_downstream(impact.get(key)),
                "held": _held(page, alert),
            }
        )
    return rows


def _alert(alert: Row) -> Row:
    return {
        "key": alert["alert_key"],
        "type": alert["alert_type"],
        "severity": alert["severity"],
        "open": bool(alert["is_open"]),
        "connection": alert["connection"] or "",
        "asset": alert["asset"] or "",
        "column": alert["column_name"] or "",
        "metric": alert["metric"] or "",
        "grain": alert["grain"],
        "since": alert["window_start"],
        "until": alert["window_end"],
        "first": alert["first_seen_at"],
        "seen": alert["last_seen_at"],
        "resolved": alert["resolved_at"],
        "times": alert["occurrences"],
        "observed": _amount(alert, "observed_value"),
        "expected": _amount(alert, "expected_value"),
        "limits": text.limits(alert["lower_bound"], alert["upper_bound"], alert["metric"], alert["kind"]),
        "score": text.signed(alert["score"]),
        "reason": alert["reason"] or "",
        "description": alert["description"] or "",
        "owner": alert["owner"] or "",
        "layer": alert["layer"] or "",
        "series": alert["series_key"],
        "explanation": alert["explanation"] or "",
    }


def _downstream(impact: Row | None) -> Row:
    """Return what is hit downstream of an alert, and the alerts upstream that caused it."""
    if impact is None:
        nothing: Row = {"downstream": 0, "models": [], "exposures": [], "others": [], "owners": []}
        return {**nothing, "cause": None, "root": None}
    return {
        "downstream": impact["downstream_count"],
        "models": impact["downstream_models"],
        "exposures": impact["downstream_exposures"],
        "others": impact["downstream_others"],
        "owners": impact["downstream_owners"],
        "cause": impact["cause_alert_key"],
        "root": impact["root_cause_alert_key"],
    }


def _held(page: PageData, row: Row) -> list[Row]:
    """Return the mutes and acknowledgements that hold an open alert back; none for a resolved one."""
    if not row["is_open"]:
        return []
    alert = Alert(
        alert_key=row["alert_key"],
        alert_type=row["alert_type"],
        severity=row["severity"],
        window_start=row["window_start"],
        status="open",
        connection=row["connection"] or "",
        asset=row["asset"] or "",
    )
    return [
        {
            "kind": "acknowledged" if mute.kind == "ack" else "muted",
            "by": mute.given_by,
            "at": mute.given_at,
            "until": mute.ends_at,
            "note": mute.note,
            "like": mute.asset_glob,
        }
        for mute in mutes_in_force(alert, page.mutes, page.report.as_of)
    ]


def _by_alert(rows: Iterable[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.pop("alert_key")].append(row)
    return grouped


def _amount(row: Row, name: str) -> str:
    return text.amount(row[name], row["metric"], row["kind"])


def series(page: PageData) -> dict[str, Row]:
    """Return name, unit and points of each series that has a chart, by series key."""
    rows = {row["series_key"]: row for row in page.rows("alerts") if row["series_key"] is not None}
    rows |= {row["series_key"]: row for row in page.rows("series")}
    points = encode(page.points, page.windows)
    return {
        key: {
            "metric": row["metric"],
            "column": row["column_name"] or "",
            "kind": row["kind"],
            "grain": row["grain"],
            "zone": row.get("time_zone") or UTC,
            "connection": row["connection"],
            "asset": row["asset"],
            "p": points[key],
        }
        for key, row in rows.items()
        if key in points
    }


def contracts(page: PageData) -> list[Row]:
    """Return every contract in force with its violations, the violated ones first."""
    return [
        {
            **{key: state.row.get(key) for key in CONTRACT_KEYS},
            "status": state.status,
            "unevaluated": list(state.unevaluated),
            "violations": [{key: row[key] for key in VIOLATION_KEYS} for row in state.violations],
        }
        for state in contract_states(page.report)
    ]


def pipelines(page: PageData) -> Row:
    """Return the last dbt invocation node by node, the trend of invocations, and thirty days of every pipeline."""
    nodes = page.rows("nodes")
    return {
        "nodes": [
            [n["name"], n["offset_seconds"], n["elapsed_seconds"], n["status"], n["total_rows"], n["error"] or ""]
            for n in nodes
        ],
        "nodesBegan": nodes[0]["began_at"] if nodes else None,
        "invocations": [
            [text.utc(r["start_date"]), r["elapsed_seconds"], r["status"], r["command"], r["error"] or ""]
            for r in page.rows("invocations")
        ],
        "list": page.rows("pipelines"),
        "days": page.rows("days"),
    }


def trend(page: PageData) -> dict[str, list[list[Any]]]:
    """Return the earlier scores by "scope name", each as time and score.

    Scores of the clock of the page itself are left out: the scorecard has them.
    """
    now = text.utc(page.report.clock)
    earlier: dict[str, list[list[Any]]] = {}
    for (scope, name), scores in page.trend.items():
        in_utc = [(text.utc(datetime.fromisoformat(clock)), score) for clock, score in scores]
        earlier[f"{scope} {name}"] = [[moment, score] for moment, score in in_utc if moment < now]
    return earlier


def lineage(page: PageData) -> Row:
    """Return ``nodes`` as name, type, owner and dbt node; ``edges`` as two indexes of ``nodes`` and a pipeline."""
    nodes = page.rows("addresses")
    index_of = {row["address_id"]: index for index, row in enumerate(nodes)}
    edges = []
    for row in page.rows("edges"):
        source, target = index_of.get(row["source_address_id"]), index_of.get(row["target_address_id"])
        if source is not None and target is not None:
            edges.append([source, target, row["pipeline"]])
    return {
        "nodes": [[row["name"], row["address_type"], row["owner"], row["node_id"]] for row in nodes],
        "edges": edges,
    }
