"""dbt in this process: importing it takes seconds, so one run imports it once and calls it several times."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg2 import extensions

from lookout.database.limits import CANCEL_SECONDS, Opener, TimeLimit, cancel, hang_up, server_options, within
from lookout.errors import ArtifactError, ConfigError, SourceError
from lookout.masking import mask_secrets
from lookout.project.artifacts.outcomes import ERROR, FAILED, message_of, outcome_of
from lookout.project.files import read_definition, read_manifest

AS_OF_VARIABLE = "LOOKOUT_AS_OF"
LIVE_VARIABLE = "LOOKOUT_LIVE"
# What dbt may take to end when it is ended.
END_SECONDS = 5.0
# PostgreSQL counts milliseconds in 31 bits.
LONGEST_SECONDS = 2_000_000.0
# With these of dbt's, a build holds no rows or a sample of them; what is judged, and the judging itself, needs all.
PARTIAL_VARIABLES = ("DBT_EMPTY", "DBT_SAMPLE", "DBT_ENGINE_EMPTY", "DBT_ENGINE_SAMPLE")


@dataclass(frozen=True)
class NodeEvent:
    """One node that started or finished. ``status`` is empty at the start and dbt's own status at the end."""

    node_id: str
    name: str
    resource_type: str
    status: str
    invocation_id: str = ""


@dataclass(frozen=True)
class Invocation:
    """Result of one dbt command. ``results`` counts nodes by status, ``failures`` has a sentence for each failed node.

    ``errors`` are those failures that dbt could not evaluate: broken SQL, not a test that found something.
    """

    success: bool
    results: dict[str, int]
    failures: tuple[str, ...]
    errors: tuple[str, ...] = ()


class Project:
    """One dbt project on disk, with the profile it runs against and the clock of the run.

    ``is_live`` says that the clock is the present, so that what happens during the run counts in it.
    """

    def __init__(
        self,
        root: Path,
        profiles_dir: Path,
        target: str | None = None,
        *,
        as_of: datetime | None = None,
        is_live: bool = False,
        target_path: Path | None = None,
        log_path: Path | None = None,
    ) -> None:
        self.root, self.profiles_dir, self.target, self.as_of = root, profiles_dir, target, as_of
        self.is_live = is_live
        self.target_path = target_path or root / str(read_definition(root).get("target-path") or "target")
        # dbt makes a folder for its log even when logging is off.
        self.log_path = log_path
        self.time_limit = TimeLimit()
        self.opener: Opener | None = None
        self._is_ended = False
        self._manifest: Any = None
        self._graph_keys: frozenset[str] = frozenset()
        self._operation_failures: list[str] = []

    def parse(self) -> dict[str, Any]:
        """Parse the project and return manifest.json as a dict. Raises ConfigError with dbt's own words."""
        result = self._call(["parse", "--write-json"], None)
        if not result.success or result.result is None:
            raise ConfigError(f"dbt cannot parse the project in {self.root}: {_reason(result)}")
        self._manifest = result.result
        self._graph_keys = frozenset(self._manifest.flat_graph)
        return _manifest_when_whole(self.target_path)

    def build(
        self,
        arguments: Sequence[str],
        on_event: Callable[[NodeEvent], None] | None = None,
        *,
        keep_artifacts: bool = True,
    ) -> Invocation:
        """Run a dbt command such as ``["build", "--select", "monitoring"]``; failing nodes do not raise.

        Without ``keep_artifacts`` the files in target/ stay those of the last build that mattered to people, and hooks
        of installed packages do not run: they are about that build, and some take half a minute.

        Raises ConfigError when dbt could not run at all (no connection, no such selection).
        """
        # Always explicit, because the project's own flags may differ.
        with nullcontext() if keep_artifacts else self._without_package_hooks():
            result = self._call([*arguments, "--write-json" if keep_artifacts else "--no-write-json"], on_event)
        outcome = getattr(result.result, "results", None)
        if outcome is None:
            if result.success:
                return Invocation(True, {}, ())
            raise ConfigError(f"`dbt {arguments[0]}` could not run: {_reason(result)}")
        counts: dict[str, int] = {}
        failed: dict[str, list[str]] = {ERROR: [], FAILED: []}
        for node in outcome:
            status = str(node.status)
            counts[status] = counts.get(status, 0) + 1
            if (meaning := outcome_of(status)) in failed:
                words = mask_secrets(" ".join(_message(node).split()))
                failed[meaning].append(f"{node.node.name}: {words}")
        errors = tuple(failed[ERROR])
        return Invocation(result.success, counts, (*errors, *failed[FAILED]), errors)

    def operate(self, macro: str) -> str:
        """Run a macro as an operation. Returns the sentence with which it failed; empty when it did not.

        Raises ConfigError when dbt could not run it at all.
        """
        self._operation_failures.clear()
        with self._without_package_hooks():
            result = self._call(["run-operation", macro, "--no-write-json"], None)
        if result.exception is not None:
            raise ConfigError(f"`dbt run-operation {macro}` could not run: {_reason(result)}")
        if not result.success and not self._operation_failures:
            return _reason(result)
        return "; ".join(_operation_failure(text) for text in self._operation_failures)

    def _call(self, arguments: list[str], on_event: Callable[[NodeEvent], None] | None) -> Any:
        from dbt.cli.main import dbtRunner

        def forward(event: Any) -> None:
            if self._is_ended and event.info.name == "NodeStart":
                raise SourceError("dbt was ended.")
            # The result of a failed operation has no message: only an event has the reason.
            if event.info.name.startswith("RunningOperation"):
                self._operation_failures.append(str(event.data.exc))
            if on_event is not None and event.info.name in ("NodeStart", "NodeFinished"):
                info = event.data.node_info
                status = "" if event.info.name == "NodeStart" else str(info.node_status)
                node = NodeEvent(info.unique_id, info.node_name, info.resource_type, status, event.info.invocation_id)
                on_event(node)

        flags = [
            "--project-dir",
            str(self.root),
            "--profiles-dir",
            str(self.profiles_dir),
            "--target-path",
            str(self.target_path),
            "--quiet",
            "--log-level",
            "none",
            "--log-level-file",
            "none",
        ]
        if self.log_path:
            flags += ["--log-path", str(self.log_path)]
        if self.target:
            flags += ["--target", self.target]
        self._forget_compiled()
        self._forget_leftovers()
        _forget_behavior_flags()
        clock = self.as_of.isoformat() if self.as_of else None
        self._is_ended = False
        runner, context = dbtRunner(manifest=self._manifest, callbacks=[forward]), copy_context()
        variables = {
            AS_OF_VARIABLE: clock,
            LIVE_VARIABLE: "1" if self.is_live else None,
            "PGOPTIONS": self._server_options(),
        }
        with _environment(variables), _without_environment(PARTIAL_VARIABLES):
            # In a thread of its own, because dbt waits for databases without any limit.
            return within(self.time_limit, lambda: context.run(runner.invoke, arguments + flags), self._end)

    def _server_options(self) -> str:
        """Return the limits that dbt's sessions get from the server: a statement may take what is left of the run."""
        left = min(self.time_limit.remaining, LONGEST_SECONDS)
        return f"{os.environ.get('PGOPTIONS', '')} {server_options(left, left)}".strip()

    def _end(self, thread: threading.Thread) -> None:
        """End dbt: no further node begins, what runs is cancelled, and connections that stay silent are hung up on."""
        from dbt.adapters.factory import FACTORY

        self._is_ended = True
        deadline = time.monotonic() + END_SECONDS
        while thread.is_alive() and time.monotonic() < deadline:
            # Not `handle`, which opens a connection that dbt has not opened yet.
            handles = [
                connection._handle
                for adapter in list(FACTORY.adapters.values())
                for connection in list(adapter.connections.thread_connections.values())
            ]
            opened = [handle for handle in handles if isinstance(handle, extensions.connection) and not handle.closed]
            if self.opener is not None:
                for handle in opened:
                    cancel(handle.get_backend_pid(), self.opener)
            thread.join(CANCEL_SECONDS)
            for handle in opened if thread.is_alive() else ():
                hang_up(handle)

    def _forget_compiled(self) -> None:
        # dbt marks a node once it has prepended the CTEs of its ephemeral parents, and skips that the next time a
        # manifest is used: the second build of such a model would then miss them.
        for node in self._manifest.nodes.values() if self._manifest is not None else ():
            if getattr(node, "extra_ctes_injected", False):
                node.extra_ctes_injected, node.extra_ctes, node.compiled, node.compiled_code = False, [], False, None

    def _forget_leftovers(self) -> None:
        # Macros can leave things in `graph`, as Elementary does with the names of its temporary tables: the next
        # invocation of a manifest would look for tables that are gone.
        for key in set(self._manifest.flat_graph) - self._graph_keys if self._manifest is not None else ():
            del self._manifest.flat_graph[key]

    @contextmanager
    def _without_package_hooks(self) -> Iterator[None]:
        nodes = self._manifest.nodes if self._manifest is not None else {}
        own = self._manifest.metadata.project_name if self._manifest is not None else ""
        hooks = {k: n for k, n in nodes.items() if n.resource_type == "operation" and n.package_name != own}
        for key in hooks:
            del nodes[key]
        try:
            yield
        finally:
            nodes.update(hooks)


def _message(node: Any) -> str:
    batches = getattr(node, "batch_results", None)
    parts = {"successful": batches.successful, "failed": batches.failed} if batches is not None else None
    status = str(node.status)
    return message_of({"status": status, "message": node.message, "batch_results": parts}) or status


def _operation_failure(text: str) -> str:
    # The text has the macro that failed, the sentence, and the macros that called it.
    lines = [line.strip() for line in text.splitlines()]
    return mask_secrets(" ".join([line for line in lines[1:] if line and not line.startswith(">")] or lines))


def _forget_behavior_flags() -> None:
    # Every invocation appends the adapter's flags to a list of the module, and walks the stack for each: without
    # this, each call in one process is slower than the one before.
    from dbt.adapters.base.impl import DEFAULT_BASE_BEHAVIOR_FLAGS as flags  # noqa: N811

    flags[:] = {flag["name"]: flag for flag in flags}.values()


def _manifest_when_whole(target_path: Path, patience: float = 10.0) -> dict[str, Any]:
    # Another dbt in the same folder may be writing the file right now.
    deadline = time.monotonic() + patience
    while True:
        try:
            return read_manifest(target_path)
        except ArtifactError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _reason(result: Any) -> str:
    text = " ".join(str(result.exception or "dbt gave no reason; run the command with plain dbt").split())
    return mask_secrets(text.rstrip(".")) + "."


@contextmanager
def _environment(values: Mapping[str, str | None]) -> Iterator[None]:
    # Environment variables, not --vars: changed vars make dbt parse the whole project again.
    changed = {name: value for name, value in values.items() if value is not None}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _without_environment(names: Sequence[str]) -> Iterator[None]:
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(before)
