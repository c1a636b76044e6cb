"""There is no purpose of use called policing: purposes are a closed list, and nothing outside it is ever allowed."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.access import Action, Kind, PolicyBroken, Request, load_policy
from salus.kernel import Purpose, Role
from salus.parties import ROLE_PURPOSES
from salus.storage import Duty, Store

POLICING = ("LAWENF", "LAW", "POLICE", "SECURITY", "PUBSEC", "JUDICIAL", "COURT", "HLEGAL", "treat", "TREAT ", "")


def test_the_purposes_are_these_six() -> None:
    assert [purpose.value for purpose in Purpose] == ["TREAT", "ETREAT", "PUBHLTH", "PATRQT", "HOPERAT", "HRESCH"]


@pytest.mark.parametrize("purpose", POLICING)
def test_a_policing_purpose_cannot_be_named(purpose: str) -> None:
    with pytest.raises(ValueError, match="not a valid Purpose"):
        Purpose(purpose)


@given(st.text(max_size=20).filter(lambda text: text not in set(Purpose)), st.sampled_from(Role))
def test_a_made_up_purpose_opens_nothing_even_if_it_got_as_far_as_the_policy(purpose: str, role: Role) -> None:
    asked = Request(
        role=role,
        purpose=purpose,  # type: ignore[arg-type]
        action=Action.READ,
        own_facility=True,
        relation_open=True,
        own_record=True,
        care_facility=True,
        independent=True,
    )

    with pytest.raises(PolicyBroken):
        load_policy().permit(asked)


def test_each_role_has_its_purposes_and_every_other_is_refused_whatever_else_holds() -> None:
    used = {
        (role, purpose)
        for role, purpose, action, kind in product(Role, (*Purpose, None), Action, Kind)
        if load_policy()
        .permit(
            Request(
                role=role,
                purpose=purpose,
                action=action,
                kind=kind,
                own_facility=True,
                relation_open=True,
                own_record=True,
                care_facility=True,
                independent=True,
            )
        )
        .allowed
    }

    assert used == {(role, purpose) for role, purposes in ROLE_PURPOSES.items() for purpose in purposes}
    assert used == {
        (Role.HOSPITAL_SYSTEM, Purpose.TREAT),
        (Role.HOSPITAL_SYSTEM, Purpose.HOPERAT),
        (Role.SAMPLING_SITE, Purpose.TREAT),
        (Role.LABORATORY, Purpose.TREAT),
        (Role.DEPARTMENT_SYSTEM, Purpose.PUBHLTH),
        (Role.CLINICIAN, Purpose.TREAT),
        (Role.CLINICIAN, Purpose.ETREAT),
        (Role.RECEPTION, Purpose.TREAT),
        (Role.RESIDENT, Purpose.PATRQT),
        (Role.EPIDEMIOLOGIST, Purpose.PUBHLTH),
        (Role.COMMANDER, Purpose.PUBHLTH),
        (Role.APPEAL_OFFICER, Purpose.PATRQT),
        (Role.INDEX_REVIEWER, Purpose.HOPERAT),
        (Role.ACCESS_REVIEWER, Purpose.HOPERAT),
    }


@pytest.mark.parametrize("purpose", [*POLICING, None])
def test_the_register_of_reads_cannot_hold_a_read_for_policing(store: Store, purpose: str | None) -> None:
    with pytest.raises(psycopg.errors.IntegrityError), store.transaction(Duty.CARE) as tx:
        tx.run(
            "insert into access.entry (batch, item, reader_role, reader, chart_keys, what, count, action, purpose,"
            " ground, unwraps, at, nonce) values (1, 0, 'clinician', 'x', '{}', 'Patient', 1, 'read', %s,"
            " 'care-relation', 1, %s, %s)",
            (purpose, datetime(2031, 3, 1, tzinfo=UTC), bytes(16)),
        )
