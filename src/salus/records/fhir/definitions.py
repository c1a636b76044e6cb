"""The R4 definitions, compiled from HL7's: element shapes, code lists, search paths. Facts only.

`r4.json` is written by tools/compile_definitions.py; source: FHIR R4 (4.0.1), CC0.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

# Types that describe institutions and terms, and never a person cared for: everybody in care may read them.
DIRECTORY = frozenset(
    "ActivityDefinition BiologicallyDerivedProduct CapabilityStatement CatalogEntry ChargeItemDefinition CodeSystem"
    " CompartmentDefinition ConceptMap DeviceDefinition EffectEvidenceSynthesis Endpoint EventDefinition Evidence"
    " EvidenceVariable ExampleScenario GraphDefinition HealthcareService ImplementationGuide InsurancePlan Library"
    " Location Measure Medication MedicationKnowledge MedicinalProduct MedicinalProductAuthorization"
    " MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient"
    " MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged"
    " MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition NamingSystem"
    " ObservationDefinition OperationDefinition Organization OrganizationAffiliation PlanDefinition Practitioner"
    " PractitionerRole Questionnaire ResearchDefinition ResearchElementDefinition ResearchStudy"
    " RiskEvidenceSynthesis SearchParameter SpecimenDefinition StructureDefinition StructureMap Substance"
    " SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial"
    " SubstanceSpecification TerminologyCapabilities TestReport TestScript ValueSet".split()
)


@cache
def definitions() -> dict[str, Any]:
    """Return the compiled definitions: `resources`, `types`, `codes`, `search`, `compartment`."""
    loaded: dict[str, Any] = json.loads((files("salus.records.fhir") / "r4.json").read_text("utf-8"))
    return loaded


@cache
def resource_types() -> frozenset[str]:
    """Return the names of all R4 resource types."""
    return frozenset(definitions()["resources"])


@cache
def search_paths(resource_type: str) -> dict[str, list[list[str]]]:
    """Return, for `code`, `date`, `identifier` and `patient` where R4 defines them, element paths ending in a type."""
    found: dict[str, list[list[str]]] = definitions()["search"].get(resource_type, {})
    return found
