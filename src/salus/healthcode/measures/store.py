"""SQL of evidence, decisions and notices. Histories are inserted and read; the list of what waits also shrinks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from salus.healthcode.measures.model import FORGOTTEN, Decided, Kept, raw, written
from salus.healthcode.measures.sealing import Seals
from salus.storage import Transaction

Row = tuple[Any, ...]

DECIDING = 7_305_830
"""Advisory lock: one decision is kept at a time, so that none is kept twice."""

_EVIDENCE = """evidence_key, commitment, kind, specimen, chart_key, holder, emergency, entry, sealed, pending_id
    from healthcode.evidence"""
_DECISION = """result, commitment, chart_key, holder, rules, emergency, entry, sealed, pending_id, decided_at
    from healthcode.decision"""
OF_CHARTS = f"""
    select * from (
        (select {_EVIDENCE} where chart_key = any(%(charts)s::bigint[]) order by evidence_key desc limit %(most)s)
        union all
        (select {_EVIDENCE} where holder = any(%(holders)s::bytea[]) order by evidence_key desc limit %(most)s)
    ) as found order by evidence_key desc limit %(most)s
"""  # noqa: S608
BY_COMMITMENT = f"""
    select {_EVIDENCE}
    where commitment = any(%s::bytea[])
"""
WAITING = f"""
    select {_EVIDENCE}
    where evidence_key in (select evidence_key from healthcode.undecided where evidence_key > %s
                           order by evidence_key limit %s)
    order by evidence_key
"""  # noqa: S608
DECISIONS = f"""
    select * from (
        (select {_DECISION} where chart_key = any(%(charts)s::bigint[]) and decided_at > %(since)s
            order by decided_at desc limit %(most)s)
        union all
        (select {_DECISION} where holder = any(%(holders)s::bytea[]) and decided_at > %(since)s
            order by decided_at desc limit %(most)s)
    ) as found order by decided_at desc limit %(most)s
"""  # noqa: S608
DECISION_OF = f"""
    select {_DECISION} where result = %s
"""
DECISION_BY_TAG = f"""
    select {_DECISION} where substring(entry from 136 for 44) = %s
"""  # noqa: S608
ALL_EVIDENCE = f"""
    select {_EVIDENCE}
    where evidence_key > %s order by evidence_key limit %s
"""
ALL_DECISIONS = f"""
    select {_DECISION} where result > %s order by result limit %s
"""
UNDER_CHARTS_ALONE = """
    select distinct emergency from healthcode.decision where chart_key is not null
"""
_INSERT_EVIDENCE = """
    insert into healthcode.evidence
        (commitment, kind, specimen, chart_key, holder, emergency, entry, sealed, pending_id, taken_in)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (commitment) do nothing returning evidence_key
"""
_INSERT_DECISION = """
    insert into healthcode.decision
        (result, commitment, holder, rules, emergency, entry, sealed, pending_id, decided_at)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (result) do nothing
"""


def add_evidence(tx: Transaction, one: Kept, holder: bytes | None, at: datetime) -> int | None:
    """Add evidence, whatever key it bears; return the key that it gets, or None if the same is here already.

    `holder` is what stands for its chart if it is kept under an emergency.
    """
    chart = None if holder else one.chart_key
    ids = (raw(one.commitment), one.kind, raw(one.specimen), chart, holder, one.emergency)
    row = tx.row(_INSERT_EVIDENCE, (*ids, one.entry, one.sealed, one.pending_id, at))
    return None if row is None else int(row[0])


def wait(tx: Transaction, evidence_key: int) -> None:
    """Let a result wait to be decided."""
    tx.run("insert into healthcode.undecided (evidence_key) values (%s)", (evidence_key,))


def hold(tx: Transaction, evidence_key: int) -> bool:
    """Keep other rounds from deciding on this result until the transaction ends; false if it waits no longer."""
    tx.row("select pg_advisory_xact_lock(%s)", (DECIDING,))
    return tx.row("select 1 from healthcode.undecided where evidence_key = %s", (evidence_key,)) is not None


def done(tx: Transaction, evidence_key: int) -> bool:
    """Let a result wait no longer; false if another round was faster."""
    return tx.run("delete from healthcode.undecided where evidence_key = %s", (evidence_key,)) == 1


def waiting(tx: Transaction, seals: Seals, after: int, most: int) -> list[Kept]:
    """Return results that wait, in the order in which they came."""
    return [_kept(row, seals) for row in tx.rows(WAITING, (after, most))]


def evidence_of(tx: Transaction, seals: Seals, chart_keys: Sequence[int], most: int) -> list[Kept]:
    """Return the evidence of charts, newest first."""
    asked = {"charts": list(chart_keys), "holders": seals.holders(chart_keys), "most": most}
    return [_kept(row, seals) for row in tx.rows(OF_CHARTS, asked)]


def evidence(tx: Transaction, seals: Seals, commitments: Sequence[str]) -> list[Kept]:
    """Return evidence by its commitments."""
    return [_kept(row, seals) for row in tx.rows(BY_COMMITMENT, ([raw(one) for one in commitments],))]


def party_of(tx: Transaction, seals: Seals, commitment: str) -> str | None:
    """Return who signed a piece of evidence, as the log names them; None if it is not here."""
    return next((str(one.leaf["party"]) for one in evidence(tx, seals, [commitment])), None)


def add_decision(tx: Transaction, decided: Decided, holder: bytes) -> bool:
    """Add a decision under its emergency, where `holder` stands for its chart; false if there is one already."""
    one = decided
    ids = (raw(one.result), raw(one.commitment), holder, raw(one.rules), raw(one.emergency))
    return tx.run(_INSERT_DECISION, (*ids, one.entry, one.sealed, one.pending_id, one.decided_at)) == 1


def decision_of(tx: Transaction, seals: Seals, result: str) -> Decided | None:
    """Return the decision about a result."""
    row = tx.row(DECISION_OF, (raw(result),))
    return None if row is None else _decided(row, seals)


def decision_by_tag(tx: Transaction, seals: Seals, tag: str) -> Decided | None:
    """Return the decision that the log has under a tag, which stands at one place of every entry: that is indexed."""
    row = tx.row(DECISION_BY_TAG, (tag.encode(),))
    return None if row is None else _decided(row, seals)


def decisions(tx: Transaction, seals: Seals, chart_keys: Sequence[int], since: datetime, most: int) -> list[Decided]:
    """Return decisions about specimens in these charts that were taken after `since`, newest first."""
    asked = {"charts": list(chart_keys), "holders": seals.holders(chart_keys), "since": since, "most": most}
    return [_decided(row, seals) for row in tx.rows(DECISIONS, asked)]


def all_evidence(tx: Transaction, seals: Seals, after: int, most: int) -> list[Kept]:
    """Return evidence in order of arrival, for verification."""
    return [_kept(row, seals) for row in tx.rows(ALL_EVIDENCE, (after, most))]


def all_decisions(tx: Transaction, seals: Seals, after: bytes, most: int) -> list[Decided]:
    """Return decisions in the order of their results, for verification."""
    return [_decided(row, seals) for row in tx.rows(ALL_DECISIONS, (after, most))]


def under_charts_alone(tx: Transaction) -> set[bytes]:
    """Return the emergencies of decisions that an earlier release sealed under their chart's key alone."""
    return {bytes(emergency) for (emergency,) in tx.rows(UNDER_CHARTS_ALONE, ())}


def issue(tx: Transaction, commitment: str, at: datetime) -> bool:
    """Note that a decision's proof is complete; false if it was noted before."""
    sql = "insert into healthcode.notice (commitment, issued_at) values (%s, %s) on conflict (commitment) do nothing"
    return tx.run(sql, (raw(commitment), at)) == 1


def issued(tx: Transaction) -> list[str]:
    """Return every decision that a notice says was issued, for verification."""
    return [written(bytes(one)) for (one,) in tx.rows("select commitment from healthcode.notice order by commitment")]


def _kept(row: Row, seals: Seals) -> Kept:
    key, commitment, kind, specimen, chart, holder, emergency, entry, sealed, pending = row
    return Kept(
        key=key,
        commitment=written(bytes(commitment)),
        kind=kind,
        specimen=written(bytes(specimen)),
        chart_key=_chart(seals, chart, holder, emergency),
        entry=bytes(entry),
        sealed=bytes(sealed),
        pending_id=pending,
        emergency=None if emergency is None else bytes(emergency),
    )


def _decided(row: Row, seals: Seals) -> Decided:
    result, commitment, chart, holder, rules, emergency, entry, sealed, pending, at = row
    return Decided(
        result=written(bytes(result)),
        commitment=written(bytes(commitment)),
        chart_key=_chart(seals, chart, holder, emergency),
        rules=written(bytes(rules)),
        emergency=written(bytes(emergency)),
        entry=bytes(entry),
        sealed=bytes(sealed),
        pending_id=pending,
        decided_at=at,
        under=holder is not None,
    )


def _chart(seals: Seals, chart: int | None, holder: bytes | None, emergency: bytes | None) -> int:
    if chart is not None:
        return chart
    return seals.chart_of(bytes(emergency), bytes(holder)) if emergency and holder else FORGOTTEN
