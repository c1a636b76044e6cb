"""Recompute a measure from its file: the second way to the same answer, written from the format alone.

Everything is proved by the log's key and the witnesses' alone. What does not depend on when it is read is judged as a
finding; what the file asks of its holder now is told beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from salus_audit.judging.emergencies import check_chain, renewed
from salus_audit.judging.publishing import (
    Key,
    Published,
    Veto,
    check_signers,
    check_times,
    check_vetoes,
    read_document,
)
from salus_audit.notes import Times
from salus_audit.recomputing.deciding import Answer, Result, Rules, Table, decide
from salus_audit.recomputing.openings import Unproved, commitment_of, opening_of, tag_of, word_key_of
from salus_audit.recomputing.proofs import Proved, Prover
from salus_audit.signing import signed
from salus_audit.spelling import Misspelt, folded, instant, is_octets, jcs, octets, parsed, seconds

MOST_FILE, MOST_EVIDENCE, MOST_KEYS = 512 * 1024, 32, 64
SKEW, LOGGED_WITHIN, ANSWER_WITHIN, PROOF_AGE = 300, 72 * 3600, 48 * 3600, 24 * 3600
WITNESSING = 3
_FIELDS = {"evidence", "openings", "rules", "at", "decision", "proof"}


@dataclass(slots=True)
class Recomputed:
    """What a file proves. `measure` is what it asks for at the instant asked about, `why` the word for none.

    `decision` is the place of its leaf. `leaves` are places and entries that it proves, `heads` sizes and roots.
    """

    measure: str = "none"
    why: str | None = None
    decision: int | None = None
    commitment: str | None = None
    organisations: frozenset[str] = frozenset()
    fault: Unproved | None = None
    leaves: list[tuple[int, bytes]] = field(default_factory=list)
    heads: dict[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Told:
    """A piece of evidence that is proved."""

    kind: str
    commitment: str
    body: Mapping[str, Any]
    key: Key
    stood: Proved


@dataclass(slots=True)
class _File:
    prover: Prover
    openings: Mapping[str, Any]
    vetoes: Sequence[Veto]
    ends: Mapping[bytes, int]
    keys: list[Key] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    keys_used: set[tuple[str, str, bytes]] = field(default_factory=set)

    def open(self, commitment: Any, kind: str) -> dict[str, Any]:
        """Open a commitment, and remember that something rests on it."""
        body = opening_of(self.openings, commitment, kind)
        self.used.add(commitment)
        return body


def recompute(
    raw: bytes, prover: Prover, at: int, vetoes: Iterable[Veto] = (), ends: Mapping[bytes, int] = MappingProxyType({})
) -> Recomputed:
    """Recompute a file as of an instant. Raises nothing, whatever the bytes are.

    `vetoes` and `ends` of keys, each with its instant, are what else the reader knows of the log.
    """
    found = Recomputed()
    try:
        if len({one.body for one in prover.witnesses}) < WITNESSING:
            raise Unproved("WITNESS-OPERATOR", "WITNESSES", "it takes witnesses of three organisations")
        file = _read(raw)
        reading = _File(prover, file["openings"], tuple(vetoes), ends)
        _measure(reading, file, found, at)
    except Unproved as fault:
        found.fault = fault
    except (Misspelt, KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError):
        found.fault = Unproved("NO-PROOF", "FILE", "this is no measure's file")
    found.leaves, found.heads = prover.leaves, prover.heads
    if found.fault:
        found.measure, found.why = "none", str(found.fault)
    return found


def _read(raw: bytes) -> dict[str, Any]:
    if len(raw) > MOST_FILE:
        raise Unproved("NO-PROOF", "FILE", "it is larger than any measure's file")
    value = parsed(raw)
    if not isinstance(value, dict) or set(value) - {"appeal"} != _FIELDS or not isinstance(value["openings"], dict):
        raise Unproved("NO-PROOF", "FILE", "it has other fields than a measure's file")
    return value


def _measure(reading: _File, file: Mapping[str, Any], found: Recomputed, at: int) -> None:
    rules, published, declared = _rules(reading, file["rules"])
    told = _evidence(reading, file["evidence"])
    leaf = _exactly(file["decision"], "commitment", "rules", "tag", *({"word"} & set(file["decision"])))
    stood = reading.prover.prove("decision", file["decision"], file["proof"])
    found.decision, found.commitment = stood.index, leaf[0]
    opening = reading.open(leaf[0], "decision")
    if (leaf[1], opening["rules"], opening["emergency"]) != (published.digest, published.digest, declared.digest):
        raise Unproved("RULE-DIVERGENCE", "RULE-TEXT", "it was decided under other rules or another emergency")
    if file["at"] != opening["at"]:
        raise Unproved("NO-PROOF", "FILE", "the file names another instant than the decision")
    results = [_result(one, told) for one in told.values() if one.kind == "result"]
    mine = _rested(told, opening, stood, max(published.under, declared.under))
    if leaf[2] != tag_of(mine.commitment, mine.body["blind"]):
        raise Unproved("EVIDENCE-REUSE", "EVIDENCE-REUSE", "the tag is not that of its result")
    if leaf[3:] and leaf[3] != word_key_of(leaf[2], opening["blind"]):
        raise Unproved("SIGNATURE", "NO-WORD", "the decision names another key than that of its holder's word")
    if any(one.body["subject"] != opening["subject"] for one in told.values()):
        raise Unproved("EVID-MISSING", "SUBJECT", "decision and evidence are about two subjects")
    base = [one for one in results if one.name == mine.commitment]
    _same(decide(base, rules, seconds(opening["at"])), opening, leaf[0])
    found.organisations = frozenset(one.key.organisation for one in told.values())
    ended = _appeal(reading, file, opening, found, at)
    _nothing_else(reading)
    found.why = ended or _stale(seconds(opening["at"]), stood.times, at)
    if found.why is None:
        counting = [one for one in results if one.name == mine.commitment or one.result == "negative" or one.replaces]
        now = decide(counting, rules, at)
        still = now.rests_on == mine.commitment
        found.measure = now.gives if still else "none"
        found.why = None if still else _over(counting, mine.commitment, now)


def _over(counting: Sequence[Result], mine: str, now: Answer) -> str:
    return "CORRECTED" if any(one.replaces == mine for one in counting) else " ".join(now.words)


def _stale(decided: int, times: Times, at: int) -> str | None:
    if at < decided or times.at > at + SKEW:
        return "NOT-YET"
    return "STALE-PROOF" if at - times.as_of > PROOF_AGE else None


def _rules(reading: _File, item: Any) -> tuple[Rules, Published, Published]:
    """Prove keys, the line of emergencies, the emergency and the rules."""
    more = {"before"} & set(item)
    emergency, keys, rules, *before = _exactly(item, "emergency", "keys", "rules", *more)
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS:
        raise Unproved("NO-PROOF", "FILE", "a file comes with the keys of those who signed")
    reading.keys = [_key(reading, one) for one in keys]
    if len({(one.party, one.duty, one.key) for one in reading.keys}) != len(reading.keys):
        raise Unproved("NO-PROOF", "FILE", "a key comes once")
    chain = [_published(reading, one, ()) for one in (before[0] if before else [])]
    declared = _published(reading, emergency, ())
    gap = check_chain(declared, chain)
    if gap:
        raise Unproved("SHORT-QUORUM", "RENEWAL", gap)
    _follows(declared, chain)
    published = _published(reading, rules, [declared])
    if (declared.kind, published.kind) != ("emergency", "assignment-rules"):
        raise Unproved("NO-PROOF", "FILE", "a file names rules, and the emergency under which they count")
    table = Table.of(published.body)
    span = (str(declared.body["disease"]), declared.starts, declared.ends)
    return Rules(table, published.starts, published.ends, span), published, declared


def _follows(declared: Published, chain: Sequence[Published]) -> None:
    renewed(declared, chain)
    if declared.faults:
        code, text = declared.faults[0]
        raise Unproved(code, code, text)


def _key(reading: _File, item: Any) -> Key:
    leaf, proof = _exactly(item, "leaf", "proof")
    party, organisation, duty, key = _exactly(leaf, "party", "organisation", "duty", "key")
    stood = reading.prover.prove("party-key", leaf, proof)
    raw = octets(key, 32)
    until = None if duty == "issuer" else reading.ends.get(raw)
    return Key(stood.index, str(party), str(organisation), str(duty), raw, stood.times.at, until)


def _published(reading: _File, item: Any, emergencies: Sequence[Published]) -> Published:
    document, leaf, proof = _exactly(item, "document", "leaf", "proof")
    stood = reading.prover.prove("publication", leaf, proof)
    found = Published(stood.index, leaf, stood.times.at, stood.size)
    read_document(found, jcs(document))
    if not found.faults:
        check_signers(found, reading.keys)
        check_times(found, emergencies)
        check_vetoes(found, reading.vetoes)
    if found.faults:
        code, text = found.faults[0]
        raise Unproved(code, code, f"{found.told['name']}: {text}")
    reading.keys_used |= {(one.party, one.duty, one.key) for one in found.signers}
    return found


def _evidence(reading: _File, items: Any) -> dict[str, _Told]:
    if not isinstance(items, list) or not 2 <= len(items) <= MOST_EVIDENCE:
        raise Unproved("EVID-MISSING", "NO-EVIDENCE", "there is no specimen with a result")
    told: dict[str, _Told] = {}
    for wanted in ("specimen", "result"):
        for kind, leaf, proof in (_exactly(one, "kind", "leaf", "proof") for one in items):
            if kind not in ("specimen", "result"):
                raise Unproved("NO-PROOF", "FILE", "evidence is a specimen or a result")
            if kind == wanted:
                one = _piece(reading, kind, leaf, proof)
                if told.setdefault(one.commitment, one) is not one:
                    raise Unproved("EVIDENCE-REUSE", "EVIDENCE-REUSE", "evidence comes once")
    specimens = {one.commitment for one in told.values() if one.kind == "specimen"}
    results = [one for one in told.values() if one.kind == "result"]
    for one in results:
        _of_two(one, told.get(one.body["specimen"]))
        _correcting(one, told.get(str(one.body["replaces"])))
    if specimens != {one.body["specimen"] for one in results}:
        raise Unproved("EVID-MISSING", "NO-EVIDENCE", "there is a specimen without a result")
    return told


def _piece(reading: _File, kind: str, leaf: Any, proof: Any) -> _Told:
    duty, own = ("sampling-site", "site") if kind == "specimen" else ("laboratory", "laboratory")
    party, commitment, signature = _exactly(leaf, "party", "commitment", "signature")
    stood = reading.prover.prove(kind, leaf, proof)
    message = jcs({kind: {"party": party, "commitment": commitment}})
    raw = octets(signature, 64)
    good = [one for one in reading.keys if (one.party, one.duty) == (party, duty) and signed(one.key, message, raw)]
    body = reading.open(commitment, kind)
    if not good or body[own] != party:
        raise Unproved("SIGNATURE", "SIGNATURE", f"no key of this {duty} made the signature")
    if good[0].seen > stood.times.at:
        raise Unproved("ORDER-VIOLATION", "ORDER-VIOLATION", f"the {duty}'s key came after what it signed")
    if good[0].over(stood.times.at):
        raise Unproved("SIGNATURE", "SIGNATURE", f"the {duty}'s key had ended before the log had what it signed")
    reading.keys_used.add((good[0].party, good[0].duty, good[0].key))
    happened = seconds(body["taken" if kind == "specimen" else "reported"])
    if not -SKEW <= stood.times.at - happened <= LOGGED_WITHIN:
        raise Unproved("ORDER-VIOLATION", "BACKDATED", "evidence is dated after it was logged, or long before")
    return _Told(kind, commitment, body, good[0], stood)


def _of_two(result: _Told, specimen: _Told | None) -> None:
    """Specimen and result are of two parties, about one subject and disease, and in order."""
    if specimen is None or specimen.kind != "specimen":
        raise Unproved("EVID-MISSING", "ACCESSION-MISSING", "the result is about a specimen that no site committed")
    one, other = result.key, specimen.key
    if folded(one.organisation) == folded(other.organisation) or one.party == other.party or one.key == other.key:
        raise Unproved("EVID-MISSING", "ONE-PARTY", "specimen and result are of one party; it takes two")
    if [result.body[name] for name in ("subject", "disease")] != [
        specimen.body[name] for name in ("subject", "disease")
    ]:
        raise Unproved("EVID-MISSING", "SUBJECT", "specimen and result are about two subjects or diseases")
    if result.stood.times.at < specimen.stood.times.at:
        raise Unproved("ORDER-VIOLATION", "ORDER-VIOLATION", "the result came into the log before its specimen")


def _correcting(result: _Told, replaced: _Told | None) -> None:
    if replaced is None:
        return
    if replaced.body.get("specimen") != result.body["specimen"]:
        raise Unproved("EVID-MISSING", "SUBJECT", "a correction is about another specimen")
    if replaced.key.party != result.key.party:
        raise Unproved("SIGNATURE", "SIGNATURE", "a correction is of another laboratory than what it replaces")


def _result(one: _Told, told: Mapping[str, _Told]) -> Result:
    return Result(
        one.commitment,
        one.body["disease"],
        one.body["kind"],
        one.body["result"],
        seconds(told[one.body["specimen"]].body["taken"]),
        seconds(one.body["reported"]),
        one.body["replaces"],
    )


def _rested(told: Mapping[str, _Told], opening: Mapping[str, Any], stood: Proved, rules_under: int) -> _Told:
    """Return the result that a decision rests on, once everything it rests on stood in the log before it."""
    mine = told.get(opening["evidence"][0])
    if mine is None or mine.kind != "result":
        raise Unproved("EVID-MISSING", "NO-EVIDENCE", "the result that was decided upon is not there")
    rested = [mine.stood, told[mine.body["specimen"]].stood]
    at = seconds(opening["at"])
    if max([rules_under, *(one.size for one in rested)]) > stood.index:
        raise Unproved("ORDER-VIOLATION", "ORDER-VIOLATION", "the decision came into the log before what it rests on")
    if at < max(one.times.at for one in rested) or at > stood.times.at + SKEW:
        raise Unproved(
            "ORDER-VIOLATION", "ORDER-VIOLATION", "the decision is dated before its evidence or after its proof"
        )
    return mine


def _same(answer: Answer, opening: Mapping[str, Any], commitment: str) -> None:
    """What is decided anew is, byte for byte, what was committed to."""
    written = dict(opening) | {
        "gives": answer.gives,
        "clause": answer.clause,
        "starts": None if answer.starts is None else instant(answer.starts),
        "ends": None if answer.ends is None else instant(answer.ends),
        "evidence": [answer.rests_on],
    }
    if answer.gives == "none" or written != dict(opening) or commitment_of("decision", written) != commitment:
        why = f": {', '.join(answer.words)}" if answer.gives == "none" else ""
        raise Unproved("RULE-DIVERGENCE", "RULE-DIVERGENCE", f"the rules decide otherwise than was decided{why}")


def _appeal(
    reading: _File, file: Mapping[str, Any], opening: Mapping[str, Any], found: Recomputed, at: int
) -> str | None:
    """Return the word for how an appeal ends the measure; None where there is none, or it stands."""
    if "appeal" not in file:
        return None
    opened_item, closed_item = _exactly(file["appeal"], "opened", "closed")
    leaf, proof = _exactly(opened_item, "leaf", "proof")
    appeal, deadline = _exactly(leaf, "appeal", "deadline")
    opened = reading.prover.prove("appeal-opened", leaf, proof)
    body = reading.open(appeal, "appeal") if is_octets(appeal, 32) else {}
    if body.get("decision") != found.commitment:
        raise Unproved("NO-PROOF", "OPENING", "the appeal is about another decision")
    by = min(seconds(deadline), seconds(body["opened"]) + ANSWER_WITHIN, opened.times.at + ANSWER_WITHIN)
    if closed_item is None:
        return "APPEAL-OVERDUE" if at >= by else None
    leaf, proof = _exactly(closed_item, "leaf", "proof")
    answered, outcome, organisation = _exactly(leaf, "appeal", "outcome", "organisation")
    closed = reading.prover.prove("appeal-closed", leaf, proof)
    if answered != appeal or outcome not in ("stands", "ended"):
        raise Unproved("NO-PROOF", "FILE", "the answer is to another appeal")
    if closed.index <= opened.index:
        raise Unproved("ORDER-VIOLATION", "ORDER-VIOLATION", "the answer came into the log before the appeal")
    if outcome == "ended":
        return "APPEAL-ENDED"
    if closed.times.at >= by:
        return "APPEAL-OVERDUE"
    took_part = {folded(one) for one in (*found.organisations, reading.prover.log.name)}
    if folded(organisation) in took_part:
        raise Unproved("APPEAL-SELF", "APPEAL-SELF", "an organisation that took part answered the appeal")
    return None


def _nothing_else(reading: _File) -> None:
    if set(reading.openings) != reading.used:
        raise Unproved("NO-PROOF", "FILE", "the file holds openings that nothing rests on")
    if {(one.party, one.duty, one.key) for one in reading.keys} != reading.keys_used:
        raise Unproved("NO-PROOF", "FILE", "the file holds keys that nothing rests on")


def _exactly(item: Any, *names: str) -> list[Any]:
    if not isinstance(item, dict) or set(item) != set(names):
        raise Unproved("NO-PROOF", "FILE", f"a part of the file has other fields than {sorted(names)}")
    return [item[name] for name in names]
