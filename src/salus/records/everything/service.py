"""Fetch a page of everything that charts hold, open it, and tell what of the directory it refers to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from salus.records import store
from salus.records.everything.asking import place_of
from salus.records.everything.model import AskedEverything
from salus.records.fhir.definitions import DIRECTORY
from salus.records.model import Located, Sealer
from salus.records.sealing import unseal_all
from salus.records.search.cursor import make_cursor
from salus.storage import Transaction

# Bodies are written without blanks, and a quotation mark inside a text is escaped: this is never part of a text.
_REFERENCE = re.compile(
    rb'"reference":"(%s)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})' % "|".join(sorted(DIRECTORY)).encode("ascii")
)


def everything(tx: Transaction, chart_keys: Sequence[int], asked: AskedEverything) -> tuple[list[Located], bool]:
    """Return a page of the sealed resources of charts in key order, in one statement; tell whether more follow."""
    return store.everything(tx, chart_keys, asked)


def everything_cursor(asked: AskedEverything, patient: UUID, last: Located, sealer: Sealer) -> str:
    """Return the cursor that continues after the last resource of a page."""
    return make_cursor(sealer, place_of(str(patient), asked.canonical), [str(last.resource_key)])


def open_all(found: Sequence[Located], keys: Mapping[int, bytes]) -> list[bytes]:
    """Open many bodies, in their order."""
    return unseal_all(keys, ((one.chart_key, one.resource_key, one.version, one.sealed) for one in found))


def directory_ids(bodies: Iterable[bytes]) -> list[UUID]:
    """Return the ids of what bodies refer to in the directory, each once, in the order in which they come up."""
    found = dict.fromkeys(id_ for body in bodies for _, id_ in _REFERENCE.findall(body))
    return [UUID(id_.decode("ascii")) for id_ in found]
