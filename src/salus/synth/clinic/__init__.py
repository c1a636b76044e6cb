"""What happens at a visit, as FHIR R4."""

from salus.synth.clinic.visits import bundle

__all__ = ["bundle"]
