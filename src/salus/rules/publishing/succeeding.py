"""How rules follow on rules of the same subject: none is over, or replaced, within a day of its start. Pure.

Rules that count for ten minutes would ask something of whoever is meant, and be gone before anybody looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from salus.rules.errors import PublicationRefused
from salus.rules.publishing.model import LEAST_LIFE, Document, PublicationKind, Published

_SUBJECTS: Final = {
    PublicationKind.RULES: ("disease",),
    PublicationKind.ACCEPTANCE: ("region", "disease"),
}
"""The kinds of which the last to start counts alone, with what makes two of them about the same."""


def check_succession(published: Published, earlier: Iterable[Published]) -> None:
    """Refuse (MINIMUM-LIFE) rules that start within 24 hours of others about the same that count already.

    `earlier` are those that the log had before; the same document published again is no other. Sooner or later alike:
    either would leave one of the two less than a day.
    """
    mine, document = _subject(published.document), published.document
    for one in earlier if mine else ():
        near = abs(one.document.starts - document.starts) < LEAST_LIFE
        if near and _subject(one.document) == mine and one.document.digest != document.digest:
            raise PublicationRefused("MINIMUM-LIFE", "rules count for 24 hours at least before others take their place")


def succeeding(found: Iterable[Published]) -> list[Published]:
    """Return what counts of publications that are good each by itself, in the order in which the log had them."""
    counting: list[Published] = []
    for one in sorted(found, key=lambda one: (one.logged_at, one.document.starts, one.document.digest)):
        try:
            check_succession(one, counting)
        except PublicationRefused:
            continue
        counting.append(one)
    return counting


def _subject(document: Document) -> tuple[object, ...]:
    names = _SUBJECTS.get(document.kind)
    return (document.kind, *(document.body.get(name) for name in names)) if names else ()
