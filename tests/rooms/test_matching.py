"""Who may be meant, on a real node: whom a search finds, how it is weighed, and what it never does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from nodes import a_node, a_number, a_patient, resident_of, send, system
from salus import identity, records
from salus.app import Node
from salus.identity import Matches
from salus.identity.linkage.people import PEOPLE, Answer
from salus.identity.matching.describing import MOST_NUMBERS
from salus.storage import Duty

H1, H2 = system("H1"), system("H2")
_orders = count(1)
GIVEN = "伟芳娜敏静强磊军洋勇艳杰涛明超秀霞平刚桂"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("matching"), "H1", "H2") as opened:
        yield opened


def somebody(**more: Any) -> dict[str, Any]:
    """A person whom no other test sends."""
    n = next(_orders)
    born = f"19{50 + n % 40}-{1 + n % 11:02}-{2 + n % 26:02}"
    return (
        a_patient(
            a_number(n, born.replace("-", "")),
            name=[{"text": "欧阳" + GIVEN[n % 20] + GIVEN[n // 20 % 20]}],
            birthDate=born,
            gender="female",
            telecom=[{"system": "phone", "value": f"139{n:04}2718"}],
            address=[{"district": "石溪县", "postalCode": "900101", "text": f"石溪县槐树街{n}号2室"}],
        )
        | more
    )


def match(node: Node, patient: dict[str, Any], most: int = 20) -> Matches:
    with node.store.transaction(Duty.CARE) as tx:
        described = records.described(patient, "2031-03-01T08:00:00Z")
        return identity.match(tx, node.custodian, node.custodian, described, node.judge, most=most)


def answers(found: Matches) -> list[tuple[int, str]]:
    return [(one.resident_key, one.verdict.answer.value) for one in found.found]


def without(patient: dict[str, Any], *elements: str) -> dict[str, Any]:
    return {name: value for name, value in patient.items() if name not in elements}


def test_somebody_known_is_found_by_whatever_was_said(node: Node) -> None:
    patient = somebody()
    known = resident_of(node, send(node, H1, patient))

    for said in (patient, without(patient, "identifier"), without(patient, "telecom", "address", "gender")):
        assert answers(match(node, said)) == [(known, "link")]


def test_the_bits_of_the_fields_sum_to_the_weight(node: Node) -> None:
    patient = somebody()
    send(node, H1, patient)

    (found,) = match(node, patient).found

    assert found.verdict.scored.bits == sum(bits for *_, bits in found.verdict.scored.explained())
    assert found.verdict.scored.bits > PEOPLE.link


def test_a_search_writes_nothing(node: Node) -> None:
    def counted() -> list[tuple[int, ...]]:
        with node.store.transaction(Duty.CARE) as tx:
            return [
                tx.row(f"select count(*) from identity.{table}") or ()
                for table in ("person", "found_by", "member", "assertion", "question", "resident")
            ]

    patient = somebody()
    send(node, H1, patient)
    before = counted()
    match(node, patient)

    assert counted() == before


def test_nobody_is_found_by_what_says_nothing(node: Node) -> None:
    send(node, H1, somebody())

    for said in ({}, {"name": [{"text": "未知"}]}, {"telecom": [{"system": "phone", "value": "13800000000"}]}):
        assert match(node, {"resourceType": "Patient", **said}) == Matches(found=(), left_out=(), searched=False)


def test_a_name_alone_never_links(node: Node) -> None:
    patient = somebody()
    send(node, H1, patient)

    found = match(node, {"resourceType": "Patient", "name": patient["name"]})

    assert Answer.LINK not in {one.verdict.answer for one in found.found}


@pytest.mark.parametrize("born", ["2999-01-01", "1800-01-01", "1990-02-30", "soon", "", "١٩٩٠-٠١-٠١"])
def test_an_impossible_birth_date_is_no_error_and_no_evidence(node: Node, born: str) -> None:
    patient = somebody()
    known = resident_of(node, send(node, H1, patient))

    found = match(node, patient | {"birthDate": born})

    assert answers(found)[:1] == [(known, "link")]


def test_a_number_that_contradicts_the_birth_date_is_somebody_elses(node: Node) -> None:
    mother = somebody()
    send(node, H1, mother)
    newborn = mother | {"birthDate": "2031-02-27", "name": [{"text": "欧阳小宝"}]}

    assert "link" not in {answer for _, answer in answers(match(node, newborn))}


def test_an_equal_number_with_another_name_is_for_review(node: Node) -> None:
    patient = somebody()
    known = resident_of(node, send(node, H1, patient))

    (found,) = match(node, patient | {"name": [{"text": "司徒建国"}]}).found

    assert (found.resident_key, found.verdict.answer) == (known, Answer.REVIEW)
    assert found.verdict.reason == "same-number-other-name"


def test_twins_are_not_each_other(node: Node) -> None:
    one = somebody(name=[{"text": "欧阳雨"}])
    twin = without(one, "identifier") | {"name": [{"text": "欧阳雪"}]}
    send(node, H1, one)

    assert "link" not in {answer for _, answer in answers(match(node, twin))}


def test_the_best_of_a_residents_charts_answers_once(node: Node) -> None:
    patient = somebody()
    first, second = send(node, H1, without(patient, "telecom")), send(node, H2, patient)

    (found,) = match(node, patient).found

    assert resident_of(node, first) == resident_of(node, second) == found.resident_key
    assert found.chart_key == second.outcomes[0].chart_key


def test_any_number_of_several_finds_who_has_it(node: Node) -> None:
    passport = {"system": "urn:salus:passport", "value": "E40718265"}
    permit = {"system": "urn:salus:hk-macau-permit", "value": "H40718265"}
    patient = somebody()
    known = resident_of(node, send(node, H1, patient | {"identifier": [permit, passport]}))

    said = without(patient, "telecom", "address") | {"identifier": [passport]}
    (found,) = match(node, said).found

    assert (found.resident_key, found.verdict.answer) == (known, Answer.LINK)
    assert {one.comparison: one.level for one in found.verdict.scored.parts}["numbers"] == "equal typed"


def test_a_name_in_letters_is_the_name_in_characters(node: Node) -> None:
    patient = somebody(name=[{"text": "欧阳海燕"}])
    known = resident_of(node, send(node, H1, patient))

    said = without(patient, "identifier") | {"name": [{"family": "Ouyang", "given": ["Haiyan"]}]}

    assert answers(match(node, said)) == [(known, "link")]


def test_ten_thousand_of_one_name_are_answered_by_what_else_is_known_and_the_rule_is_named(node: Node) -> None:
    patient = somebody()
    known = resident_of(node, send(node, H1, patient))
    with node.store.connect(Duty.MIGRATION) as connection:
        said = identity.matching.describing.person(records.described(patient))
        for digest, rule in identity.matching.digests(node.custodian, said).items():
            if rule == "name and year of birth":
                connection.execute(
                    "insert into identity.found_by select %s, n from generate_series(1000001, 1010000) n", (digest,)
                )

    found = match(node, patient)

    assert found.left_out == ("name and year of birth",)
    assert answers(found) == [(known, "link")]


def test_however_much_is_said_a_search_stays_bounded(node: Node) -> None:
    many = a_patient(*(a_number(n, "19700101") for n in range(500)), name=[{"text": "欧阳" + c} for c in GIVEN] * 20)

    said = identity.matching.describing.person(records.described(many))

    assert len(said.numbers) <= MOST_NUMBERS
    assert len(identity.matching.digests(node.custodian, said)) < 200
    match(node, many)


def test_what_is_kept_opens_for_its_chart_only_and_says_nothing_unopened(node: Node) -> None:
    patient = somebody()
    chart = send(node, H1, patient).outcomes[0].chart_key
    with node.store.transaction(Duty.CARE) as tx:
        (kept,) = identity.matching.kept(tx, node.custodian, [chart])
        ((sealed,),) = tx.rows("select sealed from identity.person where chart_key = %s", (chart,))

    assert kept.person == identity.matching.describing.person(records.described(patient))
    assert kept.source == "H1"
    number = patient["identifier"][0]["value"]
    assert number.encode() not in bytes(sealed)
    with pytest.raises(Exception, match="sealed bytes"):
        node.custodian.open_sealed("identity.person", bytes(sealed), b"another")


def test_where_somebody_lives_is_neither_kept_nor_looked_for(node: Node) -> None:
    patient = somebody()
    moved = patient | {"address": [{"postalCode": "900102", "text": "别处县柳树街7号1室"}]}

    assert records.described(patient) == records.described(moved)
    with node.store.transaction(Duty.CARE) as tx:
        (kept,) = identity.matching.kept(tx, node.custodian, [send(node, H1, patient).outcomes[0].chart_key])
    assert kept.person is not None
    assert (kept.person.features.county, kept.person.features.dwelling, kept.person.features.house) == (None,) * 3
