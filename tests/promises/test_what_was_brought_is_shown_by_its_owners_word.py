"""What a resident brought from other systems is seen in care only where its owner said so, and stops when taken back.

It stands beside the record, marked as brought, and nothing decides by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from foreigners import VACCINATION
from journeys.door import Door, a_door
from journeys.recognised import recognise
from nodes import add_hospital, clinician
from recognising import DAY, HC1
from salus import app
from salus.access import EVERY_CLASS, EVERYTHING, Sight
from salus.app.in_care import brought_in_care
from salus.app.node import charts_of
from salus.healthcode.brought import Brought
from salus.kernel import Refused
from salus.storage import Duty


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with a_door(tmp_path_factory.mktemp("brought")) as opened_:
        recognise(opened_)
        yield opened_


def hcert(door: Door, **changed: Any) -> str:
    """A certificate of the resident's own, as another system writes it now."""
    names = {"fn": "Sun", "fnt": "SUN", "gn": "Xinxiao", "gnt": "XINXIAO"}
    body = {"ver": "1.3.0", "nam": names, "dob": "1980-01-01", "v": [VACCINATION]}
    return HC1.text(body | changed, issued=door.now - DAY, expires=door.now + 30 * DAY)


def opened(door: Door) -> UUID:
    """Let the resident arrive at H1, and return who they are."""
    code = app.my_code(door.node, door.resident).code
    return app.arrive(door.node, clinician("H1"), code).resident_id


def seen(door: Door, resident: UUID, facility: str = "H1") -> list[Brought]:
    return [*app.view_summary(door.node, clinician(facility), resident).brought]


def test_whoever_treats_a_resident_sees_what_was_brought_for_that_and_nothing_else(door: Door) -> None:
    resident, text = opened(door), hcert(door)
    app.bring_certificate(door.node, door.resident, [text])
    unasked = seen(door, resident)
    name = app.bring_certificate(door.node, door.resident, [text], shown=True)
    again = app.bring_certificate(door.node, door.resident, [text], shown=True)
    (shown,) = seen(door, resident)
    kept = app.my_brought(door.node, door.resident)
    app.bring_certificate(door.node, door.resident, [text])
    taken_back = seen(door, resident)
    (now,) = app.my_brought(door.node, door.resident)
    app.take_out_brought(door.node, door.resident, now.brought_id)

    assert unasked == taken_back == []
    assert (shown.brought_id, again, kept) == (name, name, (shown,))
    assert (shown.issuer, str(shown.facts[0].kind)) == ("Ministry of Health of Elsewhere", "vaccination")
    assert not now.shown


def test_what_was_taken_out_is_shown_to_nobody(door: Door) -> None:
    resident = opened(door)
    name = app.bring_certificate(door.node, door.resident, [hcert(door)], shown=True)
    before = len(seen(door, resident))
    app.take_out_brought(door.node, door.resident, name)

    assert (before, seen(door, resident)) == (1, [])


def test_who_does_not_treat_a_resident_sees_nothing_brought(door: Door) -> None:
    resident = opened(door)
    add_hospital(door.node, "H2")
    name = app.bring_certificate(door.node, door.resident, [hcert(door)], shown=True)
    try:
        with pytest.raises(Refused):
            seen(door, resident, "H2")
        assert app.my_record(door.node, door.resident).brought == ()
    finally:
        app.take_out_brought(door.node, door.resident, name)


def test_to_a_place_that_the_record_is_closed_to_nothing_brought_is_shown(door: Door) -> None:
    resident = opened(door)
    name = app.bring_certificate(door.node, door.resident, [hcert(door)], shown=True)
    with door.node.store.transaction(Duty.CARE) as tx:
        key = door.node.resident_key(tx, resident)
        assert key is not None
        charts = charts_of(tx, key)
        found = [
            len(brought_in_care(tx, door.node, key, Sight(facility="H1", closed=dict.fromkeys(charts, bits))))
            for bits in (0, EVERY_CLASS, EVERYTHING, EVERYTHING | EVERY_CLASS)
        ]
        nowhere = brought_in_care(tx, door.node, key, Sight(facility="H1", closed={}))
    app.take_out_brought(door.node, door.resident, name)

    assert found == [1, 1, 0, 0]
    assert nowhere == ()


def test_what_is_of_no_disease_that_is_known_here_is_not_shown(door: Door) -> None:
    resident = opened(door)
    other = hcert(door, v=[{**VACCINATION, "tg": "86406008"}])
    name = app.bring_certificate(door.node, door.resident, [other], shown=True)
    found = seen(door, resident)
    kept = app.my_brought(door.node, door.resident)
    app.take_out_brought(door.node, door.resident, name)

    assert found == []
    assert [one.facts[0].target for one in kept] == ["86406008"]
