"""How fast a contract is checked: twenty rules in one statement against twenty queries as dbt compiles its tests.

    python benchmarks/contract_speed.py [--rows 1000000] [--url postgresql://...]

Without a URL it starts an embedded PostgreSQL in a temporary folder and removes it afterwards. The table has no index
at first, so that nothing but the rules themselves says what is unique; then it gets the primary key that tables of
applications have. Both sides are run one after the other, three times; the best of each is compared.
"""

# ruff: noqa: S608
from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

from _workbench import database
from psycopg2.extensions import connection as PgConnection  # noqa: N812

from lookout.contracts.checks.check import check_contracts
from lookout.contracts.spec.model import Contract, Rule
from lookout.database.connection import Connection, connect

TABLE, PARENT = "lookout_contract_speed", "lookout_contract_speed_parent"
CREATE = f"""
drop table if exists {TABLE}, {PARENT};
create table {TABLE} as
select
    n as id,
    md5(n::text) as code,
    (n * 7919 %% 100003)::numeric(12, 2) as amount,
    (n * 31 %% 977)::integer as quantity,
    random() as price,
    (array['open', 'paid', 'sent', 'back', 'lost'])[1 + n %% 5] as status,
    (n %% 200000)::integer as customer_id,
    case when n %% 2 = 0 then 'EUR' else 'USD' end as currency
from generate_series(1::bigint, %(rows)s) as n;
create table {PARENT} as select n::integer as id from generate_series(0, 199999) as n;
"""
COLUMNS = ("id", "code", "amount", "quantity", "price", "status", "customer_id", "currency")
VALUES = {"status": ["open", "paid", "sent", "back", "lost"], "currency": ["EUR", "USD"]}
RANGES: dict[str, dict[str, Any]] = {
    "amount": {"min": 0, "max": 200000},
    "quantity": {"min": 0, "max": 1000},
    "price": {"min": 0, "max": 1},
}
HEX = "^[0-9a-f]+$"


def pairs() -> Iterator[tuple[Rule, str]]:
    """Each rule with the query that dbt, dbt_utils or dbt_expectations compile for it."""
    for name in COLUMNS:
        yield Rule("not_null", (name,), f"not_null {name}"), f"select * from {TABLE} where {name} is null"
    for name in ("id", "code"):
        yield (
            Rule("unique", (name,), f"unique {name}"),
            f"select {name} as unique_field, count(*) as n_records from {TABLE} where {name} is not null "
            f"group by {name} having count(*) > 1",
        )
    for name, values in VALUES.items():
        listed = ", ".join(f"'{value}'" for value in values)
        yield (
            Rule("accepted_values", (name,), f"accepted_values {name}", {"values": values}),
            f"with all_values as (select {name} as value_field, count(*) as n_records from {TABLE} group by {name}) "
            f"select * from all_values where value_field not in ({listed})",
        )
    for name, limits in RANGES.items():
        yield (
            Rule("range", (name,), f"range {name}", limits),
            f"with meet_condition as (select * from {TABLE}), validation_errors as (select * from meet_condition "
            f"where 1 = 2 or not {name} >= {limits['min']} or not {name} <= {limits['max']}) "
            "select * from validation_errors",
        )
    for rule, expression in (
        (Rule("length", ("code",), "length code", {"min": 1, "max": 32}), "length(code) >= 1 and length(code) <= 32"),
        (Rule("length", ("currency",), "length currency", {"min": 3, "max": 3}), "length(currency) = 3"),
        (
            Rule("pattern", ("code",), "pattern code", {"regex": HEX}),
            f"coalesce(array_length((select regexp_matches(code, '{HEX}', '')), 1), 0) > 0",
        ),
    ):
        yield (
            rule,
            f"with grouped_expression as (select ({expression}) as expression from {TABLE}), validation_errors as "
            "(select * from grouped_expression where not (expression = true)) select * from validation_errors",
        )
    yield (
        Rule("relationship", ("customer_id",), "relationship", {"schema": "public", "table": PARENT, "column": "id"}),
        f"with child as (select customer_id as from_field from {TABLE} where customer_id is not null), parent as "
        f"(select id as to_field from {PARENT}) select from_field from child left join parent "
        "on child.from_field = parent.to_field where parent.to_field is null",
    )
    condition = "amount >= 0 or status = 'back'"
    yield (
        Rule("expression", (), "expression", {"sql": condition}),
        f"select 1 from {TABLE} where not ({condition})",
    )


def one_statement(connection: Connection, rules: tuple[Rule, ...]) -> float:
    """Seconds for the contract, connecting and looking at the catalog included."""
    contract = Contract(TABLE, connection.name, "public", TABLE, f"source.benchmark.{TABLE}", rules=rules)
    started = time.perf_counter()
    (check,) = check_contracts([contract], {connection.name: connection})
    if check.values != "passed":
        raise SystemExit(check.message or str(check.violations))
    return time.perf_counter() - started


def one_query_a_rule(handle: PgConnection, queries: list[str]) -> list[float]:
    """Seconds of each query, in one open connection."""
    took = []
    with handle.cursor() as cursor:
        for query in queries:
            started = time.perf_counter()
            cursor.execute(
                "select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error "
                f"from ({query}) as dbt_internal_test"
            )
            if (cursor.fetchone() or (1,))[0]:
                raise SystemExit(f"unexpected failures: {query}")
            took.append(time.perf_counter() - started)
    return took


def main() -> None:
    """Print the figures, one a line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--url")
    arguments = parser.parse_args()
    rules, queries = (list(column) for column in zip(*pairs(), strict=True))
    with database(arguments.url) as found, closing(connect(found)) as handle:
        connection = replace(found, name="benchmark")
        handle.autocommit = True
        with handle.cursor() as cursor:
            cursor.execute(CREATE, {"rows": arguments.rows})
            cursor.execute(f"vacuum analyze {TABLE}")
            cursor.execute(f"vacuum analyze {PARENT}")
            cursor.execute("select version()")
            (version,) = cursor.fetchone() or ("",)
        print(
            f"{str(version).split(' on ')[0]}, {os.cpu_count()} cores, {platform.machine()}; {arguments.rows} rows "
            f"of {len(COLUMNS)} columns, {len(rules)} rules"
        )
        compare(connection, handle, rules, queries)
        with handle.cursor() as cursor:
            cursor.execute(f"alter table {TABLE} add primary key (id)")
            cursor.execute(f"vacuum analyze {TABLE}")
        print("with a primary key on id")
        compare(connection, handle, rules, queries)
        with handle.cursor() as cursor:
            cursor.execute(f"drop table {TABLE}, {PARENT}")


def compare(connection: Connection, handle: PgConnection, rules: list[Rule], queries: list[str]) -> None:
    """Measure both sides and print what each rule costs."""
    one, each = [], []
    for _ in range(3):
        one.append(one_statement(connection, tuple(rules)))
        each.append(one_query_a_rule(handle, queries))
    many = min(map(sum, each))
    print(f"one statement     {min(one):8.3f} s")
    print(f"one query a rule  {many:8.3f} s  {many / min(one):.1f} times as long")
    slow = sorted(zip(map(min, zip(*each, strict=True)), rules, strict=True), key=lambda pair: -pair[0])
    for seconds, rule in slow[:5]:
        alone = one_statement(connection, (rule,))
        print(f"  {rule.name:24} query {seconds:6.3f} s  alone as a contract {alone:6.3f} s")


if __name__ == "__main__":
    main()
