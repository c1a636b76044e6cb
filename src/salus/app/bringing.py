"""A resident brings facts out of certificates of other systems to the own record, sees them, and takes them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from salus import access, identity, records
from salus.access import Action
from salus.app.certificates import trust_file
from salus.app.node import Node
from salus.app.residents import Own, own, own_read
from salus.app.seeing import own_sight
from salus.codec.certificates import Reason, read_trust
from salus.codec.foreign import Holder
from salus.codec.recognising import NotBelieved, believe
from salus.healthcode.brought import Brought, BroughtRefused, bring, brought, take_out
from salus.identity.names import agree, read_name
from salus.parties import Principal
from salus.records import attesting
from salus.rules import recognised_at
from salus.storage import Duty

BROUGHT = "brought"
_WHY = {
    Reason.UNREADABLE: "this is no HC1 and no SMART Health Card, or a code of a card is missing",
    Reason.FOREIGN: "it was signed by nobody whom a public document recognises",
    Reason.FORGED: "its signature does not hold",
    Reason.NOT_YET: "it does not count yet",
    Reason.EXPIRED: "it has expired",
    Reason.VOID: "its issuer says that it is void",
    Reason.NO_LIST: "its issuer's list of void ones is out of date; try again later",
}


def my_brought(node: Node, who: Principal) -> tuple[Brought, ...]:
    """Return what a resident brought, under any identifier, newest first; the reading stands in the register."""
    mine, at = own(node, who, Action.TAKE_CERTIFICATE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        access.register(tx, [own_read(who, mine.key, (), BROUGHT, Action.TAKE_CERTIFICATE, at)])
        found = [one for key in mine.known_as for one in brought(tx, node.custodian, key)]
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))


def bring_certificate(node: Node, who: Principal, texts: Sequence[str], *, shown: bool = False) -> UUID:
    """Keep the facts of a resident's own certificate of another system, given as its code or all codes of its card.

    `shown` says that places of care that treat the resident see them beside the record. Raises BroughtRefused if no
    recognised issuer signed it, or if its name and birth date are not the resident's; Unavailable while nobody can say
    who is recognised; Refused for anybody but the resident.
    """
    mine, at = own(node, who, Action.TAKE_CERTIFICATE), node.clock.now()
    trust = read_trust(trust_file(node))
    try:
        told = believe(list(texts), recognised_at(trust.recognised, at), at, trust.voided)
    except NotBelieved as refused:
        raise BroughtRefused(f"the certificate was not taken: {_WHY[refused.reason]}") from None
    if not told.vouched:
        raise BroughtRefused("the certificate was not taken: its signer is not recognised for what it says")
    if not _is_own(node, who, mine, told.holder, at):
        raise BroughtRefused("the certificate was not taken: its name and birth date are not those of your record")
    with node.store.transaction(Duty.CARE) as tx:
        kept = replace(told, events=told.vouched)
        return bring(tx, node.custodian, mine.minted, kept, at, shown=shown, known_as=mine.known_as)


def take_out_brought(node: Node, who: Principal, brought_id: UUID) -> None:
    """Take out again what the resident brought."""
    mine, at = own(node, who, Action.TAKE_CERTIFICATE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        access.register(tx, [own_read(who, mine.key, (), BROUGHT, Action.TAKE_CERTIFICATE, at)])
        whose = {one.brought_id: key for key in mine.known_as for one in brought(tx, node.custodian, key)}
        take_out(tx, node.custodian, whose.get(brought_id, mine.minted), brought_id, at)


def _is_own(node: Node, who: Principal, mine: Own, holder: Holder, at: datetime) -> bool:
    """Compare a certificate's name and birth date with the own record; the read is registered."""
    with node.store.transaction(Duty.CARE) as tx:
        resident = identity.resident_by_key(tx, mine.key)
        sight = own_sight(resident.charts if resident else ())
        people = records.patients(tx, sight)[:1]
        charts = tuple(person.chart_key for person in people)
        access.register(tx, [own_read(who, mine.key, charts, BROUGHT, Action.TAKE_CERTIFICATE, at)])
    keys = node.keys.unwrap_left([person.chart_key for person in people])
    people = [person for person in people if person.chart_key in keys]
    if not people:
        return False
    born, name = attesting.birth_of(people[0], keys, sight), records.patient_name(people[0], keys, sight)
    told = read_name(f"{holder.family}, {holder.given}")
    return born is not None and _born(holder) == born and agree(told, read_name(name or ""))


def _born(holder: Holder) -> date | None:
    try:
        return date.fromisoformat(holder.born)
    except ValueError:
        return None
