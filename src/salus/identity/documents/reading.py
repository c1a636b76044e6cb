"""Read a document number as people write it, or refuse it clearly."""

from __future__ import annotations

import re
from datetime import date

from salus.identity.documents import citizen
from salus.identity.documents.model import Doubt, Identifier
from salus.identity.documents.spelling import canonical
from salus.identity.documents.types import document_type
from salus.identity.errors import NumberRefused

_REISSUED = re.compile(r"([HM][0-9]{8})[0-9]{2}")
_OTHER_CITIZENS = ("810000", "820000", "830000", "9")


def read(
    type_: str,
    written: str,
    *,
    issuer: str = "",
    valid_from: date | None = None,
    valid_until: date | None = None,
    verified: bool = False,
) -> Identifier:
    """Read one number of a type. Full-width forms, case, spaces and hyphens are normalised; `written` is kept.

    Fifteen digits of a resident's number are upgraded, with a warning, since that is not always exact. Of a permit for
    Hong Kong and Macau the two digits that count reissues are left out. An area that no table knows is a warning.
    Raises NumberRefused for what cannot be a number of this type, DocumentUnknown for a type that there is not;
    neither repeats what was written.
    """
    kind = document_type(type_)
    value = canonical(written)
    if not kind.shapes:
        raise NumberRefused("no document, no number; leave the number away or name its type")
    if not value:
        raise NumberRefused("the number is empty; leave it away or write it")
    doubts: tuple[Doubt, ...] = ()
    if type_ == "resident-id":
        value, doubts = _resident(value)
    elif type_ == "hk-macau-permit" and (reissued := _REISSUED.fullmatch(value)):
        value = reissued[1]
    return Identifier(
        type=type_,
        value=value,
        written=written,
        issuer=issuer,
        valid_from=valid_from,
        valid_until=valid_until,
        verified=verified,
        warnings=doubts,
    )


def read_citizen_number(written: str) -> str:
    """Return the 18 characters of a resident's number, upgraded from 15 where it is an old one; refuse all else."""
    value, _ = _resident(canonical(written))
    citizen.check_citizen(value)
    return value


def _resident(value: str) -> tuple[str, tuple[Doubt, ...]]:
    doubts = []
    if citizen.is_old(value):
        value = citizen.upgrade(value)
        doubts.append(Doubt.UPGRADED)
        if value[6:8] == "18":
            doubts.append(Doubt.BORN_BEFORE_1900)
    if value.startswith(_OTHER_CITIZENS):
        doubts.append(Doubt.OTHER_TYPE)
    elif not citizen.area_known(value):
        doubts.append(Doubt.UNKNOWN_AREA)
    return value, tuple(doubts)
