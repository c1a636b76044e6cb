"""What people will try with exposure slips: many of one case, some of none, without its word, more than advice, a desk
of the police."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from salus.app import add_party
from salus.app.slips import read_slips
from salus.cli.actors import Party, new_subject, rules_document
from salus.kernel import Role, format_instant
from salus.ledger import leaves
from salus.rules import (
    Measure,
    Result,
    SlipPaper,
    attestation_message,
    commitment_of,
    end_message,
    recompute_slip,
    sign_with_word,
    word_of,
)
from salus_abuse.attacks.rules import refusal
from salus_abuse.forging import push
from salus_abuse.model import Sight, attack
from salus_abuse.scene import DAY, DISEASE, HOUR, Scene, with_exposures
from salus_abuse.wallet import case_in

CAP = 15


@dataclass(frozen=True, slots=True)
class Case:
    """A decision in the log by its number, and the word that whoever makes slips was given for it, or made up."""

    tag: str
    word: str


def a_case(s: Scene, result: Result = Result.POSITIVE) -> Case:
    """Somebody with a decision in the log, who gives number and word of it."""
    person = s.person()
    specimen = s.specimen(person)
    s.close()
    s.result(specimen, result)
    s.settle()
    return Case(*case_in(person.file))


def no_case() -> Case:
    """A number that no decision has, and a word that nobody gave."""
    return Case(new_subject(), word_of(new_subject()))


def a_slip(s: Scene, of: Case, number: int = 1, signers: Sequence[Party] | None = None) -> SlipPaper:
    """A slip as two investigators of two organisations make it, whatever they know."""
    case = of.tag
    told = {"attested": format_instant(s.now), "day": f"{s.now - DAY:%Y-%m-%d}", "disease": DISEASE, "index": case}
    blind = base64.b64encode(secrets.token_bytes(32)).decode()
    opening = {"exposure": {**told, "blind": blind, "subject": new_subject()}}
    commitment = commitment_of(opening)
    message = attestation_message(commitment, case, number)
    named = {one.name: one.sign(message) for one in signers or s.investigators}
    given = sign_with_word(of.word, commitment, case, number)
    leaf = {"index": case, "number": number, "commitment": commitment, "signatures": named, "word": given}
    return SlipPaper(leaf=leaf, opening=opening)


def hand_over(s: Scene, *slips: SlipPaper, role: Role = Role.EPIDEMIOLOGIST, facility: str = "CDC1") -> Any:
    """Paste leaves on the desk's page."""
    told = json.dumps({"exposures": [dict(one.leaf) for one in slips]})
    return s.browser(role, facility).post("/exposures", leaves=told)


def asked(s: Scene, slip: SlipPaper) -> Measure:
    """What a slip asks of whoever brings it, recomputed from its file with nothing but keys."""
    (file,) = read_slips(s.node, None, [slip.text]).files
    return recompute_slip(file, s.trust, s.now).measure if file else Measure.NONE


@attack(
    "E01",
    "A desk makes more slips of one case than it may, renumbered and without a larger quorum",
    powers="O",
    passes="the sixteenth is refused under CONTACT-CAP, one number twice under EVIDENCE-REUSE; neither asks anything",
    cuts=[("contact-cap",)],
)
def more_than_the_cap(s: Scene, see: Sight) -> None:
    case = a_case(s)
    honest = [a_slip(s, case, number) for number in range(1, CAP + 1)]
    see.that("fifteen of a case are taken", hand_over(s, *honest).status_code == 200)
    renumbered = a_slip(s, case, CAP)
    see.refused("a second one of a number", hand_over(s, renumbered), 400, code="EVIDENCE-REUSE")
    further = a_slip(s, case, CAP + 1)
    see.refused("the sixteenth", hand_over(s, further), 400, code="CONTACT-CAP")
    s.close()
    see.that("the fifteen ask for a test", asked(s, honest[0]) is Measure.ADVISE)
    see.that("the others ask for nothing", {asked(s, renumbered), asked(s, further)} == {Measure.NONE})


@attack(
    "E02",
    "Slips are made of a case that there is not: of no decision, and of an indeterminate result",
    powers="O",
    passes="each is refused, under NO-WORD and NO-EVIDENCE, and stands in no log",
    cuts=[("slips-need-a-case",)],
)
def without_a_case(s: Scene, see: Sight) -> None:
    before = len(leaves(s.node.store, "exposure"))
    see.refused("a slip of no decision", hand_over(s, a_slip(s, no_case())), 400, code="NO-WORD")
    case = a_case(s, Result.INDETERMINATE)
    see.refused("a slip of an indeterminate", hand_over(s, a_slip(s, case)), 400, code="NO-EVIDENCE")
    s.close()
    see.that("the log has none of them", len(leaves(s.node.store, "exposure")) == before)


@attack(
    "E03",
    "An exposure is made to give a precaution",
    powers="O",
    passes="a table that says so is refused; whatever slips are brought, they come to advice of two days at most",
    cuts=[("exposures-advise",)],
)
def a_precaution_of_an_exposure(s: Scene, see: Sight) -> None:
    starts = s.now + 4 * DAY
    good = with_exposures(rules_document(DISEASE, starts, starts + 30 * DAY, version=9))
    for what, more in (("gives", "precaution"), ("lasts_hours", 24 * 14)):
        body = {**good.body, "exposure": {**good.body["exposure"], what: more}}
        word = refusal(s, replace(good, body=body))
        see.that(f"a table with {what} {more} is refused under {word}", word)
    case = a_case(s)
    slips = [a_slip(s, case, number) for number in (1, 2)]
    hand_over(s, *slips)
    s.close()
    see.that("slips come to advice", {asked(s, one) for one in slips} == {Measure.ADVISE})
    s.advance(2 * DAY)
    see.that("and to nothing two days later", {asked(s, one) for one in slips} == {Measure.NONE})
    see.code = "ADVISE"


@attack(
    "E04",
    "A desk of the police, or of a command room, makes slips with coerced investigators' signatures",
    powers="O",
    passes="refused whoever signed: only a disease control centre has such a desk",
    cuts=[("disease-control-desks",)],
)
def a_police_desk(s: Scene, see: Sight) -> None:
    slip = a_slip(s, a_case(s))
    see.refused("at the police", hand_over(s, slip, facility="POLICE"), 403)
    see.refused("by a commander", hand_over(s, slip, role=Role.COMMANDER, facility="POLICE"), 403)
    s.close()
    see.that("the slip asks for nothing", asked(s, slip) is Measure.NONE)
    see.code = "SALUS-403"


@attack(
    "E05",
    "Two investigators who agree take numbers from the log, without the cases' word, to learn which rest on a positive",
    powers="O, G",
    passes="one answer, NO-WORD, whatever a number stands for; where a log took them all the same, the auditor sees it",
    cuts=[("word-asked",), ("words-audited",)],
)
def without_the_word(s: Scene, see: Sight) -> None:
    numbers = [a_case(s).tag, a_case(s, Result.INDETERMINATE).tag, new_subject()]
    slips = [a_slip(s, Case(one, word_of(new_subject()))) for one in numbers]
    answers = [hand_over(s, one) for one in slips]
    for what, answer in zip(("a positive", "an indeterminate", "no decision"), answers, strict=True):
        see.refused(f"a slip of {what}", answer, 400, code="NO-WORD")
    see.that("the answers are one", len({_said(one.text) for one in answers}) == 1)
    before = s.outside()
    push(s, "exposure", dict(slips[0].leaf))
    s.close()
    see.that("the slip asks for nothing", asked(s, slips[0]) is Measure.NONE)
    after = s.outside()
    if before is not None and after is not None:
        see.that(f"salus-audit reports {dict(after - before)}", dict(after - before) == {"SIGNATURE": 1})


def _said(page: str) -> str:
    """What a page says, without the token of its form and the time at its foot."""
    return "".join(re.findall(r'role="alert">(.*?)</div>', page, re.DOTALL))


def an_end(case: str, by: Party) -> dict[str, str]:
    """The leaf by which somebody says that a case is none."""
    return {"index": case, "party": by.name, "signature": by.sign(end_message(case, by.name))}


@attack(
    "E06",
    "Somebody whose case it is not ends a case, so that its slips ask for nothing any more: at a desk, and in the log",
    powers="O, D, G",
    passes="refused under NOT-INVOLVED; pushed into the log it ends nothing here, and is found from the files alone",
    cuts=[("ends-by-the-involved",), ("ends-audited",)],
)
def ended_by_strangers(s: Scene, see: Sight) -> None:
    own, other = a_case(s), a_case(s)
    slip = a_slip(s, own)
    hand_over(s, slip)
    s.close()
    stranger, page = s.investigators[0], s.browser(Role.EPIDEMIOLOGIST, "CDC1")
    answer = page.post("/exposures", leaves=json.dumps({"end": an_end(other.tag, stranger)}))
    see.refused("an end of a case that its desk signed nothing of", answer, 400, code="NOT-INVOLVED")
    before = s.outside()
    see.strikes()
    s.advance(HOUR)
    fresh = Party.new(s.laboratory.name, s.laboratory.organisation, s.laboratory.duty)
    add_party(s.node, fresh.key_leaf)
    s.close()
    push(s, "exposure-end", an_end(other.tag, stranger), an_end(own.tag, fresh), an_end(new_subject(), s.laboratory))
    s.close()
    see.that("the slip still asks for a test", asked(s, slip) is Measure.ADVISE)
    found = s.outside()
    if before is not None and found is not None:
        more = dict(found - before)
        see.that(f"salus-audit reports {more}", more == {"SIGNATURE": 2, "EVID-MISSING": 1})
