"""A Patient that is asked about and not stored: whether it is one, and what of it may be told back."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from salus.identity import DOCUMENT_SYSTEMS
from salus.records.errors import Problem, RecordRefused
from salus.records.fhir import validation
from salus.records.fhir.agreeing import agreeing
from salus.records.fhir.walk import walk


def check_patient(resource: dict[str, Any]) -> None:
    """Refuse what is no valid Patient, naming each element. Numbers may be mistyped: they are compared as they are.

    Places are taken out, as of everything that is sent.
    """
    if resource.get("resourceType") != "Patient":
        raise RecordRefused([Problem(where="resourceType", text="a Patient was expected here")])
    walked = walk(resource)
    problems = walked.problems or validation.problems(resource, None)
    if problems:
        raise RecordRefused([Problem(where=one.where, text=one.text, code=one.code) for one in problems])


def told_back(patient: dict[str, Any], agreed: Collection[str]) -> dict[str, Any]:
    """Return those elements of a sent Patient that agree with what is known, and nothing that was not sent."""
    return agreeing(patient, agreed, DOCUMENT_SYSTEMS)
