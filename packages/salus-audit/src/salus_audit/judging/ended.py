"""The ends of cases. An end is for good, so that not everybody's word is one.

It is of a case that the log has, signed with a key that was not made for it: one that the log had for seven days, or
when the case was decided. And its signer answers for an organisation that signed an exposure of the case, or is a
laboratory that had a result before the decision. Which laboratory's result the case rests on stands inside the
decision's commitment: another laboratory's end is refused by a node, and cannot be told apart from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from salus_audit.heads import Witnessed
from salus_audit.judging.publishing import DAY, Key
from salus_audit.reading.walking import Log
from salus_audit.signing import signed
from salus_audit.spelling import folded, jcs, octets

KEY_NOTICE = 7 * DAY
"""How long an investigator's key has stood in the log before it attests or ends anything."""
SKEW = 600
"""How far the node's clock, by which it looks, and the witnesses' may differ, each from what is true, in seconds."""
LABORATORY = "laboratory"
_ENDING = ("investigator", LABORATORY)

Cases = Mapping[bytes, tuple[int, bytes, bytes]]
"""Place, rules and the word's key of each decision that is a case, by its tag."""
Involved = Mapping[str, Sequence[tuple[int, str]]]
"""By each case, the place of each exposure of it and, folded, an organisation that signed that."""


def ends_of(log: Log, seen: Witnessed, keys: Iterable[Key], cases: Cases, involved: Involved) -> dict[str, int]:
    """Return where each case was first said to be none by somebody whose case it is; any other end is found."""
    known, reported = [one for one in keys if one.duty in _ENDING], _reported(log)
    found: dict[str, int] = {}
    for index, body in log.of("exposure-end"):
        at, covered = seen.seen(index), seen.covered(index)
        if at is None or covered is None:
            continue
        case = cases.get(octets(body["index"]))
        if case is None or case[0] >= covered:
            log.findings.add("EVID-MISSING", index, body["party"], "the log has no decision of the case that it ends")
            continue
        own = {name for place, name in involved.get(body["index"], ()) if place < covered}
        before = seen.last_before(case[0])
        fault = _fault(body, at, seen.seen(case[0]), known, own, reported.get(body["party"], log.size) <= before)
        if fault:
            log.findings.add("SIGNATURE", index, body["party"], fault)
        else:
            found.setdefault(body["index"], index)
    return found


def _reported(log: Log) -> dict[str, int]:
    """Return of each laboratory the size of the log at the end of the batch that has its first result."""
    found: dict[str, int] = {}
    for kind, party, stretch in log.counted:
        if kind == "result":
            end = log.marks[stretch]
            found[party] = min(found.get(party, end), end)
    return found


def _fault(
    body: Mapping[str, Any], at: int, decided: int | None, keys: Iterable[Key], own: set[str], reported: bool
) -> str | None:
    """Say why an end counts for nothing. `own` are the organisations that signed an exposure of its case.

    `reported` tells whether its signer, as a laboratory, had a result in the log before the case was decided.
    """
    message = jcs({"exposure-end": {"index": body["index"], "party": body["party"]}})
    raw = octets(body["signature"], 64)
    mine = [one for one in keys if one.party == body["party"] and one.stands(at) and signed(one.key, message, raw)]
    if not mine:
        return "no key that the log had signed this end of a case"
    stood = [one for one in mine if one.seen + KEY_NOTICE <= at + SKEW or _as_decided(one, decided)]
    if not stood:
        return "this end of a case is of no key that the log had for seven days, or when the case was decided"
    if any(folded(one.organisation) in own or (one.duty == LABORATORY and reported) for one in stood):
        return None
    return "who signed this end signed no exposure of its case, and is no laboratory with a result before it"


def _as_decided(one: Key, decided: int | None) -> bool:
    """Tell whether a laboratory's key stood in the log when a case was decided: it was not made to end that."""
    return one.duty == LABORATORY and decided is not None and one.seen <= decided + SKEW
