"""Which values of a column an anomaly comes from: arithmetic, the query, and the way into alerts."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from lookout.database.connection import Connection
from lookout.database.options import CollectOptions
from lookout.engines.catalog import Relation
from lookout.errors import ConfigError
from lookout.profiling.drilldown import MOST_GROUPS, Drilldown, Explanation, explain_drilldown, plan_drilldown
from lookout.project.declarations.monitor import Kind, Metric, Monitor
from lookout.project.declarations.monitors import load_monitors
from lookout.runs.explanations import query_sources
from tests.conftest import MONITORING, Observed, Server

NOW = datetime(2026, 3, 2, tzinfo=timezone.utc)
WEEK = timedelta(days=7)
NUMBER = (NOW - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(days=1)


def request(metric: str = "row_count", *, observed: float | None = None, weeks: int = 2, **settings: Any) -> Drilldown:
    kind: Kind = settings.pop("kind", "count")
    settings.setdefault("dimensions", ("origin",))
    monitor = Monitor("shop", "public", "orders", "at", "day", (Metric(metric, kind, **settings),))
    compared = tuple(NOW - WEEK * (n + 1) for n in range(weeks))
    return Drilldown("key", monitor, monitor.metrics[0], NOW, compared, observed)


def said(asked: Drilldown, now: dict[Any, Any], before: dict[Any, Any], weeks: int = 2) -> Explanation:
    """Explain from value -> rows, or value -> (rows, metric), now and in each bucket before."""
    number = (NOW - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(days=1)
    rows = []
    for bucket, figures in [(number, now)] + [(number - 7 * (n + 1), before) for n in range(weeks)]:
        for value, figure in figures.items():
            count, metric = figure if isinstance(figure, tuple) else (figure, figure)
            rows.append((float(bucket), 0, value, count, count, metric))
    (explanation,) = explain_drilldown(asked, rows)
    return explanation


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ({"JFK": 98, "EWR": 10}, {"JFK": 100, "LGA": 40, "EWR": 60},
         "98 % of the missing rows are from origin EWR and LGA (usually 50 % of the rows)"),
        ({"JFK": 50, "LGA": 20, "EWR": 30}, {"JFK": 100, "LGA": 40, "EWR": 60},
         "spread evenly over the 3 values of origin"),
        ({"JFK": 100, "LGA": 40, "EWR": 60, "BOS": 300}, {"JFK": 100, "LGA": 40, "EWR": 60},
         "all of the extra rows are from origin BOS (usually none of the rows)"),
        ({"JFK": 100, None: 200}, {"JFK": 100, None: 20},
         "all of the extra rows are from origin (none) (usually 17 % of the rows)"),
        ({"JFK": 10}, {"JFK": 100}, "origin has one value only, JFK"),
        ({}, {}, "there are no rows to break down"),
        ({"JFK": 90, "EWR": 70}, {"JFK": 100, "EWR": 60}, "the values of origin add up to no change"),
        ({f"v{n}": 10 if n else 300 for n in range(50)}, {f"v{n}": 20 for n in range(50)},
         "spread evenly over the 50 values of origin"),
    ],
)  # fmt: skip
def test_rows(now: dict[Any, int], before: dict[Any, int], expected: str) -> None:
    assert said(request(), now, before).text == expected


def test_a_rate_is_weighed_by_rows() -> None:
    asked = request("null_rate", kind="rate", column_name="email")
    before = {"web": (900, 0.01), "app": (100, 0.01)}
    # Everything is null for a tenth of the rows: the small value explains it, however large the other one is.
    explanation = said(asked, {"web": (900, 0.01), "app": (100, 1.0)}, before)
    assert explanation.text == "all of the rise of null_rate of email is from origin app (usually 10 % of the rows)"
    assert explanation.details["change"] == pytest.approx(0.099)
    # The same rates with more rows of a value that was always worse: the mix changed.
    mixed = said(asked, {"web": (100, 0.0), "app": (900, 0.2)}, {"web": (900, 0.0), "app": (100, 0.2)})
    assert mixed.details["change"] == pytest.approx(0.16)
    assert sum(v["share"] for v in mixed.details["values"]) == pytest.approx(1)
    assert (
        said(asked, {"web": (900, 0.3), "app": (100, 0.31)}, before).text == "spread evenly over the 2 values of origin"
    )


def test_a_number_of_ones_own_may_be_a_total_or_a_mean() -> None:
    now, before = {"a": (10, 50.0), "b": (90, 90.0)}, {"a": (10, 5.0), "b": (90, 90.0)}
    total = said(request("revenue", kind="real", expression="sum(x)", observed=140.0), now, before)
    assert total.details["change"] == 45.0
    mean = said(request("basket", kind="real", expression="avg(x)", observed=86.0), now, before)
    assert mean.details["change"] == pytest.approx(4.5)
    counted = said(request("refunds", kind="count", expression="count(*)", observed=140.0), now, before)
    assert counted.text == "all of the rise of refunds is from origin a (usually 5 % of it)"


def test_too_many_values_are_a_sentence() -> None:
    rows = [(1.0, 0, str(n), 1, 1, 1) for n in range(MOST_GROUPS + 1)]
    (explanation,) = explain_drilldown(request(), rows)
    assert "more than 20,000 values; choose a column with fewer" in explanation.text
    assert explanation.details["error"]


def test_a_column_of_too_many_values_does_not_hide_the_others() -> None:
    asked = request(dimensions=("user_id", "country"))
    users = [(20514.0, 0, 1, str(n), None, 1, 1, 1, n + 1) for n in range(MOST_GROUPS + 1)]
    numbers = [NUMBER - 7 * n for n in range(3)]
    rows = {"AT": (10, 10, 10), "DE": (0, 50, 50), "CH": (5, 5, 5)}
    countries = [
        (float(bucket), 1, 0, None, country, count[at], count[at], count[at], 1)
        for at, bucket in enumerate(numbers)
        for country, count in rows.items()
        if count[at]
    ]
    first, second = explain_drilldown(asked, [*users, *countries])
    assert (
        first.text == "could not be broken down by user_id: it has more than 20,000 values; choose a column with fewer"
    )
    assert second.text == "all of the missing rows are from country DE (usually 77 % of the rows)"


ORDERS = """
create table orders (at timestamp, amount numeric, "Odd ""name" text, region int, notes json);
insert into orders
select day + interval '3 hours', 10, case when n % 2 = 0 then 'even' else 'odd' end, n % 3, '{}'
from generate_series(timestamp '2026-01-05', timestamp '2026-03-02', interval '7 days') as day,
    generate_series(1, 120) as n
where not (day = timestamp '2026-03-02' and n % 3 = 0)
"""


def test_one_query_answers_for_all_columns_of_a_table(server: Server, sql_rows: Any) -> None:
    shop: Connection = server.create_database()
    sql_rows(shop, ORDERS)
    odd = 'Odd "name'
    relation = Relation(
        "r", columns={"at": "timestamp", "amount": "numeric", odd: "text", "region": "int4", "notes": "json"}
    )
    for metric in (
        {"metric": "row_count"},
        {"metric": "mean", "kind": "real", "column_name": "amount"},
        {"metric": "null_rate", "kind": "rate", "column_name": "region"},
        {"metric": "sum", "column_name": "amount"},
        {"metric": "share", "kind": "rate", "expression": "avg((region > 0)::int) -- a comment"},
    ):
        asked = request(**{**metric, "dimensions": (odd, "region"), "weeks": 5})  # type: ignore[arg-type]
        rows = sql_rows(shop, plan_drilldown(asked, relation))
        assert len(rows) == 6 * 2 + 6 * 3 - 1, metric
        even, region = explain_drilldown(asked, rows)
        if metric["metric"] == "row_count":
            assert even.text == f"spread evenly over the 2 values of {odd}"
            assert region.text == "all of the missing rows are from region 0 (usually 33 % of the rows)"

    options = CollectOptions(statement_timeout=5, connect_timeout=2)
    nowhere = Connection("gone", {**shop.parameters, "dbname": "gone"})
    known = {"shop": shop}
    asked = request(dimensions=("region", "nope", "notes"), weeks=5)
    first, second, few, unknown = query_sources(
        [asked, request(dimensions=("region", "nope"), weeks=5), request(weeks=1), request()], known, options
    )
    assert [e.text.split(":")[0] for e in first] == [
        f"could not be broken down by {n}" for n in ("region", "nope", "notes")
    ]
    assert "equality" in first[0].text, "a column that cannot be grouped"
    assert second[0].text.startswith("all of the missing rows")
    assert "has no column of that name" in second[1].text
    assert "too few ordinary buckets" in few[0].text
    assert "no column of that name" in unknown[0].text
    assert "has no output 'shop'" in query_sources([request()], {}, options)[0][0].text
    assert "could not be broken down" in query_sources([request()], {"shop": nowhere}, options)[0][0].text


def test_dimensions_are_column_names() -> None:
    def manifest(**settings: Any) -> dict[str, Any]:
        meta = {"lookout": {"timestamp_column": "at", **settings}}
        node = {
            "resource_type": "source",
            "source_name": "shop",
            "name": "orders",
            "schema": "public",
            "config": {"meta": meta},
        }
        return {"metadata": {}, "nodes": {}, "sources": {"s": {**node, "original_file_path": "models/s.yml"}}}

    (monitor,) = load_monitors(
        manifest(
            dimensions=["origin", "carrier"],
            metrics=[
                "row_count",
                "freshness",
                "max(x)",
                {"name": "mean", "column": "x", "dimensions": "origin"},
                {"name": "sum", "column": "x", "dimensions": []},
            ],
        ),
        default_connection="shop",
    )
    assert monitor.dimensions == ("origin", "carrier")
    assert [metric.dimensions for metric in monitor.metrics] == [("origin", "carrier"), (), (), ("origin",), ()]
    for wrong, sentence in (
        ({"dimensions": ["origin", 3]}, "dimensions is ['origin', 3]; it must be a list of column names."),
        ({"dimensions": ["origin", "origin"]}, "dimensions: 'origin' stands there twice; remove one."),
        ({"metrics": [{"name": "max", "column": "x", "dimensions": ["origin"]}]}, "max cannot be broken down"),
    ):
        with pytest.raises(ConfigError) as error:
            load_monitors(manifest(**wrong), default_connection="shop")
        assert sentence in str(error.value)
        assert str(error.value).count("\n") == 0


SALES = """
create table sales as
select day + interval '6 hours' as at, case when n % 4 = 0 then 'web' else 'shop' end as channel
from generate_series(timestamptz '2026-01-01Z', timestamptz '2026-03-01Z', interval '1 day') as day,
    generate_series(1, 1000 + (extract(doy from day)::int * 7) % 11) as n
where not (n % 4 = 0 and day in (timestamptz '2026-02-20Z', timestamptz '2026-03-01Z'))
"""


def test_a_run_explains_what_is_open_and_new_once(observed: Observed) -> None:
    def rows(statement: str) -> list[Any]:
        return observed.sql(statement.replace("monitoring.", f"{MONITORING}."), at="observed")

    observed.sql(SALES)
    observed.declare({"sales": {"timestamp_column": "at", "metrics": ["row_count"], "dimensions": ["channel", "gone"]}})
    summary = observed.run("2026-03-02", explain=1)
    sentence = "99 % of the missing rows are from channel web (usually 25 % of the rows)"
    assert list(summary.open_alerts["explanation"]) == [sentence]
    assert rows("select status, explanation from monitoring.alerts order by window_start") == [
        ("resolved", None),
        ("open", sentence),
    ]
    stored = rows("select dimension, explanation, details, xmin::text from monitoring.alert_explanations order by 1")
    assert [(name, text[:26]) for name, text, _, _ in stored] == [
        ("channel", sentence[:26]),
        ("gone", "could not be broken down b"),
    ]
    details = json.loads(stored[0][2])
    assert len(details["compared_with"]) == 8
    assert details["values"][0]["now"] == 0

    before = rows("select xmin::text, * from monitoring.alerts order by 2")
    again = observed.run("2026-03-02")
    assert (
        rows("select dimension, explanation, details, xmin::text from monitoring.alert_explanations order by 1")
        == stored
    )
    assert rows("select xmin::text, * from monitoring.alerts order by 2") == before
    assert again.problems == ()
