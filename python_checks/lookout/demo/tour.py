"""`lookout demo`: three databases of real data, on the embedded server or your own, and one run over the year 2013."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pandas as pd
import psycopg2
from rich.console import Console
from rich.table import Table

from lookout.database.connection import Connection, clean_message, connect
from lookout.database.embedded import DATABASES, EmbeddedServer, state_directory
from lookout.database.store import Store
from lookout.demo import flights, resiliency
from lookout.errors import ConfigError, SourceError
from lookout.project.files import find_project, profile_name
from lookout.project.workspace import Workspace, declares_demo, open_workspace, start_embedded
from lookout.render.progress import Narrator
from lookout.runs.landing import ensure_landing
from lookout.runs.link import link_sources
from lookout.runs.recording import new_run_id
from lookout.runs.run import run_all
from lookout.runs.summary import RunSummary

SEED = 2013
MOST_ALERTS = 10
MONTHLY = """
select to_char(window_start at time zone 'UTC', 'Mon') as month, count(*) as n
from {schema}.alerts
where window_start < %s
group by 1, date_trunc('month', window_start at time zone 'UTC')
order by date_trunc('month', window_start at time zone 'UTC')
"""
# At most two alerts of a series, the furthest from the expected value, so that one noisy series does not fill the page.
WORST = """
with ranked as (
    select
        *,
        row_number() over (
            partition by connection, asset, metric, column_name
            order by abs(observed_value - expected_value) desc nulls last
        ) as rank_in_series
    from {schema}.alerts
)

select * from ranked
where rank_in_series <= 2
order by status, rank_in_series, abs(score) desc nulls last, window_start
limit %s
"""
CARD = """
select scope, name, score, status from {schema}.scorecard
where scope = 'platform' or (scope = 'layer' and monitored_count > 0)
order by scope desc, name
"""
Loaded = TypeVar("Loaded")


def run_demo(
    start: Path,
    *,
    quiet: bool,
    days: int,
    tests_per_day: int,
    pass_rate: float,
    long_outages: bool,
    profiles_dir: Path | None = None,
    target: str | None = None,
) -> RunSummary:
    """Load everything that is not loaded yet, run Lookout as of the end of 2013 and print what it found.

    With ``profiles_dir`` or ``target``, the three databases are those of profiles.yml, on servers of your own. Raises
    ConfigError when the profile lacks one, and SourceError when one cannot be filled.
    """
    narrator = Narrator(quiet=quiet)
    root = find_project(start.resolve())
    if not declares_demo(root):
        raise ConfigError(
            f"The demo is part of Lookout's own repository; {root} is another dbt project: use `lookout run`."
        )
    if profiles_dir or target:
        workspace = _profile_databases(root, profiles_dir, target)
    else:
        workspace = embedded_databases(root, narrator)
    frame = resiliency.generate(
        seed=SEED,
        first_day=flights.AS_OF.date() - timedelta(days=days),
        days=days,
        tests_per_day=tests_per_day,
        pass_rate=pass_rate,
        long_outages=long_outages,
    )
    fill(workspace, narrator, frame)
    summary = run_all(workspace, narrator, run_id=new_run_id())
    if not quiet:
        _show(workspace, summary)
    return summary


def fill(workspace: Workspace, narrator: Narrator, frame: pd.DataFrame) -> None:
    """Load what is not loaded yet into the three databases; ``frame`` holds resiliency tests to add.

    Raises SourceError when one cannot be filled.
    """
    _load(workspace, narrator)
    with narrator.step("prepare") as step:
        workspace.parse()
        ensure_landing(workspace)
        loaded = _load_resiliency(workspace, frame)
        step.done = f"{loaded:,} new resiliency tests, {_link_once(workspace)}"


def embedded_databases(root: Path, narrator: Narrator) -> Workspace:
    """Return the three databases on the embedded server of the project in ``root``, its clock the end of 2013."""
    with narrator.step("server") as step:
        folder = start_embedded(root, profile_name(root), DATABASES)
        data = EmbeddedServer(folder).data
        where = f"{folder.name}/" if data.parent == folder else data
        step.done = f"PostgreSQL in {where}, databases {', '.join(DATABASES)}"
    return open_workspace(root, profiles_dir=folder, target=DATABASES[0], as_of=flights.AS_OF)


def _profile_databases(root: Path, profiles_dir: Path | None, target: str | None) -> Workspace:
    workspace = open_workspace(root, profiles_dir=profiles_dir, target=target, as_of=flights.AS_OF)
    missing = [name for name in DATABASES if name not in workspace.connections]
    if missing:
        raise ConfigError(
            f"The demo needs the outputs {', '.join(DATABASES)} in profiles.yml, and {missing[0]} is not there, or an "
            "environment variable of it is not set; profiles.yml.example has them."
        )
    if workspace.home.profile.target != DATABASES[0]:
        raise ConfigError(
            f"The demo builds into the output {DATABASES[0]}, and the target is {workspace.home.profile.target}: "
            f"add --target {DATABASES[0]}."
        )
    return workspace


def _load(workspace: Workspace, narrator: Narrator) -> None:
    outputs = workspace.connections
    with narrator.step("load") as step:
        step.total(2)
        batch = _filled(outputs["batch_analytics"], flights.load_batch_analytics)
        step.advance("flights")
        changes = _filled(outputs["cdc_history"], flights.load_cdc_history)
        step.advance("change history")
        step.done = f"{batch['flights']:,} flights, {batch['weather']:,} weather reports, {changes:,} changes"


def _filled(connection: Connection, load: Callable[[Connection], Loaded]) -> Loaded:
    try:
        return load(connection)
    except psycopg2.Error as error:
        raise SourceError(
            f"{connection.location} could not be filled with the demo's data: {clean_message(error)} "
            "It needs a user who may create schemas and tables there."
        ) from error


def _load_resiliency(workspace: Workspace, frame: pd.DataFrame) -> int:
    node = workspace.home.manifest["nodes"]["model.lookout.raw_resiliency_tests"]
    with Store(workspace.home.warehouse, node["schema"]) as store:
        if store.missing_tables([node["alias"]]):
            workspace.home.project.build(["run", "--select", "raw_resiliency_tests"])
    handle = connect(workspace.home.warehouse, application="lookout demo")
    try:
        return resiliency.load(handle, frame, node["schema"], node["alias"])
    finally:
        handle.close()


def _link_once(workspace: Workspace) -> str:
    sources = {(s["schema"], s["identifier"]) for s in workspace.watched_project.manifest["sources"].values()}
    with Store(workspace.home.warehouse) as store:
        found = store.query(
            "select foreign_table_schema as s, foreign_table_name as t from information_schema.foreign_tables"
        )
    if sources <= set(zip(found["s"], found["t"], strict=True)):
        return f"{len(sources)} foreign tables linked"
    try:
        list(link_sources(workspace))
    except SourceError as error:
        if workspace.home.is_embedded or workspace.home.profile.directory == state_directory(workspace.home.root):
            raise
        # Only dbt's own tests and docs of the sources need the link, and a container cannot reach its neighbour as
        # localhost.
        return f"not linked: {error}"
    return f"{len(sources)} foreign tables linked"


def _show(workspace: Workspace, summary: RunSummary) -> None:
    console = Console(highlight=False)
    with workspace.home.store() as store:
        monthly = store.query(MONTHLY, (workspace.as_of,))
        worst = store.query(WORST, (MOST_ALERTS,))
        card = store.query(CARD)
    total = int(monthly["n"].sum())
    console.print(
        f"\n[bold]What Lookout found in 2013[/bold]: {total} alerts, {total / 12:.1f} a month; the ones that stand out:"
    )
    console.print(_alerts(worst))
    counts = [f"{month} {count}" for month, count in zip(monthly["month"], monthly["n"], strict=True)]
    console.print("\n[bold]Alerts a month[/bold]: " + ", ".join(counts))
    console.print("\n[bold]Scorecard[/bold]")
    for _, row in card.iterrows():
        score = "  -" if pd.isna(row["score"]) else f"{row['score']:5.1f}"
        console.print(f"  {row['scope']:<9} {row['name']:<24} {score}  {row['status']}", markup=False)
    console.print("\n[bold]Reports[/bold]")
    root = workspace.home.root
    for path in summary.reports:
        console.print(f"  {path.relative_to(root) if path.is_relative_to(root) else path}", markup=False)
    key = worst.sort_values("window_start")["alert_key"].iloc[0][:8] if len(worst) else "KEY"
    console.print("\n[bold]Try next[/bold]")
    for command, why in (
        (".venv/bin/lookout alerts list --status all", "every alert of the year, newest first"),
        (f".venv/bin/lookout alerts show {key}", "one of them in full, with people's answers"),
        (".venv/bin/lookout run --as-of 2013-02-10", "the morning after the blizzard"),
    ):
        console.print(f"  {command:<54} {why}", markup=False, soft_wrap=True)


def _alerts(frame: pd.DataFrame) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for _, row in frame.sort_values("window_start").iterrows():
        since = row["window_start"]
        moment = f"{since:%Y-%m-%d}" if (since.hour, since.minute) == (0, 0) else f"{since:%Y-%m-%d %H:%M}"
        state = " [bold red]open[/]" if row["status"] == "open" else ""
        table.add_row(moment, f"[bold]{row['asset']}[/]{state}: {row['description']} ({row['reason']})")
    return table
