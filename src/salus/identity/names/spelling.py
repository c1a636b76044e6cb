"""What a name is freed of before it is read: signs that cannot be seen, brackets, titles; and stand-ins become `?`."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

from salus.identity.names.model import UNKNOWN

LONGEST = 256
DOT = "·"
_DOTS = {ord(sign): DOT for sign in "\u00b7\u2022\u30fb\u2027\uff65\u2219\u22c5\u0387\u16eb\u2024\u2e31"}
_STAND_INS = {ord(sign): UNKNOWN for sign in "〓□■▯☐\ufffd*＊◇◆●○\u303e？"}
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|（[^（）]*）|【[^【】]*】|〔[^〔〕]*〕")
_TWO_PARTS = "⿰⿱⿴⿵⿶⿷⿸⿹⿺⿻⿼⿽"
_THREE_PARTS = "⿲⿳"
_ONE_PART = "⿾⿿"
_DESCRIBED = re.compile(f"[{_TWO_PARTS}{_THREE_PARTS}{_ONE_PART}]")
HAN = re.compile("[〇㐀-䶿一-鿿豈-﫿\U00020000-\U000323af]")
_TITLE = re.compile("(?<=.)(?:先生|女士|小姐|太太|医生|醫生|大夫|教授|老师|老師|护士|同志)$")
SPECIAL = frozenset("生士姐太医醫夫授师師志无無未不佚匿某测測患病新暂暫待没沒之婴嬰双雙毛氏宝寶诊診浪乞弃棄胎")
"""The characters of titles and of what `nobody.toml` lists: a name with none of these is neither."""


def cleaned(text: str) -> str:
    """Return a text without what cannot be seen and without brackets, with one kind of dot and `?` for stand-ins."""
    if text.isascii() and text.isprintable():
        return _without_brackets(text.translate(_STAND_INS))
    text = _described_once(text)
    text = unicodedata.normalize("NFKC", text.translate(_STAND_INS)).translate(_DOTS)
    seen = "".join(char if char.isascii() and char.isprintable() else _seen(char) for char in text)
    return _without_brackets(seen)


def _without_brackets(seen: str) -> str:
    bare = _BRACKETS.sub(" ", seen)
    return (bare if bare == seen or any(char.isalpha() or char == UNKNOWN for char in bare) else seen).strip()


def without_title(han: str) -> str:
    """Return Chinese text without a title at its end."""
    return _TITLE.sub("", han)


def is_nobody(normalised: str) -> bool:
    """Say whether a normalised name is what people write for want of one."""
    return _of_nobody("nobody").fullmatch(normalised) is not None


def is_child_of(normalised: str) -> bool:
    """Say whether a normalised name only says whose child this is."""
    return _of_nobody("child-of").fullmatch(normalised) is not None


@cache
def nobodies() -> tuple[dict[str, str], ...]:
    """Return the rows of `nobody.toml`, explained at its head."""
    rows: list[dict[str, str]] = tomllib.loads((files("salus.identity.names") / "nobody.toml").read_text("utf-8"))[
        "row"
    ]
    return tuple(rows)


@cache
def _of_nobody(says: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{row['pattern']})" for row in nobodies() if row["says"] == says))


def _seen(char: str) -> str:
    category = unicodedata.category(char)
    if category in {"Co", "Cn", "Cs"}:
        return UNKNOWN
    if category == "Cf" or "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef":
        return ""
    return " " if category in {"Cc", "Zs", "Zl", "Zp"} else char


def _described_once(text: str) -> str:
    """Put one `?` for each description of a character by its parts (Unicode, ideographic description sequences)."""
    if _DESCRIBED.search(text) is None:
        return text
    out, place = [], 0
    while place < len(text):
        if _DESCRIBED.match(text[place]):
            out.append(UNKNOWN)
            place = _end_of_description(text, place)
        else:
            out.append(text[place])
            place += 1
    return "".join(out)


def _end_of_description(text: str, place: int) -> int:
    wanted = 1
    while wanted and place < len(text):
        sign = text[place]
        parts = 2 if sign in _TWO_PARTS else 3 if sign in _THREE_PARTS else 1 if sign in _ONE_PART else 0
        wanted += parts - 1
        place += 1
    return place
