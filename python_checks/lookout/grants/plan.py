"""`lookout grants`: the least rights that Lookout's two roles need, as SQL for the administrator of each database.

The reader reads the watched tables of one database and nothing else. The writer keeps the monitoring schema in the
database that dbt builds into and, unless `--no-build` is given, builds the project's own models.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lookout.contracts.spec.model import Contract
from lookout.database.connection import Connection
from lookout.declarations import Declarations
from lookout.errors import ConfigError
from lookout.project.calendar import calendar_name
from lookout.project.declarations.monitor import Monitor
from lookout.project.declarations.nodes import TABLE_TYPES, location_of, relation_name
from lookout.project.workspace import Workspace
from lookout.render.templates import text_templates

READER, WRITER = "lookout_reader", "lookout_writer"
# A run keeps one session a source and, in the warehouse, one for each dbt thread and a few of its own.
READER_CONNECTIONS, WRITER_CONNECTIONS = 5, 20
# Lookout ends its own queries after 5 minutes; this is for queries that it did not send.
READER_TIMEOUT = "10min"

Table = tuple[str, str]


@dataclass(frozen=True)
class Grant:
    """The rights of one role in one database. Tables are (schema, table).

    ``monitoring`` is the schema that Lookout writes to; it is empty for a reader. ``builds`` are the schemas that dbt
    builds the project's models into, ``takes`` the models whose owner the role becomes if another role has built
    them, ``links`` the schemas that ``lookout db link`` imports other databases into. ``profile_user`` is the user of
    profiles.yml.
    """

    connection: str
    role: str
    database: str
    host: str
    port: str
    reads: tuple[Table, ...] = ()
    monitoring: str = ""
    builds: tuple[str, ...] = ()
    takes: tuple[Table, ...] = ()
    links: tuple[str, ...] = ()
    profile_user: str = ""
    connections: int = READER_CONNECTIONS
    timeout: str = READER_TIMEOUT

    @property
    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """Tables to read, by schema."""
        return {
            schema: tuple(table for name, table in self.reads if name == schema)
            for schema in dict.fromkeys(schema for schema, _ in self.reads)
        }


@dataclass(frozen=True)
class Needs:
    """The tables a project reads, by connection, and the schemas it writes.

    ``models`` are the tables dbt builds outside the monitoring schema, ``builds`` the schemas they are in; ``linked``
    are the tables that ``lookout db link`` imports, ``links`` the schemas it imports them into.
    """

    home: str
    reads: Mapping[str, frozenset[Table]] = field(default_factory=dict)
    monitoring: str = ""
    builds: frozenset[str] = frozenset()
    models: frozenset[Table] = frozenset()
    links: frozenset[str] = frozenset()
    linked: Mapping[str, frozenset[Table]] = field(default_factory=dict)


def needs_of(workspace: Workspace, declared: Declarations, *, build: bool = True) -> Needs:
    """Return the needs of a parsed project. With ``build``, the writer also builds, and so owns, its models."""
    watched = workspace.watched_project
    manifest, home = watched.manifest, watched.default_connection
    models = {(str(node["schema"]), relation_name(node)) for node in manifest["nodes"].values() if _is_table(node)}
    reads: dict[str, set[Table]] = {home: set(_calendar(manifest))}
    for connection, read in _watched(declared.monitors, declared.contracts):
        reads.setdefault(connection, set()).add(read)
    schema = workspace.home.schema
    remote, linked = set(), dict[str, set[Table]]()
    for source in manifest["sources"].values():
        connection, source_schema, table = location_of(source, home)
        if connection != home:
            remote.add(str(source["unique_id"]))
            linked.setdefault(connection, set()).add((source_schema, table))
    if build:
        reads[home] |= _read_by_models(manifest, remote)
        reads[home] -= models
    reads[home] = set(_outside(reads[home], schema))
    return Needs(
        home,
        {name: frozenset(tables) for name, tables in reads.items()},
        schema,
        frozenset(_built_schemas(manifest) - {schema}) if build else frozenset(),
        _outside(models, schema) if build else frozenset(),
        frozenset(str(manifest["sources"][source]["schema"]) for source in remote),
        {name: frozenset(tables) for name, tables in linked.items()},
    )


def _outside(tables: Iterable[Table], schema: str) -> frozenset[Table]:
    return frozenset(table for table in tables if table[0] != schema)


def plan_grants(
    needs: Needs,
    outputs: Mapping[str, Connection],
    *,
    reader: str = READER,
    writer: str = WRITER,
    only: Sequence[str] = (),
    link: bool = False,
    take_over: bool = False,
) -> list[Grant]:
    """Return one grant for each database, the sources first. ``only`` are connections to keep.

    With ``link`` the writer may link the other databases; with ``take_over`` it becomes the owner of existing models.

    Raises ConfigError when both roles have the same name, or for a connection in which nothing is watched.
    """
    if reader == writer:
        raise ConfigError(f"Reader and writer are both called '{reader}': give them different names.")
    if not (reader and writer):
        raise ConfigError("A role needs a name: give --reader and --writer one, or leave them out.")
    watched = [*sorted(set(needs.reads) - {needs.home}), needs.home]
    unknown = sorted(set(only) - set(watched))
    if unknown:
        raise ConfigError(f"Nothing is watched in a connection '{unknown[0]}'; there is: {', '.join(watched)}.")
    grants = []
    for name in watched:
        if not only or name in only:
            is_home = name == needs.home
            grant = _grant(needs, outputs[name], writer if is_home else reader, is_home=is_home, link=link)
            grants.append(replace(grant, takes=tuple(sorted(needs.models))) if is_home and take_over else grant)
    return grants


def grants_sql(grants: Iterable[Grant]) -> str:
    """Return the SQL of grants, one transaction for each. It can be run again, and holds no password."""
    environment = text_templates("lookout.grants")
    environment.filters.update(identifier=identifier, literal=literal, remark=_remark)
    template = environment.get_template("grant.sql.j2")
    return "\n\n".join(template.render(grant=grant, tag=_tag(grant)).strip() for grant in grants) + "\n"


def identifier(name: str) -> str:
    """Return a name quoted for SQL, with any characters in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text quoted for SQL, with any characters in it."""
    if "\\" in text:
        return " E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    return "'" + text.replace("'", "''") + "'"


def _remark(text: object) -> str:
    # A line end in a name must not end the SQL comment that it is in.
    return " ".join(str(text).split())


def _tag(grant: Grant) -> str:
    """Return a dollar quote that is in none of the names it encloses."""
    names = f"{grant.role} {grant.database} {grant.monitoring} {grant.takes}"
    tag = "$lookout$"
    while tag in names:
        tag = tag[:-1] + "_$"
    return tag


def _grant(needs: Needs, connection: Connection, role: str, *, is_home: bool, link: bool) -> Grant:
    parameters = connection.parameters
    reads = needs.reads[connection.name]
    if link:
        reads |= needs.linked.get(connection.name, frozenset())
    plain = Grant(
        connection.name,
        role,
        str(parameters.get("dbname", "")),
        str(parameters.get("host", "localhost")),
        str(parameters.get("port", 5432)),
        tuple(sorted(reads)),
        profile_user=str(parameters.get("role") or parameters.get("user", "")),
    )
    if not is_home:
        return plain
    links = tuple(sorted(needs.links)) if link else ()
    # The writer imports the linked tables, and so owns them.
    own = tuple(table for table in plain.reads if table[0] not in links)
    return replace(
        plain,
        reads=own,
        monitoring=needs.monitoring,
        builds=tuple(sorted(needs.builds)),
        links=links,
        connections=WRITER_CONNECTIONS,
        timeout="",
    )


def _watched(monitors: Iterable[Monitor], contracts: Iterable[Contract]) -> Iterator[tuple[str, Table]]:
    for monitor in monitors:
        yield monitor.connection, (monitor.schema, monitor.table)
    for contract in contracts:
        yield contract.connection, (contract.schema, contract.table)
        for rule in contract.rules:
            if rule.kind == "relationship":
                yield contract.connection, (str(rule.arguments["schema"]), str(rule.arguments["table"]))


def _calendar(manifest: Mapping[str, Any]) -> Iterator[Table]:
    name = calendar_name(manifest)
    for source in manifest["sources"].values():
        if name in (f"{source['source_name']}.{source['name']}", source["name"]):
            yield str(source["schema"]), str(source["identifier"])


def _is_table(node: Mapping[str, Any]) -> bool:
    return node["resource_type"] in TABLE_TYPES and (node.get("config") or {}).get("materialized") != "ephemeral"


def _built_schemas(manifest: Mapping[str, Any]) -> set[str]:
    """Return schemas that ``dbt build`` writes to, those of stored test failures included."""
    return {
        str(node["schema"])
        for node in manifest["nodes"].values()
        if _is_table(node) or (node["resource_type"] == "test" and (node.get("config") or {}).get("store_failures"))
    }


def _read_by_models(manifest: Mapping[str, Any], remote: set[str]) -> set[Table]:
    """Return sources in the warehouse that a model, a test or a snapshot selects from."""
    used: set[str] = set()
    for node in manifest["nodes"].values():
        used.update((node.get("depends_on") or {}).get("nodes") or ())
    return {
        (str(source["schema"]), str(source["identifier"]))
        for name, source in manifest["sources"].items()
        if name in used and name not in remote
    }
