"""Somebody at a browser with scripts off: a demo session, pages as text, forms with their token."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx

from nodes import Asking
from salus.app import Node, demo_token
from salus.kernel import Role


class Visitor:
    """One person's session on a node's pages."""

    def __init__(self, node: Node, client: Asking, role: Role, facility: str | None = None, resident: str = "") -> None:
        token = demo_token(node, role, facility, resident or None, None)
        self.session = f"demo.{token}"
        self._node, self._client = node, client

    def get(self, path: str) -> httpx.Response:
        """Open a page."""
        return self._client.ask("GET", path, headers=self._headers())

    def post(self, path: str, files: dict[str, Any] | None = None, **fields: str) -> httpx.Response:
        """Send a form."""
        csrf = self._node.custodian.digest("web.form", f"form\x00{self.session}".encode()).hex()
        plain = httpx.Request("POST", f"http://node{path}", data={"csrf": csrf, **fields}, files=files)
        headers = {**self._headers(), "Content-Type": plain.headers["Content-Type"]}
        return self._client.ask("POST", path, headers=headers, content=plain.read())

    def text(self, path: str) -> str:
        """Return what a page says, without its markup."""
        answer = self.get(path)
        assert answer.status_code == 200, (answer.status_code, words_of(answer))
        return words_of(answer)

    def _headers(self) -> dict[str, str]:
        return {"Cookie": f"salus_session={self.session}; salus_form=form", "Accept": "text/html"}


def words_of(answer: httpx.Response) -> str:
    """Return the text of a page in one line."""
    body = re.sub(r"(?s)<svg.*?</svg>|<head>.*?</head>", " ", answer.text)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body))).strip()


def links_of(answer: httpx.Response, beginning: str) -> list[str]:
    """Return the addresses of a page that begin so."""
    return re.findall(rf'href="({re.escape(beginning)}[^"]*)"', answer.text)
