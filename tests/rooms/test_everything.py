"""`Patient/$everything`: whose charts it shows, page by page, with the directory; and what the resident sees of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from nodes import (
    Asking,
    a_node,
    a_number,
    a_patient,
    an_observation,
    asking,
    clinician,
    read_back,
    resident_of,
    send,
    the_resident,
)
from nodes import system as unscoped
from salus import access, identity, records
from salus.app import Everything, Node, everything_of
from salus.kernel import Purpose, Refused, Role
from salus.parties import Principal, parse_scopes, principal
from salus.records import RecordRefused
from salus.storage import Duty

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Ann at two hospitals, where H1 has a care relation with her; Bob at H2 only."""

    node: Node
    ann_h1: UUID
    ann_h2: UUID
    bob: UUID
    key: int
    id: UUID


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    with a_node(tmp_path_factory.mktemp("everything"), "H1", "H2", "H3") as node:
        doctor = {"resourceType": "Practitioner", "identifier": [{"system": "urn:p", "value": "7"}]}
        by = {"performer": [{"reference": "urn:uuid:d"}]}
        h1 = send(
            node,
            system("H1"),
            a_patient(a_number(1), fullUrl="urn:uuid:p"),
            {**doctor, "fullUrl": "urn:uuid:d"},
            an_observation("urn:uuid:p", effectiveDateTime="2031-01-01", **by),
            an_observation(
                "urn:uuid:p", effectiveDateTime="2031-02-01", note=[{"text": '"reference":"Practitioner/x"'}]
            ),
        )
        h2 = send(
            node,
            system("H2"),
            a_patient(a_number(1), fullUrl="urn:uuid:p"),
            an_observation("urn:uuid:p", effectiveDateTime="2031-02-15"),
        )
        bob = send(node, system("H2"), a_patient(a_number(2)))
        with node.store.transaction(Duty.CARE) as tx:
            access.open_relation(tx, "H1", resident_of(node, h1), "desk", node.clock.now())
            ann = identity.resident_by_key(tx, resident_of(node, h1))
        assert ann
        yield Sent(
            node=node,
            ann_h1=h1.outcomes[0].id,
            ann_h2=h2.outcomes[0].id,
            bob=bob.outcomes[0].id,
            key=ann.key,
            id=ann.resident_id,
        )


def system(facility: str, scopes: str = "system/*.rs") -> Principal:
    return replace(unscoped(facility), scopes=parse_scopes(scopes))


def ask(sent: Sent, who: Principal, patient: UUID, pairs: Pairs | None = None) -> Everything:
    asked = records.parse_everything(str(patient), pairs or [], sent.node.custodian)
    return everything_of(sent.node, who, patient, asked)


def types(page: Everything) -> list[str]:
    return [kind for kind, _, _ in page.matches]


def looks(sent: Sent) -> list[access.Read]:
    with sent.node.store.transaction(Duty.CARE) as tx:
        return [one.read for one in access.reads_of(tx, [sent.key])]


def test_an_open_relation_shows_every_chart_and_the_directory(sent: Sent) -> None:
    for who in (system("H1"), clinician("H1")):
        for patient in (sent.ann_h1, sent.ann_h2):
            page = ask(sent, who, patient)

            assert types(page) == ["Patient", "Observation", "Observation", "Patient", "Observation"]
            assert [kind for kind, _, _ in page.included] == ["Practitioner"]
            assert page.cursor is None
            assert page.left_out == 0


def test_without_a_relation_a_hospital_has_its_own_chart_and_no_other(sent: Sent) -> None:
    assert types(ask(sent, system("H2"), sent.ann_h2)) == ["Patient", "Observation"]
    for who, patient in ((system("H2"), sent.ann_h1), (clinician("H2"), sent.ann_h2), (system("H3"), sent.bob)):
        with pytest.raises(Refused):
            ask(sent, who, patient)


def test_nobodys_patient_is_refused_like_a_strangers(sent: Sent) -> None:
    nobody = UUID("00000000-0000-4000-8000-000000000000")
    with pytest.raises(Refused) as of_nobody:
        ask(sent, system("H3"), nobody)
    with pytest.raises(Refused) as of_stranger:
        ask(sent, system("H3"), sent.bob)

    assert of_nobody.value.text == of_stranger.value.text


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.EPIDEMIOLOGIST, Role.COMMANDER, Role.LABORATORY])
def test_no_other_role_has_everything(sent: Sent, role: Role) -> None:
    purpose = Purpose.TREAT if role in (Role.RECEPTION, Role.LABORATORY) else Purpose.PUBHLTH
    who = principal(role, "somebody", facility="H1", purpose=purpose, strong=True)

    with pytest.raises(Refused):
        ask(sent, who, sent.ann_h1)


def test_a_resident_has_the_own_record_and_is_told_that_the_directory_is_left_out(sent: Sent) -> None:
    page = ask(sent, the_resident(sent.id), sent.ann_h2)

    assert len(page.matches) == 5
    assert (page.included, page.left_out) == ((), 1)
    with pytest.raises(Refused):
        ask(sent, the_resident(sent.id), sent.bob)


def test_bodies_leave_byte_for_byte_as_they_are_stored(sent: Sent) -> None:
    page = ask(sent, system("H1"), sent.ann_h1)

    ids = [id_ for _, id_, _ in page.matches]
    stored = {one["id"]: one for one in read_back(sent.node, *map(UUID, ids))}
    assert [orjson.loads(body) for _, _, body in page.matches] == [stored[id_] for id_ in ids]


def test_the_resident_is_shown_one_entry_for_each_page(sent: Sent) -> None:
    before, unwraps = len(looks(sent)), sent.node.keys.unwraps()
    ask(sent, clinician("H1"), sent.ann_h1)

    look = looks(sent)[0]
    assert len(looks(sent)) == before + 1
    assert (look.what, look.count, look.unwraps, look.ground) == ("everything", 5, 2, "care-relation")
    assert sent.node.keys.unwraps() - unwraps == 3  # two charts and the directory's


def test_nothing_found_is_an_entry_too(sent: Sent) -> None:
    before = len(looks(sent))
    page = ask(sent, clinician("H1"), sent.ann_h1, [("_type", "Claim")])

    assert page.matches == ()
    assert len(looks(sent)) == before + 1


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("_type", "Observation")], ["Observation"] * 3),
        ([("_type", "Patient,Practitioner")], ["Patient", "Patient"]),
        ([("start", "2031-02")], ["Patient", "Observation", "Patient", "Observation"]),
        ([("end", "2031-01")], ["Patient", "Observation", "Patient"]),
        ([("start", "2031-01-02"), ("end", "2031-02-01")], ["Patient", "Observation", "Patient"]),
        ([("_since", "2031-03-01T08:00:00Z")], ["Patient", "Observation", "Observation", "Patient", "Observation"]),
        ([("_since", "2031-03-01T08:00:00.001Z")], []),
    ],
)
def test_parameters_narrow_it(sent: Sent, pairs: Pairs, expected: list[str]) -> None:
    page = ask(sent, system("H1"), sent.ann_h1, pairs)

    assert types(page) == expected
    assert {kind for kind, _, _ in page.included} <= {"Practitioner"}


@pytest.mark.parametrize(
    ("pairs", "where"),
    [
        ([("name", "x")], "name"),
        ([("_type", "Nothing")], "_type"),
        ([("_type", "")], "_type"),
        ([("_count", "0")], "_count"),
        ([("_count", "-1")], "_count"),
        ([("start", "2031-02-30")], "start"),
        ([("start", "2031-02-01T00:00:00Z")], "start"),
        ([("start", "2031-03"), ("end", "2031-02")], "end"),
        ([("_since", "2031-03-01")], "_since"),
        ([("_count", "1"), ("_count", "2")], "_count"),
        ([("_cursor", "AAAA")], "_cursor"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(sent: Sent, pairs: Pairs, where: str) -> None:
    with pytest.raises(RecordRefused) as refused:
        ask(sent, system("H1"), sent.ann_h1, pairs)

    assert refused.value.problems[0].where == where


def test_pages_follow_one_another_and_a_cursor_is_good_for_one_question(sent: Sent) -> None:
    found, cursor = [], ""
    while cursor is not None:
        pairs = [("_count", "2"), *([("_cursor", cursor)] if cursor else [])]
        page = ask(sent, system("H1"), sent.ann_h1, pairs)
        found += types(page)
        cursor, last = page.cursor, cursor

    assert found == types(ask(sent, system("H1"), sent.ann_h1))
    for patient, pairs in (
        (sent.ann_h2, [("_count", "2"), ("_cursor", last)]),
        (sent.ann_h1, [("_count", "3"), ("_cursor", last)]),
    ):
        with pytest.raises(RecordRefused):
            ask(sent, system("H1"), patient, pairs)


@pytest.mark.parametrize(
    ("module", "bound"),
    [("salus.records.store", "MOST_SEALED_BYTES"), ("salus.records.everything.service", "MOST_OPENED_BYTES")],
)
def test_a_page_is_bounded_by_bytes_and_holds_one_at_least(
    sent: Sent, monkeypatch: pytest.MonkeyPatch, module: str, bound: str
) -> None:
    monkeypatch.setattr(import_module(module), bound, 1)
    found, cursor, pages = [], "", 0
    while cursor is not None:
        page = ask(sent, system("H1"), sent.ann_h1, [("_cursor", cursor)] if cursor else [])
        found, cursor, pages = found + types(page), page.cursor, pages + 1

    assert len(found) == 5
    assert pages > 1


@pytest.fixture(scope="module")
def h1(sent: Sent) -> Iterator[Asking]:
    with asking(sent.node, Role.HOSPITAL_SYSTEM) as client:
        yield client


def bundle(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["resourceType"] == "Bundle"
    return found


def test_over_http_it_is_a_searchset_with_links(sent: Sent, h1: Asking) -> None:
    first = bundle(h1.ask("GET", f"/fhir/Patient/{sent.ann_h1}/$everything?_count=4"))
    following = {link["relation"]: link["url"] for link in first["link"]}["next"]
    second = bundle(h1.ask("GET", following))

    modes = [entry["search"]["mode"] for entry in first["entry"]]
    assert modes == ["match"] * 4 + ["include"]
    assert len(second["entry"]) == 1
    assert [link["relation"] for link in second["link"]] == ["self"]
    for entry in first["entry"]:
        resource = entry["resource"]
        assert entry["fullUrl"].endswith(f"/fhir/{resource['resourceType']}/{resource['id']}")


def test_it_is_posted_as_parameters(sent: Sent, h1: Asking) -> None:
    sent_parameters = [
        {"name": "_type", "valueCode": "Observation"},
        {"name": "_type", "valueCode": "Patient"},
        {"name": "start", "valueDate": "2031-02-01"},
        {"name": "_count", "valueInteger": 2},
    ]
    content = orjson.dumps({"resourceType": "Parameters", "parameter": sent_parameters})
    first = bundle(h1.ask("POST", f"/fhir/Patient/{sent.ann_h1}/$everything", content=content))
    second = bundle(h1.ask("GET", {link["relation"]: link["url"] for link in first["link"]}["next"]))

    got = [entry["resource"]["resourceType"] for entry in first["entry"] + second["entry"]]
    assert got == ["Patient", "Observation", "Patient", "Observation"]


def test_everything_of_everybody_is_refused(h1: Asking) -> None:
    for method in ("GET", "POST"):
        answer = h1.ask(method, "/fhir/Patient/$everything")

        assert answer.status_code == 405
        assert answer.json()["issue"][0]["code"] == "not-supported"


def test_an_empty_answer_is_a_bundle_without_entries(sent: Sent, h1: Asking) -> None:
    assert "entry" not in bundle(h1.ask("GET", f"/fhir/Patient/{sent.ann_h1}/$everything?_type=Claim"))


def refusals(sent: Sent) -> int:
    with sent.node.store.transaction(Duty.CARE) as tx:
        found = tx.row("select count(*) from access.refusal")
    return int(found[0]) if found else 0


@pytest.mark.parametrize("pairs", [[], [("_type", "Observation")], [("_type", "Patient,Claim")]])
def test_a_token_that_does_not_cover_a_type_is_told_so_whatever_is_there(sent: Sent, pairs: Pairs) -> None:
    """Of Claims there are none, and bob has no Observation: the answer does not say so."""
    before, kept = len(looks(sent)), refusals(sent)
    for facility, patient in (("H1", sent.ann_h1), ("H2", sent.bob), ("H3", sent.bob)):
        with pytest.raises(Refused) as refused:
            ask(sent, system(facility, "system/Patient.r system/Encounter.r"), patient, pairs)
        assert refused.value.where == "scope"

    assert (len(looks(sent)), refusals(sent)) == (before, kept + 3)


def test_a_token_that_covers_the_types_asked_for_reads_them(sent: Sent) -> None:
    page = ask(
        sent, system("H1", "system/Patient.r system/Observation.r"), sent.ann_h1, [("_type", "Patient,Observation")]
    )

    assert (len(page.matches), page.left_out) == (5, 0)
