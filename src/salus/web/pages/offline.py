"""Pages that work without a network: the same for everybody, kept by a service worker that is told what to install."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from salus.web.gate import gate_of
from salus.web.pages.visit import visit_of
from salus.web.render import STATIC, asset, page
from salus.web.views import Address, Frame, Language, View

NO_STORE: Final = {"Cache-Control": "no-store"}


def same_for_all(request: Request, view: View) -> Response:
    """Show a page that is the same for everybody, whoever is signed in."""
    visit = visit_of(request, None)
    visit.notice = None
    return visit.show(view)


def service_worker(
    request: Request, view: View, address: Address, script: str, assets: Sequence[str], **more: object
) -> Response:
    """Serve a page's service worker, told what to install; another version of the page makes another worker."""
    demo = gate_of(request).node.demo
    text = (STATIC / asset(script).rpartition("/")[2]).read_text("utf-8")
    shown = "".join(page(view, _frame(address, language, demo=demo)) for language in Language)
    told = {
        "version": hashlib.sha256((text + shown).encode()).hexdigest()[:16],
        "page": address.value,
        "pages": {language.value: f"{address}?lang={language}" for language in Language},
        "assets": assets,
        **more,
    }
    headers = {"Service-Worker-Allowed": address.value, "Cache-Control": "no-cache"}
    return Response(f"self.SALUS = {json.dumps(told)};\n{text}", 200, headers, "text/javascript")


def milliseconds(at: datetime) -> int:
    """Return an instant as JavaScript counts it."""
    return int(at.timestamp() * 1000)


def _frame(address: Address, language: Language, *, demo: bool) -> Frame:
    return Frame(language=language, path=address.value, csrf="", now=datetime(2000, 1, 1, tzinfo=UTC), demo=demo)
