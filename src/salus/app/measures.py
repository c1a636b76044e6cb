"""A result leads to a measure: evidence taken in with its record, decided by the rules, shown to its holder alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from salus import access, identity, ledger, records
from salus.access import Action, Kind, Read
from salus.app.at_hand import AtHand
from salus.app.attempts import BY_WRITE, keep_attempt
from salus.app.facts import decide, read_by, refuse
from salus.app.node import Node, charts_of
from salus.app.notices import contested_view
from salus.app.own_work import OwnWork
from salus.app.residents import own, own_read
from salus.app.writing import accept
from salus.healthcode import EvidenceRefused, Unsettable, measures, slips
from salus.kernel import parse_instant
from salus.ledger import Leaf
from salus.parties import Principal
from salus.records import Accepted, ResultTold, SpecimenTold
from salus.rules import Document
from salus.storage import Duty, Transaction

SETTING: Final = frozenset(
    "measure measures colour color status state level gives decision notice green yellow red restriction".split()
    + "quarantine risk flag exempt".split()
)
"""Names under which somebody would write what a person may do. A field of such a name is refused, and counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Evidence that was taken in: its commitment, and the address of the resource beside it."""

    commitment: str
    resource: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MyNotices:
    """What a resident is shown: the measures that are proved now, and the receipts of the own specimens."""

    notices: tuple[measures.HeldNotice, ...]
    receipts: tuple[Mapping[str, Any], ...] = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEvidence:
    """A resident's evidence, newest first: of the own charts, and of `others` that were linked to them."""

    known_as: tuple[int, ...]
    charts: tuple[int, ...]
    others: tuple[int, ...]
    rows: tuple[measures.Kept, ...] = field(repr=False)
    keys: Mapping[int, bytes] = field(repr=False)
    seals: measures.Seals = field(repr=False)
    at: datetime


def take_specimen(node: Node, who: Principal, resource: dict[str, Any], signed: measures.Signed) -> Taken:
    """Take in a Specimen and the site's signed commitment to it, in one transaction.

    Raises Refused for anybody but a sampling site's system, EvidenceRefused if the two contradict each other, and what
    `accept` raises.
    """
    _permit(node, who, Action.COMMIT_SPECIMEN)
    at = node.clock.now()
    body = measures.check_evidence(node.store, node.trust, signed, at)
    under = _emergency(node, body["disease"], at)
    _same_specimen(records.specimen_told(resource), body)
    taken: list[str] = []
    keys = AtHand(node.keys)

    def keep(tx: Transaction, accepted: Accepted) -> None:
        chart = accepted.outcomes[0].chart_key
        if accepted.residents.get(chart) is None:
            raise EvidenceRefused("a specimen is taken from a Patient; send that first", where="resource.subject")
        taken.append(measures.take_specimen(tx, keys, signed, chart, at, under))

    accepted = accept(node, who, [records.of_resource(resource, "Specimen")], noted=keep, keys=keys)
    return _taken(accepted, taken)


def take_result(node: Node, who: Principal, resource: dict[str, Any], signed: measures.Signed) -> Taken:
    """Take in an Observation and the laboratory's signed commitment to it, in one transaction, whatever was found.

    The result follows the chart of its specimen; the Observation lies in the laboratory's own. The resident is shown
    who wrote it. Raises as `take_specimen` does.
    """
    _permit(node, who, Action.SIGN_RESULT)
    at = node.clock.now()
    body = measures.check_evidence(node.store, node.trust, signed, at)
    under = _emergency(node, body["disease"], at)
    _same_result(records.result_told(resource), body)
    logged = [one.key for one in measures.keys_so_far(node.store, node.trust, at)] if body["replaces"] else []
    taken: list[str] = []
    keys = AtHand(node.keys)

    def keep(tx: Transaction, accepted: Accepted) -> None:
        before = len(keys.opened)
        chart = measures.specimen_chart(tx, measures.Seals.of(node.keys), body["specimen"])
        holder = identity.residents_of(tx, [chart]).get(chart)
        own = accepted.residents.get(accepted.outcomes[0].chart_key)
        if own is not None and own != holder:
            raise EvidenceRefused("the Observation is about another person than the specimen", where="resource.subject")
        taken.append(measures.take_result(tx, keys, signed, at, under))
        if body["replaces"] is not None:
            slips.correct(tx, keys, body["replaces"], signed, logged, at)
        access.register(tx, [_result_read(who, holder, chart, len(keys.opened) - before, at)])

    accepted = accept(node, who, [records.of_resource(resource, "Observation")], noted=keep, keys=keys)
    return _taken(accepted, taken)


def refuse_setting(node: Node, who: Principal, where: str) -> Unsettable:
    """Keep an attempt to write a measure, counted in public, and return the error to raise."""
    keep_attempt(node, who, BY_WRITE, Unsettable.code)
    return Unsettable(where)


def progress_measures(node: Node) -> measures.Progress:
    """Decide for results that the log has, and issue decisions that are proved. Rounds may run at once."""
    return measures.progress(node.store, node.trust, OwnWork(node, "decision"), node.clock.now())


def my_notices(node: Node, who: Principal, what: str = "notice") -> MyNotices:
    """Return the resident's own measures, recomputed from evidence; usually there are none. The look is registered.

    `what` is what the register calls it: looking at a notice, or making one to show.

    What asks something of them is a specimen of the chart for which the identifier that they sign in with was minted,
    or of one that is joined to it by equal own numbers. What ends it may lie in any chart that is theirs now.
    """
    mine = own_evidence(node, who, what)
    proved = measures.notices(node.store, node.trust, mine.keys, mine.seals, mine.charts, mine.others, mine.at)
    found = [one for one in (contested_view(node, mine.known_as, each, mine.at) for each in proved) if one]
    receipts = measures.receipts(mine.keys, mine.seals, mine.rows)
    return MyNotices(notices=tuple(found), receipts=tuple(receipts), at=mine.at)


def own_evidence(node: Node, who: Principal, what: str) -> OwnEvidence:
    """Return the resident's own evidence and the keys that open it; the look is registered as `what`."""
    mine, at, seals = own(node, who, Action.READ_NOTICE), node.clock.now(), measures.Seals.of(node.keys)
    with node.store.transaction(Duty.CARE) as tx:
        charts = _own_charts(tx, node, who)
        others = tuple(chart for chart in charts_of(tx, mine.key) if chart not in charts)
        rows = [*measures.rows_of(tx, seals, charts), *measures.rows_of(tx, seals, others)]
        held = tuple(sorted({row.chart_key for row in rows}))
        access.register(tx, [own_read(who, mine.key, held, what, Action.READ_NOTICE, at)])
    rows.sort(key=lambda row: row.key, reverse=True)
    return OwnEvidence(
        known_as=mine.known_as,
        charts=charts,
        others=others,
        rows=tuple(rows),
        keys=measures.chart_keys(node.keys, held),
        seals=seals,
        at=at,
    )


def _emergency(node: Node, disease: str, at: datetime) -> bytes | None:
    """Return the digest of the emergency that what is known of a disease is kept under at an instant, if one is on."""
    known = node.memory.recall("emergencies", node.stamp, lambda: measures.known(node.store, node.trust))
    return known.emergency_of(disease, at)


def _own_charts(tx: Transaction, node: Node, who: Principal) -> tuple[int, ...]:
    minted = node.minted(tx, who.resident) if who.resident else None
    return identity.joined_by_number(tx, minted[1]) if minted else ()


def publish(node: Node, document: Document, signatures: Mapping[str, str]) -> None:
    """Hand a signed document to the public log. Raises PublicationRefused if it could not count."""
    with node.store.transaction(Duty.CARE) as tx:
        measures.publish(tx, node.store, node.trust, document, signatures, node.clock.now())


def veto(node: Node, body: Mapping[str, str]) -> None:
    """Hand an ombudsman's signed veto to the public log. Raises PublicationRefused if it would stop nothing."""
    with node.store.transaction(Duty.CARE) as tx:
        measures.veto(tx, node.store, node.trust, body, node.clock.now())


def add_party(node: Node, leaf: Mapping[str, Any]) -> None:
    """Hand a party's key to the public log, once: whose it is, of which organisation, for which duty.

    Raises PublicationRefused (ENDED) for a key whose end the log has, or gets with the next batch.
    """
    measures.check_not_ended(node.store, node.trust, leaf.get("key"), node.clock.now())
    ledger.append_once(node.store, Leaf(kind="party-key", body=leaf))


def _permit(node: Node, who: Principal, action: Action) -> None:
    if who.facility is None or not decide(node, who, action, Kind.RECORD, own_facility=True).allowed:
        raise refuse(node, who, action, "evidence is sent by the sampling site or laboratory that made it")
    if not node.admitted(node.facility(who.facility)):
        raise refuse(node, who, action, "no admission that counts now names this site or laboratory")


def _same_specimen(told: SpecimenTold, body: Mapping[str, Any]) -> None:
    if told.taken != parse_instant(body["taken"]):
        raise EvidenceRefused("Specimen and opening name two times of collection", where="opening.specimen.taken")


def _same_result(told: ResultTold, body: Mapping[str, Any]) -> None:
    """Refuse an opening that says anything else than the Observation beside it."""
    said = {
        "disease": told.disease,
        "kind": str(told.kind),
        "result": str(told.result),
        "reported": told.reported,
        "replaces": told.corrects,
    }
    opened_as = {**body, "reported": parse_instant(body["reported"]), "replaces": body["replaces"] is not None}
    for name, value in said.items():
        if opened_as[name] != value:
            text = f"Observation and opening contradict each other in {name}"
            raise EvidenceRefused(text, where=f"opening.result.{name}")


def _taken(accepted: Accepted, taken: list[str]) -> Taken:
    outcome = accepted.outcomes[0]
    return Taken(commitment=taken[0], resource=f"{outcome.type}/{outcome.id}")


def _result_read(who: Principal, resident: int | None, chart: int, unwraps: int, at: datetime) -> Read:
    return read_by(
        who,
        resident_key=resident,
        chart_keys=(chart,),
        what="result",
        action=Action.SIGN_RESULT,
        ground="own-facility",
        unwraps=unwraps,
        at=at,
    )


__all__ = [
    "SETTING",
    "MyNotices",
    "OwnEvidence",
    "Taken",
    "add_party",
    "my_notices",
    "own_evidence",
    "progress_measures",
    "publish",
    "refuse_setting",
    "take_result",
    "take_specimen",
    "veto",
]
