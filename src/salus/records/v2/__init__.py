"""HL7 v2: messages taken apart, what they tell of as FHIR, and their acknowledgements. Pure: no store, no socket."""

from salus.records.v2.acknowledge import acknowledge
from salus.records.v2.errors import (
    DATATYPE,
    DUPLICATE_KEY,
    INTERNAL,
    LOCKED,
    NO_EVENT,
    NO_PROCESSING,
    REQUIRED,
    TOO_LONG,
    UNKNOWN_KEY,
    V2Refused,
)
from salus.records.v2.mapping import MERGE, event_of, map_merge, map_message
from salus.records.v2.message import MOST_BYTES, Message, parse
from salus.records.v2.model import Answer, Mapped, Told
from salus.records.v2.planning import Plan, plan

__all__ = [
    "DATATYPE",
    "DUPLICATE_KEY",
    "INTERNAL",
    "LOCKED",
    "MERGE",
    "MOST_BYTES",
    "NO_EVENT",
    "NO_PROCESSING",
    "REQUIRED",
    "TOO_LONG",
    "UNKNOWN_KEY",
    "Answer",
    "Mapped",
    "Message",
    "Plan",
    "Told",
    "V2Refused",
    "acknowledge",
    "event_of",
    "map_merge",
    "map_message",
    "parse",
    "plan",
]
