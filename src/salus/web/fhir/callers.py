"""Who calls, and what the granted scopes cover."""

from __future__ import annotations

from salus.kernel import Refused
from salus.parties import Principal, authenticate, remembered
from salus.web.gate import Gate, in_thread


def known(gate: Gate, token: str) -> Principal:
    """Return whom a token names; asked before a body is read, so that strangers cannot fill the memory."""
    return authenticate(gate.node.store, gate.node.issuer, token, gate.node.clock.now())


async def caller(gate: Gate, token: str) -> Principal:
    """Return whom a token names; one that was checked lately costs no thread."""
    found = remembered(gate.node.issuer, token, gate.node.clock.now())
    return await in_thread(gate, lambda: known(gate, token)) if found is None else found


def check_scope(who: Principal, kind: str, interaction: str) -> None:
    """Refuse a system what its granted scopes do not cover."""
    if not who.in_scope(kind, interaction):
        raise Refused(f"the access token's scope does not cover system/{kind}.{interaction}", where="scope")
