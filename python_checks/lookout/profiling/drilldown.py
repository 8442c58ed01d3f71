"""Drill-down of one bucket by the values of a column, compared with ordinary buckets before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pandas as pd
from psycopg2 import sql

from lookout.engines.catalog import Relation
from lookout.profiling.buckets import as_stamp, number_of_bucket
from lookout.profiling.query import NO_NUMBER, aggregate, needed_columns, needs_number, number_of
from lookout.project.declarations.monitor import Metric, Monitor

MOST_GROUPS = 20_000
MOST_NAMED = 3
ENOUGH_SHARE = 0.8
# Values stand out when together they make up this share of the change, and this much more than of what is usual.
LEAST_SHARE, LEAST_EXCESS = 0.4, 0.2
LEAST_COMPARED = 2
MOST_DETAILS = 10
_TEXT = 200
# Parts that add up; the other built-in metrics are shares and means, which are weighted by their rows.
_ADDITIVE = ("row_count", "sum", "distinct_count")


@dataclass(frozen=True)
class Drilldown:
    """One anomaly to explain: the bucket that starts at ``bucket_start`` against those of ``compared``."""

    alert_key: str
    monitor: Monitor
    metric: Metric
    bucket_start: datetime
    compared: tuple[datetime, ...]
    observed: float | None = None

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Return the columns to break the metric down by."""
        return self.metric.dimensions


@dataclass(frozen=True)
class Explanation:
    """Explanation by one column. ``details`` are plain values: the figures, or the key ``error``."""

    dimension: str
    text: str
    details: dict[str, Any]


def failed_explanation(dimension: str, message: str) -> Explanation:
    """Return the explanation for a column that could not be used; ``message`` says why."""
    return Explanation(dimension, f"could not be broken down by {dimension}: {message}", {"error": message})


def plan_drilldown(request: Drilldown, relation: Relation) -> sql.Composed:
    """Build the one query of a drill-down. Each row it returns is one value of one dimension in one bucket.

    Columns: number of the bucket since 1970; for each dimension 0 when the row is about it, else 1; for each dimension
    its value as text; rows; the metric's weight, which is the number of rows that it is a mean of; the metric; the
    row's rank among those of its dimension.
    """
    monitor, metric = request.monitor, request.metric
    type_ = relation.columns[monitor.timestamp_column]
    clock = monitor.clock
    stamp = sql.Identifier(monitor.timestamp_column)
    buckets = [request.bucket_start, *request.compared]
    spans = [
        sql.SQL("({stamp} >= {since} and {stamp} < {until})").format(
            stamp=stamp,
            since=sql.Literal(as_stamp(monitor, start, type_)),
            until=sql.Literal(as_stamp(monitor, clock.end(clock.number(start)), type_)),
        )
        for start in buckets
    ]
    columns = dict.fromkeys([*needed_columns(monitor, relation, _measured(metric)), *request.dimensions])
    row_filter = sql.SQL(" and (\n{}\n)").format(sql.SQL(monitor.row_filter)) if monitor.row_filter else sql.SQL("")
    names = [sql.Identifier(name) for name in request.dimensions]
    number = number_of(metric.column_name, relation) if needs_number(metric) else NO_NUMBER
    weight = sql.SQL("count({})").format(number) if metric.name == "mean" else sql.SQL("count(*)")
    # Each column has its own limit, so that one of many values does not hide the others.
    return sql.SQL(
        "select * from (\nselect lookout_bucket, {about}, {values},\n    count(*), {weight}{metric},\n"
        "    row_number() over (partition by {about} order by count(*) desc) as lookout_rank\n"
        "from (\n    select {bucket} as lookout_bucket, {columns}\n"
        "    from {table}\n    where ({spans}){row_filter}\n) as {alias}\n"
        "group by grouping sets ({sets})\n) as lookout_groups\nwhere lookout_rank <= {limit}\norder by lookout_rank"
    ).format(
        about=sql.SQL(", ").join([sql.SQL("grouping({})").format(name) for name in names]),
        values=sql.SQL(", ").join([sql.SQL("left({}::text, {})").format(name, sql.Literal(_TEXT)) for name in names]),
        weight=weight,
        metric=sql.SQL(", count(*)") if metric.name == "row_count" else aggregate(metric, number),
        bucket=number_of_bucket(monitor, type_),
        table=sql.Identifier(monitor.schema, monitor.table),
        columns=sql.SQL(", ").join([sql.Identifier(name) for name in columns]),
        spans=sql.SQL(" or ").join(spans),
        row_filter=row_filter,
        alias=sql.Identifier(monitor.table),
        sets=sql.SQL(", ").join([sql.SQL("(lookout_bucket, {})").format(name) for name in names]),
        limit=sql.Literal(MOST_GROUPS + 1),
    )


def explain_drilldown(request: Drilldown, rows: Sequence[Sequence[Any]]) -> list[Explanation]:
    """Return one explanation for each dimension, from the rows of the query of :func:`plan_drilldown`."""
    count = len(request.dimensions)
    number = request.monitor.clock.number(request.bucket_start)
    explanations = []
    for index, name in enumerate(request.dimensions, start=1):
        own_rows = [row for row in rows if row[index] == 0]
        if len(own_rows) > MOST_GROUPS:
            message = f"it has more than {MOST_GROUPS:,} values; choose a column with fewer"
            explanations.append(failed_explanation(name, message))
            continue
        values = [(row[0] == number, row[index + count], *row[2 * count + 1 : 2 * count + 4]) for row in own_rows]
        frame = pd.DataFrame(values, columns=["is_now", "value", "rows", "weight", "metric"])
        explanations.append(_explain(request, name, frame))
    return explanations


def _measured(metric: Metric) -> tuple[Metric, ...]:
    return () if metric.name == "row_count" else (metric,)


def _explain(request: Drilldown, dimension: str, frame: pd.DataFrame) -> Explanation:
    if frame.empty:
        return Explanation(dimension, "there are no rows to break down", {"change": 0.0})
    # Null counts as a value of its own.
    frame = frame.assign(value=frame["value"].fillna("(none)"))
    for name in ("rows", "weight", "metric"):
        frame[name] = frame[name].astype(float)
    is_additive = _adds_up(request, frame[frame["is_now"]])
    shares = _added(frame, len(request.compared)) if is_additive else _weighted(frame)
    change = float(shares["change"].sum())
    details: dict[str, Any] = {
        "bucket": request.bucket_start.astimezone(timezone.utc).isoformat(),
        "compared_with": [start.astimezone(timezone.utc).isoformat() for start in request.compared],
        "change": change,
    }
    if len(shares) < 2:
        only = f"{dimension} has one value only, {shares.index[0]}" if len(shares) else "there is nothing to break down"
        return Explanation(dimension, only, details)
    if not np.isfinite(change) or abs(change) <= 1e-9 * float(shares["now"].abs().sum() + shares["before"].abs().sum()):
        return Explanation(dimension, f"the values of {dimension} add up to no change", details)
    shares["share"] = shares["change"] / change
    shares = shares.sort_values("share", ascending=False, kind="stable")
    top = _top(shares["share"].to_numpy())
    details["values"] = [
        {"value": value, **{name: round(float(row[name]), 6) for name in ("now", "before", "share", "usual")}}
        for value, row in shares.head(MOST_DETAILS).iterrows()
    ]
    return Explanation(dimension, _sentence(request.metric, dimension, shares, top, change), details)


def _adds_up(request: Drilldown, now: pd.DataFrame) -> bool:
    """Return whether the metric of all rows is the sum of its parts, rather than their mean."""
    metric = request.metric
    if metric.expression is None or metric.kind in ("count", "rate"):
        return _is_total(metric)
    if request.observed is None or not now["weight"].sum():
        return False
    # A user's own metric may be either: whichever comes closer to the observed value.
    total = now["metric"].sum()
    mean = (now["metric"] * now["weight"]).sum() / now["weight"].sum()
    return bool(abs(total - request.observed) < abs(mean - request.observed))


def _is_total(metric: Metric) -> bool:
    return metric.name in _ADDITIVE if metric.expression is None else metric.kind == "count"


def _added(frame: pd.DataFrame, buckets: int) -> pd.DataFrame:
    """Return per value: sum now, mean sum before, change, and its usual share of the sum."""
    now = frame[frame["is_now"]].groupby("value")["metric"].sum()
    before = frame[~frame["is_now"]].groupby("value")["metric"].sum() / buckets
    both = pd.DataFrame({"now": now, "before": before}).fillna(0.0)
    both["change"] = both["now"] - both["before"]
    total = both["before"].abs().sum()
    both["usual"] = both["before"].abs() / total if total else 0.0
    return both


def _weighted(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the same for a mean or a rate: the change of a value is weighted by its rows.

    With weights w (shares of the rows) and means m, before 0 and now 1, and M0 the mean of all before, the change of
    all is the sum of w1 (m1 - M0) - w0 (m0 - M0): what a value adds by being different and by being more.
    """
    frame = frame[frame["metric"].notna()]
    frame = frame.assign(product=frame["metric"] * frame["weight"])
    now = frame[frame["is_now"]].groupby("value")[["weight", "product"]].sum()
    before = frame[~frame["is_now"]].groupby("value")[["weight", "product"]].sum()
    both = now.join(before, how="outer", lsuffix="_now", rsuffix="_before").fillna(0.0)
    weight_before, weight_now = both["weight_before"].sum(), both["weight_now"].sum()
    overall = both["product_before"].sum() / weight_before if weight_before else 0.0
    for when, total in (("now", weight_now), ("before", weight_before)):
        weight, product = both[f"weight_{when}"], both[f"product_{when}"]
        both[when] = (product / weight.where(weight > 0)).fillna(0.0)
        both[f"part_{when}"] = (product - overall * weight) / (total or 1.0)
    both["change"] = both["part_now"] - both["part_before"]
    both["usual"] = both["weight_before"] / (weight_before or 1.0)
    return both[["now", "before", "change", "usual"]]


def _top(share: Any) -> int:
    """Count the largest shares that make up most of the change: at most MOST_NAMED, and none against its direction."""
    total = np.cumsum(share[:MOST_NAMED])
    enough = np.flatnonzero(total >= ENOUGH_SHARE)
    count = int(enough[0]) + 1 if len(enough) else MOST_NAMED
    return min(count, int((share[:MOST_NAMED] > 0).sum()))


def _sentence(metric: Metric, dimension: str, shares: pd.DataFrame, top: int, change: float) -> str:
    share, usual = float(shares["share"].iloc[:top].sum()), float(shares["usual"].iloc[:top].sum())
    if share < LEAST_SHARE or share - usual < LEAST_EXCESS:
        return f"spread evenly over the {len(shares)} values of {dimension}"
    if metric.name == "row_count":
        what = "missing rows" if change < 0 else "extra rows"
    else:
        of = f" of {metric.column_name}" if metric.column_name else ""
        what = f"{'drop' if change < 0 else 'rise'} of {metric.name}{of}"
    much = "all" if share >= 0.995 else f"{100 * share:.0f} %"
    names = _listed([str(value) for value in shares.index[:top]])
    verb = "are" if metric.name == "row_count" else "is"
    whole = "it" if metric.name != "row_count" and _is_total(metric) else "the rows"
    rather = "none" if usual < 0.005 else f"{100 * usual:.0f} %"
    return f"{much} of the {what} {verb} from {dimension} {names} (usually {rather} of {whole})"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
