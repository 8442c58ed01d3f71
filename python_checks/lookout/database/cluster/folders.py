"""Folders that nobody but the server's user can use, and the files that say who may connect."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from lookout.database.cluster.account import Account
from lookout.errors import ConfigError

# For servers that root starts and whose user cannot reach the project.
PRIVATE = Path("/var/lib/lookout")
SOCKET = ".s.PGSQL.5432"
SOCKET_FOLDER = "lookout-"
# Of the path of a socket, on the systems that allow the fewest bytes.
MOST_BYTES = 103
MOST_NAMES = 10
ACCESS = """\
# Written by Lookout at each start: only the user of the server, and root, may connect, and only through its socket.
local all all peer map=lookout
local replication all peer map=lookout
"""


def is_private(folder: Path, account: Account) -> bool:
    """Return whether a path is a folder, no link, that belongs to the account and that nobody else can use."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and not found.st_mode & 0o077


def socket_folder(data: Path, account: Account) -> Path:
    """Return the folder for the server's socket: the data folder, or a private one with a path that is short enough.

    A folder of somebody else's that has its name is left alone, and another name is taken.
    """
    if _takes_socket(data):
        return data
    parent = Path(tempfile.gettempdir()) if account.is_current else Path("/tmp")
    # Another folder that once has the same path is another server.
    digest = hashlib.sha256(os.fsencode(data) + str(data.stat().st_ino).encode()).hexdigest()[:12]
    for name in (f"{SOCKET_FOLDER}{account.uid}-{digest}-{number}" for number in range(MOST_NAMES)):
        folder = (parent if _takes_socket(parent / name) else Path("/tmp")) / name
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            account.own(folder)
        if is_private(folder, account):
            return folder
    raise ConfigError(
        f"The path {data} is too long for the socket of the embedded PostgreSQL, and {folder.parent} holds folders of "
        "others under every name it would take: set LOOKOUT_HOME to a folder with a short path."
    )


def private_folder(account: Account) -> Path:
    """Make a folder that only root and the account can enter, outside the project."""
    if not PRIVATE.exists():
        PRIVATE.mkdir(parents=True)
        # Whatever the umask is: the server's user has to get through.
        PRIVATE.chmod(0o711)
    found = PRIVATE.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise ConfigError(
            f"{PRIVATE} is for the data of the embedded PostgreSQL, and others than root can write there: set "
            f"LOOKOUT_HOME to a folder that {account.name} can enter."
        )
    folder = Path(tempfile.mkdtemp(prefix="server-", dir=PRIVATE))
    os.chown(folder, 0, account.gid)
    folder.chmod(0o710)
    return folder


def write_access(data: Path, account: Account) -> bool:
    """Let the server's user and root connect, as whatever role, and nobody else; return whether that is news."""
    names = "".join(f'lookout "{name}" all\n' for name in sorted({account.name, "root"}))
    changed = [_write(data / name, text, account) for name, text in (("pg_hba.conf", ACCESS), ("pg_ident.conf", names))]
    return any(changed)


def _write(file: Path, text: str, account: Account) -> bool:
    with suppress(OSError, UnicodeDecodeError):
        if file.read_text(encoding="utf-8") == text:
            return False
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.write(text)
    account.own(fresh)
    fresh.replace(file)
    return True


def _takes_socket(folder: Path) -> bool:
    # In libpq, a comma is between hosts.
    return len(os.fsencode(folder / SOCKET)) <= MOST_BYTES and "," not in str(folder)
