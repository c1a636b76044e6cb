"""What is about a person is in that person's chart, also inside of something else: a Bundle, Parameters, contained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from nodes import Asking, a_node, a_number, a_patient, an_observation, asking, resident_of, send, system
from salus import access, parties, records
from salus.app import Node
from salus.kernel import Role
from salus.parties import FacilityKind
from salus.records import fetch
from salus.records.intake.within import Around, _inside
from salus.records.sealing import seal
from salus.storage import Duty

H1 = system("H1")
MRN = "urn:salus:facility:H1:mrn"
SICKNESS = {"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}

LED = [{"url": "http://example.org/about", "valueReference": {"reference": "#c"}}]
"""What is contained must be referred to."""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("inside"), "H1", "H2") as opened:
        yield opened


@pytest.fixture(scope="module")
def h1(node: Node) -> Iterator[Asking]:
    with asking(node, Role.HOSPITAL_SYSTEM) as client:
        yield client


@pytest.fixture(scope="module")
def ann(node: Node) -> tuple[UUID, int]:
    """Her Patient, and who she is."""
    mrn = {"system": MRN, "value": "a|1"}
    sent = send(node, H1, {"resourceType": "Patient", "identifier": [mrn]})
    return sent.outcomes[0].id, resident_of(node, sent)


@pytest.fixture(scope="module")
def bob(node: Node) -> UUID:
    return send(node, H1, a_patient(a_number(2))).outcomes[0].id


def a_condition(patient: str, code: dict[str, str] = SICKNESS) -> dict[str, Any]:
    return {"resourceType": "Condition", "code": {"coding": [code]}, "subject": {"reference": patient}}


def a_bundle(*resources: dict[str, Any], kind: str = "collection") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": [_entry(one) for one in resources]}


def _entry(resource: dict[str, Any]) -> dict[str, Any]:
    one = dict(resource)
    full_url = one.pop("fullUrl", None)
    return {"resource": one} | ({"fullUrl": full_url} if full_url else {})


def sent(client: Asking, resource: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = client.ask("POST", f"/fhir/{resource['resourceType']}", content=orjson.dumps(resource))
    return answer.status_code, answer.json()


def reads(node: Node, resident: int) -> int:
    with node.store.transaction(Duty.CARE) as tx:
        return len(access.reads_of(tx, [resident], limit=10_000))


def test_each_read_of_a_stored_bundle_is_shown_to_whom_it_is_about(
    node: Node, h1: Asking, ann: tuple[UUID, int]
) -> None:
    status, stored = sent(h1, a_bundle(a_condition(f"Patient/{ann[0]}")))
    before = reads(node, ann[1])

    assert status == 201
    assert [h1.ask("GET", f"/fhir/Bundle/{stored['id']}").status_code for _ in range(3)] == [200] * 3
    assert reads(node, ann[1]) == before + 3


def test_a_stored_bundle_is_part_of_the_record_with_its_sensitive_classes(
    node: Node, h1: Asking, ann: tuple[UUID, int]
) -> None:
    _, stored = sent(h1, a_bundle(a_condition(f"Patient/{ann[0]}")))
    everything = h1.ask("GET", f"/fhir/Patient/{ann[0]}/$everything?_count=1000").json()

    with node.store.transaction(Duty.CARE) as tx:
        (located,) = fetch(tx, [UUID(stored["id"])])
        (patient,) = fetch(tx, [ann[0]])
    assert stored["id"] in [one["resource"]["id"] for one in everything["entry"]]
    assert located.chart_key == patient.chart_key
    assert (located.classes or 0) & 7


def test_a_document_is_of_the_patient_who_has_its_patients_identifier(
    node: Node, h1: Asking, ann: tuple[UUID, int]
) -> None:
    told = {"resourceType": "Patient", "id": "7", "identifier": [{"system": MRN, "value": "a|1"}]}
    patient = told | {"fullUrl": "https://his.example/Patient/7"}
    finding = an_observation("Patient/7", fullUrl="https://his.example/Observation/8")

    status, stored = sent(h1, a_bundle(patient, finding))

    with node.store.transaction(Duty.CARE) as tx:
        charts = {one.chart_key for one in fetch(tx, [UUID(stored["id"]), ann[0]])}
    assert status == 201, stored
    assert len(charts) == 1
    assert stored["entry"][1]["resource"]["subject"] == {"reference": "Patient/7"}


def nested(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all that a resource could be hidden in."""
    basic = {"resourceType": "Basic", "code": {"text": "x"}, "contained": [resource | {"id": "c"}], "extension": LED}
    return [
        a_bundle(resource),
        a_bundle(a_bundle(resource)),
        a_bundle(basic),
        a_bundle({"resourceType": "Parameters", "parameter": [{"name": "a", "resource": resource}]}),
        {"resourceType": "Parameters", "parameter": [{"name": "a", "resource": resource}]},
        {"resourceType": "Parameters", "parameter": [{"name": "a", "part": [{"name": "b", "resource": resource}]}]},
        basic,
    ]


@pytest.mark.parametrize("place", range(7))
def test_what_is_about_somebody_who_is_not_here_is_refused_wherever_it_is_hidden(h1: Asking, place: int) -> None:
    nobody = {"resourceType": "Patient", "name": [{"text": "N. N."}]}
    by_name = a_condition("x") | {"subject": {"display": "N. N."}}

    told = [sent(h1, nested(one)[place]) for one in (nobody, by_name, a_condition("Patient/none"))]

    assert [status for status, _ in told] == [400] * 3, told
    for _, outcome in told:
        assert "N. N." not in str(outcome)
        assert outcome["issue"][0]["expression"][0].startswith(("Bundle.entry[0].", "Parameters.", "Basic.contained"))


@pytest.mark.parametrize("place", range(7))
def test_what_is_about_somebody_is_in_that_ones_chart_wherever_it_is_hidden(
    node: Node, h1: Asking, ann: tuple[UUID, int], place: int
) -> None:
    status, stored = sent(h1, nested(a_condition(f"Patient/{ann[0]}"))[place])

    assert status == 201, stored
    with node.store.transaction(Duty.CARE) as tx:
        assert len({one.chart_key for one in fetch(tx, [UUID(stored["id"]), ann[0]])}) == 1


def test_a_bundle_about_two_persons_is_refused(h1: Asking, ann: tuple[UUID, int], bob: UUID) -> None:
    status, outcome = sent(h1, a_bundle(a_condition(f"Patient/{ann[0]}"), a_condition(f"Patient/{bob}")))

    assert status == 422
    assert "two charts" in outcome["issue"][0]["diagnostics"]


def test_a_device_does_not_pass_for_the_patient_whom_an_entry_names(h1: Asking) -> None:
    device = {"resourceType": "Device", "fullUrl": "https://his.example/Patient/7"}
    about = a_condition("https://his.example/Patient/7")

    status, outcome = sent(h1, a_bundle(device, about))

    assert status == 400, outcome


def test_nothing_in_the_directory_is_about_a_person(h1: Asking, ann: tuple[UUID, int]) -> None:
    about = a_condition(f"Patient/{ann[0]}") | {"id": "c"}
    status, outcome = sent(h1, {"resourceType": "Organization", "name": "x", "contained": [about], "extension": LED})

    assert status == 400
    assert "directory" in outcome["issue"][0]["diagnostics"]


def test_a_bundle_about_nobody_belongs_to_nobody(node: Node, h1: Asking) -> None:
    status, stored = sent(h1, a_bundle({"resourceType": "Questionnaire", "status": "draft"}))

    with node.store.transaction(Duty.CARE) as tx:
        (located,) = fetch(tx, [UUID(stored["id"])])
    assert (status, located.chart_kind) == (201, "facility")
    assert h1.ask("GET", f"/fhir/Bundle/{stored['id']}").status_code == 200


def test_what_an_earlier_release_stored_in_nobodys_chart_is_not_read_but_deleted(
    node: Node, h1: Asking, ann: tuple[UUID, int]
) -> None:
    _, stored = sent(h1, a_bundle({"resourceType": "Questionnaire", "status": "draft"}))
    with node.store.transaction(Duty.CARE) as tx:
        (located,) = fetch(tx, [UUID(stored["id"])])
        old = records.parse(orjson.dumps(stored | a_bundle(a_condition(f"Patient/{ann[0]}"))))
        key = node.keys.unwrap([located.chart_key])[located.chart_key]
        sealed = seal(key, located.resource_key, located.version, orjson.dumps(old))
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("update records.version set body = %s where resource_key = %s", (sealed, located.resource_key))
        owner.commit()
    address = f"/fhir/Bundle/{stored['id']}"

    read, page, history = (
        h1.ask("GET", address),
        h1.ask("GET", "/fhir/Bundle?_count=100"),
        h1.ask("GET", "/fhir/_history"),
    )

    assert read.status_code == 404
    assert "send it again" in read.text
    assert (page.status_code, history.status_code) == (200, 200)
    assert stored["id"] not in page.text
    assert "B20" not in history.text.split(stored["id"], 1)[1].split('"fullUrl"', 1)[0]
    assert h1.ask("DELETE", address).status_code == 204


@pytest.fixture(scope="module")
def sandbox(node: Node) -> Iterator[Asking]:
    parties.add_facility(
        node.store, facility_id="SB1", name_en="To try", name_zh="试用", level=2, kind=FacilityKind.HOSPITAL,
        county="900101", organisation="Group", sandbox=True,
    )  # fmt: skip
    with asking(node, Role.HOSPITAL_SYSTEM, "SB1") as client:
        yield client


@pytest.mark.parametrize("place", range(7))
def test_a_sandbox_reads_back_what_has_its_people_inside(sandbox: Asking, place: int) -> None:
    mrn = {"system": "urn:salus:facility:SB1:mrn", "value": str(place)}
    _, who = sent(sandbox, {"resourceType": "Patient", "identifier": [mrn], "name": [{"text": "吴小梅"}]})

    status, stored = sent(sandbox, nested(a_condition(f"Patient/{who['id']}"))[place])

    address = f"/fhir/{stored['resourceType']}"
    read, page = sandbox.ask("GET", f"{address}/{stored['id']}"), sandbox.ask("GET", f"{address}?_count=100")
    assert (status, read.status_code) == (201, 200), read.text
    assert stored["id"] in page.text


def test_the_addresses_of_a_bundle_of_bundles_are_noted_once_each() -> None:
    inner = a_bundle({"resourceType": "Questionnaire", "status": "draft"})
    urns = [f"urn:uuid:00000000-0000-4000-8000-{number:012d}" for number in range(300)]
    bundle = a_bundle(*({**inner, "fullUrl": urn} for urn in urns))

    around: dict[int, Around] = {id(one): one for _, _, one in list(_inside(bundle, "Bundle"))}

    assert sum(len(one.patients) + len(one.others) for one in around.values()) == len(urns)


@pytest.mark.parametrize(
    "mother",
    [
        {"identifier": [{"system": MRN, "value": "nobody's"}]},
        {"identifier": [{"value": "77"}]},
        {"identifier": [{"system": "http://his.example/visits", "value": "9"}]},
        {"name": [{"text": "N. N."}]},
    ],
)
def test_a_bystander_contained_in_what_is_about_somebody_need_not_be_here(
    node: Node, h1: Asking, ann: tuple[UUID, int], mother: dict[str, Any]
) -> None:
    contained = {"resourceType": "Patient", "id": "c", **mother}
    finding = an_observation(f"Patient/{ann[0]}", contained=[contained], extension=LED)

    status, stored = sent(h1, finding)

    assert status == 201, stored
    with node.store.transaction(Duty.CARE) as tx:
        assert len({one.chart_key for one in fetch(tx, [UUID(stored["id"]), ann[0]])}) == 1


def test_a_contained_patient_whom_something_inside_is_about_is_no_bystander(h1: Asking, ann: tuple[UUID, int]) -> None:
    mother = {"resourceType": "Patient", "id": "m", "identifier": [{"system": MRN, "value": "nobody's"}]}
    hers = a_condition("#m") | {"id": "c"}
    finding = an_observation(f"Patient/{ann[0]}", contained=[mother, hers], extension=LED)

    status, outcome = sent(h1, finding)

    assert status == 400
    assert outcome["issue"][0]["expression"] == ["Observation.contained[0]"]


def test_a_bystander_is_one_too_in_what_is_sent_with_whom_it_is_about(h1: Asking) -> None:
    urn = "urn:uuid:00000000-0000-4000-8000-000000000001"
    mother = {"resourceType": "Patient", "id": "c", "identifier": [{"system": MRN, "value": "nobody's"}]}
    entries = [
        {**_entry(a_patient(a_number(3)) | {"fullUrl": urn}), "request": {"method": "POST", "url": "Patient"}},
        {
            "resource": an_observation(urn, contained=[mother], extension=LED),
            "request": {"method": "POST", "url": "Observation"},
        },
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}

    answer = h1.ask("POST", "/fhir", content=orjson.dumps(bundle))

    assert answer.status_code == 200, answer.text


def test_a_contained_patient_is_nobody_by_an_id(h1: Asking, ann: tuple[UUID, int]) -> None:
    contained = {"resourceType": "Patient", "id": str(ann[0])}
    led = [{"url": "http://example.org/about", "valueReference": {"reference": f"#{ann[0]}"}}]

    status, _ = sent(h1, {"resourceType": "Basic", "code": {"text": "x"}, "contained": [contained], "extension": led})

    assert status == 400


HERS = {"system": MRN, "value": "a|1"}
VISIT = {"system": "http://his.example/visits", "value": "V1"}


@pytest.mark.parametrize("said", [[VISIT, HERS], [HERS, VISIT], [{**VISIT, "use": "old"}, HERS]])
def test_one_identifier_that_is_known_says_who_a_patient_is(
    node: Node, h1: Asking, ann: tuple[UUID, int], said: list[dict[str, str]]
) -> None:
    status, stored = sent(h1, a_bundle({"resourceType": "Patient", "id": "7", "identifier": said}))

    assert status == 201, stored
    with node.store.transaction(Duty.CARE) as tx:
        assert len({one.chart_key for one in fetch(tx, [UUID(stored["id"]), ann[0]])}) == 1


@pytest.mark.parametrize("said", [[VISIT], [{**HERS, "use": "old"}], [{**HERS, "use": "old"}, VISIT]])
def test_a_patient_no_identifier_of_whom_is_known_is_refused_by_its_place(
    h1: Asking, ann: tuple[UUID, int], said: list[dict[str, str]]
) -> None:
    status, outcome = sent(h1, a_bundle({"resourceType": "Patient", "id": "7", "identifier": said}))

    assert status == 400
    assert outcome["issue"][0]["expression"] == ["Bundle.entry[0].resource"]


def test_identifiers_of_two_persons_are_no_patient(node: Node, h1: Asking, ann: tuple[UUID, int]) -> None:
    other = {"system": MRN, "value": "b|2"}
    send(node, H1, {"resourceType": "Patient", "identifier": [other]})

    status, outcome = sent(h1, a_bundle({"resourceType": "Patient", "identifier": [HERS, other]}))

    assert status == 422
    assert "two charts" in outcome["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    "reference",
    [
        "http://his.example/persons/1",
        "http://his.example/fhir/patient/1",
        "http://his.example/Patient?identifier=1",
        "https://his.example/RelatedPerson/1",
        "Person/1",
        "Patients/1",
        "1",
        "#nobody",
    ],
)
def test_somebody_is_not_passed_off_as_nobody_by_an_odd_address(h1: Asking, reference: str) -> None:
    about = a_condition(reference)
    about["subject"]["display"] = "Zhang San"

    status, outcome = sent(h1, a_bundle(about))

    assert status == 400, outcome
    assert "Zhang San" not in str(outcome)


@pytest.mark.parametrize("reference", ["Group/1", "https://his.example/fhir/Device/1", "Location?identifier=1", "#d"])
def test_what_is_about_a_thing_is_about_nobody(h1: Asking, reference: str) -> None:
    device = {"resourceType": "Device", "id": "d"}
    about = an_observation(reference, contained=[device], extension=[{**LED[0], "valueReference": {"reference": "#d"}}])

    status, stored = sent(h1, a_bundle(about))

    assert status == 201, stored
    assert h1.ask("GET", f"/fhir/Bundle/{stored['id']}").status_code == 200


@pytest.mark.parametrize(
    "reference", ["https://his.example/fhir/Patient/1", "urn:uuid:00000000-0000-4000-8000-0000000000ff"]
)
def test_a_parameter_that_is_somebody_elsewhere_is_refused(h1: Asking, reference: str) -> None:
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "valueReference": {"reference": reference}}],
    }

    told = [sent(h1, one) for one in (parameters, a_bundle(parameters))]

    assert [status for status, _ in told] == [400, 400], told
