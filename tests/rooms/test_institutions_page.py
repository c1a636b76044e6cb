"""Whose records, as pages: a resident and a clinician say that a record is another's, in plain forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import pytest

from nodes import Asking, a_node, a_number, a_patient, add_hospital, asking, clinician, send, system
from salus import app, identity
from salus.app import Node
from salus.app.relay import deliver_events
from salus.identity import Author
from salus.kernel import Role
from salus.parties import FacilityKind
from salus.storage import Duty
from visiting import Visitor, links_of, words_of

BOTH = Author(name="one", role=Role.INDEX_REVIEWER, second="two")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("institutions"), "H1", "H2") as opened:
        add_hospital(opened, "R1", FacilityKind.REVIEW_BOARD)
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Asking]:
    with asking(node) as opened:
        yield opened


def linked(node: Node, order: int) -> list[UUID]:
    """Two residents under two numbers whom two people linked; return their identifiers."""
    done = [send(node, system(f"H{one + 1}"), a_patient(a_number(order + one))) for one in (0, 1)]
    charts = [one.outcomes[0].chart_key for one in done]
    with node.store.transaction(Duty.CARE) as tx:
        found = [identity.resident_by_key(tx, one.residents[one.outcomes[0].chart_key]) for one in done]
        identity.link(tx, (charts[0], charts[1]), ground="mistyped", author=BOTH, at=node.clock.now())
    while deliver_events(node):
        pass
    return [one.resident_id for one in found if one]


def chosen(page: str) -> list[str]:
    return re.findall(r'name="record" type="checkbox" value="([0-9a-f-]+)"', page)


def test_a_resident_is_told_of_a_link_and_says_that_it_is_wrong(node: Node, client: Asking) -> None:
    one, _ = linked(node, 1)
    me = Visitor(node, client, Role.RESIDENT, resident=str(one))
    told = me.text("/me/institutions")
    assert "Records were found to be yours." in told
    assert told.count("Hospital H2") == 2
    (other,) = chosen(me.get("/me/institutions").text)

    assert me.post("/me/institutions").status_code == 400
    assert me.post("/me/institutions", record=other).status_code == 303

    reviewer = Visitor(node, client, Role.INDEX_REVIEWER, "R1")
    (link,) = links_of(reviewer.get("/review"), "/review/")
    shown = reviewer.text(link)
    assert "Reported by: Resident." in shown
    assert "These are two people’s." in shown
    assert "an index reviewer" not in me.text("/me/reads").lower()


def test_what_was_parted_can_be_asked_for_again(node: Node, client: Asking) -> None:
    one, other = linked(node, 11)
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.minted(tx, other)
        assert found is not None
        identity.part(tx, [found[1]], ground="documents-differ", author=BOTH, at=node.clock.now())
    while deliver_events(node):
        pass
    me = Visitor(node, client, Role.RESIDENT, resident=str(one))
    assert "are apart from yours" in me.text("/me/institutions")

    assert me.post("/me/institutions/parted", other=str(other)).status_code == 303
    assert me.post("/me/institutions/parted", other=str(one)).status_code >= 400
    assert me.post("/me/institutions/parted", other="x").status_code == 404


def test_a_clinician_reports_from_the_record(node: Node, client: Asking) -> None:
    one, _ = linked(node, 21)
    visit = Visitor(node, client, Role.CLINICIAN, "H1")
    assert visit.get(f"/desk/{one}/mixed").status_code == 403
    app.arrive(node, clinician("H1"), a_number(21))
    (link,) = [each for each in links_of(visit.get(f"/desk/{one}"), "/desk/") if each.endswith("/mixed")]
    first, second = chosen(visit.get(link).text)

    assert visit.post(link, record=first).status_code == 400
    assert visit.post(link, says="same", record=first).status_code == 400
    assert visit.post(link, says="not-same", record=second).status_code == 303

    me = Visitor(node, client, Role.RESIDENT, resident=str(one))
    assert "It was reported that records may not belong together" in me.text("/me/reads")


def test_what_was_reported_is_marked_and_who_cannot_tell_is_counted(node: Node, client: Asking) -> None:
    one, _ = linked(node, 31)
    me = Visitor(node, client, Role.RESIDENT, resident=str(one))
    me.post("/me/institutions", record=chosen(me.get("/me/institutions").text)[0])
    reviewer = Visitor(node, client, Role.INDEX_REVIEWER, "R1")
    link = links_of(reviewer.get("/review"), "/review/")[-1]

    assert len(re.findall(r'value="\d+" accesskey="\w" checked', reviewer.get(link).text)) == 1
    assert reviewer.post(link, says="cannot-tell", reason="too-little").status_code == 303

    assert "1 person could not tell" in words_of(reviewer.get("/review"))
