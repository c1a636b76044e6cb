"""The one answer to every code that does not lead to a resident."""

from __future__ import annotations

from salus.kernel import Invalid


class CodeUnknown(Invalid):
    """A code was never issued here, was replaced, forged, or is no code at all: which of these is not told."""

    code = "SALUS-H001"
    status = 404

    def __init__(self) -> None:
        super().__init__(
            "this identity code leads nowhere here; scan it again or find the resident by number; care goes on without"
        )
