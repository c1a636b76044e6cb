"""Serves written pages and built assets to a real browser, under the policy that Salus serves them with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, unquote

from salus.web.render import CONTENT_SECURITY_POLICY
from support import REPOSITORY

STATIC = REPOSITORY / "src" / "salus" / "web" / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HTML = "text/html; charset=utf-8"
JSON = "application/json"


class PageServer:
    """`pages` answers GET by path; `forms` answers POST with (body, content type) from the form's fields."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.forms: dict[str, Callable[[dict[str, str]], tuple[str, str]]] = {}
        self.address = ""


@contextmanager
def serve() -> Iterator[PageServer]:
    """Serve on a free port of this machine until the block ends."""
    room = PageServer()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = unquote(self.path.partition("?")[0])
            asset = STATIC / path.rsplit("/", 1)[1]
            if path.startswith("/static/") and asset.is_file():
                self.reply(asset.read_bytes(), TYPES[asset.suffix])
            elif path in room.pages:
                self.reply(room.pages[path].encode(), HTML)
            else:
                self.reply(b"", "text/plain", 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            text, kind = room.forms[self.path](dict(parse_qsl(body)))
            self.reply(text.encode(), kind)

        def reply(self, body: bytes, kind: str, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    room.address = f"http://localhost:{server.server_port}"
    try:
        yield room
    finally:
        server.shutdown()
        server.server_close()
