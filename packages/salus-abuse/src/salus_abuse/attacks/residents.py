"""Against the resident's own part in it: no code, an old code, what is closed, a marked file."""

from __future__ import annotations

import json
from typing import Any

from salus.app import demo_principal, demo_resident, my_code
from salus.app.classifying import classify_some
from salus.kernel import Purpose, Role
from salus_abuse.model import Sight, attack
from salus_abuse.scene import Person, Scene
from salus_abuse.wallet import changed


def arrives(s: Scene, person: Person, facility: str, presented: str | None = None) -> str:
    """Have somebody come to a desk; return where the clinician is sent, or nothing if the desk does not know them."""
    desk = s.browser(Role.CLINICIAN, facility)
    answer = desk.post("/desk", wanted=presented or person.number, purpose="TREAT")
    return str(answer.headers.get("location", "")) if answer.status_code == 303 else ""


def code_of(s: Scene, person: Person) -> str:
    """The resident's identity code as their own page draws it."""
    who = demo_principal(s.node, Role.RESIDENT, resident=demo_resident(s.node, person.number))
    return my_code(s.node, who.for_purpose(Purpose.PATRQT)).code


@attack(
    "A19",
    "A code is withheld from somebody, or stalls, so that doors turn them away",
    powers="O, D",
    passes="there is no green to withhold; care opens by the number alone; the own page asks for nothing",
)
def withheld(s: Scene, see: Sight) -> None:
    person = s.person("H1")
    s.rows("delete from healthcode.code where resident_key in (select max(resident_key) from healthcode.code)")
    see.that("care opens without any code", arrives(s, person, "H2"))
    see.that("the own page asks for nothing", person.free)
    answer = s.ask("GET", "/me/green", None, s.token(Role.RESIDENT, None, person.number))
    see.refused("asking for a green", answer, 303, 401, 404)


@attack(
    "A20",
    "Files of a group are marked: a further field, another order, another spelling",
    powers="O, K",
    passes="a file has one spelling: a verifier takes no other, so there is nowhere to put a mark",
)
def marking(s: Scene, see: Sight) -> None:
    person, *_ = s.infected()
    file, told = person.file, json.loads(person.file)
    see.that("the file itself proves", s.judge(file).fault is None)
    see.word("a further field", s.judge(changed(file, group="7")).fault, "FILE")
    see.word("another order", s.judge(json.dumps(dict(reversed(told.items()))).encode()).fault, "FILE")
    see.word("a blank more", s.judge(file.replace(b'":', b'": ', 1)).fault, "FILE")
    told["openings"]["A" * 43 + "="] = {"specimen": {}}
    see.word(
        "an opening that nothing rests on", s.judge(changed(file, openings=told["openings"])).fault, "FILE", "OPENING"
    )
    proof = told["proof"] + "— witness.stranger.example AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
    see.word("a stranger's line under its proof", s.judge(changed(file, proof=proof)).fault, "NO-PROOF")


@attack(
    "C10",
    "A hospital that treats somebody reads what they keep closed",
    powers="C",
    passes="an entry of a closed class is not there for another place: no read, no search, no summary tells of it",
    cuts=[("classes-closed",)],
)
def closed_class(s: Scene, see: Sight) -> None:
    person = s.person("H1")
    condition: dict[str, Any] = {
        "resourceType": "Condition",
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20.1"}], "text": "kingfisher"},
        "subject": {"reference": person.patient},
    }
    written = s.ask("POST", "/fhir/Condition", condition, s.system("H1"))
    written.raise_for_status()
    id_ = written.json()["id"]
    while classify_some(s.node):
        pass
    see.that("the resident is at the other hospital", arrives(s, person, "H2"))
    token = s.token(Role.CLINICIAN, "H2")
    see.refused("reading it", s.ask("GET", f"/fhir/Condition/{id_}", None, token), 403, 404)
    found = s.ask("GET", f"/fhir/Condition?patient={person.patient.rpartition('/')[2]}", None, token)
    see.that("a search does not tell of it", id_ not in found.text and "kingfisher" not in found.text)
    own = s.ask("GET", f"/fhir/Condition/{id_}", None, s.system("H1"))
    see.that("who wrote it reads it", own.status_code == 200)


@attack(
    "C14",
    "A picture of somebody's old code is shown at a desk",
    powers="U",
    passes="a code that its resident replaced opens nothing",
)
def replay(s: Scene, see: Sight) -> None:
    person = s.person("H1")
    old = code_of(s, person)
    see.that("the code opened the desk", arrives(s, person, "H2", old))
    answer = person.browser.post("/me/code/replace")
    see.that("its resident replaced it", answer.status_code == 303)
    see.that("the picture of the old one opens nothing", not arrives(s, person, "H1", old))
    see.that("the new one does", arrives(s, person, "H1", code_of(s, person)))
