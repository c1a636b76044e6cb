"""Gather the facts that policy needs about a request and a chart. Decides nothing itself."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from salus import access, identity
from salus.access import Action, Decision, Kind, Read, Refusal, Request
from salus.app.node import Node
from salus.kernel import Purpose, Refused, SalusError
from salus.parties import Principal
from salus.records import NotFound, is_directory
from salus.storage import Transaction

REFUSED = (
    "you may not read this: its resident has not opened a care relation with your facility, or the purpose is not one"
    " of your role; ask for the identity code at the desk"
)

_Error = TypeVar("_Error", bound=SalusError)
_BY_CARE_RELATION = frozenset({Action.READ, Action.SEARCH})
"""What only an open care relation opens of others' records, and no place that is not admitted gets one."""
_AT_A_PLACE_OF_CARE = frozenset(
    {
        Action.BREAK_GLASS,
        Action.CLOSE_FOR_RESIDENT,
        Action.INVITE_RESIDENT,
        Action.OPEN_NOTICE,
        Action.OPEN_RELATION,
        Action.PRINT_CODE,
        Action.READ_IDENTITY,
        Action.READ_IN_EMERGENCY,
        Action.READ_SUMMARY,
        Action.READ_WORK_LIST,
        Action.REPORT_IDENTITY,
        Action.RESOLVE_CODE,
    }
)
"""What is done at a desk, by itself or in a visit or an emergency that only an open place of care begins."""


def decide(
    node: Node,
    principal: Principal,
    action: Action,
    kind: Kind,
    *,
    own_facility: bool = False,
    relation_open: bool = False,
    own_record: bool = False,
    independent: bool = False,
    closed: bool = False,
) -> Decision:
    """Ask the policy with the facts at hand."""
    return access.permit(
        Request(
            role=principal.role,
            purpose=principal.purpose,
            action=action,
            kind=kind,
            own_facility=own_facility,
            relation_open=relation_open,
            own_record=own_record,
            care_facility=node.care_facility(principal),
            independent=independent,
            closed=closed,
        )
    )


def barred(node: Node, principal: Principal, kind: str) -> Decision | None:
    """Return the refusal of a role that, for its purpose, reads no record whatever; None for whoever may read some.

    Ask it before looking: the answer then tells nothing of what is there.
    """
    if is_directory(kind):
        return None
    most = decide(node, principal, Action.READ, Kind.RECORD, own_facility=True, relation_open=True, own_record=True)
    return None if most.allowed else most


def missing(kind: str) -> NotFound:
    """Answer what is not there, what is closed, and what others wrote where no care relation is open, alike."""
    return NotFound(
        f"there is no {kind} with this id here that you may read; a care relation opens what others wrote: see"
        " docs/how-to/what-is-closed.md"
    )


def relation_ends(tx: Transaction, facility: str, resident_key: int, at: datetime) -> datetime | None:
    """Return when the last care relation that is open at `at` ends, under whatever key it was opened."""
    ends = [access.relation_ends(tx, facility, key, at) for key in identity.known_as(tx, resident_key)]
    return max((one for one in ends if one), default=None)


def relation_by_other(tx: Transaction, facility: str, resident_key: int, by: str, at: datetime) -> bool:
    """Tell whether somebody else opened a care relation that is open at `at`, under whatever key."""
    return any(access.relation_by_other(tx, facility, key, by, at) for key in identity.known_as(tx, resident_key))


def relation_confirmed(tx: Transaction, facility: str, resident_key: int, at: datetime) -> bool:
    """Tell whether a care relation is open that the own code or a second person opened, under whatever key."""
    return any(access.relation_confirmed(tx, facility, key, at) for key in identity.known_as(tx, resident_key))


def refuse(node: Node, principal: Principal, action: Action, text: str = REFUSED, code: str = Refused.code) -> Refused:
    """Keep a refusal, in a transaction of its own, and return the error to raise.

    Where it comes of a place that is not admitted, the error says so instead, in both languages, and what to do. A read
    or a search may be refused for another reason as well, so that both are told.
    """
    shut = node.shut(principal) if action in _AT_A_PLACE_OF_CARE else None
    node.refusals.keep(refusal_of(node, principal, action, shut.code if shut else code))
    return shut or (with_reason(node, principal, Refused(text)) if action in _BY_CARE_RELATION else Refused(text))


def with_reason(node: Node, principal: Principal, error: _Error) -> _Error:
    """Add to what a reader is told at a place of care that is not admitted that it is not, and what to do.

    It is said of the place alone, so that what is not there and what is closed are answered alike.
    """
    shut = node.shut(principal)
    if shut is not None:
        error.text = f"{error.text}; {shut.text}"
    return error


def refusal_of(node: Node, principal: Principal, action: Action, code: str = Refused.code) -> Refusal:
    """Say who was refused what, for the register of refusals."""
    return Refusal(
        code=code,
        role=principal.role,
        principal=principal.subject,
        facility=principal.facility,
        action=action,
        purpose=principal.purpose,
        at=node.clock.now(),
    )


def purpose_of(principal: Principal) -> Purpose:
    """Return the purpose that a permitted read was for. Policy permits nothing without one."""
    if principal.purpose is None:
        raise Refused("name a purpose of use")
    return principal.purpose


def read_by(
    who: Principal,
    *,
    resident_key: int | None,
    what: str,
    action: Action,
    ground: str,
    at: datetime,
    chart_keys: tuple[int, ...] = (),
    count: int = 1,
    unwraps: int = 0,
) -> Read:
    """Return the entry of the register of a look by a principal, for the facility and the purpose that it acts for."""
    return Read(
        reader_role=who.role,
        reader=who.subject,
        facility=who.facility,
        resident_key=resident_key,
        chart_keys=chart_keys,
        what=what,
        count=count,
        action=action,
        purpose=purpose_of(who),
        ground=ground,
        unwraps=unwraps,
        at=at,
    )
