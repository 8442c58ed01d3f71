"""Faults of networks and services: a proxy that falls silent, stalls, slows down or cuts, and one process in place of dbt."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from lookout.database.connection import Connection

CHUNK = 4096


@dataclass
class Fault:
    """How a proxy misbehaves; may be changed while connections are open.

    ``is_silent``: nothing passes any more, in no direction, and connections stay open. ``stall_after``: each connection
    stops after so many bytes of the server. ``cut_after``: it is closed instead. ``pause``: seconds before each chunk
    of the server.
    """

    is_silent: bool = False
    stall_after: int | None = None
    cut_after: int | None = None
    pause: float = 0.0


@dataclass
class Proxy:
    """A TCP proxy on a port of 127.0.0.1 in front of a PostgreSQL server; ``connection`` leads through it.

    ``opened`` counts the connections so far. Each keeps the ``fault`` with which it was opened.
    """

    connection: Connection
    fault: Fault = field(default_factory=Fault)
    opened: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def proxy(target: Connection, name: str | None = None, **fault: Any) -> Iterator[Proxy]:
    """Run a proxy in front of ``target`` with such a fault."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        through = {
            **target.parameters,
            "host": "127.0.0.1",
            "port": listening.getsockname()[1],
            "sslmode": "disable",
        }
        running = Proxy(Connection(name or target.name, through), Fault(**fault))
        sockets: list[socket.socket] = []

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    running.opened += 1
                    server = _connected(target.parameters)
                    sockets.extend((client, server))
                    for ends in ((client, server, False), (server, client, True)):
                        threading.Thread(
                            target=_forward, args=(*ends, running.fault, running.is_over), daemon=True
                        ).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield running
        finally:
            running.is_over.set()
            listening.shutdown(socket.SHUT_RDWR)
            for opened in sockets:
                with suppress(OSError):
                    opened.shutdown(socket.SHUT_RDWR)
                opened.close()


def _connected(parameters: Mapping[str, Any]) -> socket.socket:
    host, port = str(parameters.get("host", "localhost")), int(parameters.get("port", 5432))
    if not host.startswith("/"):
        return socket.create_connection((host, port))
    server = socket.socket(socket.AF_UNIX)
    server.connect(f"{host}/.s.PGSQL.{port}")
    return server


def _forward(
    source: socket.socket, sink: socket.socket, is_server: bool, fault: Fault, is_over: threading.Event
) -> None:
    passed = 0
    with suppress(OSError):
        while data := source.recv(CHUNK):
            passed += len(data) if is_server else 0
            if fault.cut_after is not None and passed > fault.cut_after:
                break
            if is_server and fault.pause:
                is_over.wait(fault.pause)
            if fault.is_silent or (fault.stall_after is not None and passed > fault.stall_after):
                is_over.wait()
            sink.sendall(data)
    # Either end may go, and takes the other one along.
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
