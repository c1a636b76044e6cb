"""Charts that arrive on a real node: with whom they are linked, what is asked, and what a rule takes back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from typing import Any

import pytest

from nodes import ID_CARD, a_node, a_number, read_back, resident_of, send, system, update
from salus import access, identity
from salus.access import Action, Read
from salus.app import Node, check_node, indexing
from salus.app.relay import deliver_events
from salus.identity import Author, Verdict
from salus.identity.linkage.people import people_weights
from salus.identity.placing import gathering
from salus.kernel import Purpose, Role
from salus.records import Accepted
from salus.storage import Duty

H1, H2 = system("H1"), system("H2")
REVIEWER = Author(name="reviewer", role=Role.INDEX_REVIEWER)
PASSPORT = "urn:salus:passport"
_orders = count(1)
GIVEN = "伟芳娜敏静强磊军洋勇艳杰涛明超秀霞平刚桂"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("arrivals"), "H1", "H2") as opened:
        yield opened


def somebody(**more: Any) -> dict[str, Any]:
    """A person whom no other test sends, without any number."""
    n = next(_orders)
    return {
        "resourceType": "Patient",
        "name": [{"text": "欧阳" + GIVEN[n % 20] + GIVEN[n // 20 % 20]}],
        "birthDate": f"19{50 + n % 40}-{1 + n % 11:02}-{2 + n % 26:02}",
        "gender": "female",
        "telecom": [{"system": "phone", "value": f"139{n:04}2718"}],
        "address": [{"postalCode": "900101", "text": f"石溪县槐树街{n}号2室"}],
        **more,
    }


def numbered(patient: dict[str, Any], order: int = 0) -> dict[str, Any]:
    number = a_number(order or next(_orders), patient["birthDate"].replace("-", ""))
    return patient | {"identifier": [{"system": ID_CARD, "value": number}]}


def chart_of(done: Accepted) -> int:
    return done.outcomes[0].chart_key


def whose(node: Node, *done: Accepted) -> list[int]:
    """Whose the charts are now."""
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.residents_of(tx, [chart_of(one) for one in done])
    return [found[chart_of(one)] for one in done]


def asked(node: Node, done: Accepted) -> dict[frozenset[int], str]:
    """What people are asked about a chart: the pairs, and why."""
    with node.store.transaction(Duty.CARE) as tx:
        found = tx.rows(
            "select chart_a, chart_b, reason from identity.question join identity.unanswered using (question)"
            " where %s in (chart_a, chart_b)",
            (chart_of(done),),
        )
    return {frozenset((one, other)): reason for one, other, reason in found}


def said(node: Node, *done: Accepted) -> list[identity.Assertion]:
    with node.store.transaction(Duty.CARE) as tx:
        return identity.assertions_of(tx, [chart_of(one) for one in done])


def drained(node: Node) -> None:
    while deliver_events(node):
        pass


def whole(node: Node) -> bool:
    return not [finding for finding in check_node(node) if finding.code == "INDEX-DIFFERS"]


def test_who_is_known_without_a_number_is_known_again(node: Node) -> None:
    patient = somebody()
    first, second = send(node, H1, patient), send(node, H2, numbered(patient))

    assert len(set(whose(node, first, second))) == 1
    (link,) = said(node, second)
    assert (link.verdict, link.ground, link.author) == (Verdict.SAME, "weighed", Author(name="weighed"))
    assert link.evidence is not None
    assert link.evidence.model == people_weights().hash
    assert dict(link.evidence.fields)["names"] > 10
    assert asked(node, second) == {}
    assert whole(node)


def test_a_name_and_nothing_else_links_nobody(node: Node) -> None:
    patient = somebody()
    done = [send(node, one, {"resourceType": "Patient", "name": patient["name"]}) for one in (H1, H2, H1)]

    assert len(set(whose(node, *done))) == 3


def test_two_valid_numbers_keep_two_charts_apart_and_a_person_is_asked(node: Node) -> None:
    patient = somebody()
    one, other = send(node, H1, numbered(patient)), send(node, H2, numbered(patient))

    assert len(set(whose(node, one, other))) == 2
    assert asked(node, other) == {frozenset((chart_of(one), chart_of(other))): "two-numbers"}


def test_who_has_no_number_never_chains_two_who_have_different_ones(node: Node) -> None:
    patient = somebody()
    one, other = send(node, H1, numbered(patient)), send(node, H2, numbered(patient))
    between = send(node, H1, patient)

    residents = whose(node, one, other, between)
    assert residents[0] != residents[1]
    assert residents[2] in residents[:2]
    assert whole(node)


def test_twins_are_two_residents_and_a_person_is_asked(node: Node) -> None:
    home = somebody()
    one = send(node, H1, home | {"name": [{"text": "欧阳雨"}]})
    twin = send(node, H1, home | {"name": [{"text": "欧阳雪"}]})

    assert len(set(whose(node, one, twin))) == 2
    assert set(asked(node, twin).values()) == {"siblings"}


def test_a_newborn_under_the_mothers_number_is_not_the_mother_and_the_number_stays_hers(node: Node) -> None:
    mother = numbered(somebody())
    newborn = mother | {"name": [{"text": "欧阳小宝"}], "birthDate": "2031-02-27"}
    later = send(node, H2, newborn)
    first = send(node, H1, mother)

    assert len(set(whose(node, first, later))) == 2
    with node.store.transaction(Duty.CARE) as tx:
        number = identity.IdNumber.read(mother["identifier"][0]["value"])
        found = identity.find(tx, node.custodian, number)
    assert found is not None
    assert found.charts == (chart_of(first),)


def test_a_borrowed_number_is_asked_about_where_the_two_would_be_taken_for_one(node: Node) -> None:
    holder = numbered(somebody())
    first = send(node, H1, {name: holder[name] for name in holder if name != "birthDate"})
    later = send(node, H2, holder | {"birthDate": "2001-10-30"})

    assert len(set(whose(node, first, later))) == 2
    assert asked(node, later) == {frozenset((chart_of(first), chart_of(later))): "borrowed-number"}


def test_any_document_that_links_finds_its_resident(node: Node) -> None:
    patient = somebody()
    passport = {"system": PASSPORT, "value": "e 4071-8265", "period": {"start": "2024-05-01", "end": "2034-04-30"}}
    done = send(node, H1, patient | {"identifier": [passport]})

    with node.store.transaction(Duty.CARE) as tx:
        found = identity.find(tx, node.custodian, identity.read_identifier("passport", "E40718265"))
        rows = tx.rows(
            "select type, valid_from::text, valid_until::text, verified from identity.number where chart_key = %s",
            (chart_of(done),),
        )
    assert found is not None
    assert found.key == resident_of(node, done)
    assert rows == [("passport", "2024-05-01", "2034-05-01", False)]


def test_a_number_that_cannot_be_one_of_its_document_says_nothing_and_is_not_refused(node: Node) -> None:
    done = send(node, H1, somebody(identifier=[{"system": PASSPORT, "value": "?"}, {"system": "urn:x", "value": "1"}]))

    with node.store.transaction(Duty.CARE) as tx:
        assert tx.rows("select 1 from identity.number where chart_key = %s", (chart_of(done),)) == []


def test_what_a_person_parted_no_later_chart_brings_together(node: Node) -> None:
    patient = somebody()
    one, other = send(node, H1, patient), send(node, H2, patient)
    with node.store.transaction(Duty.CARE) as tx:
        identity.part(tx, [chart_of(other)], ground="reported", author=REVIEWER, at=node.clock.now())

    third = send(node, H1, patient)

    residents = whose(node, one, other, third)
    assert residents[0] != residents[1]
    assert residents[2] in residents[:2]
    assert asked(node, third) == {}
    assert whole(node)


def test_an_update_that_says_somebody_else_takes_the_rules_own_link_back(node: Node) -> None:
    patient = somebody()
    one, other = send(node, H1, patient), send(node, H2, patient)
    (together,) = set(whose(node, one, other))
    (body,) = read_back(node, other.outcomes[0].id)
    looked = Read(
        reader_role=Role.CLINICIAN, reader="doctor", facility="H1", resident_key=together,
        chart_keys=(chart_of(one), chart_of(other)), what="summary", count=4, action=Action.READ_SUMMARY,
        purpose=Purpose.TREAT, ground="care-relation", unwraps=2, at=node.clock.now(),
    )  # fmt: skip
    with node.store.transaction(Duty.CARE) as tx:
        access.register(tx, [looked])
    drained(node)

    done = update(node, H2, somebody() | {"id": body["id"]})

    kept, parted = whose(node, one, other)
    assert (kept, done.residents[chart_of(other)]) == (together, parted)
    assert kept != parted
    assert [one.verdict for one in said(node, other)] == [Verdict.SAME, Verdict.WITHDRAWN]
    drained(node)
    with node.store.transaction(Duty.CARE) as tx:
        shown = [one.read for one in access.reads_of(tx, [parted]) if one.read.reader == "doctor"]
        told = identity.notices(tx, parted)
    assert [(one.chart_keys, one.unwraps) for one in shown] == [((chart_of(other),), 0)]
    assert [notice.kind for notice in told] == ["parted"]
    assert whole(node)


@pytest.mark.parametrize("birth", ["the victim's", "none"])
def test_a_chart_with_a_number_does_not_become_somebody_else_by_hiding_it(node: Node, birth: str) -> None:
    victim = numbered(somebody())
    theirs = send(node, H2, victim)
    made = send(node, H1, numbered(somebody()))
    id_ = str(made.outcomes[0].id)
    disguise = {name: value for name, value in victim.items() if name != "identifier"} | {"id": id_}
    if birth == "none":
        del disguise["birthDate"]

    update(node, H1, disguise)

    assert len(set(whose(node, theirs, made))) == 2
    assert {one.verdict for one in said(node, made)} <= {Verdict.WITHDRAWN}
    assert whole(node)


def test_an_update_never_takes_back_what_a_person_linked(node: Node) -> None:
    patient = somebody()
    one, other = send(node, H1, patient), send(node, H2, somebody())
    with node.store.transaction(Duty.CARE) as tx:
        pair = (chart_of(one), chart_of(other))
        identity.link(tx, pair, ground="documents-agree", author=REVIEWER, at=node.clock.now())

    update(node, H2, somebody() | {"id": str(other.outcomes[0].id)})

    assert len(set(whose(node, one, other))) == 1
    assert whole(node)


def test_an_update_that_says_the_same_writes_nothing_of_who_is_who(node: Node) -> None:
    patient = somebody()
    one, other = send(node, H1, patient), send(node, H2, patient)
    before = said(node, one, other)

    update(node, H2, patient | {"id": str(other.outcomes[0].id), "active": True})

    assert said(node, one, other) == before


def test_a_chart_that_shows_two_residents_to_be_one_links_them_and_tells_both(node: Node) -> None:
    patient = numbered(somebody())
    by_number = send(node, H1, {"resourceType": "Patient", "identifier": patient["identifier"]})
    by_name = send(node, H2, {name: patient[name] for name in patient if name != "identifier"})
    assert len(set(whose(node, by_number, by_name))) == 2

    both = send(node, H1, patient)
    drained(node)

    assert len(set(whose(node, by_number, by_name, both))) == 1
    with node.store.transaction(Duty.CARE) as tx:
        assert [one.kind for one in identity.notices(tx, *whose(node, both))] == ["linked"]
    assert whole(node)


@pytest.mark.parametrize("with_number", [True, False])
def test_hospitals_that_register_one_person_at_the_same_time_end_at_one_resident(node: Node, with_number: bool) -> None:
    together = Barrier(4)

    def race(place: int, patient: dict[str, Any]) -> int:
        together.wait()
        return resident_of(node, send(node, (H1, H2)[place % 2], patient))

    with ThreadPoolExecutor(4) as pool:
        for _ in range(8):
            patient = numbered(somebody()) if with_number else somebody()
            assert len(set(pool.map(race, range(4), [patient] * 4))) == 1
    assert whole(node)


def test_more_charts_than_a_person_has_are_linked_by_no_rule(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MOST_CHARTS", 3)
    monkeypatch.setattr("salus.identity.placing.service.MOST_CHARTS", 3)
    monkeypatch.setattr("salus.identity.placing.questioning.MOST_CHARTS", 3)
    patient = somebody()
    done = [send(node, H1, patient) for _ in range(4)]

    *few, last = whose(node, *done)
    assert len(set(few)) == 1
    assert last not in few
    assert set(asked(node, done[-1]).values()) == {"crowded"}


def test_charts_of_an_earlier_release_are_prepared_and_found_and_no_register_tells_of_it(node: Node) -> None:
    patient = numbered(somebody())
    one, other = send(node, H1, patient), send(node, H2, somebody())
    with node.store.connect(Duty.MIGRATION) as connection:
        for table in ("person", "found_by"):
            connection.execute(f"delete from identity.{table} where chart_key = any(%s)".encode(), ([chart_of(one)],))
    node.keys.shred(chart_of(other))
    counted = node.keys.unwraps()

    page: int | None = 0
    while page is not None:
        page = indexing.prepare_page(node, page)

    again = send(node, H2, {name: patient[name] for name in patient if name != "identifier"})
    assert whose(node, one) == whose(node, again)
    assert node.keys.unwraps() == counted + 1
    with node.store.transaction(Duty.CARE) as tx:
        assert {read.read.action for read in access.reads_of(tx, whose(node, one))} == {Action.CREATE}
    assert whole(node)
