"""Each page lets in the roles that tests/golden/routes.txt names, and no other: every page is asked in every role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID, uuid4

import httpx
import pytest

from nodes import Asking, a_node, a_patient, add_hospital, asking, resident_of, send, system
from salus import identity
from salus.app import Node, demo_token
from salus.kernel import Role
from salus.parties import FacilityKind
from salus.storage import Duty
from support import REPOSITORY

TABLE = (REPOSITORY / "tests" / "golden" / "routes.txt").read_text("utf-8")
FILLED = {
    "resident": str(uuid4()),
    "place": "1-0",
    "receipt": "0123456789ab",
    "appeal": "00" * 32,
    "brought": str(uuid4()),
    "certificate": str(uuid4()),
    "signal": str(uuid4()),
    "incident": str(uuid4()),
    "order": str(uuid4()),
    "task": str(uuid4()),
    "number": "1",
    "question": "1",
    "directive": str(uuid4()),
    "share": str(uuid4()),
    "phone": str(uuid4()),
    "opening": str(uuid4()),
}
NOT_YOURS = "this page is not for your role"


def pages() -> dict[tuple[str, str], set[Role]]:
    """Read from the table which roles each page is for; leave out what is not for who is signed in."""
    found = {}
    for line in TABLE.splitlines()[4:]:
        method, path, _, who = line.split(maxsplit=3)
        named = set(Role) if who == "who is signed in" else {role for role in Role if role.value in who.split(", ")}
        if named and not path.startswith("/fhir"):
            found[method, path] = named
    return found


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("pages"), "H1") as opened:
        add_hospital(opened, "S1", FacilityKind.SAMPLING_SITE)
        add_hospital(opened, "L1", FacilityKind.LABORATORY)
        add_hospital(opened, "D1", FacilityKind.DEPARTMENT)
        add_hospital(opened, "C1", FacilityKind.DISEASE_CONTROL_CENTRE)
        add_hospital(opened, "C2", FacilityKind.COMMAND_CENTRE)
        add_hospital(opened, "C3", FacilityKind.REVIEW_BOARD)
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Asking]:
    with asking(node) as opened:
        yield opened


@pytest.fixture(scope="module")
def sessions(node: Node) -> dict[Role, str]:
    """A demo session of each role."""
    key = resident_of(node, send(node, system(), a_patient()))
    with node.store.transaction(Duty.CARE) as tx:
        someone = identity.resident_by_key(tx, key)
    assert someone is not None
    return {role: f"demo.{_token(node, role, someone.resident_id)}" for role in Role}


def _token(node: Node, role: Role, resident: UUID) -> str:
    facility = {
        Role.SAMPLING_SITE: "S1",
        Role.LABORATORY: "L1",
        Role.DEPARTMENT_SYSTEM: "D1",
        Role.EPIDEMIOLOGIST: "C1",
        Role.COMMANDER: "C2",
        Role.APPEAL_OFFICER: "C3",
        Role.INDEX_REVIEWER: "C3",
        Role.ACCESS_REVIEWER: "C3",
    }.get(role, "H1")
    return demo_token(node, role, facility, str(resident) if role is Role.RESIDENT else None, None)


def visit(node: Node, client: Asking, place: tuple[str, str], session: str) -> httpx.Response:
    """Ask for a page as its own form would, with the token that belongs to browser and session."""
    method, path = place
    csrf = node.custodian.digest("web.form", f"form\x00{session}".encode()).hex()
    headers = {"Cookie": f"salus_session={session}; salus_form=form", "Accept": "text/html"}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    sent = {"data": {"csrf": csrf}} if method == "POST" else {}
    return client.ask(method, re.sub(r"{(\w+)}", lambda name: FILLED[name[1]], path), headers=headers, **sent)


def test_the_table_has_pages_for_staff_residents_and_everybody() -> None:
    kinds = {frozenset(roles) for roles in pages().values()}

    assert {frozenset(Role), frozenset({Role.RESIDENT}), frozenset({Role.CLINICIAN})} < kinds


@pytest.mark.parametrize("place", pages(), ids=" ".join)
def test_a_page_lets_in_the_roles_that_the_table_names(
    node: Node, client: Asking, sessions: dict[Role, str], place: tuple[str, str]
) -> None:
    answers = {role: visit(node, client, place, session) for role, session in sessions.items()}

    assert not [answer for answer in answers.values() if answer.status_code == 401]
    assert not [answer for answer in answers.values() if "SALUS-W020" in answer.text]  # the form's token is right
    turned_away = {role for role, answer in answers.items() if NOT_YOURS in answer.text}
    assert {answers[role].status_code for role in turned_away} <= {403}
    assert set(Role) - turned_away == pages()[place]


@pytest.mark.parametrize("session", ["", "demo.", "demo.e30.e30.e30", "e30.e30.e30", "x" * 43])
def test_a_session_that_is_none_is_let_in_nowhere(node: Node, client: Asking, session: str) -> None:
    for place in pages():
        answer = visit(node, client, place, session)

        if place[1] != "/sign-out":  # whose session is none is signed out already
            assert answer.status_code in (401, 303)
            assert answer.status_code == 401 or answer.headers["location"].startswith("/sign-in?next=")
