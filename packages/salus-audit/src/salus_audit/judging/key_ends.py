"""The ends of parties' keys: who ended which, from when on, and what an ended key signed all the same.

A key ends itself, or five signers of three organisations end it, whose keys the log had for a month. What the log had
by then stays good, and so does what came in one head with the end: nobody could know of it. After that a signature of
the key is as one of no key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from salus_audit.finding import Findings
from salus_audit.heads import Witnessed
from salus_audit.judging.publishing import DAY, HOUR, Key
from salus_audit.leaves import evidence_of, kind_of
from salus_audit.reading.chunks import DUTIES, MOST_KEYS, evidence_message
from salus_audit.reading.walking import Log
from salus_audit.signing import signed
from salus_audit.spelling import folded, jcs, octets
from salus_audit.trees import WIDTH

END_SIGNERS, END_ORGANISATIONS = 5, 3
SIGNER_NOTICE = 30 * DAY
"""For how long the log had a signer's key that ends another's. Keys are named by the operator alone."""
OMBUDSMAN_NOTICE = 72 * HOUR
"""How long an ombudsman's key that others end still signs."""
ISSUER, OMBUDSMAN = "issuer", "ombudsman"
"""Whose keys end by a trust list alone: what the log has of them is their digest."""

Ends = Mapping[bytes, int]
"""Of each key that ended, the instant by which the log had to have what it signed."""


def keys_of(log: Log, seen: Witnessed, findings: Findings) -> tuple[list[Key], Ends]:
    """Return the keys that a quorum has seen, each with its end, and all ends; what is wrong with any is found."""
    told = _logged(log, seen, findings)
    ends, held = _ends(log, seen, told, findings)
    for one in told:
        if one.duty != ISSUER and one.seen > ends.get(one.key, one.seen):
            findings.add("SIGNATURE", one.leaf, one.party, "this key had ended before; an ended key never comes back")
    return [one if one.duty == ISSUER else replace(one, ended=_until(one, ends, held)) for one in told], ends


def _until(key: Key, ends: Ends, held: Ends) -> int | None:
    """Return by when the log had to have what a key signed. Named an ombudsman's after its end, it gains nothing."""
    end = ends.get(key.key)
    watched = end is not None and key.duty == OMBUDSMAN and key.seen <= end
    return held[key.key] if watched else end


def _logged(log: Log, seen: Witnessed, findings: Findings) -> list[Key]:
    found, unseen = [], 0
    for index, body in log.of("party-key"):
        at = seen.seen(index)
        unseen += at is None
        if at is not None:
            told = (body["party"], body["organisation"], body["duty"])
            found.append(Key(index, *told, octets(body["key"], 32), at))
    if unseen:
        findings.pass_over(f"{unseen} keys of parties that no quorum has seen yet")
    return found


def _ends(log: Log, seen: Witnessed, keys: Sequence[Key], findings: Findings) -> tuple[Ends, Ends]:
    """Return when the log had the end of each key, and until when an ombudsman of that key still vetoes.

    An end that nobody made who may is found, and ends nothing.
    """
    told = [(at, index, body) for index, body in log.of("party-key-end") if (at := seen.seen(index)) is not None]
    watching: dict[bytes, int] = {}
    signers = defaultdict(list)
    for one in keys if told else ():
        if one.duty == "signer":
            signers[one.party].append(one)
        elif one.duty == OMBUDSMAN:
            watching[one.key] = min(one.seen, watching.get(one.key, one.seen))
    ends: dict[bytes, int] = {}
    held: dict[bytes, int] = {}
    for at, index, body in sorted(told, key=lambda one: one[:2]):
        key, own = octets(body["key"], 32), _by_itself(body)
        fault = None if own else _fault(body, at, signers, ends)
        if fault:
            findings.add(fault[0], index, body["party"], fault[1])
            continue
        later = not own and watching.get(key, at + 1) <= at
        counts = at + OMBUDSMAN_NOTICE if later else at
        ends[key] = min(at, ends.get(key, at))
        held[key] = min(counts, held.get(key, counts))
    return ends, held


def _message(body: Mapping[str, Any]) -> bytes:
    return jcs({"party-key-end": {name: body[name] for name in ("key", "party", "reason")}})


def _by_itself(body: Mapping[str, Any]) -> bool:
    """Tell whether the key that ends signed that, alone and under its party's name."""
    alone = set(body["signatures"]) == {body["party"]}
    return alone and signed(octets(body["key"], 32), _message(body), octets(body["signatures"][body["party"]], 64))


def _fault(
    body: Mapping[str, Any], at: int, signers: Mapping[str, Sequence[Key]], ends: Ends
) -> tuple[str, str] | None:
    """Say why an end of somebody else's key counts for nothing; None if signers enough made it, whose keys stood."""
    message, found = _message(body), list[Key]()
    for party, signature in body["signatures"].items():
        raw = octets(signature, 64)
        stood = [one for one in signers.get(party, ()) if one.seen <= at <= ends.get(one.key, at)]
        good = [one for one in stood if signed(one.key, message, raw)]
        if not good:
            return "SIGNATURE", f"the signature of {party} is neither of the key that ends nor of a signer's that stood"
        found += [one for one in good if one.seen + SIGNER_NOTICE <= at][:1]
    people, bodies = len({one.key for one in found}), len({folded(one.organisation) for one in found})
    if people < END_SIGNERS or bodies < END_ORGANISATIONS:
        text = f"{people} signers of {bodies} organisations whom the log had for 30 days"
        needed = f"it takes {END_SIGNERS} of {END_ORGANISATIONS}"
        return "SHORT-QUORUM", f"the end of somebody else's key: {text}; {needed}"
    return None


def judge_late(log: Log, seen: Witnessed, keys: Iterable[Key], bundle: Callable[[int], Sequence[bytes]]) -> None:
    """Find evidence that a key signed after its end. The log is read again from there on, if its party has any.

    That can be told only now, since an end counts by witness time. Of one party so many ended keys are tried as of keys
    that stand; where it has more, that is told.
    """
    over = _over(log, seen, keys)
    if not over:
        return
    first = min(start for each in over.values() for start, _ in each)
    for number in range(first // WIDTH, -(-log.size // WIDTH)):
        for index, entry in enumerate(bundle(number), start=number * WIDTH):
            kind, at = kind_of(entry), seen.seen(index)
            evidence = evidence_of(kind, entry) if kind in DUTIES and at is not None else None
            if kind and evidence and (party := evidence[1].decode()) and (kind, party) in over:
                message, raw = evidence_message(kind, evidence[0], evidence[1]), octets(evidence[2].decode(), 64)
                if any(signed(key, message, raw) for start, key in over[kind, party] if index >= start):
                    text = f"the key of this {DUTIES[kind]} had ended before"
                    log.findings.add("SIGNATURE", index, party, text)


def _over(log: Log, seen: Witnessed, keys: Iterable[Key]) -> dict[tuple[str, str], list[tuple[int, bytes]]]:
    """Return by kind and party the keys that ended, each with the first place that came after, if anything did."""
    found: dict[tuple[str, str], dict[bytes, int]] = defaultdict(dict)
    kinds = {duty: kind for kind, duty in DUTIES.items()}
    for one in keys:
        if one.ended is not None and one.duty in kinds:
            found[kinds[one.duty], one.party][one.key] = seen.stood_at(one.ended)
    told = {}
    for name, starts in found.items():
        latest = max((stretch for kind, party, stretch in log.counted if (kind, party) == name), default=-1)
        late = sorted((start, key) for key, start in starts.items() if log.stretch(start) <= latest)
        if len(late) > MOST_KEYS:
            log.findings.pass_over(f"what all but {MOST_KEYS} of the ended keys of {name[1]} signed after their end")
        if late:
            told[name] = late[-MOST_KEYS:]
    return told
