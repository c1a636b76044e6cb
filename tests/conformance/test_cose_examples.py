"""COSE_Sign1 against the public single-signer examples of the COSE working group; each example has a stated fate."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from salus.codec import Algorithm, CodecError, Fault
from salus.codec.cose import parse_sign1, verify_sign1
from salus.codec.foreign.cose import REFUSED_ALGORITHMS, parse_signed, verify_signed
from salus.codec.foreign.cose import Algorithm as ForeignAlgorithm
from support import corpus

VERIFIED = {"sign1-tests/sign-pass-02", "ecdsa-examples/ecdsa-sig-01", "eddsa-examples/eddsa-sig-01"}
VERIFIED_IF_THE_ALGORITHM_IS_KNOWN = {"sign1-tests/sign-pass-01"}  # names it outside the protected headers
REFUSED = {
    "sign1-tests/sign-pass-03": Fault.STRUCTURE,  # without its tag; a code of ours always has it
    "sign1-tests/sign-fail-01": Fault.STRUCTURE,
    "sign1-tests/sign-fail-02": Fault.SIGNATURE,
    "sign1-tests/sign-fail-03": Fault.ALGORITHM,
    "sign1-tests/sign-fail-04": Fault.ALGORITHM,
    "sign1-tests/sign-fail-06": Fault.SIGNATURE,
    "sign1-tests/sign-fail-07": Fault.SIGNATURE,
    "ecdsa-examples/ecdsa-sig-02": Fault.KEY,  # P-384
    "ecdsa-examples/ecdsa-sig-03": Fault.KEY,  # P-521
    "ecdsa-examples/ecdsa-sig-04": Fault.ALGORITHM,  # P-256 with SHA-512
    "eddsa-examples/eddsa-sig-02": Fault.KEY,  # Ed448
    # COSE_Sign, which carries a list of signers, is another structure
    "ecdsa-examples/ecdsa-01": Fault.STRUCTURE,
    "ecdsa-examples/ecdsa-02": Fault.STRUCTURE,
    "ecdsa-examples/ecdsa-03": Fault.STRUCTURE,
    "ecdsa-examples/ecdsa-04": Fault.STRUCTURE,
    "eddsa-examples/eddsa-01": Fault.STRUCTURE,
    "eddsa-examples/eddsa-02": Fault.STRUCTURE,
}


def examples() -> dict[str, dict[str, Any]]:
    with gzip.open(corpus("cose") / "examples.ndjson.gz", "rt", encoding="utf-8") as lines:
        return {case["id"].removesuffix(".json"): case["json"] for case in map(json.loads, lines)}


def key(case: dict[str, Any]) -> Any:
    signing = case["input"].get("sign0") or case["input"]["sign"]["signers"][0]
    jwk = signing["key"]
    if jwk["crv"] == "Ed25519":
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(jwk["x_hex"]))
    if jwk["crv"] == "Ed448":
        return ed448.Ed448PublicKey.from_public_bytes(bytes.fromhex(jwk["x_hex"]))
    curve = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}[jwk["crv"]]()
    x, y = (int.from_bytes(base64.urlsafe_b64decode(jwk[axis] + "==")) for axis in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, curve).public_key()


def verified(case: dict[str, Any], implied: Algorithm | None = None) -> bytes:
    message = parse_sign1(bytes.fromhex(case["output"]["cbor"]))
    external = bytes.fromhex(case["input"].get("sign0", {}).get("external", ""))
    return verify_sign1(message, key(case), external=external, implied=implied)


def test_every_example_has_a_stated_fate() -> None:
    assert set(examples()) == VERIFIED | VERIFIED_IF_THE_ALGORITHM_IS_KNOWN | set(REFUSED)


def test_good_examples_verify() -> None:
    cases = examples()

    for name in VERIFIED:
        assert verified(cases[name]) == cases[name]["input"]["plaintext"].encode(), name


def test_an_algorithm_outside_the_protected_headers_is_not_believed() -> None:
    cases = examples()

    for name in VERIFIED_IF_THE_ALGORITHM_IS_KNOWN:
        with pytest.raises(CodecError, match=Fault.ALGORITHM):
            verified(cases[name])
        assert verified(cases[name], Algorithm.ES256) == cases[name]["input"]["plaintext"].encode()


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_bad_examples_and_other_structures_are_refused_for_the_right_reason(name: str) -> None:
    with pytest.raises(CodecError) as refused:
        verified(examples()[name])

    assert refused.value.fault is REFUSED[name]


def test_the_untagged_example_verifies_once_it_has_its_tag() -> None:
    case = examples()["sign1-tests/sign-pass-03"]
    case["output"]["cbor"] = "d2" + case["output"]["cbor"]

    assert verified(case) == case["input"]["plaintext"].encode()


def test_external_octets_belong_to_what_is_signed() -> None:
    case = examples()["sign1-tests/sign-pass-02"]
    del case["input"]["sign0"]["external"]

    with pytest.raises(CodecError, match=Fault.SIGNATURE):
        verified(case)


def verified_as_foreign(case: dict[str, Any]) -> bytes:
    """Verify as codes of other issuers are: more algorithms, a list of one signer, with or without the tag."""
    message = parse_signed(bytes.fromhex(case["output"]["cbor"]))
    signing = case["input"].get("sign0") or case["input"]["sign"]["signers"][0]
    verify_signed(message, key(case), external=bytes.fromhex(signing.get("external", "")))
    return message.payload


FAILS = {
    "sign1-tests/sign-fail-01": Fault.STRUCTURE,
    "sign1-tests/sign-fail-02": Fault.SIGNATURE,
    "sign1-tests/sign-fail-03": Fault.ALGORITHM,
    "sign1-tests/sign-fail-04": Fault.ALGORITHM,
    "sign1-tests/sign-fail-06": Fault.SIGNATURE,
    "sign1-tests/sign-fail-07": Fault.SIGNATURE,
}


def test_of_other_issuers_every_good_example_verifies_and_every_bad_one_is_refused_for_its_reason() -> None:
    judged: dict[str, Fault | None] = {}
    for name, case in examples().items():
        try:
            assert verified_as_foreign(case) == case["input"]["plaintext"].encode(), name
            judged[name] = None
        except CodecError as refused:
            judged[name] = refused.fault

    good = sum(fault is None for fault in judged.values())
    print(f"COSE: {good} of {len(judged)} verified, {len(judged) - good} of {len(FAILS)} bad ones refused")
    assert judged == {name: FAILS.get(name) for name in examples()}


@pytest.mark.parametrize("number", sorted(REFUSED_ALGORITHMS))
def test_an_algorithm_that_is_not_checked_is_refused_by_its_name(number: int) -> None:
    case = examples()["sign1-tests/sign-pass-02"]
    message = replace(parse_signed(bytes.fromhex(case["output"]["cbor"])), headers={1: number})

    with pytest.raises(CodecError, match=REFUSED_ALGORITHMS[number]) as refused:
        verify_signed(message, key(case))
    assert refused.value.fault is Fault.ALGORITHM


def test_a_message_may_not_choose_another_algorithm_than_its_key_is_for() -> None:
    case = examples()["ecdsa-examples/ecdsa-sig-04"]
    message = parse_signed(bytes.fromhex(case["output"]["cbor"]))

    with pytest.raises(CodecError, match=Fault.ALGORITHM):
        verify_signed(message, key(case), expected=ForeignAlgorithm.ES256)
