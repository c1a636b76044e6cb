"""HC1 and SMART Health Cards that we write: our own readers and other libraries accept them, and nothing is guessed."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws
from joserfc.jwk import ECKey

from foreigners import Issuer
from salus.codec import CodecError, base45, signer
from salus.codec.foreign import (
    EventKind,
    Life,
    Origin,
    Statement,
    Subject,
    card_of,
    dcc_of,
    decode_hcert,
    decode_shc,
    disease_of,
    jwk_of,
    keys_of_jwks,
    signer_of_certificate,
    verify_hcert,
    verify_shc,
    write_hcert,
    write_shc,
)
from salus.codec.foreign.smart import joined
from salus.codec.foreign.values import value_set
from salus.identity.names import halves, machine_letters
from salus.records.attesting.reading import TESTS, VACCINES

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)
LIFE = Life(starts=AT, ends=AT + timedelta(days=30))
KEY = ec.derive_private_key(0x5C1, ec.SECP256R1())
ISSUER = Issuer(KEY)
ADDRESS = "https://salus.example/cards"
SUBJECT = Subject(family="吕", given="晓", family_letters="LYU", given_letters="XIAO", born=date(1980, 2, 29))
ORIGIN = Origin(country="XX", issuer="salus.example", name="URN:UVCI:01:XX:ABC")
DOSE = Statement(kind=EventKind.VACCINATION, disease="covid-19", at=AT - timedelta(days=40), code="511", doses=(2, 2))
TEST = Statement(kind=EventKind.TEST, disease="covid-19", at=AT - timedelta(hours=5), code="94500-6")
RECOVERY = replace(TEST, kind=EventKind.RECOVERY, at=AT - timedelta(days=30))
FLU = replace(DOSE, disease="influenza", code="140", doses=None)


def hc1(told: Statement = DOSE) -> str:
    return write_hcert(dcc_of(SUBJECT, told, ORIGIN), "XX", ISSUER.signer.kid, signer(KEY), LIFE)


def shc(told: Statement = FLU) -> str:
    return write_shc(card_of(SUBJECT, told), ADDRESS, KEY.public_key(), signer(KEY), LIFE)


@pytest.mark.parametrize("told", [DOSE, TEST, RECOVERY], ids=["vaccination", "test", "recovery"])
def test_a_health_certificate_is_read_back_as_what_was_said(told: Statement) -> None:
    found = decode_hcert(hc1(told))
    trusted = verify_hcert(found, [signer_of_certificate(ISSUER.der)], AT)

    assert (trusted.holder.family, trusted.holder.given, trusted.holder.born) == ("吕", "晓", "1980-02-29")
    assert (trusted.event.kind, disease_of(trusted.event.target)) == (told.kind, "covid-19")
    assert trusted.event.on.startswith(told.day)
    assert (found.issued, found.expires, found.issuer) == (LIFE.starts, LIFE.ends, "XX")
    assert found.payload["nam"] == {"fn": "吕", "fnt": "LYU", "gn": "晓", "gnt": "XIAO"}


@pytest.mark.parametrize("told", [DOSE, TEST, FLU], ids=["vaccination", "test", "influenza"])
def test_a_card_is_read_back_as_what_was_said(told: Statement) -> None:
    card = verify_shc(decode_shc(shc(told)), {ADDRESS: keys_of_jwks({"keys": [jwk_of(KEY.public_key())]})}, AT)

    (event,) = card.events
    assert (card.holder.family, card.holder.given, card.holder.born) == ("吕", "晓", "1980-02-29")
    assert (event.kind, disease_of(event.target)) == (told.kind, told.disease)
    assert (card.starts, card.expires) == (LIFE.starts, LIFE.ends)


def test_another_library_accepts_the_signature_of_a_card() -> None:
    compact = joined([shc()])
    key = ECKey.import_key(KEY.public_key())
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)

    found = jws.deserialize_compact(compact, key, registry=registry)

    assert found.headers() == {"zip": "DEF", "alg": "ES256", "kid": jwk_of(KEY.public_key())["kid"]}
    assert json.loads(zlib.decompress(found.payload, -15))["iss"] == ADDRESS


def test_a_message_is_the_structure_that_rfc_9052_draws() -> None:
    message = cbor2.loads(zlib.decompress(base45.decode(hc1()[4:])))
    protected, unprotected, payload, signature = message.value

    assert (message.tag, unprotected, len(signature)) == (18, {}, 64)
    assert cbor2.loads(protected) == {1: -7, 4: sha256(ISSUER.der).digest()[:8]}
    assert set(cbor2.loads(payload)) == {1, 4, 6, -260}


def test_a_card_holds_nothing_that_its_profile_does_not_need() -> None:
    bundle = card_of(SUBJECT, FLU)["credentialSubject"]["fhirBundle"]
    patient, vaccination = (one["resource"] for one in bundle["entry"])

    assert set(patient) == {"resourceType", "name", "birthDate"}
    assert set(vaccination) == {"resourceType", "status", "vaccineCode", "patient", "occurrenceDateTime"}
    assert vaccination["vaccineCode"] == {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "140"}]}


CANNOT: dict[str, object] = {
    "a dose that is not counted": lambda: dcc_of(SUBJECT, replace(DOSE, doses=None), ORIGIN),
    "a product that the value sets lack": lambda: dcc_of(SUBJECT, replace(DOSE, code="500"), ORIGIN),
    "a disease that the value sets lack": lambda: dcc_of(SUBJECT, replace(FLU, doses=(1, 1)), ORIGIN),
    "a test that the value sets lack": lambda: dcc_of(SUBJECT, replace(TEST, code="80382-5"), ORIGIN),
    "a recovery on a card": lambda: card_of(SUBJECT, RECOVERY),
}


@pytest.mark.parametrize("what", CANNOT)
def test_what_a_format_has_no_words_for_is_refused(what: str) -> None:
    with pytest.raises(CodecError):
        CANNOT[what]()  # type: ignore[operator]


def test_a_card_that_does_not_fit_one_code_is_refused() -> None:
    long = replace(SUBJECT, given="".join(chr(0x4E00 + 37 * place) for place in range(110)))
    many = card_of(long, FLU)
    many["type"] += [f"https://smarthealth.cards#{sha256(str(place).encode()).hexdigest()}" for place in range(12)]

    with pytest.raises(CodecError, match="at most 1195"):
        write_shc(many, ADDRESS, KEY.public_key(), signer(KEY), LIFE)


def test_the_value_sets_know_what_records_attest_and_where_each_row_is_from() -> None:
    vaccines = {row.code: row.means for row in value_set("vaccine").values()}
    examinations = {row.code: row.means for row in value_set("examination").values()}

    assert vaccines == {code: disease for disease, codes in VACCINES.items() for code in codes}
    assert examinations == {code: disease for disease, codes in TESTS.items() for code in codes}
    assert set(value_set("product")) <= set(VACCINES["covid-19"])
    assert set(value_set("test")) == set(TESTS["covid-19"])
    assert all(row.source for name in ("disease", "product", "test", "result") for row in value_set(name).values())


@pytest.mark.parametrize(
    ("written", "family", "letters"),
    [
        ("孙喜", "孙", ("SUN", "XI")),
        ("欧阳修", "欧阳", ("OUYANG", "XIU")),
        ("吕布", "吕", ("LYU", "BU")),
        ("Sun Xinxiao", "Sun", ("SUN", "XINXIAO")),
        ("Ou Yang Xiu", "Ou Yang", ("OU<YANG", "XIU")),
        ("Erika Müller", "Müller", ("MUELLER", "ERIKA")),
        ("Ån-Bo O'Neil", "O'Neil", ("ONEIL", "AAN<BO")),
        ("Иван Петров", "Петров", ("", "")),
        ("", "", ("", "")),
    ],
)
def test_names_are_spelled_as_passports_spell_them(written: str, family: str, letters: tuple[str, str]) -> None:
    found = halves(written)

    assert found[0] == family
    assert machine_letters(*found) == letters
