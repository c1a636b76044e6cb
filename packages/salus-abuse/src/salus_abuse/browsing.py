"""Somebody at a browser with scripts off, over the node's real HTTP server."""

from __future__ import annotations

import html
import re

import httpx

from salus.app import Node


class Browser:
    """One session on a node's pages."""

    def __init__(self, node: Node, http: httpx.Client, token: str) -> None:
        self._session = f"demo.{token}"
        self._node, self._http = node, http

    def get(self, path: str) -> httpx.Response:
        """Open a page."""
        return self._http.get(path, headers=self._headers())

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form with the token that belongs to this session."""
        csrf = self._node.custodian.digest("web.form", f"form\x00{self._session}".encode()).hex()
        return self._http.post(path, data={"csrf": csrf, **fields}, headers=self._headers())

    def text(self, path: str) -> str:
        """Return what a page says."""
        return words_of(self.get(path))

    def links(self, path: str, beginning: str) -> list[str]:
        """Return the addresses on a page that begin so."""
        return re.findall(rf'href="({re.escape(beginning)}[^"]*)"', self.get(path).text)

    def _headers(self) -> dict[str, str]:
        return {"Cookie": f"salus_session={self._session}; salus_form=form", "Accept": "text/html"}


def words_of(answer: httpx.Response) -> str:
    """Return the text of a page in one line."""
    body = re.sub(r"(?s)<svg.*?</svg>|<head>.*?</head>", " ", answer.text)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body))).strip()
