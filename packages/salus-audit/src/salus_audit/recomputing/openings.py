"""What stands behind a log's blinded commitments: the closed forms of openings, and the hashes that commit to them."""

from __future__ import annotations

import hmac
from binascii import a2b_base64
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus_audit.recomputing.linting import KINDS, RESULTS
from salus_audit.spelling import Misspelt, base64_of, is_octets, jcs, seconds


class Unproved(Exception):
    """A file does not prove what it claims. `code` is the finding's, `word` the stable word for why."""

    def __init__(self, code: str, word: str, text: str) -> None:
        super().__init__(f"{word}: {text}")
        self.code = code


_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CLOSED = {"kind": KINDS, "result": RESULTS, "gives": {"none", "advise", "precaution"}}
_FORMS: Mapping[str, Mapping[str, str]] = {
    "specimen": {"blind": "hash", "disease": "word", "site": "word", "subject": "hash", "taken": "instant"},
    "result": {
        "blind": "hash",
        "disease": "word",
        "kind": "closed",
        "laboratory": "word",
        "replaces": "hash?",
        "reported": "instant",
        "result": "closed",
        "specimen": "hash",
        "subject": "hash",
    },
    "decision": {
        "at": "instant",
        "blind": "hash",
        "clause": "word",
        "emergency": "hash",
        "ends": "instant",
        "evidence": "one",
        "gives": "closed",
        "rules": "hash",
        "starts": "instant",
        "subject": "hash",
    },
    "appeal": {"blind": "hash", "decision": "hash", "opened": "instant"},
}


def commitment_of(kind: str, body: Mapping[str, Any]) -> str:
    """Return the commitment to an opening: SHA-256 over its canonical bytes, in base64."""
    return base64_of(sha256(jcs({kind: dict(body)})).digest())


def tag_of(result: str, blind: str) -> str:
    """Return the tag of every decision that rests on a result."""
    return base64_of(sha256(jcs({"reuse": {"blind": blind, "result": result}})).digest())


def word_key_of(tag: str, blind: str) -> str:
    """Return the key that a decision names for its holder's word, which makes exposures of the case.

    The word is 110 bits of an HMAC of the decision's blind in 22 letters; with its tag it is the seed of the key.
    """
    bits = f"{int.from_bytes(hmac.digest(a2b_base64(blind), b'salus.slips.word', 'sha256')):0256b}"
    word = "".join(_LETTERS[int(bits[at : at + 5], 2)] for at in range(0, 110, 5))
    seed = hmac.digest(word.encode(), b"salus.slips.key\0" + tag.encode(), "sha256")
    return base64_of(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


def opening_of(openings: Mapping[str, Any], commitment: Any, kind: str) -> dict[str, Any]:
    """Return the fields behind a commitment; Unproved unless they are of this kind and are what it commits to."""
    opening = openings.get(commitment) if isinstance(commitment, str) else None
    if not isinstance(opening, dict) or set(opening) != {kind} or not isinstance(opening[kind], dict):
        raise Unproved("NO-PROOF", "OPENING", f"no opening of kind {kind} for a commitment")
    body: dict[str, Any] = opening[kind]
    forms = _FORMS[kind]
    if set(body) != set(forms):
        raise Unproved("NO-PROOF", "OPENING", f"an opening of kind {kind} has other fields")
    for name, form in forms.items():
        if not _is(form, name, body[name]):
            raise Unproved("NO-PROOF", "OPENING", f"{kind}.{name} is not what it should be")
    if commitment_of(kind, body) != commitment:
        raise Unproved("NO-PROOF", "COMMITMENT", f"the opening of kind {kind} is not what the log commits to")
    return body


def _is(form: str, name: str, value: Any) -> bool:
    if form == "instant":
        try:
            return seconds(value) is not None
        except Misspelt:
            return False
    if form == "hash?":
        return value is None or is_octets(value, 32)
    if form == "one":
        return isinstance(value, list) and len(value) == 1 and is_octets(value[0], 32)
    if form == "closed":
        return isinstance(value, str) and value in _CLOSED[name]
    return is_octets(value, 32) if form == "hash" else isinstance(value, str) and 0 < len(value) <= 64
