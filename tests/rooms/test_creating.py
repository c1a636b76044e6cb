"""Creates that arrive together share a transaction, and nothing else: each is answered, refused and shown by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest

from nodes import a_node, a_number, add_hospital, system, the_resident
from reads import no_refusal_kept
from salus import access, identity, records
from salus.app import Create, Creator, Node
from salus.parties import Principal
from salus.records import Outcome, RecordRefused
from salus.storage import Duty, Met


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("creating")) as opened:
        add_hospital(opened, "H1")
        add_hospital(opened, "H2")
        yield opened


def patient(order: int, **more: Any) -> dict[str, Any]:
    number = {"system": "urn:salus:id-card", "value": a_number(order)}
    return {
        "resourceType": "Patient",
        "identifier": [number],
        "name": [{"text": "柳青松"}],
        "birthDate": "1980-01-01",
        **more,
    }


def together(node: Node, *sent: tuple[Principal, dict[str, Any]]) -> Sequence[Outcome | BaseException]:
    """Send creates at once; the first occupies the one thread, so that the others are one batch."""

    async def work() -> Sequence[Outcome | BaseException]:
        creator = Creator(node)
        asks = [Create(principal=who, intent=records.of_resource(one, one["resourceType"])) for who, one in sent]
        try:
            return await asyncio.gather(*map(creator.ask, asks), return_exceptions=True)
        finally:
            creator.close()

    return asyncio.run(work())


def shown(node: Node, resident: int) -> list[tuple[str, int]]:
    """Return (what, count) of all entries in a resident's register, oldest first."""
    with node.store.transaction(Duty.CARE) as tx:
        return tx.rows("select what, count from access.entry where resident_key = %s order by batch, item", (resident,))


def test_each_of_several_creates_is_answered_and_shown_as_a_request_of_its_own(node: Node) -> None:
    who = system("H1")
    first = patient(1)

    done = together(node, (who, patient(2)), (who, first), (who, first | {"gender": "male"}), (system("H2"), first))

    stored = [one for one in done if isinstance(one, Outcome)]
    assert len(stored) == 4
    assert len({one.id for one in stored}) == 4
    with node.store.transaction(Duty.CARE) as tx:
        whose = identity.residents_of(tx, [one.chart_key for one in stored])
    assert len({whose[one.chart_key] for one in stored[1:]}) == 1
    assert shown(node, whose[stored[1].chart_key]) == [("Patient", 1)] * 3
    assert shown(node, whose[stored[0].chart_key]) == [("Patient", 1)]


def test_one_that_cannot_be_stored_is_refused_alone_with_its_own_reason(node: Node) -> None:
    who = system("H1")
    wrong = patient(4, birthDate="yesterday")

    first, good, bad, other = together(node, (who, patient(3)), (who, patient(5)), (who, wrong), (who, patient(6)))

    assert [type(one) for one in (first, good, other)] == [Outcome] * 3
    assert isinstance(bad, RecordRefused)
    assert bad.problems[0].entry is None
    assert "birthDate" in bad.problems[0].where


def test_what_was_unwrapped_together_is_counted_as_often_as_it_is_shown(node: Node) -> None:
    who = system("H1")
    (mother,) = together(node, (who, patient(7)))
    assert isinstance(mother, Outcome)
    about = {"subject": {"reference": f"Patient/{mother.id}"}, "code": {"text": "pulse"}, "status": "final"}
    pulse = {"resourceType": "Observation", **about}
    with node.store.transaction(Duty.CARE) as tx:
        before, counted = access.unwraps(tx), node.keys.unwraps()

    done = together(node, *[(who, pulse)] * 4)

    with node.store.transaction(Duty.CARE) as tx:
        shown_now = access.unwraps(tx)
    assert [type(one) for one in done] == [Outcome] * 4
    assert node.keys.unwraps() - counted == shown_now - before


def test_where_a_refusal_cannot_be_kept_the_others_are_told_that_they_are_stored(node: Node) -> None:
    who = system("H2")
    stranger = the_resident(uuid4())

    with no_refusal_kept(node.store):
        done = together(node, (who, patient(9)), (who, patient(10)), (stranger, patient(8)), (who, patient(11)))

    assert [type(one) for one in done] == [Outcome, Outcome, Met, Outcome]
