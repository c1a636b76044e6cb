"""How a name sounds when it is called, tones included. Parents do not give twins names that sound the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from salus.identity.names import turned


class Toned(dict[str, str]):
    """Simplified character to its usual reading with its tone; asked of pypinyin once, at first use."""

    def __missing__(self, char: str) -> str:
        read = _pinyin()(char)
        self[char] = read if read.isascii() else "".join(one if one.isascii() else f"{ord(one):x}" for one in read)
        return self[char]


TONED = Toned()


def toned(characters: str) -> str:
    """Return the name as it is called, as ASCII, the same whichever of surname and given name stands first."""
    return turned("".join([TONED[char] for char in characters]))


@cache
def _pinyin() -> Callable[[str], str]:
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - a dictionary of megabytes

    return lambda char: lazy_pinyin(char, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False)[0]
