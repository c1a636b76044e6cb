"""Addresses as two keys: the dwelling and the house. What an address says before its street is left out.

Pure. Keys are ASCII: the bytes of the street's name in hexadecimal, and numbers.
"""

from __future__ import annotations

import re
import unicodedata

# The last characters before the first number name the street, the estate or the village best.
STREET = 3
NUMBERS = 4
_DIGITS = re.compile(r"[0-9]+")
_NO_LETTER = re.compile(r"[^a-z\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")
_CHINESE_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")


def address_keys(text: str) -> tuple[str | None, str | None]:
    """Return the keys of the dwelling and of the house, each None where the address does not say it.

    The house is the street's last three characters and the first number, the dwelling those and all numbers, up to
    four. An address without a number has neither: whole villages share it. Any text is answered.
    """
    folded = unicodedata.normalize("NFKC", text[:200]).lower()
    first = _DIGITS.search(folded)
    if first is None:
        folded = folded.translate(_CHINESE_DIGITS)
        first = _DIGITS.search(folded)
    if first is None:
        return None, None
    street = _NO_LETTER.sub("", folded[: first.start()]) or _NO_LETTER.sub("", _after(folded, first.end()))
    if not street:
        return None, None
    numbers = [number.lstrip("0") or "0" for number in _DIGITS.findall(folded)[:NUMBERS]]
    stem = street[-STREET:].encode().hex()
    return (f"{stem}.{'.'.join(numbers)}" if len(numbers) > 1 else None), f"{stem}.{numbers[0]}"


def _after(folded: str, end: int) -> str:
    """Return the words after a leading house number, as in addresses in English, up to the next number."""
    following = _DIGITS.search(folded, end)
    return folded[end : following.start() if following else None]
