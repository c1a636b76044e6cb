"""Twisting evidence, decisions and contests: other code, old dates, one result twice, a negative that is lost."""

from __future__ import annotations

import base64
import json
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from salus import identity
from salus.cli.actors import Party, Signed, commit_specimen, new_subject, rules_document, sign_result
from salus.identity import Author
from salus.kernel import Role, canonical
from salus.proof import Note, Trust, VerifierKey, WitnessKey, cosign, sign_checkpoint
from salus.proof.cosignature import TIME_BYTES
from salus.proof.logged import PROOF_HEADER
from salus.rules import Measure, Result, attestation_message, recompute, sign_with_word
from salus.storage import Duty
from salus_abuse.attacks.rules import refusal
from salus_abuse.forging import Under, bare_leaf, decision, leaf_of, plant_decision, push
from salus_abuse.model import Sight, attack
from salus_abuse.scene import DAY, DISEASE, HOUR, Person, Scene, codes
from salus_abuse.wallet import PublicLog, case_in, changed, decision_of, over, renewed, with_evidence

WORDS = "I was never there."
MOST_SLIPS = 15
"""So many of one case two investigators may attest."""


@attack(
    "A12",
    "The server runs other code than the published rules: a negative is made a precaution",
    powers="D, K, G",
    passes="whoever recomputes comes to RULE-DIVERGENCE; the holder is asked for nothing; the auditor reports the row",
    cuts=[("rows-audited",)],
)
def rule_swap(s: Scene, see: Sight) -> None:
    (other, *_), before = s.infected(), s.audit()
    person = s.person()
    specimen = s.specimen(person)
    s.close()
    found = s.result(specimen, Result.NEGATIVE)
    s.settle()
    see.strikes()
    told = PublicLog(s.log)
    opening = decision(Under.read(s), specimen, found, s.now)
    leaf = plant_decision(s, s.chart(person), found, opening)
    s.close()
    file = json.loads(other.file)
    evidence = [
        {"kind": one.kind, "leaf": one.leaf, "proof": told.proof(one.kind, one.leaf)} for one in (specimen, found)
    ]
    openings = {one.commitment: one.opening for one in (specimen, found)}
    forged = changed(
        json.dumps(file).encode(),
        evidence=evidence,
        openings=openings | {leaf["commitment"]: opening},
        decision=leaf,
        at=opening["decision"]["at"],
        proof=PublicLog(s.log).proof("decision", leaf),
    )
    see.word("a file of that decision", s.judge(forged).fault, "RULE-DIVERGENCE")
    see.outside("RULE-DIVERGENCE", files=[forged])
    see.that("the holder is asked for nothing", person.free)
    found_now = codes(s.audit() - before)
    see.finding("PROJECTION-MISMATCH", found_now["PROJECTION-MISMATCH"])
    see.code = "RULE-DIVERGENCE" if see.found else None


@attack(
    "A15",
    "Evidence and rules are dated before they stood in the log",
    powers="S, G",
    passes="old evidence is refused, a decision before its evidence ORDER-VIOLATION, an earlier rule RETROACTIVE",
)
def backdate(s: Scene, see: Sight) -> None:
    person = s.person()
    old = commit_specimen(s.site, disease=DISEASE, taken=s.now - 80 * HOUR, subject=new_subject())
    see.refused("a specimen of 80 hours ago", s.send_specimen(person.patient, old), 400, 403, 422, code="SALUS-H")
    rules = rules_document("measles", s.now - HOUR, s.now + 30 * DAY, version=7)
    see.word("a rule that counts from an hour ago", refusal(s, rules), "RETROACTIVE")
    specimen = s.specimen(person)
    s.close()
    found = sign_result(s.laboratory, specimen, Result.POSITIVE, s.now)
    opening = decision(Under.read(s), specimen, found, s.now)
    leaf = leaf_of(opening, found)
    push(s, "decision", leaf)
    s.close()
    s.send_result(found).raise_for_status()
    s.settle()
    early = over(person.file, opening, leaf, PublicLog(s.log).proof("decision", leaf))
    see.word("a decision that came before its evidence", s.judge(early).fault, "ORDER-VIOLATION")
    see.outside("ORDER-VIOLATION", files=[early])


@attack(
    "A16",
    "One positive is made to back a second decision",
    powers="D, K, G",
    passes="the auditor reports EVIDENCE-REUSE at the next checkpoint",
    cuts=[("reuse-audited",)],
)
def evidence_reuse(s: Scene, see: Sight) -> None:
    person, *_ = s.infected()
    before = s.audit()
    see.strikes()
    again = decision_of(person.file) | {"commitment": base64.b64encode(secrets.token_bytes(32)).decode()}
    push(s, "decision", again)
    s.close()
    see.finding("EVIDENCE-REUSE", codes(s.audit() - before)["EVIDENCE-REUSE"])
    see.outside("EVIDENCE-REUSE")
    see.that("what the result was first used for is shown once", person.file)


@attack(
    "A17",
    "An operator loses the negative that ends a measure",
    powers="D",
    passes="with the public log and the own receipt the holder writes the file anew: RELEASED, whoever reads it",
    cuts=[("negatives-release",)],
)
def sticky_red(s: Scene, see: Sight) -> None:
    person, specimen, _ = s.infected()
    file = person.file
    s.advance(25 * HOUR)
    clean = commit_specimen(s.site, disease=DISEASE, taken=s.now, subject=specimen.body["subject"])
    s.send_specimen(person.patient, clean).raise_for_status()
    s.close()
    negative = s.result(clean, Result.NEGATIVE)
    s.close()
    for one in (negative, clean):
        raw = base64.b64decode(one.commitment)
        s.rows("delete from healthcode.undecided where evidence_key in"
               " (select evidence_key from healthcode.evidence where commitment = %s)", raw)  # fmt: skip
        s.rows("delete from healthcode.evidence where commitment = %s", raw)
    s.close()
    see.that("the operator's own page still shows it", not person.free)
    written_anew = with_evidence(file, PublicLog(s.log), clean, negative)
    see.word("the file with the own negative", s.judge(written_anew).fault, "RELEASED")


@attack(
    "A23",
    "A case is given 10,000 contacts",
    powers="L, O",
    passes="evidence has no field for a contact, and no kind for one: refused; a sixteenth slip of a case is found",
    cuts=[("evidence-form-closed",), ("contacts-capped",)],
)
def fan_out(s: Scene, see: Sight) -> None:
    person = s.person()
    specimen = commit_specimen(s.site, disease=DISEASE, taken=s.now, subject=new_subject())
    contacts = [f"contact-{n}" for n in range(10_000)]
    sent = s.send_specimen(person.patient, specimen, contacts=contacts)
    see.refused("a specimen with contacts", sent, 400, 403, 413, 422)
    s.send_specimen(person.patient, specimen)
    contact = sign_result(s.laboratory, specimen, Result.POSITIVE, s.now)
    inner = {**contact.body, "kind": "contact"}
    body = Signed(
        kind="result",
        party=contact.party,
        opening={"result": inner},
        commitment=contact.commitment,
        signature=contact.signature,
    )
    answer = s.ask(
        "POST",
        "/evidence/results",
        {"resource": {"resourceType": "Observation"}, "opening": body.opening, "signature": body.signature},
        s.system("L1"),
        "application/json",
    )
    see.refused("a result of the kind contact", answer, 400, 403, 422, code="SALUS-")
    s.settle()
    see.that("nobody is asked for anything", person.free)
    _slips(s, see)


def _slips(s: Scene, see: Sight) -> None:
    """Push one attested exposure more than two investigators may sign of a true case, each for whoever is wanted."""
    case, *_ = s.infected()
    before, file = s.outside(), case.file
    for number in range(1, MOST_SLIPS + 1):
        _attest(s, file, number, s.investigators)
    s.close()
    _attest(s, file, MOST_SLIPS + 1, s.investigators)
    s.close()
    _reported(s, see, before, {"CONTACT-CAP": 1})


def _attest(s: Scene, case: bytes, number: int, by: Sequence[Party]) -> None:
    """Push an exposure of a case whose holder was made to show the file, with the word in it."""
    (tag, word), commitment = case_in(case), bare_leaf()["commitment"]
    message = attestation_message(commitment, tag, number)
    told = {"index": tag, "commitment": commitment, "number": number}
    signed = {"signatures": {one.name: one.sign(message) for one in by}}
    push(s, "exposure", {**told, **signed, "word": sign_with_word(word, commitment, tag, number)})


def _reported(s: Scene, see: Sight, before: Counter[str] | None, expected: dict[str, int]) -> None:
    """What `salus-audit` finds more than before has to be this, and nothing else."""
    after = s.outside()
    if before is not None and after is not None:
        see.that(f"salus-audit reports {dict(after - before)}", dict(after - before) == expected)


@attack(
    "A24",
    "Another region's log, with witnesses of its own, says that somebody here is to be restrained",
    powers="O, G",
    passes="true there, NO-PROOF here; its laboratory's result is refused; its record of a positive asks for nothing",
    cuts=[("own-log-only",)],
)
def foreign_region(s: Scene, see: Sight) -> None:
    person, *_ = s.infected()
    theirs = _Region()
    forged = theirs.signed(person.file)
    there = recompute(forged, theirs.trust, s.now)
    see.that(f"who believes that region's log finds it proved: {there.measure}", there.measure is Measure.PRECAUTION)
    see.word("the same file, here", s.judge(forged).fault, "NO-PROOF")
    free = s.person("H1")
    there_positive = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "94500-6"}]},
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "10828004"}]},
        "subject": {"reference": free.patient},
    }
    s.ask("POST", "/fhir/Observation", there_positive, s.system("H1")).raise_for_status()
    mine = s.person()
    specimen = s.specimen(mine)
    stranger = Party.new(s.laboratory.name, "region-b", s.laboratory.duty)
    answer = s.send_result(sign_result(stranger, specimen, Result.POSITIVE, s.now))
    see.refused("a result that their laboratory signed", answer, 400, 403, 422, code="SALUS-H")
    s.settle()
    see.that("nobody is asked for anything by it", free.free and mine.free)
    see.code = "NO-PROOF"


class _Region:
    """Another region: a log of its own under three witnesses of its own, in which all stands that is true here."""

    def __init__(self) -> None:
        self.log = _Key("region-b.example/log")
        self.witnesses = [_Key(f"witness-{number}.region-b.example") for number in range(3)]
        keys = [WitnessKey.of(one, f"house-{number}") for number, one in enumerate(self.witnesses)]
        self.trust = Trust.of(VerifierKey.of(self.log), keys)

    def signed(self, file: bytes) -> bytes:
        """Sign every head in a file anew, as that region's log and its witnesses would."""
        return canonical(self._each(json.loads(file)))

    def _each(self, told: Any) -> Any:
        if isinstance(told, dict):
            return {name: self._each(one) for name, one in told.items()}
        if isinstance(told, list):
            return [self._each(one) for one in told]
        if isinstance(told, str) and told.startswith(PROOF_HEADER):
            head, _, note = told.partition("\n\n")
            return f"{head}\n\n{self._head(note)}"
        return told

    def _head(self, text: str) -> str:
        given = Note.parse(text)
        size, root = given.text.split("\n")[1:3]
        head = Note.parse(sign_checkpoint(int(size), base64.b64decode(root), self.log).note)
        at = datetime.fromtimestamp(int.from_bytes(given.signatures[-1].value[:TIME_BYTES]), UTC)
        lines = [cosign(head.text, at, one) for one in self.witnesses]
        return str(Note(text=head.text, signatures=(*head.signatures, *lines)))


class _Key:
    def __init__(self, name: str) -> None:
        self.name, self._private = name, Ed25519PrivateKey.generate()
        self.public_key = self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def contested(s: Scene, person: Person) -> str:
    """Have a resident contest the notice on the own page; return the receipt's address."""
    (form, *_) = person.browser.links("/me/notice", "/me/contests/new?notice=")
    notice = form.partition("notice=")[2]
    answer = person.browser.post("/me/contests", words=WORDS, notice=notice)
    assert answer.status_code == 303, answer.text[:300]
    s.close()
    return answer.headers["location"]


@attack(
    "A25",
    "A contest is deleted so that nobody has to answer it",
    powers="D",
    passes="after 48 hours the file is APPEAL-OVERDUE, whoever reads it; the auditor reports APPEAL-BURIED",
    cuts=[("late-answers-end",)],
)
def appeal_bury(s: Scene, see: Sight) -> None:
    person, *_ = s.infected()
    before, known = s.audit(), s.outside()
    see.strikes()
    address = contested(s, person)
    file = person.file
    s.rows("delete from appeals.contest where appeal = %s", bytes.fromhex(address.rpartition("/")[2]))
    s.close()
    see.finding("APPEAL-BURIED", codes(s.audit() - before)["APPEAL-BURIED"])
    s.advance(49 * HOUR)
    overdue = s.judge(renewed(file, PublicLog(s.log)))
    see.that(f"the file is {overdue.fault} and asks for nothing", overdue.fault == "APPEAL-OVERDUE")
    see.outside("APPEAL-OVERDUE", before=known)


@attack(
    "A26",
    "The organisation that took the specimen answers the contest itself",
    powers="O",
    passes="refused: who took part can neither see nor answer",
    cuts=[("others-judge",)],
)
def self_judge(s: Scene, see: Sight) -> None:
    person, *_ = s.infected()
    receipt = contested(s, person).replace("/me/contests", "/appeals")
    answer = s.browser(Role.APPEAL_OFFICER, "OFFICE").post(receipt, outcome="stands", reason="We looked into it.")
    see.refused("an answer of the own organisation", answer, 403, 404)
    s.close()
    other = s.browser(Role.APPEAL_OFFICER, "COURT").post(receipt, outcome="ended", reason="We looked into it.")
    see.that("another organisation can answer", other.status_code == 303)
    s.settle()
    see.that("and what it ends has ended", person.free)


@attack(
    "A28",
    "Another person's record, with a positive in it, is linked to somebody's",
    powers="O, D",
    passes="a link brings no measure, whoever made it; parting restores what was",
    cuts=[("own-number-only",)],
)
def wrong_merge(s: Scene, see: Sight) -> None:
    victim = s.person()
    other, *_ = s.infected()
    two = Author(name="one", role=Role.INDEX_REVIEWER, second="two")
    charts = (s.chart(victim), s.chart(other))
    with s.node.store.transaction(Duty.CARE) as tx:
        identity.link(tx, charts, ground="score", author=two, at=s.now)
    s.settle()
    see.that("to whom another was linked is asked for nothing", victim.free)
    with s.node.store.transaction(Duty.CARE) as tx:
        identity.part(tx, [charts[1]], ground="documents-differ", author=two, at=s.now)
    see.that("after parting each has the own again", victim.free and not other.free)


@attack(
    "A30",
    "Coerced investigators attach people to true cases as their contacts",
    powers="O",
    passes="records about contacts are records: nothing follows from them; a slip that one signs alone is found",
    cuts=[("slips-cosigned",)],
)
def false_contacts(s: Scene, see: Sight) -> None:
    case, *_ = s.infected()
    people = [s.person("H1") for _ in range(5)]
    token = s.system("H1")
    for one in people:
        relative = {"resourceType": "RelatedPerson", "patient": {"reference": one.patient}, "name": [{"text": "Case"}]}
        exposed = {
            "resourceType": "Condition",
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "Z20.8"}], "text": "contact"},
            "subject": {"reference": one.patient},
        }
        positive = {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "94500-6"}]},
            "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "10828004"}]},
            "subject": {"reference": one.patient},
        }
        for resource in (relative, exposed, positive):
            answer = s.ask("POST", f"/fhir/{resource['resourceType']}", resource, token)
            see.that("a record about a contact is taken as a record", answer.status_code in (201, 403, 422))
    s.settle()
    see.that("nobody who was attached is asked for anything", all(one.free for one in people))
    see.that("the true case is", s.judge(case.file).measure is Measure.PRECAUTION)
    before, (alone, *_) = s.outside(), s.investigators
    unknown = Party.new(alone.name, alone.organisation, alone.duty)
    _attest(s, case.file, 1, [alone])
    _attest(s, case.file, 2, [s.investigators[1], unknown])
    s.close()
    _reported(s, see, before, {"SHORT-QUORUM": 1, "SIGNATURE": 1})
