"""Somebody's dbt project as `lookout init` reads and writes it: files, manifest, databases, and its own origin."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from lookout import __version__
from lookout.database.embedded import EmbeddedServer, state_directory
from lookout.errors import ConfigError
from lookout.init.database import ask_catalogs, ask_rates
from lookout.init.package import Installed, installed, names_lookout, package_entry
from lookout.init.plan import (
    NEW_FILE,
    SELECTORS,
    Edit,
    all_edits,
    plan_gitignore,
    plan_monitors,
    plan_package,
    plan_schema,
    plan_selectors,
    says_something,
)
from lookout.init.suggest import (
    Candidate,
    Observed,
    Suggestion,
    TimeColumn,
    by_importance,
    candidates,
    suggestion,
    time_column,
    watched,
)
from lookout.project.dbt import Project
from lookout.project.declarations.monitors import check_manifest_version
from lookout.project.files import find_project, packages_folder, profile_name, project_name, read_manifest
from lookout.project.own import CODE, PACKAGE
from lookout.project.profiles import Profile
from lookout.project.workspace import open_workspace, profiles_folder

DISTRIBUTION = "lookout-observability"
NOWHERE = Observed()
PACKAGE_FILES = ("packages.yml", "dependencies.yml")


@dataclass(frozen=True)
class Proposal:
    """What would be written, which tables would be watched and why, and what people should know besides.

    ``more`` counts tables that could be watched too, ``unclear`` names those without a column that tells the time,
    ``sparse`` those with too few rows to learn from, ``absent`` those that the database does not have.
    """

    root: Path
    edits: tuple[Edit, ...]
    suggestions: tuple[Suggestion, ...] = ()
    watched: int = 0
    more: int = 0
    unclear: tuple[str, ...] = ()
    sparse: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def propose(
    start: Path,
    *,
    profiles_dir: Path | None = None,
    target: str | None = None,
    package: str | None = None,
    schema: str | None = None,
    limit: int = 20,
) -> Proposal:
    """Look at a project and its databases and plan what to write; nothing is written but dbt's own target/.

    Raises ConfigError for no project, one that does not parse, and YAML that cannot be added to safely.
    """
    root = find_project(start.resolve())
    if project_name(root) == PACKAGE:
        raise ConfigError(f"{root} is Lookout's own project: run `lookout init` in the dbt project to be watched.")
    texts = {name: _read(root / name) for name in (*PACKAGE_FILES, "dbt_project.yml", SELECTORS, ".gitignore")}
    own = plan_package(texts, package_entry(package, _installed(), root), root) if _lacks(texts, root) else None
    profile, manifest, notes = _parsed(root, profiles_dir, target, is_named=own is None)
    if any(node.get("package_name") == PACKAGE for node in (manifest.get("nodes") or {}).values()):
        # A package of theirs brings it along.
        own = None
    new_file = f"{_first_folder(texts['dbt_project.yml'] or '')}/{NEW_FILE}"
    found = candidates(manifest, profile.target if profile else "")
    texts |= {file: _read(root / file) for file in {new_file, *(c.file for c in found if c.file)}}
    undecided = [candidate for candidate in found if not says_something(texts, candidate, new_file)]
    seen, silent = ask_catalogs({c.place for c in undecided}, profile.outputs) if profile else ({}, [])
    columns = {c.name: _column(c, seen) for c in undecided if not _is_absent(c, seen)}
    ranked = by_importance((c for c in undecided if columns.get(c.name)), seen)
    count = watched(manifest) + len(found) - len(undecided)
    chosen, sparse = _suggestions(ranked, max(0, limit - count), columns, seen, profile)
    schema_edit, why = plan_schema(texts["dbt_project.yml"] or "", manifest, schema)
    selector_edit, beside = plan_selectors(texts[SELECTORS])
    edits = [
        own,
        schema_edit,
        selector_edit,
        plan_gitignore(texts[".gitignore"]),
        *plan_monitors(texts, chosen, new_file),
    ]
    return Proposal(
        root,
        tuple(all_edits(*edits)),
        tuple(chosen),
        count,
        len(ranked) - len(chosen) - len(sparse),
        tuple(c.name for c in undecided if c.name in columns and not columns[c.name]),
        tuple(sparse),
        tuple(c.name for c in undecided if c.name not in columns),
        (
            *notes,
            *(f"{told} What is suggested comes from the project alone." for told in silent),
            *filter(None, [why, beside]),
        ),
    )


def write(root: Path, edits: Sequence[Edit]) -> None:
    """Write all files or none. Raises ConfigError when one has changed meanwhile or cannot be written."""
    for edit in edits:
        if _read(root / edit.file) != edit.before:
            raise ConfigError(f"{edit.file} has changed since it was read; nothing was written: start again.")
    done: list[Edit] = []
    try:
        for edit in edits:
            done.append(edit)
            _write(root / edit.file, edit.after)
    except OSError as error:
        for edit in done:
            _restore(root / edit.file, edit.before)
        reason = error.strerror or error
        raise ConfigError(f"{done[-1].file} cannot be written ({reason}); nothing was changed.") from error


def _lacks(texts: Mapping[str, str | None], root: Path) -> bool:
    return not any(names_lookout(texts[file], file, root) for file in PACKAGE_FILES)


def _suggestions(
    ranked: Sequence[Candidate],
    limit: int,
    columns: Mapping[str, TimeColumn | None],
    seen: Mapping[tuple[str, str, str], Observed],
    profile: Profile | None,
) -> tuple[list[Suggestion], list[str]]:
    """The first so many tables that are worth it, and the names of those before them that have too few rows."""
    chosen: list[Suggestion] = []
    sparse: list[str] = []
    rest = [(candidate, column) for candidate in ranked if (column := columns[candidate.name]) is not None]
    while rest and len(chosen) < limit:
        batch, rest = rest[: limit - len(chosen)], rest[limit - len(chosen) :]
        asked = {
            candidate.place: column.name for candidate, column in batch if seen.get(candidate.place, NOWHERE).columns
        }
        rates = ask_rates(asked, profile.outputs) if profile else {}
        for candidate, column in batch:
            rate = rates.get(candidate.place)
            if rate is not None and rate.is_sparse:
                sparse.append(candidate.name)
            else:
                chosen.append(suggestion(candidate, column, rate))
    return chosen, sparse


def _column(candidate: Candidate, seen: Mapping[tuple[str, str, str], Observed]) -> TimeColumn | None:
    return time_column(candidate, seen.get(candidate.place))


def _is_absent(candidate: Candidate, seen: Mapping[tuple[str, str, str], Observed]) -> bool:
    """A source that is not where it is said to be would make every run fail; a model is yet to be built."""
    observed = seen.get(candidate.place)
    return bool(candidate.source) and observed is not None and not observed.columns


def _parsed(
    root: Path, profiles_dir: Path | None, target: str | None, *, is_named: bool
) -> tuple[Profile | None, Mapping[str, Any], list[str]]:
    """Profile, manifest and notes; without any profile the project is parsed all the same, and no database asked."""
    with _profile(root, profiles_dir, target) as (profile, project):
        notes = [] if profile else [_profile_hint(profile_name(root))]
        try:
            manifest = project.parse()
        except ConfigError:
            # Between `lookout init` and `dbt deps`, dbt refuses to parse: what it read before has to do.
            if not is_named or _is_installed(root) or not (project.target_path / "manifest.json").is_file():
                raise
            manifest = read_manifest(project.target_path)
            notes.append("The packages are not installed yet: run `dbt deps`.")
        check_manifest_version(manifest)
        return profile, manifest, notes


@contextmanager
def _profile(root: Path, profiles_dir: Path | None, target: str | None) -> Iterator[tuple[Profile | None, Project]]:
    name = profile_name(root)
    is_ours = profiles_folder(root, name, profiles_dir) is None
    if not is_ours or (EmbeddedServer(state_directory(root)).data / "PG_VERSION").exists():
        workspace = open_workspace(root, profiles_dir=profiles_dir, target=target)
        yield workspace.home.profile, workspace.home.project
        return
    # dbt parses with any profile, and asks no database meanwhile.
    nowhere = {"type": "postgres", "host": "localhost", "port": 5432, "user": "nobody", "password": "", "threads": 1}
    outputs = {target or "warehouse": {**nowhere, "dbname": "warehouse", "schema": "public"}}
    with tempfile.TemporaryDirectory(prefix="lookout-") as folder:
        content = {name: {"target": target or "warehouse", "outputs": outputs}}
        (Path(folder) / "profiles.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
        yield None, Project(root, Path(folder), target)


def _profile_hint(name: str) -> str:
    return (
        f"There is no profile '{name}' yet, so no database was asked. Lookout will use an embedded PostgreSQL. For a "
        f"server of yours, put this into ~/.dbt/profiles.yml, with the password in the environment:\n"
        f"  {name}:\n    target: dev\n    outputs:\n      dev:\n        type: postgres\n        host: localhost\n"
        f"        port: 5432\n        user: {name}\n        password: \"{{{{ env_var('DB_PASSWORD') }}}}\"\n"
        f"        dbname: {name}\n        schema: public\n        threads: 4"
    )


def _is_installed(root: Path) -> bool:
    return (packages_folder(root) / PACKAGE).exists()


def _first_folder(definition: str) -> str:
    paths: Collection[Any] = (yaml.safe_load(definition) or {}).get("model-paths") or ["models"]
    return str(next(iter(paths))).rstrip("/")


def _installed() -> Installed:
    try:
        found = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return installed(__version__, None, {}, CODE)
    origin = json.loads(found.read_text("direct_url.json") or "null")
    pairs = (line.partition(",") for line in found.metadata.get_all("Project-URL") or ())
    return installed(found.version, origin, {label: url for label, _, url in pairs}, CODE)


def _read(file: Path) -> str | None:
    try:
        # Bytes, so that line ends stay what they are.
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it holds characters that are no UTF-8 text"
        raise ConfigError(f"{file} cannot be read: {reason}.") from error


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("utf-8"))


def _restore(file: Path, text: str | None) -> None:
    if text is None:
        file.unlink(missing_ok=True)
    elif os.access(file, os.W_OK):
        file.write_bytes(text.encode("utf-8"))
