"""Whatever is written for whatever key, the answer is a sentence about that key, and never one of pydantic's."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookout.contracts.spec.settings import ColumnContractSettings, ContractSettings, RuleSettings, SampleSettings
from lookout.errors import ConfigError
from lookout.notify.settings.file import (
    DefaultRoute,
    DigestTimes,
    Match,
    Notifications,
    Quiet,
    RouteSettings,
    SettingsFile,
    TargetSettings,
)
from lookout.project.declarations.settings import (
    ColumnSettings,
    FreshnessLimits,
    MetricDefaults,
    MetricSettings,
    TableSettings,
)
from lookout.project.lookout_file import LimitSettings, read_options
from lookout.project.validation import Reader, Settings, keys_of
from lookout.runs.backtest.settings import BacktestSettings
from lookout.tracking.dbt.limits import PipelineSettings

URL = {"env": "A"}
# What each model needs beside the key that is tried.
NEEDED: dict[type[Settings], dict[str, Any]] = {
    SettingsFile: {},
    Notifications: {"targets": {"a": {"url": URL}}, "default": "a"},
    TargetSettings: {"url": URL},
    RouteSettings: {"match": {"owner": "x"}, "targets": "a"},
    DefaultRoute: {"targets": "a"},
    Match: {"owner": "x"},
    Quiet: {"days": "sat"},
    DigestTimes: {"at": "08:00"},
    LimitSettings: {},
    TableSettings: {},
    ColumnSettings: {},
    MetricDefaults: {},
    BacktestSettings: {},
    MetricSettings: {"name": "row_count"},
    FreshnessLimits: {},
    PipelineSettings: {},
    ContractSettings: {},
    RuleSettings: {"name": "x"},
    SampleSettings: {"rows": 1},
    ColumnContractSettings: {},
}
WRONG: list[Any] = [
    True, 0, -1, 1.0, 2.5, math.nan, math.inf, 10**400, "", " ", "a\x00b", "x\ny", "\ud800", "yes", "10", "{key}", b"x",
    [], [1], ["a", "a"], [["a"]], [None], [{}], {}, {"x": 1}, {5: 5}, {"a": "b"}, {"a": {"url": 5}}, {"env": 1},
    {"count": True, "period": "day"}, {"expression": 1}, [{"expression": "a", "x": 1}], [{"match": 1, "targets": "a"}],
    datetime.date(2026, 1, 1), {1}, object(),
]  # fmt: skip
FOREIGN = ("Input should", "valid ", "Field required", "Extra input", "pydantic", "int_type", "string_type", "model_type", "literal_error", "validation error",
           "not understood", "__", "mistake", "{hint}")  # fmt: skip


def _tries() -> Iterator[tuple[type[Settings], str]]:
    for model in NEEDED:
        for key in keys_of(model):
            yield model, key


@pytest.mark.parametrize(("model", "key"), _tries())
def test_a_wrong_value_is_a_sentence_about_its_key(model: type[Settings], key: str) -> None:
    for value in WRONG:
        reader = Reader("file.yml")
        reader.read(model, {**NEEDED[model], key: value}, "root.here")
        for sentence in reader.problems:
            assert sentence.startswith("file.yml: "), sentence
            assert sentence[-1] in ".?", sentence
            assert key in sentence or "root.here" in sentence or "the name of a target" in sentence, sentence
            assert not any(word in sentence for word in FOREIGN), sentence


@pytest.mark.parametrize("model", NEEDED)
def test_a_slip_in_a_key_names_the_right_one_and_a_mapping_is_asked_for(model: type[Settings]) -> None:
    for key in keys_of(model):
        reader = Reader("file.yml")
        reader.read(model, {**NEEDED[model], f"{key}z": 1}, "root.here")
        said = f"file.yml: unknown key '{key}z' in root.here; did you mean '{key}'?"
        assert said in reader.problems
    for value in ([], "x", 5):
        reader = Reader("file.yml")
        assert reader.read(model, value, "root.here") is None
        (sentence,) = reader.problems
        assert sentence.endswith("must be a mapping of keys to values.")


def test_limits_of_lookout_yml_reach_the_run(tmp_path: Path) -> None:
    assert (read_options(tmp_path).run_limit, read_options(tmp_path).lease) == (6 * 3600, 120)
    file = tmp_path / "lookout.yml"
    file.write_text(
        "limits: {run: 2 hours, source: 90 seconds, statement: 1 minute, lock: 5 seconds, lease: 3 minutes}"
    )
    found = read_options(tmp_path)
    times = (found.run_limit, found.source_limit, found.statement_timeout, found.lock_timeout, found.lease)
    assert times == (7200, 90, 60, 5, 180)
    file.write_text("limits: {run: soon, sauce: 1 minute}")
    with pytest.raises(ConfigError) as wrong:
        read_options(tmp_path)
    assert str(wrong.value).splitlines() == [
        "lookout.yml: unknown key 'sauce' in limits; did you mean 'source'?",
        "lookout.yml: limits.run is 'soon'; write it like '3 days', '36 hours' or {count: 3, period: day}.",
    ]


def test_every_model_is_tried() -> None:
    def below(model: type[Settings]) -> Iterator[type[Settings]]:
        for child in model.__subclasses__():
            yield child
            yield from below(child)

    # What dbt writes instead of people is tried in test_every_file.py.
    written_by_people = {model for model in below(Settings) if model.__module__ != "lookout.project.artifacts.damage"}
    assert {model.__name__ for model in written_by_people - set(NEEDED)} == {"EnvironmentVariable"}


@pytest.mark.parametrize(
    ("model", "content"),
    [
        (TableSettings, {"enabled": "yes"}),
        (MetricDefaults, {"window": "10"}),
        (MetricDefaults, {"min_sample_size": 10.0}),
        (MetricDefaults, {"sensitivity": "10"}),
        (TargetSettings, {"url": URL, "most_messages": 5.0}),
        (TargetSettings, {"url": URL, "icon": 1}),
        (SampleSettings, {"rows": "1000"}),
    ],
)
def test_nothing_is_converted_that_may_be_a_slip(model: type[Settings], content: dict[str, Any]) -> None:
    reader = Reader("file.yml")
    reader.read(model, content)
    assert len(reader.problems) == 1


def test_every_wrong_key_is_said_at_once_with_its_path() -> None:
    reader = Reader("lookout.yml")
    route = {"match": {"ownr": "x", "severity": 5}, "targets": "b", "loud": ["fatal"]}
    settings = {"targets": {"b": {"url": 5, "icon": 7}}, "routes": [route], "default": [], "timezone": "Nowhere"}
    reader.read(SettingsFile, {"notifications": settings}, context={"targets": ("b",)})
    keys = (
        "routes[1].match",
        "routes[1].match.severity",
        "routes[1].loud[1]",
        "targets.b.url",
        "targets.b.icon",
        "timezone",
    )
    assert len(reader.problems) == len(keys)
    for key in keys:
        assert any(f"notifications.{key}" in sentence for sentence in reader.problems), key


def test_a_wrong_key_takes_only_itself_away() -> None:
    reader = Reader("file.yml")
    found = reader.read(MetricDefaults, {"direction": "up", "window": []})
    assert found is not None
    assert (found.direction, found.window) == ("up", None)


def test_an_address_is_in_no_representation() -> None:
    assert "t0ken" not in repr(Reader("x").read(TargetSettings, {"url": "https://${HOST}/t0ken"}))
