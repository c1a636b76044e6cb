"""What a hand-over of exposures comes to, and how many there may be in it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST_TOGETHER: Final = 30
"""How many exposures are handed over at once: the usual fifteen of a case, and as many again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What became of a hand-over: how many leaves went to the log, and how many it was given before."""

    taken: int = 0
    again: int = 0
    ended: bool = False
