"""The record: FHIR R4 resources of every facility, in charts, sealed; found by digests, codes and dates."""

from salus.records.errors import Conflict, MeasureRefused, NotFound, Problem, RecordRefused
from salus.records.fhir.definitions import resource_types
from salus.records.fhir.evidence import ResultTold, SpecimenTold, result_told, specimen_told
from salus.records.fhir.parse import parse
from salus.records.intake.accept import Writer, accept
from salus.records.intake.attempts import refuse_measures
from salus.records.intake.bundle import Submission, of_resource, of_update, take_apart
from salus.records.model import Accepted, Intent, Located, Outcome, Summary, SummaryLine
from salus.records.search.query import Asked, parse_query, supported
from salus.records.service import (
    charts,
    charts_of_patients,
    check_type,
    deliver,
    deliveries,
    fetch,
    imported,
    is_directory,
    lock,
    next_cursor,
    note_line,
    open_body,
    patient_name,
    patients,
    search,
    skip_keys,
    summary,
    summary_parts,
    totals,
)

__all__ = [
    "Accepted",
    "Asked",
    "Conflict",
    "Intent",
    "Located",
    "MeasureRefused",
    "NotFound",
    "Outcome",
    "Problem",
    "RecordRefused",
    "ResultTold",
    "SpecimenTold",
    "Submission",
    "Summary",
    "SummaryLine",
    "Writer",
    "accept",
    "charts",
    "charts_of_patients",
    "check_type",
    "deliver",
    "deliveries",
    "fetch",
    "imported",
    "is_directory",
    "lock",
    "next_cursor",
    "note_line",
    "of_resource",
    "of_update",
    "open_body",
    "parse",
    "parse_query",
    "patient_name",
    "patients",
    "refuse_measures",
    "resource_types",
    "result_told",
    "search",
    "skip_keys",
    "specimen_told",
    "summary",
    "summary_parts",
    "supported",
    "take_apart",
    "totals",
]
