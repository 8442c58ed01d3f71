"""dbt's results by their meaning: its statuses, the commands that have results at all, and microbatch batches."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

PASSED, WARNED, FAILED, ERROR, REMOVED, NONE = "passed", "warned", "failed", "error", "removed", "none"
# Every status that dbt writes, of all versions and engines, and two of Lookout's own: removed and killed. NONE says
# nothing about a node, so that its result before still holds.
OUTCOMES = {
    "success": PASSED, "pass": PASSED, "warn": WARNED, "fail": FAILED, "error": ERROR, "runtime error": ERROR,
    "partial success": ERROR, "skipped": NONE, "no-op": NONE, "reused": NONE, "removed": REMOVED, "killed": ERROR,
}  # fmt: skip
GOOD = (PASSED, WARNED)
CHECKS = ("test.", "unit_test.", "source.")
# The commands that build or test something; the others, such as `docs generate`, compile only. `retry` names itself in
# the log alone: its artifact has the command that it repeats.
COMMANDS = ("build", "run", "test", "seed", "snapshot", "source", "freshness", "retry")
# Results over no rows, or over a sample of them, say nothing about the data.
PARTIAL_FLAGS = ("empty", "sample")
MOST_NAMED = 3
_COUNTED = re.compile(r"PARTIAL SUCCESS \((\d+)/(\d+)\)")


def outcome_of(status: object, node_id: str = "") -> str:
    """Return the outcome that a status of dbt means for a node; a status nobody knows is an error."""
    text = str(status).lower()
    # A check that was only compiled has the status of a model; one that ran passes.
    return NONE if text == "success" and node_id.startswith(CHECKS) else OUTCOMES.get(text, ERROR)


def command_of(results: Mapping[str, Any]) -> str:
    """Return dbt's command that wrote a run_results.json or sources.json; empty when the file does not say."""
    command = (results.get("args") or {}).get("which")
    if command:
        return str(command)
    schema_version = str((results.get("metadata") or {}).get("dbt_schema_version"))
    return "freshness" if "sources" in schema_version else ""


def has_results(results: Mapping[str, Any]) -> bool:
    """Return whether the command behind an artifact built or tested what is there, and not less of it."""
    args = results.get("args") or {}
    return command_of(results) in ("", *COMMANDS) and not any(args.get(flag) for flag in PARTIAL_FLAGS)


def packages_of(manifest: Mapping[str, Any]) -> set[str]:
    """Return the names of the project and of its packages."""
    nodes = [*(manifest.get("nodes") or {}).values(), *(manifest.get("sources") or {}).values()]
    own = (manifest.get("metadata") or {}).get("project_name")
    return {str(name) for name in (own, *(node.get("package_name") for node in nodes)) if name}


def foreign_project(results: Mapping[str, Any], packages: Collection[str]) -> str:
    """Return the project whose nodes the results are all about, when it is none of ``packages``; empty otherwise."""
    names = [str(result.get("unique_id")).split(".")[1:2] for result in results.get("results") or ()]
    found = [name for (name,) in filter(None, names)]
    return found[0] if packages and found and not set(found) & set(packages) else ""


def message_of(result: Mapping[str, Any]) -> str:
    """Return the message of a result; of a microbatch model that failed, how many of its batches and which."""
    message = str(result.get("message") or result.get("error") or "")
    if outcome_of(result.get("status")) != ERROR:
        return message
    failed, built = _batches(result, "failed"), _batches(result, "successful")
    if failed:
        return f"{len(failed)} of {len(failed) + len(built)} batches failed: {named_batches(failed)}"
    counted = _COUNTED.search(message)
    if counted is None:
        return message
    return f"{int(counted[2]) - int(counted[1])} of {counted[2]} batches failed"


def missing_batches(before: Collection[str], result: Mapping[str, Any], *, is_rebuilt: bool = False) -> list[str]:
    """Return the batches of a microbatch model that are not in its table after a result.

    ``before`` are those that were missing until then. A plain build takes the newest batches only, so one that failed
    stays missing until it is built itself, as by `dbt retry`. ``is_rebuilt`` is for a full refresh.
    """
    if outcome_of(result.get("status")) == NONE:
        return sorted(before)
    if result.get("batch_results") is None:
        # Not built in batches any more, or not built.
        return [] if outcome_of(result.get("status")) in GOOD else sorted(before)
    failed, built = _batches(result, "failed"), _batches(result, "successful")
    kept = set() if is_rebuilt else set(before) - set(built)
    return sorted(kept | set(failed))


def is_rebuilding(results: Mapping[str, Any]) -> bool:
    """Return whether a command built its models anew from their beginning."""
    args = results.get("args") or {}
    return bool(args.get("full_refresh")) and not (args.get("event_time_start") or args.get("event_time_end"))


def named_batches(batches: Sequence[str]) -> str:
    """Return the first batches by name and the number of the others."""
    names = [batch.removesuffix("T00") for batch in batches[:MOST_NAMED]]
    further = len(batches) - len(names)
    return ", ".join(names) + (f" and {further} more" if further else "")


def batch_name(start: str) -> str:
    """Return the start of a batch by the hour, from an artifact or from dbt's log: 2026 becomes 2026-01-01T00."""
    text = start.strip().replace(" ", "T")[:13]
    return text + "2026-01-01T00"[len(text) :]


def _batches(result: Mapping[str, Any], kind: str) -> list[str]:
    found = (result.get("batch_results") or {}).get(kind) or ()
    return sorted({batch_name(str(batch[0])) for batch in found})
