"""The closed kinds of leaves. The canonical spelling of each is one regular expression over the entry's bytes.

Which leaves there are, and which fields they have, is the log's public format; nothing else can stand in a log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from salus_audit.spelling import Misspelt, seconds

MOST_LEAF = 1024
MASS = ("specimen", "result", "decision")
"""The kinds of which a log has very many."""
PUBLICATIONS = (
    "assignment-rules",
    "emergency",
    "declaration",
    "acceptance-rules",
    "recognition",
    "trust-list",
    "admission",
)
DUTIES = ("sampling-site", "laboratory", "issuer", "signer", "witness", "ombudsman", "investigator")

NAME = r'(?![^"]*[0-9]{11})[A-Za-z0-9](?:[A-Za-z0-9._/:-]{0,126}[A-Za-z0-9])?'
HASH = r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="
SIGNATURE = r"[A-Za-z0-9+/]{85}[AQgw]=="
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_FORMS = {
    "name": f'"{NAME}"',
    "hash": f'"{HASH}"',
    "signature": f'"{SIGNATURE}"',
    "instant": f'"{_DATE}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}Z"',
    "day": f'"{_DATE}"',
    "month": '"[0-9]{4}-[0-9]{2}"',
    "count": "[1-9][0-9]{0,15}",
    "count0": "(?:0|[1-9][0-9]{0,15})",
    "names": rf'\["{NAME}"(?:,"{NAME}"){{1,8}}\]',
    "signatures": rf'\{{"{NAME}":"{SIGNATURE}"(?:,"{NAME}":"{SIGNATURE}"){{0,8}}\}}',
}
FIELDS: Mapping[str, Mapping[str, str | tuple[str, ...]]] = {
    "node": {"kind": ("demo", "production"), "name": "name"},
    "anchor": {"custodian": "name", "size": "count", "root": "hash"},
    "party-key": {"party": "name", "organisation": "name", "duty": DUTIES, "key": "hash"},
    "party-key-end": {
        "party": "name",
        "key": "hash",
        "reason": ("lost", "compromised", "rotated"),
        "signatures": "signatures",
    },
    "publication": {
        "kind": PUBLICATIONS,
        "name": "name",
        "version": "count",
        "digest": "hash",
        "starts": "instant",
        "ends": "instant",
        "signatures": "signatures",
    },
    "veto": {"digest": "hash", "party": "name", "signature": "signature"},
    "specimen": {"party": "name", "commitment": "hash", "signature": "signature"},
    "result": {"party": "name", "commitment": "hash", "signature": "signature"},
    "decision": {"rules": "hash", "commitment": "hash", "tag": "hash", "word": "hash?"},
    "exposure": {
        "index": "hash",
        "number": "count",
        "commitment": "hash",
        "signatures": "signatures",
        "word": "signature",
    },
    "exposure-end": {"index": "hash", "party": "name", "signature": "signature"},
    "appeal-opened": {"appeal": "hash", "deadline": "instant"},
    "appeal-closed": {"appeal": "hash", "outcome": ("stands", "ended"), "organisation": "name"},
    "order": {"order": "hash", "organisations": "names", "starts": "instant", "ends": "instant"},
    "void": {"commitment": "hash"},
    "voids": {"month": "month", "reason": ("holder", "superseded", "not-ones-own", "together"), "count": "count"},
    "certificates": {"key": "hash", "digest": "hash"},
    "grace": {"places": "count0", "digest": "hash", "starts": "instant", "ends": "instant"},
    "refusals": {"day": "day", "action": "name", "count": "count"},
    "break-glass": {"day": "day", "organisation": "name", "opened": "count0", "unreviewed": "count0"},
    "disclosure": {"disclosure": "hash", "signatures": "signatures", "notice": "instant"},
    "shred": {"kind": ("chart", "emergency"), "commitment": "hash", "due": "instant", "done": "instant"},
    "unwraps": {"custodian": "name", "day": "day", "entries": "count0", "unwraps": "count0", "declared": "count0"},
}
"""Every kind with the form of each of its fields; a tuple lists the words that may stand there.

A form with a ? is that of a field that older leaves have not; it comes last.
"""


def _expression(kind: str) -> re.Pattern[bytes]:
    told, later = [], ""
    for name, form in sorted(FIELDS[kind].items()):
        words = "|".join(map(re.escape, form)) if isinstance(form, tuple) else ""
        piece = f'"{name}":' + (f'"(?:{words})"' if isinstance(form, tuple) else _FORMS[form.rstrip("?")])
        if str(form).endswith("?"):
            later = f"(?:,{piece})?"
        else:
            told.append(piece)
    return re.compile((r"\{" + f'"{kind}":' + r"\{" + ",".join(told) + later + r"\}\}").encode())


_SPELLINGS = {kind: _expression(kind) for kind in FIELDS}
_MASS = {
    kind: re.compile(
        rf'\{{"{kind}":\{{"commitment":"({HASH})","party":"({NAME})","signature":"({SIGNATURE})"\}}\}}'.encode()
    )
    for kind in ("specimen", "result")
}
_DECISION = re.compile(
    rf'\{{"decision":\{{"commitment":"({HASH})","rules":"({HASH})","tag":"({HASH})"(?:,"word":"({HASH})")?\}}\}}'.encode()
)


def kind_of(entry: bytes) -> str | None:
    """Return the kind that an entry claims, None if there is no such kind."""
    name = entry[2:40].partition(b'"')[0].decode("ascii", "replace")
    return name if name in FIELDS else None


def evidence_of(kind: str, entry: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Return commitment, party and signature of a specimen or result, as they are spelt; None for another entry."""
    match = _MASS[kind].fullmatch(entry)
    return (match[1], match[2], match[3]) if match and len(entry) <= MOST_LEAF else None


def decision_of(entry: bytes) -> tuple[bytes, bytes, bytes, bytes] | None:
    """Return commitment, rules, tag and key of a decision, as they are spelt; None for another entry.

    The key is that of its case's word, and empty where an older decision names none.
    """
    match = _DECISION.fullmatch(entry)
    return (match[1], match[2], match[3], match[4] or b"") if match else None


def read_leaf(entry: bytes) -> tuple[str, dict[str, Any]]:
    """Return kind and fields of an entry; Misspelt for whatever cannot stand in a log."""
    kind = kind_of(entry)
    if kind is None:
        raise Misspelt("the log has no such kind of entry")
    if len(entry) > MOST_LEAF or not _SPELLINGS[kind].fullmatch(entry):
        raise Misspelt(f"an entry of kind {kind} is not spelt like this")
    if "signatures" in FIELDS[kind]:
        _in_order(entry)
    body: dict[str, Any] = json.loads(entry)[kind]
    for name, value in body.items():
        _beyond(str(FIELDS[kind][name]), value)
    return kind, body


def _beyond(form: str, value: Any) -> None:
    """Check what an expression cannot: that days exist, that numbers fit, that names come in order and once."""
    if form in ("instant", "day", "month"):
        seconds({"instant": value, "day": f"{value}T00:00:00Z", "month": f"{value}-01T00:00:00Z"}[form])
    elif form in ("count", "count0") and value >= 2**53:
        raise Misspelt("a count is below 2**53")
    elif form == "names" and len(set(value)) != len(value):
        raise Misspelt("a name comes once")


def _in_order(entry: bytes) -> None:
    """Misspelt if the signers of an entry do not come in order, each once; JSON's reader would drop the second."""
    signers = entry.partition(b'"signatures":{')[2].partition(b"}")[
        0
    ]  # beside them an entry may have a signature itself
    names = re.findall(rf'"({NAME})":"{SIGNATURE}"'.encode(), signers)
    if names != sorted(set(names)):
        raise Misspelt("signers come in the order of their names, each once")
