"""Recent executions as a tree for people: nesting, duration and outcome."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, cast

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lookout.database.sql_files import read_sql
from lookout.database.store import Store
from lookout.errors import ConfigError
from lookout.tracking.model import pipeline_id

MOST_NAME, LEAST_ERROR = 48, 20
BAR, MOST_CHILDREN = 12, 10
# Shown beside the word, because the eye finds a sign sooner.
SIGNS = {"success": "✓", "failed": "✗", "killed": "✗", "running": "…", "skipped": "–"}

# The newest executions at the top (or of one pipeline, at any depth), and everything below them.
RUNS = read_sql(__package__, "recent_runs")


def recent_runs(store: Store, limit: int = 20, pipeline: str | None = None) -> list[dict[str, Any]]:
    """Return the newest ``limit`` executions that are part of no other, newest first, each with those inside it.

    With ``pipeline``, a name, return those of that pipeline instead. Each execution is a dict of plain values:
    pipeline, state (success, failed, killed, running or skipped), start_date, end_date, seconds (None while running),
    rows (None when not reported), error, and ``children``, a list of the same in order of their start. Raises
    ConfigError when no pipeline has that name, or when ``limit`` is below 1.
    """
    if limit < 1:
        raise ConfigError(f"--limit is {limit}; it must be at least 1.")
    identity = None if pipeline is None else _pipeline_id(store, pipeline)
    frame = store.query(RUNS, {"pipeline": identity, "limit": limit}).astype(object)
    rows = cast(list[dict[str, Any]], cast(Any, frame).where(frame.notna(), None).to_dict("records"))
    # An execution may be inside another one of the same pipeline: then it is shown there.
    deepest = {row["execution_id"]: row for row in sorted(rows, key=lambda row: int(row["depth"]))}
    nodes = {key: _node(row) for key, row in deepest.items()}
    tops = []
    for key, row in deepest.items():
        if row["below"] is None:
            tops.append(nodes[key])
        else:
            nodes[row["below"]]["children"].append(nodes[key])
    for node in nodes.values():
        node["children"].sort(key=lambda child: (child["start_date"], child["execution_id"]))
    return sorted(tops, key=lambda node: (node["start_date"], node["execution_id"]), reverse=True)


def runs_text(rows: Sequence[dict[str, Any]], *, most_children: int = MOST_CHILDREN, width: int | None = None) -> str:
    """Return the executions as a tree as wide as the terminal; one sentence when there are none.

    Bars compare executions with the longest beside them. Of more than ``most_children`` inside one, those that failed
    or still run and then the longest are shown, the others are counted.
    """
    if not rows:
        return "No executions yet: track a pipeline, or run `lookout collect` after `dbt build`."
    table = Table(box=None, pad_edge=False, header_style="bold")
    lines = list(_lines(rows, most_children))
    width = width or max(Console().width, 120)
    table.add_column("pipeline", overflow="fold", max_width=MOST_NAME)
    table.add_column("started (UTC)", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("took", no_wrap=True, justify="right")
    table.add_column("", no_wrap=True)
    table.add_column("rows", no_wrap=True, justify="right")
    table.add_column("error", no_wrap=True)
    # The text of an error may be long: it gets what the others leave.
    names = ("pipeline", "started (UTC)", "status", "took", "", "rows")
    columns = list(zip(*lines, strict=True))
    widths = [max(len(text) for text in (name, *column)) for name, column in zip(names, columns, strict=False)]
    error_width = max(LEAST_ERROR, width - min(widths[0], MOST_NAME) - sum(widths[1:]) - 2 * len(names))
    for *cells, error in lines:
        if len(error) > error_width:
            error = error[: error_width - 1] + "…"
        table.add_row(*map(escape, cells), escape(error))
    buffer = io.StringIO()
    Console(file=buffer, width=width).print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().rstrip().splitlines())


def _lines(
    rows: Sequence[dict[str, Any]], most: int, indent: str = "", *, is_top: bool = True
) -> Iterator[tuple[str, ...]]:
    """Yield the cells of one line per execution, those inside it below it."""
    visible, hidden = (list(rows), []) if is_top else _split(rows, most)
    longest = max((row["seconds"] or 0.0 for row in rows), default=0.0)
    for number, row in enumerate(visible):
        is_last = number == len(visible) - 1 and not hidden
        branch = "" if is_top else f"{indent}{'└─ ' if is_last else '├─ '}"
        yield (
            branch + _clean(row["pipeline"]),
            f"{row['start_date']:%Y-%m-%d %H:%M:%S}",
            f"{SIGNS[row['state']]} {row['state']}",
            _took(row["seconds"]),
            _bar(row["seconds"], longest),
            "" if row["rows"] is None else f"{row['rows']:,}",
            _clean(row["error"]),
        )
        below = "" if is_top else indent + ("   " if is_last else "│  ")
        yield from _lines(row["children"], most, below, is_top=False)
    if hidden:
        states = [row["state"] for row in hidden]
        words = ", ".join(f"{states.count(state)} {state}" for state in SIGNS if state in states)
        seconds = sum(row["seconds"] or 0.0 for row in hidden)
        yield (f"{indent}└─ {len(hidden)} more", "", words, _took(seconds), "", "", "")


def _split(rows: Sequence[dict[str, Any]], most: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows to show and the rest: failed and running ones are shown first, then the longest."""
    if len(rows) <= most:
        return list(rows), []
    quiet = ("success", "skipped")
    order = sorted(rows, key=lambda row: (row["state"] in quiet, -(row["seconds"] or 0.0)))
    chosen = {row["execution_id"] for row in order[:most]}
    return [r for r in rows if r["execution_id"] in chosen], [r for r in rows if r["execution_id"] not in chosen]


def _bar(seconds: float | None, longest: float) -> str:
    if seconds is None:
        return "░" * BAR
    return "█" * max(1, round(BAR * seconds / longest)) if longest > 0 else ""


def _took(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86_400:.1f} days"


def _node(row: dict[str, Any]) -> dict[str, Any]:
    names = ("execution_id", "pipeline", "pipeline_type", "kind", "start_date", "end_date", "error")
    node = {name: row[name] for name in names}
    node["rows"] = _row_count(row)
    return {**node, "error": node["error"] or "", "seconds": _seconds(row), "state": _state(row), "children": []}


def _row_count(row: dict[str, Any]) -> int | None:
    if row["total_rows"] is not None:
        return int(row["total_rows"])
    counts = [row[name] for name in ("inserts", "updates", "soft_deletes") if row[name] is not None]
    return int(sum(counts)) if counts else None


def _seconds(row: dict[str, Any]) -> float | None:
    return None if row["end_date"] is None else (row["end_date"] - row["start_date"]).total_seconds()


def _state(row: dict[str, Any]) -> str:
    if row["end_date"] is None:
        return "running"
    if row["status"] in ("killed", "skipped"):
        return str(row["status"])
    return "success" if row["completed_successfully"] else "failed"


def _clean(text: str) -> str:
    """Return the text on one line, without what would move a terminal's cursor."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))


def _pipeline_id(store: Store, name: str) -> str:
    identity = pipeline_id(name)
    known = store.query("select pipeline_id, name from {schema}.pipelines")
    if identity not in set(known["pipeline_id"]):
        near = get_close_matches(name.strip().lower(), list(known["name"]), n=1)
        hint = f"did you mean '{near[0]}'?" if near else "`lookout runs` lists those that ran last."
        raise ConfigError(f"There is no pipeline '{name}'; {hint}")
    return identity
