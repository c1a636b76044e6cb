"""A light HTTP load generator: keep-alive sockets in one process, prepared requests, answers counted and timed.

Usage: python bench/instruments/load.py HOST PORT CLIENTS SECONDS FILE. FILE holds the bearer token, then one path a
line. Prints one JSON object. Its own CPU time is part of it, to be reported and not counted.
"""

from __future__ import annotations

import json
import resource
import selectors
import socket
import sys
import time
from pathlib import Path


class Client:
    """One connection that always has one request under way."""

    def __init__(self, host: str, port: int, requests: list[bytes], start: int) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = requests
        self._next = start
        self._buffer = b""
        self.sent_at = 0.0

    def send(self) -> None:
        """Send the next request."""
        self._buffer = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(self._requests[self._next % len(self._requests)])
        self._next += 1

    def receive(self) -> int | None:
        """Take what arrived; return the status once the answer is whole."""
        self._buffer += self.socket.recv(262_144)
        head, blank, body = self._buffer.partition(b"\r\n\r\n")
        if not blank:
            return None
        lower = head.lower()
        length = int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0])
        return int(head[9:12]) if len(body) >= length else None


def run(host: str, port: int, clients: int, seconds: float, requests: list[bytes]) -> dict[str, object]:
    """Keep `clients` requests under way for `seconds` and count what came back."""
    selector = selectors.DefaultSelector()
    for number in range(clients):
        client = Client(host, port, requests, number * 7919)
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.send()
    began = time.perf_counter()
    statuses: dict[int, int] = {}
    times: list[float] = []
    open_clients = clients
    while open_clients:
        for key, _ in selector.select():
            client = key.data
            status = client.receive()
            if status is None:
                continue
            now = time.perf_counter()
            times.append(now - client.sent_at)
            statuses[status] = statuses.get(status, 0) + 1
            if now - began < seconds:
                client.send()
            else:
                selector.unregister(client.socket)
                client.socket.close()
                open_clients -= 1
    wall = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    times.sort()
    return {
        "answers": len(times),
        "statuses": statuses,
        "seconds": wall,
        "p50_ms": times[len(times) // 2] * 1000,
        "p99_ms": times[len(times) * 99 // 100] * 1000,
        "own_cpu_s": used.ru_utime + used.ru_stime,
    }


def main() -> None:
    """Read the arguments and the file of requests."""
    host, port, clients, seconds, file = sys.argv[1:6]
    token, *paths = Path(file).read_text("utf-8").splitlines()
    requests = [
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        for path in paths
    ]
    print(json.dumps(run(host, int(port), int(clients), float(seconds), requests)))


if __name__ == "__main__":
    main()
