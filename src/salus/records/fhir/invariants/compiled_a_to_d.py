"""R4's invariants of a to d as Python conditions: `n` is the node, `r` the resource that holds it.

Written by tools/compile_rules.py from HL7's FHIRPath, which stands beside each key in rules.json. Do not edit.
"""

# ruff: noqa
from __future__ import annotations

from salus.records.fhir.invariants.logic import (
    Holds,
    choices,
    distinct,
    greater,
    has_value,
    holds,
    joined,
    primitives,
    same,
    values,
    within,
)

COMPILED: dict[str, dict[str, Holds]] = {
    "ActivityDefinition": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "AllergyIntolerance": {
        "ait-1": lambda n, r: (
            bool(
                [
                    n1
                    for n1 in values(values([n], "verificationStatus"), "coding")
                    if (
                        same(
                            primitives([n1], "system"),
                            ["http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"],
                        )
                        is True
                        and same(primitives([n1], "code"), ["entered-in-error"]) is True
                    )
                ]
            )
            or ("clinicalStatus" in n)
        ),
        "ait-2": lambda n, r: (
            (
                not bool(
                    [
                        n1
                        for n1 in values(values([n], "verificationStatus"), "coding")
                        if (
                            same(
                                primitives([n1], "system"),
                                ["http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"],
                            )
                            is True
                            and same(primitives([n1], "code"), ["entered-in-error"]) is True
                        )
                    ]
                )
            )
            or (not ("clinicalStatus" in n))
        ),
    },
    "Appointment": {
        "app-2": lambda n, r: ("start" in n or "_start" in n) == ("end" in n or "_end" in n),
        "app-3": lambda n, r: (
            (("start" in n or "_start" in n) and ("end" in n or "_end" in n))
            or within(primitives([n], "status"), {"proposed", "cancelled", "waitlist"}) is True
        ),
        "app-4": lambda n, r: (
            (not bool(values([n], "cancelationReason")))
            or (
                same(primitives([n], "status"), ["noshow"]) is True
                or same(primitives([n], "status"), ["cancelled"]) is True
            )
        ),
    },
    "Appointment.participant": {
        "app-1": lambda n, r: ("type" in n) or ("actor" in n),
    },
    "AppointmentResponse": {
        "apr-1": lambda n, r: ("participantType" in n) or ("actor" in n),
    },
    "AuditEvent.entity": {
        "sev-1": lambda n, r: (not ("name" in n or "_name" in n)) or (not ("query" in n or "_query" in n)),
    },
    "Bundle": {
        "bdl-1": lambda n, r: (
            ((not ("total" in n or "_total" in n)) or same(primitives([n], "type"), ["searchset"]) is True)
            or same(primitives([n], "type"), ["history"]) is True
        ),
        "bdl-2": lambda n, r: (
            (not bool(values(values([n], "entry"), "search"))) or same(primitives([n], "type"), ["searchset"]) is True
        ),
        "bdl-3": lambda n, r: all(
            (
                ("request" in n1)
                == (
                    (
                        same(primitives([r], "type"), ["batch"]) is True
                        or same(primitives([r], "type"), ["transaction"]) is True
                    )
                    or same(primitives([r], "type"), ["history"]) is True
                )
            )
            for n1 in values([n], "entry")
        ),
        "bdl-4": lambda n, r: all(
            (
                ("response" in n1)
                == (
                    (
                        same(primitives([r], "type"), ["batch-response"]) is True
                        or same(primitives([r], "type"), ["transaction-response"]) is True
                    )
                    or same(primitives([r], "type"), ["history"]) is True
                )
            )
            for n1 in values([n], "entry")
        ),
        "bdl-7": lambda n, r: (
            same(primitives([n], "type"), ["history"]) is True
            or distinct(
                [
                    y
                    for n2 in [n1 for n1 in values([n], "entry") if ("fullUrl" in n1 or "_fullUrl" in n1)]
                    for y in [
                        joined(
                            primitives([n2], "fullUrl"),
                            primitives(values(values([n2], "resource"), "meta"), "versionId"),
                        )
                    ]
                ]
            )
        ),
        "bdl-9": lambda n, r: (
            same(primitives([n], "type"), ["document"]) is False
            or (
                bool(primitives(values([n], "identifier"), "system"))
                and bool(primitives(values([n], "identifier"), "value"))
            )
        ),
        "bdl-10": lambda n, r: (
            same(primitives([n], "type"), ["document"]) is False or has_value(primitives([n], "timestamp"))
        ),
        "bdl-11": lambda n, r: (
            same(primitives([n], "type"), ["document"]) is False
            or [one["resourceType"] for one in values(values([n], "entry")[:1], "resource")] == ["Composition"]
        ),
        "bdl-12": lambda n, r: (
            same(primitives([n], "type"), ["message"]) is False
            or [one["resourceType"] for one in values(values([n], "entry")[:1], "resource")] == ["MessageHeader"]
        ),
    },
    "Bundle.entry": {
        "bdl-5": lambda n, r: (("resource" in n) or ("request" in n)) or ("response" in n),
        "bdl-8": lambda n, r: (
            (not ("fullUrl" in n or "_fullUrl" in n)) or holds(primitives([n], "fullUrl"), ["/_history/"]) is False
        ),
    },
    "CapabilityStatement": {
        "cpb-1": lambda n, r: (("rest" in n) or ("messaging" in n)) or ("document" in n),
        "cpb-2": lambda n, r: (
            greater(
                [
                    len(primitives([n], "description"))
                    + len(values([n], "software"))
                    + len(values([n], "implementation"))
                ],
                [0],
            )
            is True
        ),
        "cpb-3": lambda n, r: (
            (not bool(values(values([n], "messaging"), "endpoint")))
            or same(primitives([n], "kind"), ["instance"]) is True
        ),
        "cpb-7": lambda n, r: distinct(
            [
                y
                for n1 in values([n], "document")
                for y in [joined(primitives([n1], "profile"), primitives([n1], "mode"))]
            ]
        ),
        "cpb-14": lambda n, r: same(primitives([n], "kind"), ["instance"]) is False or ("implementation" in n),
        "cpb-15": lambda n, r: (
            same(primitives([n], "kind"), ["capability"]) is False
            or ((not ("implementation" in n)) and ("software" in n))
        ),
        "cpb-16": lambda n, r: (
            same(primitives([n], "kind"), ["requirements"]) is False
            or ((not ("implementation" in n)) and (not ("software" in n)))
        ),
    },
    "CapabilityStatement.rest": {
        "cpb-9": lambda n, r: distinct([y for n1 in values([n], "resource") for y in primitives([n1], "type")]),
    },
    "CapabilityStatement.rest.resource": {
        "cpb-12": lambda n, r: distinct([y for n1 in values([n], "searchParam") for y in primitives([n1], "name")]),
    },
    "CarePlan.activity": {
        "cpl-3": lambda n, r: (not ("detail" in n)) or (not ("reference" in n)),
    },
    "CarePlan.activity.detail": {
        "sqt-1": lambda n, r: (
            all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "dailyAmount"))
            and all((not ("comparator" in n2 or "_comparator" in n2)) for n2 in values([n], "quantity"))
        ),
    },
    "Claim.item": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "Claim.item.detail": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "Claim.item.detail.subDetail": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "ClaimResponse.addItem": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "ClaimResponse.addItem.detail": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "ClaimResponse.addItem.detail.subDetail": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "Composition.section": {
        "cmp-1": lambda n, r: (("text" in n) or ("entry" in n)) or ("section" in n),
        "cmp-2": lambda n, r: (not ("emptyReason" in n)) or (not ("entry" in n)),
    },
    "ConceptMap.group.element.target": {
        "cmd-1": lambda n, r: (
            (("comment" in n or "_comment" in n) or (not ("equivalence" in n or "_equivalence" in n)))
            or (
                same(primitives([n], "equivalence"), ["narrower"]) is False
                and same(primitives([n], "equivalence"), ["inexact"]) is False
            )
        ),
    },
    "ConceptMap.group.unmapped": {
        "cmd-2": lambda n, r: same(primitives([n], "mode"), ["fixed"]) is False or ("code" in n or "_code" in n),
        "cmd-3": lambda n, r: same(primitives([n], "mode"), ["other-map"]) is False or ("url" in n or "_url" in n),
    },
    "Condition": {
        "con-4": lambda n, r: (
            (not bool(choices([n], "abatement")))
            or bool(
                [
                    n1
                    for n1 in values(values([n], "clinicalStatus"), "coding")
                    if (
                        same(primitives([n1], "system"), ["http://terminology.hl7.org/CodeSystem/condition-clinical"])
                        is True
                        and (
                            (
                                same(primitives([n1], "code"), ["resolved"]) is True
                                or same(primitives([n1], "code"), ["remission"]) is True
                            )
                            or same(primitives([n1], "code"), ["inactive"]) is True
                        )
                    )
                ]
            )
        ),
        "con-5": lambda n, r: (
            (
                not bool(
                    [
                        n1
                        for n1 in values(values([n], "verificationStatus"), "coding")
                        if (
                            same(
                                primitives([n1], "system"),
                                ["http://terminology.hl7.org/CodeSystem/condition-ver-status"],
                            )
                            is True
                            and same(primitives([n1], "code"), ["entered-in-error"]) is True
                        )
                    ]
                )
            )
            or (not ("clinicalStatus" in n))
        ),
    },
    "Condition.evidence": {
        "con-2": lambda n, r: ("code" in n) or ("detail" in n),
    },
    "Condition.stage": {
        "con-1": lambda n, r: ("summary" in n) or ("assessment" in n),
    },
    "Consent": {
        "ppc-1": lambda n, r: ("policy" in n) or ("policyRule" in n),
        "ppc-2": lambda n, r: (
            ("patient" in n)
            or (
                not bool(
                    [
                        n1
                        for n1 in values(values([n], "scope"), "coding")
                        if (
                            same(primitives([n1], "system"), ["something"]) is True
                            and same(primitives([n1], "code"), ["patient-privacy"]) is True
                        )
                    ]
                )
            )
        ),
        "ppc-3": lambda n, r: (
            ("patient" in n)
            or (
                not bool(
                    [
                        n1
                        for n1 in values(values([n], "scope"), "coding")
                        if (
                            same(primitives([n1], "system"), ["something"]) is True
                            and same(primitives([n1], "code"), ["research"]) is True
                        )
                    ]
                )
            )
        ),
        "ppc-4": lambda n, r: (
            ("patient" in n)
            or (
                not bool(
                    [
                        n1
                        for n1 in values(values([n], "scope"), "coding")
                        if (
                            same(primitives([n1], "system"), ["something"]) is True
                            and same(primitives([n1], "code"), ["adr"]) is True
                        )
                    ]
                )
            )
        ),
        "ppc-5": lambda n, r: (
            ("patient" in n)
            or (
                not bool(
                    [
                        n1
                        for n1 in values(values([n], "scope"), "coding")
                        if (
                            same(primitives([n1], "system"), ["something"]) is True
                            and same(primitives([n1], "code"), ["treatment"]) is True
                        )
                    ]
                )
            )
        ),
    },
    "Contract.term.asset.valuedItem": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "Coverage.costToBeneficiary": {
        "sqt-1": lambda n, r: all(
            (not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "valueQuantity")
        ),
    },
    "CoverageEligibilityRequest.item": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "CoverageEligibilityResponse.insurance.item": {
        "ces-1": lambda n, r: ("category" in n) != ("productOrService" in n),
    },
}
