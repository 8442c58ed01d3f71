"""`lookout doctor`: checks of everything a run needs. Each finding is ok or says what to do."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import psycopg2
from psycopg2 import extensions

from lookout import __version__
from lookout.contracts.compile.file import needed_file
from lookout.database.connection import Connection, clean_message, connect
from lookout.database.embedded import EmbeddedServer
from lookout.database.rights import Rights, read_rights
from lookout.database.store import LANDING_KEYS, Store
from lookout.declarations import Declarations, read_declarations
from lookout.errors import LookoutError
from lookout.grants.plan import Needs, needs_of
from lookout.init.plan import SELECTORS, plan_selectors
from lookout.notify.settings.load import load_settings
from lookout.project.calendar import calendar_name
from lookout.project.declarations.effects import without_effect
from lookout.project.declarations.nodes import location_of, table_nodes
from lookout.project.files import nearest_project, project_name, read_if_there
from lookout.project.own import PACKAGE, own_project
from lookout.project.workspace import Workspace, open_workspace
from lookout.runs.learning.stored import read_stored_calendar

SERVER_VERSIONS = range(13, 19)
PYTHON_VERSIONS = ((3, 10), (3, 13))
MOST_CLOCK_SKEW_SECONDS = 60


@dataclass(frozen=True)
class Finding:
    """The result of one check; ``message`` says what was found or, when not ``ok``, what is wrong and what to do.

    A warning is ``ok``: Lookout can work, and something could be better.
    """

    subject: str
    ok: bool
    message: str
    is_warning: bool = False


def examine(
    start: Path, *, profiles_dir: Path | None = None, target: str | None = None, as_of: str | None = None
) -> list[Finding]:
    """Run all checks in turn; those that cannot run because one before them failed are left out."""
    findings = [*_versions(), _own_project()]
    if nearest_project(start) is None:
        # `open_workspace` would start an embedded server for nothing.
        return [*findings, _nothing_watched(start)]
    try:
        workspace = open_workspace(start, profiles_dir=profiles_dir, target=target, as_of=as_of)
    except LookoutError as error:
        return [*findings, Finding("profile", False, str(error))]
    profile = workspace.home.profile
    kind = "embedded PostgreSQL" if workspace.home.is_embedded else str(profile.directory / "profiles.yml")
    if workspace.home.is_embedded:
        kind += f", data in {EmbeddedServer(profile.directory).data}"
    findings.append(Finding("profile", True, f"{profile.name}, target {profile.target}, from {kind}"))
    project = _project(workspace)
    for connection in workspace.connections.values():
        findings += _database(connection, is_used=not project.ok or connection.name in _used(workspace))
    findings.append(project)
    if not project.ok:
        return findings
    declared = read_declarations(workspace)
    return [
        *findings,
        *_selection(workspace),
        *_settings(declared, {connection.problem for connection in workspace.connections.values()}),
        *(() if declared.problems else _compiled(workspace)),
        *_notifications(workspace),
        *_rights(workspace, declared),
        *_tables(workspace),
    ]


def _versions() -> Iterator[Finding]:
    here = sys.version_info[:2]
    supported = PYTHON_VERSIONS[0] <= here <= PYTHON_VERSIONS[1]
    text = f"{here[0]}.{here[1]}"
    yield Finding("python", supported, text if supported else f"{text} is not supported: use Python 3.10 to 3.13")
    yield Finding("dbt", True, f"dbt-core {version('dbt-core')}, dbt-postgres {version('dbt-postgres')}")


def _own_project() -> Finding:
    """Return whether Lookout was installed with its dbt project."""
    folder = own_project()
    if project_name(folder) == PACKAGE:
        return Finding("lookout", True, f"{__version__}, with its dbt project in {folder}")
    return Finding("lookout", False, f"{__version__} came without its dbt project, {folder}: install it again")


def _nothing_watched(start: Path) -> Finding:
    return Finding(
        "watched",
        False,
        f"nothing is watched in {start}, and there is no dbt_project.yml in it or above it: run `lookout init` in the "
        "dbt project that is to be watched",
    )


def _project(workspace: Workspace) -> Finding:
    try:
        workspace.parse()
    except LookoutError as error:
        return Finding("project", False, str(error))
    return Finding("project", True, f"{workspace.home.root.name}, {len(workspace.home.manifest['nodes'])} nodes")


def _selection(workspace: Workspace) -> Iterator[Finding]:
    """Yield a warning when plain `dbt build` builds Lookout's tables again."""
    if project_name(workspace.home.root) == PACKAGE:
        return
    file = workspace.home.root / SELECTORS
    try:
        edit, message = plan_selectors(read_if_there(file))
    except LookoutError as error:
        yield Finding("plain dbt build", False, str(error))
        return
    if edit is not None:
        message = "builds Lookout's tables, too: `lookout init` writes a selector that leaves them to `lookout run`"
    if message:
        yield Finding("plain dbt build", True, message, is_warning=True)


def _used(workspace: Workspace) -> set[str]:
    """Return outputs that a table names, or dbt builds into, whether or not their settings are right."""
    used = {workspace.home.profile.target}
    for watched in workspace.watched:
        nodes = table_nodes(watched.manifest)
        used |= {watched.default_connection, *(location_of(node, watched.default_connection)[0] for node in nodes)}
    return used


def _database(connection: Connection, *, is_used: bool) -> Iterator[Finding]:
    subject = f"connection {connection.name}"
    if connection.problem:
        # An output for others may lack what only they have: nothing is lost where no table is in it.
        if is_used:
            yield Finding(subject, False, connection.problem)
        return
    try:
        handle = connect(connection, application="lookout doctor", statement_timeout=10, read_only=True)
    except LookoutError as error:
        if is_used:
            yield Finding(subject, False, f"{error} Check host, port, user and password in profiles.yml.")
        else:
            yield Finding(subject, True, f"{error} No table is in it, so nothing is lost.", is_warning=True)
        return
    try:
        with handle, handle.cursor() as cursor:
            cursor.execute("select current_setting('server_version_num')::int / 10000, clock_timestamp(), current_user")
            release, clock, user = cursor.fetchone() or (0, None, "")
            yield _release(subject, connection, int(release), str(user))
            yield _clock(subject, clock)
    finally:
        handle.close()


def _release(subject: str, connection: Connection, release: int, user: str) -> Finding:
    if release in SERVER_VERSIONS:
        return Finding(subject, True, f"PostgreSQL {release} at {connection.location}, as {user}")
    return Finding(subject, False, f"PostgreSQL {release} at {connection.location} is not supported: use 13 to 18")


def _clock(subject: str, clock: datetime | None) -> Finding:
    skew = abs((datetime.now(timezone.utc) - clock).total_seconds()) if clock else float("inf")
    if skew <= MOST_CLOCK_SKEW_SECONDS:
        return Finding(f"{subject}, clock", True, f"agrees with this machine within {max(1, round(skew))} s")
    return Finding(
        f"{subject}, clock",
        False,
        f"differs from this machine's by {skew:.0f} s: set both by NTP, or freshness will be off by that much",
    )


def _rights(workspace: Workspace, declared: Declarations) -> Iterator[Finding]:
    """Yield rights that Lookout's users lack or do not need; databases that cannot be opened are reported before."""
    if declared.problems:
        return
    try:
        needs, alone = needs_of(workspace, declared), needs_of(workspace, declared, build=False)
    except LookoutError:
        # A project that does not include Lookout; `_tables` reports it.
        return
    home = needs.home
    for name in sorted(needs.reads, key=lambda name: (name != home, name)):
        try:
            handle = connect(workspace.connections[name], read_only=True, statement_timeout=10)
            with closing(handle), handle, handle.cursor() as cursor:
                rights = _rights_at(cursor, name, needs, alone)
        except LookoutError:
            continue
        except psycopg2.Error as error:
            yield Finding(f"connection {name}, rights", False, f"could not be looked at: {clean_message(error)}")
            continue
        yield from _right_findings(name, rights, is_embedded=workspace.home.is_embedded)


def _rights_at(cursor: extensions.cursor, name: str, needs: Needs, alone: Needs) -> Rights:
    """Read the rights in one database. ``alone`` are the needs if another role builds the models that Lookout reads."""
    tables = sorted(needs.reads[name] | alone.reads[name])
    if name != needs.home:
        return read_rights(cursor, tables)
    rights = read_rights(
        cursor, tables, monitoring=needs.monitoring, builds=sorted(needs.builds), models=sorted(needs.models)
    )
    # A role that builds a table may write to it.
    built = {f"{schema}.{table}" for schema, table in needs.models}
    return replace(rights, writable=tuple(table for table in rights.writable if table not in built))


def _right_findings(name: str, rights: Rights, *, is_embedded: bool) -> Iterator[Finding]:
    remedy = f"let a DBA run what `lookout grants --connection {name}` prints"
    lacks = rights.lacks
    message = f"{rights.user} may not {lacks}: {remedy}" if lacks else f"{rights.user} may do all that is needed"
    yield Finding(f"connection {name}, rights", not lacks, message)
    if rights.unbuildable:
        message = (
            f"{rights.user} {rights.unbuildable}, so `lookout run` cannot build: {remedy} with --take-over, or let "
            "the owner run dbt, and Lookout `lookout collect`, `learn` and `publish`"
        )
        yield Finding(f"connection {name}, dbt build", True, message, is_warning=True)
    if rights.excess and not is_embedded:
        message = f"{rights.user} {rights.excess}, which Lookout does not need: {remedy}, and connect as that role"
        yield Finding(f"connection {name}, least privilege", True, message, is_warning=True)


def _settings(declared: Declarations, reported: Collection[str]) -> Iterator[Finding]:
    monitors, contracts = declared.monitors, declared.contracts
    yield from (Finding("settings", False, line) for line in declared.problems if line not in reported)
    if not declared.problems and not monitors and not contracts:
        yield Finding(
            "settings",
            False,
            "nothing is watched: add `config: {meta: {lookout: {timestamp_column: ...}}}` to a source or model",
        )
    elif not declared.problems:
        series = sum(len(m.metrics) for m in monitors)
        yield Finding("settings", True, f"{len(monitors)} tables watched, {series} series, {len(contracts)} contracts")
    yield from (Finding("settings", True, line, is_warning=True) for line in without_effect(monitors))
    for contract in contracts:
        if contract.left_out:
            message = f"left to dbt, Lookout does not scan them: {', '.join(contract.left_out)}"
            yield Finding(f"contract {contract.name}", True, message)


def _compiled(workspace: Workspace) -> Iterator[Finding]:
    """Return whether dbt finds the contracts that models sort out rows by as they are declared."""
    for project in workspace.watched:
        file = needed_file(project.root, project.manifest, project.default_connection)
        if file is not None:
            yield Finding("compiled contracts", not file.problem, file.problem or f"{file.path} is up to date")


def _notifications(workspace: Workspace) -> Iterator[Finding]:
    try:
        targets = load_settings(workspace.home.root).targets
    except LookoutError as error:
        yield from (Finding("notifications", False, line) for line in str(error).splitlines())
    else:
        names = ", ".join(targets)
        message = f"{len(targets)} targets: {names}" if names else "nobody is notified; see docs/notifications.md"
        yield Finding("notifications", True, message)


def _tables(workspace: Workspace) -> Iterator[Finding]:
    try:
        with workspace.home.store() as store:
            needed = [*LANDING_KEYS, "alerts", "alert_states"]
            missing = store.missing_tables(needed)
            if missing == needed:
                # Before the first run, nothing is wrong.
                yield Finding("monitoring schema", True, "not there yet: the first `lookout run` makes it")
                return
            if missing:
                yield Finding(
                    "monitoring schema", False, f"{workspace.home.schema} lacks {', '.join(missing)}: run `lookout run`"
                )
                return
            yield Finding("monitoring schema", True, f"{workspace.home.schema}, all {len(needed)} tables are there")
            runs = store.query("select as_of, status from {schema}.lookout_runs order by batch_number desc limit 1")
            if not runs.empty:
                yield Finding(
                    "last run",
                    runs["status"][0] != "failed",
                    f"{runs['status'][0]}, as of {runs['as_of'][0]:%Y-%m-%d %H:%M} UTC",
                )
            yield from _calendar(workspace, store)
    except LookoutError as error:
        yield Finding("monitoring schema", False, str(error))


def _calendar(workspace: Workspace, store: Store) -> Iterator[Finding]:
    entries, problems = read_stored_calendar(store, workspace.home.manifest)
    yield from (Finding("calendar", False, problem) for problem in problems)
    if not entries:
        return
    watched = store.query("select distinct connection, asset from {schema}.monitors where is_active")
    tables = [(str(row["connection"]), str(row["asset"])) for _, row in watched.iterrows()]
    unmatched = {entry.pattern for entry in entries if not any(entry.matches(*table) for table in tables)}
    rest = f"; no watched table matches {', '.join(sorted(unmatched))}" if unmatched else ""
    yield Finding("calendar", True, f"{len(entries)} entries in {calendar_name(workspace.home.manifest)}{rest}")
