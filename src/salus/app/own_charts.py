"""A hospital says that two of its own charts are one person's. Nothing is merged: it is asserted, or a person is asked.

No rule takes back what a hospital asserts of its own charts, as it answers for it; a person does.

FHIR R5 `Patient/$merge`, and the link `replaced-by` of a Patient that is sent (IHE PIXm, ITI-104, resolve duplicate).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Kind
from salus.app.facts import decide, read_by, refuse
from salus.app.node import Node
from salus.identity import Author, NumbersDiffer, Parted, Question, review
from salus.kernel import Invalid, Refused
from salus.parties import Principal
from salus.records import Intent, Named, NotFound, Outcome
from salus.storage import Duty, Transaction

GROUND = "hospital-merge"
"""The ground of the assertion, and the reason of the question where something stands against it."""
OWN_ONLY = "a hospital links charts of its own facility, for treatment: name two of your own Patients"


class Linking(StrEnum):
    """What becomes of two charts: linked now, one resident's already, or a person is asked and nothing is linked."""

    LINKED = "linked"
    ALREADY = "already"
    ASKED = "asked"


class Side(StrEnum):
    """Which of the two a hospital names: the chart that it gave up, or the one that it keeps."""

    SOURCE = "source"
    TARGET = "target"


class Ambiguous(Invalid):
    """A Patient that is not named by itself; `side` says which of two, None that both are one."""

    code = "SALUS-A051"
    status = 422

    def __init__(self, text: str, *, side: Side | None = None, where: str | None = None) -> None:
        super().__init__(text, where=where)
        self.side = side


class NotOwn(Refused):
    """A side that names no Patient of the facility's own: told alike whether there is none, or another's."""

    def __init__(self, side: Side) -> None:
        super().__init__(OWN_ONLY)
        self.side = side


class _Undone(Exception):
    """Ends a transaction whose changes were only tried."""


def link_own_charts(
    node: Node, who: Principal, source: Sequence[Named], target: Sequence[Named], *, preview: bool = False
) -> Linking:
    """Link the charts of two own Patients, or ask a person; a preview only says which. Both residents are told.

    Every name of a side must name one and the same Patient. Raises Refused for anybody but a hospital's system, and
    alike for Patients that are not its own; Ambiguous for one named twice or not by itself.
    """
    ground = _ground(node, who)
    with node.store.transaction(Duty.CARE) as tx:
        pair = _pair(tx, node, who, source, target)
        if not isinstance(pair, Side):
            _register(tx, who, pair, ground, node.clock.now())
            return (_tried if preview else _link)(tx, node, who, pair, node.clock.now())
    refuse(node, who, Action.LINK_CHARTS, OWN_ONLY)
    raise NotOwn(pair)


def follow_replacements(
    tx: Transaction, node: Node, who: Principal, intents: Iterable[Intent], outcomes: Sequence[Outcome], at: datetime
) -> Mapping[UUID, Linking]:
    """Link each stored Patient that says it was replaced to the own Patient that replaced it; what became of each.

    Part of the transaction that stores them. Raises Refused, or NotFound for one that is not the facility's own.
    """
    done: dict[UUID, Linking] = {}
    for intent, outcome in zip(intents, outcomes, strict=True):
        for named in records.replacements(intent.resource):
            target = _chart(tx, node, who, [named], Side.TARGET)
            if target is None:
                raise NotFound("link: replaced-by names no Patient of your facility", where="Patient.link")
            if target == outcome.chart_key:
                raise Ambiguous("a Patient cannot be replaced by itself", where="Patient.link")
            pair = identity.pair_of(outcome.chart_key, target)
            if not _one_resident(tx, pair):  # who sends a Patient again and again says nothing new
                decision = decide(node, who, Action.LINK_CHARTS, Kind.RECORD, own_facility=_of_residents(node, who))
                if not decision.allowed:
                    raise Refused(OWN_ONLY)  # whoever ends the transaction keeps the refusal
                _register(tx, who, pair, decision.ground, at)
                done[outcome.id] = _link(tx, node, who, pair, at)
    return done


def _ground(node: Node, who: Principal) -> str:
    decision = decide(node, who, Action.LINK_CHARTS, Kind.RECORD, own_facility=_of_residents(node, who))
    if not decision.allowed or who.facility is None:
        raise refuse(node, who, Action.LINK_CHARTS, OWN_ONLY)
    return decision.ground


def _of_residents(node: Node, who: Principal) -> bool:
    """Tell whether the own charts are residents': a sandbox's are nobody's, and there is nobody to link."""
    return who.facility is not None and not node.facility(who.facility).sandbox


def _chart(tx: Transaction, node: Node, who: Principal, names: Sequence[Named], side: Side) -> int | None:
    """Return the chart of the one own Patient that all names name; None where one of them names nobody here."""
    charts: set[int] = set()
    for named in names:
        found = records.own_patients(tx, node.custodian, who.facility or "", named)
        if not found:
            return None
        charts = set(found.values()) if not charts else charts & set(found.values())
    if len(charts) != 1:
        raise Ambiguous("these do not name one Patient: several, or each another", side=side)
    return next(iter(charts))


def _pair(
    tx: Transaction, node: Node, who: Principal, source: Sequence[Named], target: Sequence[Named]
) -> tuple[int, int] | Side:
    """Return the two charts, or the side that names none of the facility's own."""
    one, other = _chart(tx, node, who, source, Side.SOURCE), _chart(tx, node, who, target, Side.TARGET)
    if one is None:
        return Side.SOURCE
    if other is None:
        return Side.TARGET
    if one == other:
        raise Ambiguous("source and target are one Patient")
    return identity.pair_of(one, other)


def _one_resident(tx: Transaction, pair: tuple[int, int]) -> bool:
    return len(set(identity.residents_of(tx, pair).values())) == 1


def _tried(tx: Transaction, node: Node, who: Principal, pair: tuple[int, int], at: datetime) -> Linking:
    """Say what linking would do, and leave nothing of it."""
    tried = Linking.ASKED
    try:
        with tx.savepoint():
            tried = _link(tx, node, who, pair, at)
            raise _Undone
    except _Undone:
        return tried


def _link(tx: Transaction, node: Node, who: Principal, pair: tuple[int, int], at: datetime) -> Linking:
    if _one_resident(tx, pair):
        return Linking.ALREADY
    identity.hold(tx, pair)
    one, other = (identity.resident_by_key(tx, key) for key in identity.residents_of(tx, pair).values())
    if one and other and identity.barred(tx, node.custodian, one.charts, other.charts):
        return _asked(tx, pair, at)
    try:
        identity.link(tx, pair, ground=GROUND, author=Author(name=who.subject, role=who.role), at=at)
    except (NumbersDiffer, Parted):
        return _asked(tx, pair, at)
    return Linking.LINKED


def _asked(tx: Transaction, pair: tuple[int, int], at: datetime) -> Linking:
    review.ask(tx, [Question(pair=pair, reason=GROUND, at=at)])
    return Linking.ASKED


def _register(tx: Transaction, who: Principal, pair: tuple[int, int], ground: str, at: datetime) -> None:
    """Write one entry for each resident whom it concerns."""
    charts: dict[int, list[int]] = {}
    for chart, resident in sorted(identity.residents_of(tx, pair).items()):
        charts.setdefault(resident, []).append(chart)
    access.register(
        tx,
        [
            read_by(
                who,
                resident_key=resident,
                chart_keys=tuple(mine),
                what="judgement",
                count=len(mine),
                action=Action.LINK_CHARTS,
                ground=ground,
                at=at,
            )
            for resident, mine in charts.items()
        ],
    )


__all__ = ["GROUND", "Ambiguous", "Linking", "NotOwn", "Side", "follow_replacements", "link_own_charts"]
