"""What a person with a hurry gets wrong: each mistake is one sentence, exit code 2, and the rest is evaluated."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lookout.database.connection import clean_message, connect
from lookout.errors import ConfigError, SourceError
from lookout.masking import mask_secrets
from lookout.project.profiles import load_profile
from tests.conftest import MONITORING, Observed, Said

Lookout = Callable[..., Said]

HOSTILE = 'Ord"er; drop table x; -- [/b] é%s {name}'
LONG = "a" * 62 + "Z"
HISTORY = """
    insert into {} select day + interval '5 hours'
    from generate_series(timestamptz '2026-01-01Z', timestamptz '2026-03-01Z', interval '1 day') as day,
        generate_series(1, 200)
"""


def rows(observed: Observed, columns: str, table: str, rest: str = "") -> list[tuple[Any, ...]]:
    return observed.sql(f"select {columns} from {MONITORING}.{table} {rest}", at="observed")


def test_every_table_that_is_wrong_is_named_and_the_others_are_judged(observed: Observed, lookout: Lookout) -> None:
    quoted = HOSTILE.replace('"', '""').replace("%", "%%")
    for name, column in (
        ("orders", "at"),
        (quoted, 'When "é"; %%s'.replace('"', '""')),
        (LONG, "at"),
        ("future", "at"),
    ):
        observed.sql(f'create table "{name}" ("{column}" timestamptz)', ())
        observed.sql(HISTORY.format(f'"{name}"'), ())
    observed.sql("create table misspelt (created_at timestamptz); create table bare (at timestamptz)")
    observed.sql("create table textual (at text); insert into textual values ('yesterday')")
    observed.sql(
        "create table young (at timestamptz); insert into young values ('2026-03-01 05:00Z'), ('2026-03-02 05:00Z')"
    )
    observed.sql("insert into future select timestamptz '2026-03-02 05:00Z' from generate_series(1, 200)")
    observed.sql("insert into future values ('2031-01-01Z')")
    plain = {"timestamp_column": "at", "metrics": ["row_count"]}
    observed.declare(
        {
            "orders": plain,
            "hostile": {**plain, "table": HOSTILE, "timestamp_column": 'When "é"; %s'},
            "long": {**plain, "table": LONG},
            "future": plain,
            "gone": plain,
            "bare": plain,
            "textual": plain,
            "misspelt": {**plain, "timestamp_column": "creatd_at"},
            "young": plain,
        }
    )
    said = lookout("run", "--as-of", "2026-03-03", cwd=observed.root)
    assert said.code == 2
    assert "Traceback" not in said.out + said.err
    messages = dict(rows(observed, "asset, message", "collection_results"))
    statuses = dict(rows(observed, "asset, status", "collection_results"))
    assert statuses == {
        "public.orders": "ok",
        f"public.{HOSTILE}": "ok",
        f"public.{LONG}": "ok",
        "public.future": "ok",
        "public.gone": "missing_table",
        "public.bare": "empty",
        "public.textual": "wrong_type",
        "public.misspelt": "missing_column",
        "public.young": "ok",
    }
    assert "did you mean 'created_at'" in messages["public.misspelt"]
    assert "after 2026-03-03 00:00 UTC" in messages["public.future"]
    for asset, status in statuses.items():
        if status not in ("ok", "empty"):
            assert said.out.count(f"could not evaluate: shop {asset}: ") == 1, said.out
            assert "\n" not in messages[asset]
            assert messages[asset][-1] in ".?"

    # A day without rows on 2 March is found wherever there is a history.
    found = rows(observed, "asset", "alerts", "where alert_type = 'VOLUME_ANOMALY' and status = 'open' order by asset")
    assert sorted(a for (a,) in found) == sorted(["public.orders", f"public.{HOSTILE}", f"public.{LONG}"])
    judged = rows(
        observed,
        "distinct b.status",
        "baselines",
        f"as b join {MONITORING}.monitors as m using (series_key) where m.asset = 'public.young'",
    )
    assert {s for (s,) in judged} == {"learning", "forecast"}

    listed = lookout("alerts", "list", cwd=observed.root)
    assert (listed.code, listed.err) == (0, "")
    assert "[/b]" in listed.out
    assert not any(ord(c) < 32 and c not in "\n" for c in said.out + said.err + listed.out)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of nothing but a name and a profile."""
    (tmp_path / "dbt_project.yml").write_text("name: mine\nversion: 1.0.0\nprofile: mine\n")
    return tmp_path


def profile(folder: Path, target: str = "dev", **outputs: dict[str, Any]) -> None:
    (folder / "profiles.yml").write_text(yaml.safe_dump({"mine": {"target": target, "outputs": outputs}}))


def postgres(**settings: Any) -> dict[str, Any]:
    return {
        "type": "postgres",
        "host": "localhost",
        "port": 1,
        "user": "me",
        "password": "hunter2",
        "dbname": "d",
        "schema": "s",
        **settings,
    }


def test_no_project(lookout: Lookout, tmp_path: Path) -> None:
    said = lookout("run", cwd=tmp_path)
    assert (said.code, said.out) == (2, "")
    assert "There is no dbt_project.yml in" in said.err


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("mine: [", "is not valid YAML"),
        ("mine:\n  outputs:\n    dev:\n      password: @hunter2\n", "is not valid YAML"),
        ("mine:\n  outputs:\n    dev:\n      password: a: hunter2\n", "is not valid YAML"),
        ("yours: {}", "has no profile 'mine'"),
        ("", "has no profile 'mine'"),
        ("- a\n- b\n", "has no profile 'mine'"),
        ("mine: {target: dev}", "has no output 'dev'; it has: none"),
        ("mine: {target: dev, outputs: [dev]}", "outputs"),
        ("mine: {target: dev, outputs: {dev: hunter2}}", "'dev'"),
        ("mine: {target: dev, outputs: {dev: {type: duckdb}}}", "is of type 'duckdb'; Lookout needs postgres"),
        ("mine: {target: dev, outputs: {dev: {type: postgres, password: \"{{ env_var('NOT_SET') }}\"}}}", "NOT_SET"),
        ("mine: {target: dev, outputs: {dev: {type: postgres, host: '{{ x', pass: hunter2}}}", "profile 'mine'"),
        ("mine: {target: dev, outputs: {dev: {type: postgres, pass: '{{ hunter2'}}}", "profile 'mine'"),
        ("\x00", "profiles.yml"),
    ],
)
def test_a_broken_profile(lookout: Lookout, project: Path, content: str, sentence: str) -> None:
    (project / "profiles.yml").write_text(content)
    said = lookout("run", cwd=project)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
    assert str(project / "profiles.yml") in said.err
    assert "hunter2" not in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert "does not know" not in said.err


def test_a_profile_that_is_not_text(lookout: Lookout, project: Path) -> None:
    (project / "profiles.yml").write_bytes(b"mine: \xff\xfe")
    said = lookout("run", cwd=project)
    assert said.code == 2
    assert str(project / "profiles.yml") in said.err
    assert "does not know" not in said.err


def test_a_variable_that_another_output_lacks_takes_only_that_output_away(project: Path) -> None:
    profile(project, dev=postgres(), other=postgres(password="{{ env_var('NOT_SET') }}"))
    outputs = load_profile(project, "mine").outputs
    assert outputs["dev"].problem == ""
    assert "output 'other' needs the environment variable NOT_SET for its `password`" in outputs["other"].problem
    with pytest.raises(SourceError, match="NOT_SET"):
        connect(outputs["other"])
    with pytest.raises(ConfigError, match="NOT_SET"):
        load_profile(project, "mine", "other")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("name: [", "cannot be read"),
        ("name: mine\n", "names no profile"),
        ("", "names no profile"),
        ("just words", "names no profile"),
    ],
)
def test_a_broken_project(lookout: Lookout, project: Path, content: str, sentence: str) -> None:
    (project / "dbt_project.yml").write_text(content)
    said = lookout("run", cwd=project)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
    assert str(project / "dbt_project.yml") in said.err
    assert len(said.err.strip().splitlines()) == 1


@pytest.mark.parametrize("clock", ["yesterday", "2026-13-01", "", "2026-01-01T25:00", "31/01/2026", "99999-01-01"])
def test_a_clock_that_is_none(lookout: Lookout, project: Path, clock: str) -> None:
    profile(project, dev=postgres())
    said = lookout("run", "--as-of", clock, cwd=project)
    assert (said.code, said.out) == (2, "")
    assert f"--as-of {clock!r} is not a time" in said.err


@pytest.mark.parametrize("clock", ["0001-01-01", "9999-12-31"])
def test_a_clock_at_the_end_of_the_world(lookout: Lookout, project: Path, clock: str) -> None:
    profile(project, dev=postgres())
    said = lookout("run", "--as-of", clock + "T00:00+14:00" if clock[0] == "0" else clock + "T23:00-12:00", cwd=project)
    assert said.code == 2
    assert "does not know" not in said.err


def test_an_unknown_target(lookout: Lookout, project: Path) -> None:
    profile(project, dev=postgres(), other=postgres())
    said = lookout("run", "--target", "prod", cwd=project)
    assert said.code == 2
    assert "has no output 'prod'; it has: dev, other." in said.err


def test_a_folder_without_profiles(lookout: Lookout, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = lookout("run", "--profiles-dir", str(project), cwd=project)
    assert (said.code, "There is no profiles.yml in" in said.err) == (2, True)
    monkeypatch.setenv("DBT_PROFILES_DIR", str(project / "nowhere"))
    said = lookout("run", cwd=project)
    assert (said.code, "nowhere" in said.err) == (2, True)


def test_a_project_without_the_package(lookout: Lookout, project: Path, server: Any) -> None:
    profile(project, dev=postgres(**server.create_database().parameters, password=""))
    said = lookout("run", cwd=project)
    assert said.code == 2
    assert "does not include the lookout package: add it to packages.yml." in said.err


def test_a_warehouse_that_is_not_there(lookout: Lookout, observed: Observed) -> None:
    folder = observed.root / "elsewhere"
    folder.mkdir(exist_ok=True)
    outputs = {"observed": postgres(), "shop": postgres()}
    (folder / "profiles.yml").write_text(yaml.safe_dump({"observed": {"target": "observed", "outputs": outputs}}))
    observed.declare({"orders": {"timestamp_column": "at"}})
    said = lookout("run", "--profiles-dir", str(folder), cwd=observed.root)
    assert said.code == 2
    assert "Cannot connect to observed (localhost:1/d)" in said.err
    assert "hunter2" not in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"user": "nobody_of_that_name"}, 'role "nobody_of_that_name" does not exist'),
        ({"dbname": "no_such_database"}, 'database "no_such_database" does not exist'),
        ({"role": "no_such_role"}, "no_such_role"),
        ({"port": "five"}, "five"),
    ],
)
def test_a_warehouse_that_refuses(
    lookout: Lookout, observed: Observed, settings: dict[str, Any], sentence: str
) -> None:
    folder = observed.root / "elsewhere"
    folder.mkdir(exist_ok=True)
    base = {**postgres(), **observed.warehouse.parameters, "password": "hunter2"}
    outputs = {"observed": {**base, **settings}, "shop": base}
    (folder / "profiles.yml").write_text(yaml.safe_dump({"observed": {"target": "observed", "outputs": outputs}}))
    observed.declare({"orders": {"timestamp_column": "at"}})
    for command in ("doctor", "run"):
        said = lookout(command, "--profiles-dir", str(folder), cwd=observed.root)
        assert said.code == 2
        assert sentence in said.err + said.out
        assert "hunter2" not in said.err + said.out
        assert "does not know" not in said.err


def test_an_unknown_output_in_the_settings(lookout: Lookout, observed: Observed) -> None:
    observed.declare({"orders": {"timestamp_column": "at"}, "items": {"timestamp_column": "at"}}, connection="shopp")
    said = lookout("collect", cwd=observed.root)
    assert said.code == 2
    assert said.out.count("connection 'shopp' is not an output of profiles.yml; it has: observed, shop.") == 2
    assert "models/sources.yml" in said.out


def test_a_source_that_hangs_is_given_up_and_the_others_are_judged(observed: Observed) -> None:
    from lookout.database.options import CollectOptions
    from lookout.database.retries import Breakers, RetryPolicy

    silent = socket.create_server(("127.0.0.1", 0))
    outputs = yaml.safe_load((observed.root / "profiles.yml").read_text())
    outputs["observed"]["outputs"]["silent"] = postgres(host="127.0.0.1", port=silent.getsockname()[1])
    (observed.root / "profiles.yml").write_text(yaml.safe_dump(outputs))
    observed.sql("create table orders (at timestamptz)")
    observed.sql(HISTORY.format("orders"), ())
    plain = {"timestamp_column": "at", "metrics": ["row_count"]}
    observed.declare({"orders": plain, "far": {**plain, "connection": "silent"}})
    options = CollectOptions(connect_timeout=2, retry=RetryPolicy(max_attempts=1), breakers=Breakers())
    with silent:
        summary = observed.run("2026-03-03", options=options)
    assert summary.exit_code == 2
    assert sorted(summary.open_alerts["alert_type"]) == ["SOURCE_UNREACHABLE", "VOLUME_ANOMALY"]
    assert len(summary.problems) == 1
    assert "hunter2" not in summary.problems[0]


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:hunter2@host/db",
        "postgresql://me:hun@ter2@host/db",
        "password=hunter2 host=x",
        "password='hunter2 hunter2'",
        "{'password': 'hunter2', 'host': 'x'}",
        '"password": "hunter2"',
        "PGPASSWORD=hunter2 psql",
        "pass: hunter2",
        "password = hunter2",
        "API_TOKEN=hunter2",
    ],
)
def test_secrets_are_masked(text: str) -> None:
    assert "hunter2" not in mask_secrets(text)
    assert "ter2" not in mask_secrets(text)
    assert "hunter2" not in clean_message(Exception(text))


def test_what_is_no_secret_stays() -> None:
    text = 'password authentication failed for user "me" at https://example.org/a/b:c@d'
    assert (
        mask_secrets('password authentication failed for user "me"') == 'password authentication failed for user "me"'
    )
    assert "example.org" in mask_secrets(text)
