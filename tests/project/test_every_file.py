"""Every file that Lookout reads may hold anything: the answer is a result or one sentence of Lookout's own errors.

``LOOKOUT_FUZZ_EXAMPLES`` is the number of examples a file: few in `make test`, many in the suite `fuzz` of
`make test-integrations`. They are the same ones each time, so that a change is what turns them red; with
``LOOKOUT_FUZZ_SEED`` they are others.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from lookout import masking
from lookout.ci.build_target import profile_names
from lookout.ci.outcomes import slower
from lookout.contracts.compile.file import compiled_file
from lookout.contracts.exchange.lookup import import_odcs
from lookout.contracts.spec.declared import load_contracts
from lookout.database.connection import Connection
from lookout.errors import LookoutError
from lookout.init.plan import plan_selectors
from lookout.notify.settings.load import load_settings
from lookout.project.artifacts.damage import leave_out_damaged, read_results
from lookout.project.artifacts.rows import asset_rows, result_rows
from lookout.project.calendar import calendar_name, find_node
from lookout.project.declarations.monitors import load_monitors
from lookout.project.files import (
    packages_folder,
    profile_name,
    project_name,
    read_bytes,
    read_definition,
    read_if_there,
    read_manifest,
)
from lookout.project.profiles import load_profile
from lookout.project.workspace import _names_profile, _remembered_schemas
from lookout.report.docs import publish_docs
from lookout.report.history.summaries import keep, read_summary
from lookout.report.history.trend import read_trend
from lookout.report.write import write_file
from lookout.runs.backtest.files import backtest
from lookout.tracking.dbt.invocations import DbtInvocations
from lookout.tracking.dbt.limits import load_limits
from lookout.tracking.dbt.log import invocations_in, read_log
from lookout.tracking.executions.batch import Recorded
from lookout.tracking.executions.events import End, Event, Lineage, Register, Start, to_line
from lookout.tracking.executions.store import ExecutionStore
from lookout.tracking.lineage.manifest import manifest_lineage
from lookout.tracking.model import Address, Pipeline, PipelineType
from lookout.tracking.sdk.context import _plain_output
from lookout.tracking.sdk.delivery import Delivery
from lookout.tracking.sdk.spool import Spool

EXAMPLES = int(os.environ.get("LOOKOUT_FUZZ_EXAMPLES", "6"))
SEED = int(os.environ.get("LOOKOUT_FUZZ_SEED", "0"))
NOW = datetime(2026, 3, 1, 6, tzinfo=timezone.utc)
INVOCATION = "6c3c1d0f-96ff-4a6b-8c51-6a3d6f7a1c3e"
SCHEMAS = "https://schemas.getdbt.com/dbt"


def node(name: str, **fields: Any) -> dict[str, Any]:
    return {
        **{"unique_id": f"model.shop.{name}", "name": name, "resource_type": "model", "package_name": "shop"},
        **{"schema": "public", "alias": name, "fqn": ["shop", name], "original_file_path": f"models/{name}.sql"},
        **{"config": {"meta": {"lookout": {"timestamp_column": "at", "contract": True}}, "materialized": "table"}},
        **{"columns": {"at": {"name": "at", "data_type": "timestamptz", "meta": {}, "constraints": []}}},
        **{"depends_on": {"nodes": [], "macros": []}, "description": "", "meta": {}, **fields},
    }


MANIFEST: dict[str, Any] = {
    "metadata": {"dbt_schema_version": f"{SCHEMAS}/manifest/v12.json", "project_name": "shop"},
    "nodes": {
        "model.shop.wrong": node("wrong", depends_on={"nodes": ["source.shop.raw.orders"], "macros": []}),
        "model.shop.good": node("good", meta={"lookout": {"pipeline": {"timeliness": "1 hour"}}}),
        "test.shop.unique": node(
            "unique",
            unique_id="test.shop.unique",
            resource_type="test",
            attached_node="model.shop.wrong",
            column_name="at",
            test_metadata={"name": "unique", "namespace": None, "kwargs": {"column_name": "at"}},
        ),
    },
    "sources": {
        "source.shop.raw.orders": node(
            "orders",
            unique_id="source.shop.raw.orders",
            resource_type="source",
            source_name="raw",
            source_meta={"lookout": {"connection": "shop", "freshness": {"warn_after": "1 day"}}},
            freshness={"warn_after": {"count": 1, "period": "day"}},
            loaded_at_field="at",
        )
    },
    "exposures": {"exposure.shop.page": node("page", unique_id="exposure.shop.page", resource_type="exposure")},
    "groups": {"group.shop.team": {"name": "team", "owner": {"name": "ann"}}},
    "macros": {"macro.shop.x": {"name": "x", "package_name": "shop", "depends_on": {"macros": []}}},
    "child_map": {"source.shop.raw.orders": ["model.shop.wrong"]},
    "parent_map": {"model.shop.wrong": ["source.shop.raw.orders"]},
    "unit_tests": {},
    "disabled": {},
}


def result(name: str) -> dict[str, Any]:
    return {
        **{"unique_id": f"model.shop.{name}", "status": "success", "execution_time": 1.5, "failures": None},
        **{
            "timing": [
                {"name": "execute", "started_at": "2026-03-01T05:00:00Z", "completed_at": "2026-03-01T05:00:01Z"}
            ]
        },
        **{"adapter_response": {"_message": "INSERT 0 5", "rows_affected": 5}, "message": "INSERT 0 5"},
        **{"compiled_code": "select 1"},
    }


def results(kind: str, **fields: Any) -> dict[str, Any]:
    metadata = {
        "dbt_schema_version": f"{SCHEMAS}/{kind}.json",
        "generated_at": "2026-03-01T05:00:02.5Z",
        "invocation_id": INVOCATION,
    }
    entries = [{**result("wrong"), **fields}, {**result("good"), **fields}]
    return {"metadata": metadata, "args": {"which": "build"}, "elapsed_time": 2.0, "results": entries}


EVENTS: list[Event] = [
    Start("wrong", "load orders", NOW, execution_metadata={"file": "a.csv"}),
    Register(Pipeline("load orders", PipelineType("load", timeliness="1 hour"), sources=["raw.orders"]), NOW),
    End("wrong", NOW + timedelta(minutes=1), True, inserts=5, start=Start("wrong", "load orders", NOW)),
    Lineage("load orders", (Address("raw.orders"),), (Address("public.orders"),), NOW),
    Start("good", "load items", NOW),
]
LOG_LINES = [
    {
        "info": {"name": "NodeFinished", "invocation_id": INVOCATION, "ts": "2026-03-01T05:00:01.5Z", "msg": "done"},
        "data": {
            "node_info": {
                "unique_id": "model.shop.wrong",
                "node_started_at": "2026-03-01T05:00:00",
                "node_status": "success",
            },
            "run_result": {"message": "INSERT 0 5", "status": "success"},
        },
    },
    {
        "info": {"name": "CommandCompleted", "invocation_id": INVOCATION, "ts": "2026-03-01T05:00:02Z"},
        "data": {"command": "dbt build", "success": True},
    },
]
LOG_TEXT = f"""============================== 05:00:00.000000 | {INVOCATION} ==============================
05:00:00.100000 [info ] [MainThread]: running dbt with arguments {{'invocation_command': 'dbt build'}}
05:00:00.500000 [debug] [Thread-1  ]: Began running node model.shop.good
05:00:01.000000 [info ] [Thread-1  ]: 1 of 1 OK created sql table model public.good [INSERT 0 5 in 0.5s]
05:00:01.100000 [debug] [Thread-1  ]: Finished running node model.shop.good
05:00:01.200000 [debug] [MainThread]: Command `dbt build` succeeded at 05:00:01
"""
OUTPUT = {
    **{"type": "postgres", "host": "h", "user": "u", "port": 5432, "password": "{{ env_var('PW', 'x') }}"},
    **{"dbname": "d", "schema": "public"},
}
PROFILES = {"shop": {"target": "dev", "outputs": {"wrong": OUTPUT, "dev": OUTPUT}}}
NOTIFICATIONS = {
    "notifications": {
        "link": "https://example.com/lookout",
        "timezone": "Europe/Berlin",
        "targets": {"a": {"url": {"env": "A"}, "messages_per_minute": 5}, "b": {"url": "slack://${B}"}},
        "routes": [{"match": {"owner": "x"}, "targets": ["a"], "quiet_hours": {"from": "22:00", "until": "07:00"}}],
        "default": {"targets": ["b"], "digest": {"at": "08:00", "days": ["mon"]}},
    }
}
PROJECT = {"name": "shop", "profile": "shop", "packages-install-path": "dbt_packages", "macro-paths": ["macros"]}
ODCS = {
    **{
        "kind": "DataContract",
        "apiVersion": "v3.0.2",
        "id": "x",
        "version": "1.0.0",
        "status": "active",
        "name": "shop",
    },
    "schema": [
        {
            **{"name": "orders", "physicalName": "public.orders"},
            "properties": [{"name": "id", "logicalType": "integer", "required": True, "primaryKey": True}],
            "quality": [{"type": "sql", "query": "select 1", "mustBe": 0}],
        }
    ],
}
ALERT = ("key", "type", "severity", "connection", "asset", "column", "metric", "owner", "description")
SUMMARY = {
    **{"schema_version": 1, "as_of": NOW.isoformat(), "clock": NOW.isoformat(), "is_evaluated": True, "missing": []},
    "counts": dict.fromkeys(
        [
            *("watched_tables", "not_evaluated", "contracts_held", "contracts_broken", "contracts_not_evaluated"),
            *("failing_tests", "tables", "described_tables", "tested_tables"),
        ],
        1,
    ),
    "scorecard": [{"scope": "platform", "name": "", "score": 50.0, "status": "Good"}],
    "alerts": [{**dict.fromkeys(ALERT, "x"), "since": NOW.isoformat()}],
    "contracts": [dict.fromkeys(("connection", "asset", "name", "status", "detail"), "x")],
    "tables": [dict.fromkeys(("connection", "asset", "status", "message"), "x")],
    "nodes": [{"name": "n", "seconds": 1.0}],
}
SELECTORS = {"selectors": [{"name": "all", "default": True, "definition": {"method": "path", "value": "models"}}]}


def read_the_manifest(root: Path) -> list[str]:
    manifest = read_manifest(root)
    problems = leave_out_damaged(manifest, str(root / "manifest.json"))
    monitors = load_monitors(manifest, default_connection="dev", known_connections=["dev", "shop"], problems=problems)
    load_contracts(manifest, default_connection="dev", known_connections=["dev", "shop"], problems=problems)
    limits = load_limits(manifest, problems=problems)
    asset_rows(manifest, connection="dev", monitored=[m.node_id for m in monitors], as_of=NOW)
    manifest_lineage(manifest, "dev")
    DbtInvocations(manifest, limits).registrations(manifest.get("nodes") or {}, NOW)
    find_node(manifest, calendar_name(manifest))
    return problems


def read_the_results(file: Path) -> list[str]:
    content, problems = read_results(file)
    rows = result_rows(content, MANIFEST, connection="dev", not_after=NOW)
    events = DbtInvocations(MANIFEST).of_results(content)
    [to_line(event) for event in events]
    slower([], content)
    assert len(rows) + len(problems) >= len(content["results"])
    return problems


def read_the_log(root: Path) -> None:
    text = read_bytes(root / "dbt.log").decode("utf-8", "replace")
    invocations_in(text)
    for logged in read_log(text, written_at=NOW):
        [to_line(event) for event in DbtInvocations(MANIFEST).of_log(logged, now=NOW, may_run=False)]


class StoreStub:
    """An execution store that takes everything that a database would."""

    is_about_data = staticmethod(ExecutionStore.is_about_data)

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, events: list[Event]) -> Recorded:
        for event in events:
            to_line(event).encode("ascii")
        self.events += events
        return Recorded()


def deliver(folder: Path) -> StoreStub:
    spool, store = Spool(folder), StoreStub()
    if not spool.problem():
        spool.deliver(store)  # type: ignore[arg-type]
    return store


def read_the_profiles(root: Path) -> None:
    _names_profile(root / "profiles.yml", "shop")
    _plain_output(root, "shop")
    (root / "dbt_project.yml").write_text(yaml.safe_dump(PROJECT))
    profile_names(root, "shop", root)
    load_profile(root, "shop")


def read_the_project(root: Path) -> None:
    read_definition(root)
    project_name(root)
    packages_folder(root)
    compiled_file(root, MANIFEST, "dev")
    profile_name(root)


def read_the_points(root: Path) -> None:
    (root / "series.csv").write_text("series_id,kind,grain\na,count,D\n")
    backtest(root / "series.csv", root / "points.csv", root / "out.csv")


def read_the_history(root: Path) -> None:
    folder = root / "history"
    read_trend(folder, before=NOW + timedelta(days=1))
    keep({"as_of": (NOW + timedelta(days=1)).isoformat()}, folder, write_file)
    read_summary(folder, before=NOW + timedelta(hours=1))


def remembered(root: Path) -> None:
    delivery = Delivery(Connection("x", {}))
    delivery._spool = Spool(root)
    delivery.remembered("x")


def publish(root: Path) -> None:
    publish_docs(root / "site.html", root / "reports", "index.html", write_file)


def lines_of(documents: list[Any]) -> str:
    return "".join(json.dumps(document) + "\n" for document in documents)


Read = Callable[[Path], object]
# By the file's place: how it is read, a valid content, and how that is written.
FILES: dict[str, tuple[Read, Any, Callable[[Any], str]]] = {
    "manifest.json": (read_the_manifest, MANIFEST, json.dumps),
    "run_results.json": (lambda root: read_the_results(root / "run_results.json"), results("run-results/v6"), json.dumps),
    "sources.json": (
        lambda root: read_the_results(root / "sources.json"),
        results("sources/v3", snapshotted_at="2026-03-01T05:00:00Z", max_loaded_at="2026-03-01T04:00:00Z"),
        json.dumps,
    ),
    "dbt.log": (read_the_log, [*LOG_LINES, LOG_TEXT.splitlines()], lambda d: lines_of(d[:-1]) + "\n".join(map(str, d[-1]))
                if isinstance(d, list) and d and isinstance(d[-1], list) else lines_of([d])),
    "spool/events.jsonl": (
        lambda root: deliver(root / "spool"),
        [json.loads(to_line(event)) for event in EVENTS],
        lambda d: lines_of(d) if isinstance(d, list) else lines_of([d]),
    ),
    "spool/delivering.offset": (lambda root: deliver(root / "spool"), 5, str),
    "known/x.json": (remembered, {"active": True, "watermark": "1"}, json.dumps),
    "lookout_schemas.json": (lambda root: _remembered_schemas(root / "lookout_schemas.json"), {"a/b": "c"}, json.dumps),
    "lookout.yml": (lambda root: load_settings(root, {"A": "https://a"}), NOTIFICATIONS, yaml.safe_dump),
    "profiles.yml": (read_the_profiles, PROFILES, yaml.safe_dump),
    "dbt_project.yml": (read_the_project, PROJECT, yaml.safe_dump),
    "selectors.yml": (lambda root: plan_selectors(read_if_there(root / "selectors.yml")), SELECTORS, yaml.safe_dump),
    "contract.yml": (
        lambda root: import_odcs(root / "contract.yml", source="", is_model=False),
        ODCS,
        yaml.safe_dump,
    ),
    "points.csv": (read_the_points, "series_id,ts,value\na,2026-01-01 00:00:00,5\na,2026-01-02 00:00:00,6\n", str),
    "history/2026-03-01T06-00-00Z.json": (read_the_history, SUMMARY, json.dumps),
    "site.html": (publish, "<html><head></head></html>", str),
}  # fmt: skip

DEEP: Any = "end"
for _ in range(60):
    DEEP = [DEEP]
ODD: list[Any] = [
    *(None, True, 0, -1, 3, 2**63, -(2**70), 10**400, 1.5, 1e308, float("nan"), float("inf"), "", " ", "x", "1", "-1"),
    *([], {}, [[]], ["x"], [None], [{}], {"": None}, {"x": {"y": []}}, DEEP, {"x": DEEP}, "x" * 5000, "\x00", "a\x00b"),
    *("\ud800", "é\u202e", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2026-13-45T99:00:00Z"),
    *("99999-01-01", "2026-03-01", "10:00", "{{ x", "{{ env_var('NOT_SET') }}", "{% raw %}", "source('a'", "../../etc"),
    *({"lookout": 5}, {"lookout": {"metrics": 5, "contract": [1]}}, {"count": 1e300, "period": "day"}, {"env": ["x"]}),
]


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where something can be replaced in a document."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return copy.deepcopy(value)
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = copy.deepcopy(value)
    return changed


def spoilt(content: bytes) -> st.SearchStrategy[bytes]:
    """Bytes of a file that was cut, joined, encoded otherwise, or never one of this kind."""
    text = content.decode("utf-8", "replace")
    places = st.integers(0, len(content))
    return st.one_of(
        st.sampled_from(
            [
                *(b"", b"\n", b"\xef\xbb\xbf" + content, text.encode("utf-16"), text.encode("utf-16-le")),
                *(text.encode("latin-1", "replace") + b"\xe9", content * 2, content.replace(b"\n", b"\r\n")),
                *(b"[" * 100_000, b"- " * 3000, b'{"a":' * 5000, b"x" * 300_000, b"\x00" * 1000, b"a: &a [*a]\n"),
                *(b"!!bool x", b"!!timestamp x", b"!!python/object:os.system x", b"2026-13-45", b"{a: *b}", b"- \t- x"),
            ]
        ),
        places.map(lambda place: content[:place]),
        st.tuples(places, st.binary(min_size=1, max_size=6)).map(
            lambda cut: content[: cut[0]] + cut[1] + content[cut[0] :]
        ),
    )


@st.composite
def contents(draw: st.DrawFn, document: Any, written: Callable[[Any], str]) -> bytes:
    for _ in range(draw(st.integers(0, 2))):
        document = replaced(document, draw(st.sampled_from(list(paths(document)))), draw(st.sampled_from(ODD)))
    try:
        content = written(document).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):  # what cannot be written that way
        content = str(document).encode("utf-8", "surrogatepass")
    return draw(spoilt(content)) if draw(st.booleans()) else content


def check(name: str, root: Path) -> None:
    """Read a file; only an error of Lookout's own may come of it, each line a sentence that names the file."""
    sentences: list[str] = []
    # A secret of an earlier example, which may be anything, would be masked in the names of files, too.
    masking._known.clear()
    try:
        FILES[name][0](root)
    except LookoutError as error:
        sentences = str(error).splitlines() or [""]
    unnamed = [line for line in sentences if Path(name).name not in line and "/history" not in line]
    assert unnamed == []
    assert [line for line in sentences if line[-1:] not in (".", "?")] == []


@pytest.mark.parametrize("name", FILES)
def test_any_content_is_a_result_or_a_sentence(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    _, document, written = FILES[name]

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @seed(SEED)
    @given(contents(document, written))
    def fuzz(content: bytes) -> None:
        root = tmp_path_factory.mktemp("fuzz")
        file = root / name
        file.parent.mkdir(exist_ok=True)
        if name == "spool/delivering.offset":
            (root / "spool" / "delivering.jsonl").write_text(lines_of([json.loads(to_line(e)) for e in EVENTS]))
        file.write_bytes(content)
        check(name, root)

    fuzz()


def written(name: str, root: Path) -> Path:
    """Write a valid file and return its path."""
    _, document, write = FILES[name]
    file = root / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(write(document))
    return file


def make_unreadable(file: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("nothing is unreadable to root")
    file.write_text("x")
    file.chmod(0)


KINDS: dict[str, Callable[[Path], None]] = {
    "folder": lambda file: file.mkdir(),
    "dangling link": lambda file: file.symlink_to("nowhere"),
    "link to itself": lambda file: file.symlink_to(file.name),
    "pipe that nobody writes to": os.mkfifo,
    "device without end": lambda file: file.symlink_to("/dev/zero"),
    "unreadable": make_unreadable,
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_a_sentence_and_never_waited_for(kind: str, tmp_path: Path) -> None:
    for name in FILES:
        file = written(name, tmp_path)
        file.unlink()
        KINDS[kind](file)
        check(name, tmp_path)
        if file.is_dir():
            file.rmdir()
        file.unlink(missing_ok=True)


def test_what_is_valid_is_read_without_a_word(tmp_path: Path) -> None:
    for name, (read, *_) in FILES.items():
        written(name, tmp_path)
        assert read(tmp_path) == [] or name not in ("manifest.json", "run_results.json", "sources.json"), name
    assert not (tmp_path / "spool" / "events.rejected").exists()


ANYTHING = st.recursive(
    st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


def spoilt_entry(entry: Any) -> st.SearchStrategy[Any]:
    """An entry in which something is wrong, or that is something else altogether."""
    places = [path for path in paths(entry) if path]
    one = st.tuples(st.sampled_from(places), ANYTHING).map(lambda change: replaced(entry, *change))
    return st.one_of(one, ANYTHING)


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@seed(SEED)
@given(spoilt_entry(result("wrong")))
def test_a_good_result_beside_a_bad_one_is_read(tmp_path_factory: pytest.TempPathFactory, entry: Any) -> None:
    file = tmp_path_factory.mktemp("results") / "run_results.json"
    content = results("run-results/v6")
    file.write_text(json.dumps({**content, "results": [entry, content["results"][1]]}))
    found, problems = read_results(file)
    assert "model.shop.good" in list(result_rows(found, MANIFEST, connection="dev")["node_id"])
    assert "model.shop.good" in [
        e.start.node_id for e in DbtInvocations(MANIFEST).of_results(found) if isinstance(e, End) and e.start
    ]
    assert len(problems) + len(found["results"]) == 2
    assert all(str(file) in problem for problem in problems)


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@seed(SEED)
@given(spoilt_entry(MANIFEST["nodes"]["model.shop.wrong"]))
def test_a_good_node_beside_a_bad_one_is_watched(tmp_path_factory: pytest.TempPathFactory, entry: Any) -> None:
    root = tmp_path_factory.mktemp("manifest")
    nodes = {**MANIFEST["nodes"], "model.shop.wrong": entry}
    (root / "manifest.json").write_text(json.dumps({**MANIFEST, "nodes": nodes}))
    manifest = read_manifest(root)
    problems = leave_out_damaged(manifest, str(root / "manifest.json"))
    monitors = load_monitors(manifest, default_connection="dev", problems=problems)
    contracts = load_contracts(manifest, default_connection="dev", problems=problems)
    assert [m.problem for m in monitors if m.node_id == "model.shop.good"] == [""]
    assert [c.problem for c in contracts if c.node_id == "model.shop.good"] == [""]


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@seed(SEED)
@given(st.lists(st.sampled_from([json.loads(to_line(event)) for event in EVENTS]).flatmap(spoilt_entry), max_size=3))
def test_a_good_event_behind_bad_ones_is_delivered(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    (folder / "events.jsonl").write_text(lines_of(entries) + to_line(EVENTS[-1]) + "\n")
    assert EVENTS[-1] in deliver(folder).events
    assert Spool(folder).is_empty()


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@seed(SEED)
@given(spoilt_entry(OUTPUT))
def test_a_good_output_beside_a_bad_one_is_used(tmp_path_factory: pytest.TempPathFactory, entry: Any) -> None:
    root = tmp_path_factory.mktemp("profile")
    try:
        (root / "profiles.yml").write_text(
            yaml.safe_dump({"shop": {"target": "dev", "outputs": {"wrong": entry, "dev": OUTPUT}}})
        )
    except (ValueError, UnicodeError):  # what YAML cannot say
        return
    profile = load_profile(root, "shop")
    assert profile.warehouse.problem == ""
    assert dict(profile.warehouse.parameters)["dbname"] == "d"


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@seed(SEED)
@given(spoilt_entry(LOG_LINES[0]))
def test_the_rest_of_a_log_is_read(entry: Any) -> None:
    (logged,) = read_log(lines_of([entry, *LOG_LINES[1:]]), written_at=NOW)
    assert (logged.command, logged.succeeded) == ("build", True)
