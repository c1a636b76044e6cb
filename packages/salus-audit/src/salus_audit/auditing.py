"""Audit a log from its public files alone, and measures' files against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from salus_audit.contents import JUDGES
from salus_audit.finding import Findings
from salus_audit.heads import (
    Witnessed,
    heads_of,
    hold_kept,
    hold_roots,
    with_kept,
    witnessed,
    witnesses_of,
)
from salus_audit.judging.appeals import Appeals, judge_appeals
from salus_audit.judging.counts import judge_counts
from salus_audit.judging.decisions import Decisions, drawn, rules_by_digest
from salus_audit.judging.disclosing import judge_disclosures
from salus_audit.judging.emergencies import follow
from salus_audit.judging.exposures import Exposures, judge_exposures
from salus_audit.judging.key_ends import Ends, judge_late, keys_of
from salus_audit.judging.laboratories import judge_laboratories
from salus_audit.judging.publishing import (
    DAY,
    Key,
    Published,
    Veto,
    check_lists,
    check_signers,
    check_succession,
    check_times,
    check_vetoes,
    read_document,
    read_veto,
    undated,
)
from salus_audit.notes import MOST_NOTE, Head, Times, Unsigned, quorum_of, quorum_times, read_head
from salus_audit.places import Missing, Place, Unreadable
from salus_audit.reading.chunks import cut_bundle
from salus_audit.reading.walking import Log, walk
from salus_audit.recomputing.files import Recomputed, recompute
from salus_audit.recomputing.proofs import Prover
from salus_audit.recomputing.receipts import Looked, Receipt, hold
from salus_audit.signing import LOG, NamedKey
from salus_audit.spelling import Misspelt, base64_of, folded, instant, octets
from salus_audit.trees import WIDTH, leaf_hash, peaks_of, root_of, tile_path

MOST_PUBLISHED = 262_144
STALE = DAY
FEWEST_ORGANISATIONS = 3
"""How many organisations have to answer for the witnesses of a log that decides anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an audit is asked for. `now` is the auditor's own present; `sample` draws one decision in so many.

    `since` are checkpoints that somebody kept, `files` measures' files by name, `receipts` those of evidence.
    """

    place: Place
    now: int
    key: NamedKey | None = None
    witnesses: Sequence[NamedKey] = ()
    since: Mapping[str, bytes] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    receipts: Mapping[str, bytes] = field(default_factory=dict)
    sample: int | None = None
    workers: int = 0


@dataclass(slots=True)
class Audit:
    """What an audit found."""

    asked: Asked
    findings: Findings = field(default_factory=Findings)
    key: NamedKey | None = None
    head: Head | None = None
    log: Log | None = None
    witnesses: list[tuple[int, NamedKey]] = field(default_factory=list)
    seen: Witnessed = field(default_factory=Witnessed)
    appeals: Appeals = field(default_factory=Appeals)
    exposures: Exposures = field(default_factory=Exposures)
    parties: dict[str, dict[str, int]] = field(default_factory=dict)
    files: dict[str, Recomputed] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Nothing was found, as far as the keys can be trusted."""
        return not self.findings.told

    def as_json(self) -> dict[str, Any]:
        """Return it for a program."""
        log, newest = self.log, self.seen.newest
        kinds = sorted({*log.rare, *(kind for kind, _, _ in log.counted)}) if log else []
        return {
            "good": self.good,
            "place": self.asked.place.where,
            "key": str(self.key) if self.key else None,
            "key_given": self.asked.key is not None,
            "size": self.head.size if self.head else None,
            "root": base64_of(self.head.root) if self.head else None,
            "heads": len(self.seen.heads),
            "witnesses": [
                {"key": str(one), "organisation": one.organisation if one.said_by else None, "said_by": one.said_by}
                for _, one in self.witnesses
            ],
            "witnesses_given": bool(self.asked.witnesses),
            "as_of": instant(newest.as_of) if newest else None,
            "counts": {kind: log.total(kind) for kind in kinds} if log else {},
            "appeals": self.appeals.as_json(),
            "exposures": self.exposures.as_json(),
            "parties": self.parties,
            "files": {name: _told(one) for name, one in self.files.items()},
            "receipts": {name: _told_receipt(one) for name, one in self.receipts.items()},
            "findings": [one.as_json() for one in sorted(self.findings.told, key=_place)],
            "more_findings": self.findings.more,
            "unchecked": self.findings.unchecked,
        }


def _place(one: Any) -> tuple[Any, ...]:
    return (one.leaf if one.leaf is not None else -1, one.code, one.text)


def _told(one: Recomputed) -> dict[str, Any]:
    return {"decision": one.decision, "measure": one.measure, "why": one.why}


def _told_receipt(one: Receipt) -> dict[str, Any]:
    steps = [
        {
            "kind": each.kind,
            "party": each.key.party,
            "organisation": each.key.organisation,
            "happened": instant(each.happened),
            "entry": each.at.place,
            "logged_at": None if each.at.seen is None else instant(each.at.seen),
        }
        for each in one.steps
    ]
    return {"why": one.why, "steps": steps}


def audit(asked: Asked) -> Audit:
    """Audit a log. What is wrong with it is found, never raised."""
    found = Audit(asked)
    if not (_key(found) and _head(found)):
        return found
    key, head = found.key, found.head
    if key is None or head is None:
        return found
    heads = heads_of(asked.place, key, head.size, found.findings)
    signed = _signed(found, key)
    hold_kept([*heads, head], signed, key, found.findings)
    kept = _kept(found, signed, key, head)
    found.log = walk(
        asked.place,
        head.size,
        head.root,
        [one.size for one in (*heads, *kept.values(), head)],
        found.findings,
        asked.workers,
    )
    _witnesses(found, heads, head, kept)
    if found.log.whole:  # otherwise it is the entries that are not those that were signed
        hold_roots(heads, found.log.roots, "a published head", key, found.findings)
        published = {one.size for one in (*heads, head)}  # those of these sizes were held against each other
        alone = [one for one in kept.values() if one.size not in published]
        hold_roots(alone, found.log.roots, "a kept head", key, found.findings)
        _judge(found, found.log, heads, key)
    return found


def _key(found: Audit) -> bool:
    """Choose the log's key; one that is published beside it and misleads is found, too."""
    asked = found.asked
    try:
        published: NamedKey | None = NamedKey.read(asked.place.read("vkey", 1024).decode(), LOG)
    except Missing:
        published = None
    except Unreadable as reason:
        if asked.key is None:
            found.findings.add("LOG-UNREADABLE", None, None, f"vkey: {reason}; no key was given either")
            return False
        published = None
    except (Misspelt, UnicodeDecodeError):
        published = None
        if asked.key:
            found.findings.add("LOG-KEY", None, asked.key.name, "the log publishes a key that cannot be read")
    found.key = asked.key or published
    if asked.key and published and published != asked.key:
        found.findings.add("LOG-KEY", None, published.name, "the log publishes another key than the one that was given")
    if found.key is None:
        found.findings.add("LOG-KEY", None, None, "no key was given, and the log publishes none that can be read")
    return found.key is not None


def _head(found: Audit) -> bool:
    key = found.key
    if key is None:
        return False
    try:
        found.head = read_head(found.asked.place.read("checkpoint", MOST_NOTE), key)
    except Missing:
        found.findings.add("LOG-MISSING", None, key.name, "checkpoint is missing")
    except Unreadable as reason:
        found.findings.add("LOG-UNREADABLE", None, key.name, f"checkpoint: {reason}")
    except (Misspelt, Unsigned) as reason:
        found.findings.add("LOG-SIGNATURE", None, key.name, f"checkpoint: {reason}")
    return found.head is not None


def _signed(found: Audit, key: NamedKey) -> dict[str, Head]:
    """Read the checkpoints that somebody kept; of those that are the log's each is a head that it signed."""
    kept = {}
    for name, raw in found.asked.since.items():
        try:
            kept[name] = read_head(raw, key)
        except (Misspelt, Unsigned) as reason:
            found.findings.add("LOG-KEPT", None, None, f"{name}: {reason}")
    return kept


def _kept(found: Audit, signed: Mapping[str, Head], key: NamedKey, head: Head) -> dict[str, Head]:
    """Return kept heads that the log still covers; a longer one shows that it lost entries."""
    for name, one in signed.items():
        if one.size > head.size:
            found.findings.add("LOG-SHRUNK", None, key.name, f"{name} has {one.size} entries, the log only {head.size}")
    return {name: one for name, one in signed.items() if one.size <= head.size}


def _witnesses(found: Audit, heads: Sequence[Head], head: Head, kept: Mapping[str, Head]) -> None:
    """Find who witnesses the log, which heads a quorum saw, and whether the newest one is fresh."""
    log, key = found.log, found.key
    if log is None or key is None:
        return
    found.witnesses = witnesses_of(found.asked.witnesses, log.of("party-key"))
    until: Ends = {}
    if log.of("party-key-end"):  # from when on whose lines count no more is told by lines from before
        unheard = Findings()
        until = keys_of(log, _seen(found, heads, kept, until, unheard), unheard)[1]
    found.seen = _seen(found, heads, kept, until, found.findings)
    chosen = [one for _, one in found.witnesses]
    try:
        newest = quorum_times(head, chosen, until)
    except Unsigned as reason:
        found.findings.add("LOG-COSIGNATURE", head.size - 1, None, f"checkpoint: {reason}")
        return
    if newest is None:
        if not chosen:
            found.findings.pass_over(
                "times: no witness is named, here or in the log; nothing that takes time can be judged"
            )
            return
        needed = quorum_of(len({one.body for one in chosen}))
        text = f"fewer than {needed} organisations' witnesses cosigned the checkpoint"
        found.findings.add("LOG-QUORUM", head.size - 1 if head.size else None, key.name, text)
        return
    earlier = [one for one in found.seen.heads if one[0] < head.size]
    first = [times.at for size, times in found.seen.heads if size == head.size]
    found.seen = Witnessed([*earlier, (head.size, Times(min([newest.at, *first]), newest.as_of, newest.by_witness))])
    _fresh(found, log, newest.as_of, key)


def _seen(
    found: Audit, heads: Sequence[Head], kept: Mapping[str, Head], until: Ends, findings: Findings
) -> Witnessed:  # fmt: skip
    seen = witnessed(heads, found.witnesses, findings, until)
    return with_kept(seen, heads, kept, found.witnesses, findings, until)


def _fresh(found: Audit, log: Log, as_of: int, key: NamedKey) -> None:
    demo = any(body["kind"] == "demo" for _, body in log.of("node"))
    if found.asked.now - as_of > STALE:
        text = f"a quorum last stood by it at {instant(as_of)}; nothing that it decided counts any more"
        found.findings.add("LOG-STALE", log.size - 1 if log.size else None, key.name, text)
    elif as_of > found.asked.now + 3600 and not demo:
        text = f"its witnesses date it {instant(as_of)}, which is still to come"
        found.findings.add("LOG-COSIGNATURE", log.size - 1, key.name, text)
    if not found.asked.witnesses:
        found.findings.pass_over("witnesses: their keys are the log's own word; name them with --witness")


def _judge(found: Audit, log: Log, heads: Sequence[Head], key: NamedKey) -> None:
    _operators(found, log, key)
    keys, ends = keys_of(log, found.seen, found.findings)
    judge_late(log, found.seen, keys, lambda number: _bundle(found.asked.place, log, number))
    published, vetoes = _published(found, log, keys)
    emergencies = [one for one in published if one.kind == "emergency"]
    decisions = Decisions(log, found.seen, rules_by_digest(published), emergencies)
    decisions.judge()
    found.exposures = judge_exposures(log, found.seen, keys, decisions.under)
    found.appeals = judge_appeals(log, found.seen, key.name)
    judge_counts(log, found.seen, emergencies)
    judge_disclosures(log, found.seen, keys)
    found.parties = judge_laboratories(log, found.seen)
    for kind in ("specimen", "result"):
        for place, first in log.placed[kind].again():
            log.findings.add("EVIDENCE-REUSE", place, None, f"this {kind} stands in the log already, at {first}")
    _recompute(found, log, heads, key, (vetoes, ends))
    _receipts(found, log, key, keys)


def _receipts(found: Audit, log: Log, key: NamedKey, keys: Sequence[Key]) -> None:
    """Hold what residents were handed against the log."""
    newest = found.seen.newest

    def look(kind: str, commitment: bytes, entry: bytes) -> Looked:
        """Look at every place of a commitment: one that somebody else's entry took first accuses nobody."""
        looked = [
            Looked(place, found.seen.seen(place), _entry_at(found.asked.place, log, place) in (entry, None))
            for place in log.placed[kind].places(commitment)
        ]
        return next((one for one in looked if one.same), looked[0] if looked else Looked())

    for name, raw in found.asked.receipts.items():
        prover = Prover(key, [one for _, one in found.witnesses])
        one = hold(raw, keys, look, prover, newest.as_of if newest else 0)
        found.receipts[name] = one
        for fault, step in one.faults:
            place, answers = (step.at.place, step.key.party) if step else (None, None)
            log.findings.add(fault.code, place, answers, f"{name}: {fault}")
        _hold(found, log, name, one, key)


def _operators(found: Audit, log: Log, key: NamedKey) -> None:
    """Witnesses answer to organisations that are different, and none of them the node's own."""
    names = {folded(key.name), *(folded(body["name"]) for _, body in log.of("node"))}
    known: dict[str, str] = {}
    logged = {one.key: one for _, one in witnesses_of((), log.of("party-key"))}
    for index, one in found.witnesses:
        spelt, said = one.body, logged.get(one.key)
        leaf = index if index >= 0 else None
        if one.said_by == "you" and said and said.body != spelt:
            text = f"the log names {said.organisation} for this witness, and you named {one.organisation}"
            found.findings.add("WITNESS-OPERATOR", leaf, one.name, text)
        if spelt in names:
            found.findings.add(
                "WITNESS-OPERATOR", leaf, one.name, "the node's own organisation answers for this witness"
            )
        elif known.setdefault(spelt, one.name) != one.name:
            text = f"one organisation answers for it and for {known[spelt]}; they count as one"
            found.findings.add("WITNESS-OPERATOR", leaf, one.name, text)
    bare = sorted(one.name for _, one in found.witnesses if one.said_by is None)
    if bare:
        told = ", ".join(bare)
        found.findings.pass_over(f"whose {told} are: each counts as one of its own; say --witness ORGANISATION=KEY")
    decided = log.total("decision")
    if decided and found.seen.heads and len(known) < FEWEST_ORGANISATIONS:
        text = f"{decided} decisions, and witnesses of {len(known)} organisations; it takes {FEWEST_ORGANISATIONS}"
        found.findings.add("WITNESS-OPERATOR", None, key.name, text)


def _published(found: Audit, log: Log, keys: Sequence[Key]) -> tuple[list[Published], list[Veto]]:
    """Judge every publication that a quorum has seen, and every veto."""
    vetoes, published = _vetoes(found, log, keys), []
    for index, body in log.of("publication"):
        at, under = found.seen.seen(index), found.seen.covered(index)
        if at is None or under is None:
            found.findings.pass_over("publications that no quorum has seen yet")
            continue
        one = Published(index, body, at, under)
        published.append(one)
        content = _document(found, one)
        if content is not None:
            read_document(one, content)
        if one.kind not in JUDGES:
            found.findings.pass_over(f"what publications of the kind {one.kind} say")
        if not one.faults:
            check_signers(one, keys)
    _notice(published, vetoes)
    for one in published:
        for veto in undated(one, vetoes):
            text = f"whether the veto at {veto.leaf} came in time: no head was shown between {_times(veto)}"
            found.findings.pass_over(text)
        for code, text in one.faults:
            answers = ", ".join(sorted(one.told["signatures"]))
            if code != "VETOED":  # the veto worked: it is told of by whatever rests on these rules all the same
                log.findings.add(code, one.leaf, answers, f"{one.kind} {one.told['name']}: {text}")
    return published, vetoes


def _vetoes(found: Audit, log: Log, keys: Sequence[Key]) -> list[Veto]:
    vetoes = []
    for index, body in log.of("veto"):
        at = found.seen.seen(index)
        veto = read_veto(index, body, at, keys) if at is not None else None
        if veto:
            vetoes.append(replace(veto, earliest=found.seen.before(index)))
        elif at is not None:
            log.findings.add("SIGNATURE", index, body["party"], "no ombudsman's key that the log had signed this veto")
    return vetoes


def _times(veto: Veto) -> str:
    return f"{instant(veto.earliest) if veto.earliest is not None else 'the beginning'} and {instant(veto.seen)}"


def _notice(published: Sequence[Published], vetoes: Sequence[Veto]) -> None:
    """Judge times: emergencies first, since what is urgent needs one that counts."""
    emergencies = [one for one in published if one.kind == "emergency"]
    rest = [one for one in published if one.kind != "emergency"]
    for group in (emergencies, rest):
        for one in group:
            if not one.faults:
                check_times(one, emergencies)
                check_vetoes(one, vetoes)
        if group is emergencies:
            follow(emergencies)
    check_succession(rest)
    check_lists(rest)


def _document(found: Audit, one: Published) -> bytes | None:
    path = f"published/{octets(one.digest).hex()}.json"
    try:
        return found.asked.place.read(path, MOST_PUBLISHED)
    except Missing:
        one.fault("LOG-MISSING", f"{path} is missing")
    except Unreadable as reason:
        one.fault("LOG-UNREADABLE", f"{path} cannot be read: {reason}")
    return None


def _recompute(
    found: Audit, log: Log, heads: Sequence[Head], key: NamedKey, known: tuple[Sequence[Veto], Ends]
) -> None:
    """Recompute measures' files, hold them against the log, and miss those that were drawn and not handed over."""
    witnesses = [one for _, one in found.witnesses]
    for name, raw in found.asked.files.items():
        one = recompute(raw, Prover(key, witnesses), found.asked.now, *known)
        found.files[name] = one
        if one.fault:
            log.findings.add(one.fault.code, one.decision, key.name, f"{name}: {one.fault}")
        _hold(found, log, name, one, key)
    if found.asked.sample:
        handed = {one.decision for one in found.files.values() if not one.fault}
        roots = {one.size: one.root for one in heads}
        for index in _drawn(log, roots, found.asked.sample):
            if index not in handed:
                text = "it was drawn by lot, and no file was handed over that shows what it rests on"
                log.findings.add("EVID-MISSING", index, key.name, text)


def _drawn(log: Log, roots: Mapping[int, bytes], one_in: int) -> Iterable[int]:
    """Yield the decisions that are drawn; those of the last batch wait for the next head."""
    for index, *_ in log.decisions:
        after = log.stretch(index) + 1
        if after < len(log.marks):
            seed = roots.get(log.marks[after], log.roots[log.marks[after]])
            if drawn(index, seed, one_in):
                yield index


def _hold(found: Audit, log: Log, name: str, one: Recomputed | Receipt, key: NamedKey) -> None:
    """A file's leaves are those of the log, and its heads are heads that the log had."""
    for size, root in one.heads.items():
        if size > log.size:
            found.findings.add("LOG-SHRUNK", None, key.name, f"{name} is proved in a log of {size} entries")
        elif _root_at(found.asked.place, log, size) not in (root, None):
            text = f"{name}: the log signed another root at the size {size} than its entries have"
            found.findings.add("EQUIVOCATION", size - 1, key.name, text)
    for index, entry in one.leaves:
        if index < log.size and _entry_at(found.asked.place, log, index) not in (entry, None):
            found.findings.add("EQUIVOCATION", index, key.name, f"{name}: the log holds another entry at this place")


def _bundle(place: Place, log: Log, number: int) -> list[bytes]:
    width = min(WIDTH, log.size - number * WIDTH)
    try:
        return cut_bundle(place.read(tile_path("entries", number, width), WIDTH * 65_538)) or []
    except (Missing, Unreadable):
        return []


def _entry_at(place: Place, log: Log, index: int) -> bytes | None:
    entries = _bundle(place, log, index // WIDTH)
    return entries[index % WIDTH] if index % WIDTH < len(entries) else None


def _root_at(place: Place, log: Log, size: int) -> bytes | None:
    """Return the root at a size; that of a size that is no known head is worked out from the lowest tiles."""
    if size in log.roots:
        return log.roots[size]
    hashes: list[bytes] = []
    for number in range(-(-size // WIDTH)):
        hashes += [leaf_hash(entry) for entry in _bundle(place, log, number)]
    if len(hashes) < size:
        return None
    log.roots[size] = root_of(peaks_of(hashes[:size]))
    return log.roots[size]
