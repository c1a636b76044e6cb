"""What residents said of who may read their records, as FHIR Consents: for themselves, and where they are treated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from nodes import Asking, a_node, a_number, a_patient, asking, clinician, resident_of, send, system, the_resident
from salus import access, identity, records
from salus.access import About, Directive, Says
from salus.app import Node, Wished, arrive, demo_token, say
from salus.kernel import FixedClock, Role
from salus.storage import Duty

NUMBER = a_number(1)
A_PAPER: dict[str, Any] = {
    "resourceType": "Consent",
    "status": "active",
    "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
    "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
    "policyRule": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]},
    "provision": {
        "type": "permit",
        "securityLabel": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}],
    },
}


class Somebody:
    """Somebody's client on a node."""

    def __init__(self, node: Node, client: Asking, role: Role, facility: str | None = None, who: str = "") -> None:
        self._client = client
        token = demo_token(node, role, facility, who or None, None)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        content = b"" if body is None else orjson.dumps(body)
        return self._client.ask(method, f"/fhir{path}", headers={**self._headers, **headers}, content=content)

    def found(self, query: str) -> dict[str, Any]:
        answer = self.ask("GET", f"/Consent{query}")
        assert answer.status_code == 200, answer.text
        bundle: dict[str, Any] = answer.json()
        return bundle

    def told(self, query: str) -> list[tuple[str, str]]:
        """Return what is said in the rendered Consents that a search finds: (label, the place or everybody)."""
        return sorted(what_of(one) for one in matches(self.found(query)) if one["id"].startswith("directive-"))


def matches(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [one["resource"] for one in bundle.get("entry", ()) if one["search"]["mode"] == "match"]


def what_of(consent: dict[str, Any]) -> tuple[str, str]:
    provision = consent["provision"]
    labels = [one["code"] for one in provision.get("securityLabel", ())]
    actors = [one["reference"]["identifier"]["value"] for one in provision.get("actor", ())]
    return "".join(labels) or "all", "".join(actors) or "everybody"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("consents"), "H1", "H2", "H3") as opened:
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Asking]:
    with asking(node) as opened:
        yield opened


@pytest.fixture(scope="module")
def patient(node: Node) -> UUID:
    return send(node, system("H1"), a_patient(NUMBER)).outcomes[0].id


@pytest.fixture(scope="module")
def resident(node: Node, patient: UUID) -> UUID:
    with node.store.transaction(Duty.CARE) as tx:
        (chart,) = identity.residents_of(tx, [_chart(node, patient)]).values()
        found = identity.resident_by_key(tx, chart)
    assert found is not None
    return found.resident_id


def _chart(node: Node, patient: UUID) -> int:
    with node.store.transaction(Duty.CARE) as tx:
        return records.charts_of_patients(tx, [patient])[patient][0]


@pytest.fixture
def me(node: Node, client: Asking, resident: UUID) -> Somebody:
    """The resident, who said nothing that holds, and is at no place of care."""
    node.clock = FixedClock(node.clock.now() + timedelta(days=30))
    with node.store.transaction(Duty.CARE) as tx:
        key = node.resident_key(tx, resident)
        for one in access.directives(tx, [key or 0]):
            access.withdraw(tx, one.id, "me", node.clock.now())
    return Somebody(node, client, Role.RESIDENT, who=NUMBER)


def tell(node: Node, resident: UUID, says: Says, about: About, facility: str | None = None) -> Directive:
    """Let the resident say something for a day."""
    who = the_resident(resident)
    say(node, who, Wished(says=says, about=(about,), facility=facility, lasts=timedelta(days=1)))
    with node.store.transaction(Duty.CARE) as tx:
        said = access.directives(tx, [node.resident_key(tx, resident) or 0])
    wanted = (says, about, facility, node.clock.now())
    return next(one for one in said if (one.says, one.about, one.facility, one.since) == wanted)


def here(node: Node, client: Asking, facility: str = "H2", role: Role = Role.CLINICIAN) -> Somebody:
    """Receive the resident at a place; return somebody who treats there."""
    arrive(node, clinician(facility), NUMBER)
    return Somebody(node, client, role, facility)


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.HOSPITAL_SYSTEM])
def test_a_place_is_shown_what_concerns_it_and_never_what_was_opened_to_another(
    node: Node, client: Asking, me: Somebody, resident: UUID, patient: UUID, role: Role
) -> None:
    tell(node, resident, Says.PERMIT, About.HIV, "H2")
    tell(node, resident, Says.PERMIT, About.PSYCHIATRY, "H3")
    tell(node, resident, Says.PERMIT, About.REPRODUCTION)
    tell(node, resident, Says.FORBID, About.EVERYTHING, "H1")
    query = f"?patient={patient}"

    assert here(node, client, "H2", role).told(query) == [("HIV", "H2"), ("SEX", "everybody")]
    assert here(node, client, "H1", role).told(query) == [("all", "H1")]
    assert me.told("") == me.told(query) == [("HIV", "H2"), ("PSY", "H3"), ("SEX", "everybody"), ("all", "H1")]


def test_a_place_is_told_neither_that_a_class_is_closed_nor_what_a_closing_overrules(
    node: Node, client: Asking, me: Somebody, resident: UUID, patient: UUID
) -> None:
    opened = tell(node, resident, Says.PERMIT, About.HIV)
    closed = tell(node, resident, Says.FORBID, About.HIV, "H2")
    tell(node, resident, Says.FORBID, About.PSYCHIATRY)
    doctor = here(node, client)

    assert doctor.told(f"?patient={patient}") == []
    for one in (opened, closed):
        assert doctor.ask("GET", f"/Consent/directive-{one.id}").status_code == 404
    assert here(node, client, "H3").told(f"?patient={patient}") == [("HIV", "everybody")]
    assert me.told("") == [("HIV", "H2"), ("HIV", "everybody"), ("PSY", "everybody")]


def test_no_place_is_shown_anything_without_an_open_care_relation(
    node: Node, client: Asking, me: Somebody, resident: UUID, patient: UUID
) -> None:
    one = tell(node, resident, Says.PERMIT, About.HIV)
    stranger, writer = (Somebody(node, client, Role.HOSPITAL_SYSTEM, facility) for facility in ("H2", "H1"))

    assert stranger.ask("GET", f"/Consent?patient={patient}").status_code == 403
    assert writer.told(f"?patient={patient}") == []
    for somebody in (stranger, writer):
        assert somebody.ask("GET", f"/Consent/directive-{one.id}").status_code == 404


def test_a_rendered_consent_is_valid_r4_and_says_who_what_and_until_when(
    node: Node, client: Asking, me: Somebody, resident: UUID, patient: UUID
) -> None:
    for says, about, facility in (
        (Says.PERMIT, About.HIV, "H2"),
        (Says.PERMIT, About.PSYCHIATRY, None),
        (Says.FORBID, About.EVERYTHING, "H2"),
    ):
        one = tell(node, resident, says, about, facility)
        read = here(node, client).ask("GET", f"/Consent/directive-{one.id}")
        consent = read.json()
        checked = Somebody(node, client, Role.HOSPITAL_SYSTEM, "H2").ask("POST", "/Consent/$validate", consent)

        assert read.status_code == 200
        assert [issue["severity"] for issue in checked.json()["issue"]] == ["information"], checked.text
        assert consent["id"] == f"directive-{one.id}"
        assert consent["status"] == "active"
        assert consent["provision"]["type"] == ("permit" if says is Says.PERMIT else "deny")
        assert consent["provision"]["period"]["end"] == (node.clock.now() + timedelta(days=1)).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
        if about is not About.EVERYTHING:  # who is shut out has no Patient of the resident's to name
            assert consent["patient"] == {"reference": f"Patient/{patient}"}


def test_what_ended_is_found_no_more_and_its_resident_reads_that_it_ended(
    node: Node, client: Asking, me: Somebody, resident: UUID, patient: UUID
) -> None:
    one = tell(node, resident, Says.PERMIT, About.HIV)
    address = f"/Consent/directive-{one.id}"
    tag = me.ask("GET", address).headers["etag"]
    assert me.ask("GET", address, **{"If-None-Match": tag}).status_code == 304
    node.clock = FixedClock(node.clock.now() + timedelta(days=1))
    me = Somebody(node, client, Role.RESIDENT, who=NUMBER)

    assert me.told("") == []
    assert here(node, client).ask("GET", address).status_code == 404
    after = me.ask("GET", address, **{"If-None-Match": tag})
    assert (after.status_code, after.json()["status"]) == (200, "inactive")
    assert after.headers["etag"] != tag


def test_each_look_at_what_was_said_stands_in_the_residents_register(
    node: Node, client: Asking, me: Somebody, resident: UUID, patient: UUID
) -> None:
    one = tell(node, resident, Says.PERMIT, About.HIV)
    doctor = here(node, client)
    doctor.found(f"?patient={patient}")
    doctor.ask("GET", f"/Consent/directive-{one.id}")

    with node.store.transaction(Duty.CARE) as tx:
        seen = access.reads_of(tx, [node.resident_key(tx, resident) or 0], limit=4)
    looks = [(one.read.what, one.read.action, one.read.count, one.read.facility) for one in seen]
    assert looks.count(("closing", "read-consent", 1, "H2")) == 2


def test_a_consent_that_a_hospital_sends_is_its_own_paper_and_opens_nothing(
    node: Node, client: Asking, me: Somebody, resident: UUID, patient: UUID
) -> None:
    hospital = Somebody(node, client, Role.HOSPITAL_SYSTEM, "H1")
    kept = hospital.ask("POST", "/Consent", {**A_PAPER, "patient": {"reference": f"Patient/{patient}"}})
    id_ = kept.json()["id"]

    assert kept.status_code == 201
    assert not id_.startswith("directive-")
    assert hospital.ask("GET", f"/Consent/{id_}").status_code == 200
    with node.store.transaction(Duty.CARE) as tx:
        key = node.resident_key(tx, resident) or 0
        assert access.closed_classes(tx, {("H2", key): [key]}, node.clock.now()) == ({("H2", key): 7}, {})
        assert not [one for one in access.directives(tx, [key]) if one.holds(node.clock.now())]
    tell(node, resident, Says.PERMIT, About.PSYCHIATRY)
    assert id_ in {one["id"] for one in matches(me.found(""))}
    assert me.told("") == [("PSY", "everybody")]


def test_what_was_said_is_written_by_no_request_of_fhir(
    node: Node, client: Asking, me: Somebody, resident: UUID, patient: UUID
) -> None:
    one = tell(node, resident, Says.PERMIT, About.HIV)
    address = f"/Consent/directive-{one.id}"
    said = {**A_PAPER, "id": f"directive-{one.id}", "patient": {"reference": f"Patient/{patient}"}}
    for somebody in (me, here(node, client, role=Role.HOSPITAL_SYSTEM), Somebody(node, client, Role.CLINICIAN, "H1")):
        for method in ("PUT", "DELETE", "PATCH"):
            body = None if method == "DELETE" else said if method == "PUT" else [{"op": "remove", "path": "/provision"}]
            media = {"Content-Type": "application/json-patch+json"} if method == "PATCH" else {}
            assert somebody.ask(method, address, body, **media).status_code in (403, 404), (method, somebody)
    assert me.ask("POST", "/Consent", said).status_code == 403

    assert me.told("") == [("HIV", "everybody")]


def test_a_search_by_more_than_the_patient_says_that_what_was_said_is_not_in_its_answer(
    node: Node, client: Asking, me: Somebody, resident: UUID, patient: UUID
) -> None:
    tell(node, resident, Says.PERMIT, About.HIV)
    for query in (f"?patient={patient}&status=active", f"?patient={patient}&_sort=_lastUpdated"):
        bundle = here(node, client).found(query)

        notes = [one["resource"] for one in bundle["entry"] if one["search"]["mode"] == "outcome"]
        assert [note["issue"][0]["severity"] for note in notes] == ["information"]
        assert not [one for one in matches(bundle) if one["id"].startswith("directive-")]


def test_what_was_said_counts_in_totals_takes_room_on_the_first_page_and_is_posted_for_alike(
    node: Node, client: Asking, me: Somebody, resident: UUID, patient: UUID
) -> None:
    sender, doctor = Somebody(node, client, Role.HOSPITAL_SYSTEM, "H1"), here(node, client)
    before = doctor.found(f"?patient={patient}&_total=accurate")["total"]
    for _ in range(3):
        paper = {**A_PAPER, "patient": {"reference": f"Patient/{patient}"}}
        assert sender.ask("POST", "/Consent", paper).status_code == 201
    here(node, client, "H1")
    tell(node, resident, Says.PERMIT, About.HIV)
    doctor = Somebody(node, client, Role.CLINICIAN, "H1")  # who wrote the papers reads them, whatever is in them

    first = doctor.found(f"?patient={patient}&_count=2&_total=accurate")
    assert first["total"] == before + 4
    assert len(matches(first)) == 2
    (following,) = [one["url"] for one in first["link"] if one["relation"] == "next"]
    second = doctor.found(following.partition("/fhir/Consent")[2])
    assert second["total"] == before + 4
    ids = [one["id"] for one in (*matches(first), *matches(second))]
    assert len(set(ids)) == len(ids)
    assert sum(id_.startswith("directive-") for id_ in ids) == 1
    assert doctor.found(f"?patient={patient}&_summary=count")["total"] == before + 4
    assert doctor.ask("GET", f"/Consent?patient={patient}&_count=1").status_code == 400
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    posted = client.ask(
        "POST", "/fhir/Consent/_search", headers={**doctor._headers, **form}, content=f"patient={patient}".encode()
    )
    assert len(matches(posted.json())) == before + 4


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_a_bundle_that_asks_is_answered_alike(
    node: Node, client: Asking, me: Somebody, resident: UUID, patient: UUID, kind: str
) -> None:
    tell(node, resident, Says.PERMIT, About.HIV)
    doctor = here(node, client, role=Role.HOSPITAL_SYSTEM)
    entry = {"request": {"method": "GET", "url": f"Consent?patient={patient}"}}

    answer = doctor.ask("POST", "", {"resourceType": "Bundle", "type": kind, "entry": [entry]})

    assert answer.status_code == 200, answer.text
    found = matches(answer.json()["entry"][0]["resource"])
    assert [what_of(one) for one in found if one["id"].startswith("directive-")] == [("HIV", "everybody")]


def test_a_resident_who_names_another_finds_nothing_of_either(
    node: Node, client: Asking, me: Somebody, resident: UUID
) -> None:
    other = send(node, system("H1"), a_patient(a_number(2)))
    tell(node, resident, Says.PERMIT, About.HIV)

    assert resident_of(node, other)
    assert matches(me.found(f"?patient={other.outcomes[0].id}")) == []


def test_the_capability_statement_tells_of_both_kinds_of_consents(node: Node, client: Asking) -> None:
    told = client.ask("GET", "/fhir/metadata").json()
    (consent,) = [one for one in told["rest"][0]["resource"] if one["type"] == "Consent"]

    assert "directive-" in consent["documentation"]
    assert {one["code"] for one in consent["interaction"]} >= {"read", "search-type"}
