"""The population register: births, deaths, who keeps whose record, and denominators made of them."""

from salus.records.population.model import (
    AGE_BANDS,
    SMALLEST_SHOWN,
    Change,
    Denominator,
    Keeping,
    Standing,
    Stands,
    keeper,
    suppressed,
)
from salus.records.population.reading import KEEPING
from salus.records.population.service import changes, denominators, keepings_of, note, surveyed, unsurveyed

__all__ = [
    "AGE_BANDS",
    "KEEPING",
    "SMALLEST_SHOWN",
    "Change",
    "Denominator",
    "Keeping",
    "Standing",
    "Stands",
    "changes",
    "denominators",
    "keeper",
    "keepings_of",
    "note",
    "suppressed",
    "surveyed",
    "unsurveyed",
]
