"""Break the glass: whoever acts proves at this moment that it is them, says why, and reads one record for half an hour.

No software does it, and no search. What is closed stays closed. The resident is told in the same commit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from salus import access, identity
from salus.access import Action, Kind, glass
from salus.access.glass import GLASS_LASTS, Category, Off, Opening
from salus.app.desk import Viewed, gather, presented_by, unwrap_summary
from salus.app.facts import decide, read_by, refuse
from salus.app.node import Node
from salus.app.seeing import emergency_sight
from salus.kernel import SalusError, new_id
from salus.parties import NotSignedIn, Principal
from salus.records import NotFound
from salus.storage import Duty, Transaction

SEALED_AS = "app.emergency"
_ONLY = "only a clinician who is signed in at a place of care breaks the glass"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What proves at this moment that it is them who act: a passkey's answer to a ceremony, or a one-time code."""

    code: str = field(default="", repr=False)
    handle: str = field(default="", repr=False)
    credential: object = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """An opening that was made: its identifier, and the first instant at which it is closed again."""

    id: UUID
    ends: datetime


def proves_by(node: Node, who: Principal) -> frozenset[str]:
    """Return how somebody may prove that it is them; nothing for who stepped into a role on a demo node."""
    account = _account(who)
    return node.sign_in.proves_by(account) if account else frozenset()


def glass_off(node: Node, who: Principal) -> Off | None:
    """Say why somebody may not break the glass now; None if they may. Raises Refused for whom it is not for."""
    if not decide(node, who, Action.BREAK_GLASS, Kind.RECORD).allowed or who.facility is None:
        raise refuse(node, who, Action.BREAK_GLASS, _ONLY)
    with node.store.transaction(Duty.CARE) as tx:
        return glass.why_off(tx, who.subject, who.facility, node.clock.now())


def break_glass(node: Node, who: Principal, presented: str, category: Category, words: str, proof: Proof) -> Broken:
    """Open the record of whom an identity number or code names, for half an hour, to this clinician alone.

    In one commit with it stand the entry in the resident's register and the notice on their page. Raises Refused,
    NotSignedIn where the proof fails, OpeningInvalid for words that say nothing, GlassOff, CodeUnknown, NumberRefused,
    or NotFound for a number that nobody here has. Each of them is kept as a refusal.
    """
    decision, at = decide(node, who, Action.BREAK_GLASS, Kind.RECORD), node.clock.now()
    if not decision.allowed or who.facility is None:
        raise refuse(node, who, Action.BREAK_GLASS, _ONLY)
    said, id_ = glass.check_words(words), new_id()
    try:
        _prove(node, who, proof, at)
        with node.store.transaction(Duty.CARE) as tx:
            opened = _opening(tx, node, who, id_, presented.strip(), category, said, at)
            glass.break_glass(tx, opened)
            now = identity.resident_by_key(tx, opened.resident_key)
            entry = read_by(
                who,
                resident_key=now.key if now else opened.resident_key,
                what="emergency",
                action=Action.BREAK_GLASS,
                ground=decision.ground,
                at=at,
            )
            access.register(tx, [entry])
    except SalusError as error:
        refuse(node, who, Action.BREAK_GLASS, code=error.code)
        raise
    return Broken(id=id_, ends=opened.ends)


def view_in_emergency(node: Node, who: Principal, id_: UUID) -> Viewed:
    """Read the summary of the one record that this clinician opened here less than half an hour ago.

    Each look is registered under the purpose ETREAT. Raises Refused for everybody and every instant else.
    """
    at = node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        mine = glass.my_opening(tx, id_, who.subject, who.facility, at) if who.facility else None
        decision = decide(node, who, Action.READ_IN_EMERGENCY, Kind.RECORD, relation_open=mine is not None)
        resident = identity.resident_by_key(tx, mine.resident_key) if mine and decision.allowed else None
        parts = None
        if mine and resident:
            sight = emergency_sight(tx, node, mine.facility, resident.key, resident.charts, at)
            action, ground = Action.READ_IN_EMERGENCY, decision.ground
            parts = gather(tx, node, who, resident.key, sight, mine.ends, action, ground)
    if parts is None:
        raise refuse(node, who, Action.READ_IN_EMERGENCY, "this is not open to you, or not any more")
    return unwrap_summary(node, parts)


def _opening(
    tx: Transaction,
    node: Node,
    who: Principal,
    id_: UUID,
    presented: str,
    category: Category,
    words: str,
    at: datetime,
) -> Opening:
    """Say whose record is opened, and seal why."""
    facility = who.facility or ""
    found = presented_by(tx, node, facility, presented)
    if identity.resident_by_key(tx, found.key) is None:
        raise NotFound("nobody here has this number")
    return Opening(
        id=id_,
        resident_key=found.key,
        opened_by=who.subject,
        facility=facility,
        organisation=node.facility(facility).organisation,
        category=category,
        words=node.custodian.seal(SEALED_AS, words.encode(), id_.bytes),
        at=at,
        ends=at + GLASS_LASTS,
    )


def _prove(node: Node, who: Principal, proof: Proof, at: datetime) -> None:
    """Raise NotSignedIn unless they prove it. On a demo node, who stepped into a role has nothing to prove it with."""
    account, ways = _account(who), proves_by(node, who)
    if account and "passkey" in ways and proof.handle:
        node.sign_in.prove_by_passkey(account, proof.handle, proof.credential, at)
    elif account and "code" in ways:
        node.sign_in.prove_by_code(account, proof.code, at)
    elif ways or not node.demo:
        raise NotSignedIn("prove with a passkey or a one-time code that it is you")


def _account(who: Principal) -> UUID | None:
    try:
        return UUID(who.subject)
    except ValueError:
        return None
