"""Find versions, sealed: one by its number, those of a resource, those that a facility wrote. Permits nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from salus.records.history import store
from salus.records.history.asking import make_cursor
from salus.records.history.model import Past, Place, Since, Standing, Version
from salus.records.model import Located, Sealer
from salus.storage import Transaction

LOOKED_AT = 2_000
"""How many versions are looked at for one page of one type's history; where fewer are of it the page is short."""
_NEWEST = 2**31 - 1


def fetch_versions(tx: Transaction, wanted: Sequence[tuple[UUID, int]]) -> list[Located]:
    """Return the sealed versions that exist among those named by id and number."""
    return store.fetch_versions(tx, wanted) if wanted else []


def fetch_deleted(tx: Transaction, ids: Sequence[UUID]) -> list[Located]:
    """Return, of those resources that are deleted, the versions that say so."""
    return store.fetch_deleted(tx, ids) if ids else []


def complete_until(tx: Transaction, now: datetime) -> datetime:
    """Return the instant up to which all that was written is there to be seen by the statements that follow.

    Whoever writes reads the clock within the transaction that writes (`Place.at`), so that whatever is under way, or
    begins after, is of this instant or later. `now` is read before this is called.
    """
    return now - store.longest_open(tx)


def of_instance(tx: Transaction, key: int, asked: Since) -> Past:
    """Return a page of one resource's versions, newest first."""
    before = asked.before.version if asked.before else _NEWEST
    places = store.versions_of(tx, key, asked.since, asked.current, before, asked.count + 1)
    return _page(tx, [place for place, _ in places], asked.count, complete=True)


def of_facility(tx: Transaction, facility: str, kind: str | None, asked: Since) -> Past:
    """Return a page of what a facility wrote, of one type or of all, newest first.

    Pages stay right under writes: what is written meanwhile stands before them. A page of a rare type may be short,
    even empty, and still be followed by others: one page looks at 2,000 versions at most.
    """
    most = asked.count + 1 if kind is None else LOOKED_AT
    places = [place for place, _ in store.written(tx, facility, asked.since, asked.current, asked.before, most)]
    if kind is None:
        return _page(tx, places, asked.count, complete=True)
    types = store.types_of(tx, sorted({place.resource_key for place in places})) if places else {}
    mine = [place for place in places if types.get(place.resource_key) == kind]
    if len(mine) > asked.count or len(places) < LOOKED_AT:
        return _page(tx, mine, asked.count, complete=True)
    page = _page(tx, mine, asked.count, complete=False)
    return Past(versions=page.versions, more=places[-1])


def history_cursor(asked: Since, place: Place, sealer: Sealer) -> str:
    """Return the cursor that continues a history after a place."""
    return make_cursor(sealer, asked, place)


def lock(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """Lock resources for change, deleted ones too, always in one order; those that never were are left out.

    One that was deleted, or brought back, while this waited is looked for again on the other side.
    """
    found: dict[UUID, Standing] = {}
    missing = list(ids)
    for _ in range(2):
        found |= store.lock_current(tx, missing)
        missing = [id_ for id_ in missing if id_ not in found]
        found |= store.lock_deleted(tx, missing) if missing else {}
        missing = [id_ for id_ in missing if id_ not in found]
        if not missing:
            break
    return found


def look_for_none(tx: Transaction, instead_of: Standing) -> None:
    """Run what `lock` runs besides for an id that never was, so that what was found takes as long."""
    never = [UUID(int=0)]
    if not instead_of.deleted:
        store.lock_deleted(tx, never)
    store.lock_current(tx, never)
    store.lock_deleted(tx, never)


def _page(tx: Transaction, places: Sequence[Place], count: int, *, complete: bool) -> Past:
    shown = places[:count]
    found = {(one.resource_key, one.version): one for one in (store.bodies(tx, shown) if shown else ())}
    versions = tuple(
        Version(located=found[place.resource_key, place.version], place=place)
        for place in shown
        if (place.resource_key, place.version) in found
    )
    return Past(versions=versions, more=shown[-1] if complete and len(places) > count else None)
