"""Names in Chinese characters: surname and given name, and their readings."""

from __future__ import annotations

from itertools import islice, product

from salus.identity.names.spelling import DOT
from salus.identity.names.tables import GIVEN, SIMPLIFIED, SURNAME, compounds, surnames

MOST_READINGS = 16


def simplified(han: str) -> str:
    """Return simplified characters, one for one."""
    return han.translate(SIMPLIFIED)


def parts(name: str) -> tuple[str, str]:
    """Split a simplified name into surname and given name.

    With a middle dot the first part stands as surname. Else a known compound does if anything follows it, else the
    first character.
    """
    if DOT in name:
        first, *rest = [part for part in name.split(DOT) if part] or [""]
        return first, "".join(rest)
    length = 2 if len(name) > 2 and name[:2] in compounds() else 1
    return name[:length], name[length:]


def readings(surname: str, given: str) -> tuple[str, str, tuple[str, ...]]:
    """Return the keys of surname and given name, and at most 16 other readings of the whole.

    Two surnames in front of a given name of two, as married women in Hong Kong and Taiwan have them, are also read
    without the first.
    """
    family = SURNAME[surname] if len(surname) == 1 or surname in compounds() else _joined(surname)
    rest = [GIVEN[char] for char in given]
    first, count = "", len(family)
    for one in rest:
        first += one[0]
        count *= len(one)
    others: tuple[str, ...] = ()
    if count > 1:
        others = tuple(["".join(one) for one in islice(product(family, *rest), 1, MOST_READINGS)])
    if len(given) == 3 and len(surname) == 1 and {surname, given[0]} <= surnames():
        own = readings(given[0], given[1:])
        others = (*others, own[0] + own[1], *own[2])[:MOST_READINGS]
    return family[0], first, others


def _joined(surname: str) -> tuple[str, ...]:
    return ("".join(GIVEN[char][0] for char in surname),)
