"""Serve a node over HTTP: the ASGI application, its relay, and the server around them."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvloop
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from salus.app import (
    Creator,
    Matcher,
    Node,
    NodeSettings,
    Reader,
    Relay,
    Searcher,
    SettingsRefused,
    Threads,
    may_listen,
)
from salus.kernel import SalusError
from salus.parties import SignIn
from salus.records import resource_types
from salus.web.attempts import Guesses
from salus.web.fhir.outcome import Unforeseen, refusal
from salus.web.gate import THREADS, Gate
from salus.web.guard import Guard, security_headers
from salus.web.mllp import taking_messages
from salus.web.pages import failure
from salus.web.routes import all_routes
from salus.web.straight import Application


def application(node: Node, *, relay: bool = True) -> Starlette:
    """Return the ASGI application of an open node; `relay` also runs its background rounds."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        reader, creator, matcher, searcher = Reader(node), Creator(node), Matcher(node), Searcher(node)
        rounds = Relay(node)
        threads = Threads(THREADS, "gate")
        app.state.gate = Gate(
            node=node, reader=reader, creator=creator, matcher=matcher, searcher=searcher, threads=threads
        )
        if relay:
            rounds.start()
        try:
            yield
        finally:
            rounds.stop()
            for one in (reader, creator, matcher, searcher, threads):
                one.close()

    routes = all_routes()
    app = Application(routes=routes, lifespan=lifespan, exception_handlers={SalusError: _refused, 404: _no_page})
    app.add_exception_handler(Exception, _failed)
    app.secure = node.settings.secure
    app.add_middleware(Guesses, routes=routes)
    app.add_middleware(Guard, node=node)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    """Answer an error outside /fhir as a page, or as an outcome where a program asked."""
    assert isinstance(error, SalusError)  # noqa: S101  registered for SalusError
    wants_page = "text/html" in request.headers.get("accept", "")
    return failure(request, error) if wants_page else refusal(error)


async def _no_page(request: Request, _: Exception) -> Response:
    return await _refused(request, _NoPage("there is no such page here"))


async def _failed(request: Request, _: Exception) -> Response:
    """Answer what nobody foresaw as any other error; outside all layers, so that it is dressed here."""
    answer = await _refused(request, Unforeseen())
    answer.raw_headers += security_headers(answer.raw_headers, secure=request.app.secure)
    return answer


class _NoPage(SalusError):
    code = "SALUS-W404"
    status = 404


def run(node: Node, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingsRefused rather than listen beyond loopback without TLS."""
    may_serve(node.settings)
    node.note_address()
    uvloop.run(_serve(node, ready))


def may_serve(settings: NodeSettings) -> None:
    """Refuse an address, a port or a certificate that cannot be served with. Asked before a node is opened, which takes
    long and makes a new folder what it stays for ever. Raises SettingsRefused.
    """
    may_listen(settings)
    _free(settings.host, settings.port)
    if settings.tls_certificate and settings.tls_key:
        try:
            # a key that asks for a passphrase gets none: nobody may be there to type one
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
                settings.tls_certificate, settings.tls_key, password=""
            )
        except OSError as error:
            raise SettingsRefused(
                f"tls_certificate {settings.tls_certificate} and tls_key {settings.tls_key} cannot be served with:"
                f" {error.strerror or type(error).__name__}; two PEM files, the key without a passphrase of its own"
            ) from None


def _free(host: str, port: int) -> None:
    """Refuse a port that another process listens on; sharing one would split requests between two nodes."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsRefused(
                f"cannot listen on {host} port {port}: {error.strerror}; choose another (--port)"
            ) from None


async def _serve(node: Node, ready: Callable[[str], None]) -> None:
    async with taking_messages(node):
        await _serve_http(node, ready)


async def _serve_http(node: Node, ready: Callable[[str], None]) -> None:
    settings = node.settings
    server = Server(
        application(node),
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_level=LogLevels.error,
        ssl_cert=settings.tls_certificate,
        ssl_key=settings.tls_key,
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopping.set)
    serving = asyncio.create_task(server.serve())
    ending = asyncio.create_task(stopping.wait())
    _settle()
    announcing = asyncio.create_task(_announce(settings.host, settings.port, lambda: ready(settings.public_url)))
    await asyncio.wait({serving, ending}, return_when=asyncio.FIRST_COMPLETED)
    announcing.cancel()
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait({serving}, timeout=10)
    if serving.done() and not serving.cancelled() and serving.exception():
        raise serving.exception() or RuntimeError


def _settle() -> None:
    """Load what every request needs, and let the garbage collector never look at it again.

    Going through all that stays takes a full collection a tenth of a second, in which nobody is answered.
    """
    resource_types()
    SignIn.load()
    gc.collect()
    gc.freeze()


async def _announce(host: str, port: int, ready: Callable[[], None]) -> None:
    """Say that the node is ready once its port takes connections."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        ready()
        return
