"""Hand the certificates of destroyed keys to the public log."""

from __future__ import annotations

from salus import ledger
from salus.app.node import Node


def tell_destructions(node: Node) -> int:
    """Hand over the certificates that wait, each once; return how many.

    Keys lie in a database of their own, so that no transaction spans both: the note that one waits goes last, and a
    certificate that was handed over before is not handed over again.
    """
    done = 0
    while waiting := node.keys.destructions_to_tell():
        for one in waiting:
            ledger.append_once(node.store, one.leaf)
            node.keys.told(one)
            done += 1
    return done


__all__ = ["tell_destructions"]
