"""Trust files of two issuers: kept fresh by changes of both, or fetched whole; never of one alone.

`python tests/spec/test_void_changes_of_two.py` writes `vectors/changes-of-two.json` anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from changing import (
    AND_ON,
    DAY,
    EVENING,
    FIRST,
    ISSUER,
    LATER,
    LEADS,
    NOW,
    TODAY,
    as_cases,
    b64,
    by_browser,
    change,
    require_newest,
    told,
    with_changes,
)
from doors import AT, PARTY, Door, issuer_key
from salus.codec import CodecError, key_id
from salus.codec.certificates import (
    Reason,
    changes_from,
    changes_of_day,
    freshened,
    read_change,
    read_trust,
    verify,
    without_lists,
)
from salus.kernel import canonical
from salus.rules import Venue
from support import REPOSITORY

FILE = REPOSITORY / "vectors" / "changes-of-two.json"
NEXT_PARTY, NEXT_KEY = "neighbour.example/issuer", issuer_key("neighbour")
KEYS = {key_id(one.public_key()): one.public_key() for one in (ISSUER, NEXT_KEY)}
TWO = Door(neighbours=((NEXT_PARTY, NEXT_KEY, (5,)),))
TWO_LATER = Door(at=AT + DAY, void=(7, 20, 30), neighbours=((NEXT_PARTY, NEXT_KEY, (5, 6, 8)),))
THIRD = ("third.example/issuer", issuer_key("third"), ())
THREE_LATER = Door(at=AT + DAY, void=(7, 20, 30), neighbours=(*TWO_LATER.neighbours, THIRD))


def nexts(before: set[int], after: set[int], **changed: Any) -> bytes:
    """A change of the neighbour's list."""
    places = ({(1, index) for index in one} for one in (before, after))
    return change(*places, party=NEXT_PARTY, key=NEXT_KEY, **changed)


NEXT_LEADS = nexts({5}, {5, 6})
NEXT_AND_ON = nexts({5, 6}, {5, 6, 8}, starts=TODAY + DAY, issued=AT + DAY)
OPEN, NEXT_OPEN = change(FIRST, FIRST, issued=AT), nexts({5}, {5}, issued=AT)
FRESHENED: dict[str, tuple[bytes, list[bytes], bool]] = {
    "of both issuers": (TWO.file(), [LEADS, AND_ON, NEXT_LEADS, NEXT_AND_ON], True),
    "of both issuers, day by day": (TWO.file(), [NEXT_LEADS, LEADS, NEXT_AND_ON, AND_ON], True),
    "of both issuers, with open changes, which give way": (
        with_changes(TWO, OPEN, NEXT_OPEN), [LEADS, NEXT_LEADS, AND_ON, NEXT_AND_ON], True
    ),
    "of both issuers, with an open change of one": (
        with_changes(TWO, NEXT_OPEN, LEADS), [NEXT_LEADS, AND_ON, NEXT_AND_ON], True
    ),
    "of one issuer alone": (TWO.file(), [LEADS, AND_ON], False),
    "of the other issuer alone": (TWO.file(), [NEXT_LEADS, NEXT_AND_ON], False),
    "of both issuers, of one with a day left out": (TWO.file(), [LEADS, AND_ON, NEXT_AND_ON], False),
    "of both issuers, by the other's key": (
        TWO.file(), [LEADS, AND_ON, change({(1, 5)}, {(1, 6)}, party=NEXT_PARTY), NEXT_AND_ON], False
    ),
    "of both issuers, one with the other's lists": (
        TWO.file(), [LEADS, AND_ON, change(FIRST, EVENING, party=NEXT_PARTY, key=NEXT_KEY)], False
    ),
    "of a file of one issuer": (NOW.file(), [LEADS, AND_ON], False),
}  # fmt: skip
"""What is made with the newest file of both, without its lists."""
DAYS = [f"2031-03-0{number}" for number in (1, 2, 3)]
ASKED: dict[str, tuple[bytes, bytes, dict[str, bytes], list[str] | None]] = {
    "of one issuer": (NOW.file(), without_lists(LATER.file()), {DAYS[0]: LEADS, DAYS[1]: AND_ON}, DAYS[:2]),
    "of two": (
        TWO.file(), without_lists(TWO_LATER.file()),
        {DAYS[0]: LEADS + NEXT_LEADS, DAYS[1]: NEXT_AND_ON + AND_ON}, DAYS[:2],
    ),
    "of two, of which one is a day ahead": (
        with_changes(TWO, LEADS), without_lists(TWO_LATER.file()),
        {DAYS[0]: LEADS + NEXT_LEADS, DAYS[1]: AND_ON + NEXT_AND_ON}, DAYS[:2],
    ),
    "of two, of which both are a day ahead": (
        with_changes(TWO, LEADS, NEXT_LEADS), without_lists(TWO_LATER.file()),
        {DAYS[1]: AND_ON + NEXT_AND_ON}, DAYS[1:2],
    ),
    "of two, one of which is told of no more": (
        TWO.file(), without_lists(TWO_LATER.file()), {DAYS[0]: LEADS + NEXT_LEADS, DAYS[1]: AND_ON}, None,
    ),
    "of two, one of which is told of alone": (
        TWO.file(), without_lists(TWO_LATER.file()), {DAYS[0]: LEADS, DAYS[1]: AND_ON}, None,
    ),
    "of two, one twice": (
        TWO.file(), without_lists(TWO_LATER.file()),
        {DAYS[0]: LEADS + NEXT_LEADS + LEADS, DAYS[1]: AND_ON + NEXT_AND_ON}, None,
    ),
    "of two, with something behind": (
        TWO.file(), without_lists(TWO_LATER.file()),
        {DAYS[0]: LEADS + NEXT_LEADS + b"\0", DAYS[1]: AND_ON + NEXT_AND_ON}, None,
    ),
    "of two, with the changes of another day": (
        TWO.file(), without_lists(TWO_LATER.file()),
        {DAYS[0]: LEADS + NEXT_LEADS, DAYS[1]: LEADS + NEXT_LEADS, DAYS[2]: AND_ON + NEXT_AND_ON}, None,
    ),
    "of two, where a third has come": (
        TWO.file(), without_lists(THREE_LATER.file()),
        {DAYS[0]: LEADS + NEXT_LEADS, DAYS[1]: AND_ON + NEXT_AND_ON}, None,
    ),
    "of two, with no answer": (TWO.file(), without_lists(TWO_LATER.file()), {DAYS[0]: LEADS + NEXT_LEADS}, None),
    "of two, one without lists": (
        canonical({**json.loads(TWO.file()), "lists": json.loads(NOW.file())["lists"]}),
        without_lists(TWO_LATER.file()), {DAYS[0]: LEADS + NEXT_LEADS, DAYS[1]: AND_ON + NEXT_AND_ON}, None,
    ),
}  # fmt: skip
"""A kept file, the newest without its lists, what a node answers for each day, and the days that a page asks for."""


FILES = {
    "kept": TWO.file(),
    "rest": without_lists(TWO_LATER.file()),
    "kept of one": NOW.file(),
    "rest of one": without_lists(LATER.file()),
    "rest of three": without_lists(THREE_LATER.file()),
}


def made() -> dict[str, Any]:
    """Make the whole file."""
    return {
        "about": "Changes of void lists for trust files of two issuers. Keys are made from names and protect nothing.",
        "files": {name: octets.decode() for name, octets in FILES.items()},
        "freshened": as_cases(FRESHENED, FILES["rest"], named),
        "asked": [asked(name) for name in ASKED],
    }


def asked(name: str) -> dict[str, Any]:
    """What a page is served, and what comes of it by the changes that it lacks of the days that it asks for."""
    kept, rest, answers, days = ASKED[name]
    served = {day: b64(octets) for day, octets in answers.items()}
    since = changes_from(read_trust(kept))
    took = [one for day in days or () for one in changes_of_day(answers[day]) if _lacks(one, since)]
    found = told(read_trust(freshened(kept, rest, took))) if days else None
    return {"name": name, "kept": named(kept), "rest": named(rest), "answers": served, "days": days, "told": found}


def named(octets: bytes) -> str:
    """A trust file's name among those that are written down once, or else the file."""
    return next((name for name, known in FILES.items() if known == octets), octets.decode())


def _lacks(token: bytes, since: Mapping[str, date]) -> bool:
    found = read_change(token, KEYS)
    return since[found.party] <= found.starts.date()


VECTORS = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}


def test_the_vectors_are_what_the_code_makes_today() -> None:
    assert made() == VECTORS


def test_the_browsers_modules_ask_for_what_both_issuers_voided_and_refuse_the_same() -> None:
    found = by_browser(FILE)

    for mine, one in zip(found["freshened"], VECTORS["freshened"], strict=True):
        assert mine == one["told"], one["name"]
    for mine, one in zip(found["asked"], VECTORS["asked"], strict=True):
        assert mine == {name: one[name] for name in ("days", "told")}, one["name"]


@pytest.mark.parametrize("name", FRESHENED)
def test_a_file_of_two_issuers_becomes_the_newest_by_changes_of_both_or_is_fetched_whole(name: str) -> None:
    kept, changes, fits = FRESHENED[name]

    require_newest(TWO_LATER, kept, changes, fits=fits)


def test_an_issuer_that_is_left_out_is_told_by_name() -> None:
    with pytest.raises(CodecError, match=r"no change of neighbour\.example/issuer"):
        freshened(TWO.file(), without_lists(TWO_LATER.file()), [LEADS, AND_ON])


def test_a_door_sees_what_each_of_two_issuers_voided_and_no_other_place() -> None:
    changes = [LEADS, AND_ON, NEXT_LEADS, NEXT_AND_ON]
    trust = read_trust(freshened(TWO.file(), without_lists(TWO_LATER.file()), changes))
    reasons = {
        (name, index): verify(TWO.text(key, index=index), trust, AT + DAY, Venue.CARE_HOME).reason
        for name, key in (("own", ISSUER), ("next", NEXT_KEY))
        for index in (8, 11, 20)
    }

    assert {place for place, reason in reasons.items() if reason is Reason.VOID} == {("own", 20), ("next", 8)}
    assert set(reasons.values()) == {None, Reason.VOID}


def test_a_change_leaves_the_other_issuers_lists_as_they_are() -> None:
    before, after = TWO.read(), read_trust(with_changes(TWO, LEADS))

    assert after.dropped == 0
    assert after.lists[NEXT_PARTY, 1] == before.lists[NEXT_PARTY, 1]
    assert after.lists[PARTY, 1].void(20)


def test_the_first_day_that_a_door_needs_is_told_of_each_issuer() -> None:
    first, second = AT.date(), (AT + DAY).date()

    assert changes_from(TWO.read()) == {PARTY: first, NEXT_PARTY: first}
    assert changes_from(read_trust(with_changes(TWO, NEXT_LEADS))) == {PARTY: first, NEXT_PARTY: second}
    assert changes_from(read_trust(ASKED["of two, one without lists"][0])) == {}


def test_a_days_changes_are_taken_apart_where_each_of_them_ends() -> None:
    assert changes_of_day(LEADS) == [LEADS]
    assert changes_of_day(LEADS + NEXT_LEADS + AND_ON) == [LEADS, NEXT_LEADS, AND_ON]
    assert changes_of_day(b"") == []
    for octets in (LEADS[:-1], LEADS + b"\0", b"\0" + LEADS, LEADS + NEXT_LEADS[:-1], LEADS[1:], b"\xd2" * 9):
        with pytest.raises(CodecError):
            changes_of_day(octets)
    with pytest.raises(CodecError, match="octets"):
        changes_of_day(LEADS * (4 * 1024 * 1024 // len(LEADS) + 1))


def test_a_door_keeps_as_many_changes_of_each_issuer() -> None:
    both = [OPEN, NEXT_OPEN] * 16

    assert len(read_trust(with_changes(TWO, *both)).changes) == 32
    with pytest.raises(CodecError):
        read_trust(with_changes(TWO, *both, OPEN))


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=1, ensure_ascii=False) + "\n", "utf-8")
