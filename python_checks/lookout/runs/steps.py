"""The steps of runs: each does one thing, shows its progress and ends with a line on its result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lookout.contracts.changes.record import record_contracts
from lookout.contracts.spec.model import Contract, ContractCheck
from lookout.declarations import Declarations, read_declarations
from lookout.errors import ConfigError, DeliveryError, SourceError
from lookout.notify.notifying import notify
from lookout.notify.settings.load import load_settings
from lookout.notify.settings.model import Settings
from lookout.profiling.collect import CollectionOutcome
from lookout.project.dbt import Invocation, NodeEvent
from lookout.project.declarations.monitor import Monitor
from lookout.project.workspace import Workspace
from lookout.render.progress import Narrator, Step
from lookout.report.write import write_reports
from lookout.runs.collection import collect_observations, register
from lookout.runs.contracts import BlockedModels, check_and_record
from lookout.runs.explanations import explain_alerts
from lookout.runs.landing import LANDING, drop_retired_relations, ensure_landing
from lookout.runs.learning import learn as learning
from lookout.runs.recording import Run, recorded_run
from lookout.runs.tracking import LiveBuild, catch_up, declare_lineage, open_execution_store
from lookout.tracking.executions.store import ExecutionStore

MONITORING = "fqn:lookout.monitoring.*"
ALERTS = "fqn:lookout.monitoring.alerts.alerts"
STEPS: Mapping[str, Sequence[str]] = {
    "run": (
        *("register", "track", "collect", "contracts", "build", "profile", "verify", "learn", "derive", "explain"),
        *("publish", "notify"),
    ),
    "collect": ("register", "track", "collect"),
    "contracts": ("register", "contracts", "derive", "publish"),
    "learn": ("learn", "derive"),
    "publish": ("derive", "publish", "notify"),
}
MOST_NAMED = 3
DERIVE = (
    *("build", "--select", MONITORING, "--exclude", f"tag:{LANDING}"),
    *("--exclude-resource-type", "unit_test", "--no-fail-fast"),
)


def parse(workspace: Workspace, narrator: Narrator) -> tuple[Declarations, Settings]:
    """Parse the project, read what it declares before a database is touched, and make sure the tables are there."""
    workspace.home.begin()
    with narrator.step("parse") as step:
        workspace.parse()
        declared = read_declarations(workspace)
        settings = load_settings(workspace.home.root, is_strict=False)
        declared = replace(declared, problems=(*declared.problems, *settings.problems))
        created = ensure_landing(workspace)
        parts = [f"{len(workspace.home.manifest['nodes'])} nodes", f"{len(declared.monitors)} watched tables"]
        if declared.contracts:
            parts.append(f"{len(declared.contracts)} contracts")
        if created:
            parts.append("monitoring schema created")
        step.done = ", ".join(parts)
    return declared, settings


@contextmanager
def started(
    workspace: Workspace, narrator: Narrator, command: str, run_id: str, declared: Declarations | None = None
) -> Iterator[Steps]:
    """Hold the schema's lease, keep the record of the run, and yield its steps.

    Where a database or the time of the run ends it early, the sentence says what is missing.
    """
    with recorded_run(workspace, command, run_id, declared) as run:
        steps = Steps(run, narrator)
        try:
            yield steps
        except (SourceError, ConfigError) as error:
            missing = steps.missing
            if not missing:
                raise
            kind = SourceError if isinstance(error, SourceError) else ConfigError
            raise kind(f"{str(error).rstrip('.')}; not done: {missing}; what was collected so far is kept.") from error


class Steps:
    """The steps of one run; `lookout.runs.run` calls them in order."""

    def __init__(self, run: Run, narrator: Narrator) -> None:
        self.run, self._narrator = run, narrator
        self._project = run.workspace.home.project
        self._left = [*STEPS.get(run.command, ())]
        self._at, self._unread = "", list[str]()

    @property
    def missing(self) -> str:
        """Return what the run has not done yet, with the tables that the step at hand has not read; empty when all."""
        if not self._unread:
            return ", ".join(self._left)
        first, others = self._unread[:MOST_NAMED], len(self._unread) - MOST_NAMED
        tables = ", ".join(first) + (f" and {others} more" if others > 0 else "")
        return ", ".join(f"{name} (not evaluated: {tables})" if name == self._at else name for name in self._left)

    @contextmanager
    def _step(self, name: str) -> Iterator[Step]:
        """Show a step, and note that it is done."""
        self.run.workspace.home.time_limit.check()
        self._at = name
        if name in self._left:
            # Those before it were done or are not needed here.
            del self._left[: self._left.index(name)]
        with self._narrator.step(name) as step:
            yield step
        if name in self._left:
            self._left.remove(name)

    def register(self) -> None:
        """Record the monitors, the contracts and the lineage of the watched projects."""
        register(self.run)
        record_contracts(self.run.store, self.run.declared.contracts, as_of=self.run.as_of, run_id=self.run.run_id)
        declare_lineage(self.run)

    @contextmanager
    def tracking(self) -> Iterator[ExecutionStore]:
        """Record the executions since the last run, and yield the execution store for those of this one."""
        with open_execution_store(self.run) as executions:
            with self._step("track") as step:
                ended = catch_up(self.run, executions)
                step.done = f"{ended} executions since the last run" if ended else "nothing new"
            yield executions

    def collect(self, monitors: Sequence[Monitor], name: str) -> None:
        """Profile the tables of some monitors."""
        with self._step(name) as step:
            step.total(len(monitors))
            outcomes = collect_observations(self.run, monitors, self._reading([m.asset for m in monitors], step))
            evaluated = [outcome for outcome in outcomes if outcome.is_evaluated]
            observations = sum(len(outcome.observations) for outcome in outcomes)
            databases = len({outcome.connection for outcome in outcomes})
            step.done = (
                f"{len(evaluated)} of {len(outcomes)} tables in {databases} databases, {observations:,} observations"
            )

    def check_contracts(
        self, contracts: Sequence[Contract], name: str, *, values: bool = True, select: Sequence[str] = ()
    ) -> list[ContractCheck]:
        """Check contracts against their tables."""
        if not contracts:
            return []
        with self._step(name) as step:
            step.total(len(contracts))
            on_done = self._reading([contract.asset for contract in contracts], step)
            checks = check_and_record(
                self.run, contracts, values=values, select=select, on_done=lambda check: on_done(check.contract)
            )
            self._unread.clear()
            holding = sum(check.is_evaluated and not check.violations for check in checks)
            step.done = f"{holding} of {len(checks)} contracts hold"
        return checks

    def _reading(self, assets: Sequence[str], step: Step) -> Callable[[CollectionOutcome | Contract], None]:
        """Return a function that takes each table that was read, so that those left can be named."""
        self._unread[:] = assets

        def on_done(read: CollectionOutcome | Contract) -> None:
            self._unread.remove(read.asset)
            step.advance(read.asset)

        return on_done

    def build(self, executions: ExecutionStore, blocked: BlockedModels, select: Sequence[str]) -> Invocation:
        """Let dbt build the project without blocked models and Lookout's own tables, and read its results."""
        tracked = LiveBuild(self.run, executions)
        arguments = ["build", "--exclude", MONITORING, *blocked.arguments, *select]
        with self._step("build") as step:

            def on_event(event: NodeEvent) -> None:
                tracked.on_event(event)
                _advance(step, event)

            outcome = self._project.build(arguments, on_event)
            stored = tracked.finish()
            self.run.problems += [f"dbt build: {error}" for error in outcome.errors]
            step.done = _counted(outcome) or f"{stored} results"
            if blocked.sentence:
                step.done += f"; {blocked.sentence}"
        return outcome

    def learn(self) -> None:
        """Learn everything that is new."""
        with self._step("learn") as step:
            step.done = f"{learning.learn(self.run, step.advance):,} baseline rows"

    def learn_first(self) -> learning.LearningPlan:
        """Learn what alerts depend on; `learn_rest` has to follow."""
        with self._step("learn") as step:
            plan = learning.learn_first(self.run, step.advance)
            later = "" if plan.is_complete else f" of {len(plan.learned):,} series, the others after publishing"
            step.done = f"{plan.rows:,} baseline rows{later}"
        return plan

    def learn_rest(self, plan: learning.LearningPlan) -> bool:
        """Learn the other series; return whether alerts have to be derived again."""
        with self._step("learn on") as step:
            result = learning.learn_rest(self.run, plan, step.advance)
            step.done = f"{result.rows:,} baseline rows" + ("" if result.is_news else ", no alert depends on them")
        return result.is_news

    def derive(self) -> None:
        """Let dbt derive alerts and scorecard from the landing tables."""
        with self._step("derive") as step:
            outcome = self._project.build(DERIVE, lambda event: _advance(step, event), keep_artifacts=False)
            step.done = _counted(outcome)
            self._note_failures(outcome)
            drop_retired_relations(self.run)

    def explain(self, most: int) -> None:
        """Break down at most ``most`` alerts by the dimensions of their metrics."""
        metrics = [metric for monitor in self.run.declared.monitors for metric in monitor.metrics]
        if not any(metric.dimensions for metric in metrics):
            return
        with self._step("explain") as step:
            rows = explain_alerts(self.run, most=most)
            step.done = f"{rows} explanations"
            if rows:
                self._note_failures(self._project.build(["run", "--select", ALERTS], keep_artifacts=False))

    def publish(self, reports_dir: Path | None) -> tuple[Path, ...]:
        """Write the reports; return their paths. One that cannot be written is a problem, and keeps no message back."""
        with self._step("publish") as step:
            folder = reports_dir or self.run.workspace.home.reports
            try:
                paths = tuple(write_reports(self.run.store, folder, as_of=self.run.as_of, keep_history=True))
            except DeliveryError as error:
                # A long run publishes twice.
                if str(error) not in self.run.problems:
                    self.run.problems.append(str(error))
                paths, step.done = (), "not written"
            else:
                step.done = f"{len(paths)} reports in {folder.name}/"
        return paths

    def notify(self) -> None:
        """Notify people of what is new."""
        with self._step("notify") as step:
            home = self.run.workspace.home
            outcome = notify(
                self.run.store, home.root, as_of=self.run.as_of, run_id=self.run.run_id, time_limit=home.time_limit
            )
            new = [problem for problem in outcome.problems if problem not in self.run.declared.problems]
            self.run.problems += [f"notifications: {problem}" for problem in new]
            step.done = outcome.sentence

    def _note_failures(self, outcome: Invocation) -> None:
        self.run.problems += [f"monitoring: {failure}" for failure in outcome.failures]


def _advance(step: Step, event: NodeEvent) -> None:
    # An event without a status is the start of a node.
    if event.status:
        step.advance(event.name)


def _counted(outcome: Invocation) -> str:
    return ", ".join(f"{count} {status}" for status, count in sorted(outcome.results.items()))
