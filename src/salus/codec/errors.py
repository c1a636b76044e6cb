"""The one error of this room, and the closed list of what can be wrong with a code."""

from __future__ import annotations

from enum import StrEnum

from salus.kernel import Invalid


class Fault(StrEnum):
    """Why a code was refused; the values are stable error codes."""

    LENGTH = "SALUS-C001"
    ALPHABET = "SALUS-C002"
    PREFIX = "SALUS-C003"
    COMPRESSION = "SALUS-C004"
    STRUCTURE = "SALUS-C005"
    ALGORITHM = "SALUS-C006"
    KEY = "SALUS-C007"
    SIGNATURE = "SALUS-C008"
    CANONICAL = "SALUS-C009"
    EXPIRED = "SALUS-C010"
    NOT_YET = "SALUS-C011"
    ROLLBACK = "SALUS-C012"
    VOID = "SALUS-C013"
    OUT_OF_DATE = "SALUS-C014"


class CodecError(Invalid):
    """A code is malformed, forged, or of a form that is not accepted. The text never repeats the code."""

    code = Fault.STRUCTURE

    def __init__(self, text: str, fault: Fault) -> None:
        super().__init__(text, code=fault)
        self.fault = fault
