"""Fetch what the suites need from PyPI, npm and Debian into one folder, and keep it there for the next time."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ROOT / ".lookout-integrations"
PAUSES = (0.0, 3.0, 15.0)
TRY_SECONDS = 150.0


class NotRunError(Exception):
    """A suite that cannot be prepared here; the message says why in one sentence."""


def python_environment(name: str, *arguments: str, inputs: Sequence[Path] = ()) -> Path:
    """Return an environment of that name with what ``uv pip install ARGUMENTS`` puts into it.

    It is made anew when the arguments or the content of ``inputs`` changed. Raises NotRunError.
    """
    folder = KEPT / name
    recipe = "\n".join([sys.version, *arguments, *(path.read_text(encoding="utf-8") for path in inputs)])
    ready, mark = folder / ".ready", hashlib.sha256(recipe.encode()).hexdigest()
    if not (ready.is_file() and ready.read_text(encoding="utf-8") == mark):
        uv = str(Path(sys.executable).with_name("uv"))
        shutil.rmtree(folder, ignore_errors=True)
        fetch([uv, "venv", "-q", "--seed", "--python", sys.executable, str(folder)], f"an environment for {name}")
        fetch([uv, "pip", "install", "-q", "--python", str(folder), *arguments], f"the Python packages of {name}")
        ready.write_text(mark, encoding="utf-8")
    return folder


def npm_package(name: str, version: str) -> Path:
    """Return the unpacked folder of an npm package; its install scripts do not run. Raises NotRunError."""
    folder = KEPT / f"{name.lstrip('@').replace('/', '-')}-{version}"
    if not folder.is_dir():
        if shutil.which("npm") is None:
            raise NotRunError(f"{name} {version} comes from npm, and npm is not installed here.")
        fetched = folder.with_name(f"{folder.name}.fetched")
        shutil.rmtree(fetched, ignore_errors=True)
        fetched.mkdir(parents=True)
        fetch(["npm", "pack", f"{name}@{version}", "--pack-destination", str(fetched)], f"{name} {version}")
        with tarfile.open(next(fetched.glob("*.tgz"))) as archive:
            archive.extractall(fetched, filter="data")
        (fetched / "package").rename(folder)
        shutil.rmtree(fetched)
    return folder


def debian_package(name: str, program: str) -> str:
    """Return the path of a program, installed from its Debian package where it is missing. Raises NotRunError."""
    found = shutil.which(program)
    if found is None:
        if shutil.which("apt-get") is None or os.geteuid() != 0:
            raise NotRunError(
                f"{program} is not installed, and only root on Debian can install it: apt-get install {name}."
            )
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", name]
        if subprocess.run(install, env=environment, capture_output=True, check=False).returncode:
            # Without a list of packages, or with an old one, the first try finds nothing.
            fetch(["apt-get", "update", "-qq"], "the list of Debian's packages")
            fetch(install, f"the Debian package {name}", environment)
        found = shutil.which(program)
    if found is None:
        raise NotRunError(f"The Debian package {name} is installed, but has no program {program}.")
    return found


def fetch(command: Sequence[str], what: str, environment: dict[str, str] | None = None) -> None:
    """Run a command that downloads, again after a pause when it fails. Raises NotRunError with its last words."""
    words = ""
    for pause in PAUSES:
        time.sleep(pause)
        try:
            done = subprocess.run(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=TRY_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            words = f"no end within {TRY_SECONDS:.0f} s"
            continue
        if done.returncode == 0:
            return
        words = next(iter([line for line in (done.stderr or done.stdout).splitlines() if line.strip()][::-1]), "")
    raise NotRunError(f"{what} could not be downloaded in {len(PAUSES)} tries ({words.strip()[:200]}).")
