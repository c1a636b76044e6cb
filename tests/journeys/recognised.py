"""Publish a recognition of other issuers in a door's log, and let the day of its notice pass."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from journeys.door import HOUR, HOUSES, Door
from recognising import hc1_key, recognition, shc_key
from salus.app import close_batch
from salus.cli.actors import SIGNER, Party, signatures_of
from salus.kernel import format_instant
from salus.ledger import Leaf, add_document, append, append_once
from salus.storage import Duty

YEAR = timedelta(days=365)


def recognise(door: Door, *, version: int = 1, keys: tuple[dict[str, Any], ...] | None = None) -> None:
    """Recognise a signer of HC1 and an issuer of cards, or these keys; it counts when this returns."""
    node = door.node
    signers = [Party.new(f"recogniser-{version}-{place}", house, SIGNER) for place, house in enumerate(HOUSES)]
    for one in signers:
        append_once(node.store, Leaf(kind="party-key", body=one.key_leaf))
    close_batch(node)
    now = door.now.replace(microsecond=0)
    lives = {"starts": format_instant(now - YEAR), "ends": format_instant(now + YEAR)}
    told = (hc1_key(**lives), shc_key(**lives)) if keys is None else keys
    starts = now + 25 * HOUR
    document = recognition(*told, version=version, starts=starts, ends=starts + YEAR)
    with node.store.transaction(Duty.LEDGER) as tx:
        add_document(tx, document.encoded)
        append(tx, Leaf(kind="publication", body=document.leaf(signatures_of(document, signers))))
    close_batch(node)
    door.witnesses.advance(26 * HOUR)
    close_batch(node)
