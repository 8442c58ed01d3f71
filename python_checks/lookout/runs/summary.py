"""The result of a run: the alerts at its clock, its problems, and the exit code that follows from them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from lookout.alerts.listing import impact_text, read_impact
from lookout.alerts.store import query_alerts
from lookout.contracts.spec.model import ContractCheck
from lookout.masking import mask_secrets
from lookout.plain import plain
from lookout.project.dbt import Invocation
from lookout.runs.contracts import BlockedModels
from lookout.runs.recording import Run

STATE_COLUMNS = ["connection", "asset", "state", "reason"]
EXIT_OK, EXIT_ALERTS, EXIT_UNEVALUATED = 0, 1, 2

_COUNTS = """
select
    (select count(*) from {schema}.metric_observations) as observations,
    (select count(*) from {schema}.monitors where is_active) as series
"""

# Said once: not again while the next check of the table says the same.
_NOTES = """
select looks.connection, looks.asset, looks.message
from {schema}.collection_results as looks
left join lateral (
    select message from {schema}.collection_results as earlier
    where earlier.connection = looks.connection and earlier.asset = looks.asset and earlier.as_of < looks.as_of
    order by earlier.as_of desc limit 1
) as before on true
where looks.as_of = %s and looks.run_id = %s and looks.status = 'ok' and looks.message <> ''
    and looks.message is distinct from before.message
order by looks.connection, looks.asset
"""


@dataclass(frozen=True)
class RunSummary:
    """The result of a run. Alert frames hold rows of ``alerts``; ``new_alerts`` are those that this run saw first.

    ``notes`` are sentences about rows and values that no metric counts. ``states`` has the state of every watched table
    and the reason for it, in the columns of ``asset_states``.
    """

    run_id: str
    as_of: pd.Timestamp
    exit_code: int
    open_alerts: pd.DataFrame
    new_alerts: pd.DataFrame
    problems: tuple[str, ...]
    reports: tuple[Path, ...] = ()
    build: Invocation | None = None
    checks: tuple[ContractCheck, ...] = ()
    blocked: BlockedModels = field(default_factory=BlockedModels)
    counts: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    states: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=STATE_COLUMNS))


def summarize(
    run: Run,
    *,
    build: Invocation | None = None,
    reports: tuple[Path, ...] = (),
    checks: Sequence[ContractCheck] = (),
    blocked: BlockedModels | None = None,
) -> RunSummary:
    """Return the result of a run, from the alerts as they are derived at its clock."""
    alerts = query_alerts(run.store, "order by alerts.severity, alerts.window_start desc, alerts.asset")
    is_open = alerts["status"] == "open"
    # The impact of an alert matters only while it is open.
    impact = read_impact(run.store, list(alerts.loc[is_open, "alert_key"]))
    alerts["downstream"] = [impact_text(impact.get(key, {})) for key in alerts["alert_key"]]
    counts = run.store.query(_COUNTS)
    notes = run.store.query(_NOTES, (run.as_of, run.run_id))
    states = _read_states(run)
    unevaluated = states[states["state"] == "not evaluated"]
    problems = [*run.problems, *(_sentence(row) for row in unevaluated.to_dict("records") if not _is_known(run, row))]
    return RunSummary(
        run_id=run.run_id,
        as_of=pd.Timestamp(run.as_of),
        exit_code=_exit_code(problems, alerts[is_open]),
        open_alerts=alerts[is_open],
        new_alerts=alerts[~alerts["alert_key"].isin(run.known_alerts)],
        problems=tuple(mask_secrets(plain(problem)) for problem in problems),
        reports=reports,
        build=build,
        checks=tuple(checks),
        blocked=blocked or BlockedModels(),
        counts={name: int(counts[name][0]) for name in counts.columns},
        notes=tuple(plain(_sentence(row, "message")) for row in notes.to_dict("records")),
        states=states,
    )


def contracts_exit_code(run: Run, checks: Sequence[ContractCheck]) -> int:
    """Return the exit code of a run that is about contracts alone, whatever other alerts are open."""
    if run.problems:
        return EXIT_UNEVALUATED
    if any(check.is_broken for check in checks):
        return EXIT_ALERTS
    return EXIT_OK if all(check.is_evaluated for check in checks) else EXIT_UNEVALUATED


def _exit_code(problems: Sequence[str], open_alerts: pd.DataFrame) -> int:
    if problems or (open_alerts["alert_type"] == "SOURCE_UNREACHABLE").any():
        return EXIT_UNEVALUATED
    return EXIT_ALERTS if (open_alerts["severity"] == "critical").any() else EXIT_OK


def _read_states(run: Run) -> pd.DataFrame:
    """Return the state of each watched table; no rows before dbt has derived any."""
    if run.store.missing_tables(["asset_states"]):
        return pd.DataFrame(columns=STATE_COLUMNS)
    return run.store.query("select * from {schema}.asset_states order by connection, asset")


def _sentence(row: Mapping[Hashable, Any], name: str = "reason") -> str:
    return f"{row['connection']} {row['asset']}: {row[name] or 'not evaluated'}"


def _is_known(run: Run, row: Mapping[Hashable, Any]) -> bool:
    """Return whether the run has met the problem of a table itself."""
    return any(problem.startswith(f"{row['connection']} {row['asset']}: ") for problem in run.problems)
