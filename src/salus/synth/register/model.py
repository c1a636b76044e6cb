"""What a register is made of: rows as senders write them, and the people behind them. A row never shows itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple


class Record(NamedTuple):
    """One row of a register, every field text, "" where nothing was written.

    `id_type` is one of resident-id, passport, hk-macau-permit, taiwan-permit, birth-certificate, military, temporary
    and none. Dates are ISO 8601; `recorded_at` has its offset (UTC+8).
    """

    record_id: str
    source: str
    name: str
    sex: str
    birth_date: str
    id_type: str
    id_number: str
    phone: str
    county: str
    address: str
    recorded_at: str

    def __repr__(self) -> str:
        return f"Record({self.record_id}, …)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where a household lives and the telephone that all of them can be reached on."""

    county: str
    street: str = field(repr=False)
    number: int = field(repr=False)
    room: int = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Person:
    """One person of a register as they are in truth; `guardian` is the parent whose number a newborn is put under.

    `sounds` are the pinyin of the given name's characters. Those whose name is not Chinese have it in `latin`.
    """

    index: int
    family: tuple[str, str]
    given: str
    sounds: tuple[str, ...]
    male: bool
    birth_date: date
    id_type: str
    id_number: str
    phone: str
    home: Home
    guardian: tuple[str, str] | None = None
    latin: tuple[str, str] | None = None
