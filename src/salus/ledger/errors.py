"""What the public log refuses, and what makes it stop."""

from __future__ import annotations

from salus.kernel import Invalid, Refused, Unavailable, Unsafe


class LeafRefused(Invalid):
    """The leaf is of no closed kind, or has fields or values that its kind does not have."""

    code = "SALUS-L001"


class AnotherNode(Refused):
    """The log says that it belongs to another node or to another kind of node; that never changes."""

    code = "SALUS-L002"


class NotInLog(Invalid):
    """The log has no such leaf or no such size yet."""

    code = "SALUS-L003"


class LogUnsafe(Unsafe):
    """What is stored, what was signed and what is published contradict each other: nothing more is signed."""

    code = "SALUS-L004"


class NotBegun(Unavailable):
    """The log has no first leaf yet; leaves that were handed over keep waiting."""

    code = "SALUS-L005"


class NotPublished(Unavailable):
    """The log's files could not be written; the log itself is safe, and the next try goes on."""

    code = "SALUS-L006"


class NoLog(Invalid):
    """There is no log to check at the place that was named."""

    code = "SALUS-L007"


class WitnessSilent(Unavailable):
    """A witness gave no cosignature; it is asked again later, and the others count without it."""

    code = "SALUS-L008"


class NotAsSigned(Invalid):
    """A file of a log is missing, or is not what the log's head was signed over; `found` is the finding's code."""

    code = "SALUS-L009"

    def __init__(self, found: str, path: str, text: str) -> None:
        super().__init__(f"{found} {path}: {text}")
        self.found, self.path, self.what = found, path, text


class MirrorHeld(Refused):
    """Another process writes this copy of a log."""

    code = "SALUS-L010"
