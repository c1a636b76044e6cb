"""What published documents may say, by their kind: a second reading of the rules that keep persons out of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from salus_audit.contents.acceptance import fault_of_acceptance
from salus_audit.contents.listed import fault_of_admission, fault_of_recognition, fault_of_trust_list
from salus_audit.contents.told import fault_of_declaration, fault_of_emergency, fault_of_rules

Judge = Callable[[Mapping[str, Any]], str | None]
"""Takes the whole document, and says why it may not say what it says; None where it may."""
JUDGES: Mapping[str, Judge] = {
    "assignment-rules": fault_of_rules,
    "emergency": fault_of_emergency,
    "declaration": fault_of_declaration,
    "acceptance-rules": fault_of_acceptance,
    "recognition": fault_of_recognition,
    "trust-list": fault_of_trust_list,
    "admission": fault_of_admission,
}


def fault_of(document: Mapping[str, Any]) -> str | None:
    """Say why a document's content does not count; None if it does, or if nobody here can judge its kind."""
    judge = JUDGES.get(str(document["kind"]))
    if judge is None:
        return None
    try:
        return judge(document)
    except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError):
        return "its content is of a form that no reader understands"


__all__ = ["JUDGES", "fault_of"]
