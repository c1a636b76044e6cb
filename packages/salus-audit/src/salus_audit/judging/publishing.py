"""Whether what was published counts: document, signers, notice by witness time, end. Limits are constants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from salus_audit.contents import fault_of
from salus_audit.signing import signed
from salus_audit.spelling import Misspelt, base64_of, folded, instant, jcs, octets, parsed, seconds

HOUR, DAY = 3600, 86_400
LEAST_ORGANISATIONS = 3
LEAST_LIFE = DAY
MOST_DOCUMENT = 64 * 1024
VETO_WITHIN = DAY
TOLD_WITHIN = HOUR + 300
"""How long a leaf may wait for the head that holds it: a batch, and what clocks may differ."""

SHORT = {"assignment-rules": 72 * HOUR, "acceptance-rules": 72 * HOUR, "trust-list": DAY}
"""Notice below which more signers have to sign, or an emergency has to be alive."""
NOTICE = {"declaration": DAY, "recognition": DAY, "admission": 72 * HOUR, "trust-list": 0, "emergency": 0}
SIGNERS = {"emergency": 5}
LONGEST = {
    "assignment-rules": 366 * DAY,
    "acceptance-rules": 366 * DAY,
    "emergency": 30 * DAY,
    "declaration": 30 * DAY,
    "recognition": 366 * DAY,
    "trust-list": 366 * DAY,
    "admission": 5 * 366 * DAY,
}
URGENT_SIGNERS, URGENT_ORGANISATIONS, URGENT_NOTICE, URGENT_LONGEST = 6, 4, 6 * HOUR, 14 * DAY
URGENT_LIST_SIGNERS = 5
# at most six digits: a name has no room for a day of birth or a telephone's number
_NAME = re.compile(r"(?!(?:[^0-9]*[0-9]){7})[a-z][a-z0-9]*(?:-[a-z0-9]+){0,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Key:
    """A party's key as the log has it. `seen` is when a quorum had it, `ended` when it ended, if it did."""

    leaf: int
    party: str
    organisation: str
    duty: str
    key: bytes
    seen: int
    ended: int | None = None

    def over(self, at: int) -> bool:
        """Tell whether what a quorum had at an instant came after the key's end."""
        return self.ended is not None and at > self.ended

    def stands(self, at: int) -> bool:
        """Tell whether a quorum had the key by an instant, and no end of it before."""
        return self.seen <= at and not self.over(at)


@dataclass(slots=True)
class Published:
    """A publication. `seen` is when a quorum had it, `under` the size of the head by which it stood there.

    `faults` are why it does not count, each a code with words; it counts if there are none. `vetoed` is when a quorum
    had the first veto that stopped it: until then it counted.
    """

    leaf: int
    told: Mapping[str, Any]
    seen: int
    under: int
    body: Mapping[str, Any] = field(default_factory=dict)
    signers: list[Key] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    vetoed: int | None = None

    @property
    def kind(self) -> str:
        """What it is."""
        return str(self.told["kind"])

    @property
    def digest(self) -> str:
        """Its document's SHA-256, in base64."""
        return str(self.told["digest"])

    @property
    def starts(self) -> int:
        """From when on it counts."""
        return seconds(self.told["starts"])

    @property
    def ends(self) -> int:
        """Until when it counts."""
        return seconds(self.told["ends"])

    @property
    def disease(self) -> str | None:
        """The disease that it is about, if it is about one."""
        found = self.body.get("disease")
        return found if isinstance(found, str) else None

    def stood(self, at: int) -> bool:
        """Tell whether nothing was wrong with it at an instant: nothing but a later veto, which stops from then on."""
        return all(code == "VETOED" for code, _ in self.faults) and (self.vetoed is None or at < self.vetoed)

    def alive(self, at: int) -> bool:
        """Tell whether it counts at an instant, if it counts at all."""
        return self.stood(at) and self.starts <= at < self.ends

    def fault(self, code: str, text: str) -> None:
        """Note why it does not count."""
        self.faults.append((code, text))


def read_document(found: Published, content: bytes) -> None:
    """Hold a document against the leaf that names it, and read what it says."""
    told = {name: found.told[name] for name in ("kind", "name", "version", "starts", "ends")}
    if base64_of(sha256(content).digest()) != found.digest:
        found.fault("LOG-DOCUMENT", "the document is not the one that the entry names")
        return
    try:
        document = parsed(content)
    except Misspelt as reason:
        found.fault("LOG-DOCUMENT", f"the document: {reason}")
        return
    if not isinstance(document, dict) or not isinstance(document.get("body"), dict) or len(content) > MOST_DOCUMENT:
        found.fault("LOG-DOCUMENT", "this is no document")
        return
    found.body = document["body"]
    if {**told, "body": found.body} != document or not _NAME.fullmatch(found.told["name"]) or told["version"] >= 10_000:
        found.fault("LOG-DOCUMENT", "the document says something else than its entry, or has no such name")
    elif found.starts >= found.ends:
        found.fault("MINIMUM-LIFE", "it ends before it starts")
    else:
        _content(found, document)


def _content(found: Published, document: Mapping[str, Any]) -> None:
    fault = fault_of(document)
    if fault:
        found.fault("RULE-LINT", fault)


def signed_text(told: Mapping[str, Any]) -> bytes:
    """Return what each signer of a publication signs."""
    return jcs({"publication": {name: value for name, value in told.items() if name != "signatures"}})


def check_signers(found: Published, keys: Iterable[Key]) -> None:
    """Find who signed. Every signature has to be good, with a signer's key that the log had by then."""
    message, known = signed_text(found.told), [one for one in keys if one.duty == "signer" and one.stands(found.seen)]
    for party, signature in found.told["signatures"].items():
        raw = octets(signature, 64)
        good = [one for one in known if one.party == party and signed(one.key, message, raw)]
        if good:
            found.signers.append(good[0])
        else:
            found.fault("SIGNATURE", f"the signature of {party} is of no signer's key that the log had then")
    if len({one.key for one in found.signers}) != len(found.signers):
        found.fault("SIGNATURE", "one key signed under two names")


def check_times(found: Published, emergencies: Sequence[Published]) -> None:
    """Check signers, notice and life by the kind of the document."""
    kind, notice, lasts = found.kind, found.starts - found.seen, found.ends - found.starts
    signers, longest, organisations = SIGNERS.get(kind, 4), LONGEST[kind], LEAST_ORGANISATIONS
    if notice < SHORT.get(kind, notice):
        if kind == "trust-list":
            signers = URGENT_LIST_SIGNERS
        else:
            signers, longest, organisations = URGENT_SIGNERS, URGENT_LONGEST, URGENT_ORGANISATIONS
            if notice < URGENT_NOTICE or not _under(found, emergencies):
                told = f"{notice / HOUR:.1f} hours' notice; 72 are the rule, 6 under a live emergency"
                found.fault("NOTICE-TOO-SHORT", told)
                return
    if notice < NOTICE.get(kind, 0):
        found.fault("NOTICE-TOO-SHORT", f"{notice / HOUR:.1f} hours' notice; {NOTICE[kind] // HOUR} are the rule")
    if lasts < LEAST_LIFE:
        found.fault("MINIMUM-LIFE", "what is published counts for at least 24 hours")
    if lasts > longest:
        found.fault("RULE-LINT", f"it counts for more than {longest // DAY} days")
    bodies = len({folded(one.organisation) for one in found.signers})
    if len(found.signers) < signers or bodies < organisations:
        text = f"{len(found.signers)} signers of {bodies} organisations; it takes {signers} of {organisations}"
        found.fault("SHORT-QUORUM", text)


def _under(found: Published, emergencies: Sequence[Published]) -> bool:
    return any(
        one.alive(found.seen) and one.seen <= found.seen and one.disease == found.disease is not None
        for one in emergencies
    )


@dataclass(frozen=True, slots=True)
class Veto:
    """An ombudsman's veto: of which document, by whom, since when; `appointed` is when the log had the key.

    `seen` is when a quorum had it, `earliest` when the last head came that does not hold it.
    """

    leaf: int
    digest: str
    party: str
    appointed: int
    seen: int
    earliest: int | None = None


def read_veto(leaf: int, body: Mapping[str, Any], seen: int, keys: Iterable[Key]) -> Veto | None:
    """Return a veto; None where no ombudsman's key that the log had by then signed it."""
    message = jcs({"veto": {"digest": body["digest"], "party": body["party"]}})
    raw = octets(body["signature"], 64)
    good = [
        one.seen
        for one in keys
        if (one.duty, one.party) == ("ombudsman", body["party"]) and one.stands(seen) and signed(one.key, message, raw)
    ]
    return Veto(leaf, body["digest"], body["party"], min(good), seen) if good else None


def check_vetoes(found: Published, vetoes: Iterable[Veto]) -> None:
    """A veto in time, by an ombudsman known before the document, stops it for good; no trust list waits for one."""
    for veto in vetoes:
        if _may_stop(found, veto) and veto.seen < _until(found):
            found.fault("VETOED", f"{veto.party} vetoed it at {instant(veto.seen)}")
            found.vetoed = veto.seen if found.vetoed is None else min(found.vetoed, veto.seen)


def undated(found: Published, vetoes: Iterable[Veto]) -> list[Veto]:
    """Return vetoes that may have come in time for all that heads tell: the one that should date them is not there."""
    return [
        veto
        for veto in vetoes
        if _may_stop(found, veto)
        and veto.seen >= _until(found) > (veto.earliest or 0)
        and veto.seen - (veto.earliest or 0) > TOLD_WITHIN
    ]


def _may_stop(found: Published, veto: Veto) -> bool:
    return veto.digest == found.digest and found.kind != "trust-list" and veto.appointed <= found.seen


def _until(found: Published) -> int:
    return max(found.starts, found.seen + VETO_WITHIN)


def check_succession(found: Sequence[Published]) -> None:
    """Of two documents about one thing none starts within a day of the other; the later in the log does not count."""
    counting: list[Published] = []
    for one in sorted(found, key=lambda one: (one.seen, one.starts, one.digest)):
        subject = _subject(one)
        if one.faults or subject is None:
            continue
        near = [
            other for other in counting if abs(other.starts - one.starts) < LEAST_LIFE and _subject(other) == subject
        ]
        if any(other.digest != one.digest for other in near):
            one.fault("MINIMUM-LIFE", "other rules about the same start within 24 hours of it")
        else:
            counting.append(one)


def check_lists(found: Sequence[Published]) -> None:
    """Each trust list is the version after the one before it, and names its digest; the first that the log had counts.

    A key that was ended comes back by no list beside the others.
    """
    before: Published | None = None
    lists = [one for one in found if one.kind == "trust-list" and not one.faults]
    for one in sorted(lists, key=lambda one: (one.told["version"], one.seen, one.digest)):
        version, previous = one.told["version"], one.body["previous"]
        if before is None:
            follows = previous is None
        else:
            follows = version == before.told["version"] + 1 and previous == before.digest and one.seen >= before.seen
        if follows:
            before = one
        else:
            one.fault("ORDER-VIOLATION", "this trust list does not follow the version before it")


def _subject(one: Published) -> tuple[object, ...] | None:
    if one.kind == "assignment-rules":
        return (one.kind, one.disease)
    return (one.kind, one.body.get("region"), one.disease) if one.kind == "acceptance-rules" else None
