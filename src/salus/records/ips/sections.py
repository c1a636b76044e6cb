"""Which resources stand in which section of a summary, in which order, and how many. Pure.

Sections and codes: HL7 IPS 2.0.1, Composition (IPS).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from salus.records.ips.model import Chosen, Filled
from salus.records.ips.words import Words, in_language
from salus.records.summary import (
    NO_ALLERGY,
    Opened,
    allergy_line,
    devices,
    lines_of,
    medicine_line,
    problem_line,
    procedure_line,
    report_line,
    result_line,
    vaccinations,
)

TYPES = (
    "Patient",
    "Condition",
    "AllergyIntolerance",
    "MedicationRequest",
    "MedicationStatement",
    "Immunization",
    "Observation",
    "DiagnosticReport",
    "Procedure",
    "Device",
    "DeviceUseStatement",
)
MOST_OF_A_TYPE = 1000
MOST_IN_A_SECTION = 100
REQUIRED = ("problems", "allergies", "medicines")
_SECTIONS: Mapping[str, tuple[str, Words]] = {
    "problems": ("11450-4", ("Problems", "问题")),
    "allergies": ("48765-2", ("Allergies and intolerances", "过敏与不耐受")),
    "medicines": ("10160-0", ("Medicines", "用药")),
    "vaccinations": ("11369-6", ("Vaccinations", "预防接种")),
    "results": ("30954-2", ("Results", "检查检验结果")),
    "procedures": ("47519-4", ("Operations and procedures", "手术与操作")),
    "devices": ("46264-8", ("Devices and implants", "器械与植入物")),
    "past-problems": ("11348-0", ("Earlier problems", "既往问题")),
    "social-history": ("29762-2", ("Social history", "社会史")),
    "vital-signs": ("8716-3", ("Vital signs", "生命体征")),
}
_CATEGORIES = {"vital-signs": "vital-signs", "social-history": "social-history"}


def fill(opened: Sequence[Opened], language: str) -> list[Filled]:
    """Put opened resources into sections, each section's active lines first, then the newest.

    A section that nothing stands in is left out, unless the guide requires it.
    """
    by_type: dict[str, list[Opened]] = {}
    for located, resource in opened:
        by_type.setdefault(located.type, []).append((located, resource))
    chosen: dict[str, list[Chosen]] = {name: [] for name in _SECTIONS}
    for line in _lines(by_type, problem_line, "Condition"):
        chosen["problems" if line[2].active else "past-problems"].append(line)
    chosen["allergies"] = _allergies(by_type)
    medicines = _lines(by_type, medicine_line, "MedicationRequest", "MedicationStatement")
    chosen["medicines"] = [line for line in medicines if line[2].active]
    chosen["vaccinations"] = vaccinations(by_type.get("Immunization", ()))
    chosen["procedures"] = _lines(by_type, procedure_line, "Procedure")
    chosen["results"] = _lines(by_type, report_line, "DiagnosticReport")
    for line in _lines(by_type, result_line, "Observation"):
        chosen[_CATEGORIES.get(_category(line[1]), "results")].append(line)
    told = devices(by_type.get("DeviceUseStatement", ()), by_type.get("Device", ()))
    chosen["devices"] = [line for line in told if line[0].type == "DeviceUseStatement"]
    bare = [line for line in told if line[0].type == "Device"]
    return [
        Filled(
            name=name,
            code=code,
            title=in_language(title, language),
            chosen=tuple(chosen[name][:MOST_IN_A_SECTION]),
            unreferenced=tuple(line for _, _, line in bare) if name == "devices" else (),
        )
        for name, (code, title) in _SECTIONS.items()
        if chosen[name] or name in REQUIRED or (name == "devices" and bare)
    ]


def _lines(by_type: Mapping[str, list[Opened]], read: Callable[..., Any], *types: str) -> list[Chosen]:
    return lines_of([one for name in types for one in by_type.get(name, ())], read)


def _allergies(by_type: Mapping[str, list[Opened]]) -> list[Chosen]:
    """Return what somebody is allergic to; a statement that there is nothing counts only where nothing else stands."""
    found = [one for one in _lines(by_type, allergy_line, "AllergyIntolerance") if one[2].active]
    return [one for one in found if one[2].code not in NO_ALLERGY] or found


def _category(resource: dict[str, Any]) -> str:
    codings = [coding for one in resource.get("category") or () for coding in one.get("coding") or ()]
    return next((str(coding["code"]) for coding in codings if coding.get("code") in _CATEGORIES), "")
