"""What the resident index refuses."""

from __future__ import annotations

from salus.kernel import Invalid


class NumberRefused(Invalid):
    """A personal number that cannot be one. The text never repeats it."""

    code = "SALUS-I001"
