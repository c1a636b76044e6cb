"""What somebody with the whole database, and perhaps the charts' keys and the log's, writes around every door."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from salus.cli.actors import Party, Signed, commit_specimen, new_subject, sign_result
from salus.healthcode import measures
from salus.healthcode.measures.model import place, raw
from salus.healthcode.measures.sealing import seal
from salus.kernel import canonical, format_instant
from salus.rules import Decision, Document, Evidence, EvidenceKind, Result, commitment_of, decide, reuse_tag
from salus.rules import Rules as Table
from salus_abuse.scene import DISEASE, HOUR, Person, Scene

AGO = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Under:
    """The published rules and emergency of a disease, as a forger reads them from the public log."""

    rules: Document
    emergency: Document
    table: Table

    @classmethod
    def read(cls, scene: Scene, disease: str = DISEASE) -> Under:
        """Read what is in force now."""
        in_force = measures.known(scene.node.store, scene.node.trust).in_force(disease, scene.now)
        assert in_force is not None
        rules, emergency, table = in_force
        return cls(rules=rules.published.document, emergency=emergency.published.document, table=table)


def decision(under: Under, specimen: Signed, found: Signed, at: datetime, **told: Any) -> dict[str, Any]:
    """Write the opening of a decision as a node would; `told` changes what it says."""
    answer = decided(under, specimen, found, at)
    body = {
        "at": format_instant(at),
        "blind": base64.b64encode(secrets.token_bytes(32)).decode(),
        "clause": answer.clause or "infectious",
        "emergency": under.emergency.digest,
        "ends": format_instant(answer.ends or at + 100 * HOUR),
        "evidence": [found.commitment],
        "gives": "precaution",
        "rules": under.rules.digest,
        "starts": format_instant(answer.starts or at),
        "subject": specimen.body["subject"],
    }
    return {"decision": body | told}


def decided(under: Under, specimen: Signed, found: Signed, at: datetime) -> Decision:
    """What the rules themselves make of the evidence."""
    evidence = Evidence(
        name=found.commitment,
        disease=found.body["disease"],
        kind=EvidenceKind(found.body["kind"]),
        result=Result(found.body["result"]),
        taken=datetime.fromisoformat(specimen.body["taken"]),
        reported=datetime.fromisoformat(found.body["reported"]),
        replaces=None,
    )
    return decide([evidence], under.table, at)


def leaf_of(opening: dict[str, Any], found: Signed) -> dict[str, Any]:
    """The body of a decision's leaf."""
    tag = reuse_tag(found.commitment, found.body["blind"])
    return {"rules": opening["decision"]["rules"], "commitment": commitment_of(opening), "tag": tag}


def bare_leaf() -> dict[str, Any]:
    """A decision's leaf about nothing at all."""
    return {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in ("rules", "commitment", "tag")}


def push(scene: Scene, kind: str, *leaves: dict[str, Any]) -> list[object]:
    """Put leaves before the log's sequencer, as its operator can; nothing looks at them."""
    names = [uuid4() for _ in leaves]
    entries = [canonical({kind: one}) for one in leaves]
    scene.rows("insert into ledger.pending select * from unnest(%s::uuid[], %s::bytea[])", names, entries)
    return [*names]


def fakes(scene: Scene) -> tuple[Signed, Signed]:
    """A specimen and a positive, signed with keys of the forger's own under the parties' names."""
    site = Party.new(scene.site.name, scene.site.organisation, scene.site.duty)
    laboratory = Party.new(scene.laboratory.name, scene.laboratory.organisation, scene.laboratory.duty)
    specimen = commit_specimen(site, disease=DISEASE, taken=scene.now - AGO, subject=new_subject())
    return specimen, sign_result(laboratory, specimen, Result.POSITIVE, scene.now - AGO + HOUR)


def plant(
    scene: Scene,
    person: Person,
    specimen: Signed,
    found: Signed,
    *,
    keys: bool,
    logged: bool,
    then: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Write evidence, a decision about it and its notice into somebody's rows; return the decision's leaf.

    With `keys` the rows are sealed as they should be, else they lie there in the clear; `logged` pushes the leaves too.
    The evidence gets its checkpoint first, as a decision's should; `then` is told before the decision is written.
    """
    chart = scene.chart(person)
    for one in (specimen, found):
        plant_evidence(scene, chart, one, specimen.commitment, keys=keys, logged=logged)
    scene.close()
    then()
    opening = decision(Under.read(scene), specimen, found, scene.now + timedelta(minutes=1))
    return plant_decision(scene, chart, found, opening, keys=keys, logged=logged)


def plant_decision(
    scene: Scene, chart: int, found: Signed, opening: dict[str, Any], *, keys: bool = True, logged: bool = True
) -> dict[str, Any]:
    """Write a decision about a result, and its notice, into a chart's rows; return its leaf."""
    leaf, commitment = leaf_of(opening, found), commitment_of(opening)
    (pending,) = push(scene, "decision", leaf) if logged else [uuid4()]
    body = opening["decision"]
    scene.rows(
        "insert into healthcode.decision (result, commitment, chart_key, rules, emergency, entry, sealed, pending_id,"
        " decided_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        raw(found.commitment),
        raw(commitment),
        chart,
        raw(body["rules"]),
        raw(body["emergency"]),
        canonical({"decision": leaf}),
        _sealed(scene, chart, place("decision", chart, commitment), opening, keys=keys),
        pending,
        datetime.fromisoformat(body["at"]),
    )
    scene.rows("insert into healthcode.notice (commitment, issued_at) values (%s, now())", raw(commitment))
    return leaf


def plant_evidence(scene: Scene, chart: int, signed: Signed, specimen: str, *, keys: bool, logged: bool) -> None:
    """Write one row of evidence into a chart."""
    (pending,) = push(scene, signed.kind, signed.leaf) if logged else [uuid4()]
    sealed = _sealed(scene, chart, place("evidence", chart, signed.commitment), signed.opening, keys=keys)
    scene.rows(
        "insert into healthcode.evidence (commitment, kind, specimen, chart_key, entry, sealed, pending_id, taken_in)"
        " values (%s, %s, %s, %s, %s, %s, %s, now())",
        raw(signed.commitment),
        signed.kind,
        raw(specimen),
        chart,
        canonical({signed.kind: signed.leaf}),
        sealed,
        pending,
    )


def _sealed(scene: Scene, chart: int, where: bytes, opening: dict[str, Any], *, keys: bool) -> bytes:
    return seal(scene.node.keys.unwrap([chart])[chart], where, opening) if keys else canonical(opening)
