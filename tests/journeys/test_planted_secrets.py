"""One thousand secrets go in through every door; then every byte that is left behind is searched for them."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, cycle, repeat
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pyotp
import pytest

from journeys.killing import ENVIRONMENT, NodeUnderTest, folder_of_its_own
from journeys.searching import Secrets, forms, invent, leaks
from salus.app import load_settings, open_node
from salus.storage import Duty

pytestmark = [pytest.mark.slow]
ID_CARD = "urn:oid:2.16.156.10011.1.3"
MRN = "urn:salus:facility:H1:mrn"
DECOY = "Unverborgenheit-7f3a"
FHIR = {"Content-Type": "application/fhir+json"}
HTML = {"Accept": "text/html"}
ODD = "Gnarliness"
"""What no type, element or parameter is called; refusals do repeat such names, in ASCII letters, and no value."""
Body = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Doors:
    """The doors of a node. Notes what goes in, every answer that was an error, and the secrets that the node made."""

    node: NodeUnderTest
    fhir: httpx.Client
    pages: httpx.Client
    sent: bytearray = field(default_factory=bytearray)
    stored: int = 0
    errors: list[tuple[str, bytes]] = field(default_factory=list)
    made: list[str] = field(default_factory=list)

    def send(
        self, client: httpx.Client, method: str, path: str, expect: int | None = None, **what: Any
    ) -> httpx.Response:
        """Send a request and inspect how it was answered."""
        answer = client.request(method, path, **what)
        if expect is not None:
            assert answer.status_code == expect, f"{method}: {answer.status_code} {answer.text[:400]}"
        self.note(answer)
        return answer

    def note(self, answer: httpx.Response) -> None:
        """Keep what was sent, and the whole answer if it refuses."""
        request = answer.request
        self.sent += str(request.url).encode() + b"\n" + request.content
        self.sent += b"\n".join(value for _, value in request.headers.raw) + b"\n"
        if answer.status_code >= 400:
            shown = b"\n".join(name + b": " + value for name, value in answer.headers.raw)
            self.errors.append((f"{request.method} {answer.status_code}", shown + b"\n\n" + answer.content))
        else:
            self.stored += request.method in ("POST", "PUT")


def test_a_thousand_planted_secrets_lie_nowhere_in_the_clear(capsys: pytest.CaptureFixture[str]) -> None:
    secrets = invent(Random(20310301))
    with folder_of_its_own() as folder, running(folder) as node:
        doors = opened(node)
        plant(doors, secrets, folder)
        unsent = [secret for secret in secrets.all() if not any(form in doors.sent for form in forms(secret))]
        write_errors(doors, folder)
        leave_a_decoy_row(node)
        node.kill_salus()
        node.kill_postgres()
        after_kill = search([*secrets.all(), *doors.made], folder)
        node.start()
        node.await_health()
        node.stop()
        after_stop = search([*secrets.all(), *doors.made], folder)
        say(capsys, doors, folder, [*after_kill, *after_stop])

        assert unsent == []
        assert told(after_kill) == set()
        assert told(after_stop) == set()


def test_the_search_finds_every_form_of_every_secret(tmp_path: Path) -> None:
    secrets = invent(Random(20310301)).all()
    wanted = {form for secret in secrets for form in forms(secret)}
    decoy = tmp_path / "deep" / "decoy.bin"
    decoy.parent.mkdir()
    decoy.write_bytes(b"\x00\n\xff".join(wanted))

    found = leaks(secrets, [tmp_path], tmp_path / "patterns")

    assert len(secrets) == len(set(secrets)) == 1000
    assert {form for _, _, form in found} == wanted
    assert {path for path, _, _ in found} == {decoy}


@contextmanager
def running(folder: Path) -> Iterator[NodeUnderTest]:
    """Run a node whose temporary files stay in the folder."""
    (folder / "temporary").mkdir()
    (folder / "temporary").chmod(0o777)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENVIRONMENT, "TMPDIR", str(folder / "temporary"))
        node = NodeUnderTest(folder)
        node.start()
        try:
            node.await_health()
            yield node
        finally:
            node.stop()
            with suppress(ProcessLookupError):
                for pid in node.postgres():
                    os.kill(pid, signal.SIGQUIT)


def opened(node: NodeUnderTest) -> Doors:
    """Open the doors: a hospital's system, and a receptionist's browser."""
    bearer = {"Authorization": f"Bearer {node.hospital_token()}"}
    node.command("facility", "invite", "--role", "reception", "--facility", "H1", "--name", "Desk", "--name-zh", "窗口")
    base = f"http://127.0.0.1:{node.port}"
    doors = Doors(
        node=node,
        fhir=httpx.Client(base_url=base, headers=bearer, timeout=300),
        pages=httpx.Client(base_url=base, headers=HTML, timeout=300),
    )
    doors.made.append(bearer["Authorization"].rpartition(".")[2])
    key = re.search(r'value="(staff:[^"]+)"', doors.pages.get("/demo").text)
    assert key
    doors.send(doors.pages, "POST", "/demo", 303, data={"csrf": csrf(doors.pages, "/demo"), "key": key[1]})
    return doors


def plant(doors: Doors, secrets: Secrets, folder: Path) -> None:
    """Bring every secret in through many doors."""
    people = list(zip(secrets.chinese, secrets.latin, secrets.numbers, cycle(secrets.phones), strict=False))
    once = chain(secrets.identifiers, repeat(""))  # a hospital gives a number once
    patients = [patient(*person, value) for person, value in zip(people, once, strict=False)]
    by_create(doors, patients[:40], secrets)
    by_bundle(doors, patients[40:100], secrets, "transaction")
    by_bundle(doors, patients[100:140], secrets, "batch")
    by_import(doors, patients[140:], secrets, folder)
    by_search(doors, secrets)
    by_account(doors, secrets)
    at_the_desk(doors, secrets)
    at_the_sign_in(doors, secrets)
    by_wrong_requests(doors, secrets)
    by_wrong_bodies(doors, secrets)


def patient(chinese: str, latin: str, number: str, phone: str, identifier: str) -> Body:
    """Return a Patient made of secrets."""
    return {
        "resourceType": "Patient",
        "identifier": [
            {"system": ID_CARD, "value": number},
            *([{"system": MRN, "value": identifier}] if identifier else []),
        ],
        "name": [{"text": chinese}, {"family": latin, "given": [latin]}],
        "telecom": [{"system": "phone", "value": phone}],
        "contact": [{"name": {"text": chinese}}],
    }


def condition(subject: str, diagnosis: str) -> Body:
    """Return a Condition whose every text is a diagnosis."""
    return {
        "resourceType": "Condition",
        "subject": {"reference": subject},
        "code": {"text": diagnosis, "coding": [{"system": "http://snomed.info/sct", "display": diagnosis}]},
        "note": [{"text": diagnosis}],
    }


def by_create(doors: Doors, patients: list[Body], secrets: Secrets) -> None:
    """Create, read, and update with something else that is secret."""
    for one, diagnosis, name in zip(patients, cycle(secrets.diagnoses), reversed(secrets.latin), strict=False):
        made = doors.send(doors.fhir, "POST", "/fhir/Patient", 201, json=one, headers=FHIR).json()
        subject = f"Patient/{made['id']}"
        doors.send(doors.fhir, "POST", "/fhir/Condition", 201, json=condition(subject, diagnosis), headers=FHIR)
        doors.send(doors.fhir, "GET", f"/fhir/{subject}", 200)
        changed = {**one, "id": made["id"], "name": [{"text": name}]}
        doors.send(doors.fhir, "PUT", f"/fhir/{subject}", 200, json=changed, headers=FHIR)


def bundle(patients: list[Body], secrets: Secrets, kind: str) -> Body:
    """Return a bundle of patients with a diagnosis each."""
    entries = []
    for place, (one, diagnosis) in enumerate(zip(patients, cycle(secrets.diagnoses), strict=False)):
        url = f"urn:uuid:00000000-0000-4000-8000-{place:012}"
        post = {"method": "POST"}
        entries.append({"fullUrl": url, "resource": one, "request": post | {"url": "Patient"}})
        if kind == "transaction":
            entries.append({"resource": condition(url, diagnosis), "request": post | {"url": "Condition"}})
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def by_bundle(doors: Doors, patients: list[Body], secrets: Secrets, kind: str) -> None:
    """Send a bundle that is right, and one with a wrong entry and a reference into nowhere."""
    doors.send(doors.fhir, "POST", "/fhir", 200, json=bundle(patients, secrets, kind), headers=FHIR)
    wrong = bundle(patients[:3], secrets, kind)
    wrong["entry"][0]["resource"]["birthDate"] = secrets.latin[0]
    wrong["entry"].append({"resource": condition(f"Patient/{secrets.latin[1]}", secrets.diagnoses[1])})
    wrong["entry"].append({"request": {"method": "GET", "url": f"Patient?identifier=|{secrets.identifiers[3]}&x=1"}})
    wrong["entry"].append({"request": {"method": "GET", "url": f"Patient/{secrets.latin[2]}"}})
    answer = doors.send(doors.fhir, "POST", "/fhir", json=wrong, headers=FHIR)
    for entry in answer.json().get("entry", ()):
        if not entry["response"]["status"].startswith("2"):
            doors.errors.append((f"{kind} entry", json.dumps(entry, ensure_ascii=False).encode()))


def by_import(doors: Doors, patients: list[Body], secrets: Secrets, folder: Path) -> None:
    """Import a file with good lines and bad; the file itself lies outside what is searched."""
    half = len(patients) // 2
    lines = [json.dumps(bundle(patients[:half], secrets, "transaction"), ensure_ascii=False)]
    lines += [json.dumps(one, ensure_ascii=False) for one in patients[half:]]
    lines += [lines[-1][:-9], json.dumps(patients[0] | {ODD: secrets.phones[5]})]
    lines += [json.dumps(condition(f"Patient/{secrets.identifiers[6]}", secrets.diagnoses[6]), ensure_ascii=False)]
    text = "\n".join(lines).encode()
    doors.sent += text
    with folder_of_its_own() as elsewhere:
        file = elsewhere / "sent.ndjson.gz"
        file.write_bytes(gzip.compress(text))
        done = subprocess.run(
            [sys.executable, "-m", "salus", "import", str(file), "--data", str(doors.node.data), "--facility", "H1"],
            capture_output=True,
            env=ENVIRONMENT,
            check=False,
        )
    (folder / "import.output").write_bytes(done.stdout + done.stderr)
    assert done.returncode == 1, done.stderr.decode()
    assert b"3 refused" in done.stdout


def by_search(doors: Doors, secrets: Secrets) -> None:
    """Search by what is there, by what is not, and by what cannot be."""
    for value in secrets.identifiers[:40]:
        doors.send(doors.fhir, "GET", "/fhir/Patient", 200, params={"identifier": f"{MRN}|{value}"})
    for number in secrets.numbers[::10]:
        doors.send(doors.fhir, "GET", "/fhir/Patient", 200, params={"identifier": f"{ID_CARD}|{number}"})
    for name in ("_id", "_count", "_cursor", "date", "patient", "name", "phone", "_format", "_sort", "code:text"):
        for secret in (secrets.latin[7], secrets.chinese[7], secrets.numbers[7]):
            doors.send(doors.fhir, "GET", "/fhir/Condition", params={name: secret})
    doors.send(doors.fhir, "GET", f"/fhir/Condition?code={'%ff'}{secrets.latin[8]}")
    doors.send(doors.fhir, "GET", f"/fhir/Condition?{secrets.latin[8]}")


def csrf(browser: httpx.Client, page: str) -> str:
    """Return the form token of a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', browser.get(page).text)
    assert found, f"{page} has no form"
    return found[1]


def at_the_desk(doors: Doors, secrets: Secrets) -> None:
    """Look up what is no number, wrong numbers and unknown ones; then people who are here, whom the desk may name."""
    token, stranger = csrf(doors.pages, "/desk"), "900000194001010006"
    wrong = [secrets.numbers[9][:-1] + "A", secrets.numbers[8][:-2], *secrets.chinese[:3], secrets.phones[0], stranger]
    for wanted in (*wrong, "SL1:" + secrets.identifiers[4].upper()):
        doors.send(doors.pages, "POST", "/desk", data={"csrf": token, "wanted": wanted, "purpose": "TREAT"})
    known = secrets.numbers[:10]
    doors.send(doors.pages, "POST", "/desk", data={"csrf": token, "wanted": known[0], "purpose": secrets.latin[3]})
    doors.send(doors.pages, "POST", "/desk", data={"csrf": secrets.passwords[0], "wanted": known[0]})
    for wanted in known:
        doors.send(doors.pages, "POST", "/desk", 200, data={"csrf": token, "wanted": wanted, "purpose": "TREAT"})
    doors.send(doors.pages, "GET", "/desk", 200)


def by_account(doors: Doors, secrets: Secrets) -> None:
    """Set up an account by invitation, first with a wrong code; then sign in to it."""
    who = ("--role", "clinician", "--facility", "H1", "--name", "Dr Who", "--name-zh", "医生")
    key = doors.node.command("facility", "invite", *who).rpartition("key=")[2]
    account, password, wrong = secrets.latin[20], secrets.passwords[20], secrets.passwords[21]
    with httpx.Client(base_url=doors.pages.base_url, headers=HTML, timeout=300) as owner:
        doors.send(owner, "POST", "/invitation", 303, data={"csrf": csrf(owner, "/invitation"), "key": key})
        text = owner.get("/account/set-up").text
        found = re.search(r'<code class="salus-hex">([A-Z2-7 ]+)</code>', text)
        assert found
        totp = found[1].replace(" ", "")
        form = {
            "csrf": csrf(owner, "/account/set-up"),
            "account": "clinician.north",
            "password": wrong,
            "code": "000000",
        }
        doors.send(owner, "POST", "/account/set-up", 400, data=form)
        form |= {"account": account, "password": password, "code": pyotp.TOTP(totp).now()}
        doors.send(owner, "POST", "/account/set-up", 303, data=form)
        doors.made += [key, totp, owner.cookies["salus_session"]]


def at_the_sign_in(doors: Doors, secrets: Secrets) -> None:
    """Try every password, with a name for the account."""
    with httpx.Client(base_url=doors.pages.base_url, headers=HTML, timeout=300) as stranger:
        token = csrf(stranger, "/sign-in")
        for account, password in zip(cycle(secrets.latin), secrets.passwords, strict=False):
            form = {"csrf": token, "account": account, "password": password, "code": password, "next": "/"}
            doors.send(stranger, "POST", "/sign-in", data=form)
        doors.send(stranger, "POST", "/sign-in/passkey", data={"csrf": token, "credential": secrets.passwords[1]})
        doors.send(stranger, "GET", "/invitation", params={"key": secrets.passwords[2]})
        doors.send(stranger, "POST", "/invitation", data={"csrf": token, "key": secrets.passwords[2]})
        doors.send(stranger, "POST", "/demo", data={"csrf": token, "key": secrets.passwords[3]})


def by_wrong_requests(doors: Doors, secrets: Secrets) -> None:
    """Put secrets where requests go wrong: addresses, headers, tokens."""
    name, number, password = secrets.latin[11], secrets.numbers[11], secrets.passwords[11]
    for path in (
        f"/fhir/{secrets.chinese[11]}",
        f"/fhir/Patient/{number}",
        f"/fhir/{ODD}/{number}",
        f"/log/tile/{number}",
    ):
        doors.send(doors.fhir, "GET", path)
    for path in (
        f"/{number}",
        f"/desk/{number}",
        f"/log/{name}",
        f"/static/{name}",
        f"/fhir/Patient/{number}/_history",
    ):
        doors.send(doors.pages, "GET", path)
    for header in ("If-None-Exist", "Prefer", "If-Match", "Accept", "Content-Type", "Authorization", "Accept-Language"):
        body = json.dumps({"resourceType": "Patient", "id": number})
        value = f"return={name}" if header == "Prefer" else f"Bearer {password}" if header == "Authorization" else name
        for method, path in (("POST", "/fhir/Patient"), ("PUT", f"/fhir/Patient/{number}")):
            doors.send(doors.fhir, method, path, content=body, headers=FHIR | {header: value})
    doors.send(doors.fhir, "DELETE", f"/fhir/Patient/{number}")
    doors.send(doors.fhir, "GET", f"/fhir/Patient/{number}", params={"_elements": name})
    form = {"grant_type": name, "client_assertion": password, "client_assertion_type": password, "scope": name}
    doors.send(doors.pages, "POST", "/oauth/token", data=form)
    doors.send(doors.pages, "POST", "/oauth/token", data=form | {"grant_type": "client_credentials"})


def by_wrong_bodies(doors: Doors, secrets: Secrets) -> None:
    """Send bodies that are wrong in every way, each full of secrets."""
    good = patient(secrets.chinese[12], secrets.latin[12], secrets.numbers[12], secrets.phones[12], "x")
    text = json.dumps(good, ensure_ascii=False)
    name, phone = secrets.latin[13], secrets.phones[13]
    wrong: list[Body] = [
        good | {ODD: phone},
        good | {"birthDate": phone},
        good | {"gender": secrets.chinese[13]},
        good | {"active": name},
        good | {"name": name},
        good | {"name": [{ODD: name}]},
        good | {"resourceType": secrets.chinese[14]},
        good | {"id": name, "meta": {"versionId": name}},
        good | {"identifier": [{"system": ID_CARD, "value": secrets.numbers[13][:-1] + "A"}]},
        good | {"identifier": [{"system": name, "value": 5}]},
        good | {"generalPractitioner": [{"reference": f"Practitioner/{name}"}]},
        good | {"contained": [{"resourceType": "Patient", "id": name, ODD: name}]},
        good | {"extension": [{"url": name, "valueString": phone, "valueCode": phone}]},
        good | {"text": {"status": "generated", "div": f"<div><script>{name}</script></div>"}},
        {"resourceType": "Bundle", "type": name, "entry": [good]},
        {"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": name, "url": name}}]},
        {
            "resourceType": "Bundle",
            "type": "batch",
            "entry": [{"resource": good, "request": {"method": "PUT", "url": f"Patient/{name}"}}],
        },
    ]
    raw = [json.dumps(body, ensure_ascii=False).encode() for body in wrong]
    raw += [text[:-1].encode(), text.encode() + name.encode(), b"[" + text.encode() + b"]", f'"{name}"'.encode()]
    raw += [
        text.encode().replace(b'"text"', b'"\xff\xfe"'),
        (text[:-1] + f',"gender":"{name}","gender":"{phone}"}}').encode(),
    ]
    raw += [(text[:-1] + f',"{ODD}":"{name}","{ODD}":2}}').encode(), b'{"a":' * 300 + f'"{name}"'.encode() + b"}" * 300]
    for body in raw:
        for path in ("/fhir/Patient", "/fhir"):
            doors.send(doors.fhir, "POST", path, content=body, headers=FHIR)


def leave_a_decoy_row(node: NodeUnderTest) -> None:
    """Store one plaintext, so that the search is known to see what PostgreSQL writes."""
    with (
        open_node(load_settings(environment={}, given={"data": node.data}), "demo") as inside,
        inside.store.connect(Duty.MIGRATION) as tables,
    ):
        tables.execute("create table storage.decoy (seen text)")
        tables.execute("insert into storage.decoy values (%s)", (DECOY,))


def write_errors(doors: Doors, folder: Path) -> None:
    """Write every error answer to a file, so that it is searched like all else."""
    (folder / "errors").mkdir()
    for number, (what, body) in enumerate(doors.errors):
        (folder / "errors" / f"{number:04} {what}").write_bytes(body)


def search(secrets: list[str], folder: Path) -> list[tuple[Path, str, bytes]]:
    """Search the folder, PostgreSQL's place if it lies elsewhere, and see that the decoy is found in data and log."""
    place = Path((folder / "node" / "postgres.place").read_text("utf-8").strip())
    places = [folder] if place.is_relative_to(folder) else [folder, place]
    found = leaks([*secrets, DECOY], places, folder / "patterns")
    seen = {
        path.parent.name if path.parent.name == "pg_wal" else "data" for path, secret, _ in found if secret == DECOY
    }
    assert "pg_wal" in seen, "the search does not see what PostgreSQL writes"
    return [(path.relative_to(folder.parent), secret, form) for path, secret, form in found if secret != DECOY]


def told(found: list[tuple[Path, str, bytes]]) -> set[str]:
    """Say where something leaked, and as what; the secrets are invented."""
    return {f"{path}: {form!r}" for path, _, form in found}


def say(capsys: pytest.CaptureFixture[str], doors: Doors, folder: Path, found: list[Any]) -> None:
    """Print the figures."""
    searched = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    with capsys.disabled():
        print(
            f"\n1,000 secrets in {len(doors.sent) / 1e6:.1f} MB sent, {doors.stored} requests taken,"
            f" {len(doors.errors)} refused; {searched / 1e6:.0f} MB searched twice: {len(found)} found"
        )
