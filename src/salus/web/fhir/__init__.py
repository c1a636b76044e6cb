"""FHIR R4 over HTTP: JSON in, JSON out, an OperationOutcome for every refusal. Decides nothing; asks `app`."""

from salus.web.fhir.interactions import INTERACTIONS, fhir_routes

__all__ = ["INTERACTIONS", "fhir_routes"]
