"""Messages under way when Salus, or its database, is killed: what was answered is there, once; the rest comes again."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest
from killing import ENVIRONMENT, NodeUnderTest

from hl7_messages import Line, message, pid, pv1, said
from salus_abuse.ports import free_port

WORKERS, ROUNDS, SECONDS, WINDOW = 4, 4, 2.0, 8
NUMBERS, TOGETHER = "urn:salus:facility:H8:mrn:HIS", 20
pytestmark = pytest.mark.slow


class Receiving(NodeUnderTest):
    """A node that takes messages of H8 besides."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.mllp = free_port()

    def start(self) -> None:
        """Start `salus serve` and return at once."""
        own = {"SALUS_MLLP_PORT": str(self.mllp), "SALUS_MLLP_SENDERS": "H8"}
        command = [sys.executable, "-m", "salus", "serve", "--demo", "--data", str(self.data), "--port", str(self.port)]
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=ENVIRONMENT | own
            )

    def await_health(self) -> None:
        """Wait until the node and its database answer, longer than the others do: this one is not about how soon."""
        for _ in range(5):
            with suppress(AssertionError):
                super().await_health()
                return
        super().await_health()


@pytest.fixture
def node() -> Iterator[Receiving]:
    with tempfile.TemporaryDirectory(prefix="salus-kills-") as folder:
        Path(folder).chmod(0o711)
        opened = Receiving(Path(folder))
        opened.start()
        try:
            opened.await_health()
            kind = ("--level", "3", "--kind", "hospital", "--county", "900101", "--organisation", "Group")
            opened.command("facility", "add", "H8", "--name", "Eighth", "--name-zh", "八院", *kind)
            yield opened
        finally:
            opened.stop()


def admission(name: str) -> bytes:
    """Write the admission of a patient of H8."""
    return message("ADT^A01", name, pid(name), pv1(name), header={4: "H8"})


def send_until(node: Receiving, names: list[str], until: float) -> tuple[list[str], list[str]]:
    """Admit patients, some without waiting for the answers before; return who was answered AA, and of those that were
    sent who was not."""
    done: list[str] = []
    sent: list[str] = []
    try:
        with socket.create_connection(("127.0.0.1", node.mllp), timeout=60) as connection:
            line = Line(connection)
            while len(done) == len(sent) < len(names) and time.monotonic() < until:
                following = names[len(sent) : len(sent) + WINDOW]
                sent += following
                connection.sendall(b"".join(b"\x0b" + admission(name) + b"\x1c\r" for name in following))
                for name in following:
                    if not (answer := line.hear()) or said(answer) != "AA":
                        break
                    done.append(name)
    except OSError:
        pass
    return done, [name for name in sent if name not in done]


def test_what_was_answered_is_there_once_and_the_rest_can_come_again(node: Receiving) -> None:
    answered: list[str] = []
    for round_ in range(ROUNDS):
        with ThreadPoolExecutor(WORKERS) as pool:
            names = [[f"K{round_}-{worker}-{n}" for n in range(2_000)] for worker in range(WORKERS)]
            sending = [pool.submit(send_until, node, mine, time.monotonic() + 60) for mine in names]
            time.sleep(SECONDS)
            (node.kill_salus if round_ % 2 else node.kill_postgres)()
            told = [one.result() for one in sending]
        if round_ % 2:
            node.start()
        node.await_health()
        for done, open_ in told:
            again, left = send_until(node, open_ + done[-1:], time.monotonic() + 60)
            assert left == []
            answered += [*done, *(name for name in again if name not in done)]

    token = node.command("token", "--role", "hospital-system", "--facility", "H8")
    assert len(answered) > ROUNDS * WORKERS
    assert found(node, token, answered) == Counter(answered)


def found(node: Receiving, token: str, names: list[str]) -> Counter[str]:
    """Return how many Patients there are by each of these numbers, asked for by some of them at a time."""
    counted = Counter[str]()
    for begin in range(0, len(names), TOGETHER):
        asked = ",".join(f"{NUMBERS}|{name}" for name in names[begin : begin + TOGETHER])
        code, body = node.get(f"/fhir/Patient?identifier={quote(asked)}&_count={2 * TOGETHER}", token)
        assert code == 200, body
        held = [entry["resource"]["identifier"] for entry in json.loads(body).get("entry", ())]
        counted.update(one["value"] for numbers in held for one in numbers if one["system"] == NUMBERS)
    return counted
