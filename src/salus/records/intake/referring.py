"""What a submission refers to and may: what is closed to its writer is refused as what is not stored here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from salus.records import store
from salus.records.errors import Problem
from salus.records.fhir import facts
from salus.records.fhir.references import References, conditional, parse_literal
from salus.records.fhir.walk import Where, written
from salus.records.intake.examine import Examined
from salus.records.intake.permitting import Writer
from salus.records.intake.preferring import nearest
from salus.records.intake.tokens import token_digest
from salus.storage import Transaction

Targets = Mapping[tuple[str, UUID], store.Target]
_NO_ONE = "is no one Patient who is stored here, by what it says of itself: send the Patient first"


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


def resolved(
    tx: Transaction,
    writer: Writer,
    references: References,
    targets: dict[tuple[str, UUID], store.Target],
    gone: Collection[tuple[str, UUID]],
) -> list[Problem]:
    """Write `Type?identifier=…` as the one resource it names; note that among the targets, or say what names none.

    Of what a Patient inside of something says of itself, one thing must name somebody; the rest may name nobody.
    """
    matches = _matches(tx, writer, references.asked, gone)
    problems: list[Problem] = []
    rewritten: list[dict[str, Any]] = []
    for asked, node, where, entry in references.conditional:
        if len(matches[asked]) != 1:
            told = "matches nothing here" if not matches[asked] else "matches more than one resource"
            problems.append(Problem(where=place_of(where), text=told, code="not-found", entry=entry))
            continue
        rewritten.append(node)
        node["reference"] = "{}/{}".format(*matches[asked][0])
    for node in (node for nodes, _, _ in references.told for node in nodes):
        found = matches.get(conditional(node["reference"]) or ("", ""), ())
        if len(found) == 1:
            rewritten.append(node)
            node["reference"] = "{}/{}".format(*found[0])
    if rewritten:
        targets |= store.targets(tx, [one for node in rewritten if (one := parse_literal(node["reference"]))])
    problems += [
        Problem(where=where, text=_NO_ONE, code="not-found", entry=entry)
        for nodes, where, entry in references.told
        if all(parse_literal(node["reference"]) not in targets for node in nodes)
    ]
    return problems


def _matches(
    tx: Transaction, writer: Writer, wanted: Collection[tuple[str, str]], gone: Collection[tuple[str, UUID]]
) -> dict[tuple[str, str], list[tuple[str, UUID]]]:
    """Return what each `Type?identifier=…` matches at the own facility, or else in the directory."""
    tokens = {asked: facts.asked_token(unquote(asked[1])) or "" for asked in wanted}
    digests = {asked: token_digest(writer.sealer, facts.IDENTIFIER, token) for asked, token in tokens.items()}
    found = store.by_identifier(tx, list(digests.values())) if digests else {}
    matches = {}
    for asked, digest in digests.items():
        known = {
            (name, id_, facility)
            for name, id_, kind, facility in found.get(digest, ())
            if name == asked[0] and (kind == "directory" or facility == writer.facility) and (name, id_) not in gone
        }
        matches[asked] = [(name, id_) for name, id_, _ in nearest(known, lambda one: one[2], writer.facility)]
    return matches


def place_of(where: Where) -> str:
    return f"{written(where)}.reference"
