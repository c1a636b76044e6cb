"""Search over HTTP: chains, `_has`, includes, order, totals, summaries; what is refused; whom it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from nodes import ID_CARD, Asking, a_node, a_number, a_patient, asking, send, system
from salus.app import Node
from salus.kernel import Role
from salus.parties import issue_token, parse_scopes
from salus.storage import Duty

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What H1 and H2 sent, by a name of ours, and a client of H1's system."""

    node: Node
    client: Asking
    ids: dict[str, str]

    def find(self, query: str) -> list[str]:
        """Search and return the names of matches and of what is included, each in order."""
        answer = self.client.ask("GET", f"/fhir/{query}")
        assert answer.status_code == 200, answer.text
        names = {id_: name for name, id_ in self.ids.items()}
        return [names[entry["resource"]["id"]] for entry in answer.json().get("entry", ())]

    def refused(self, query: str) -> dict[str, Any]:
        """Search what is refused and return the one issue."""
        answer = self.client.ask("GET", f"/fhir/{query}")
        assert answer.status_code == 400, answer.text
        [issue] = answer.json()["issue"]
        return dict(issue)


def _reading(code: str, value: str, unit: str, at: str, who: str = "urn:uuid:p", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": who},
        "effectiveDateTime": at,
        "valueQuantity": {"value": float(value), "system": UCUM, "code": unit, "unit": unit},
        **more,
    }


def _pressure() -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "amended",
        "code": {"coding": [{"system": LOINC, "code": "85354-9"}]},
        "subject": {"reference": "urn:uuid:p"},
        "effectivePeriod": {"start": "2030-05-01", "end": "2030-05-03"},
        "component": [
            {"code": {"coding": [{"code": code}]}, "valueQuantity": {"value": value, "system": UCUM, "code": "mm[Hg]"}}
            for code, value in (("sys", 120), ("dia", 80))
        ],
    }


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    with a_node(tmp_path_factory.mktemp("searching"), "H1", "H2") as node:
        ids: dict[str, str] = {}

        def keep(names: str, facility: str, *resources: dict[str, Any]) -> None:
            done = send(node, system(facility), *resources)
            ids.update(zip(names.split(), (str(one.id) for one in done.outcomes), strict=True))

        keep("doctor", "H1", {"resourceType": "Practitioner", "name": [{"family": "Müller-Ström", "given": ["Åsa"]}]})
        form = {"url": "http://plans.example/fhir/list", "status": "active"}
        keep("form", "H1", {"resourceType": "Questionnaire", **form})
        doctor = {"reference": f"Practitioner/{ids['doctor']}"}
        visit = {"resourceType": "Encounter", "fullUrl": "urn:uuid:v", "status": "finished", "class": {"code": "AMB"}}
        keep(
            "ann visit iron sugar pressure report",
            "H1",
            a_patient(a_number(1), fullUrl="urn:uuid:p", gender="female", name=[{"family": "Li", "given": ["Na"]}]),
            visit | {"subject": {"reference": "urn:uuid:p"}, "period": {"start": "2030-05-01"}},
            _reading("iron", "5.4", "mg", "2030-05-02", performer=[doctor], fullUrl="urn:uuid:o"),
            _reading("sugar", "0.9", "g", "2030-06", encounter={"reference": "urn:uuid:v"}),
            _pressure(),
            {
                "resourceType": "DiagnosticReport",
                "status": "final",
                "code": {"coding": [{"code": "panel"}]},
                "subject": {"reference": "urn:uuid:p"},
                "result": [{"reference": "urn:uuid:o"}],
            },
        )
        keep("bob other", "H1", a_patient(a_number(2), fullUrl="urn:uuid:p", gender="male"),
             _reading("iron", "7", "mg", "2030-07-01"))  # fmt: skip
        keep("stranger foreign", "H2", a_patient(a_number(3), fullUrl="urn:uuid:p", gender="female"),
             _reading("iron", "1", "mg", "2030-01-01", performer=[doctor]))  # fmt: skip
        with asking(node, Role.HOSPITAL_SYSTEM) as client:
            yield Held(node=node, client=client, ids=ids)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("code=iron", "iron other"),
        (f"code={LOINC}|", "iron sugar pressure other"),
        ("status:not=final", "pressure"),
        ("encounter:missing=false", "sugar"),
        ("encounter:missing=true", "iron pressure other"),
        ("date=2030-05", "iron pressure"),
        ("date=ge2030-06", "sugar other"),
        ("date=eb2030-06", "iron pressure"),
        ("date=lt2030-05-02", "pressure"),
        ("date=ap2030-05-04", "pressure"),
        ("value-quantity=5.4", "iron"),
        ("value-quantity=5", "iron"),
        ("value-quantity=gt5||mg", "iron other"),
        (f"value-quantity=0.0054|{UCUM}|g", "iron"),
        (f"value-quantity=gt100|{UCUM}|mg", "sugar"),
        ("value-quantity=ap6", "iron"),
        ("code-value-quantity=iron$gt6", "other"),
        ("component-code-value-quantity=sys$gt100", "pressure"),
        ("component-code-value-quantity=dia$gt100", ""),
        ("combo-code-value-quantity=dia$lt100,iron$7", "pressure other"),
        (f"combo-code-value-quantity={LOINC}|iron$gt6", "other"),
        ("combo-code-value-quantity=urn:none|iron$gt6", ""),
        ("subject:Patient.gender=female", "iron sugar pressure"),
        ("patient.name=Li", "iron sugar pressure"),
        ("performer:Practitioner.family=muller", "iron"),
        ("performer.family:exact=M%C3%BCller-Str%C3%B6m", "iron"),
        ("encounter.patient.gender=female", "sugar"),
        ("encounter.class=AMB&code=sugar", "sugar"),
        ("_has:DiagnosticReport:result:code=panel", "iron"),
        ("_has:DiagnosticReport:result:subject:Patient.gender=male", ""),
        ("_sort=-date", "other sugar iron pressure"),
        ("_sort=code-value-quantity", None),
        ("_sort=value-quantity", "sugar iron other pressure"),
        ("_sort=-value-quantity,date", "other iron sugar pressure"),
        ("code=iron&_include=Observation:subject", "iron other ann bob"),
        ("code=sugar&_include=Observation:encounter:Encounter&_include:iterate=Encounter:patient", "sugar ann visit"),
        ("code=iron&_revinclude=DiagnosticReport:result", "iron other report"),
        ("code=panel", ""),
        ("_id=nobody", ""),
        ("_lastUpdated=2031-03-01", "iron sugar pressure other"),
        ("_lastUpdated=lt2031-03-01", ""),
    ],
)
def test_observations_are_found(held: Held, query: str, expected: str | None) -> None:
    if expected is None:
        assert held.refused(f"Observation?{query}")["expression"] == ["_sort"]
        return

    assert held.find(f"Observation?{query}") == expected.split()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_has:Observation:patient:code=iron", "ann bob"),
        ("_has:Observation:subject:value-quantity=gt6", "bob"),
        ("_has:Observation:patient:_has:DiagnosticReport:result:code=panel", "ann"),
        ("gender=male", "bob"),
        ("gender:not=male", "ann"),
        ("deceased=false", "ann bob"),
        ("name:missing=true", "bob"),
    ],
)
def test_patients_are_found_by_what_refers_to_them(held: Held, query: str, expected: str) -> None:
    assert held.find(f"Patient?{query}") == expected.split()


@pytest.mark.parametrize(("query", "found"), [
    ("below=http://plans.example/fhir", True),
    ("below=http://plans.example/fhir/", True),
    ("below=http://plans.example/fhir/list/", True),
    ("below=http://plans.example/fh/", False),
])  # fmt: skip
def test_an_address_is_found_below_one_that_ends_in_a_slash(held: Held, query: str, found: bool) -> None:
    assert held.find(f"Questionnaire?url:{query}") == (["form"] if found else [])


def test_a_name_of_staff_is_found_by_its_beginning_without_case_and_accents(held: Held) -> None:
    assert held.find("Practitioner?family=MULLER-S") == ["doctor"]
    assert held.find("Practitioner?name=asa") == ["doctor"]
    assert held.find("Practitioner?family=trom") == []


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("Observation?cod=1", "cod"),
        ("Observation?code:text=1", "code:text"),
        ("Observation?code:in=urn:x", "code:in"),
        ("Observation?date:not=2030", "date:not"),
        ("Observation?date=zz2030", "date"),
        ("Observation?value-quantity=five", "value-quantity"),
        ("Observation?value-quantity=5|mg", "value-quantity"),
        ("Observation?status=urn:x|final", "status"),
        ("Observation?subject:Bundle=1", "subject:Bundle"),
        ("Observation?subject.nothing=1", "nothing"),
        ("Observation?status.code=1", "status"),
        ("Observation?_has:Report:result:code=1", "_has"),
        ("Observation?_has:DiagnosticReport:code:code=1", "_has"),
        ("Observation?value-string:contains=1", "value-string:contains"),
        ("Patient?name:contains=1", "name:contains"),
        ("Patient?address-city=x", "address-city"),
        ("Encounter?location=Location/1", "location"),
        ("Observation?_text=x", "_text"),
        ("Observation?_contained=true", "_contained"),
        ("Observation?_sort=code", "_sort"),
        ("Observation?_include=Observation:nothing", "_include"),
        ("Observation?_include=Encounter:subject", "_include"),
        ("Observation?_total=many", "_total"),
        ("Observation?_summary=some", "_summary"),
        ("Observation?_elements=nothing", "_elements"),
        ("Observation?_count=-1", "_count"),
        ("Observation?part-of.part-of.part-of.part-of.part-of.status=final", "part-of"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_name(held: Held, query: str, where: str) -> None:
    assert held.refused(query)["expression"] == [where]


def test_lenient_handling_weakens_nothing(held: Held) -> None:
    answer = held.client.ask("GET", "/fhir/Observation?cod=1", headers={"Prefer": "handling=lenient"})

    assert answer.status_code == 400


def test_a_search_of_the_directory_reaches_no_record(held: Held) -> None:
    for query in ("_has:Observation:performer:code=iron", "_revinclude=Observation:performer"):
        assert held.client.ask("GET", f"/fhir/Practitioner?{query}").status_code == 403


def test_nothing_of_another_facility_decides_or_is_included(held: Held) -> None:
    doctor = held.ids["doctor"]

    assert held.find(f"Observation?performer=Practitioner/{doctor}") == ["iron"]
    assert held.find(f"Observation?_id={held.ids['foreign']}&_include=Observation:subject") == []


@pytest.mark.parametrize("order", ["", "&_sort=-date", "&_sort=value-quantity", "&_sort=-_lastUpdated", "&_sort=_id"])
def test_pages_in_any_order_hold_each_match_once(held: Held, order: str) -> None:
    whole = held.find(f"Observation?_count=200{order}")
    url: str | None = f"/fhir/Observation?_count=1{order}"
    paged = []
    while url:
        told = held.client.ask("GET", url).json()
        paged += [entry["resource"]["id"] for entry in told["entry"]]
        url = next((link["url"] for link in told["link"] if link["relation"] == "next"), None)

    assert [held.ids[name] for name in whole] == paged


def test_a_cursor_is_good_for_whom_it_was_given_to(held: Held) -> None:
    first = held.client.ask("GET", "/fhir/Observation?_count=1").json()
    url = next(link["url"] for link in first["link"] if link["relation"] == "next")

    def ask(facility: str) -> int:
        token = issue_token(held.node.issuer, system(facility), held.node.clock.now(), timedelta(minutes=5))
        return held.client.ask("GET", url, headers={"Authorization": f"Bearer {token}"}).status_code

    assert (ask("H1"), ask("H2")) == (200, 400)


def test_a_total_is_told_where_it_is_asked_for(held: Held) -> None:
    def total(query: str) -> tuple[int | None, int]:
        told = held.client.ask("GET", f"/fhir/Observation?{query}").json()
        return told.get("total"), len(told.get("entry", ()))

    assert total("_count=1") == (None, 1)
    assert total("_count=1&_total=accurate") == (4, 1)
    assert total("_count=0") == (4, 0)
    assert total("_summary=count&code=iron") == (2, 0)
    assert total("_total=none&code=nothing") == (None, 0)


def test_who_is_counted_among_few_is_told(held: Held) -> None:
    before = _told(held)
    held.client.ask("GET", "/fhir/Observation?code=sugar&_summary=count")

    assert _told(held) - before == 1


def test_who_is_counted_beside_a_page_is_told(held: Held) -> None:
    before = _told(held)
    held.client.ask("GET", "/fhir/Observation?code=iron&_total=accurate&_count=1&_sort=date")

    assert _told(held) - before == 2


def test_whom_the_link_to_the_next_page_tells_of_is_told(held: Held) -> None:
    before = _told(held)
    first = held.client.ask("GET", "/fhir/Observation?code=iron&_count=1&_sort=date").json()
    assert _told(held) - before == 2

    held.client.ask("GET", next(link["url"] for link in first["link"] if link["relation"] == "next"))
    assert _told(held) - before == 3


@pytest.mark.parametrize(
    "query",
    [
        "Observation?code=none&patient:Patient.identifier={number}",
        "Observation?code=none&subject.identifier=urn:none,{number}",
        "Observation?code=none&subject:identifier={number}",
        "Observation?code=none&encounter.patient={ann}",
        "Observation?code=none&_id={iron}",
        "Patient?_id={ann}&_has:Observation:patient:code=none",
        "Patient?identifier={number}&_has:Observation:patient:code=none&_summary=count",
        "Patient?identifier:not={number}&gender=other",
        "DiagnosticReport?code=none&result={iron}",
    ],
)
def test_who_is_named_is_told_also_where_nothing_is_found(held: Held, query: str) -> None:
    before = _told(held)
    told = held.client.ask("GET", f"/fhir/{query.format(number=f'{ID_CARD}|{a_number(1)}', **held.ids)}").json()

    assert "entry" not in told, told
    assert _told(held) - before == 1


def test_a_system_alone_names_nobody(held: Held) -> None:
    before = _told(held)
    held.client.ask("GET", f"/fhir/Observation?code=none&patient.identifier={ID_CARD}|")

    assert _told(held) == before


def test_a_total_of_many_is_told_in_hundreds_unless_patients_are_named(tmp_path: Path) -> None:
    with a_node(tmp_path, "H1") as node:
        patient = send(node, system(), a_patient(a_number(1))).outcomes[0].id
        send(node, system(), *[_reading("iron", "1", "mg", "2030-05-02", who=f"Patient/{patient}")] * 203)
        with asking(node, Role.HOSPITAL_SYSTEM) as client:
            told = [
                client.ask("GET", f"/fhir/Observation?{query}").json()["total"]
                for query in ("_summary=count", "_total=accurate&_count=1", f"_summary=count&patient={patient}")
            ]

    assert told == [200, 200, 203]


def test_who_is_included_is_told(held: Held) -> None:
    before = _told(held)
    held.client.ask("GET", f"/fhir/Observation?code={quote('iron')}&_include=Observation:subject")

    assert _told(held) - before == 2


def _told(held: Held) -> int:
    with held.node.store.transaction(Duty.CARE) as tx:
        row = tx.row("select count(*) from access.entry where action = 'search' and resident_key is not null")
    return int(row[0]) if row else 0


@pytest.mark.parametrize(
    ("scopes", "query", "missing"),
    [
        ("Observation.rs", "Observation?patient.gender=female", "Patient.s"),
        ("Observation.rs Patient.r", "Observation?patient.gender=female", "Patient.s"),
        ("Observation.rs Patient.s", "Observation?patient.gender=female", None),
        ("Patient.rs", "Patient?_has:Observation:patient:code=iron", "Observation.s"),
        ("Patient.rs Observation.s", "Patient?_has:Observation:patient:_has:DiagnosticReport:result:code=panel",
         "DiagnosticReport.s"),
        ("Observation.rs", "Observation?_include=Observation:subject:Patient", "Patient.r"),
        ("Observation.rs Patient.r", "Observation?_include=Observation:subject:Patient", None),
        ("Observation.rs Patient.r", "Observation?_include=Observation:performer:Practitioner", "Practitioner.r"),
        ("Observation.rs", "Observation?performer:Practitioner.family=muller", "Practitioner.s"),
        ("Patient.rs", "Patient?_revinclude=Observation:patient", "Observation.r"),
        ("Patient.rs Observation.rs", "Patient?_revinclude=Observation:patient", None),
        ("Patient.rs", "Patient?_revinclude=Observation:patient&_count=0", None),
    ],
)  # fmt: skip
def test_scopes_cover_each_type_that_a_search_looks_at_or_brings(
    held: Held, scopes: str, query: str, missing: str | None
) -> None:
    who = replace(system(), scopes=parse_scopes(" ".join(f"system/{one}" for one in scopes.split())))
    token = issue_token(held.node.issuer, who, held.node.clock.now(), timedelta(minutes=5))

    def ask(method: str, address: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        return held.client.ask(method, address, headers=headers, **more)

    answer = ask("GET", f"/fhir/{query}")
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": query}}]}
    [entry] = ask("POST", "/fhir", json=batch).json()["entry"]

    assert (answer.status_code, entry["response"]["status"][:3]) == ((403, "403") if missing else (200, "200"))
    if missing:
        [issue] = answer.json()["issue"]
        assert f"does not cover system/{missing}:" in issue["diagnostics"]


def test_the_register_says_what_was_opened(held: Held) -> None:
    held.client.ask("GET", f"/fhir/Patient?_id={held.ids['ann']}&_revinclude=Observation:patient")
    held.client.ask("GET", f"/fhir/Observation?_id={held.ids['iron']}&_include=Observation:performer")

    with held.node.store.transaction(Duty.CARE) as tx:
        told = tx.rows("select what, resident_key is null from access.entry order by batch desc, item desc limit 3")
    assert sorted(told) == [("Bundle", False), ("Observation", False), ("Practitioner", True)]


def test_a_summary_holds_what_r4_marks_and_says_that_it_is_cut(held: Held) -> None:
    def shown(query: str) -> dict[str, Any]:
        [entry] = held.client.ask("GET", f"/fhir/Observation?code=sugar&{query}").json()["entry"]
        return dict(entry["resource"])

    assert set(shown("_summary=true")) >= {
        "id",
        "meta",
        "status",
        "code",
        "subject",
        "valueQuantity",
        "effectiveDateTime",
    }
    assert set(shown("_elements=subject,value")) == {
        "resourceType",
        "id",
        "meta",
        "status",
        "code",
        "subject",
        "valueQuantity",
    }
    assert set(shown("_summary=text")) == {"resourceType", "id", "meta", "status", "code"}
    assert shown("_summary=data")["meta"]["tag"][-1]["code"] == "SUBSETTED"
    assert "tag" not in shown("_summary=false")["meta"]


def test_the_capability_statement_names_what_may_be_included(held: Held) -> None:
    told = held.client.ask("GET", "/fhir/metadata").json()
    observation = next(one for one in told["rest"][0]["resource"] if one["type"] == "Observation")

    assert "Observation:subject" in observation["searchInclude"]
    assert "DiagnosticReport:result" in observation["searchRevInclude"]
    assert {"name": "combo-code-value-quantity", "type": "composite"} in observation["searchParam"]
