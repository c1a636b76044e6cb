"""Pages of the review desk: the queue, and one pair with both records side by side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import combinations

from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.app import Pair, Queue
from salus.identity import REASONS, Answer, Question, Says, Together, Waiting, names
from salus.identity.linkage.people import PEOPLE, guards, models
from salus.kernel import Purpose, Role
from salus.parties import Principal
from salus.records import NotFound, Personal
from salus.web.gate import in_thread
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import facility_words
from salus.web.review_words import ASKED, ROWS
from salus.web.views import Address, Notice, Words
from salus.web.views.review import AnsweredLine, CompareRow, QuestionLine, Review, Reviews, SideLine, TogetherLine


def _reviewer(visit: Visit) -> Principal:
    return visit.principal(Role.INDEX_REVIEWER).for_purpose(Purpose.HOPERAT)


@paged
async def waiting(visit: Visit) -> Response:
    """Show what waits to be judged, the oldest first, and how the queue stands."""
    who, node = _reviewer(visit), visit.gate.node
    after = _number(visit.request.query_params.get("after", "0"))
    found = await in_thread(visit.gate, lambda: app.review_queue(node, who, after))
    together = [one for pair in found.figures.pairs for one in (pair.one, pair.other)]
    names = await in_thread(visit.gate, lambda: {one: app.staff_name(node, one) for one in together})
    return visit.show(_reviews(found, names, node.clock.now()))


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
    charts = frozenset(_number(str(one)) for one in form.getlist("record"))
    lifts = says == Says.SAME and bool(form.get("lifts"))
    if says not in set(Says) or reason not in REASONS:
        found = await in_thread(visit.gate, lambda: app.judge_pair(node, who, key))
        return visit.show(_review(visit, found, trouble=True), 400)
    changed = await in_thread(
        visit.gate,
        lambda: app.answer_question(node, who, key, Says(says), reason, charts=charts, lifts=lifts),
    )
    if says == Says.CANNOT_TELL:
        return visit.go(Address.REVIEW, Notice.LEFT_TO_OTHERS)
    return visit.go(Address.REVIEW, Notice.SECOND_NEEDED if changed is None else Notice.JUDGED)


@paged
async def again(visit: Visit) -> Response:
    """Put a pair that the reviewer judged lately into the queue again."""
    who, node, key = _reviewer(visit), visit.gate.node, _key(visit)
    await visit.form()
    await in_thread(visit.gate, lambda: app.ask_again(node, who, key))
    return visit.go(Address.REVIEW, Notice.ASKED_AGAIN)


def _reviews(found: Queue, names: Mapping[str, tuple[str, str] | None], now: datetime) -> Reviews:
    figures = found.figures
    return Reviews(
        lines=tuple(_line(one) for one in found.waiting),
        waiting=figures.waiting,
        oldest=now - figures.oldest if figures.oldest is not None else None,
        median=now - figures.median if figures.median is not None else None,
        asked=figures.asked_this_week,
        answered=figures.answered_this_week,
        judged=figures.judged,
        agreed=figures.agreed,
        pairs=tuple(_together(one, names) for one in figures.pairs),
        mine=tuple(_answered(asked, given) for asked, given in found.answered),
        further=f"{Address.REVIEW}?after={found.after}" if found.after else None,
    )


def _line(one: Waiting) -> QuestionLine:
    asked = one.question
    return QuestionLine(
        link=f"{Address.REVIEW}/{asked.key}",
        reason=asked.reason,
        why=_why(asked),
        asked=asked.at,
        total=asked.evidence.total if asked.evidence else None,
        undecided=one.undecided,
        mine=one.mine,
    )


def _answered(asked: Question, given: Answer) -> AnsweredLine:
    form = f"{Address.REVIEW}/{asked.key}/again"
    return AnsweredLine(form=form, reason=asked.reason, why=_why(asked), says=given.says.value, answered=given.at)


def _together(one: Together, names: Mapping[str, tuple[str, str] | None]) -> TogetherLine:
    called = [names.get(name) or (name, name) for name in (one.one, one.other)]
    first, second = (Words(en=en or None, zh=zh or None) for en, zh in called)
    return TogetherLine(one=first, other=second, judged=one.judged, agreed=one.agreed)


def _why(asked: Question) -> Words | None:
    """Return the words of the guard that stood in the way; None where none did, and the reason is one of ours.

    `another-name` without evidence is what was asked before anything was weighed, and no guard's.
    """
    if asked.reason in ASKED and asked.evidence is None:
        return None
    guard = next((one for one in guards() if one.code == asked.reason), None)
    return Words(en=guard.en, zh=guard.zh) if guard else None


def _review(visit: Visit, found: Pair, *, trouble: bool = False) -> Review:
    asked = found.question
    evidence = asked.evidence
    ours = evidence is not None and evidence.model in models()
    return Review(
        form=f"{Address.REVIEW}/{asked.key}",
        reason=asked.reason,
        why=_why(asked),
        asked=asked.at,
        sides=tuple(_side(visit, found, side) for side in found.sides),
        rows=tuple(_row(name, found.sides) for name in ROWS),
        bits=evidence.fields if evidence else (),
        total=evidence.total if evidence else None,
        model=evidence.model if evidence else None,
        one_resident=found.one_resident,
        another=any(one.says is not Says.CANNOT_TELL for one in found.answers),
        parted=found.parted,
        reporter=asked.reporter,
        claim=asked.claim,
        thresholds=(PEOPLE.review, PEOPLE.link) if ours else None,
        trouble=trouble,
    )


def _side(visit: Visit, found: Pair, side: Personal) -> SideLine:
    marked = found.question.concerns or {found.question.pair[1]}
    return SideLine(
        key=str(side.chart_key),
        facility=facility_words(visit.gate.node, side.facility),
        since=side.at,
        marked=side.chart_key in marked,
    )


def _row(name: str, sides: tuple[Personal, ...]) -> CompareRow:
    """Compare all sides that say anything; they agree where each two of them do."""
    told = tuple(_told(getattr(side, name)) for side in sides)
    pairs = list(combinations([one for one in told if one], 2))
    known = bool(pairs) and (len(sides) > 2 or all(told))
    return CompareRow(name=name, sides=told, agree=all(_agree(name, *pair) for pair in pairs) if known else None)


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
    return _number(str(visit.request.path_params["question"]))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound("there is no such page here")
    return int(text)


ROUTES = [
    Route(Address.REVIEW, waiting, methods=["GET"], name="reviews"),
    Route(Address.REVIEW + "/{question}", judge, methods=["GET"], name="review"),
    Route(Address.REVIEW + "/{question}", answer, methods=["POST"], name="answer-review"),
    Route(Address.REVIEW + "/{question}/again", again, methods=["POST"], name="review-again"),
]
