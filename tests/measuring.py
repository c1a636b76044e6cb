"""A real node with three real witnesses, a site, a laboratory, signers, and published rules, for flows of evidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from measures import DAY, DISEASE, HOUR
from nodes import ID_CARD, a_node, a_number, a_patient, add_hospital, resident_of, send
from salus import identity, parties
from salus.app import Node, Taken, add_party, close_batch, progress_measures, publish, take_result, take_specimen
from salus.cli.actors import (
    LABORATORY,
    SIGNER,
    SITE,
    Party,
    Signed,
    commit_specimen,
    emergency_document,
    new_subject,
    rules_document,
    sign_result,
    signatures_of,
)
from salus.healthcode.measures import Signed as Sent
from salus.kernel import Purpose, Role, format_instant
from salus.parties import FacilityKind, Principal, principal
from salus.rules import EvidenceKind, Result
from salus.storage import Duty
from witnesses import Witnesses, three_witnesses

LOINC = {EvidenceKind.NUCLEIC_ACID: "94500-6", EvidenceKind.ANTIGEN: "94558-4"}
SNOMED = {Result.POSITIVE: "10828004", Result.NEGATIVE: "260385009", Result.INDETERMINATE: "82334004"}


@dataclass(slots=True)
class Measuring:
    """A node that can come to measures. `patients` are ids of Patient resources at the site, by identity number."""

    node: Node
    witnesses: Witnesses
    site: Party
    laboratory: Party
    signers: list[Party]
    patients: dict[str, str] = field(default_factory=dict)
    residents: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.node.clock.now().replace(microsecond=0)

    def advance(self, by: timedelta) -> None:
        """Move everybody's clock, and close a batch so that the log has a head of that time."""
        self.witnesses.advance(by)
        self.close()

    def close(self) -> None:
        """Close a batch that the witnesses cosign, and let the node decide and issue what it can."""
        close_batch(self.node)
        progress_measures(self.node)

    def settle(self) -> None:
        """Close batches until evidence, decision and notice are through."""
        for _ in range(3):
            self.close()

    def patient(self, number: str, facility: str = "S1") -> str:
        """Register a person at the site, once."""
        key = f"{facility}/{number}"
        if key not in self.patients:
            done = send(self.node, system_of(facility), a_patient(number))
            self.patients[key] = f"Patient/{done.outcomes[0].id}"
            self.residents[number] = resident_of(self.node, done)
        return self.patients[key]

    def resident(self, number: str) -> UUID:
        """Return the resident behind an identity number."""
        self.patient(number)
        with self.node.store.transaction(Duty.CARE) as tx:
            found = identity.resident_by_key(tx, self.residents[number])
        assert found is not None
        return found.resident_id

    def specimen(self, number: str, subject: str | None = None, taken: datetime | None = None) -> Signed:
        """Take a specimen, as the site's system does."""
        signed = commit_specimen(
            self.site, disease=DISEASE, taken=taken or self.now, subject=subject or new_subject()
        )  # fmt: skip
        take_specimen(self.node, system_of("S1"), a_specimen(self.patient(number), signed), sent(signed))
        return signed

    def result(self, specimen: Signed, result: Result, **more: Any) -> Signed:
        """Report a result, as the laboratory's system does."""
        signed = sign_result(self.laboratory, specimen, result, self.now, **more)
        self.send_result(signed)
        return signed

    def send_result(self, signed: Signed, **changed: Any) -> Taken:
        """Send a result that the laboratory signed."""
        return take_result(self.node, system_of("L1"), an_observation(signed) | changed, sent(signed))


@contextmanager
def measuring(folder: Path, *, published: bool = True) -> Iterator[Measuring]:
    """Open a node with parties, witnesses and, unless told otherwise, rules and an emergency that are alive."""
    with a_node(folder, "H1") as node:
        parties.add_organisation(node.store, organisation_id="Labs", name_en="Labs", name_zh="检验")
        add_hospital(node, "S1", FacilityKind.SAMPLING_SITE)
        add_hospital(node, "L1", FacilityKind.LABORATORY)
        with three_witnesses(folder / "witnesses", node) as witnesses:
            signers = [
                Party.new(f"signer-{one}", organisation, SIGNER)
                for one, organisation in enumerate(("health", "health", "university", "court", "bar"))
            ]
            found = Measuring(
                node,
                witnesses,
                Party.new("S1", "city-sampling", SITE),
                Party.new("L1", "green-laboratories", LABORATORY),
                signers,
            )
            for party in (found.site, found.laboratory, *signers):
                add_party(node, party.key_leaf)
            found.close()
            if published:
                publish_rules(found)
            yield found


def publish_rules(found: Measuring, disease: str = DISEASE) -> None:
    """Publish an emergency and the rules of a disease with notice, and wait until both count."""
    starts = found.now + 3 * DAY + HOUR
    emergency = emergency_document(disease, starts, starts + 30 * DAY, en="An outbreak.", zh="疫情。")
    for document in (emergency, rules_document(disease, starts, starts + 90 * DAY)):
        publish(found.node, document, signatures_of(document, found.signers))
    found.close()
    found.advance(3 * DAY + 2 * HOUR)


def system_of(facility: str) -> Principal:
    """The system of the site, the laboratory or a hospital."""
    role = {"S1": Role.SAMPLING_SITE, "L1": Role.LABORATORY, "L2": Role.LABORATORY}.get(facility, Role.HOSPITAL_SYSTEM)
    return principal(role, f"system-{facility}", facility=facility, purpose=Purpose.TREAT)


def sent(signed: Signed) -> Sent:
    """Evidence as a party's request carries it."""
    return Sent(kind=signed.kind, party=signed.party, opening=signed.opening, signature=signed.signature)


def a_specimen(patient: str, signed: Signed) -> dict[str, Any]:
    """The Specimen that goes with a commitment."""
    resource = {
        "resourceType": "Specimen",
        "subject": {"reference": patient},
        "collection": {"collectedDateTime": signed.body["taken"]},
    }
    return dict(orjson.loads(orjson.dumps(resource)))


def an_observation(signed: Signed) -> dict[str, Any]:
    """The Observation that goes with a signed result; it names nobody, as the laboratory knows nobody."""
    kind, result = EvidenceKind(signed.body["kind"]), Result(signed.body["result"])
    return {
        "resourceType": "Observation",
        "status": "corrected" if signed.body["replaces"] else "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": LOINC[kind]}]},
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": SNOMED[result]}]},
        "issued": signed.body["reported"],
    }


def body_of(resource: dict[str, Any], signed: Signed, **more: Any) -> bytes:
    """A request's body as bytes."""
    return orjson.dumps({"resource": resource, "opening": signed.opening, "signature": signed.signature, **more})


__all__ = [
    "ID_CARD",
    "Measuring",
    "a_number",
    "a_specimen",
    "an_observation",
    "body_of",
    "format_instant",
    "measuring",
    "publish_rules",
    "sent",
    "system_of",
]
