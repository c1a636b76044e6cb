"""Hand the certificates of destroyed keys to the public log."""

from __future__ import annotations

import base64

from salus import ledger
from salus.app.node import Node
from salus.healthcode import measures
from salus.storage import Duty


def tell_destructions(node: Node) -> int:
    """Hand over the certificates that wait, each once; return how many.

    Keys lie in a database of their own, so that no transaction spans both: the note that one waits goes last, and a
    certificate that was handed over before is not handed over again. That of an emergency is held back while a decision
    under it can still be opened without its key, as an earlier release kept them: it would not be true.
    """
    done, open_still = 0, open_without_key(node)
    while waiting := [one for one in node.keys.destructions_to_tell() if one.what not in open_still]:
        for one in waiting:
            ledger.append_once(node.store, one.leaf)
            node.keys.told(one)
            done += 1
    return done


def open_without_key(node: Node) -> set[str]:
    """Return the digests of the emergencies of which the chart's key alone opens a decision."""
    with node.store.transaction(Duty.CARE) as tx:
        return {base64.b64encode(one).decode("ascii") for one in measures.under_charts_alone(tx)}


__all__ = ["open_without_key", "tell_destructions"]
