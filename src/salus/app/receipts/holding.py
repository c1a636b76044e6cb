"""Give a resident the receipts of the own evidence, and a site or laboratory the one that it hands over at once."""

from __future__ import annotations

import json

from salus.app.measures import own_evidence
from salus.app.node import Node
from salus.healthcode import measures
from salus.parties import Principal
from salus.records import NotFound
from salus.rules import receipt_file


def my_receipt(node: Node, who: Principal, place: str) -> measures.HeldReceipt:
    """Return the receipt of one of the resident's specimens; the look is registered. Raises NotFound for any other."""
    mine = own_evidence(node, who, "receipt")
    found = measures.held_receipts(node.store, node.trust, mine.keys, mine.seals, mine.rows, mine.at)
    for one in found:
        if one.place == place:
            return one
    raise NotFound("there is no such receipt; it may have gone with an emergency that is over")


def handed_over(node: Node, signed: measures.Signed) -> bytes:
    """Return the receipt of what was just taken in, for whoever sent it to hand to the person or to print."""
    return measures.handed_over(node.store, node.trust, signed)


def on_paper(receipt: bytes) -> str:
    """Return the short form of a receipt that fits a code on paper: its first step as it was signed, without proofs.

    It brings no key of the party: whoever holds it against the log finds the key there.
    """
    told = json.loads(receipt)["receipt"]
    step = {**(told["specimen"] or told["results"][0]), "proof": None}
    return (receipt_file(step, [], []) if told["specimen"] else receipt_file(None, [step], [])).decode()
