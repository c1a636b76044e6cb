"""Whatever a node has is listed: a new route, setting, role, purpose, event or leaf fails until it is named here."""

from __future__ import annotations

import ast
import dataclasses
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from salus.access import Action
from salus.app import NodeSettings
from salus.kernel import Purpose, Role
from salus.ledger.model import KINDS
from salus.parties import ROLE_PURPOSES, Facility, FacilityKind
from salus.web.fhir import INTERACTIONS
from salus.web.routes import all_routes
from serving import Serving, serving
from support import REPOSITORY

GOLDEN = REPOSITORY / "tests" / "golden" / "routes.txt"
SOURCE = REPOSITORY / "src" / "salus"
IGNORED = {"HEAD", "OPTIONS"}  # HEAD is GET without its body; OPTIONS is answered by the same refusal as DELETE
PUBLIC = {"anybody", "anybody, on a demo node only", "nobody", "who has an account", "who holds an invitation"}
BY_ASSERTION = "a registered system, by its signed assertion"
SOMETHING = {
    "type": "Patient",
    "id": "00000000-0000-4000-8000-000000000000",
    "rest:path": "a/b/c",
    "path:path": "checkpoint",
    "resident": "00000000-0000-4000-8000-000000000000",
    "place": "1-0",
    "receipt": "0123456789ab",
    "question": "1",
    "directive": "00000000-0000-4000-8000-000000000000",
    "appeal": "00" * 32,
    "share": "00000000-0000-4000-8000-000000000000",
    "brought": "00000000-0000-4000-8000-000000000000",
    "certificate": "00000000-0000-4000-8000-000000000000",
    "day": "2000-01-01",
    "kid": "a-key-of-nobody",
    "series": "school-absence",
    "signal": "00000000-0000-4000-8000-000000000000",
    "incident": "00000000-0000-4000-8000-000000000000",
    "order": "00000000-0000-4000-8000-000000000000",
    "task": "00000000-0000-4000-8000-000000000000",
    "phone": "00000000-0000-4000-8000-000000000000",
    "opening": "00000000-0000-4000-8000-000000000000",
    "number": "1",
    "version": "1",
}
SETTINGS = {
    "clock": "when a new demo node's clock starts; refused elsewhere",
    "country": "two letters in certificates for other systems; no right hangs on it",
    "data": "where everything lies",
    "host": "where to listen; beyond loopback only with TLS",
    "mllp_certificate": "what senders of messages know the node by",
    "mllp_clients": "whose certificates are let in; which system each is, the registered key alone says",
    "mllp_host": "where to take messages; beyond loopback only with client certificates",
    "mllp_key": "what the node proves it with",
    "mllp_port": "where to take messages; nowhere by default",
    "mllp_senders": "which facility each MSH-4 is; over TLS the certificate has to bear it out",
    "name": "the node's public name, fixed at its first start",
    "pkcs11_module": "the library of a hardware token, in which new keys for certificates are made",
    "pkcs11_pin_file": "what opens the token",
    "pkcs11_token": "which of its tokens",
    "passphrase_file": "opens the custodian's sealed keys",
    "plans": "by which plans follow-up is due; nothing follows from being late",
    "port": "where to listen",
    "postgres": "which database server",
    "register_people": "for how many people it is weighed whose records are whose; of more, rules link less",
    "tls_certificate": "what others know the node by",
    "tls_key": "what the node proves it with",
    "url": "the address that others use",
    "witnesses": "who cosigns the log, and where they answer; how many must agree is a constant rule",
}
ROLES = {
    Role.HOSPITAL_SYSTEM: (Purpose.TREAT, Purpose.HOPERAT),
    Role.SAMPLING_SITE: (Purpose.TREAT,),
    Role.LABORATORY: (Purpose.TREAT,),
    Role.DEPARTMENT_SYSTEM: (Purpose.PUBHLTH,),
    Role.CLINICIAN: (Purpose.TREAT, Purpose.ETREAT),
    Role.RECEPTION: (Purpose.TREAT,),
    Role.RESIDENT: (Purpose.PATRQT,),
    Role.EPIDEMIOLOGIST: (Purpose.PUBHLTH,),
    Role.COMMANDER: (Purpose.PUBHLTH,),
    Role.APPEAL_OFFICER: (Purpose.PATRQT,),
    Role.INDEX_REVIEWER: (Purpose.HOPERAT,),
    Role.ACCESS_REVIEWER: (Purpose.HOPERAT,),
    Role.AUDITOR: (),
    Role.OPERATOR: (),
}
UNGRANTED = {Purpose.HRESCH}  # in the closed list; no role may name them yet
ACTIONS = (
    "answer-appeal break-glass change-consent close-for-resident command commit-specimen contest create"
    " delete explain-links hand-exposures-over import invite-resident judge-identity link-charts match-identity"
    " open-notice"
    " open-relation print-code read read-code read-consent read-identity read-in-emergency read-notice"
    " read-quality read-register read-signals read-situation read-summary read-work-list replace-code"
    " report-identity report-resources resolve-code review-emergency search send-counts show-given-code"
    " sign-result take-certificate update verify-signal"
)
EVENTS = {"RecordAccepted": "records/intake/accept.py", "ResidentsChanged": "identity/linking/service.py"}
LEAVES = {
    "node",
    "anchor",
    "party-key",
    "party-key-end",
    "publication",
    "specimen",
    "result",
    "decision",
    "exposure",
    "exposure-end",
    "appeal-opened",
    "appeal-closed",
    "order",
    "refusals",
    "break-glass",
    "disclosure",
    "grace",
    "shred",
    "unwraps",
    "veto",
    "void",
    "voids",
    "certificates",
}
# Whether it is a place of care, which may resolve identity codes.
FACILITIES = {
    FacilityKind.HOSPITAL: True,
    FacilityKind.CLINIC: True,
    FacilityKind.COMMUNITY_HEALTH_CENTRE: True,
    FacilityKind.TOWNSHIP_HEALTH_CENTRE: True,
    FacilityKind.VILLAGE_CLINIC: True,
    FacilityKind.MATERNAL_AND_CHILD_CENTRE: True,
    FacilityKind.EMERGENCY_CENTRE: True,
    FacilityKind.LABORATORY: False,
    FacilityKind.SAMPLING_SITE: False,
    FacilityKind.DISEASE_CONTROL_CENTRE: False,
    FacilityKind.COMMAND_CENTRE: False,
    FacilityKind.REVIEW_BOARD: False,
    FacilityKind.DEPARTMENT: False,
}


def listed() -> dict[tuple[str, str], tuple[str, str]]:
    """Read the golden table: (method, path) -> (answer without credentials, who)."""
    rows = [line.split(maxsplit=3) for line in GOLDEN.read_text("utf-8").splitlines()[4:]]
    return {(method, path): (alone, who) for method, path, alone, who in rows}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("routes")) as opened:
        until = time.monotonic() + 60
        while opened.get("/log/checkpoint").status_code != 200 and time.monotonic() < until:
            time.sleep(0.1)  # a demo node closes its first batch right after it listens
        yield opened


def test_every_route_stands_in_the_table() -> None:
    found = {
        (method, route.path)  # type: ignore[attr-defined]
        for route in all_routes()
        for method in (getattr(route, "methods", None) or {"GET"}) - IGNORED
    }

    assert set(listed()) == found


def test_the_table_names_who_the_code_names() -> None:
    told = {(i.method, f"/fhir{i.path}"): i.access for i in INTERACTIONS}

    assert {place: who for place, (_, who) in listed().items() if place in told} == told
    named = {action for who in told.values() for action in who.removeprefix("policy: ").split(", ")}
    assert named - {"anybody", "nobody"} <= {action.value for action in Action}


@pytest.mark.parametrize("route", listed(), ids=" ".join)
def test_without_credentials_a_route_answers_what_the_table_says(node: Serving, route: tuple[str, str]) -> None:
    method, path = route
    alone, who = listed()[route]
    filled = re.sub(r"{([\w:]+)}", lambda found: SOMETHING[found[1]], path)
    filled = "/static/manifest.json" if path == "/static" else filled
    headers = {"Content-Type": "application/fhir+json"} if path.startswith("/fhir") else {}

    answer = node.ask(method, filled, content=None if method == "GET" else b"", headers=headers)

    assert answer.status_code == int(alone)
    if who not in PUBLIC | {BY_ASSERTION}:
        assert answer.status_code in (401, 303, 403)
        assert answer.status_code != 303 or answer.headers["location"].startswith("/sign-in?")


def test_a_token_that_is_not_ours_opens_no_more_than_none(node: Serving) -> None:
    for (method, path), (alone, who) in listed().items():
        if who.startswith("policy"):
            filled = re.sub(r"{([\w:]+)}", lambda found: SOMETHING[found[1]], path)
            headers = {"Content-Type": "application/fhir+json"}
            assert node.ask(method, filled, "e30.e30.e30", b"{}", headers).status_code == int(alone)


def test_every_setting_is_listed_and_none_carries_a_right() -> None:
    assert {field.name for field in dataclasses.fields(NodeSettings)} == set(SETTINGS)


def test_every_role_and_purpose_is_listed() -> None:
    assert set(Role) == set(ROLES)
    assert {role: tuple(purposes) for role, purposes in ROLE_PURPOSES.items()} == ROLES
    assert set(Purpose) == {purpose for purposes in ROLES.values() for purpose in purposes} | UNGRANTED


def test_every_action_is_listed() -> None:
    assert {action.value for action in Action} == set(ACTIONS.split())


def test_every_kind_of_event_is_listed() -> None:
    found = {}
    for path in SOURCE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "emit":
                found[_text(call, path)] = path.relative_to(SOURCE).as_posix()

    assert found == EVENTS


@pytest.mark.parametrize("kind", FacilityKind)
def test_every_kind_of_facility_is_listed_with_whether_it_cares(kind: FacilityKind) -> None:
    names = {"name_en": "F", "name_zh": "院", "organisation": "Group"}
    place = Facility(facility_id="F", level=1, kind=kind, county="900101", **names)

    assert place.care is FACILITIES[kind]


def test_every_kind_of_leaf_is_listed() -> None:
    assert set(KINDS) == LEAVES


def _text(call: ast.Call, path: Path) -> str:
    kind = call.args[0]
    assert isinstance(kind, ast.Constant), f"{path.name} emits an event whose kind is no literal"
    return str(kind.value)
