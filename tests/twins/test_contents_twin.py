"""What published documents may say, judged by a node and by its auditor: both take the same and refuse the same.

Documents of every kind are taken as they are shipped, then one or two places are changed at random;
`SALUS_CONTENTS_CASES` says how many.
"""

from __future__ import annotations

import copy
import json
import os
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from accepting import AT, DAY, emergency, rules
from doors import trusted_key
from listing import NEW, OLD, listed
from listing_people import (
    IN_ACCEPTANCE,
    IN_ASSIGNMENT,
    acceptance,
    assignment,
    elsewhere,
    in_emergencies,
    in_trust_lists,
)
from recognising import hc1_key, recognition, rsa_key, shc_key
from salus.kernel import Invalid, canonical
from salus.rules import Document, PublicationKind, check_content, shipped_table
from salus_audit.contents import JUDGES, fault_of
from salus_audit.contents.certlogic import accepted
from salus_audit.judging.publishing import LONGEST
from salus_audit.leaves import PUBLICATIONS
from salus_audit.spelling import jcs

CASES = int(os.environ.get("SALUS_CONTENTS_CASES", "1500"))
EXPRESSIONS: tuple[Any, ...] = (
    *(
        {"var": path}
        for path in ("payload.v.0.dt", "payload.v", "payload.v.0.ma", "payload.t.0.tr", "payload.v.0.dn", "")
    ),
    *(
        {"var": path}
        for path in ("current.dt", "current.1", "accumulator", "external.validationClock", "data.payload.v.0.mp")
    ),
    *(
        {"var": path}
        for path in ("external.valueSets.vaccines", "payload.dob", "payload.v.0.ci", "data.payload.nam.fn", "a..b")
    ),
    *(
        {"plusTime": ["2031-01-01", 0, "day"]},
        {"plusTime": [{"var": "payload.v.0.dt"}, 14, "day"]},
        {"plusTime": ["2031", 1, "month"]},
    ),
    *(
        {"!": [1]},
        {"in": ["x", ["x"]]},
        {"===": [1, 1]},
        {"or": [1]},
        {"and": [True]},
        {"and": [True, {"var": "payload.v.0.dn"}]},
    ),
    *(
        {"reduce": [{"var": "payload.v"}, {"+": [{"var": "accumulator"}, 1]}, 0]},
        {">=": [{"var": "payload.v.0.dn"}, 2]},
    ),
    *({"if": [{"var": "payload.v.0"}, True, False]}, {"extractFromUVCI": ["x", 0]}, {"dccDateOfBirth": ["2004"]}),
    *(
        {
            "not-before": [
                {"plusTime": [{"var": "payload.v.0.dt"}, 1, "year"]},
                {"plusTime": [{"var": "external.validationClock"}, 0, "day"]},
            ]
        },
    ),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 14, 99, 100, 9_999, 10_000, [], {}, [True], "", " ", "x", "payload.v.0.dt"),
    *(
        "840539006",
        "day",
        "hour",
        "year",
        "country",
        "900101",
        "900000",
        "190000",
        "test",
        "hospital",
        "red",
        "Red Cross",
    ),
    *("2031-01-01", "2031-01", "2031", "2031-01-01T00:00:00Z", "2031-01-01T05:30:00+05:30", "2031-02-30T00:00:00Z"),
    *("d2a84f4b8b65", "d2a84f4b8b650937", "two-weeks", "李", "卫生部", "张伟", "110101 1990", "110101Li/19900307-4"),
    *("Ministry of Health", "Health r e d", "Santé publique", "key-compromise", "HC1", "SHC", "https://x.example/a"),
    *(
        "care-home",
        "bank",
        "issuers",
        "a" * 33,
        1317 * "x",
        301 * "y ",
        "x\u200b",
        "ＡＢ",
        "٣",
        ["x"] * 33,
        ["x", "x"],
        rsa_key(),
    ),
    *({"codes": ["x"], "source": "y"}, {"amount": 3, "unit": "day", "source": "y"}, {"en": "a", "zh": "b"}),
    *({"kind": "culture", "after_hours": 72}, {"var": "payload.v.0.person"}),
    *EXPRESSIONS,
)
NAMES = ("more", "tables", "x-y", "d2a84f4b8b650937", "person", "renews", "previous", "v", "dn", "tg")


def of(kind: PublicationKind, body: dict[str, Any], name: str = "a", version: int = 1) -> Document:
    return Document(kind=kind, name=name, version=version, starts=AT, ends=AT + DAY, body=body)


def good() -> list[Document]:
    """At least one good document of every kind."""
    first = listed(trusted_key(OLD))
    places = [
        {"facility": "H1", "organisation": "city-hospital", "licence": "hospital", "county": "900101"},
        {"facility": "LAB-2", "organisation": "Green-Laboratories", "licence": "laboratory", "county": "900102"},
    ]
    return [
        rules(),
        rules("measles"),
        *(of(PublicationKind.RULES, shipped_table(one)) for one in ("covid-19", "measles")),
        emergency(AT),
        emergency(AT, renews=emergency(AT - 30 * DAY)),
        of(PublicationKind.DECLARATION, {"venues": ["care-home"], "wants": ["test", "recovery"], "region": "900101"}),
        recognition(hc1_key(), shc_key(), hc1_key(key=rsa_key())),
        first,
        listed(trusted_key(NEW), trusted_key(OLD, ended="superseded", regions=["900000"]), before=first),
        of(PublicationKind.ADMISSION, {"facilities": places}),
    ]


def hidden() -> list[Document]:
    """Every known way to hide a list of persons, in whatever kind."""
    told = {"region": "900101", "disease": "covid-19"}
    found = [of(PublicationKind.ACCEPTANCE, {**acceptance(change), **told}) for _, _, change in IN_ACCEPTANCE]
    found += [of(PublicationKind.RULES, assignment(change)) for _, _, change in IN_ASSIGNMENT]
    return [*found, *(one for _, one in (*elsewhere(), *in_trust_lists(), *in_emergencies()))]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document."""
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in pairs:
        yield from places(item, (*path, name))


def mutated(rng: Random, document: Document) -> Document:
    """A document with one or two places changed, left out or doubled."""
    body = copy.deepcopy(dict(document.body))
    for _ in range(rng.choice((1, 1, 2))):
        *path, last = rng.choice(list(places(body)) or [("x",)])
        parent: Any = body
        for name in path:
            parent = parent[name]
        deed = rng.randrange(5)
        if deed == 0 and last in (parent if isinstance(parent, dict) else range(len(parent))):
            parent.pop(last)
        elif deed == 1 and isinstance(parent, list):
            parent.append(copy.deepcopy(parent[last]))
        elif deed == 1:
            parent[rng.choice(NAMES)] = copy.deepcopy(parent.get(last))
        elif deed == 2 and isinstance(parent, dict) and "logic" in parent:
            parent["logic"] = {"and": [parent["logic"], copy.deepcopy(rng.choice(EXPRESSIONS))]}
        else:
            parent[last] = copy.deepcopy(rng.choice(VALUES))
    return of(document.kind, body, document.name, document.version)


def both(document: Document) -> bool:
    """Tell whether a document is taken, by both alike."""
    try:
        check_content(document)
        ours = True
    except Invalid:
        ours = False
    fault = fault_of(json.loads(document.encoded))
    assert ours is (fault is None), (fault, str(document.kind), dict(document.body))
    return ours


def test_every_kind_that_can_be_published_has_a_judge_and_a_length() -> None:
    assert set(JUDGES) == set(PUBLICATIONS) == set(LONGEST) == {str(kind) for kind in PublicationKind}


def test_what_is_good_is_taken_by_both_and_every_way_to_hide_persons_by_neither() -> None:
    assert [one for one in good() if not both(one)] == []
    assert [one for one in hidden() if both(one)] == []
    assert len(hidden()) > 100


def test_both_judge_documents_alike_that_were_changed_at_random() -> None:
    rng, told = Random(11), Counter[tuple[str, bool]]()
    documents = good()
    for number in range(CASES):
        try:
            one = mutated(rng, documents[number % len(documents)])
        except Invalid:
            continue  # too long for a document of any kind
        told[str(one.kind), both(one)] += 1

    assert {kind for (kind, taken), count in told.items() if count >= CASES // 100} == set(PUBLICATIONS), told
    assert sum(count for (_, taken), count in told.items() if taken) > CASES // 20, told


MOMENTS = ("2031-02-28", "2031-02-29", "2032-02-29", "2031", "2031-13", "0999-01-01", "9999-12-31T23:59:59.9994Z")
SPELT = (
    "2031-01-31T23:59:59+14:00",
    "2031-01-31T10:00:00.5-1",
    "2031-01-31T10:00:00+0130",
    "2031-01-31T10:00:00+2:",
    "x",
)


@pytest.mark.parametrize("seed", range(3))
def test_both_work_expressions_out_alike(seed: int) -> None:
    """Also those that no document may hold: times in every spelling, numbers at the ends, what is undefined."""
    from salus.rules.certlogic import evaluate, issues
    from salus.rules.errors import RuleRefused
    from salus_audit.contents.certlogic import is_expression

    rng, told = Random(seed), Counter[bool | None]()
    data = {
        "payload": {"v": [{"dt": "2031-01-31", "dn": 2, "ma": "x"}, {"dt": "2030-12-01"}], "n": None, "big": 2**53 - 1},
        "external": {"valueSets": {"vaccines": ["x", "y"]}, "validationClock": "2031-03-01T08:00:00Z"},
    }

    def scalar() -> Any:
        return rng.choice((0, 1, 2, -3, True, False, "x", "", "2", *MOMENTS, 2**53 - 1, {"var": "payload.big"}))

    def moment() -> Any:
        text = rng.choice((*MOMENTS, *SPELT, {"var": "payload.v.0.dt"}, {"var": "external.validationClock"}, 7))
        return {
            "plusTime": [
                text,
                rng.choice((0, 1, -1, 11, 12, 48, -9000, 10**7)),
                rng.choice(("day", "hour", "month", "year")),
            ]
        }

    def made(depth: int) -> Any:
        name = rng.choice(
            ("if", "and", "!", "===", "in", "+", "<", ">=", "after", "not-after", "before", "reduce", "var", "list")
        )
        if depth > 3 or name == "var":
            return rng.choice(
                (
                    scalar(),
                    {
                        "var": rng.choice(
                            (
                                "payload.v.0.dn",
                                "payload.v",
                                "payload.v.00",
                                "payload.v.9",
                                "payload.n",
                                "accumulator",
                                "current.dn",
                                "",
                            )
                        )
                    },
                )
            )
        if name in ("after", "before", "not-after"):
            return {name: [moment() if rng.random() < 0.9 else made(depth + 1) for _ in range(rng.randint(2, 3))]}
        if name == "list":
            return [made(depth + 1) for _ in range(rng.randint(0, 3))]
        if name == "reduce":
            return {name: [{"var": "payload.v"}, made(depth + 1), scalar()]}
        count = {"if": 3, "and": rng.randint(2, 3), "!": 1, "<": rng.randint(2, 3), ">=": 2}.get(name, 2)
        return {name: [made(depth + 1) for _ in range(count)]}

    for _ in range(CASES):
        rule = made(0)
        assert is_expression(rule) is (not issues(rule)), rule
        try:
            ours: bool | None = evaluate(rule, data) is True
        except RuleRefused:
            ours = None
        assert accepted(rule, data) is ours, rule
        told[ours] += 1
    assert min(told.values()) > CASES // 50, told


def test_the_auditor_spells_documents_as_the_node_does() -> None:
    assert all(jcs(one.as_json()) == canonical(one.as_json()) == one.encoded for one in good())
