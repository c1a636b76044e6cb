"""SQL of evidence, decisions and notices. Histories are inserted and read; the list of what waits also shrinks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from salus.healthcode.measures.model import Decided, Kept, raw, written
from salus.storage import Transaction

Row = tuple[Any, ...]

DECIDING = 7_305_830
"""Advisory lock: one decision is kept at a time, so that none is kept twice."""

OF_CHARTS = """
    select evidence_key, commitment, kind, specimen, chart_key, entry, sealed, pending_id from healthcode.evidence
    where chart_key = any(%s::bigint[]) order by evidence_key desc limit %s
"""
BY_COMMITMENT = """
    select evidence_key, commitment, kind, specimen, chart_key, entry, sealed, pending_id from healthcode.evidence
    where commitment = any(%s::bytea[])
"""
WAITING = """
    select evidence_key, commitment, kind, specimen, chart_key, entry, sealed, pending_id from healthcode.evidence
    where evidence_key in (select evidence_key from healthcode.undecided where evidence_key > %s
                           order by evidence_key limit %s)
    order by evidence_key
"""
DECISIONS = """
    select result, commitment, chart_key, rules, emergency, entry, sealed, pending_id, decided_at
    from healthcode.decision
    where chart_key = any(%s::bigint[]) and decided_at > %s order by decided_at desc limit %s
"""
DECISION_OF = """
    select result, commitment, chart_key, rules, emergency, entry, sealed, pending_id, decided_at
    from healthcode.decision where result = %s
"""
ALL_EVIDENCE = """
    select evidence_key, commitment, kind, specimen, chart_key, entry, sealed, pending_id from healthcode.evidence
    where evidence_key > %s order by evidence_key limit %s
"""
ALL_DECISIONS = """
    select result, commitment, chart_key, rules, emergency, entry, sealed, pending_id, decided_at
    from healthcode.decision where result > %s order by result limit %s
"""
_INSERT_EVIDENCE = """
    insert into healthcode.evidence (commitment, kind, specimen, chart_key, entry, sealed, pending_id, taken_in)
    values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (commitment) do nothing returning evidence_key
"""
_INSERT_DECISION = """
    insert into healthcode.decision
        (result, commitment, chart_key, rules, emergency, entry, sealed, pending_id, decided_at)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (result) do nothing
"""


def add_evidence(
    tx: Transaction, kept: tuple[str, str, str, int], entry: bytes, sealed: bytes, pending: UUID, at: datetime
) -> int | None:
    """Add evidence: (commitment, kind, specimen, chart). Return its key, or None if the same is here already."""
    commitment, kind, specimen, chart = kept
    row = tx.row(_INSERT_EVIDENCE, (raw(commitment), kind, raw(specimen), chart, entry, sealed, pending, at))
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


def waiting(tx: Transaction, after: int, most: int) -> list[Kept]:
    """Return results that wait, in the order in which they came."""
    return [_kept(row) for row in tx.rows(WAITING, (after, most))]


def evidence_of(tx: Transaction, chart_keys: Sequence[int], most: int) -> list[Kept]:
    """Return the evidence of charts, newest first."""
    return [_kept(row) for row in tx.rows(OF_CHARTS, (list(chart_keys), most))]


def evidence(tx: Transaction, commitments: Sequence[str]) -> list[Kept]:
    """Return evidence by its commitments."""
    return [_kept(row) for row in tx.rows(BY_COMMITMENT, ([raw(one) for one in commitments],))]


def add_decision(tx: Transaction, decided: Decided) -> bool:
    """Add a decision; false if its result was decided on already."""
    one = decided
    ids = (raw(one.result), raw(one.commitment), one.chart_key, raw(one.rules), raw(one.emergency))
    return tx.run(_INSERT_DECISION, (*ids, one.entry, one.sealed, one.pending_id, one.decided_at)) == 1


def decision_of(tx: Transaction, result: str) -> Decided | None:
    """Return the decision about a result."""
    row = tx.row(DECISION_OF, (raw(result),))
    return None if row is None else _decided(row)


def decisions(tx: Transaction, chart_keys: Sequence[int], since: datetime, most: int) -> list[Decided]:
    """Return decisions about specimens in these charts that were taken after `since`, newest first."""
    return [_decided(row) for row in tx.rows(DECISIONS, (list(chart_keys), since, most))]


def all_evidence(tx: Transaction, after: int, most: int) -> list[Kept]:
    """Return evidence in order of arrival, for verification."""
    return [_kept(row) for row in tx.rows(ALL_EVIDENCE, (after, most))]


def all_decisions(tx: Transaction, after: bytes, most: int) -> list[Decided]:
    """Return decisions in the order of their results, for verification."""
    return [_decided(row) for row in tx.rows(ALL_DECISIONS, (after, most))]


def issue(tx: Transaction, commitment: str, at: datetime) -> bool:
    """Note that a decision's proof is complete; false if it was noted before."""
    sql = "insert into healthcode.notice (commitment, issued_at) values (%s, %s) on conflict (commitment) do nothing"
    return tx.run(sql, (raw(commitment), at)) == 1


def issued(tx: Transaction) -> list[str]:
    """Return every decision that a notice says was issued, for verification."""
    return [written(bytes(one)) for (one,) in tx.rows("select commitment from healthcode.notice order by commitment")]


def _kept(row: Row) -> Kept:
    key, commitment, kind, specimen, chart, entry, sealed, pending = row
    return Kept(
        key=key,
        commitment=written(bytes(commitment)),
        kind=kind,
        specimen=written(bytes(specimen)),
        chart_key=chart,
        entry=bytes(entry),
        sealed=bytes(sealed),
        pending_id=pending,
    )


def _decided(row: Row) -> Decided:
    result, commitment, chart, rules, emergency, entry, sealed, pending, at = row
    return Decided(
        result=written(bytes(result)),
        commitment=written(bytes(commitment)),
        chart_key=chart,
        rules=written(bytes(rules)),
        emergency=written(bytes(emergency)),
        entry=bytes(entry),
        sealed=bytes(sealed),
        pending_id=pending,
        decided_at=at,
    )
