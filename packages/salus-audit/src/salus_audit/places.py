"""Where a log is read from: a folder, or an http or https address, with limits on size and time, and no redirects."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, HTTPSConnection
from pathlib import Path
from threading import Timer
from typing import IO, Any, Self
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, Request, build_opener

PATIENCE, DEADLINE = 20.0, 60.0
"""How long a server may be silent, and how long it may take for one file in all tries together."""
_TRIES = 3
_PIECE = 65_536
_MOST_LOOK = 65_536


class Missing(Exception):
    """There is no such file."""


class Unreadable(Exception):
    """A file cannot be read, or is larger than such a file can be. The text says which."""


class NoPlace(Exception):
    """What was named is neither a folder nor an address."""


class _Stay(HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Place:
    """A log's folder or address. It holds nothing open, so that several processes may read from one."""

    where: str

    @classmethod
    def of(cls, where: str) -> Place:
        """Open a folder or address; NoPlace if it is neither."""
        if "://" in where:
            if urlsplit(where).scheme not in ("http", "https") or not urlsplit(where).hostname:
                raise NoPlace("a log is read from a folder, or from an http or https address")
            return cls(where.rstrip("/"))
        if not Path(where).is_dir():
            raise NoPlace(f"{where} is no folder")
        return cls(str(Path(where)))

    def of_log(self) -> Place:
        """Return what is below `log` where a log is there and none is here: a node's folder or address; else this."""
        below = Place(f"{self.where}/log")
        try:
            self.read("checkpoint", _MOST_LOOK)
        except Missing:
            with suppress(Missing, Unreadable):
                below.read("checkpoint", _MOST_LOOK)
                return below
        except Unreadable:
            pass  # whoever reads it says so
        return self

    @property
    def folder(self) -> Path | None:
        """The folder, None for an address."""
        return None if "://" in self.where else Path(self.where)

    def read(self, path: str, most: int) -> bytes:
        """Return a file of at most `most` bytes; Missing or Unreadable otherwise."""
        content = self._from_folder(path, most) if self.folder else self._from_address(path, most)
        if len(content) > most:
            raise Unreadable(f"it is larger than {most} bytes")
        return content

    def _from_folder(self, path: str, most: int) -> bytes:
        try:
            with (Path(self.where) / path).open("rb") as file:
                return file.read(most + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise Missing from None
        except OSError as reason:
            raise Unreadable(reason.strerror or "it cannot be read") from None

    def _from_address(self, path: str, most: int) -> bytes:
        """Ask a few times; one deadline holds for all of it, whatever the server answers how slowly."""
        fault, until = "", time.monotonic() + DEADLINE
        with _Watch(DEADLINE) as watch:
            opener = build_opener(_Stay, _Plain(watch), _Secure(watch))
            for attempt in range(_TRIES):
                time.sleep(attempt)
                left = until - time.monotonic()
                if left <= 0:
                    raise Unreadable(f"the server is too slow; {fault}")
                try:
                    with opener.open(f"{self.where}/{path}", timeout=min(PATIENCE, left)) as answer:
                        return _slowly(answer, most, until)
                except HTTPError as refusal:
                    refusal.close()
                    if refusal.code in (404, 410):
                        raise Missing from None
                    fault = f"the server answered {refusal.code}"
                except (URLError, OSError, HTTPException, ValueError) as reason:
                    fault = f"the server did not answer: {type(reason).__name__}"
        raise Unreadable(fault)


def _slowly(answer: HTTPResponse, most: int, until: float) -> bytes:
    content = bytearray()
    while piece := answer.read1(_PIECE):
        content += piece
        if len(content) > most or time.monotonic() > until:
            break
    if time.monotonic() > until:
        raise Unreadable("the server is too slow")
    if answer.length and len(content) <= most:
        raise HTTPException("the answer was cut short")
    return bytes(content)


class _Watch:
    """Cuts its connections at an instant: a server that sends a byte now and then meets no timeout of a socket."""

    def __init__(self, seconds: float) -> None:
        self._held: list[socket.socket] = []
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        for one in self._held:
            one.close()

    def hold(self, connection: socket.socket) -> None:
        """Watch a connection, too. It is held by another descriptor, since TLS takes the first one away."""
        self._held.append(connection.dup())

    def _cut(self) -> None:
        for one in self._held:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class _Watched(HTTPConnection):
    watch: _Watch

    def connect(self) -> None:
        super().connect()
        self.watch.hold(self.sock)


class _Secured(HTTPSConnection, _Watched):
    """The handshake is watched, too: `_Watched` connects before TLS begins."""


def _made(kind: type[_Watched], watch: _Watch, *given: Any, **more: Any) -> _Watched:
    """Make a connection that is watched. The base classes hand on to each other only what they know themselves."""
    one = kind(*given, **more)
    one.watch = watch
    return one


class _Plain(HTTPHandler):
    def __init__(self, watch: _Watch) -> None:
        super().__init__()
        self._watch = watch

    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(partial(_made, _Watched, self._watch), req)


class _Secure(HTTPSHandler):
    def __init__(self, watch: _Watch) -> None:
        super().__init__(context=_tls())
        self._watch = watch

    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(partial(_made, _Secured, self._watch, context=_tls()), req)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
