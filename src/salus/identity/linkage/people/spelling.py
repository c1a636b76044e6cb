"""A name as features: its characters and its keys, as ASCII."""

from __future__ import annotations

from salus.identity.linkage.people.tones import toned
from salus.identity.names import read_name, turned

Spelling = tuple[str | None, str | None, str | None, str | None, tuple[str, ...] | None, int]
_NOTHING: Spelling = (None, None, None, None, None, 1)


def spelling(text: str) -> Spelling:
    """Return characters, tones, sound, surname and sounds of a name, and 1 if it cannot tell people apart, else 0.

    Characters and tones are the same whichever of surname and given name stands first; a name in Latin letters has
    neither.
    """
    name = read_name(text)
    if name.unknown or not name.full:
        return _NOTHING
    sounds = name.keys if len(name.keys) == 1 else tuple(sorted(name.keys))
    nameless = 0 if not name.doubts and name.family and name.given else int(not name.telling)
    if name.normalised.isascii():
        return None, None, name.full, name.family or None, sounds, nameless
    han = turned(name.normalised)
    return han.encode("utf-16-be").hex(), toned(han), name.full, name.family or None, sounds, nameless


def spelled(text: str) -> str:
    """Return the same as one text, which passes into a database faster than a structure: parts between bars."""
    characters, tones, sound, surname, sounds, nameless = spelling(text)
    return f"{characters or ''}|{tones or ''}|{sound or ''}|{surname or ''}|{' '.join(sounds or ())}|{nameless}"
