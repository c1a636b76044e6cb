"""What is refused about cards."""

from __future__ import annotations

from salus.kernel import Invalid


class CardRefused(Invalid):
    """A card was ordered without a word of its resident, or with a paper that is none."""

    code = "SALUS-H030"


class TooManyCards(CardRefused):
    """So many cards wait at a facility that no more are taken."""

    code = "SALUS-H031"
