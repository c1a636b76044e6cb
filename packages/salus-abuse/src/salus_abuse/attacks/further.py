"""What people will try against this design in particular: a green, a void, a flag, a police hospital, an order."""

from __future__ import annotations

import copy
import socket
from dataclasses import replace
from typing import Any
from uuid import UUID

from salus import parties
from salus.app import deliver_events
from salus.cli.actors import acceptance_document
from salus.codec.certificates import read_trust, verify
from salus.command import CommandInvalid, FieldRefused, Officer, Order, OrderKind, Supply
from salus.kernel import Role, SalusError
from salus.parties import FacilityKind
from salus.proof import Trust
from salus.rules import Measure, PublicationRefused, TableRefused, Venue, recompute
from salus.rules.acceptance import shipped_acceptance
from salus_abuse.attacks.rules import refusal
from salus_abuse.forging import bare_leaf, push
from salus_abuse.model import Sight, attack
from salus_abuse.scene import DAY, HOUR, Scene, codes

GREENS: tuple[tuple[str, str, dict[str, str] | None], ...] = (
    ("POST", "/me/certificates", {"kind": "green"}),
    ("GET", "/me/green", None),
    ("POST", "/me/green", {}),
    ("GET", "/green-code", None),
    ("POST", "/fhir/$green", {}),
    ("GET", "/me/status", None),
)


@attack(
    "D01",
    "A door demands a green",
    powers="O, U",
    passes="there is no such thing to issue, to ask for or to show: whatever is shown as one is the same empty screen",
)
def demanding_a_green(s: Scene, see: Sight) -> None:
    person = s.person()
    for method, path, body in GREENS:
        answer = s.ask(method, path, body, s.token(Role.RESIDENT, None, person.number), "application/json")
        see.refused(f"{method} {path}", answer, 303, 400, 401, 403, 404, 405, 422)
    see.that("no measure is called green", "green" not in {str(one) for one in Measure})
    told = s.ask("GET", "/trust.json")
    if told.status_code == 200:
        trust = read_trust(told.content)
        shown = [verify(text, trust, s.now, venue).certificate for text in ("GREEN", "SL1:GREEN") for venue in Venue]
        see.that("a door shows nothing for a green", not any(shown))
    page = person.browser.text("/me/code").lower()
    see.that("the identity code's page speaks of no colour", "green" not in page and "red code" not in page)
    see.code = "404"


@attack(
    "D02",
    "A region's acceptance rules hold a list of the people who may come in",
    powers="O",
    passes="refused under the linter's word for what was listed, whoever signs",
)
def person_list_in_acceptance(s: Scene, see: Sight) -> None:
    listed = {
        "names": {"in": [{"var": "payload.nam.fnt"}, ["LI", "WANG"]]},
        "birth dates": {"in": [{"var": "payload.dob"}, ["1980-02-03"]]},
        "certificate numbers": {"in": [{"var": "payload.v.0.ci"}, ["URN:UVCI:1"]]},
        "identity numbers": {"in": [{"var": "payload.v.0.ma"}, ["900101198001011234"]]},
        "hashes": {"in": [{"var": "payload.v.0.ma"}, ["d2a84f4b8b650937ec8f73cd8be2c74a"]]},
        "1,317 pieces": {"in": [{"var": "payload.v.0.ma"}, [f"H{n}" for n in range(1317)]]},
    }
    starts = s.now + 4 * DAY
    for what, logic in listed.items():
        rules: dict[str, Any] = copy.deepcopy(shipped_acceptance("covid-19"))
        rules["rules"][0]["logic"] = {"and": [rules["rules"][0]["logic"], logic]}
        try:
            document = acceptance_document("covid-19", starts, starts + 30 * DAY, region="900101", rules=rules)
            word = refusal(s, document)
        except (PublicationRefused, TableRefused) as refused:
            word = refused.code
        see.that(f"a list of {what} is refused under {word}", word)
        see.code = word


@attack(
    "D03",
    "Voiding somebody's certificates is used to restrain them",
    powers="O, D",
    passes="a void says that a paper is not good and asks nothing of anybody; one that no list backs is reported",
)
def void_as_setter(s: Scene, see: Sight) -> None:
    person, before = s.person(), s.audit()
    see.strikes()
    other = s.person()
    answer = s.browser(Role.RESIDENT, resident=other.number).post("/me/certificates/1/void")
    see.refused("voiding what is another's", answer, 303, 400, 403, 404)
    push(s, "void", {"commitment": bare_leaf()["commitment"]})
    s.settle()
    see.that("nobody is asked for anything", person.free and other.free)
    found = codes(s.audit() - before)
    code = next((one for one in found if "VOID" in one), "")
    see.finding(code or "VOID-UNBACKED", found[code])


@attack(
    "D04",
    "A Flag of isolation, as a hospital would write it, is used as a measure",
    powers="C, O",
    passes="care takes it as a record; the resident's page, a door and the auditor know nothing of it",
)
def flag_as_setter(s: Scene, see: Sight) -> None:
    person, before = s.person("H1"), s.audit()
    for text in ("Isolation", "Infectious: keep apart", "隔离"):
        flag = {
            "resourceType": "Flag",
            "status": "active",
            "code": {"text": text},
            "subject": {"reference": person.patient},
        }
        answer = s.ask("POST", "/fhir/Flag", flag, s.system("H1"))
        see.that(f"a flag is a record, or refused ({answer.status_code})", answer.status_code in (201, 422))
    s.settle()
    see.that("the resident is asked for nothing", person.free)
    see.that("no decision came of it", not (s.audit() - before))


@attack(
    "D05",
    "A police station is registered as a hospital, and reads with numbers that it has",
    powers="O",
    passes="there is no such kind of facility; under a false one every look stands in the resident's register by name",
)
def police_hospital(s: Scene, see: Sight) -> None:
    see.that("there is no kind police", not [one for one in FacilityKind if "police" in one or "security" in one])
    person = s.person("H1")
    parties.add_facility(
        s.node.store,
        facility_id="P1",
        name_en="Bureau Clinic",
        name_zh="局诊所",
        level=1,
        kind=FacilityKind.HOSPITAL,
        county="900101",
        organisation="Health",
    )
    see.strikes()
    officer = s.browser(Role.CLINICIAN, "P1")
    answer = officer.post("/desk", wanted=person.number, purpose="TREAT")
    where = answer.headers.get("location", "")
    if where:
        officer.get(where)
    s.close()
    shown = person.browser.text("/me/reads")
    see.finding("READ-SHOWN", int("Bureau Clinic" in shown))


@attack(
    "D06",
    "A subscription is left that tells somebody whenever a resident is seen",
    powers="C, O",
    passes="it lies there and does nothing: no address is ever called, whatever comes in about the resident",
)
def subscription_as_tripwire(s: Scene, see: Sight) -> None:
    person = s.person("H1")
    with socket.create_server(("127.0.0.1", 0)) as tripwire:
        tripwire.settimeout(2)
        endpoint = f"http://127.0.0.1:{tripwire.getsockname()[1]}/tripped"
        wire = {
            "resourceType": "Subscription",
            "status": "requested",
            "reason": "see who comes",
            "criteria": f"Encounter?patient={person.patient}",
            "channel": {"type": "rest-hook", "endpoint": endpoint},
        }
        s.ask("POST", "/fhir/Subscription", wire, s.system("H2"))
        coded = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
        visit = {
            "resourceType": "Encounter",
            "status": "finished",
            "class": coded,
            "subject": {"reference": person.patient},
        }
        s.ask("POST", "/fhir/Encounter", visit, s.system("H1")).raise_for_status()
        deliver_events(s.node)
        s.settle()
        try:
            tripwire.accept()[0].close()
            see.that("nobody is called", False)
        except TimeoutError:
            see.that("nobody is called", True)
    for path in ("/fhir/$subscribe", "/fhir/Subscription/$events", "/hooks", "/websocket"):
        see.refused(f"POST {path}", s.ask("POST", path, {}, s.system("H2")), 400, 401, 403, 404, 405, 422)


OFFICER = Officer(subject="1", name_en="Wei Ran", name_zh="韦然", facility="EOC1", organisation="Commission")


def an_order(s: Scene, **more: Any) -> Order:
    """An order of masks for an area."""
    told: dict[str, Any] = {
        "order_id": UUID(int=1),
        "incident_id": UUID(int=2),
        "kind": OrderKind.DISTRIBUTE,
        "supply": next(iter(Supply)),
        "amount": 6,
        "from_facility": None,
        "to_facility": None,
        "area": "910101",
        "population": 500_000,
        "basis": "Regulation 376, article 32",
        "reason": "There is none left.",
        "starts": s.now + HOUR,
        "ends": s.now + 3 * DAY,
        "ordered_at": s.now,
        "by": OFFICER,
    }
    return Order(**(told | more))


@attack(
    "D07",
    "An order for an area is aimed at one building, or at people",
    powers="O",
    passes="an area has 10,000 inhabitants at least and a code of six digits; an order names nobody, and ends",
)
def order_on_a_building(s: Scene, see: Sight) -> None:
    see.that("an order that fits is taken", an_order(s))
    number = s.number()
    narrow: dict[str, dict[str, Any]] = {
        "an area of 900": {"population": 900},
        "an area of unknown size": {"population": None},
        "a building": {"area": "910101-building-7"},
        "a street": {"area": "9101011234"},
        "a person in its reason": {"reason": f"Take them from {number}."},
        "no end": {"ends": s.now + 400 * DAY},
    }
    for what, more in narrow.items():
        try:
            an_order(s, **more)
            see.that(f"an order on {what} is refused", False)
        except (CommandInvalid, FieldRefused, SalusError) as refused:
            see.word(f"an order on {what}", refused.code, refused.code)
    token = s.token(Role.COMMANDER, "H1")
    answer = s.ask("POST", "/orders", {"residents": [number]}, token, "application/json")
    see.refused("an order sent past its form", answer, 303, 401, 403, 404, 405)


@attack(
    "D08",
    "All five witnesses are run by one organisation",
    powers="G, W5",
    passes="nobody can believe them: a quorum needs organisations that differ, a measure three of them",
    cuts=[("witnesses-independent",)],
)
def one_operator_of_all_witnesses(s: Scene, see: Sight) -> None:
    person, *_ = s.infected()
    file = person.file
    one = [replace(each, organisation="province") for each in s.trust.witnesses]
    try:
        Trust.of(s.trust.log, one)
        see.that("five keys of one organisation cannot be trusted", False)
    except SalusError as refused:
        see.word("five keys of one organisation", refused.code, refused.code)
    few = Trust.of(s.trust.log, s.trust.witnesses[:2])
    see.that("two organisations prove no measure", recompute(file, few, s.now).fault == "WITNESSES")
