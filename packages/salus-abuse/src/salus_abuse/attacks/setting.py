"""Setting a measure by hand: by list, by row, by leaf, by scan, by an old system's import."""

from __future__ import annotations

import json
import re
from typing import Any

from salus.app import import_files
from salus.cli.actors import commit_specimen, new_subject, sign_result
from salus.kernel import Role
from salus.rules import Result
from salus_abuse.browsing import words_of
from salus_abuse.forging import bare_leaf, fakes, plant, push
from salus_abuse.model import Sight, attack
from salus_abuse.scene import DISEASE, ID_CARD, Person, Scene, a_patient, codes
from salus_abuse.wallet import PublicLog, changed

DEPOSITORS = 1317
"""How many people were turned red in Henan in June 2022."""
LIES = 132
COLOUR = {"url": "https://vendor.example/StructureDefinition/health-code-colour", "valueCode": "red"}
_RED = {"text": "红码", "coding": [{"system": "https://vendor.example/health-code-status", "code": "RED"}]}
GUESSES = (
    ("POST", "/fhir/$set-measure"),
    ("POST", "/fhir/Patient/{}/$set-status"),
    ("PATCH", "/fhir/Patient/{}/colour"),
    ("POST", "/measures"),
    ("PUT", "/residents/{}/health-code"),
    ("POST", "/api/v1/code-status"),
    ("DELETE", "/me/measure"),
    ("POST", "/admin/red-list"),
    ("PUT", "/status"),
)
SCANS = ("/scans", "/venues/1/check-ins", "/fhir/$check-in", "/health-code/scan", "/me/code/scan", "/verify")


def a_flag(patient: str) -> dict[str, Any]:
    """A mark on somebody, as a vendor's clerk would send it."""
    return {"resourceType": "Flag", "status": "active", "code": _RED, "subject": {"reference": patient}}


def tries(s: Scene, kind: str) -> int:
    """Return how many attempts of a kind the public page counts, ten seconds later: so long a loop's may wait."""
    s.node.refusals.settle(every=True)
    page = words_of(s.ask("GET", "/about/power", Accept="text/html"))
    found = re.search(rf"{kind} ([0-9,]+) ", page)
    return int(found[1].replace(",", "")) if found else 0


@attack(
    "A01",
    "An official sends a list of 1,317 people to be turned red",
    powers="O",
    passes="every record, import and guessed address is refused and counted in public; nobody is asked for anything",
    cuts=[("marks-refused",), ("guesses-counted",)],
)
def henan_list(s: Scene, see: Sight) -> None:
    people = [s.person() for _ in range(8)]
    written, guessed = tries(s, "sent as a record"), tries(s, "sent to an address that does not exist")
    refused = 0
    for start in range(0, DEPOSITORS, 100):
        many = [people[n % len(people)] for n in range(start, min(start + 100, DEPOSITORS))]
        refused += sum(one == "422" for one in _batch(s, many))
    see.that(f"{refused} of {DEPOSITORS} marks are refused, each by itself", refused == DEPOSITORS)
    one = s.ask("POST", "/fhir/Flag", a_flag(people[0].patient), s.token(Role.OPERATOR, None))
    see.refused("the mark of an operator", one, 422, code="SALUS-R120")
    for method, path in GUESSES:
        for role in (Role.OPERATOR, Role.COMMANDER, Role.HOSPITAL_SYSTEM):
            token = s.token(role, None if role is Role.OPERATOR else "H1")
            body = {"residents": [each.number for each in people], "colour": "red"}
            answer = s.ask(method, path.format(people[0].patient.rpartition("/")[2]), body, token)
            see.refused(f"{method} {path}", answer, 404, 405, 422)
    more = tries(s, "sent as a record") - written
    see.that(f"{more} marks are counted in public", more == DEPOSITORS + 1)
    more = tries(s, "sent to an address that does not exist") - guessed
    see.that(f"{more} guesses are counted in public", more == 3 * len(GUESSES))
    s.settle()
    see.that("nobody of the list is asked for anything", all(each.free for each in people))


def _batch(s: Scene, people: list[Person]) -> list[str]:
    entries = [{"request": {"method": "POST", "url": "Flag"}, "resource": a_flag(one.patient)} for one in people]
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    answer = s.ask("POST", "/fhir", bundle, s.token(Role.HOSPITAL_SYSTEM, "H1"))
    return [one["response"]["status"][:3] for one in answer.json().get("entry", [])]


@attack(
    "A02",
    "A database administrator writes a positive, a decision and a notice into somebody's rows",
    powers="D",
    passes="the resident's own page asks for nothing; the auditor reports PROJECTION-MISMATCH at the next checkpoint",
    cuts=[("openings-sealed", "rows-recomputed"), ("rows-audited",)],
)
def dba_red(s: Scene, see: Sight) -> None:
    victim, robbed = s.person(), s.person()
    (other, *_), before = s.infected(), s.audit()
    specimen, found = fakes(s)
    plant(s, victim, specimen, found, keys=False, logged=True, then=see.strikes)
    for table in ("evidence", "decision"):
        moved = f"update healthcode.{table} set chart_key = %s where chart_key = %s"
        s.rows(moved, s.chart(robbed), s.chart(other))
    s.close()
    see.that("whose rows were written is asked for nothing", victim.free)
    see.that("to whom another's positive was moved is asked for nothing", robbed.free)
    see.finding("PROJECTION-MISMATCH", codes(s.audit() - before)["PROJECTION-MISMATCH"])
    for table in ("evidence", "decision"):
        moved = f"update healthcode.{table} set chart_key = %s where chart_key = %s"
        s.rows(moved, s.chart(other), s.chart(robbed))


@attack(
    "A03",
    "With the database, the charts' keys and the log, 1,317 decisions are logged that rest on no evidence",
    powers="D, K, G",
    passes="no file proves one of them; the auditor reports EVID-MISSING for each, at the next checkpoint",
    cuts=[("rows-recomputed",), ("rows-audited",)],
)
def bare_assign(s: Scene, see: Sight) -> None:
    victim, before = s.person(), s.audit()
    (other, *_), known = s.infected(), s.outside()
    specimen, found = fakes(s)
    plant(s, victim, specimen, found, keys=True, logged=True, then=see.strikes)
    leaves = [bare_leaf() for _ in range(DEPOSITORS)]
    push(s, "decision", *leaves)
    s.close()
    log = PublicLog(s.log)
    see.that("the leaves stand in the log, cosigned", all(log.holds("decision", one) for one in leaves[:20]))
    bare = changed(other.file, decision=leaves[0], proof=log.proof("decision", leaves[0]), evidence=[])
    see.word("a file with such a decision", s.judge(bare).fault, "NO-EVIDENCE")
    see.that("the victim is asked for nothing", victim.free)
    see.finding("EVID-MISSING", codes(s.audit() - before)["EVID-MISSING"], least=DEPOSITORS)
    see.outside("EVID-MISSING", before=known)


@attack(
    "A04",
    "A laboratory signs positives about people from whom nobody took a specimen",
    powers="L",
    passes="each is refused: ACCESSION-MISSING; nothing of it reaches the log",
    cuts=[("specimen-first",)],
)
def lab_lies(s: Scene, see: Sight) -> None:
    before = len(PublicLog(s.log).leaves("result"))
    for _ in range(LIES):
        nobodys = commit_specimen(s.site, disease=DISEASE, taken=s.now, subject=new_subject())
        answer = s.send_result(sign_result(s.laboratory, nobodys, Result.POSITIVE, s.now))
        see.refused("a result without a specimen", answer, 400, 403, 409, 422, code="ACCESSION-MISSING")
    s.close()
    see.that("no result of them is in the log", len(PublicLog(s.log).leaves("result")) == before)


@attack(
    "A06",
    "Scans of a venue in another city are sent for people who were never there",
    powers="O, U",
    passes="no address takes a scan; a field for one is refused in evidence and taken out of records",
    cuts=[("evidence-form-closed",), ("places-taken-out",)],
)
def remote_scan(s: Scene, see: Sight) -> None:
    person = s.person("H1")
    scan = {"resident": person.number, "venue": "zhengzhou-bank-1", "at": "2031-03-04T10:00:00Z"}
    for path in SCANS:
        for role, facility in ((Role.HOSPITAL_SYSTEM, "H1"), (Role.OPERATOR, None)):
            see.refused(f"POST {path}", s.ask("POST", path, scan, s.token(role, facility)), 400, 403, 404, 405, 422)
    signed = commit_specimen(s.site, disease=DISEASE, taken=s.now, subject=new_subject())
    answer = s.send_specimen(s.register(person.number, "S1"), signed, venue="zhengzhou-bank-1")
    see.refused("evidence with a venue", answer, 400, 403, 422, code="SALUS-H")
    sent = s.ask("PUT", f"/fhir/{person.patient}", _checked_in(person), s.system("H1"))
    see.that("a record with a check-in is taken without it", sent.status_code in (200, 422))
    kept = s.ask("GET", f"/fhir/{person.patient}", None, s.system("H1")).text
    see.that("nothing of the venue is kept", "zhengzhou-bank-1" not in kept)
    s.settle()
    see.that("nobody is asked for anything", person.free)


def _checked_in(person: Person) -> dict[str, Any]:
    trail = {"url": "https://vendor.example/check-in", "valueString": "zhengzhou-bank-1"}
    return a_patient(person.number, id=person.patient.rpartition("/")[2], extension=[trail])


@attack(
    "A18",
    "An old system's statuses are imported when the systems are switched",
    powers="O",
    passes="each line is refused and counted; evidence and records alone are imported",
    cuts=[("marks-refused",)],
)
def migration(s: Scene, see: Sight) -> None:
    people = [s.person("H1") for _ in range(4)]
    lines: list[dict[str, Any]] = [
        {"person": people[0].number, "colour": "red"},
        {"resourceType": "Patient", "identifier": [{"system": ID_CARD, "value": people[1].number}], "codeStatus": 2},
        a_patient(people[2].number, meta={"tag": [{"system": "https://vendor.example/tags", "code": "red"}]}),
        a_patient(people[3].number, extension=[COLOUR]),
        a_patient(people[0].number),
    ]
    file = s.folder / "statuses.ndjson"
    file.write_text("\n".join(json.dumps(one) for one in lines), "utf-8")
    counted = tries(s, "sent in an import")
    done = import_files(s.node, "H1", [file])
    refused = [number for number, *_ in ((line, text) for _, line, text in done.refused)]
    see.that(f"lines {refused} of five are refused", refused == [1, 2, 3, 4])
    known = [text for _, _, text in done.refused]
    see.word("a status", "SALUS-R120" if known and all("SALUS-R120" in one for one in known) else None, "SALUS-R120")
    see.that("each is counted in public", tries(s, "sent in an import") == counted + 4)
    s.settle()
    see.that("nobody is asked for anything", all(one.free for one in people))
