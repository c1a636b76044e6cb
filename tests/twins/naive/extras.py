"""Resources of kinds and with values that Synthea's bundles have none of, so that every kind of parameter is met."""

from __future__ import annotations

from random import Random
from typing import Any

UCUM = "http://unitsofmeasure.org"
NAMES = (("Müller", "Zoë"), ("Muller", "Zoe"), ("O'Neil", "Ann Marie"), ("van der Berg", "Jan"), ("Ångström", "Ida"))


def extras(patient: str, seed: int = 1) -> list[dict[str, Any]]:
    """Return some resources about a patient, as one sends them; ids are for tests that store nothing."""
    rng = Random(seed)
    made = [
        *(_risk(patient, rng) for _ in range(12)),
        *(_concentration(patient, rng) for _ in range(20)),
        *(_pressure(patient, rng) for _ in range(10)),
        *(_plan(patient, rng) for _ in range(6)),
        *(_practitioner(family, given) for family, given in NAMES),
        *(_odd(patient, rng, number) for number in range(16)),
    ]
    return [{"id": f"extra-{place}", **one} for place, one in enumerate(made)]


def _risk(patient: str, rng: Random) -> dict[str, Any]:
    probability = rng.choice((0, 0.1, 0.25, 0.5, 0.75, 0.999, 1, 12.5, 99.5, 100))
    return {
        "resourceType": "RiskAssessment",
        "status": rng.choice(("final", "preliminary")),
        "subject": {"reference": patient},
        "occurrenceDateTime": f"20{rng.randint(10, 20)}-0{rng.randint(1, 9)}",
        "prediction": [{"outcome": {"text": "relapse"}, "probabilityDecimal": probability}],
    }


def _concentration(patient: str, rng: Random) -> dict[str, Any]:
    unit = rng.choice(("mg/dL", "g/L", "g/dL", "mg/L"))
    value = rng.choice((0.5, 1, 1.0, 5.4, 54, 100, 120.5, 0.054, 1000))
    quantity: dict[str, Any] = {"value": value, "unit": unit, "system": UCUM, "code": unit}
    for key in rng.choice(((), (), ("unit",), ("system", "code"))):
        quantity.pop(key)
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {
            "coding": [{"system": "http://loinc.org", "code": "2345-7"}, {"system": "urn:own", "code": "GLU,|$\\"}]
        },
        "subject": {"reference": patient},
        rng.choice(("effectiveDateTime", "issued")): "2019-05-01T08:30:00.125+08:00",
        "valueQuantity": quantity,
    }


def _pressure(patient: str, rng: Random) -> dict[str, Any]:
    parts = [("8480-6", rng.randint(90, 180)), ("8462-4", rng.randint(50, 110))]
    unit = {"unit": "mmHg", "system": UCUM, "code": "mm[Hg]"}
    return {
        "resourceType": "Observation",
        "status": "amended",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}], "text": "Blood pressure"},
        "subject": {"reference": patient},
        "effectivePeriod": rng.choice(
            ({"start": "2018-02-01"}, {"end": "2018-02-01T10:00:00Z"}, {"start": "2018-01-31", "end": "2018-02"})
        ),
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                "valueQuantity": {"value": value, **unit},
            }
            for code, value in parts
        ],
    }


def _plan(patient: str, rng: Random) -> dict[str, Any]:
    base = "http://plans.example/fhir"
    return {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": patient},
        "instantiatesUri": rng.sample([f"{base}/a", f"{base}/a/b", f"{base}/b", f"{base}/B", "urn:oid:1.2.3"], 2),
        "period": rng.choice(({"start": "2020"}, {"start": "2020-02-29", "end": "2021"}, {"end": "2021-06"})),
    }


def _practitioner(family: str, given: str) -> dict[str, Any]:
    return {
        "resourceType": "Practitioner",
        "name": [{"family": family, "given": given.split()}],
        "active": family < "N",
    }


def _odd(patient: str, rng: Random, number: int) -> dict[str, Any]:
    """An observation of what is a string, a code without a system, or somebody known by an identifier alone."""
    value: dict[str, Any] = rng.choice(
        (
            {"valueString": rng.choice(("Positive", "positive +", "Négatif", "not seen", "trace, faint"))},
            {"valueCodeableConcept": {"coding": [{"code": "POS"}], "text": "Positive"}},
            {"valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "10828004"}]}},
            {"valueDateTime": rng.choice(("2017", "2017-03", "2017-03-04", "2017-03-04T05:06:07Z"))},
            {"dataAbsentReason": {"coding": [{"code": "unknown"}]}},
        )
    )
    asker = {"system": "urn:staff", "value": str(number % 3)}
    return {
        "resourceType": "Observation",
        "status": "preliminary",
        "code": {"text": "by word"} if number % 4 else {"coding": [{"code": "local-1"}]},
        "subject": {"reference": patient},
        "performer": [
            {"identifier": asker} if number % 2 else {"reference": "https://elsewhere.example/fhir/Practitioner/7"}
        ],
        "identifier": [{"system": "urn:order", "value": f"A,{number}"}]
        if number % 5
        else [{"value": f"bare-{number}"}],
        **value,
    }
