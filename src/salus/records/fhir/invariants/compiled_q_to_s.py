"""R4's invariants of q to s as Python conditions: `n` is the node, `r` the resource that holds it.

Written by tools/compile_rules.py from HL7's FHIRPath, which stands beside each key in rules.json. Do not edit.
"""

# ruff: noqa
from __future__ import annotations

import re

from salus.records.fhir.invariants.logic import (
    UCUM,
    Holds,
    at_most,
    choices,
    distinct,
    greater,
    holds,
    joined,
    matches,
    primitives,
    same,
    starts,
    values,
    within,
)

COMPILED: dict[str, dict[str, Holds]] = {
    "Questionnaire.item": {
        "que-1": lambda n, r: (
            (same(primitives([n], "type"), ["group"]) is False or (not (not ("item" in n))))
            and (same(primitives([n], "type"), ["display"]) is False or (not bool(values([n], "item"))))
        ),
        "que-3": lambda n, r: same(primitives([n], "type"), ["display"]) is False or (not ("code" in n)),
        "que-4": lambda n, r: (not ("answerOption" in n)) or (not ("answerValueSet" in n or "_answerValueSet" in n)),
        "que-5": lambda n, r: (
            (
                (
                    (
                        (
                            (
                                (
                                    (
                                        (
                                            same(primitives([n], "type"), ["choice"]) is True
                                            or same(primitives([n], "type"), ["open-choice"]) is True
                                        )
                                        or same(primitives([n], "type"), ["decimal"]) is True
                                    )
                                    or same(primitives([n], "type"), ["integer"]) is True
                                )
                                or same(primitives([n], "type"), ["date"]) is True
                            )
                            or same(primitives([n], "type"), ["dateTime"]) is True
                        )
                        or same(primitives([n], "type"), ["time"]) is True
                    )
                    or same(primitives([n], "type"), ["string"]) is True
                )
                or same(primitives([n], "type"), ["quantity"]) is True
            )
            or ((not ("answerValueSet" in n or "_answerValueSet" in n)) and (not ("answerOption" in n)))
        ),
        "que-6": lambda n, r: (
            same(primitives([n], "type"), ["display"]) is False
            or ((not ("required" in n or "_required" in n)) and (not ("repeats" in n or "_repeats" in n)))
        ),
        "que-8": lambda n, r: (
            (same(primitives([n], "type"), ["group"]) is False and same(primitives([n], "type"), ["display"]) is False)
            or (not ("initial" in n))
        ),
        "que-9": lambda n, r: (
            same(primitives([n], "type"), ["display"]) is False or (not ("readOnly" in n or "_readOnly" in n))
        ),
        "que-10": lambda n, r: (
            within(primitives([n], "type"), {"boolean", "decimal", "integer", "string", "text", "url", "open-choice"})
            is True
            or (not ("maxLength" in n or "_maxLength" in n))
        ),
        "que-11": lambda n, r: (not ("answerOption" in n)) or (not ("initial" in n)),
        "que-12": lambda n, r: (
            greater([len(values([n], "enableWhen"))], [2]) is False or ("enableBehavior" in n or "_enableBehavior" in n)
        ),
        "que-13": lambda n, r: (
            same(primitives([n], "repeats"), [True]) is True or at_most([len(values([n], "initial"))], [1]) is True
        ),
    },
    "Questionnaire.item.enableWhen": {
        "que-7": lambda n, r: (
            same(primitives([n], "operator"), ["exists"]) is False or bool(primitives([n], "answerBoolean"))
        ),
    },
    "QuestionnaireResponse.item": {
        "qrs-1": lambda n, r: (not ("answer" in n)) or (not ("item" in n)),
    },
    "RequestGroup.action": {
        "rqg-1": lambda n, r: ("resource" in n) != ("action" in n),
    },
    "RiskAssessment.prediction": {
        "ras-2": lambda n, r: (
            (not bool(choices([n], "probability")))
            or (
                (not bool(primitives([n], "probabilityDecimal")))
                or at_most(primitives([n], "probabilityDecimal"), [100]) is True
            )
        ),
        "ras-1": lambda n, r: all(
            (
                (
                    (not ("low" in n1))
                    or (
                        same(primitives(values([n1], "low"), "code"), ["%"]) is True
                        and same(primitives(values([n1], "low"), "system"), [UCUM]) is True
                    )
                )
                and (
                    (not ("high" in n1))
                    or (
                        same(primitives(values([n1], "high"), "code"), ["%"]) is True
                        and same(primitives(values([n1], "high"), "system"), [UCUM]) is True
                    )
                )
            )
            for n1 in values([n], "probabilityRange")
        ),
    },
    "SearchParameter": {
        "spd-1": lambda n, r: (not ("xpath" in n or "_xpath" in n)) or ("xpathUsage" in n or "_xpathUsage" in n),
        "spd-2": lambda n, r: (
            (not ("chain" in n or "_chain" in n)) or same(primitives([n], "type"), ["reference"]) is True
        ),
    },
    "ServiceRequest": {
        "prr-1": lambda n, r: (not ("orderDetail" in n)) or ("code" in n),
    },
    "Specimen.collection": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "Specimen.container": {
        "sqt-1": lambda n, r: (
            all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "capacity"))
            and all((not ("comparator" in n2 or "_comparator" in n2)) for n2 in values([n], "specimenQuantity"))
        ),
    },
    "SpecimenDefinition.typeTested.container": {
        "sqt-1": lambda n, r: (
            all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "capacity"))
            and all((not ("comparator" in n2 or "_comparator" in n2)) for n2 in values([n], "minimumVolumeQuantity"))
        ),
    },
    "StructureDefinition": {
        "sdf-1": lambda n, r: (
            same(primitives([n], "derivation"), ["constraint"]) is True
            or distinct([y for n1 in values(values([n], "snapshot"), "element") for y in primitives([n1], "path")])
        ),
        "sdf-15a": lambda n, r: (
            (
                same(primitives([n], "kind"), ["logical"]) is True
                or holds(primitives(values(values([n], "differential"), "element")[:1], "path"), ["."]) is True
            )
            or (not bool(values(values(values([n], "differential"), "element")[:1], "type")))
        ),
        "sdf-4": lambda n, r: (
            same(primitives([n], "abstract"), [True]) is True or ("baseDefinition" in n or "_baseDefinition" in n)
        ),
        "sdf-5": lambda n, r: (
            (
                same(primitives([n], "type"), ["Extension"]) is False
                or same(primitives([n], "derivation"), ["specialization"]) is True
            )
            or ("context" in n)
        ),
        "sdf-6": lambda n, r: ("snapshot" in n) or ("differential" in n),
        "sdf-9": lambda n, r: all(
            (
                ((not ("label" in n2 or "_label" in n2)) and (not ("code" in n2)))
                and (not ("requirements" in n2 or "_requirements" in n2))
            )
            for n2 in [
                n1
                for n1 in values([*values([n], "snapshot"), *values([n], "differential")], "element")
                if holds(primitives([n1], "path"), ["."]) is False
            ]
        ),
        "sdf-11": lambda n, r: (
            same(primitives([n], "kind"), ["logical"]) is True
            or (
                (not ("snapshot" in n))
                or same(primitives(values(values([n], "snapshot"), "element")[:1], "path"), primitives([n], "type"))
                is True
            )
        ),
        "sdf-14": lambda n, r: (
            all(("id" in n1 or "_id" in n1) for n1 in values(values([n], "snapshot"), "element"))
            and all(("id" in n2 or "_id" in n2) for n2 in values(values([n], "differential"), "element"))
        ),
        "sdf-15": lambda n, r: (
            same(primitives([n], "kind"), ["logical"]) is True
            or (not bool(values(values(values([n], "snapshot"), "element")[:1], "type")))
        ),
        "sdf-16": lambda n, r: (
            all(("id" in n1 or "_id" in n1) for n1 in values(values([n], "snapshot"), "element"))
            and distinct(primitives(values(values([n], "snapshot"), "element"), "id"))
        ),
        "sdf-17": lambda n, r: (
            all(("id" in n1 or "_id" in n1) for n1 in values(values([n], "differential"), "element"))
            and distinct(primitives(values(values([n], "differential"), "element"), "id"))
        ),
        "sdf-18": lambda n, r: (
            (not ("contextInvariant" in n or "_contextInvariant" in n))
            or same(primitives([n], "type"), ["Extension"]) is True
        ),
        "sdf-19": lambda n, r: (
            starts(primitives([n], "url"), ["http://hl7.org/fhir/StructureDefinition"]) is False
            or (
                all(
                    (
                        matches([n1], ["^[a-zA-Z0-9]+$"]) is True
                        or matches([n1], ["^http:\\/\\/hl7\\.org\\/fhirpath\\/System\\.[A-Z][A-Za-z]+$"]) is True
                    )
                    for n1 in primitives(values(values(values([n], "differential"), "element"), "type"), "code")
                )
                and all(
                    (
                        matches([n2], ["^[a-zA-Z0-9\\.]+$"]) is True
                        or matches([n2], ["^http:\\/\\/hl7\\.org\\/fhirpath\\/System\\.[A-Z][A-Za-z]+$"]) is True
                    )
                    for n2 in primitives(values(values(values([n], "snapshot"), "element"), "type"), "code")
                )
            )
        ),
        "sdf-21": lambda n, r: (
            (not bool(choices(values(values([n], "differential"), "element"), "defaultValue")))
            or same(primitives([n], "derivation"), ["specialization"]) is True
        ),
        "sdf-22": lambda n, r: (
            starts(primitives([n], "url"), ["http://hl7.org/fhir/StructureDefinition"]) is False
            or (
                (not bool(choices(values(values([n], "snapshot"), "element"), "defaultValue")))
                and (not bool(choices(values(values([n], "differential"), "element"), "defaultValue")))
            )
        ),
        "sdf-23": lambda n, r: all(
            (holds(primitives([n1], "path"), ["."]) is True or (not ("sliceName" in n1 or "_sliceName" in n1)))
            for n1 in values([*values([n], "snapshot"), *values([n], "differential")], "element")
        ),
    },
    "StructureDefinition.differential": {
        "sdf-20": lambda n, r: (
            not bool(
                values(
                    [n1 for n1 in values([n], "element") if holds(primitives([n1], "path"), ["."]) is False], "slicing"
                )
            )
        ),
        "sdf-8a": lambda n, r: (
            (
                same(primitives([r], "kind"), ["logical"]) is True
                or starts(
                    primitives(values([n], "element")[:1], "path"),
                    r.once((id(n), 4286540791), lambda: primitives([r], "type")),
                )
                is True
            )
            and (
                (not bool(values([n], "element")[1:]))
                or all(
                    starts(
                        primitives([n1], "path"),
                        r.once(
                            (id(n), 310448004),
                            lambda: [
                                joined(
                                    [
                                        re.sub("\\..*", "", one)
                                        for one in primitives(
                                            values(values([r], "differential"), "element")[:1], "path"
                                        )
                                    ],
                                    ["."],
                                )
                            ],
                        ),
                    )
                    is True
                    for n1 in values([n], "element")[1:]
                )
            )
        ),
    },
    "StructureDefinition.mapping": {
        "sdf-2": lambda n, r: ("name" in n or "_name" in n) or ("uri" in n or "_uri" in n),
    },
    "StructureDefinition.snapshot": {
        "sdf-3": lambda n, r: all(
            (
                (("definition" in n1 or "_definition" in n1) and ("min" in n1 or "_min" in n1))
                and ("max" in n1 or "_max" in n1)
            )
            for n1 in values([n], "element")
        ),
        "sdf-8": lambda n, r: (
            (
                same(primitives([r], "kind"), ["logical"]) is True
                or same(primitives(values([n], "element")[:1], "path"), primitives([r], "type")) is True
            )
            and all(
                starts(
                    primitives([n1], "path"),
                    r.once(
                        (id(n), 1979552735),
                        lambda: [joined(primitives(values(values([r], "snapshot"), "element")[:1], "path"), ["."])],
                    ),
                )
                is True
                for n1 in values([n], "element")[1:]
            )
        ),
        "sdf-8b": lambda n, r: all(("base" in n1) for n1 in values([n], "element")),
        "sdf-10": lambda n, r: all(
            (
                ((not ("binding" in n1)) or bool(primitives(values([n1], "binding"), "valueSet")))
                or bool(primitives(values([n1], "binding"), "description"))
            )
            for n1 in values([n], "element")
        ),
    },
    "StructureMap.group.rule.target": {
        "smp-1": lambda n, r: (not ("element" in n or "_element" in n)) or ("context" in n or "_context" in n),
        "smp-2": lambda n, r: (not ("context" in n or "_context" in n)) or ("contextType" in n or "_contextType" in n),
    },
    "Substance.instance": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
    "SupplyDelivery.suppliedItem": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "quantity")),
    },
}
