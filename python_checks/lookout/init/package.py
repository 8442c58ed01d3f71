"""Lookout's entry in a project's packages.yml, and how the command line was installed. Pure, except paths."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lookout.errors import ConfigError
from lookout.project.files import parse_yaml, project_name
from lookout.project.own import PACKAGE


@dataclass(frozen=True)
class Installed:
    """The origin of the installed command line.

    ``checkout`` is the folder of the dbt package that it runs from or was installed from, ``repository`` and
    ``revision`` the git repository that it was installed from or that its metadata names.
    """

    version: str
    checkout: Path | None = None
    repository: str = ""
    revision: str = ""


def installed(version: str, direct_url: Mapping[str, Any] | None, urls: Mapping[str, str], code: Path) -> Installed:
    """Read how Lookout was installed from its metadata: ``direct_url`` as in PEP 610, ``urls`` of the project by label.

    ``code`` is the folder of this package.
    """
    origin = str((direct_url or {}).get("url") or "")
    vcs = (direct_url or {}).get("vcs_info") or {}
    if vcs.get("vcs") == "git":
        return Installed(version, None, origin, str(vcs.get("requested_revision") or vcs.get("commit_id") or ""))
    folders = [code.parent.parent]
    if origin.startswith("file://"):
        folders.append(Path(origin.removeprefix("file://")))
    checkout = next((folder for folder in folders if project_name(folder) == PACKAGE), None)
    by_label = {label.strip().lower(): url.strip() for label, url in urls.items()}
    repository = next((by_label[label] for label in ("repository", "source", "source code") if label in by_label), "")
    return Installed(version, checkout, repository, f"v{version}")


def package_entry(spec: str | None, how: Installed, root: Path) -> dict[str, str]:
    """Return the entry of packages.yml: from ``--package``, else from how Lookout was installed.

    Raises ConfigError for an invalid spec, and when the origin of the installation is not known.
    """
    if spec is not None:
        return _from_spec(spec, root)
    if how.checkout is not None:
        return {"local": _relative(how.checkout, root)}
    if how.repository and how.revision:
        return {"git": how.repository, "revision": how.revision}
    raise ConfigError(
        "It is not known where the dbt package of Lookout can be had from, because the command was installed without "
        "its repository: say it with --package local:PATH or --package git:URL@REVISION."
    )


def package_file(texts: Mapping[str, str | None]) -> str:
    """Return the file of the project's packages: dependencies.yml if that lists packages or is the only one."""
    dependencies = texts.get("dependencies.yml")
    if dependencies is None:
        return "packages.yml"
    lists_them = "packages" in (_mapping(dependencies, "dependencies.yml") or {})
    return "dependencies.yml" if lists_them or texts.get("packages.yml") is None else "packages.yml"


def names_lookout(text: str | None, file: str, root: Path) -> bool:
    """Return whether a file of packages lists Lookout. Raises ConfigError when it is not valid YAML."""
    entries = (_mapping(text or "", file) or {}).get("packages") or []
    return any(isinstance(entry, Mapping) and _is_lookout(entry, root) for entry in entries)


def _from_spec(spec: str, root: Path) -> dict[str, str]:
    kind, _, rest = spec.partition(":")
    if kind == "local" and rest:
        folder = Path(rest).expanduser()
        found = folder if folder.is_absolute() else Path.cwd() / folder
        if project_name(found) != PACKAGE:
            raise ConfigError(f"--package {spec}: there is no dbt project of the name 'lookout' in {found.resolve()}.")
        return {"local": str(folder) if folder.is_absolute() else _relative(found.resolve(), root)}
    url, _, revision = rest.rpartition("@")
    if kind == "git" and url and revision and not re.search(r"[:/]", revision):
        return {"git": url, "revision": revision}
    raise ConfigError(f"--package {spec!r} is neither local:PATH nor git:URL@REVISION, such as git:URL@v0.1.0.")


def _is_lookout(entry: Mapping[str, Any], root: Path) -> bool:
    if entry.get("local"):
        return project_name(root / str(entry["local"])) == PACKAGE
    address = str(entry.get("git") or entry.get("package") or entry.get("tarball") or "")
    name = re.split(r"[/:]", address.rstrip("/").removesuffix(".git"))[-1]
    return PACKAGE in (name, entry.get("name"))


def _mapping(text: str, file: str) -> Mapping[str, Any] | None:
    try:
        content = parse_yaml(text)
    except ValueError as error:
        raise ConfigError(f"{file} is not valid YAML{error}.") from error
    return content if isinstance(content, Mapping) else None


def _relative(folder: Path, root: Path) -> str:
    # Between two drives of Windows there is no relative path.
    try:
        return Path(os.path.relpath(folder, root)).as_posix()
    except ValueError:
        return folder.as_posix()


def is_ignored(lines: Sequence[str], folder: str) -> bool:
    """Return whether lines of a .gitignore name a folder."""
    return any(line.strip().rstrip("/*").lstrip("/") == folder.strip("/") for line in lines)
