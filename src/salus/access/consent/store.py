"""SQL of what residents say of their records. Directives and their withdrawals are only ever inserted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from salus.access.consent.model import About, Directive, Says
from salus.kernel import Role
from salus.storage import Transaction

_ROWS = """
select d.id, d.resident_key, d.says, d.about, d.facility, d.since, d.until, d.recorded_by, d.recorded_as, d.paper,
    w.at
from access.directive d left join access.withdrawal w on w.id = d.id
"""
_DIRECTIVES = f"{_ROWS} where d.resident_key = any(%s::bigint[]) order by d.since desc, d.id"
_ONE = f"{_ROWS} where d.id = %s"


def add(tx: Transaction, one: Directive) -> None:
    """Insert a directive."""
    tx.run(
        "insert into access.directive (id, resident_key, says, about, facility, since, until, recorded_by, recorded_as,"
        " paper) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            one.id,
            one.resident_key,
            one.says.value,
            one.about.value,
            one.facility,
            one.since,
            one.until,
            one.recorded_by,
            one.recorded_as.value,
            one.paper,
        ),
    )


def withdraw(tx: Transaction, id_: UUID, at: datetime, by: str) -> bool:
    """Note that a directive was taken back; tell whether it was not yet."""
    statement = "insert into access.withdrawal (id, at, withdrawn_by) values (%s, %s, %s) on conflict do nothing"
    return tx.run(statement, (id_, at, by)) == 1


def directives(tx: Transaction, residents: Sequence[int]) -> list[Directive]:
    """Return all that was ever said for these residents, the newest first."""
    return [_directive(row) for row in tx.rows(_DIRECTIVES, (list(residents),))]


def directive(tx: Transaction, id_: UUID) -> Directive | None:
    """Return what was said under an identifier."""
    row = tx.row(_ONE, (id_,))
    return _directive(row) if row else None


def said(tx: Transaction, pairs: Sequence[tuple[str, int]], at: datetime) -> list[tuple[str, int, int, int]]:
    """Return, for pairs of facility and resident of whom something is in force, the bits permitted and forbidden."""
    return tx.rows(
        "select facility, resident_key, permits, forbids from access.said(%s::text[], %s::bigint[], %s)",
        ([facility for facility, _ in pairs], [resident for _, resident in pairs], at),
    )


def _directive(row: Sequence[Any]) -> Directive:
    id_, resident, says, about, facility, since, until, by, role, paper, withdrawn = row
    return Directive(
        id=id_,
        resident_key=resident,
        says=Says(says),
        about=About(about),
        facility=facility,
        since=since,
        until=until,
        recorded_by=by,
        recorded_as=Role(role),
        paper=paper,
        withdrawn=withdrawn,
    )
