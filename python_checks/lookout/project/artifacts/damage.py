"""Entries of dbt's files that are not as dbt writes them: each is left out with one sentence, and the others count."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, ConfigDict, Field

from lookout.errors import ArtifactError
from lookout.plain import plain
from lookout.project.files import RESULT_FILES, check_manifest_version, read_artifact
from lookout.project.validation import Reader, Settings, mistake

SUPPORTED_RESULTS = re.compile(r"/(run-results|sources)/v\d+\.json$")
# Years that pandas and PostgreSQL can both hold to the nanosecond.
FIRST_YEAR, LAST_YEAR = 1678, 2261
LARGEST = 2**63 - 1


class _Entry(Settings):
    """Base of the entries: keys that Lookout does not read may hold anything."""

    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)
    sentences: ClassVar[Mapping[str, str]] = {
        "list_type": "{key} is {value}; it must be a list.",
        "missing": "{key} is missing.",
        "string_type": "{key} is {value}; it must be text.",
    }


def _time(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00")[:32])
    except ValueError:
        moment = None
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise mistake("{key} is {value}; it must be a time.")
    return value


def _identity(value: str) -> str:
    if not plain(value).strip():
        raise mistake("{key} is {value}; it must be a name that can be seen.")
    return value


Time = Annotated[str, AfterValidator(_time)]
Identity = Annotated[str, AfterValidator(_identity)]
Count = Annotated[int, Field(ge=-1, le=LARGEST)]
# Up to thirty years, which every clock can be moved by.
Seconds = Annotated[float, Field(ge=0, le=1e9)]


class _Timing(_Entry):
    started_at: Time | None = None
    completed_at: Time | None = None


class _AdapterResponse(_Entry):
    rows_affected: Count | None = None


class _Batches(_Entry):
    successful: list[Annotated[list[Any], Field(min_length=1)]] | None = None
    failed: list[Annotated[list[Any], Field(min_length=1)]] | None = None


class _Result(_Entry):
    """An entry of run_results.json or sources.json."""

    unique_id: Identity
    status: str
    timing: list[_Timing] | None = None
    execution_time: Seconds | None = None
    adapter_response: _AdapterResponse | None = None
    failures: Count | None = None
    snapshotted_at: Time | None = None
    batch_results: _Batches | None = None


class _ResultMetadata(_Entry):
    invocation_id: str = ""
    generated_at: Time
    invocation_started_at: Time | None = None


class _Results(_Entry):
    """What a file of results says of all of them."""

    metadata: _ResultMetadata
    args: dict[str, Any] | None = None
    elapsed_time: Seconds | None = None
    results: list[Any] | None = None


class _Config(_Entry):
    meta: dict[str, Any] | None = None
    materialized: str = ""
    contract: dict[str, Any] | None = None


class _Column(_Entry):
    meta: dict[str, Any] | None = None
    config: _Config | None = None
    description: str = ""
    data_type: str = ""
    constraints: list[dict[str, Any]] | None = None


class _DependsOn(_Entry):
    nodes: list[str] | None = None
    macros: list[str] | None = None


class _TestMetadata(_Entry):
    name: str = ""
    namespace: str = ""
    kwargs: dict[str, Any] | None = None


class _Node(_Entry):
    """A node, source or unit test of a manifest."""

    name: str
    resource_type: str
    unique_id: Identity
    package_name: str = ""
    source_name: str = ""
    fqn: list[str] | None = None
    schema_name: str = Field("", alias="schema")
    alias: str = ""
    identifier: str = ""
    patch_path: str = ""
    original_file_path: str = ""
    description: str = ""
    attached_node: str = ""
    columns: dict[str, _Column] | None = None
    config: _Config | None = None
    meta: dict[str, Any] | None = None
    source_meta: dict[str, Any] | None = None
    depends_on: _DependsOn | None = None
    test_metadata: _TestMetadata | None = None
    freshness: dict[str, Any] | None = None
    contract: dict[str, Any] | None = None
    constraints: list[dict[str, Any]] | None = None


class _Named(_Entry):
    """A macro, group, exposure or another entry with a name."""

    name: str
    package_name: str = ""
    description: str = ""
    depends_on: _DependsOn | None = None


# The parts of a manifest that Lookout reads, all of them mappings, with the model of their entries.
_PARTS: Mapping[str, type[_Entry] | None] = {
    "nodes": _Node, "sources": _Node, "unit_tests": _Node, "exposures": _Node, "groups": _Named, "macros": _Named,
    "metrics": _Named, "semantic_models": _Named, "saved_queries": _Named, "disabled": None,
}  # fmt: skip
_MAPS = ("child_map", "parent_map")


def read_results(file: Path) -> tuple[dict[str, Any], list[str]]:
    """Return the content of run_results.json or sources.json without its damaged entries, and a sentence for each.

    Raises ArtifactError when nothing of the file can be read.
    """
    remedy = RESULT_FILES[file.name]
    content, problems = read_artifact(file, remedy), []
    problem = _problem(_Results, content, str(file))
    if problem and not _problem(_Results, {**content, "elapsed_time": None}, str(file)):
        problems.append(problem)
        content["elapsed_time"] = None
    elif problem:
        raise ArtifactError(f"{problem.rstrip('.')}: {remedy} to write it anew.")
    schema = content["metadata"].get("dbt_schema_version")
    if not SUPPORTED_RESULTS.search(str(schema or "")):
        raise ArtifactError(
            f"{file}: dbt artifact of schema '{schema}' is not supported: build the project with dbt-core 1.10 or 1.11."
        )
    kept = []
    for number, result in enumerate(content.get("results") or [], 1):
        name = result.get("unique_id") if isinstance(result, dict) else None
        problem = _problem(_Result, result, f"{file}: result {number}" + (f" ({name})" if name else ""))
        if problem:
            problems.append(f"{problem} It is left out: {remedy} to write the file anew.")
        else:
            kept.append(result)
    return {**content, "results": kept}, problems


def leave_out_damaged(manifest: dict[str, Any], file: str) -> list[str]:
    """Take entries out of a manifest that cannot be read; return a sentence for each.

    Raises ArtifactError unless it is a manifest of a version that Lookout reads.
    """
    check_manifest_version(manifest, file)
    remedy = "run `dbt parse` to write it anew"
    problems = []
    for part in (*_PARTS, *_MAPS):
        entries, model = manifest.get(part), _PARTS.get(part, _DependsOn)
        if entries is None:
            manifest[part] = {}
            continue
        if not isinstance(entries, dict):
            raise ArtifactError(f"{file} is damaged, `{part}` is no mapping: {remedy}.")
        for key in list(entries) if model else ():
            value = {"nodes": entries[key]} if part in _MAPS else entries[key]
            problem = _problem(model, value, f"{file}: {part}: {key}") if model else ""
            if problem:
                del entries[key]
                problems.append(f"{problem} It is left out: {remedy}.")
    return problems


def _problem(model: type[_Entry], value: object, where: str) -> str:
    """Return the first mistake of an entry as a sentence; empty when it has none."""
    if not isinstance(value, dict):
        return f"{where} is no mapping."
    reader = Reader(where)
    reader.read(model, value)
    return reader.problems[0] if reader.problems else ""
