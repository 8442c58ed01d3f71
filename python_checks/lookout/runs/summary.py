"""The result of a run: the alerts at its clock, its problems, and the exit code that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from lookout.alerts.listing import impact_text, read_impact
from lookout.alerts.store import query_alerts
from lookout.contracts.spec.model import ContractCheck
from lookout.masking import mask_secrets
from lookout.plain import plain
from lookout.project.dbt import Invocation
from lookout.runs.contracts import BlockedModels
from lookout.runs.recording import Run

EXIT_OK, EXIT_ALERTS, EXIT_UNEVALUATED = 0, 1, 2

_COUNTS = """
select
    (select count(*) from {schema}.metric_observations) as observations,
    (select count(*) from {schema}.monitors where is_active) as series
"""


@dataclass(frozen=True)
class RunSummary:
    """The result of a run. Alert frames hold rows of ``alerts``; ``new_alerts`` are those that this run saw first."""

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
    return RunSummary(
        run_id=run.run_id,
        as_of=pd.Timestamp(run.as_of),
        exit_code=_exit_code(run, alerts[is_open]),
        open_alerts=alerts[is_open],
        new_alerts=alerts[~alerts["alert_key"].isin(run.known_alerts)],
        problems=tuple(mask_secrets(plain(problem)) for problem in run.problems),
        reports=reports,
        build=build,
        checks=tuple(checks),
        blocked=blocked or BlockedModels(),
        counts={name: int(counts[name][0]) for name in counts.columns},
    )


def contracts_exit_code(run: Run, checks: Sequence[ContractCheck]) -> int:
    """Return the exit code of a run that is about contracts alone, whatever other alerts are open."""
    if run.problems:
        return EXIT_UNEVALUATED
    if any(check.is_broken for check in checks):
        return EXIT_ALERTS
    return EXIT_OK if all(check.is_evaluated for check in checks) else EXIT_UNEVALUATED


def _exit_code(run: Run, open_alerts: pd.DataFrame) -> int:
    if run.problems or (open_alerts["alert_type"] == "SOURCE_UNREACHABLE").any():
        return EXIT_UNEVALUATED
    return EXIT_ALERTS if (open_alerts["severity"] == "critical").any() else EXIT_OK
