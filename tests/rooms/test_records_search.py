"""Whose records a search finds: an own facility's, an open relation's resident's, one's own, or the directory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import pytest

from nodes import (
    a_node,
    a_number,
    a_patient,
    an_observation,
    clinician,
    read_back,
    resident_of,
    send,
    system,
    the_resident,
    update,
)
from salus import access, identity
from salus.app import Node, search
from salus.kernel import Purpose, Refused, Role
from salus.parties import Principal, principal
from salus.records import RecordRefused, parse_query
from salus.storage import Duty

LOINC = "http://loinc.org"
CLINIC_NUMBERS = "urn:salus:facility:H1:mrn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What two hospitals sent: Ann at both, Bob at H2 only, and a practitioner."""

    node: Node
    ann_at_h1: UUID
    ann_at_h2: UUID
    bob: UUID
    ann_key: int
    ann_id: UUID


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    with a_node(tmp_path_factory.mktemp("search"), "H1", "H2") as node:
        ann_h1 = _patient_with(node, "H1", a_number(1), _coded("a", None, "x|y"), _coded("b", LOINC, "718-7"))
        ann_h2 = _patient_with(node, "H2", a_number(1), _coded("c", LOINC, "718-7"))
        bob = _patient_with(node, "H2", a_number(2), _coded("d", LOINC, "718-7"))
        send(node, system("H1"), {"resourceType": "Practitioner", "identifier": [{"system": "urn:p", "value": "7"}]})
        send(node, system("H2"), {"resourceType": "Practitioner", "identifier": [{"system": "urn:p", "value": "8"}]})
        with node.store.transaction(Duty.CARE) as tx:
            access.open_relation(tx, "H1", ann_h1[1], "desk", node.clock.now())
            ann = identity.resident_by_key(tx, ann_h1[1])
        assert ann
        yield Sent(
            node=node, ann_at_h1=ann_h1[0], ann_at_h2=ann_h2[0], bob=bob[0], ann_key=ann.key, ann_id=ann.resident_id
        )


def _coded(text: str, system_: str | None, code: str) -> dict[str, Any]:
    return {"code": {"text": text, "coding": [{"code": code} | ({"system": system_} if system_ else {})]}}


def _patient_with(node: Node, facility: str, number: str, *observations: dict[str, Any]) -> tuple[UUID, int]:
    mrn = {"system": CLINIC_NUMBERS, "value": f"{facility},{number[-3:]}"}
    patient = a_patient(number, fullUrl="urn:uuid:p")
    patient["identifier"].append(mrn)
    done = send(node, system(facility), patient, *(an_observation("urn:uuid:p", **one) for one in observations))
    return done.outcomes[0].id, resident_of(node, done)


def found(node: Node, who: Principal, kind: str, query: str = "") -> list[str]:
    """Run a search as somebody; return the text of each code, or the type."""
    pairs = parse_qsl(query, keep_blank_values=True)
    page = search(node, who, parse_query(kind, pairs, node.custodian))
    texts = [body.decode().partition('"text":"')[2][:1] for _, _, body in page.matches]
    return sorted(text or kind for text, (kind, _, _) in zip(texts, page.matches, strict=True))


def test_a_hospital_finds_its_own_only(sent: Sent) -> None:
    assert found(sent.node, system("H1"), "Observation") == ["a", "b"]
    assert found(sent.node, system("H2"), "Observation") == ["c", "d"]
    assert found(sent.node, system("H1"), "Patient", f"_id={sent.bob},{sent.ann_at_h2}") == []


def test_a_strangers_patient_refuses_the_whole_search(sent: Sent) -> None:
    for query in (f"patient={sent.bob}", f"patient={sent.ann_at_h1},{sent.bob}"):
        with pytest.raises(Refused):
            found(sent.node, system("H1"), "Observation", query)
        with pytest.raises(Refused):
            found(sent.node, clinician("H1"), "Observation", query)


def test_a_clinician_finds_the_resident_of_an_open_relation_at_every_facility(sent: Sent) -> None:
    both = f"patient={sent.ann_at_h1},Patient/{sent.ann_at_h2}"

    assert found(sent.node, clinician("H1"), "Observation", both) == ["a", "b", "c"]
    assert found(sent.node, clinician("H1"), "Observation", f"patient={sent.ann_at_h2}") == ["c"]


def test_a_clinician_without_a_relation_or_a_patient_finds_nothing(sent: Sent) -> None:
    for query in ("", f"patient={sent.ann_at_h2}", "code=718-7"):
        with pytest.raises(Refused):
            found(sent.node, clinician("H2"), "Observation", query)


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.CLINICIAN, Role.HOSPITAL_SYSTEM])
def test_a_patient_that_is_nobody_is_refused_like_a_strangers(sent: Sent, role: Role) -> None:
    who = principal(role, "somebody", facility="H1", purpose=Purpose.TREAT, strong=True)

    with pytest.raises(Refused):
        found(sent.node, who, "Observation", "patient=00000000-0000-4000-8000-000000000000")


def test_a_resident_finds_the_own_charts_and_no_other(sent: Sent) -> None:
    me = the_resident(sent.ann_id)

    assert found(sent.node, me, "Observation") == ["a", "b", "c"]
    assert found(sent.node, me, "Observation", f"patient={sent.bob}") == []
    assert found(sent.node, me, "Patient") == ["Patient", "Patient"]


def test_the_directory_is_for_everybody_in_care(sent: Sent) -> None:
    assert found(sent.node, clinician("H1"), "Practitioner") == ["Practitioner"] * 2
    assert found(sent.node, system("H2"), "Practitioner", "identifier=urn:p|7") == ["Practitioner"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("code=718-7", "b"),
        (f"code={LOINC}|718-7", "b"),
        ("code=|718-7", ""),
        ("code=http://other|718-7", ""),
        ("code=*|718-7", ""),
        (r"code=x\|y", "a"),
        (r"code=|x\|y", "a"),
        ("code=x|y", ""),
        (r"code=718-7,x\|y", "a b"),
        (r"code=718-7&code=x\|y", ""),
        ("code=718-7&code=718-7,zzz", "b"),
        (f"code={LOINC}|", "b"),
    ],
)
def test_a_token_is_matched_with_its_system_without_one_or_in_any(sent: Sent, query: str, expected: str) -> None:
    assert found(sent.node, system("H1"), "Observation", query) == expected.split()


def test_a_comma_in_a_value_is_written_with_a_backslash(sent: Sent) -> None:
    number = a_number(1)[-3:]

    assert found(sent.node, system("H1"), "Patient", rf"identifier={CLINIC_NUMBERS}|H1\,{number}") == ["Patient"]
    assert found(sent.node, system("H1"), "Patient", f"identifier={CLINIC_NUMBERS}|H1,{number}") == []


@pytest.mark.parametrize("value", ["|", "", ",", "a,,b", "a%00b"])
def test_a_token_without_a_code_is_refused(sent: Sent, value: str) -> None:
    with pytest.raises(RecordRefused):
        found(sent.node, system("H1"), "Observation", f"code={value}")


def test_a_changed_resource_is_found_by_what_it_says_now(sent: Sent) -> None:
    done = send(sent.node, system("H1"), {"resourceType": "Organization", "identifier": [{"value": "before"}]})
    [stored] = read_back(sent.node, done.outcomes[0].id)
    update(sent.node, system("H1"), stored | {"identifier": [{"value": "after"}]})

    assert found(sent.node, system("H1"), "Organization", "identifier=before") == []
    assert found(sent.node, system("H1"), "Organization", "identifier=after") == ["Organization"]
