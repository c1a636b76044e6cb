"""The self-test's step over MLLP, against a node that listens, and against lines that are broken."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator

import pytest

from hl7_messages import a_receiving_node, listening
from nodes import START
from salus.app import Node
from salus.cli.selftest import STEPS, Client, Mllp
from salus.cli.selftest.client import Failed
from salus.cli.selftest.steps import State


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_receiving_node(tmp_path_factory.mktemp("selftest"), "H1") as opened, listening(opened):
        yield opened


def tried(port: int, sender: str = "H1") -> str:
    """Take the step; raises Failed."""
    (step,) = (one for one in STEPS if one.name == "message")
    client = Client(url="http://127.0.0.1:9", client_id="", key={})
    return step.work(State(client=client, at=START, mllp=Mllp(host="127.0.0.1", port=port, sender=sender)))


class Agreeing(socketserver.StreamRequestHandler):
    """Says AA to whatever comes, as an interface engine that only passes on."""

    def handle(self) -> None:
        while b"\x1c" not in self.request.recv(65536):
            pass
        self.wfile.write(b"\x0bMSH|^~\\&|X\rMSA|AA|1\r\x1c\r")


class Mute(socketserver.StreamRequestHandler):
    """Hangs up without an answer."""

    def handle(self) -> None:
        self.request.recv(65536)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), request.param) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_a_node_that_takes_messages_passes(node: Node) -> None:
    assert "AA" in tried(node.settings.mllp_port)


def test_a_sender_whom_nobody_listed_fails(node: Node) -> None:
    with pytest.raises(Failed, match="answered AR"):
        tried(node.settings.mllp_port, "H9")


@pytest.mark.parametrize("engine", [Agreeing], indirect=True)
def test_an_engine_that_agrees_to_everything_fails(engine: int) -> None:
    with pytest.raises(Failed, match="does not exist was not refused"):
        tried(engine)


@pytest.mark.parametrize("engine", [Mute], indirect=True)
def test_an_engine_that_hangs_up_fails(engine: int) -> None:
    with pytest.raises(Failed, match="ended before the answer"):
        tried(engine)


def test_a_port_where_nobody_listens_fails(node: Node) -> None:
    with pytest.raises(Failed, match="no answer"):
        tried(1)
