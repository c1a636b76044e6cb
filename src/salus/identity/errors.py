"""What the resident index refuses."""

from __future__ import annotations

from salus.kernel import Invalid


class NumberRefused(Invalid):
    """A personal number that cannot be one. The text never repeats it."""

    code = "SALUS-I001"


class AssertionRefused(Invalid):
    """An assertion about charts that contradicts itself, or that names what is not there."""

    code = "SALUS-I002"


class Parted(Invalid):
    """A link across two charts of which a person found that they are two people's. A person lifts that first."""

    code = "SALUS-I003"
    status = 409


class NumbersDiffer(Invalid):
    """A link of residents who have two different valid numbers. It takes two people."""

    code = "SALUS-I004"
    status = 409


class DocumentUnknown(Invalid):
    """A type of document that the table of document types does not have."""

    code = "SALUS-I010"
