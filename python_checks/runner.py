"""`lookout run` and its parts, one function a command; each returns what the command line prints and exits with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from python_checks import learning, steps
from python_checks.alert_list import impact_text, read_impact
from python_checks.console import Narrator, Step
from python_checks.contracts.model import Contract, ContractCheck
from python_checks.contracts.record import record_contracts
from python_checks.contracts.run import HeldBack, guard, held_back
from python_checks.dbt import Invocation, NodeEvent
from python_checks.explanations import MOST, explain_alerts
from python_checks.monitors import Monitor
from python_checks.notify import Settings, load_settings, notify
from python_checks.sources import CollectOptions
from python_checks.steps import Run
from python_checks.track.ledger import Ledger
from python_checks.track.run import LiveBuild, catch_up, declare_lineage, open_ledger
from python_checks.workspace import Workspace

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
    held_back: HeldBack = field(default_factory=HeldBack)
    counts: dict[str, int] = field(default_factory=dict)


class Declared(NamedTuple):
    """What the project says is watched, what it promises, and who is told."""

    monitors: tuple[Monitor, ...]
    contracts: tuple[Contract, ...]
    targets: Settings


def run_all(
    workspace: Workspace,
    narrator: Narrator,
    *,
    run_id: str,
    options: CollectOptions | None = None,
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
    declared = _parse(workspace, narrator)
    monitors, contracts, targets = declared
    with steps.recorded_run(workspace, "run", run_id) as run, open_ledger(run) as ledger:
        _register(run, declared)
        _catch_up(run, narrator, ledger)
        _collect(run, narrator, [m for m in monitors if not m.is_model], options, "collect")
        steps.ingest_results(run, own=False)
        checks = _guard(run, narrator, [c for c in contracts if c.is_source], options, "guard")
        held = held_back(checks, workspace.manifest)
        arguments = ["build", "--exclude", MONITORING, *held.arguments, *select]
        build = _build(run, narrator, arguments, held, LiveBuild(run, ledger))
        _collect(run, narrator, [m for m in monitors if m.is_model], options, "profile")
        checks += _guard(run, narrator, [c for c in contracts if not c.is_source], options, "verify")
        steps.follow_pipelines(run)
        lesson = _learn_first(run, narrator)
        _derive(run, narrator)
        _explain(run, narrator, monitors, options, explain)
        reports = _publish(run, narrator, reports_dir)
        if not lesson.is_complete:
            if _learn_rest(run, narrator, lesson):
                _derive(run, narrator)
                _explain(run, narrator, monitors, options, explain)
            reports = _publish(run, narrator, reports_dir)
        if tell and targets:
            _notify(run, narrator)
        return _summary(run, build=build, reports=reports, checks=checks, held=held)


def run_collect(
    workspace: Workspace, narrator: Narrator, *, run_id: str, options: CollectOptions | None = None
) -> RunSummary:
    """Collect only: profile every watched table and read dbt's artifacts."""
    declared = _parse(workspace, narrator)
    with steps.recorded_run(workspace, "collect", run_id) as run, open_ledger(run) as ledger:
        _register(run, declared)
        _catch_up(run, narrator, ledger)
        _collect(run, narrator, declared.monitors, options, "collect")
        steps.ingest_results(run, own=False)
        steps.follow_pipelines(run)
        return _summary(run)


def run_contracts(
    workspace: Workspace,
    narrator: Narrator,
    *,
    run_id: str,
    options: CollectOptions | None = None,
    values: bool = True,
    select: Sequence[str] = (),
    reports_dir: Path | None = None,
) -> RunSummary:
    """Guard only: hold every contract against its table, then derive and publish. ``select`` are names or globs.

    The exit code is about the contracts that were checked, not about other alerts.
    """
    declared = _parse(workspace, narrator)
    with steps.recorded_run(workspace, "contracts", run_id) as run:
        _register(run, declared)
        checks = _guard(run, narrator, declared.contracts, options, "guard", values=values, select=select)
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
    declared = _parse(workspace, narrator)
    with steps.recorded_run(workspace, "publish", run_id) as run:
        _derive(run, narrator)
        reports = _publish(run, narrator, reports_dir)
        if tell and declared.targets:
            _notify(run, narrator)
        return _summary(run, reports=reports)


def _parse(workspace: Workspace, narrator: Narrator) -> Declared:
    """Parse the project, read what it declares before a database is touched, and make sure the tables are there."""
    with narrator.step("parse") as step:
        workspace.parse()
        workspace.check_pipelines()
        declared = Declared(workspace.monitors(), workspace.contracts(), load_settings(workspace.root))
        created = steps.ensure_landing(workspace)
        parts = [
            f"{len(workspace.manifest['nodes'])} nodes", f"{len(declared.monitors)} watched tables",
            *([f"{len(declared.contracts)} contracts"] if declared.contracts else []),
            *(["monitoring schema created"] if created else []),
        ]  # fmt: skip
        step.done = ", ".join(parts)
    return declared


def _register(run: Run, declared: Declared) -> None:
    steps.register(run, declared.monitors)
    record_contracts(run.store, declared.contracts, as_of=run.as_of, run_id=run.run_id)
    declare_lineage(run)


def _catch_up(run: Run, narrator: Narrator, ledger: Ledger) -> None:
    with narrator.step("track") as step:
        ended = catch_up(run, ledger)
        step.done = f"{ended} executions since the last run" if ended else "nothing new"


def _guard(
    run: Run,
    narrator: Narrator,
    contracts: Sequence[Contract],
    options: CollectOptions | None,
    name: str,
    *,
    values: bool = True,
    select: Sequence[str] = (),
) -> list[ContractCheck]:
    if not contracts:
        return []
    with narrator.step(name) as step:
        step.total(len(contracts))
        checks = guard(
            run, contracts, options, values=values, select=select, on_done=lambda c: step.advance(c.contract.asset)
        )
        holding = sum(check.is_evaluated and not check.violations for check in checks)
        step.done = f"{holding} of {len(checks)} contracts hold"
    return checks


def _collect(
    run: Run, narrator: Narrator, monitors: Sequence[Monitor], options: CollectOptions | None, name: str
) -> None:
    with narrator.step(name) as step:
        step.total(len(monitors))
        outcomes = steps.collect_observations(run, monitors, options, lambda o: step.advance(o.asset))
        good = [o for o in outcomes if o.status in steps.EVALUATED]
        count = sum(len(o.observations) for o in outcomes)
        places = len({o.connection for o in outcomes})
        step.done = f"{len(good)} of {len(outcomes)} tables in {places} databases, {count:,} observations"


def _build(run: Run, narrator: Narrator, arguments: Sequence[str], held: HeldBack, tracked: LiveBuild) -> Invocation:
    with narrator.step("build") as step:

        def hear(event: NodeEvent) -> None:
            tracked.hear(event)
            if event.status:
                step.advance(event.name)

        outcome = run.workspace.project.build(arguments, hear)
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


def _learn_first(run: Run, narrator: Narrator) -> learning.Lesson:
    with narrator.step("learn") as step:
        lesson = learning.learn_first(run, step.advance)
        later = "" if lesson.is_complete else f" of {len(lesson.learned):,} series, the others after publishing"
        step.done = f"{lesson.rows:,} baseline rows{later}"
    return lesson


def _learn_rest(run: Run, narrator: Narrator, lesson: learning.Lesson) -> bool:
    with narrator.step("learn on") as step:
        learned = learning.learn_rest(run, lesson, step.advance)
        step.done = f"{learned.rows:,} baseline rows" + ("" if learned.is_news else ", no alert depends on them")
    return learned.is_news


def _derive(run: Run, narrator: Narrator) -> None:
    with narrator.step("derive") as step:
        outcome = run.workspace.project.build(
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
        steps.drop_retired_relations(run)


def _explain(
    run: Run,
    narrator: Narrator,
    monitors: Sequence[Monitor],
    options: CollectOptions | None,
    most: int,
) -> None:
    if not any(metric.dimensions for monitor in monitors for metric in monitor.metrics):
        return
    with narrator.step("explain") as step:
        rows = explain_alerts(
            run, monitors, set(run.known_alerts), options or CollectOptions.from_environment(), most=most
        )
        step.done = f"{rows} explanations"
        if rows:
            outcome = run.workspace.project.build(["run", "--select", ALERTS], keep_artifacts=False)
            run.problems += [f"monitoring: {failure}" for failure in outcome.failures]


def _publish(run: Run, narrator: Narrator, reports_dir: Path | None) -> tuple[Path, ...]:
    from python_checks.report import write_reports

    with narrator.step("publish") as step:
        folder = reports_dir or run.workspace.root / "reports"
        paths = tuple(write_reports(run.store, folder, as_of=run.as_of, keep_history=True))
        step.done = f"{len(paths)} reports in {folder.name}/"
    return paths


def _notify(run: Run, narrator: Narrator) -> None:
    with narrator.step("notify") as step:
        step.done = notify(run).sentence


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
    held: HeldBack | None = None,
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
        held_back=held or HeldBack(),
        counts={name: int(counts[name][0]) for name in counts.columns},
    )
