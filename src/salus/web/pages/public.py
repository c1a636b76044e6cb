"""Pages for everybody: the first page, the public log, and, on a demo node only, stepping into a role."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from salus import app
from salus.app import StepIn
from salus.records import NotFound
from salus.web.gate import in_thread
from salus.web.navigation import first_page
from salus.web.pages.visit import DEMO_PREFIX, SESSION, Visit, paged
from salus.web.views import Address, Demo, DemoRole, Home, Notice, Words
from salus.web.views.public_log import PublicLog, WitnessSeen


@paged
async def home(visit: Visit) -> Response:
    """Show the first page."""
    newest = await in_thread(visit.gate, lambda: app.newest_checkpoint(visit.gate.node))
    return visit.show(Home(log_size=newest.size if newest else 0))


@paged
async def log(visit: Visit) -> Response:
    """Show the public log's newest checkpoint, and how to check it oneself."""
    node = visit.gate.node
    newest = await in_thread(visit.gate, lambda: app.newest_checkpoint(node))
    at = await in_thread(visit.gate, lambda: app.newest_checkpoint_at(node))
    cosigned = await in_thread(visit.gate, lambda: app.newest_cosigned(node))
    note, times = cosigned or (newest.note if newest else None, {})
    watching = node.trust.witnesses if node.trust else ()
    url = f"{node.settings.public_url}/log"
    verify = " ".join(
        [f"salus ledger verify {url} --vkey '{node.sequencer.key}'", *(f"--witness '{one.owned}'" for one in watching)]
    )
    view = PublicLog(
        origin=node.name,
        vkey=str(node.sequencer.key),
        size=newest.size if newest else 0,
        root=newest.root if newest else None,
        at=at,
        checkpoint=note,
        fetch=f"curl -O {url}/checkpoint",
        verify=verify,
        compare=f"{verify} --since checkpoint",
        witnesses=tuple(
            WitnessSeen(organisation=one.organisation, vkey=str(one), at=times.get(one.name)) for one in watching
        ),
        quorum=node.trust.quorum if node.trust else 0,
    )
    return visit.show(view)


@paged
async def demo(visit: Visit) -> Response:
    """Offer the roles that a visitor of a demo node may step into."""
    _demo_only(visit)
    steps = await in_thread(visit.gate, lambda: app.demo_roles(visit.gate.node))
    return visit.show(Demo(roles=tuple(_role(step) for step in steps)))


@paged
async def step_in(visit: Visit) -> Response:
    """Step into a role of a demo node."""
    _demo_only(visit)
    key = str((await visit.form()).get("key", ""))
    node = visit.gate.node
    who, token = await in_thread(visit.gate, lambda: app.step_into(node, key))
    response = visit.go(first_page(who.role), Notice.STEPPED_IN)
    visit.set_cookie(response, SESSION, DEMO_PREFIX + token)
    return response


def _demo_only(visit: Visit) -> None:
    if not visit.gate.node.demo:
        raise NotFound("there is no such page here")


def _role(step: StepIn) -> DemoRole:
    return DemoRole(
        key=step.key,
        role=step.role,
        name=Words(en=step.name_en, zh=step.name_zh),
        facility=Words(en=step.facility.name_en, zh=step.facility.name_zh) if step.facility else None,
    )


ROUTES = [
    Route(Address.HOME, home, methods=["GET"], name="home"),
    Route(Address.LOG, log, methods=["GET"], name="log"),
    Route(Address.DEMO, demo, methods=["GET"], name="demo"),
    Route(Address.DEMO, step_in, methods=["POST"], name="step-in"),
]
