"""The git repository of a dbt project: the commit a change is compared with, and that commit's files."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lookout.errors import ConfigError

# Variables in which CI servers name the base of a pull request, and whether it is a branch or a commit.
VARIABLES = (
    ("GITHUB_BASE_REF", "branch"),
    ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "commit"),
    ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "branch"),
    ("CHANGE_TARGET", "branch"),
    ("BITBUCKET_PR_DESTINATION_BRANCH", "branch"),
    ("SYSTEM_PULLREQUEST_TARGETBRANCH", "branch"),
    ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "branch"),
)
USUAL = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
SHALLOW = "fetch the whole history first (`fetch-depth: 0` for actions/checkout, GIT_DEPTH: 0 on GitLab)"


@dataclass(frozen=True)
class Base:
    """The commit a change is compared with, and in words where it comes from."""

    commit: str
    origin: str

    @property
    def short(self) -> str:
        """The abbreviated commit."""
        return self.commit[:9]


@dataclass(frozen=True)
class Repository:
    """A git work tree whose top folder is ``top``."""

    top: Path

    def head(self) -> str:
        """Return the commit that is checked out; empty before the first one."""
        return _output(self._git("rev-parse", "--verify", "--quiet", "HEAD"))

    def base(self, ref: str | None, environment: Mapping[str, str]) -> Base:
        """Return the commit where the change left ``ref``, else the CI server's branch, else a usual main branch.

        Raises ConfigError when that commit is unknown or was not fetched.
        """
        named = [(ref, "--base")] if ref else _named(environment)
        if named:
            name, named_by = named[0]
            known = next((one for one in _spellings(name) if self._commit(one)), None)
            if known is None:
                raise ConfigError(self._unknown(name, named_by))
        else:
            known = next((one for one in USUAL if self._commit(one)), None)
            named_by = "as nothing names a base"
            if known is None:
                raise ConfigError(
                    f"{self.top} has none of {', '.join(USUAL)} to compare with: name one with --base REF."
                )
        return self._merge_base(known, named_by)

    def is_same(self, commit: str, folders: Iterable[Path]) -> bool:
        """Return whether nothing in these folders differs from a commit, untracked files included."""
        paths = [str(folder) for folder in folders]
        if self._git("diff", "--quiet", commit, "--", *paths).returncode:
            return False
        return not _output(self._git("ls-files", "--others", "--exclude-standard", "--", *paths))

    def write_files(self, commit: str, into: Path) -> None:
        """Write the files of a commit into an empty folder, without a change to the repository itself.

        `git worktree` would leave its entry in .git behind when the process is killed.
        """
        index = into.with_name(f"{into.name}.index")
        environment = {**os.environ, "GIT_INDEX_FILE": str(index)}
        for arguments in (("read-tree", commit), ("checkout-index", "--all", "--force", f"--prefix={into}/")):
            done = self._git(*arguments, environment=environment)
            if done.returncode:
                raise ConfigError(f"git cannot write the files of {commit[:9]}: {_last_line(done.stderr)}")
        index.unlink(missing_ok=True)

    def _merge_base(self, ref: str, named_by: str) -> Base:
        commit = self._commit(ref)
        common = _output(self._git("merge-base", commit, "HEAD"))
        if not common and self._is_shallow():
            raise ConfigError(
                f"This clone of {self.top} does not reach back to where the change left {ref}: {SHALLOW}."
            )
        if not common:
            return Base(commit, f"{ref}, {named_by}, which shares no history")
        if commit.startswith(ref):
            return Base(common, named_by)
        return Base(common, f"{ref}, {named_by}" if common == commit else f"where it left {ref}, {named_by}")

    def _unknown(self, name: str, named_by: str) -> str:
        setting = f"{named_by} {name}" if named_by == "--base" else f"{named_by}={name}"
        if self._is_shallow():
            return f"{setting} is not in this shallow clone of {self.top}: {SHALLOW}."
        branch = name.removeprefix("origin/")
        return f"{setting} is no branch, tag or commit in {self.top}: run `git fetch origin {branch}` or name another."

    def _commit(self, ref: str) -> str:
        return _output(self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"))

    def _is_shallow(self) -> bool:
        return _output(self._git("rev-parse", "--is-shallow-repository")) == "true"

    def _git(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return _run(self.top, arguments, environment)


def open_repository(folder: Path) -> Repository:
    """Return the repository that a folder is in. Raises ConfigError when there is no git, or no repository."""
    if shutil.which("git") is None:
        raise ConfigError("There is no git on this machine: install it, or compare with --state DIR.")
    found = _run(folder, ("rev-parse", "--show-toplevel"), None)
    if found.returncode == 0:
        return Repository(Path(_output(found)).resolve())
    if "not a git repository" in found.stderr:
        raise ConfigError(f"{folder} is not in a git repository: run lookout ci in a clone, or give --state DIR.")
    raise ConfigError(f"git cannot read {folder}: {_last_line(found.stderr)}")


def _named(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the base's ref and the variable that names it, for each variable of a CI server that is set."""
    found = []
    for name, kind in VARIABLES:
        value = environment.get(name, "").removeprefix("refs/heads/")
        # Buildkite says "false" or nothing when it is no pull request.
        if value and value != "false":
            found.append((value, name) if kind == "commit" else (f"origin/{value}", name))
    return found


def _spellings(name: str) -> tuple[str, ...]:
    return (name, name.removeprefix("origin/")) if name.startswith("origin/") else (name, f"origin/{name}")


def _run(
    folder: Path, arguments: tuple[str, ...], environment: Mapping[str, str] | None
) -> subprocess.CompletedProcess[str]:
    # `open_repository` looks for an error text, so it has to be the English one.
    variables = {**(environment or os.environ), "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    return subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        env=variables,
        check=False,
        errors="replace",
    )


def _output(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout.strip() if done.returncode == 0 else ""


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[0].removeprefix("fatal: ") if lines else "it gave no reason").rstrip(".") + "."
