"""Read the files of a dbt project: dbt_project.yml and the JSON that dbt writes to its target folder."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lookout.errors import ArtifactError, ConfigError

# The artifacts that hold results, each with the command that writes it.
RESULT_FILES = {"run_results.json": "run `dbt build`", "sources.json": "run `dbt source freshness`"}
MANIFEST_VERSIONS = (11, 12)


def is_there(path: Path) -> bool:
    """Return whether something has this name: a file, but also what is unusable as one.

    Absent means "not wanted"; a folder, a link that leads nowhere and a file that may not be read are mistakes.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def why_unreadable(path: Path, error: OSError) -> str:
    """Return why something that is there cannot be read."""
    if isinstance(error, FileNotFoundError):
        return "it is a link that leads nowhere"
    return "it is a folder" if isinstance(error, IsADirectoryError) else str(error.strerror or error)


def read_if_there(file: Path) -> str | None:
    """Return the text of a file with its line ends; None when there is none. Raises ConfigError when it is unusable."""
    if not is_there(file):
        return None
    try:
        return file.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {why_unreadable(file, error)}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} cannot be read: it holds characters that are no UTF-8 text.") from error


def nearest_project(start: Path) -> Path | None:
    """Return the folder of the nearest dbt_project.yml at or above ``start``; None when there is none."""
    return next((folder for folder in (start, *start.parents) if is_there(folder / "dbt_project.yml")), None)


def find_project(start: Path) -> Path:
    """Return the folder of the nearest dbt_project.yml. Raises ConfigError when there is none."""
    found = nearest_project(start)
    if found is not None:
        return found
    raise ConfigError(f"There is no dbt_project.yml in {start} or above it: run lookout inside a dbt project.")


def profile_name(root: Path) -> str:
    """Return the profile that the project names. Raises ConfigError when it names none."""
    name = read_definition(root).get("profile")
    if not name:
        raise ConfigError(f"{root / 'dbt_project.yml'} names no profile: add a line `profile: NAME`.")
    return str(name)


def project_name(folder: Path) -> str:
    """Return the name of the dbt project in a folder; empty when there is none that can be read."""
    try:
        return str(read_definition(folder).get("name") or "")
    except ConfigError:
        return ""


def packages_folder(root: Path) -> Path:
    """Return the folder where `dbt deps` puts the packages of a project."""
    return root / str(read_definition(root).get("packages-install-path") or "dbt_packages")


def read_manifest(target_path: Path) -> dict[str, Any]:
    """Read manifest.json. Raises ArtifactError when it is missing or not JSON."""
    return read_artifact(target_path / "manifest.json", "run `dbt parse`")


def check_manifest_version(manifest: Mapping[str, Any], file: str = "target/manifest.json") -> None:
    """Raise ArtifactError unless the manifest has a schema version that Lookout reads (v11 and v12)."""
    metadata = manifest.get("metadata")
    schema = metadata.get("dbt_schema_version") if isinstance(metadata, Mapping) else None
    match = re.search(r"/manifest/v(\d+)(?:\.json)?$", str(schema or ""))
    if match is None:
        raise ArtifactError(f"{file} is not a dbt manifest: run `dbt parse` to write it again.")
    if int(match[1]) not in MANIFEST_VERSIONS:
        advice = "upgrade Lookout" if int(match[1]) > max(MANIFEST_VERSIONS) else "upgrade dbt-core to 1.11"
        raise ArtifactError(
            f"{file} has schema version v{match[1]}, and Lookout reads v11 and v12 (dbt-core 1.7 to 1.11): {advice}, "
            "then run `dbt parse`."
        )


def read_artifact(file: Path, remedy: str) -> dict[str, Any]:
    """Read one of dbt's JSON files. ``remedy`` says what to do when it is missing or cut short."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        if is_there(file):
            reason = why_unreadable(file, error)
            raise ArtifactError(f"{file} cannot be read, {reason}: remove it and {remedy}.") from error
        raise ArtifactError(f"There is no {file}: {remedy} first.") from error
    except ValueError as error:
        raise ArtifactError(f"{file} is not valid JSON: {remedy} to write it anew.") from error
    if not isinstance(content, dict) or "metadata" not in content:
        raise ArtifactError(f"{file} was not written by dbt: {remedy} to write it anew.")
    return content


def read_definition(root: Path) -> dict[str, Any]:
    """Read dbt_project.yml; empty when it is no mapping. Raises ConfigError when it cannot be read."""
    file = root / "dbt_project.yml"
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {why_unreadable(file, error)}.") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file} cannot be read: {' '.join(str(error).split())}.") from error
    return content if isinstance(content, dict) else {}
