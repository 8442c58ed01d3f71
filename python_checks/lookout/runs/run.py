"""`lookout run` and its parts, one function a command; each returns what the command line prints and exits with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from lookout.alerts.listing import impact_text, read_impact
from lookout.contracts.changes.record import record_contracts
from lookout.contracts.spec.model import Contract, ContractCheck
from lookout.declarations import Declarations, read_declarations
from lookout.notify.notifying import notify
from lookout.notify.settings.load import load_settings
from lookout.notify.settings.model import Settings
from lookout.project.dbt import Invocation, NodeEvent
from lookout.project.declarations.monitor import Monitor
from lookout.project.workspace import Workspace
from lookout.render.progress import Narrator, Step
from lookout.report.write import write_reports
from lookout.runs import steps
from lookout.runs.contracts import BlockedModels, blocked, guard
from lookout.runs.explanations import MOST, explain_alerts
from lookout.runs.learning import learn as learning
from lookout.runs.model import Run
from lookout.runs.tracking import LiveBuild, catch_up, declare_lineage, open_execution_store
from lookout.tracking.executions.store import ExecutionStore

EXIT_OK, EXIT_ALERTS, EXIT_UNEVALUATED = 0, 1, 2
MONITORING = "fqn:lookout.monitoring.*"
ALERTS = "fqn:lookout.monitoring.alerts.alerts"


@dataclass(frozen=True)
class RunSummary:
    """What a run came to. Alert frames hold rows of ``alerts``; ``new`` are those this run saw first."""

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


def run_all(
    workspace: Workspace,
    narrator: Narrator,
    *,
    run_id: str,
    reports_dir: Path | None = None,
    select: Sequence[str] = (),
    explain: int = MOST,
    tell: bool = True,
) -> RunSummary:
    """Collect, guard, build, learn, derive, explain and publish, in that order and in one process.

    Models downstream of a source that critically breaks its strict contract are not built. Where many series have
    changed, what alerts depend on is learned first and the rest after publishing; alerts are derived and published
    again where that changes one. At most ``explain`` alerts are broken down by dimension. With ``tell``, people hear of
    them as ``lookout.yml`` says.
    """
    declared, settings = _parse(workspace, narrator)
    monitors, contracts = declared.monitors, declared.contracts
    with steps.recorded_run(workspace, "run", run_id, declared) as run, open_execution_store(run) as execution_store:
        _register(run)
        _catch_up(run, narrator, execution_store)
        _collect(run, narrator, [m for m in monitors if not m.is_model], "collect")
        steps.ingest_results(run, own=False)
        checks = _guard(run, narrator, [c for c in contracts if c.is_source], "guard")
        held = blocked(checks, workspace.home.manifest)
        arguments = ["build", "--exclude", MONITORING, *held.arguments, *select]
        build = _build(run, narrator, arguments, held, LiveBuild(run, execution_store))
        _collect(run, narrator, [m for m in monitors if m.is_model], "profile")
        checks += _guard(run, narrator, [c for c in contracts if not c.is_source], "verify")
        steps.follow_pipelines(run)
        plan = _learn_first(run, narrator)
        _derive(run, narrator)
        _explain(run, narrator, explain)
        reports = _publish(run, narrator, reports_dir)
        if not plan.is_complete:
            if _learn_rest(run, narrator, plan):
                _derive(run, narrator)
                _explain(run, narrator, explain)
            reports = _publish(run, narrator, reports_dir)
        if tell and settings:
            _notify(run, narrator)
        return _summary(run, build=build, reports=reports, checks=checks, held=held)


def run_collect(workspace: Workspace, narrator: Narrator, *, run_id: str) -> RunSummary:
    """Collect only: profile every watched table and read dbt's artifacts."""
    declared, _ = _parse(workspace, narrator)
    with (
        steps.recorded_run(workspace, "collect", run_id, declared) as run,
        open_execution_store(run) as execution_store,
    ):
        _register(run)
        _catch_up(run, narrator, execution_store)
        _collect(run, narrator, declared.monitors, "collect")
        steps.ingest_results(run, own=False)
        steps.follow_pipelines(run)
        return _summary(run)


def run_contracts(
    workspace: Workspace,
    narrator: Narrator,
    *,
    run_id: str,
    values: bool = True,
    select: Sequence[str] = (),
    reports_dir: Path | None = None,
) -> RunSummary:
    """Guard only: hold every contract against its table, then derive and publish. ``select`` are names or globs.

    The exit code is about the contracts that were checked, not about other alerts.
    """
    declared, _ = _parse(workspace, narrator)
    with steps.recorded_run(workspace, "contracts", run_id, declared) as run:
        _register(run)
        checks = _guard(run, narrator, declared.contracts, "guard", values=values, select=select)
        _derive(run, narrator)
        summary = _summary(run, reports=_publish(run, narrator, reports_dir), checks=checks)
        is_blind = any(not check.is_evaluated for check in checks)
        code = EXIT_ALERTS if any(check.is_broken for check in checks) else EXIT_UNEVALUATED if is_blind else EXIT_OK
        return replace(summary, exit_code=EXIT_UNEVALUATED if run.problems else code)


def run_learn(workspace: Workspace, narrator: Narrator, *, run_id: str) -> RunSummary:
    """Learn only: judge what has been collected, then let dbt derive alerts and scorecard."""
    _parse(workspace, narrator)
    with steps.recorded_run(workspace, "learn", run_id) as run:
        _learn(run, narrator)
        _derive(run, narrator)
        return _summary(run)


def run_publish(
    workspace: Workspace, narrator: Narrator, *, run_id: str, reports_dir: Path | None = None, tell: bool = True
) -> RunSummary:
    """Publish only: derive once more from what is stored, write the reports and tell people; nothing is collected."""
    _, settings = _parse(workspace, narrator)
    with steps.recorded_run(workspace, "publish", run_id) as run:
        _derive(run, narrator)
        reports = _publish(run, narrator, reports_dir)
        if tell and settings:
            _notify(run, narrator)
        return _summary(run, reports=reports)


def _parse(workspace: Workspace, narrator: Narrator) -> tuple[Declarations, Settings]:
    """Parse the project, read what it declares before a database is touched, and make sure the tables are there."""
    with narrator.step("parse") as step:
        workspace.parse()
        declared = read_declarations(workspace).checked()
        settings = load_settings(workspace.home.root)
        created = steps.ensure_landing(workspace)
        parts = [f"{len(workspace.home.manifest['nodes'])} nodes", f"{len(declared.monitors)} watched tables"]
        if declared.contracts:
            parts.append(f"{len(declared.contracts)} contracts")
        if created:
            parts.append("monitoring schema created")
        step.done = ", ".join(parts)
    return declared, settings


def _register(run: Run) -> None:
    steps.register(run)
    record_contracts(run.store, run.declared.contracts, as_of=run.as_of, run_id=run.run_id)
    declare_lineage(run)


def _catch_up(run: Run, narrator: Narrator, execution_store: ExecutionStore) -> None:
    with narrator.step("track") as step:
        ended = catch_up(run, execution_store)
        step.done = f"{ended} executions since the last run" if ended else "nothing new"


def _guard(
    run: Run,
    narrator: Narrator,
    contracts: Sequence[Contract],
    name: str,
    *,
    values: bool = True,
    select: Sequence[str] = (),
) -> list[ContractCheck]:
    if not contracts:
        return []
    with narrator.step(name) as step:
        step.total(len(contracts))
        checks = guard(run, contracts, values=values, select=select, on_done=lambda c: step.advance(c.contract.asset))
        holding = sum(check.is_evaluated and not check.violations for check in checks)
        step.done = f"{holding} of {len(checks)} contracts hold"
    return checks


def _collect(run: Run, narrator: Narrator, monitors: Sequence[Monitor], name: str) -> None:
    with narrator.step(name) as step:
        step.total(len(monitors))
        outcomes = steps.collect_observations(run, monitors, lambda o: step.advance(o.asset))
        good = [o for o in outcomes if o.status in steps.EVALUATED]
        count = sum(len(o.observations) for o in outcomes)
        places = len({o.connection for o in outcomes})
        step.done = f"{len(good)} of {len(outcomes)} tables in {places} databases, {count:,} observations"


def _build(
    run: Run, narrator: Narrator, arguments: Sequence[str], held: BlockedModels, tracked: LiveBuild
) -> Invocation:
    with narrator.step("build") as step:

        def hear(event: NodeEvent) -> None:
            tracked.hear(event)
            if event.status:
                step.advance(event.name)

        outcome = run.workspace.home.project.build(arguments, hear)
        tracked.finish()
        run.problems += [f"dbt build: {error}" for error in outcome.errors]
        stored = steps.ingest_results(run, own=True)
        steps.retire_removed_tests(run)
        step.done = _told(outcome) or f"{stored} results"
        if held.sentence:
            step.done += f"; {held.sentence}"
    return outcome


def _learn(run: Run, narrator: Narrator) -> None:
    with narrator.step("learn") as step:
        rows = learning.learn(run, step.advance)
        step.done = f"{rows:,} baseline rows"


def _learn_first(run: Run, narrator: Narrator) -> learning.LearningPlan:
    with narrator.step("learn") as step:
        plan = learning.learn_first(run, step.advance)
        later = "" if plan.is_complete else f" of {len(plan.learned):,} series, the others after publishing"
        step.done = f"{plan.rows:,} baseline rows{later}"
    return plan


def _learn_rest(run: Run, narrator: Narrator, plan: learning.LearningPlan) -> bool:
    with narrator.step("learn on") as step:
        learned = learning.learn_rest(run, plan, step.advance)
        step.done = f"{learned.rows:,} baseline rows" + ("" if learned.is_news else ", no alert depends on them")
    return learned.is_news


def _derive(run: Run, narrator: Narrator) -> None:
    with narrator.step("derive") as step:
        outcome = run.workspace.home.project.build(
            [
                "build",
                "--select",
                MONITORING,
                "--exclude",
                f"tag:{steps.LANDING}",
                "--exclude-resource-type",
                "unit_test",
                "--no-fail-fast",
            ],
            _on_node(step),
            keep_artifacts=False,
        )
        step.done = _told(outcome)
        run.problems += [f"monitoring: {failure}" for failure in outcome.failures]


def _explain(
    run: Run,
    narrator: Narrator,
    most: int,
) -> None:
    if not any(metric.dimensions for monitor in run.declared.monitors for metric in monitor.metrics):
        return
    with narrator.step("explain") as step:
        rows = explain_alerts(run, most=most)
        step.done = f"{rows} explanations"
        if rows:
            outcome = run.workspace.home.project.build(["run", "--select", ALERTS], keep_artifacts=False)
            run.problems += [f"monitoring: {failure}" for failure in outcome.failures]


def _publish(run: Run, narrator: Narrator, reports_dir: Path | None) -> tuple[Path, ...]:
    with narrator.step("publish") as step:
        folder = reports_dir or run.workspace.home.reports
        paths = tuple(write_reports(run.store, folder, as_of=run.as_of, keep_history=True))
        step.done = f"{len(paths)} reports in {folder.name}/"
    return paths


def _notify(run: Run, narrator: Narrator) -> None:
    with narrator.step("notify") as step:
        outcome = notify(run.store, run.workspace.home.root, as_of=run.as_of, run_id=run.run_id)
        run.problems += [f"notifications: {problem}" for problem in outcome.problems]
        step.done = outcome.sentence


def _on_node(step: Step) -> Callable[[NodeEvent], None]:
    def tell(event: NodeEvent) -> None:
        if event.status:
            step.advance(event.name)

    return tell


def _told(outcome: Invocation) -> str:
    return ", ".join(f"{count} {status}" for status, count in sorted(outcome.results.items()))


def _summary(
    run: Run,
    *,
    build: Invocation | None = None,
    reports: tuple[Path, ...] = (),
    checks: Sequence[ContractCheck] = (),
    held: BlockedModels | None = None,
) -> RunSummary:
    # Open at this run's clock, which in a replay of the past is not what a later run made of the alert.
    alerts = run.store.query(
        "select alerts.*, coalesce(candidates.is_open, false) as is_open from {schema}.alerts as alerts "
        "left join {schema}.alert_candidates as candidates on candidates.alert_key = alerts.alert_key "
        "order by alerts.severity, alerts.window_start desc, alerts.asset"
    )
    is_open = alerts.pop("is_open").astype(bool)
    alerts["status"] = is_open.map({True: "open", False: "resolved"})
    # Of those that are over, nobody has to know any more whom they hit.
    impact = read_impact(run.store, list(alerts.loc[is_open, "alert_key"]))
    alerts["downstream"] = [impact_text(impact.get(key, {})) for key in alerts["alert_key"]]
    counts = run.store.query(
        "select (select count(*) from {schema}.metric_observations) as observations, "
        "(select count(*) from {schema}.monitors where is_active) as series"
    )
    critical = alerts[is_open & (alerts["severity"] == "critical")]
    unevaluated = bool(run.problems) or bool((alerts[is_open]["alert_type"] == "SOURCE_UNREACHABLE").any())
    code = EXIT_UNEVALUATED if unevaluated else EXIT_ALERTS if len(critical) else EXIT_OK
    return RunSummary(
        run_id=run.run_id,
        as_of=pd.Timestamp(run.as_of),
        exit_code=code,
        open_alerts=alerts[is_open],
        new_alerts=alerts[~alerts["alert_key"].isin(run.known_alerts)],
        problems=tuple(run.problems),
        reports=reports,
        build=build,
        checks=tuple(checks),
        blocked=held or BlockedModels(),
        counts={name: int(counts[name][0]) for name in counts.columns},
    )
