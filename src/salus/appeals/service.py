"""Show a resident every look at the own record, with its proof from the public log. Deletes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from salus import access
from salus.access import ReadProof, RegisteredRead
from salus.appeals.model import Look, Unfolded
from salus.kernel import Purpose, Role
from salus.ledger import BATCH_EVERY
from salus.storage import Duty, Store, Transaction

FOLDS = 30
"""How many lines of what systems did stand below the people of a page; the others are behind a link."""
_BEFORE_ALL = (0, -1)
PAGE = 12
"""So that the page stays light enough for an old phone, whoever looked."""
Place = tuple[int, int]
_WEEK = timedelta(days=7)
_MOST_OF_A_WEEK = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """A page of looks by people, newest first, and what systems did meanwhile, folded.

    `more` tells that older ones exist; they go on before `last`. `systems_before` is where further lines of systems
    begin, where they are too many for one page.
    """

    looks: tuple[Look, ...]
    folds: tuple[access.Fold, ...]
    more: bool
    last: tuple[int, int] | None
    systems_before: tuple[int, int] | None
    readers_this_week: int


def looks(store: Store, known_as: Sequence[int], at: datetime, before: tuple[int, int] | None = None) -> Looks:
    """Return a page of who looked at this resident's record, older than `before`. `known_as` are all keys of theirs.

    Nothing is left out: people one by one, and what systems did in the same time as a line for each day, facility and
    purpose, behind which every entry stands. People come first, so that ten thousand look-ups by a system hide nobody.
    What a court had disclosed with a later notice shows from that instant on.
    """
    with store.transaction(Duty.CARE) as tx:
        later = access.disclosing.untold(tx, known_as, at)
        found = _told(access.looks_by_people(tx, known_as, before, PAGE + 1 + len(later)), later)
        recent = _told(access.looks_by_people(tx, known_as, None, _MOST_OF_A_WEEK), later)
        shown, more = found[:PAGE], len(found) > PAGE
        last = (shown[-1].batch, shown[-1].item) if more else None
        folds, systems_before = _folds(tx, known_as, before, last or _BEFORE_ALL)
    proved = access.proved(store, [(read.batch, read.item) for read in shown]) if shown else set()
    readers = {
        (r.read.reader_role, r.read.reader) for r in recent if _by_others(r.read.reader_role) and r.read.at > at - _WEEK
    }
    return Looks(
        looks=tuple(_look(read, (read.batch, read.item) in proved) for read in shown),
        folds=tuple(folds),
        more=more,
        last=last,
        systems_before=systems_before,
        readers_this_week=len(readers),
    )


def _folds(
    tx: Transaction, known_as: Sequence[int], before: Place | None, after: Place
) -> tuple[list[access.Fold], Place | None]:
    """Return the first lines of what systems did between two places, and where the others begin, if there are any."""
    found = access.folds(tx, known_as, before, after, FOLDS + 1)
    if len(found) <= FOLDS:
        return found, None
    edge = found[FOLDS].newest
    return access.folds(tx, known_as, before, edge, FOLDS), (edge[0], edge[1] + 1)


def systems(store: Store, known_as: Sequence[int], before: Place | None) -> tuple[list[access.Fold], Place | None]:
    """Return a page of what systems did, older than `before`, as lines of days; and where the next begins."""
    with store.transaction(Duty.CARE) as tx:
        return _folds(tx, known_as, before, _BEFORE_ALL)


def unfolded(
    store: Store,
    known_as: Sequence[int],
    day: tuple[datetime, datetime],
    by: tuple[Role, str | None, Purpose],
    before: Place | None = None,
) -> Unfolded:
    """Return a page of the entries behind one line of a day, `since <= at < until`, older than `before`."""
    with store.transaction(Duty.CARE) as tx:
        found = access.looks_of_fold(tx, known_as, day, by, before, PAGE + 1)
    shown = found[:PAGE]
    proved = access.proved(store, [(read.batch, read.item) for read in shown]) if shown else set()
    looks = tuple(_look(read, (read.batch, read.item) in proved) for read in shown)
    return Unfolded(looks=looks, more=len(found) > PAGE)


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
