"""Ports for what an attack or a test serves."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Return a port of the loopback address on which nobody listens, and which nobody else is given for a minute.

    What was only bound and closed is free for all again, and a node takes seconds until it listens: of hundreds that
    start beside each other two would get the same now and then. A connection whose end here closes first leaves its
    port in TIME-WAIT (RFC 9293, 3.3.2): the kernel hands it to none that asks for any, and a server that names it gets
    it, since servers set SO_REUSEADDR.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
        with socket.create_connection(("127.0.0.1", port)) as other:
            accepted, _ = listening.accept()
            accepted.close()
            other.recv(1)  # this end's close has arrived, so that the other end closes second
    return port
