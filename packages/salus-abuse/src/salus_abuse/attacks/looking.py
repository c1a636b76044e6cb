"""Looking at somebody by a way that care needs: in an emergency, by a typed number, for a child, among many polls."""

from __future__ import annotations

import re
from uuid import UUID

from salus.access.glass import MOST_A_DAY
from salus.app import demo_principal, demo_resident, emergencies, given_code
from salus.cli import main as salus
from salus.kernel import Purpose, Role
from salus.web.routes import all_routes
from salus_abuse.attacks.residents import arrives
from salus_abuse.browsing import Browser
from salus_abuse.model import Sight, attack
from salus_abuse.scene import DAY, HOUR, Person, Scene

POLLS = 300
CRAWLED = 12
WHY = "Brought in unconscious after a fall in the street."


def reads(person: Person) -> str:
    """What the first page of who looked says to its resident."""
    return person.browser.text("/me/reads")


@attack(
    "C02",
    "A clinician breaks the glass on somebody well known, again and again",
    powers="C",
    passes="its resident is told at once and by name; the fourth in a day is refused; what nobody judges is UNREVIEWED",
    cuts=[("glass-budgets",), ("openings-counted",)],
)
def celebrity(s: Scene, see: Sight) -> None:
    star, others = s.person("H1"), [s.person("H1") for _ in range(MOST_A_DAY)]
    doctor = s.browser(Role.CLINICIAN, "H2")
    form = {"category": "unconscious", "words": WHY, "code": "", "credential": ""}
    opened = doctor.post("/emergency", wanted=star.number, **form)
    see.that(f"in an emergency the record opens ({opened.status_code})", opened.status_code == 303)
    see.that("its resident sees the words at once", WHY in reads(star))
    see.that("and that it was West Hospital", "West Hospital" in reads(star))
    answers = [doctor.post("/emergency", wanted=one.number, **form).status_code for one in others]
    see.that(f"the fourth within a day is refused {answers}", answers == [303] * (MOST_A_DAY - 1) + [403])
    see.refused("a search by it", s.ask("GET", f"/fhir/{star.patient}", None, s.token(Role.CLINICIAN, "H2")), 403, 404)
    see.strikes()
    s.advance(4 * DAY)
    emergencies.publish_openings(s.node)
    s.close()
    see.outside("UNREVIEWED")
    found = s.outside()
    see.finding("UNREVIEWED", found["UNREVIEWED"] if found is not None else MOST_A_DAY)
    see.that("who is not reviewed breaks no glass any more", _off(s.browser(Role.CLINICIAN, "H2"), star, form))


def _off(doctor: Browser, person: Person, form: dict[str, str]) -> bool:
    return doctor.post("/emergency", wanted=person.number, **form).status_code == 403


@attack(
    "C04",
    "A clerk types the number of somebody who is not there",
    powers="C",
    passes="it opens for two hours, its resident sees it, and it is counted as ENCOUNTER-ORPHAN by its institution",
    cuts=[("orphans-counted",), ("unconfirmed-ends",)],
)
def fake_encounter(s: Scene, see: Sight) -> None:
    person = s.person("H1")
    id_ = person.patient.rpartition("/")[2]
    before = orphans(s, "West Hospital")
    see.strikes()
    see.that("one person's word opens it, since care is never refused", arrives(s, person, "H2"))
    s.ask("GET", f"/fhir/Patient/{id_}", None, s.token(Role.CLINICIAN, "H2"))
    see.that("its resident sees who looked", "West Hospital" in reads(person))
    s.advance(2 * HOUR)
    late = s.ask("GET", f"/fhir/Patient/{id_}", None, s.token(Role.CLINICIAN, "H2"))
    see.refused("reading on after two hours", late, 403, 404)
    s.advance(HOUR)
    see.finding("ENCOUNTER-ORPHAN", orphans(s, "West Hospital") - before)


def orphans(s: Scene, institution: str) -> int:
    """Return how many care relations of an institution ended with one person's word, as the auditor's page says."""
    page = s.browser(Role.AUDITOR).text("/audit")
    found = re.search(rf"{institution} ([0-9,]+) ENCOUNTER-ORPHAN", page)
    return int(found[1].replace(",", "")) if found else 0


@attack(
    "C05",
    "With a list of numbers, records are opened one by one, slowly, by many accounts",
    powers="C",
    passes="nothing lists people; each that is opened by a number sees it, and is counted as ENCOUNTER-ORPHAN",
    cuts=[("orphans-counted",)],
)
def crawl(s: Scene, see: Sight) -> None:
    people = [s.person("H1") for _ in range(CRAWLED)]
    token = s.token(Role.CLINICIAN, "H2")
    for query in ("_count=100", "name=a", "gender=female", "birthdate=gt1900-01-01", "identifier=urn:x|1"):
        answer = s.ask("GET", f"/fhir/Patient?{query}", None, token)
        empty = answer.status_code == 200 and not answer.json().get("entry")
        see.that(f"a search by {query} lists nobody ({answer.status_code})", answer.status_code >= 400 or empty)
    for path in ("/fhir/$export", "/fhir/Patient/$export", "/fhir/Group/1/$export", "/fhir/_history"):
        see.refused(f"GET {path}", s.ask("GET", path, None, token), 400, 401, 403, 404, 405)
    before = orphans(s, "West Hospital")
    for number, one in enumerate(people):
        arrives(s, one, "H2")
        s.ask("GET", f"/fhir/{one.patient}", None, s.token(Role.CLINICIAN, "H2"))
        if number % 4 == 3:
            s.advance(HOUR)
    see.strikes()
    s.advance(3 * HOUR)
    see.that("each of them sees who looked", all("West Hospital" in reads(one) for one in people))
    see.finding("ENCOUNTER-ORPHAN", orphans(s, "West Hospital") - before, least=CRAWLED)


@attack(
    "C15",
    "An extract for research is linked with a list of voters",
    powers="O, U",
    passes="there is no extract to link: no address and no command hands out many records, whoever asks",
)
def reidentify(s: Scene, see: Sight) -> None:
    person = s.person("H1")
    doors = [str(getattr(one, "path", "")) for one in all_routes()]
    see.that("no address is for an extract", not [one for one in doors if re.search("extract|research|dump", one)])
    named = sorted(salus.commands)
    see.that("no command is for one", not [one for one in named if re.search("extract|research|export", one)])
    for role, facility in (
        (Role.EPIDEMIOLOGIST, "H1"),
        (Role.COMMANDER, "H1"),
        (Role.OPERATOR, None),
        (Role.AUDITOR, None),
        (Role.HOSPITAL_SYSTEM, "H2"),
    ):
        for path in ("/fhir/$export", "/fhir/Patient/$export", "/fhir/Patient?_count=1000", "/fhir/Observation"):
            answer = s.ask("GET", path, None, s.token(role, facility))
            told = answer.json().get("entry", []) if answer.status_code == 200 else []
            if role is Role.HOSPITAL_SYSTEM:  # it has its own people's charts
                told = [one for one in told if person.patient in str(one)]
            see.that(f"{path} gives {role} nobody ({answer.status_code})", answer.status_code >= 400 or not told)
    see.code = "404"


@attack(
    "C16",
    "Who was somebody's guardian, or was trusted for a day, goes on showing their code",
    powers="U",
    passes="after its end, and once it was ended, no page gives the code and no copy opens a desk",
    cuts=[("shares-end",)],
)
def ex_guardian(s: Scene, see: Sight) -> None:
    person, other = s.person("H1"), s.person("H1")
    first = trusted(s, person, other)
    copy = shared_code(s, other, first)
    see.that("while it lasts the code opens a desk", arrives(s, person, "H2", copy))
    person.browser.post(f"{first}/end")
    see.that("once it was ended no copy opens a desk", not arrives(s, person, "H1", copy))
    see.refused("its page", other.browser.get(first), 303, 403, 404)
    second = trusted(s, person, other)
    copy = shared_code(s, other, second)
    s.advance(25 * HOUR)
    see.refused("its page, a day later", other.browser.get(second), 303, 403, 404)
    see.that("nor does a copy", not arrives(s, person, "H1", copy))
    see.that("the number opens a desk as ever", arrives(s, person, "H1"))


def trusted(s: Scene, person: Person, other: Person) -> str:
    """Let somebody show another's code for a day; return the address under which they do."""
    given = person.browser.post("/me/relatives/give", lasts="day")
    key = re.search(r'class="salus-hex">([^<]+)<', given.text)
    assert key, given.text[:300]
    before = set(other.browser.links("/me/relatives", "/me/relatives/"))
    other.browser.post("/me/relatives/take", key=key[1])
    (new,) = set(other.browser.links("/me/relatives", "/me/relatives/")) - before
    return new


def shared_code(s: Scene, other: Person, address: str) -> str:
    """The code as the page of who may show it draws it."""
    assert other.browser.get(address).status_code == 200
    who = demo_principal(s.node, Role.RESIDENT, resident=demo_resident(s.node, other.number))
    return given_code(s.node, who.for_purpose(Purpose.PATRQT), UUID(address.rpartition("/")[2])).code


@attack(
    "C20",
    "One look is hidden among very many polls by machines",
    powers="C, O",
    passes="people stand first, whatever machines did since: the look is on the first page, polls are one line",
    cuts=[("people-first",)],
)
def flood_hide(s: Scene, see: Sight) -> None:
    person = s.person("H1")
    arrives(s, person, "H2")
    s.ask("GET", f"/fhir/{person.patient}", None, s.token(Role.CLINICIAN, "H2"))
    for _ in range(POLLS):
        s.ask("GET", f"/fhir/{person.patient}", None, s.system("H1"))
    page = reads(person)
    see.that("the look by a person is on the first page", "West Hospital" in page)
    polls = re.search(r"East Hospital.{0,200}?(\d[\d,]*) ", page)
    see.that(f"what the machine did is folded into a line: {polls[0][-60:] if polls else ''}", polls)
