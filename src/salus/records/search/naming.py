"""Which records a search names: what it tells of them, also by finding nothing, is told to whom they are about. Pure.

A record is named by `_id`, by an identifier with its value, and by a reference that leads to it.
"""

from __future__ import annotations

from salus.records.fhir import facts
from salus.records.fhir.references import uuid_of
from salus.records.search.asking import Ids, Named
from salus.records.search.parameters import Parameter, is_directory, parameters, targets_of
from salus.records.search.values import condition, values


def by_ids(kind: str, found: Ids) -> list[Named]:
    """Return what `_id` names."""
    return [] if is_directory(kind) else [Named(types=(kind,), condition=found)]


def by_value(kind: str, parameter: Parameter, modifier: str, value: str) -> list[Named]:
    """Return the records that the values of an identifier or a reference name."""
    if modifier == "missing":
        return []
    if parameter.kind == "reference":
        return _led_to(parameter, modifier, value)
    if parameter.kind == "token" and parameter.name == "identifier":
        return _identified(kind, modifier if modifier == "of-type" else "", value)
    return []


def _led_to(parameter: Parameter, modifier: str, value: str) -> list[Named]:
    kinds = [kind for kind in targets_of(parameter) if not is_directory(kind)]
    if modifier == "identifier":
        return _identified("Patient", "", value) if "Patient" in kinds else []
    parted = [facts.plain(one).rpartition("/") for one in values(parameter.name, value)]
    ids = frozenset(id_ for id_ in (uuid_of(last) for _, _, last in parted) if id_)
    return [Named(types=tuple(kinds), condition=Ids(ids=ids))] if ids and kinds else []


def _identified(kind: str, modifier: str, value: str) -> list[Named]:
    """Return the records of a type with these identifiers; a system alone names none."""
    whole = [one for one in values("identifier", value) if not one.endswith("|")]
    parameter = parameters(kind).get("identifier")
    if not whole or parameter is None or is_directory(kind):
        return []
    return [Named(types=(kind,), condition=condition(kind, parameter, modifier, ",".join(whole)))]
