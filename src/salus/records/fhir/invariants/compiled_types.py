"""R4's invariants of types as Python conditions: `n` is the node, `r` the resource that holds it.

Written by tools/compile_rules.py from HL7's FHIRPath, which stands beside each key in rules.json. Do not edit.
"""

# ruff: noqa
from __future__ import annotations

from salus.records.fhir.invariants.logic import (
    UCUM,
    Holds,
    all_false,
    at_least,
    at_most,
    choices,
    distinct,
    greater,
    has_value,
    holds,
    integers,
    matches,
    primitives,
    same,
    starts,
    texts,
    values,
    within,
)

COMPILED: dict[str, dict[str, Holds]] = {
    "Age": {
        "age-1": lambda n, r: (
            (
                (("code" in n or "_code" in n) or (not ("value" in n or "_value" in n)))
                and ((not ("system" in n or "_system" in n)) or same(primitives([n], "system"), [UCUM]) is True)
            )
            and (
                ((not ("value" in n or "_value" in n)) or (not has_value(primitives([n], "value"))))
                or greater(primitives([n], "value"), [0]) is True
            )
        ),
        "qty-3": lambda n, r: (not ("code" in n or "_code" in n)) or ("system" in n or "_system" in n),
    },
    "Attachment": {
        "att-1": lambda n, r: (not ("data" in n or "_data" in n)) or ("contentType" in n or "_contentType" in n),
    },
    "ContactPoint": {
        "cpt-2": lambda n, r: (not ("value" in n or "_value" in n)) or ("system" in n or "_system" in n),
    },
    "Count": {
        "cnt-3": lambda n, r: (
            (
                (
                    (("code" in n or "_code" in n) or (not ("value" in n or "_value" in n)))
                    and ((not ("system" in n or "_system" in n)) or same(primitives([n], "system"), [UCUM]) is True)
                )
                and ((not ("code" in n or "_code" in n)) or same(primitives([n], "code"), ["1"]) is True)
            )
            and (
                ((not ("value" in n or "_value" in n)) or (not has_value(primitives([n], "value"))))
                or holds(texts(primitives([n], "value")), ["."]) is False
            )
        ),
        "qty-3": lambda n, r: (not ("code" in n or "_code" in n)) or ("system" in n or "_system" in n),
    },
    "DataRequirement.codeFilter": {
        "drq-1": lambda n, r: ("path" in n or "_path" in n) != ("searchParam" in n or "_searchParam" in n),
    },
    "DataRequirement.dateFilter": {
        "drq-2": lambda n, r: ("path" in n or "_path" in n) != ("searchParam" in n or "_searchParam" in n),
    },
    "Distance": {
        "dis-1": lambda n, r: (
            (("code" in n or "_code" in n) or (not ("value" in n or "_value" in n)))
            and ((not ("system" in n or "_system" in n)) or same(primitives([n], "system"), [UCUM]) is True)
        ),
        "qty-3": lambda n, r: (not ("code" in n or "_code" in n)) or ("system" in n or "_system" in n),
    },
    "Dosage": {
        "sqt-1": lambda n, r: (
            all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "maxDosePerAdministration"))
            and all((not ("comparator" in n2 or "_comparator" in n2)) for n2 in values([n], "maxDosePerLifetime"))
        ),
    },
    "Dosage.doseAndRate": {
        "sqt-1": lambda n, r: (
            all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "doseQuantity"))
            and all((not ("comparator" in n2 or "_comparator" in n2)) for n2 in values([n], "rateQuantity"))
        ),
    },
    "Duration": {
        "drt-1": lambda n, r: (
            (not ("code" in n or "_code" in n))
            or (same(primitives([n], "system"), [UCUM]) is True and ("value" in n or "_value" in n))
        ),
        "qty-3": lambda n, r: (not ("code" in n or "_code" in n)) or ("system" in n or "_system" in n),
    },
    "ElementDefinition": {
        "eld-2": lambda n, r: (
            (
                ((not ("min" in n or "_min" in n)) or (not ("max" in n or "_max" in n)))
                or same(primitives([n], "max"), ["*"]) is True
            )
            or (
                same(primitives([n], "max"), ["*"]) is False
                and at_most(primitives([n], "min"), integers(primitives([n], "max"))) is True
            )
        ),
        "eld-5": lambda n, r: (
            (not ("contentReference" in n or "_contentReference" in n))
            or (
                (
                    (
                        (
                            (
                                (
                                    (
                                        ((not ("type" in n)) and (not bool(choices([n], "defaultValue"))))
                                        and (not bool(choices([n], "fixed")))
                                    )
                                    and (not bool(choices([n], "pattern")))
                                )
                                and (not ("example" in n))
                            )
                            and (not bool(choices([n], "minValue")))
                        )
                        and (not bool(choices([n], "maxValue")))
                    )
                    and (not ("maxLength" in n or "_maxLength" in n))
                )
                and (not ("binding" in n))
            )
        ),
        "eld-6": lambda n, r: (not bool(choices([n], "fixed"))) or at_most([len(values([n], "type"))], [1]) is True,
        "eld-7": lambda n, r: (not bool(choices([n], "pattern"))) or at_most([len(values([n], "type"))], [1]) is True,
        "eld-8": lambda n, r: (not bool(choices([n], "pattern"))) or (not bool(choices([n], "fixed"))),
        "eld-11": lambda n, r: (
            ((not ("binding" in n)) or (not bool(primitives(values([n], "type"), "code"))))
            or bool(
                [
                    y
                    for n1 in values([n], "type")
                    for y in [
                        (
                            (
                                (
                                    (
                                        (
                                            same(primitives([n1], "code"), ["code"]) is True
                                            or same(primitives([n1], "code"), ["Coding"]) is True
                                        )
                                        or same(primitives([n1], "code"), ["CodeableConcept"]) is True
                                    )
                                    or same(primitives([n1], "code"), ["Quantity"]) is True
                                )
                                or same(primitives([n1], "code"), ["string"]) is True
                            )
                            or same(primitives([n1], "code"), ["uri"]) is True
                        )
                    ]
                ]
            )
        ),
        "eld-13": lambda n, r: distinct([y for n1 in values([n], "type") for y in primitives([n1], "code")]),
        "eld-14": lambda n, r: distinct([y for n1 in values([n], "constraint") for y in primitives([n1], "key")]),
        "eld-15": lambda n, r: (
            (not bool(choices([n], "defaultValue"))) or (not ("meaningWhenMissing" in n or "_meaningWhenMissing" in n))
        ),
        "eld-16": lambda n, r: (
            (not ("sliceName" in n or "_sliceName" in n))
            or matches(primitives([n], "sliceName"), ["^[a-zA-Z0-9\\/\\-_\\[\\]\\@]+$"]) is True
        ),
        "eld-18": lambda n, r: (
            ((not ("isModifier" in n or "_isModifier" in n)) or primitives([n], "isModifier") == [False])
            or ("isModifierReason" in n or "_isModifierReason" in n)
        ),
        "eld-19": lambda n, r: (
            matches(
                primitives([n], "path"),
                [
                    "[^\\s\\.,:;\\'\"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.[^\\s\\.,:;\\'\"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(\\:[^\\s\\.]+)?)*"
                ],
            )
            is True
        ),
        "eld-22": lambda n, r: (
            (not ("sliceIsConstraining" in n or "_sliceIsConstraining" in n)) or ("sliceName" in n or "_sliceName" in n)
        ),
        "eld-3": lambda n, r: all(
            (((not bool([n1])) or same([n1], ["*"]) is True) or at_least(integers([n1]), [0]) is True)
            for n1 in primitives([n], "max")
        ),
    },
    "ElementDefinition.binding": {
        "eld-12": lambda n, r: (
            (not ("valueSet" in n or "_valueSet" in n))
            or (
                (
                    starts(primitives([n], "valueSet"), ["http:"]) is True
                    or starts(primitives([n], "valueSet"), ["https"]) is True
                )
                or starts(primitives([n], "valueSet"), ["urn:"]) is True
            )
        ),
    },
    "ElementDefinition.slicing": {
        "eld-1": lambda n, r: ("discriminator" in n) or ("description" in n or "_description" in n),
    },
    "ElementDefinition.type": {
        "eld-4": lambda n, r: (
            ((not ("aggregation" in n or "_aggregation" in n)) or same(primitives([n], "code"), ["Reference"]) is True)
            or same(primitives([n], "code"), ["canonical"]) is True
        ),
        "eld-17": lambda n, r: (
            (
                same(primitives([n], "code"), ["Reference"]) is True
                or same(primitives([n], "code"), ["canonical"]) is True
            )
            or (not ("targetProfile" in n or "_targetProfile" in n))
        ),
    },
    "Expression": {
        "exp-1": lambda n, r: ("expression" in n or "_expression" in n) or ("reference" in n or "_reference" in n),
    },
    "Period": {
        "per-1": lambda n, r: (
            ((not has_value(primitives([n], "start"))) or (not has_value(primitives([n], "end"))))
            or at_most(primitives([n], "start"), primitives([n], "end")) is True
        ),
    },
    "Quantity": {
        "qty-3": lambda n, r: (not ("code" in n or "_code" in n)) or ("system" in n or "_system" in n),
    },
    "Range": {
        "rng-2": lambda n, r: (
            ((not ("low" in n)) or (not ("high" in n))) or at_most(values([n], "low"), values([n], "high")) is True
        ),
        "sqt-1": lambda n, r: (
            all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "low"))
            and all((not ("comparator" in n2 or "_comparator" in n2)) for n2 in values([n], "high"))
        ),
    },
    "Ratio": {
        "rat-1": lambda n, r: (
            ((not ("numerator" in n)) != ("denominator" in n)) and (("numerator" in n) or ("extension" in n))
        ),
    },
    "SampledData": {
        "sqt-1": lambda n, r: all((not ("comparator" in n1 or "_comparator" in n1)) for n1 in values([n], "origin")),
    },
    "Timing.repeat": {
        "tim-1": lambda n, r: (
            (not ("duration" in n or "_duration" in n)) or ("durationUnit" in n or "_durationUnit" in n)
        ),
        "tim-2": lambda n, r: (not ("period" in n or "_period" in n)) or ("periodUnit" in n or "_periodUnit" in n),
        "tim-4": lambda n, r: (
            (not ("duration" in n or "_duration" in n)) or at_least(primitives([n], "duration"), [0]) is True
        ),
        "tim-5": lambda n, r: (
            (not ("period" in n or "_period" in n)) or at_least(primitives([n], "period"), [0]) is True
        ),
        "tim-6": lambda n, r: (not ("periodMax" in n or "_periodMax" in n)) or ("period" in n or "_period" in n),
        "tim-7": lambda n, r: (
            (not ("durationMax" in n or "_durationMax" in n)) or ("duration" in n or "_duration" in n)
        ),
        "tim-8": lambda n, r: (not ("countMax" in n or "_countMax" in n)) or ("count" in n or "_count" in n),
        "tim-9": lambda n, r: (
            (not ("offset" in n or "_offset" in n))
            or (
                ("when" in n or "_when" in n)
                and all_false(
                    [y for n1 in primitives([n], "when") for y in [within([n1], {"C", "CM", "CD", "CV"}) is True]]
                )
            )
        ),
        "tim-10": lambda n, r: (not ("timeOfDay" in n or "_timeOfDay" in n)) or (not ("when" in n or "_when" in n)),
    },
    "TriggerDefinition": {
        "trd-1": lambda n, r: (not ("data" in n)) or (not bool(choices([n], "timing"))),
        "trd-2": lambda n, r: (not ("condition" in n)) or ("data" in n),
        "trd-3": lambda n, r: (
            (
                (same(primitives([n], "type"), ["named-event"]) is False or ("name" in n or "_name" in n))
                and (same(primitives([n], "type"), ["periodic"]) is False or bool(choices([n], "timing")))
            )
            and (starts(primitives([n], "type"), ["data-"]) is False or ("data" in n))
        ),
    },
}
