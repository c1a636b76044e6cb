"""Whether anything that is known speaks against two residents being one, whoever says that they are."""

from __future__ import annotations

from collections.abc import Collection

from salus.identity.matching.service import Opener, kept
from salus.identity.matching.weighing import against
from salus.storage import Transaction


def barred(tx: Transaction, opener: Opener, some: Collection[int], others: Collection[int]) -> str:
    """Return why charts of two may not stand in one cluster, as a guard's code, or "".

    Charts of an earlier release of which nothing is kept say nothing.
    """
    one, other = kept(tx, opener, some), kept(tx, opener, others)
    return next((code for a in one for b in other if (code := against(a.person, b.person))), "")
