"""Worlds of tables, each with a fault or none, and an oracle that says which of them nobody may call healthy.

The oracle knows how a table was made, and nothing of how Lookout judges: it calls broken what a person would on seeing
the days of the table, and blind what cannot be measured or was never filled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np

from tests.conftest import MONITORING, Observed

CLOCK = datetime(2026, 6, 15, 9, 30, tzinfo=timezone.utc)
DAYS = 120
HOURS = 24 * 30
SUM, CAST = "sum(big)::bigint", "max(note::int)"


@dataclass
class World:
    """A watched table: the rows of each bucket from the oldest to the newest closed one, and what else is true of it.

    ``undated`` rows have no time, ``values`` is the SQL of the column x, ``may_be_healthy`` is what the oracle says; with
    ``is_clean`` nothing at all is wrong, so that the table has to be called healthy.
    """

    name: str
    rows: np.ndarray[Any, Any]
    grain: str = "day"
    time_type: str = "timestamptz"
    undated: int = 0
    undated_as: str = "null"
    values: str = "10 + n % 7"
    settings: dict[str, Any] = field(default_factory=dict)
    before_look: str = ""
    may_be_healthy: bool = True
    is_clean: bool = False
    fault: str = ""

    def __str__(self) -> str:
        kind = f"{self.fault or 'sparse'}, {self.grain}, {self.time_type}, {self.settings}"
        return f"{self.name} ({kind}, {self.rows[-15:].tolist()})"


def _steady(rng: np.random.Generator, size: int) -> np.ndarray[Any, Any]:
    return rng.integers(18, 24, size)


def _weekly(rng: np.random.Generator, size: int) -> np.ndarray[Any, Any]:
    """Business days: nothing on Saturdays and Sundays; the newest closed day is a Sunday."""
    rows = _steady(rng, size)
    rows[np.isin((np.arange(size) - size + 1) % 7, (6, 0))] = 0
    return rows


def _periodic(rng: np.random.Generator, size: int, period: int) -> np.ndarray[Any, Any]:
    rows = np.zeros(size, dtype=np.int64)
    rows[int(rng.integers(0, period)) :: period] = 20
    return rows


Fault = Callable[[World, np.random.Generator], None]


def _none(world: World, rng: np.random.Generator) -> None:
    world.is_clean = True


def _dead(world: World, rng: np.random.Generator) -> None:
    """Silent for twice as long as ever before, and at least four buckets."""
    gaps = np.diff(np.flatnonzero(world.rows))
    silent = max(4, 2 * int(gaps.max()) + 1) + int(rng.integers(0, 20))
    world.rows[len(world.rows) - silent :] = 0


def _drop(world: World, rng: np.random.Generator) -> None:
    """A tenth of the usual rows in the newest bucket, which is always filled: an empty one would end the fall."""
    world.rows[:] = _steady(rng, len(world.rows))
    world.rows[-1] = 2


def _undated(world: World, rng: np.random.Generator) -> None:
    world.undated = int(world.rows.sum() * rng.uniform(1.1, 2.0))
    world.undated_as = str(rng.choice(["null", "'-infinity'", "'1970-01-01 00:00+00'"]))


def _few_undated(world: World, rng: np.random.Generator) -> None:
    world.undated = 3
    world.may_be_healthy = world.is_clean = True


def _ahead(world: World, rng: np.random.Generator) -> None:
    world.rows[:] = 0
    world.undated, world.undated_as = 50, "'2027-01-01'"


def _never_a_value(world: World, rng: np.random.Generator) -> None:
    world.values = "null"


def _not_finite(world: World, rng: np.random.Generator) -> None:
    """One NaN and one infinity a bucket among good values: judged without them."""
    world.values = "case n when 1 then 'NaN' when 2 then 'Infinity' else (10 + n % 7)::text end::float8"
    world.may_be_healthy = world.is_clean = True


def _failing(world: World, rng: np.random.Generator) -> None:
    expression = str(rng.choice([SUM, CAST, "sum(1 / (big - big))", "max(exp(big))"]))
    world.settings["metrics"] = ["row_count", "freshness", {"name": "own", "kind": "real", "expression": expression}]


def _young(world: World, rng: np.random.Generator) -> None:
    world.rows[: len(world.rows) - 5] = 0


def _gone(world: World, rng: np.random.Generator) -> None:
    world.before_look = f"drop table {world.name}"


def _hidden(world: World, rng: np.random.Generator) -> None:
    world.before_look = f"alter table {world.name} rename column at to moment"


def _unreadable(world: World, rng: np.random.Generator) -> None:
    world.before_look = f"revoke select on {world.name} from public, lookout_reader"


def _all_filtered(world: World, rng: np.random.Generator) -> None:
    world.settings["filter"] = "big < 0"


BROKEN: tuple[Fault, ...] = (
    _dead, _drop, _undated, _ahead, _never_a_value, _failing, _young, _gone, _hidden, _unreadable, _all_filtered,
)  # fmt: skip
HARMLESS: tuple[Fault, ...] = (_none, _few_undated, _not_finite)


def worlds(seed: int, count: int) -> list[World]:
    """Return some worlds; every fault comes before any comes again, on tables of every kind."""
    rng = np.random.default_rng(seed)
    faults = [*HARMLESS, *BROKEN]
    made = []
    for number in range(count):
        fault = faults[number % len(faults)]
        world = _table(number, rng)
        world.fault, world.may_be_healthy = fault.__name__.strip("_"), fault in HARMLESS
        fault(world, rng)
        made.append(world)
    for number, period in enumerate((2, 3, 10, 14, 30, 45)):
        settings = {
            "history": "400 days",
            "metrics": [["row_count"], ["freshness"], ["row_count", "freshness"]][number % 3],
        }
        made.append(World(f"s{number}", _periodic(rng, 400, period), is_clean=True, settings=settings))
        # One load is missing, and nobody has to set a limit to hear of it.
        dead = World(f"d{number}", np.roll(made[-1].rows, 1), may_be_healthy=False, settings=settings, fault="overdue")
        dead.rows[-period:] = 0
        made.append(dead)
    # However rare its loads are, a limit judges the silence of a table.
    few = World(
        "few", _periodic(rng, 400, 150), may_be_healthy=False, fault="few loads", settings={"history": "400 days"}
    )
    limited = {"history": "400 days", "freshness": {"error_after": "301 days"}}
    made += [few, World("limited", few.rows, is_clean=True, settings=limited)]
    return made


def _table(number: int, rng: np.random.Generator) -> World:
    name = f"w{number}"
    settings: dict[str, Any] = {"metrics": ["row_count", "freshness", "mean(x)"]}
    if rng.random() < 0.2:
        settings["defaults"] = {"method": "zscore"}
    if rng.random() < 0.25:
        return World(
            name, _steady(rng, HOURS), grain="hour", settings={**settings, "grain": "hour", "history": "60 days"}
        )
    time_type = str(rng.choice(["timestamptz", "timestamp", "date"]))
    rows = _weekly(rng, DAYS) if rng.random() < 0.4 and "defaults" not in settings else _steady(rng, DAYS)
    return World(name, rows, time_type=time_type, settings=settings)


def statements(world: World) -> str:
    """Return the SQL that makes the table of a world."""
    step = timedelta(hours=1) if world.grain == "hour" else timedelta(days=1)
    end = CLOCK.replace(minute=0) if world.grain == "hour" else CLOCK.replace(hour=0, minute=0)
    start = end - len(world.rows) * step
    inside = "" if world.time_type == "date" else " + interval '7 minutes' * (n % 8)"
    counts = ", ".join(map(str, world.rows))
    return f"""
        create table {world.name} (at {world.time_type}, x float8, big int8, note text);
        insert into {world.name}
        select (timestamptz '{start:%Y-%m-%d %H:%M}Z' + (bucket - 1) * interval '{step.total_seconds():.0f} seconds'{inside})
                at time zone 'UTC', {world.values}, 9e18, 'no number'
        from unnest(array[{counts}]) with ordinality as buckets (size, bucket), generate_series(1, size) as n;
        insert into {world.name} select {world.undated_as}, 1, 9e18, 'no number' from generate_series(1, {world.undated});
        {world.before_look};
    """


def contradictions(observed: Observed, made: list[World], beside: dict[str, dict[str, Any]] | None = None) -> list[str]:
    """Let Lookout look at the worlds once; return a line for each that it shows as healthier or worse than it is.

    ``beside`` are other watched tables, with their settings.
    """
    for world in made:
        observed.sql(statements(world))
    settings = {world.name: world.settings for world in made} | (beside or {})
    observed.declare({name: {"timestamp_column": "at", **its} for name, its in settings.items()})
    summary = observed.run(CLOCK.isoformat())
    cards = {
        row[0]: row[1:]
        for row in observed.sql(
            f"select name, score, status from {MONITORING}.scorecard where scope = 'asset'", at="observed"
        )
    }
    states = {row["asset"]: row for row in summary.states.to_dict("records")}
    found = []
    for world in made:
        state, card = states[f"public.{world.name}"], cards[f"public.{world.name}"]
        is_praised = state["state"] == "ok" or card[1] == "Excellent" or card[0] == 100
        if is_praised and not world.may_be_healthy:
            found.append(f"{world}: {state}, {card}")
        # A detector may cry wolf, but it can judge.
        if world.is_clean and state["state"] not in ("ok", "wrong"):
            found.append(f"{world} is healthy: {state}, {card}")
        if state["state"] in ("learning", "not evaluated") and not state["reason"]:
            found.append(f"{world} has no reason: {state}")
    clean = [states[f"public.{world.name}"]["state"] for world in made if world.is_clean]
    if clean.count("ok") < 0.7 * len(clean):
        found.append(f"only {clean.count('ok')} of {len(clean)} healthy tables are called so")
    if any(row["state"] == "not evaluated" for row in states.values()) and summary.exit_code != 2:
        found.append(f"exit code {summary.exit_code}")
    return found
