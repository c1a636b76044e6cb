"""No place of a person is collected: nothing can hold one, and what senders put in is taken out at the door

An address that a hospital wrote into a record stays in the record, sealed; coordinates and check-ins do not.
"""

from __future__ import annotations

import json

import pytest

from hl7_messages import adt, pid, pv1
from naming import everything, saying, searches
from salus.access import whole
from salus.records import fetch, open_body
from salus.records.v2 import map_message
from salus.records.v2 import parse as parse_message
from salus.storage import Duty, Store
from taking import a_writer, take

WORDS = (
    "lat latitude lon lng long longitude gps geo geolocation position place places venue venues cell cells checkin"
    " checkins where address location locations coordinate coordinates area site ip device"
)
# What these words name here instead of where a person is or was.
NO_PLACE_THAT_IS_SEARCHED = {
    "AuditEvent.site": "name of the system that an AuditEvent comes from",
    "BodyStructure.location": "part of a body",
    "DeviceRequest.device": "device that is asked for",
    "DeviceUseStatement.device": "device that is used, such as a pacemaker",
    "DocumentReference.location": "address of a file",
    "HealthcareService.location": "where a service is offered",
    "InsurancePlan.address": "an insurer's",
    "Location.address": "a facility's",
    "Media.device": "what took a picture",
    "Media.site": "part of a body that a picture shows",
    "MedicationAdministration.device": "what a medicine was given with",
    "Observation.device": "what measured",
    "Organization.address": "an organisation's",
    "OrganizationAffiliation.location": "where organisations work together",
    "PractitionerRole.location": "where a role is exercised, published by its hospital",
    "ResearchStudy.location": "country or region of a study",
    "ResearchStudy.site": "facility where a study is done",
}
NO_PLACE_OF_A_PERSON = {
    "salus.ledger.files.mirroring.Mirrored.place": "folder of a mirror",
    "salus.cli.proving.Wanted.place": "folder or address of a log",
    "salus.web.views.sharing.HeldLine.ended_where": "institution whose desk ended a right",
    "salus.healthcode.sharing.model.Share.ended_where": "institution whose desk ended a right",
    "salus.records.history.model.Version.place": "number of a version in a history",
    "salus.records.model.Located.place": "number of a match in a search's order",
    "salus.records.search.extract._Branch.where": "condition on an element",
    "/me/notice/{place}/file.place": "short name of a notice",
    "salus.healthcode.measures.verifying.RowFinding.where": "row that contradicts the log",
    "salus.rules.publishing.model.Declaration.venues": "kinds of doors that a declaration names",
    "salus.rules.tables.lint.Fault.where": "element of a table",
    "salus.codec.certificates.changes.StatusChange.places": "numbers of bits of status lists",
    "salus.web.views.certificates.CertificateLine.address": "path of a page",
    "salus.web.views.certificates.Verify.venues": "kinds of doors to choose from",
    "healthcode.full_certificate.place": "number of a certificate among those that can be void",
    "salus.app.grace.standing.Grace.places": "how many hospitals stay open after an upgrade",
    "salus.app.power.Graced.places": "hospitals that stay open after an upgrade",
    "salus.web.views.power.GraceLine.places": "hospitals that stay open after an upgrade",
    "salus.app.importing.telling.Turned.where": "element of a resource",
    "salus.web.views.closing.Chosen.place": "hospital whose entries a resident opens or closes",
    "salus.web.views.closing.ClosingForm.places": "hospitals that such a name fits",
    "salus.web.views.notices.Receipt.site": "sampling site that handed out a receipt",
    "salus.access.tree.anchor.ReadProof.position": "place in the chain of reads",
    "salus.access.tree.audit._Walk.place": "place in the chain of reads",
    "salus.ledger.files.verifying.Finding.where": "file of the public log",
    "salus.ledger.files.verifying.Report.place": "folder or address of a log that is verified",
    "salus.records.errors.Problem.where": "element of a resource",
    "salus.web.views.accounts.Slip.place": "hospital that hands out an invitation",
    "salus.web.navigation.Link.address": "path of a page",
    "salus.web.views.OpenRelation.address": "path of a page",
    "/me/reads/{place}.place": "number of an entry in the register",
    "/me/reads/{place}/file.place": "number of an entry in the register",
    "/fhir/AuditEvent/read-{place}.place": "number of an entry in the register",
    "salus.command.model.AreaCount.area": "county of a count, never of a person",
    "salus.command.model.HandedOver.area": "county of an alert",
    "salus.command.model.HandedOver.area_en": "name of that county",
    "salus.command.model.HandedOver.area_zh": "name of that county",
    "salus.command.orders.model.Order.area": "area of 10,000 people or more that supplies go to",
    "command.supply_order.area": "as above",
    "salus.web.views.command.OrderLine.area": "as above",
    "salus.web.views.command.OrderForm.smallest_area": "how many people such an area has at least",
    "salus.command.situation.model.PlaceLine.place": "place of care",
    "salus.command.situation.model.Snapshot.places": "places of care",
    "salus.web.views.command.Picture.places": "places of care",
    "salus.web.views.command.AlertFacts.area": "county of an alert",
    "salus.web.views.command.AlertFacts.address": "path of a page",
    "salus.web.views.command.IncidentFacts.address": "path of a page",
    "salus.web.views.command.OrderLine.address": "path of a page",
    "salus.web.views.command.TaskLine.address": "path of a form",
    "access.chained.first_position": "place in the chain of reads",
}
HOME = {
    "url": "http://hl7.org/fhir/StructureDefinition/geolocation",
    "extension": [{"url": "latitude", "valueDecimal": 42.1}, {"url": "longitude", "valueDecimal": -71.5}],
}
PLACES = {
    "home coordinates": ({"resourceType": "Patient", "address": [{"city": "X", "extension": [HOME]}]}, "42.1"),
    "an address that is coordinates only": ({"resourceType": "Patient", "address": [{"extension": [HOME]}]}, "42.1"),
    "one address of two": (
        {"resourceType": "Patient", "address": [{"extension": [HOME]}, {"city": "X"}]},
        "42.1",
    ),
    "a vendor's trail": (
        {"resourceType": "Patient", "extension": [{"url": "https://v.example/check-in", "valueString": "gate-9"}]},
        "gate-9",
    ),
    "a phone cell": (
        {"resourceType": "Patient", "extension": [{"url": "u:x/cell-id", "valueString": "460-00"}]},
        "460",
    ),
    "a geo address": ({"resourceType": "Patient", "extension": [{"url": "u:x", "valueUri": "geo:42.1,-71"}]}, "42.1"),
    "a position": ({"resourceType": "Location", "position": {"longitude": 42.1, "latitude": 7}}, "42.1"),
    "a contained position": (
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "AMB"},
            "contained": [{"resourceType": "Location", "id": "l", "position": {"longitude": 42.1, "latitude": 7}}],
            "location": [{"location": {"reference": "#l"}}],
        },
        "42.1",
    ),
    "a position in a document": (
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [
                {"resource": {"resourceType": "Location", "position": {"longitude": 42.1, "latitude": 7}}},
            ],
        },
        "42.1",
    ),
}


def test_no_field_column_or_parameter_names_the_place_of_a_person(store: Store) -> None:
    assert saying(WORDS, everything(store)) == set(NO_PLACE_OF_A_PERSON)


def test_no_search_finds_people_by_where_they_are() -> None:
    assert saying(WORDS, set(searches())) == set(NO_PLACE_THAT_IS_SEARCHED)


@pytest.mark.parametrize("what", PLACES)
def test_a_place_is_taken_out_at_the_door_and_the_answer_says_so(store: Store, what: str) -> None:
    resource, trace = PLACES[what]
    writer = a_writer()
    done = take(store, writer, json.loads(json.dumps(resource)))
    with store.transaction(Duty.CARE) as tx:
        located = fetch(tx, [done.outcomes[0].id])[0]

    body = open_body(located, writer.keys.unwrap([located.chart_key]), whole([located.chart_key])).decode()
    kept = {key: value for key, value in json.loads(body).items() if key not in ("id", "meta")}
    assert done.stripped == 1
    assert trace not in json.dumps(kept)
    assert done.outcomes[0].stripped[0].startswith(resource["resourceType"])


def test_where_a_message_says_somebody_lies_is_taken_out_and_named() -> None:
    """Of HL7 v2: the bed now, before, meanwhile, next, and where somebody went; and whatever a Z segment holds."""
    beds = {f"p{number}": "WARD-9^BED-7" for number in (3, 6, 11, 37, 39, 40, 42, 43)}
    raw = adt("A02", "1", pid(), pv1(**beds), "PV2|WARD-9", "ZLO|WARD-9|42.1|-71.5")
    mapped = map_message(parse_message(raw), "H1")

    told = json.dumps([one.resource for one in mapped.told])
    named = {element for element, _ in mapped.notes}
    assert named == {"PV2^1^1", *(f"PV1^1^{number[1:]}" for number in beds)}
    assert not any(trace in told + str(mapped.notes) for trace in ("WARD-9", "BED-7", "42.1"))


def test_an_address_as_written_stays(store: Store) -> None:
    writer = a_writer()
    address = {"line": ["1 Long Street"], "city": "X", "district": "Y"}
    done = take(store, writer, {"resourceType": "Patient", "address": [address]})

    assert done.stripped == 0
    assert json.loads(done.outcomes[0].body)["address"] == [address]
