"""Metrics of one asset: every way to write them in YAML becomes ``Metric`` values with resolved numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from lookout.project.declarations.monitor import GRAIN_STEP, Direction, Grain, Kind, Method, Metric, Severity
from lookout.project.declarations.nodes import lookout_of
from lookout.project.declarations.settings import (
    BUILT_IN,
    DEFAULT_METRICS,
    KINDS,
    METRIC_KEYS,
    SETTING_KEYS,
    Reader,
    parse_duration,
    short_repr,
    suggestion,
)

METHODS: tuple[Method, ...] = ("learned", "zscore")
DIRECTIONS: tuple[Direction, ...] = ("both", "up", "down")
SEVERITIES: tuple[Severity, ...] = ("warning", "critical")
# Scores from which a bucket is a warning and critical, where nobody says otherwise.
WARN_SCORE = 2.0
CRITICAL_SCORE: dict[tuple[Method, Grain], float] = {
    ("learned", "day"): 3.0,
    ("learned", "hour"): 3.5,
    ("zscore", "day"): 3.0,
    ("zscore", "hour"): 3.0,
}
ZSCORE_SAMPLE = 10
# Metrics that do not add up over parts of the rows.
WITHOUT_DIMENSIONS = ("freshness", "min", "max", "stddev")


def read_metrics(
    reader: Reader, settings: Mapping[str, Any], columns: Mapping[str, Any], grain: Grain, timestamp_column: str
) -> tuple[Metric, ...]:
    """Read metrics from ``metrics``, from ``columns`` and from the dbt columns' own ``meta.lookout.metrics``.

    ``settings`` is the asset's ``lookout`` mapping and ``columns`` the node's columns in the manifest. Mistakes go to
    ``reader``; a metric with a mistake is left out.
    """
    defaults = reader.mapping(settings.get("defaults"), "defaults")
    reader.unknown_keys(defaults, SETTING_KEYS, "defaults")
    defaults = {key: value for key, value in defaults.items() if key in SETTING_KEYS}
    _settings(reader, defaults, "defaults", grain)
    dimensions = reader.names(settings.get("dimensions"), "dimensions")
    metrics: dict[tuple[str, str], Metric] = {}
    for inside, column, spec in _specs(reader, settings, columns):
        metric = _metric(reader, spec, inside, column, defaults, grain, dimensions)
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


def _specs(reader: Reader, settings: Mapping[str, Any], columns: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield every declared metric as (the key it is under, its column or '', the spec as written)."""
    table_specs = settings.get("metrics", list(DEFAULT_METRICS))
    yield from (("metrics", "", spec) for spec in _listed(reader, table_specs, "metrics"))
    for column, specs in reader.mapping(settings.get("columns"), "columns").items():
        if not isinstance(column, str):
            reader.wrong(f"columns: {short_repr(column)} is not a column name; put it in quotes.")
            continue
        yield from ((f"columns.{column}", column, spec) for spec in _listed(reader, specs, f"columns.{column}"))
    for column, declared in columns.items():
        lookout = lookout_of(declared) or {}
        if "metrics" in lookout:
            inside = f"column {column}"
            yield from ((inside, column, spec) for spec in _listed(reader, lookout["metrics"], f"{inside}: metrics"))


def _listed(reader: Reader, value: object, key: str) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return [value]
    reader.wrong(f"{key} is {short_repr(value)}; it must be a list of metrics.")
    return []


def _metric(
    reader: Reader,
    spec: object,
    inside: str,
    column: str,
    defaults: Mapping[str, Any],
    grain: Grain,
    dimensions: tuple[str, ...],
) -> Metric | None:
    fields = _spelled_out(reader, spec, inside)
    if fields is None:
        return None
    before = len(reader.problems)
    reader.unknown_keys(fields, METRIC_KEYS, inside)
    name = reader.text(fields.get("name"), f"{inside}.name")
    if "name" not in fields:
        reader.wrong(f"{inside}: a metric has no name; write {{name: ...}}.")
    if not name:
        return None
    label = f"{inside}.{name}"
    own_column = reader.text(fields.get("column"), f"{label}.column")
    if column and own_column and own_column != column:
        reader.wrong(f"{label}: column '{own_column}' contradicts '{column}', under which it stands.")
    column = own_column or column
    expression = None if name in BUILT_IN else reader.text(fields.get("expression"), f"{label}.expression")
    kind = _kind(reader, name, fields, expression, column, inside)
    values = _settings(reader, {**defaults, **fields}, label, grain, report=fields)
    own_dimensions = reader.names(fields.get("dimensions"), f"{label}.dimensions")
    if own_dimensions and name in WITHOUT_DIMENSIONS:
        reader.wrong(f"{label}: {name} cannot be broken down by dimensions; remove them.")
    if len(reader.problems) > before or kind is None:
        return None
    resolved: dict[str, Any] = {"direction": "both"}
    if name == "freshness":
        # Younger than usual is never wrong, and within one bucket the age of the newest row is noise.
        resolved = {"direction": "up", "min_absolute_change": GRAIN_STEP[grain].total_seconds()}
    resolved |= {key: value for key, value in values.items() if value is not None or key not in resolved}
    own_or_inherited = own_dimensions if "dimensions" in fields else dimensions
    return Metric(
        name=name,
        kind=kind,
        column_name=column,
        expression=expression,
        description=reader.text(fields.get("description"), f"{label}.description") or "",
        dimensions=() if name in WITHOUT_DIMENSIONS else own_or_inherited,
        **resolved,
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


def _kind(
    reader: Reader, name: str, fields: Mapping[str, Any], expression: str | None, column: str, inside: str
) -> Kind | None:
    chosen = cast("Kind | None", reader.choice(fields.get("kind"), f"{inside}.{name}.kind", KINDS))
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
        return chosen if expression else None
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


def _settings(
    reader: Reader, settings: Mapping[str, Any], label: str, grain: Grain, report: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Resolve the settings of one metric. Only mistakes in ``report`` are reported: defaults were checked before."""
    quiet = Reader(reader.where)

    def look_up(key: str) -> tuple[Reader, object, str]:
        return (reader if report is None or key in report else quiet), settings.get(key), f"{label}.{key}"

    def number(key: str, **limits: float) -> float | None:
        key_reader, value, name = look_up(key)
        return key_reader.number(value, name, **limits)

    def choice(key: str, allowed: tuple[str, ...]) -> str | None:
        key_reader, value, name = look_up(key)
        return key_reader.choice(value, name, allowed)

    method = cast(Method, choice("method", METHODS) or "learned")
    key_reader, value, name = look_up("min_sample_size")
    sample = key_reader.whole(value, name, least=2)
    values: dict[str, Any] = {
        "method": method,
        "direction": choice("direction", DIRECTIONS),
        "alert_from": choice("alert_from", SEVERITIES),
        "lower_limit": number("lower_limit"),
        "upper_limit": number("upper_limit"),
        "min_absolute_change": number("min_absolute_change", least=0),
        "min_relative_change": number("min_relative_change", least=0),
        "window": _window(*look_up("window"), grain),
        "min_sample_size": sample or (ZSCORE_SAMPLE if method == "zscore" else None),
    }
    # `threshold` is the score from which people want an alert, so it also lets warnings through.
    loud = method == "zscore" or settings.get("threshold") is not None
    values["alert_from"] = values["alert_from"] or ("warning" if loud else "critical")
    is_new = report is None or bool({"warn_score", "threshold", "critical_score"} & report.keys())
    values |= _scores(reader if is_new else quiet, settings, label, CRITICAL_SCORE[method, grain], number)
    low, high = values["lower_limit"], values["upper_limit"]
    if low is not None and high is not None and low > high:
        limit_reader = reader if report is None or {"lower_limit", "upper_limit"} & report.keys() else quiet
        limit_reader.wrong(f"{label}: lower_limit {low:g} is above upper_limit {high:g}.")
    return {key: value for key, value in values.items() if value is not None}


def _scores(
    reader: Reader, settings: Mapping[str, Any], label: str, default_critical: float, number: Any
) -> dict[str, float]:
    """Resolve the score thresholds, divided by the sensitivity; an unset one follows the other where it must."""
    if settings.get("warn_score") is not None and settings.get("threshold") is not None:
        reader.wrong(f"{label}: warn_score and threshold mean the same; keep one of the two.")
    critical = number("critical_score", above=0)
    threshold = number("threshold", above=0)
    warn = number("warn_score", above=0) or threshold
    sensitivity = number("sensitivity", above=0) or 1.0
    if warn is not None and critical is not None and warn > critical:
        reader.wrong(f"{label}: warn_score {warn:g} is above critical_score {critical:g}; a warning must come first.")
    if critical is None:
        critical = max(default_critical, warn or 0.0)
    if warn is None:
        warn = min(WARN_SCORE, critical)
    return {"warn_score": warn / sensitivity, "critical_score": critical / sensitivity}


def _window(reader: Reader, value: object, key: str, grain: Grain) -> int | None:
    """Return a window as a number of buckets, from a number or from a length of time."""
    if isinstance(value, (str, Mapping)):
        length = parse_duration(value)
        if length is None:
            reader.wrong(f"{key} is {short_repr(value)}; write a number of buckets, or a length like '30 days'.")
            return None
        value = math.ceil(length / GRAIN_STEP[grain])
    return reader.whole(value, key, least=2)
