"""Who searches across residents finds what the own facility wrote, for treatment, or nothing.

No other role and no other purpose lists people by what is written of them: not public health, whose figures are worked
out without a person, not research, not operations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from uuid import UUID

import pytest

from nodes import a_node, a_number, a_patient, an_observation, resident_of, send, system
from salus import identity
from salus.app import Node, search
from salus.app.searching import ACROSS
from salus.kernel import Purpose, Refused, Role
from salus.parties import PurposeRefused, principal
from salus.parties.model import FACILITY_ROLES
from salus.records import parse_query
from salus.storage import Duty
from support import REPOSITORY

MAY = {(Role.HOSPITAL_SYSTEM, Purpose.TREAT), (Role.RESIDENT, Purpose.PATRQT)}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, UUID]]:
    with a_node(tmp_path_factory.mktemp("across"), "H1", "H2") as node:
        for order, facility in ((1, "H1"), (1, "H2"), (2, "H2")):
            person = a_patient(a_number(order), fullUrl="urn:uuid:p")
            done = send(node, system(facility), person, an_observation("urn:uuid:p"))
            if order == 1:
                key = resident_of(node, done)
        with node.store.transaction(Duty.CARE) as tx:
            found = identity.resident_by_key(tx, key)
        assert found is not None
        yield node, found.resident_id


@pytest.mark.parametrize(("role", "purpose"), [*product(Role, (*Purpose, None))])
def test_each_role_finds_for_each_purpose_what_the_table_says_or_is_refused(
    node: tuple[Node, UUID], role: Role, purpose: Purpose | None
) -> None:
    """At a place of care and strongly signed in; who has no such purpose cannot even say so."""
    told, resident = node
    facility = "H1" if role in FACILITY_ROLES else None
    me = resident if role is Role.RESIDENT else None
    asked = parse_query("Observation", [], told.custodian)

    def found() -> int:
        who = principal(
            role,
            "somebody",
            facility=facility,
            resident=me,
            purpose=purpose,
            strong=True,
            scopes=system("H1").scopes,
        )
        return len(search(told, who, asked).matches)

    if (role, purpose) in MAY:
        assert found() == (2 if role is Role.RESIDENT else 1)
    else:
        with pytest.raises((Refused, PurposeRefused)):
            found()


def test_the_table_is_the_one_that_the_reference_tells() -> None:
    page = (REPOSITORY / "docs/reference/roles-and-powers.md").read_text("utf-8")
    part = page.partition("## Searches across residents")[2]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]*)\|$", part, re.MULTILINE)
    told = {(role.strip(), purpose) for purpose, who, _ in rows for role in who.split(",") if "nobody" not in who}

    assert {purpose for purpose, _, _ in rows} == set(Purpose)
    assert told == {(role.value, purpose.value) for role, purpose in MAY}
    assert set(ACROSS) == MAY - {(Role.RESIDENT, Purpose.PATRQT)}
