"""Read the files of a dbt project: dbt_project.yml and the JSON that dbt writes to its target folder."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from lookout.errors import ArtifactError, ConfigError
from lookout.masking import MASK

# The artifacts that hold results, each with the command that writes it.
RESULT_FILES = {"run_results.json": "run `dbt build`", "sources.json": "run `dbt source freshness`"}
MANIFEST_VERSIONS = (11, 12)
# Levels and values of a YAML file.
DEEPEST, LARGEST = 100, 2_000_000


def is_there(path: Path) -> bool:
    """Return whether something has this name: a file, but also what is unusable as one.

    Absent means "not wanted"; a folder, a link that leads nowhere and a file that may not be read are mistakes.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        # No file can have a name with NUL in it.
        return False
    except OSError:
        return True
    return True


def why_unreadable(path: Path, error: OSError) -> str:
    """Return why something that is there cannot be read."""
    if isinstance(error, FileNotFoundError):
        return "it is a link that leads nowhere"
    return "it is a folder" if isinstance(error, IsADirectoryError) else str(error.strerror or error)


class UnusableFileError(ConfigError):
    """A file cannot be read as it should; ``reason`` is a clause about it."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"{file} cannot be read: {reason}.")
        self.reason = reason


def open_file(file: Path) -> BinaryIO:
    """Open a file for reading. Raises UnusableFileError for everything else, and never waits for a writer."""
    try:
        # A pipe would be waited for until somebody writes to it.
        opened = os.fdopen(os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb")
        kind = os.fstat(opened.fileno()).st_mode
        if stat.S_ISREG(kind):
            return opened
        opened.close()
        raise UnusableFileError(file, "it is no regular file")
    except ValueError as error:
        raise UnusableFileError(file, "its name holds a character that no file name can have") from error
    except OSError as error:
        is_absent = isinstance(error, FileNotFoundError) and not is_there(file)
        reason = "there is none" if is_absent else why_unreadable(file, error)
        raise UnusableFileError(file, reason) from error


def read_bytes(file: Path) -> bytes:
    """Return the content of a file. Raises UnusableFileError for everything else."""
    with open_file(file) as opened:
        try:
            return opened.read()
        except (OSError, MemoryError) as error:
            raise UnusableFileError(
                file, str(getattr(error, "strerror", "") or "it is larger than the memory")
            ) from error


def read_text(file: Path) -> str:
    """Return the text of a file with its line ends. Raises UnusableFileError when there is none that is UTF-8."""
    try:
        return read_bytes(file).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnusableFileError(file, "it holds characters that are no UTF-8 text") from error


def read_if_there(file: Path) -> str | None:
    """Return the text of a file; None when there is none. Raises UnusableFileError when it is unusable."""
    return read_text(file) if is_there(file) else None


def read_json(file: Path) -> Any:
    """Return the content of a JSON file, without characters that no database takes. Raises UnusableFileError."""
    text = read_text(file).removeprefix("\ufeff")
    try:
        return parse_json(text)
    except ValueError as error:
        raise UnusableFileError(file, "it is not valid JSON") from error


def parse_json(text: str) -> Any:
    """Return the value of a JSON text, without NUL and halves of surrogate pairs. Raises ValueError for other text."""
    try:
        content = json.loads(text)
        # Only escapes can bring such characters into text that was decoded.
        return _storable(content) if _UNSTORABLE.search(text) else content
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


_UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|\x00")


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return {_storable(key): _storable(item) for key, item in value.items()} if isinstance(value, dict) else value


def read_yaml(file: Path, advice: str = "") -> Any:
    """Return the content of a YAML file, None of an empty one. Raises UnusableFileError that quotes none of it.

    ``advice`` is a clause on what to do about a mistake.
    """
    text = read_text(file)
    try:
        return parse_yaml(text)
    except ValueError as error:
        raise UnusableFileError(file, f"it is not valid YAML{error}" + (f"; {advice}" if advice else "")) from error


def parse_yaml(text: str) -> Any:
    """Return the value of a YAML text. Raises ValueError with the line and what is wrong there, without quoting it."""
    try:
        content = yaml.safe_load(text)
        check_size(content)
        return content
    except yaml.MarkedYAMLError as error:
        # PyYAML would quote the line, and the line with the odd character in it is often the password's.
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        # An alias or a tag is quoted, and is a password as often as a line is.
        problem = re.sub(r"""(['"]).{2,}\1""", MASK, str(error.problem or error.context or ""), flags=re.DOTALL)
        raise ValueError(f"{where}: {problem}".rstrip(": ")) from None
    except (RecursionError, OversizeError):
        raise ValueError(": it is nested too deep, or refers to itself") from None
    except Exception as error:  # noqa: BLE001 - PyYAML lets errors of int(), date() and others through
        has_controls = isinstance(error, yaml.YAMLError)
        what = "it holds characters that YAML does not allow" if has_controls else "it holds a value that is none"
        raise ValueError(f": {what}") from None


class OversizeError(ValueError):
    """A parsed YAML text is, with its aliases written out, larger than any file that people write."""


def check_size(content: Any) -> None:
    """Raise OversizeError for content that refers to itself, or whose aliases of aliases would fill the memory."""
    waiting, count = [(content, 0)], 0
    while waiting:
        value, depth = waiting.pop()
        count += 1
        if depth > DEEPEST or count > LARGEST:
            raise OversizeError
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        waiting += [(item, depth + 1) for item in inner]


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


def first_folder(definition: Mapping[str, Any], key: str, default: str) -> str:
    """Return the first of the folders under a key of dbt_project.yml, such as ``model-paths``."""
    found = definition.get(key)
    return str(found[0] if isinstance(found, list) and found else default).rstrip("/")


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
        content = read_json(file)
    except UnusableFileError as error:
        if not is_there(file):
            raise ArtifactError(f"There is no {file}: {remedy} first.") from error
        if isinstance(error.__cause__, ValueError):
            raise ArtifactError(f"{file} is not valid JSON: {remedy} to write it anew.") from error
        raise ArtifactError(f"{file} cannot be read, {error.reason}: remove it and {remedy}.") from error
    if not isinstance(content, dict) or not isinstance(content.get("metadata"), dict):
        raise ArtifactError(f"{file} was not written by dbt: {remedy} to write it anew.")
    return content


def read_definition(root: Path) -> dict[str, Any]:
    """Read dbt_project.yml; empty when it is no mapping. Raises ConfigError when it cannot be read."""
    content = read_yaml(root / "dbt_project.yml")
    return content if isinstance(content, dict) else {}
