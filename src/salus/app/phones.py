"""A resident's telephones, which sign the code anew every 30 seconds: registered, given tokens, and removed."""

from __future__ import annotations

from uuid import UUID

from salus import access
from salus.access import Action
from salus.app.node import Node
from salus.app.residents import own, own_read
from salus.healthcode import phones
from salus.healthcode.phones import Phone, Token
from salus.parties import Principal
from salus.storage import Duty


def my_phones(node: Node, who: Principal) -> list[Phone]:
    """Return the telephones that show the resident's code. That they were listed reads no record, and is not told."""
    mine = own(node, who, Action.READ_CODE)
    with node.store.transaction(Duty.CARE) as tx:
        return phones.phones(tx, mine.known_as)


def register_phone(node: Node, who: Principal, point: bytes) -> Token:
    """Register the telephone that the resident is signed in on, by the public key made there, and hand it a token."""
    mine, at = own(node, who, Action.REPLACE_CODE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        phone_id = phones.register(tx, mine.minted, point, at=at)
        handed = phones.token(tx, node.custodian, mine.known_as, phone_id, at=at)
        access.register(tx, [own_read(who, mine.key, (), "phone", Action.REPLACE_CODE, at)])
    return handed


def renew_phone(node: Node, who: Principal, phone_id: UUID) -> Token:
    """Hand a telephone of the resident who is signed in on it a token for the next 24 hours."""
    mine, at = own(node, who, Action.READ_CODE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        handed = phones.token(tx, node.custodian, mine.known_as, phone_id, at=at)
        access.register(tx, [own_read(who, mine.key, (), "code", Action.READ_CODE, at)])
    return handed


def remove_phone(node: Node, who: Principal, phone_id: UUID) -> None:
    """Remove one of the resident's telephones: its codes stop at once."""
    mine, at = own(node, who, Action.REPLACE_CODE), node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        phones.remove(tx, mine.known_as, phone_id)
        access.register(tx, [own_read(who, mine.key, (), "phone", Action.REPLACE_CODE, at)])


__all__ = ["my_phones", "register_phone", "remove_phone", "renew_phone"]
