"""A real node under load, killed at random instants, and what it acknowledged before each death."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from salus_abuse.ports import free_port

PATIENCE_SECONDS = 300.0
FHIR = "application/fhir+json"
ENVIRONMENT = {name: text for name, text in os.environ.items() if not name.startswith("SALUS_")}


class NodeUnderTest:
    """One `salus serve --demo` process on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "node"
        self.port = free_port()
        self.output = folder / "output.txt"
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> str:
        """Run another `salus` command on the folder and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "salus", *arguments, "--data", str(self.data)],
            capture_output=True,
            env=ENVIRONMENT,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def start(self) -> None:
        """Start `salus serve` and return at once."""
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "salus", "serve", "--demo", "--data", str(self.data), "--port", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=ENVIRONMENT,
            )

    def await_health(self) -> None:
        """Wait until the node and its database answer."""
        wait_for(lambda: self.get("/healthz")[0] == 200, "the node never became healthy", self.last_words)

    def hospital_token(self) -> str:
        """Return a bearer token of the system of H1, a hospital that every demo node has."""
        return self.command("token", "--role", "hospital-system", "--facility", "H1")

    def get(self, path: str, token: str | None = None) -> tuple[int, bytes]:
        """Ask once, on a connection of its own; status 0 where nothing listens."""
        with Client(self.port, token) as client:
            return client.ask("GET", path)

    def kill_salus(self) -> None:
        """End the Salus process at once; PostgreSQL outlives it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def kill_postgres(self) -> None:
        """End every process of the PostgreSQL server at once."""
        for pid in self.postgres():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def postgres(self) -> list[int]:
        """Return the server's processes, the postmaster first: its children lead sessions of their own."""
        place = Path((self.data / "postgres.place").read_text("utf-8").strip())
        try:
            postmaster = int((place / "data" / "postmaster.pid").read_text("utf-8").split()[0])
        except (FileNotFoundError, IndexError):
            return []
        return [postmaster, *(pid for pid, parent in parents().items() if parent == postmaster)]

    def stop(self) -> None:
        """End the node as an operator does; the last user stops PostgreSQL."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=PATIENCE_SECONDS)

    def last_words(self) -> str:
        """Return the end of what the node printed."""
        return self.output.read_text("utf-8", "replace")[-1500:]


class Client:
    """One HTTP connection that is opened again after every failure."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        self._headers = {"Content-Type": FHIR} | ({"Authorization": f"Bearer {token}"} if token else {})

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: dict[str, object] | None = None) -> tuple[int, bytes]:
        """Return status and body, or status 0 where the connection broke."""
        try:
            self._connection.request(method, path, json.dumps(body) if body else None, self._headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0, b""


@dataclass(slots=True, kw_only=True)
class Witnessed:
    """What the clients of a node saw. Threads only append to it."""

    acknowledged: dict[str, dict[str, object]] = field(default_factory=dict)
    shown: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    heads: set[str] = field(default_factory=set)
    newest_write: float = 0.0
    newest_read: float = 0.0


class Load:
    """Writers that create, readers that read what was acknowledged, a poller of the log's head; until stopped."""

    def __init__(self, node: NodeUnderTest, token: str, rng: Random, writers: int = 4, readers: int = 2) -> None:
        self.seen = Witnessed()
        self._node = node
        self._token = token
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._paths: list[str] = []
        jobs: list[Callable[[], None]] = [self._poll]
        jobs += [partial(self._write, f"w{n}", Random(rng.random())) for n in range(writers)]
        jobs += [partial(self._read, Random(rng.random())) for _ in range(readers)]
        self._threads = [threading.Thread(target=job, daemon=True) for job in jobs]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=PATIENCE_SECONDS)

    def await_service(self, since: float) -> float:
        """Wait until a write and a read that began after `since` were answered; return the seconds from then on."""
        wait_for(
            lambda: min(self.seen.newest_write, self.seen.newest_read) > since,
            "the node did not come back by itself",
            self._node.last_words,
        )
        return time.monotonic() - since

    def _write(self, name: str, rng: Random) -> None:
        patient, number = "", 0
        with Client(self._node.port, self._token) as client:
            while not self._stop.is_set():
                number += 1
                kind, body = observation(patient, rng) if patient and rng.random() < 0.7 else person(name, number)
                began = time.monotonic()
                status, answer = client.ask("POST", f"/fhir/{kind}", body)
                self._count("write", status)
                if status == 201:
                    path = f"/fhir/{kind}/{json.loads(answer)['id']}"
                    patient = path.removeprefix("/fhir/") if kind == "Patient" else patient
                    with self._lock:
                        self.seen.acknowledged[path] = body
                        self._paths.append(path)
                        self.seen.newest_write = max(self.seen.newest_write, began)
                else:
                    patient = ""
                    self._stop.wait(0.02)

    def _read(self, rng: Random) -> None:
        with Client(self._node.port, self._token) as client:
            while not self._stop.is_set():
                if not self._paths:
                    self._stop.wait(0.02)
                    continue
                path, began = rng.choice(self._paths), time.monotonic()
                status, answer = client.ask("GET", path)
                self._count("read", status)
                if status == 200:
                    same = content(json.loads(answer)) == content(self.seen.acknowledged[path])
                    with self._lock:
                        self.seen.shown[path] += 1
                        self.seen.newest_read = max(self.seen.newest_read, began)
                        if not same:
                            self.seen.wrong.append(path)
                else:
                    self._stop.wait(0.02)

    def _poll(self) -> None:
        with Client(self._node.port) as client:
            while not self._stop.wait(0.05):
                status, answer = client.ask("GET", "/log/checkpoint")
                if status == 200:
                    self.seen.heads.add(answer.decode())

    def _count(self, what: str, status: int) -> None:
        with self._lock:
            self.seen.statuses[f"{what} {status}"] += 1


def lost(node: NodeUnderTest, token: str, acknowledged: dict[str, dict[str, object]]) -> list[str]:
    """Return which acknowledged resources are not there, or are not what was sent."""

    def missing(paths: Sequence[str]) -> list[str]:
        gone = []
        with Client(node.port, token) as client:
            for path in paths:
                for _ in range(120):
                    status, answer = client.ask("GET", path)
                    if status in (200, 404):
                        break
                    time.sleep(0.5)  # a node that stood still has no connection for some, and says so
                assert status in (200, 404), f"{path} answered {status}"
                if status == 404 or content(json.loads(answer)) != content(acknowledged[path]):
                    gone.append(path)
        return gone

    paths = list(acknowledged)
    with ThreadPoolExecutor(8) as threads:
        return [path for gone in threads.map(missing, [paths[n::8] for n in range(8)]) for path in gone]


def content(resource: dict[str, object]) -> dict[str, object]:
    """Return a resource without what the server gives it."""
    return {name: value for name, value in resource.items() if name not in ("id", "meta")}


def person(name: str, number: int) -> tuple[str, dict[str, object]]:
    """Return a new Patient with a number of the hospital."""
    identifier = {"system": "urn:salus:facility:H1:mrn", "value": f"{name}-{number}"}
    return "Patient", {"resourceType": "Patient", "identifier": [identifier], "gender": "female"}


def observation(patient: str, rng: Random) -> tuple[str, dict[str, object]]:
    """Return a new Observation of a patient."""
    return "Observation", {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": patient},
        "valueQuantity": {"value": rng.randint(40, 180), "unit": "/min"},
        "note": [{"text": rng.randbytes(60).hex()}],
    }


@contextmanager
def folder_of_its_own() -> Iterator[Path]:
    """Lend a folder that PostgreSQL's unprivileged user can pass through."""
    folder = Path(tempfile.mkdtemp(prefix="salus-journey-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(condition: Callable[[], bool], otherwise: str, tell: Callable[[], str]) -> None:
    """Wait until a condition holds, or fail with what there is to tell."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{otherwise}: {tell()}"
        time.sleep(0.005)


def parents() -> dict[int, int]:
    """Map every process that runs to its parent."""
    found = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            found[int(entry.name)] = int((entry / "stat").read_text("utf-8").rpartition(")")[2].split()[1])
    return found
