"""What a message is refused for, in the words of HL7: table 0357 and a location."""

from __future__ import annotations

from salus.kernel import Invalid

SEQUENCE, REQUIRED, DATATYPE, UNKNOWN_VALUE, TOO_LONG = 100, 101, 102, 103, 104
NO_TYPE, NO_EVENT, NO_PROCESSING, NO_VERSION = 200, 201, 202, 203
UNKNOWN_KEY, DUPLICATE_KEY, LOCKED, INTERNAL = 204, 205, 206, 207

CONDITIONS = {
    SEQUENCE: "Segment sequence error",
    REQUIRED: "Required field missing",
    DATATYPE: "Data type error",
    UNKNOWN_VALUE: "Table value not found",
    TOO_LONG: "Value too long",
    NO_TYPE: "Unsupported message type",
    NO_EVENT: "Unsupported event code",
    NO_PROCESSING: "Unsupported processing id",
    NO_VERSION: "Unsupported version id",
    UNKNOWN_KEY: "Unknown key identifier",
    DUPLICATE_KEY: "Duplicate key identifier",
    LOCKED: "Application record locked",
    INTERNAL: "Application internal error",
}


class V2Refused(Invalid):
    """A message that is not taken: `condition` of table 0357, `where` as segment^number^field^repetition.

    `rejected` is true where the reason lies in how or by whom it was sent (AR), false where in what it says (AE).
    """

    code = "SALUS-R210"

    def __init__(self, text: str, condition: int, where: str | None = None, *, rejected: bool = False) -> None:
        super().__init__(text, where=where)
        self.condition = condition
        self.rejected = rejected
