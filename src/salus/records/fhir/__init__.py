"""FHIR R4 JSON as this room understands it: strict parsing, shapes, places, references, paths. Pure; stays in here."""
