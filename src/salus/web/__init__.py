"""The FHIR API, the pages, and what they are served by. Holds no decision."""

from salus.web.fhir.outcome import doubtful, issues_of
from salus.web.serve import application, may_serve, run
from salus.web.sheets import Face as CardFace
from salus.web.sheets import Sheet, cards_pdf, check_cards
from salus.web.slip_papers import slips_html
from salus.web.views import Language

__all__ = [
    "CardFace",
    "Language",
    "Sheet",
    "application",
    "cards_pdf",
    "check_cards",
    "doubtful",
    "issues_of",
    "may_serve",
    "run",
    "slips_html",
]
