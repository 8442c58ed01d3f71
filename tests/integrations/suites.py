"""The suites of `make test-integrations`. To add one, write how it is prepared and add it to ``SUITES``.

``prepare`` is a context manager: it fetches and starts what the tests need, gives their environment variables, and ends
what it started. It raises NotRunError where something cannot be had; its time is no part of the budget.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.integrations.postgres import postgres_server
from tests.integrations.prepare import KEPT, ROOT, NotRunError, debian_package, npm_package, python_environment

FOLDER = "tests/integrations"
AXE_VERSION = "4.14.1"
DBT_VERSIONS = {"1.10": ("1.10.23", "1.10.2")}
HUB_PACKAGES = ("dbt_date", "dbt_expectations", "dbt_utils", "elementary")


@dataclass(frozen=True)
class Suite:
    """Tests that share an environment. ``tests`` are pytest's arguments, ``budget`` the seconds they may take."""

    name: str
    prepare: Callable[[], AbstractContextManager[dict[str, str]]]
    tests: tuple[str, ...]
    budget: int

    @property
    def group(self) -> str:
        """Return the part of the name before the hyphen: one name for several suites."""
        return self.name.split("-")[0]


@contextmanager
def elementary(name: str = "edr") -> Iterator[dict[str, str]]:
    """Install `edr` of the version that the integration pins."""
    requirements = ROOT / "integrations" / "elementary" / "requirements.txt"
    environment = python_environment(name, "-r", str(requirements), inputs=[requirements])
    yield {"LOOKOUT_EDR_ENVIRONMENT": str(environment)}


@contextmanager
def hub_packages() -> Iterator[dict[str, str]]:
    """Take the dbt hub's packages from a folder that has them; the registries do not."""
    folder = Path(os.environ.get("LOOKOUT_HUB_PACKAGES") or "nowhere")
    if not all((folder / name / "dbt_project.yml").is_file() for name in HUB_PACKAGES):
        raise NotRunError(f"Set LOOKOUT_HUB_PACKAGES to a folder that has {', '.join(HUB_PACKAGES)} of the dbt hub.")
    # Not the environment of the other suite, whose packages edr's own dbt project takes.
    with elementary("edr-hub") as environment:
        yield environment


@contextmanager
def postgres(version: int) -> Iterator[dict[str, str]]:
    """Start a PostgreSQL server of that version."""
    with postgres_server(version) as url:
        yield {"LOOKOUT_TEST_URL": url}


@contextmanager
def browser() -> Iterator[dict[str, str]]:
    """Install Chromium, and axe-core, which looks for what people with disabilities cannot use."""
    found = os.environ.get("LOOKOUT_BROWSER") or debian_package("chromium", "chromium")
    axe = npm_package("axe-core", AXE_VERSION)
    yield {"LOOKOUT_BROWSER": found, "LOOKOUT_AXE": str(axe / "axe.min.js")}


@contextmanager
def dbt(version: str) -> Iterator[dict[str, str]]:
    """Install Lookout beside another version of dbt than the one it pins."""
    core, postgres_adapter = DBT_VERSIONS[version]
    KEPT.mkdir(exist_ok=True)
    override = KEPT / f"dbt-{version}.txt"
    override.write_text(f"dbt-core=={core}\ndbt-postgres=={postgres_adapter}\n", encoding="utf-8")
    environment = python_environment(
        f"dbt-{version}", "--override", str(override), "-e", f"{ROOT}[demo]", inputs=[override, ROOT / "pyproject.toml"]
    )
    yield {"LOOKOUT_DBT_ENVIRONMENT": str(environment), "LOOKOUT_DBT_VERSION": core}


@contextmanager
def wheel() -> Iterator[dict[str, str]]:
    """Build the wheel and install it, with the pinned requirements as constraints."""
    built = KEPT / "dist"
    shutil.rmtree(built, ignore_errors=True)
    command = [
        sys.executable,
        "-m",
        "uv",
        "build",
        "-q",
        "--wheel",
        "--no-build-isolation",
        "-o",
        str(built),
        str(ROOT),
    ]
    subprocess.run(command, check=True, cwd=ROOT)
    (file,) = built.glob("*.whl")
    constraints = ROOT / "requirements.txt"
    # Other code under the same version is another wheel: its content says whether the environment is made anew.
    mark = KEPT / "wheel.txt"
    mark.write_text(hashlib.sha256(file.read_bytes()).hexdigest(), encoding="utf-8")
    environment = python_environment("wheel", "-c", str(constraints), str(file), inputs=[constraints, mark])
    yield {"LOOKOUT_WHEEL_ENVIRONMENT": str(environment)}


# The oldest server runs what touches all models and landing tables; the others what differs between versions.
# Statements that are ours alone; the SQL of the models runs on the oldest and the newest.
EACH_POSTGRES = ("tests/database/test_store.py", "tests/profiling/test_collect.py", "tests/profiling/test_zones.py")
OLDEST_POSTGRES = (
    *EACH_POSTGRES,
    "tests/models/test_alerts.py",
    f"{FOLDER}/test_upgraded_rows.py",
    f"{FOLDER}/test_upgraded_server.py",
    "tests/models/test_episodes.py",
    "tests/models/test_pipeline_models.py",
    "tests/models/test_scorecard.py",
    "tests/runs/test_run.py",
    "tests/tracking/test_execution_store.py",
)

SUITES = (
    # All rows; `make test` has the short half. The longest begins first.
    Suite("faults", partial(nullcontext, {"LOOKOUT_ALL_FAULTS": "1"}), ("tests/faults",), 900),
    Suite("wheel", wheel, (f"{FOLDER}/test_wheel.py",), 240),
    Suite("compile", partial(nullcontext, {}), (f"{FOLDER}/test_compile.py",), 240),
    Suite(
        "upgrade",
        partial(nullcontext, {}),
        (f"{FOLDER}/test_upgraded_rows.py", f"{FOLDER}/test_upgraded_schema.py"),
        240,
    ),
    Suite(
        "projects",
        partial(nullcontext, {}),
        (f"{FOLDER}/test_consumer.py", f"{FOLDER}/test_other_projects.py", f"{FOLDER}/test_packages.py"),
        360,
    ),
    Suite(
        "runs",
        partial(nullcontext, {}),
        tuple(f"{FOLDER}/test_{name}.py" for name in ("chaos", "contract_runs", "grants", "resiliency")),
        360,
    ),
    Suite(
        "replays",
        partial(nullcontext, {}),
        (f"{FOLDER}/test_day_by_day.py", f"{FOLDER}/test_two_steps.py", f"{FOLDER}/test_holiday_runs.py"),
        300,
    ),
    Suite("arrival", partial(nullcontext, {}), (f"{FOLDER}/test_late_feeds.py",), 600),
    # As in `make test`, with sixty examples for each of them.
    Suite(
        "fuzz",
        partial(nullcontext, {"LOOKOUT_FUZZ_EXAMPLES": "300"}),
        ("tests/project/test_every_file.py", f"{FOLDER}/test_canaries.py"),
        300,
    ),
    Suite(
        "dbt-results", partial(nullcontext, {}), (f"{FOLDER}/test_dbt_builds.py", f"{FOLDER}/test_dbt_results.py"), 420
    ),
    Suite("zones", partial(nullcontext, {}), (f"{FOLDER}/test_zones_and_grains.py",), 240),
    Suite("health", partial(nullcontext, {}), (f"{FOLDER}/test_health_worlds.py",), 240),
    Suite("embedded", partial(nullcontext, {}), (f"{FOLDER}/test_embedded.py",), 360),
    Suite("postgres-13", partial(postgres, 13), OLDEST_POSTGRES, 420),
    Suite(
        "browser",
        browser,
        tuple(f"{FOLDER}/test_{name}.py" for name in ("page_in_browser", "page_links_in_browser", "accessibility")),
        240,
    ),
    Suite("elementary", elementary, (f"{FOLDER}/test_elementary.py",), 300),
    Suite("elementary-hub", hub_packages, (f"{FOLDER}/test_elementary_hub.py",), 900),
    Suite("dbt-1.10", partial(dbt, "1.10"), (f"{FOLDER}/test_dbt_versions.py",), 300),
    *(Suite(f"postgres-{version}", partial(postgres, version), EACH_POSTGRES, 240) for version in (14, 16, 17)),
)
