"""What people will try against this design in particular: a green, a flag, a police hospital, a narrow order."""

from __future__ import annotations

import copy
import socket
from dataclasses import replace
from typing import Any

from salus import parties
from salus.app import deliver_events, veto
from salus.cli.actors import acceptance_document, admission_document, sign_veto
from salus.codec.certificates import read_trust, verify
from salus.command import AreaCount, HandedOver, Officer, hand_over
from salus.kernel import Role, SalusError
from salus.parties import FacilityKind
from salus.proof import Trust
from salus.rules import Document, Measure, PublicationRefused, TableRefused, Venue, recompute
from salus.rules.acceptance import shipped_acceptance
from salus.storage import Duty
from salus_abuse.attacks.residents import arrives, code_of
from salus_abuse.attacks.rules import refusal
from salus_abuse.browsing import words_of
from salus_abuse.model import Sight, attack
from salus_abuse.scene import DAY, HOUR, Scene

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
    "A police station is registered as a hospital, and reads with numbers and codes that it has",
    powers="O",
    passes="what no published admission names opens no desk, no code and no emergency; none can name it",
    cuts=[("quorum-admits",)],
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
    see.that("a true hospital opens a desk by the code", arrives(s, person, "H2", code_of(s, person)))
    see.that("its desk knows no number", not arrives(s, person, "P1"))
    see.that("its desk resolves no code", not arrives(s, person, "P1", code_of(s, person)))
    form = {"category": "unconscious", "words": "Found in the street at night.", "code": "", "credential": ""}
    answer = s.browser(Role.CLINICIAN, "P1").post("/emergency", wanted=person.number, **form)
    see.that(f"no emergency opens a record there ({answer.status_code})", answer.status_code != 303)
    for role in (Role.CLINICIAN, Role.HOSPITAL_SYSTEM):
        answer = s.ask("GET", f"/fhir/{person.patient}", None, s.token(role, "P1"))
        see.refused(f"reading there, as {role},", answer, 403, 404)
    _admitting_it(s, see)
    see.that("its resident's register has no look of theirs", "Bureau Clinic" not in person.browser.text("/me/reads"))


def _admitting_it(s: Scene, see: Sight) -> None:
    """Try to have it admitted: under a class of its own, by few signers, and against an ombudsman."""
    starts, place = s.now + 3 * DAY + HOUR, s.node.facility("P1")
    document = admission_document("bureau", [place], starts, starts + 90 * DAY)
    see.word("an admission by three signers", refusal(s, document, s.signers[:3]), "SHORT-QUORUM")
    listed = [{**one, "licence": "police"} for one in document.body["facilities"]]
    try:
        word = refusal(s, Document.of(document.as_json() | {"body": {"facilities": listed}}))
    except PublicationRefused as refused:
        word = refused.fault
    see.word("a class of licence for police", word, "LICENCE")
    s.publish(document)
    s.close()
    veto(s.node, sign_veto(s.ombudsman, document.digest))
    s.close()
    s.advance(3 * DAY + 2 * HOUR)
    person = s.person("H1")
    see.that("one ombudsman keeps it out though all signed", not arrives(s, person, "P1"))


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


OFFICER = Officer(subject="1", name_en="Wei Ran", name_zh="韦然", facility="H1", organisation="Health")


def an_incident(s: Scene) -> str:
    """Have a commander open an incident of a region of two counties, one of them small; return its address."""
    counties = (("910101", 400_000), ("910102", 900))
    figures = HandedOver(
        alert=f"alert-{s.number()}",
        disease="J10",
        disease_en="Influenza",
        disease_zh="流行性感冒",
        area="910100",
        area_en="Lake region",
        area_zh="湖区",
        first=s.now.date() - 14 * DAY,
        last=s.now.date() - DAY,
        since=s.now.date() - 14 * DAY,
        observed=62,
        expected="21.4",
        once_in_years=12,
        why_en="More than ever in this season.",
        why_zh="超过历年同期。",
        verified_by="Fang Ning",
        at=s.now - HOUR,
        areas=tuple(AreaCount(area=code, name_en=code, name_zh=code, cases=31, population=n) for code, n in counties),
    )
    with s.node.store.transaction(Duty.COMMAND) as tx:
        hand_over(tx, figures, by=OFFICER, at=s.now)
    told = {
        "alert": figures.alert,
        "kind": "infectious-disease",
        "area": "910100",
        "level": "3",
        "objectives": "Care for all.",
    }
    answer = s.browser(Role.COMMANDER, "H1").post("/incidents", **told)
    assert answer.status_code == 303, words_of(answer)
    return str(answer.headers["location"]).partition("?")[0]


@attack(
    "D07",
    "An order for an area is aimed at one building, or at people",
    powers="O",
    passes="a commander's form takes an area of 10,000 at least, no person and no other field; nothing else is given",
    cuts=[("order-form-closed",), ("people-not-named",)],
)
def order_on_a_building(s: Scene, see: Sight) -> None:
    incident, number = an_incident(s), s.number()
    commander = s.browser(Role.COMMANDER, "H1")
    good = {
        "kind": "distribute-supply",
        "supply": "masks",
        "amount": "6",
        "area": "910101",
        "basis": "Regulation 376, article 32",
        "reason": "There is none left.",
        "ends": (s.now + 3 * DAY).isoformat(),
    }
    given = commander.post(f"{incident}/orders", **good)
    see.that(f"an order that fits is taken ({given.status_code})", given.status_code == 303)
    before = s.rows("select count(*) from command.supply_order")[0][0]
    narrow: dict[str, dict[str, str]] = {
        "an area of 900": {"area": "910102"},
        "an area of nobody knows how many": {"area": "910103"},
        "a building": {"area": "910101-building-7"},
        "a street": {"area": "9101011234"},
        "a person in its reason": {"reason": f"Take them from {number}."},
        "people in a field of their own": {"residents": number},
        "a phone cell": {"cell": "460-00-1"},
        "no end": {"ends": (s.now + 400 * DAY).isoformat()},
    }
    for what, more in narrow.items():
        answer = commander.post(f"{incident}/orders", **good | more)
        see.refused(f"an order on {what}", answer, 400, 403, 404, 409, 422, code="SALUS-")
    left = s.rows("select count(*) from command.supply_order")[0][0]
    see.that(f"{left - before} of them were given", left == before)
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
