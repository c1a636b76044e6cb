"""By number: two who lie together, floods of leaves and of requests."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from salus.cli.actors import Party, commit_specimen, new_subject, sign_result
from salus.rules import Result
from salus_abuse.attacks.evidence import contested
from salus_abuse.forging import push
from salus_abuse.model import Sight, attack
from salus_abuse.scene import DISEASE, HOUR, Scene
from salus_abuse.wallet import PublicLog, renewed, with_evidence

LIES = 110
"""So many about people of other nodes: whoever signs fewer than a hundred on a day is called no outlier."""
FLOOD, AT_ONCE = 120, 12
WORST_SECONDS = 60.0


@attack(
    "A05",
    "A sampling site and a laboratory lie together about many people on one day",
    powers="L, S",
    passes="the declared weak spot: they are asked until a negative of theirs; LAB-OUTLIER by the public files",
    cuts=[("outliers-audited",), ("negatives-release",)],
)
def both_lie(s: Scene, see: Sight) -> None:
    victim, others, honest = s.person(), [s.person() for _ in range(9)], s.person()
    true = s.specimen(honest)
    lies = [s.specimen(one) for one in (victim, *others)]
    elsewhere = [commit_specimen(s.site, disease=DISEASE, taken=s.now, subject=new_subject()) for _ in range(LIES)]
    push(s, "specimen", *(one.leaf for one in elsewhere))
    s.close()
    see.strikes()
    for signed in lies:
        s.result(signed, Result.POSITIVE)
    told = [sign_result(s.laboratory, one, Result.POSITIVE, s.now) for one in elsewhere]
    push(s, "result", *(one.leaf for one in told))
    s.send_result(sign_result(s.other_laboratory, true, Result.NEGATIVE, s.now)).raise_for_status()
    s.settle()
    see.that("of whom they lied is asked for something: this is the stated limit", not victim.free)
    found = s.outside()
    see.finding("LAB-OUTLIER", found["LAB-OUTLIER"] if found is not None else 1)
    see.that("who was told the truth is asked for nothing", honest.free)
    file = victim.file
    s.advance(25 * HOUR)
    again = commit_specimen(s.other_site, disease=DISEASE, taken=s.now, subject=lies[0].body["subject"])
    s.send_specimen(s.register(victim.number, s.other_site.name), again).raise_for_status()
    s.close()
    negative = sign_result(s.other_laboratory, again, Result.NEGATIVE, s.now)
    s.send_result(negative).raise_for_status()
    s.settle()
    keys, early = (s.other_site.key_leaf, s.other_laboratory.key_leaf), PublicLog(s.published)
    ended = s.judge(with_evidence(file, PublicLog(s.log), again, negative, keys=keys, early=early))
    see.that(
        f"a negative of another site and laboratory ends it for whoever reads: {ended.fault}", ended.fault == "RELEASED"
    )


@attack(
    "B14",
    "The log is flooded, so that nobody else's leaf comes through",
    powers="S, U, N",
    passes="what no known party signed adds no leaf; through a true flood an honest result comes as ever",
    cuts=[("evidence-signed",)],
)
def spam(s: Scene, see: Sight) -> None:
    person, size = s.person(), PublicLog(s.log).size
    stranger = Party.new(s.site.name, s.site.organisation, s.site.duty)
    answers = []
    for _ in range(FLOOD // 3):
        signed = commit_specimen(stranger, disease=DISEASE, taken=s.now, subject=new_subject())
        answers.append(s.send_specimen(person.patient, signed).status_code)
    see.that(f"of {len(answers)} that a stranger signed all are refused", all(one >= 400 for one in answers))
    s.close()
    added = len(PublicLog(s.log).leaves("specimen")) - _specimens(s, size)
    see.that(f"they add {added} leaves", not added)
    for _ in range(FLOOD):
        signed = commit_specimen(s.site, disease=DISEASE, taken=s.now, subject=new_subject())
        s.send_specimen(person.patient, signed)
    before = s.closed
    case, *_ = s.infected()
    see.that(f"an honest case is through after {s.closed - before} checkpoints", s.closed - before <= 4 and case.file)
    (form, *_) = case.browser.links("/me/notice", "/me/contests/new?notice=")
    notice = form.partition("notice=")[2]
    for _ in range(5):
        case.browser.post("/me/contests", words="I was never there.", notice=notice)
    s.close()
    opened = len(PublicLog(s.log).leaves("appeal-opened"))
    case.browser.post("/me/contests", words="I was never there.", notice=notice)
    s.close()
    see.that("one notice is contested once", len(PublicLog(s.log).leaves("appeal-opened")) == opened)


def _specimens(s: Scene, size: int) -> int:
    return sum(b'"specimen"' in one[:14] for one in PublicLog(s.log).entries[:size])


@attack(
    "C21",
    "Contests and codes are flooded, so that nobody's is dealt with in time",
    powers="N, U",
    passes="files are checked without the node; an honest contest is taken; what nobody answers is APPEAL-OVERDUE",
    cuts=[("late-answers-end",)],
)
def flooded(s: Scene, see: Sight) -> None:
    person, *_ = s.infected()
    others = [s.person() for _ in range(3)]
    browsers = [one.browser for one in others]

    def ask(number: int) -> int:
        """One request of the flood."""
        browser = browsers[number % len(browsers)]
        if number % 3:
            return browser.post("/me/contests", words="x" * 400, notice="1").status_code
        return browser.get("/me/code").status_code

    with ThreadPoolExecutor(AT_ONCE) as many:
        flood = [many.submit(ask, number) for number in range(FLOOD)]
        began = time.monotonic()
        contested(s, person)
        taken = time.monotonic() - began
        see.that("a file is judged meanwhile, without the node", s.judge(person.file).fault is None)
        broken = [one.result() for one in flood if one.result() >= 500 and one.result() != 503]
    see.that(f"the honest contest was taken within {taken:.0f} s", taken < WORST_SECONDS)
    see.that(f"nothing broke: {broken[:3]}", not broken)
    file = person.file
    s.advance(49 * HOUR)
    overdue = s.judge(renewed(file, PublicLog(s.log))).fault
    see.word("what nobody came to answer", overdue, "APPEAL-OVERDUE")
