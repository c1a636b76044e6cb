"""Two hospitals and a resident of both, whose record at the first holds sensitive entries; for tests of consent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from nodes import a_node, a_number, a_patient, clinician, received, resident_of, send, system, the_resident
from salus import access, identity
from salus.access import About, Directive, Says
from salus.app import Node, Reader, everything_of, history_of, search, summary_of, view_summary
from salus.kernel import Role, new_id
from salus.parties import Principal
from salus.records import NotFound, parse_query
from salus.records.everything.asking import parse_everything
from salus.records.history import parse_history
from salus.storage import Duty

ICD10, LOINC, ATC = "http://hl7.org/fhir/sid/icd-10", "http://loinc.org", "http://www.whocc.no/atc"
LABELS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
NUMBER = a_number(1)

PLAIN = "plain"
# What the first hospital wrote, by a name, each naming the patient as urn:uuid:p; and in which class it is, if in any.
WRITTEN: dict[str, tuple[dict[str, Any], str | None]] = {
    PLAIN: ({"resourceType": "Condition", "code": {"coding": [{"system": ICD10, "code": "J45.9"}]}}, None),
    "hiv": ({"resourceType": "Condition", "code": {"coding": [{"system": ICD10, "code": "B20.1"}]}}, "hiv"),
    "psychiatry": (
        {"resourceType": "Condition", "code": {"coding": [{"system": ICD10, "code": "F32.9"}]}},
        "psychiatry",
    ),
    "reproduction": (
        {"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": LOINC, "code": "2106-3"}]}},
        "reproduction",
    ),
    "medicine": (
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {"coding": [{"system": ATC, "code": "J05AR10"}]},
        },
        "hiv",
    ),
    "for-a-reason": (
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {"text": "a vitamin"},
            "reasonReference": [{"reference": "urn:uuid:hiv"}],
        },
        "hiv",
    ),
    "labelled": (
        {
            "resourceType": "Condition",
            "meta": {"security": [{"system": LABELS, "code": "PSY"}]},
            "code": {"text": "a cold"},
        },
        "psychiatry",
    ),
    "told-in-words": ({"resourceType": "Condition", "code": {"text": "人工流产术后"}}, "reproduction"),
}


@dataclass(slots=True)
class Record:
    """What is stored, by its name, and whose it is."""

    node: Node
    ids: dict[str, tuple[str, UUID]]
    patient: UUID
    key: int
    resident: UUID

    def say(self, says: Says, about: About, facility: str | None = None, until: datetime | None = None) -> UUID:
        """Let the resident say something from now on; an opening ends after a day unless said otherwise."""
        at = self.node.clock.now()
        ends = until or (at + timedelta(days=1) if says is Says.PERMIT else None)
        with self.node.store.transaction(Duty.CARE) as tx:
            one = Directive(
                id=new_id(),
                resident_key=self.key,
                says=says,
                about=about,
                facility=facility,
                since=at,
                until=ends,
                recorded_by=f"account-{self.resident}",
                recorded_as=Role.RESIDENT,
            )
            access.direct(tx, one)
        return one.id

    def take_back(self) -> None:
        """Let the resident take back all that was said."""
        with self.node.store.transaction(Duty.CARE) as tx:
            for one in access.directives(tx, [self.key]):
                access.withdraw(tx, one.id, one.recorded_by, self.node.clock.now())

    def read(self, who: Principal) -> set[str]:
        """Return what of what was written somebody can read by id; the rest must be as if it were not there."""
        reader, found = Reader(self.node), set()
        for name, (kind, id_) in self.ids.items():
            try:
                body = orjson.loads(reader.read_one(who, kind, id_).body)
            except NotFound:
                continue
            assert body["id"] == str(id_)
            found.add(name)
        return found

    def found(self, who: Principal) -> set[str]:
        """Return what of what was written somebody finds by searching for the patient's entries."""
        names, found = {id_: name for name, (_, id_) in self.ids.items()}, set()
        for kind in {kind for kind, _ in self.ids.values()}:
            query = [] if who.role is Role.RESIDENT else [("patient", str(self.patient))]
            page = search(self.node, who, parse_query(kind, query, self.node.custodian))
            found |= {names[id_] for _, id_, _ in page.matches if id_ in names}
        return found

    def counted(self, who: Principal) -> int:
        """Return how many entries a summary counts, but for Patients."""
        counts = view_summary(self.node, who, self.resident).summary.counts
        return sum(count for kind, count in counts.items() if kind != "Patient")

    def everything(self, who: Principal) -> set[str]:
        """Return what of what was written stands in all of the patient's record, as somebody reads it."""
        names = {id_: name for name, (_, id_) in self.ids.items()}
        asked = parse_everything(str(self.patient), [], self.node.custodian)
        found = everything_of(self.node, who, self.patient, asked).matches
        return {names[UUID(id_)] for _, id_, _ in found if UUID(id_) in names}

    def histories(self, who: Principal) -> set[str]:
        """Return what of what was written has a history that somebody reads."""
        found = set()
        for name, (kind, id_) in self.ids.items():
            asked = parse_history(f"{kind}/{id_}", [], self.node.custodian)
            with suppress(NotFound):
                assert history_of(self.node, who, kind, id_, asked).versions
                found.add(name)
        return found

    def document(self, who: Principal) -> set[str]:
        """Return what of what was written a summary document holds or names."""
        told = summary_of(self.node, who, self.patient, "en").decode()
        return {name for name, (_, id_) in self.ids.items() if str(id_) in told}

    def total(self, who: Principal, kind: str, *pairs: tuple[str, str]) -> int | None:
        """Return how many entries of the patient a search counts."""
        query = [("patient", str(self.patient)), *pairs, ("_summary", "count")]
        return search(self.node, who, parse_query(kind, query, self.node.custodian)).total

    @property
    def me(self) -> Principal:
        """The resident."""
        return the_resident(self.resident)


@contextmanager
def a_record(folder: Path) -> Iterator[Record]:
    """Open a node with hospitals H1, H2 and H3; the resident is at H2 and H3 now, and H1 wrote what is `WRITTEN`."""
    with a_node(folder, "H1", "H2", "H3") as node:
        written = [
            {**one, "fullUrl": f"urn:uuid:{name}", "subject": {"reference": "urn:uuid:p"}}
            for name, (one, _) in WRITTEN.items()
        ]
        done = send(node, system("H1"), a_patient(NUMBER, fullUrl="urn:uuid:p"), *written)
        key = resident_of(node, done)
        with node.store.transaction(Duty.CARE) as tx:
            resident = identity.resident_by_key(tx, key)
        assert resident is not None
        for facility in ("H2", "H3"):
            received(node, clinician(facility), NUMBER)
        ids = {name: (one.type, one.id) for name, one in zip(WRITTEN, done.outcomes[1:], strict=True)}
        yield Record(node=node, ids=ids, patient=done.outcomes[0].id, key=key, resident=resident.resident_id)


def of_class(*classes: str) -> set[str]:
    """Return the names of what is in these classes, and in none."""
    return {name for name, (_, sensitive) in WRITTEN.items() if sensitive is None or sensitive in classes}


EVERYTHING = set(WRITTEN)
