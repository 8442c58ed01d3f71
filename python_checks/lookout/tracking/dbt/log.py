"""Invocations read from dbt's log, for those whose run_results.json has been overwritten since. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from lookout.plain import plain
from lookout.project.artifacts.outcomes import PARTIAL_FLAGS, batch_name
from lookout.project.files import parse_json
from lookout.tracking.dbt.logged import LoggedInvocation, LoggedNode

DAY = timedelta(days=1)
# Characters at the end of a section that hold its last time, as a rule.
TAIL = 4000
CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d+"
HEADER = re.compile(rf"^=+ ({CLOCK}) \| ([0-9a-f-]{{36}}) =+$", re.MULTILINE | re.ASCII)
IDENTITY = re.compile(r"^=+ [\d:.]+ \| ([0-9a-f-]{36}) =+$|\"invocation_id\": ?\"([0-9a-f-]{36})\"", re.MULTILINE)
LINE = re.compile(rf"^({CLOCK}) \[\w+ *\] \[([^\]]*)\]: (.*)$", re.ASCII)
COMMAND = re.compile(r"Command `\S+ ([\w-]+)[^`]*` (succeeded|failed) at")
ARGUMENTS = re.compile(r"running dbt with arguments .*'invocation_command': (['\"])(.*?)\1")
SET_FLAG = re.compile(rf"'({'|'.join(PARTIAL_FLAGS)})': '(?!None|False)")
NODE = re.compile(r"(Began|Finished) running node (\S+)")
RESULT = re.compile(
    r"\d+ of \d+ (OK|PASS|FAIL|WARN|ERROR|PARTIALLY|REUSED|SKIP\w*|NO-OP|STALE)\b(?!.*\[RUN\]).*?"
    r"(?:\[(.*?)(?: in [\d.]+s)?\])?$"
)
BATCH = re.compile(r"Batch \d+ of \d+ (OK|ERROR|SKIP)\b.*? batch (\d{4}\S*) of ")
# The sentence of an error is part of the same entry; that of a test which found something is the next entry.
FAILURE = re.compile(
    r"\b(?:\w+ Error|Failure|Warning) in \w+ (\S+) \([^)]*\)\n(?:[\d:.]+ \[\w+ *\] \[[^\]]*\]: ?)?"
    r"([^\n]*(?:\n(?!\d\d:\d\d:\d\d\.)[^\n]*)*)"
)
STATUS = {
    "OK": "success", "PASS": "pass", "FAIL": "fail", "WARN": "warn", "ERROR": "error", "NO-OP": "no-op",
    "STALE": "error", "PARTIALLY": "partial success", "REUSED": "reused",
}  # fmt: skip
FOUND = re.compile(r"(?:FAIL|WARN) (\d+)")
RETRY = "retry"
# Commands that leave run_results.json as it is.
KEEPING = ("", "parse", "list", "ls", "deps", "clean", "debug", "init", "source", "freshness")
COUNTING = re.compile(r"(?:INSERT 0|SELECT|MERGE|UPDATE|DELETE) (\d+)")


def invocations_in(text: str) -> list[str]:
    """Return the ids of the invocations in a dbt.log without reading more: most of them are known already."""
    return list(dict.fromkeys(match[1] or match[2] for match in IDENTITY.finditer(text)))


def read_log(text: str, *, written_at: datetime, skip: Iterable[str] = ()) -> list[LoggedInvocation]:
    """Return the invocations in a dbt.log, oldest first. ``written_at`` is when the file last changed.

    Lines of dbt's text log have a time in UTC and no day: days are counted back from the last line. ``skip`` are ids of
    invocations that are known already. The JSON form of the log is read too.
    """
    known = set(skip)
    as_json = [line for line in text.splitlines() if line.startswith('{"')] if '{"' in text else []
    found = [invocation for invocation in _read_json(as_json) if invocation.invocation_id not in known]
    return sorted([*_read_text(text, written_at, known), *found], key=lambda invocation: invocation.started_at)


def _read_text(text: str, written_at: datetime, known: set[str]) -> list[LoggedInvocation]:
    text = plain(text)
    headers = list(HEADER.finditer(text))
    ends = [*(header.start() for header in headers[1:]), len(text)]
    # Read from the end, because a section happened before the one after it; a log in JSON has none.
    sections = [(header, text[header.end() : end]) for header, end in zip(headers, ends, strict=False)][::-1]
    found: list[LoggedInvocation] = []
    latest = written_at
    for position, (header, section) in enumerate(sections):
        last = _not_after(_last_time(section) or header[1], latest)
        started = _not_after(header[1], last)
        latest = started
        if header[2] not in known:
            earlier = (_invocation(one[2], started, text) for one, text in sections[position + 1 :])
            found.append(_repeating(_invocation(header[2], started, section), earlier))
    return found


def _repeating(invocation: LoggedInvocation, earlier: Iterable[LoggedInvocation]) -> LoggedInvocation:
    """Return an invocation; a `retry` as the command that it repeats, which run_results.json names, too.

    ``earlier`` are the invocations before it, the newest first.
    """
    if invocation.command != RETRY:
        return invocation
    repeated = next((one for one in earlier if one.command not in (*KEEPING, RETRY)), None)
    return replace(invocation, command=repeated.command, args=repeated.args) if repeated else invocation


def _last_time(section: str) -> str:
    """Return the time of the last line that has one; empty when none has."""
    for part in (section[-TAIL:], section):
        times = [match[1] for line in part.splitlines() if (match := LINE.match(line))]
        if times:
            return times[-1]
    return ""


def _not_after(clock: str, limit: datetime) -> datetime:
    """Return the latest moment with that time of day (HH:MM:SS.ffffff, UTC) that is not after the limit."""
    hour, minute, second = clock.split(":")
    at = limit.astimezone(timezone.utc).replace(
        hour=int(hour), minute=int(minute), second=int(second[:2]), microsecond=int(second[3:9].ljust(6, "0"))
    )
    # Two seconds of tolerance: the limit may be the file's time, which the file system may have rounded down.
    return at if at <= limit + timedelta(seconds=2) else at - DAY


def _not_before(clock: str, limit: datetime) -> datetime:
    """Return the earliest moment with that time of day that is not before the limit."""
    at = _not_after(clock, limit.replace(hour=23, minute=59, second=59, microsecond=999_999))
    return at if at >= limit - timedelta(seconds=2) else at + DAY


def _invocation(invocation_id: str, started: datetime, section: str) -> LoggedInvocation:
    failures = {match[1]: " ".join(match[2].split()) for match in FAILURE.finditer(section)}
    nodes: dict[str, LoggedNode] = {}
    running: dict[str, str] = {}
    found = LoggedInvocation(invocation_id, started)
    now = started
    for line in section.splitlines():
        match = LINE.match(line)
        if match is None:
            continue
        now, thread, message = _not_before(match[1], now), match[2], match[3]
        if node := NODE.match(message):
            if node[1] == "Began":
                # Each batch of a microbatch model begins and ends like a node, before its result as a whole.
                nodes.setdefault(node[2], LoggedNode(node[2], now))
                running[thread] = node[2]
            elif node[2] in nodes:
                nodes[node[2]] = replace(nodes[node[2]], ended_at=now)
        elif thread in running and (batch := BATCH.match(message)):
            nodes[running[thread]] = _with_batch(nodes[running[thread]], batch)
        elif thread in running and (result := RESULT.match(message)):
            nodes[running[thread]] = _with_result(nodes[running[thread]], result, failures)
        elif arguments := ARGUMENTS.match(message):
            found = _with_arguments(found, arguments)
        elif command := COMMAND.match(message):
            found = replace(found, ended_at=now, succeeded=command[2] == "succeeded", command=command[1])
    return replace(found, last_seen_at=now, nodes=tuple(nodes.values()))


def _with_arguments(invocation: LoggedInvocation, arguments: re.Match[str]) -> LoggedInvocation:
    words = arguments[2].split()[1:]
    flags = {name: f"--{name}" in words for name in PARTIAL_FLAGS} | {
        name: f"--{name.replace('_', '-')}" in words for name in ("full_refresh", "event_time_start", "event_time_end")
    }
    flags["full_refresh"] |= "-f" in words
    flags |= {match[1]: True for match in SET_FLAG.finditer(arguments.string)}
    command = next((word for word in words if not word.startswith("-")), "")
    return replace(invocation, command=command, args={name: True for name, is_set in flags.items() if is_set})


def _with_batch(node: LoggedNode, batch: re.Match[str]) -> LoggedNode:
    return replace(node, batches={**node.batches, batch_name(batch[2]): batch[1] == "OK"})


def _with_result(node: LoggedNode, result: re.Match[str], failures: dict[str, str]) -> LoggedNode:
    status = STATUS.get(result[1], "skipped")
    name = next((name for name in failures if f".{name}" in node.node_id), "")
    counted, found = COUNTING.search(result[2] or ""), FOUND.search(result[2] or "")
    return replace(
        node,
        status=status,
        message=failures.get(name, "") if status in ("error", "fail", "warn") else "",
        rows=_count(counted),
        failures=_count(found),
    )


def _read_json(lines: Iterable[str]) -> Iterator[LoggedInvocation]:
    found: dict[str, LoggedInvocation] = {}
    nodes: dict[str, dict[str, LoggedNode]] = {}
    for line in lines:
        entry = _entry(line)
        if entry is None:
            continue
        info, data, key, now = entry
        found[key] = replace(found.get(key) or LoggedInvocation(key, now), last_seen_at=now)
        node, name = _mapping(data.get("node_info")), info.get("name")
        node_id, known = node.get("unique_id"), nodes.setdefault(key, {})
        if not isinstance(node_id, str) or not plain(node_id).strip():
            node_id = None
        if name in ("NodeStart", "NodeFinished") and node_id:
            known[node_id] = _json_node(node, now, name == "NodeFinished", data, known.get(node_id))
        elif node_id in known and (batch := BATCH.match(plain(str(info.get("msg", ""))))):
            known[node_id] = _with_batch(known[node_id], batch)
        elif name == "CommandCompleted":
            found[key] = replace(
                found[key],
                ended_at=now,
                succeeded=bool(data.get("success")),
                command=str(data.get("command", "")).partition(" ")[2].split(" ")[0],
            )
        elif name == "MainReportArgs" and (arguments := ARGUMENTS.match(str(info.get("msg", "")))):
            found[key] = _with_arguments(found[key], arguments)
    read = [replace(invocation, nodes=tuple(nodes.get(key, {}).values())) for key, invocation in found.items()]
    for position, invocation in enumerate(read):
        yield _repeating(invocation, read[:position][::-1])


def _entry(line: str) -> tuple[dict[str, Any], dict[str, Any], str, datetime] | None:
    """Return what a line says about itself, its data, its invocation and its time; None when it is no line of dbt's."""
    try:
        content = _mapping(parse_json(line))
        info = _mapping(content.get("info"))
        key = str(UUID(info.get("invocation_id")))
        return info, _mapping(content.get("data")), key, moment_of(info.get("ts"))
    except (ValueError, TypeError, AttributeError):
        return None


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _json_node(
    node: dict[str, Any], now: datetime, is_finished: bool, data: dict[str, Any], before: LoggedNode | None
) -> LoggedNode:
    try:
        started = moment_of(node.get("node_started_at"))
    except ValueError:
        started = now
    if before is not None:
        started = before.started_at
    batches = before.batches if before is not None else {}
    if not is_finished:
        return before or LoggedNode(node["unique_id"], started)
    result, status = _mapping(data.get("run_result")), str(node.get("node_status") or "")
    counted = COUNTING.search(str(result.get("message", "")))
    failures = result.get("num_failures") if status in ("fail", "warn") else None
    return LoggedNode(
        node["unique_id"],
        started,
        now,
        status or str(result.get("status", "")),
        str(result.get("message", "")),
        _count(counted),
        failures if isinstance(failures, int) else None,
        batches,
    )


def _count(match: re.Match[str] | None) -> int | None:
    """Return a number of rows; None for none, and for more than a database can count."""
    return int(match[1]) if match and len(match[1]) < 19 else None


def moment_of(text: object) -> datetime:
    """Read a time in UTC as dbt writes it, with any number of digits. Raises ValueError for anything else."""
    # Centuries in which a time of dbt may be; adding to others ends at the limits of datetime.
    match = re.match(r"((?:19|20|21)\d{2}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d+))?", str(text), re.ASCII)
    if match is None:
        raise ValueError(text)
    moment = datetime.fromisoformat(f"{match[1]} {match[2]}").replace(tzinfo=timezone.utc)
    return moment.replace(microsecond=int((match[3] or "0")[:6].ljust(6, "0")))
