"""The self-test against a node that serves, and against one of which each thing in turn is broken by a proxy."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from salus.cli.selftest import STEPS, Client, run
from serving import SALUS, Serving, serving

ADD = ("--name", "To try", "--name-zh", "试用", "--level", "2", "--kind", "hospital", "--county", "900101")


@dataclass(slots=True)
class Answer:
    """What the node answered, before the proxy hands it on."""

    status: int
    headers: dict[str, str]
    body: bytes


Break = Callable[[str, str, Answer], Answer | None]


@dataclass(slots=True)
class Registered:
    """A sheet's client."""

    client_id: str
    key: Path
    sheet: str


class Proxy:
    """Hands requests on to a node; `breaks` may answer otherwise, and `sends` may change what is sent."""

    def __init__(self, url: str) -> None:
        self.breaks: Break = lambda method, path, answer: answer
        self.sends: Callable[[str, dict[str, str]], str] = lambda path, headers: path
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def _pass_on(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                content = self.rfile.read(length)
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")}
                path = proxy.sends(self.path, headers)
                told = httpx.request(self.command, url + path, headers=headers, content=content, timeout=300)
                kept = {k: v for k, v in told.headers.items() if k in ("etag", "location", "content-type")}
                answer = proxy.breaks(self.command, path, Answer(told.status_code, kept, told.content))
                if answer is None:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_PUT = _pass_on  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("selftest")) as opened:
        yield opened


def registered(node: Serving, folder: Path, facility: str, *more: str) -> Registered:
    done = node.command("facility", "add", facility, *ADD, "--organisation", "Trying", *more)
    assert done.returncode == 0, done.stderr
    name = f"salus-{facility}-private.jwk"
    (private,) = re.findall(r'^\{"kty".*\}$|^\{.*"d".*\}$', done.stdout, re.MULTILINE)
    (folder / name).write_text(private)
    (client_id,) = re.findall(r"client id +(\S+)", done.stdout)
    return Registered(client_id=client_id, key=folder / name, sheet=done.stdout)


@pytest.fixture(scope="module")
def sandbox(node: Serving, tmp_path_factory: pytest.TempPathFactory) -> Registered:
    return registered(node, tmp_path_factory.mktemp("keys"), "SB1", "--sandbox")


@pytest.fixture
def proxy(node: Serving) -> Iterator[Proxy]:
    opened = Proxy(node.url)
    yield opened
    opened.server.shutdown()
    opened.server.server_close()


def outcomes(node: Serving, sandbox: Registered, url: str) -> dict[str, bool]:
    client = Client(
        url=url,
        client_id=sandbox.client_id,
        key=json.loads(sandbox.key.read_text()),
        audience=f"{node.url}/oauth/token",
    )
    return {one.step: one.passed for one in run(client, datetime.now(UTC))}


def test_a_good_connection_passes_every_step(node: Serving, sandbox: Registered) -> None:
    command = [*SALUS, "selftest", node.url, "--client", sandbox.client_id, "--key", str(sandbox.key)]
    told = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False, timeout=600)
    read = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)

    assert told.returncode == 0, told.stdout + told.stderr
    steps = json.loads(told.stdout)["steps"]
    assert [one["step"] for one in steps] == [one.name for one in STEPS if one.name != "message"]
    assert read.returncode == 0
    assert f"all {len(steps)} steps are good" in read.stdout


@pytest.mark.parametrize("facility", ["SB2", "H77"])
def test_the_first_request_of_the_sheet_works_as_it_is_pasted(node: Serving, tmp_path: Path, facility: str) -> None:
    sheet = registered(node, tmp_path, facility, *(["--sandbox"] if facility == "SB2" else [])).sheet
    script = sheet.partition("---8<--- first.py\n")[2].partition("--->8---")[0]
    (tmp_path / "first.py").write_text(script)
    assertion = sheet.partition("---8<--- assertion.py\n")[2].partition("--->8---")[0]
    (tmp_path / "assertion.py").write_text(assertion)
    for status in ("201", "200"):  # a second time it is there already
        ran = subprocess.run([sys.executable, "first.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.stdout.startswith(status), ran.stdout + ran.stderr
    curl = re.findall(r"^curl .*?[^\\]$", sheet, re.MULTILINE | re.DOTALL)
    assert len(curl) == 1
    asked = subprocess.run(["bash", "-c", curl[0]], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert len(json.loads(asked.stdout)["entry"]) == 1, asked.stdout + asked.stderr


def test_a_client_of_a_real_facility_stops_before_it_sends_anybody(node: Serving, tmp_path: Path) -> None:
    real = registered(node, tmp_path, "H78")
    command = [*SALUS, "selftest", node.url, "--client", real.client_id, "--key", str(real.key)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)

    assert done.returncode == 1
    assert "no sandbox" in done.stdout.splitlines()[-2]
    assert "--sandbox" in done.stdout.splitlines()[-1]


def json_of(answer: Answer) -> Any:
    return json.loads(answer.body)


def with_body(answer: Answer, value: Any) -> Answer:
    return Answer(answer.status, answer.headers, json.dumps(value).encode())


def drop_reach(method: str, path: str, answer: Answer) -> Answer | None:
    return None if path == "/healthz" else answer


def drop_token(method: str, path: str, answer: Answer) -> Answer:
    return Answer(503, {}, b"{}") if path == "/oauth/token" else answer


def drop_replay(method: str, path: str, answer: Answer) -> Answer:
    kept = Answer(200, answer.headers, b'{"access_token": "x"}')
    return kept if path == "/oauth/token" and answer.status >= 400 else answer


def drop_stranger(method: str, path: str, answer: Answer) -> Answer:
    hidden = answer.status == 401 and path.startswith("/fhir")
    return Answer(404, answer.headers, answer.body) if hidden else answer


def drop_capability(method: str, path: str, answer: Answer) -> Answer:
    return with_body(answer, json_of(answer) | {"fhirVersion": "3.0.2"}) if path == "/fhir/metadata" else answer


def drop_sandbox(method: str, path: str, answer: Answer) -> Answer:
    return with_body(answer, json_of(answer) | {"sandbox": False}) if path == "/quality.json" else answer


def drop_create(method: str, path: str, answer: Answer) -> Answer:
    answer.headers.pop("location", None)
    return answer


def drop_read(method: str, path: str, answer: Answer) -> Answer:
    if method == "GET" and path.startswith("/fhir/Patient/") and answer.status == 200:
        return Answer(200, answer.headers, answer.body.replace("试".encode(), b"?"))
    return answer


def drop_transaction(method: str, path: str, answer: Answer) -> Answer:
    if method == "POST" and path == "/fhir" and answer.status == 200:
        told = json_of(answer)
        told["entry"][3]["response"]["status"] = "400 Bad Request"
        return with_body(answer, told)
    return answer


def drop_refused(method: str, path: str, answer: Answer) -> Answer:
    if method == "POST" and path == "/fhir/Observation":
        return Answer(answer.status, {"content-type": "text/html"}, b"<h1>Bad Request</h1>")
    return answer


def drop_whole(method: str, path: str, answer: Answer) -> Answer:
    if method == "GET" and "W" in path.partition("mrn%7C")[2]:
        return with_body(answer, {"resourceType": "Bundle", "entry": [{}]})
    return answer


BREAKS: dict[str, Break] = {
    "reach": drop_reach,
    "token": drop_token,
    "replay": drop_replay,
    "stranger": drop_stranger,
    "capability": drop_capability,
    "sandbox": drop_sandbox,
    "create": drop_create,
    "read": drop_read,
    "transaction": drop_transaction,
    "refused": drop_refused,
    "whole": drop_whole,
}


def without_if_match(path: str, headers: dict[str, str]) -> str:
    for name in [one for one in headers if one.lower() == "if-match"]:
        del headers[name]
    return path


def without_query(path: str, headers: dict[str, str]) -> str:
    return path.partition("?")[0] if path.startswith("/fhir/Patient?") else path


SENDS = {"update": without_if_match, "search": without_query}


@pytest.mark.parametrize("step", [*BREAKS, *SENDS])
def test_each_step_fails_where_what_it_proves_is_broken(
    node: Serving, sandbox: Registered, proxy: Proxy, step: str
) -> None:
    proxy.breaks = BREAKS.get(step, proxy.breaks)
    proxy.sends = SENDS.get(step, proxy.sends)
    found = outcomes(node, sandbox, proxy.url)

    assert found[step] is False
    before = [one.name for one in STEPS]
    assert all(found[name] for name in before[: before.index(step)])


def test_every_step_can_fail() -> None:
    assert {*BREAKS, *SENDS, "message"} == {one.name for one in STEPS}
