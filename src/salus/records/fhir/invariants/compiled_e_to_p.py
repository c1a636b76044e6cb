"""R4's invariants of e to p as Python conditions: `n` is the node, `r` the resource that holds it.

Written by tools/compile_rules.py from HL7's FHIRPath, which stands beside each key in rules.json. Do not edit.
"""

# ruff: noqa
from __future__ import annotations

from salus.records.fhir.invariants.logic import (
    Holds,
    at_least,
    choices,
    distinct,
    greater,
    integers,
    keys,
    less,
    primitives,
    same,
    shared,
    values,
    within,
)

COMPILED: dict[str, dict[str, Holds]] = {
    "EvidenceVariable.characteristic": {
        "evv-1": lambda n, r: (
            less(
                [
                    len(values([n], "definitionReference"))
                    + len(primitives([n], "definitionCanonical"))
                    + len(values([n], "definitionCodeableConcept"))
                    + len(primitives([n], "definitionId"))
                    + len(values([n], "definitionByTypeAndValue"))
                    + len(values([n], "definitionByCombination"))
                ],
                [2],
            )
            is True
        ),
    },
    "ExplanationOfBenefit.addItem": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "ExplanationOfBenefit.addItem.detail": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "ExplanationOfBenefit.addItem.detail.subDetail": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "ExplanationOfBenefit.item": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "ExplanationOfBenefit.item.detail": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "ExplanationOfBenefit.item.detail.subDetail": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "FamilyMemberHistory": {
        "fhs-1": lambda n, r: (not bool(choices([n], "age"))) or (not bool(choices([n], "born"))),
        "fhs-2": lambda n, r: bool(choices([n], "age")) or (not ("estimatedAge" in n or "_estimatedAge" in n)),
    },
    "Goal.target": {
        "gol-1": lambda n, r: (bool(choices([n], "detail")) and ("measure" in n)) or (not bool(choices([n], "detail"))),
    },
    "Group": {
        "grp-1": lambda n, r: (not ("member" in n)) or same(primitives([n], "actual"), [True]) is True,
    },
    "Immunization": {
        "sqt-1": lambda n, r: all(
            (not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "doseQuantity")
        ),
    },
    "Immunization.education": {
        "imm-1": lambda n, r: ("documentType" in n or "_documentType" in n) or ("reference" in n or "_reference" in n),
    },
    "ImmunizationRecommendation.recommendation": {
        "imr-1": lambda n, r: ("vaccineCode" in n) or ("targetDisease" in n),
    },
    "ImplementationGuide": {
        "ig-2": lambda n, r: all(
            within([n1], r.once((id(n), 619356566), lambda: keys(primitives([n], "fhirVersion")))) is True
            for n1 in primitives(values(values([n], "definition"), "resource"), "fhirVersion")
        ),
    },
    "ImplementationGuide.definition": {
        "ig-1": lambda n, r: all(
            within([n1], r.once((id(n), 174059980), lambda: keys(primitives(values([n], "grouping"), "id")))) is True
            for n1 in primitives(values([n], "resource"), "groupingId")
        ),
    },
    "InsurancePlan": {
        "ipn-1": lambda n, r: greater([len(values([n], "identifier")) + len(primitives([n], "name"))], [0]) is True,
    },
    "Linkage": {
        "lnk-1": lambda n, r: greater([len(values([n], "item"))], [1]) is True,
    },
    "List": {
        "lst-1": lambda n, r: (not ("emptyReason" in n)) or (not ("entry" in n)),
        "lst-2": lambda n, r: (
            same(primitives([n], "mode"), ["changes"]) is True
            or (not bool(primitives(values([n], "entry"), "deleted")))
        ),
        "lst-3": lambda n, r: (
            same(primitives([n], "mode"), ["working"]) is True or (not bool(primitives(values([n], "entry"), "date")))
        ),
    },
    "Measure": {
        "mea-1": lambda n, r: all(
            (
                bool([*[*values([n1], "code"), *primitives([n1], "description")], *values([n1], "criteria")])
                != ("component" in n1)
            )
            for n1 in values(values([n], "group"), "stratifier")
        ),
    },
    "MeasureReport": {
        "mrp-1": lambda n, r: same(primitives([n], "type"), ["data-collection"]) is False or (not ("group" in n)),
        "mrp-2": lambda n, r: all(
            (("value" in n1) != ("component" in n1))
            for n1 in values(values(values([n], "group"), "stratifier"), "stratum")
        ),
    },
    "MedicationAdministration.dosage": {
        "mad-1": lambda n, r: ("dose" in n) or bool(choices([n], "rate")),
        "sqt-1": lambda n, r: (
            all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "dose"))
            and all((not ("comparator" in n2 or "_comparator" in n2)) for n2 in values([n], "rateQuantity"))
        ),
    },
    "MedicationDispense": {
        "mdd-1": lambda n, r: (
            (
                (not ("whenHandedOver" in n or "_whenHandedOver" in n))
                or (not ("whenPrepared" in n or "_whenPrepared" in n))
            )
            or at_least(primitives([n], "whenHandedOver"), primitives([n], "whenPrepared")) is True
        ),
        "sqt-1": lambda n, r: (
            all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity"))
            and all((not ("comparator" in n2 or "_comparator" in n2)) for n2 in values([n], "daysSupply"))
        ),
    },
    "MedicationKnowledge": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "amount")),
    },
    "MedicationKnowledge.administrationGuidelines.patientCharacteristics": {
        "sqt-1": lambda n, r: all(
            (not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "characteristicQuantity")
        ),
    },
    "MedicationKnowledge.drugCharacteristic": {
        "sqt-1": lambda n, r: all(
            (not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "valueQuantity")
        ),
    },
    "MedicationKnowledge.kinetics": {
        "sqt-1": lambda n, r: (
            all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "areaUnderCurve"))
            and all((not ("comparator" in n2 or "_comparator" in n2)) for n2 in values([n], "lethalDose50"))
        ),
    },
    "MedicationKnowledge.packaging": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "MedicationKnowledge.regulatory.maxDispense": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "MedicationRequest.dispenseRequest": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "MedicationRequest.dispenseRequest.initialFill": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "MessageDefinition.focus": {
        "md-1": lambda n, r: (
            same(primitives([n], "max"), ["*"]) is True or greater(integers(primitives([n], "max")), [0]) is True
        ),
    },
    "MolecularSequence": {
        "msq-3": lambda n, r: (
            same(primitives([n], "coordinateSystem"), [1]) is True
            or same(primitives([n], "coordinateSystem"), [0]) is True
        ),
    },
    "MolecularSequence.referenceSeq": {
        "msq-5": lambda n, r: (
            ((not ("chromosome" in n)) and (not ("genomeBuild" in n or "_genomeBuild" in n)))
            or (("chromosome" in n) and ("genomeBuild" in n or "_genomeBuild" in n))
        ),
        "msq-6": lambda n, r: (
            same(
                [
                    len(primitives([n], "genomeBuild"))
                    + len(values([n], "referenceSeqId"))
                    + len(values([n], "referenceSeqPointer"))
                    + len(primitives([n], "referenceSeqString"))
                ],
                [1],
            )
            is True
        ),
    },
    "NamingSystem": {
        "nsd-1": lambda n, r: (
            same(primitives([n], "kind"), ["root"]) is False
            or all(same(primitives([n1], "type"), ["uuid"]) is False for n1 in values([n], "uniqueId"))
        ),
        "nsd-2": lambda n, r: distinct(
            [
                y
                for n2 in [n1 for n1 in values([n], "uniqueId") if same(primitives([n1], "preferred"), [True]) is True]
                for y in primitives([n2], "type")
            ]
        ),
    },
    "NutritionOrder.enteralFormula": {
        "sqt-1": lambda n, r: (
            all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "caloricDensity"))
            and all((not ("comparator" in n2 or "_comparator" in n2)) for n2 in values([n], "maxVolumeToDeliver"))
        ),
    },
    "NutritionOrder.enteralFormula.administration": {
        "sqt-1": lambda n, r: (
            all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity"))
            and all((not ("comparator" in n2 or "_comparator" in n2)) for n2 in values([n], "rateQuantity"))
        ),
    },
    "NutritionOrder.oralDiet.nutrient": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "amount")),
    },
    "NutritionOrder.supplement": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "Observation": {
        "obs-6": lambda n, r: (not ("dataAbsentReason" in n)) or (not bool(choices([n], "value"))),
        "obs-7": lambda n, r: (
            (not bool(choices([n], "value")))
            or (
                not bool(
                    [
                        n1
                        for n1 in values(values([n], "component"), "code")
                        if bool(
                            shared(
                                values([n1], "coding"),
                                r.once((id(n), 946677850), lambda: keys(values(values([r], "code"), "coding"))),
                            )
                        )
                    ]
                )
            )
        ),
    },
    "Observation.referenceRange": {
        "obs-3": lambda n, r: (("low" in n) or ("high" in n)) or ("text" in n or "_text" in n),
        "sqt-1": lambda n, r: (
            all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "low"))
            and all((not ("comparator" in n2 or "_comparator" in n2)) for n2 in values([n], "high"))
        ),
    },
    "OperationDefinition.parameter": {
        "opd-1": lambda n, r: ("type" in n or "_type" in n) or ("part" in n),
        "opd-2": lambda n, r: (
            (not ("searchType" in n or "_searchType" in n)) or same(primitives([n], "type"), ["string"]) is True
        ),
        "opd-3": lambda n, r: (
            (not ("targetProfile" in n or "_targetProfile" in n))
            or (
                same(primitives([n], "type"), ["Reference"]) is True
                or same(primitives([n], "type"), ["canonical"]) is True
            )
        ),
    },
    "Organization": {
        "org-1": lambda n, r: greater([len(values([n], "identifier")) + len(primitives([n], "name"))], [0]) is True,
        "org-3": lambda n, r: all(
            (not bool([n2 for n2 in [n1] if same(primitives([n2], "use"), ["home"]) is True]))
            for n1 in values([n], "telecom")
        ),
        "org-2": lambda n, r: all(
            (not bool([n2 for n2 in [n1] if same(primitives([n2], "use"), ["home"]) is True]))
            for n1 in values([n], "address")
        ),
    },
    "Parameters.parameter": {
        "inv-1": lambda n, r: (
            ((("part" in n) and (not bool(choices([n], "value")))) and (not ("resource" in n)))
            or ((not ("part" in n)) and (bool(choices([n], "value")) != ("resource" in n)))
        ),
    },
    "Patient.contact": {
        "pat-1": lambda n, r: ((("name" in n) or ("telecom" in n)) or ("address" in n)) or ("organization" in n),
    },
}
