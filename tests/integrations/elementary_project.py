"""integrations/elementary in a folder of its own, so that `make elementary` can be tested without touching the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lookout.database.embedded import EmbeddedServer
from tests.conftest import ROOT
from tests.project.test_elementary import PROJECT

FILES = ("build.py", "packages.yml", "dbt_project.yml", "requirements.txt")
BUILD_SECONDS = 240.0


class ElementaryProject:
    """A copy of the integration whose packages the test places, with `edr` out of an environment that is there."""

    def __init__(self, environment: Path) -> None:
        # A short path, for the server's socket, and one that the server's account may enter.
        self.root = Path(tempfile.mkdtemp(prefix="lookout-"))
        self.root.chmod(0o755)
        for name in FILES:
            shutil.copy(PROJECT / name, self.root)
        self.packages = self.root / "dbt_packages"
        self.packages.mkdir()
        (self.packages / "lookout").symlink_to(ROOT)
        self.environment = self.root / ".venv"
        self.environment.mkdir()
        for name in ("bin", "lib"):
            (self.environment / name).symlink_to(environment / name)
        shutil.copy(self.root / "requirements.txt", self.environment / ".ready")
        self._forget_packages()

    def build(self) -> subprocess.CompletedProcess[str]:
        """Run what `make elementary` runs."""
        return self.run("build.py")

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the project, with this checkout's Lookout."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(ROOT / "python_checks"), **environment},
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            check=False,
        )

    def remove(self) -> None:
        """Stop the project's server and remove the folder."""
        EmbeddedServer(self.root / ".lookout").stop()
        self._forget_packages()
        shutil.rmtree(self.root, ignore_errors=True)

    def _forget_packages(self) -> None:
        """Take away the packages that an earlier project lent to edr's own dbt project."""
        for folder in self.environment.glob("lib/python*/site-packages/elementary/monitor/dbt_project/dbt_packages"):
            shutil.rmtree(folder)
