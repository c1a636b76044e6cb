"""A random workload over all the ways in which charts' keys are opened, for tests of what is told of it."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import orjson

from hl7_messages import adt, pid, pv1, tell
from nodes import Asking, a_number, a_patient, an_observation, clinician, send, system, the_resident
from salus import access, app, identity, records
from salus.app import Node, Receiver
from salus.app.classifying import classify_some
from salus.app.indexing import find_page, prepare_page
from salus.app.relay import close_batch, deliver_events
from salus.app.surveying import survey_page
from salus.kernel import SalusError
from salus.parties import Principal
from salus.records import Intent
from salus.storage import Duty

PATCH = {"Content-Type": "application/json-patch+json"}


@dataclass(slots=True)
class Workload:
    """Operations of many kinds at random, good and bad, by hospitals, clinicians, residents and the node."""

    node: Node
    h1: Asking
    h2: Asking
    receiver: Receiver
    folder: Path
    random: Random
    patients: list[UUID] = field(default_factory=list)
    entries: list[UUID] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    numbers: int = 0

    def run(self, operations: int) -> None:
        """Do some operations at random."""
        for _ in range(operations):
            self.run_one()

    def run_one(self) -> None:
        """Do one operation at random, and count it by its kind and what came of it."""
        while len(self.patients) < 3:
            self.patient()
        kinds: list[Callable[[], int]] = [
            *[self.read] * 6,
            *[self.find] * 4,
            *[self.create] * 5,
            *[self.update] * 2,
            *[self.patch] * 3,
            *[self.bundle] * 3,
            self.batch,
            self.history,
            self.everything,
            self.summary,
            self.clinician,
            self.resident,
            self.delete,
            self.open,
            self.shred,
            self.background,
            self.refused,
            self.message,
            self.imported,
        ]
        kind = self.random.choice(kinds)
        self.done[f"{kind.__name__} {kind() // 100}xx"] += 1

    def asker(self) -> Asking:
        return self.random.choice((self.h1, self.h1, self.h2))

    def patient(self) -> None:
        self.numbers += 1
        born = f"{1950 + self.numbers // 900}0101"
        number = a_number(self.numbers % 900, born)
        for facility in ("H1", "H2")[: self.random.choice((1, 2))]:
            made = send(
                self.node,
                system(facility),
                a_patient(number, fullUrl="urn:uuid:p", name=[{"text": "Ann"}]),
                an_observation("urn:uuid:p"),
            )
            if facility == "H1":
                self.patients.append(made.outcomes[0].id)
                self.entries.append(made.outcomes[1].id)

    def one(self) -> UUID:
        return self.random.choice(self.entries) if self.random.random() < 0.95 else uuid4()

    def who(self) -> UUID:
        if self.random.random() < 0.05:
            self.patient()
        return self.random.choice(self.patients)

    def read(self) -> int:
        return self.asker().ask("GET", f"/fhir/Observation/{self.one()}").status_code

    def find(self) -> int:
        query = self.random.choice((f"patient={self.who()}", "_count=5", "code=718-7&_count=3", "nonsense=1"))
        return self.asker().ask("GET", f"/fhir/Observation?{query}").status_code

    def create(self) -> int:
        entry = an_observation(
            f"Patient/{self.who()}", **({"status": "nonsense"} if self.random.random() < 0.1 else {})
        )
        answer = self.h1.ask("POST", "/fhir/Observation", content=orjson.dumps(entry))
        if answer.status_code == 201:
            self.entries.append(UUID(answer.headers["location"].split("/Observation/")[1].split("/")[0]))
        return answer.status_code

    def update(self) -> int:
        id_ = self.one()
        entry = an_observation(f"Patient/{self.who()}") | {"id": str(id_)}
        headers = {"If-Match": 'W/"77"'} if self.random.random() < 0.2 else {}
        return (
            self.asker()
            .ask("PUT", f"/fhir/Observation/{id_}", content=orjson.dumps(entry), headers=headers)
            .status_code
        )

    def patch(self) -> int:
        change = self.random.choice(("final", "amended", "nonsense"))
        body = orjson.dumps([{"op": "replace", "path": "/status", "value": change}])
        return self.asker().ask("PATCH", f"/fhir/Observation/{self.one()}", content=body, headers=PATCH).status_code

    def bundle(self) -> int:
        return self._sent("transaction")

    def batch(self) -> int:
        return self._sent("batch")

    def _sent(self, kind: str) -> int:
        several = [self._entry() for _ in range(self.random.randint(1, 5))]
        body = {"resourceType": "Bundle", "type": kind, "entry": several}
        return self.asker().ask("POST", "/fhir", content=orjson.dumps(body)).status_code

    def _entry(self) -> dict[str, Any]:
        verb = self.random.choice(("POST", "GET", "FIND", "PUT", "PATCH", "IF"))
        id_, patient = self.one(), f"Patient/{self.who()}"
        if verb == "POST":
            return {"resource": an_observation(patient), "request": {"method": "POST", "url": "Observation"}}
        if verb == "PUT":
            request = {"method": "PUT", "url": f"Observation/{id_}"}
            return {"resource": an_observation(patient) | {"id": str(id_)}, "request": request}
        if verb == "PATCH":
            patch = orjson.dumps([{"op": "replace", "path": "/status", "value": "amended"}])
            binary = {"resourceType": "Binary", "contentType": "application/json-patch+json"}
            binary["data"] = b64encode(patch).decode()
            return {"resource": binary, "request": {"method": "PATCH", "url": f"Observation/{id_}"}}
        if verb == "IF":
            identifier = {"identifier": [{"system": "urn:lab", "value": str(self.random.randint(1, 20))}]}
            request = {"method": "POST", "url": "Observation"}
            request["ifNoneExist"] = f"identifier=urn:lab|{identifier['identifier'][0]['value']}"
            return {"resource": an_observation(patient, **identifier), "request": request}
        url = f"Observation/{id_}" if verb == "GET" else f"Observation?subject={patient}&_count=3"
        return {"request": {"method": "GET", "url": url}}

    def history(self) -> int:
        return self.asker().ask("GET", f"/fhir/Observation/{self.one()}/_history").status_code

    def everything(self) -> int:
        return self.asker().ask("GET", f"/fhir/Patient/{self.who()}/$everything").status_code

    def summary(self) -> int:
        return self.asker().ask("GET", f"/fhir/Patient/{self.who()}/$summary").status_code

    def _resident(self) -> UUID:
        with self.node.store.transaction(Duty.CARE) as tx:
            ((chart, _),) = records.charts_of_patients(tx, [self.random.choice(self.patients)]).values()
            found = identity.resident_by_key(tx, identity.residents_of(tx, [chart])[chart])
        assert found
        return found.resident_id

    def clinician(self) -> int:
        who = clinician(self.random.choice(("H1", "H2")))
        view = self.random.choice((lambda: app.present_here(self.node, who), lambda: self._viewed(who)))
        return self._tried(view)

    def _viewed(self, who: Principal) -> object:
        return app.view_summary(self.node, who, self._resident())

    def resident(self) -> int:
        who = the_resident(self._resident())
        looks: tuple[Callable[[Node, Principal], object], ...] = (app.my_record, app.my_notices, app.my_code)
        return self._tried(lambda: self.random.choice(looks)(self.node, who))

    def message(self) -> int:
        self.numbers += 1
        who = f"M{self.random.randint(1, 8)}"
        event = self.random.choice(("A01", "A03", "A08"))
        (answer,) = tell(self.receiver, adt(event, f"{who}-{self.numbers}", pid(who), pv1(who)))
        return 200 if answer.code == "AA" else 400

    def imported(self) -> int:
        lines = [an_observation(f"Patient/{self.who()}", note=[{"text": str(self.random.random())}]) for _ in range(4)]
        lines.append(an_observation(f"Patient/{uuid4()}"))
        file = self.folder / "lines.ndjson"
        file.write_bytes(b"\n".join(map(orjson.dumps, lines)))
        app.import_files(self.node, "H1", [file])
        return 200

    def delete(self) -> int:
        id_ = self.entries.pop(self.random.randrange(len(self.entries))) if len(self.entries) > 20 else uuid4()
        return self.h1.ask("DELETE", f"/fhir/Observation/{id_}").status_code

    def open(self) -> int:
        facility = self.random.choice(("H1", "H2"))
        with self.node.store.transaction(Duty.CARE) as tx:
            charts = [one[0] for one in records.charts_of_patients(tx, [self.who()]).values()]
            for resident in identity.residents_of(tx, charts).values():
                access.open_relation(tx, facility, resident, "desk", self.node.clock.now())
        return 200

    def shred(self) -> int:
        if self.random.random() < 0.2 and len(self.patients) > 3:
            with self.node.store.transaction(Duty.CARE) as tx:
                ((chart, _),) = records.charts_of_patients(tx, [self.random.choice(self.patients)]).values()
            self.node.keys.shred(chart)
        return 200

    def background(self) -> int:
        for _ in range(3):
            deliver_events(self.node)
        prepare_page(self.node, 0)
        find_page(self.node)
        survey_page(self.node)
        classify_some(self.node)
        close_batch(self.node)
        return 200

    def refused(self) -> int:
        intents = [
            Intent(verb="create", resource=an_observation(f"Patient/{self.who()}"), full_url=None, entry=0),
            Intent(verb="create", resource=an_observation(f"Patient/{uuid4()}"), full_url=None, entry=1),
        ]
        return self._tried(lambda: app.accept(self.node, system(), intents))

    def _tried(self, work: Callable[[], object]) -> int:
        try:
            work()
        except SalusError as refused:
            return refused.status
        return 200
