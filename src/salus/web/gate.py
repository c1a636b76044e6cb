"""What every route works with: the node, what lets requests share work, and a bound on threads at work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import Request

from salus.app import Creator, Matcher, Node, Reader, Searcher, Threads

T = TypeVar("T")
THREADS = 8


@dataclass(slots=True)
class Gate:
    """The node behind the routes. `threads` bounds how many requests work at once; the others wait their turn."""

    node: Node
    reader: Reader
    creator: Creator
    matcher: Matcher
    searcher: Searcher
    threads: Threads


def gate_of(request: Request) -> Gate:
    """Return the gate of the application that a request came to."""
    gate: Gate = request.app.state.gate
    return gate


async def in_thread(gate: Gate, work: Callable[[], T]) -> T:
    """Run synchronous work on one of the bounded threads."""
    return await gate.threads.run(work)
