"""The FHIR API, the pages, and what they are served by. Holds no decision."""

from salus.web.fhir.outcome import issues_of, outcome
from salus.web.serve import application, run

__all__ = ["application", "issues_of", "outcome", "run"]
