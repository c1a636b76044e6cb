"""Two worlds that differ in what one hospital wrote of one resident and is closed, and every question asked of both.

In the first world H1 wrote a `secret`, a `visit` for it, and an entry that it deleted again, `gone`; in its
twin nothing of that exists, and these names stand for random ids. All else is the same, to the instant.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import orjson

from consenting import ICD10, NUMBER
from nodes import Asking, a_node, a_patient, asking, clinician, resident_of, send, system, the_resident, update
from salus import identity, records
from salus.app import Node, accept, arrive, demo_token, my_code
from salus.app.classifying import classify_some
from salus.kernel import Role, new_id
from salus.storage import Duty
from visiting import Visitor

SECRET = "kingfisher-at-dusk"
HIDDEN = ("secret", "visit", "gone")
FHIR = "application/fhir+json"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PATCH = {"Content-Type": "application/json-patch+json"}
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_RANDOM = (
    re.compile(r"(?<=_cursor=)[\w%.~=-]+"),
    re.compile(r'(?<=name="csrf" value=")\w+'),
    re.compile(r"(?s)<svg.*?</svg>"),
    re.compile(r'(?<=<code class="salus-hex">)[\w-]+(?=</code>)'),
    re.compile(r'(?<="valueString":")V-[0-9A-Z]{5}-[0-9A-Z]{5}(?=")'),
)
"""Cursors, tokens of forms, a slip's key, once as a picture, and a visit's reference, for which each node has a key."""
_MOST_PAGES = 20

PEOPLE: Mapping[str, tuple[Role, str]] = {
    "system": (Role.HOSPITAL_SYSTEM, "H2"),
    "clinician": (Role.CLINICIAN, "H2"),
    "stranger": (Role.HOSPITAL_SYSTEM, "H3"),
    "resident": (Role.RESIDENT, "H1"),
    "writer": (Role.HOSPITAL_SYSTEM, "H1"),
}
AT_A_BROWSER: Mapping[str, tuple[Role, str]] = {
    "clinician": (Role.CLINICIAN, "H2"),
    "reception": (Role.RECEPTION, "H2"),
    "resident": (Role.RESIDENT, "H1"),
    "writer": (Role.CLINICIAN, "H1"),
}
OTHERS = frozenset({"system", "clinician", "stranger", "reception"})
"""Those who neither wrote what is closed nor are its resident; only the stranger is in no care relation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question. Names in braces stand for what a world has: `{patient}`, `{secret}`; `note` says what is sent."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    def __str__(self) -> str:
        told = [f"{name}: {value}" for name, value in self.headers.items() if name not in ("Content-Type", "Prefer")]
        sent = [self.body] if isinstance(self.body, str) else []
        return " ".join([self.method, self.path, *told, *sent, *([f"({self.note})"] if self.note else [])])


@dataclass(frozen=True, slots=True)
class World:
    """A node, a client of it, and what the names of questions stand for."""

    node: Node
    client: Asking
    names: Mapping[str, str]

    def token(self, role: Role, facility: str) -> str:
        """Return a bearer token of a role."""
        resident = self.names["resident"] if role is Role.RESIDENT else None
        return demo_token(self.node, role, facility, resident, None)

    def visitor(self, role: Role, facility: str) -> Visitor:
        """Return somebody at a browser."""
        return Visitor(self.node, self.client, role, facility, self.names["resident"] if role is Role.RESIDENT else "")

    def ask(self, ask: Ask, token: str) -> list[httpx.Response]:
        """Return the answer to a question, and all further pages of it."""
        headers = {"Authorization": f"Bearer {token}", **{k: self.filled(v) for k, v in ask.headers.items()}}
        sent = {} if ask.body is None else {"content": self._sent(ask)}
        found = [self.client.ask(ask.method, self.filled(f"/fhir{ask.path}"), headers=headers, **sent)]
        while ask.method == "GET" and (following := _next(found[-1])):
            assert len(found) < _MOST_PAGES, ask
            found.append(self.client.ask("GET", following, headers=headers))
        return found

    def _sent(self, ask: Ask) -> bytes:
        if isinstance(ask.body, str):
            return self.filled(ask.body).encode()
        told = orjson.loads(self.filled(orjson.dumps(ask.body).decode()))
        for entry in told.get("entry", ()) if isinstance(told, dict) else ():
            patch = entry.get("resource", {})
            if patch.get("resourceType") == "Binary":
                patch["data"] = base64.b64encode(orjson.dumps(patch["data"])).decode()
        return orjson.dumps(told)

    def page(self, ask: Ask, visitor: Visitor) -> list[httpx.Response]:
        """Return the answer to a question at a browser; its body is a form's fields.

        The one screen of an emergency is found through the form that opens it alone: there it is asked for, too.
        """
        path = self.filled(ask.path)
        if ask.method == "GET":
            return [visitor.get(path)]
        answer = visitor.post(path, **{name: self.filled(value) for name, value in ask.body.items()})
        led = str(answer.headers.get("location", ""))
        return [answer, visitor.get(led)] if led.startswith("/emergency/") else [answer]

    def filled(self, text: str) -> str:
        """Return a question's text with this world's names."""
        for name, value in self.names.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def bare(self, answer: httpx.Response) -> str:
        """Return all of an answer, its random parts by the names that they have in either world."""
        drawn = "<svg" in answer.text  # how long a picture of a random key is tells nothing
        headers = answer.headers.multi_items()
        told = [f"{name}: {value}" for name, value in headers if not (drawn and name == "content-length")]
        text = "\n".join([str(answer.status_code), *told, answer.text])
        for name, value in self.names.items():
            text = text.replace(value, f"{{{name}}}")
        others: dict[str, str] = {}
        text = _UUID.sub(lambda found: others.setdefault(found[0], f"{{id {len(others)}}}"), text)
        for pattern in _RANDOM:
            text = pattern.sub("{random}", text)
        return text


def _next(answer: httpx.Response) -> str | None:
    if not answer.content or "json" not in answer.headers.get("content-type", ""):
        return None
    links = orjson.loads(answer.content).get("link", ())
    found = [one["url"] for one in links if isinstance(one, dict) and one.get("relation") == "next"]
    return f"{urlsplit(found[0]).path}?{urlsplit(found[0]).query}" if found else None


@contextmanager
def a_world(folder: Path, *, secret: bool) -> Iterator[World]:
    """Open a world; the resident is at H2 now, and at H1, and was never at H3."""
    with ExitStack() as stack:
        node = stack.enter_context(a_node(folder, "H1", "H2", "H3"))
        client = stack.enter_context(asking(node))
        done = send(node, system("H1"), *_plain())
        names = {name: str(one.id) for name, one in zip(("patient", "stay", "asthma"), done.outcomes, strict=True)}
        names |= _hidden(node, names) if secret else {name: str(new_id()) for name in HIDDEN}
        while classify_some(node):
            pass
        key = resident_of(node, done)
        with node.store.transaction(Duty.CARE) as tx:
            names["resident"] = str(identity.residents(tx, [key])[key].resident_id)
        for facility in ("H1", "H2"):
            arrive(node, clinician(facility), NUMBER)
        theirs = send(node, system("H2"), a_patient(NUMBER, fullUrl="urn:uuid:p"), a_condition("I10", "urn:uuid:p"))
        names |= {"own": str(theirs.outcomes[0].id), "theirs": str(theirs.outcomes[1].id)}
        names["base"] = node.settings.public_url
        names["code"] = my_code(node, the_resident(UUID(names["resident"]))).code
        yield World(node, client, names)


def a_condition(code: str, patient: str, text: str = "a finding", **more: Any) -> dict[str, Any]:
    """A Condition with one ICD-10 code and words."""
    coded = {"coding": [{"system": ICD10, "code": code}], "text": text}
    return {"resourceType": "Condition", "code": coded, "subject": {"reference": patient}, **more}


def an_encounter(patient: str, **more: Any) -> dict[str, Any]:
    """A visit that is over."""
    told = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": told,
        "subject": {"reference": patient},
        **more,
    }


def _plain() -> Iterator[dict[str, Any]]:
    yield a_patient(NUMBER, fullUrl="urn:uuid:p", name=[{"text": "王芳"}], gender="female", birthDate="1980-01-01")
    yield an_encounter("urn:uuid:p", fullUrl="urn:uuid:s")
    yield a_condition("J45.9", "urn:uuid:p", encounter={"reference": "urn:uuid:s"})


def _hidden(node: Node, names: Mapping[str, str]) -> dict[str, str]:
    """Write what becomes closed: a finding that nothing is known of at first, and a visit for it."""
    h1, patient = system("H1"), f"Patient/{names['patient']}"
    stay = {"reference": f"Encounter/{names['stay']}"}
    first = a_condition("R69", patient, fullUrl="urn:uuid:x", encounter=stay)
    visit = an_encounter(patient, diagnosis=[{"condition": {"reference": "urn:uuid:x"}}])
    done = send(node, h1, first, visit, a_condition("B20.1", patient, SECRET))
    found = dict(zip(HIDDEN, (str(one.id) for one in done.outcomes), strict=True))
    update(node, h1, a_condition("B20.1", patient, SECRET, id=found["secret"], encounter=stay))
    accept(node, h1, [records.of_delete("Condition", found["gone"], None)])
    return found


def bundled(asks: Iterable[Ask]) -> Iterator[Ask]:
    """Yield each question that an entry can ask as a transaction of its own, then all of them as a batch."""
    entries = []
    for ask in asks:
        if "$" in ask.path or "/_search" in ask.path or ask.path.partition("?")[0].endswith("/_history"):
            continue
        entries.append(entry := _entry(ask))
        yield Ask(method="POST", path="", body=_bundle("transaction", [entry]), headers=_WHOLE, note=str(ask))
    yield Ask(method="POST", path="/", body=_bundle("batch", entries), headers=_WHOLE, note=f"{len(entries)} entries")


_WHOLE = {"Prefer": "return=representation"}
_IN_BUNDLES = {"If-None-Match": "ifNoneMatch", "If-None-Exist": "ifNoneExist", "If-Match": "ifMatch"}
_IN_BUNDLES |= {"If-Modified-Since": "ifModifiedSince"}


def _entry(ask: Ask) -> dict[str, Any]:
    request = {"method": ask.method, "url": ask.path.removeprefix("/")}
    request |= {_IN_BUNDLES[name]: value for name, value in ask.headers.items() if name in _IN_BUNDLES}
    if ask.body is None:
        return {"request": request}
    patch = {"resourceType": "Binary", "contentType": PATCH["Content-Type"], "data": ask.body}
    return {"request": request, "resource": patch if ask.method == "PATCH" else ask.body}


def _bundle(kind: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def parameters(*values: tuple[str, str, Any]) -> dict[str, Any]:
    """Return Parameters: each a name, the element that holds the value, and the value."""
    listed = [{"name": name, element: value} for name, element, value in values]
    return {"resourceType": "Parameters"} | ({"parameter": listed} if listed else {})


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody was told in a world: of each page of an answer its status, its header on closing, and all of it."""

    statuses: tuple[int, ...]
    closed: tuple[str | None, ...]
    bare: tuple[str, ...]

    @property
    def shows(self) -> bool:
        """Tell whether the secret's words stand in it."""
        return any(SECRET in one for one in self.bare)


Walk = dict[tuple[str, int], Told]
"""What was told, by who asked and the place of the question in its list."""


def walk(folder: Path, asks: Mapping[str, Sequence[Ask]], pages: Sequence[Ask], *, secret: bool) -> tuple[Walk, Walk]:
    """Open a world and ask it all; return the answers, and the pages. Whoever may change what is closed asks last."""
    folder.mkdir()
    answers, shown = Walk(), Walk()
    with a_world(folder, secret=secret) as world:
        for who, person in PEOPLE.items():
            if who == "resident":  # from here on what is closed is changed
                for visiting, role in AT_A_BROWSER.items():
                    visitor = world.visitor(*role)
                    for place, ask in enumerate(pages):
                        shown[visiting, place] = _told(world, world.page(ask, visitor))
            token = world.token(*person)
            for place, ask in enumerate(asks[who]):
                answers[who, place] = _told(world, world.ask(ask, token))
    return answers, shown


def _told(world: World, answers: Sequence[httpx.Response]) -> Told:
    return Told(
        statuses=tuple(one.status_code for one in answers),
        closed=tuple(one.headers.get("Salus-Closed") for one in answers),
        bare=tuple(world.bare(one) for one in answers),
    )
