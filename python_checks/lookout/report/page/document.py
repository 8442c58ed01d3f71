"""From data to the one block of JSON that the page draws itself from. Pure; short keys, because there are many rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from lookout.alerts.model import Alert, mutes_in_force
from lookout.render import text
from lookout.render.points import MOST_CHARTS, alert_window, encode
from lookout.report.markdown import contracts as contract_report
from lookout.report.page.data import PageData

Row = dict[str, Any]
FRESH, VOLUME = "freshness", "row_count"


def document(page: PageData) -> Row:
    """Everything that the page shows. Times are texts in UTC to the minute, durations seconds."""
    report = page.report
    return {
        "asOf": text.utc(report.as_of),
        "clock": text.utc(report.clock),
        "lacking": {part: list(tables) for part, tables in page.lacking.items()},
        "missing": list(report.missing),
        "evaluated": not report.missing and any(row["score"] is not None for row in report.rows("scorecard")),
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
    """The alerts that are shown, the open ones first."""
    impact = {row["alert_key"]: row for row in page.rows("impact")}
    details, answers, told = (_by_alert(page.rows(name)) for name in ("explanations", "feedback", "deliveries"))
    nothing = {"downstream_count": 0, "cause_alert_key": None, "root_cause_alert_key": None}
    drawn, rows = 0, []
    for alert in page.rows("alerts"):
        window = alert_window(alert)
        drawn += window is not None
        hit = impact.get(alert["alert_key"], nothing)
        rows.append(
            {
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
                "window": [window.since, window.until] if window is not None and drawn <= MOST_CHARTS else None,
                "details": [[d["dimension"], d["explanation"]] for d in details.get(alert["alert_key"], ())],
                "answers": answers.get(alert["alert_key"], []),
                "told": told.get(alert["alert_key"], []),
                "downstream": hit["downstream_count"],
                "models": hit.get("downstream_models", []),
                "exposures": hit.get("downstream_exposures", []),
                "others": hit.get("downstream_others", []),
                "owners": hit.get("downstream_owners", []),
                "held": _held(page, alert),
                "cause": hit["cause_alert_key"],
                "root": hit["root_cause_alert_key"],
            }
        )
    return rows


def _held(page: PageData, row: Row) -> list[Row]:
    """Who holds an open alert back, until when and why; nothing for one that is resolved."""
    if not row["is_open"]:
        return []
    names = ("alert_key", "alert_type", "severity", "window_start")
    alert = Alert(
        **{name: row[name] for name in names},
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


def assets(page: PageData) -> list[Row]:
    """One row per table of the project and per watched table: is it all right, and by what."""
    cards = {(r["connection"], r["name"]): r for r in page.rows("scorecard") if r["scope"] == "asset"}
    measured: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in page.rows("series"):
        measured[row["connection"], row["asset"]].append(row)
    promised = {(c.row["connection"], c.row["asset"]): c.status for c in contract_report.standings(page.report)}
    blind = {(row["connection"], row["asset"]): row for row in page.rows("unevaluated")}
    declared = {(row["connection"], row["asset"]): row for row in page.rows("assets")}
    places = sorted({*declared, *measured, *blind}, key=lambda place: (place[0] or "", place[1] or ""))
    return [
        _asset(
            place, declared.get(place, {}), cards.get(place, {}), measured[place], promised.get(place), blind.get(place)
        )
        for place in places
    ]


def _asset(
    place: tuple[str, str], row: Row, card: Row, measured: list[Row], promised: str | None, blind: Row | None
) -> Row:
    watched = bool(measured) or blind is not None or bool(row.get("is_monitored"))
    by_metric = {one["metric"]: one for one in measured}
    open_alerts = card.get("critical_alerts", 0) + card.get("warning_alerts", 0)
    if blind is not None or (watched and card.get("score") is None and not open_alerts):
        state = "not evaluated"
    elif card.get("critical_alerts"):
        state = "critical"
    elif card.get("warning_alerts"):
        state = "warning"
    elif card.get("score") is not None:
        state = "ok"
    else:
        state = "not watched"
    return {
        "connection": place[0] or "",
        "asset": place[1] or "",
        "node": row.get("node_id", ""),
        "state": state,
        "type": row.get("resource_type", ""),
        "layer": row.get("layer") or _first(measured, "layer"),
        "owner": row.get("owner") or _first(measured, "owner") or (blind or {}).get("owner") or "",
        "score": text.score(card.get("score")),
        "status": card.get("status") or "not evaluated",
        "watched": watched,
        "message": (blind or {}).get("message") or "",
        "latest": row.get("latest_at"),
        "evaluated": row.get("evaluated_at"),
        "blindSince": (blind or {}).get("unevaluated_since"),
        "volume": _newest(by_metric.get(VOLUME)),
        "freshness": _newest(by_metric.get(FRESH)),
        "contract": promised or "",
        "tests": row.get("test_count", 0),
        "passed": card.get("tests_passed", 0),
        "failed": card.get("tests_failed", 0),
        "alerts": open_alerts,
        "described": row.get("has_description"),
        "columns": row.get("column_count") or 0,
        "columnsDescribed": row.get("documented_column_count") or 0,
        "series": [one["series_key"] for one in measured],
        "file": row.get("file_path") or "",
    }


def _first(rows: list[Row], name: str) -> str:
    return next((str(row[name]) for row in rows if row[name]), "")


def _newest(row: Row | None) -> Row | None:
    """The newest judged bucket of a series in words, or why there is none."""
    if row is None:
        return None
    if row["bucket_start"] is None:
        limit = text.freshness_limits(row["warn_after_seconds"], row["error_after_seconds"])
        waiting = f"{row['newest_status'] or 'not evaluated'}: {row['newest_reason'] or 'no history learned yet'}"
        return {"value": "", "note": limit or waiting, "severity": ""}
    return {
        "value": "no value" if row["observed_value"] is None else _amount(row, "observed_value"),
        "expected": _amount(row, "expected_value"),
        "bucket": text.bucket(row["bucket_start"], row["grain"]),
        "severity": row["severity"] or "",
        "note": "",
    }


def series(page: PageData) -> dict[str, Row]:
    """What the charts need of each series: its name, its unit and its points."""
    named = {row["series_key"]: row for row in page.rows("alerts") if row["series_key"] is not None}
    named |= {row["series_key"]: row for row in page.rows("series")}
    points = encode(page.points, page.stretches)
    return {
        key: {
            "metric": row["metric"],
            "column": row["column_name"] or "",
            "kind": row["kind"],
            "grain": row["grain"],
            "connection": row["connection"],
            "asset": row["asset"],
            "p": points[key],
        }
        for key, row in named.items()
        if key in points
    }


def contracts(page: PageData) -> list[Row]:
    """Every contract in force, the violated ones first, with what is broken of it."""
    keys = (
        "connection",
        "asset",
        "name",
        "mode",
        "version",
        "version_number",
        "owner",
        "layer",
        "looked_at",
        "rule_count",
        "total_rows",
        "checked_rows",
    )
    broken = ("severity", "column_name", "violation_type", "rule", "expected", "actual", "failing_rows", "total_rows")
    return [
        {
            **{key: one.row.get(key) for key in keys},
            "status": one.status,
            "blind": list(one.blind),
            "violations": [{key: row[key] for key in (*broken, "first_seen_at", "found_by")} for row in one.broken],
        }
        for one in contract_report.standings(page.report)
    ]


def pipelines(page: PageData) -> Row:
    """The last dbt invocation node by node, the trend of invocations, and thirty days of every pipeline."""
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
    """Earlier scores by "scope name", each as time and score; a report that was only written later is none."""
    now = text.utc(page.report.clock)
    return {
        f"{scope} {name}": [[when, score] for when, score in _in_words(scores) if when < now]
        for (scope, name), scores in page.trend.items()
    }


def _in_words(scores: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    return [(text.utc(datetime.fromisoformat(clock)), score) for clock, score in scores]


def lineage(page: PageData) -> Row:
    """``nodes`` as name, type, owner, dbt node; ``edges`` as two places in ``nodes`` and a pipeline."""
    nodes = page.rows("addresses")
    place = {row["address_id"]: number for number, row in enumerate(nodes)}
    edges = [(e["source_address_id"], e["target_address_id"], e["pipeline"]) for e in page.rows("edges")]
    return {
        "nodes": [[row["name"], row["address_type"], row["owner"], row["node_id"]] for row in nodes],
        "edges": [[place[a], place[b], name] for a, b, name in edges if a in place and b in place],
    }
