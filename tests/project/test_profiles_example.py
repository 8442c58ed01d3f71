"""profiles.yml.example as people copy it: every output is what it says, over TLS too, and docker-compose.yml fits it."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from lookout.database.connection import Connection, connect
from lookout.errors import ConfigError, SourceError
from lookout.project.profiles import load_profile
from tests.conftest import ROOT, Observed, Said, Server

EXAMPLE = ROOT / "profiles.yml.example"
SECRET = "hunter2 '#\\"
SSL_REQUEST, GSS_REQUEST = 80877103, 80877104


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the example as its profiles.yml."""
    shutil.copy(EXAMPLE, tmp_path / "profiles.yml")
    return tmp_path


class Authority:
    """A certificate authority in a folder, made with the openssl command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority")

    def sign(self, name: str, *, host: str = "") -> tuple[str, str]:
        """Certificate and key of a server (``host``) or of a user."""
        self._openssl(f"req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}")
        (self.folder / "extensions").write_text(f"subjectAltName=DNS:{host or name}\n")
        self._openssl(
            f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out {name}.pem -days 2 "
            "-extfile extensions"
        )
        (self.folder / f"{name}.key").chmod(0o600)
        return str(self.folder / f"{name}.pem"), str(self.folder / f"{name}.key")

    @property
    def file(self) -> str:
        return str(self.folder / "ca.pem")

    def _openssl(self, arguments: str) -> None:
        subprocess.run(["openssl", *arguments.split()], cwd=self.folder, check=True, capture_output=True, timeout=30)


class Door:
    """TLS in front of a server that may have been built without: PostgreSQL's handshake, then everything passed on."""

    def __init__(self, server: Connection, context: ssl.SSLContext) -> None:
        self.server, self.context = server.parameters, context
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client: socket.socket) -> None:
        while int.from_bytes(client.recv(8)[4:], "big") == GSS_REQUEST:
            client.sendall(b"N")
        client.sendall(b"S")
        try:
            inside = self.context.wrap_socket(client, server_side=True)
        except OSError:
            return
        host, port = str(self.server.get("host", "localhost")), self.server["port"]
        if host.startswith("/"):
            behind = socket.socket(socket.AF_UNIX)
            behind.connect(f"{host}/.s.PGSQL.{port}")
        else:
            behind = socket.create_connection((host, port))
        Thread(target=_pass_on, args=(behind, inside), daemon=True).start()
        _pass_on(inside, behind)

    def close(self) -> None:
        self.listener.close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        end.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("TLS is not tested: the openssl command, which makes the certificates, is not installed")
    return Authority(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture
def door(server: Server, authority: Authority) -> Iterator[Callable[..., Door]]:
    """``door(client_certificate=False)``: the suite's server behind TLS as `localhost`."""
    opened: list[Door] = []

    def make(*, client_certificate: bool = False) -> Door:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.sign("server", host="localhost"))
        if client_certificate:
            context.load_verify_locations(authority.file)
            context.verify_mode = ssl.CERT_REQUIRED
        opened.append(Door(server.embedded.connection("postgres"), context))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def production(
    server: Server, authority: Authority, door: Callable[..., Door], monkeypatch: pytest.MonkeyPatch
) -> Door:
    """The environment of the output `production`, at a door with verify-full."""
    opened = door()
    user = str(server.embedded.connection("postgres").parameters.get("user", "postgres"))
    for name, value in {
        "HOST": "localhost",
        "PORT": str(opened.port),
        "USER": user,
        "PASSWORD": SECRET,
        "NAME": "postgres",
        "SSLROOTCERT": authority.file,
    }.items():
        monkeypatch.setenv(f"LOOKOUT_DB_{name}", value)
    return opened


def _ask(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    handle = connect(connection)
    try:
        with handle, handle.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())
    finally:
        handle.close()


def test_the_outputs_need_nothing_but_the_password(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD", SECRET)
    profile = load_profile(folder, "lookout")
    assert profile.target == "warehouse"
    # One whose variables are not set is not available, and hinders nobody.
    usable = {name for name, connection in profile.outputs.items() if not connection.problem}
    assert usable == {"warehouse", "batch_analytics", "cdc_history", "shop_db", "embedded"}
    assert profile.warehouse.parameters["password"] == SECRET
    assert "password" not in profile.outputs["shop_db"].parameters
    assert SECRET not in repr(profile)
    with pytest.raises(ConfigError) as said:
        load_profile(folder, "lookout", "production")
    assert "LOOKOUT_DB_PASSWORD" in str(said.value)
    assert len(str(said.value).splitlines()) == 1


def test_dbt_connects_with_verify_full(folder: Path, production: Door, lookout: Callable[..., Said]) -> None:
    from dbt.cli.main import dbtRunner

    result = dbtRunner().invoke(
        [
            "debug",
            "--connection",
            "--quiet",
            "--profiles-dir",
            str(folder),
            "--project-dir",
            str(ROOT),
            "--target",
            "production",
            "--log-path",
            str(folder / "logs"),
        ]
    )
    assert result.success, result.exception
    warehouse = load_profile(folder, "lookout", "production").warehouse
    assert _ask(warehouse, "select current_database()::text") == [("postgres",)]
    handle = connect(warehouse)
    assert handle.info.ssl_in_use
    handle.close()


@pytest.mark.parametrize(
    ("changed", "message"),
    [("another authority", "certificate verify failed"), ("another name", "does not match host name")],
)
def test_a_server_that_cannot_be_trusted_is_not_spoken_to(
    changed: str, message: str, folder: Path, production: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if changed == "another name":
        monkeypatch.setenv("LOOKOUT_DB_HOST", "127.0.0.1")
    else:
        monkeypatch.setenv("LOOKOUT_DB_SSLROOTCERT", Authority(tmp_path / "theirs").file)
    with pytest.raises(SourceError) as said:
        connect(load_profile(folder, "lookout", "production").warehouse)
    told = str(said.value)
    assert message in told
    assert told.startswith("Cannot connect to production (")
    assert (len(told.splitlines()), SECRET in told, "hunter2" in told) == (1, False, False)


def test_commands_say_so_in_one_sentence(
    folder: Path, production: Door, observed: Observed, lookout: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "profiles.yml").write_text(re.sub("(?m)^lookout:", "observed:", EXAMPLE.read_text()))
    observed.declare({"orders": {"timestamp_column": "at"}}, connection="production")
    monkeypatch.setenv("LOOKOUT_DB_HOST", "127.0.0.1")
    for command in ("run", "doctor"):
        said = lookout(command, "--profiles-dir", str(folder), "--target", "production", cwd=observed.root)
        assert said.code == 2
        (line,) = [line for line in (said.out + said.err).splitlines() if "does not match host name" in line][:1]
        assert "Traceback" not in said.out + said.err
        assert "hunter2" not in said.out + said.err
        assert "production (127.0.0.1:" in line


def test_a_client_certificate_instead_of_a_password(
    server: Server, folder: Path, authority: Authority, door: Callable[..., Door], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = door(client_certificate=True)
    certificate, key = authority.sign("somebody")
    user = str(server.embedded.connection("postgres").parameters.get("user", "postgres"))
    for name, value in {
        "HOST": "localhost",
        "PORT": str(opened.port),
        "USER": user,
        "NAME": "postgres",
        "SSLCERT": certificate,
        "SSLKEY": key,
        "SSLROOTCERT": authority.file,
    }.items():
        monkeypatch.setenv(f"SHOP_DB_{name}", value)
    assert _ask(load_profile(folder, "lookout").outputs["shop_db"], "select 1") == [(1,)]
    monkeypatch.setenv("SHOP_DB_SSLCERT", "")
    with pytest.raises(SourceError) as said:
        connect(load_profile(folder, "lookout").outputs["shop_db"])
    assert len(str(said.value).splitlines()) == 1


def test_an_empty_password_asks_the_password_file(
    server: Server, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # psycopg2 tells which password it was given by the file, whether or not the server asked for one.
    parameters = server.embedded.connection("postgres").parameters
    file = tmp_path / "pgpass"
    file.write_text("*:*:*:*:from the file\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    for name in ("host", "port", "user"):
        monkeypatch.setenv(f"WAREHOUSE_{name.upper()}", str(parameters[name]))
    warehouse = load_profile(folder, "lookout").warehouse
    handle = connect(Connection(warehouse.name, {**warehouse.parameters, "dbname": "postgres"}))
    assert handle.info.password == "from the file"
    handle.close()


def test_compose_brings_up_what_the_example_connects_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD", SECRET)
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    outputs = load_profile(folder, "lookout").outputs
    assert set(compose["services"]) == set(compose["volumes"]) == {"warehouse", "batch_analytics", "cdc_history"}
    for name, service in compose["services"].items():
        parameters, environment = outputs[name].parameters, service["environment"]
        (published,) = service["ports"]
        address, variable, port, inside = re.fullmatch(r"([\d.]+):\$\{(\w+):-(\d+)\}:(\d+)", published).groups()  # type: ignore[union-attr]
        assert (address, int(port), int(inside)) == ("127.0.0.1", parameters["port"], 5432)
        assert variable in EXAMPLE.read_text()
        assert (environment["POSTGRES_USER"], environment["POSTGRES_DB"]) == (parameters["user"], parameters["dbname"])
        assert environment["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
        (volume,) = service["volumes"]
        mounted, folder_inside = volume.split(":")
        assert mounted == name
        assert environment["PGDATA"].startswith(folder_inside + "/")
        assert "pg_isready -h 127.0.0.1" in service["healthcheck"]["test"][1]


def test_the_demo_says_which_databases_it_needs(
    folder: Path, lookout: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKOUT_DB_PASSWORD", SECRET)
    other = lookout("demo", "--profiles-dir", str(folder), "--target", "production", cwd=ROOT)
    assert (other.code, "the target is production: add --target warehouse." in other.err) == (2, True)
    profile = yaml.safe_load(EXAMPLE.read_text())
    del profile["lookout"]["outputs"]["cdc_history"]
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile))
    lacking = lookout("demo", "--profiles-dir", str(folder), cwd=ROOT)
    assert (lacking.code, "in profiles.yml, and cdc_history is not there" in lacking.err) == (2, True)
    profile["lookout"]["outputs"]["cdc_history"] = {
        "type": "postgres",
        "host": "127.0.0.1",
        "port": 1,
        "user": "u",
        "password": SECRET,
        "dbname": "d",
        "schema": "s",
    }
    for name in ("warehouse", "batch_analytics"):
        profile["lookout"]["outputs"][name] = profile["lookout"]["outputs"]["cdc_history"]
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile))
    unreachable = lookout("demo", "--profiles-dir", str(folder), cwd=ROOT)
    assert unreachable.code == 2
    assert "Cannot connect to batch_analytics (127.0.0.1:1/d)" in unreachable.err
    assert "hunter2" not in unreachable.err
