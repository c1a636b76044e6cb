"""What an acceptance rule may hold, and the word under which the linter refuses each way to write people into one."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certlogic_cases import national
from salus.rules import TableRefused
from salus.rules.acceptance import Verdict, acceptance_of, accepts, lint_acceptance
from salus.rules.acceptance.lint import lint_logic

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)
DOSE = {"var": "payload.v.0"}
AFTER_TWO_WEEKS: dict[str, Any] = {
    "if": [
        DOSE,
        {
            "and": [
                {"in": [{"var": "payload.v.0.mp"}, ["EU/1/20/1528", "EU/1/20/1507"]]},
                {">=": [{"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}]},
                {
                    "not-after": [
                        {"plusTime": [{"var": "payload.v.0.dt"}, 14, "day"]},
                        {"plusTime": [{"var": "external.validationClock"}, 0, "day"]},
                        {"plusTime": [{"var": "payload.v.0.dt"}, 270, "day"]},
                    ]
                },
            ]
        },
        False,
    ]
}


def payload(day: str = "2031-01-15", **fields: Any) -> dict[str, Any]:
    return {"v": [{"tg": "840539006", "mp": "EU/1/20/1528", "dn": 2, "sd": 2, "dt": day, **fields}]}


def document() -> dict[str, Any]:
    rule = {
        "name": "two-weeks",
        "kind": "vaccination",
        "description": {"en": "The last dose was 14 to 270 days ago.", "zh": "末次接种在14至270天之前。"},
        "logic": copy.deepcopy(AFTER_TWO_WEEKS),
        "examples": [
            {"payload": payload(), "at": "2031-03-01T08:00:00Z", "accepted": True},
            {"payload": payload("2031-02-25"), "at": "2031-03-01T08:00:00Z", "accepted": False},
        ],
    }
    return {"rules": [rule]}


def logic(*parts: Any) -> Callable[[dict[str, Any]], Any]:
    """Ask for the good rule and for these parts besides."""
    return lambda rule: rule.update(logic={"and": [AFTER_TWO_WEEKS, *parts]})


def example(**fields: Any) -> Callable[[dict[str, Any]], Any]:
    """Write these fields into the first example's certificate."""
    return lambda rule: rule["examples"][0]["payload"].update(fields)


def among(path: str, items: list[Any]) -> dict[str, Any]:
    return {"in": [{"var": path}, items]}


DAYS = [f"2031-01-{day:02}" for day in range(1, 20)]
PEOPLE: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("NAME", logic(among("payload.nam.fnt", ["LI", "WANG"]))),
    ("NAME", logic({"!": [{"===": [{"var": "data.payload.nam.gnt"}, "MEI"]}]})),
    ("BIRTH-DATE", logic(among("payload.dob", ["1980-02-03", "1981-05-06"]))),
    ("BIRTH-DATE", logic({"after": [{"dccDateOfBirth": ["2004"]}, {"plusTime": ["2030-01-01", 0, "day"]}]})),
    ("CERTIFICATE-IDENTIFIER", logic(among("payload.v.0.ci", ["URN:UVCI:01:XX:1"]))),
    ("CERTIFICATE-IDENTIFIER", logic({"===": [{"extractFromUVCI": [{"var": "payload.v.0.mp"}, 2]}, "1A2B"]})),
    ("ISSUER", logic(among("payload.v.0.is", ["Clinic of the bank"]))),
    ("REGION", logic(among("payload.v.0.co", ["XX"]))),
    ("PLACE", logic({"===": [{"var": "payload.t.0.tc"}, "Square"]})),
    ("LIST-TOO-LONG", logic(among("payload.v.0.mp", [f"P{number}" for number in range(1317)]))),
    ("HASH", logic(among("payload.v.0.ma", ["d2a84f4b8b650937", "ec8f73cd8be2c74a"]))),
    ("HASH", logic(among("payload.v.0.ma", ["q83vEjRWeJCrze8SNFZ4kKvN"]))),
    ("NUMBER", logic(among("payload.v.0.ma", ["900101198001011234"]))),
    ("FREE-TEXT", logic(among("payload.v.0.ma", ["李明", "王芳"]))),
    ("DATE-COMPARED", logic(among("payload.v.0.dt", DAYS))),
    ("DATE-COMPARED", logic({"===": [{"var": "payload.t.0.sc"}, {"var": "payload.t.0.dr"}]})),
    ("TIME-OF-DAY", logic({"after": [{"plusTime": ["2031-01-15T12:34:56Z", 0, "day"]}, AT.isoformat()]})),
    (
        "TOO-MANY-DATES",
        logic(
            *(
                {"not-before": [{"plusTime": [{"var": "payload.v.0.dt"}, 0, "day"]}, {"plusTime": [day, 0, "day"]}]}
                for day in DAYS
            )
        ),
    ),
    ("TOO-LONG", logic(*({"===": [{"var": "payload.v.0.ma"}, f"A{number}"]} for number in range(300)))),
    ("UNKNOWN-FIELD", logic({"var": "payload.v.0.hash"})),
    ("UNKNOWN-FIELD", logic({"var": ""})),
    ("UNKNOWN-FIELD", logic({"var": "payload"})),
    ("UNKNOWN-FIELD", logic({"var": "external.people"})),
    ("NAME", logic({"reduce": [{"var": "payload.v"}, {"===": [{"var": "data.payload.nam.fn"}, "Li"]}, True]})),
    ("CERTIFICATE-IDENTIFIER", logic({"reduce": [{"var": "payload.v"}, among("current.ci", ["x"]), True]})),
    ("VALUE-SET", logic({"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.people"}]})),
    # An example that holds somebody.
    ("NAME", example(nam={"fn": "Li"})),
    ("BIRTH-DATE", example(dob="1980-02-03")),
    ("CERTIFICATE-IDENTIFIER", example(**payload(ci="URN:UVCI:01:XX:1"))),
    ("ISSUER", example(**payload(**{"is": "Clinic of the bank"}))),
    ("UNKNOWN-FIELD", example(people=["x"])),
    ("FREE-TEXT", example(**payload(ma="李明"))),
    ("NUMBER", example(**payload(ma="900101198001011234"))),
    ("NUMBER", example(**payload(dn=13800138000))),
    ("TYPE", example(**payload(day="李明"))),
    # A rule that is none.
    ("UNCONDITIONAL", lambda rule: rule.update(logic={"===": [1, 1]})),
    ("CERTLOGIC", lambda rule: rule.update(logic={"or": [True, False]})),
    ("EXAMPLES", lambda rule: rule["examples"].pop()),
    ("EXAMPLES", lambda rule: rule.update(examples=[])),
    ("EXAMPLE-FAILS", lambda rule: rule["examples"][0].update(payload=payload("2031-02-27"))),
    ("CLAUSE", lambda rule: rule["description"].pop("zh")),
    ("NUMBER", lambda rule: rule["description"].update(en="for 900101198001011234 only")),
    ("UNKNOWN-FIELD", lambda rule: rule.update(people=["x"])),
    ("UNKNOWN-WORD", lambda rule: rule.update(kind="resident")),
    ("MISSING", lambda rule: rule.pop("name")),
]


def test_a_good_rule_is_accepted_with_its_examples_and_judges_each_payload() -> None:
    rules = acceptance_of(document())

    assert accepts(rules, payload(), AT, {}) == {"two-weeks": Verdict.ACCEPTED}
    assert accepts(rules, payload(mp="other"), AT, {}) == {"two-weeks": Verdict.NOT_ACCEPTED}
    assert accepts(rules, payload(day="x"), AT, {}) == {"two-weeks": Verdict.CANNOT_TELL}
    assert accepts(rules, {"t": [{}]}, AT, {}) == {}
    assert accepts(rules, None, AT, {}) == {}


@pytest.mark.parametrize(("word", "change"), PEOPLE, ids=[f"{n}-{word}" for n, (word, _) in enumerate(PEOPLE)])
def test_each_way_to_write_people_into_a_rule_is_refused_under_its_word(
    word: str, change: Callable[[dict[str, Any]], Any]
) -> None:
    body = document()
    change(body["rules"][0])

    with pytest.raises(TableRefused) as refused:
        acceptance_of(body)
    assert word in {fault.split(" ")[0] for fault in refused.value.faults}, refused.value.faults


def test_there_are_more_than_ten_ways_and_each_has_its_word() -> None:
    words = Counter(word for word, _ in PEOPLE[:25])

    assert words.total() >= 10
    assert len(words) >= 10


NO_DOCUMENTS = [None, [], "rules", {}, {"rules": []}, {"rules": [None]}, {"rules": {}}, {"rules": [{}]}]
OPERATORS = st.sampled_from(["var", "and", "in", "plusTime", "reduce", "x"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


def branches(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=4) | st.dictionaries(OPERATORS, inner, max_size=2)


@pytest.mark.parametrize("value", NO_DOCUMENTS, ids=str)
def test_whatever_is_no_document_is_refused(value: object) -> None:
    assert lint_acceptance(value)


@given(st.recursive(LEAVES, branches, max_leaves=12))
def test_no_logic_breaks_the_linter(value: object) -> None:
    lint_logic(value, "vaccination")
    body = document()
    body["rules"][0]["logic"] = value
    assert lint_acceptance(body) or acceptance_of(body)


def test_the_national_rules_that_single_nobody_out_pass() -> None:
    rules, _ = national()
    kinds = {"Vaccination": "vaccination", "Test": "test", "Recovery": "recovery", "General": "vaccination"}
    words: Counter[str] = Counter()
    for rule in rules.values():
        words.update({fault.word for fault in lint_logic(rule["Logic"], kinds[rule["CertificateType"]])} or {"passes"})

    print(f"of {len(rules)} national rules: {dict(words)}")
    assert words["passes"] > 0.8 * len(rules)
