"""Where a log is read from: a folder, or an http or https address, with limits on size and time, and no redirects."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

PATIENCE = 20.0
_TRIES = 3
_PIECE = 65_536


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
        fault = ""
        for attempt in range(_TRIES):
            time.sleep(attempt)
            try:
                with build_opener(_Stay).open(f"{self.where}/{path}", timeout=PATIENCE) as answer:
                    return _slowly(answer, most)
            except HTTPError as refusal:
                refusal.close()
                if refusal.code in (404, 410):
                    raise Missing from None
                fault = f"the server answered {refusal.code}"
            except (URLError, OSError, HTTPException) as reason:
                fault = f"the server did not answer: {type(reason).__name__}"
        raise Unreadable(fault)


def _slowly(answer: HTTPResponse, most: int) -> bytes:
    content, until = b"", time.monotonic() + 3 * PATIENCE
    while piece := answer.read1(_PIECE):
        content += piece
        if len(content) > most:
            break
        if time.monotonic() > until:
            raise Unreadable("the server is too slow")
    return content
