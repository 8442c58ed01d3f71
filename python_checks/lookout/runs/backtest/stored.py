"""Backtest of the stored observations of one table with other settings: the alerts they would have raised.

Nothing is written.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from lookout.database.store import Store
from lookout.errors import ConfigError
from lookout.project.declarations.grain import UTC, clocks_of
from lookout.project.workspace import Workspace
from lookout.runs.backtest.settings import changed_settings
from lookout.runs.learning.stored import judge_stored, read_exclusions, read_stored_calendar

AS_SET = "as it is set"
MOST_DAYS = 36_500
EPISODE_COLUMNS = ("series_key", "starts_at", "ends_at", "severity", "value", "expected_value", "score", "reason")


@dataclass(frozen=True)
class SeriesResult:
    """One metric of the table. ``episodes`` has EPISODE_COLUMNS; ``as_set`` is their number with the stored settings.

    ``learning`` counts the buckets that could not be judged, ``judged`` the others. ``fixed`` says that a fixed limit
    decides instead of a baseline.
    """

    metric: str
    column_name: str
    episodes: pd.DataFrame
    as_set: int
    judged: int
    learning: int
    fixed: bool = False


@dataclass(frozen=True)
class StoredBacktest:
    """The alerts of a table's stored observations from ``since`` up to ``until`` with other settings."""

    connection: str
    asset: str
    since: datetime
    until: datetime
    settings: str
    series: tuple[SeriesResult, ...]

    @property
    def alerts(self) -> int:
        """Return the number of alerts in all."""
        return sum(len(result.episodes) for result in self.series)


@dataclass(frozen=True)
class StoredSeries:
    """Stored series as settings (rows of ``monitors``), and the stretch of time to judge them in."""

    store: Store
    series: pd.DataFrame
    windows: pd.DataFrame
    restarts: pd.DataFrame
    since: datetime
    until: datetime

    def judged(self, settings: pd.DataFrame) -> pd.DataFrame:
        """Return the buckets of the series as ``settings`` would have judged them; calendar and feedback count."""
        settings = settings.assign(judge_from=pd.Timestamp(self.since))
        parts = [
            judge_stored(self.store, settings.iloc[rows], self.windows, self.restarts, as_of=self.until, horizon=0)
            for _, rows in clocks_of(settings.assign(time_zone=settings["time_zone"].fillna(UTC)))
        ]
        return pd.concat(parts, ignore_index=True)


@contextmanager
def stored_series(
    workspace: Workspace, asset: str | None, days: int, *, until_clock: bool = False
) -> Iterator[StoredSeries]:
    """Open what is stored of a table, schema.table or connection.schema.table, or of all where that is None.

    The ``days`` end with the newest stored bucket, with ``until_clock`` at the workspace's clock. Raises ConfigError in
    one sentence.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ConfigError(f"--days is {days}; it must be {'1 or more' if days < 1 else f'{MOST_DAYS} or less'}.")
    if not workspace.home.manifest:
        workspace.parse()
    with workspace.home.store() as store:
        series = _series(store, asset)
        until = _end_of_stored(store, series, workspace.as_of if until_clock else None)
        if until is None:
            raise ConfigError(f"Nothing is stored of {asset or 'any table'} up to then: run `lookout collect` first.")
        entries, _ = read_stored_calendar(store, workspace.home.manifest)
        windows, restarts = read_exclusions(store, entries)
        yield StoredSeries(store, series, windows, restarts, until - timedelta(days=days), until)


def backtest_stored(
    workspace: Workspace,
    asset: str,
    *,
    days: int,
    settings: Mapping[str, Any] | None = None,
    until_clock: bool = False,
) -> StoredBacktest:
    """Judge the last ``days`` days of a table's stored observations, with its own settings except for ``settings``.

    See :func:`stored_series`. Raises ConfigError in one sentence.
    """
    given = settings or {}
    with stored_series(workspace, asset, days, until_clock=until_clock) as stored:
        series = stored.series
        changed = changed_settings(series, given)
        as_set = stored.judged(series)
        judged = stored.judged(changed) if given else as_set
    counts = episodes(as_set, series["alert_from"])["series_key"].value_counts()
    found = episodes(judged, changed["alert_from"])
    results = [_result(row, found, judged, int(counts.get(row.Index, 0))) for row in series.itertuples()]
    table = series[["connection", "asset"]].iloc[0]
    names = (table["connection"], table["asset"])
    return StoredBacktest(*names, stored.since, stored.until, _settings_text(given), tuple(results))


def _end_of_stored(store: Store, series: pd.DataFrame, not_after: datetime | None) -> datetime | None:
    """Return the end of the newest stored bucket that ends by ``not_after`` (None: of all); None without any."""
    ends = []
    for clock, rows in clocks_of(series.assign(time_zone=series["time_zone"].fillna(UTC))):
        newest = store.query(
            "select max(bucket_start) as newest from {schema}.metric_observations "
            "where series_key = any(%s) and (%s::timestamptz is null or bucket_start < %s)",
            (list(series.index[rows]), not_after, not_after and clock.floor(not_after)),
        )["newest"][0]
        if newest is not None and not pd.isna(newest):
            ends.append(clock.end(clock.number(pd.Timestamp(newest).to_pydatetime())))
    return max(ends, default=None)


def _settings_text(given: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in given.items()) or AS_SET


def episodes(judged: pd.DataFrame, alert_from: pd.Series[Any]) -> pd.DataFrame:
    """Return the alerts of judged buckets, as the model candidate_anomalies does: columns EPISODE_COLUMNS.

    ``judged`` is the frame of :func:`lookout.baseline.judge`, ``alert_from`` the lowest severity by series key.
    Neighbouring alerting buckets are one alert, described by its worst; one that was not judged does not end it.
    """
    frame = judged[judged["status"] == "judged"].sort_values(["series_key", "bucket_start"])
    from_warning = frame["series_key"].map(alert_from == "warning").astype(bool)
    alerting = (frame["severity"] == "critical") | ((frame["severity"] == "warning") & from_warning)
    quiet_before = (~alerting).groupby(frame["series_key"]).cumsum()
    found = frame[alerting].assign(episode=quiet_before[alerting], size=frame["score"].abs())
    keys = ["series_key", "episode"]
    worst = found.sort_values("size", ascending=False, kind="stable").drop_duplicates(keys).set_index(keys)
    group = found.groupby(keys)
    result = pd.DataFrame(
        {
            "starts_at": group["bucket_start"].min(),
            "ends_at": group["bucket_start"].max(),
            "severity": group["severity"].agg(
                lambda severities: "critical" if (severities == "critical").any() else "warning"
            ),
        }
    )
    result = result.join(worst[["observed_value", "expected_value", "score", "reason"]]).reset_index()
    return result.rename(columns={"observed_value": "value"})[list(EPISODE_COLUMNS)]


def backtest_page(result: StoredBacktest) -> str:
    """Return the result for people: a line for every metric, and one for each of its alerts."""
    last = result.until - timedelta(microseconds=1)
    number = f"{result.alerts} alert{'s' * (result.alerts != 1)}"
    lines = [
        f"{result.connection} {result.asset}, {result.since:%Y-%m-%d} to {last:%Y-%m-%d}, {result.settings}: {number}"
    ]
    for one in result.series:
        name = f"{one.metric} of {one.column_name}" if one.column_name else one.metric
        if one.fixed:
            lines.append(f"{name}: judged by its fixed limit, not by what was learned")
            continue
        if not one.judged + one.learning:
            lines.append(f"{name}: nothing is stored that could be judged")
            continue
        count = f"{len(one.episodes)} alert{'s' * (len(one.episodes) != 1)}"
        as_set = f" ({one.as_set} as it is set now)" if result.settings != AS_SET else ""
        early = ""
        if one.learning:
            early = f"; {one.learning} of {one.learning + one.judged} buckets were too early to judge"
        lines.append(f"{name}: {count}{as_set}{early}")
        lines += [_line(row) for row in one.episodes.itertuples()]
    return "\n".join(lines)


def backtest_dict(result: StoredBacktest) -> dict[str, Any]:
    """Return the result for scripts: plain values only."""
    return {
        "connection": result.connection,
        "asset": result.asset,
        "since": result.since.isoformat(),
        "until": result.until.isoformat(),
        "settings": result.settings,
        "alerts": result.alerts,
        "series": [
            {
                "metric": one.metric,
                "column_name": one.column_name,
                "alerts": len(one.episodes),
                "as_set": one.as_set,
                "judged": one.judged,
                "learning": one.learning,
                "fixed": one.fixed,
                "episodes": [
                    {str(name): _plain(value) for name, value in row.items() if name != "series_key"}
                    for row in one.episodes.to_dict("records")
                ],
            }
            for one in result.series
        ],
    }


def _series(store: Store, asset: str | None) -> pd.DataFrame:
    watched = store.query(
        "select * from {schema}.monitors where is_active order by connection, asset, metric, column_name"
    )
    if asset is None and len(watched):
        return watched.set_index("series_key")
    full = watched["connection"] + "." + watched["asset"]
    found = watched[(watched["asset"] == asset) | (full == asset)]
    if asset is None:
        raise ConfigError("No table is watched yet: run `lookout init`, or `lookout run` once.")
    if found.empty:
        known: Sequence[str] = sorted(set(watched["asset"]))
        close = difflib.get_close_matches(asset, known, n=1)
        advice = f"did you mean '{close[0]}'?" if close else f"there is {', '.join(known[:10]) or 'none yet'}."
        raise ConfigError(f"No watched table is called '{asset}'; {advice}")
    if found["connection"].nunique() > 1:
        names = ", ".join(sorted(set(full[found.index])))
        raise ConfigError(f"Several databases have a table '{asset}': give one of {names}.")
    return found.set_index("series_key")


def is_fixed(row: Any) -> bool:
    """Return whether a series (a row of ``monitors``) is judged by a fixed limit instead of a baseline."""
    return row.metric == "freshness" and not (pd.isna(row.warn_after_seconds) and pd.isna(row.error_after_seconds))


def _result(row: Any, found: pd.DataFrame, judged: pd.DataFrame, as_set: int) -> SeriesResult:
    fixed = is_fixed(row)
    statuses = judged.loc[judged["series_key"] == row.Index, "status"].value_counts()
    own = found[(found["series_key"] == row.Index) & (not fixed)].reset_index(drop=True)
    return SeriesResult(
        row.metric,
        row.column_name,
        own,
        0 if fixed else as_set,
        int(statuses.get("judged", 0)),
        int(statuses.get("learning", 0)),
        fixed,
    )


def _line(row: Any) -> str:
    starts, ends = (_moment(at) for at in (row.starts_at, row.ends_at))
    when = starts if starts == ends else f"{starts} to {ends}"
    value = "nothing" if pd.isna(row.value) else f"{row.value:.6g}"
    usual = "" if pd.isna(row.expected_value) else f", expected about {row.expected_value:.4g}"
    return f"  {when}  {row.severity}: {value}{usual} ({row.reason})"


def _moment(moment: pd.Timestamp) -> str:
    return f"{moment:%Y-%m-%d}" if moment == moment.normalize() else f"{moment:%Y-%m-%d %H:%M}"


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return None if pd.isna(value) else value
