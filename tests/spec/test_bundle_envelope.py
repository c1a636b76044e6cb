"""What stands around the resources of a Bundle that is sent: each wrong element is refused, and named."""

from __future__ import annotations

from typing import Any

import pytest

from salus.records import RecordRefused, take_apart

REQUEST = {"method": "POST", "url": "Patient"}
PATIENT = {"resourceType": "Patient"}
AROUND: list[tuple[dict[str, Any], str]] = [
    ({"language": ""}, "Bundle.language"),
    ({"language": 43}, "Bundle.language"),
    ({"language": None}, "Bundle.language"),
    ({"meta": {}}, "Bundle.meta"),
    ({"meta": {"lastUpdated": "0000-01-01T00:00:00Z"}}, "Bundle.meta.lastUpdated"),
    ({"total": -1}, "Bundle.total"),
    ({"shoeSize": 43}, "Bundle"),
]
IN_AN_ENTRY: list[dict[str, Any]] = [
    {"request": REQUEST | {"ifModifiedSince": "yesterday"}},
    {"request": REQUEST | {"ifMatch": 1}},
    {"request": REQUEST | {"shoeSize": 43}},
    {"request": REQUEST, "search": {"mode": "perhaps"}},
    {"request": REQUEST, "fullUrl": ""},
    {"request": REQUEST, "shoeSize": 43},
]


def a_bundle(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "batch", "entry": list(entries), **more}


@pytest.mark.parametrize(("more", "where"), AROUND)
def test_a_wrong_element_beside_the_entries_is_refused(more: dict[str, Any], where: str) -> None:
    with pytest.raises(RecordRefused) as refused:
        take_apart(a_bundle({"resource": PATIENT, "request": REQUEST}, **more))

    assert refused.value.problems[0].where.startswith(where)


@pytest.mark.parametrize("entry", IN_AN_ENTRY)
def test_a_wrong_element_of_an_entry_is_that_entrys_fault(entry: dict[str, Any]) -> None:
    good = {"resource": PATIENT, "request": REQUEST}

    taken = take_apart(a_bundle(good, {"resource": PATIENT, **entry}, good))

    assert [one.entry for one in taken.intents] == [0, 2]
    assert [one.where.partition(".")[2].partition(".")[0] for one in taken.wrong] == ["entry[1]"]


def test_more_than_a_hundred_wrong_entries_are_each_refused() -> None:
    taken = take_apart(a_bundle(*[{"resource": PATIENT, "request": REQUEST, "shoeSize": 43}] * 150))

    assert (len(taken.intents), len(taken.wrong)) == (0, 150)


def test_a_name_among_entries_need_be_no_real_uuid() -> None:
    assert len(take_apart(a_bundle({"fullUrl": "urn:uuid:1", "resource": PATIENT, "request": REQUEST})).intents) == 1
