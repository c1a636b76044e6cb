"""No one can set a measure: there is no action for it that any role, for any purpose, could be permitted."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import orjson
import pytest

from forging import forge
from measures import HOUR
from measuring import Measuring, a_specimen, body_of, measuring, system_of
from naming import everything, saying, searches
from nodes import Asking, a_number, asking, send, the_resident
from salus.access import Action, Policy, PolicyBroken
from salus.access.policy import engine
from salus.app import demo_token, my_notices
from salus.cli.actors import commit_specimen, new_subject
from salus.kernel import Role
from salus.records import resource_types
from salus.rules import Measure, Result, recompute
from salus.storage import Duty, Store

SCHEMA = '{schema}\naction "set-measure" appliesTo {{ principal: [Role], resource: [Kind], context: Facts }};'
MEASURES = ("measure", "colour", "color", "status", "green", "yellow", "red", "quarantine", "restrict", "flag")


def test_no_action_names_a_measure() -> None:
    assert not [action for action in Action if any(word in action.value for word in MEASURES)]


@pytest.mark.parametrize("role", Role)
def test_a_policy_that_lets_a_role_set_a_measure_refuses_to_start(role: Role) -> None:
    grant = f'@ground("x") permit (principal == Role::"{role}", action == Action::"set-measure", resource);'

    with pytest.raises(PolicyBroken):
        Policy(engine.policy_text() + grant, engine.schema_text())


def test_the_check_can_fail() -> None:
    """With the action declared the same grant is accepted: it is the missing action that refuses it."""
    grant = '@ground("x") permit (principal, action == Action::"set-measure", resource);'

    assert Policy(engine.policy_text() + grant, SCHEMA.format(schema=engine.schema_text())).hash


WORDS = (
    "measure measures colour color status state green yellow amber red quarantine restriction restricted flag flags"
    " risk score tier grade clearance pass passed ban banned blocked allowed allow exposure exposed"
)
# What these words name here instead of what a person may or must do.
NO_MEASURE = {
    "salus.access.policy.model.Decision.allowed": "whether a request to read or write is permitted",
    "salus.app.importing.telling.Turned.status": "HTTP's, of a line that an import turned away",
    "salus.app.matching.Matched.grade": "how good a match is, FHIR's match-grade; told to who asked, kept nowhere",
    "salus.cli.selftest.client.Answer.status": "HTTP's, of an answer that a hospital's self-test got",
    "salus.cli.selftest.client.Outcome.passed": "whether a step of that self-test went well",
    "salus.records.model.SummaryLine.flag": "low or high beside a laboratory value",
    "salus.rules.model.Decision.measure": "the answer of the pure function; it is compared, and kept nowhere",
    "salus.rules.recomputing.model.Recomputed.measure": "the answer that anybody gets from a file; kept nowhere",
    "salus.rules.model.Table.exposure": "the row of a published table for slips; it asks for a test at most",
    "salus.rules.recomputing.slips._Slip.exposure": "of which day a slip is; its bearer's alone",
    "salus.web.views.Result.flag": "low or high beside a laboratory value",
}


def test_nothing_that_is_kept_or_sent_has_a_name_for_a_measure(store: Store) -> None:
    assert saying(WORDS, everything(store)) == set(NO_MEASURE)


def test_what_is_searched_for_is_an_element_that_r4_defines_and_nothing_of_ours() -> None:
    listed = files("salus.records.search") / "expressions.json"
    defined = {
        (base, one["code"])
        for one in orjson.loads(listed.read_bytes())
        for base in (resource_types() if set(one["base"]) & {"Resource", "DomainResource"} else one["base"])
    }

    assert {(kind, name) for kind, name in searches() if not name.startswith("_")} <= defined


# --- an official, a vendor's clerk and a database administrator each try, on a real node


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("setting")) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(world: Measuring) -> Iterator[Asking]:
    with asking(world.node) as opened:
        yield opened


def nothing_is_asked(world: Measuring, number: str) -> bool:
    return my_notices(world.node, the_resident(world.resident(number))).notices == ()


@pytest.mark.parametrize("place", ["body", "opening", "inner"])
@pytest.mark.parametrize("field", ["measure", "colour", "status", "gives", "Red"])
def test_a_field_that_would_set_one_is_refused_and_the_refusal_is_counted(
    world: Measuring, client: Asking, place: str, field: str
) -> None:
    number, before = a_number(50), refusals(world)
    signed = commit_specimen(world.site, disease="covid-19", taken=world.now, subject=new_subject())
    body = orjson.loads(body_of(a_specimen(world.patient(number), signed), signed))
    {"body": body, "opening": body["opening"], "inner": body["opening"]["specimen"]}[place][field] = "precaution"
    token = demo_token(world.node, Role.SAMPLING_SITE, "S1", None, None)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    answer = client.ask("POST", "/evidence/specimens", content=orjson.dumps(body), headers=headers)

    assert answer.status_code == 403
    assert "SALUS-H011" in answer.text
    assert refusals(world) == before + 1
    assert nothing_is_asked(world, number)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/me/notice", "/evidence/measures", "/fhir/Measure/red", "/fhir/Flag"])
def test_no_address_takes_one(client: Asking, method: str, path: str) -> None:
    answer = client.ask(method, path, content=b"{}")

    assert answer.status_code in (401, 403, 404, 405)


def test_what_a_clerk_sends_asks_nothing_of_anybody(world: Measuring) -> None:
    """A tag, a flag and an observation that all say red are records like any other, and decide nothing."""
    number = a_number(51)
    patient = world.patient(number, "H1")
    red = {"system": "urn:city:code", "code": "red", "display": "red"}
    resources = [
        {
            "resourceType": "Flag",
            "status": "active",
            "code": {"coding": [red]},
            "subject": {"reference": patient},
            "meta": {"tag": [red]},
        },
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "94500-6"}, red]},
            "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "10828004"}]},
            "subject": {"reference": patient},
            "issued": "2031-03-04T00:00:00Z",
        },
    ]
    for one in resources:
        send(world.node, system_of("H1"), one)
    world.settle()

    assert nothing_is_asked(world, number)


@pytest.mark.parametrize("logged", [False, True])
def test_rows_in_the_database_ask_nothing_of_anybody_even_with_the_keys_and_the_log(
    world: Measuring, logged: bool
) -> None:
    number = a_number(52 + logged)

    forge(world, number, logged=logged)
    world.settle()

    assert nothing_is_asked(world, number)


def test_evidence_asks_what_the_rules_say_and_the_holder_comes_to_the_same(world: Measuring) -> None:
    """The sibling of the tests above: through the one way there is, a notice comes about."""
    number = a_number(54)
    world.result(world.specimen(number), Result.POSITIVE)
    world.witnesses.advance(HOUR)
    world.settle()

    (notice,) = my_notices(world.node, the_resident(world.resident(number))).notices

    assert notice.found.measure is Measure.PRECAUTION
    assert recompute(notice.file, world.witnesses.trust, world.now) == notice.found


def refusals(world: Measuring) -> int:
    with world.node.store.connect(Duty.MIGRATION, "salus") as owner:
        row = owner.execute("select count(*) from access.refusal where code = 'SALUS-H011'").fetchone()
    return int(str(row[0])) if row else 0
