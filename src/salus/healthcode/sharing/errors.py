"""What is refused about showing another's code."""

from __future__ import annotations

from salus.kernel import Invalid


class ShareRefused(Invalid):
    """A right to show a code that cannot be given, or taken, or does not hold; what of it is not told."""

    code = "SALUS-H040"


class TooManyShares(ShareRefused):
    """So many rights that hold at once that no more are given or taken."""

    code = "SALUS-H041"


class NoPaper(ShareRefused):
    """A guardian's right without the number of the paper that the guardian showed."""

    code = "SALUS-H042"
