"""What the desk's form for a card with an identity code is given: frozen view models, as those of `views`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class CardTrouble(StrEnum):
    """Why no card was printed."""

    HOW = "how"
    PAPER = "paper"
    TOO_MANY = "too-many"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardForm:
    """How who is here agreed to have the own code printed. It shows nothing of them.

    `guardian` is where a slip is made for a child's guardian; `how` and `paper` are what was filled in before.
    """

    template: ClassVar[str] = "card_form.html"
    form: str
    guardian: str
    how: str = ""
    paper: str = ""
    trouble: CardTrouble | None = None
