"""The steps of the self-test, in order, each with what to do where it fails; it stops where going on makes no sense."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from salus.cli.selftest.client import Client, Failed, Outcome, body, check, expect
from salus.cli.selftest.messages import Mllp, admission
from salus.cli.selftest.people import ID_CARD, OWN, a_patient, a_visit, fictional_number


@dataclass(slots=True)
class State:
    """What the steps hand to each other. `at` is the instant of the test."""

    client: Client
    at: datetime
    mllp: Mllp | None = None
    mrn: str = field(default_factory=lambda: f"T{uuid.uuid4().hex[:12]}")
    number: str = field(default_factory=fictional_number)
    id: str = ""
    stored: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. `work` returns what it found; without it nothing that follows makes sense, if `needed`."""

    name: str
    work: Callable[[State], str]
    advice: str
    needed: bool = False


def run(client: Client, at: datetime, mllp: Mllp | None = None) -> Iterator[Outcome]:
    """Take the steps one by one and yield what became of each."""
    state = State(client=client, at=at, mllp=mllp)
    for step in STEPS:
        if step.name == "message" and mllp is None:
            continue
        try:
            told, passed = step.work(state), True
        except Failed as failed:
            told, passed = str(failed), False
        except (KeyError, IndexError, TypeError, ValueError) as odd:
            told, passed = f"the answer is not of the shape that FHIR gives it ({type(odd).__name__})", False
        yield Outcome(step=step.name, passed=passed, told=told, advice="" if passed else step.advice)
        if step.needed and not passed:
            return


def _reach(state: State) -> str:
    told = body(expect(state.client.ask("GET", "/healthz", bearer=False), 200))
    check(told.get("status") == "ok", "/healthz does not say ok")
    return f"a {told.get('kind')} node answers"


def _token(state: State) -> str:
    assertion = state.client.assertion()
    told = body(expect(state.client.ask_token(assertion), 200))
    state.client.token = str(told["access_token"])
    check(told.get("token_type", "").lower() == "bearer", "the token is no bearer token")
    return f"a token, good for {told.get('expires_in')} seconds"


def _replay(state: State) -> str:
    assertion = state.client.assertion()
    expect(state.client.ask_token(assertion), 200)
    expect(state.client.ask_token(assertion), 400, 401)
    return "an assertion is taken once"


def _stranger(state: State) -> str:
    expect(state.client.ask("GET", f"/fhir/Patient/{uuid.uuid4()}", bearer=False), 401)
    return "nothing is answered without a token"


def _capability(state: State) -> str:
    told = body(expect(state.client.ask("GET", "/fhir/metadata", bearer=False), 200))
    check(told.get("resourceType") == "CapabilityStatement", "/fhir/metadata is no CapabilityStatement")
    check(told.get("fhirVersion") == "4.0.1", "the server does not speak FHIR 4.0.1")
    types = {one["type"] for one in told["rest"][0]["resource"]}
    missing = {"Patient", "Encounter", "Condition", "Observation"} - types
    check(not missing, f"the server does not offer {', '.join(sorted(missing))}")
    return f"FHIR 4.0.1 with {len(types)} types"


def _sandbox(state: State) -> str:
    told = body(expect(state.client.ask("GET", "/quality.json"), 200))
    check(told.get("sandbox") is True, f"{told.get('facility')} is no sandbox; fictional people belong in none else")
    return f"{told['facility']} is a sandbox"


def _create(state: State) -> str:
    answer = expect(state.client.ask("POST", "/fhir/Patient", a_patient(state.mrn, state.number)), 201)
    state.stored = body(answer)
    state.id = state.stored["id"]
    location = answer.headers.get("Location", "").partition("/_history/")[0]
    check(location.endswith(f"/Patient/{state.id}"), "the header Location does not name the new Patient")
    check(answer.headers.get("ETag") == 'W/"1"', "the header ETag does not name version 1")
    return f"Patient/{state.id}"


def _read(state: State) -> str:
    told = body(expect(state.client.ask("GET", f"/fhir/Patient/{state.id}"), 200))
    sent = a_patient(state.mrn, state.number)
    for name in ("identifier", "name", "gender", "birthDate"):
        check(told.get(name) == sent[name], f"Patient.{name} came back changed")
    labels = {one.get("code") for one in told["meta"].get("security") or ()}
    check("HTEST" in labels, "what a sandbox holds is not marked HTEST")
    return "what came back is what was sent"


def _update(state: State) -> str:
    changed = state.stored | {"telecom": [{"system": "phone", "value": "000"}]}
    path = f"/fhir/Patient/{state.id}"
    answer = expect(state.client.ask("PUT", path, changed, if_match='W/"1"'), 200)
    check(body(answer)["meta"]["versionId"] == "2", "an update made no version 2")
    expect(state.client.ask("PUT", path, changed, if_match='W/"1"'), 409, 412)
    return "version 2; an update of version 1 is refused now"


def _by_number(mrn: str) -> str:
    return f"/fhir/Patient?{urlencode({'identifier': f'{OWN}|{mrn}'})}"


def _search(state: State) -> str:
    found = body(expect(state.client.ask("GET", _by_number(state.mrn)), 200))
    ids = [one["resource"]["id"] for one in found.get("entry") or ()]
    check(ids == [state.id], f"a search by your own number found {len(ids)} Patients, not the one")
    expect(state.client.ask("GET", "/fhir/Patient?identifer=x"), 400)
    return "found by your own number; a misspelt parameter is refused"


def _transaction(state: State) -> str:
    bundle = a_visit(state.mrn + "V", fictional_number(), state.at.date().isoformat())
    answer = body(expect(state.client.ask("POST", "/fhir", bundle), 200))
    statuses = [one["response"]["status"][:3] for one in answer["entry"]]
    check(statuses == ["201"] * 4, f"a transaction of 4 was answered {' '.join(statuses)}")
    patient, *others = (one["response"]["location"].partition("/_history")[0] for one in answer["entry"])
    told = body(expect(state.client.ask("GET", f"/fhir/{others[0]}"), 200))
    check(told["subject"]["reference"] == patient, "a reference to an entry was not made one to what was stored")
    return "4 of 4 stored, and they refer to each other"


def _whole(state: State) -> str:
    mrn = state.mrn + "W"
    bundle = a_visit(mrn, fictional_number(), state.at.date().isoformat())
    del bundle["entry"][3]["resource"]["status"]
    expect(state.client.ask("POST", "/fhir", bundle), 400, 422)
    found = body(expect(state.client.ask("GET", _by_number(mrn)), 200))
    check(not found.get("entry"), "a transaction that was refused left something behind")
    return "a transaction with one bad entry stores nothing"


def _refused(state: State) -> str:
    bad = {"resourceType": "Observation", "subject": {"reference": f"Patient/{state.id}"},
           "code": {"text": "x"}}  # fmt: skip
    told = body(expect(state.client.ask("POST", "/fhir/Observation", bad), 400, 422))
    check(told.get("resourceType") == "OperationOutcome", "a refusal is no OperationOutcome")
    issue = told["issue"][0]
    check(issue["code"] == "required", "a refusal does not say that a required element is missing")
    check("Observation" in str(issue.get("expression")), "a refusal does not name where")
    wrong = a_patient(state.mrn + "X", state.number)
    last = "1" if state.number[-1] != "1" else "2"
    wrong["identifier"][1] = {"system": ID_CARD, "value": state.number[:-1] + last}
    told = body(expect(state.client.ask("POST", "/fhir/Patient", wrong), 400, 422))
    check(state.number[:-1] not in str(told), "a refusal repeats the number that was sent")
    return "a missing status and a wrong check character are refused, and named"


def _message(state: State) -> str:
    mllp = state.mllp
    if mllp is None:
        return "not asked for"
    said = admission(mllp.sender, state.mrn + "M", uuid.uuid4().hex[:20], state.at.strftime("%Y%m%d%H%M%S%z"))
    for turn in ("once", "again"):
        answer = mllp.ask(said)
        code = answer.get("MSA", ["", ""])[1]
        reason = "|".join(answer.get("ERR", ())[2:9])
        check(code == "AA", f"an A04 sent {turn} was answered {code or 'with no MSA'}: {reason}")
    odd = said.replace("ADT^A04^ADT_A01", "ADT^A99^ADT_A01").replace("|P|2.5.1", "x|P|2.5.1", 1)
    refused = mllp.ask(odd).get("MSA")
    check(refused and refused[1] in ("AE", "AR"), "an event that does not exist was not refused")
    return "an A04 is answered AA, the same again too, an unknown event is refused"


STEPS = (
    Step(
        name="reach",
        work=_reach,
        advice="check the address and your firewall; where the certificate is signed by an authority of your own, name"
        " its PEM file in the variable SSL_CERT_FILE",
        needed=True,
    ),
    Step(
        name="token",
        work=_token,
        advice="check client id, key and kid against the sheet, and your clock (an assertion lives five minutes);"
        " if the node is known by another address than the one you use, give --audience",
        needed=True,
    ),
    Step(
        name="replay",
        work=_replay,
        advice="something between you and the node answers in its place: it must not keep answers of /oauth/token",
    ),
    Step(
        name="stranger",
        work=_stranger,
        advice="something between you and the node adds credentials: every request must carry your own",
    ),
    Step(
        name="capability",
        work=_capability,
        advice="ask for FHIR R4 JSON at the FHIR endpoint of the sheet; a proxy must pass /fhir as it is",
    ),
    Step(
        name="sandbox",
        work=_sandbox,
        advice="run this with the client of a sandbox: the operator makes one with salus facility add ID --sandbox …",
        needed=True,
    ),
    Step(
        name="create",
        work=_create,
        advice="read the reason above; a proxy must pass the headers Location and ETag",
        needed=True,
    ),
    Step(
        name="read",
        work=_read,
        advice="nothing between you and the node may rewrite a body; send and read UTF-8",
    ),
    Step(
        name="update",
        work=_update,
        advice="send If-Match with the version that you changed; a proxy must pass it",
    ),
    Step(
        name="search",
        work=_search,
        advice="write identifier=system|value, percent-encoded; a proxy must pass the query as it is",
    ),
    Step(
        name="transaction",
        work=_transaction,
        advice="send a Bundle of type transaction to the FHIR endpoint itself; refer to entries by their fullUrl",
    ),
    Step(
        name="whole",
        work=_whole,
        advice="tell the operator: a transaction has to be stored whole or not at all",
    ),
    Step(
        name="refused",
        work=_refused,
        advice="your software has to read OperationOutcome, and to stop sending what was refused until it is mended",
    ),
    Step(
        name="message",
        work=_message,
        advice="check MSH-4 against the operator's mllp_senders, and that the certificate's key is the registered one",
    ),
)
