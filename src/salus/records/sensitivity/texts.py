"""The same text in each form in which a word may stand in it, however it was typed, escaped or marked up. Pure."""

from __future__ import annotations

import html
import re
import unicodedata

_TAG = re.compile(r"<[^<>]*>")
_HAN = "\u3400-\u9fff\uf900-\ufaff"
_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN}])[\s.·\-_*]+(?=[{_HAN}])")
_INVISIBLE = {"Cf", "Mn"}


def plain(text: str) -> str:
    """Return a text with its entities resolved, its letters of ordinary width, and without what nobody sees."""
    if "&" in text:
        text = html.unescape(html.unescape(text))
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    return "".join(one for one in text if unicodedata.category(one) not in _INVISIBLE)


def forms(text: str) -> list[str]:
    """Return the forms in which words are looked for: as it stands, without tags, without gaps between characters."""
    first = " ".join(plain(text).split())
    bare = _TAG.sub("", first) if "<" in first else first
    closed = bare if bare.isascii() else _BETWEEN_HAN.sub("", bare)
    return list(dict.fromkeys((first, bare, closed)))
