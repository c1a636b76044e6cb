"""Numbers of 18 characters after GB 11643-1999: check character, birth date and sex, and the 15 digits from before.

Functions only, on canonical text; they never repeat a number in what they raise.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from salus.identity.errors import NumberRefused

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_ASCII_DIGITS = frozenset("0123456789")
# Of people born before 1900 the rule of 1989 took the last sequences of each county and day.
_BORN_BEFORE_1900 = frozenset({"996", "997", "998", "999"})
# First two digits: the provinces of GB/T 2260, 81 to 83 for residents of Hong Kong, Macau and Taiwan.
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)


def _block_sums(block: int) -> dict[str, int]:
    """Return, for each four digits, their weighted sum as one of the four blocks of a number.

    A text that is not four ASCII digits is not in it.
    """
    one, two, three, four = _WEIGHTS[4 * block : 4 * block + 4]
    ahead, behind = _pair_sums(one, two), _pair_sums(three, four)
    return {left + right: (most + rest) % 11 for left, most in ahead for right, rest in behind}


def _pair_sums(first: int, second: int) -> list[tuple[str, int]]:
    return [(f"{number:02d}", first * (number // 10) + second * (number % 10)) for number in range(100)]


_FIRST, _SECOND, _THIRD, _FOURTH = (_block_sums(block) for block in range(4))
_LAST = {str(digit): _WEIGHTS[16] * digit for digit in range(10)}
_ENDS = {digit + check: _LAST[digit] + (10 if check == "X" else int(check)) for digit in _LAST for check in _CHECK}


def check_character(digits: str) -> str:
    """Return the check character of 17 ASCII digits (ISO 7064 MOD 11-2). Raises NumberRefused for any other text."""
    try:
        total = _FIRST[digits[:4]] + _SECOND[digits[4:8]] + _THIRD[digits[8:12]] + _FOURTH[digits[12:16]]
        return _CHECK[(total + _LAST[digits[16:]]) % 11]
    except KeyError:
        raise NumberRefused("an identity number has 17 digits and a check character; check the number") from None


def check_citizen(text: str) -> None:
    """Refuse a text that is not 17 digits with the check character that fits and a possible birth date.

    Which area the number names is not looked at: areas are abolished, and their numbers stay valid.
    """
    try:
        total = _FIRST[text[:4]] + _SECOND[text[4:8]] + _THIRD[text[8:12]] + _FOURTH[text[12:16]] + _ENDS[text[16:]]
    except KeyError:
        raise NumberRefused("an identity number has 17 digits and a check character; check the number") from None
    if total % 11 != 1:
        raise NumberRefused("the identity number's check character does not fit; check the number")
    if _day(text[6:14]) is None:
        raise NumberRefused("the identity number names no possible birth date; check the number")


def birth_date(text: str) -> date:
    """Return the birth date that a checked number names."""
    found = _day(text[6:14])
    if found is None:
        raise NumberRefused("the identity number names no possible birth date; check the number")
    return found


def sex(text: str) -> str:
    """Return the sex that a checked number names, in FHIR's words: odd sequences are male, even ones female."""
    return "male" if text[16] in "13579" else "female"


def is_old(text: str) -> bool:
    """Say whether a text has the form from before 1999: 15 digits."""
    return len(text) == 15 and set(text) <= _ASCII_DIGITS


def upgrade(old: str) -> str:
    """Return the 18 characters of a 15-digit number: the century put in, the check character appended.

    The century is 19, and 18 for sequences 996 to 999, which belonged to people born before 1900. Not always exact: a
    few numbers held twice were given anew at the upgrade, so the old number stays an identifier of its own.
    """
    if not is_old(old):
        raise NumberRefused("an old identity number has 15 digits; check the number")
    digits = old[:6] + ("18" if old[12:] in _BORN_BEFORE_1900 else "19") + old[6:]
    upgraded = digits + check_character(digits)
    check_citizen(upgraded)
    return upgraded


def area_known(text: str) -> bool:
    """Say whether a number's first two digits are a province's. Counties change yearly; they are not looked at."""
    return text[:2] in _PROVINCES


@lru_cache(maxsize=65_536)
def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
