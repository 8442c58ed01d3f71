"""A canary in every place where a secret can be: after a run it is in no report, no table and no output."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.conftest import MONITORING, Observed, Said

CANARY = "kAn4ry-1n-a-cage"
# dbt's own files hold what dbt was told; a person wrote the others.
NOT_OURS = ("target", "logs", "models", "dbt_packages")
WRITTEN_BY_PEOPLE = ("profiles.yml", "lookout.yml")


@pytest.fixture
def caged(observed: Observed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Observed:
    """A project whose profile, environment, notifications, models and events hold the canary."""
    monkeypatch.setenv("LOOKOUT_SPOOL", str(tmp_path / "spool"))
    for name in ("VAULT_PASSWORD", "SHOP_TOKEN"):
        monkeypatch.setenv(name, CANARY)
    monkeypatch.setenv("CHANNEL", f"http://127.0.0.1:1/hooks/{CANARY}")
    observed.sql("create table orders (at timestamptz); insert into orders values ('2026-03-01 05:00Z')")
    profile = (observed.root / "profiles.yml").read_text()
    content = yaml.safe_load(profile)
    outputs = content["observed"]["outputs"]
    outputs["vault"] = {**outputs["shop"], "user": "nobody", "password": "{{ env_var('VAULT_PASSWORD') }}"}
    outputs["url"] = {**outputs["shop"], "dbname": f"postgres://u:{CANARY}@h/d"}
    outputs["jinja"] = {**outputs["shop"], "password": f"{{{{ {CANARY}", "user": "{{ nothing"}
    outputs["refused"] = {**outputs["shop"], "dbname": f"no such password={CANARY}"}
    (observed.root / "profiles.yml").write_text(yaml.safe_dump(content))
    (observed.root / "lookout.yml").write_text(
        yaml.safe_dump({"notifications": {"targets": {"ops": {"url": {"env": "CHANNEL"}, "payload": "json"}}}})
    )
    for name, message in (("bare", CANARY), ("pair", f"password={CANARY}"), ("url", f"postgres://u:{CANARY}@h/d")):
        (observed.root / "models" / f"{name}.sql").write_text(f"select cast('{message}' as int) as x")
    tables = {name: {"timestamp_column": "at", "connection": name} for name in ("vault", "url", "jinja", "refused")}
    observed.declare({"orders": {"timestamp_column": "at"}, **tables})
    yield observed
    (observed.root / "profiles.yml").write_text(profile)
    (observed.root / "lookout.yml").unlink()
    for name in ("bare", "pair", "url"):
        (observed.root / "models" / f"{name}.sql").unlink()


def holds_the_canary(root: Path) -> list[str]:
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    ours = [f for f in files if f.relative_to(root).parts[0] not in NOT_OURS and f.name not in WRITTEN_BY_PEOPLE]
    assert any(file.suffix == ".html" for file in ours)
    return [str(file) for file in ours if CANARY.encode() in file.read_bytes()]


def tables_with_the_canary(observed: Observed) -> list[str]:
    relations = observed.sql(
        "select table_name from information_schema.tables where table_schema = %s", (MONITORING,), at="observed"
    )
    assert len(relations) > 20
    return [
        name
        for (name,) in relations
        if observed.sql(
            f'select 1 from {MONITORING}."{name}" as found where found::text like %s limit 1',
            (f"%{CANARY}%",),
            at="observed",
        )
    ]


def test_the_canary_stays_in_its_cage(caged: Observed, lookout: Callable[..., Said], tmp_path: Path) -> None:
    said = [
        lookout("track", "exec", "--name", "load", "--", "sh", "-c", f"echo {CANARY} >&2; exit 3", "--password", CANARY,
                cwd=caged.root),
        lookout("track", "exec", "--with-arguments", "--", "sh", "-c", "exit 3", f"--url=postgres://u:{CANARY}@h/d",
                cwd=caged.root),
        lookout("track", "start", "job", "--metadata", json.dumps({"api_key": CANARY, "to": f"mailto://me:{CANARY}@x"}),
                cwd=caged.root),
        lookout("track", "end", "none", "--error", f"no answer from postgres://u:{CANARY}@h/d", cwd=caged.root),
        lookout("run", cwd=caged.root),
        lookout("run", "--as-of", "2026-03-02", cwd=caged.root),
        lookout("doctor", cwd=caged.root),
        lookout("alerts", "list", cwd=caged.root),
        lookout("runs", cwd=caged.root),
        lookout("report", "--format", "openlineage", cwd=caged.root),
        lookout("notify", "--test", "ops", cwd=caged.root),
    ]  # fmt: skip
    # The command's own standard error is the command's.
    printed = "".join(one.out + one.err for one in said[1:])
    assert "Traceback" not in printed
    assert CANARY not in printed
    assert "***" in printed
    assert holds_the_canary(caged.root) == []
    assert tables_with_the_canary(caged) == []
    assert not any(CANARY.encode() in file.read_bytes() for file in (tmp_path / "spool").rglob("*") if file.is_file())
