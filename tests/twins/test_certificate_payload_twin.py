"""Writing and reading a certificate's claims by their one form, against the slow way by any CBOR: always alike."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone

import cbor2
import pytest

from doors import Door
from salus.codec import CodecError, Fault
from salus.codec.certificates import Certificate, CertificateKind, Hint
from salus.codec.certificates.text import certificate_in, payload_of, read_slowly

DOOR = Door()
MUTATIONS = 6_000
HOUR = int(DOOR.at.timestamp()) // 3600
WRITTEN = {
    "with a hint": DOOR.certificate(),
    "without one": DOOR.certificate(hint=None),
    "with a Chinese initial": DOOR.certificate(hint=Hint(initials="孙", month=12, day=31, last_two="00")),
    "with four letters": DOOR.certificate(hint=Hint(initials="ABCD", month=1, day=1, last_two="9X")),
    "in small numbers": DOOR.certificate(list_number=0, index=23, when=24),
    "in middling numbers": DOOR.certificate(list_number=255, index=256, when=255),
    "in large numbers": DOOR.certificate(list_number=65_535, index=65_536),
    "of a test": DOOR.certificate(kind=CertificateKind.TEST, when=HOUR - 8, expires=DOOR.at),
}
OCTETS = (0x00, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x3A, 0x5F, 0x60, 0x61, 0x62, 0x63, 0x84, 0x85, 0x86, 0x9F, 0xA3, 0xFF)


def read(reader: object, payload: bytes) -> Certificate | Fault:
    assert callable(reader)
    try:
        found: Certificate = reader(payload)
    except CodecError as refused:
        return refused.fault
    return found


@pytest.mark.parametrize("certificate", WRITTEN.values(), ids=WRITTEN.keys())
def test_both_read_what_was_written(certificate: Certificate) -> None:
    payload = payload_of(certificate)

    assert certificate_in(payload) == read_slowly(payload) == certificate


def written_slowly(certificate: Certificate) -> bytes:
    hint = certificate.hint
    fact: list[object] = [int(certificate.kind), int(certificate.disease)]
    fact += [certificate.when, certificate.list_number, certificate.index]
    if hint:
        fact.append([hint.initials, hint.month, hint.day, hint.last_two])
    claims = {4: int(certificate.expires.timestamp()), 6: int(certificate.issued.timestamp()), -65537: fact}
    return cbor2.dumps(claims, canonical=True)


@pytest.mark.parametrize("certificate", WRITTEN.values(), ids=WRITTEN.keys())
def test_both_write_the_same(certificate: Certificate) -> None:
    assert payload_of(certificate) == written_slowly(certificate)


@pytest.mark.parametrize("year", [1969, 1970, 1971, 2105, 2107])
def test_both_write_instants_of_any_length(year: int) -> None:
    issued = datetime(year, 1, 1, 5, tzinfo=UTC)
    certificate = DOOR.certificate(issued=issued, expires=issued + timedelta(hours=1))

    assert payload_of(certificate) == written_slowly(certificate)


@pytest.mark.parametrize("minutes", [0, 30, 45])
def test_a_whole_hour_is_one_in_whichever_zone_it_is_written(minutes: int) -> None:
    zone = timezone(timedelta(hours=5, minutes=minutes))
    hour = DOOR.certificate().issued

    assert DOOR.certificate(issued=hour.astimezone(zone)) == DOOR.certificate(issued=hour)
    with pytest.raises(CodecError):
        DOOR.certificate(issued=hour.astimezone(zone) + timedelta(minutes=30))


def test_every_number_is_written_in_its_shortest_form() -> None:
    edges = [0, 23, 24, 255, 256, 65_535]
    for number in edges:
        certificate = DOOR.certificate(list_number=number, index=number, when=min(number, 36_000))
        assert payload_of(certificate) == written_slowly(certificate)


def test_both_say_the_same_of_whatever_else_there_is() -> None:
    chance, taken = random.Random(7), 0
    payloads = [payload_of(one) for one in WRITTEN.values()]
    for _ in range(MUTATIONS):
        octets = bytearray(chance.choice(payloads))
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            place = chance.randrange(len(octets))
            change = chance.choice(("set", "set", "set", "drop", "add"))
            if change == "drop":
                del octets[place]
            else:
                value = chance.choice((chance.choice(OCTETS), chance.randrange(256), octets[place] ^ 1))
                octets[place : place + (change == "set")] = bytes([value])
        quick, slow = read(certificate_in, bytes(octets)), read(read_slowly, bytes(octets))
        assert quick == slow, bytes(octets).hex()
        taken += isinstance(quick, Certificate)

    assert taken > 100, "else nothing was compared but refusals"
