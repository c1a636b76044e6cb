"""Searches that arrive together are judged, bounded and registered as if each came alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest

from nodes import a_node, a_number, a_patient, an_observation, clinician, resident_of, send, system
from salus import access, records
from salus.app import Alone, Node, SearchAsk, Searcher, demo_token, search
from salus.app.searching import Page
from salus.app.searching_together import search_together
from salus.kernel import Refused, Role
from salus.parties import Principal
from salus.storage import Duty


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, UUID, UUID]]:
    """Return a node, Ann at H1, whose relation with H2 is open, and Bob at H2, whose relation with H1 is not."""
    with a_node(tmp_path_factory.mktemp("together"), "H1", "H2") as node:
        ids = []
        for facility, number in (("H1", 1), ("H2", 2)):
            patient = a_patient(a_number(number), fullUrl="urn:uuid:p")
            done = send(node, system(facility), patient, an_observation("urn:uuid:p"), an_observation("urn:uuid:p"))
            ids.append(done.outcomes[0].id)
            if facility == "H1":
                with node.store.transaction(Duty.CARE) as tx:
                    access.open_relation(tx, "H2", resident_of(node, done), "desk", node.clock.now())
        yield node, ids[0], ids[1]


def _ask(node: Node, who: Principal, patient: UUID, *more: tuple[str, str]) -> Alone:
    asked = records.parse_query("Observation", [("patient", str(patient)), *more], node.custodian)
    return Alone(principal=who, asked=asked)


def test_each_is_answered_as_if_it_came_alone(held: tuple[Node, UUID, UUID]) -> None:
    node, ann, bob = held
    cases = [
        _ask(node, system("H1"), ann),
        _ask(node, clinician("H2"), ann, ("_count", "1")),
        _ask(node, clinician("H1"), bob),
        _ask(node, system("H2"), bob, ("code", "nothing")),
        _ask(node, system("H1"), UUID(int=7)),
        _ask(node, system("H1"), ann, ("date", "ge2031")),
    ]
    together = search_together(node, cases)

    for case, answer in zip(cases, together, strict=True):
        try:
            alone = search(node, case.principal, case.asked)
            assert isinstance(answer, Page)
            # a cursor is sealed anew each time
            assert bool(answer.cursor) == bool(alone.cursor)
            assert replace(answer, cursor=None) == replace(alone, cursor=None)
        except Refused:
            assert isinstance(answer, Refused)
    assert [isinstance(one, Refused) for one in together] == [False, False, True, False, True, False]


def test_each_is_registered_and_counts_its_own_unwraps(held: tuple[Node, UUID, UUID]) -> None:
    node, ann, _ = held
    before, unwrapped = _registered(node), node.keys.unwraps()
    search_together(node, [_ask(node, system("H1"), ann) for _ in range(5)])

    assert _registered(node)[0] - before[0] == 5
    assert _registered(node)[1] - before[1] == node.keys.unwraps() - unwrapped == 5


@pytest.mark.anyio
async def test_what_reaches_further_is_handed_back_and_an_error_is_its_askers_alone(
    held: tuple[Node, UUID, UUID],
) -> None:
    node, ann, _ = held
    bearer, searcher = demo_token(node, Role.HOSPITAL_SYSTEM, "H1", None, None), Searcher(node)
    try:
        chain = (("patient", str(ann)), ("subject:Patient.gender", "male"))
        handed = await searcher.ask(SearchAsk(bearer=bearer, type="Observation", pairs=chain))
        with pytest.raises(records.RecordRefused):
            await searcher.ask(SearchAsk(bearer=bearer, type="Observation", pairs=(("cod", "1"),)))
        page = await searcher.ask(SearchAsk(bearer=bearer, type="Observation", pairs=chain[:1]))
    finally:
        searcher.close()

    assert isinstance(handed, Alone)
    assert not isinstance(page, Alone)
    assert len(page.matches) == 2


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def _registered(node: Node) -> tuple[int, int]:
    with node.store.transaction(Duty.CARE) as tx:
        row = tx.row("select count(*), sum(unwraps) from access.entry where action = 'search'")
    return (int(row[0]), int(row[1] or 0)) if row else (0, 0)
