"""`lookout run` and its parts: one function a command, which runs its steps in order and returns a summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lookout.project.workspace import Workspace
from lookout.render.progress import Narrator
from lookout.runs.collection import follow_pipelines
from lookout.runs.contracts import blocked_models, warn_of_stale_files
from lookout.runs.explanations import MOST_EXPLAINED
from lookout.runs.steps import parse, started
from lookout.runs.summary import RunSummary, contracts_exit_code, summarize


def run_all(
    workspace: Workspace,
    narrator: Narrator,
    *,
    run_id: str,
    reports_dir: Path | None = None,
    select: Sequence[str] = (),
    explain: int = MOST_EXPLAINED,
    notify: bool = True,
) -> RunSummary:
    """Collect, check contracts, build, learn, derive, explain, publish and notify, in that order and in one process.

    Models downstream of a source that critically breaks its strict contract are not built. Where many series have
    changed, those that alerts depend on are learned first and the rest after publishing; alerts are derived and
    published again where that changes one. At most ``explain`` alerts are broken down by dimension. With ``notify``,
    people are notified as ``lookout.yml`` says.
    """
    declared, settings = parse(workspace, narrator)
    warn_of_stale_files(workspace)
    models = [monitor for monitor in declared.monitors if monitor.is_model]
    sources = [monitor for monitor in declared.monitors if not monitor.is_model]
    with started(workspace, narrator, "run", run_id, declared) as steps:
        steps.register()
        with steps.tracking() as executions:
            steps.collect(sources, "collect")
            checks = steps.check_contracts([c for c in declared.contracts if c.is_source], "contracts")
            blocked = blocked_models(checks, workspace.home.manifest)
            build = steps.build(executions, blocked, select)
            steps.collect(models, "profile")
            checks += steps.check_contracts([c for c in declared.contracts if not c.is_source], "verify")
        follow_pipelines(steps.run)
        plan = steps.learn_first()
        steps.derive()
        steps.explain(explain)
        reports = steps.publish(reports_dir)
        if not plan.is_complete:
            if steps.learn_rest(plan):
                steps.derive()
                steps.explain(explain)
            reports = steps.publish(reports_dir)
        if notify and settings:
            steps.notify()
        return summarize(steps.run, build=build, reports=reports, checks=checks, blocked=blocked)


def run_collect(workspace: Workspace, narrator: Narrator, *, run_id: str) -> RunSummary:
    """Collect only: profile every watched table and read dbt's artifacts."""
    declared, _ = parse(workspace, narrator)
    with started(workspace, narrator, "collect", run_id, declared) as steps:
        steps.register()
        with steps.tracking():
            steps.collect(declared.monitors, "collect")
        follow_pipelines(steps.run)
        return summarize(steps.run)


def run_contracts(
    workspace: Workspace,
    narrator: Narrator,
    *,
    run_id: str,
    values: bool = True,
    select: Sequence[str] = (),
    reports_dir: Path | None = None,
) -> RunSummary:
    """Check contracts only: compare each with its table, then derive and publish. ``select`` are names or globs.

    The exit code is about the contracts that were checked, not about other alerts.
    """
    declared, _ = parse(workspace, narrator)
    warn_of_stale_files(workspace)
    with started(workspace, narrator, "contracts", run_id, declared) as steps:
        steps.register()
        checks = steps.check_contracts(declared.contracts, "contracts", values=values, select=select)
        steps.derive()
        summary = summarize(steps.run, reports=steps.publish(reports_dir), checks=checks)
        return replace(summary, exit_code=contracts_exit_code(steps.run, checks))


def run_learn(workspace: Workspace, narrator: Narrator, *, run_id: str) -> RunSummary:
    """Learn only: judge what has been collected, then let dbt derive alerts and scorecard."""
    declared, _ = parse(workspace, narrator)
    with started(workspace, narrator, "learn", run_id, declared) as steps:
        steps.learn()
        steps.derive()
        return summarize(steps.run)


def run_publish(
    workspace: Workspace, narrator: Narrator, *, run_id: str, reports_dir: Path | None = None, notify: bool = True
) -> RunSummary:
    """Publish only: derive once more from what is stored, write the reports and notify; nothing is collected."""
    declared, settings = parse(workspace, narrator)
    with started(workspace, narrator, "publish", run_id, declared) as steps:
        steps.derive()
        reports = steps.publish(reports_dir)
        if notify and settings:
            steps.notify()
        return summarize(steps.run, reports=reports)
