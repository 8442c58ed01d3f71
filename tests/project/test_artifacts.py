"""What dbt wrote down about itself: read as it is, or refused with a sentence."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lookout.errors import ArtifactError, ConfigError
from lookout.project.artifacts.damage import read_results
from lookout.project.artifacts.rows import asset_rows, result_rows
from lookout.project.declarations.nodes import layer_of, owner_of
from lookout.project.files import check_manifest_version, find_project, profile_name, read_artifact, read_manifest
from tests.conftest import MONITORING, Observed

AS_OF = datetime(2026, 3, 1, tzinfo=timezone.utc)
META = {
    "dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json",
    "invocation_id": "i1",
    "generated_at": "2026-02-01T10:00:00.5Z",
}
MANIFEST: dict[str, Any] = {
    "groups": {"group.p.g": {"name": "g", "owner": {"email": "g@example.org"}}},
    "sources": {
        "source.p.shop.orders": {
            "unique_id": "source.p.shop.orders",
            "resource_type": "source",
            "name": "orders",
            "identifier": "Orders",
            "schema": "sales",
            "config": {"meta": {"lookout": {"connection": "shop", "owner": "sales", "layer": "cdc"}}},
            "description": " ",
            "columns": {"id": {"description": "Key."}, "n": {"description": ""}},
            "original_file_path": "models/s.yml",
        },
    },
    "nodes": {
        "model.p.fine": {
            "unique_id": "model.p.fine",
            "resource_type": "model",
            "name": "fine",
            "alias": "fine_v1",
            "schema": "marts",
            "group": "g",
            "fqn": ["p", "marts", "fine"],
            "columns": {},
            "description": "One row.",
            "config": {},
        },
        "test.p.unique_fine_id.1": {
            "unique_id": "test.p.unique_fine_id.1",
            "resource_type": "test",
            "name": "unique_fine_id",
            "column_name": "id",
            "attached_node": "model.p.fine",
            "depends_on": {"nodes": ["model.p.fine"]},
            "config": {"severity": "WARN"},
            "test_metadata": {"name": "unique", "namespace": None},
        },
        "test.p.relation.2": {
            "unique_id": "test.p.relation.2",
            "resource_type": "test",
            "name": "relation",
            "attached_node": None,
            "depends_on": {"nodes": ["source.p.shop.orders"]},
            "config": {"severity": "ERROR"},
            "test_metadata": {"name": "volume_anomaly", "namespace": "lookout"},
        },
    },
}


def results(*entries: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"metadata": {**META, **metadata}, "results": list(entries)}


def read(*entries: dict[str, Any], **settings: Any) -> list[dict[str, Any]]:
    return result_rows(results(*entries), MANIFEST, connection="dev", **settings).to_dict("records")


def test_a_test_stands_at_what_it_tests() -> None:
    (row,) = read(
        {
            "unique_id": "test.p.unique_fine_id.1",
            "status": "fail",
            "failures": 3,
            "message": "Got 3\n results",
            "execution_time": 0.5,
            "timing": [
                {"name": "compile", "completed_at": "2026-02-01T09:00:00Z"},
                {"name": "execute", "completed_at": "2026-02-01T09:00:01Z"},
            ],
            "adapter_response": {"rows_affected": -1},
        }
    )
    assert (row["connection"], row["asset"], row["column_name"], row["test_name"]) == (
        "dev",
        "marts.fine_v1",
        "id",
        "unique",
    )
    assert (row["status"], row["failures"], row["message"], row["severity"]) == ("fail", 3, "Got 3 results", "warn")
    assert (row["owner"], row["layer"]) == ("g@example.org", "marts")
    assert row["executed_at"] == pd.Timestamp("2026-02-01T09:00:01Z")
    assert pd.isna(row["rows_affected"])


def test_a_test_on_a_source_is_the_sources() -> None:
    (row,) = read({"unique_id": "test.p.relation.2", "status": "pass"})
    assert (row["connection"], row["asset"], row["test_name"]) == ("shop", "sales.Orders", "lookout.volume_anomaly")
    assert (row["owner"], row["layer"]) == ("sales", "cdc")
    assert row["executed_at"] == pd.Timestamp(META["generated_at"])


def test_a_node_that_the_manifest_does_not_know() -> None:
    (row,) = read(
        {"unique_id": "test.p.gone.9f", "status": "error", "message": None, "timing": None, "adapter_response": None}
    )
    assert (row["node_id"], row["resource_type"], row["asset"], row["message"]) == ("test.p.gone.9f", "test", "", "")
    (row,) = read({"status": "error"})
    assert row["node_id"] == ""


def test_freshness_results() -> None:
    entry = {
        "unique_id": "source.p.shop.orders",
        "status": "runtime error",
        "error": "could not read\npassword=hunter2 of it",
        "snapshotted_at": "2026-02-01T08:00:00Z",
    }
    content = results(entry, dbt_schema_version="https://schemas.getdbt.com/dbt/sources/v3.json")
    (row,) = result_rows(content, MANIFEST, connection="dev").to_dict("records")
    assert (row["resource_type"], row["asset"], row["status"]) == ("source", "sales.Orders", "runtime error")
    assert row["message"] == "could not read password=*** of it"
    assert row["executed_at"] == pd.Timestamp("2026-02-01T08:00Z")


def test_secrets_are_masked_and_long_messages_cut() -> None:
    message = "connection to postgresql://me:hunter2@db/x failed " + "x" * 5000
    (row,) = read({"unique_id": "model.p.fine", "status": "error", "message": message})
    assert "hunter2" not in row["message"]
    assert len(row["message"]) == 2000


def test_no_result_is_later_than_the_clock() -> None:
    (row,) = read(
        {"unique_id": "model.p.fine", "status": "success"}, not_after=datetime(2026, 1, 1, tzinfo=timezone.utc)
    )
    assert row["executed_at"] == pd.Timestamp("2026-01-01T00:00Z")


def test_no_results_keep_their_columns() -> None:
    assert list(result_rows(results(), MANIFEST, connection="dev").columns) == list(read({"status": "x"})[0])


@pytest.mark.parametrize(
    ("version", "works"),
    [
        ("https://schemas.getdbt.com/dbt/run-results/v5.json", True),
        ("https://schemas.getdbt.com/dbt/sources/v3.json", True),
        ("https://schemas.getdbt.com/dbt/manifest/v12.json", False),
        ("", False),
        (None, False),
    ],
)
def test_only_results_are_results(version: str | None, works: bool, tmp_path: Path) -> None:
    file = tmp_path / "run_results.json"
    file.write_text(json.dumps(results(dbt_schema_version=version)))
    if works:
        assert read_results(file)[1] == []
        return
    with pytest.raises(ArtifactError, match=r"run_results.json: .* is not supported"):
        read_results(file)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is no .*: run `dbt build` first"),
        ("{", "is not valid JSON: run `dbt build` to write it anew"),
        ("", "is not valid JSON"),
        ("[]", "was not written by dbt"),
        ("{}", "was not written by dbt"),
        ("\xff", "is not valid JSON"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, content: str | None, sentence: str) -> None:
    file = tmp_path / "run_results.json"
    if content is not None:
        file.write_text(content, encoding="latin-1")
    with pytest.raises(ArtifactError, match=sentence):
        read_artifact(file, "run `dbt build`")


def test_manifests_of_other_versions(tmp_path: Path) -> None:
    for version, advice in ((10, "upgrade dbt-core"), (13, "upgrade Lookout")):
        content = {"metadata": {"dbt_schema_version": f"https://schemas.getdbt.com/dbt/manifest/v{version}.json"}}
        (tmp_path / "manifest.json").write_text(json.dumps(content))
        with pytest.raises(ArtifactError, match=f"v{version}.*{advice}"):
            check_manifest_version(read_manifest(tmp_path))


def test_assets_count_what_describes_and_tests_them() -> None:
    frame = asset_rows(MANIFEST, connection="dev", monitored=["source.p.shop.orders"], as_of=AS_OF).set_index("node_id")
    orders, fine = frame.loc["source.p.shop.orders"], frame.loc["model.p.fine"]
    assert (orders["connection"], orders["asset"], orders["layer"], orders["owner"]) == (
        "shop",
        "sales.Orders",
        "cdc",
        "sales",
    )
    assert (orders["column_count"], orders["documented_column_count"], orders["test_count"]) == (2, 1, 1)
    assert (orders["has_description"], orders["is_monitored"]) == (False, True)
    assert (fine["asset"], fine["layer"], fine["test_count"], fine["has_description"]) == (
        "marts.fine_v1",
        "marts",
        1,
        True,
    )
    empty = asset_rows({"nodes": {}, "sources": {}}, connection="dev", monitored=[], as_of=AS_OF)
    assert empty.empty
    assert "node_id" in empty.columns


def test_a_test_of_a_source_stands_at_the_source_and_not_at_what_it_refers_to() -> None:
    # dbt attaches tests to models only; a relationship of a source depends on both tables, in the order of names.
    customers = {
        **MANIFEST["sources"]["source.p.shop.orders"],
        "unique_id": "source.p.shop.customers",
        "name": "customers",
        "source_name": "shop",
        "identifier": "c",
    }
    orders = {**MANIFEST["sources"]["source.p.shop.orders"], "source_name": "shop"}
    test = {
        "unique_id": "test.p.r.3",
        "resource_type": "test",
        "name": "r",
        "attached_node": None,
        "depends_on": {"nodes": ["source.p.shop.customers", "source.p.shop.orders"]},
        "test_metadata": {"kwargs": {"model": "{{ get_where_subquery(source('shop', 'orders')) }}"}},
    }
    manifest = {
        "nodes": {"test.p.r.3": test},
        "sources": {"source.p.shop.customers": customers, "source.p.shop.orders": orders},
    }
    (row,) = result_rows(results({"unique_id": "test.p.r.3", "status": "fail"}), manifest, connection="dev").to_dict(
        "records"
    )
    assert row["asset"] == "sales.Orders"
    counts = asset_rows(manifest, connection="dev", monitored=[], as_of=AS_OF).set_index("name")["test_count"]
    assert counts.to_dict() == {"customers": 0, "orders": 1}


def test_owners_and_layers_of_odd_nodes() -> None:
    assert owner_of({"meta": {"lookout": True, "owner": "me"}}) == "me"
    assert owner_of({"config": {"meta": {"lookout": {"owner": "near"}, "owner": "far"}}}) == "near"
    assert owner_of({"source_meta": {"lookout": {"owner": "far"}}, "config": {"meta": {"lookout": {}}}}) == "far"
    assert owner_of({"config": {"meta": {"owner": ["me", "you"]}}}) == "me, you"
    assert owner_of({}) == ""
    assert layer_of({"resource_type": "source", "source_meta": {"lookout": {"layer": "cdc"}}}) == "cdc"
    assert layer_of({"resource_type": "seed"}) == "seed"
    assert layer_of({"resource_type": "model", "fqn": ["p", "x"]}) == "model"


def test_where_a_project_is(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("profile: mine\n")
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find_project(tmp_path / "a" / "b") == tmp_path
    assert profile_name(tmp_path) == "mine"
    (tmp_path / "dbt_project.yml").unlink()
    with pytest.raises(ConfigError, match=r"names no profile|cannot be read"):
        profile_name(tmp_path)


def test_broken_results_in_the_target_folder_do_not_stop_a_run(observed: Observed) -> None:
    observed.declare({"orders": {"timestamp_column": "at", "enabled": False}})
    target = observed.root / "target"
    target.mkdir(exist_ok=True)
    sources = target / "sources.json"
    sources.write_text("{")
    summary = observed.run("2026-03-01")
    assert summary.exit_code == 2
    assert summary.problems == (f"{sources} is not valid JSON: run `dbt source freshness` to write it anew.",)
    stale = {
        "metadata": {**META, "dbt_schema_version": "https://schemas.getdbt.com/dbt/sources/v3.json"},
        "results": [
            {"unique_id": "source.observed.shop.dropped", "status": "error", "snapshotted_at": "2026-02-01T08:00:00Z"}
        ],
    }
    sources.write_text(json.dumps(stale))
    assert observed.run("2026-03-01").exit_code in (0, 1)
    assert observed.sql(
        f"select name, status from {MONITORING}.dbt_results where invocation_id = 'i1'", at="observed"
    ) == [("dropped", "error")]
    sources.unlink()
    assert observed.run("2026-03-02").exit_code == 0
