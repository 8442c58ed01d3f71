"""`lookout ci` in a small project of somebody else's, in git, built for real; and the workflows that run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import typer.main
import yaml

from lookout.ci import build_target
from lookout.ci.announced import announced_changes
from lookout.ci.git import VARIABLES, open_repository
from lookout.ci.model import Node, Outcome, Review
from lookout.ci.outcomes import plain_message, slower
from lookout.ci.plan import changed_seeds, learned_tests
from lookout.ci.stub_tables import stub_table
from lookout.ci.text.comment import LONGEST_COMMENT, to_comment
from lookout.contracts.changes.diff import diff_manifests
from lookout.errors import ConfigError
from tests.conftest import ROOT, Said, Server

ORDERS = "{{ config(materialized='table') }}\nselect order_id, customer, total from {{ ref('stg_orders') }}\n"
TOTALS = "select customer, sum(total) as total from {{ ref('orders') }} group by customer\n"
FILES = {
    ".gitignore": "target/\nlogs/\n",
    "dbt_project.yml": "name: shop\nversion: 1.0.0\nprofile: shop\nflags: {send_anonymous_usage_stats: false}\n",
    "seeds/raw_orders.csv": "order_id,customer,total\n1,ann,10.5\n2,bob,20\n",
    "models/stg_orders.sql": "select order_id, customer, total::numeric(12, 2) as total from {{ ref('raw_orders') }}\n",
    "models/orders.sql": ORDERS,
    "models/totals.sql": TOTALS,
    "models/apart.sql": "select 1 / 0 as never_built_unless_it_changes\n",
    "models/payments.sql": "select payment_id, amount from {{ source('bank', 'payments') }}\n",
    "seeds/rates.csv": "currency,rate\neur,1.1\n",
    "models/rates_of_the_bank.sql": "select currency, rate from {{ source('bank', 'rates') }}\n",
    "models/refunds.sql": "select refund_id from {{ source('bank', 'refunds') }}\n",
}
PROPERTIES: dict[str, Any] = {
    "version": 2,
    "sources": [
        {
            "name": "bank",
            "schema": "bank",
            "tables": [
                {
                    "name": "payments",
                    "columns": [
                        {"name": "payment_id", "data_type": "bigint"},
                        {"name": "amount", "data_type": "number"},
                        {"name": "note", "data_type": "text"},
                    ],
                },
                {"name": "refunds", "columns": [{"name": "refund_id"}]},
                {"name": "rates"},
            ],
        }
    ],
    "models": [
        {
            "name": "orders",
            "description": "One row per order.",
            "config": {
                "contract": {"enforced": True},
                "meta": {"owner": "sales", "lookout": {"contract": {"version": "1.0"}}},
            },
            "columns": [
                {"name": "order_id", "data_type": "integer", "data_tests": ["not_null"]},
                {"name": "customer", "data_type": "text"},
                {"name": "total", "data_type": "numeric(12,2)"},
            ],
        },
        {"name": "payments", "columns": [{"name": "payment_id", "data_tests": ["not_null"]}]},
        {"name": "refunds", "columns": [{"name": "refund_id", "data_tests": ["not_null"]}]},
    ],
    "seeds": [{"name": "rates", "config": {"schema": "bank"}}],
    "exposures": [
        {"name": "board", "type": "dashboard", "owner": {"name": "@bob"}, "depends_on": ["ref('totals')"]},
    ],
}


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


class Shop:
    """Somebody's dbt project on a branch that left main a moment ago."""

    def __init__(self, root: Path, state: Path, lookout: Callable[..., Said]) -> None:
        self.root, self.state, self._lookout = root, state, lookout

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def declare(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change what the YAML says about the models."""
        properties = yaml.safe_load((self.root / "models" / "shop.yml").read_text())
        change({part["name"]: part for part in properties["models"] + properties["sources"]})
        self.write("models/shop.yml", yaml.safe_dump(properties))

    def ci(self, *arguments: str) -> Said:
        return self._lookout("ci", "--quiet", *arguments, cwd=self.root)

    def ci_with_state(self, *arguments: str) -> Said:
        """Compared with the manifest of main, which spares parsing it every time."""
        return self.ci("--state", str(self.state), *arguments)


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ci") / "shop"
    for name, text in {**FILES, "models/shop.yml": yaml.safe_dump(PROPERTIES)}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "base")
    git(root, "checkout", "-q", "-b", "change")
    return root


@pytest.fixture(scope="module")
def state(committed: Path, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the manifest of main."""
    folder = tmp_path_factory.mktemp("state")
    output = {"type": "postgres", "schema": "public", "password": "", **server.create_database("ci").parameters}
    content = {"shop": {"target": "warehouse", "outputs": {"warehouse": output}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(content))
    build_target.CheckedProject(committed, folder, target_path=folder).parse()
    return folder


@pytest.fixture
def shop(
    committed: Path,
    state: Path,
    tmp_path: Path,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    lookout: Callable[..., Said],
) -> Shop:
    """The project, and instead of a server of its own an empty database on the suite's."""
    for name in (*(variable for variable, _ in VARIABLES), "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(build_target, "embedded_database", lambda home, name: nullcontext(server.create_database("ci")))
    shutil.copytree(committed, tmp_path / "shop")
    return Shop(tmp_path / "shop", state, lookout)


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    yield
    if "shop" in request.fixturenames:
        assert list((tmp_path / "scratch").glob("lookout-ci-*")) == []
        assert not (tmp_path / "shop" / "target").exists()
        assert not (tmp_path / "shop" / "logs").exists()
        assert not (tmp_path / "shop" / ".git" / "worktrees").exists()


def test_nothing_changed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_target, "embedded_database", lambda *_: pytest.fail("There is nothing to build."))
    said = shop.ci()
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("<!-- lookout-ci:shop -->\n### Lookout: ⚪ nothing changed\n")
    assert "(main, as nothing names a base)" in said.out


def test_a_column_that_goes_breaks_its_contract_and_who_reads_it(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write("models/orders.sql", ORDERS.replace(", total", ""))
    shop.declare(lambda named: named["orders"]["columns"].pop())
    git(shop.root, "commit", "-q", "-am", "Nobody needs totals")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    said = shop.ci("--out", str(tmp_path / "new" / "comment.md"), "--junit", str(tmp_path / "junit.xml"))
    assert (said.code, said.err) == (1, "")
    assert "🔴 1 model failed to build, 1 contract broken, 1 model built, 1 test passed\n" in said.out
    assert "(origin/main, GITHUB_BASE_REF)" not in said.out
    assert "GITHUB_BASE_REF): 1 node changed (`orders`)" in said.out
    assert '| `totals` | model | `models/totals.sql` | – | column "total" does not exist' in said.out
    assert "| 🔴 breaking | `orders` | total: column removed (numeric(12,2)) |" in said.out
    assert "| `board` | @\u200bbob |" in said.out
    assert "apart" not in said.out
    assert str(tmp_path) not in said.out
    assert (tmp_path / "new" / "comment.md").read_text() == (tmp_path / "summary.md").read_text() == said.out
    suites = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("4", "2", "0")


def test_a_breaking_change_with_a_new_version_is_announced(shop: Shop) -> None:
    shop.write("models/orders.sql", ORDERS.replace(", total", ""))
    shop.write("models/totals.sql", TOTALS.replace("sum(total)", "count(*)"))

    def change(named: dict[str, Any]) -> None:
        named["orders"]["columns"].pop()
        named["orders"]["config"]["meta"]["lookout"]["contract"]["version"] = "2.0"

    shop.declare(change)
    said = shop.ci_with_state("--json")
    told = json.loads(said.out)
    assert (said.code, told["exit_code"], told["breaking"]) == (0, 0, [])
    assert told["announced"] == {"model.shop.orders": "version 1.0 -> 2.0"}
    assert told["verdict"] == "🟡 2 models built, 1 test passed"


def test_a_new_test_fails_on_what_did_not_change(shop: Shop) -> None:
    shop.declare(
        lambda named: named["orders"]["columns"][1].update(
            data_tests=[{"accepted_values": {"arguments": {"values": ["ann"]}}}]
        )
    )
    said = shop.ci_with_state()
    assert said.code == 1
    assert "🔴 1 test failed\n" in said.out
    assert "| test | `models/shop.yml` | sales | Got 1 result, configured to fail if != 0 |" in said.out
    assert "| `orders` | 1 | 2 | 0 of 3 | 0 of 3 |  |" in said.out


def test_only_documentation_changed(shop: Shop) -> None:
    shop.declare(lambda named: named["orders"]["columns"][0].update(description="Its number."))
    said = shop.ci_with_state()
    assert said.code == 0
    assert "🟢 nothing to build\n" in said.out
    assert "0 nodes changed. Nothing had to be built." in said.out
    assert "| `orders` | 1 | 1 | 0 of 3 | 1 of 3 |  |" in said.out


def test_a_source_stands_empty_and_its_tests_do_not_count_as_passed(shop: Shop) -> None:
    shop.write("models/payments.sql", "select payment_id, amount, note from {{ source('bank', 'payments') }}\n")
    said = shop.ci_with_state()
    assert said.code == 0
    assert "🟢 1 model built, 1 test had no rows to look at\n" in said.out
    assert "Stood empty, as their YAML declares them: bank.payments." in said.out
    assert "| `not_null_payments_payment_id` | test | ⚪ no rows to look at |" in said.out


def test_a_source_that_is_a_seed_of_the_project(shop: Shop) -> None:
    shop.write("macros/names.sql", "{% macro generate_schema_name(name, node) %}{{ name or 'public' }}{% endmacro %}")
    git(shop.root, "add", ".")
    git(shop.root, "commit", "-q", "-m", "Schemas by their names")
    shop.write("models/rates_of_the_bank.sql", "select currency, 2 * rate as rate from {{ source('bank', 'rates') }}\n")
    assert "🟢 1 model built\n" in shop.ci("--base", "HEAD").out
    git(shop.root, "checkout", "-q", "models")
    shop.write("seeds/rates.csv", "currency,amount\neur,1.1\n")
    said = shop.ci("--base", "HEAD")
    assert said.code == 1
    assert "🔴 1 model failed to build, 1 seed built\n" in said.out
    assert (
        '| `rates_of_the_bank` | model | `models/rates_of_the_bank.sql` | – | column "rate" does not exist' in said.out
    )


def test_a_source_that_nobody_can_stand_in_for(shop: Shop) -> None:
    shop.write("models/refunds.sql", "select refund_id, 1 as one from {{ source('bank', 'refunds') }}\n")
    shop.write("models/payments.sql", "select payment_id, fee from {{ source('bank', 'payments') }}\n")
    said = shop.ci_with_state()
    assert said.code == 2
    assert "⚪ 4 of 4 nodes NOT EVALUATED\n" in said.out
    assert "Source bank.refunds (models/shop.yml) declares no data_type for refund_id: declare every column" in said.out
    assert "It reads column fee, which bank.payments does not declare" in said.out
    assert "passed" not in said.out


def test_a_package_of_the_same_repository(shop: Shop) -> None:
    shop.write("parts/dbt_project.yml", "name: parts\nversion: 1.0.0\n")
    shop.write("parts/macros/one.sql", "{% macro one() %}1{% endmacro %}")
    shop.write("models/apart.sql", "{{ config(materialized='table') }} select {{ parts.one() }} as id\n")
    shop.write("packages.yml", "packages: [{local: parts}]\n")
    shop.write(".gitignore", "dbt_packages/\npackage-lock.yml\n")
    git(shop.root, "add", ".")
    git(shop.root, "commit", "-q", "-m", "A package")
    shop.write("parts/macros/one.sql", "{% macro one() %}count(*) / 0{% endmacro %}")
    (shop.root / "dbt_packages").mkdir()
    (shop.root / "dbt_packages" / "parts").symlink_to("../parts")
    said = shop.ci("--base", "HEAD")
    assert (said.code, "1 node changed (`apart`)" in said.out) == (1, True), said
    assert "division by zero" in said.out
    shop.write("packages.yml", "packages: [{local: nowhere}]\n")
    shutil.rmtree(shop.root / "dbt_packages")
    said = shop.ci("--base", "HEAD")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("`dbt deps` cannot install the project's packages: ")


def test_the_change_does_not_parse(shop: Shop) -> None:
    shop.write("models/totals.sql", "select * from {{ ref('nowhere') }}\n")
    said = shop.ci_with_state()
    assert (said.code, said.err) == (1, "")
    assert "🔴 dbt refuses the change\n" in said.out
    assert "depends on a node named 'nowhere' which was not found" in said.out


def test_the_base_does_not_parse(shop: Shop) -> None:
    shop.write("models/totals.sql", "select * from {{ ref('nowhere') }}\n")
    git(shop.root, "commit", "-q", "-am", "Broken")
    shop.write("models/totals.sql", TOTALS)
    said = shop.ci("--base", "change")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("The base ")
    assert "(change, --base) does not parse: " in said.err
    assert "'nowhere' which was not found" in said.err


def test_on_a_server_of_ones_own(
    shop: Shop, server: Server, tmp_path: Path, sql_rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    connection = server.create_database("ci_own")
    output = {"type": "postgres", "threads": 1, "password": "", **connection.parameters}
    outputs = {name: {**output, "schema": name} for name in ("prod", "pr")}
    shop.write("../profile/profiles.yml", yaml.safe_dump({"shop": {"target": "prod", "outputs": outputs}}))
    profiles, state = tmp_path / "profile", tmp_path / "state"
    build_target.CheckedProject(shop.root, profiles, None, target_path=state).build(
        ["build", "--select", "orders+", "+orders"]
    )
    shop.write("models/orders.sql", ORDERS.replace("order_id,", "order_id + 1 as order_id,"))
    said = shop.ci("--target", "pr", "--profiles-dir", str(profiles), "--state", str(state))
    assert said.code == 0, said
    assert "🟢 2 models built, 1 test passed\n" in said.out
    assert "on target pr." in said.out
    assert sql_rows(connection, "select table_name::text from information_schema.tables where table_schema = 'pr'") == [
        ("orders",),
        ("totals",),
    ]
    assert sql_rows(connection, "select min(order_id) from prod.orders") == [(1,)]

    said = shop.ci("--target", "prod", "--profiles-dir", str(profiles), "--state", str(state))
    assert said.code == 2
    assert "It would be built over the base's own table ci_own.prod.orders: give --target a schema" in said.out
    assert sql_rows(connection, "select min(order_id) from prod.orders") == [(1,)]


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (["--base", "maine"], {}, "--base maine is no branch, tag or commit in "),
        ([], {"GITHUB_BASE_REF": "release"}, "GITHUB_BASE_REF=origin/release is no branch"),
        (
            ["--base", "main", "--state", "."],
            {},
            "--base and --state both name what to compare with: give one of them.",
        ),
        (["--state", "nowhere"], {}, "There is no nowhere/manifest.json"),
        (["--target", "prod"], {}, "There is no profiles.yml for --target prod"),
        (["--project-dir", ".."], {}, "There is no dbt_project.yml in "),
        ([], {"PATH": ""}, "There is no git on this machine"),
    ],
)
def test_one_sentence(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, arguments: list[str], environment: dict[str, str], sentence: str
) -> None:
    shop.write("models/apart.sql", "select 2 as id\n")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    said = shop.ci(*arguments)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
    assert said.err.count("\n") == 1


def test_outside_of_git_and_without_its_history(
    shop: Shop, tmp_path: Path, lookout: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write("models/apart.sql", "select 2 as id\n")
    git(shop.root, "commit", "-q", "-am", "Change")
    git(tmp_path, "clone", "-q", "--depth", "1", "--no-single-branch", f"file://{shop.root}", "shallow")
    said = lookout("ci", "--base", "main", cwd=tmp_path / "shallow")
    assert (said.code, said.out) == (2, "")
    assert "does not reach back" in said.err
    assert "fetch-depth: 0" in said.err
    said = lookout("ci", "--base", "v1", cwd=tmp_path / "shallow")
    assert "--base v1 is not in this shallow clone" in said.err
    shutil.copytree(shop.root, tmp_path / "plain", ignore=shutil.ignore_patterns(".git"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    said = lookout("ci", cwd=tmp_path / "plain")
    assert (said.code, "is not in a git repository" in said.err) == (2, True)


def test_interrupted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lookout.ci.run._parse", interrupt)
    shop.write("models/apart.sql", "select 2 as id\n")
    assert shop.ci().code == 130


def test_with_the_embedded_server_in_a_process_of_its_own(committed: Path, tmp_path: Path) -> None:
    shutil.copytree(committed, tmp_path / "shop")
    (tmp_path / "shop" / "models" / "apart.sql").write_text("select 2 as id\n")
    unset = {*(variable for variable, _ in VARIABLES), "GITHUB_STEP_SUMMARY"}
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    done = subprocess.run(
        [sys.executable, "-m", "lookout", "ci", "--docs", "../site"],
        cwd=tmp_path / "shop",
        capture_output=True,
        text=True,
        timeout=120,
        env={**environment, "HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 0, done
    assert "🟢 1 model built\n" in done.stdout
    assert "1 node on an embedded PostgreSQL" in done.stderr
    assert "never_built_unless_it_changes" not in (tmp_path / "site" / "index.html").read_text()
    assert "model.shop.apart" in (tmp_path / "site" / "index.html").read_text()


@pytest.mark.parametrize("variable", ["GITHUB_BASE_REF", "CHANGE_TARGET", "SYSTEM_PULLREQUEST_TARGETBRANCH"])
def test_the_branch_that_ci_servers_name(committed: Path, variable: str) -> None:
    base = open_repository(committed).base(None, {variable: "refs/heads/main", "GITHUB_REF": "x"})
    assert base.origin == f"main, {variable}"
    commit = git(committed, "rev-parse", "main")
    named = open_repository(committed).base(None, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": commit})
    assert (named.commit, named.origin) == (commit, "CI_MERGE_REQUEST_DIFF_BASE_SHA")
    with pytest.raises(ConfigError, match=variable):
        open_repository(committed).base(None, {variable: "gone"})


def test_messages_name_no_place_and_no_secret() -> None:
    message = (
        "Database Error in model orders (models/orders.sql)\n  no password=hunter2 for you\n  LINE 1: x\n     ^\n"
        "  compiled code at /x/y.sql"
    )
    assert plain_message(message) == "no password=*** for you LINE 1: x"


def test_a_long_comment_is_one_that_github_takes() -> None:
    outcomes = tuple(
        Outcome(Node(f"model.a.{i}", f"m{i}" + "x" * 300, "model", "f" * 300, "o" * 590), "failed", "&" * 600)
        for i in range(500)
    )
    comment = to_comment(Review("a", "b", outcomes=outcomes))
    assert LONGEST_COMMENT - 2000 < len(comment) < 65_536
    assert comment.count("<details") == comment.count("</details>")
    assert "cut here" in comment


def test_a_model_is_announced_by_its_deprecation_date() -> None:
    model = {
        "resource_type": "model",
        "name": "old",
        "package_name": "a",
        "unique_id": "model.a.old",
        "schema": "s",
        "config": {"materialized": "table", "contract": {"enforced": True}},
        "columns": {"id": {"name": "id", "data_type": "integer"}},
        "depends_on": {"nodes": []},
        "deprecation_date": "2026-03-01T00:00:00+00:00",
    }
    base: dict[str, Any] = {"metadata": {"project_name": "a"}, "nodes": {"model.a.old": model}}
    diff = diff_manifests(base, {"metadata": {"project_name": "a"}, "nodes": {}})
    assert announced_changes(diff, base, date(2026, 2, 28)) == {}
    assert announced_changes(diff, base, date(2026, 3, 1)) == {"model.a.old": "deprecated since 2026-03-01"}


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ({"columns": {}}, "declares no columns"),
        ({"columns": {"a": {"name": "a", "data_type": "text); drop table x --"}}}, "no type of PostgreSQL"),
        ({"columns": {"a": {"name": "a", "data_type": "text"}}, "database": "lake"}, "is in database lake"),
    ],
)
def test_sources_that_cannot_stand_empty(source: dict[str, Any], sentence: str) -> None:
    node = {"unique_id": "source.a.b.c", "source_name": "b", "name": "c", "schema": "b", **source}
    reason = stub_table(node, "warehouse")
    assert isinstance(reason, str)
    assert sentence in reason
    assert reason.startswith("Source b.c (")


def test_the_embedded_database_has_the_names_of_the_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert build_target.profile_names(tmp_path, "shop", None) == ("warehouse", "warehouse", "public")
    profile = {
        "target": "{{ env_var('SHOP_TARGET', 'dev') }}",
        "outputs": {"dev": {"type": "postgres", "dbname": "shop", "schema": "{{ env_var('NOT_SET') }}"}},
    }
    (tmp_path / "profiles.yml").write_text(yaml.safe_dump({"shop": profile}))
    assert build_target.profile_names(tmp_path, "shop", None) == ("dev", "shop", "public")


def test_tests_that_need_a_learned_past_are_left_out() -> None:
    def node(name: str, namespace: str | None) -> dict[str, Any]:
        return {
            "resource_type": "test",
            "package_name": "shop",
            "test_metadata": {"name": name, "namespace": namespace},
        }

    nodes = {"a": node("volume_anomaly", "lookout"), "b": node("volume_anomaly", None), "c": node("unique", "lookout")}
    assert learned_tests({"nodes": {**nodes, "d": {"resource_type": "model"}}}) == {"a"}


def test_seeds_that_dbt_does_not_look_into() -> None:
    def seed(name: str, kind: str) -> dict[str, Any]:
        return {"resource_type": "seed", "checksum": {"name": kind}, "original_file_path": f"seeds/{name}.csv"}

    nodes = {"a": seed("a", "path"), "b": seed("b", "path"), "c": seed("c", "sha256")}
    manifest = {"nodes": nodes}
    assert changed_seeds(manifest, manifest, lambda path: path != "seeds/b.csv") == ("b",)
    assert changed_seeds({"nodes": {}}, manifest, lambda _: False) == ()


def test_slower_is_twice_as_long_and_a_second() -> None:
    before = {
        "results": [{"unique_id": name, "execution_time": old} for name, old in zip("abc", (1, 0.1, 5), strict=True)]
    }
    outcomes = [
        Outcome(Node(name, name, "model"), "built", seconds=now)
        for name, now in zip("abc", (2.5, 0.9, 9.9), strict=True)
    ]
    assert [one.name for one in slower(outcomes, before)] == ["a"]


WORKFLOWS = [ROOT / ".github/workflows/ci.yml", ROOT / "examples/github_actions/lookout.yml"]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_workflows_name_only_what_exists(file: Path) -> None:
    workflow = yaml.safe_load(file.read_text())
    assert workflow["permissions"]["contents"] == "read"
    assert workflow["concurrency"]["cancel-in-progress"] is True
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    uses = [step["uses"] for step in steps if "uses" in step]
    assert uses
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", one) for one in uses)
    scripts = "\n".join(step["run"] for step in steps if "run" in step)
    assert set(re.findall(r"\bmake ([a-z]+)", scripts)) <= targets
    command_lines = re.findall(r"\blookout ((?:[a-z]+ )*[a-z]+)((?: +-\S+| +\S+)*)", scripts)
    assert any(words.startswith("ci") for words, _ in command_lines)
    for words, rest in command_lines:
        known = command(words.split())
        options = {name for parameter in known.params for name in parameter.opts}
        assert set(re.findall(r"(?:^|\s)(--[a-z-]+)", rest)) <= options
    # A token that may write is only ever held by the step that comments.
    assert [step["name"] for step in steps if "GH_TOKEN" in step.get("env", {})] == [steps[-1]["name"]]
    assert subprocess.run(["bash", "-n"], input=steps[-1]["run"], text=True, check=False).returncode == 0


def test_the_gitlab_example() -> None:
    job = yaml.safe_load((ROOT / "examples/gitlab-ci.yml").read_text())["lookout"]
    assert any(line.startswith("lookout ci ") for line in job["script"])
    script = job["after_script"][0].split("<<'PYTHON'\n")[1].split("PYTHON\n")[0]
    compile(script, "after_script", "exec")


def command(words: list[str]) -> Any:
    """The command of `lookout` that these words name; words that are arguments are left."""
    from lookout.cli.main import app

    found: Any = typer.main.get_command(app)
    for word in words:
        found = getattr(found, "commands", {}).get(word, found)
    assert found.name in words
    return found
