"""A run, and the record of it: its row in lookout_runs, and the lease that it holds meanwhile."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone

import pandas as pd

from lookout.database.options import LAST_WORDS_SECONDS
from lookout.database.runners.lease import writing
from lookout.database.store import Store
from lookout.database.upgrades import rename_keys
from lookout.declarations import Declarations
from lookout.errors import SourceError
from lookout.masking import mask_secrets
from lookout.project.workspace import Workspace


@dataclass
class Run:
    """One run of a writing command. ``batch_number`` numbers its collection; the lease is held meanwhile.

    ``known_alerts`` are the keys of the alerts that were stored before it.
    """

    workspace: Workspace
    store: Store
    run_id: str
    command: str
    batch_number: int
    learned_through: int | None = None
    problems: list[str] = field(default_factory=list)
    known_alerts: frozenset[str] = frozenset()
    declared: Declarations = field(default_factory=Declarations)

    @property
    def as_of(self) -> datetime:
        """Return the clock of the run."""
        return self.workspace.as_of


def new_run_id() -> str:
    """Return a new identity of a run; every log line has it."""
    return uuid.uuid4().hex


@contextmanager
def recorded_run(
    workspace: Workspace, command: str, run_id: str, declared: Declarations | None = None
) -> Iterator[Run]:
    """Hold the lease of the schema and keep a row in ``lookout_runs`` from start to end, whatever happens in between.

    The time of the run ends, with the reason, when the lease is lost.
    """
    home = workspace.home
    with (
        home.store() as store,
        writing(store, command, run_id=run_id, seconds=home.options.lease, time_limit=home.time_limit),
    ):
        store.execute(
            "update {schema}.lookout_runs set status = 'failed', "
            "message = 'ended without a word: killed or disconnected' where status = 'running'"
        )
        rename_keys(store)
        last = store.query("select coalesce(max(batch_number), 0) as n from {schema}.lookout_runs")
        known = store.query("select alert_key from {schema}.alerts")["alert_key"]
        run = Run(
            workspace,
            store,
            run_id,
            command,
            int(last["n"][0]) + 1,
            problems=list((declared or Declarations()).problems),
            known_alerts=frozenset(known),
            declared=declared or Declarations(),
        )
        started = datetime.now(timezone.utc)
        _record(run, started, "running")
        try:
            yield run
        except BaseException as error:
            run.problems.append(str(error) or type(error).__name__)
            # The connection may be what failed: then the next run closes this row, and the first error is raised.
            with suppress(SourceError):
                store.allow(LAST_WORDS_SECONDS / 3)
                _record(run, started, "failed")
            raise
        _record(run, started, "partial" if run.problems else "success")


def _record(run: Run, started: datetime, status: str) -> None:
    row = {
        "run_id": run.run_id,
        "batch_number": run.batch_number,
        "command": run.command,
        "as_of": run.as_of,
        "started_at": started,
        "finished_at": None if status == "running" else datetime.now(timezone.utc),
        "status": status,
        "learned_through": run.learned_through,
        "message": mask_secrets("; ".join(run.problems))[:2000],
    }
    frame = pd.DataFrame([row]).astype({"learned_through": "Int64"})
    run.store.upsert("lookout_runs", frame)
