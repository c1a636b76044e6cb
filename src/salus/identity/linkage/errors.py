"""What linkage refuses. No text repeats a value of a record."""

from __future__ import annotations

from salus.kernel import Invalid, Unavailable


class SpecRefused(Invalid):
    """A linkage specification that cannot be followed; the text names the entry."""

    code = "SALUS-I101"


class WeightsRefused(Invalid):
    """A file of weights that is damaged, or does not belong to the specification."""

    code = "SALUS-I102"


class TableRefused(Invalid):
    """A table of people that cannot be linked: unreadable, a column missing, a record id twice."""

    code = "SALUS-I103"


class TrainingRefused(Invalid):
    """A model that must not be used: a level without an estimate, or a closer level that weighs less than a farther."""

    code = "SALUS-I104"


class NotWritten(Unavailable):
    """The results could not be written; no half-written file stays behind."""

    code = "SALUS-I105"
