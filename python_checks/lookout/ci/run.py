"""The review of a change, from the base's files to the last outcome."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from filecmp import cmp
from pathlib import Path

from lookout.ci.announced import announced_changes
from lookout.ci.build import Change, build_change
from lookout.ci.build_target import (
    BuildTarget,
    CheckedProject,
    PackagesError,
    embedded_target,
    profile_target,
    scratch_folder,
)
from lookout.ci.coverage import coverage_changes
from lookout.ci.git import Repository, open_repository
from lookout.ci.model import Manifest, Review, Slowed
from lookout.ci.outcomes import plain_message, slower
from lookout.ci.plan import Lineage, changed_seeds, learned_tests, make_plan, readers, removed_tables
from lookout.contracts.changes.diff import check_manifest, diff_manifests
from lookout.errors import ConfigError
from lookout.project.artifacts.damage import read_results
from lookout.project.files import (
    find_project,
    is_there,
    packages_folder,
    profile_name,
    project_name,
    read_manifest,
)
from lookout.render import text
from lookout.render.progress import Narrator

PACKAGE_FILES = ("packages.yml", "dependencies.yml")
# Part of dbt's message when packages are missing.
INSTALL = "dbt deps"


@dataclass(frozen=True)
class Options:
    """The options of the command. ``state`` is a folder with the base's manifest.json, ``docs`` one to write into."""

    project_dir: Path
    base: str | None = None
    state: Path | None = None
    profiles_dir: Path | None = None
    target: str | None = None
    docs: Path | None = None


@dataclass(frozen=True)
class _Before:
    """The base: its description, and the folders its files were written to: the repository, and the project in it."""

    words: str
    top: Path | None = None
    root: Path | None = None


def review_change(options: Options, narrator: Narrator) -> Review:
    """Build what changed and return the review.

    Raises ConfigError and ArtifactError when there is nothing to compare with, or no database to build in.
    """
    root = find_project(options.project_dir.resolve())
    # Raises one clear sentence about a broken dbt_project.yml, before anything else reads it.
    profile_name(root)
    if options.state and options.base:
        raise ConfigError("--base and --state both name what to compare with: give one of them.")
    repository = None if options.state else open_repository(root)
    with ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder())
        if repository is not None:
            before = _base_files(repository, root, scratch, options.base)
            if before.root is None:
                return Review(project_name(root) or root.name, before.words, is_unchanged=True)
        else:
            before = _Before(f"the manifest in {options.state}")
        build_target = stack.enter_context(_build_target(options, root, before, scratch))
        return _Reviewer(options, narrator, root, before, build_target, scratch).review()


def _base_files(repository: Repository, root: Path, scratch: Path, ref: str | None) -> _Before:
    """Write the base's files to the scratch folder; without ``root`` when nothing differs from the base."""
    base = repository.base(ref, os.environ)
    words = f"{base.short} ({base.origin})"
    if repository.is_same(base.commit, _own_folders(root, repository.top)):
        return _Before(words)
    top = scratch / "base"
    repository.write_files(base.commit, top)
    folder = top / root.relative_to(repository.top)
    if not is_there(folder / "dbt_project.yml"):
        raise ConfigError(f"The base {words} has no dbt_project.yml in {root.relative_to(repository.top)}.")
    return _Before(words, top, folder)


def _own_folders(root: Path, top: Path) -> Iterator[Path]:
    """Yield the project, and the packages of the same repository that it installs."""
    yield root
    for entry in _packages(root):
        found = entry.resolve()
        if found.is_relative_to(top) and not found.is_relative_to(root):
            yield found


def _build_target(options: Options, root: Path, before: _Before, scratch: Path) -> AbstractContextManager[BuildTarget]:
    names = [profile_name(one) for one in (root, before.root) if one is not None]
    if options.target is None:
        return embedded_target(scratch, root, names, options.profiles_dir)
    return profile_target(root, names[0], options.profiles_dir, options.target)


class _Reviewer:
    """One review: its steps share the two projects, the database and the folders."""

    def __init__(
        self,
        options: Options,
        narrator: Narrator,
        root: Path,
        before: _Before,
        build_target: BuildTarget,
        scratch: Path,
    ) -> None:
        self.options, self.narrator, self.root = options, narrator, root
        self.before, self.build_target, self.scratch = before, build_target, scratch
        # Longest first, so that no part of a path is left behind.
        self.folders = [str(one) for one in (before.root, before.top, scratch) if one is not None]
        profiles_dir = build_target.profiles_dir
        self.head = CheckedProject(root, profiles_dir, build_target.target, target_path=scratch / "target")
        self.base = self.head
        if before.root is not None:
            self.base = CheckedProject(
                before.root, profiles_dir, build_target.base_target, target_path=scratch / "base_target"
            )

    def review(self) -> Review:
        """Run all steps and return the review."""
        base = self._parse_base()
        found = Review(project_name(self.root) or self.root.name, self.before.words)
        try:
            head = _parse(self.head)
        except PackagesError:
            raise
        except ConfigError as error:
            return replace(found, unparsed=self._words(error))
        found = self._compared(found, base, head)
        try:
            modified, large_seeds = self._modified(base, head)
        except ConfigError as error:
            # dbt refuses to go on, for example when a versioned model breaks its contract.
            return replace(found, unparsed=self._words(error))
        lineage, known = Lineage(head), Lineage(base).nodes
        found = replace(
            found,
            modified=tuple(lineage.named(key, is_new=key not in known) for key in modified if key in lineage.nodes),
            coverage=coverage_changes(base, head, modified),
            downstream=readers(head, modified),
        )
        found = self._built(found, base, head, modified, large_seeds)
        try:
            self._write_docs()
        except ConfigError as error:
            found = replace(found, problems=(*found.problems, self._words(error)))
        return found

    def _parse_base(self) -> Manifest:
        with self.narrator.step("base") as step:
            if self.before.root is None:
                assert self.options.state is not None
                base: Manifest = read_manifest(self.options.state)
                check_manifest(base, str(self.options.state / "manifest.json"))
            else:
                assert self.before.top is not None
                _lend_packages(self.root, self.before.root, self.before.top)
                try:
                    base = _parse(self.base)
                except PackagesError:
                    raise
                except ConfigError as error:
                    message = f"The base {self.before.words} does not parse: {self._words(error)}"
                    raise ConfigError(message) from error
            (self.scratch / "state").mkdir()
            (self.scratch / "state" / "manifest.json").write_text(json.dumps(base), encoding="utf-8")
            step.done = self.before.words
        return base

    def _compared(self, found: Review, base: Manifest, head: Manifest) -> Review:
        removed = removed_tables(base, head)
        try:
            diff = diff_manifests(base, head)
        except ConfigError as error:
            problems = tuple(f"Contracts cannot be compared: {line}" for line in str(error).splitlines())
            return replace(found, removed=removed, problems=problems)
        announced = announced_changes(diff, base, datetime.now(timezone.utc).date())
        return replace(found, removed=removed, contracts=diff, announced=announced)

    def _modified(self, base: Manifest, head: Manifest) -> tuple[list[str], tuple[str, ...]]:
        """Return all changed nodes, and those of them that are seeds whose change dbt itself does not see."""
        with self.narrator.step("change") as step:
            modified = self.head.modified(self.scratch / "state")
            large_seeds = changed_seeds(base, head, self._is_same_file)
            modified = list(dict.fromkeys([*modified, *large_seeds]))
            step.done = f"{text.plural(len(modified), 'node')} changed"
        return modified, large_seeds

    def _is_same_file(self, name: str) -> bool:
        if self.before.root is None or not (self.before.root / name).is_file():
            return True
        return cmp(self.before.root / name, self.root / name, shallow=False)

    def _built(
        self, found: Review, base: Manifest, head: Manifest, modified: Iterable[str], large_seeds: tuple[str, ...]
    ) -> Review:
        left_out = learned_tests(head) if self.build_target.empty else frozenset()
        plan = make_plan(head, modified, left_out)
        left_out &= Lineage(head).downstream(modified)
        state = self.scratch / "state"
        change = Change(self.head, head, self.base, base, state, plan, tuple(left_out), large_seeds)
        with self.narrator.step("build") as step:
            built = build_change(change, self.build_target, self.folders)
            step.done = f"{text.plural(len(plan.selected), 'node')} on {self.build_target.label}"
        notices, timed = built.notices, tuple[Slowed, ...]()
        if left_out:
            count = text.plural(len(left_out), "test")
            notices = (*notices, f"Left out, because an empty database has no learned past: {count} of anomalies.")
        results = self.options.state / "run_results.json" if self.options.state else None
        if self.options.target and results is not None and is_there(results):
            timed = slower(built.outcomes, read_results(results)[0])
        return replace(
            found,
            where=self.build_target.label if plan.selected else "",
            outcomes=built.outcomes,
            slower=timed,
            problems=(*found.problems, *built.problems),
            notices=notices,
        )

    def _write_docs(self) -> None:
        folder = self.options.docs
        if folder is None:
            return
        with self.narrator.step("docs") as step:
            self.head.build(["docs", "generate", "--static"])
            try:
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.head.target_path / "static_index.html", folder / "index.html")
            except OSError as error:
                raise ConfigError(f"{folder / 'index.html'} cannot be written: {error.strerror or error}.") from error
            step.done = str(folder / "index.html")

    def _words(self, error: Exception) -> str:
        """Return dbt's message without paths of this machine."""
        return plain_message(re.sub(r"^dbt cannot parse the project in .*?: ", "", str(error)), self.folders)


def _parse(project: CheckedProject) -> Manifest:
    """Return the manifest; packages that are not installed are installed first."""
    try:
        return project.parse()
    except ConfigError as error:
        if INSTALL not in str(error):
            raise
    project.install()
    return project.parse()


def _lend_packages(root: Path, base_root: Path, base_top: Path) -> None:
    """Link the installed packages into the base where it asks for the same, since installing takes a network.

    A package of the same repository is linked in the base's own version.
    """
    if any(_content(root / name) != _content(base_root / name) for name in PACKAGE_FILES):
        return
    installed = packages_folder(base_root)
    top = root
    for _ in base_root.relative_to(base_top).parts:
        top = top.parent
    for entry in _packages(root):
        found = entry.resolve()
        if entry.is_symlink() and found.is_relative_to(top):
            found = base_top / found.relative_to(top)
        installed.mkdir(parents=True, exist_ok=True)
        if not (installed / entry.name).exists():
            (installed / entry.name).symlink_to(found, target_is_directory=True)


def _packages(root: Path) -> list[Path]:
    folder = packages_folder(root)
    return sorted(one for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else []


def _content(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""
