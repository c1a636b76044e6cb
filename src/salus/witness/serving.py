"""Serve a witness over HTTP on the loopback address, with nothing but the standard library.

Beyond this machine it is reached through a proxy that speaks TLS, or a bastion; requests carry no secret.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from salus.kernel import DemoClock, SalusError, SystemClock
from salus.witness.errors import AnotherSize
from salus.witness.model import MOST_BODY_BYTES, Settings
from salus.witness.service import Witness
from salus.witness.store import Folder

HOST = "127.0.0.1"
QUIET_SECONDS = 10.0
_TEXT = "text/plain; charset=utf-8"
_SIZE = "text/x.tlog.size"

log = logging.getLogger("salus.witness")


def run(settings: Settings, ready: Callable[[str, Witness], object]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told the address and the witness. Raises what opening it raises."""
    folder = Folder(settings.data)
    try:
        witness = Witness(settings, folder, DemoClock(settings.clock) if settings.clock else SystemClock())
        with _Server((HOST, settings.port), _Answering) as server:
            server.witness = witness
            address = f"http://{HOST}:{server.server_address[1]}"
            folder.note_address(address)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
            ready(address, witness)
            server.serve_forever(poll_interval=0.1)
    finally:
        folder.close()


class _Server(ThreadingHTTPServer):
    """One thread for each connection; none of them keeps the process from ending."""

    daemon_threads = True
    witness: Witness


class _Answering(BaseHTTPRequestHandler):
    """POST /add-checkpoint, GET /vkey, GET /<SHA-256 of the origin in hex>/checkpoint."""

    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = QUIET_SECONDS
    server_version = "salus-witness"
    sys_version = ""

    def do_POST(self) -> None:
        if self.path != "/add-checkpoint":
            self._answer(HTTPStatus.NOT_FOUND, "there is no such address here\n")
            return
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > MOST_BODY_BYTES:
            self.close_connection = True
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request has at most {MOST_BODY_BYTES} bytes\n")
            return
        try:
            line = self.server.witness.add_checkpoint(self.rfile.read(int(length)))
        except AnotherSize as conflict:
            self._answer(HTTPStatus.CONFLICT, f"{conflict.size}\n", _SIZE)
        except SalusError as refusal:
            log.warning("%s", refusal)
            self._answer(HTTPStatus(refusal.status), f"{refusal}\n")
        else:
            self._answer(HTTPStatus.OK, line)

    def do_GET(self) -> None:
        witness = self.server.witness
        if self.path == "/vkey":
            self._answer(HTTPStatus.OK, f"{witness.key}\n")
            return
        for origin in witness.origins:
            if self.path == f"/{sha256(origin.encode()).hexdigest()}/checkpoint" and (
                kept := witness.checkpoint(origin)
            ):
                self._answer(HTTPStatus.OK, kept)
                return
        self._answer(HTTPStatus.NOT_FOUND, "there is no such file here\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep no log of who asked."""

    def _answer(self, status: HTTPStatus, text: str, kind: str = _TEXT) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)
