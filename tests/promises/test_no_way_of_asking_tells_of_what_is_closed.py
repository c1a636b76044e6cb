"""No way of asking tells of what is closed.

Every interaction and every page of a desk is asked of two worlds, one of which holds closed entries of one resident:
another facility's answers are the same in both, byte for byte, but for random ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from consenting import NUMBER
from nodes import ID_CARD
from salus.web.fhir.answering import MAY_BE_CLOSED
from salus.web.fhir.interactions import INTERACTIONS
from support import REPOSITORY
from walking import FORM, HIDDEN, OTHERS, PATCH, SECRET, Ask, Walk, a_condition, an_encounter, bundled, parameters, walk

GET, HEAD, POST, PUT, DELETE = (partial(Ask, method=verb) for verb in ("GET", "HEAD", "POST", "PUT", "DELETE"))
CHANGE = partial(Ask, method="PATCH", headers=PATCH, body=[{"op": "add", "path": "/language", "value": "en"}])
OLD = {"If-None-Match": 'W/"2"'}
OF = "patient={patient}"
BY_NUMBER = f"{ID_CARD}|{NUMBER}"
FINDING = a_condition("J45.9", "Patient/{patient}")
AGAIN = {**FINDING, "id": "{secret}"}
EVIDENCE = {"evidence": [{"detail": [{"reference": "Condition/{secret}"}]}]}
OWN = a_condition("I10", "Patient/{own}")
SEARCHES = (
    GET(path=f"/Condition?{OF}&_total=accurate"),
    GET(path=f"/Condition?{OF}&_summary=count"),
    GET(path=f"/Condition?{OF}&_summary=true"),
    GET(path=f"/Condition?{OF}&_sort=-recorded-date,_id&_count=1&_total=accurate"),
    GET(path=f"/Condition?{OF}&_sort=_lastUpdated&_count=1"),
    GET(path=f"/Condition?{OF}&code=B20.1&_total=accurate"),
    GET(path=f"/Condition?{OF}&code=R69&_total=accurate"),
    GET(path=f"/Condition?{OF}&code:not=J45.9&_total=accurate"),
    GET(path=f"/Condition?{OF}&encounter={{stay}}&_total=accurate"),
    GET(path=f"/Condition?{OF}&_lastUpdated=gt2020-01-01&_elements=code"),
    GET(path="/Condition?_id={secret},{gone}"),
    GET(path=f"/Condition?_id={{secret}},{{gone}}&{OF}"),
    GET(path=f"/Condition?{OF}&_include=Condition:encounter&_include=Condition:subject"),
    GET(path=f"/Condition?{OF}&_revinclude=Encounter:diagnosis"),
    GET(path=f"/Condition?{OF}&encounter.status=finished&_total=accurate"),
    GET(path=f"/Condition?{OF}&_has:Encounter:diagnosis:status=finished&_total=accurate"),
    GET(path=f"/Encounter?{OF}&_total=accurate"),
    GET(path=f"/Encounter?{OF}&diagnosis={{secret}}"),
    GET(path=f"/Encounter?{OF}&diagnosis:Condition.code=B20.1"),
    GET(path=f"/Encounter?{OF}&_include=Encounter:diagnosis"),
    GET(path=f"/Encounter?{OF}&_revinclude=Condition:encounter"),
    GET(path=f"/Encounter?{OF}&_has:Condition:encounter:code=B20.1&_total=accurate"),
    GET(path="/Patient?_id={patient}&_has:Condition:patient:code=B20.1&_total=accurate"),
    GET(path="/Patient?_id={patient}&_revinclude=Condition:patient"),
    GET(path="/Condition?code=B20.1"),
    GET(path="/Condition?patient={secret}"),
    GET(path=f"/Consent?{OF}&_total=accurate"),
    HEAD(path=f"/Condition?{OF}&code=B20.1&_total=accurate"),
    HEAD(path="/Condition?code=B20.1"),
)
"""Every question, by the interaction that answers it. A new interaction fails a test until it stands here."""
WALK: Mapping[tuple[str, str], tuple[Ask, ...]] = {
    ("GET", "/metadata"): (GET(path="/metadata"),),
    ("GET", "/.well-known/smart-configuration"): (GET(path="/.well-known/smart-configuration"),),
    ("GET", "/{rest:path}"): (
        GET(path="/Condition/{secret}/x"),
        GET(path="/nothing"),
        HEAD(path="/nothing"),
        POST(path="/nothing/measure", body={}),
        PUT(path="/measure/{secret}", body={}),
        Ask(method="TRACE", path="/Condition/{secret}"),
        Ask(method="OPTIONS", path="/Condition/{secret}"),
    ),
    ("GET", "/{type}/{id}"): (
        GET(path="/Condition/{secret}"),
        GET(path="/Condition/{secret}", headers=OLD),
        GET(path="/Condition/{secret}", headers={"If-None-Match": "*"}),
        GET(path="/Condition/{secret}", headers={"If-Modified-Since": "Mon, 01 Jan 2035 00:00:00 GMT"}),
        HEAD(path="/Condition/{secret}"),
        HEAD(path="/Condition/{secret}", headers=OLD),
        GET(path="/Patient/{secret}"),
        GET(path="/Encounter/{visit}"),
        GET(path="/Condition/{gone}"),
        GET(path="/Encounter/{stay}"),
        GET(path="/Condition/{asthma}"),
        GET(path="/Condition/{asthma}", headers={"If-None-Match": 'W/"1"'}),
        HEAD(path="/Condition/{asthma}", headers={"If-None-Match": 'W/"1"'}),
        GET(path="/Condition/{secret}", headers={"Accept": "application/xml"}),
    ),
    ("GET", "/{type}/{id}/_history/{version}"): (
        GET(path="/Condition/{secret}/_history/1"),
        GET(path="/Condition/{secret}/_history/2"),
        GET(path="/Condition/{secret}/_history/2", headers=OLD),
        GET(path="/Condition/{secret}/_history/9"),
        GET(path="/Condition/{gone}/_history/1"),
        GET(path="/Condition/{gone}/_history/2"),
        HEAD(path="/Condition/{secret}/_history/2"),
        GET(path="/Patient/{patient}/_history/1"),
    ),
    ("GET", "/{type}/{id}/_history"): (
        GET(path="/Condition/{secret}/_history"),
        GET(path="/Condition/{secret}/_history?_count=1"),
        GET(path="/Condition/{gone}/_history"),
        GET(path="/Encounter/{visit}/_history"),
        GET(path="/Encounter/{stay}/_history"),
        GET(path="/Patient/{patient}/_history"),
    ),
    ("GET", "/{type}/_history"): (GET(path="/Condition/_history"), GET(path="/Encounter/_history?_count=1")),
    ("GET", "/_history"): (GET(path="/_history"),),
    ("GET", "/{type}"): SEARCHES,
    ("POST", "/{type}/_search"): tuple(
        POST(path=f"/{kind}/_search", body=query, headers=FORM)
        for kind, _, query in (one.path[1:].partition("?") for one in SEARCHES[::2])
    ),
    ("GET", "/Patient/{id}/$everything"): (
        GET(path="/Patient/{patient}/$everything"),
        GET(path="/Patient/{patient}/$everything?_count=1"),
        GET(path="/Patient/{patient}/$everything?_type=Condition&_since=2020-01-01T00:00:00Z"),
        GET(path="/Patient/{own}/$everything"),
        GET(path="/Patient/{secret}/$everything"),
    ),
    ("POST", "/Patient/{id}/$everything"): (
        POST(path="/Patient/{patient}/$everything", body=parameters(("_type", "valueCode", "Condition"))),
    ),
    ("GET", "/Patient/$everything"): (GET(path="/Patient/$everything"),),
    ("POST", "/Patient/$everything"): (POST(path="/Patient/$everything", body=parameters()),),
    ("GET", "/Patient/{id}/$summary"): (
        GET(path="/Patient/{patient}/$summary"),
        GET(path="/Patient/{own}/$summary", headers={"Accept-Language": "zh"}),
    ),
    ("POST", "/Patient/{id}/$summary"): (POST(path="/Patient/{patient}/$summary", body=parameters()),),
    ("POST", "/Patient/$match"): (
        POST(
            path="/Patient/$match",
            body={"resourceType": "Patient", "identifier": [{"system": ID_CARD, "value": NUMBER}]},
        ),
        POST(
            path="/Patient/$match",
            body={"resourceType": "Patient", "name": [{"text": "王芳"}], "gender": "female", "birthDate": "1980-01-01"},
        ),
    ),
    ("GET", "/Patient/$ihe-pix"): (
        GET(path=f"/Patient/$ihe-pix?sourceIdentifier={BY_NUMBER}"),
        GET(path="/Patient/$ihe-pix?sourceIdentifier=urn:salus:resident|{resident}"),
        GET(path="/Patient/$ihe-pix?sourceIdentifier={base}/fhir|Patient/{patient}"),
        GET(path="/Patient/$ihe-pix?sourceIdentifier={base}/fhir|Patient/{secret}"),
    ),
    ("POST", "/Patient/$ihe-pix"): (
        POST(path="/Patient/$ihe-pix", body=parameters(("sourceIdentifier", "valueString", BY_NUMBER))),
    ),
    ("GET", "/Measure/$collect-data"): (
        GET(path="/Measure/$collect-data?periodStart=2031-01-01&periodEnd=2031-12-31"),
    ),
    ("POST", "/Measure/$submit-data"): (POST(path="/Measure/$submit-data", body=parameters()),),
    ("POST", "/$present"): (POST(path="/$present", body=parameters(("code", "valueString", "{code}"))),),
    ("GET", "/Consent/directive-{directive}"): (GET(path="/Consent/directive-{secret}"),),
    ("GET", "/AuditEvent/read-{place}"): (GET(path="/AuditEvent/read-999999999-0"),),
    ("POST", "/{type}/$validate"): (POST(path="/Condition/$validate", body=FINDING | EVIDENCE),),
    ("POST", "/$validate"): (POST(path="/$validate", body=AGAIN),),
    ("POST", "/Patient/$merge"): (
        POST(
            path="/Patient/$merge",
            body=parameters(
                ("source-patient", "valueReference", {"reference": "Patient/{own}"}),
                ("target-patient", "valueReference", {"reference": "Patient/{patient}"}),
                ("preview", "valueBoolean", True),
            ),
        ),
        POST(
            path="/Patient/$merge",
            body=parameters(
                ("source-patient", "valueReference", {"reference": "Patient/{own}"}),
                ("target-patient", "valueReference", {"reference": "Patient/{secret}"}),
            ),
        ),
    ),
    ("POST", "/{type}"): (
        POST(path="/Condition", body=OWN | EVIDENCE, note="refers to the secret"),
        POST(path="/Condition", body=FINDING | EVIDENCE, note="refers to the secret"),
        POST(
            path="/Encounter",
            body=an_encounter("Patient/{own}", diagnosis=[{"condition": {"reference": "Condition/{gone}"}}]),
            note="refers to what is gone",
        ),
        POST(path="/Condition", body=OWN, headers={"If-None-Exist": "_id={secret}"}),
        POST(path="/Condition", body=OWN, headers={"If-None-Exist": f"code=B20.1&{OF}"}),
        POST(path="/Condition", body=AGAIN, note="has its id"),
    ),
    ("PUT", "/{type}"): (
        PUT(path="/Condition?_id={secret}", body=FINDING),
        PUT(path=f"/Condition?{OF}&code=B20.1", body=FINDING),
    ),
    ("PATCH", "/{type}"): (CHANGE(path="/Condition?_id={secret}"), CHANGE(path=f"/Condition?{OF}&code=B20.1")),
    ("PUT", "/{type}/{id}"): (
        PUT(path="/Condition/{secret}", body=AGAIN),
        PUT(path="/Condition/{secret}", body=AGAIN, headers={"If-Match": 'W/"2"'}),
        PUT(path="/Condition/{gone}", body={**AGAIN, "id": "{gone}"}),
        PUT(path="/Condition/{theirs}", body={**OWN, **EVIDENCE, "id": "{theirs}"}, note="refers to the secret"),
    ),
    ("PATCH", "/{type}/{id}"): (
        CHANGE(path="/Condition/{secret}"),
        CHANGE(path="/Condition/{secret}", headers={**PATCH, "If-Match": 'W/"9"'}),
        CHANGE(
            path="/Condition/{secret}",
            body=[{"op": "test", "path": "/code/text", "value": SECRET}],
            note="guesses the words",
        ),
        CHANGE(path="/Condition/{gone}"),
    ),
    ("DELETE", "/{type}"): (DELETE(path="/Condition?_id={secret}"), DELETE(path=f"/Condition?{OF}&code=B20.1")),
    ("DELETE", "/{type}/{id}"): (
        DELETE(path="/Condition/{gone}"),
        DELETE(path="/Condition/{secret}", headers={"If-Match": 'W/"9"'}),
        DELETE(path="/Condition/{secret}"),
    ),
}
BUNDLES = {("POST", ""), ("POST", "/")}
"""A transaction of each question by itself, and a batch of all, made from the table."""
PAGES: Mapping[tuple[str, str], tuple[Ask, ...]] = {
    ("GET", "/quality"): (GET(path="/quality"),),
    ("GET", "/desk"): (GET(path="/desk"),),
    ("POST", "/desk"): (POST(path="/desk", body={"wanted": NUMBER, "purpose": "TREAT"}),),
    ("GET", "/work-list"): (GET(path="/work-list"),),
    ("GET", "/desk/{resident}"): (GET(path="/desk/{resident}"), GET(path="/desk/{secret}")),
    ("GET", "/desk/{resident}/reports"): (GET(path="/desk/{resident}/reports"),),
    ("GET", "/desk/{resident}/mixed"): (GET(path="/desk/{resident}/mixed"),),
    ("POST", "/desk/{resident}/mixed"): (
        POST(path="/desk/{resident}/mixed", body={"says": "cannot-tell", "record": "{secret}"}),
        POST(path="/desk/{resident}/mixed", body={"says": "cannot-tell", "record": "{patient}"}),
    ),
    ("POST", "/desk/{resident}/slip"): (POST(path="/desk/{resident}/slip", body={}),),
    ("GET", "/desk/{resident}/closing"): (GET(path="/desk/{resident}/closing"),),
    ("POST", "/desk/{resident}/closing"): (
        POST(path="/desk/{resident}/closing", body={"about": "hiv", "place": "", "lasts": "", "paper": "A-17"}),
    ),
    ("GET", "/desk/{resident}/notice"): (GET(path="/desk/{resident}/notice"),),
    ("POST", "/desk/{resident}/notice"): (POST(path="/desk/{resident}/notice", body={}),),
    ("GET", "/desk/{resident}/card"): (GET(path="/desk/{resident}/card"),),
    ("POST", "/desk/{resident}/card"): (POST(path="/desk/{resident}/card", body={"how": "signed", "paper": "!"}),),
    ("GET", "/desk/{resident}/guardian"): (GET(path="/desk/{resident}/guardian"),),
    ("POST", "/desk/{resident}/guardian"): (POST(path="/desk/{resident}/guardian", body={"wanted": NUMBER}),),
    ("GET", "/emergency"): (GET(path="/emergency"),),
    ("POST", "/emergency"): (
        POST(path="/emergency", body={"wanted": NUMBER, "category": "unconscious", "words": "found without a word"}),
    ),
    ("GET", "/emergency/{opening}"): (GET(path="/emergency/{secret}"),),
    ("GET", "/me/record"): (GET(path="/me/record"),),
}
"""Every page of a desk, and the one on which a resident reads the own record."""
_MADE = {key for key in WALK if key[0] in ("PUT", "PATCH", "DELETE")} | {("POST", "/{type}")}
WRITING = [ask for key, asks in WALK.items() for ask in asks if key in _MADE]
READING = [ask for key, asks in WALK.items() for ask in asks if key not in _MADE]
SHORT = [ask for ask in READING if not ask.path.endswith("/_search")]
LAST = [*bundled(READING)][-1:], [*bundled(WRITING)][-1:]
BY_ID = [ask for ask in SHORT if any(f"{{{name}}}" in str(ask) for name in HIDDEN)]
ASKS: Mapping[str, Sequence[Ask]] = {
    "system": [*READING, *bundled(READING), *WRITING, *bundled(WRITING)],
    "clinician": [*SHORT, *LAST[0], *WRITING[:2]],
    "stranger": [*BY_ID, *WRITING, *LAST[1]],
    "resident": SHORT,
    "writer": [*SHORT, *LAST[0], *WRITING, *LAST[1]],
}
"""Whoever knows what is closed is asked less: transactions and posted searches go the ways that the others go."""
SHOWN = [ask for asks in PAGES.values() for ask in asks]
TABLE = REPOSITORY / "tests" / "golden" / "closed.txt"


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Walk, Walk]]:
    folder = tmp_path_factory.mktemp("walks")
    with ThreadPoolExecutor(2) as both:
        walked = [both.submit(walk, folder / name, ASKS, SHOWN, secret=name == "secret") for name in ("secret", "twin")]
        return [one.result() for one in walked]


def test_every_interaction_and_every_page_of_a_desk_is_asked() -> None:
    rest = {("GET", "/{rest:path}"), *BUNDLES}
    lines = [line.split(maxsplit=3) for line in (REPOSITORY / "tests/golden/routes.txt").read_text().splitlines()[4:]]
    desk = {(method, path) for method, path, _, who in lines if {"clinician", "reception"} & {*who.split(", ")}}

    assert {*WALK, *rest} == {(one.method, one.path) for one in INTERACTIONS} | rest
    assert set(PAGES) - {("GET", "/me/record")} == desk


@pytest.mark.slow
def test_another_facility_is_told_the_same_whether_or_not_there_is_something_closed(
    walks: list[tuple[Walk, Walk]],
) -> None:
    for there, nowhere, asks in zip(*walks, ((lambda who: ASKS[who]), (lambda _: SHOWN)), strict=True):
        for (who, place), told in there.items():
            if who in OTHERS:
                ask = asks(who)[place]
                assert told == nowhere[who, place], f"{who}: {ask}"
                assert SECRET in str(ask.body) or not told.shows, f"{who}: {ask}"
                named = {name for name in HIDDEN if f"{{{name}}}" in "".join(told.bare)}
                assert not {name for name in named if f"{{{name}}}" not in f"{ask} {ask.body}"}, f"{who}: {ask}"


@pytest.mark.slow
def test_whoever_wrote_it_and_its_resident_are_told_of_it_where_the_table_says(
    walks: list[tuple[Walk, Walk]],
) -> None:
    assert _table(walks) == TABLE.read_text("utf-8")


@pytest.mark.slow
def test_every_answer_says_that_something_may_be_closed(walks: list[tuple[Walk, Walk]]) -> None:
    told = [one for answers, _ in walks for one in answers.values()]

    assert {line for one in told for line in one.closed} == {MAY_BE_CLOSED}
    assert {200, 201, 304, 400, 403, 404, 405, 406, 410, 412} <= {status for one in told for status in one.statuses}


def _table(walks: list[tuple[Walk, Walk]]) -> str:
    """Return of each question what both are told: `shows` where the words stand, `tells` where it only differs."""
    lines = [
        "# Who wrote what is closed, and its resident: what each question tells them, once all was asked of others."
    ]
    for (there, nowhere), asks in zip(zip(*walks, strict=True), (lambda who: ASKS[who], lambda _: SHOWN), strict=True):
        for (who, place), told in there.items():
            if who not in OTHERS:
                met = "shows" if told.shows else "same" if told == nowhere[who, place] else "tells"
                lines.append(f"{who:8} {met:5} {told.statuses[0]} {asks(who)[place]}")
    return "\n".join(lines) + "\n"
