"""Buckets of a table in SQL: their numbers, and timestamps as the clock of the table's zone shows them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg2 import sql

from lookout.engines.dialect import as_column_type
from lookout.project.declarations.grain import EPOCH, OFFSET, UTC, moment_of, wall_clock
from lookout.project.declarations.monitor import Monitor

# Types without a time zone: their values are local times of the monitor's zone.
LOCAL_TYPES = ("date", "timestamp")


def as_stamp(monitor: Monitor, moment: datetime, type_: str) -> Any:
    """Return a moment as a value of the timestamp column's type, so that its indexes apply."""
    if type_ in LOCAL_TYPES:
        moment = wall_clock(moment, monitor.time_zone).replace(tzinfo=timezone.utc)
    return as_column_type(moment, type_)


def number_of_bucket(monitor: Monitor, type_: str) -> sql.Composed:
    """Return the SQL of the number of a row's bucket, as :meth:`BucketClock.numbers` counts them.

    In a session in UTC the seconds since 1970 are those of UTC's clock.
    """
    wall: sql.Composable = sql.Identifier(monitor.timestamp_column)
    if type_ not in LOCAL_TYPES and (monitor.time_zone != UTC or monitor.grain == "month"):
        wall = sql.SQL("({} at time zone {})").format(wall, sql.Literal(monitor.time_zone))
    if monitor.grain == "month":
        return sql.SQL("(date_part('year', {wall}) - 1970) * 12 + date_part('month', {wall}) - 1").format(wall=wall)
    step, offset = monitor.clock.step.total_seconds(), OFFSET.get(monitor.grain, timedelta(0)).total_seconds()
    return sql.SQL("floor((date_part('epoch', {}) + {}) / {})").format(wall, sql.Literal(offset), sql.Literal(step))


def in_utc(monitor: Monitor, shown: npt.NDArray[np.float64], type_: str, as_of: datetime) -> npt.NDArray[np.float64]:
    """Return times up to ``as_of`` in seconds since 1970 from what the column shows, which are local in LOCAL_TYPES.

    NaN stays. Of two moments that show the same it is the second, or a table that is loaded now looked an hour old.
    """
    is_known = np.isfinite(shown)
    if monitor.time_zone == UTC or type_ not in LOCAL_TYPES or not is_known.any():
        return shown
    walls = np.round(shown[is_known] * 1e6).astype(np.int64) * 1000
    moments = shown.copy()
    moments[is_known] = moment_of(walls, monitor.time_zone, first=False) // 1000 / 1e6
    newest: npt.NDArray[np.float64] = np.fmin(moments, np.where(is_known, (as_of - EPOCH).total_seconds(), np.nan))
    return newest
