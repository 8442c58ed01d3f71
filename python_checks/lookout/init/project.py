"""The dbt project that `lookout init` reads and writes: its files, manifest and databases."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from lookout import __version__
from lookout.contracts.compile.file import CompiledFile, needed_file
from lookout.database.embedded import EmbeddedServer, state_directory
from lookout.errors import ConfigError
from lookout.init.database import Location, ask_catalogs, ask_rates
from lookout.init.package import Installed, installed, names_lookout, package_entry
from lookout.init.plan import (
    NEW_FILE,
    SELECTORS,
    Edit,
    all_edits,
    is_configured,
    plan_gitignore,
    plan_monitors,
    plan_package,
    plan_schema,
    plan_selectors,
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
from lookout.project.files import (
    check_manifest_version,
    find_project,
    first_folder,
    is_there,
    packages_folder,
    parse_yaml,
    profile_name,
    project_name,
    read_if_there,
    read_manifest,
)
from lookout.project.own import CODE, PACKAGE
from lookout.project.profiles import Profile
from lookout.project.workspace import open_workspace, profiles_folder

DISTRIBUTION = "lookout-observability"
NOWHERE = Observed()
COMPILE_AGAIN = "The time column of a table belongs to its contract: run `lookout contracts compile` after writing it."
PACKAGE_FILES = ("packages.yml", "dependencies.yml")


@dataclass(frozen=True)
class Proposal:
    """The edits to be written, the tables to be watched and why, and notes for people.

    ``more`` counts tables that could be watched too, ``unclear`` names those without a time column,
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


@dataclass(frozen=True)
class _Choice:
    """The tables to be watched, and the others; see `Proposal`."""

    suggestions: tuple[Suggestion, ...]
    more: int
    unclear: tuple[str, ...]
    sparse: tuple[str, ...]
    absent: tuple[str, ...]
    notes: tuple[str, ...]


def propose(
    start: Path,
    *,
    profiles_dir: Path | None = None,
    target: str | None = None,
    package: str | None = None,
    schema: str | None = None,
    limit: int = 20,
) -> Proposal:
    """Read a project and its databases and plan what to write; nothing is written, except dbt's own target/.

    Raises ConfigError when there is no project, it does not parse, or YAML cannot be added to safely.
    """
    root = find_project(start.resolve())
    if project_name(root) == PACKAGE:
        raise ConfigError(f"{root} is Lookout's own project: run `lookout init` in the dbt project to be watched.")
    texts = {name: read_if_there(root / name) for name in (*PACKAGE_FILES, "dbt_project.yml", SELECTORS, ".gitignore")}
    package_edit = None
    if not any(names_lookout(texts[file], file, root) for file in PACKAGE_FILES):
        package_edit = plan_package(texts, package_entry(package, _installed(), root), root)
    profile, manifest, notes = _parsed(root, profiles_dir, target, is_named=package_edit is None)
    if any(node.get("package_name") == PACKAGE for node in (manifest.get("nodes") or {}).values()):
        # Another package of the project brings Lookout along.
        package_edit = None
    new_file = f"{_first_folder(texts['dbt_project.yml'] or '')}/{NEW_FILE}"
    found = candidates(manifest, profile.target if profile else "")
    texts |= {file: read_if_there(root / file) for file in {new_file, *(c.file for c in found if c.file)}}
    undecided = [candidate for candidate in found if not is_configured(texts, candidate, new_file)]
    count = watched(manifest) + len(found) - len(undecided)
    choice = _choose(undecided, max(0, limit - count), profile)
    schema_edit, schema_note = plan_schema(texts["dbt_project.yml"] or "", manifest, schema)
    selector_edit, selector_note = plan_selectors(texts[SELECTORS])
    compiled = needed_file(root, manifest, profile.target if profile else "")
    is_outdated = compiled is not None and any(compiled.has(one.candidate.name) for one in choice.suggestions)
    edits = [
        package_edit,
        schema_edit,
        selector_edit,
        plan_gitignore(texts[".gitignore"]),
        _compiled_edit(root, compiled) if compiled and compiled.problem else None,
        *plan_monitors(texts, choice.suggestions, new_file),
    ]
    return Proposal(
        root,
        tuple(all_edits(*edits)),
        choice.suggestions,
        count,
        choice.more,
        choice.unclear,
        choice.sparse,
        choice.absent,
        (*notes, *choice.notes, *filter(None, [schema_note, selector_note, COMPILE_AGAIN if is_outdated else ""])),
    )


def write(root: Path, edits: Sequence[Edit]) -> None:
    """Write all files or none. Raises ConfigError when one has changed meanwhile or cannot be written."""
    for edit in edits:
        if read_if_there(root / edit.file) != edit.before:
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


def _choose(undecided: Sequence[Candidate], limit: int, profile: Profile | None) -> _Choice:
    """Suggest monitors for at most ``limit`` tables, the largest first; without a profile no database is queried."""
    observed: Mapping[Location, Observed] = {}
    problems: list[str] = []
    if profile:
        observed, problems = ask_catalogs({c.location for c in undecided}, profile.outputs)
    present = [c for c in undecided if not _is_absent(c, observed)]
    columns = {c.name: time_column(c, observed.get(c.location)) for c in present}
    ranked = by_importance((c for c in present if columns[c.name]), observed)
    chosen, sparse = _suggestions(ranked, limit, columns, observed, profile)
    return _Choice(
        tuple(chosen),
        len(ranked) - len(chosen) - len(sparse),
        tuple(c.name for c in present if not columns[c.name]),
        tuple(sparse),
        tuple(c.name for c in undecided if c.name not in columns),
        tuple(f"{problem} What is suggested comes from the project alone." for problem in problems),
    )


def _suggestions(
    ranked: Sequence[Candidate],
    limit: int,
    columns: Mapping[str, TimeColumn | None],
    observed: Mapping[Location, Observed],
    profile: Profile | None,
) -> tuple[list[Suggestion], list[str]]:
    """Return suggestions for the first ``limit`` tables with enough rows, and the names of those that have too few."""
    chosen: list[Suggestion] = []
    sparse: list[str] = []
    rest = [(candidate, column) for candidate in ranked if (column := columns[candidate.name]) is not None]
    while rest and len(chosen) < limit:
        batch, rest = rest[: limit - len(chosen)], rest[limit - len(chosen) :]
        time_columns = {
            candidate.location: column.name
            for candidate, column in batch
            if observed.get(candidate.location, NOWHERE).columns
        }
        rates = ask_rates(time_columns, profile.outputs) if profile else {}
        for candidate, column in batch:
            rate = rates.get(candidate.location)
            if rate is not None and rate.is_sparse:
                sparse.append(candidate.name)
            else:
                chosen.append(suggestion(candidate, column, rate))
    return chosen, sparse


def _is_absent(candidate: Candidate, observed: Mapping[Location, Observed]) -> bool:
    """Return whether a source does not exist, which would make every run fail; a model may not be built yet."""
    found = observed.get(candidate.location)
    return bool(candidate.source) and found is not None and not found.columns


def _parsed(
    root: Path, profiles_dir: Path | None, target: str | None, *, is_named: bool
) -> tuple[Profile | None, Mapping[str, Any], list[str]]:
    """Return profile, manifest and notes; without a profile the project is parsed, but no database queried."""
    with _profile(root, profiles_dir, target) as (profile, project):
        notes = [] if profile else [_profile_hint(profile_name(root))]
        try:
            manifest = project.parse()
        except ConfigError:
            # Between `lookout init` and `dbt deps`, dbt refuses to parse: the manifest of before has to do.
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
    # dbt parses with any profile, and connects to no database meanwhile.
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


def _compiled_edit(root: Path, compiled: CompiledFile) -> Edit:
    return Edit(compiled.path.relative_to(root).as_posix(), read_if_there(compiled.path), compiled.text)


def _is_installed(root: Path) -> bool:
    return (packages_folder(root) / PACKAGE).exists()


def _first_folder(definition: str) -> str:
    content = parse_yaml(definition)
    return first_folder(content if isinstance(content, Mapping) else {}, "model-paths", "models")


def _installed() -> Installed:
    try:
        found = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return installed(__version__, None, {}, CODE)
    origin = json.loads(found.read_text("direct_url.json") or "null")
    urls = {}
    for line in found.metadata.get_all("Project-URL") or ():
        label, _, url = line.partition(",")
        urls[label] = url
    return installed(found.version, origin, urls, CODE)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("utf-8"))


def _restore(file: Path, text: str | None) -> None:
    if text is None:
        if is_there(file):
            file.unlink()
    elif os.access(file, os.W_OK):
        file.write_bytes(text.encode("utf-8"))
