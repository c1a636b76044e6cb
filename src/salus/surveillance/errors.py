"""How surveillance says no."""

from __future__ import annotations

from salus.kernel import Invalid, SalusError


class FigureInvalid(Invalid):
    """A count that cannot be one: negative, more than all, or about no county or day."""

    code = "SALUS-V001"


class FeedRefused(Invalid):
    """A department's feed that does not fit the closed schema; nothing of it was stored.

    `why` is a word of a closed list, which is counted; `where` names the row and the field.
    """

    code = "SALUS-V002"

    def __init__(self, text: str, *, why: str, where: str | None = None) -> None:
        super().__init__(text, where=where)
        self.why = why


class VerdictInvalid(Invalid):
    """A verification or an assessment without its reason, or with a word that is none of the list."""

    code = "SALUS-V003"


class SignalUnknown(SalusError):
    """There is no such signal."""

    code = "SALUS-V404"
    status = 404
