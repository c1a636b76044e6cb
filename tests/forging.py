"""What somebody with the whole database, and even with the charts' keys, can write around every door of a node."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from measures import HOUR, World, decision_opening
from measuring import Measuring
from salus.app import Node
from salus.cli.actors import Party, Signed, commit_specimen, new_subject, sign_result
from salus.healthcode.measures import Seals
from salus.healthcode.measures.model import place, raw
from salus.healthcode.measures.sealing import seal
from salus.kernel import canonical
from salus.rules import Result, commitment_of, reuse_tag
from salus.storage import Duty

FORGED = timedelta(hours=6)


def forge(world: Measuring, number: str, *, logged: bool) -> str:
    """Write a whole positive with its decision and notice into the tables, sealed as they should be; return its name.

    `logged` also pushes the leaves into the public log, as an operator could. The parties' keys are the forger's own.
    """
    site = Party.new(world.site.name, world.site.organisation, world.site.duty)
    laboratory = Party.new(world.laboratory.name, world.laboratory.organisation, world.laboratory.duty)
    chart = chart_of(world, number)
    taken = world.now - FORGED
    specimen = commit_specimen(site, disease="covid-19", taken=taken, subject=new_subject())
    found = sign_result(laboratory, specimen, Result.POSITIVE, taken + HOUR)
    opening = {"decision": decision_opening(world_of(world), specimen, found, taken + 2 * HOUR)}
    commitment = commitment_of(opening)
    tag = reuse_tag(found.commitment, found.body["blind"])
    leaf = {"rules": opening["decision"]["rules"], "commitment": commitment, "tag": tag}
    for one in (specimen, found):
        _evidence(world, one, specimen.commitment, chart, logged=logged)
    sealed = seal(_key(world, chart), place("decision", chart, commitment), opening)
    body = opening["decision"]
    _row(
        world,
        "insert into healthcode.decision values (%s, %s, %s, %s, %s, %s, %s, %s, now())",
        (
            raw(found.commitment),
            raw(commitment),
            chart,
            raw(body["rules"]),
            raw(body["emergency"]),
            canonical({"decision": leaf}),
            sealed,
            _leaf(world, canonical({"decision": leaf}), logged=logged),
        ),
    )
    _row(world, "insert into healthcode.notice values (%s, now())", (raw(commitment),))
    _row(world, "update healthcode.decision set decided_at = %s where commitment = %s",
         (taken + 2 * HOUR, raw(commitment)))  # fmt: skip
    return commitment


def chart_of(world: Measuring, number: str) -> int:
    """The chart of a person at the site."""
    world.patient(number)
    with world.node.store.connect(Duty.MIGRATION, "salus") as owner:
        sql = "select chart_key from records.resource where id = %s"
        (chart,) = owner.execute(sql, (world.patients[f"S1/{number}"].removeprefix("Patient/"),)).fetchone() or (0,)
    return int(str(chart))


def move_rows(node: Node, of: int, to: int) -> int:
    """Write rows of one chart onto another, as somebody could who has the emergencies' keys; return how many."""
    seals, moved = Seals.of(node.keys), 0
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        for emergency in seals.emergencies:
            holders = seals.holder(emergency, to), seals.holder(emergency, of)
            for table in ("evidence", "decision"):
                moved += owner.execute(f"update healthcode.{table} set holder = %s where holder = %s", holders).rowcount
        owner.commit()
    return moved


def world_of(world: Measuring) -> World:
    """The published rules of a node as the tests' own helpers take them."""
    from salus.healthcode import measures

    known = measures.known(world.node.store, world.node.trust)
    documents = {str(one.published.document.kind): one.published.document for one in known.publications}
    return World(documents=documents)


def _evidence(world: Measuring, signed: Signed, specimen: str, chart: int, *, logged: bool) -> None:
    entry = canonical({signed.kind: signed.leaf})
    sealed = seal(_key(world, chart), place("evidence", chart, signed.commitment), signed.opening)
    _row(
        world,
        "insert into healthcode.evidence (commitment, kind, specimen, chart_key, entry, sealed, pending_id, taken_in)"
        " values (%s, %s, %s, %s, %s, %s, %s, now())",
        (raw(signed.commitment), signed.kind, raw(specimen), chart, entry, sealed, _leaf(world, entry, logged=logged)),
    )


def _leaf(world: Measuring, entry: bytes, *, logged: bool) -> object:
    pending = uuid4()
    if logged:
        _row(world, "insert into ledger.pending values (%s, %s)", (pending, entry))
    return pending


def _key(world: Measuring, chart: int) -> bytes:
    return world.node.keys.unwrap([chart])[chart]


def _row(world: Measuring, sql: str, values: tuple[object, ...]) -> None:
    with world.node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute(sql, values)
        owner.commit()
