"""Messages of HL7 v2 against what is stored: which came before, what they are about, what they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from salus.records import store as tables
from salus.records.fhir.facts import IDENTIFIER, token_of
from salus.records.fhir.parse import parse as parse_json
from salus.records.intake.conditions import by_value, stripes
from salus.records.intake.numbering import lock_of, locks
from salus.records.intake.tokens import token_digest
from salus.records.messages import store
from salus.records.messages.model import Before, Marked
from salus.records.model import Keys, Outcome, Sealer
from salus.records.sealing import unseal
from salus.records.v2.mapping import map_message
from salus.records.v2.message import Message
from salus.records.v2.planning import Key, Known
from salus.storage import Transaction

_MESSAGE, _CONTENT = "records.message", "records.message.content"
_IDENTITY = (3, 4, 10, 7)
MOST_LOCKS = 32
# Results hang on their report, whose key guards them.
_GUARDED = frozenset({"Patient", "Encounter", "DiagnosticReport"})


def mark(sealer: Sealer, facility: str, message: Message, raw: bytes) -> Marked:
    """Read what a message tells, and digest what it is known by: MSH-3, MSH-4, MSH-10 and MSH-7 at its facility.

    The time of writing belongs to it, since counters of control identifiers begin again. Raises V2Refused.
    """
    mapped = map_message(message, facility)
    name = "\x00".join((facility, *(message.header.raw(number) for number in _IDENTITY))).encode()
    digest = sealer.digest(_MESSAGE, name)
    keys = [(told.type, *key) for told in mapped.told if told.type in _GUARDED for key in told.keys]
    return Marked(
        facility=facility,
        mapped=mapped,
        message=digest,
        fingerprint=sealer.digest(_CONTENT, raw),
        locks=locks(sealer, facility, keys) | {lock_of(digest)},
        barred=frozenset(stripes(sealer, (by_value(value) for _, _, value in keys))),
    )


def guard(tx: Transaction, marked: Sequence[Marked]) -> None:
    """Wait for whoever takes messages about the same numbers, and keep others waiting until this transaction ends.

    So does whoever writes by a condition that names one of them: what is not found yet would be opened by both.
    Whoever holds both took the conditions first. The server has room for some thousand such locks: of a message with
    more numbers than 32 the lowest guard it, which are the same for another message about the same ones.
    """
    tables.bar_conditions(tx, sorted({number for one in marked for number in one.barred}))
    tables.lock_numbers(tx, [number for one in marked for number in sorted(one.locks)[:MOST_LOCKS]])


def before(tx: Transaction, marked: Sequence[Marked]) -> dict[bytes, Before]:
    """Return, by digest, the answers to those of these messages that were taken before."""
    found = store.answered(tx, [one.message for one in marked])
    prints = {one.message: one.fingerprint for one in marked}
    return {
        message: Before(at=at, notes=_unpacked(notes), same=fingerprint == prints[message])
        for message, (fingerprint, at, notes) in found.items()
    }


def known(tx: Transaction, sealer: Sealer, keys: Keys, marked: Sequence[Marked]) -> dict[str, dict[Key, list[Known]]]:
    """Return what is stored, by facility and key, of what messages are about: locked, and opened with its chart's key.

    Each facility finds its own alone.
    """
    asked: dict[bytes, list[tuple[str, Key]]] = {}
    for one in marked:
        for told in one.mapped.told:
            for system, value in told.keys:
                digest = token_digest(sealer, IDENTIFIER, token_of(system, value))
                asked.setdefault(digest, []).append((one.facility, (told.type, system, value)))
    found = tables.by_identifier(tx, list(asked)) if asked else {}
    matches = {
        (facility, key, id_)
        for digest, rows in found.items()
        for facility, key in asked[digest]
        for name, id_, _, at in rows
        if name == key[0] and at == facility
    }
    opened = _opened(tx, keys, sorted({id_ for _, _, id_ in matches}))
    result: dict[str, dict[Key, list[Known]]] = {}
    for facility, key, id_ in sorted(matches, key=str):
        result.setdefault(facility, {}).setdefault(key, []).append(opened[id_])
    return result


def _opened(tx: Transaction, keys: Keys, ids: Sequence[UUID]) -> dict[UUID, Known]:
    if not ids:
        return {}
    tables.lock(tx, ids)
    located = tables.fetch(tx, ids)
    said = store.newest(tx, [one.resource_key for one in located])
    chart_keys = keys.unwrap(sorted({one.chart_key for one in located}))
    return {
        one.id: Known(
            id=one.id,
            resource_key=one.resource_key,
            chart_key=one.chart_key,
            version=one.version,
            resource=parse_json(unseal(chart_keys[one.chart_key], one.resource_key, one.version, one.sealed)),
            said=said.get(one.resource_key),
        )
        for one in located
    }


def note(
    tx: Transaction,
    taken: Sequence[tuple[Marked, tuple[tuple[str, str], ...]]],
    wrote: Mapping[bytes, Sequence[Outcome]],
    at: datetime,
) -> None:
    """Note, in the transaction that took them, messages with their notes, and which resources each wrote."""
    store.insert_messages(
        tx,
        [
            (
                one.message,
                one.fingerprint,
                one.facility,
                one.mapped.said,
                at,
                [f"{where}|{text}" for where, text in notes],
            )
            for one, notes in taken
        ],
    )
    rows = [
        (outcome.resource_key, one.mapped.said, one.message)
        for one, _ in taken
        for outcome in wrote.get(one.message, ())
    ]
    if rows:
        store.insert_resources(tx, rows)


def _unpacked(notes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((where, text) for where, _, text in (note.partition("|") for note in notes))
