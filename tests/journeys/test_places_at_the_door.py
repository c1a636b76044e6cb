"""Coordinates that come inside records are taken out at the door, whichever door it is, and the answer names them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nodes import Asking, a_node, a_patient, an_observation, asking
from salus.app import Node, import_files
from salus.kernel import Role
from salus.records.sealing import unseal
from salus.storage import Duty

LATITUDE, LONGITUDE = 31.41592653589, -71.8281828459
TEXT = f"{LATITUDE},{LONGITUDE}"
NAMED = {"name": [{"family": "Planted"}]}


def _point(latitude: str = "latitude", longitude: str = "longitude") -> list[dict[str, Any]]:
    return [{"url": latitude, "valueDecimal": LATITUDE}, {"url": longitude, "valueDecimal": LONGITUDE}]


GEOLOCATION = {"url": "http://hl7.org/fhir/StructureDefinition/geolocation", "extension": _point()}
# How coordinates come: the element that the answer must name, and what a Patient holds besides its name.
PLANTED: dict[str, tuple[str, dict[str, Any]]] = {
    "as Synthea writes a home": ("Patient.address[0].extension[0]", {"address": [{"extension": [GEOLOCATION]}]}),
    "under a vendor's address": (
        "Patient.extension[0]",
        {"extension": [{"url": "https://vendor.example/fhir/gps", "valueString": TEXT}]},
    ),
    "under a vendor's words": (
        "Patient.extension[0]",
        {"extension": [{"url": "https://vendor.example/home", "extension": _point("lat", "lng")}]},
    ),
    "under a word inside a word": (
        "Patient.extension[0]",
        {"extension": [{"url": "https://vendor.example/homeLatitude", "valueString": TEXT}]},
    ),
    "deep inside": (
        "Patient.contact[0].name.extension[0]",
        {"contact": [{"name": {"text": "x", "extension": [{"url": "u:a", "extension": [GEOLOCATION]}]}}]},
    ),
    "beside a plain text": (
        "Patient.address[0]._city.extension[0]",
        {"address": [{"city": "清源", "_city": {"extension": [GEOLOCATION]}}]},
    ),
    "as a link": ("Patient.telecom[0].value", {"telecom": [{"system": "url", "value": f"geo:{TEXT}"}]}),
    "in a contained place": (
        "Patient.contained[0].position",
        {
            "contained": [
                {"resourceType": "Location", "id": "l", "position": {"latitude": LATITUDE, "longitude": LONGITUDE}}
            ],
            "extension": [{"url": "https://x.example/born-at", "valueReference": {"reference": "#l"}}],
        },
    ),
}
Planted = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("places"), "H1") as opened:
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Asking]:
    with asking(node, Role.HOSPITAL_SYSTEM) as opened:
        yield opened


@pytest.fixture(params=PLANTED, ids=lambda name: str(name).replace(" ", "-"))
def planted(request: pytest.FixtureRequest) -> Planted:
    where, more = PLANTED[request.param]
    return where, a_patient(**NAMED, **more)


def test_coordinates_in_a_created_resource_are_taken_out_and_named(client: Asking, planted: Planted) -> None:
    where, patient = planted

    answer = client.ask("POST", "/fhir/Patient", json=patient, headers={"Prefer": "return=OperationOutcome"})

    assert answer.status_code == 201, answer.text
    assert [issue["expression"] for issue in answer.json()["issue"]] == [[where]]
    assert answer.headers["X-Salus-Stripped"] == where
    read = client.ask("GET", answer.headers["Location"]).text
    assert "Planted" in read
    assert not told_in(read)


def test_coordinates_in_a_transaction_are_taken_out_and_named(client: Asking, planted: Planted) -> None:
    where, patient = planted

    answer = client.ask("POST", "/fhir", json=bundle("transaction", patient, an_observation("urn:uuid:0")))

    assert answer.status_code == 200, answer.text
    first, second = (entry["response"] for entry in answer.json()["entry"])
    assert [issue["expression"] for issue in first["outcome"]["issue"]] == [[where]]
    assert "outcome" not in second
    assert not told_in(client.ask("GET", f"/fhir/{first['location']}").text)


def test_coordinates_in_a_batch_are_taken_out_and_named(client: Asking, planted: Planted) -> None:
    where, patient = planted

    answer = client.ask("POST", "/fhir", json=bundle("batch", patient))

    (entry,) = answer.json()["entry"]
    assert [issue["expression"] for issue in entry["response"]["outcome"]["issue"]] == [[where]]


def test_coordinates_in_an_update_are_taken_out_and_named(client: Asking, planted: Planted) -> None:
    where, patient = planted
    made = client.ask("POST", "/fhir/Patient", json=a_patient(**NAMED)).json()

    answer = client.ask("PUT", f"/fhir/Patient/{made['id']}", json={**patient, "id": made["id"]})

    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Salus-Stripped"] == where
    assert not told_in(answer.text)
    assert not told_in(client.ask("GET", f"/fhir/Patient/{made['id']}").text)


def test_coordinates_in_an_imported_file_are_taken_out_and_counted(node: Node, tmp_path: Path) -> None:
    lines = [json.dumps(bundle("transaction", a_patient(**NAMED, **more))) for _, more in PLANTED.values()]
    file = tmp_path / "planted.ndjson"
    file.write_text("\n".join(lines))

    done = import_files(node, "H1", [file])

    assert (done.refused, done.stripped) == ([], len(PLANTED))


def test_the_position_of_an_institution_goes_too(client: Asking) -> None:
    """A Location may be somebody's home; which it is nobody can tell."""
    position = {"latitude": LATITUDE, "longitude": LONGITUDE}

    place = {"resourceType": "Location", "name": "Ward", "position": position}
    answer = client.ask("POST", "/fhir/Location", json=place)

    assert answer.headers["X-Salus-Stripped"] == "Location.position"
    assert not told_in(answer.text)


def test_every_version_of_what_came_with_coordinates_has_lost_them(node: Node, client: Asking) -> None:
    with node.store.transaction(Duty.CARE) as tx:
        stored = tx.rows("select resource_key, version, chart_key, body from records.version")
    keys = node.keys.unwrap([chart for _, _, chart, _ in stored])
    opened = [unseal(keys[chart], key, version, body).decode() for key, version, chart, body in stored]
    found = client.ask("GET", "/fhir/Patient?_count=200").text

    assert sum("Planted" in text for text in opened) >= 5 * len(PLANTED)
    assert not [text for text in opened if told_in(text)]
    assert "Planted" in found
    assert not told_in(found)


def told_in(text: str) -> bool:
    """Tell whether either coordinate can be read in a text, to three decimals."""
    return "31.415" in text or "71.828" in text


def bundle(kind: str, *resources: dict[str, Any]) -> dict[str, Any]:
    """A Bundle that creates resources, the first under urn:uuid:0."""
    entries = [
        {"fullUrl": f"urn:uuid:{n}", "resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
        for n, one in enumerate(resources)
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}
