"""Pages of the review desk: the queue, and one pair with both records side by side."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.app import Pair
from salus.identity import REASONS, Figures, Question, Says, names
from salus.kernel import Purpose, Role
from salus.parties import Principal
from salus.records import NotFound, Personal
from salus.web.gate import in_thread
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import facility_words
from salus.web.review_words import ROWS
from salus.web.views import Address, Notice
from salus.web.views.review import CompareRow, QuestionLine, Review, Reviews


def _reviewer(visit: Visit) -> Principal:
    return visit.principal(Role.INDEX_REVIEWER).for_purpose(Purpose.HOPERAT)


@paged
async def waiting(visit: Visit) -> Response:
    """Show what waits to be judged, the oldest first, and how the queue stands."""
    who, node = _reviewer(visit), visit.gate.node
    found, figures = await in_thread(visit.gate, lambda: app.questions(node, who))
    return visit.show(_reviews(found, figures, node.clock.now()))


@paged
async def judge(visit: Visit) -> Response:
    """Show both records of a pair; both residents see that it was opened."""
    who, node, key = _reviewer(visit), visit.gate.node, _key(visit)
    found = await in_thread(visit.gate, lambda: app.judge_pair(node, who, key))
    return visit.show(_review(visit, found))


@paged
async def answer(visit: Visit) -> Response:
    """Take an answer; on the next page the queue goes on."""
    who, node, key = _reviewer(visit), visit.gate.node, _key(visit)
    form = await visit.form()
    says, reason = str(form.get("says", "")), str(form.get("reason", ""))
    if says not in set(Says) or reason not in REASONS:
        found = await in_thread(visit.gate, lambda: app.judge_pair(node, who, key))
        return visit.show(_review(visit, found, trouble=True), 400)
    changed = await in_thread(visit.gate, lambda: app.answer_question(node, who, key, Says(says), reason))
    return visit.go(Address.REVIEW, Notice.SECOND_NEEDED if changed is None else Notice.JUDGED)


def _reviews(found: list[Question], figures: Figures, now: datetime) -> Reviews:
    lines = tuple(
        QuestionLine(
            link=f"{Address.REVIEW}/{one.key}",
            reason=one.reason,
            asked=one.at,
            total=one.evidence.total if one.evidence else None,
        )
        for one in found
    )
    return Reviews(
        lines=lines,
        waiting=figures.waiting,
        oldest=now - figures.oldest if figures.oldest else None,
        asked=figures.asked_this_week,
        answered=figures.answered_this_week,
        judged=figures.judged,
        agreed=figures.agreed,
    )


def _review(visit: Visit, found: Pair, *, trouble: bool = False) -> Review:
    evidence = found.question.evidence
    return Review(
        form=f"{Address.REVIEW}/{found.question.key}",
        reason=found.question.reason,
        asked=found.question.at,
        facilities=tuple(facility_words(visit.gate.node, side.facility) for side in found.sides),
        since=tuple(side.at for side in found.sides),
        rows=tuple(_row(name, found.sides) for name in ROWS),
        bits=evidence.fields if evidence else (),
        total=evidence.total if evidence else None,
        model=evidence.model if evidence else None,
        one_resident=found.one_resident,
        another=bool(found.answers),
        trouble=trouble,
    )


def _row(name: str, sides: tuple[Personal, ...]) -> CompareRow:
    told = tuple(_told(getattr(side, name)) for side in sides)
    return CompareRow(name=name, sides=told, agree=_agree(name, *told) if all(told) else None)


def _agree(name: str, some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Tell whether anything stands on both sides; names agree however they are spelled."""
    if name == "names":
        return any(names.agree(names.read_name(one), names.read_name(other)) for one in some for other in others)
    return not set(some).isdisjoint(others)


def _told(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def _key(visit: Visit) -> int:
    text = str(visit.request.path_params["question"])
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound("there is no such page here")
    return int(text)


ROUTES = [
    Route(Address.REVIEW, waiting, methods=["GET"], name="reviews"),
    Route(Address.REVIEW + "/{question}", judge, methods=["GET"], name="review"),
    Route(Address.REVIEW + "/{question}", answer, methods=["POST"], name="answer-review"),
]
