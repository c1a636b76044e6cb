"""Attempts to write a measure: refused, kept without the person they were about, counted by day and kind."""

from __future__ import annotations

from typing import Any

from salus import records
from salus.access import MEASURE_ATTEMPTS, Refusal
from salus.app.node import Node
from salus.parties import Principal
from salus.records import MeasureRefused

BY_WRITE, BY_IMPORT, BY_ROUTE = MEASURE_ATTEMPTS


def read_body(node: Node, who: Principal, raw: bytes, attempt: str = BY_WRITE) -> dict[str, Any]:
    """Parse what was sent. Raises MeasureRefused, and keeps the refusal, if it would write a measure.

    A batch is only parsed: its entries are tried one by one, see `refuse_entries`.
    """
    value = records.parse(raw)
    if attempt == BY_WRITE and value.get("type") == "batch" and value.get("resourceType") == "Bundle":
        return value
    refuse_body(node, who, value, attempt)
    return value


def refuse_body(node: Node, who: Principal, value: dict[str, Any], attempt: str = BY_WRITE) -> None:
    """Raise MeasureRefused, and keep the refusal, if something parsed would write a measure."""
    try:
        records.refuse_measures(value)
    except MeasureRefused as refused:
        keep_attempt(node, who, attempt, refused.code)
        raise


def refuse_entries(node: Node, who: Principal, bundle: dict[str, Any]) -> dict[int, MeasureRefused]:
    """Return which entries of a batch would write a measure, with the error of each; the refusals are kept."""
    found: dict[int, MeasureRefused] = {}
    entries = bundle.get("entry")
    for place, entry in enumerate(entries if isinstance(entries, list) else ()):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            try:
                records.refuse_measures(resource, place)
            except MeasureRefused as refused:
                found[place] = refused
                keep_attempt(node, who, BY_WRITE, refused.code)
    return found


def keep_attempt(node: Node, who: Principal, attempt: str, code: str) -> None:
    """Keep one refused attempt: who tried, when and how; never about whom."""
    refusal = Refusal(
        code=code,
        role=who.role,
        principal=who.subject,
        facility=who.facility,
        action=attempt,
        purpose=who.purpose,
        at=node.clock.now(),
    )
    node.refusals.keep(refusal)


__all__ = ["BY_IMPORT", "BY_ROUTE", "BY_WRITE", "keep_attempt", "read_body", "refuse_body", "refuse_entries"]
