"""Fetch a page of everything that charts hold, open it, and tell what of the directory it refers to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from salus.access.consent import Sight
from salus.records import store
from salus.records.errors import NotFound
from salus.records.everything.asking import place_of
from salus.records.everything.model import MOST_OPENED_BYTES, AskedEverything, Kept
from salus.records.fhir.definitions import DIRECTORY
from salus.records.model import Located, Sealer
from salus.records.sealing import unseal_each
from salus.records.search.cursor import make_cursor
from salus.records.service import shown
from salus.storage import Transaction

# Bodies are written without blanks, and a quotation mark inside a text is escaped: this is never part of a text.
_REFERENCE = b'"reference":"'
_LED = re.compile(
    rb"(?:%s)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})" % "|".join(sorted(DIRECTORY)).encode("ascii")
)


def everything(tx: Transaction, sight: Sight, asked: AskedEverything) -> tuple[list[Kept], bool]:
    """Return a page of the sealed resources that a sight shows, in key order and one statement; tell of more."""
    return store.everything(tx, sight, asked)


def everything_cursor(asked: AskedEverything, patient: UUID, last: Kept, sealer: Sealer) -> str:
    """Return the cursor that continues after the last resource of a page."""
    return make_cursor(sealer, place_of(str(patient), asked.canonical), [str(last.resource_key)])


def open_all(found: Sequence[Located], keys: Mapping[int, bytes], sight: Sight) -> list[bytes]:
    """Open many bodies, in their order. Raises NotFound if the sight does not show one of them: then none is opened."""
    if not all(shown(one, sight) for one in found):
        raise NotFound("there is no such resource here")
    return list(unseal_each(keys, ((one.chart_key, one.resource_key, one.version, one.sealed) for one in found)))


def open_page(found: Sequence[Kept], keys: Mapping[int, bytes], sight: Sight) -> list[bytes]:
    """Open the bodies of a page in their order, one at least, until they are more bytes than a page may hold.

    What is small while it is sealed may be large; what is left is for the next page. Raises NotFound if the sight does
    not show one of them: then none is opened.
    """
    if not all(sight.shows_kept(one.chart_key, one.own, one.classes) for one in found):
        raise NotFound("there is no such resource here")
    bodies: list[bytes] = []
    size = 0
    for body in unseal_each(keys, ((one.chart_key, one.resource_key, one.version, one.sealed) for one in found)):
        size += len(body)
        if bodies and size > MOST_OPENED_BYTES:
            break
        bodies.append(body)
    return bodies


def directory_ids(bodies: Iterable[bytes]) -> list[UUID]:
    """Return the ids of what bodies refer to in the directory, each once, in the order in which they come up.

    Most references are to the same few, so that they are told apart as texts first.
    """
    parts = b"".join(bodies).split(_REFERENCE)[1:]
    led = (_LED.match(text) for text in dict.fromkeys(part[: part.find(b'"')] for part in parts))
    return list(dict.fromkeys(UUID(match[1].decode("ascii")) for match in led if match))
