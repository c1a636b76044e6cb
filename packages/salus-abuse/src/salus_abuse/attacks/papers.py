"""Certificates turned against who holds them: voided around them, compared between doors, forged with a stolen key."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from uuid import UUID

from salus.app import demo_principal, demo_resident, issuer_keys, my_once, new_issuer_key, trust_file
from salus.cli.actors import declaration_document, trust_document
from salus.codec import key_id, signer
from salus.codec.certificates import (
    Certificate,
    CertificateKind,
    Disease,
    Outcome,
    encode_certificate,
    read_trust,
    verify,
)
from salus.codec.certificates.model import day_number, hour_number, instant
from salus.healthcode.certificates import CERTIFICATE_KEY, issuer_party
from salus.kernel import Purpose, Role, format_instant
from salus.rules import Venue
from salus_abuse.attacks.residents import arrives
from salus_abuse.forging import bare_leaf, push
from salus_abuse.model import Sight, attack
from salus_abuse.scene import DAY, HOUR, Person, Scene, codes

HOLDERS = 3
_TESTED = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "94500-6"}]},
    "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "260415000"}]},
}


def certified(s: Scene, person: Person) -> str:
    """Have somebody take a certificate of a negative test on their own page; return its address."""
    at = format_instant(s.now - 3 * HOUR)
    body = {**_TESTED, "effectiveDateTime": at, "subject": {"reference": person.patient}}
    s.ask("POST", "/fhir/Observation", body, s.system("H1")).raise_for_status()
    browser = person.browser
    entry = re.search(r'name="entry" value="([^"]+)"', browser.get("/me/certificates").text)
    assert entry, browser.text("/me/certificates")
    taken = browser.post("/me/certificates", entry=entry[1], hint="no")
    return str(taken.headers["location"]).partition("?")[0]


def shown(person: Person, address: str) -> str:
    """The code that a page draws, as a scanner reads it."""
    found = re.search(r'<code class="salus-hex">([^<]+)</code>', person.browser.get(address).text)
    return found[1].replace("&amp;", "&") if found else ""


def declared(s: Scene) -> None:
    """Let care homes ask for tests and vaccinations from some days on, unless they may already."""
    if read_trust(trust_file(s.node)).declarations:
        return
    starts = s.now + 2 * DAY + HOUR
    ends, wants = starts + 20 * DAY, ["test", "vaccination"]
    s.publish(declaration_document("homes", starts, ends, venues=["care-home"], wants=wants, region="country"))
    s.close()
    s.advance(2 * DAY + 2 * HOUR)


def at_a_door(s: Scene, text: str) -> Outcome:
    """What a care home's door shows of a code, with the trust file as anybody fetches it now."""
    trust = read_trust(s.ask("GET", "/trust.json").content)
    return verify(text, trust, s.now, Venue.CARE_HOME).outcome


@attack(
    "B13",
    "With the issuer's stolen key, certificates are signed elsewhere",
    powers="K",
    passes="once signers have ended the key in public, no door shows a forged one; what was truly issued stays good",
    cuts=[("ended-keys-refused",)],
)
def stolen_issuer(s: Scene, see: Sight) -> None:
    person = s.person("H1")
    declared(s)
    true = shown(person, certified(s, person))
    s.settle()
    forged = a_forgery(s)
    see.that("until anybody knows a door shows it: this is the stated limit", at_a_door(s, forged) is Outcome.GOOD)
    new_issuer_key(s.node)
    s.close()
    hour = s.now.replace(minute=0, second=0)
    old, *_, new = issuer_keys(s.node)
    keys = [
        _listed(s, old, hour - 60 * DAY, hour + 2 * HOUR, ended="key-compromise"),
        _listed(s, new, hour + 2 * HOUR, hour + 90 * DAY),
    ]
    s.publish(trust_document(keys, hour + 2 * HOUR, hour + 90 * DAY))
    s.close()
    s.advance(4 * HOUR)
    see.that("four hours later no door shows it", at_a_door(s, forged) is Outcome.NOTHING)
    see.that("nor one that is forged now", at_a_door(s, a_forgery(s)) is Outcome.NOTHING)
    see.that("nor one that is dated back", at_a_door(s, a_forgery(s, 30 * HOUR)) is Outcome.NOTHING)
    see.that("what was truly issued is shown as ever", at_a_door(s, true) is Outcome.GOOD)
    see.that("and no forged paper ever asks anything of anybody", person.free)


def _listed(s: Scene, spki: bytes, starts: object, ends: object, ended: str | None = None) -> dict[str, object]:
    return {
        "party": issuer_party(s.node.name),
        "key": base64.b64encode(spki).decode(),
        "regions": ["country"],
        "kinds": ["vaccination", "test"],
        "starts": format_instant(starts),  # type: ignore[arg-type]
        "ends": format_instant(ends),  # type: ignore[arg-type]
        "ended": ended,
    }


def a_forgery(s: Scene, ago: timedelta = 2 * HOUR) -> str:
    """A certificate of a vaccination that nobody had, signed with the node's first key."""
    private = s.node.custodian.es256(CERTIFICATE_KEY)
    issued = instant(hour_number(s.now - ago) * 3600)
    certificate = Certificate(
        kind=CertificateKind.VACCINATION,
        disease=Disease.INFLUENZA,
        when=day_number(s.now.date()) - 20,
        issued=issued,
        expires=issued + 30 * DAY,
        list_number=1,
        index=1_040_000,
        hint=None,
    )
    return encode_certificate(certificate, key_id(private.public_key()), signer(private))


@attack(
    "C12",
    "Two doors pool the codes that they were shown",
    powers="O, N",
    passes="shown once each, two codes of one person share no more than those of two people",
    cuts=[("certificates-once",)],
)
def pooled_scans(s: Scene, see: Sight) -> None:
    pools: list[list[set[str]]] = []
    for _ in range(HOLDERS):
        person = s.person("H1")
        address = certified(s, person)
        person.browser.post(f"{address}/once")
        texts = _once(s, person, address)[:2]
        see.that("today's batch has two codes, and they differ", len(set(texts)) == 2)
        pools.append([_pieces(one) for one in texts])
    everybodys = set.intersection(*(both[0] for both in pools))
    joined = sum(len((first & second) - everybodys) for first, second in pools)
    strangers = sum(len((pools[n][0] & pools[n - 1][1]) - everybodys) for n in range(HOLDERS))
    see.that(f"one person's two codes share {joined} pieces, two people's {strangers}", joined <= strangers)


def _once(s: Scene, person: Person, address: str) -> list[str]:
    """The codes of today's batch, which pages of its holder draw one by one."""
    assert person.browser.get(f"{address}/once?number=2").status_code == 200
    who = demo_principal(s.node, Role.RESIDENT, resident=demo_resident(s.node, person.number))
    held = my_once(s.node, who.for_purpose(Purpose.PATRQT), UUID(address.rpartition("/")[2]))
    return [one.text for one in held]


def _pieces(text: str) -> set[str]:
    """All stretches of twelve signs, which stand for eight octets."""
    return {text[at : at + 12] for at in range(len(text) - 12)}


@attack(
    "D03",
    "Voiding somebody's certificates is used to restrain them",
    powers="O, D",
    passes="another cannot void; a void that no list backs is VOID-BURIED; nobody is asked, everybody is cared for",
    cuts=[("voids-audited",), ("own-certificates-only",)],
)
def void_as_setter(s: Scene, see: Sight) -> None:
    person, other, before = s.person("H1"), s.person(), s.audit()
    declared(s)
    address = certified(s, person)
    text = shown(person, address)
    s.settle()
    see.that("a door shows the certificate", at_a_door(s, text) is Outcome.GOOD)
    answer = other.browser.post(f"{address}/void")
    see.refused("voiding what is another's", answer, 400, 403, 404)
    for role, facility in ((Role.CLINICIAN, "H1"), (Role.COMMANDER, "H1"), (Role.OPERATOR, None)):
        see.refused(f"voiding it as {role}", s.browser(role, facility).post(f"{address}/void"), 303, 400, 403, 404)
    see.that("a door shows it as before", at_a_door(s, text) is Outcome.GOOD)
    see.strikes()
    push(s, "void", {"commitment": bare_leaf()["commitment"]})
    s.settle()
    see.finding("VOID-BURIED", codes(s.audit() - before)["VOID-BURIED"])
    see.that("what was pushed past the lists voids nothing", at_a_door(s, text) is Outcome.GOOD)
    person.browser.post(f"{address}/void")
    s.settle()
    see.that("its holder alone voids it", at_a_door(s, text) is Outcome.NOTHING)
    see.that("and is asked for nothing", person.free and other.free)
    see.that("and is cared for", arrives(s, person, "H2"))
