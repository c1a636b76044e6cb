"""Where a published log is read from: a folder or a web address, with limits on size and time."""

from __future__ import annotations

import http.client
import time
from pathlib import Path
from typing import IO, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from salus.ledger.errors import NoLog

ANSWER_SECONDS = 10.0
WHOLE_SECONDS = 3600.0
_CHUNK = 65_536


class Absent(Exception):
    """There is no such file."""


class Unreadable(Exception):
    """The file cannot be read, or is larger than any such file can be. The text says which."""


class Source(Protocol):
    """A place that holds the files of a log."""

    def fetch(self, path: str, most: int) -> bytes:
        """Return a file of at most `most` bytes; Absent or Unreadable otherwise."""
        ...


class Folder:
    """A log on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fetch(self, path: str, most: int) -> bytes:
        """Read one file."""
        try:
            with (self.folder / path).open("rb") as file:
                content = file.read(most + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise Absent from None
        except OSError as reason:
            raise Unreadable(reason.strerror or "it cannot be read") from None
        return _within(content, most)


class NoRedirects(HTTPRedirectHandler):
    """A log is where its address says; following elsewhere would let it send us anywhere."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> None:
        return None


class Web:
    """A log behind http or https. It gives up WHOLE_SECONDS after it was made."""

    def __init__(self, address: str) -> None:
        self._prefix = address.rstrip("/") + "/"
        self._opener = build_opener(NoRedirects)
        self._until = time.monotonic() + WHOLE_SECONDS

    def fetch(self, path: str, most: int) -> bytes:
        """Get one file."""
        try:
            with self._opener.open(self._prefix + path, timeout=ANSWER_SECONDS) as answer:
                return self._read(answer, most)
        except HTTPError as refusal:
            refusal.close()
            if refusal.code in (404, 410):
                raise Absent from None
            raise Unreadable(f"the server answered {refusal.code}") from None
        except (URLError, OSError, http.client.HTTPException) as reason:
            raise Unreadable(f"the server did not answer in order: {type(reason).__name__}") from None

    def _read(self, answer: http.client.HTTPResponse, most: int) -> bytes:
        """Read piece by piece, so that a server which drips cannot hold us for ever."""
        content = b""
        started = time.monotonic()
        while piece := answer.read1(_CHUNK):
            content += piece
            now = time.monotonic()
            if len(content) > most or now - started > ANSWER_SECONDS or now > self._until:
                break
        else:
            if answer.length:
                raise Unreadable("the answer was cut short")
            return content
        _within(content, most)
        raise Unreadable("the server is too slow")


def source_of(place: str | Path) -> Source:
    """Open a folder or an http(s) address; NoLog if it is neither."""
    text = str(place)
    if "://" in text:
        if urlsplit(text).scheme not in ("http", "https"):
            raise NoLog("a log is read from a folder or an http or https address")
        return Web(text)
    folder = Path(place)
    if not folder.is_dir():
        raise NoLog(f"{text} is not a folder; name the folder or the address that holds the file checkpoint")
    return Folder(folder)


def _within(content: bytes, most: int) -> bytes:
    if len(content) > most:
        raise Unreadable(f"it is larger than {most} bytes")
    return content
