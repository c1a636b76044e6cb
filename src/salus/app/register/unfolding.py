"""What systems did of themselves, as lines of days, and every entry behind a line."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from salus import appeals
from salus.access import Action, Fold
from salus.app.node import Node
from salus.app.residents import own
from salus.appeals import Unfolded
from salus.kernel import CIVIL_TIME, Purpose, Role
from salus.parties import Principal

Place = tuple[int, int]


def systems_looked(node: Node, who: Principal, before: Place | None = None) -> tuple[list[Fold], Place | None]:
    """Return a page of lines of what systems did with the resident's own record, and where the next page begins."""
    mine = own(node, who, Action.READ_REGISTER)
    return appeals.systems(node.store, mine.known_as, before)


def unfolded(
    node: Node, who: Principal, day: date, by: tuple[Role, str | None, Purpose], before: Place | None = None
) -> Unfolded:
    """Return a page of the entries behind one line of a civil day."""
    mine = own(node, who, Action.READ_REGISTER)
    since = datetime.combine(day, datetime.min.time(), CIVIL_TIME)
    return appeals.unfolded(node.store, mine.known_as, (since, since + timedelta(days=1)), by, before)


__all__ = ["systems_looked", "unfolded"]
