"""What the resident index refuses."""

from __future__ import annotations

from salus.kernel import Invalid


class NumberRefused(Invalid):
    """A personal number that cannot be one. The text never repeats it."""

    code = "SALUS-I001"


class DocumentUnknown(Invalid):
    """A type of document that the table of document types does not have."""

    code = "SALUS-I010"
