"""Whether anything that is known speaks against two residents being one, whoever says that they are."""

from __future__ import annotations

from collections.abc import Collection

from salus.identity.matching.model import Person
from salus.identity.matching.service import Opener, kept
from salus.identity.matching.weighing import against
from salus.storage import Transaction


def barred(tx: Transaction, opener: Opener, some: Collection[int], others: Collection[int]) -> str:
    """Return why charts of two may not stand in one cluster, as a guard's code, or "".

    Charts of an earlier release of which nothing is kept say nothing.
    """
    one, other = _said(tx, opener, some), _said(tx, opener, others)
    return next((code for a in one for b in other if (code := against(a, b))), "")


def _said(tx: Transaction, opener: Opener, charts: Collection[int]) -> list[Person]:
    return [known.person for known in kept(tx, opener, charts) if known.person is not None]
