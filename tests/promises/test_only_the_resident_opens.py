"""Only the resident opens what is closed, and takes back what was closed; nobody does it for them.

A desk closes on a signed paper, and the resident is shown it. No operator, clinician, clerk, hospital's system,
command, request or duty of the database opens a class.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID

import psycopg
import pytest

from nodes import a_node, a_number, a_patient, clinician, resident_of, send, system, the_resident
from salus import access, identity
from salus.access import LONGEST_OPENING, About, Action, DirectiveInvalid, Request, Says, load_policy
from salus.app import Node, Wished, arrive, close_for_resident, my_directives, say, take_back
from salus.kernel import FixedClock, Purpose, Refused, Role
from salus.parties import Principal, principal
from salus.records import NotFound
from salus.storage import Duty
from support import REPOSITORY

NUMBER = a_number(1)
DAY = timedelta(days=1)
OPENING = Wished(says=Says.PERMIT, about=(About.HIV,), facility=None, lasts=DAY)
CLOSING = Wished(says=Says.FORBID, about=(About.HIV,), facility=None, lasts=None)
STAFF = sorted(set(Role) - {Role.RESIDENT})
ADD = (
    "insert into access.directive (id, resident_key, says, about, since, until, recorded_by, recorded_as, paper)"
    " values (gen_random_uuid(), 1, %s, %s, now(), now() + %s, 'x', %s, %s)"
)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("opens"), "H1", "H2") as opened:
        yield opened


@pytest.fixture(scope="module")
def key(node: Node) -> int:
    return resident_of(node, send(node, system("H1"), a_patient(NUMBER)))


@pytest.fixture
def me(node: Node, key: int) -> Principal:
    """The resident, who is at the second hospital."""
    node.clock = FixedClock(node.clock.now() + 2 * DAY)
    arrive(node, clinician("H2"), NUMBER)
    with node.store.transaction(Duty.CARE) as tx:
        return the_resident(identity.residents(tx, [key])[key].resident_id)


def forged(role: Role, purpose: Purpose, resident: UUID | None) -> Principal:
    """Somebody of a role with a purpose and a resident that no such principal can have: what a mistake might let in."""
    facility = None if role in (Role.AUDITOR, Role.OPERATOR) else "H2"
    made = principal(role, f"{role}-somebody", facility=facility, strong=True)
    object.__setattr__(made, "resident", resident)
    object.__setattr__(made, "purpose", purpose)
    return made


def holding(node: Node, me: Principal) -> list[tuple[Says, About]]:
    return [(one.says, one.about) for one in my_directives(node, me) if one.holds(node.clock.now())]


@pytest.mark.parametrize("role", STAFF)
def test_no_role_opens_or_takes_back_for_a_resident(node: Node, me: Principal, role: Role) -> None:
    say(node, me, CLOSING)
    (closed, *_) = my_directives(node, me)
    for purpose in Purpose:
        somebody = forged(role, purpose, me.resident)
        with pytest.raises(Refused):
            say(node, somebody, OPENING)
        with pytest.raises(Refused):
            take_back(node, somebody, closed.id)

    assert (Says.FORBID, About.HIV) in holding(node, me)
    assert (Says.PERMIT, About.HIV) not in holding(node, me)


def test_no_facts_let_policy_grant_it_to_anybody_else() -> None:
    facts: dict[str, Any] = dict.fromkeys(
        ("own_facility", "relation_open", "own_record", "care_facility", "independent"), True
    )
    granted = {
        role
        for role, purpose in product(Role, (*Purpose, None))
        if load_policy().permit(Request(role=role, purpose=purpose, action=Action.CHANGE_CONSENT, **facts)).allowed
    }

    assert granted == {Role.RESIDENT}


def test_another_resident_opens_and_takes_back_nothing(node: Node, me: Principal) -> None:
    other = resident_of(node, send(node, system("H1"), a_patient(a_number(2))))
    with node.store.transaction(Duty.CARE) as tx:
        stranger = the_resident(identity.residents(tx, [other])[other].resident_id)
    say(node, me, CLOSING)
    (closed, *_) = my_directives(node, me)

    say(node, stranger, OPENING)
    with pytest.raises(NotFound):
        take_back(node, stranger, closed.id)
    assert (Says.PERMIT, About.HIV) not in holding(node, me)


def test_a_desk_closes_and_the_resident_sees_who_wrote_it_and_takes_it_back(node: Node, me: Principal) -> None:
    assert me.resident is not None
    close_for_resident(node, clinician("H2"), me.resident, CLOSING, "2026-0417")

    (closed, *_) = my_directives(node, me)
    assert (closed.recorded_by, closed.recorded_as, closed.paper) == ("clinician-H2", Role.CLINICIAN, "2026-0417")
    with node.store.transaction(Duty.CARE) as tx:
        seen = access.reads_of(tx, identity.known_as(tx, closed.resident_key), limit=5)
    assert ("closed-for-you", "clinician-H2", "H2") in [
        (one.read.what, one.read.reader, one.read.facility) for one in seen
    ]
    take_back(node, me, closed.id)
    assert closed.id not in {one.id for one in my_directives(node, me) if one.holds(node.clock.now())}


def test_a_desk_opens_nothing_whoever_signed(node: Node, me: Principal) -> None:
    assert me.resident is not None
    for opening in (OPENING, Wished(says=Says.PERMIT, about=(About.PSYCHIATRY,), facility="H2", lasts=DAY)):
        with pytest.raises(DirectiveInvalid):
            close_for_resident(node, clinician("H2"), me.resident, opening, "2026-0417")


def test_every_opening_there_is_stands_in_its_residents_own_hand(node: Node, me: Principal, key: int) -> None:
    say(node, me, OPENING)
    with node.store.transaction(Duty.CARE) as tx:
        rows = tx.rows("select resident_key, recorded_by, recorded_as from access.directive where says = 'permit'")
        accounts = {k: f"account-{one.resident_id}" for k in {row[0] for row in rows} for one in _known(tx, k)}

    assert key in accounts
    assert {(k, by, as_what) for k, by, as_what in rows} == {(k, by, "resident") for k, by in accounts.items()}


def _known(tx: Any, key: int) -> list[identity.Resident]:
    found = identity.resident_by_key(tx, key)
    return [found] if found else []


@pytest.mark.parametrize(
    ("says", "about", "lasts", "role", "paper"),
    [
        ("permit", "hiv", DAY, "clinician", "7"),
        ("permit", "hiv", DAY, "reception", "7"),
        ("permit", "hiv", DAY, "operator", None),
        ("permit", "hiv", DAY, "resident", "7"),
        ("permit", "hiv", None, "resident", None),
        ("permit", "hiv", LONGEST_OPENING + DAY, "resident", None),
        ("permit", "everything", DAY, "resident", None),
        ("forbid", "hiv", None, "clinician", None),
        ("forbid", "hiv", None, "clinician", "110101199003070000"),
    ],
    ids=str,
)
def test_the_database_takes_no_opening_but_a_residents_own_with_an_end(
    node: Node, says: str, about: str, lasts: timedelta | None, role: str, paper: str | None
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation), node.store.transaction(Duty.CARE) as tx:
        tx.run(ADD, (says, about, lasts, role, paper))


def test_no_duty_but_care_writes_what_was_said_and_none_changes_it(node: Node) -> None:
    with node.store.transaction(Duty.CARE) as tx:
        held = tx.rows(
            "select r.rolname, t.name, p.privilege from pg_roles r"
            " cross join (values ('access.directive'), ('access.withdrawal')) t (name)"
            " cross join (values ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) p (privilege)"
            " where r.rolname like 'salus\\_%%' and r.rolname not in ('salus_root', 'salus_migration')"
            " and has_table_privilege(r.oid, t.name, p.privilege)"
        )

    assert sorted(held) == [("salus_care", "access.directive", "INSERT"), ("salus_care", "access.withdrawal", "INSERT")]


def test_nothing_but_the_residents_page_and_the_desks_form_writes_what_was_said() -> None:
    """No command, no import, no message and no request of FHIR: one module calls the two verbs that write."""
    found = {
        path.relative_to(REPOSITORY / "src").as_posix()
        for path in (REPOSITORY / "src" / "salus").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Attribute) and call.attr in ("direct", "withdraw") and _of_access(call)
    }

    assert found == {"salus/app/consents.py"}


def _of_access(call: ast.Attribute) -> bool:
    return isinstance(call.value, ast.Name) and call.value.id == "access"


@pytest.mark.parametrize("lasts", [None, LONGEST_OPENING + timedelta(seconds=1)])
def test_what_is_opened_ends_within_a_year(node: Node, me: Principal, lasts: timedelta | None) -> None:
    with pytest.raises(DirectiveInvalid):
        say(node, me, Wished(says=Says.PERMIT, about=(About.HIV,), facility=None, lasts=lasts))

    assert (Says.PERMIT, About.HIV) not in holding(node, me)
