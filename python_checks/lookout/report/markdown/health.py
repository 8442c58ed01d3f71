"""The data health scorecard: the baseline of every series, table by table."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from lookout.project.declarations.grain import grain_words
from lookout.render import text
from lookout.report.data import ReportData
from lookout.report.markdown.alerts import NOBODY
from lookout.report.queries import MOST_SERIES

Row = dict[str, Any]
HEADINGS = [
    "Metric", "Normal>", "Scale>", "Samples>", "Method", "Last judged bucket (UTC)", "Observed>", "Score>",
    "Next bucket (UTC)", "Normal then>", "Critical then at", "Learned as of (UTC)",
]  # fmt: skip


def asset_sections(data: ReportData) -> list[dict[str, str]]:
    """Return one section per watched table, the worst first: heading, facts, judged series, the other series."""
    sections = []
    for (connection, asset), group in groupby(data.rows("series"), key=lambda row: (row["connection"], row["asset"])):
        series = list(group)
        judged = [row for row in series if row["bucket_start"] is not None]
        waiting = [row for row in series if row["bucket_start"] is None]
        sections.append(
            {
                "heading": text.code(f"{connection} {asset}"),
                "facts": _facts(series[0]),
                "judged": text.table(HEADINGS, map(_judged, judged)) if judged else "",
                "waiting": "\n".join(map(_waiting, waiting)),
                "limits": "\n".join(filter(None, map(_limits, series))),
            }
        )
    return sections


def cut(data: ReportData) -> str:
    """Return a sentence when there are more series than the report shows; else nothing."""
    is_cut = len(data.rows("series")) >= MOST_SERIES
    return f" Only the first {text.number(MOST_SERIES)} series are shown." if is_cut else ""


def _facts(row: Row) -> str:
    score, status = row["asset_score"], row["asset_status"]
    verdict = (
        f"{text.cell(status)}, score {text.score(score)}" if score is not None else f"**{_without_score(status)}**"
    )
    return f"{verdict} · layer {text.cell(row['layer'])} · owner {text.cell(row['owner'] or NOBODY)}"


def _without_score(status: str | None) -> str:
    return "LEARNING" if status == "learning" else "NOT EVALUATED"


def name(row: Row) -> str:
    """Return the metric of a series with its column."""
    column = f" of {text.code(row['column_name'])}" if row["column_name"] else ""
    return text.cell(row["metric"]) + column


def _judged(row: Row) -> tuple[str, ...]:
    metric, kind, grain = row["metric"], row["kind"], row["grain"]
    # The scale of the learned method is in its own units, not in those of the metric.
    scale = text.amount(row["scale"], metric, kind) if row["judged_method"] == "zscore" else text.number(row["scale"])
    state = row.get("state")
    note = f" ({state}: {text.cell(row['state_reason'])})" if state in ("learning", "not evaluated") else ""
    next_limits = text.NOTHING
    if row["next_bucket"] is not None:
        next_limits = text.limits(row["next_lower"], row["next_upper"], metric, kind)
    return (
        name(row) + note,
        text.amount(row["expected_value"], metric, kind),
        scale,
        text.number(row["sample_size"]),
        text.cell(row["judged_method"]),
        text.bucket(row["bucket_start"], grain, row.get("time_zone")),
        text.amount(row["observed_value"], metric, kind) if row["observed_value"] is not None else "no value",
        text.signed(row["score"]) + (f" **{row['severity']}**" if row["severity"] else ""),
        text.bucket(row["next_bucket"], grain, row.get("time_zone")),
        text.amount(row["next_expected"], metric, kind),
        next_limits,
        text.utc(row["next_learned_at"] or row["learned_at"]),
    )


def _waiting(row: Row) -> str:
    if row["newest_status"] is None:
        return f"- {name(row)}: **NOT EVALUATED**, no {grain_words(row['grain'])} of history has been learned yet."
    return f"- {name(row)}: {row['newest_status']}, {text.cell(row['newest_reason'] or 'not judged yet')}."


def _limits(row: Row) -> str:
    if row["metric"] != "freshness":
        return ""
    limits = text.freshness_limits(row["warn_after_seconds"], row["error_after_seconds"])
    return f"- freshness has a fixed limit: {limits}." if limits else ""
