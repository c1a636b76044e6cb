"""Real nodes in processes of their own, and what journeys through their pages share."""

from __future__ import annotations

import os
import re
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import zxingcpp
from playwright.sync_api import Locator, Page, Response

from prepared import chosen, prepare
from salus import synth
from salus_abuse.ports import free_port
from serving import token_of
from support import REPOSITORY

START_SECONDS = 600.0
RESIDENTS = 60
NUMBERS = {person.pinyin: person.number for person in synth.country(1, RESIDENTS).residents}
NAMES = {person.pinyin: person.name_zh for person in synth.country(1, RESIDENTS).residents}
DOCTOR, DESK = "Dr Lin Yue", "Desk of H1"
STAFF = {DOCTOR: "林悦医生", DESK: "第一窗口"}
TOLD_SEED, TOLD_RESIDENTS = 4, 900
SALUS = (sys.executable, "-c", "from salus.cli import main; main()")


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A node that serves: where, from which folder, and with which settings."""

    url: str
    data: Path
    environment: dict[str, str]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `salus` command with this node's settings."""
        return subprocess.run(
            [*SALUS, *arguments], env=self.environment, capture_output=True, text=True, timeout=600, check=False
        )

    def said(self) -> str:
        """Return what the command that serves has printed."""
        return (self.data.parent / "said.txt").read_text("utf-8", "replace")


@contextmanager
def serving(folder: Path, *arguments: str, ready: str, **settings: str) -> Iterator[Live]:
    """Run a serving `salus` command on a folder and a free port until the block ends; `ready` is what it prints."""
    port = free_port()
    url = f"http://localhost:{port}"
    prepare(folder / "data")
    environment = {**os.environ, "SALUS_URL": url, "SALUS_POSTGRES": chosen(), "SALUS_CORPORA": str(folder), **settings}
    said = folder / "said.txt"
    with said.open("w") as output:
        command = [*SALUS, *arguments, "--data", str(folder / "data"), "--port", str(port)]
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=REPOSITORY)
    try:
        _await(process, said, ready)
        yield Live(url=url, data=folder / "data", environment=environment)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=300)


def _await(process: subprocess.Popen[bytes], said: Path, ready: str) -> None:
    until = time.monotonic() + START_SECONDS
    while ready not in said.read_text("utf-8", "replace"):
        assert process.poll() is None, said.read_text("utf-8", "replace")
        assert time.monotonic() < until, said.read_text("utf-8", "replace")
        time.sleep(0.1)


class Visitor:
    """Somebody at a browser, on one node."""

    def __init__(self, page: Page, node: Live) -> None:
        self.page = page
        self.node = node

    def go(self, path: str) -> Response:
        """Open a page of the node."""
        answer = self.page.goto(self.node.url + path)
        assert answer is not None
        return answer

    def step_into(self, name: str) -> None:
        """Step into a role of a demo node by the name it is offered under."""
        self.go("/demo")
        self.page.get_by_role("button", name=re.compile(rf"(as |（){re.escape(name)}）?$")).click()

    def be(self, number: str) -> None:
        """Be a resident whom the demo page does not offer, by a token like those that the node's own command prints."""
        session = f"demo.{token_of(self.node.data, 'resident', resident=number)}"
        self.page.context.add_cookies([{"name": "salus_session", "value": session, "url": self.node.url}])

    def present(self, code_or_number: str) -> None:
        """Enter at the desk what a resident presents."""
        self.go("/desk")
        self.page.locator("#wanted").fill(code_or_number)
        self.page.locator("main button").click()

    def code(self) -> str:
        """Return the identity code that the resident's page shows as text."""
        self.go("/me/code")
        return (self.page.locator(".salus-code .salus-hex").text_content() or "").strip()

    def resident(self, name: str) -> str:
        """Return the identifier under which the demo page offers a resident."""
        self.go("/demo")
        card = self.page.locator(".salus-card", has_text=name)
        return (card.locator("input[name=key]").get_attribute("value") or "").removeprefix("resident:")

    def heading(self) -> str:
        """Return the page's first heading."""
        return self.page.locator("h1").inner_text()

    def token(self) -> str:
        """Return the form token of the page that is open."""
        return self.page.locator("input[name=csrf]").first.get_attribute("value") or ""


def scanned(drawn: Locator) -> str:
    """Photograph a QR code from the screen and read it."""
    width, height, grey = _grey(drawn.screenshot())
    seen = zxingcpp.ImageView(grey, width, height, zxingcpp.ImageFormat.Lum)
    found = zxingcpp.read_barcodes(seen, formats=zxingcpp.BarcodeFormat.QRCode)
    assert len(found) == 1
    return found[0].text


def _grey(png: bytes) -> tuple[int, int, bytes]:
    """Take the green channel out of an 8-bit PNG (ISO/IEC 15948) with 3 or 4 channels, not interlaced."""
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", png[16:29])
    assert (depth, interlaced) == (8, 0)
    channels = {2: 3, 6: 4}[colour]
    packed, place = b"", 8
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        packed += png[place + 8 : place + 8 + length] if kind == b"IDAT" else b""
        place += length + 12
    raw, stride, before = zlib.decompress(packed), width * channels, bytearray(width * channels)
    grey = bytearray()
    for row in range(height):
        start = row * (stride + 1)
        before = _unfiltered(raw[start], raw[start + 1 : start + 1 + stride], before, channels)
        grey += before[1::channels]
    return width, height, bytes(grey)


def _unfiltered(kind: int, line: bytes, above: bytearray, step: int) -> bytearray:
    out = bytearray(line)
    for place in range(len(out)):
        left = out[place - step] if place >= step else 0
        corner = above[place - step] if place >= step else 0
        guess = (0, left, above[place], (left + above[place]) // 2, _paeth(left, above[place], corner))[kind]
        out[place] = (out[place] + guess) & 0xFF
    return out


def _paeth(left: int, above: int, corner: int) -> int:
    estimate = left + above - corner
    return min((left, above, corner), key=lambda one: abs(estimate - one))
