"""Patients as hospitals name them, and the link by which one says that another replaced it (IHE PIXm, ITI-104)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from salus.records import store
from salus.records.errors import Problem, RecordRefused
from salus.records.fhir import facts
from salus.records.fhir.references import parse_literal
from salus.records.institutions import Institution
from salus.records.intake.tokens import token_digest
from salus.records.model import Sealer
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
    return {id_: chart for (kind, id_), (chart, _, of, _) in found.items() if kind == "Patient" and of == facility}


def institution_id(
    tx: Transaction, sealer: Sealer, registry: str, kind: str, system: str, identifier: str
) -> UUID | None:
    """Return the id of the registry's own directory entry of a type under an identifier."""
    digest = token_digest(sealer, facts.IDENTIFIER, facts.token_of(system, identifier))
    found = store.by_identifier(tx, [digest]).get(digest, ())
    return next((id_ for name, id_, _, facility in found if name == kind and facility == registry), None)


def lock_institution(tx: Transaction, sealer: Sealer, one: Institution) -> None:
    """Let one transaction at a time write an institution."""
    digest = token_digest(sealer, facts.IDENTIFIER, facts.token_of(one.system, one.identifier))
    store.lock_conditions(tx, [int.from_bytes(digest[:4]) % 2**31])


def replacements(resource: dict[str, Any]) -> Iterator[Named]:
    """Yield the Patients by which a Patient says that it was replaced. Raises RecordRefused where nobody is named."""
    if resource.get("resourceType") != "Patient":
        return
    for position, link in enumerate(resource.get("link") or ()):
        if link.get("type") == REPLACED_BY:
            yield named_in(link.get("other") or {}, f"Patient.link[{position}].other")


def _refused(where: str, text: str) -> RecordRefused:
    return RecordRefused([Problem(where=where, text=text)])
