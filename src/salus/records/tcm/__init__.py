"""Diagnoses of traditional Chinese medicine as a code system beside ICD-10."""

from salus.records.tcm.model import SYSTEM, Term, code_system, doubts, is_code, term, terms, terms_of

__all__ = ["SYSTEM", "Term", "code_system", "doubts", "is_code", "term", "terms", "terms_of"]
