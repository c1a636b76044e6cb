"""Exposures that investigators attested: blinded, but with who signed, of which case, and how many of it.

Whom they are about is nowhere in the log. What can be told is that each has a case before it that gave its word, and
signers enough; that no case has more than its share, nor any after the batch that ended it; and how many each
organisation attested. Within a batch the order is drawn by lot, so that it says nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from salus_audit.heads import Witnessed
from salus_audit.judging.ended import KEY_NOTICE, ends_of
from salus_audit.judging.publishing import Key
from salus_audit.reading.walking import Log
from salus_audit.signing import signed
from salus_audit.spelling import folded, instant, jcs, octets

MOST_OF_A_CASE = 15
FURTHER_SIGNERS, FURTHER_ORGANISATIONS = 4, 3
SMALL = 10
"""Fewer of one organisation and month are told together with others'."""
SKEW = 300
TOGETHER = "together"
INVESTIGATOR = "investigator"

Under = Callable[[int, bytes], tuple[str, str] | None]
"""Say what is wrong with the rules of a digest at a place of the log; None if they were alive there."""


@dataclass(slots=True)
class Exposures:
    """How many cases have exposures, how many the largest has, and how many each organisation signed in each month."""

    cases: int = 0
    most: int = 0
    signed: Counter[tuple[str, str]] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """Return it for a program; small counts of a month stand together."""
        told: Counter[tuple[str, str]] = Counter()
        for (month, organisation), count in self.signed.items():
            told[month, organisation if count >= SMALL else TOGETHER] += count
        counts = [
            {"month": month, "organisation": organisation, "signed": count}
            for (month, organisation), count in sorted(told.items())
        ]
        return {"cases": self.cases, "most_of_a_case": self.most, "by_month": counts}


def judge_exposures(log: Log, seen: Witnessed, keys: Iterable[Key], under: Under) -> Exposures:
    """Find what is wrong with any exposure, and count them."""
    found, known = Exposures(), list(keys)
    involved, cases = _involved(log, known), _cases(log)
    ended = ends_of(log, seen, known, cases, involved)
    taken: dict[str, dict[int, int]] = defaultdict(dict)
    committed: dict[str, int] = {}
    quorumless: Counter[str] = Counter()
    for index, body in log.of("exposure"):
        at, case = seen.seen(index), str(body["index"])
        first = taken[case].setdefault(body["number"], index)
        again = committed.setdefault(body["commitment"], index)
        if first != index or again != index:
            text = f"the same of one case, or the same piece, as at {min(first, again)}"
            log.findings.add("EVIDENCE-REUSE", index, _names(body), text)
        if at is None:
            continue
        signers = _signers(log, index, body, at, known)
        for one in {one.organisation for one in signers}:
            found.signed[instant(at)[:7], one] += 1
        many = _many(signers)
        quorumless[case] += not many
        if not many and (body["number"] > MOST_OF_A_CASE or quorumless[case] > MOST_OF_A_CASE):
            text = f"beyond {MOST_OF_A_CASE} of one case, without {FURTHER_SIGNERS} of {FURTHER_ORGANISATIONS}"
            log.findings.add("CONTACT-CAP", index, _names(body), text)
        _of_case(log, seen, index, body, cases.get(octets(case)), under)
        if case in ended and log.stretch(ended[case]) < log.stretch(index):
            text = f"its case was said to be none at {ended[case]}"
            log.findings.add("ORDER-VIOLATION", index, _names(body), text)
    found.cases, found.most = len(taken), max(map(len, taken.values()), default=0)
    return found


def _names(body: Mapping[str, Any]) -> str:
    return ", ".join(sorted(body["signatures"]))


def _cases(log: Log) -> dict[bytes, tuple[int, bytes, bytes]]:
    """Return place, rules and the word's key of each decision whose tag an exposure, or the end of a case, names."""
    wanted = {octets(body["index"]) for kind in ("exposure", "exposure-end") for _, body in log.of(kind)}
    if not wanted:
        return {}
    found: dict[bytes, tuple[int, bytes, bytes]] = {}
    for index, rules, tag, _, word in log.decisions:
        if tag in wanted:
            found.setdefault(tag, (index, rules, word))
    return found


def _of_case(
    log: Log, seen: Witnessed, index: int, body: Mapping[str, Any], case: tuple[int, bytes, bytes] | None, under: Under
) -> None:
    """A case is a decision that stood in the log before, under rules that were alive when this came.

    Its holder gave the word whose key it names: with that each exposure is signed as well.
    """
    if case is None:
        log.findings.add("EVID-MISSING", index, _names(body), "the log has no decision of this case")
        return
    if not _worded_by_case(case[2], body):
        log.findings.add("SIGNATURE", index, _names(body), f"the case at {case[0]} did not give its word for this")
    if case[0] >= seen.last_before(index):
        log.findings.add("ORDER-VIOLATION", index, _names(body), f"it came before witnesses had its case, at {case[0]}")
    elif fault := under(index, case[1]):
        log.findings.add(fault[0], index, _names(body), fault[1])


def _worded_by_case(key: bytes, body: Mapping[str, Any]) -> bool:
    """Tell whether the key of a case's word signed an exposure of it.

    Zeros stand for no key; as a key they would be a point for which signatures are easily made.
    """
    message = jcs({"exposure-word": {name: body[name] for name in ("commitment", "index", "number")}})
    return any(key) and signed(key, message, octets(body["word"], 64))


def _signers(log: Log, index: int, body: Mapping[str, Any], at: int, keys: Sequence[Key]) -> list[Key]:
    found = []
    for party, mine in _made_by(body, keys).items():
        stood = [one for one in mine if one.seen + KEY_NOTICE <= at + SKEW and not one.over(at)]
        if stood:
            found.append(stood[0])
        else:
            text = "this signature of an exposure is of no investigator's key that the log had for seven days"
            log.findings.add("SIGNATURE", index, party, text)
    if len(found) == len(body["signatures"]) and (_people(found) < 2 or len(_organisations(found)) < 2):
        log.findings.add("SHORT-QUORUM", index, _names(body), "it takes two investigators of two organisations")
    return found


def _made_by(body: Mapping[str, Any], keys: Iterable[Key]) -> dict[str, list[Key]]:
    """Return by each name under an exposure the investigator's keys that made its signature."""
    message = jcs({"exposure": {name: body[name] for name in ("commitment", "index", "number")}})
    mine = [one for one in keys if one.duty == INVESTIGATOR and one.party in body["signatures"]]
    return {
        party: [one for one in mine if one.party == party and signed(one.key, message, octets(signature, 64))]
        for party, signature in body["signatures"].items()
    }


def _involved(log: Log, keys: Sequence[Key]) -> dict[str, list[tuple[int, str]]]:
    """Return by each case the organisations whose investigators signed an exposure of it, with the place of that."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    wanted = {body["index"] for _, body in log.of("exposure-end")}
    for index, body in log.of("exposure"):
        if body["index"] in wanted:
            signers = [one for mine in _made_by(body, keys).values() for one in mine]
            found[body["index"]] += [(index, name) for name in sorted(_organisations(signers))]
    return found


def _people(signers: Sequence[Key]) -> int:
    return len({one.key for one in signers})


def _organisations(signers: Sequence[Key]) -> set[str]:
    return {folded(one.organisation) for one in signers}


def _many(signers: Sequence[Key]) -> bool:
    return _people(signers) >= FURTHER_SIGNERS and len(_organisations(signers)) >= FURTHER_ORGANISATIONS
