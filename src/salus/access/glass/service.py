"""Break the glass within its bounds, judge openings, and tell the public how many there were. Asks no policy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from salus.access.errors import GlassOff, OpeningInvalid
from salus.access.glass import model
from salus.access.glass import store as sql
from salus.access.glass.model import REVIEW_WITHIN, Off, Opening, Review
from salus.ledger import Leaf, append
from salus.storage import Transaction

_WHY = {
    Off.DAY: f"you broke the glass {model.MOST_A_DAY} times in the last 24 hours, which is as often as anybody may",
    Off.MONTH: f"you broke the glass {model.MOST_A_MONTH} times in the last 30 days, which is as often as anybody may",
    Off.OVERDUE: "an opening of yours was not reviewed within 72 hours; until it is, you break no glass",
    Off.FACILITY: "several openings of your institution were not reviewed within 72 hours; until they are, nobody there"
    " breaks the glass",
    Off.NOT_UPHELD: "an opening of yours was not upheld within the last 30 days",
}


def why_off(tx: Transaction, staff: str, facility: str, at: datetime) -> Off | None:
    """Say why somebody at a facility may not break the glass now; None if they may."""
    return model.why_off(sql.by_staff(tx, staff), sql.overdue_at(tx, facility, at - REVIEW_WITHIN), at)


def break_glass(tx: Transaction, opened: Opening) -> None:
    """Write an opening down; it holds from its `at` on. Ask `permit` first. Duty CARE.

    Raises GlassOff where its maker has used up what anybody may, or what was opened earlier was not reviewed. Two that
    one person sends at once come one after the other, so that they are counted.
    """
    sql.lock(tx, opened.facility)
    sql.lock(tx, opened.opened_by)
    why = why_off(tx, opened.opened_by, opened.facility, opened.at)
    if why is not None:
        raise GlassOff(f"{_WHY[why]}; ask for the identity code, or for the number at the desk", where=why)
    sql.add(tx, opened)


def opening(tx: Transaction, id_: UUID) -> Opening | None:
    """Return an opening with its review."""
    return sql.opening(tx, id_)


def my_opening(tx: Transaction, id_: UUID, staff: str, facility: str, at: datetime) -> Opening | None:
    """Return an opening by which this person reads now, where they opened it; None for every other."""
    found = sql.opening(tx, id_)
    return found if found and found.open_to(staff, facility, at) else None


def openings_of(tx: Transaction, resident_keys: Sequence[int]) -> list[Opening]:
    """Return all openings of these residents' records, the newest first."""
    return sql.openings_of(tx, resident_keys)


def waiting(tx: Transaction, organisation: str) -> list[Opening]:
    """Return what this organisation may judge: openings of others that nobody has judged yet, the oldest first."""
    return sql.waiting(tx, organisation)


def seen(tx: Transaction, one: Opening, resident_keys: Sequence[int]) -> list[tuple[str, int, datetime]]:
    """Return what was read by an opening, as the register has it: what, how many entries, when; the oldest first."""
    return sql.seen(tx, one, resident_keys)


def review(tx: Transaction, id_: UUID, found: Review) -> bool:
    """Write a judgement down, once; tell whether this was it. Ask `permit` first.

    Raises OpeningInvalid for an opening that is not there, or that the reviewer or their organisation made.
    """
    judged = sql.opening(tx, id_)
    if judged is None or judged.organisation == found.organisation or judged.opened_by == found.reviewer:
        raise OpeningInvalid("there is no such opening that you may judge")
    return sql.add_review(tx, id_, found)


def publish_openings(tx: Transaction, today: date) -> int:
    """Hand to the log the counts of days before `today`, one leaf for each day and organisation; return how many.

    `opened` are those of the day; `unreviewed` those whose 72 hours ended on it without a judgement. Both are final.
    """
    done = 0
    for day, organisation, opened, unreviewed in sql.untold(tx, today):
        body = {"day": day.isoformat(), "organisation": organisation, "opened": opened, "unreviewed": unreviewed}
        sql.add_told(tx, day, organisation, append(tx, Leaf(kind="break-glass", body=body)).id)
        done += 1
    return done
