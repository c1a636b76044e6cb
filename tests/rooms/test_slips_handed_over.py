"""Exposures handed over by a desk, read by whoever bears a slip, and ended, on a real node with real witnesses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import sleep
from typing import Any

import pytest

from exposures import an_invented_word
from measures import DAY, HOUR
from measuring import an_observation, sent, system_of
from nodes import add_hospital, asking, the_resident
from salus import app, ledger, parties
from salus.app import add_party, take_result
from salus.app.slips import hand_over
from salus.cli.actors import Party, sign_result
from salus.healthcode import measures as decided
from salus.healthcode import slips
from salus.healthcode.measures import store as decisions
from salus.healthcode.slips import SlipRefused
from salus.healthcode.slips import store as tables
from salus.kernel import Refused, Role
from salus.parties import FacilityKind
from salus.rules import INVESTIGATOR, Measure, Result, SlipPaper, end_message, recompute_slip
from salus.rules.recomputing import slips as reading_slips
from salus.storage import Duty
from slipping import CITY, Slipping, desk, slipping


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slipping]:
    with slipping(tmp_path_factory.mktemp("slips")) as opened:
        yield opened


@pytest.fixture(scope="module")
def tag(world: Slipping) -> str:
    return world.case()[0]


def test_a_slip_asks_for_a_test_once_witnesses_have_seen_its_leaf_and_not_before(world: Slipping) -> None:
    tag, _ = world.case()
    slip = world.slip(tag)

    unknown = world.read(slip).found
    done = world.hand_over(slip)
    waiting = world.read(slip).found
    world.world.close()
    asked = world.read(slip)

    assert (done.taken, done.again) == (1, 0)
    assert [unknown.fault, waiting.fault] == ["NO-PROOF", "NO-PROOF"]
    assert (asked.found.measure, asked.found.fault) == (Measure.ADVISE, None)
    (file,) = asked.files
    assert file is not None
    assert world.node.trust is not None
    assert recompute_slip(file, world.node.trust, world.world.now) == asked.found


def test_the_same_handed_over_again_changes_nothing(world: Slipping) -> None:
    tag, _ = world.case()
    slips = [world.slip(tag, number) for number in (1, 2)]
    world.hand_over(*slips)
    world.world.close()
    before = len(ledger.leaves(world.node.store, "exposure"))

    again = world.hand_over(*slips)
    world.world.close()

    assert (again.taken, again.again) == (0, 2)
    assert len(ledger.leaves(world.node.store, "exposure")) == before


def test_of_a_hand_over_with_one_bad_leaf_nothing_is_kept(world: Slipping) -> None:
    tag, _ = world.case()
    world.hand_over(world.slip(tag, 1))
    good, taken_number = world.slip(tag, 2), world.slip(tag, 1)

    with pytest.raises(SlipRefused) as refused:
        world.hand_over(good, taken_number)
    world.world.close()

    assert refused.value.fault == "EVIDENCE-REUSE"
    assert world.read(good).found.fault == "NO-PROOF"


def alone(world: Slipping, tag: str) -> SlipPaper:
    return world.slip(tag, signers=world.people[:1])


def one_organisation_twice(world: Slipping, tag: str) -> SlipPaper:
    return world.slip(tag, signers=[world.people[0], world.people[4]])


def the_sixteenth(world: Slipping, tag: str) -> SlipPaper:
    return world.slip(tag, 16)


def of_no_case(world: Slipping, tag: str) -> SlipPaper:
    return world.slip("A" * 43 + "=")


def without_the_word(world: Slipping, tag: str) -> SlipPaper:
    return world.slip(tag, 5, word=an_invented_word())


def with_another_cases_word(world: Slipping, tag: str) -> SlipPaper:
    return world.slip(tag, 5, word=world.word(world.case()[0]))


@pytest.mark.parametrize(
    ("attack", "word"),
    [
        (alone, "SHORT-QUORUM"),
        (one_organisation_twice, "SHORT-QUORUM"),
        (the_sixteenth, "CONTACT-CAP"),
        (of_no_case, "NO-WORD"),
        (without_the_word, "NO-WORD"),
        (with_another_cases_word, "NO-WORD"),
    ],
)
def test_what_no_honest_pair_attests_is_refused_at_the_desk(
    world: Slipping, tag: str, attack: Callable[[Slipping, str], SlipPaper], word: str
) -> None:
    with pytest.raises(SlipRefused) as refused:
        world.hand_over(attack(world, tag))

    assert refused.value.fault == word


def test_one_leaf_without_the_word_refuses_the_whole_hand_over(world: Slipping) -> None:
    tag, _ = world.case()
    good = world.slip(tag)

    with pytest.raises(SlipRefused, match="NO-WORD"):
        world.hand_over(good, world.slip(tag, 2, word=an_invented_word()))

    assert world.hand_over(good).taken == 1


def test_a_word_serves_for_sixteen_days(world: Slipping) -> None:
    tag, _ = world.case()
    node, leaf = world.node, slips.leaf_of("exposure", dict(world.slip(tag).leaf))
    known = decided.known(node.store, node.trust)

    def asked(days: int) -> tuple[object, object]:
        return slips.case_of(node.store, node.trust, known, node.keys, [leaf], world.world.now + days * DAY)

    assert asked(15)
    with pytest.raises(SlipRefused, match="TOO-OLD"):
        asked(17)


def test_beyond_fifteen_it_takes_four_of_three_organisations(world: Slipping, tag: str) -> None:
    assert world.hand_over(world.slip(tag, 16, signers=world.people[:4])).taken == 1


def test_an_indeterminate_result_has_no_slips(world: Slipping) -> None:
    tag, _ = world.case(Result.INDETERMINATE)

    with pytest.raises(SlipRefused) as refused:
        world.hand_over(world.slip(tag))

    assert refused.value.fault == "NO-EVIDENCE"


@pytest.mark.parametrize(
    ("facility", "role"),
    [
        ("P1", Role.EPIDEMIOLOGIST),  # a department, such as the police
        ("H1", Role.EPIDEMIOLOGIST),
        ("CDC1", Role.COMMANDER),
        ("CDC1", Role.CLINICIAN),
        ("CDC1", Role.DEPARTMENT_SYSTEM),
    ],
)
def test_nobody_else_hands_exposures_over(world: Slipping, tag: str, facility: str, role: Role) -> None:
    with pytest.raises(Refused):
        world.hand_over(world.slip(tag, 3), who=desk(facility, role))


def test_a_desk_hands_over_only_what_its_own_investigator_signed(world: Slipping, tag: str) -> None:
    strangers = world.slip(tag, 4, signers=world.people[1:3])

    with pytest.raises(Refused):
        world.hand_over(strangers)

    assert world.hand_over(strangers, who=desk("CDC2")).taken == 1


BAD = [
    *("", "[", "[]", "{}", '{"exposures":[]}', '{"exposures":[{"index":1}]}', '{"exposures":{}}', '{"end":1}'),
    *('{"exposures":[null]}', '{"contact":"me","exposures":[]}'),
]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_hand_over_is_refused_in_words(world: Slipping, text: str) -> None:
    with pytest.raises((SlipRefused, Refused)):
        hand_over(world.node, desk(), text)


def test_two_slips_of_one_case_ask_as_long_as_the_first_alone(world: Slipping) -> None:
    tag, _ = world.case()
    first = world.slip(tag, 1)
    world.hand_over(first)
    world.world.advance(DAY)
    second = world.slip(tag, 2)
    world.hand_over(second)
    world.world.close()

    both, lone = world.read(first, second).found, world.read(second).found
    world.world.advance(DAY + HOUR)

    assert both.ends is not None
    assert lone.ends is not None
    assert lone.ends - both.ends >= DAY
    assert world.read(first, second).found.measure is Measure.NONE


def test_an_own_negative_ends_it_for_who_signed_in_whatever_secret_it_bears(world: Slipping) -> None:
    tag, _ = world.case()
    slip, number = world.slip(tag), world.number()
    world.hand_over(slip)
    world.world.advance(DAY)
    me = the_resident(world.world.resident(number))
    before = world.read(slip, who=me).found
    specimen = world.world.specimen(number)
    world.world.close()
    world.world.result(specimen, Result.NEGATIVE)
    world.world.settle()

    assert before.measure is Measure.ADVISE
    assert world.read(slip, who=me).found.fault == "RELEASED"
    assert world.read(slip).found.measure is Measure.ADVISE  # who did not sign in brings no result


def test_a_negative_under_the_slips_secret_is_in_its_file(world: Slipping) -> None:
    tag, _ = world.case()
    slip, number = world.slip(tag), world.number()
    world.hand_over(slip)
    world.world.advance(DAY)
    specimen = world.world.specimen(number, subject=str(slip.body["subject"]))
    world.world.close()
    world.world.result(specimen, Result.NEGATIVE)
    world.world.settle()

    (file,) = world.read(slip, who=the_resident(world.world.resident(number))).files

    assert file is not None
    assert world.node.trust is not None
    assert recompute_slip(file, world.node.trust, world.world.now).fault == "RELEASED"


@pytest.mark.parametrize("signed", [False, True])
def test_a_corrected_result_ends_its_slips_by_itself_and_in_the_log_where_the_laboratory_says_so(
    world: Slipping, signed: bool
) -> None:
    specimen = world.world.specimen(world.number())
    world.world.close()
    positive = world.world.result(specimen, Result.POSITIVE)
    world.world.settle()
    tag = world.tag
    slip = world.slip(tag)
    world.hand_over(slip)
    world.world.close()
    before, ends = world.read(slip).found, len(ledger.leaves(world.node.store, "exposure-end"))
    laboratory = world.world.laboratory
    corrected = sign_result(laboratory, specimen, Result.NEGATIVE, world.world.now, replaces=positive.commitment)
    end = laboratory.sign(end_message(tag, laboratory.name)) if signed else None
    take_result(world.node, system_of("L1"), an_observation(corrected), replace(sent(corrected), ends=end))
    world.world.close()

    assert before.measure is Measure.ADVISE
    assert world.read(slip).found.fault == "CORRECTED"
    assert len(ledger.leaves(world.node.store, "exposure-end")) - ends == int(signed)
    with pytest.raises(SlipRefused) as refused:
        world.hand_over(world.slip(tag, 2))
    assert refused.value.fault == "CORRECTED"


def test_an_investigator_ends_a_case_and_nobody_else_does(world: Slipping) -> None:
    tag, _ = world.case()
    slip = world.slip(tag)
    world.hand_over(slip)
    world.world.close()
    stranger = Party.new("investigator-0", CITY, INVESTIGATOR)

    with pytest.raises(Refused):
        world.end(tag, stranger)
    done = world.end(tag, world.people[0])
    world.world.close()

    assert done.ended
    assert world.read(slip).found.fault == "CORRECTED"
    assert ledger.leaves(world.node.store, "exposure-end")[-1][1].body["index"] == tag


def test_a_case_is_ended_by_nobody_whose_case_it_is_not(world: Slipping) -> None:
    (tag, _), (bare, _) = world.case(), world.case()
    slip = world.slip(tag, signers=[world.people[0], world.people[2]])
    world.hand_over(slip)
    fresh = Party.new("investigator-fresh", CITY, INVESTIGATOR)
    add_party(world.node, fresh.key_leaf)
    world.world.close()

    words = []
    for case, by, who in (
        (tag, world.people[1], desk("CDC2")),
        (bare, world.people[0], desk()),
        ("A" * 43 + "=", world.people[0], desk()),
        (tag, fresh, desk()),
    ):
        with pytest.raises(SlipRefused) as refused:
            world.end(case, by, who)
        words.append(refused.value.fault)

    assert words == ["NOT-INVOLVED", "NOT-INVOLVED", "NO-EVIDENCE", "SIGNATURE"]
    assert world.read(slip).found.measure is Measure.ADVISE
    assert world.end(tag, world.people[4]).ended  # another investigator of an organisation that signed


def test_the_laboratory_of_its_result_ends_a_case_without_slips(world: Slipping) -> None:
    tag, _ = world.case()
    laboratory = world.world.laboratory
    parties.add_organisation(
        world.node.store, organisation_id=laboratory.organisation, name_en="Laboratory", name_zh="检验所"
    )
    kind = FacilityKind.DISEASE_CONTROL_CENTRE
    add_hospital(world.node, "CDC3", kind, organisation=laboratory.organisation)

    assert world.end(tag, laboratory, desk("CDC3")).ended
    with pytest.raises(SlipRefused) as refused:
        world.hand_over(world.slip(tag))
    assert refused.value.fault == "CORRECTED"


def test_two_desks_that_hand_the_same_over_at_once_both_succeed_and_the_log_has_it_once(world: Slipping) -> None:
    tag, _ = world.case()
    given = [slips.leaf_of("exposure", dict(world.slip(tag, number).leaf)) for number in (1, 2)]

    def second() -> slips.HandedOver:
        with world.node.store.transaction(Duty.CARE) as tx:
            return slips.add(tx, given[::-1])

    with ThreadPoolExecutor(1) as beside:
        with world.node.store.transaction(Duty.CARE) as tx:
            first = slips.add(tx, given)
            waiting = beside.submit(second)
            sleep(0.3)
        later = waiting.result(timeout=300)
    world.world.close()

    assert [(one.taken, one.again) for one in (first, later)] == [(2, 0), (0, 2)]
    assert [one.body["index"] for _, one in ledger.leaves(world.node.store, "exposure")].count(tag) == 2


def test_a_case_that_ended_while_its_exposures_were_checked_takes_none(world: Slipping, tag: str) -> None:
    case, _ = world.case()
    given = [slips.leaf_of("exposure", dict(world.slip(case).leaf))]
    with world.node.store.transaction(Duty.CARE) as tx:
        tables.end(tx, case, world.world.now)

    with pytest.raises(SlipRefused) as refused, world.node.store.transaction(Duty.CARE) as tx:
        slips.add(tx, given)

    assert refused.value.fault == "CORRECTED"


def test_a_number_is_as_large_as_the_log_takes_it(world: Slipping, tag: str) -> None:
    assert world.hand_over(world.slip(tag, 2**53 - 1, signers=world.people[:4])).taken == 1


def test_rules_that_are_over_ask_for_nothing_and_a_slip_lasts_two_days(world: Slipping) -> None:
    tag, _ = world.case()
    slip = world.slip(tag)
    world.hand_over(slip)
    world.world.close()

    world.world.advance(2 * DAY)

    assert world.read(slip).found.measure is Measure.NONE


def test_anybody_reads_a_slip_on_the_page_and_saves_its_file(world: Slipping) -> None:
    tag, _ = world.case()
    slip = world.slip(tag)
    world.hand_over(slip)
    world.world.close()
    with asking(world.node) as client:
        empty = client.ask("GET", "/exposure", headers=PLAIN)
        form = posted(world, slip=slip.text)
        page = client.ask("POST", "/exposure", **form)
        file = client.ask("POST", "/exposure/file", **form)
        chinese = client.ask("POST", "/exposure?lang=zh", **form)
        wrong = client.ask("POST", "/exposure", **posted(world, slip="{}"))
        unknown = client.ask("POST", "/exposure", **posted(world, slip=world.slip(tag, 9).text))

    assert [one.status_code for one in (empty, page, file, chinese, wrong, unknown)] == [200, 200, 200, 200, 400, 200]
    assert "A test is due by" in page.text
    assert "请在" in chinese.text
    assert world.node.trust is not None
    assert recompute_slip(file.content, world.node.trust, world.world.now).measure is Measure.ADVISE
    assert "A test is due" not in wrong.text + unknown.text + empty.text


def test_a_slip_pasted_twice_beside_another_saves_the_file_of_each(world: Slipping) -> None:
    tag, _ = world.case()
    unknown, slip = world.slip(tag, 9), world.slip(tag)
    world.hand_over(slip)
    world.world.close()

    read = app.slips.read_slips(world.node, None, [unknown.text, unknown.text, slip.text])
    with asking(world.node) as client:
        page = client.ask("POST", "/exposure", **posted(world, slip="\n".join([unknown.text] * 2 + [slip.text])))

    assert [(one.text, bool(one.file)) for one in read.slips] == [(unknown.text, False), (slip.text, True)]
    assert page.text.count('name="slip" value=') == 1
    assert str(slip.leaf["commitment"]).replace("+", "&#43;") in page.text.replace("+", "&#43;")
    assert "Another of your slips asks for nothing." in page.text


def test_each_slip_is_read_once_and_answered(world: Slipping, monkeypatch: pytest.MonkeyPatch) -> None:
    tag, _ = world.case()
    given = [world.slip(tag, number) for number in (1, 2, 3)]
    world.hand_over(*given)
    world.world.close()
    seen: list[bytes] = []
    read = reading_slips._read

    def counted(raw: bytes, *more: Any) -> Any:
        seen.append(raw)
        return read(raw, *more)

    monkeypatch.setattr(reading_slips, "_read", counted)

    answers = world.read(*given).slips

    assert len(seen) == len(set(seen)) == 3
    assert {one.found.measure for one in answers} == {Measure.ADVISE}


PLAIN = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}


def posted(world: Slipping, **fields: str) -> dict[str, Any]:
    """A form of somebody who is not signed in, with the token of the own browser."""
    csrf = world.node.custodian.digest("web.form", b"browser\x00").hex()
    return {"data": {"csrf": csrf, **fields}, "headers": {**PLAIN, "Cookie": "salus_form=browser"}}


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        (decisions.DECISION_BY_TAG, (b"A" * 44,)),
        (tables.BY_COMMITMENT, ([bytes(32)],)),
        (tables.OF_CASE, (bytes(32),)),
        (tables.ENDED, ([bytes(32)],)),
    ],
)
def test_no_query_of_slips_reads_a_whole_table(world: Slipping, sql: str, values: tuple[object, ...]) -> None:
    with world.node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("set enable_seqscan = off")
        plan = "\n".join(str(row[0]) for row in owner.execute("explain " + sql, values).fetchall())

    assert "Index" in plan
    assert "Seq Scan" not in plan
