"""A facility's own number names one Patient: a create that would open a second is refused, and told what to do.

Messages of HL7 v2 find their Patient by that number; with two they could not say whom they are about. Numbers of
documents, and of systems that are not under the facility's name, may stand in several.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from salus.access import Action
from salus.records import store
from salus.records.errors import Held, Problem
from salus.records.fhir import facts
from salus.records.intake.examine import MOST_PROBLEMS, Examined
from salus.records.intake.permitting import Writer, permit_write
from salus.records.intake.tokens import token_digest
from salus.records.model import Sealer
from salus.records.v2.datatypes import namespace
from salus.records.v2.planning import Key
from salus.storage import Transaction

_LOCK = "records.message.lock"
MOST_LOCKED = 1024
"""So many numbers of one submission are guarded, the lowest; of more, others that come at the same instant may miss
one."""
_HELD = (
    "a Patient of yours already has this number: write to it by PUT Patient?identifier=system|value, or send the create"
    " with If-None-Exist"
)


def check_numbers(tx: Transaction, writer: Writer, examined: Sequence[Examined]) -> None:
    """Raise Held for each Patient to be opened under an own number that a Patient of the facility has already.

    Until this transaction ends nobody else opens one under these numbers, by a message neither. What comes by
    messages was looked up by them.
    """
    opens = [] if writer.source == "v2" else _opens(writer.facility, examined)
    if not opens:
        return
    entry = opens[0][0].intent.entry
    where = "Patient" if entry is None else f"Bundle.entry[{entry}].resource"
    permit_write(writer, Action.CREATE, "resident", writer.facility, where)  # else a refusal would tell of a number
    numbers = [number for _, _, number in opens]
    keys = [("Patient", *number) for number in numbers]
    store.lock_numbers(tx, sorted(locks(writer.sealer, writer.facility, keys))[:MOST_LOCKED])
    digests = [token_digest(writer.sealer, facts.IDENTIFIER, facts.token_of(*number)) for number in numbers]
    found = store.by_identifier(tx, sorted(set(digests)))
    held = {digest for digest, rows in found.items() if _of(rows, writer.facility)}
    problems, seen = [], dict[bytes, Examined]()
    for (one, position, _), digest in zip(opens, digests, strict=True):
        if digest in held or seen.setdefault(digest, one) is not one:
            where = f"Patient.identifier[{position}]"
            problems.append(Problem(where=where, text=_HELD, code="duplicate", entry=one.intent.entry))
    if problems:
        raise Held(problems[:MOST_PROBLEMS])


def locks(sealer: Sealer, facility: str, keys: Iterable[Key]) -> frozenset[int]:
    """Return the numbers under which these keys of one facility are guarded."""
    return frozenset(lock_of(sealer.digest(_LOCK, "\x00".join((facility, *key)).encode())) for key in keys)


def lock_of(digest: bytes) -> int:
    """Return the number of an advisory lock from a digest."""
    return int.from_bytes(digest[:8], signed=True)


def _opens(facility: str, examined: Sequence[Examined]) -> list[tuple[Examined, int, tuple[str, str]]]:
    """Return the own numbers of Patients that would be opened: the entry, its place among them, and the number."""
    under = f"{namespace(facility)}:"
    return [
        (one, position, (system, value))
        for one in examined
        if one.type == "Patient" and one.intent.verb == "create"
        for position, identifier in enumerate(one.resource.get("identifier") or ())
        for system, value in _number(identifier)
        if system.startswith(under)
    ]


def _number(identifier: Mapping[str, Any]) -> list[tuple[str, str]]:
    system, value = identifier.get("system"), identifier.get("value")
    return [(system, value)] if isinstance(system, str) and isinstance(value, str) else []


def _of(rows: Sequence[tuple[str, object, str, str]], facility: str) -> bool:
    return any(kind == "Patient" and keeper == facility for kind, _, _, keeper in rows)
