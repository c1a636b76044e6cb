"""One node with everybody around it: five witnesses, a site, a laboratory, signers, residents at browsers, an auditor.

Attackers and residents speak to it over HTTP; only its own operator's rounds are called. Many attacks share one scene.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from salus import identity, parties
from salus.app import Node, add_party, close_batch, demo_token, load_settings, open_node, progress_measures, publish
from salus.cli import main as salus
from salus.cli.actors import (
    LABORATORY,
    SIGNER,
    SITE,
    Party,
    Signed,
    admission_document,
    commit_specimen,
    emergency_document,
    new_subject,
    rules_document,
    sign_result,
    signatures_of,
)
from salus.healthcode import measures
from salus.kernel import CLOCK_FILE, Role, advance_demo_clock, format_instant
from salus.ledger import Leaf, append_once
from salus.parties import FacilityKind
from salus.proof import Trust
from salus.rules import INVESTIGATOR, OMBUDSMAN, Document, EvidenceKind, Recomputed, Result, recompute
from salus.storage import Duty
from salus_abuse.browsing import Browser
from salus_abuse.ports import free_port
from salus_abuse.serving import served
from salus_abuse.witnessing import Running, five_witnesses

ID_CARD = "urn:oid:2.16.156.10011.1.3"
DISEASE = "covid-19"
OTHER = "measles"
"""A disease with an emergency, and no rules that anybody published."""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
STARTS = "2031-03-01T08:00:00Z"
FHIR_JSON = "application/fhir+json"
NOTHING = "Nothing is asked of you"
USUAL_DAYS = 16
"""The auditor calls nobody an outlier who was not seen for fourteen days."""
_LOINC = {
    ("covid-19", EvidenceKind.NUCLEIC_ACID): "94500-6",
    ("covid-19", EvidenceKind.ANTIGEN): "94558-4",
    ("measles", EvidenceKind.NUCLEIC_ACID): "48508-6",
}
_SNOMED = {Result.POSITIVE: "10828004", Result.NEGATIVE: "260385009", Result.INDETERMINATE: "82334004"}
SIGNING = ("health", "health", "university", "court", "bar", "university", "province")
"""The organisations of those who sign what is published."""
_FACILITIES = {
    "H1": ("East Hospital", "Health", FacilityKind.HOSPITAL),
    "H2": ("West Hospital", "Health", FacilityKind.HOSPITAL),
    "S1": ("City Sampling", "Sampling", FacilityKind.SAMPLING_SITE),
    "S2": ("Country Sampling", "Sampling", FacilityKind.SAMPLING_SITE),
    "L1": ("Green Laboratories", "Labs", FacilityKind.LABORATORY),
    "L2": ("Blue Laboratories", "University", FacilityKind.LABORATORY),
    "COURT": ("Court of Appeal", "Court", FacilityKind.REVIEW_BOARD),
    "CDC1": ("City Disease Control", "CDC", FacilityKind.DISEASE_CONTROL_CENTRE),
    "POLICE": ("Public Security", "Police", FacilityKind.DEPARTMENT),
    "OFFICE": ("Sampling's Own Board", "city-sampling", FacilityKind.REVIEW_BOARD),
}


@dataclass(slots=True)
class Person:
    """A resident: an identity number, and the Patient that the sampling site registered."""

    scene: Scene = field(repr=False)
    number: str = field(repr=False)
    patient: str

    @property
    def browser(self) -> Browser:
        """The resident's own browser, signed in now."""
        return self.scene.browser(Role.RESIDENT, resident=self.number)

    @property
    def notice(self) -> str:
        """What the own page of notices says."""
        return self.browser.text("/me/notice")

    @property
    def free(self) -> bool:
        """Whether the own page says that nothing is asked."""
        return NOTHING in self.notice

    @property
    def file(self) -> bytes:
        """The file of the one notice on the own page; empty if there is none."""
        browser = self.browser
        found = [one for one in browser.links("/me/notice", "/me/notice/") if one.endswith("/file")]
        return browser.get(found[0]).content if found else b""


@dataclass(slots=True)
class Scene:
    """The node and everybody around it. `closed` counts the checkpoints so far."""

    node: Node
    http: httpx.Client
    witnesses: Sequence[Running]
    site: Party
    laboratory: Party
    other_site: Party
    other_laboratory: Party
    signers: Sequence[Party]
    ombudsman: Party
    investigators: Sequence[Party]
    folder: Path
    closed: int = 0
    broken: list[str] = field(default_factory=list)
    """Answers since the attack began that say that the node fell over."""
    _people: int = 0
    _tokens: dict[tuple[str | None, ...], tuple[datetime, str]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The present of the node and of its witnesses, in whole seconds."""
        return self.node.clock.now().replace(microsecond=0)

    @property
    def trust(self) -> Trust:
        """Whom everybody here believes: the log, and any three of the five witnesses."""
        assert self.node.trust is not None
        return self.node.trust

    @property
    def log(self) -> Path:
        """The folder of the public log's files."""
        return self.node.settings.data / "log"

    @property
    def published(self) -> Path:
        """The log's files as they were when the emergency and its rules had just been published."""
        return self.folder / "published"

    # --- time

    def advance(self, by: timedelta) -> None:
        """Move everybody's clock, and close a batch."""
        advance_demo_clock(self.node.settings.data / CLOCK_FILE, by)
        self.close()

    def close(self) -> None:
        """Close a batch that the witnesses cosign, and let the node decide and issue what it can."""
        close_batch(self.node)
        self.closed += 1
        progress_measures(self.node)

    def settle(self) -> None:
        """Close batches until evidence, decision and notice are through."""
        for _ in range(3):
            self.close()

    # --- speaking to the node

    def note_broken(self, answer: httpx.Response) -> None:
        """Note an answer that is no refusal but a fault; that a node has too much to do is its own word (503)."""
        if answer.status_code >= 500 and answer.status_code != 503:
            self.broken.append(f"{answer.request.method} {answer.request.url.path} ended with {answer.status_code}")

    def token(self, role: Role, facility: str | None = None, resident: str | None = None) -> str:
        """Return a bearer token of a role that holds now."""
        key = (role, facility, resident)
        at, token = self._tokens.get(key, (None, ""))
        if at is None or self.node.clock.now() - at > 4 * HOUR:
            at, token = self.node.clock.now(), demo_token(self.node, role, facility, resident, None)
            self._tokens[key] = at, token
        return token

    def ask(
        self, method: str, path: str, body: Any = None, token: str | None = None, kind: str = FHIR_JSON, **headers: str
    ) -> httpx.Response:
        """Send one request as somebody; a body that is not bytes goes as JSON."""
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body, ensure_ascii=False).encode()
        sent = {**headers, **({"Content-Type": kind} if raw is not None else {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        return self.http.request(method, path, content=raw, headers=sent)

    def browser(self, role: Role, facility: str | None = None, resident: str | None = None) -> Browser:
        """Sit down at a browser in a role."""
        return Browser(self.node, self.http, self.token(role, facility, resident))

    # --- people and evidence

    def number(self) -> str:
        """Return an identity number that nobody has yet."""
        self._people += 1
        born, serial = divmod(self._people, 900)
        digits = f"900101{1980 + born:04}0101{serial:03}"
        return digits + identity.check_character(digits)

    def person(self, facility: str = "S1") -> Person:
        """Register somebody new at the sampling site, or at another place."""
        number = self.number()
        return Person(self, number, self.register(number, facility))

    def register(self, number: str, facility: str = "S1") -> str:
        """Send a Patient with a number, as a place's system does; return its reference."""
        answer = self.ask("POST", "/fhir/Patient", a_patient(number), self.system(facility))
        answer.raise_for_status()
        return f"Patient/{answer.json()['id']}"

    def system(self, facility: str) -> str:
        """Return a token of a place's own software."""
        role = _FACILITIES[facility][2].system_role
        assert role is not None
        return self.token(role, facility)

    def specimen(
        self, person: Person, *, disease: str = DISEASE, taken: datetime | None = None, site: Party | None = None
    ) -> Signed:
        """Take a specimen of somebody, as the site does, or another."""
        signed = commit_specimen(site or self.site, disease=disease, taken=taken or self.now, subject=new_subject())
        self.send_specimen(person.patient, signed).raise_for_status()
        return signed

    def send_specimen(self, patient: str, signed: Signed, **more: Any) -> httpx.Response:
        """Send what the site signed; `more` are further fields of the body."""
        resource = {
            "resourceType": "Specimen",
            "subject": {"reference": patient},
            "collection": {"collectedDateTime": signed.body["taken"]},
        }
        body = {"resource": resource, "opening": signed.opening, "signature": signed.signature, **more}
        return self.ask("POST", "/evidence/specimens", body, self.system(signed.party), "application/json")

    def result(self, specimen: Signed, result: Result, kind: EvidenceKind = EvidenceKind.NUCLEIC_ACID) -> Signed:
        """Report a result, as the laboratory does."""
        signed = sign_result(self.laboratory, specimen, result, self.now, kind=kind)
        self.send_result(signed).raise_for_status()
        return signed

    def send_result(self, signed: Signed, **more: Any) -> httpx.Response:
        """Send what the laboratory signed."""
        body = {"resource": an_observation(signed), "opening": signed.opening, "signature": signed.signature, **more}
        return self.ask("POST", "/evidence/results", body, self.system(signed.party), "application/json")

    def infected(self) -> tuple[Person, Signed, Signed]:
        """Somebody new with a true positive, and the notice that rightly follows."""
        person = self.person()
        specimen = self.specimen(person)
        self.close()
        found = self.result(specimen, Result.POSITIVE)
        self.settle()
        assert not person.free, "a true positive leads to a notice, or no attack proves anything"
        return person, specimen, found

    def chart(self, person: Person) -> int:
        """Return the chart of somebody's specimens, as who holds the database sees it."""
        id_ = person.patient.removeprefix("Patient/")
        return int(self.rows("select chart_key from records.resource where id = %s", id_)[0][0])

    # --- publishing

    def publish(self, document: Document, signers: Sequence[Party] | None = None) -> None:
        """Hand a document to the log, signed by the first five signers or by those named."""
        publish(self.node, document, signatures_of(document, self.signers[:5] if signers is None else signers))

    def emergency(self, disease: str = DISEASE) -> Document:
        """Return the published emergency of a disease, as anybody reads it in the log."""
        known = [one.published.document for one in measures.known(self.node.store, self.node.trust).emergencies]
        return next(one for one in known if one.body["disease"] == disease)

    # --- who holds the database

    def rows(self, statement: str, *given: object) -> list[tuple[Any, ...]]:
        """Do anything at all to the database, as its owner, and return what it answers."""
        with self.node.store.connect(Duty.MIGRATION, "salus") as owner:
            done = owner.execute(statement, given)
            found = done.fetchall() if done.description else []
            owner.commit()
        return list(found)

    # --- those who judge

    def judge(self, file: bytes, at: datetime | None = None) -> Recomputed:
        """What a fresh verifier says of a file: `salus code explain`, with nothing but keys."""
        return recompute(file, self.trust, at or self.now)

    def audit(self) -> Counter[tuple[str, str]]:
        """What the auditor finds: `salus ledger verify --data`, by code and place."""
        said = io.StringIO()
        arguments = ["ledger", "verify", "--data", str(self.node.settings.data), "--json"]
        with redirect_stdout(said), suppress(SystemExit):
            salus(arguments, standalone_mode=False)
        report = json.loads(said.getvalue())
        return Counter((one["code"], one["where"]) for one in report["findings"])

    def outside(
        self,
        *,
        since: str | None = None,
        log: Path | None = None,
        files: Sequence[bytes] = (),
        at: datetime | None = None,
        policy: str | None = None,
    ) -> Counter[str] | None:
        """What `salus-audit` finds in the log's files alone, by code; None where it is not installed beside us.

        `since` is a head that somebody kept, `files` are measures that are held against the log, and `log` other files
        than those that are there, as a dishonest operator would serve them, or another log, whose keys `policy` names.
        """
        try:
            from salus_audit.command import main
        except ImportError:
            return None
        trust, kept = self.folder / "trusted", self.folder / "kept"
        trust.write_text(policy or str(self.trust), "utf-8")
        given = [log or self.log, "--trust", trust, "--at", format_instant(at or self.now), "--workers", 1, "--json"]
        if since is not None:
            kept.write_text(since, "utf-8")
            given += ["--since", kept]
        for number, file in enumerate(files):
            held = self.folder / f"held-{number}.json"
            held.write_bytes(file)
            given += ["--file", held]
        said = io.StringIO()
        with redirect_stdout(said), suppress(SystemExit):
            main([str(one) for one in given])
        told = json.loads(said.getvalue())
        return Counter([one["code"] for one in told["findings"]] + [one["why"] for one in told["files"].values()])


def a_patient(*numbers: str, **more: Any) -> dict[str, Any]:
    """A Patient with identity numbers."""
    return {"resourceType": "Patient", "identifier": [{"system": ID_CARD, "value": one} for one in numbers], **more}


def an_observation(signed: Signed) -> dict[str, Any]:
    """The Observation that goes with a signed result; it names nobody."""
    code = _LOINC[signed.body["disease"], EvidenceKind(signed.body["kind"])]
    return {
        "resourceType": "Observation",
        "status": "corrected" if signed.body["replaces"] else "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "valueCodeableConcept": {
            "coding": [{"system": "http://snomed.info/sct", "code": _SNOMED[Result(signed.body["result"])]}]
        },
        "issued": signed.body["reported"],
    }


def codes(found: Mapping[tuple[str, str], int]) -> Counter[str]:
    """Count findings by their code alone."""
    counted: Counter[str] = Counter()
    for (code, _), count in found.items():
        counted[code] += count
    return counted


@contextmanager
def a_scene(folder: Path, without: Sequence[str] = ()) -> Iterator[Scene]:
    """Set up a scene in an empty folder, or go on with one in a copy of its folder; everything ends with the block."""
    begun = (folder / "data" / "node.json").exists()
    for one in (folder, *folder.parents[:2]):
        one.chmod(one.stat().st_mode | 0o711)
    given = {"data": folder / "data", "postgres": "wheel", "port": free_port(), "clock": STARTS}
    with ExitStack() as opened:
        opened.enter_context(_no_settings_of_ours())
        node = opened.enter_context(open_node(load_settings(environment={}, given=given), "demo"))
        if not begun:
            _register(node)
        witnesses = opened.enter_context(five_witnesses(folder / "witnesses", node, without))
        address = opened.enter_context(served(node))
        http = opened.enter_context(httpx.Client(base_url=address, timeout=300))
        parties_ = folder / "parties"
        scene = Scene(
            node,
            http,
            witnesses,
            Party.kept(parties_, "S1", "city-sampling", SITE),
            Party.kept(parties_, "L1", "green-laboratories", LABORATORY),
            Party.kept(parties_, "S2", "country-sampling", SITE),
            Party.kept(parties_, "L2", "blue-laboratories", LABORATORY),
            [Party.kept(parties_, f"signer-{one}", body, SIGNER) for one, body in enumerate(SIGNING)],
            Party.kept(parties_, "citizens-ombudsman", "parliament", OMBUDSMAN),
            [Party.kept(parties_, f"investigator-{one}", one, INVESTIGATOR) for one in ("CDC", "University")],
            folder,
        )
        http.event_hooks = {"response": [scene.note_broken]}
        if not begun:
            evidence = (scene.site, scene.laboratory, scene.other_site, scene.other_laboratory)
            for party in (*evidence, *scene.signers, scene.ombudsman, *scene.investigators):
                add_party(node, party.key_leaf)
            scene.close()
            _usual_days(scene)
            _publish(scene)
        yield scene


@contextmanager
def _no_settings_of_ours() -> Iterator[None]:
    """Let no setting of whoever runs the suite reach its node or its auditor."""
    kept = {name: os.environ.pop(name) for name in [*os.environ] if name.startswith("SALUS_")}
    try:
        yield
    finally:
        os.environ.update(kept)


def _register(node: Node) -> None:
    for one in dict.fromkeys(organisation for _, organisation, _ in _FACILITIES.values()):
        parties.add_organisation(node.store, organisation_id=one, name_en=one, name_zh=one)
    for facility, (name, organisation, kind) in _FACILITIES.items():
        parties.add_facility(
            node.store,
            facility_id=facility,
            name_en=name,
            name_zh=name,
            level=3,
            kind=kind,
            county="900201" if facility == "S2" else "900101",
            organisation=organisation,
        )


def _usual_days(scene: Scene) -> None:
    """Let both laboratories have a past, of a result a day each, that whoever departs from it is seen by."""
    for _ in range(USUAL_DAYS):
        for laboratory in (scene.laboratory, scene.other_laboratory):
            specimen = commit_specimen(scene.site, disease=DISEASE, taken=scene.now, subject=new_subject())
            result = sign_result(laboratory, specimen, Result.NEGATIVE, scene.now)
            for one in (specimen, result):
                append_once(scene.node.store, Leaf(kind=one.kind, body=one.leaf))
        close_batch(scene.node)
        advance_demo_clock(scene.node.settings.data / CLOCK_FILE, DAY)


def with_exposures(rules: Document) -> Document:
    """Add to rules that an attested exposure asks for a test."""
    body = dict(rules.body)
    body["clauses"] = {**body["clauses"], "test": {"en": "Please have a test.", "zh": "请做检测。"}}
    released = [{"kind": "nucleic-acid-test", "after_hours": 24}]
    body["exposure"] = {"clause": "test", "within_days": 14, "lasts_hours": 48, "released_by": released}
    return replace(rules, body=body)


def _publish(scene: Scene) -> None:
    """Publish an emergency, its rules and who is admitted, with notice, and wait until all have counted for hours."""
    starts = scene.now + 3 * DAY + HOUR
    places = [scene.node.facility(one) for one in _FACILITIES]
    scene.publish(admission_document("places", places, starts, starts + 365 * DAY))
    scene.publish(emergency_document(DISEASE, starts, starts + 30 * DAY, en="An outbreak.", zh="疫情。"))
    scene.publish(emergency_document(OTHER, starts, starts + 30 * DAY, en="An outbreak.", zh="疫情。"))
    scene.publish(with_exposures(rules_document(DISEASE, starts, starts + 90 * DAY)))
    scene.close()
    shutil.copytree(scene.log, scene.published)
    scene.advance(3 * DAY + 9 * HOUR)
