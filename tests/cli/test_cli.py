"""The console command: what people and scripts see of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
import pytest
import typer.main

from lookout import __version__
from lookout.cli.logs import set_up_logging
from lookout.render.progress import Narrator
from tests.conftest import MONITORING, ROOT, Observed, Said
from tests.waiting import Clock

Lookout = Callable[..., Said]
HISTORY = """
    insert into orders select day + interval '5 hours'
    from generate_series(timestamptz '2026-01-01Z', timestamptz '2026-03-01Z', interval '1 day') as day,
        generate_series(1, 200)
"""


def commands() -> Iterator[tuple[str, ...]]:
    from lookout.cli.main import app

    group = typer.main.get_command(app)
    yield ()
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        yield (name,)
        yield from ((name, inner) for inner in getattr(command, "commands", {}))


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_command_explains_itself(lookout: Lookout, tmp_path: Path, command: tuple[str, ...]) -> None:
    for flag in ("--help", "-h"):
        said = lookout(*command, flag, cwd=tmp_path)
        assert (said.code, said.err) == (0, "")
        assert "Usage: " in said.out
    assert list(tmp_path.iterdir()) == []


def test_the_commands_of_the_interface_exist() -> None:
    names = {" ".join(command) for command in commands()}
    wanted = "demo run collect learn report backtest doctor|db url|db start|db stop|db link|alerts list"
    assert {
        name
        for part in wanted.split("|")
        for name in ([part] if " " in part and part[:2] in ("db", "al") else part.split())
    } <= names


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rum"], "No such command 'rum'"),
        (["run", "--asof", "2026-01-01"], "--asof"),
        (["run", "--as-of"], "--as-of"),
        (["alerts", "list", "--limit", "many"], "Invalid value for '--limit'"),
        (["--log-format", "xml", "run"], "--log-format 'xml' is unknown: use text or json."),
        (["db", "url", "a", "b"], "unexpected extra argument"),
        (["backtest"], "--series"),
    ],
)
def test_wrong_arguments(lookout: Lookout, tmp_path: Path, arguments: list[str], sentence: str) -> None:
    said = lookout(*arguments, cwd=tmp_path)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_version(lookout: Lookout, tmp_path: Path) -> None:
    said = lookout("--version", cwd=tmp_path)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("lookout 0.")


def test_an_error_nobody_expected(lookout: Lookout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("line\nbreak, password=hunter2")

    monkeypatch.setattr("lookout.project.workspace.open_workspace", fail)
    said = lookout("run", cwd=tmp_path)
    assert (said.code, said.out) == (2, "")
    assert "KeyError" in said.err
    assert "LOOKOUT_TRACEBACK=1" in said.err
    assert "hunter2" not in said.err
    assert len(said.err.splitlines()) == 1
    monkeypatch.setattr(
        "lookout.project.workspace.open_workspace", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    assert lookout("run", cwd=tmp_path).code == 130


def test_a_day_in_the_life(observed: Observed, lookout: Lookout) -> None:
    observed.sql("create table orders (at timestamptz)")
    observed.sql(HISTORY)
    observed.declare({"orders": {"timestamp_column": "at", "metrics": ["row_count"], "owner": "sales"}})

    calm = lookout("run", "--as-of", "2026-03-02", cwd=observed.root)
    assert calm.code == 0
    assert "As of 2026-03-02 00:00 UTC: Nothing open." in calm.out
    assert "CRITICAL" not in calm.out + calm.err
    steps = [line.split()[0] for line in calm.err.splitlines()]
    assert steps == ["parse", "track", "collect", "build", "profile", "learn", "derive", "publish"]

    said = lookout("--log-format", "json", "run", "--as-of", "2026-03-03", cwd=observed.root)
    assert said.code == 1
    edge, headline = "!" * 80, "shop public.orders: row_count was 0, expected about 200"
    assert said.out.splitlines().count(edge) == 2
    assert said.out.count("CRITICAL DATA RELIABILITY ALERT") == said.out.count("IMMEDIATE ACTION REQUIRED") == 1
    for line in (
        "ALERT TYPE: VOLUME_ANOMALY",
        "TIMESTAMP: 2026-03-02 00:00 UTC",
        f"DESCRIPTION: {headline}",
        "OWNER: sales",
    ):
        assert said.out.splitlines().count(line) == 1
    assert [line for line in said.err.splitlines() if line.startswith("CRITICAL")] == [
        f"CRITICAL ALERT: VOLUME_ANOMALY - {headline}"
    ]
    assert max(len(line) for line in said.out.split(edge)[1].splitlines()) <= 80
    lines = [json.loads(line) for line in said.err.splitlines() if line.startswith("{")]
    assert {line["component"] for line in lines} >= set(steps)
    (run_id,) = {line["run_id"] for line in lines}
    assert [line["component"] for line in lines if "duration_seconds" in line] == steps
    assert observed.sql(f"select run_id from {MONITORING}.lookout_runs where as_of = '2026-03-03Z'", at="observed") == [
        (run_id,)
    ]

    again = lookout("run", "--as-of", "2026-03-03", "--quiet", cwd=observed.root)
    assert (again.code, again.err) == (1, "")
    assert "CRITICAL DATA RELIABILITY ALERT" not in again.out
    assert "1 open alert, 1 critical" in again.out

    told = lookout("run", "--as-of", "2026-03-03T06:00", "--json", cwd=observed.root)
    content = json.loads(told.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert (told.code, content["exit_code"], content["problems"], content["new_alerts"]) == (1, 1, [], 0)
    assert content["as_of"] == "2026-03-03T06:00:00+00:00"
    (alert,) = content["open_alerts"]
    assert (alert["alert_type"], alert["asset"], alert["observed_value"], alert["occurrences"]) == (
        "VOLUME_ANOMALY",
        "public.orders",
        0.0,
        2,
    )
    assert alert["window_start"] == "2026-03-02T00:00:00+00:00"
    assert all(Path(path).exists() for path in content["reports"])
    assert (content["series"], content["observations"]) == (1, 61)

    listed = json.loads(lookout("alerts", "list", "--json", cwd=observed.root).out)
    assert [(a["alert_key"], a["status"]) for a in listed] == [(alert["alert_key"], "open")]
    table = lookout("alerts", "list", "--asset", "order", cwd=observed.root)
    assert (table.code, table.err) == (0, "")
    assert "public.orders" in table.out
    assert "2026-03-02 00:00" in table.out
    for arguments in (["--status", "resolved"], ["--asset", "nothing like it"], ["--limit", "0"]):
        assert lookout("alerts", "list", *arguments, cwd=observed.root).out.strip() == "No alerts."
    assert (
        "--status 'shut' is unknown: use open, resolved or all."
        in lookout("alerts", "list", "--status", "shut", cwd=observed.root).err
    )
    negative = lookout("alerts", "list", "--limit", "-1", cwd=observed.root)
    assert (negative.code, "limit" in negative.err.lower(), "does not know" in negative.err) == (2, True, False)

    found = lookout("doctor", "--json", cwd=observed.root)
    findings = {f["subject"]: f for f in json.loads(found.out)}
    assert (found.code, [f for f in findings.values() if not f["ok"]]) == (0, [])
    assert findings["settings"]["message"] == "1 tables watched, 1 series, 0 contracts"
    assert "as of 2026-03-03 06:00 UTC" in findings["last run"]["message"]
    assert {
        "python",
        "dbt",
        "profile",
        "project",
        "connection observed",
        "connection shop",
        "monitoring schema",
    } <= findings.keys()

    reports = observed.root / "elsewhere_reports"
    written = lookout("report", "--reports", str(reports), "--as-of", "2026-03-03", cwd=observed.root)
    assert (written.code, written.err) == (0, "")
    assert sorted(written.out.split()) == sorted(str(path) for path in reports.iterdir() if path.is_file())
    comment = lookout(
        "report", "--format", "markdown", "--reports", str(reports), "--as-of", "2026-03-04", cwd=observed.root
    )
    assert (comment.code, comment.err) == (0, "")
    assert "2026-03-03" in comment.out
    wrong = lookout("report", "--format", "pdf", "--reports", str(reports), cwd=observed.root)
    assert (wrong.code, wrong.out) == (2, "")
    assert "--format 'pdf' is unknown: use files, markdown, junit, openlineage." in wrong.err
    no_base = lookout(
        "report", "--format", "markdown", "--base", "2020-01-01", "--reports", str(reports), cwd=observed.root
    )
    assert (no_base.code, no_base.out) == (2, "")
    assert len(no_base.err.splitlines()) == 1
    file = observed.root / "elsewhere_reports" / "junit.xml"
    assert (
        lookout("report", "--format", "junit", "--out", str(file), "--as-of", "2026-03-03", cwd=observed.root).code == 0
    )
    assert file.read_text().startswith("<?xml")

    everything = "".join(part for s in (calm, said, again, told, table, found, written) for part in (s.out, s.err))
    assert not [c for c in everything if ord(c) < 32 and c != "\n"]


def test_collect_then_learn_come_to_the_same_as_run(observed: Observed, lookout: Lookout) -> None:
    observed.sql("create table orders (at timestamptz)")
    observed.sql(HISTORY)
    observed.declare({"orders": {"timestamp_column": "at", "metrics": ["row_count"]}})
    assert lookout("collect", "--as-of", "2026-03-03", cwd=observed.root).code == 0
    assert observed.sql(f"select count(*) from {MONITORING}.metric_observations", at="observed") == [(61,)]
    assert observed.sql(f"select count(*) from {MONITORING}.baselines", at="observed") == [(0,)]
    learned = lookout("learn", "--as-of", "2026-03-03", cwd=observed.root)
    assert learned.code == 1
    assert "CRITICAL ALERT: VOLUME_ANOMALY" in learned.err
    assert lookout("run", "--as-of", "2026-03-03", "--quiet", cwd=observed.root).err == ""


def test_doctor_says_what_to_do(observed: Observed, lookout: Lookout) -> None:
    observed.declare({"orders": {"timestamp_column": "at", "metrics": ["row_cuont"]}})
    observed.sql(f"drop table {MONITORING}.baselines cascade", at="observed")
    observed.server.run("drop database shop with (force)")
    said = lookout("doctor", cwd=observed.root)
    assert said.code == 2
    assert {line[:5] for line in said.out.splitlines()} == {"ok   ", "FAIL "}
    failed = [line for line in said.out.splitlines() if line.startswith("FAIL")]
    assert len(failed) == 3
    assert 'database "shop" does not exist' in failed[0]
    assert "did you mean 'row_count'?" in failed[1]
    assert failed[2] == f"FAIL monitoring schema: {MONITORING} lacks baselines: run `lookout run`"


@pytest.mark.parametrize(
    ("selectors", "told"),
    [
        (None, "builds Lookout's tables, too: `lookout init` writes a selector"),
        ("selectors: [{name: own, definition: 'tag:x', default: true}]", "The default selector own in selectors.yml"),
    ],
)
def test_doctor_says_that_a_plain_build_builds_more_than_it_has_to(
    observed: Observed, lookout: Lookout, selectors: str | None, told: str
) -> None:
    observed.declare({})
    file = observed.root / "selectors.yml"
    before = file.read_text()
    try:
        if selectors is None:
            file.unlink()
        else:
            file.write_text(selectors)
        said = lookout("doctor", cwd=observed.root)
    finally:
        file.write_text(before)
    assert [line for line in said.out.splitlines() if line.startswith(f"warn plain dbt build: {told}")]


def test_doctor_reads_limits_as_a_run_does(observed: Observed, lookout: Lookout) -> None:
    observed.declare({"orders": {"timestamp_column": "at", "pipeline": {"freshness": "1 day"}}})
    said = lookout("doctor", cwd=observed.root)
    assert said.code == 2
    assert "set `freshness` of the source's table instead" in said.out


def test_a_clock_ahead_of_this_machine_is_asked_about(
    observed: Observed, lookout: Lookout, monkeypatch: pytest.MonkeyPatch
) -> None:
    observed.declare({})
    day = (datetime.now(timezone.utc) + timedelta(days=400)).date().isoformat()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    said = lookout("run", "--as-of", day, cwd=observed.root)
    assert (said.code, said.out) == (2, "")
    assert f"--as-of {day} lies 399 days ahead of this machine's clock" in said.err
    assert observed.sql(f"select * from {MONITORING}.lookout_runs", at="observed") == []
    # Where nobody can be asked, it is said.
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    said = lookout("learn", "--as-of", day, cwd=observed.root)
    assert (said.code, "399 days ahead" in said.err) == (0, True)
    assert len(observed.sql(f"select * from {MONITORING}.lookout_runs", at="observed")) == 1
    # What the page on troubleshooting says takes it back.
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    observed.sql(page.split("ahead of this machine's clock")[1].split("```sql\n")[1].split("```")[0], at="observed")
    assert observed.sql(f"select * from {MONITORING}.lookout_runs", at="observed") == []


def test_doctor_without_a_project(lookout: Lookout, tmp_path: Path) -> None:
    said = lookout("doctor", cwd=tmp_path)
    assert said.code == 2
    assert f"ok   lookout: {__version__}, with its dbt project in {ROOT}" in said.out
    assert f"FAIL watched: nothing is watched in {tmp_path}, and there is no dbt_project.yml" in said.out
    assert list(tmp_path.iterdir()) == []


def test_in_a_pipe_that_knows_no_more_than_ascii(observed: Observed) -> None:
    observed.declare({"gone": {"timestamp_column": "at", "metrics": ["row_count"], "table": "größe"}})
    done = observed.command(
        "run", "--as-of", "2026-03-03", PYTHONIOENCODING="ascii", TERM="xterm-256color", COLUMNS="40"
    )
    assert done.returncode == 2, done.stderr
    assert "could not evaluate: shop public.gr" in done.stdout
    assert "There is no table" in done.stdout
    assert next(line.split()[0] for line in done.stderr.splitlines() if line.startswith("  ")) == "parse"
    assert not [c for c in done.stdout + done.stderr if ord(c) < 32 and c != "\n"]


def test_log_lines_carry_the_run_and_tracebacks_stay_inside(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import logging

    monkeypatch.setattr("lookout.render.progress.time", Clock(tick=2.5))

    set_up_logging("abc", as_json=True, verbose=False)
    with Narrator(quiet=True).step("learn") as step:
        step.done = 'says "hi"\nand more'
    logging.getLogger("lookout.database.store").warning("one %s", "thing")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["run_id"], first["component"], first["message"]) == ("abc", "learn", 'learn: says "hi"\nand more')
    assert first["duration_seconds"] == 2.5
    assert (second["component"], second["level"], second["message"]) == ("store", "warning", "one thing")
    assert pd.Timestamp(second["at"]).tzinfo is not None
    set_up_logging("abc", as_json=False, verbose=False)
    assert sys.stderr is not None
