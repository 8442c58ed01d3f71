"""Metrics of one asset: every way to write them in YAML becomes ``Metric`` values with resolved numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from lookout.errors import short_repr, suggestion
from lookout.project.declarations.grain import GRAIN_STEP, Grain
from lookout.project.declarations.monitor import Kind, Method, Metric
from lookout.project.declarations.nodes import lookout_of
from lookout.project.declarations.settings import BUILT_IN, KINDS, MetricDefaults, MetricSettings, TableSettings
from lookout.project.validation import Reader

METHODS: tuple[Method, ...] = get_args(Method)
# Scores from which a bucket is a warning and critical, where nobody says otherwise.
WARN_SCORE = 2.0
CRITICAL_SCORE: dict[tuple[Method, Grain], float] = {
    ("learned", grain): 3.0 if step >= GRAIN_STEP["day"] else 3.5 for grain, step in GRAIN_STEP.items()
} | {("zscore", grain): 3.0 for grain in GRAIN_STEP}
ZSCORE_SAMPLE = 10
# Metrics that do not add up over parts of the rows.
WITHOUT_DIMENSIONS = ("freshness", "min", "max", "stddev")


def read_metrics(
    reader: Reader, settings: TableSettings, columns: Mapping[str, Any], timestamp_column: str
) -> tuple[Metric, ...]:
    """Read metrics from ``metrics``, from ``columns`` and from the dbt columns' own ``meta.lookout.metrics``.

    ``columns`` are the node's in the manifest. Mistakes go to ``reader``; a metric with a mistake is left out.
    """
    metrics: dict[tuple[str, str], Metric] = {}
    for inside, column, spec in _specs(reader, settings, columns):
        metric = _metric(reader, spec, inside, column, settings)
        if metric is None:
            continue
        if metric.name == "null_rate" and metric.column_name == timestamp_column:
            reader.wrong(f"{inside}: null_rate of the timestamp column '{timestamp_column}' is always 0; remove it.")
        elif (metric.name, metric.column_name) in metrics:
            of = f" of column '{metric.column_name}'" if metric.column_name else ""
            reader.wrong(f"{inside}: metric '{metric.name}'{of} is declared twice; keep one of the two.")
        else:
            metrics[metric.name, metric.column_name] = metric
    return tuple(metrics.values())


def _specs(reader: Reader, settings: TableSettings, columns: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield every declared metric as (the key it is under, its column or '', the spec as written)."""
    yield from (("metrics", "", spec) for spec in _listed(reader, settings.metrics, "metrics"))
    for column, specs in _by_column(reader, settings.columns).items():
        if not isinstance(column, str):
            reader.wrong(f"columns: {short_repr(column)} is not a column name; put it in quotes.")
            continue
        yield from ((f"columns.{column}", column, spec) for spec in _listed(reader, specs, f"columns.{column}"))
    for column, declared in columns.items():
        lookout = lookout_of(declared) or {}
        if "metrics" in lookout:
            inside = f"column {column}"
            yield from ((inside, column, spec) for spec in _listed(reader, lookout["metrics"], f"{inside}: metrics"))


def _by_column(reader: Reader, value: object) -> Mapping[Any, Any]:
    if isinstance(value, Mapping):
        return value
    reader.wrong(f"columns is {short_repr(value)}; it must be a mapping of keys to values.")
    return {}


def _listed(reader: Reader, value: object, key: str) -> Sequence[Any]:
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, str):
        return [value]
    reader.wrong(f"{key} is {short_repr(value)}; it must be a list of metrics.")
    return []


def _metric(reader: Reader, spec: object, inside: str, column: str, table: TableSettings) -> Metric | None:
    fields = _spelled_out(reader, spec, inside)
    if fields is None:
        return None
    before = len(reader.problems)
    key = f"{inside}.{fields['name']}" if isinstance(fields.get("name"), str) else inside
    defaults = table.defaults.model_dump(exclude_unset=True)
    settings = reader.read(MetricSettings, {**defaults, **fields}, key, inside=inside, context={"grain": table.grain})
    if settings is None:
        return None
    name = settings.name
    if column and settings.column and settings.column != column:
        reader.wrong(f"{key}: column '{settings.column}' contradicts '{column}', under which it stands.")
    column = settings.column or column
    kind = _kind(reader, settings, fields, column, inside)
    if settings.dimensions and name in WITHOUT_DIMENSIONS:
        reader.wrong(f"{key}: {name} cannot be broken down by dimensions; remove them.")
    if len(reader.problems) > before or kind is None:
        return None
    dimensions = table.dimensions if settings.dimensions is None else settings.dimensions
    return Metric(
        name=name,
        kind=kind,
        column_name=column,
        expression=settings.expression,
        description=settings.description or "",
        dimensions=() if name in WITHOUT_DIMENSIONS else dimensions,
        **resolved(settings, name, table.grain),
    )


def _spelled_out(reader: Reader, spec: object, inside: str) -> dict[str, Any] | None:
    """Return ``null_rate(dep_time)`` and ``null_rate`` as mappings; mappings as they are."""
    if isinstance(spec, str):
        match = re.fullmatch(r"\s*(\w+)\s*\((.+)\)\s*", spec, flags=re.DOTALL)
        return {"name": match[1], "column": match[2].strip()} if match else {"name": spec.strip()}
    if isinstance(spec, Mapping):
        return dict(spec)
    reader.wrong(f"{inside}: {short_repr(spec)} is not a metric; write a name, name(column) or {{name: ..., ...}}.")
    return None


def _kind(reader: Reader, settings: MetricSettings, fields: Mapping[str, Any], column: str, inside: str) -> Kind | None:
    name, chosen = settings.name, settings.kind
    built_in = BUILT_IN.get(name)
    if built_in is None:
        if "expression" not in fields:
            hint = suggestion(name, tuple(BUILT_IN)).rstrip(".?")
            end = "?" if hint.startswith("did") else ", or give your own metric an `expression`."
            reader.wrong(f"unknown metric '{name}' in {inside}; {hint}{end}")
        elif not re.fullmatch(r"[A-Za-z_]\w{0,62}", name):
            reader.wrong(f"{inside}: '{name}' is not a metric name; use letters, digits and underscores.")
        elif "kind" not in fields:
            reader.wrong(f"{inside}.{name}: kind is missing; use one of {', '.join(KINDS)}.")
        return chosen if settings.expression else None
    if "expression" in fields:
        reader.wrong(f"{inside}: '{name}' is built in and takes no expression; give your own metric another name.")
    if built_in.needs_column and not column and fields.get("column") is None:
        reader.wrong(
            f"{inside}: metric '{name}' needs a column; write {name}(column) or {{name: {name}, column: ...}}."
        )
    if not built_in.needs_column and column:
        reader.wrong(f"{inside}: metric '{name}' measures the whole table; remove column '{column}'.")
    if chosen is not None and chosen not in built_in.kinds:
        reader.wrong(f"{inside}.{name}: kind is '{chosen}'; {name} is always of kind {built_in.kinds[0]}.")
    return chosen or built_in.kinds[0]


def resolved(settings: MetricDefaults, name: str, grain: Grain) -> dict[str, Any]:
    """Return the fields of a Metric that decide when it is wrong. Scores are divided by the sensitivity."""
    method, is_freshness = settings.method, name == "freshness"
    warn, critical = settings.warn_score or settings.threshold, settings.critical_score
    if critical is None:
        critical = max(CRITICAL_SCORE[method, grain], warn or 0.0)
    if warn is None:
        warn = min(WARN_SCORE, critical)
    # `threshold` is the score from which people want an alert, so it also lets warnings through.
    is_loud = method == "zscore" or settings.threshold is not None
    least_change = settings.min_absolute_change
    if least_change is None and is_freshness:
        # Within one bucket the age of the newest row is noise.
        least_change = GRAIN_STEP[grain].total_seconds()
    return {
        "method": method,
        # Younger than usual is never wrong.
        "direction": settings.direction or ("up" if is_freshness else "both"),
        "warn_score": warn / settings.sensitivity,
        "critical_score": critical / settings.sensitivity,
        "alert_from": settings.alert_from or ("warning" if is_loud else "critical"),
        "lower_limit": settings.lower_limit,
        "upper_limit": settings.upper_limit,
        "min_absolute_change": least_change,
        "min_relative_change": settings.min_relative_change,
        "window": settings.window,
        "min_sample_size": settings.min_sample_size or (ZSCORE_SAMPLE if method == "zscore" else None),
    }
