"""Looking at people: neighbours, the police, whoever steals the disks, whoever wants to know where somebody was."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from salus.access import Action, Policy, PolicyBroken, Request, load_policy
from salus.access.policy import engine
from salus.app import SettingsRefused, load_settings, may_listen
from salus.kernel import Purpose, Role
from salus.web.routes import all_routes
from salus_abuse.attacks.residents import arrives
from salus_abuse.model import Sight, attack
from salus_abuse.scene import Scene, a_patient, codes

CANARIES = 1000
PURPOSES = 10_000
ANYBODY = frozenset(
    "/fhir/metadata /fhir/.well-known/smart-configuration /healthz /.well-known/jwks.json / /about/log /about/power"
    " /about/power/answers.json /about/coverage /about/coverage.json /about/coverage.csv /demo /sign-in /invitation"
    " /me/code/phone /me/code/phone/worker.js /cards/.well-known/jwks.json /cards/signer.pem /about/interfaces /verify"
    " /cards/revoked-hc1.json /me/certificates/on-phone /me/certificates/on-phone/worker.js /trust/rest.json /exposure"
    " /verify/worker.js /verify/manifest.webmanifest /trust.json /orders /log/{path:path} /static".split()
)
"""What answers to anybody: pages about the whole, keys, the log's files. Nothing of them is about a person."""


@attack(
    "C01",
    "A clinician of another hospital opens a neighbour's record",
    powers="C",
    passes="every way of reading is refused while the resident was not there",
)
def neighbour(s: Scene, see: Sight) -> None:
    person = s.person("H1")
    id_ = person.patient.rpartition("/")[2]
    token = s.token(Role.CLINICIAN, "H2")
    for path in (f"/fhir/Patient/{id_}", f"/fhir/Patient/{id_}/$everything", f"/fhir/Patient/{id_}/$summary"):
        see.refused(f"GET {path.replace(id_, 'ID')}", s.ask("GET", path, None, token), 403, 404)
    found = s.ask("GET", f"/fhir/Observation?patient={id_}", None, token)
    empty = found.status_code == 200 and not found.json().get("entry")
    see.that(f"a search finds nothing ({found.status_code})", found.status_code in (403, 404) or empty)
    see.code = "403"


@attack(
    "C03",
    "A read is asked for in the name of the police, or of a purpose that somebody made up, with the node's stolen key",
    powers="O, K",
    passes="a token that names such a purpose or role is none: 401; in the policy 10,000 made-up purposes open nothing",
    cuts=[("purposes-closed",)],
)
def police_purpose(s: Scene, see: Sight) -> None:
    random, opened = Random(3), 0
    named = ["LAWENF", "LAW", "POLICE", "SECURITY", "PUBSEC", "JUDICIAL", "COURT", "treat", "TREAT ", "HLEGAL"]
    person = s.person("H1")
    see.that("the resident is at the desk", arrives(s, person, "H1"))
    true = s.node.issuer.claims(s.token(Role.CLINICIAN, "H1"))
    read = f"/fhir/{person.patient}"
    see.that("a token as it is issued reads", s.ask("GET", read, None, s.node.issuer.sign(true)).status_code == 200)
    for purpose in named:
        token = s.node.issuer.sign({**true, "purpose_of_use": purpose})
        see.refused(f"a token for {purpose!r}", s.ask("GET", read, None, token), 400, 401, 403)
    for role in ("police", "court", "security", "CLINICIAN"):
        token = s.node.issuer.sign({**true, "role": role})
        see.refused(f"a token of a {role}", s.ask("GET", read, None, token), 400, 401, 403)
    made_up = ["".join(random.choices("ABCDEFGHIKLMNOPRSTUVWX", k=random.randint(3, 9))) for _ in range(PURPOSES)]
    for purpose in {*named, *made_up} - set(Purpose):
        opened += _opens(purpose, random)
    see.that(f"{opened} of {PURPOSES} made-up purposes open something in the policy", not opened)
    see.that("there are six purposes", {*Purpose} == {"TREAT", "ETREAT", "PUBHLTH", "PATRQT", "HOPERAT", "HRESCH"})
    token = s.token(Role.COMMANDER, "H1")
    see.refused("a commander's read", s.ask("GET", f"/fhir/{person.patient}", None, token), 403, 404)
    answer = s.ask("GET", f"/fhir/{person.patient}?_purpose=LAWENF", None, s.system("H1"))
    see.refused("a purpose in the address", answer, 400, 403, 404)
    see.code = "401"


def _opens(purpose: str, random: Random) -> bool:
    asked: Any = {"role": random.choice([*Role]), "purpose": purpose, "action": random.choice([*Action])}
    request = Request(**asked, own_facility=True, relation_open=True, own_record=True, care_facility=True)
    try:
        return load_policy().evaluate(request).allowed
    except (PolicyBroken, AttributeError, ValueError):
        return False


@attack(
    "C06",
    "All files are stolen, backups, indexes and logs with them (Shanghai)",
    powers="D",
    passes="of 1,000 planted secrets not one stands in the clear in any byte on the disk, in four spellings",
    cuts=[("bodies-sealed",)],
)
def dump(s: Scene, see: Sight) -> None:
    random = Random(20220630)
    secrets = [f"Zq{random.randbytes(9).hex()}" for _ in range(CANARIES)]
    stored = 0
    for start in range(0, CANARIES, 100):
        entries = []
        for one in secrets[start : start + 100]:
            patient = a_patient(
                s.number(),
                name=[{"text": one, "family": one}],
                telecom=[{"system": "email", "value": f"{one}@x.example"}],
            )
            entries.append({"request": {"method": "POST", "url": "Patient"}, "resource": patient})
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
        answer = s.ask("POST", "/fhir", bundle, s.system("H1"))
        stored += sum(one["response"]["status"].startswith("201") for one in answer.json().get("entry", []))
        if not stored:
            see.that(f"the first went in: {answer.text[:300]}", False)
            return
    see.that(f"{stored} of {CANARIES} secrets went in", stored == CANARIES)
    s.close()
    forms = {form for one in secrets for form in _spelt(one)}
    leaks = {path.name for path, content in _disk(s.folder) if any(one[0] in forms for one in _ALIKE.finditer(content))}
    see.that(f"no file holds one in the clear: {sorted(leaks)[:3]}", not leaks)


# What is spelt like a secret of ours: as it is, in UTF-16, in base64, in hexadecimal digits.
_ALIKE = re.compile(rb"Zq[0-9a-f]{18}|Z\x00q\x00(?:[0-9a-f]\x00){18}|Wn[EF][A-Za-z0-9+/]{23}|5a71(?:3[0-9]|6[1-6]){18}")


def _spelt(secret: str) -> Iterator[bytes]:
    yield secret.encode()
    yield secret.encode("utf-16-le")
    yield b64encode(secret.encode())[:-2]
    yield secret.encode().hex().encode()


def _disk(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            yield path, content
            if path.suffix == ".gz":
                yield path, gzip.decompress(content)


@attack(
    "C07",
    "Every door is tried without a key",
    powers="N",
    passes="without credentials only named public pages answer; what listens listens on this machine, or over TLS",
    cuts=[("doors-locked",), ("loopback-only",)],
)
def open_door(s: Scene, see: Sight) -> None:
    person, opened, tried = s.person("H1"), [], 0
    here = person.patient.rpartition("/")[2]
    for method, path in _doors():
        asked = re.sub(r"\{[^}]+\}", "1", path.replace("{id}", here))
        answer = s.ask(method, asked, b"{}" if method in ("POST", "PUT", "PATCH") else None)
        tried += 1
        if answer.status_code < 300 and path not in ANYBODY:
            opened.append(f"{method} {path}")
    see.that(f"of {tried} doors no other opens: {opened[:3]}", tried > 100 and not opened)
    for token in ("x", "e30.e30.e30", f"{s.token(Role.CLINICIAN, 'H1')}x"):
        see.refused("a read with a false token", s.ask("GET", f"/fhir/{person.patient}", None, token), 401)
    mine = {str(os.getpid()), *_children(str(os.getpid()))}
    heard = _listening(mine)
    see.that(f"{len(heard)} sockets listen, the node's and its witnesses'", len(heard) >= 1)
    see.that(f"none beyond this machine: {sorted(heard)[:3]}", not [one for one in heard if one not in _LOOPBACK])
    for host in ("0.0.0.0", "::", "192.0.2.1"):
        told = _served_on(s, host)
        see.that(f"a node that is told to listen on {host} without TLS does not start", told == SettingsRefused.code)
    see.code = SettingsRefused.code


_LOOPBACK = {"0100007F", "00000000000000000000000001000000"}


def _served_on(s: Scene, host: str) -> str:
    settings = load_settings(environment={"SALUS_HOST": host}, given={"data": s.folder / "x"})
    try:
        may_listen(settings)
    except SettingsRefused as refused:
        return refused.code
    return "started"


def _children(of: str) -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if path.read_text().rpartition(")")[2].split()[1] == of:
                yield path.parent.name


def _listening(pids: Iterable[str]) -> set[str]:
    """Return the addresses, as the kernel writes them, on which these processes listen."""
    held: set[str] = set()
    for pid in pids:
        for file in Path(f"/proc/{pid}/fd").glob("*"):
            with suppress(OSError):
                held.add(str(file.readlink()).removeprefix("socket:[").rstrip("]"))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == "0A" and rest[5] in held:
                found.add(local.partition(":")[0])
    return found


def _doors() -> Iterator[tuple[str, str]]:
    for route in all_routes():
        path, methods = getattr(route, "path", None), getattr(route, "methods", None)
        for inner in getattr(route, "routes", None) or ():
            for method in sorted((getattr(inner, "methods", None) or set()) - {"HEAD"}):
                yield method, f"{path}{inner.path}"
        for method in sorted((methods or set()) - {"HEAD"}):
            yield method, str(path)


@attack(
    "C08",
    "Who looked is deleted from the register",
    powers="D",
    passes="the register does not fit its anchor in the public log any more: the auditor reports it",
    cuts=[("register-audited",)],
)
def audit_erase(s: Scene, see: Sight) -> None:
    person = s.person("H1")
    s.ask("GET", f"/fhir/{person.patient}", None, s.system("H1"))
    s.close()
    before = s.audit()
    see.strikes()
    see.that("a look stood in the register", s.rows("select count(*) from access.entry")[0][0] > 0)
    # What the node noted since the batch was closed is in no tree yet, so that nothing public can speak of it.
    kept = s.rows(
        "select batch, item, reader from access.entry join access.chained using (batch)"
        " where first_position is not null order by batch desc, item desc limit 1"
    )[0]
    s.rows("update access.entry set reader = 'nobody' where batch = %s and item = %s", kept[0], kept[1])
    s.close()
    see.finding("NODE-REGISTER", codes(s.audit() - before)["NODE-REGISTER"])
    s.rows("update access.entry set reader = %s where batch = %s and item = %s", kept[2], kept[0], kept[1])


@attack(
    "C09",
    "The database is read around every door",
    powers="D",
    passes="no row of any table holds a name, a number or a diagnosis that was sent",
)
def sql_snoop(s: Scene, see: Sight) -> None:
    number, name, finding = s.number(), "Kingfisheratdusk", "Gnarlinessofbark"
    patient = a_patient(number, name=[{"text": name}], birthDate="1980-01-01")
    id_ = s.ask("POST", "/fhir/Patient", patient, s.system("H1")).json()["id"]
    condition = {"resourceType": "Condition", "code": {"text": finding}, "subject": {"reference": f"Patient/{id_}"}}
    s.ask("POST", "/fhir/Condition", condition, s.system("H1")).raise_for_status()
    tables = s.rows(
        "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables"
        " where schemaname not in ('pg_catalog', 'information_schema')"
    )
    words = [f"%{one}%" for one in (number, name, finding, name.encode().hex(), finding.encode().hex())]
    held = [
        table
        for (table,) in tables
        if s.rows(f"select count(*) from {table} as one where one::text ilike any(%s)", words)[0][0]
    ]
    see.that(f"{len(tables)} tables hold none of it: {held[:3]}", tables and not held)


@attack(
    "C11",
    "Verifiers are made to report whom they saw",
    powers="N, O",
    passes="checking a file opens no socket; no address of a node takes a scan",
)
def scan_log(s: Scene, see: Sight) -> None:
    person, *_ = s.infected()
    file, trust = s.folder / "measure.json", s.folder / "policy"
    file.write_bytes(person.file)
    trust.write_text(str(s.trust), "utf-8")
    script = (
        "import sys\n"
        "def hook(event, given):\n"
        "    if event.startswith('socket.'): raise SystemExit('it opens a socket: ' + event)\n"
        "sys.addaudithook(hook)\n"
        "from salus.cli import main\n"
        f"main(['code', 'explain', {str(file)!r}, '--trust', {str(trust)!r}, '--at',"
        f" {s.now.isoformat().replace('+00:00', 'Z')!r}, '--json'], standalone_mode=False)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    see.that("a file is checked without a socket", '"good": true' in done.stdout)
    for path in ("/verify/scan", "/scans", "/log/scan", "/fhir/$scan", "/verify"):
        see.refused(f"POST {path}", s.ask("POST", path, {"certificate": "x"}, s.system("H1")), 400, 403, 404, 405)
    see.code = "404"


@attack(
    "C13",
    "Coordinates, cells, networks and venues are sent in bodies, headers and messages",
    powers="U, O",
    passes="taken out or refused at the door: no answer and no row shows one again",
    cuts=[("places-taken-out",)],
)
def location(s: Scene, see: Sight) -> None:
    where = {
        "url": "http://hl7.org/fhir/StructureDefinition/geolocation",
        "extension": [{"url": "latitude", "valueDecimal": 42.123457}, {"url": "longitude", "valueDecimal": -71.512345}],
    }
    canaries = ("42.123457", "71.512345", "gate-9-canary", "cell-460-canary")
    trail = [
        {"url": "https://vendor.example/check-in", "valueString": "gate-9-canary"},
        {"url": "https://vendor.example/cell-id", "valueString": "cell-460-canary"},
    ]
    number = s.number()
    patient = a_patient(number, address=[{"city": "X", "extension": [where]}], extension=trail)
    headers = {"X-Geo-Position": "42.123457;-71.512345", "X-Cell-Id": "cell-460-canary"}
    answer = s.ask("POST", "/fhir/Patient", patient, s.system("H1"), **headers)
    see.that(f"the record is taken without places, or refused ({answer.status_code})", answer.status_code in (201, 422))
    kept = s.ask("GET", f"/fhir/Patient/{answer.json().get('id')}", None, s.system("H1")).text
    see.that("what is kept holds none", not [one for one in canaries if one in kept])
    see.that("the answer repeats none", not [one for one in canaries if one in answer.text])
    raw = re.compile("|".join(map(re.escape, canaries[2:])).encode())
    see.that("nothing on the disk holds one", not [path for path, content in _disk(s.folder) if raw.search(content)])


SETTINGS = ("purposes", "measure", "roles", "release_hours", "quorum", "notice_hours", "recipients", "police")


@attack(
    "C18",
    "A new purpose, action or recipient is brought in by configuration",
    powers="O",
    passes="with such a setting in its file a node does not start, nor with a policy that names one",
    cuts=[("settings-closed",), ("policy-checked",)],
)
def creep(s: Scene, see: Sight) -> None:
    for name in SETTINGS:
        file = s.folder / "creep.toml"
        file.write_text(f'{name} = "LAWENF"\n', "utf-8")
        see.that(f"a file that sets {name} starts no node", not _starts(s, file))
        plain = load_settings(environment={}, given={"data": s.folder / "x"})
        told = load_settings(environment={f"SALUS_{name.upper()}": "LAWENF"}, given={"data": s.folder / "x"})
        see.that(f"SALUS_{name.upper()} says nothing to a node", told == plain)
    for action, role in (("set-measure", "operator"), ("read", "police"), ("track", "commander")):
        grant = f'@ground("x") permit (principal == Role::"{role}", action == Action::"{action}", resource);'
        try:
            Policy(engine.policy_text() + grant, engine.schema_text())
            see.that(f"a policy that lets {role} {action} starts no node", False)
        except PolicyBroken as broken:
            see.word(f"a policy that lets {role} {action}", broken.code, broken.code)
    resource = {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "1"}], "policeStatus": "wanted"}
    see.refused("a field that no record has", s.ask("POST", "/fhir/Patient", resource, s.system("H1")), 400, 422)


def _starts(s: Scene, file: Path) -> bool:
    """Tell whether a node starts under this file of settings, up to where it would open its data."""
    try:
        load_settings(file, environment={}, given={"data": s.folder / "x"})
    except SettingsRefused:
        return False
    return True


@attack(
    "C22",
    "A commander goes down from a figure to a person",
    powers="O",
    passes="no read, search or export of a record is open to a commander; the role's rights on the database reach none",
)
def commander_drill(s: Scene, see: Sight) -> None:
    person = s.person("H1")
    id_ = person.patient.rpartition("/")[2]
    for role, facility in ((Role.COMMANDER, "H1"), (Role.EPIDEMIOLOGIST, "H1")):
        token = s.token(role, facility)
        for path in (f"/fhir/Patient/{id_}", "/fhir/Patient?_count=1", f"/fhir/Patient/{id_}/$everything",
                     f"/fhir/Observation?patient={id_}", "/fhir/_history"):  # fmt: skip
            see.refused(f"GET {path.replace(id_, 'ID')} by {role}", s.ask("GET", path, None, token), 400, 403, 404)
        token_page = s.browser(role, facility).get(f"/desk/{id_}")
        see.refused(f"the desk, by {role}", token_page, 303, 403, 404)
    reach = s.rows(
        "select count(*) from pg_tables where schemaname in ('identity', 'records', 'healthcode')"
        " and has_table_privilege('salus_command', quote_ident(schemaname) || '.' || quote_ident(tablename), 'select')"
    )
    see.that("the command's role reads no table about anybody", reach[0][0] == 0)
    see.code = "403"
