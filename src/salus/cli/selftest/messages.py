"""One message of HL7 v2 over MLLP, as the self-test sends it: plain on the loopback address, else by certificate."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from salus.cli.selftest.client import SECONDS, Failed

_START, _END = b"\x0b", b"\x1c\r"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mllp:
    """Where messages are taken, what MSH-4 says, and the certificate that bears it out."""

    host: str
    port: int
    sender: str
    certificate: Path | None = None
    certificate_key: Path | None = None
    trusted: Path | None = None

    def ask(self, message: str) -> dict[str, list[str]]:
        """Send one message and return the segments of its answer, by name. Raises Failed."""
        try:
            with socket.create_connection((self.host, self.port), SECONDS) as plain, self._secured(plain) as line:
                line.sendall(_START + message.encode() + _END)
                return _segments(_answer(line))
        except (OSError, ssl.SSLError) as error:
            raise Failed(f"MLLP {self.host}:{self.port}: no answer ({type(error).__name__})") from None

    def _secured(self, plain: socket.socket) -> socket.socket:
        if self.certificate is None:
            return plain
        context = ssl.create_default_context(cafile=str(self.trusted) if self.trusted else None)
        context.load_cert_chain(self.certificate, self.certificate_key)
        return context.wrap_socket(plain, server_hostname=self.host)


def admission(sender: str, mrn: str, control: str, at: str) -> str:
    """Return an ADT^A04 of a fictional outpatient; `at` is yyyymmddhhmmss with its offset."""
    segments = (
        f"MSH|^~\\&|SELFTEST|{sender}|SALUS|SALUS|{at}||ADT^A04^ADT_A01|{control}|P|2.5.1||||||UNICODE UTF-8",
        f"EVN||{at}",
        f"PID|1||{mrn}^^^{sender}^MR||试^测||19900101|F",
        f"PV1|1|O|||||||||||||||||{mrn}-1^^^{sender}^VN|||||||||||||||||||||||||{at}",
    )
    return "\r".join(segments) + "\r"


def _answer(line: socket.socket) -> bytes:
    held = b""
    while b"\x1c" not in held:
        chunk = line.recv(65536)
        if not chunk or len(held) > 1 << 20:
            raise Failed("MLLP: the connection ended before the answer did")
        held += chunk
    return held.partition(_START)[2].partition(b"\x1c")[0]


def _segments(raw: bytes) -> dict[str, list[str]]:
    lines = raw.decode("utf-8", "replace").split("\r")
    return {line[:3]: line.split("|") for line in reversed(lines) if line}
