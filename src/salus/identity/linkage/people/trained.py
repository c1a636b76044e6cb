"""The weights that come with Salus, and what they are in a register of more people than they were proven on.

Trained on people who do not exist, by `python tools/train_people.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from salus.identity.linkage.errors import WeightsRefused
from salus.identity.linkage.weights import Weights, read_weights

PROVEN: Final = 1_000_000
"""Of so many people the weights link as they were trained; of more, a bit is taken for each doubling."""
MOST_PEOPLE: Final = PROVEN * 2**11
"""More than any country has."""
OF_FEW: Final = frozenset({("numbers", "equal typed")})
"""What few share however many others there are. Of telephones and dwellings that is true, too; but a family shares both
of them at once, and each would count in full: parents and children would be asked about as they are not now."""


def class_of(people: int) -> int:
    """Return for how many people a register of some size is weighed: the next doubling of a million."""
    if not 1 <= people <= MOST_PEOPLE:
        raise WeightsRefused(f"a register is of 1 to {MOST_PEOPLE} people")
    return PROVEN << _doublings(people)


def people_weights(people: int = PROVEN) -> Weights:
    """Return the model that comes with Salus, for a register of so many people. Its `hash` names it in every decision.

    Raises WeightsRefused for fewer than one, or more than there are.
    """
    return _weights(_doublings(class_of(people)))


@cache
def models() -> Mapping[str, int]:
    """Return for how many people each model of ours is, by its hash."""
    return {people_weights(PROVEN << times).hash: PROVEN << times for times in range(_doublings(MOST_PEOPLE) + 1)}


def _doublings(people: int) -> int:
    return ((people - 1) // PROVEN).bit_length()


@cache
def _weights(times: int) -> Weights:
    if times:
        return _weights(0).doubled(times, OF_FEW)
    return read_weights((files("salus.identity.linkage.people") / "weights.json").read_text("utf-8"))
