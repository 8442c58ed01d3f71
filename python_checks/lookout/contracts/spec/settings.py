"""The settings under ``contract`` of tables and columns, as pydantic models."""

from __future__ import annotations

from collections.abc import Mapping
from sys import float_info
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from lookout.contracts.spec.model import Contract, Mode, SampleMethod, Sampling, Unexpected
from lookout.project.declarations.monitor import Severity
from lookout.project.validation import Columns, Settings, Text, list_of, mistake, read_columns

Length = Annotated[int, Field(ge=0)]


def _bound(value: object) -> float | int | str:
    """Return a number, or a text such as a date that the database compares in the type of the column."""
    if isinstance(value, str):
        if value.strip() and "\x00" not in value:
            return value
        raise mistake("{key} is {value}; it must be a non-empty text.")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= float_info.max:
        raise mistake("{key} is {value}; it must be a number.")
    return value


def _values(value: object) -> tuple[str | float, ...]:
    if isinstance(value, list) and value and all(isinstance(item, (str, int, float)) for item in value):
        return tuple(value)
    raise mistake("{key} is {value}; it must be a list of texts or numbers.")


def _keys(value: object) -> tuple[tuple[str, ...], ...]:
    if isinstance(value, list) and all(isinstance(key, list) and key for key in value):
        return tuple(read_columns(key) for key in value)
    raise mistake("{key} is {value}; it must be a list of keys, such as [[order_id]].")


def _rule(value: object) -> object:
    if isinstance(value, Mapping) and len({"expression", "unique"} & set(value)) == 1:
        return value
    raise mistake("{key}: {value} is not a rule; write {{expression: ...}} or {{unique: [...]}}.")


def _version(value: object) -> str:
    """Return a version as text; YAML reads 1.2 as a number."""
    if isinstance(value, (int, float, str)) and not isinstance(value, bool) and str(value).strip():
        return str(value)
    raise mistake("{key} is {value}; it must be a non-empty text.")


Bound = Annotated[float | int | str, PlainValidator(_bound, json_schema_input_type=float | str)]


class ColumnContractSettings(Settings):
    """The mapping under ``contract`` of a column."""

    required: bool = True
    nullable: bool | None = None
    unique: bool = False
    min: Bound | None = None
    max: Bound | None = None
    strict: bool = False
    accepted_values: (
        Annotated[tuple[str | float, ...], PlainValidator(_values, json_schema_input_type=list[str | float])] | None
    ) = None
    min_length: Length | None = None
    max_length: Length | None = None
    pattern: Text | None = None
    precision: Length | None = None
    severity: Severity | None = None
    where: Text | None = None

    @model_validator(mode="after")
    def _is_in_order(self) -> ColumnContractSettings:
        for a, b in (("min", "max"), ("min_length", "max_length")):
            low, high = getattr(self, a), getattr(self, b)
            if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
                raise mistake("{key}.{a} {low:g} is above {key}.{b} {high:g}.", a=a, low=low, b=b, high=high)
        return self


class RuleSettings(Settings):
    """An entry of ``rules``; it has either ``expression`` or ``unique``."""

    filled = ("expression", "unique")
    expression: Text | None = None
    unique: Columns | None = None
    name: Text | None = None
    severity: Severity | None = None
    where: Text | None = None

    @model_validator(mode="after")
    def _names_columns(self) -> RuleSettings:
        if self.unique == ():
            raise mistake("{key}.unique names no column.")
        return self


class SampleSettings(Settings):
    """The mapping under ``sample``."""

    sentences: ClassVar[Mapping[str, str]] = {"rows.missing": "{parent} has no rows; write {{rows: 1000}}."}
    rows: Annotated[int, Field(ge=1)]
    method: SampleMethod = Sampling.method


class ContractSettings(Settings):
    """The mapping under ``contract`` of a table."""

    mode: Mode = Contract.mode
    version: Annotated[str, PlainValidator(_version, json_schema_input_type=str | float)] = ""
    unexpected: Unexpected | None = None
    severity: Severity | None = None
    payload: Text | None = None
    keys: Annotated[tuple[tuple[str, ...], ...], PlainValidator(_keys, json_schema_input_type=list[list[str]])] = ()
    rules: Annotated[
        tuple[Annotated[RuleSettings, BeforeValidator(_rule)], ...],
        list_of(RuleSettings, "{key} is {value}; it must be a list of {{expression: ...}} or {{unique: [...]}}."),
    ] = ()
    filter: Text | None = None
    timestamp_column: Text | None = None
    incremental: bool = Contract.incremental
    sample: SampleSettings | None = None
    examples: Columns = ()
    include_sample_data: bool = Contract.include_sample_data
    tests: bool | None = None
