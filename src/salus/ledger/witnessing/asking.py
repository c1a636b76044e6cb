"""Ask one witness for one cosignature over HTTP (C2SP tlog-witness, add-checkpoint), with limits on size and time."""

from __future__ import annotations

import base64
import http.client
import ipaddress
import re
import time
from collections.abc import Sequence
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from salus.ledger.errors import WitnessSilent
from salus.ledger.files.sources import NoRedirects
from salus.ledger.model import Witness
from salus.proof import Checkpoint, ProofError
from salus.proof.note import MOST_SIGNATURES, Signature, parse_signature

ANSWER_SECONDS = 5.0
MOST_ANSWER_BYTES = 65_536
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


def ask(witness: Witness, checkpoint: Checkpoint, old: int, proof: Sequence[bytes]) -> Signature | int:
    """Return the witness's line under the checkpoint, or the size that it cosigned last where that is not `old`.

    The line is verified. Raises WitnessSilent for any other answer, and for none within ANSWER_SECONDS.
    """
    lines = [f"old {old}", *(base64.b64encode(one).decode() for one in proof), "", checkpoint.note]
    code, answer = _post(f"{witness.url}/add-checkpoint", "\n".join(lines).encode())
    if code == http.HTTPStatus.CONFLICT:
        size = _SIZE.fullmatch(answer)
        if not size or int(size[1]) == old:
            raise WitnessSilent(f"the witness {witness.key.name} contradicts itself about the size that it knows")
        return int(size[1])
    if code != http.HTTPStatus.OK:
        raise WitnessSilent(f"the witness {witness.key.name} answered {code}")
    return _line(witness, checkpoint, answer)


def _line(witness: Witness, checkpoint: Checkpoint, answer: bytes) -> Signature:
    try:
        rows = answer.decode().splitlines()[:MOST_SIGNATURES]
        for line in map(parse_signature, rows):
            if witness.key.signed(line):
                witness.key.time_of(checkpoint.text, line)
                return line
    except (ProofError, UnicodeDecodeError) as reason:
        raise WitnessSilent(f"the answer of the witness {witness.key.name} is no cosignature") from reason
    raise WitnessSilent(f"who answered for {witness.key.name} signs with another key")


def _post(address: str, body: bytes) -> tuple[int, bytes]:
    """Post text and return status and body; a body that is too large or too slow is cut."""
    request = Request(address, data=body, headers={"Content-Type": "text/plain; charset=utf-8"}, method="POST")  # noqa: S310
    began = time.monotonic()
    try:
        with _opener(address).open(request, timeout=ANSWER_SECONDS) as answer:
            return answer.status, _read(answer, began)
    except HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read(64)
    except (URLError, OSError, http.client.HTTPException) as reason:
        raise WitnessSilent(f"{urlsplit(address).netloc} did not answer: {type(reason).__name__}") from reason


def _read(answer: http.client.HTTPResponse, began: float) -> bytes:
    content = b""
    while len(content) < MOST_ANSWER_BYTES and time.monotonic() - began < ANSWER_SECONDS:
        piece = answer.read1(MOST_ANSWER_BYTES)
        if not piece:
            break
        content += piece
    return content


def _opener(address: str) -> OpenerDirector:
    """Follow nobody elsewhere; go through the machine's proxy, but not to the machine itself."""
    host = urlsplit(address).hostname or ""
    try:
        near = ipaddress.ip_address(host).is_loopback
    except ValueError:
        near = host == "localhost"
    return build_opener(NoRedirects, ProxyHandler({})) if near else build_opener(NoRedirects)
