"""The population register: births, deaths, who keeps whose record, and denominators made of them."""

from salus.records.population.counting import resident as told_by
from salus.records.population.model import (
    AGE_BANDS,
    SMALLEST_SHOWN,
    Change,
    Denominator,
    Keeping,
    Standing,
    Stands,
    keeper,
    last_day,
    suppressed,
)
from salus.records.population.publishing import STEP, Published
from salus.records.population.reading import KEEPING
from salus.records.population.service import (
    changes,
    charts_kept,
    check_surveyed,
    denominators,
    figures_of,
    forget,
    keepings_of,
    kept_by,
    note,
    note_surveyed,
    surveyed,
    unsurveyed,
    vitals_of,
)

__all__ = [
    "AGE_BANDS",
    "KEEPING",
    "SMALLEST_SHOWN",
    "STEP",
    "Change",
    "Denominator",
    "Keeping",
    "Published",
    "Standing",
    "Stands",
    "changes",
    "charts_kept",
    "check_surveyed",
    "denominators",
    "figures_of",
    "forget",
    "keeper",
    "keepings_of",
    "kept_by",
    "last_day",
    "note",
    "note_surveyed",
    "suppressed",
    "surveyed",
    "told_by",
    "unsurveyed",
    "vitals_of",
]
