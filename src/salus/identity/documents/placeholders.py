"""Numbers that stand for no number: typed to get past a field, copied from a form, or a reception desk's telephone.

They carry no weight: two people who share one share nothing.
"""

from __future__ import annotations

import re
import unicodedata

# Worked examples of GB 11643-1999, annex A, which forms and manuals print.
_PRINTED = frozenset({"11010519491231002X", "440524188001010014"})
_NO_AREA = frozenset({"000000", "111111", "123456", "222222", "654321", "888888", "999999"})
_FILLER_BIRTH_DATE = "19000101"
_UP, _DOWN = "01234567890123456789", "98765432109876543210"
_PREFIX = re.compile(r"^(?:\+|00)?86(?=1[0-9]{10}$|0[1-9][0-9]{8,10}$)|^(?:17951|12593)(?=1[0-9]{10}$)")
_NOT_IN_A_PHONE = re.compile(r"[^0-9+]")


def is_placeholder(value: str) -> bool:
    """Say whether a canonical document number is a filler: one character repeated, a run, a short pattern, an example.

    A filler birth date or an area of one digit repeated makes an 18-character number one too. Letters in front are
    looked through. Empty text is a filler.
    """
    if value in _PRINTED:
        return True
    if len(value) == 18 and value[:17].isdigit():
        return value[:6] in _NO_AREA or value[6:14] == _FILLER_BIRTH_DATE or _is_filler(value[:17])
    return _is_filler(value.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def read_phone(text: str) -> str:
    """Return the digits of a telephone number without country code or carrier prefix; "" where there are none.

    Any text is answered. What is longer than 32 characters is no number: "".
    """
    if len(text) > 32:
        return ""
    digits = _NOT_IN_A_PHONE.sub("", text if text.isascii() else unicodedata.normalize("NFKC", text))
    return _PREFIX.sub("", digits).replace("+", "")


def is_generic_phone(phone: str) -> bool:
    """Say whether the digits of a telephone number are nobody's own: too short, fillers, service lines, famous dummies.

    Takes what `read_phone` returns. A mobile number that repeats its own beginning with noughts (AAA00AAA000, the known
    dummy of each network) is one, and so is a number whose last seven digits, area code left out, are a filler.
    """
    service_line = len(phone) == 10 and phone.startswith(("400", "800"))
    if len(phone) < 7 or service_line or _is_filler(phone):
        return True
    if len(phone) == 11 and phone[0] == "1":
        return phone[3:] == f"00{phone[:3]}000" or _is_filler(phone[3:])
    return _is_filler(phone[-7:])


def _is_filler(text: str) -> bool:
    """One short pattern repeated, or a run up or down that may wrap around; fewer than five characters always are."""
    if len(text) < 5:
        return True
    # A text repeats a pattern of some width if, moved by that width, it lies upon itself.
    if text[1:] == text[:-1] or text[2:] == text[:-2] or (len(text) > 5 and text[3:] == text[:-3]):
        return True
    first, rest = text[:10], text[10:]
    return (first in _UP and rest in _UP) or (first in _DOWN and rest in _DOWN)
