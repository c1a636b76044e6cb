"""Conditional writes of Patients by identifier, and the link by which one says that another replaced it.

IHE PIXm, ITI-104: add, revise, resolve duplicate; FHIR R4, http.html, conditional update and create.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from salus.records import store
from salus.records.errors import Conflict, Problem, RecordRefused
from salus.records.fhir import facts
from salus.records.fhir.references import parse_literal
from salus.records.intake.accept import token_digest
from salus.records.intake.bundle import of_resource, of_update
from salus.records.model import Intent, Sealer
from salus.storage import Transaction

REPLACED_BY = "replaced-by"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A Patient as somebody names it: by id, or by an identifier with its system. Shows neither."""

    id: UUID | None = None
    system: str = ""
    value: str = ""

    def __repr__(self) -> str:
        return "Named(…)"


def named_by(token: str, where: str) -> Named:
    """Read `system|value` of a conditional request. Raises RecordRefused for a value without its system."""
    system, _, value = token.rpartition("|")
    if not system or not value:
        raise _refused(where, "write the identifier as system|value")
    return Named(system=system, value=value)


def named_in(holder: dict[str, Any], where: str) -> Named:
    """Read a Reference: `Patient/id`, or one by identifier. Raises RecordRefused for anything else."""
    reference, identifier = holder.get("reference"), holder.get("identifier")
    literal = parse_literal(reference) if isinstance(reference, str) else None
    if literal and literal[0] == "Patient":
        return Named(id=literal[1])
    if reference is None and isinstance(identifier, dict):
        return named_as(identifier, where)
    raise _refused(where, "must refer to a Patient of this server, or name an identifier with its system")


def named_as(identifier: dict[str, Any], where: str) -> Named:
    """Read an Identifier. Raises RecordRefused for one without system or value."""
    system, value = identifier.get("system"), identifier.get("value")
    if not (isinstance(system, str) and isinstance(value, str) and system and value):
        raise _refused(where, "must be an identifier with system and value")
    return Named(system=system, value=value)


def own_patients(tx: Transaction, sealer: Sealer, facility: str, named: Named) -> dict[UUID, int]:
    """Return the Patients of a facility that are so named, by id, each with its chart. Nobody else's is ever found."""
    if named.id is not None:
        asked = [named.id]
    else:
        digest = token_digest(sealer, facts.IDENTIFIER, facts.token_of(named.system, named.value))
        asked = [id_ for kind, id_, _, _ in store.by_identifier(tx, [digest]).get(digest, ()) if kind == "Patient"]
    found = store.targets(tx, [("Patient", id_) for id_ in asked]) if asked else {}
    return {id_: chart for (kind, id_), (chart, _, of) in found.items() if kind == "Patient" and of == facility}


def of_conditional_update(
    tx: Transaction, sealer: Sealer, facility: str, resource: dict[str, Any], named: Named, if_match: str | None
) -> Intent:
    """Return the intent of `PUT Patient?identifier=…`: create where nobody is so named, update where one is.

    Until the transaction ends, nobody else writes under this identifier so. Raises Conflict (412) for several, and
    where a version is named of what does not exist; RecordRefused unless the Patient carries the identifier, and for
    an id of its own choice.
    """
    _carries(resource, named)
    found = _alone(tx, sealer, facility, named)
    told = resource.get("id")
    if not found:
        if if_match is not None:
            raise Conflict("nobody is stored under this identifier, so there is no version to match", where="If-Match")
        if told is not None:
            raise _refused("Patient.id", "leave the id out: this server gives it")
        return of_resource(resource, "Patient")
    (id_,) = found
    if told not in (None, str(id_)):
        raise _refused("Patient.id", "is not that of the Patient with this identifier")
    resource["id"] = str(id_)
    return of_update(resource, "Patient", str(id_), if_match)


def of_conditional_create(
    tx: Transaction, sealer: Sealer, facility: str, resource: dict[str, Any], named: Named
) -> Intent | UUID:
    """Return the intent of a POST with `If-None-Exist: identifier=…`, or the id of the Patient that is there."""
    _carries(resource, named)
    found = _alone(tx, sealer, facility, named)
    return next(iter(found)) if found else of_resource(resource, "Patient")


def replacements(resource: dict[str, Any]) -> Iterator[Named]:
    """Yield the Patients by which a Patient says that it was replaced. Raises RecordRefused where nobody is named."""
    if resource.get("resourceType") != "Patient":
        return
    for position, link in enumerate(resource.get("link") or ()):
        if link.get("type") == REPLACED_BY:
            yield named_in(link.get("other") or {}, f"Patient.link[{position}].other")


def _alone(tx: Transaction, sealer: Sealer, facility: str, named: Named) -> dict[UUID, int]:
    digest = token_digest(sealer, facts.IDENTIFIER, facts.token_of(named.system, named.value))
    store.lock_identifier(tx, facility, digest)
    found = own_patients(tx, sealer, facility, named)
    if len(found) > 1:
        raise Conflict("several of your Patients carry this identifier: name one by its id", where="identifier")
    return found


def _carries(resource: dict[str, Any], named: Named) -> None:
    if resource.get("resourceType") != "Patient":
        raise _refused("resourceType", "the address says Patient, the body does not")
    given = resource.get("identifier")
    held = given if isinstance(given, list) else []
    pairs = [(one.get("system"), one.get("value")) for one in held if isinstance(one, dict)]
    if (named.system, named.value) not in pairs:
        raise _refused("Patient.identifier", "must hold the identifier of the address, so that it is found again")


def _refused(where: str, text: str) -> RecordRefused:
    return RecordRefused([Problem(where=where, text=text)])
