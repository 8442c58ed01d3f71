"""Tracking from programs: what a pipeline says is recorded, and whatever Lookout meets stays out of its way."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from lookout.database.connection import Connection
from lookout.errors import ConfigError
from lookout.tracking.commands import end_command, exec_command, start_command, watermark_get, watermark_set
from lookout.tracking.executions.store import ExecutionStore
from lookout.tracking.model import Pipeline
from lookout.tracking.sdk.context import find_connection
from lookout.tracking.sdk.execution import Execution, Result
from lookout.tracking.sdk.track import current, track
from lookout.tracking.sdk.tracker import Tracker, Tracking, default_tracker
from tests.conftest import ROOT, Server
from tests.tracking.track_place import T0, empty_execution_store, executions, track_place, url, watermark


@pytest.fixture(scope="module")
def place(server: Server) -> Connection:
    return track_place(server, "track_sdk")


@pytest.fixture
def execution_store(place: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ExecutionStore]:
    monkeypatch.setenv("LOOKOUT_DATABASE_URL", url(place))
    monkeypatch.setenv("LOOKOUT_SPOOL", str(tmp_path / "spool"))
    default_tracker.cache_clear()
    with empty_execution_store(place) as execution_store:
        yield execution_store
    default_tracker().close()
    default_tracker.cache_clear()


def rows(execution_store: ExecutionStore, columns: str = "p.name, e.status") -> list[tuple[Any, ...]]:
    return executions(execution_store, columns)


def test_a_piece_of_work_and_what_it_says_of_itself(execution_store: ExecutionStore) -> None:
    with track(
        "Load Orders", pipeline_type="extraction", next_watermark="2026-01-02", default_watermark="1970-01-01"
    ) as run:
        assert run.watermark == "1970-01-01"
        assert rows(execution_store, "e.status, split_part(e.host, ':', 2), e.end_date") == [
            ("running", str(os.getpid()), None)
        ]
        run.inserts = 10
        run.updates += 2
        run.add(soft_deletes=3)
        run.add(soft_deletes=4)
        run.metadata["file"] = "a.csv"
    what = "p.name, p.pipeline_type, e.status, e.inserts, e.updates, e.soft_deletes, e.total_rows, e.execution_metadata, e.kind"
    assert rows(execution_store, what) == [
        ("load orders", "extraction", "success", 10, 2, 7, None, {"file": "a.csv"}, "sdk")
    ]
    with track("load orders", pipeline_type="extraction", default_watermark="1970-01-01") as run:
        assert run.watermark == "2026-01-02"
        run.next_watermark = datetime(2026, 1, 3, tzinfo=timezone.utc)
    assert watermark(execution_store, "load orders") == "2026-01-03T00:00:00+00:00"


def test_w_k2_a_switched_off_pipeline_is_skipped_with_a_warning(
    execution_store: ExecutionStore, caplog: pytest.LogCaptureFixture
) -> None:
    execution_store.register(Pipeline("p", active=False), at=T0)
    called: list[int] = []

    @track("p")
    def load() -> int:
        called.append(1)
        return 1

    assert load() is None
    with track("p") as run, track("q") as inner:
        assert not run.active
        run.inserts = 1
        run.lineage(sources=["a"], targets=["b"])
        assert inner.parent_id is None
    assert called == []
    assert rows(execution_store) == [("q", "success")]
    assert "'p' is switched off" in caplog.text


def test_w_k2_a_decorated_function_gets_the_run_and_returns_what_it_returns(execution_store: ExecutionStore) -> None:
    @track("with run")
    def one(count: int, run: Execution | None = None) -> int:
        assert run is current()
        run.inserts = count
        return count + 1

    @track("with result")
    def two() -> Result:
        """The docstring."""
        return Result(inserts=1, updates=2, soft_deletes=3, total_rows=6, next_watermark=9, metadata={"a": 1})

    assert one(4) == 5
    assert two().inserts == 1
    assert (two.__name__, two.__doc__) == ("two", "The docstring.")
    assert rows(
        execution_store, "p.name, e.inserts, e.updates, e.soft_deletes, e.total_rows, e.execution_metadata, p.watermark"
    ) == [("with run", 4, None, None, None, {}, None), ("with result", 1, 2, 3, 6, {"a": 1}, "9")]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("no such file"), "ValueError: no such file"),
        (KeyError(), "KeyError"),
        (KeyboardInterrupt(), "interrupted"),
        (SystemExit(3), "exit code 3"),
        (asyncio.CancelledError(), "CancelledError"),
        (ValueError("password=hunter2"), "password=***"),
        (RuntimeError("x\x00\ud800" * 5000), "RuntimeError: x?"),
    ],
)
def test_w_k3_an_exception_is_recorded_and_reaches_the_caller(
    execution_store: ExecutionStore, error: BaseException, told: str
) -> None:
    def load() -> None:
        with track("p", next_watermark="5") as run:
            run.inserts = 3
            raise error

    with pytest.raises(type(error)) as raised:
        load()
    assert raised.value is error
    ((status, ok, reason, ended, reached),) = rows(
        execution_store, "e.status, e.completed_successfully, e.error, e.end_date is not null, p.watermark"
    )
    assert (status, ok, ended, reached) == ("failed", False, True, None)
    assert told in reason
    assert "hunter2" not in reason
    assert current() is None


def test_w_k4_a_failure_of_its_logic_is_recorded_without_an_exception(execution_store: ExecutionStore) -> None:
    @track("p", next_watermark=5)
    def load() -> Result:
        return Result(
            completed_successfully=False, inserts=2, metadata={"why": "x"}, reason="half of the files are missing"
        )

    load()
    with track("q") as run:
        run.inserts = 1
        run.fail("too few")
    assert rows(execution_store, "e.status, e.inserts, e.execution_metadata, e.error, p.watermark") == [
        ("failed", 2, {"why": "x"}, "half of the files are missing", None),
        ("failed", 1, {}, "too few", None),
    ]


def tree(execution_store: ExecutionStore) -> dict[str, str | None]:
    found = execution_store.query(
        "select p.name, q.name from {schema}.pipeline_executions e join {schema}.pipelines p using (pipeline_id) "
        "left join {schema}.pipeline_executions u on e.parent_id = u.execution_id "
        "left join {schema}.pipelines q on u.pipeline_id = q.pipeline_id"
    )
    return dict(found)  # type: ignore[arg-type]


def test_w_k5_nested_executions_find_their_parents(
    execution_store: ExecutionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    @track("leaf")
    def leaf() -> None: ...

    with track("top") as top:
        with track("middle") as middle:
            leaf()
            assert current() is middle
        with ThreadPoolExecutor(2) as pool:
            pool.submit(contextvars.copy_context().run, lambda: track("in a thread").__enter__()).result()
            pool.submit(lambda: track("told", parent=top).__enter__()).result()
            pool.submit(lambda: track("told by id", parent=top.execution_id).__enter__()).result()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: track("alone").__enter__()).result()
        assert current() is top
    monkeypatch.setenv("LOOKOUT_EXECUTION_ID", top.execution_id)
    with track("in a child process"):
        pass
    assert tree(execution_store) == {
        "top": None,
        "middle": "top",
        "leaf": "middle",
        "in a thread": "top",
        "told": "top",
        "told by id": "top",
        "alone": None,
        "in a child process": "top",
    }
    depths = execution_store.query("select max(depth), count(*) from {schema}.pipeline_execution_closure")
    assert depths == [(2, 8 + 6 + 1)]


def test_async_with_and_async_functions(execution_store: ExecutionStore) -> None:
    @track("step")
    async def step(number: int, run: Execution | None = None) -> int:
        assert run is not None
        await asyncio.sleep(0.01)
        assert current() is run
        run.inserts = number
        if number == 3:
            raise ValueError("three")
        return number

    async def main() -> list[Any]:
        async with track("whole") as run:
            found = await asyncio.gather(*(step(n) for n in range(1, 5)), return_exceptions=True)
            assert current() is run
        return found

    found = asyncio.run(main())
    assert [str(f) for f in found] == ["1", "2", "three", "4"]
    assert sorted(rows(execution_store, "p.name, e.status, e.inserts"), key=str) == [
        ("step", "failed", 3),
        ("step", "success", 1),
        ("step", "success", 2),
        ("step", "success", 4),
        ("whole", "success", None),
    ]
    assert tree(execution_store) == {"whole": None, "step": "whole"}


def test_a_cancelled_task_is_recorded(execution_store: ExecutionStore) -> None:
    async def main() -> None:
        async def work() -> None:
            async with track("p"):
                await asyncio.sleep(60)

        task = asyncio.create_task(work())
        while not rows(execution_store):
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert rows(execution_store, "e.status, e.error") == [("failed", "CancelledError")]


def test_many_threads_share_a_tracker(execution_store: ExecutionStore) -> None:
    @track("p", next_watermark=1)
    def load(number: int, run: Execution | None = None) -> None:
        assert run is not None
        threads = [threading.Thread(target=run.add, kwargs={"inserts": 1}) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(load, range(60)))
    assert execution_store.query(
        "select status, inserts, count(*) from {schema}.pipeline_executions group by 1, 2"
    ) == [("success", 4, 60)]


def test_one_tracking_may_be_entered_again_and_within_itself(execution_store: ExecutionStore) -> None:
    tracking = track("p")
    with tracking as outer, tracking as inner:
        assert inner.parent_id == outer.execution_id
    with tracking:
        pass
    assert execution_store.query("select status, count(*) from {schema}.pipeline_executions group by 1") == [
        ("success", 3)
    ]


def test_generators_cannot_be_decorated() -> None:
    def generate() -> Iterator[int]:
        yield 1

    async def generate_later() -> AsyncIterator[int]:
        yield 1

    for function in (generate, generate_later):
        with pytest.raises(ConfigError, match="cannot decorate the generator"):
            track("p")(function)


@pytest.mark.parametrize(
    "wrong", [{"freshness": "soon"}, {"timeliness": (0, "hour")}, {"pipeline_type": " "}, {"sources": [""]}]
)
def test_wrong_settings_are_told_where_they_are_written(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        track("p", **wrong)
    with pytest.raises(ConfigError, match="to the Pipeline"):
        Tracking(None, Pipeline("p"), owner="x")


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (-1, None),
        (True, None),
        ("x", None),
        (1.5, None),
        (float("nan"), None),
        (2**63, None),
        (3.0, 3),
        (Decimal(4), 4),
        (None, None),
    ],
)
def test_what_is_no_count_is_not_recorded_and_breaks_nothing(
    execution_store: ExecutionStore, value: Any, stored: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    with track("p") as run:
        run.inserts = value
    assert rows(execution_store, "e.status, e.inserts") == [("success", stored)]
    assert ("is no number of rows" in caplog.text) == (stored is None and value is not None)


def test_words_that_cannot_be_written_break_nothing(execution_store: ExecutionStore) -> None:
    class Rude:
        def __str__(self) -> str:
            raise RuntimeError("no")

    with track("p") as run:
        run.metadata["x"] = Rude()
    with track("p") as run:
        run.metadata = None  # type: ignore[assignment]
    with contextlib.suppress(ZeroDivisionError), track("p") as run:
        run.next_watermark = Rude()
        raise ZeroDivisionError
    assert rows(execution_store, "e.status") == [("success",), ("success",), ("failed",)]


def test_w_k7_the_orchestrator_is_kept_and_the_pipelines_own_words_win(
    execution_store: ExecutionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "DAG_ID": "shop",
        "TASK_ID": "load",
        "DAG_RUN_ID": "manual__1",
        "EXECUTION_DATE": "2026-01-01",
    }.items():
        monkeypatch.setenv(f"AIRFLOW_CTX_{name}", value)

    class Context:
        run_id, partition_key = "r1", "2026-01-05"

    @track("dagster", metadata={"run_id": "mine"})
    def asset(context: Any) -> None: ...

    with track("airflow") as run:
        run.metadata["task_id"] = "my own"
    asset(context=Context())
    assert rows(execution_store, "e.execution_metadata") == [
        (
            {
                "orchestrator": "airflow",
                "dag_id": "shop",
                "task_id": "my own",
                "run_id": "manual__1",
                "execution_date": "2026-01-01",
            },
        ),
        (
            {
                "orchestrator": "airflow",
                "dag_id": "shop",
                "task_id": "load",
                "run_id": "mine",
                "execution_date": "2026-01-01",
                "partition_key": "2026-01-05",
            },
        ),
    ]


def test_a_batched_tracker_writes_at_its_size_and_when_it_closes(
    execution_store: ExecutionStore, place: Connection
) -> None:
    with Tracker(place, batch_size=10, flush_every=60) as tracker, tracker.track("long") as run:
        for number in range(25):
            with tracker.track("p", next_watermark=number if number == 24 else None) as inner:
                inner.inserts = number
                assert inner.parent_id == run.execution_id
        assert 15 <= len(rows(execution_store)) < 26
    assert execution_store.query(
        "select status, count(*), sum(inserts) from {schema}.pipeline_executions group by 1"
    ) == [("success", 26, 300)]
    assert execution_store.query("select count(*) from {schema}.pipeline_execution_closure") == [(26 + 25,)]
    assert watermark(execution_store, "p") == "24"
    with pytest.raises(ConfigError, match="batch_size"):
        Tracker(batch_size=0)


def test_a_fork_gets_a_connection_of_its_own(execution_store: ExecutionStore) -> None:
    with track("parent"):
        pid = os.fork()
        if pid == 0:
            try:
                with track("child"):
                    pass
            finally:
                os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    assert tree(execution_store) == {"parent": None, "child": "parent"}
    assert {status for _, status in rows(execution_store)} == {"success"}


# Where the database is


def test_the_database_is_found_in_the_environment_then_in_the_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_connection(tmp_path) is None
    (tmp_path / "dbt_project.yml").write_text("name: x\nprofile: shop\n")
    output = {
        "type": "postgres",
        "host": "db",
        "port": 5433,
        "user": "u",
        "dbname": "d",
        "schema": "s",
        "password": "{{ env_var('SHOP_PW') }}",
    }
    (tmp_path / "profiles.yml").write_text(
        yaml.safe_dump({"shop": {"target": "{{ env_var('TARGET', 'dev') }}", "outputs": {"dev": output}}})
    )
    with pytest.raises(ConfigError, match="SHOP_PW"):
        find_connection(tmp_path)
    monkeypatch.setenv("SHOP_PW", "hunter2")
    found = find_connection(tmp_path)
    assert found is not None
    assert dict(found.parameters) == {"host": "db", "port": 5433, "user": "u", "dbname": "d", "password": "hunter2"}
    assert "hunter2" not in repr(found)
    monkeypatch.setenv("LOOKOUT_DATABASE_URL", "postgresql://u:hunter2@other/d")
    found = find_connection(tmp_path)
    assert found is not None
    assert found.parameters["host"] == "other"
    for wrong in ("mysql://u:hunter2@x/y", "host=x password=hunter2 nonsense", "hunter2"):
        monkeypatch.setenv("LOOKOUT_DATABASE_URL", wrong)
        with pytest.raises(ConfigError, match="is no PostgreSQL URL") as error:
            find_connection(tmp_path)
        assert "hunter2" not in str(error.value)


def test_importing_the_sdk_brings_neither_dbt_nor_pandas() -> None:
    code = "import sys; from lookout import track; print([m for m in ('dbt', 'pandas', 'numpy', 'typer') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


# Commands


def test_start_in_one_process_and_end_in_another(execution_store: ExecutionStore, tmp_path: Path) -> None:
    def python(code: str) -> str:
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
        return said.stdout.strip()

    module = "from lookout.tracking.commands import *; "
    key = python(module + "print(start_command('p', next_watermark='7', metadata={'a': 1}))")
    assert rows(execution_store, "e.execution_id, e.status, e.kind, p.origin") == [
        (key, "running", "command", "command")
    ]
    python(module + f"end_command('{key}', inserts=5, metadata={{'b': 2}})")
    python(module + f"end_command('{key}', completed_successfully=False)")
    assert rows(execution_store, "e.status, e.inserts, e.execution_metadata, p.watermark") == [
        ("success", 5, {"a": 1, "b": 2}, "7")
    ]
    with pytest.raises(ConfigError, match="Execution never was never started"):
        end_command("never")
    with pytest.raises(ConfigError, match="inserts"):
        end_command(key, inserts=-1)
    execution_store.query("update {schema}.pipelines set active = false")
    assert start_command("p") is None


@pytest.mark.parametrize(
    ("script", "code", "status", "error"),
    [
        ("echo out; echo err >&2", 0, "success", ""),
        ("echo out; seq 30 >&2; exit 3", 3, "failed", "\n".join(map(str, range(11, 31)))),
        ("exit 4", 4, "failed", "exit code 4"),
        ("echo password=hunter2 >&2; exit 1", 1, "failed", "password=***"),
        ("kill -9 $$", 137, "failed", "ended by signal SIGKILL"),
    ],
)
def test_a_command_runs_as_it_would_anyway(
    execution_store: ExecutionStore, capfd: pytest.CaptureFixture[str], script: str, code: int, status: str, error: str
) -> None:
    assert exec_command(["sh", "-c", script], "Nightly", pipeline_type="job") == code
    found = capfd.readouterr()
    alone = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert (found.out, found.err) == (alone.stdout, alone.stderr)
    ((name, kind, said, reason, metadata),) = rows(
        execution_store, "p.name, p.pipeline_type, e.status, e.error, e.execution_metadata"
    )
    assert (name, kind, said, reason) == ("nightly", "job", status, error)
    assert metadata["exit_code"] == code


@pytest.mark.parametrize("with_arguments", [False, True])
def test_no_argument_of_a_command_is_stored_that_may_be_secret(
    execution_store: ExecutionStore, capfd: pytest.CaptureFixture[str], with_arguments: bool
) -> None:
    arguments = ["-c", "echo refused $1 >&2; exit 1", "--password", "kAn4ry", "--day", "2026-01-01"]
    assert exec_command(["/bin/sh", *arguments], with_arguments=with_arguments) == 1
    ((error, metadata),) = rows(execution_store, "e.error, e.execution_metadata")
    expected = "sh -c *** --password *** --day 2026-01-01" if with_arguments else "sh"
    assert (error, metadata["command"]) == ("refused ***", expected)


@pytest.mark.parametrize(("command", "code"), [("/no/such/command", 127), ("/etc/passwd", 126)])
def test_a_command_that_cannot_be_run_is_one_sentence(
    execution_store: ExecutionStore, capfd: pytest.CaptureFixture[str], command: str, code: int
) -> None:
    assert exec_command([command, "x"]) == code
    said = capfd.readouterr().err.strip()
    assert said.count("\n") == 0
    assert f"'{command}' cannot be run" in said
    assert rows(execution_store, "e.status, e.error") == [("failed", said)]
    with pytest.raises(ConfigError, match="There is no command"):
        exec_command([])


def test_a_command_finds_the_watermark_and_what_it_tracks_belongs_to_it(
    execution_store: ExecutionStore, capfd: pytest.CaptureFixture[str]
) -> None:
    code = "import os; from lookout import track\nwith track('inside'): print(os.environ['LOOKOUT_WATERMARK'])"
    for expected in ("", "7"):
        assert exec_command([sys.executable, "-c", code], "outside", next_watermark="7") == 0
        assert capfd.readouterr().out.strip() == expected
    assert tree(execution_store) == {"outside": None, "inside": "outside"}


def test_signals_reach_the_command(execution_store: ExecutionStore) -> None:
    code = "from lookout.tracking.commands import exec_command; import sys; sys.exit(exec_command(sys.argv[1:], 'p'))"
    inner = "trap 'echo got TERM; exit 7' TERM; echo ready; while :; do sleep 0.05; done"
    process = subprocess.Popen([sys.executable, "-c", code, "sh", "-c", inner], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    assert process.communicate(timeout=60)[0] == "got TERM\n"
    assert process.returncode == 7
    assert rows(execution_store, "e.status, e.execution_metadata->>'exit_code'") == [("failed", "7")]


def test_watermarks_from_the_command_line(execution_store: ExecutionStore) -> None:
    with pytest.raises(ConfigError, match="There is no pipeline 'p'"):
        watermark_get("P", execution_store=execution_store)
    with pytest.raises(ConfigError, match="--force"):
        watermark_set("p", "5", execution_store=execution_store)
    assert watermark_set("p", "5", force=True, execution_store=execution_store) is None
    assert watermark_get(" P ", execution_store=execution_store) == "5"
    with track("p", next_watermark=6):
        with pytest.raises(ConfigError, match="runs since"):
            watermark_set("p", "1", execution_store=execution_store)
        assert watermark_set("p", "1", force=True, execution_store=execution_store) == "5"
    assert watermark_get("p", execution_store=execution_store) == "1", "the execution began at 5"
    with track("p", next_watermark=6):
        pass
    assert watermark_set("p", None, execution_store=execution_store) == "6"
    assert watermark_get("p", execution_store=execution_store) is None
    assert [s for (s,) in execution_store.query("select set_by from {schema}.watermarks order by advanced_at")] == [
        "person",
        "person",
        "execution",
        "person",
    ]


def test_lineage_goes_to_its_writer(
    execution_store: ExecutionStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with track("p", sources=["public.a"], targets=["s3://B/c"]) as run:
        run.lineage(sources=["public.x"], targets=["public.y"])
        run.lineage(sources=["public.x"], targets=["public.y"])
    edges = execution_store.query(
        "select s.name, t.name from {schema}.address_lineage l join {schema}.addresses s on s.address_id = source_address_id "
        "join {schema}.addresses t on t.address_id = target_address_id"
    )
    assert ("public.x", "public.y") in edges, caplog.text


def edges(execution_store: ExecutionStore) -> int:
    return int(execution_store.query("select count(*) from {schema}.address_lineage")[0][0])


def test_sources_and_targets_that_the_code_no_longer_names_are_removed(execution_store: ExecutionStore) -> None:
    with track("p", owner="a", sources=["public.a"], targets=["public.b"]):
        pass
    with track("p"):
        pass
    assert edges(execution_store) == 1
    with track("p", owner="a"):
        pass
    assert edges(execution_store) == 0


def test_an_empty_list_says_that_there_are_none(execution_store: ExecutionStore) -> None:
    with track("p", sources=["public.a"], targets=["public.b"]) as run:
        run.lineage(sources=["public.a", "public.b"], targets=[])
    assert edges(execution_store) == 0
    with track("p", sources=["public.a"], targets=["public.c"]):
        pass
    assert edges(execution_store) == 1
    with track("p", sources=[], targets=[]):
        pass
    assert edges(execution_store) == 0
    assert Pipeline("p").is_reference
    assert not Pipeline("p", sources=[]).is_reference


def test_the_name_of_before_still_works_and_says_the_new_one() -> None:
    code = (
        "import json, warnings\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('default')\n"
        "    from python_checks.track import Pipeline, track\n"
        "import lookout\n"
        "print(json.dumps([track is lookout.track, Pipeline is lookout.Pipeline, [str(w.message) for w in caught]]))"
    )
    # Elsewhere than in the checkout, where a folder has that name.
    done = subprocess.run([sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=True)
    same_track, same_pipeline, warned = json.loads(done.stdout)
    assert (same_track, same_pipeline) == (True, True)
    assert warned == ["python_checks.track is now called lookout: write `from lookout import track`."]
    quiet = subprocess.run(
        [sys.executable, "-c", "from python_checks.track import track"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(quiet.stderr.splitlines()) <= 2
    assert "from lookout import track" in quiet.stderr
