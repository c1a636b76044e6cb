"""What stands of who a resident is, over the charts of several hospitals, on the own page and on the clinician's."""

from __future__ import annotations

from pathlib import Path

from nodes import a_node, a_number, a_patient, clinician, resident_of, send, system, the_resident
from salus import access, app, identity
from salus.storage import Duty


def test_each_value_stands_with_its_source_and_its_reason(tmp_path: Path) -> None:
    number = a_number(1)
    card = a_patient(number, name=[{"text": "欧阳明月"}], birthDate="1980-01-01", gender="female")
    nameless = a_patient(number, gender="female", telecom=[{"system": "phone", "value": "13912341234"}])
    with a_node(tmp_path, "H1", "H2") as node:
        resident = resident_of(node, send(node, system("H1"), card))
        assert resident_of(node, send(node, system("H2"), nameless)) == resident
        with node.store.transaction(Duty.CARE) as tx:
            known = identity.resident_by_key(tx, resident)
            access.open_relation(tx, "H2", resident, "desk", node.clock.now())
        assert known

        mine = app.my_record(node, the_resident(known.resident_id)).summary
        theirs = app.view_summary(node, clinician("H2"), known.resident_id).summary

    assert {one.element: (one.value, one.source, one.reason.value) for one in mine.person} == {
        "name": ("欧阳明月", "H1", "alone"),
        "birth_date": ("1980-01-01", "H1", "alone"),
        "gender": ("female", "H2", "alone"),
        "telephone": ("13912341234", "H2", "alone"),
    }
    assert (theirs.name, theirs.birth_date, theirs.gender) == ("欧阳明月", "1980-01-01", "female")
