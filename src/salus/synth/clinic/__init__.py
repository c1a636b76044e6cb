"""What happens at a visit, as FHIR R4, and what goes wrong on its way."""

from salus.synth.clinic.messages import clean, planted, spoilt
from salus.synth.clinic.visits import WITH_HISTORY, bundle

__all__ = ["WITH_HISTORY", "bundle", "clean", "planted", "spoilt"]
