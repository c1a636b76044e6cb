"""A real node in this process, with hospitals and principals, for tests of the journeys that cross rooms."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
from anyio.from_thread import BlockingPortal, start_blocking_portal

from prepared import PYTESTS, chosen, prepare
from salus import access, identity, parties, records
from salus.app import Node, Visit, accept, arrive, demo_token, load_settings, open_node
from salus.kernel import FixedClock, Purpose, Role, parse_instant
from salus.parties import FacilityKind, Principal, parse_scopes, principal
from salus.records import Accepted, Intent
from salus.storage import Duty
from salus.web.serve import application

START = parse_instant("2031-03-01T08:00:00Z")
ID_CARD = "urn:oid:2.16.156.10011.1.3"


def let_the_database_in(folder: Path) -> None:
    """Let the database's own user pass through what a test or a bench made for itself, as far as nobody may yet.

    That is pytest's folder and what lies in it, or a folder of `tempfile`. ValueError where the way leads through any
    other private folder: whose it is we do not know, and its mode is left alone.
    """
    way = [folder, *folder.parents]
    roots = [place for place, one in enumerate(way) if one.name.startswith(PYTESTS)]
    roots = roots or [place for place, one in enumerate(way) if one.parent == Path(tempfile.gettempdir())]
    made = way[: roots[0] + 1] if roots else []
    closed = [one for one in way if not one.stat().st_mode & 0o001]
    foreign = [one for one in closed if one not in made]
    if foreign:
        raise ValueError(f"the database's user may not pass through {foreign[0]}, which no test made")
    for one in closed:
        one.chmod(0o711)


@contextmanager
def a_node(folder: Path, *facilities: str) -> Iterator[Node]:
    """Open a fresh demo node below `folder` whose clock stands still, with these hospitals registered."""
    let_the_database_in(folder)
    prepare(folder / "data")
    given = {"data": folder / "data", "postgres": chosen()}
    with open_node(load_settings(environment={}, given=given), "demo") as node:
        node.clock = FixedClock(START)
        parties.add_organisation(node.store, organisation_id="Group", name_en="Group", name_zh="集团")
        for facility in facilities:
            add_hospital(node, facility)
        yield node


def add_hospital(
    node: Node, facility: str, kind: FacilityKind = FacilityKind.HOSPITAL, *, organisation: str = "Group"
) -> None:
    """Register a facility."""
    parties.add_facility(
        node.store,
        facility_id=facility,
        name_en=f"Hospital {facility}",
        name_zh=f"医院{facility}",
        level=3,
        kind=kind,
        county="900101",
        organisation=organisation,
    )


def system(facility: str = "H1") -> Principal:
    """A hospital's system that treats, and may do everything that a system may."""
    scopes = parse_scopes("system/*.cruds")
    return principal(
        Role.HOSPITAL_SYSTEM, f"system-{facility}", facility=facility, purpose=Purpose.TREAT, scopes=scopes
    )


def clinician(facility: str = "H1") -> Principal:
    """A clinician who treats."""
    return principal(Role.CLINICIAN, f"clinician-{facility}", facility=facility, purpose=Purpose.TREAT, strong=True)


def reception(facility: str = "H1") -> Principal:
    """Somebody at the desk."""
    return principal(Role.RECEPTION, f"reception-{facility}", facility=facility, purpose=Purpose.TREAT, strong=True)


def received(node: Node, who: Principal, number: str) -> Visit:
    """Let the desk type a number, and then somebody else: two people saw the resident, so that it lasts a day."""
    arrive(node, reception(who.facility or ""), number)
    return arrive(node, who, number)


def the_resident(resident: UUID) -> Principal:
    """A resident who asks for the own record."""
    return principal(Role.RESIDENT, f"account-{resident}", resident=resident, purpose=Purpose.PATRQT, strong=True)


def send(node: Node, who: Principal, *resources: dict[str, Any]) -> Accepted:
    """Send resources as one transaction, read from bytes as they would arrive."""
    parsed = [records.parse(orjson.dumps(one)) for one in resources]
    urls = [one.pop("fullUrl", None) for one in parsed]
    intents = [
        Intent(verb="create", resource=one, full_url=url, entry=n)
        for n, (one, url) in enumerate(zip(parsed, urls, strict=True))
    ]
    return accept(node, who, intents)


def update(node: Node, who: Principal, resource: dict[str, Any], if_match: str | None = None) -> Accepted:
    """Send an update of a resource under its own id."""
    parsed = records.parse(orjson.dumps(resource))
    return accept(node, who, [records.of_update(parsed, parsed["resourceType"], parsed["id"], if_match)])


def read_back(node: Node, *ids: UUID) -> list[dict[str, Any]]:
    """Open stored resources with the node's own keys."""
    with node.store.transaction(Duty.CARE) as tx:
        found = records.fetch(tx, ids)
    keys = node.keys.unwrap([one.chart_key for one in found])
    return [orjson.loads(records.open_body(one, keys, access.whole(keys))) for one in found]


def a_patient(*numbers: str, **more: Any) -> dict[str, Any]:
    """A Patient with identity numbers."""
    identifiers = [{"system": ID_CARD, "value": number} for number in numbers]
    return {"resourceType": "Patient", **({"identifier": identifiers} if numbers else {}), **more}


def an_observation(patient: str, **more: Any) -> dict[str, Any]:
    """A final Observation of a patient."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "subject": {"reference": patient},
        **more,
    }


def a_number(order: int, born: str = "19800101") -> str:
    """A valid identity number of an area that is assigned to nobody; another for each order below 1,000."""
    digits = f"900101{born}{order:03}"
    return digits + identity.check_character(digits)


def resident_of(node: Node, done: Accepted) -> int:
    """Return the one resident whom something accepted belongs to."""
    found: Sequence[int] = sorted(set(done.residents.values()))
    assert len(found) == 1
    return found[0]


class Asking:
    """A client of a node's whole application: middleware, routes and database, without a socket."""

    def __init__(self, portal: BlockingPortal, client: httpx.AsyncClient) -> None:
        self._portal = portal
        self.client = client

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request; `more` is httpx's."""
        return self._portal.call(partial(self.client.request, method, path, **more))


@contextmanager
def asking(node: Node, role: Role | None = None, facility: str = "H1") -> Iterator[Asking]:
    """Lend a client, with a bearer token of a role if one is named."""
    app, headers = application(node, relay=False), {"Content-Type": "application/fhir+json"}
    if role:
        headers["Authorization"] = f"Bearer {demo_token(node, role, facility, None, None)}"
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=node.settings.public_url, headers=headers
        )
        with portal.wrap_async_context_manager(client):
            yield Asking(portal, client)
