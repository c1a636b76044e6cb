"""FHIR R4 over HTTP: JSON in, JSON out, an OperationOutcome for every refusal. Decides nothing; asks `app`."""

from salus.web.fhir.answering import Endpoint
from salus.web.fhir.interactions import INTERACTIONS, MATCH, STRAIGHT, fhir_routes

__all__ = ["INTERACTIONS", "MATCH", "STRAIGHT", "Endpoint", "fhir_routes"]
