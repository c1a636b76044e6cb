"""What this room refuses: codes that lead nowhere, evidence that is none, and attempts to set a measure."""

from __future__ import annotations

from salus.kernel import Invalid, Refused


class CodeUnknown(Invalid):
    """A code was never issued here, was replaced, forged, or is no code at all: which of these is not told."""

    code = "SALUS-H001"
    status = 404

    def __init__(self) -> None:
        super().__init__(
            "this identity code leads nowhere here; scan it again or find the resident by number; care goes on without"
        )


class EvidenceRefused(Invalid):
    """Evidence is malformed, contradicts itself or what it is about, comes too late, or is signed by no logged key."""

    code = "SALUS-H010"


class Unsettable(Refused):
    """Somebody tried to write what people may or must do. Nothing here takes it; the attempt is counted."""

    code = "SALUS-H011"

    def __init__(self, where: str) -> None:
        super().__init__(
            "no one can set a measure: it is decided from evidence by published rules; send the evidence alone",
            where=where,
        )
