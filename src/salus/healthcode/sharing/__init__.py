"""Relatives and dependants: who may show whose identity code, with ends. No record and no measure goes with it."""

from salus.healthcode.sharing.errors import NoPaper, ShareRefused, TooManyShares
from salus.healthcode.sharing.model import (
    ADULT_AT,
    KEY_LASTS,
    LONGEST_SHARE,
    MOST_GIVEN,
    MOST_HELD,
    OWN_SAY_AT,
    Kind,
    Share,
    guardian_until,
)
from salus.healthcode.sharing.service import (
    code_of,
    end,
    end_at_desk,
    end_given,
    find,
    given,
    held,
    offer,
    resolve,
    take,
)

__all__ = [
    "ADULT_AT",
    "KEY_LASTS",
    "LONGEST_SHARE",
    "MOST_GIVEN",
    "MOST_HELD",
    "OWN_SAY_AT",
    "Kind",
    "NoPaper",
    "Share",
    "ShareRefused",
    "TooManyShares",
    "code_of",
    "end",
    "end_at_desk",
    "end_given",
    "find",
    "given",
    "guardian_until",
    "held",
    "offer",
    "resolve",
    "take",
]
