"""A prepared person as bytes and back, exactly. What follows from another field is not kept. Pure."""

from __future__ import annotations

from datetime import date

import orjson

from salus.identity.linkage.people import Features
from salus.identity.linkage.people.preparing import series
from salus.identity.matching.model import Person

LAYOUT = 1
"""Changes with the fields, never with the model: weights of another training read the same bytes."""


def pack(one: Person) -> bytes:
    """Write a person compactly."""
    f = one.features
    return orjson.dumps(
        [
            [f.characters, f.tones, f.sound, f.surname, f.sounds, f.birth, f.sex, f.citizen, f.typed, f.phone,
             f.numbered, f.unnamed],
            one.numbers, one.guardians, one.phones, one.lost,
        ]
    )  # fmt: skip


def unpack(packed: bytes) -> Person:
    """Read what `pack` wrote."""
    fields, numbers, guardians, phones, lost = orjson.loads(packed)
    characters, tones, sound, surname, sounds, birth, sex, citizen, typed, phone, numbered, unnamed = fields
    features = Features(
        characters, tones, sound, surname, tuple(sounds) if sounds else None, birth,
        birth[:4] if birth else None,
        date(int(birth[:4]), int(birth[4:6]), int(birth[6:])).toordinal() if birth else None,
        1 if birth and birth[4:] == "0101" else 0,
        sex, citizen, typed, guardians[0] if guardians else None, phone, None, None, None, numbered, unnamed,
        series(typed),
    )  # fmt: skip
    return Person(features, tuple(numbers), tuple(guardians), tuple(phones), lost)
