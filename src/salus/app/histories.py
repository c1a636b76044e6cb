"""Read how a resource came to be what it is, or what a facility wrote: registered before a byte leaves, as any read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Kind, Sight
from salus.app.begun import Begun, begun_kept
from salus.app.facts import barred, decide, missing, read_by, refuse
from salus.app.node import Node
from salus.app.reading import Seen, locate_one
from salus.app.seeing import own_facility_sight
from salus.kernel import Role, SalusError
from salus.parties import Principal
from salus.records import Located, NotFound, history
from salus.storage import Duty, Transaction

EVERYTHING = "Bundle"
"""What the register says was read where a history is of no one type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One version: what, which, when; its body, unless it says that the resource was deleted, or its key is gone."""

    type: str
    id: UUID
    version: int
    at: datetime
    body: bytes | None
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """A page of versions, newest first, and the cursor of the next.

    `complete_until` is told with the first page: whoever asks again `_since` then misses nothing, also of a transaction
    that began before and ended later.
    """

    versions: tuple[Written, ...]
    cursor: str | None
    complete_until: datetime | None = None


def history_of(node: Node, who: Principal, kind: str, id_: UUID, asked: history.Since) -> HistoryPage:
    """Return versions of one resource, deleted or not. Raises NotFound or Refused, as reading it does."""
    at = node.clock.now()
    with begun_kept(node, who) as begun, node.store.transaction(Duty.CARE) as tx:
        tx.limit(node.most_seconds)
        until = None if asked.before else history.complete_until(tx, at)
        seen = locate_one(tx, node, who, kind, id_, at)
        past = None
        if seen and seen.decision.allowed:
            residents = {} if seen.resident is None else {seen.located.chart_key: seen.resident}
            ground, about = seen.decision.ground, tuple(residents.values())
            begun.append(Begun(what=kind, ground=ground, residents=about, action=Action.READ))
            past = history.of_instance(tx, seen.located.resource_key, asked)
            _register(tx, who, kind, Action.READ, ground, past, residents, at)
    if seen is None or past is None:
        raise _unseen(node, who, kind, seen)
    return _opened(node, asked, past, seen.sight, until)


def _unseen(node: Node, who: Principal, kind: str, seen: Seen | None) -> SalusError:
    """Keep the refusal of a history and return what is told of it: where nothing is, the same as where it is closed."""
    refused = refuse(node, who, Action.READ)
    absent = seen is None and barred(node, who, kind) is None
    return missing(kind) if absent or (seen and seen.hidden) else refused


def facility_history(node: Node, who: Principal, kind: str | None, asked: history.Since) -> HistoryPage:
    """Return what the asker's own facility wrote, of a type or of every one. Raises Refused for all but its system."""
    at = node.clock.now()
    what = Kind.DIRECTORY if kind is not None and records.is_directory(kind) else Kind.RECORD
    decision = decide(node, who, Action.SEARCH, what, own_facility=True)
    if not decision.allowed or who.role is not Role.HOSPITAL_SYSTEM or who.facility is None:
        raise refuse(node, who, Action.SEARCH)
    with begun_kept(node, who) as begun, node.store.transaction(Duty.CARE) as tx:
        tx.limit(node.most_seconds)
        begun.append(Begun(what=kind or EVERYTHING, ground=decision.ground))
        until = None if asked.before else history.complete_until(tx, at)
        past = history.of_facility(tx, who.facility, kind, asked)
        charts = sorted({one.located.chart_key for one in past.versions})
        residents = identity.residents_of(tx, charts) if charts else {}
        _register(tx, who, kind or EVERYTHING, Action.SEARCH, decision.ground, past, residents, at)
    return _opened(node, asked, past, own_facility_sight(who.facility), until)


def _opened(node: Node, asked: history.Since, past: history.Past, sight: Sight, until: datetime | None) -> HistoryPage:
    keys = node.keys.unwrap_left(sorted(_unwrapped(past)))
    cursor = history.history_cursor(asked, past.more, node.custodian) if past.more else None
    versions = tuple(_written(one.located, keys, sight) for one in past.versions)
    return HistoryPage(versions=versions, cursor=cursor, complete_until=until)


def _written(one: Located, keys: dict[int, bytes], sight: Sight) -> Written:
    try:
        body = None if one.deleted or one.chart_key not in keys else records.open_body(one, keys, sight)
    except NotFound:  # about people, in nobody's chart: shown to nobody, as what a destroyed key sealed
        body = None
    return Written(type=one.type, id=one.id, version=one.version, at=one.at, body=body, deleted=bool(one.deleted))


def _unwrapped(past: history.Past) -> set[int]:
    return {one.located.chart_key for one in past.versions if not one.located.deleted}


def _register(
    tx: Transaction,
    who: Principal,
    what: str,
    action: Action,
    ground: str,
    past: history.Past,
    residents: dict[int, int],
    at: datetime,
) -> None:
    """Write one entry for each resident whose versions are shown, or who was asked about."""
    shown: Counter[int | None] = Counter(dict.fromkeys(residents.values(), 0))
    shown.update(residents.get(one.located.chart_key) for one in past.versions)
    if not shown:
        shown[None] = 0
    opened = _unwrapped(past)
    entries = []
    for resident, count in shown.items():
        charts = _charts(past, residents, resident)
        entries.append(
            read_by(
                who,
                resident_key=resident,
                chart_keys=charts,
                what=what,
                count=count,
                action=action,
                ground=ground,
                unwraps=len(opened.intersection(charts)),
                at=at,
            )
        )
    access.register(tx, entries)


def _charts(past: history.Past, residents: dict[int, int], resident: int | None) -> tuple[int, ...]:
    charts: Sequence[int] = sorted({one.located.chart_key for one in past.versions})
    return tuple(chart for chart in charts if residents.get(chart) == resident)


__all__ = ["HistoryPage", "Written", "facility_history", "history_of"]
