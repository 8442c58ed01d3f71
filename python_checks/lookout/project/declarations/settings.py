"""The settings under ``meta.lookout`` of tables and columns, as pydantic models."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    SkipValidation,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from lookout.errors import ConfigError
from lookout.project.declarations.grain import GRAIN_STEP, Grain, zone_problem
from lookout.project.declarations.monitor import Direction, Kind, Method, Metric, Monitor, Severity
from lookout.project.holidays import read_countries
from lookout.project.validation import (
    Columns,
    Duration,
    DurationOrZero,
    Period,
    Settings,
    Text,
    mistake,
    parse_duration,
)


@dataclass(frozen=True)
class BuiltIn:
    """A metric that Lookout knows how to measure. ``kinds[0]`` is the default kind; others may be chosen instead."""

    kinds: tuple[Kind, ...]
    needs_column: bool


BUILT_IN: dict[str, BuiltIn] = {
    "row_count": BuiltIn(("count",), needs_column=False),
    "freshness": BuiltIn(("positive",), needs_column=False),
    "null_rate": BuiltIn(("rate",), needs_column=True),
    "zero_rate": BuiltIn(("rate",), needs_column=True),
    "negative_rate": BuiltIn(("rate",), needs_column=True),
    "distinct_count": BuiltIn(("count",), needs_column=True),
    "mean": BuiltIn(("real", "count", "rate", "positive"), needs_column=True),
    "min": BuiltIn(("real", "count", "rate", "positive"), needs_column=True),
    "max": BuiltIn(("real", "count", "rate", "positive"), needs_column=True),
    "sum": BuiltIn(("real", "count", "rate", "positive"), needs_column=True),
    "stddev": BuiltIn(("positive",), needs_column=True),
}
DEFAULT_METRICS = ("row_count", "freshness")


def _buckets(value: object, info: ValidationInfo) -> object:
    """Return a window as a number of buckets, from a number or from a length of time."""
    if not isinstance(value, (str, Mapping)):
        return value
    length = parse_duration(value)
    if length is None:
        raise mistake("{key} is {value}; write a number of buckets, or a length like '30 days'.")
    return math.ceil(length / GRAIN_STEP[(info.context or {}).get("grain", "day")])


def _zone(value: str) -> str:
    problem = zone_problem(value)
    if problem:
        raise mistake("{key} is {value}; {problem}", problem=problem)
    return value


TimeZone = Annotated[str, AfterValidator(_zone), WithJsonSchema({"type": "string"})]


def _countries(value: object) -> tuple[str, ...]:
    """Return the codes of countries as they are usually written."""
    try:
        return read_countries(value)
    except ConfigError as error:
        raise mistake("{key} {rest}", rest=str(error)) from None


Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Buckets = Annotated[int, Field(ge=2)]
Window = Annotated[Buckets, BeforeValidator(_buckets, json_schema_input_type=int | str | Period)]
Countries = Annotated[tuple[str, ...], PlainValidator(_countries, json_schema_input_type=str | list[str])]
# Owners are read as dbt's: a name, a list of names, or a mapping with name and email.
Owner = Annotated[Any, WithJsonSchema({"type": ["string", "array", "object"]})]


class MetricDefaults(Settings):
    """The settings that hold for every metric of a table that does not say otherwise."""

    method: Method = Metric.method
    direction: Direction | None = None
    sensitivity: Positive = 1.0
    warn_score: Positive | None = None
    threshold: Positive | None = None
    critical_score: Positive | None = None
    alert_from: Severity | None = None
    lower_limit: float | None = None
    upper_limit: float | None = None
    min_absolute_change: NotNegative | None = None
    min_relative_change: NotNegative | None = None
    window: Window | None = None
    min_sample_size: Buckets | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> MetricDefaults:
        warn = self.warn_score or self.threshold
        if self.warn_score and self.threshold:
            raise mistake("{key}: warn_score and threshold mean the same; keep one of the two.")
        if warn and self.critical_score and warn > self.critical_score:
            raise mistake(
                "{key}: warn_score {warn:g} is above critical_score {critical:g}; a warning must come first.",
                warn=warn,
                critical=self.critical_score,
            )
        low, high = self.lower_limit, self.upper_limit
        if low is not None and high is not None and low > high:
            raise mistake("{key}: lower_limit {low:g} is above upper_limit {high:g}.", low=low, high=high)
        return self


class MetricSettings(MetricDefaults):
    """A metric that is written as a mapping."""

    sentences: ClassVar[Mapping[str, str]] = {"name.missing": "{inside}: a metric has no name; write {{name: ...}}."}
    name: Text
    column: Text | None = None
    kind: Kind | None = None
    expression: Text | None = None
    description: Text | None = None
    dimensions: Columns | None = None


class FreshnessLimits(Settings):
    """The fixed limits of the age of the newest row."""

    warn_after: Duration | None = Field(default=None, description="Older than this is a warning.")
    error_after: Duration | None = Field(default=None, description="Older than this is critical.")

    @model_validator(mode="after")
    def _warns_first(self) -> FreshnessLimits:
        if self.warn_after and self.error_after and self.warn_after > self.error_after:
            raise mistake("{key}.warn_after is longer than {key}.error_after; a warning must come first.")
        return self


# One metric is a list of one. Each is read by itself, so that a mistake names the metric.
Metrics = SkipValidation[str | Sequence[str | MetricSettings]]


class TableSettings(Settings):
    """The settings of a table. ``contract`` and ``pipeline`` have models of their own, where they are read."""

    filled = ("metrics",)
    enabled: bool = True
    connection: Text | None = None
    schema_name: Text | None = Field(default=None, alias="schema")
    table: Text | None = None
    owner: Owner = None
    layer: Text | None = None
    description: Text | None = None
    timestamp_column: Text | None = None
    grain: Grain = "day"
    time_zone: TimeZone | None = None
    metrics: Metrics = DEFAULT_METRICS
    columns: SkipValidation[dict[str, Metrics]] = Field(default_factory=dict)
    filter: Text | None = None
    late_window: DurationOrZero = Monitor.late_window
    history: Duration = Monitor.history
    delay: DurationOrZero | None = None
    freshness: FreshnessLimits | None = None
    defaults: MetricDefaults = MetricDefaults()
    dimensions: Columns = ()
    holidays: Countries | None = None
    contract: SkipValidation[Any] = None
    pipeline: SkipValidation[Any] = None


class ColumnSettings(Settings):
    """The settings of a column."""

    metrics: Metrics = ()
    contract: SkipValidation[Any] = None


KINDS: tuple[Kind, ...] = get_args(Kind)
