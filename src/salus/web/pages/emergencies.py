"""Pages of emergencies: a clinician breaks the glass and reads one screen; another organisation judges."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from salus.access import GlassOff, OpeningInvalid
from salus.access.glass import Category, Opening
from salus.app import Node, emergencies, staff_name
from salus.app.emergencies import Judged, Proof, Told
from salus.healthcode import CodeUnknown
from salus.identity import NumberRefused
from salus.kernel import Purpose, Role
from salus.parties import NotSignedIn, Principal, TooManyFailures
from salus.records import NotFound
from salus.web.gate import in_thread
from salus.web.pages.following_words_of import follow_up
from salus.web.pages.staff import resident_id as uuid_of
from salus.web.pages.visit import CEREMONY, Visit, paged
from salus.web.pages.words_of import facility_words, patient, record
from salus.web.views import Address, DeskTrouble, Notice, Summary, Words
from salus.web.views.emergencies import (
    GlassForm,
    GlassTrouble,
    JudgeOpening,
    Opened,
    OpeningLine,
    Openings,
    SeenLine,
)

_ANSWERS = {"upheld": True, "not-upheld": False}


def _clinician(visit: Visit) -> Principal:
    return visit.principal(Role.CLINICIAN).for_purpose(Purpose.ETREAT)


def _reviewer(visit: Visit) -> Principal:
    return visit.principal(Role.ACCESS_REVIEWER).for_purpose(Purpose.HOPERAT)


@paged
async def glass(visit: Visit) -> Response:
    """Show the form that breaks the glass, or why it is off."""
    return await _form(visit, _clinician(visit))


async def _form(
    visit: Visit,
    who: Principal,
    trouble: GlassTrouble | None = None,
    wrong: DeskTrouble | None = None,
    category: str = "",
    words: str = "",
) -> Response:
    node = visit.gate.node
    off = await in_thread(visit.gate, lambda: emergencies.glass_off(node, who))
    ways = await in_thread(visit.gate, lambda: emergencies.proves_by(node, who))
    view = GlassForm(
        off=off,
        passkey="passkey" in ways,
        code="code" in ways,
        trouble=trouble,
        wrong=wrong,
        category=Category(category) if category in set(Category) else None,
        words=words,
    )
    return visit.show(view, 403 if off else 400 if trouble or wrong else 200)


@paged
async def break_glass(visit: Visit) -> Response:
    """Break the glass, and go on to the one record."""
    who, form, node = _clinician(visit), await visit.form(), visit.gate.node
    wanted, category, words, code, credential = (
        str(form.get(name, "")).strip() for name in ("wanted", "category", "words", "code", "credential")
    )
    if not wanted:
        return await _form(visit, who, None, DeskTrouble.EMPTY, category, words)
    if category not in set(Category):
        return await _form(visit, who, GlassTrouble.CATEGORY, None, category, words)
    handle = visit.request.cookies.get(CEREMONY, "") if credential else ""
    proof = Proof(code=code.replace(" ", ""), handle=handle, credential=credential)
    try:
        broken = await in_thread(
            visit.gate, lambda: emergencies.break_glass(node, who, wanted, Category(category), words, proof)
        )
    except (GlassOff, OpeningInvalid, NotSignedIn, TooManyFailures, CodeUnknown, NumberRefused, NotFound) as error:
        return await _form(visit, who, *_trouble(error), category, words)
    response = visit.go(f"{Address.EMERGENCY}/{broken.id}")
    if credential:
        response.delete_cookie(CEREMONY, path="/")
    return response


def _trouble(error: Exception) -> tuple[GlassTrouble | None, DeskTrouble | None]:
    """Say what of the form led to an error; neither where breaking the glass is off."""
    troubles: tuple[tuple[type[Exception], GlassTrouble | None, DeskTrouble | None], ...] = (
        (OpeningInvalid, GlassTrouble.WORDS, None),
        (NotSignedIn, GlassTrouble.PROOF, None),
        (TooManyFailures, GlassTrouble.TOO_MANY, None),
        (CodeUnknown, None, DeskTrouble.CODE),
        (NumberRefused, None, DeskTrouble.CHECK_DIGIT),
        (NotFound, None, DeskTrouble.NOBODY),
    )
    return next(((ours, desks) for kind, ours, desks in troubles if isinstance(error, kind)), (None, None))


@paged
async def read(visit: Visit) -> Response:
    """Show the summary of the record that this clinician opened, while it is open to them."""
    who, node, id_ = _clinician(visit), visit.gate.node, _opening(visit)
    viewed = await in_thread(visit.gate, lambda: emergencies.view_in_emergency(node, who, id_))
    now = node.clock.now()
    view = Summary(
        patient=patient(viewed.summary, now),
        record=record(node, viewed.summary, now),
        purpose=Purpose.ETREAT,
        relation_ends=viewed.ends,
        slip="",
        mixed="",
        follow_up=follow_up(node, viewed.stands, viewed.followed),
    )
    return visit.show(view)


@paged
async def waiting(visit: Visit) -> Response:
    """Show what waits for this organisation's reviewers."""
    who, node = _reviewer(visit), visit.gate.node
    found = await in_thread(visit.gate, lambda: emergencies.waiting_openings(node, who))
    lines = tuple(
        OpeningLine(
            link=f"{Address.EMERGENCIES}/{one.id}",
            facility=facility_words(node, one.facility),
            category=one.category,
            at=one.at,
            due=one.due,
        )
        for one in found
    )
    return visit.show(Openings(lines=lines))


@paged
async def judge(visit: Visit) -> Response:
    """Show one opening to its reviewer; the resident sees that."""
    return await _judge(visit, _reviewer(visit))


async def _judge(visit: Visit, who: Principal, *, trouble: bool = False) -> Response:
    node, id_ = visit.gate.node, _opening(visit)
    try:
        found = await in_thread(visit.gate, lambda: emergencies.judge_opening(node, who, id_))
    except OpeningInvalid:
        raise NotFound("there is no such page here") from None
    name = await in_thread(visit.gate, lambda: staff_name(node, found.opening.opened_by))
    view = JudgeOpening(
        form=f"{Address.EMERGENCIES}/{id_}",
        opened=opened_view(node, found.opening, name, found),
        received=found.received,
        trouble=trouble,
    )
    return visit.show(view, 400 if trouble else 200)


@paged
async def answer(visit: Visit) -> Response:
    """Take a reviewer's answer; the resident sees it at once."""
    who, node, id_ = _reviewer(visit), visit.gate.node, _opening(visit)
    says = str((await visit.form()).get("says", ""))
    if says not in _ANSWERS:
        return await _judge(visit, who, trouble=True)
    try:
        await in_thread(visit.gate, lambda: emergencies.answer_opening(node, who, id_, upheld=_ANSWERS[says]))
    except OpeningInvalid:
        raise NotFound("there is no such page here") from None
    return visit.go(Address.EMERGENCIES, Notice.OPENING_JUDGED)


def opened_view(node: Node, one: Opening, name: tuple[str, str] | None, told: Told | Judged) -> Opened:
    """Return an opening as its resident and its reviewer see it."""
    return Opened(
        facility=facility_words(node, one.facility),
        reader=Words(en=name[0] or None, zh=name[1] or None) if name else None,
        category=one.category,
        words=told.words,
        at=one.at,
        ends=one.ends,
        due=one.due,
        seen=tuple(SeenLine(part=part, count=count, at=at) for part, count, at in told.seen),
        upheld=one.review.upheld if one.review else None,
        judged=one.review.at if one.review else None,
    )


def _opening(visit: Visit) -> UUID:
    return uuid_of(str(visit.request.path_params["opening"]))


ROUTES = [
    Route(Address.EMERGENCY, glass, methods=["GET"], name="glass"),
    Route(Address.EMERGENCY, break_glass, methods=["POST"], name="break-glass"),
    Route(Address.EMERGENCY + "/{opening}", read, methods=["GET"], name="emergency"),
    Route(Address.EMERGENCIES, waiting, methods=["GET"], name="openings"),
    Route(Address.EMERGENCIES + "/{opening}", judge, methods=["GET"], name="opening"),
    Route(Address.EMERGENCIES + "/{opening}", answer, methods=["POST"], name="answer-opening"),
]
