"""Pages of what is open and closed in a record: the resident opens, closes and takes back; a desk closes on a paper.

They are the same for everybody, whatever a record holds, and show a desk nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.access import LONGEST_OPENING, About, Directive, DirectiveInvalid, Says
from salus.app import CLASSES, TooMuchSaid, Wished
from salus.kernel import Purpose, Role
from salus.parties import Principal
from salus.records import NotFound
from salus.web.closing_words import ALL_THREE, OFFERED
from salus.web.gate import in_thread
from salus.web.pages.staff import resident_id
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import facility_words
from salus.web.views import Address, Notice, Words
from salus.web.views.closing import (
    Chosen,
    ClassLine,
    ClosingForm,
    ClosingTrouble,
    Form,
    Lasting,
    MyClosing,
    PlaceLine,
    SaidLine,
)

MOST_SHOWN, MOST_PLACES = 200, 20
EVERYBODY, ONE = "everybody", "one"
LASTS = {
    Lasting.DAY: timedelta(days=1),
    Lasting.WEEK: timedelta(days=7),
    Lasting.QUARTER: timedelta(days=91),
    Lasting.YEAR: LONGEST_OPENING,
}


class _Wrong(Exception):
    """Something in a form does not fit; `places` are those to choose from, where a name fits several."""

    def __init__(self, trouble: ClosingTrouble, places: Sequence[PlaceLine] = ()) -> None:
        self.trouble = trouble
        self.places = places


def _resident(visit: Visit) -> Principal:
    return visit.principal(Role.RESIDENT).for_purpose(Purpose.PATRQT)


def _desk(visit: Visit) -> Principal:
    return visit.principal(Role.CLINICIAN, Role.RECEPTION).for_purpose(Purpose.TREAT)


@paged
async def mine(visit: Visit) -> Response:
    """Show what is open and closed in the resident's record, and all that was ever said of it."""
    who, node = _resident(visit), visit.gate.node
    found = await in_thread(visit.gate, lambda: app.my_directives(node, who))
    desks = {one.recorded_by for one in found if one.recorded_as is not Role.RESIDENT}
    names = await in_thread(visit.gate, lambda: {one: app.staff_name(node, one) for one in desks})
    at = node.clock.now()
    lines = [(one, _line(visit, one, found, names.get(one.recorded_by), at)) for one in found]
    standing = [(one, line) for one, line in lines if one.holds(at)]
    return visit.show(
        MyClosing(
            classes=tuple(_class(about, standing) for about in CLASSES),
            shut_out=tuple(line for one, line in standing if one.about is About.EVERYTHING),
            earlier=tuple(line for _, line in lines[:MOST_SHOWN]),
        )
    )


def _class(about: About, standing: list[tuple[Directive, SaidLine]]) -> ClassLine:
    said = [line for one, line in standing if one.about is about]
    return ClassLine(
        about=about,
        opened=tuple(line for line in said if line.opens),
        shut=tuple(line for line in said if not line.opens),
    )


def _line(visit: Visit, one: Directive, all_: list[Directive], by: tuple[str, str] | None, at: datetime) -> SaidLine:
    node = visit.gate.node
    return SaidLine(
        form=f"{Address.MY_CLOSING}/{one.id}",
        opens=one.says is Says.PERMIT,
        about=one.about,
        facility=facility_words(node, one.facility) if one.facility else None,
        since=one.since,
        until=one.until,
        withdrawn=one.withdrawn,
        at_desk=one.recorded_as is not Role.RESIDENT,
        by=Words(en=by[0] or None, zh=by[1] or None) if by else None,
        paper=one.paper,
        overruled=one.says is Says.PERMIT and any(_stands_against(other, one, at) for other in all_),
    )


def _stands_against(other: Directive, opened: Directive, at: datetime) -> bool:
    """Tell whether something closed leaves an opening without effect, wholly: a forbid wins."""
    wide = other.facility is None or other.facility == opened.facility
    return other.says is Says.FORBID and other.holds(at) and wide and other.about in (opened.about, About.EVERYTHING)


@paged
async def open_form(visit: Visit) -> Response:
    """Show the form by which the resident opens something."""
    _resident(visit)
    return _form(visit, Form.OPEN, Chosen())


@paged
async def shut_out_form(visit: Visit) -> Response:
    """Show the form by which the resident lets a place read nothing that others wrote."""
    _resident(visit)
    return _form(visit, Form.SHUT_OUT, Chosen())


@paged
async def desk_form(visit: Visit) -> Response:
    """Show the form on which a desk writes down what a resident closes; it shows nothing of them."""
    _desk(visit)
    return _form(visit, Form.AT_DESK, Chosen())


@paged
async def opened(visit: Visit) -> Response:
    """Open what the resident chose, to whom they chose."""
    return await _said(visit, Form.OPEN)


@paged
async def shut_out(visit: Visit) -> Response:
    """Let a place read nothing that others wrote, as the resident chose."""
    return await _said(visit, Form.SHUT_OUT)


async def _said(visit: Visit, kind: Form) -> Response:
    who, node = _resident(visit), visit.gate.node
    chosen = _chosen(await visit.form())
    try:
        wished = await in_thread(visit.gate, lambda: _wished(visit, kind, chosen))
        await in_thread(visit.gate, lambda: app.say(node, who, wished))
    except _Wrong as wrong:
        return _form(visit, kind, chosen, wrong)
    except TooMuchSaid:
        return _form(visit, kind, chosen, _Wrong(ClosingTrouble.TOO_MUCH))
    return visit.go(Address.MY_CLOSING, Notice.SAID)


@paged
async def closed_at_desk(visit: Visit) -> Response:
    """Write down what the resident who is here closes; they are shown who wrote it, and on which paper."""
    who, node = _desk(visit), visit.gate.node
    resident = resident_id(visit.request.path_params["resident"])
    form = await visit.form()
    chosen = _chosen(form)
    try:
        wished = await in_thread(visit.gate, lambda: _wished(visit, Form.AT_DESK, chosen))
        await in_thread(visit.gate, lambda: app.close_for_resident(node, who, resident, wished, chosen.paper))
    except _Wrong as wrong:
        return _form(visit, Form.AT_DESK, chosen, wrong)
    except TooMuchSaid:
        return _form(visit, Form.AT_DESK, chosen, _Wrong(ClosingTrouble.TOO_MUCH))
    except DirectiveInvalid:
        return _form(visit, Form.AT_DESK, chosen, _Wrong(ClosingTrouble.PAPER))
    return visit.go(Address.DESK, Notice.CLOSED_FOR_RESIDENT)


@paged
async def take_back(visit: Visit) -> Response:
    """Take back what was said."""
    who, node = _resident(visit), visit.gate.node
    await visit.form()
    try:
        id_ = UUID(str(visit.request.path_params["directive"]))
    except ValueError:
        raise NotFound("there is nothing that you said under this address") from None
    await in_thread(visit.gate, lambda: app.take_back(node, who, id_))
    return visit.go(Address.MY_CLOSING, Notice.TAKEN_BACK)


def _form(visit: Visit, kind: Form, chosen: Chosen, wrong: _Wrong | None = None) -> Response:
    path = visit.request.url.path
    back = Address.DESK if kind is Form.AT_DESK else Address.MY_CLOSING
    view = ClosingForm(
        kind=kind,
        form=path,
        back=back,
        chosen=chosen,
        places=tuple(wrong.places[:MOST_PLACES]) if wrong else (),
        more=wrong is not None and len(wrong.places) > MOST_PLACES,
        trouble=wrong.trouble if wrong else None,
    )
    return visit.show(view, 400 if wrong else 200)


def _chosen(form: FormData) -> Chosen:
    def told(name: str) -> str:
        value = form.get(name, "")
        return value.strip()[:100] if isinstance(value, str) else ""

    place = told("which") or told("place")
    return Chosen(about=told("about"), whom=told("whom"), place=place, lasts=told("lasts"), paper=told("paper"))


def _wished(visit: Visit, kind: Form, chosen: Chosen) -> Wished:
    """Read a form. Raises _Wrong with the first thing that does not fit."""
    about = _about(kind, chosen.about)
    lasts = chosen.lasts if chosen.lasts in OFFERED[kind] else OFFERED[kind][0]
    return Wished(
        says=Says.PERMIT if kind is Form.OPEN else Says.FORBID,
        about=about,
        facility=_place(visit, kind, about, chosen),
        lasts=LASTS.get(Lasting(lasts)),
    )


def _about(kind: Form, told: str) -> tuple[About, ...]:
    if kind is Form.SHUT_OUT or (kind is Form.AT_DESK and told == About.EVERYTHING):
        return (About.EVERYTHING,)
    if told == ALL_THREE:
        return CLASSES
    if told not in CLASSES:
        raise _Wrong(ClosingTrouble.WHAT)
    return (About(told),)


def _place(visit: Visit, kind: Form, about: tuple[About, ...], chosen: Chosen) -> str | None:
    """Return the place that is meant; None for every place, which only classes can be opened to or closed for."""
    if kind is Form.OPEN and chosen.whom not in (EVERYBODY, ONE):
        raise _Wrong(ClosingTrouble.WHOM)
    everybody = chosen.whom == EVERYBODY if kind is Form.OPEN else not chosen.place
    if everybody and chosen.place:
        raise _Wrong(ClosingTrouble.BOTH)
    if everybody and About.EVERYTHING not in about:
        return None
    found = app.places_like(visit.gate.node, chosen.place, MOST_PLACES + 1)
    if len(found) > 1:
        places = [PlaceLine(key=one.facility_id, name=Words(en=one.name_en, zh=one.name_zh)) for one in found]
        raise _Wrong(ClosingTrouble.WHICH, places)
    if not found:
        raise _Wrong(ClosingTrouble.PLACE)
    return found[0].facility_id


_OPEN, _SHUT_OUT = f"{Address.MY_CLOSING}/open", f"{Address.MY_CLOSING}/shut-out"
_AT_DESK = f"{Address.DESK}/{{resident}}/closing"
ROUTES = [
    Route(Address.MY_CLOSING, mine, methods=["GET"], name="my-closing"),
    Route(_OPEN, open_form, methods=["GET"], name="open-form"),
    Route(_OPEN, opened, methods=["POST"], name="open-class"),
    Route(_SHUT_OUT, shut_out_form, methods=["GET"], name="shut-out-form"),
    Route(_SHUT_OUT, shut_out, methods=["POST"], name="shut-out"),
    Route(Address.MY_CLOSING + "/{directive}", take_back, methods=["POST"], name="take-back"),
    Route(_AT_DESK, desk_form, methods=["GET"], name="desk-closing-form"),
    Route(_AT_DESK, closed_at_desk, methods=["POST"], name="desk-closing"),
]
