"""The short kinds: assignment rules by their own linter, emergencies and declarations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from salus_audit.recomputing.linting import faults_of, hides, is_disease
from salus_audit.spelling import is_octets

REGION = re.compile(r"country|[0-9]{6}", re.ASCII)
FACTS = {"vaccination", "test", "recovery"}
"""What a certificate can say."""
_VENUES = {"care-home", "hospital-visit", "large-event", "indoor-leisure", "international-departure"}


def fault_of_rules(document: Mapping[str, Any]) -> str | None:
    """Judge a table of assignment rules."""
    return "; ".join(faults_of(document["body"])[:3]) or None


def fault_of_emergency(document: Mapping[str, Any]) -> str | None:
    """Judge an emergency: a disease, a reason in two languages that names nobody, and which one it renews."""
    body = document["body"]
    reason = body.get("reason")
    if set(body) - {"renews"} != {"disease", "reason"} or not is_disease(body["disease"]):
        return "an emergency says its disease and its reason, and nothing else"
    if "renews" in body and not is_octets(body["renews"], 32):
        return "an emergency names the one that it renews by its digest"
    if not isinstance(reason, dict) or set(reason) != {"en", "zh"}:
        return "an emergency's reason is told in both languages"
    if not all(isinstance(text, str) and text.strip() and not hides(text) for text in reason.values()):
        return "an emergency's reason could name people or hold a list"
    return None


def fault_of_declaration(document: Mapping[str, Any]) -> str | None:
    """Judge a declaration: kinds of doors and of facts from closed lists, and a region."""
    body = document["body"]
    if set(body) != {"venues", "wants", "region"} or not all(
        isinstance(body[one], list) for one in ("venues", "wants")
    ):
        return "a declaration says venues, what they may ask for, and a region"
    for name, closed in (("venues", _VENUES), ("wants", FACTS)):
        listed = body[name]
        if not listed or not all(isinstance(one, str) for one in listed) or set(listed) - closed:
            return f"a declaration names {name} that are not in the closed list"
        if len(set(listed)) != len(listed):
            return f"a declaration names {name} twice"
    return None if is_region(body["region"]) else "there is no such region"


def is_region(value: object) -> bool:
    """Tell whether a value names the country or, by six digits, a part of it."""
    return isinstance(value, str) and bool(REGION.fullmatch(value))
