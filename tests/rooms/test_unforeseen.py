"""A fault of our own is answered as any error is: an outcome to a program, a page to a person, and written down."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nodes import a_node
from salus.web.serve import application


async def _broken(_: Request) -> Response:
    raise RuntimeError("a secret of the server's insides")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    """Return an application with a route that fails, and without the state that a start gives it."""
    with a_node(tmp_path_factory.mktemp("unforeseen")) as node:
        made = application(node, relay=False)
    made.router.routes.insert(0, Route("/broken", _broken))
    return made


def ask(app: Starlette, path: str, *, raising: bool = False) -> httpx.Response:
    """Ask as a program would; `raising` lets through what the server is given to write down."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=raising)
        async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
            return await client.get(path)

    return asyncio.run(asked())


@pytest.mark.parametrize("path", ["/broken", "/fhir/Patient/0f9d7c1e-7d0c-4b0e-9d6e-1f0a0c0b0a09"])
def test_a_program_gets_an_outcome_that_tells_nothing_of_the_fault(app: Starlette, path: str) -> None:
    answer = ask(app, path)

    assert answer.status_code == 500
    (issue,) = answer.json()["issue"]
    assert (issue["severity"], issue["code"]) == ("error", "exception")
    assert issue["details"]["coding"][0]["code"] == "SALUS-W500"
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_who_serves_still_sees_the_fault(app: Starlette) -> None:
    with pytest.raises(RuntimeError):
        ask(app, "/broken", raising=True)
