"""Pages for residents: my code, my record, and the proof of each look."""

from __future__ import annotations

import re

import orjson
from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.access import ReadProof
from salus.appeals import Look as Seen
from salus.kernel import Purpose, Role
from salus.parties import Principal
from salus.records import NotFound
from salus.web.gate import in_thread
from salus.web.pages.following_words_of import follow_up
from salus.web.pages.visit import Visit, paged
from salus.web.pages.words_of import facility_words, record, stated
from salus.web.views import Address, Look, MyRecord, Notice, Proof, Words
from salus.web.views.phones import MyCode, PhoneLine
from salus.web.views.public_log import Branch

_PLACE = re.compile(r"(\d{1,18})-(\d{1,9})", re.ASCII)  # what a bigint and an integer hold


def _resident(visit: Visit) -> Principal:
    return visit.principal(Role.RESIDENT).for_purpose(Purpose.PATRQT)


@paged
async def my_code(visit: Visit) -> Response:
    """Show the resident's identity code."""
    who, node = _resident(visit), visit.gate.node
    mine = await in_thread(visit.gate, lambda: app.my_code(node, who))
    view = MyCode(
        code=mine.code,
        initial=mine.initial,
        issued=mine.issued,
        readers_this_week=mine.readers_this_week,
        opened_in_emergency=await in_thread(visit.gate, lambda: app.emergencies.told_of_emergency(node, who)),
        closed_at_desk=await in_thread(visit.gate, lambda: app.closed_at_desk(node, who)),
        phones=tuple(
            PhoneLine(since=one.registered, until=one.ends, remove=f"{Address.PHONE}/{one.phone_id}/remove")
            for one in await in_thread(visit.gate, lambda: app.my_phones(node, who))
        ),
    )
    return visit.show(view)


@paged
async def replace_code(visit: Visit) -> Response:
    """Replace the code; the one before stops working at once."""
    who, node = _resident(visit), visit.gate.node
    await visit.form()
    await in_thread(visit.gate, lambda: app.replace_code(node, who))
    return visit.go(Address.MY_CODE, Notice.CODE_REPLACED)


@paged
async def my_record(visit: Visit) -> Response:
    """Show the resident's own record in plain words."""
    who, node = _resident(visit), visit.gate.node
    viewed = await in_thread(visit.gate, lambda: app.my_record(node, who))
    return visit.show(
        MyRecord(
            record=record(node, viewed.summary, node.clock.now()),
            person=stated(node, viewed.summary),
            follow_up=follow_up(node, viewed.stands, viewed.followed),
        )
    )


@paged
async def proof(visit: Visit) -> Response:
    """Show the proof that one look stands in the public log."""
    found, seen, file = await _proof(visit)
    node = visit.gate.node
    name = await in_thread(visit.gate, lambda: app.reader_name(node, seen))
    checkpoint = found.check([node.sequencer.key])
    view = Proof(
        look=look_of(visit, seen, name),
        entry=found.entry,
        register=Branch(index=found.position, size=found.size, root=found.root, path=found.path),
        log=Branch(index=found.log_index, size=checkpoint.size, root=checkpoint.root, path=found.log_path),
        checkpoint=found.checkpoint,
        download=f"{_address(seen)}/file",
        command=f"salus ledger prove {file} --vkey '{node.sequencer.key}'",
    )
    return visit.show(view)


@paged
async def proof_file(visit: Visit) -> Response:
    """Give the same proof as a file, to be checked without this node."""
    found, _, file = await _proof(visit)
    headers = {"Content-Disposition": f'attachment; filename="{file}"', "Cache-Control": "no-store"}
    return Response(orjson.dumps(found.as_file(), option=orjson.OPT_INDENT_2), 200, headers, "application/json")


async def _proof(visit: Visit) -> tuple[ReadProof, Seen, str]:
    who, node = _resident(visit), visit.gate.node
    place = place_of(visit.request.path_params["place"])
    if place is None:
        raise NotFound("there is no such page here")
    found = await in_thread(visit.gate, lambda: app.look_proof(node, who, place))
    if found is None:
        raise NotFound("this entry is not in the public log yet, or it is not yours")
    return found[1], found[0], f"salus-read-{place[0]}-{place[1]}.json"


async def look_view(visit: Visit, seen: Seen) -> Look:
    """Return a look as it is shown, with the name of who looked."""
    names = await in_thread(visit.gate, lambda: app.reader_name(visit.gate.node, seen))
    return look_of(visit, seen, names)


def look_of(visit: Visit, seen: Seen, names: tuple[str, str] | None) -> Look:
    """Return a look as it is shown; `names` are those of who looked, if that is known."""
    node = visit.gate.node
    name = Words(en=names[0] or None, zh=names[1] or None) if names else None
    return Look(
        at=seen.at,
        reader=name,
        role=seen.role,
        facility=facility_words(node, seen.facility) if seen.facility else None,
        part=seen.what,
        count=seen.count,
        purpose=seen.purpose,
        ground=seen.ground,
        proof=_address(seen) if seen.proved else None,
        proof_by=None if seen.proved else seen.proof_by,
        own=seen.own,
        contest=f"{Address.MY_CONTESTS}/new?entry={seen.batch}-{seen.item}",
    )


def _address(seen: Seen) -> str:
    return f"{Address.WHO_LOOKED}/{seen.batch}-{seen.item}"


def place_of(text: str) -> tuple[int, int] | None:
    """Return the place of the register that an address names; None where it names none."""
    match = _PLACE.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else None


ROUTES = [
    Route(Address.MY_CODE, my_code, methods=["GET"], name="my-code"),
    Route(Address.REPLACE_CODE, replace_code, methods=["POST"], name="replace-code"),
    Route(Address.MY_RECORD, my_record, methods=["GET"], name="my-record"),
    Route(Address.WHO_LOOKED + "/{place}", proof, methods=["GET"], name="proof"),
    Route(Address.WHO_LOOKED + "/{place}/file", proof_file, methods=["GET"], name="proof-file"),
]
