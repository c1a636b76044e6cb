"""Show a resident every look at the own record, with its proof from the public log. Deletes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from salus import access
from salus.access import ReadProof, RegisteredRead
from salus.appeals.model import Look, Looks
from salus.kernel import Role
from salus.ledger import BATCH_EVERY
from salus.storage import Duty, Store

PAGE = 12
"""So that the page stays light enough for an old phone, whoever looked."""
_WEEK = timedelta(days=7)
_MOST_OF_A_WEEK = 2_000


def looks(store: Store, known_as: Sequence[int], at: datetime, before: tuple[int, int] | None = None) -> Looks:
    """Return a page of who looked at this resident's record, older than `before`. `known_as` are all keys of theirs.

    Nothing is left out: refused or not, by person or machine, every entry of the register about this resident shows.
    What a court had disclosed with a later notice shows from that instant on.
    """
    with store.transaction(Duty.CARE) as tx:
        later = access.disclosing.untold(tx, known_as, at)
        found = _told(access.reads_of(tx, known_as, before, PAGE + 1 + len(later)), later)
        recent = _told(access.reads_of(tx, known_as, None, _MOST_OF_A_WEEK), later)
    shown = found[:PAGE]
    proved = access.proved(store, [(read.batch, read.item) for read in shown]) if shown else set()
    readers = {
        (r.read.reader_role, r.read.reader) for r in recent if _by_others(r.read.reader_role) and r.read.at > at - _WEEK
    }
    return Looks(
        looks=tuple(_look(read, (read.batch, read.item) in proved) for read in shown),
        more=len(found) > PAGE,
        readers_this_week=len(readers),
    )


def own_look(store: Store, known_as: Sequence[int], place: tuple[int, int], at: datetime) -> RegisteredRead | None:
    """Return an entry named by batch and item if it is about this resident, and told to them by `at`, else None."""
    batch, item = place
    with store.transaction(Duty.CARE) as tx:
        later = access.disclosing.untold(tx, known_as, at)
        found = _told(access.reads_of(tx, known_as, (batch, item + 1), 1), later)
    return found[0] if found and (found[0].batch, found[0].item) == place else None


def look(store: Store, known_as: Sequence[int], place: tuple[int, int], at: datetime) -> Look | None:
    """Return an entry as its resident is shown it, or None if it is not about them."""
    read = own_look(store, known_as, place, at)
    return _look(read, bool(access.proved(store, [place]))) if read else None


def look_proof(
    store: Store, known_as: Sequence[int], place: tuple[int, int], at: datetime
) -> tuple[Look, ReadProof] | None:
    """Return a look and its proof, if the entry is this resident's and the public log covers it."""
    read = own_look(store, known_as, place, at)
    proof = access.proof_of(store, *place) if read else None
    return (_look(read, True), proof) if read and proof else None


def _told(reads: Sequence[RegisteredRead], later: set[tuple[int, int]]) -> list[RegisteredRead]:
    return [one for one in reads if (one.batch, one.item) not in later]


def _by_others(role: Role) -> bool:
    return role is not Role.RESIDENT and not role.software


def _look(registered: RegisteredRead, proved: bool) -> Look:
    read = registered.read
    return Look(
        batch=registered.batch,
        item=registered.item,
        at=read.at,
        role=read.reader_role,
        reader=read.reader,
        facility=read.facility,
        what=read.what,
        action=read.action,
        count=read.count,
        purpose=read.purpose,
        ground=read.ground,
        own=read.reader_role is Role.RESIDENT and read.ground not in (access.PARTED, access.GIVEN),
        proved=proved,
        proof_by=read.at + BATCH_EVERY,
    )
