"""Messages of HL7 v2 for tests, a node that takes them, and a line that speaks MLLP."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from anyio.from_thread import start_blocking_portal

from nodes import a_node
from salus import parties
from salus.app import Incoming, Node, Peer, Receiver
from salus.records.v2 import Answer
from salus.web.mllp import taking_messages
from salus_abuse.ports import free_port

NOBODY = Peer(certificate=None)


def segment(name: str, fields: Mapping[int, str]) -> str:
    """Write a segment from its fields by number."""
    return "|".join([name, *(fields.get(n, "") for n in range(1, max(fields, default=0) + 1))])


def message(
    kind: str,
    control: str,
    *segments: str,
    written: str = "20310301080000",
    header: Mapping[int, str] | None = None,
    encoding: str = "utf-8",
) -> bytes:
    """Write a message of facility H1. `header` overrides fields of MSH by HL7's numbers."""
    fields = {3: "HIS", 4: "H1", 5: "SALUS", 7: written, 9: kind, 10: control, 11: "P", 12: "2.5", 18: "UNICODE UTF-8"}
    fields |= header or {}
    text = "MSH|^~\\&|" + "|".join(fields.get(n, "") for n in range(3, max(fields) + 1))
    return "\r".join([text, *segments, ""]).encode(encoding)


def pid(number: str = "123", **more: str) -> str:
    """Write a PID; `more` are fields as `p7="19800101"`."""
    fields = {3: f"{number}^^^HIS^MR", 5: "张^三^^^^^L^I", 7: "19800101", 8: "M"}
    return segment("PID", fields | {int(name[1:]): value for name, value in more.items()})


def pv1(visit: str = "V1", **more: str) -> str:
    """Write a PV1 of an inpatient; `more` are fields as `p45="20310302"`."""
    fields = {2: "I", 19: visit, 44: "20310301075500"}
    return segment("PV1", fields | {int(name[1:]): value for name, value in more.items()})


def adt(event: str, control: str, *segments: str, written: str = "20310301080000") -> bytes:
    """Write an ADT of one patient's visit, or of the segments given."""
    told = segments or (pid(), pv1())
    return message(f"ADT^{event}", control, f"EVN|{event}|{written}", *told, written=written)


def oru(control: str, *segments: str, written: str = "20310301080000") -> bytes:
    """Write an ORU^R01."""
    return message("ORU^R01^ORU_R01", control, *segments, written=written)


@contextmanager
def a_receiving_node(folder: Path, *facilities: str) -> Iterator[Node]:
    """Open a node with hospitals, each with a system, whose messages are believed on the loopback address."""
    with a_node(folder, *facilities) as node:
        for facility in facilities:
            parties.add_system(node.store, facility, parties.new_client_key(facility)[1])
        node.settings = dataclasses.replace(node.settings, mllp_senders=", ".join(facilities), mllp_port=free_port())
        yield node


def tell(receiver: Receiver, *raw: bytes) -> list[Answer]:
    """Hand messages over together, as from the loopback address."""
    return receiver.receive([Incoming(raw=one, peer=NOBODY) for one in raw])


class Line:
    """One connection that speaks MLLP."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._rest = b""

    def say(self, raw: bytes) -> bytes:
        """Send a message in a frame and return the answer."""
        self.connection.sendall(b"\x0b" + raw + b"\x1c\r")
        return self.hear()

    def hear(self) -> bytes:
        """Return the next answer; empty once the other end closed."""
        while b"\x1c\r" not in self._rest:
            got = self.connection.recv(65536)
            if not got:
                return b""
            self._rest += got
        frame, _, self._rest = self._rest.partition(b"\x1c\r")
        assert frame.startswith(b"\x0b")
        return frame[1:]


@contextmanager
def listening(node: Node) -> Iterator[None]:
    """Let a node listen for messages."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(taking_messages(node)):
        yield


@contextmanager
def a_line(node: Node) -> Iterator[Line]:
    """Open a connection to a node that listens."""
    with socket.create_connection(("127.0.0.1", node.settings.mllp_port), timeout=300) as connection:
        yield Line(connection)


def said(answer: bytes) -> str:
    """Return MSA-1 of an acknowledgement."""
    return next(line.split("|")[1] for line in answer.decode("utf-8").split("\r") if line.startswith("MSA"))
