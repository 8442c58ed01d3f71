"""The example: somebody else's project that installs Lookout, whose names collide with ours. One build for all tests."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from lookout.database.connection import Connection, connect
from lookout.init.plan import SELECTOR
from lookout.project.workspace import profiles_folder
from tests.conftest import MONITORING, ROOT, Said, Server

EXAMPLE = ROOT / "examples" / "consumer_project"
AS_OF = "2026-09-30"
TUESDAY = "2026-09-29"
# A checkout as people have it: with everything that building, testing and running Lookout itself leaves behind.
CHECKOUT = (
    "dbt_project.yml", "packages.yml", "models", "macros", "seeds", "tests", "analyses", "snapshots", "python_checks"
)  # fmt: skip
LEFTOVERS = {
    "target/manifest.json": "{}",
    "target/compiled/lookout/models/stray.sql": "select 1 as stray",
    ".venv/lib/stray.sql": "select {{ nothing(",
    ".lookout/profiles.yml": "nonsense: [",
    "examples/consumer_project/dbt_project.yml": "name: [",
    "examples/consumer_project/models/stray.sql": "select {{ nothing(",
    "integrations/other/models/stray.sql": "select {{ nothing(",
    "logs/dbt.log": "",
    "reports/index.html": "",
}


@dataclass
class Shop:
    """The example, seeded, watched by one `lookout run`, built once more after it, and documented."""

    root: Path
    warehouse: Connection
    said: Said
    results: dict[str, str]

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of one query in its warehouse."""
        handle = connect(self.warehouse)
        with handle, handle.cursor() as cursor:
            cursor.execute(statement)
            rows = list(cursor.fetchall())
        handle.close()
        return rows

    def artifact(self, name: str) -> dict[str, Any]:
        """One of the files in target/."""
        content: dict[str, Any] = json.loads((self.root / "target" / name).read_text())
        return content


@pytest.fixture(scope="module")
def shop(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    checkout = tmp_path_factory.mktemp("checkout")
    for name in CHECKOUT:
        (checkout / name).symlink_to(ROOT / name)
    for name, text in LEFTOVERS.items():
        file = checkout / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    root = checkout / "somewhere" / "shop"
    ignored = shutil.ignore_patterns("target", "dbt_packages", "logs", "reports", ".lookout", "package-lock.yml")
    shutil.copytree(EXAMPLE, root, ignore=ignored)
    warehouse = server.create_database("corner_shop")
    output = {"type": "postgres", "schema": "public", "threads": 2, "password": "", **warehouse.parameters}
    profile = {"corner_shop": {"target": "dev", "outputs": {"dev": output}}}
    (root / "profiles.yml").write_text(yaml.safe_dump(profile))
    dbt(root, "deps")
    dbt(root, "seed")
    said = run_lookout(root)
    with environment("LOOKOUT_AS_OF", AS_OF):
        results = dbt(root, "build", fails=True)
    dbt(root, "source", "freshness", fails=True)
    dbt(root, "docs", "generate", "--select", "package:*")
    yield Shop(root, warehouse, said, results)
    server.run("drop database corner_shop with (force)")


def dbt(root: Path, *arguments: str, fails: bool = False) -> dict[str, str]:
    """One dbt command in this process; status by name of the node."""
    from dbt.cli.main import dbtRunner

    result = dbtRunner().invoke([*arguments, "--project-dir", str(root), "--profiles-dir", str(root), "--quiet"])
    assert result.exception is None, result.exception
    assert fails or result.success
    nodes = getattr(result.result, "results", None) or []
    return {f"{node.node.package_name}.{node.node.name}": str(node.status) for node in nodes if hasattr(node, "node")}


def run_lookout(root: Path) -> Said:
    """`lookout run` in this process."""
    from lookout.project.workspace import open_workspace
    from lookout.render.progress import Narrator
    from lookout.runs.recording import new_run_id
    from lookout.runs.run import run_all

    summary = run_all(open_workspace(root, as_of=AS_OF), Narrator(quiet=True), run_id=new_run_id())
    return Said(summary.exit_code, "", "\n".join(summary.problems))


@contextmanager
def environment(name: str, value: str) -> Iterator[None]:
    os.environ[name] = value
    yield
    del os.environ[name]


def test_the_run_finds_the_tuesday_and_nothing_else(shop: Shop) -> None:
    assert (shop.said.code, shop.said.err) == (1, "")
    found = shop.sql(
        f"select alert_type, asset, metric, window_start::date::text, owner from {MONITORING}.alerts "
        "where status = 'open' and severity = 'critical' order by asset, alert_type"
    )
    volume = [
        ("VOLUME_ANOMALY", asset, "row_count", TUESDAY, owner)
        for asset, owner in (
            ("shop.orders", "sales-data"),
            ("shop_raw.raw_orders", "shop-backend"),
            ("shop_raw.raw_payments", "shop-backend"),
        )
    ]
    assert found == volume
    assert shop.sql(f"select asset, structure_status, values_status from {MONITORING}.contract_checks") == [
        ("shop_raw.raw_payments", "passed", "passed")
    ]
    assert shop.sql(f"select * from {MONITORING}.contract_violations") == []


def test_only_the_monitoring_schema_comes_with_the_package(shop: Shop) -> None:
    manifest = shop.artifact("manifest.json")
    ours = [node for node in manifest["nodes"].values() if node["package_name"] == "lookout"]
    assert ours
    assert {(node["resource_type"], node["fqn"][1]) for node in ours if node["resource_type"] != "test"} == {
        ("model", "monitoring")
    }
    # A test of Lookout's may look at a table of Lookout's, never at one of the same name in this project.
    for test in (node for node in ours if node["resource_type"] == "test"):
        assert all(".lookout." in parent for parent in test["depends_on"]["nodes"]), test["name"]
        assert not test["original_file_path"].endswith(".sql"), test["name"]
    for kind in ("sources", "exposures", "unit_tests", "metrics", "semantic_models", "saved_queries"):
        assert not [key for key in manifest[kind] if ".lookout." in key], kind
    assert not [key for key in manifest["nodes"] if key.startswith("operation.")]
    assert all(node["original_file_path"].startswith("models/monitoring/") for node in ours)
    schemas = shop.sql("select nspname::text from pg_namespace where nspname !~ '^pg_|^information_schema$' order by 1")
    assert [name for (name,) in schemas] == [MONITORING, "public", "shop", "shop_raw", "shop_staging"]


def test_names_that_collide_live_side_by_side(shop: Shop) -> None:
    manifest = shop.artifact("manifest.json")["nodes"]
    assert (manifest["model.corner_shop.alerts"]["schema"], manifest["model.lookout.alerts"]["schema"]) == (
        "shop",
        MONITORING,
    )
    assert shop.sql("select count(*) > 0 from shop.alerts") == [(True,)]
    assert shop.sql("select app_name from shop_raw.dim_applications order by 1") == [
        ("phone app",),
        ("till",),
        ("web shop",),
    ]
    # Each project calls the macro `as_of` of its own.
    assert "max(ordered_at)" in manifest["model.corner_shop.alerts"]["compiled_code"]
    assert "max(ordered_at)" not in manifest["model.lookout.alerts"]["compiled_code"]
    assert {status for name, status in shop.results.items() if name.startswith("lookout.")} <= {"success", "pass"}


def test_generic_tests_judge_while_dbt_builds(shop: Shop) -> None:
    status = {name.split("_anomaly")[0]: value for name, value in shop.results.items() if "_anomaly_" in name}
    assert status == {
        "corner_shop.lookout_volume": "fail",
        "corner_shop.lookout_freshness": "pass",
        "corner_shop.lookout_zscore": "pass",
    }
    others = {value for name, value in shop.results.items() if "_anomaly_" not in name}
    assert others <= {"success", "pass", "no-op"}


def test_a_plain_build_leaves_the_rest_of_lookout_alone(shop: Shop) -> None:
    assert yaml.safe_load((EXAMPLE / "selectors.yml").read_text()) == {"selectors": [dict(SELECTOR)]}
    ours = {name for name in shop.results if name.startswith("lookout.")}
    # What the generic tests of this project compare with, so that they also work before the first `lookout run`.
    manifest = shop.artifact("manifest.json")["nodes"]
    read = {
        parent
        for node in manifest.values()
        if node["package_name"] == "corner_shop"
        for parent in node["depends_on"].get("nodes", ())
        if parent.startswith("model.lookout.")
    }
    assert ours == {parent.removeprefix("model.") for parent in read} == {"lookout.baselines", "lookout.monitors"}


def test_docs_and_freshness_are_theirs(shop: Shop) -> None:
    manifest = shop.artifact("manifest.json")
    assert sorted(key for key in manifest["docs"] if "__" in key) == [
        "doc.corner_shop.__overview__",
        "doc.dbt.__overview__",
        "doc.lookout.__lookout__",
    ]
    catalog = shop.artifact("catalog.json")
    assert {"model.corner_shop.orders", "model.lookout.alerts"} <= set(catalog["nodes"])
    assert "source.corner_shop.shop.raw_orders" in catalog["sources"]
    assert [result["status"] for result in shop.artifact("sources.json")["results"]] == ["warn"]


def test_the_example_is_small() -> None:
    seeds = list((EXAMPLE / "seeds").glob("*.csv"))
    assert len(seeds) == 4
    assert sum(file.stat().st_size for file in seeds) < 200_000


def test_lookout_itself_does_not_read_the_example() -> None:
    definition = yaml.safe_load((ROOT / "dbt_project.yml").read_text())
    folders = [folder for key, value in definition.items() if key.endswith("-paths") for folder in value]
    assert len(folders) >= 6
    assert not [folder for folder in folders if (ROOT / folder) in EXAMPLE.parents]
    # dbt would take a file of SQL below tests/ for a test.
    strays = [file for file in (ROOT / "tests").rglob("*.sql") if file.parent.name not in ("generic", "resiliency")]
    assert strays == []


@pytest.mark.parametrize(
    ("home", "chosen", "expected"),
    [
        (None, None, None),
        ("corner_shop: {}", None, ".dbt"),
        ("another: {}", None, None),
        ("another: {}", "project/.lookout", None),
        ("- nonsense", None, ".dbt"),
        ("corner_shop: {}", ".dbt", ".dbt"),
        ("another: {}", ".dbt", ".dbt"),
    ],
)
def test_the_embedded_server_serves_who_has_no_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str | None, chosen: str | None, expected: str | None
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    if home is not None:
        (tmp_path / ".dbt").mkdir()
        (tmp_path / ".dbt" / "profiles.yml").write_text(home)
    root = tmp_path / "project"
    root.mkdir()
    found = profiles_folder(root, "corner_shop", tmp_path / chosen if chosen else None)
    assert found == (tmp_path / expected if expected else None)


def test_a_profile_of_that_name_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    (tmp_path / ".dbt").mkdir()
    (tmp_path / ".dbt" / "profiles.yml").write_text("another: {}")
    with caplog.at_level("WARNING", logger="lookout.project.workspace"):
        monkeypatch.setattr("lookout.project.workspace.logger.propagate", True)
        assert profiles_folder(tmp_path, "corner_shop") is None
    assert "no profile 'corner_shop': using the embedded PostgreSQL" in caplog.text
