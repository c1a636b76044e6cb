"""Whether anything that is known speaks against two residents being one, whoever says that they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from salus.identity.matching.model import Person
from salus.identity.matching.service import Opener, kept
from salus.identity.matching.weighing import ANOTHER_NAME, against, weigh
from salus.storage import Transaction


def barred(tx: Transaction, opener: Opener, some: Collection[int], others: Collection[int]) -> str:
    """Return why charts of two may not stand in one cluster, as a guard's code, or "".

    Neither may two of whom both say a name, and no two of these sound alike, nor any number is the same. Charts of an
    earlier release of which nothing is kept say nothing.
    """
    one, other = _said(tx, opener, some), _said(tx, opener, others)
    stands = next((code for a in one for b in other if (code := against(a, b))), "")
    return stands or (ANOTHER_NAME if _other_names(one, other) else "")


def _other_names(some: Sequence[Person], others: Sequence[Person]) -> bool:
    named = [(a, b) for a in some for b in others if a.features.sound and b.features.sound]
    return bool(named) and all(weigh(a, b).reason == ANOTHER_NAME for a, b in named)


def _said(tx: Transaction, opener: Opener, charts: Collection[int]) -> list[Person]:
    return [known.person for known in kept(tx, opener, charts) if known.person is not None]
