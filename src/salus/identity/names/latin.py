"""Names in Latin letters: pinyin and foreign ones, their order, and one spelling of ü."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from salus.identity.names.model import turned
from salus.identity.names.spelling import DOT
from salus.identity.names.tables import romanised_surnames

_APART = re.compile(rf"[\s.{DOT}/_<]+")
_JOINED = re.compile("[-'`´‘’ʼ‐‑‒–—―]")
_MARKED = re.compile("[,，、;]|<<")
_TITLES = frozenset("mr mrs ms miss dr prof professor sir madam mme".split())
_FOLDS = str.maketrans(  # letters with no mark to take off
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_PLAIN_FINALS = "a|ai|an|ang|ao|e|ei|en|eng|er|o|ou"
_FINALS = f"{_PLAIN_FINALS}|ong|i|ia|ian|iang|iao|ie|in|ing|iong|iu|u|ua|uai|uan|uang|ue|ui|un|uo|v|ve"
_PINYIN = re.compile(f"(?:(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])(?:{_FINALS})|{_PLAIN_FINALS})+")
_LONGEST_PINYIN = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Latin:
    """A name in Latin letters: its words in capitals, keys of surname and rest, the order-free key, other orders."""

    words: tuple[str, ...]
    family: str
    given: str
    sorted: str
    variants: tuple[str, ...] = ()
    guessed: bool = False


def read_latin(text: str) -> Latin:
    """Read a name in Latin letters.

    A comma or `<<` marks the surname before it; a surname in capitals beside other words marks itself. Else, if all is
    pinyin, a known surname in front is taken, then one at the end; otherwise the first word, as passports have it.
    Whether it was guessed is told, and the other order is a variant.
    """
    before, mark, after = _split_at_mark(text)
    words = _words(before)
    if mark and words and (rest := _words(after)):
        return _latin(words, rest, guessed=False)
    words = words or _words(after)
    if not words:
        return Latin(words=(), family="", given="", sorted="")
    count, at_end = _capitals(words)
    if count:
        return _latin(words[-count:], words[:-count], guessed=False) if at_end else _latin(words[:count], words[count:])
    if not all(word.pinyin for word in words):
        return _latin(words[:1], words[1:], guessed=len(words) > 1)
    return _pinyin(words)


def is_pinyin(key: str) -> bool:
    """Say whether folded letters can be read as syllables of pinyin."""
    return len(key) <= _LONGEST_PINYIN and _PINYIN.fullmatch(key) is not None


def folded(word: str) -> str:
    """Return a word's ASCII letters: no marks, tones or digits; ü after l and n is v, as are its spellings lyu and u:.

    A letter of another script is `_` and its code point.
    """
    if word.isascii() and word.isalpha():
        return _folded_v(word.lower())
    open_ = unicodedata.normalize("NFD", _JOINED.sub("", word).lower().translate(_FOLDS))
    marked = re.sub("(?<=[ln])u(?:[\u0300-\u0307\u0309-\u036f]*\u0308[\u0300-\u036f]*|:)", "v", open_)
    letters = (char if char.isascii() else f"_{ord(char):x}" for char in marked if char.isalpha() or char == "?")
    return _folded_v("".join(letters))


@dataclass(frozen=True, slots=True)
class _Word:
    key: str
    shown: str
    capitals: bool
    pinyin: bool


def _folded_v(key: str) -> str:
    """Write lyu, nyu and, where a syllable stands alone, lue and nue with v, if the word is pinyin then."""
    if key in {"lue", "nue", "nyu", "nyue"}:
        return f"{key[0]}v{'e' if key.endswith('e') else ''}"
    if "lyu" in key and is_pinyin(changed := key.replace("lyu", "lv")):
        return changed
    return key


def _split_at_mark(text: str) -> tuple[str, bool, str]:
    found = _MARKED.search(text)
    return (text, False, "") if found is None else (text[: found.start()], True, text[found.end() :])


def _words(text: str) -> list[_Word]:
    words = [word for written in _APART.split(_JOINED.sub("", text).strip()) if (word := _word(written)).key]
    return [word for word in words if word.key not in _TITLES] or words


@lru_cache(maxsize=65_536)
def _word(written: str) -> _Word:
    """Read one word. Names in pinyin are made of few: surnames, syllables and pairs of them."""
    key = folded(written)
    shown = written.upper() if "_" in key else key.upper()
    return _Word(key, shown, len(key) > 1 and written.isupper(), is_pinyin(key))


def _capitals(words: list[_Word]) -> tuple[int, bool]:
    """Return how many words in capitals mark a surname, and whether they stand at the end; 0 where none do."""
    marks = [word.capitals for word in words]
    count = sum(marks)
    if count in {0, len(words)}:
        return 0, False
    if all(marks[:count]):
        return count, False
    return (count, True) if all(marks[-count:]) else (0, False)


def _latin(family: list[_Word], rest: list[_Word], *, guessed: bool = False) -> Latin:
    both = family + rest
    first, second = "".join([word.key for word in family]), "".join([word.key for word in rest])
    variants: tuple[str, ...] = ()
    if all(word.pinyin for word in both):
        order_free = turned(first + second)
        variants = (second + first,) if guessed else ()
    else:
        order_free = "".join(sorted([word.key for word in both]))
        variants = ("".join([word.key for word in (both[-1], *both[:-1])]),) if guessed else ()
    words = tuple([word.shown for word in both])
    return Latin(words=words, family=first, given=second, sorted=order_free, variants=variants, guessed=guessed)


def _pinyin(words: list[_Word]) -> Latin:
    known = romanised_surnames()
    if len(words) == 1:
        return _one_word(words[0])
    if len(words) > 2 and words[0].key + words[1].key in known:
        return _latin(words[:2], words[2:])
    starts, ends = words[0].key in known, words[-1].key in known
    if ends and not starts:
        return _latin(words[-1:], words[:-1])
    if ends or not starts:
        return _latin(words[:1], words[1:], guessed=True)
    return _latin(words[:1], words[1:])


def _one_word(word: _Word) -> Latin:
    """Split a name without spaces after the longest surname that leaves syllables; the whole may be a surname."""
    key, known = word.key, romanised_surnames()
    if key not in known:
        for length in range(len(key) - 1, 0, -1):
            if key[:length] in known and is_pinyin(key[length:]):
                return Latin(
                    words=(word.shown,), family=key[:length], given=key[length:], sorted=turned(key), guessed=True
                )
    return Latin(words=(word.shown,), family=key, given="", sorted=turned(key))
