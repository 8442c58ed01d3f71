"""Backtest of a whole history from files, without a database: the flags it would have raised, bucket by bucket.

Every bucket is judged by the buckets before it alone, so the flags are those that a run at that time would have given.
"""

from __future__ import annotations

import gzip
import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lookout.baseline.judge import judge
from lookout.baseline.scales.transforms import KINDS
from lookout.errors import ConfigError
from lookout.project.declarations.grain import UTC, Grain, clocks_of, zone_problem
from lookout.project.files import open_file
from lookout.runs.backtest.settings import NAMES, check_options, settings_of
from lookout.runs.learning.exclusions import WINDOW_COLUMNS, judge_with_exclusions

GRAINS: dict[str, Grain] = {
    "5min": "5min",
    "10min": "10min",
    "15min": "15min",
    "30min": "30min",
    "H": "hour",
    "D": "day",
    "W": "week",
    "M": "month",
}
COLUMNS = ("series_id", "ts", "value", "expected", "lower", "upper", "score", "reason", "flagged")
_BUCKETS_AT_ONCE = 400_000
_ROWS_READ_AT_ONCE = 500_000


@dataclass(frozen=True)
class BacktestSummary:
    """Counts of a backtest. ``learning`` counts buckets whose history was still too short; they are never flagged.

    ``without_values`` are the series of which nothing could be judged.
    """

    series: int
    buckets: int
    flagged: int
    learning: int
    seconds: float
    without_values: tuple[str, ...] = ()

    def sentence_about_missing(self, points_csv: Path) -> str:
        """Return a sentence about the series without a value."""
        first, others = self.without_values[0], len(self.without_values) - 1
        more = f" and {others} more" if others else ""
        return f"{points_csv} has no value of series {first!r}{more}, so nothing of it was judged; add points to it."


@dataclass(frozen=True)
class Points:
    """All points by series and bucket start (ns since 1970): 20 bytes each, whatever their text takes in the file."""

    code: NDArray[np.int32]
    time: NDArray[np.int64]
    value: NDArray[np.float64]


def backtest(
    series_csv: Path,
    points_csv: Path,
    out_csv: Path,
    *,
    settings: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> BacktestSummary:
    """Judge the series of two CSV files and write a third; names that end in .gz are compressed.

    Reads series(series_id, kind, grain as in :data:`GRAINS`, and if wanted time_zone and settings of a monitor) and
    points(series_id, ts in UTC or with an offset, value; an empty value is a missing bucket, 0 is a value).
    ``settings`` hold for series with an empty cell. Writes one row per series and bucket with the columns
    :data:`COLUMNS`: ts in UTC, bounds in the metric's unit, signed score (empty while learning), ``flagged`` 1 for a
    bucket that would be part of an alert. Calls ``progress(done, total)`` in numbers of series. Raises ConfigError with
    one sentence that names file and line.
    """
    begun = time.perf_counter()
    series, points = read_files(Path(series_csv), Path(points_csv), settings or {})
    buckets = flagged = learning = 0
    with _writer(Path(out_csv)) as out:
        out.write(",".join(COLUMNS) + "\n")
        for done, result in judged_parts(series, points):
            flags = _flags(result, series["alert_from"])
            flags.to_csv(
                out,
                index=False,
                header=False,
                date_format="%Y-%m-%d %H:%M:%S",
                float_format="%.10g",
                lineterminator="\n",
            )
            buckets += len(result)
            flagged += int(flags["flagged"].sum())
            learning += int((result["status"] == "learning").sum())
            if progress is not None:
                progress(done, len(series))
    without = tuple(series.index[~np.isin(np.arange(len(series)), points.code[np.isfinite(points.value)])])
    return BacktestSummary(len(series), buckets, flagged, learning, time.perf_counter() - begun, without)


def read_files(series_csv: Path, points_csv: Path, given: Mapping[str, Any]) -> tuple[pd.DataFrame, Points]:
    """Return the series with their settings, indexed by name, and their points. Raises ConfigError."""
    series = read_series(series_csv, given)
    return series, _read_points(points_csv, series)


def judged_parts(series: pd.DataFrame, points: Points) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield how many series are done and the judged buckets of the last of them, until all are."""
    newest = _newest(points, series)
    edges = np.searchsorted(points.code, np.arange(len(series) + 1))
    for first, last in _chunks(edges):
        yield last, _judge(series.iloc[first:last], points, edges, first, last, newest)


def read_series(path: Path, given: Mapping[str, Any], sensitivity: float | None = None) -> pd.DataFrame:
    """Return the series of a file with their settings; a ``sensitivity`` goes before that of the file."""
    needed = ("series_id", "kind", "grain")
    parts = list(_read(path, needed, ("time_zone", *NAMES)))
    frame = pd.concat(parts) if parts else pd.DataFrame(columns=list(needed), dtype=str)
    for name, allowed in (("kind", KINDS), ("grain", tuple(GRAINS))):
        wrong = ~frame[name].isin(allowed)
        if wrong.any():
            value = frame.loc[wrong, name].iloc[0]
            state = "is empty" if pd.isna(value) else f"is {value!r}"
            raise ConfigError(f"{path}, line {_line(wrong)}: {name} {state}; give one of {', '.join(allowed)}.")
    zones = frame["time_zone"].fillna(UTC) if "time_zone" in frame else pd.Series(UTC, frame.index)
    for zone in zones.unique():
        problem = zone_problem(zone)
        if problem:
            raise ConfigError(f"{path}, line {_line(zones == zone)}: time_zone is {zone!r}; {problem}")
    if frame["series_id"].isna().any():
        raise ConfigError(
            f"{path}, line {_line(frame['series_id'].isna())}: series_id is empty; give each series a name."
        )
    twice = frame["series_id"].duplicated()
    if twice.any():
        name = frame.loc[twice, "series_id"].iloc[0]
        raise ConfigError(f"{path}, line {_line(twice)}: series {name!r} is listed a second time; list it once.")
    frame = frame.assign(grain=frame["grain"].map(GRAINS)).set_index("series_id")
    check_options(given, frame["grain"].unique())
    if sensitivity is not None:
        frame["sensitivity"] = str(sensitivity)
    return settings_of(frame, given, path).assign(time_zone=zones.to_numpy())


def _read_points(path: Path, series: pd.DataFrame) -> Points:
    known = series.index
    codes, times, values = [], [], []
    for part in _read(path, ("series_id", "ts", "value")):
        code = known.get_indexer(pd.Index(part["series_id"]))
        unknown = pd.Series(code < 0, index=part.index)
        if unknown.any():
            name = part.loc[unknown, "series_id"].iloc[0]
            where = f"{path}, line {_line(unknown)}"
            raise ConfigError(f"{where}: series {name!r} is not in the series file; add it there or remove the point.")
        moment = pd.to_datetime(part["ts"], format="ISO8601", utc=True, errors="coerce")
        _refuse(path, part["ts"], moment.isna(), "ts", "a date and time such as 2026-01-31 00:00:00")
        value = pd.to_numeric(part["value"], errors="coerce").astype(float)
        is_empty = part["value"].isna() | (part["value"].str.strip() == "")
        wrong = (value.isna() & ~is_empty) | np.isinf(value)
        _refuse(path, part["value"], wrong, "value", "a number, or nothing for a missing bucket")
        codes.append(code.astype(np.int32))
        times.append(pd.DatetimeIndex(moment).as_unit("ns").to_numpy(dtype="datetime64[ns]").view(np.int64))
        values.append(value.to_numpy())
    if not codes:
        return Points(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0))
    return _ordered(path, np.concatenate(codes), np.concatenate(times), np.concatenate(values), series)


def _ordered(path: Path, code: Any, moment: Any, value: Any, series: pd.DataFrame) -> Points:
    """Return points sorted by series and bucket. Raises ConfigError for two in one bucket."""
    number, start = np.empty_like(moment), np.empty_like(moment)
    is_odd = np.zeros(len(moment), dtype=bool)
    for clock, rows in clocks_of(series):
        mine = np.isin(code, rows)
        number[mine] = clock.numbers(moment[mine])
        start[mine] = clock.starts(number[mine])
        is_odd[mine] = clock.is_odd(number[mine])
    order = np.lexsort((number, code))
    again = (np.diff(code[order]) == 0) & (np.diff(number[order]) == 0)
    # An hour that comes twice has two points; it is not judged.
    again_odd = again & is_odd[order][1:]
    if (again & ~again_odd).any():
        line = int(order[1:][again & ~again_odd].min()) + 2
        hint = "; write local times with their offset" if (series["time_zone"] != UTC).any() else ""
        raise ConfigError(
            f"{path}, line {line}: its series has a point in this bucket already; keep one of them{hint}."
        )
    order = order[np.concatenate([[True], ~again_odd])] if len(order) else order
    return Points(code[order], start[order], value[order])


def _read(path: Path, columns: tuple[str, ...], optional: tuple[str, ...] = ()) -> Iterator[pd.DataFrame]:
    """Yield the named columns of a CSV file as text, some rows at a time; the index counts the rows from 0."""
    open_file(path).close()
    try:
        header = pd.read_csv(path, nrows=1, dtype=str)
        for name in columns:
            if name not in header.columns:
                raise ConfigError(f"{path} has no column {name!r}; its first line must name {', '.join(columns)}.")
        if not isinstance(header.index, pd.RangeIndex):
            raise ConfigError(f"{path}, line 2: there are more cells than names in the first line; give each a name.")
        with pd.read_csv(
            path,
            usecols=[name for name in header.columns if name in {*columns, *optional}],
            dtype=str,
            chunksize=_ROWS_READ_AT_ONCE,
            keep_default_na=False,
            na_values=[""],
        ) as reader:
            for part in reader:
                yield part.reindex(columns=[*columns, *optional])
    except pd.errors.EmptyDataError:
        raise ConfigError(f"{path} is empty; its first line must name {', '.join(columns)}.") from None
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or "it is no complete gzip file"
        raise ConfigError(f"Cannot read {path}: {reason}.") from None
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        detail = str(error).strip().splitlines()[-1].rstrip(".")
        raise ConfigError(f"{path} is not a CSV file in UTF-8: {detail}.") from None


def _line(wrong: Any) -> int:
    """Return the line of the first wrong row in its file; the header is line 1."""
    return int(wrong.index[wrong.to_numpy()][0]) + 2


def _refuse(path: Path, column: Any, wrong: Any, name: str, demand: str) -> None:
    if wrong.any():
        value = column[wrong].iloc[0]
        state = "is empty" if pd.isna(value) else f"is {value!r}"
        raise ConfigError(f"{path}, line {_line(wrong)}: {name} {state}; give {demand}.")


def _newest(points: Points, series: pd.DataFrame) -> pd.Series[Any]:
    """Return the newest bucket of all series of the same grain and zone, where each of them ends."""
    newest = np.full(len(series), np.iinfo(np.int64).min, dtype=np.int64)
    np.maximum.at(newest, points.code, points.time)
    ends = pd.Series(newest, index=series.index)
    ends = ends.groupby([series["grain"], series["time_zone"]], sort=False).transform("max")
    return pd.to_datetime(ends.where(ends > np.iinfo(np.int64).min), utc=True)


def _chunks(edges: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield ranges of series (first, last + 1) with a bounded number of points, at least one series each."""
    first, total = 0, len(edges) - 1
    while first < total:
        last = int(np.searchsorted(edges, edges[first] + _BUCKETS_AT_ONCE, side="right")) - 1
        last = min(total, max(last, first + 1))
        yield first, last
        first = last


def _judge(
    series: pd.DataFrame,
    points: Points,
    edges: NDArray[np.int64],
    first: int,
    last: int,
    newest: pd.Series[Any],
) -> pd.DataFrame:
    part = slice(int(edges[first]), int(edges[last]))
    frame = pd.DataFrame(
        {
            "series_key": pd.Categorical.from_codes((points.code[part] - first).tolist(), categories=series.index),
            "bucket_start": pd.DatetimeIndex(points.time[part], tz="UTC"),
            "value": points.value[part],
        }
    )
    everything = pd.Series(pd.NaT, index=series.index, dtype="datetime64[ns, UTC]")
    return judge_with_exclusions(
        judge,
        series.assign(last_bucket=newest.iloc[first:last]),
        frame,
        *(pd.DataFrame({name: [] for name in names}) for names in (("series_key", "restart_at"), WINDOW_COLUMNS)),
        judge_from=everything,
        horizon=0,
    )


@contextmanager
def _writer(path: Path) -> Iterator[IO[str]]:
    try:
        binary = path.open("wb")
    except OSError as error:
        raise ConfigError(f"Cannot write {path}: {error.strerror}.") from None
    with ExitStack() as stack:
        stack.enter_context(binary)
        target: Any = binary
        if path.suffix == ".gz":
            target = stack.enter_context(gzip.GzipFile(fileobj=binary, mode="wb", compresslevel=4, mtime=0))
        yield stack.enter_context(io.TextIOWrapper(target, "utf-8", newline=""))


def _flags(result: pd.DataFrame, alert_from: pd.Series[Any]) -> pd.DataFrame:
    """Return judged buckets as the rows of the file, with the bounds at which a value is flagged."""
    from_warning = result["series_key"].map(alert_from == "warning").astype(bool)
    is_warning = (result["severity"] == "warning") & from_warning
    return pd.DataFrame(
        {
            "series_id": result["series_key"],
            "ts": result["bucket_start"],
            "value": result["observed_value"],
            "expected": result["expected_value"],
            "lower": result["lower_bound"].mask(from_warning, result["warning_lower_bound"]),
            "upper": result["upper_bound"].mask(from_warning, result["warning_upper_bound"]),
            "score": result["score"],
            "reason": result["reason"],
            "flagged": ((result["severity"] == "critical") | is_warning).astype(int),
        }
    )
