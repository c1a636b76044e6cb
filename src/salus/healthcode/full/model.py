"""A full certificate as its holder keeps it, who issues it, and how long it lives. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from salus.codec import CodecError
from salus.codec.foreign import Event, EventKind, Holder, Life, Origin, Statement, Subject, card_of, dcc_of
from salus.healthcode.full.errors import FullRefused

FULL_LASTS: Final = timedelta(days=30)
"""How long one lives at most. A constant, and short: not every verifier of another system learns that one is void."""
TEST_LASTS: Final = timedelta(hours=72)
RECOVERY_LASTS: Final = timedelta(days=180)
_COUNTRY = re.compile("[A-Z]{2}")
_SOURCE = re.compile(r"https://[a-z0-9.-]{1,80}(:[0-9]{1,5})?(/[A-Za-z0-9._~-]{1,80}){0,8}")


class Form(StrEnum):
    """The formats of other systems that are written."""

    HC1 = "HC1"
    SHC = "SHC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing:
    """Who issues: the node's name, its country's two letters, the address that keys of its cards lie below."""

    node: str
    country: str
    source: str

    def __post_init__(self) -> None:
        if not _COUNTRY.fullmatch(self.country):
            raise FullRefused("this node's country is not two capital letters; its operator has to set it")
        if not _SOURCE.fullmatch(self.source):
            raise FullRefused("this node has no address under which others could find its keys")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a resident asks for: whose, which fact of which entry, in which format."""

    resource: UUID
    subject: Subject
    told: Statement
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFull:
    """One full certificate of a resident: its text for the picture, what it says, and why it is void, if it is."""

    certificate_id: UUID
    resource: UUID
    form: Form
    holder: Holder
    event: Event
    text: str = field(repr=False)
    taken: datetime
    ends: datetime
    ground: str | None

    def good(self, at: datetime) -> bool:
        """Tell whether it still counts at this instant."""
        return self.ground is None and self.taken <= at < self.ends


def life_of(told: Statement, at: datetime) -> Life:
    """Return how long a certificate of this counts that is taken now; FullRefused if it would have ended."""
    starts = at.replace(microsecond=0)
    ends = starts + FULL_LASTS
    if told.kind is EventKind.TEST:
        ends = min(ends, told.at.replace(microsecond=0) + TEST_LASTS)
    if told.kind is EventKind.RECOVERY:
        ends = min(ends, told.at.replace(microsecond=0) + RECOVERY_LASTS)
    if ends <= starts:
        raise FullRefused("this is too long ago for a certificate; your record still shows it")
    return Life(starts=starts, ends=ends)


def forms_for(subject: Subject, told: Statement, at: datetime) -> tuple[Form, ...]:
    """Return the formats that have words for all that a certificate of this has to say, if it is of use still."""
    try:
        life_of(told, at)
    except FullRefused:
        return ()
    return tuple(form for form in Form if _has_words(form, subject, told))


def _has_words(form: Form, subject: Subject, told: Statement) -> bool:
    try:
        if form is Form.HC1:
            dcc_of(subject, told, Origin(country="XX", issuer="", name=""))
        else:
            card_of(subject, told)
    except CodecError:
        return False
    return True
