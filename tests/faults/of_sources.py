"""A watched database, or one of its tables, cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

from lookout.database.connection import connect
from lookout.grants.plan import READER
from tests.faults.proxy import proxy
from tests.faults.rows import Row
from tests.faults.world import CLOCK, Ended, State, World

KEPT = "As without the fault; the alert that it could not be evaluated stays, as resolved."


def refuses(world: World, phase: str) -> Ended:
    with proxy(world.observed.shop) as running:
        pass
    # Nobody listens at its port any more.
    world.lead(shop=running)
    return world.run()


def through(**fault: Any) -> Callable[[World, str], Ended]:
    """Return a run that reads the database through a faulty network."""

    def strike(world: World, phase: str) -> Ended:
        with proxy(world.observed.shop, **fault) as running:
            world.lead(shop=running)
            return world.run()

    return strike


def slowly(world: World, phase: str) -> Ended:
    world.limit(source="3 seconds")
    world.repairs.append(world.limit)
    return through(pause=0.9)(world, phase)


def statement(fault: str, repair: str) -> Callable[[World, str], Ended]:
    """Return a run after a statement in the watched database; another undoes it."""

    def strike(world: World, phase: str) -> Ended:
        world.observed.sql(fault)
        world.repairs.append(lambda: world.observed.sql(repair))
        return world.run()

    return strike


def is_locked(world: World, phase: str) -> Ended:
    with closing(connect(world.observed.shop)) as handle, handle.cursor() as cursor:
        cursor.execute("lock table payments in access exclusive mode")
        return world.run()


def unevaluated(world: World) -> set[str]:
    """The tables of the database that are shown as not evaluated."""
    found = world.rows(
        "select asset, reason from {schema}.asset_states where connection = 'shop' and state = 'not evaluated'"
    )
    assert all(reason for _, reason in found)
    return {asset.removeprefix("public.") for asset, _ in found}


def the_database_is_unevaluated(world: World) -> None:
    """No table that was not read is shown as healthy, and there is an alert."""
    found = world.rows(
        f"select asset from {{schema}}.collection_results where as_of = '{CLOCK}Z' and status not in ('ok', 'empty')"
    )
    assert unevaluated(world) == {asset.removeprefix("public.") for (asset,) in found} != set()
    alerts = world.rows("select status from {schema}.alerts where alert_type = 'SOURCE_UNREACHABLE'")
    assert {status for (status,) in alerts} == {"open"}


def the_table_is_unevaluated(world: World) -> None:
    """That table is not shown as healthy, and there is an alert; the others are evaluated."""
    assert unevaluated(world) == {"payments"}
    alerts = world.rows("select asset, status from {schema}.alerts where alert_type = 'SOURCE_UNREACHABLE'")
    assert alerts == [("public.payments", "open")]


def without_that_alert(state: State) -> State:
    """Leave out alerts about what could not be evaluated, which are resolved, and their messages."""
    known = {row[0] for row in state["alerts"] if row[1] != "SOURCE_UNREACHABLE"}
    assert all(row[3] == "resolved" for row in state["alerts"] if row[0] not in known)
    return {
        **state,
        "alerts": [row for row in state["alerts"] if row[0] in known],
        "alert_deliveries": [row for row in state["alert_deliveries"] if row[0] in known],
    }


def database(fault: str, strike: Callable[[World, str], Ended], sees: str, **settings: Any) -> Row:
    """Return a row about a database."""
    return Row(
        fault,
        strike,
        does="Goes on with other databases; tables that it could not read are *not evaluated*, with an alert.",
        sees=sees,
        phases=("collect",),
        kept=KEPT,
        meanwhile=the_database_is_unevaluated,
        compared=without_that_alert,
        **settings,
    )


def table(fault: str, strike: Callable[[World, str], Ended], sees: str, **settings: Any) -> Row:
    """Return a row about a table."""
    return Row(
        fault,
        strike,
        does="Goes on with the other tables; this one is *not evaluated*, with an alert.",
        sees=sees,
        phases=("collect",),
        kept=KEPT,
        meanwhile=the_table_is_unevaluated,
        compared=without_that_alert,
        **settings,
    )


ROWS = (
    database(
        "A watched database refuses connections",
        refuses,
        "Cannot connect to shop (…): … Connection refused",
        short=("collect",),
    ),
    database(
        "A watched database stops answering",
        through(stall_after=700),
        "shop (…) stopped answering; Lookout hung up: check that server.",
    ),
    database(
        "A watched database is too slow",
        slowly,
        "shop (…) has used up the 3 seconds that one source may take in a run (`limits: source` in lookout.yml), so the rest of it is not evaluated",
    ),
    database(
        "A watched database hangs up in its answer", through(cut_after=700), "shop (…): the connection broke twice: …"
    ),
    table(
        "The right to read a table is revoked",
        statement(f"revoke select on payments from {READER}", f"grant select on payments to {READER}"),
        f"User '{READER}' may not read column 'at' of public.payments: grant select on it to '{READER}'.",
    ),
    table(
        "A watched table is dropped",
        statement("alter table payments rename to gone", "alter table gone rename to payments"),
        "There is no table 'payments' in schema 'public'; correct its name.",
    ),
    table(
        "A watched table is locked",
        is_locked,
        "Table public.payments of shop (…) is locked by somebody else for more than 1 s; run it later.",
    ),
)
