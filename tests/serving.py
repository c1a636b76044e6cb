"""A real node in a process of its own, tokens for its roles, and a small client; for every test that speaks HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from prepared import chosen, prepare
from salus.app import demo_token, load_settings, open_node
from salus.kernel import Purpose, Role
from salus_abuse.ports import free_port

FHIR_JSON = "application/fhir+json"
START_SECONDS = 600.0
SALUS = (sys.executable, "-m", "salus")


class Serving:
    """A node that serves on this machine. `client` keeps its connections; paths begin with a slash."""

    def __init__(self, data: Path, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.data = data
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.process = process
        self.client = httpx.Client(base_url=self.url, timeout=120)
        self._log = log
        self._tokens: dict[tuple[str | None, ...], str] = {}

    def said(self) -> str:
        """Return what the process printed so far."""
        return self._log.read_text("utf-8", "replace")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `salus` command on the same data folder."""
        command = [*SALUS, *arguments, "--data", str(self.data)]
        return subprocess.run(command, env=_environment(), capture_output=True, text=True, timeout=300, check=False)

    def token(
        self, role: str, facility: str | None = None, resident: str | None = None, purpose: str | None = None
    ) -> str:
        """Return a bearer token for a role of this demo node; asked for once and remembered."""
        key = (role, facility, resident, purpose)
        if key not in self._tokens:
            self._tokens[key] = token_of(self.data, role, facility, resident, purpose)
        return self._tokens[key]

    def ask(
        self,
        method: str,
        path: str,
        token: str | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send one request as it is given."""
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        return self.client.request(method, path, content=content, headers={**bearer, **(headers or {})})

    def get(self, path: str, token: str | None = None) -> httpx.Response:
        """GET a path."""
        return self.ask("GET", path, token)

    def post(self, path: str, body: Any, token: str | None = None) -> httpx.Response:
        """POST a JSON value, or bytes as they are."""
        return self.ask("POST", path, token, _bytes(body), {"Content-Type": FHIR_JSON})

    def put(self, path: str, body: Any, token: str | None = None, **headers: str) -> httpx.Response:
        """PUT a JSON value, or bytes as they are; `if_match` becomes the header If-Match."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("PUT", path, token, _bytes(body), {"Content-Type": FHIR_JSON, **more})

    def memory_bytes(self) -> int:
        """Return the most memory that the serving process ever had resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@contextmanager
def serving(folder: Path, residents: int = 0, *options: str) -> Iterator[Serving]:
    """Serve a fresh demo node below `folder` until the block ends: empty, or the fictional country's residents."""
    for one in (folder, *folder.parents):
        if one == Path(tempfile.gettempdir()):
            break
        one.chmod(0o711)
    port, data, log = free_port(), folder / "data", folder / "said.txt"
    prepare(data)
    start = ("demo", "--residents", str(residents)) if residents else ("serve", "--demo")
    command = [*SALUS, *start, "--data", str(data), "--port", str(port), *options]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=_environment(), stdout=output, stderr=subprocess.STDOUT)
    node = Serving(data, port, process, log)
    try:
        _await(node, "serving; Ctrl-C" if residents else "serving demo")
        yield node
    finally:
        node.client.close()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=300)


def token_of(
    data: Path, role: str, facility: str | None = None, resident: str | None = None, purpose: str | None = None
) -> str:
    """Return what `salus token` prints for a demo node that is being served, without another process for it."""
    settings = load_settings(environment={}, given={"data": data, "postgres": chosen()})
    with open_node(settings) as node:
        return demo_token(node, Role(role), facility, resident, Purpose(purpose) if purpose else None)


def _environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("SALUS_")}
    return {**own, "SALUS_POSTGRES": chosen(), "SALUS_CORPORA": "/nonexistent"}


def _bytes(body: Any) -> bytes:

    return body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode("utf-8")


def _await(node: Serving, ready: str) -> None:
    until = time.monotonic() + START_SECONDS
    while ready not in node.said():
        assert node.process.poll() is None, node.said()
        assert time.monotonic() < until, node.said()
        time.sleep(0.05)
