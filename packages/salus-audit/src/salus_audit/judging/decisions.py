"""Decisions as the log shows them: blinded, but each with its rules, and with a tag that no other may bear.

What a decision rests on stands inside its commitment. From outside can be told whether rules and emergency were there
and alive, whether enough results were there, and whether one was used twice; the rest takes the measure's file.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from salus_audit.heads import Witnessed
from salus_audit.judging.publishing import TOLD_WITHIN, Published
from salus_audit.reading.walking import Log
from salus_audit.spelling import base64_of

SKEW = 300
"""How far clocks may differ from those of the witnesses, in seconds."""


@dataclass(slots=True)
class Decisions:
    """Judges decisions against publications, stretch by stretch, since all of one stretch have the same times."""

    log: Log
    seen: Witnessed
    rules: Mapping[str, Sequence[Published]]
    emergencies: Sequence[Published]
    _known: dict[tuple[bytes, int], tuple[str, str] | None] = field(default_factory=dict)

    def judge(self) -> None:
        """Find what is wrong with any decision."""
        again = bytearray(self.log.size // 8 + 1)
        for place, first in self.log.tags.again():
            again[place >> 3] |= 1 << (place & 7)
            self._find("EVIDENCE-REUSE", place, f"it rests on the same result as the decision at {first}")
        backing, decided, results, head = _Backing(self.log, self.seen), 0, 0, -1
        for index, rules, *_ in self.log.decisions:
            fault = self.under(index, rules)
            if fault:
                self._find(fault[0], index, fault[1])
            decided += not again[index >> 3] >> (index & 7) & 1
            if head != (stretch := self.log.stretch(index)):
                head, results = stretch, backing.upto(self.seen.last_before(index))
            if decided > results:
                text = f"the log had {results} results before it, and this is decision {decided}: one rests on none"
                self._find("EVID-MISSING", index, text)

    def _find(self, code: str, index: int, text: str) -> None:
        self.log.findings.add(code, index, self._node, text)

    @property
    def _node(self) -> str | None:
        node = self.log.of("node")
        return str(node[0][1]["name"]) if node else None

    def under(self, index: int, digest: bytes) -> tuple[str, str] | None:
        """Say what is wrong with the rules that a decision names, at its place."""
        key = (digest, self.log.stretch(index))
        if key not in self._known:
            if len(self._known) > 100_000:
                self._known.clear()
            self._known[key] = self._fault(index, base64_of(digest))
        return self._known[key]

    def _fault(self, index: int, digest: str) -> tuple[str, str] | None:
        named, by = self.rules.get(digest, ()), self.seen.seen(index)
        if not named:
            return "RULE-DIVERGENCE", "the log knows no rules of this digest"
        if by is None:
            return None  # no quorum has it yet, and so it proves nothing yet
        good = [one for one in named if one.stood(by)]
        if not good:
            code, text = named[0].faults[0]
            return code, f"its rules, {named[0].told['name']}, do not count: {text}"
        fault = ("RULE-DIVERGENCE", "what it names are no assignment rules")
        for one in good:
            fault_of_one = self._at(index, by, one)
            if fault_of_one is None:
                return None
            fault = fault_of_one
        return fault

    def _at(self, index: int, by: int, rules: Published) -> tuple[str, str] | None:
        """Judge by when witnesses had the decision, never by when it may have been written: heads can be left out."""
        if rules.kind != "assignment-rules":
            return "RULE-DIVERGENCE", "what it names are no assignment rules"
        if rules.under > index:
            return "ORDER-VIOLATION", "it came into the log before its rules stood there"
        if not rules.starts - SKEW <= by <= rules.ends + TOLD_WITHIN:
            return "ORDER-VIOLATION", f"its rules, {rules.told['name']}, were not alive when witnesses had it"
        for one in self.emergencies:
            begun = one.stood(by) and one.disease == rules.disease and one.under <= index
            if begun and one.starts - SKEW <= by <= one.ends + TOLD_WITHIN:
                return None
        return "EMERGENCY-LAPSED", f"no emergency of {rules.disease} was alive when witnesses had it"


class _Backing:
    """How many results, each counted once, stood in the log by a head."""

    def __init__(self, log: Log, seen: Witnessed) -> None:
        self._marks = log.marks
        counts = [0] * (len(log.marks) + 1)
        for (kind, _, stretch), count in log.counted.items():
            if kind == "result":
                counts[stretch] += count
        for place, _ in log.placed["result"].again():
            counts[log.stretch(place)] -= 1
        self._upto, total = [0], 0
        for count in counts:
            total += count
            self._upto.append(total)

    def upto(self, size: int) -> int:
        """Return how many stood among the first `size` leaves; `size` is 0 or one of the marks."""
        return self._upto[bisect_right(self._marks, size)]


def rules_by_digest(found: Iterable[Published]) -> dict[str, list[Published]]:
    """Return publications by the digest of their document; one may have been published again."""
    by: dict[str, list[Published]] = {}
    for one in found:
        by.setdefault(one.digest, []).append(one)
    return by


def drawn(index: int, seed: bytes, one_in: int) -> bool:
    """Tell whether a sample of one in so many takes the decision at a place.

    The seed is the root of the head after the one that first covers it: whoever decides does not know it yet.
    """
    return int.from_bytes(sha256(seed + index.to_bytes(8)).digest()[:8]) % one_in == 0
