"""Summaries of reports: a small JSON file per run clock, so that two moments can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

from lookout.database.store import Store, records
from lookout.errors import ConfigError, DeliveryError
from lookout.project.files import is_there, read_json, why_unreadable
from lookout.report.data import ReportData
from lookout.report.markdown import contracts
from lookout.report.markdown.alerts import overall
from lookout.report.queries import NEWEST_BUILD

Row = dict[str, Any]
SCHEMA_VERSION = 1
FOLDER = "history"
MOST_FILES, MOST_NODES, LONGEST_TEXT = 400, 10, 200
SCOPES = ("platform", "layer", "owner")
CONTRACT_WORDS = {contracts.PASSED: "held", contracts.DETECTED: "broken", contracts.NOT_EVALUATED: "not evaluated"}
_STAMP = "%Y-%m-%dT%H-%M-%SZ"
_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.json")
_TIME = "write it like 2026-01-05 (the end of that day) or 2026-01-05T06:00:00Z"
# Types of a valid summary: the fields of the document, and the fields of the rows of its lists.
_FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "as_of": str, "clock": str, "is_evaluated": bool, "missing": list, "counts": dict, "scorecard": list,
    "alerts": list, "contracts": list, "tables": list, "nodes": (list, type(None)),
}  # fmt: skip
_ROWS: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "scorecard": {"scope": str, "name": str, "score": (int, float, type(None)), "status": str},
    "alerts": dict.fromkeys(
        ("key", "type", "severity", "connection", "asset", "column", "metric", "since", "owner", "description"), str
    ),
    "contracts": dict.fromkeys(("connection", "asset", "name", "status", "detail"), str),
    "tables": dict.fromkeys(("connection", "asset", "status", "message"), str),
    "nodes": {"name": str, "seconds": (int, float)},
}
_COUNTS = (
    "watched_tables", "not_evaluated", "contracts_held", "contracts_broken", "contracts_not_evaluated", "failing_tests",
    "tables", "described_tables", "tested_tables",
)  # fmt: skip

WATCHED = """
    select connection, asset, state as status, reason as message from {schema}.asset_states
    order by connection, asset
"""

# Nodes of the newest build; the time of a node that was skipped or failed to run says nothing.
SLOWEST = """
    with {newest_build}
    select pipelines.name, nodes.elapsed_seconds::float8 as seconds
    from newest
    inner join {schema}.pipeline_executions as nodes on nodes.parent_id = newest.execution_id
    inner join {schema}.pipelines as pipelines on pipelines.pipeline_id = nodes.pipeline_id
    where nodes.status in ('success', 'pass', 'warn', 'fail') and nodes.elapsed_seconds is not null
    order by nodes.elapsed_seconds desc, pipelines.name
    limit %s
""".replace("{newest_build}", NEWEST_BUILD)


def read_current(store: Store, report: ReportData) -> Row:
    """Return the summary of what is stored now, as ``summarize`` builds it.

    Raises SourceError when the monitoring schema cannot be read.
    """
    if report.missing:
        return summarize(report, [], None)
    nodes = None
    if not store.missing_tables(["pipeline_executions", "pipelines"]):
        nodes = records(store.query(SLOWEST, (report.clock, MOST_NODES)))
    return summarize(report, records(store.query(WATCHED)), nodes)


def summarize(report: ReportData, tables: Sequence[Row], nodes: Sequence[Row] | None) -> Row:
    """Return a summary of a few kB that JSON can hold; pure, its keys always in the same order.

    ``tables`` are the watched tables (connection, asset, status, message), ``nodes`` the slowest dbt nodes (name,
    seconds) or None when nothing is known about dbt's runs. ``is_evaluated`` is false when nothing was evaluated.
    """
    kept_nodes = None if nodes is None else [{"name": n["name"], "seconds": _rounded(n["seconds"])} for n in nodes]
    contract_rows = [_contract(state) for state in contracts.contract_states(report)]
    watched = [_table(row) for row in tables]
    card = overall(report) or {}
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of": report.as_of.isoformat(),
        "clock": report.clock.isoformat(),
        "is_evaluated": not report.missing and card.get("score") is not None,
        "missing": list(report.missing),
        "counts": {
            "watched_tables": len(watched),
            "not_evaluated": sum(row["status"] == "not evaluated" for row in watched),
            **_contract_counts(contract_rows),
            "failing_tests": int(card.get("tests_failed") or 0),
            "tables": int(card.get("asset_count") or 0),
            "described_tables": int(card.get("described_count") or 0),
            "tested_tables": int(card.get("tested_count") or 0),
        },
        "scorecard": [
            {"scope": row["scope"], "name": row["name"] or "", "score": _rounded(row["score"]), "status": row["status"]}
            for row in report.rows("scorecard")
            if row["scope"] in SCOPES
        ],
        "alerts": [_alert(row) for row in report.rows("open_alerts")],
        "contracts": contract_rows,
        "tables": watched,
        "nodes": kept_nodes,
    }


def _contract_counts(rows: Sequence[Row]) -> dict[str, int]:
    statuses = [row["status"] for row in rows]
    return {f"contracts_{word.replace(' ', '_')}": statuses.count(word) for word in CONTRACT_WORDS.values()}


def _table(row: Row) -> Row:
    """Return a watched table; a table that is learning is neither evaluated nor has it failed to be."""
    status = {"ok": "evaluated", "wrong": "evaluated", "learning": "learning"}.get(row["status"], "not evaluated")
    message = "" if status == "evaluated" else _cut(row["message"] or row["status"].replace("_", " "))
    return {
        "connection": row["connection"] or "",
        "asset": row["asset"] or "",
        "status": status,
        "message": message,
    }


def _alert(row: Row) -> Row:
    reason = f": {row['reason']}" if row.get("reason") else ""
    since = row["window_start"]
    return {
        "key": row["alert_key"],
        "type": row["alert_type"],
        "severity": row["severity"],
        "connection": row["connection"] or "",
        "asset": row["asset"] or "",
        "column": row["column_name"] or "",
        "metric": row["metric"] or "",
        "since": since.astimezone(timezone.utc).isoformat() if since else "",
        "owner": row["owner"] or "",
        "description": _cut(f"{row['description'] or ''}{reason}"),
    }


def _contract(state: contracts.ContractState) -> Row:
    violation_types = ", ".join(dict.fromkeys(violation["violation_type"] for violation in state.violations))
    return {
        "connection": state.row["connection"] or "",
        "asset": state.row["asset"] or "",
        "name": state.row["name"] or "",
        "status": CONTRACT_WORDS[state.status],
        "detail": _cut(" ".join(filter(None, (violation_types, *state.unevaluated)))),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 3)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def keep(summary: Row, folder: Path, write: Callable[[Path, str], Path]) -> None:
    """Write a summary into ``folder`` under its time in UTC to the second, replacing one of the same second.

    This one and the 399 newest others stay, older ones are removed. Other files are left alone. Raises DeliveryError.
    """
    moment = datetime.fromisoformat(summary["as_of"]).astimezone(timezone.utc)
    kept = write(folder / f"{moment:{_STAMP}}.json", json.dumps(summary, ensure_ascii=False, indent=1) + "\n")
    try:
        others = [path for path in _files(folder) if path != kept]
        for path in others[: 1 - MOST_FILES]:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise DeliveryError(
            f"Old summaries in {folder} cannot be removed: {error.strerror or error}; make the folder writable."
        ) from error


def read_summary(location: Path, moment: str | None = None, *, before: datetime | None = None) -> Row:
    """Return a kept summary: of a file, or of a folder the newest one that is not later than ``moment``.

    ``location`` is a file, a folder of summaries, or the folder of reports that holds it. ``moment`` is a day (its end,
    UTC, counts) or a time; without one it is the newest summary strictly before ``before`` (default: the present);
    ``before`` bounds a ``moment`` as well.
    Raises ConfigError when there is none, or when it is not a summary.
    """
    if location.is_file():
        return _read(location)
    folder = location / FOLDER if (location / FOLDER).is_dir() else location
    if before is None and moment is None:
        before = datetime.now(timezone.utc)
    limits = [limit for limit in (_limit(moment), _second(before)) if limit is not None]
    found = [path for path in _files(folder) if all(_moment(path) < limit for limit in limits)]
    if not found:
        bound = f" not later than {moment}" if moment else ""
        bound += f" before {before.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC" if before else ""
        raise ConfigError(f"There is no summary{bound} in {folder}: every report run keeps one, so compare later.")
    return _read(found[-1])


def summaries(folder: Path, *, before: datetime) -> list[Path]:
    """Return the files of summaries with an earlier clock, the oldest first."""
    return [path for path in _files(folder) if path.stem < f"{before.astimezone(timezone.utc):{_STAMP}}"]


def _files(folder: Path) -> list[Path]:
    """Return the summaries in a folder, the oldest first; files with another kind of name are ignored."""
    try:
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and _is_time(path.stem))
    except OSError as error:
        if is_there(folder):
            raise ConfigError(f"The summaries in {folder} cannot be read: {why_unreadable(folder, error)}.") from error
        return []


def _is_time(stem: str) -> bool:
    try:
        datetime.strptime(stem, _STAMP)
    except ValueError:
        return False
    return True


def _moment(path: Path) -> datetime:
    return datetime.strptime(path.stem, _STAMP).replace(tzinfo=timezone.utc)


def _second(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(timezone.utc).replace(microsecond=0)


def _limit(moment: str | None) -> datetime | None:
    """Return the first time that is too late: the day after a day, a second after a time."""
    if moment is None:
        return None
    text = moment.strip()
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            day = datetime.combine(datetime.fromisoformat(text).date(), time(), timezone.utc)
            return day + timedelta(days=1)
        exact = datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
        if exact.tzinfo is None:
            exact = exact.replace(tzinfo=timezone.utc)
        return exact.astimezone(timezone.utc).replace(microsecond=0) + timedelta(seconds=1)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{moment!r} is neither a file that exists nor a time: {_TIME}.") from error


def _read(path: Path) -> Row:
    found = read_json(path)
    version = found.get("schema_version") if isinstance(found, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise ConfigError(f"{path} was written by a newer Lookout (schema {version}): compare with the same version.")
    problem = _problem(found)
    if problem:
        raise ConfigError(f"{path} is not a summary of a report: {problem}; name a file of {FOLDER}/ in the reports.")
    return dict(found)


def _problem(found: Any) -> str:
    """Return the first problem of a summary in words; empty when it is valid."""
    if not isinstance(found, dict) or found.get("schema_version") != SCHEMA_VERSION:
        return "it has no schema_version"
    for name, kind in _FIELDS.items():
        if not isinstance(found.get(name, ...), kind):
            return f"{name} is missing or wrong"
    for name, fields in _ROWS.items():
        if not all(_has_fields(row, fields) for row in found[name] or ()):
            return f"a row of {name} is wrong"
    times = [found["as_of"], found["clock"], *(alert["since"] for alert in found["alerts"] if alert["since"])]
    try:
        for moment in times:
            datetime.fromisoformat(moment).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return "one of its times is none"
    if not all(isinstance(name, str) for name in found["missing"]):
        return "missing is wrong"
    wrong_counts = [name for name in _COUNTS if type(found["counts"].get(name)) is not int]
    return f"{wrong_counts[0]} is missing or wrong" if wrong_counts else ""


def _has_fields(row: Any, fields: Mapping[str, type | tuple[type, ...]]) -> bool:
    return isinstance(row, dict) and all(isinstance(row.get(name, ...), kind) for name, kind in fields.items())
