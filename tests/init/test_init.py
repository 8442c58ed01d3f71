"""`lookout init`: what it suggests and why, lines put into other people's YAML, and all or nothing on the disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from lookout.database.connection import Connection, connect
from lookout.errors import ConfigError
from lookout.init.package import Installed, installed, names_lookout, package_entry, package_file
from lookout.init.plan import SELECTOR, Edit, plan_gitignore, plan_package, plan_schema, plan_selectors
from lookout.init.project import write
from lookout.init.suggest import Candidate, Observed, Rate, TimeColumn, by_importance, grain_of, time_column
from lookout.init.yaml_edit import append_item, entry, set_in_document, set_in_entry
from tests.conftest import ROOT, Said, Server

Lookout = Callable[..., Said]
ORDERS = [("sources", "shop"), ("tables", "orders")]
PATH = ("config", "meta", "lookout")
SETTINGS = {"timestamp_column": "created_at", "grain": "day"}
PLAIN = Candidate("shop.orders", "dev", "public", "orders", {}, "", "", 1, "models/s.yml", source="shop")


def table(text: str) -> str:
    return f"# ours\nversion: 2\nsources:\n  - name: shop   # the shop\n    tables:\n{text}      - name: other\n"


# The entry before, and after.
EDITS = {
    "a name alone": (
        "      - name: orders   # big\n",
        "      - name: orders   # big\n        config:\n          meta:\n            lookout:\n"
        "              timestamp_column: created_at\n              grain: day\n",
    ),
    "a description": (
        "      - name: orders\n        description: 'One row: an order.'   # yes\n        # columns\n        columns: []\n",
        "      - name: orders\n        description: 'One row: an order.'   # yes\n        config:\n          meta:\n"
        "            lookout:\n              timestamp_column: created_at\n              grain: day\n        # columns\n"
        "        columns: []\n",
    ),
    "a folded description": (
        "      - name: orders\n        description: >\n          One row\n\n          # an order\n",
        "      - name: orders\n        config:\n          meta:\n            lookout:\n"
        "              timestamp_column: created_at\n              grain: day\n        description: >\n"
        "          One row\n\n          # an order\n",
    ),
    "a config": (
        "      - config:\n            # on\n            enabled: true\n        name: orders\n",
        "      - config:\n            # on\n            meta:\n              lookout:\n"
        "                timestamp_column: created_at\n                grain: day\n            enabled: true\n"
        "        name: orders\n",
    ),
    "a meta": (
        "      - name: orders\n        config:\n          meta:\n              owner: me # me\n",
        "      - name: orders\n        config:\n          meta:\n              lookout:\n"
        "                timestamp_column: created_at\n                grain: day\n              owner: me # me\n",
    ),
    "settings that do not watch": (
        "      - name: orders\n        config:\n          meta:\n            lookout:\n              owner: me\n",
        "      - name: orders\n        config:\n          meta:\n            lookout:\n"
        "              timestamp_column: created_at\n              grain: day\n              owner: me\n",
    ),
    "an empty config": (
        "      - name: orders\n        config:\n",
        "      - name: orders\n        config:\n          meta:\n            lookout:\n"
        "              timestamp_column: created_at\n              grain: day\n",
    ),
    "one line": (
        "      - {name: orders, description: x}\n",
        "      - {name: orders, description: x, config: {meta: {lookout: {timestamp_column: created_at, grain: day}}}}\n",
    ),
    "a config on one line": (
        "      - name: orders\n        config: {enabled: true, meta: {owner: me}}\n",
        "      - name: orders\n        config: {enabled: true, meta: {owner: me, lookout: {timestamp_column: created_at, "
        "grain: day}}}\n",
    ),
    "braces with nothing between": (
        "      - name: orders\n        config: {}\n",
        "      - name: orders\n        config: {meta: {lookout: {timestamp_column: created_at, grain: day}}}\n",
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("case", EDITS)
def test_lines_go_where_the_table_is_described(case: str, newline: str) -> None:
    before, after = (table(text).replace("\n", newline) for text in EDITS[case])
    assert set_in_entry(before, ORDERS, PATH, SETTINGS) == after


def test_a_large_file_is_parsed_only_when_it_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    for name in ("load", "compose"):
        real = getattr(yaml, name)
        monkeypatch.setattr(yaml, name, lambda *a, _real=real, _name=name, **k: parsed.append(_name) or _real(*a, **k))
    columns = "".join(f"          - name: column_{number}\n" for number in range(10))
    tables = "".join(f"      - name: table_{number}\n        columns:\n{columns}" for number in range(400))
    text = "sources:\n  - name: shop\n    tables:\n" + tables
    for number in range(5):
        text = set_in_entry(text, [("sources", "shop"), ("tables", f"table_{number}")], PATH, SETTINGS)
    for number in range(400):
        assert entry(text, [("sources", "shop"), ("tables", f"table_{number}")]) is not None
    assert (parsed.count("load"), parsed.count("compose")) == (1 + 5, 5)


def test_the_last_line_may_lack_its_end() -> None:
    text = "models:\n- name: a\n- name: orders"
    changed = set_in_entry(text, [("models", "orders")], PATH, SETTINGS)
    assert changed.startswith(text + "\n")
    assert yaml.safe_load(changed)["models"][1]["config"] == {"meta": {"lookout": SETTINGS}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x: &c {enabled: true}\n" + table("      - name: orders\n        config: *c\n"), "not a mapping of its own"),
        ("x: &t\n  name: orders\n" + table("      - *t\n"), "anchors"),
        ("x: &c {config: {a: 1}}\n" + table("      - name: orders\n        <<: *c\n"), "anchors"),
        (table("      - name: orders\n        config: text\n"), "`config` is not a mapping"),
        (table("      - name: orders\n      - name: orders\n"), "more than once"),
        (table("      - name: order\n"), "in no list"),
        ("sources: [", "not valid YAML"),
        ("- a\n- b\n", "in no list"),
        ("", "in no list"),
    ],
)
def test_yaml_that_cannot_be_edited_safely_is_refused(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        set_in_entry(text, ORDERS, PATH, SETTINGS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "packages:\n  - local: ../lookout\n"),
        ("packages: []\n", "packages:\n  - local: ../lookout\n"),
        ("# none yet\npackages:\n", "# none yet\npackages:\n  - local: ../lookout\n"),
        (
            "packages:\n- git: x\n  revision: 1 # one\n\n# end\n",
            "packages:\n- git: x\n  revision: 1 # one\n- local: ../lookout\n\n# end\n",
        ),
        ("packages: [{local: x}]\n", "packages: [{local: x}, {local: ../lookout}]\n"),
        ("projects:\n  - name: y", "projects:\n  - name: y\npackages:\n  - local: ../lookout\n"),
    ],
)
def test_a_list_grows_by_one_item(before: str, after: str) -> None:
    assert append_item(before, "packages", {"local": "../lookout"}) == after


@pytest.mark.parametrize(
    ("columns", "loaded_at", "catalog", "expected"),
    [
        ({"updated_at": "timestamp", "created_at": "TIMESTAMPTZ"}, "", {}, ("created_at", "declared as TIMESTAMPTZ")),
        ({"day": "date", "id": "int"}, "synced", {}, ("day", "declared as date")),
        ({"birth_date": "date"}, "synced", {}, ("synced", "its loaded_at_field")),
        ({"at": "timestamp"}, "", {"at": "text", "loaded_at": "timestamp"}, ("loaded_at", "timestamp in the database")),
        ({}, "gone", {"valid_until": "date", "shipped_at": "timestamptz"}, ("shipped_at", "timestamptz in the database")),
        ({}, "", {"seen": "date", "order_date": "date", "event_time": "timestamp"}, ("event_time", "timestamp in the database")),
        ({"event_time": "", "id": ""}, "", {}, ("event_time", "by its name")),
        ({"Created_At": ""}, "", {"created_at": "date"}, ("created_at", "date in the database")),
        ({"id": "", "at_home": ""}, "", {}, None),
        ({"created_at": ""}, "", {"created_at": "text"}, None),
        ({"due_date": "date", "last_login_at": "timestamp"}, "", {}, None),
    ],
)  # fmt: skip
def test_the_column_that_tells_the_time_and_why(
    columns: dict[str, str], loaded_at: str, catalog: dict[str, str], expected: tuple[str, str] | None
) -> None:
    found = time_column(replace(PLAIN, columns=columns, loaded_at=loaded_at), Observed(catalog) if catalog else None)
    assert (found and (found.name, found.reason)) == expected


@pytest.mark.parametrize(
    ("rate", "is_date", "expected"),
    [
        (Rate(336 * 50, 330, 15, 336.0), False, ("hour", "about 50 rows an hour")),
        (Rate(336 * 50, 200, 15, 336.0), False, ("day", "about 1,200 rows a day")),
        (Rate(336 * 5, 336, 15, 336.0), False, ("day", "about 120 rows a day")),
        (Rate(48 * 50, 48, 3, 48.0), False, ("day", "about 1,200 rows a day")),
        (Rate(336 * 50, 336, 15, 336.0), True, ("day", "about 1,200 rows a day")),
        (Rate(14, 14, 14, 336.0), True, ("day", "about 1 row a day")),
        (Rate(336, 335, 15, 336.0), False, ("hour", "about 1 row an hour")),
        (Rate(336 * 3, 336, 15, 336.0), False, ("hour", "about 3 rows an hour")),
        (Rate(336 * 3, 320, 15, 336.0), False, ("day", "about 72 rows a day")),
        (Rate(900, 1, 1, 0.0), False, ("day", "about 900 rows on 1 day of two weeks")),
        (Rate(900, 2, 2, 168.0), False, ("day", "about 450 rows on 2 days of two weeks")),
        (None, False, ("day", "")),
    ],
)
def test_the_grain_follows_how_rows_come(rate: Rate | None, is_date: bool, expected: tuple[str, str]) -> None:
    assert grain_of(TimeColumn("at", "", is_date), rate) == expected


def test_tables_with_too_few_rows_say_nothing() -> None:
    assert Rate(14, 7, 7, 336.0).is_sparse
    assert Rate(0, 0, 0, 0.0).is_sparse
    assert not Rate(14, 14, 14, 336.0).is_sparse, "one row a day, every day, is a summary"
    assert not Rate(100, 7, 7, 336.0).is_sparse


def test_the_largest_come_first_then_the_most_read() -> None:
    found = [replace(PLAIN, name=name, table=name, references=n) for name, n in (("a", 1), ("b", 5), ("c", 2))]
    assert [c.name for c in by_importance(found, {})] == ["b", "c", "a"]
    large = {found[2].location: Observed({"x": "text"}, 8192.0)}
    assert [c.name for c in by_importance(found, large)] == ["c", "b", "a"]


def test_where_the_package_comes_from(tmp_path: Path) -> None:
    git = {"url": "https://x/lookout.git", "vcs_info": {"vcs": "git", "commit_id": "abc", "requested_revision": "v2"}}
    folder = {"url": f"file://{ROOT}", "dir_info": {"editable": True}}
    elsewhere = tmp_path / "lib" / "python" / "lookout"
    named = {"Repository": "https://x/y.git"}
    root = ROOT.parent / "shop"
    assert package_entry(None, installed("0.1.0", folder, {}, elsewhere), root) == {"local": f"../{ROOT.name}"}
    assert package_entry(None, installed("0.1.0", None, {}, ROOT / "python_checks" / "lookout"), root) == {
        "local": f"../{ROOT.name}"
    }
    assert package_entry(None, installed("0.1.0", git, {}, elsewhere), root) == {"git": git["url"], "revision": "v2"}
    assert package_entry(None, installed("0.1.0", None, named, elsewhere), root) == {
        "git": "https://x/y.git",
        "revision": "v0.1.0",
    }
    with pytest.raises(ConfigError, match="--package local:PATH or --package git:URL@REVISION"):
        package_entry(None, installed("0.1.0", None, {}, elsewhere), root)
    unknown = Installed("0.1.0")
    assert package_entry("git:git@host:a/lookout.git@main", unknown, root) == {
        "git": "git@host:a/lookout.git",
        "revision": "main",
    }
    assert package_entry(f"local:{ROOT}", unknown, root) == {"local": str(ROOT)}
    for wrong in ("git:https://x/y.git", "git:git@host:a/y.git", "hub:x", "lookout", f"local:{tmp_path}"):
        with pytest.raises(ConfigError, match="--package"):
            package_entry(wrong, unknown, root)


def test_the_file_that_names_the_packages() -> None:
    ours = {"git": "https://x/lookout.git", "revision": "v1"}
    assert package_file({}) == "packages.yml"
    assert package_file({"dependencies.yml": "projects: []"}) == "dependencies.yml"
    assert package_file({"dependencies.yml": "projects: []", "packages.yml": ""}) == "packages.yml"
    assert package_file({"dependencies.yml": "packages: []", "packages.yml": ""}) == "dependencies.yml"
    for known in ("git: git@x:lookout", "package: acme/lookout", "git: https://x/y/lookout.git/", f"local: {ROOT}"):
        assert names_lookout(f"packages:\n  - {known}\n", "packages.yml", ROOT)
    other = "packages:\n  - package: acme/lookout_helpers\n    version: 1.0.0\n"
    planned = plan_package({"packages.yml": other}, ours, ROOT)
    assert planned is not None
    assert yaml.safe_load(planned.after)["packages"][1] == ours
    assert plan_package({"packages.yml": planned.after}, ours, ROOT) is None


def test_the_schema_is_written_only_when_it_matters() -> None:
    text = "name: shop # ours\nmodels:\n  shop:\n    +materialized: view\n"
    free = {"metadata": {"project_name": "shop"}, "nodes": {}}
    assert plan_schema(text, free, None) == (None, "")
    edit, _ = plan_schema(text, free, "watch")
    assert edit is not None
    assert edit.after == (
        "name: shop # ours\nmodels:\n  lookout:\n    monitoring:\n      +schema: watch\n  shop:\n    +materialized: view\n"
    )
    assert plan_schema(edit.after, free, None) == (None, "")
    node = {"package_name": "shop", "schema": "monitoring", "resource_type": "model", "name": "uptime"}
    taken, why = plan_schema("name: shop\n", {**free, "nodes": {"model.shop.uptime": node}}, None)
    assert taken is not None
    assert yaml.safe_load(taken.after)["models"] == {"lookout": {"monitoring": {"+schema": "lookout_monitoring"}}}
    assert "taken by uptime" in why
    assert set_in_document("a: 1", ["b"], {"c": 2}) == "a: 1\n\nb:\n  c: 2\n"


def test_a_plain_build_is_left_to_the_project() -> None:
    new, told = plan_selectors(None)
    assert new is not None
    assert (new.file, told) == ("selectors.yml", "")
    assert yaml.safe_load(new.after) == {"selectors": [dict(SELECTOR)]}
    assert plan_selectors(new.after) == (None, "")
    others = "selectors:\n  - name: nightly   # ours\n    definition: tag:nightly\n"
    beside, _ = plan_selectors(others)
    assert beside is not None
    assert beside.after.startswith(others)
    assert [s["name"] for s in yaml.safe_load(beside.after)["selectors"]] == ["nightly", "without_lookout"]
    edit, told = plan_selectors(others + "    default: true\n")
    assert edit is None
    assert "default selector nightly in selectors.yml selects Lookout's tables too" in told
    assert plan_selectors(others + "    default: true\n    exclude: package:lookout\n") == (None, "")
    with pytest.raises(ConfigError, match=r"selectors\.yml cannot be added to safely, .*: correct it first\."):
        plan_selectors("selectors: {a: b}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "reports/\n.lookout/\n"),
        ("target/\n/reports\n", "target/\n/reports\n.lookout/\n"),
        ("*.pyc", "*.pyc\nreports/\n.lookout/\n"),
        ("reports/*\n.lookout\n", None),
    ],
)
def test_what_lookout_writes_is_not_committed(before: str | None, after: str | None) -> None:
    edit = plan_gitignore(before)
    assert (edit and edit.after) == after


def test_all_files_are_written_or_none(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("a: 1\n")
    (tmp_path / "taken").write_text("a file where a folder is needed")
    edits = [Edit("a.yml", "a: 1\n", "a: 2\n"), Edit("new.yml", None, "n\n"), Edit("taken/b.yml", None, "b: 1\n")]
    with pytest.raises(ConfigError, match=r"taken/b\.yml"):
        write(tmp_path, edits)
    assert (tmp_path / "a.yml").read_text() == "a: 1\n"
    assert not (tmp_path / "new.yml").exists()
    with pytest.raises(ConfigError, match="changed since it was read"):
        write(tmp_path, [Edit("a.yml", "a: 0\n", "a: 2\n")])


class Theirs:
    """A dbt project that has no Lookout, with tables in a database."""

    def __init__(self, root: Path, warehouse: Connection) -> None:
        self.root = root
        output = {"type": "postgres", "schema": "public", "threads": 1, "password": "", **warehouse.parameters}
        self.put("profiles.yml", yaml.safe_dump({"shop": {"target": "dev", "outputs": {"dev": output}}}))
        self.put(
            "dbt_project.yml", "name: shop\nversion: 1.0.0\nprofile: shop\nflags: {send_anonymous_usage_stats: false}\n"
        )
        self.put(
            "models/hourly.sql", "{{ config(materialized='incremental') }} select * from {{ source('shop', 'events') }}"
        )
        self.put(
            "models/daily.sql", "{{ config(materialized='table') }} select at::date as day from {{ ref('hourly') }}"
        )
        self.put("models/view.sql", "select * from {{ ref('hourly') }}")
        self.put("models/_s.yml", SOURCES)

    def put(self, name: str, text: str) -> None:
        """Write a file of the project."""
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def files(self) -> dict[str, str]:
        """What people would commit, and what stands there."""
        kept = [*self.root.glob("*.yml"), *self.root.glob(".gitignore"), *self.root.glob("models/*")]
        return {str(f.relative_to(self.root)): f.read_text() for f in kept if f.name != "package-lock.yml"}


SOURCES = """version: 2

sources:
  - name: shop
    schema: public
    config: {meta: {owner: backend}}
    tables:
      # Everything that happens.
      - name: events
        loaded_at_field: at
      - name: rare
      - name: notes   # free text
      - name: elsewhere
        loaded_at_field: at
"""
TABLES = """
create table events as select timestamptz '2026-02-01Z' + make_interval(mins => n) as at, n from generate_series(1, 30000) as n;
create table rare as select timestamptz '2026-02-01Z' + make_interval(days => 3 * n) as created_at from generate_series(1, 9) as n;
create table notes (note text);
create table hourly as select * from events;
create table daily as select distinct at::date as day from events;
"""


@pytest.fixture(scope="module")
def theirs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theirs]:
    warehouse = server.create_database("theirs")
    handle = connect(warehouse)
    with handle, handle.cursor() as cursor:
        cursor.execute(TABLES)
    handle.close()
    yield Theirs(tmp_path_factory.mktemp("theirs"), warehouse)
    server.run("drop database theirs with (force)")


def said_as_json(said: Said) -> dict[str, Any]:
    assert (said.code, said.err) == (0, "")
    content: dict[str, Any] = json.loads(said.out)
    return content


def test_from_a_look_to_a_watched_project(theirs: Theirs, lookout: Lookout) -> None:
    before = theirs.files()
    looked = lookout("init", cwd=theirs.root)
    assert looked.code == 0
    assert "+packages:\n" in looked.out
    assert "\x1b[" not in looked.out
    assert "Nothing was written, as there is no terminal to ask on: add --yes" in looked.out
    assert theirs.files() == before

    one = said_as_json(lookout("init", "--limit", "1", "--json", cwd=theirs.root))
    assert ([m["table"] for m in one["monitors"]], one["more"] >= 1, one["written"]) == (["hourly"], True, False)
    assert theirs.files() == before

    found = said_as_json(lookout("init", "--yes", "--json", cwd=theirs.root))
    assert {m["table"]: (m["timestamp_column"], m["grain"], m["reason"]) for m in found["monitors"]} == {
        "hourly": ("at", "hour", "timestamptz in the database, about 60 rows an hour"),
        "shop.events": ("at", "hour", "its loaded_at_field, about 60 rows an hour, owner backend"),
        "daily": ("day", "day", "date in the database, about 1 row a day"),
    }
    assert (found["written"], found["more"]) == (True, 0)
    assert (found["sparse"], found["unclear"], found["absent"]) == (["shop.rare"], ["shop.notes"], ["shop.elsewhere"])
    after = theirs.files()
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"packages.yml", "selectors.yml", ".gitignore", "models/_s.yml", "models/_lookout.yml"}
    assert set(SOURCES.splitlines()) < set(after["models/_s.yml"].splitlines()), "their lines stay as they were"
    assert yaml.safe_load(after["models/_lookout.yml"])["models"] == [
        {"name": name, "config": {"meta": {"lookout": {"timestamp_column": column, "grain": grain}}}}
        for name, column, grain in (("hourly", "at", "hour"), ("daily", "day", "day"))
    ]

    # A second time, before and after `dbt deps`, there is nothing to do.
    again = lookout("init", "--yes", cwd=theirs.root)
    assert (again.code, "Nothing to change: Lookout is in this project; it watches 3 tables." in again.out) == (
        0,
        True,
    )
    assert "run `dbt deps`" in again.out
    deps(theirs.root)
    checked = lookout("doctor", cwd=theirs.root)
    assert (checked.code, "the first `lookout run` makes it" in checked.out) == (0, True)
    again = lookout("init", "--yes", cwd=theirs.root)
    assert (again.code, "Nothing to change" in again.out, "dbt deps" in again.out) == (0, True, False)
    assert theirs.files() == after
    selected = listed(theirs.root)
    assert {"model:shop.hourly", "source:shop.shop.events"} <= selected
    assert not [name for name in selected if ":lookout." in name]
    assert len([name for name in listed(theirs.root, "--select", "package:*") if ":lookout." in name]) > 50

    run = lookout("run", "--as-of", "2026-02-22", "--quiet", "--json", cwd=theirs.root)
    assert json.loads(run.out)["problems"] == []
    assert run.code in (0, 1)


def listed(root: Path, *arguments: str) -> set[str]:
    """What `dbt ls` selects, such as model:shop.hourly."""
    from dbt.cli.main import dbtRunner

    folders = ["--project-dir", str(root), "--profiles-dir", str(root), "--quiet"]
    result = dbtRunner().invoke(
        ["ls", *arguments, "--output", "json", "--output-keys", "unique_id", "resource_type", *folders]
    )
    assert result.success, result.exception
    found = [json.loads(line)["unique_id"].split(".", 1) for line in result.result]
    return {f"{kind}:{name}" for kind, name in found}


def deps(root: Path) -> None:
    from dbt.cli.main import dbtRunner

    result = dbtRunner().invoke(["deps", "--project-dir", str(root), "--profiles-dir", str(root), "--quiet"])
    assert result.success, result.exception


@pytest.fixture
def fresh(server: Server, tmp_path: Path) -> Theirs:
    return Theirs(tmp_path, server.embedded.connection("postgres"))


def test_a_person_is_asked(fresh: Theirs, lookout: Lookout, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fresh.files()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for answer in (False, True):
        monkeypatch.setattr("typer.confirm", lambda *_, answer=answer, **__: answer)
        said = lookout("init", cwd=fresh.root)
        assert (said.code, fresh.files() == before) == (0, not answer)
    assert "lookout doctor" in said.out
    assert "lookout run" in said.out


def test_without_any_profile_the_project_alone_is_asked(
    fresh: Theirs, lookout: Lookout, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fresh.root / "profiles.yml").unlink()
    monkeypatch.setattr(Path, "home", lambda: fresh.root)
    said = lookout("init", cwd=fresh.root)
    assert said.code == 0
    assert "shop.events     by day, at: its loaded_at_field, owner backend" in said.out
    assert "There is no profile 'shop' yet" in said.out
    assert "password: \"{{ env_var('DB_PASSWORD') }}\"" in said.out
    assert not (fresh.root / ".lookout").exists()


def test_a_database_that_does_not_answer_is_said(fresh: Theirs, lookout: Lookout) -> None:
    output = {"type": "postgres", "host": "127.0.0.1", "port": 1, "user": "u", "password": "hidden", "dbname": "d"}
    fresh.put(
        "profiles.yml", yaml.safe_dump({"shop": {"target": "dev", "outputs": {"dev": {**output, "schema": "s"}}}})
    )
    said = lookout("init", cwd=fresh.root)
    assert said.code == 0
    assert "Cannot connect to dev (127.0.0.1:1/d)" in said.out
    assert "hidden" not in said.out + said.err


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("models/broken.sql", "select {{ nothing( }}", "dbt cannot parse the project"),
        ("packages.yml", "packages: [", "packages.yml is not valid YAML"),
        (
            "models/_s.yml",
            "x: &t\n  name: events\n  loaded_at_field: at\nsources:\n  - name: shop\n    tables: [*t]\n",
            "models/_s.yml cannot be added to safely, it shares mappings by anchors",
        ),
        ("dbt_project.yml", "name: lookout\nprofile: lookout\n", "Lookout's own project"),
        ("dbt_project.yml", "name: [", "dbt_project.yml cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_nothing_written(
    fresh: Theirs, lookout: Lookout, monkeypatch: pytest.MonkeyPatch, name: str, text: str, told: str
) -> None:
    # The database has none of the tables: without it, the sources are suggested.
    (fresh.root / "profiles.yml").unlink()
    monkeypatch.setattr(Path, "home", lambda: fresh.root)
    fresh.put(name, text)
    before = fresh.files()
    said = lookout("init", "--yes", cwd=fresh.root)
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert len(said.err.splitlines()) == 1
    assert "Traceback" not in said.err
    assert fresh.files() == before


def test_outside_of_a_project(tmp_path: Path, lookout: Lookout) -> None:
    said = lookout("init", cwd=tmp_path)
    assert (said.code, said.out) == (2, "")
    assert "There is no dbt_project.yml" in said.err
