"""What appeals refuse: a contest of nothing, a judge of the own work, a second answer."""

from __future__ import annotations

from salus.kernel import Invalid, Refused, SalusError


class NothingToContest(Invalid):
    """What was named is nothing that this resident was shown here."""

    code = "SALUS-J001"


class ContestUnknown(SalusError):
    """No contest is known by this name, or it is not yours to see: which of these is not told."""

    code = "SALUS-J002"
    status = 404


class OwnJudge(Refused):
    """An organisation may not answer for what it did itself."""

    code = "SALUS-J003"


class AnsweredAlready(Invalid):
    """A contest has one answer."""

    code = "SALUS-J004"
    status = 409
