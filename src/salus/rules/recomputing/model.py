"""The shape of a measure's file, its openings, and what recomputing answers. Pure."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from salus.kernel import Invalid, canonical, format_instant, parse_instant
from salus.rules.errors import NotProved
from salus.rules.model import Clause, EvidenceKind, Measure, Result

PROOF_AGE: Final = timedelta(hours=24)
"""How old a decision's proof may be for whoever reads it: a log that fell silent ends every measure."""
LOGGED_WITHIN: Final = timedelta(hours=72)
"""How long after it happened something may reach the log and still count as evidence."""
ANSWER_WITHIN: Final = timedelta(hours=48)
"""How long the answer to an appeal may take, whatever deadline is written down."""
SKEW: Final = timedelta(minutes=5)
"""How far the clock of a site, a laboratory or a node may run before those of the witnesses."""
WITNESSING: Final = 3
"""How many organisations have to answer for the witnesses of a log that may restrain a person."""
MOST_FILE_BYTES: Final = 512 * 1024
MOST_EVIDENCE: Final = 32

FILE = frozenset({"evidence", "openings", "rules", "at", "decision", "proof"})
SPECIMEN = frozenset({"blind", "disease", "site", "subject", "taken"})
RESULT = frozenset({"blind", "disease", "kind", "laboratory", "replaces", "reported", "result", "specimen", "subject"})
DECISION = frozenset(
    {"at", "blind", "clause", "emergency", "ends", "evidence", "gives", "rules", "starts", "subject"}
)  # fmt: skip
EXPOSURE = frozenset({"attested", "blind", "day", "disease", "index", "subject"})
APPEAL = frozenset({"blind", "decision", "opened"})
OPENINGS: Final[Mapping[str, frozenset[str]]] = {
    "specimen": SPECIMEN,
    "result": RESULT,
    "decision": DECISION,
    "appeal": APPEAL,
    "exposure": EXPOSURE,
}
_SECONDS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """What a file proves at one instant. `fault` is the stable word for why it proves no measure; None if it does.

    `clause` are the words of the rule. `decision` is the commitment, and `entry` the leaf as the log has it, byte for
    byte, both written anew from what the rules decide over the file's evidence.
    """

    measure: Measure
    fault: str | None
    text: str
    clause: Clause | None = None
    disease: str | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    proved_at: datetime | None = None
    rules: str | None = None
    decision: str | None = None
    entry: bytes | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it for a program: `measure`, and either why there is none or its reason and end."""
        times = {"starts": self.starts, "ends": self.ends, "proved_at": self.proved_at}
        return {
            "measure": str(self.measure),
            "fault": self.fault,
            "text": self.text,
            "clause": {"en": self.clause.en, "zh": self.clause.zh} if self.clause else None,
            "disease": self.disease,
            "rules": self.rules,
            "decision": self.decision,
            "entry": self.entry.decode() if self.entry else None,
            **{name: format_instant(at) if at else None for name, at in times.items()},
        }


def commitment_of(opening: Mapping[str, Any]) -> str:
    """Return what the log shows of an opening: SHA-256 of its canonical bytes, in base64."""
    return base64.b64encode(sha256(canonical(dict(opening))).digest()).decode()


def reuse_tag(result: str, blind: str) -> str:
    """Return the tag that two decisions share if they rest on one result; without its blind it says nothing."""
    return base64.b64encode(sha256(canonical({"reuse": {"blind": blind, "result": result}})).digest()).decode()


def opened(opening: object, kind: str) -> dict[str, Any]:
    """Return the fields of an opening of this kind; NotProved (OPENING) for any other value."""
    if not isinstance(opening, Mapping) or set(opening) != {kind} or not isinstance(opening[kind], Mapping):
        raise NotProved("OPENING", f"an opening of kind {kind} was expected")
    body = dict(opening[kind])
    if set(body) != OPENINGS[kind]:
        unknown = sorted(set(map(str, body)) ^ OPENINGS[kind])
        raise NotProved("OPENING", f"an opening of kind {kind} has exactly its fields; see {unknown[:3]}")
    for name, value in body.items():
        if not _field(name, value):
            raise NotProved("OPENING", f"{kind}.{name} is not what it should be")
    return body


def instant(value: object) -> datetime:
    """Read an instant in whole seconds, written with Z; NotProved otherwise."""
    if not isinstance(value, str) or not _SECONDS.fullmatch(value):
        raise NotProved("OPENING", "an instant is written 2031-03-01T08:00:00Z")
    try:
        return parse_instant(value)
    except Invalid:
        raise NotProved("OPENING", "there is no such instant") from None


def is_hash(value: object, octets: int = 32) -> bool:
    """Tell whether a value is so many bytes in canonical base64."""
    if not isinstance(value, str):
        return False
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == octets and base64.b64encode(raw).decode() == value


def read_file(raw: bytes) -> dict[str, Any]:
    """Read a measure's file; NotProved (FILE) unless it is canonical JSON with the fields of one."""
    value = canonical_file(raw)
    if set(value) - {"appeal"} != FILE:
        raise NotProved("FILE", "a measure's file is canonical JSON with its fields and no others; it was changed")
    return value


def canonical_file(raw: bytes) -> dict[str, Any]:
    """Read an object in canonical JSON; NotProved (FILE) for any other bytes."""
    if len(raw) > MOST_FILE_BYTES:
        raise NotProved("FILE", f"such a file has at most {MOST_FILE_BYTES} bytes")
    try:
        value = json.loads(raw)
        same = canonical(value) == raw
    except (ValueError, RecursionError, Invalid):
        raise NotProved("FILE", "what is in it is no JSON, so it is no such file") from None
    if not same or not isinstance(value, dict):
        raise NotProved("FILE", "such a file is an object in canonical JSON; it was changed")
    return value


def _field(name: str, value: object) -> bool:
    if name in ("blind", "subject", "specimen", "rules", "emergency", "index"):
        return is_hash(value)
    if name in ("taken", "reported", "at", "starts", "ends", "opened", "attested"):
        return instant(value) is not None
    if name == "day":
        return instant(f"{value}T00:00:00Z") is not None
    if name == "replaces":
        return value is None or is_hash(value)
    if name == "evidence":
        return isinstance(value, list) and len(value) == 1 and is_hash(value[0])
    if name == "decision":
        return is_hash(value)
    closed = {"kind": EvidenceKind, "result": Result, "gives": Measure}.get(name)
    if closed is not None:
        return isinstance(value, str) and value in set(closed)
    return isinstance(value, str) and 0 < len(value) <= 64
