"""Damaged codes of every format: none is accepted, and none raises anything but CodecError.

`SALUS_MUTATIONS=250000` makes it more than a million, which takes minutes.

Damage is done to characters, to octets before they are written, and by joining two good codes. Where a format lets one
content have several texts (`HC1:` says nothing of how it is compressed) a text with the very same content is counted
apart, and is no acceptance of anything that was not signed.
"""

from __future__ import annotations

import os
import random
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from doors import Door
from foreigners import AT, CARD, CERTIFICATE, CardIssuer, Issuer, written
from salus.codec import Algorithm, CodecError, base45, decode_sl1, encode_sl1, key_id, signer
from salus.codec.certificates import decode_certificate
from salus.codec.dynamic import decode_dynamic, encode_dynamic, encode_token, step_at
from salus.codec.foreign import (
    EventKind,
    Life,
    Statement,
    Subject,
    card_of,
    decode_hcert,
    decode_shc,
    verify_hcert,
    verify_shc,
    write_hcert,
    write_shc,
)
from salus.codec.foreign.smart import joined
from telephones import Telephone

LIFE = Life(starts=AT - timedelta(hours=1), ends=AT + timedelta(days=30))
SUBJECT = Subject(family="吕", given="晓", family_letters="LYU", given_letters="XIAO", born=date(1980, 2, 29))
DOSE = Statement(kind=EventKind.VACCINATION, disease="influenza", at=AT - timedelta(days=40), code="140")
EACH = int(os.environ.get("SALUS_MUTATIONS", "25000"))


@dataclass(frozen=True)
class Format:
    """Good texts, the octets behind one and how they are written, how one is judged: its content, or CodecError."""

    good: tuple[str, ...]
    octets: bytes
    write: Callable[[bytes], str]
    judge: Callable[[str], object]
    alphabet: str = base45.ALPHABET


def identity() -> Format:
    keys = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2)]
    trusted = {key_id(key.public_key()): key.public_key() for key in keys}
    good = tuple(
        encode_sl1(bytes([number]) * 16, key_id(key.public_key()), signer(key), Algorithm.EDDSA)
        for number, key in enumerate(keys, 7)
    )
    return Format(good, base45.decode(good[0][4:]), sl1, lambda text: decode_sl1(text, trusted))


def phone() -> Format:
    node = ec.derive_private_key(5, ec.SECP256R1())
    holder, at = Telephone(ec.derive_private_key(6, ec.SECP256R1())), datetime(2031, 3, 1, 8, tzinfo=UTC)
    kid, trusted = key_id(node.public_key()), {key_id(node.public_key()): node.public_key()}
    tokens = [encode_token(bytes([n]) * 16, holder.point, at + timedelta(days=1), kid, signer(node)) for n in (7, 8)]
    good = tuple(encode_dynamic(token, step_at(at), signer(holder.key)) for token in tokens)

    def judge(text: str) -> object:
        shown = decode_dynamic(text, trusted, at)
        shown.require(holder.point)
        return shown.identifier, shown.step

    return Format(good, base45.decode(good[0][4:]), sl1, judge)


def certificate() -> Format:
    door = Door()
    public = door.issuer.public_key()
    good = (door.text(), door.text(index=9, hint=None))

    def judge(text: str) -> object:
        presented = decode_certificate(text)
        presented.verify(public)
        return presented.payload

    return Format(good, base45.decode(good[0][4:]), sl1, judge)


def hc1() -> Format:
    issuer = Issuer()
    ours = write_hcert({**CERTIFICATE, "dob": "1999-12-30"}, "XX", issuer.signer.kid, signer(issuer.key), LIFE)
    good = (issuer.text(), issuer.text({**CERTIFICATE, "dob": "1999-12-31"}), ours)
    believed = [issuer.signer]

    def judge(text: str) -> object:
        found = decode_hcert(text)
        verify_hcert(found, believed, AT)
        return found.signed.to_be_signed()

    return Format(good, zlib.decompress(base45.decode(good[0][4:])), written, judge)


def shc() -> Format:
    issuer = CardIssuer()
    source = "https://spec.example/issuer"
    ours = write_shc(card_of(SUBJECT, DOSE), source, issuer.key.public_key(), signer(issuer.key), LIFE)
    good = (issuer.text(CARD), issuer.text(CARD.replace(b"Erika", b"Maria")), ours)
    keys = {source: issuer.keys}
    octets = joined([good[0]]).encode()

    def write(jws: bytes) -> str:
        return "shc:/" + "".join(f"{max(octet - 45, 0):02}" for octet in jws)

    return Format(good, octets, write, lambda text: verify_shc(decode_shc(text), keys, AT).signed, "0123456789/")


def sl1(message: bytes) -> str:
    return "SL1:" + base45.encode(message)


def damaged(form: Format, chance: random.Random) -> str:
    text, other = chance.sample(form.good, 2)
    place = chance.randrange(len(text))
    kind = chance.randrange(8)
    if kind == 0:
        return text[:place] + chance.choice(form.alphabet) + text[place + 1 :]
    if kind == 1:
        return text[:place] + text[place + 1 :]
    if kind == 2:
        return text[:place] + chance.choice(form.alphabet) + text[place:]
    if kind == 3:
        return text[:place] + other[place:]
    if kind == 4:
        return text[: chance.randrange(len(text))]
    octets = bytearray(form.octets)
    at = chance.randrange(len(octets))
    if kind == 5:
        octets[at] ^= 1 << chance.randrange(8)
    elif kind == 6:
        octets[at] = chance.randrange(256)
    else:
        del octets[at : at + chance.randrange(1, 4)]
    return form.write(bytes(octets))


@pytest.mark.slow
@pytest.mark.parametrize("make", [identity, phone, certificate, hc1, shc], ids=lambda make: make.__name__)
def test_of_many_damaged_codes_none_is_accepted(make: Callable[[], Format]) -> None:
    form, chance = make(), random.Random(f"{make.__name__} 1")
    contents = {form.judge(text) for text in form.good}
    told: Counter[str] = Counter()
    for _ in range(EACH):
        text = damaged(form, chance)
        if text in form.good:
            told["undamaged"] += 1
            continue
        try:
            told["same content" if form.judge(text) in contents else "accepted"] += 1
        except CodecError as refused:
            told[str(refused.fault.name)] += 1

    print(f"{make.__name__}: {EACH:,} tried, {told['accepted']} accepted, 0 crashes; {dict(told)}")
    assert told["accepted"] == 0
    assert told["undamaged"] + told["same content"] < EACH / 20
    assert len(told) > 4


@pytest.mark.parametrize("make", [identity, phone, certificate, hc1, shc], ids=lambda make: make.__name__)
def test_the_check_can_fail(make: Callable[[], Format]) -> None:
    form = make()

    assert len({form.judge(text) for text in form.good}) == len(form.good)
