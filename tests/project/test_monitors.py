"""Monitors read from a manifest, and the sentence that each wrong setting earns."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lookout.errors import ArtifactError, ConfigError
from lookout.project.declarations.effects import without_effect
from lookout.project.declarations.monitor import Metric, Monitor
from lookout.project.declarations.monitors import (
    MONITOR_COLUMNS,
    load_monitors,
    monitor_rows,
    settings_hash,
)
from lookout.project.files import check_manifest_version
from tests.conftest import ROOT

AS_OF = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


def source(lookout: Any, name: str = "flights", **more: Any) -> dict[str, Any]:
    node = {
        "resource_type": "source",
        "unique_id": f"source.shop.batch_analytics.{name}",
        "source_name": "batch_analytics",
        "name": name,
        "identifier": name,
        "schema": "marts",
        "original_file_path": "models/sources.yml",
        "columns": {},
        "config": {"meta": {} if lookout is None else {"lookout": lookout}},
    }
    return {**node, **more}


def model(lookout: Any, name: str = "orders", **more: Any) -> dict[str, Any]:
    node = {
        "resource_type": "model",
        "unique_id": f"model.shop.{name}",
        "name": name,
        "alias": name,
        "schema": "public",
        "patch_path": "shop://models/_models.yml",
        "original_file_path": f"models/{name}.sql",
        "columns": {},
        "config": {"meta": {"lookout": lookout}, "materialized": "table"},
    }
    return {**node, **more}


def load(*nodes: dict[str, Any], **settings: Any) -> tuple[Monitor, ...]:
    manifest = {
        "nodes": {n["unique_id"]: n for n in nodes if n["resource_type"] != "source"},
        "sources": {n["unique_id"]: n for n in nodes if n["resource_type"] == "source"},
        **settings.pop("manifest", {}),
    }
    return load_monitors(manifest, default_connection="warehouse", **settings)


def watch(text: str = "", **more: Any) -> Monitor:
    """The one monitor of a source with these settings as YAML, on top of a timestamp column."""
    (monitor,) = load(source({"timestamp_column": "loaded_at", **(yaml.safe_load(text) or {})}, **more))
    return monitor


def metric(text: str, **more: Any) -> Metric:
    """The first metric of ``metrics: [...]`` as YAML."""
    return watch(text, **more).metrics[0]


def problems(text: str, **more: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        watch(text, **more)
    return str(caught.value).splitlines()


def test_defaults() -> None:
    monitor = watch()
    assert monitor == Monitor(
        connection="warehouse",
        schema="marts",
        table="flights",
        timestamp_column="loaded_at",
        grain="day",
        metrics=(
            Metric("row_count", "count", warn_score=2.0, critical_score=3.0, alert_from="critical"),
            Metric(
                "freshness",
                "positive",
                direction="up",
                warn_score=2.0,
                critical_score=3.0,
                alert_from="critical",
                min_absolute_change=86_400.0,
            ),
        ),
        node_id="source.shop.batch_analytics.flights",
        file="models/sources.yml",
        layer="batch",
    )
    assert monitor.late_window == timedelta(days=3)
    assert monitor.delay is None
    assert monitor.history == timedelta(days=400)


def test_hourly_tables_belong_to_the_cdc_layer_and_need_a_higher_score() -> None:
    monitor = watch("grain: hour")
    assert (monitor.layer, monitor.metrics[0].critical_score) == ("cdc", 3.5)


def test_a_table_without_settings_is_not_watched() -> None:
    assert load(source(None), model({"contract": {"strict": True}}), source({"enabled": False}, "other")) == ()
    assert load(source(False), source({"timestamp_column": "x", "enabled": False}, "other")) == ()


def test_places_come_from_the_node_unless_named() -> None:
    monitor = watch("{connection: cdc, schema: 'Raw Data', table: 'Flights 2', layer: cdc}")
    assert (monitor.connection, monitor.asset, monitor.layer) == ("cdc", "Raw Data.Flights 2", "cdc")
    aliased = load(model({"timestamp_column": "at"}, alias="orders_v2"))[0]
    assert (aliased.asset, aliased.file, aliased.is_model) == ("public.orders_v2", "models/_models.yml", True)


def test_a_table_adds_to_what_its_source_says() -> None:
    inherited = {"connection": "batch", "defaults": {"method": "zscore"}, "grain": "hour"}
    node = source({"grain": "day", "timestamp_column": "at"}, source_meta={"lookout": inherited})
    (monitor,) = load(node)
    assert (monitor.connection, monitor.grain, monitor.metrics[0].method) == ("batch", "day", "zscore")


def test_a_source_that_only_names_its_connection_watches_nothing_by_itself() -> None:
    inherited = {"connection": "batch"}
    assert load(source(inherited, source_meta={"lookout": inherited})) == ()


@pytest.mark.parametrize(
    ("loaded_at", "column"), [("Loaded_At", "loaded_at"), ('"Loaded At"', "Loaded At"), ('"a""b"', 'a"b')]
)
def test_dbt_names_the_timestamp_column_as_sql_does(loaded_at: str, column: str) -> None:
    (monitor,) = load(source({"grain": "day"}, loaded_at_field=loaded_at))
    assert monitor.timestamp_column == column


def test_freshness_limits_come_from_dbt_unless_said_otherwise() -> None:
    dbt = {
        "warn_after": {"count": 12, "period": "hour"},
        "error_after": {"count": None, "period": None},
        "filter": None,
    }
    assert watch(freshness=dbt).warn_after == timedelta(hours=12)
    assert watch(freshness=dbt).error_after is None
    own = watch("freshness: {warn_after: 30 minutes, error_after: {count: 2, period: hour}}", freshness=dbt)
    assert (own.warn_after, own.error_after) == (timedelta(minutes=30), timedelta(hours=2))


@pytest.mark.parametrize(
    ("node", "owner"),
    [
        (source({"owner": "Ann", "timestamp_column": "at"}), "Ann"),
        (source({"timestamp_column": "at"}, config={"meta": {"owner": "Bob", "lookout": {"grain": "day"}}},
                loaded_at_field="at"), "Bob"),
        (source({"timestamp_column": "at"}, source_meta={"owner": {"email": "c@example.com"}}), "c@example.com"),
        (model({"timestamp_column": "at"}, group="growth"), "Growth Team"),
        (model({"timestamp_column": "at"}), ""),
    ],
)  # fmt: skip
def test_the_nearest_owner_is_told(node: dict[str, Any], owner: str) -> None:
    groups = {"group.shop.growth": {"name": "growth", "owner": {"name": "Growth Team", "email": "g@example.com"}}}
    assert load(node, manifest={"groups": groups})[0].owner == owner


def test_every_way_to_write_a_column_metric() -> None:
    columns = {
        "a b": {"config": {"meta": {"lookout": {"metrics": ["max", {"name": "min"}]}}}},
        "old": {"meta": {"lookout": {"metrics": "mean"}}},
        "plain": {"config": {"meta": {"lookout": {"contract": {"accepted_values": [1]}}}}},
    }
    monitor = watch(
        "{metrics: [row_count, null_rate(dep time), {name: sum, column: fare}],"
        " columns: {fare: [mean, {name: stddev}], tax: zero_rate}}",
        columns=columns,
    )
    assert [(m.name, m.column_name, m.kind) for m in monitor.metrics] == [
        ("row_count", "", "count"),
        ("null_rate", "dep time", "rate"),
        ("sum", "fare", "real"),
        ("mean", "fare", "real"),
        ("stddev", "fare", "positive"),
        ("zero_rate", "tax", "rate"),
        ("max", "a b", "real"),
        ("min", "a b", "real"),
        ("mean", "old", "real"),
    ]


def test_a_metric_on_a_column_is_enough_to_watch_a_table() -> None:
    columns = {"fare": {"config": {"meta": {"lookout": {"metrics": ["mean"]}}}}}
    (monitor,) = load(source(None, loaded_at_field="at", columns=columns))
    assert [m.name for m in monitor.metrics] == ["row_count", "freshness", "mean"]


def test_own_metrics() -> None:
    own = metric("metrics: [{name: cancelled, kind: count, expression: count(*) filter (where x is null)}]")
    assert (own.name, own.kind, own.expression) == ("cancelled", "count", "count(*) filter (where x is null)")
    assert metric("metrics: [{name: sum, column: fare, kind: positive}]").kind == "positive"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("{}", {"warn_score": 2.0, "critical_score": 3.0, "alert_from": "critical", "min_sample_size": None}),
        ("{method: zscore}", {"warn_score": 2.0, "critical_score": 3.0, "alert_from": "warning",
                              "min_sample_size": 10}),
        ("{threshold: 2.5}", {"warn_score": 2.5, "critical_score": 3.0, "alert_from": "warning"}),
        ("{threshold: 4}", {"warn_score": 4.0, "critical_score": 4.0}),
        ("{critical_score: 1.5}", {"warn_score": 1.5, "critical_score": 1.5}),
        ("{sensitivity: 2}", {"warn_score": 1.0, "critical_score": 1.5}),
        ("{sensitivity: 0.5, critical_score: 4}", {"warn_score": 4.0, "critical_score": 8.0}),
        ("{window: 30 days}", {"window": 30}),
        ("{window: 36 hours}", {"window": 2}),
        ("{window: 14}", {"window": 14}),
        ("{lower_limit: 0, upper_limit: 10, min_absolute_change: 5, min_relative_change: 0.1}",
         {"lower_limit": 0.0, "upper_limit": 10.0, "min_absolute_change": 5.0, "min_relative_change": 0.1}),
        ("{method: zscore, min_sample_size: 3, direction: down, alert_from: critical}",
         {"min_sample_size": 3, "direction": "down", "alert_from": "critical"}),
    ],
)  # fmt: skip
def test_settings_of_a_metric(settings: str, expected: dict[str, Any]) -> None:
    for text in (f"metrics: [{{name: row_count, {settings[1:-1]}}}]", f"defaults: {settings}"):
        found = metric(text)
        assert {key: getattr(found, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{freshness: {warn_after: 1 hour}, metrics: [row_count]}", None),
        ("{freshness: {warn_after: 1 hour}, metrics: []}", "the limits of freshness do not hold, because no metric"),
        ("metrics: [{name: row_count, window: 20}, freshness]", "window changes nothing for the method learned"),
        ("{defaults: {window: 20}, metrics: [row_count, {name: freshness, method: zscore}]}", None),
        ("{dimensions: [country], metrics: [freshness]}", "no anomaly is broken down by dimensions"),
        ("{dimensions: [country], metrics: [freshness, row_count]}", None),
    ],
)
def test_a_setting_without_effect_is_a_sentence(text: str, sentence: str | None) -> None:
    found = without_effect([watch(text)])
    assert len(found) == (sentence is not None)
    assert all(f"models/sources.yml: marts.flights: {sentence}" in line for line in found)


def test_a_metric_overrules_the_defaults_of_its_table() -> None:
    found = metric("{defaults: {method: zscore, critical_score: 5}, metrics: [{name: row_count, critical_score: 4}]}")
    assert (found.method, found.critical_score) == ("zscore", 4.0)


def test_an_unknown_metric_is_reported_with_the_one_that_was_meant() -> None:
    assert problems("metrics: [row_cuont]") == [
        "models/sources.yml: batch_analytics.flights: unknown metric 'row_cuont' in metrics; did you mean 'row_count'?"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("granularity: day", "unknown key 'granularity' in lookout; "),
        ("timestmap_column: x", "unknown key 'timestmap_column' in lookout; did you mean 'timestamp_column'?"),
        ("grain: minute", "grain is 'minute'; did you mean '5min'?"),
        ("time_zone: Europe/Berln", "time_zone is 'Europe/Berln'; did you mean 'Europe/Berlin'?"),
        ("time_zone: CET+1", "time_zone is 'CET+1'; "),
        ("time_zone: 2", "time_zone is 2; it must be a non-empty text."),
        ("grain: [1]", "grain is [1]; use one of 5min, 10min, 15min, 30min, hour, day, week, month."),
        ("timestamp_column: 7", "timestamp_column is 7; it must be a non-empty text."),
        ("filter: ''", "filter is ''; it must be a non-empty text."),
        ("enabled: 'no'", "enabled is 'no'; it must be true or false."),
        ("late_window: 3", "late_window is 3; write it like '3 days', '36 hours' or {count: 3, period: day}."),
        ("late_window: 3 moons", "late_window is '3 moons'; write it like"),
        ("late_window: -1 days", "late_window is '-1 days'; it must be zero or longer."),
        ("history: {count: 0, period: day}", "it must be longer than zero."),
        ("history: 99999999 weeks", "history is '99999999 weeks'; write it like"),
        ("freshness: {warn_after: 2 days, error_after: 1 day}", "freshness.warn_after is longer than "),
        ("freshness: {after: 2 days}", "unknown key 'after' in freshness; "),
        ("freshness: 2 days", "freshness is '2 days'; it must be a mapping of keys to values."),
        ("owner: 7", "owner is 7; it must be a non-empty text."),
        ("metrics: {row_count: 1}", "metrics is {'row_count': 1}; it must be a list of metrics."),
        ("metrics: [7]", "metrics: 7 is not a metric; write a name, name(column) or {name: ..., ...}."),
        ("metrics: [{column: x}]", "metrics: a metric has no name; write {name: ...}."),
        ("metrics: [row_count, row_count]", "metrics: metric 'row_count' is declared twice; keep one of the two."),
        (
            "{metrics: [mean(a)], columns: {a: [mean]}}",
            "columns.a: metric 'mean' of column 'a' is declared twice; keep one of the two.",
        ),
        ("metrics: [null_rate]", "metrics: metric 'null_rate' needs a column; write null_rate(column) or "),
        ("metrics: [row_count(x)]", "metrics: metric 'row_count' measures the whole table; remove column 'x'."),
        ("metrics: [null_rate(loaded_at)]", "null_rate of the timestamp column 'loaded_at' is always 0; remove it."),
        ("metrics: [{name: mean, column: 5}]", "metrics.mean.column is 5; it must be a non-empty text."),
        ("columns: {5: [mean]}", "columns: 5 is not a column name; put it in quotes."),
        ("columns: {a: [{name: mean, column: b}]}", "column 'b' contradicts 'a', under which it stands."),
        ("metrics: [{name: row_count, expression: '1'}]", "metrics: 'row_count' is built in and takes no expression; "),
        ("metrics: [{name: row_count, kind: rate}]", "kind is 'rate'; row_count is always of kind count."),
        ("metrics: [{name: own, expression: '1'}]", "metrics.own: kind is missing; use one of count, rate, "),
        ("metrics: [{name: own, kind: amount, expression: '1'}]", "metrics.own.kind is 'amount'; did you mean 'count'"),
        ("metrics: [{name: o wn, kind: count, expression: '1'}]", "metrics: 'o wn' is not a metric name; "),
        ("metrics: [{name: row_count, sensitivty: 2}]", "unknown key 'sensitivty' in metrics; did you mean 'sensiti"),
        ("metrics: [{name: row_count, sensitivity: 0}]", "metrics.row_count.sensitivity is 0; it must be greater than"),
        ("metrics: [{name: row_count, sensitivity: .nan}]", "metrics.row_count.sensitivity is nan; it must be a num"),
        ("defaults: {method: magic}", "defaults.method is 'magic'; use one of learned, zscore."),
        ("defaults: {direction: upward}", "defaults.direction is 'upward'; "),
        ("defaults: {warn_score: true}", "defaults.warn_score is True; it must be a number."),
        ("defaults: {critical_score: -3}", "defaults.critical_score is -3; it must be greater than 0."),
        ("defaults: {warn_score: 4, critical_score: 3}", "warn_score 4 is above critical_score 3; "),
        ("defaults: {warn_score: 2, threshold: 3}", "warn_score and threshold mean the same; keep one of the two."),
        ("defaults: {lower_limit: 2, upper_limit: 1}", "lower_limit 2 is above upper_limit 1."),
        ("defaults: {min_absolute_change: -1}", "defaults.min_absolute_change is -1; it must be 0 or more."),
        ("defaults: {min_relative_change: lots}", "defaults.min_relative_change is 'lots'; it must be a number."),
        ("defaults: {window: 1}", "defaults.window is 1; it must be 2 or more."),
        ("defaults: {window: a while}", "defaults.window is 'a while'; write a number of buckets, or a length like"),
        ("defaults: {window: -30 days}", "defaults.window is -30; it must be 2 or more."),
        ("defaults: {min_sample_size: 2.5}", "defaults.min_sample_size is 2.5; it must be a whole number."),
        ("defaults: {name: x}", "unknown key 'name' in defaults; "),
        ("holidays: Germany", "holidays names the country 'Germany', which is unknown; did you mean 'DE'?"),
        ("holidays: [US, DE-XX]", "holidays names 'DE-XX', but DE has no part 'XX'; it has BB, BE, "),
        ("holidays: NO", 'holidays is false, which is how YAML reads NO; write "NO" in quotes, or [] for no holidays.'),
    ],
)
def test_each_wrong_setting_earns_one_sentence(text: str, expected: str) -> None:
    (line,) = problems(text)
    assert line.startswith("models/sources.yml: batch_analytics.flights: ")
    assert expected in line


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load(source({"grain": "weekly", "metrics": ["x"]}), model({"timestamp_column": "at", "colums": {}}))
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert any("orders: unknown key 'colums'" in line and "'columns'" in line for line in lines)
    assert any("timestamp_column is missing" in line for line in lines)


def test_a_slip_in_a_column_is_reported() -> None:
    columns = {"fare": {"config": {"meta": {"lookout": {"metric": ["mean"]}}}}}
    (line,) = problems("{}", columns=columns)
    assert line.endswith("column fare: unknown key 'metric' in lookout; did you mean 'metrics'?")
    slips = {"fare": {"meta": {"lookout": {"contarct": {}}}}, "tax": {"meta": {"lookout": ["mean"]}}}
    with pytest.raises(ConfigError) as caught:
        load(source(None, columns=slips))
    first, second = str(caught.value).splitlines()
    assert first.endswith("column fare: unknown key 'contarct' in lookout; did you mean 'contract'?")
    assert second.endswith("column tax: lookout is ['mean']; write {metrics: [...]} or {contract: ...}.")


def test_a_contract_alone_watches_nothing() -> None:
    columns = {"fare": {"config": {"meta": {"lookout": {"contract": {"min": 0}}}}}}
    assert load(source({"connection": "shop", "contract": "strict"}, columns=columns)) == ()


def test_an_expression_cannot_be_the_timestamp_column() -> None:
    with pytest.raises(ConfigError, match="loaded_at_field 'at::timestamp' is an expression; name a plain column"):
        load(source({"grain": "day"}, loaded_at_field="at::timestamp"))


def test_an_ephemeral_model_has_no_table() -> None:
    node = model(None, config={"meta": {"lookout": {"timestamp_column": "at"}}, "materialized": "ephemeral"})
    with pytest.raises(ConfigError, match="ephemeral"):
        load(node)


def test_an_unknown_connection_is_named_beside_the_known_ones() -> None:
    node = source({"timestamp_column": "at", "connection": "bacth"})
    with pytest.raises(ConfigError, match=r"connection 'bacth' is not an output of profiles.yml; it has: batch, cdc\."):
        load(node, known_connections=["cdc", "batch"])


def test_one_table_cannot_be_watched_from_two_places() -> None:
    nodes = [source({"timestamp_column": "at"}), model({"timestamp_column": "at", "schema": "marts"}, "flights")]
    with pytest.raises(ConfigError, match=r"marts.flights of connection 'warehouse' is already watched by"):
        load(*nodes)


@pytest.mark.parametrize(("version", "works"), [(11, True), (12, True), (10, False), (13, False)])
def test_manifest_versions(version: int, works: bool) -> None:
    schema = f"https://schemas.getdbt.com/dbt/manifest/v{version}.json"
    manifest = {"metadata": {"dbt_schema_version": schema}}
    if works:
        check_manifest_version(manifest)
    else:
        with pytest.raises(ArtifactError, match=rf"v{version}, and Lookout reads v11 and v12 .*dbt parse"):
            check_manifest_version(manifest)


@pytest.mark.parametrize("manifest", [{}, {"metadata": None}, {"metadata": {"dbt_schema_version": "catalog/v1.json"}}])
def test_something_that_is_no_manifest(manifest: dict[str, Any]) -> None:
    with pytest.raises(ArtifactError, match="is not a dbt manifest: run `dbt parse`"):
        check_manifest_version(manifest)


def test_rows_have_exactly_the_columns_of_the_landing_table() -> None:
    landing = yaml.safe_load((ROOT / "models/monitoring/landing/_landing__models.yml").read_text())
    (declared,) = [entry["columns"] for entry in landing["models"] if entry["name"] == "monitors"]
    written_by_the_run = {"batch_number"}
    assert set(MONITOR_COLUMNS) == {column["name"] for column in declared} - written_by_the_run
    monitor = watch("{freshness: {warn_after: 1 hour}, metrics: [row_count, {name: sum, column: a, window: 9}]}")
    rows = monitor_rows([monitor], AS_OF)
    assert list(rows.columns) == list(MONITOR_COLUMNS)
    assert rows["series_key"].tolist() == [monitor.key_of(m) for m in monitor.metrics]
    assert rows["window_size"].isna().tolist() == [True, False]
    assert rows.loc[1, "window_size"] == 9
    assert rows["warn_after_seconds"].tolist() == [3600.0, 3600.0]
    assert rows["lower_limit"].isna().all()
    assert rows["is_active"].all()
    assert (rows["updated_at"] == pd.Timestamp(AS_OF)).all()
    assert list(monitor_rows([], AS_OF).columns) == list(MONITOR_COLUMNS)


def test_holidays_are_those_of_the_project_unless_a_table_has_its_own() -> None:
    text = {"usual": {}, "none": {"holidays": []}, "own": {"holidays": "us, DE-BY"}}
    nodes = [model({"timestamp_column": "at", **own}, name=name) for name, own in text.items()]
    found = {monitor.table: monitor for monitor in load(*nodes, holidays=("FR",))}
    assert {name: monitor.holidays for name, monitor in found.items()} == {
        "usual": ("FR",),
        "none": (),
        "own": ("US", "DE-BY"),
    }
    assert set(monitor_rows([found["own"]], AS_OF)["holidays"]) == {"US, DE-BY"}
    assert monitor_rows([found["none"]], AS_OF)["holidays"].isna().all()


def test_the_hash_follows_whatever_changes_judging_and_nothing_else() -> None:
    monitor = watch()
    (first, _), other = monitor.metrics, dataclasses.replace
    base = settings_hash(monitor, first)
    assert base == settings_hash(other(monitor, owner="Ann", description="x", layer="cdc"), first)
    changed = [
        other(first, critical_score=4.0),
        other(first, direction="up"),
        other(first, lower_limit=0.0),
        other(first, window=30),
        other(first, method="zscore"),
        other(first, expression="count(*)"),
        other(first, alert_from="warning"),
    ]
    hashes = {settings_hash(monitor, metric) for metric in changed}
    hashes |= {settings_hash(other(monitor, holidays=codes), first) for codes in (("US",), ("US", "DE"))}
    hashes |= {settings_hash(other(monitor, row_filter="x"), first), settings_hash(other(monitor, grain="hour"), first)}
    assert len(hashes | {base}) == len(changed) + 5


json_values = st.recursive(
    st.sampled_from(
        [None, True, 0, -1, 7, 2.5, float("nan"), " ", "x\ny", "row_count", "null_rate(a)", "3 days", "day", "zscore"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "column", "count", "period", "method", "window", "kind", "expression", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
keys = st.sampled_from(
    [
        "connection",
        "schema",
        "table",
        "grain",
        "metrics",
        "columns",
        "owner",
        "filter",
        "late_window",
        "history",
        "delay",
        "freshness",
        "enabled",
        "defaults",
        "timestamp_column",
        "layer",
        "description",
        "contract",
    ]
)


@given(st.dictionaries(keys, json_values, max_size=6))
def test_whatever_people_write_they_get_a_monitor_or_a_sentence(settings: dict[str, Any]) -> None:
    try:
        load(source(settings))
    except ConfigError as error:
        lines = str(error).splitlines()
    else:
        lines = []
    assert all(line.startswith("models/sources.yml: ") for line in lines)


def in_project(zone: str, *tables: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return problems, and the zones of monitors, of a project whose var lookout_time_zone is ``zone``."""
    seed = {"config": {"meta": {"lookout_time_zone": zone}}}
    found: list[str] = []
    disabled = {"disabled": {"seed.lookout.lookout_calendar": [seed]}}
    monitors = load(*tables, manifest=disabled, problems=found)
    return found, [monitor.time_zone for monitor in monitors]


def test_the_zone_of_the_project_is_that_of_tables_that_name_none() -> None:
    tables = (
        source({"timestamp_column": "at"}, "a"),
        source({"timestamp_column": "at", "time_zone": "Asia/Tokyo"}, "b"),
        source({"timestamp_column": "at", "time_zone": "UTC"}, "c"),
    )
    assert in_project("Europe/Berlin", *tables) == ([], ["Europe/Berlin", "Asia/Tokyo", "UTC"])
    assert in_project("", *tables) == ([], ["UTC", "Asia/Tokyo", "UTC"])
    sentence = "dbt_project.yml: the var lookout_time_zone is 'Berlin/Europe'; "
    found, zones = in_project("Berlin/Europe", *tables)
    assert found[0].startswith(sentence)
    assert zones == ["UTC", "Asia/Tokyo", "UTC"]


def test_a_zone_is_part_of_what_a_series_holds_and_not_of_its_name() -> None:
    plain, utc, berlin = watch(), watch("time_zone: UTC"), watch("time_zone: Europe/Berlin")
    first = plain.metrics[0]
    assert settings_hash(plain, first) == settings_hash(utc, first) != settings_hash(berlin, first)
    assert plain.key_of(first) == berlin.key_of(first)
    assert monitor_rows([plain, utc, berlin], AS_OF)["time_zone"].tolist() == [None] * 4 + ["Europe/Berlin"] * 2


def test_a_table_of_short_buckets_is_read_as_far_back_as_learning_looks() -> None:
    assert watch("grain: 5min").history == timedelta(days=120)
    assert watch("{grain: 5min, history: 300 days}").history == timedelta(days=300)
    assert watch("grain: 5min").layer == "cdc"
    assert watch("grain: month").layer == "batch"
