"""Hold a resident's receipt against the log: who signed which step, whether the log has it, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from salus_audit.judging.publishing import Key
from salus_audit.reading.chunks import DUTIES
from salus_audit.recomputing.files import LOGGED_WITHIN, MOST_EVIDENCE, MOST_FILE, SKEW
from salus_audit.recomputing.openings import Unproved, opening_of
from salus_audit.recomputing.proofs import Prover
from salus_audit.signing import signed
from salus_audit.spelling import Misspelt, folded, jcs, octets, parsed, seconds

_OWN = {"specimen": ("site", "taken"), "result": ("laboratory", "reported")}
_FORM = {"specimen", "results", "keys"}


@dataclass(frozen=True, slots=True)
class Looked:
    """What the log says of a leaf: its place and by when a quorum had it, None where it has not."""

    place: int | None = None
    seen: int | None = None
    same: bool = True


Look = Callable[[str, bytes, bytes], Looked]
"""Look a leaf up in the log: its kind, its commitment, and its entry as it has to stand there."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a receipt, signed and opened. `entry` is how it has to stand in the log, `at` what the log says."""

    kind: str
    commitment: str
    key: Key
    body: Mapping[str, Any]
    happened: int
    entry: bytes
    at: Looked = Looked()


@dataclass(slots=True)
class Receipt:
    """What was found of a receipt: its steps, and each fault with its code and whoever answers for it.

    `waits` tells that the log has not got every step, and that there is time left for it.
    """

    steps: list[Step] = field(default_factory=list)
    faults: list[tuple[Unproved, Step | None]] = field(default_factory=list)
    waits: bool = False
    leaves: list[tuple[int, bytes]] = field(default_factory=list)
    heads: dict[int, bytes] = field(default_factory=dict)

    @property
    def why(self) -> str | None:
        """The word for why it is not wholly borne out; None where it is."""
        if self.faults:
            return str(self.faults[0][0])
        return "NOT-LOGGED: the log has not got every step yet" if self.waits else None


def hold(raw: bytes, keys: Sequence[Key], look: Look, prover: Prover, as_of: int) -> Receipt:
    """Hold a receipt against a log whose newest head a quorum stood by at `as_of`. No bytes make it raise anything.

    The keys of who signed are those of the log: what the receipt brings of keys is not read. What `look` raises is no
    fault of the receipt and is let through.
    """
    found = Receipt()
    try:
        value = _read(raw)
        items = [("specimen", value["specimen"])] if value["specimen"] else []
        items += [("result", one) for one in value["results"]]
        for kind, item in items:
            found.steps.append(_step(kind, item, keys, prover))
        _together(found)
    except Unproved as fault:
        found.faults.append((fault, None))
    except (Misspelt, KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        found.faults.append((Unproved("NO-PROOF", "FILE", "this is no receipt"), None))
    found.leaves, found.heads = prover.leaves, prover.heads
    found.steps = [replace(one, at=look(one.kind, octets(one.commitment, 32), one.entry)) for one in found.steps]
    if not found.faults:
        for one in found.steps:
            _logged(found, one, as_of)
    return found


def _read(raw: bytes) -> dict[str, Any]:
    if len(raw) > MOST_FILE:
        raise Unproved("NO-PROOF", "FILE", "it is larger than any receipt")
    value = parsed(raw)
    inner = value["receipt"] if isinstance(value, dict) and set(value) == {"receipt"} else None
    if not isinstance(inner, dict) or set(inner) != _FORM or not isinstance(inner["results"], list):
        raise Unproved("NO-PROOF", "FILE", "it has other fields than a receipt")
    if len(inner["results"]) >= MOST_EVIDENCE or not (inner["specimen"] or inner["results"]):
        raise Unproved("NO-PROOF", "FILE", "it tells of no step, or of too many")
    return inner


def _step(kind: str, item: Mapping[str, Any], keys: Sequence[Key], prover: Prover) -> Step:
    if set(item) != {"leaf", "opening", "proof"} or set(item["leaf"]) != {"party", "commitment", "signature"}:
        raise Unproved("NO-PROOF", "FILE", "a step has other fields than a leaf, its opening and its proof")
    leaf, (own, happened) = item["leaf"], _OWN[kind]
    body = opening_of({leaf["commitment"]: item["opening"]}, leaf["commitment"], kind)
    message = jcs({kind: {"party": leaf["party"], "commitment": leaf["commitment"]}})
    raw = octets(leaf["signature"], 64)
    mine = [one for one in keys if (one.party, one.duty) == (leaf["party"], DUTIES[kind])]
    key = next((one for one in mine if signed(one.key, message, raw)), None)
    if key is None or body[own] != leaf["party"]:
        raise Unproved("SIGNATURE", "SIGNATURE", f"no key that the log has for this {DUTIES[kind]} made the signature")
    if item["proof"] is not None:
        prover.prove(kind, leaf, item["proof"])
    return Step(kind, leaf["commitment"], key, body, seconds(body[happened]), jcs({kind: leaf}))


def _together(found: Receipt) -> None:
    """The steps are about one subject and disease, of two organisations, and each result about the one specimen."""
    first = found.steps[0]
    for one in found.steps[1:]:
        if any(one.body[name] != first.body[name] for name in ("subject", "disease")):
            raise Unproved("EVID-MISSING", "SUBJECT", "the steps are about two subjects or two diseases")
        if first.kind != "specimen":
            continue
        if one.body["specimen"] != first.commitment:
            raise Unproved("EVID-MISSING", "ACCESSION-MISSING", "a result is about another specimen")
        if (
            folded(first.key.organisation) == folded(one.key.organisation)
            or first.key.party == one.key.party
            or first.key.key == one.key.key
        ):
            raise Unproved("EVID-MISSING", "ONE-PARTY", "specimen and result are of one party; it takes two")


def _logged(found: Receipt, one: Step, as_of: int) -> None:
    """The log has a step, as it was signed, in time, and no result before its specimen."""
    first, what = found.steps[0], f"a {one.kind}, signed by {one.key.party}"
    if not one.at.same:
        fault = Unproved("SIGNATURE", "SIGNATURE", f"{what}, stands in the log otherwise than it was handed over")
    elif one.at.seen is None:
        if as_of - one.happened <= LOGGED_WITHIN:
            found.waits = True
            return
        fault = Unproved("EVID-MISSING", "EVID-MISSING", f"{what}: 72 hours later the log does not have it")
    elif one.key.seen > one.at.seen:
        fault = Unproved("ORDER-VIOLATION", "ORDER-VIOLATION", f"{what}, whose key came after it")
    elif one.key.over(one.at.seen):
        fault = Unproved("SIGNATURE", "SIGNATURE", f"{what}, whose key had ended before the log had it")
    elif not -SKEW <= one.at.seen - one.happened <= LOGGED_WITHIN:
        fault = Unproved("ORDER-VIOLATION", "BACKDATED", f"{what}, is dated after it was logged, or long before")
    elif one.happened < first.happened or (first.at.seen is not None and one.at.seen < first.at.seen):
        fault = Unproved("ORDER-VIOLATION", "ORDER-VIOLATION", f"{what}, comes before its specimen")
    else:
        return
    found.faults.append((fault, one))
