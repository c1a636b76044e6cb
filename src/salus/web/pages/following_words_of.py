"""Turn how a record stands and what is due into what pages show."""

from __future__ import annotations

from collections.abc import Iterable

from salus.app import Node
from salus.records.following import Followed, How, Item
from salus.records.population import Stands
from salus.web.pages.words_of import facility_words
from salus.web.views import Words
from salus.web.views.following import DueLine, FollowUp, PlanLine, StandsLine


def follow_up(node: Node, stands: Stands, followed: Iterable[Followed]) -> FollowUp:
    """Return how a record stands and its plans, as pages show them."""
    return FollowUp(
        stands=StandsLine(
            standing=stands.standing.value,
            facility=facility_words(node, stands.facility) if stands.facility else None,
            of_day=stands.of_day,
            said_at=stands.said_at,
            contradicted=stands.contradicted,
            displaced=tuple(facility_words(node, one) for one in stands.displaced),
        ),
        plans=tuple(_plan(node, one) for one in followed),
    )


def due_line(node: Node, item: Item) -> DueLine:
    """Return an item as a line."""
    return DueLine(
        what=Words(en=item.en, zh=item.zh),
        how=item.how.value,
        due=item.due,
        done_on=item.done_on,
        done_at=facility_words(node, item.done_at) if item.done_at else None,
    )


def _plan(node: Node, one: Followed) -> PlanLine:
    coming = next((item for item in one.items if item.how is How.COMING), None)
    return PlanLine(
        what=Words(en=one.plan.en, zh=one.plan.zh),
        source=one.plan.source,
        now_due=tuple(due_line(node, item) for item in one.open),
        coming=due_line(node, coming) if coming else None,
        items=tuple(due_line(node, item) for item in one.items),
    )
