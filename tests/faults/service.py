"""A service that takes messages on this machine, and fails in every way."""

from __future__ import annotations

import json
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

TOKEN = "s3cr3t-t0ken"


class Sink:
    """A service on this machine. ``answers`` are used up one a request, then it answers 200."""

    def __init__(self) -> None:
        sink = self
        self.posts: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[Any] = []
        self.always: Any = 200
        self.released = Event()
        self.scheme, self.is_cut = "http", False

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.posts.append(json.loads(body))
                sink.headers.append({**dict(self.headers), "path": self.path})
                answer = sink.answers.pop(0) if sink.answers else sink.always
                if answer == "drip":
                    while not sink.released.wait(0.05):
                        self.wfile.write(b"H")
                elif answer == "flood":
                    self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
                    try:
                        while not sink.released.is_set():
                            self.wfile.write(b"x" * 100_000)
                    except OSError:
                        sink.is_cut = True
                elif answer == "hang":
                    sink.released.wait(20)
                elif answer == "die":
                    self.wfile.write(b"HTTP/1.1 2")
                    self.wfile.flush()
                    self.connection.shutdown(socket.SHUT_RDWR)
                else:
                    status, headers = answer if isinstance(answer, tuple) else (answer, {})
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server.server_port}/hook/{TOKEN}"

    def stages(self) -> list[list[str]]:
        """What each message told: the stages of its alerts, in order."""
        return [sorted(f"{one['alert_key']} {one['stage']}" for one in post["alerts"]) for post in self.posts]

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
