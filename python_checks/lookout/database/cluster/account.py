"""The user of the operating system that a server runs as: PostgreSQL does not run as root."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lookout.errors import ConfigError

# Made when root starts the first server.
SERVER_USER = "embedded_postgres"


@dataclass(frozen=True)
class Account:
    """A user of the operating system."""

    uid: int
    gid: int
    name: str

    @classmethod
    def of(cls, uid: int) -> Account:
        """Return the account of a user's number. Raises ConfigError for a number that has no name."""
        try:
            entry = pwd.getpwuid(uid)
        except KeyError as error:
            raise ConfigError(
                f"The user with the number {uid} has no name on this machine, and PostgreSQL does not run without one: "
                "add a line for it to /etc/passwd, or point profiles.yml at your own server."
            ) from error
        return cls(entry.pw_uid, entry.pw_gid, entry.pw_name)

    @property
    def is_current(self) -> bool:
        """Return whether this process runs as this user."""
        return self.uid == os.geteuid()

    def run(
        self, command: Sequence[str | Path], *, output: int | IO[bytes] = subprocess.PIPE, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, with none of the caller's groups."""
        switch: Mapping[str, Any] = {} if self.is_current else {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(
            [str(part) for part in command],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            text=True,
            errors="replace",
            check=False,
            **switch,
        )

    def can_enter(self, folder: Path) -> bool:
        """Return whether this user gets into a folder, through all that are above it."""
        return self.run(["/bin/sh", "-c", 'test -x "$1/."', "sh", folder]).returncode == 0

    def own(self, path: Path) -> None:
        """Give a file or folder that this process made to this user."""
        if not self.is_current:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def server_account(data: Path) -> Account:
    """Return the account that the server of a data folder runs as: its owner's. Raises ConfigError for another's."""
    current = os.geteuid()
    owner = data.stat().st_uid if data.exists() else None
    if owner is not None and owner != current and current != 0:
        raise ConfigError(
            f"The data of the embedded PostgreSQL in {data} belongs to another user ({_name(owner)}): run Lookout as "
            "that user, or set LOOKOUT_HOME to a folder of your own."
        )
    return Account.of(owner or current) if current or owner else _made_account()


def _made_account() -> Account:
    try:
        return Account.of(pwd.getpwnam(SERVER_USER).pw_uid)
    except KeyError:
        pass
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)
        return Account.of(pwd.getpwnam(SERVER_USER).pw_uid)
    except (OSError, subprocess.SubprocessError, KeyError) as error:
        raise ConfigError(
            f"PostgreSQL does not run as root, and the user {SERVER_USER} cannot be made: make it with "
            f"`useradd {SERVER_USER}`, or run Lookout as an ordinary user."
        ) from error


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
