"""The node's real HTTP server on a free port of this machine, in a thread of this process."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from salus.app import Node
from salus.web import application

START_SECONDS = 300.0


@contextmanager
def served(node: Node) -> Iterator[str]:
    """Serve an open node until the block ends; lend its address. Its background rounds do not run."""
    loop = asyncio.new_event_loop()
    server = Server(
        application(node, relay=False),
        address=node.settings.host,
        port=node.settings.port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_level=LogLevels.error,
    )
    thread = threading.Thread(target=loop.run_until_complete, args=(server.serve(),), daemon=True)
    thread.start()
    _await_port(node.settings.port)
    try:
        yield node.settings.public_url
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join(timeout=10)


def _await_port(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=60).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return
