"""What a submission refers to and may: what is closed to its writer is refused as what is not stored here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from salus.records import store
from salus.records.fhir.references import References, parse_literal
from salus.records.intake.examine import Examined
from salus.records.intake.permitting import Writer
from salus.storage import Transaction

Targets = Mapping[tuple[str, UUID], store.Target]


def localise(examined: Sequence[Examined], references: References, base: str) -> None:
    """Write a reference by this server's own full address as what it is: one to a resource here, as any other."""
    if not base:
        return
    for one in examined:
        for node, where in one.references:
            text = node["reference"]
            literal = parse_literal(text[len(base) :]) if text.startswith(base) else None
            if literal:
                node["reference"] = text[len(base) :]
                references.places.append((literal, where, one.intent.entry))


def mine(writer: Writer, target: store.Target | None) -> bool:
    """Tell whether something is there and is nobody else's: the writer's own, or common."""
    return target is not None and (target[1] != "resident" or target[2] == writer.facility)


def unclosed(
    tx: Transaction, writer: Writer, targets: Targets, wanted: Collection[tuple[str, UUID]], changed: Sequence[UUID]
) -> dict[tuple[str, UUID], store.Target]:
    """Return targets without those that others wrote and that are closed to the writer.

    What is changed, and is the writer's own, may go on referring to what it referred to before: else nobody could
    correct it. What of `wanted` is missing takes the same statements as what is closed.
    """
    others = {
        literal: (chart, facility, classes)
        for literal, (chart, kind, facility, classes) in targets.items()
        if not mine(writer, (chart, kind, facility, classes))
    }
    missing = set(wanted) - targets.keys()
    if writer.eyes is None or not (others or missing):
        return dict(targets)
    hidden = writer.eyes.closed(tx, list(others.values()), missing=bool(missing))
    closed = {literal for literal, gone in zip(others, hidden, strict=True) if gone}
    if (closed or missing) and changed:
        closed -= store.referred_before(tx, changed, writer.facility, [id_ for _, id_ in closed | missing])
    return {literal: target for literal, target in targets.items() if literal not in closed}
