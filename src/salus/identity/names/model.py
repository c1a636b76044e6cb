"""A name as it was written, and the keys by which two writings of it are compared. Never in a repr."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

UNKNOWN = "?"


class NameDoubt(StrEnum):
    """What is odd about a name that is read all the same."""

    EMPTY = "empty"
    CUT = "cut"
    UNKNOWN_CHARACTER = "unknown-character"
    NOBODY = "nobody"
    CHILD_OF = "child-of"
    ORDER_GUESSED = "order-guessed"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Name:
    """One name. Build it with `read_name`; every text has an answer.

    `raw` is what was written. `normalised` is simplified Chinese, half-width, upper case, without titles, dots and what
    cannot be seen; `?` stands for each unknown character. The keys are ASCII, of `a-z`, `?` and, for a character that
    nothing reads, `_` and its code point; ü is `v`:

    - `family` and `given`: the surname's and the rest's letters, no spaces; one of them may be empty;
    - `full`: family then given;
    - `sorted`: the same for either order of surname and given name, and for every order of foreign names' parts;
    - `variants`: what `full` would be by other readings, by the other order, or without a husband's surname in front;
    - `keys`: `sorted` and what it would be for each variant. Two names agree if they have one of `keys` in common.

    All depend on the text and on nothing else, so that a table filled in bulk and a name read online agree.
    """

    raw: str
    normalised: str
    family: str
    given: str
    sorted: str
    variants: tuple[str, ...]
    keys: tuple[str, ...]
    doubts: tuple[NameDoubt, ...] = ()

    @property
    def full(self) -> str:
        """The key of the whole name, surname first."""
        return self.family + self.given

    @property
    def unknown(self) -> int:
        """How many characters are unknown."""
        return self.full.count(UNKNOWN)

    @property
    def telling(self) -> bool:
        """Whether the name can tell people apart: not empty, nobody's filler, no unknown character, a given name."""
        weak = {NameDoubt.EMPTY, NameDoubt.NOBODY, NameDoubt.CHILD_OF, NameDoubt.UNKNOWN_CHARACTER, NameDoubt.CUT}
        return bool(self.family and self.given) and weak.isdisjoint(self.doubts)

    def __repr__(self) -> str:
        return "Name(…)"


def agree(one: Name, other: Name) -> bool:
    """Say whether two names may be writings of one whole name: some key is common to both, and nothing is unknown."""
    return not one.unknown and not other.unknown and not set(one.keys).isdisjoint(other.keys)


def may_be_cut(one: Name, other: Name, *, at_least: int = 12) -> bool:
    """Say whether one name's full key is the beginning of the other's, as a document with a short field cuts it.

    The shorter has at least `at_least` letters; without that, every short name would be a cut longer one.
    """
    shorter, longer = sorted((one.full, other.full), key=len)
    return len(shorter) >= at_least and longer.startswith(shorter)


def turned(key: str) -> str:
    """Return the least of all rotations of a key: the same whichever half of a name stands first."""
    if not key:
        return key
    least = min(key)
    place = key.find(least)
    best = key[place:] + key[:place]
    while (place := key.find(least, place + 1)) >= 0:
        best = min(best, key[place:] + key[:place])
    return best
