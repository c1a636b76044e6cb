"""SMART Health Cards: the public cards of the developer tools, good ones and bad ones, each with a stated fate."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from foreigners import CardIssuer
from salus.codec import CodecError, Fault
from salus.codec.foreign import HealthCard, decode_shc, keys_of_jwks, read_jws, verify_shc
from salus.codec.foreign.bundle import read_bundle
from salus.codec.foreign.smart import read_json
from support import corpus

AT = datetime(2021, 12, 31, tzinfo=UTC)
ISSUER = "https://spec.smarthealth.cards/examples/issuer"
# The example issuer's published keys; `keys_of_jwks` holds each to its name, which is its thumbprint.
EXAMPLE_KEYS = {
    "keys": [
        {
            "kty": "EC",
            "kid": "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s",
            "use": "sig",
            "alg": "ES256",
            "crv": "P-256",
            "x": "11XvRWy1I2S0EyJlyf_bWfw_TQ5CJJNLw78bHXNxcgw",
            "y": "eZXwxvO1hvCY0KucrPfKo7yAyMT6Ajc3N7OkAB6VYy8",
        },
        {
            "kty": "EC",
            "kid": "EBKOr72QQDcTBUuVzAzkfBTGew0ZA16GuWty64nS-sw",
            "use": "sig",
            "alg": "ES256",
            "crv": "P-256",
            "x": "PQHApUWm94mflvswQgAnfHlETMwJFqjUVSs7WU6LQy4",
            "y": "7mj8IO-8V5VZjDbRVsJINC_Rq5ai5CDhFX18ceRsLWQ",
        },
    ]
}
E = "test-example-"
CARDS: dict[str, list[Fault | None]] = {
    f"{E}00-fhirhealthcard.json": [None],
    f"{E}00-fhirhealthcard-multi-jws.json": [None, None],
    f"{E}00-fhirhealthcard-with-resource-link.json": [None, None],
    f"{E}00-e-file.wrong-extension": [None],  # how a file is called says nothing about the card in it
    f"{E}1195-byte-qrnumeric.txt": [None],
    f"{E}00-d-jws-bad-fhir-metadata.txt": [Fault.STRUCTURE],
    f"{E}00-d-jws-der-signature-rs-neg.txt": [Fault.SIGNATURE],
    f"{E}00-d-jws-der-signature.txt": [Fault.SIGNATURE],
    f"{E}00-d-jws-issuer-kid-mismatch.txt": [Fault.KEY],
    f"{E}00-d-jws-jws_too_long.txt": [Fault.STRUCTURE],  # no start, a wrong type, places
    f"{E}00-d-jws-no_jws_header_alg.txt": [Fault.ALGORITHM],
    f"{E}00-d-jws-no_jws_header_zip.txt": [Fault.COMPRESSION],
    f"{E}00-d-jws-utf8_bom_prefix.txt": [Fault.STRUCTURE],
    f"{E}00-e-file-bad_jwks.smart-health-card": [Fault.KEY],
    f"{E}00-e-file-invalid_issuer_url.smart-health-card": [Fault.KEY],
    f"{E}00-e-file-issuer_url_with_trailing_slash.smart-health-card": [Fault.STRUCTURE],
    f"{E}00-e-file-multi-jws-issues.smart-health-card": [Fault.ALGORITHM, None],
    f"{E}00-e-file-no_deflate.smart-health-card": [Fault.COMPRESSION],
    f"{E}00-f-qr-code-numeric-value-0-number-too-big.txt": [Fault.ALPHABET],
    f"{E}00-f-qr-code-numeric-value-0-wrong-multi-chunk.txt": [Fault.STRUCTURE],
    f"{E}02-f-qr-code-numeric-value-0-qr_chunk_too_big.txt": [Fault.LENGTH],
    "shlink-link-with-viewer.txt": [Fault.PREFIX],  # a link is another thing: it asks a server, and we ask none
    "shlink-manifest-file.txt": [Fault.PREFIX],
    "shlink-payload-direct.txt": [Fault.PREFIX],
    **{
        f"{E}00-f-qr-code-numeric-value-{place}-qr_chunk_too_small.txt": [Fault.STRUCTURE]  # the others are not there
        for place in (0, 1, 2, 4, 6, 8, 11, 13, 15)
    },
}
KEYS: dict[str, Fault | None] = {
    "valid_key.json": None,
    "valid_keys.json": None,
    "valid_key_with_x5c.json": None,
    "valid_2_chain.public.json": None,
    "issuer.jwks.public.not.smart.json": None,  # a good key, of another issuer
    "wrong_alg_key.json": Fault.KEY,
    "wrong_kid_key.json": Fault.KEY,
    "wrong_use_key.json": Fault.KEY,
    "private_key.json": Fault.KEY,
    "cert_mismatch.public.json": Fault.KEY,
    "invalid_chain.public.json": Fault.KEY,
}
PAYLOADS: dict[str, Fault | None] = {
    f"{E}00-b-jws-payload-expanded-{name}.json": fault
    for name, fault in {
        "optional-vc-type": None,
        "unknown-vc-types": None,
        "missing-covid-vc-type": None,  # the other types are for sorting cards, and say nothing that counts
        "missing-imm-vc-type": None,
        "missing-shc-vc-type": Fault.STRUCTURE,
        "missing-coding": Fault.STRUCTURE,
        "nbf_milliseconds": Fault.STRUCTURE,
        "exp_milliseconds": Fault.STRUCTURE,
        "nbf_not_yet_valid": Fault.NOT_YET,
        "expired": Fault.EXPIRED,
        "pre-expired": Fault.STRUCTURE,
        "trailing_chars": Fault.STRUCTURE,
    }.items()
}
BUNDLES: dict[str, Fault | None] = {
    f"{E}00-a-fhirBundle-bad_meta_extra_key.json": Fault.STRUCTURE,
    f"{E}00-a-fhirBundle-bad_meta_wrong_security.json": Fault.STRUCTURE,
    f"{E}00-a-fhirBundle-occurrence-issues.json": Fault.STRUCTURE,
    f"{E}00-a-fhirBundle-status-not-completed.json": Fault.STRUCTURE,
    f"{E}00-a-non-dm-properties.json": Fault.STRUCTURE,  # its patient says of itself what none may say
}
OTHER = {"test-issuers.json"}  # a directory of issuers: who is believed is said by whoever hands the keys over


@cache
def texts() -> dict[str, str]:
    with gzip.open(corpus("shc") / "dev-tools.public.ndjson.gz", "rt", encoding="utf-8") as lines:
        return {one["id"]: one["text"] for one in map(json.loads, lines)}


def presented(name: str) -> list[str]:
    """Return the cards of a file: a text, a file of cards, or an answer of a FHIR server."""
    text = texts()[name].strip()
    if not text.startswith("{") or name.startswith("shlink"):
        return [text]
    value = json.loads(text)
    if "verifiableCredential" in value:
        return list(value["verifiableCredential"])
    return [one["valueString"] for one in value["parameter"] if one["name"] == "verifiableCredential"]


def fate(action: Any) -> Fault | None:
    try:
        action()
    except CodecError as refused:
        return refused.fault
    return None


def judged(card: str) -> HealthCard:
    found = read_jws(card) if card.startswith("eyJ") else decode_shc(card)
    return verify_shc(found, {ISSUER: keys_of_jwks(EXAMPLE_KEYS)}, AT)


def test_every_file_has_a_stated_fate() -> None:
    assert set(texts()) == set(CARDS) | set(KEYS) | set(PAYLOADS) | set(BUNDLES) | OTHER


def test_every_good_card_is_accepted_and_every_bad_one_refused_for_its_reason() -> None:
    found = {name: [fate(lambda card=card: judged(card)) for card in presented(name)] for name in CARDS}

    fates = [one for name in CARDS for one in found[name]]
    good = fates.count(None)
    print(f"SMART Health Cards: {len(fates)} judged, {good} good ones accepted, {len(fates) - good} bad ones refused")
    assert found == CARDS


def test_a_good_card_says_whose_it_is_and_what_was_given() -> None:
    card = judged(texts()[f"{E}1195-byte-qrnumeric.txt"].strip())

    assert card.holder.family == "Kenobi-Skywalker"
    assert {one.kind for one in card.events} == {"vaccination"}
    assert all(one.target.startswith("http://hl7.org/fhir/sid/cvx|") for one in card.events)


@pytest.mark.parametrize("name", sorted(KEYS))
def test_key_sets_are_taken_or_refused_whole(name: str) -> None:
    assert fate(lambda: keys_of_jwks(json.loads(texts()[name]))) is KEYS[name]


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_signed_payloads_are_judged_by_what_they_say(name: str) -> None:
    issuer = CardIssuer()
    text = texts()[name]
    octets = text.encode() if name.endswith("trailing_chars.json") else json.dumps(json.loads(text)).encode()

    assert fate(lambda: verify_shc(read_jws(issuer.jws(octets)), {ISSUER: issuer.keys}, AT)) is PAYLOADS[name]


@pytest.mark.parametrize("name", sorted(BUNDLES))
def test_bundles_are_judged_by_what_they_hold(name: str) -> None:
    bundle = read_json(texts()[name].strip().encode())

    assert fate(lambda: read_bundle(bundle)) is BUNDLES[name]


def test_a_card_in_chunks_is_one_card_in_any_order_and_none_while_a_chunk_is_missing() -> None:
    whole = texts()[f"{E}1195-byte-qrnumeric.txt"].strip().removeprefix("shc:/")
    chunks = [f"shc:/{place}/3/{whole[start : start + 800]}" for place, start in ((1, 0), (2, 800), (3, 1600))]
    keys = {ISSUER: keys_of_jwks(EXAMPLE_KEYS)}

    assert verify_shc(decode_shc(chunks[2], chunks[0], chunks[1]), keys, AT).holder.family == "Kenobi-Skywalker"
    for some in (chunks[:2], [chunks[0]] * 3, [*chunks, chunks[0]], []):
        assert fate(lambda some=some: decode_shc(*some)) in {Fault.STRUCTURE, Fault.LENGTH}


def test_a_card_nests_no_deeper_than_cards_do() -> None:
    assert read_json(b"[" * 64 + b"]" * 64)
    with pytest.raises(CodecError) as refused:
        read_json(b"[" * 65 + b"]" * 65)
    assert refused.value.fault is Fault.STRUCTURE
