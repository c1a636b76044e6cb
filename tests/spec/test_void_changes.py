"""Daily changes of void lists: how large they are, to what they apply, and that nothing wrong in one counts.

`python tests/spec/test_void_changes.py` writes `vectors/changes.json` anew; every signature in it is deterministic, and
the keys are for tests only.
"""

from __future__ import annotations

import json
import math
import random
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    SECOND,
    TODAY,
    altered,
    as_cases,
    b64,
    by_browser,
    change,
    require_newest,
    signed,
    told,
    with_changes,
)
from doors import AT, PARTY, Door, issuer_key
from salus.codec import CodecError, key_id, signer
from salus.codec.certificates import (
    LIST_SIZE,
    Outcome,
    Reason,
    StatusList,
    changes_from,
    freshened,
    read_change,
    read_status_list,
    read_trust,
    refuse_older,
    subject_of,
    verify,
    without_lists,
    write_status_list,
)
from salus.codec.certificates.changes import digest_of
from salus.codec.certificates.gaps import MOST_PLACES, pack_gaps, unpack_gaps
from salus.kernel import canonical
from salus.rules import Venue
from support import REPOSITORY

FILE = REPOSITORY / "vectors" / "changes.json"
MOST_OCTETS = 10_000
KID = key_id(ISSUER.public_key())
KEYS = {KID: ISSUER.public_key()}


def good() -> dict[str, list[bytes]]:
    """Changes that apply to a list of eight o'clock in which place 7 is void."""
    many = FIRST | {(1, place) for place in random.Random(5).sample(range(8, LIST_SIZE), 400)}
    return {
        "none": [],
        "of the day, when it was over": [LEADS],
        "of the day, as of now": [change(FIRST, EVENING, issued=AT)],
        "two days, in order": [LEADS, AND_ON],
        "nothing became void": [change(FIRST, FIRST)],
        "of the day, of which one place is in the list already": [change((), FIRST | {(1, 9)})],
        "a list more": [change(FIRST, FIRST | {(2, 5)}, lists=2)],
        "a list more, and nothing void in it": [change(FIRST, EVENING, lists=2)],
        "the first place and the last": [change(FIRST, FIRST | {(1, 0), (1, LIST_SIZE - 1)})],
        "four hundred places": [change(FIRST, many)],
        "places that stand together": [change(FIRST, FIRST | {(1, place) for place in range(8, 64)})],
        "of the day, twice": [change(FIRST, FIRST, issued=AT), LEADS],
    }


def wrong() -> dict[str, list[bytes]]:
    """Changes of which the last does not apply, or is none."""
    rice, gaps = pack_gaps([20])
    unsigned = bytearray(LEADS)
    unsigned[-1] ^= 1
    return {
        "of the day before": [change(FIRST, EVENING, starts=TODAY - DAY)],
        "of the day before, with the same lists": [change(FIRST, FIRST, starts=TODAY - DAY)],
        "of the day after, to other lists": [AND_ON],
        "the same day's earlier one, after its later one": [LEADS, change(FIRST, FIRST, issued=AT)],
        "to another result": [altered(LEADS, told={2: bytes(32)})],
        "with a place more than the result has": [altered(change(FIRST, SECOND), told={2: _result(LEADS)})],
        "of lists that were another's": [change(FIRST, EVENING, key=issuer_key("another"))],
        "of another party": [change(FIRST, EVENING, party="another/issuer")],
        "voiding what was void": [altered(change((), {(1, 7)}), told={1: _base(LEADS)})],
        "a place beyond the lists": [altered(LEADS, told={4: 1, 5: 20, 6: b"\xff\xff"})],
        "fewer places than it says": [altered(LEADS, told={4: 2})],
        "more places than it says": [altered(LEADS, told={4: 0})],
        "more places than one can have": [altered(LEADS, told={4: MOST_PLACES + 1})],
        "a bit behind the last place": [altered(LEADS, told={6: gaps[:-1] + bytes([gaps[-1] | 1])})],
        "an octet behind the last place": [altered(LEADS, told={6: gaps + b"\0"})],
        "an octet less": [altered(LEADS, told={5: rice, 6: b""})],
        "other low bits": [altered(LEADS, told={5: rice + 1})],
        "more low bits than there are": [altered(LEADS, told={5: 37})],
        "less than no low bits": [altered(LEADS, told={5: -1})],
        "no lists": [altered(LEADS, told={3: 0})],
        "far more lists": [change(FIRST, EVENING, lists=66)],
        "fewer lists": [change(FIRST, FIRST | {(2, 5)}, lists=2), change(FIRST | {(2, 5)}, FIRST | {(2, 5)})],
        "a count that is no number": [altered(LEADS, told={4: True})],
        "a base that is no hash": [altered(LEADS, told={1: bytes(31)})],
        "no beginning of a day": [altered(LEADS, told={0: int(TODAY.timestamp()) + 1})],
        "longer than a day": [altered(LEADS, {6: int((TODAY + DAY).timestamp()) + 1})],
        "issued before its day": [altered(LEADS, {6: int(TODAY.timestamp()) - 1})],
        "ending before it is issued": [altered(LEADS, {4: int(TODAY.timestamp())})],
        "a claim more": [altered(LEADS, {7: b"id"})],
        "no subject of a change": [altered(LEADS, {2: subject_of(PARTY, 1)})],
        "a claim less": [signed({2: "urn:salus:status-change:" + PARTY})],
        "no claims": [signed([])],
        "of another type": [signed(cbor2.loads(cbor2.loads(LEADS).value[2]), "application/statuslist+cwt")],
        "a status list": [NOW.token],
        "another signature": [bytes(unsigned)],
        "cut short": [LEADS[:-1]],
        "with something behind": [LEADS + b"\0"],
        "nothing": [b""],
    }


def _result(token: bytes) -> bytes:
    return bytes(cbor2.loads(cbor2.loads(token).value[2])[-65539][2])


def _base(token: bytes) -> bytes:
    return bytes(cbor2.loads(cbor2.loads(token).value[2])[-65539][1])


KEPT = with_changes(NOW, change(FIRST, FIRST, issued=AT))
KEPT_AT_NOON = with_changes(NOW, change(FIRST, EVENING, issued=AT + timedelta(hours=4)))
FRESHENED: dict[str, tuple[bytes, list[bytes], bool]] = {
    "a day later": (NOW.file(), [LEADS, AND_ON], True),
    "with an open change, which gives way": (KEPT, [LEADS, AND_ON], True),
    "with a closed change, which stays": (with_changes(NOW, LEADS), [AND_ON], True),
    "without changes": (NOW.file(), [], False),
    "with a day left out": (NOW.file(), [AND_ON], False),
    "with one that leads nowhere": (NOW.file(), [LEADS, altered(AND_ON, told={2: bytes(32)})], False),
    "with a later change of the open day": (KEPT_AT_NOON, [LEADS, AND_ON], True),
    "with an earlier change of the open day": (KEPT_AT_NOON, [change(FIRST, FIRST, issued=AT)], False),
    "with one that led nowhere before": (with_changes(NOW, AND_ON), [LEADS, AND_ON], False),
    "in another order": (NOW.file(), [AND_ON, LEADS], False),
    "of a file that is newer": (Door(at=AT + 2 * DAY).file(), [LEADS, AND_ON], False),
}


def random_gaps(count: int) -> list[dict[str, Any]]:
    """Octets by chance, of which some are places."""
    chance, found = random.Random(20310301), []
    for _ in range(count):
        size = chance.choice([8, 100, LIST_SIZE, 5 * LIST_SIZE, 9000 * LIST_SIZE])
        places = sorted({chance.randrange(size) for _ in range(chance.randrange(6))})
        rice, octets = pack_gaps(places)
        amount = len(places)
        if chance.random() < 0.5:
            octets = bytes(octet ^ (chance.random() < 0.2) << chance.randrange(8) for octet in octets)
            amount, rice = amount + chance.choice([-1, 0, 0, 0, 1]), rice + chance.choice([-1, 0, 0, 0, 1])
        amount, rice = max(0, amount), max(0, rice)
        read: list[int] | None = None
        with suppress(CodecError):
            read = [*unpack_gaps(octets, amount, rice, size)]
        found.append({"octets": octets.hex(), "count": amount, "rice": rice, "size": size, "places": read})
    return found


def made() -> dict[str, Any]:
    """Make the whole file."""
    files = {"kept": NOW.file(), "rest": without_lists(LATER.file())}
    cases = []
    for name, changes in {**good(), **wrong()}.items():
        found = told(read_trust(with_changes(NOW, *changes)))
        cases.append({"name": name, "file": "kept", "changes": [*map(b64, changes)], **found})
    return {
        "about": "Daily changes of void lists. Keys are made from names and protect nothing.",
        "files": {name: octets.decode() for name, octets in files.items()},
        "cases": cases,
        "freshened": as_cases(FRESHENED, files["rest"]),
        "gaps": random_gaps(300),
    }


VECTORS = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}


def test_the_vectors_are_what_the_code_makes_today() -> None:
    assert made() == VECTORS


def test_the_browsers_modules_come_to_the_same_lists_and_refuse_the_same() -> None:
    found = by_browser(FILE)

    for mine, one in zip(found["cases"], VECTORS["cases"], strict=True):
        assert mine == {name: one[name] for name in ("followed", "dropped", "issued", "state")}, one["name"]
    for mine, one in zip(found["freshened"], VECTORS["freshened"], strict=True):
        assert mine == one["told"], one["name"]
    assert found["gaps"] == [one["places"] for one in VECTORS["gaps"]]
    assert 100 < sum(one["places"] is not None for one in VECTORS["gaps"]) < 280


@pytest.mark.parametrize("name", good())
def test_a_change_leads_to_the_lists_that_their_issuer_would_write_whole(name: str) -> None:
    changes = good()[name]
    trust = read_trust(with_changes(NOW, *changes))

    assert trust.dropped == 0
    assert len(trust.changes) == len(changes)
    if changes:
        last = read_change(changes[-1], KEYS)
        assert {one.issued for one in trust.lists.values()} == {last.issued}
        assert digest_of({number: one.bits for (_, number), one in trust.lists.items()}) == last.result


@pytest.mark.parametrize("name", wrong())
def test_a_change_that_does_not_is_left_out_and_the_lists_stay(name: str) -> None:
    changes = wrong()[name]
    before, after = (read_trust(with_changes(NOW, *given_)) for given_ in (changes[:-1], changes))

    assert before.dropped == 0
    assert after.dropped == 1
    assert after.lists == before.lists


def test_a_certificate_that_a_change_voids_is_void_at_a_door_and_no_other_is() -> None:
    trust = read_trust(freshened(NOW.file(), without_lists(LATER.file()), [LEADS, AND_ON]))
    indexes = (7, 11, 20, 30, 31)
    verdicts = {index: verify(NOW.text(index=index), trust, AT + DAY, Venue.CARE_HOME) for index in indexes}

    assert {index for index, one in verdicts.items() if one.reason is Reason.VOID} == {7, 20, 30}
    assert {one.outcome for index, one in verdicts.items() if index in (11, 31)} == {Outcome.GOOD}


def study(lists: int, new: int) -> tuple[bytes, list[tuple[int, int]], list[tuple[int, int]]]:
    """Lists of a million, one place in a hundred void, and some more a day later."""
    chance = random.Random(6)
    after = [
        (place // LIST_SIZE + 1, place % LIST_SIZE)
        for place in chance.sample(range(lists * LIST_SIZE), lists * LIST_SIZE // 100 + new)
    ]
    before = after[:-new]
    return change(before, after, lists=lists), before, after


def test_five_thousand_new_voids_among_ten_million_take_at_most_ten_kilobytes_signed() -> None:
    token, before, _ = study(10, 5000)
    share = 5000 / (10 * LIST_SIZE - len(before))
    entropy = 5000 / share * (-share * math.log2(share) - (1 - share) * math.log2(1 - share)) / 8
    print(f"a day's change, signed: {len(token):,} octets; entropy of its places alone: {entropy:,.0f}")

    assert entropy < len(token) <= MOST_OCTETS
    assert len(token) < 1.1 * entropy


def lists_of(places: list[tuple[int, int]], numbers: int) -> dict[tuple[str, int], StatusList]:
    """Whole lists as a door reads them."""
    found = {}
    for number in range(1, numbers + 1):
        void = [index for of, index in places if of == number]
        until = AT + 7 * DAY
        token = write_status_list(subject_of(PARTY, number), void, KID, signer(ISSUER), issued=AT, expires=until)
        found[PARTY, number] = read_status_list(token, KEYS)
    return found


def test_a_change_tells_nothing_that_the_lists_of_two_days_do_not_tell() -> None:
    token, before, after = study(2, 1000)
    one, other = lists_of(before, 2), lists_of(after, 2)
    seen = [
        (number - 1) * LIST_SIZE + 8 * octet + bit
        for (party, number), lists in other.items()
        for octet, (was, now) in enumerate(zip(one[party, number].bits, lists.bits, strict=True))
        if was != now
        for bit in range(8)
        if (was ^ now) >> bit & 1
    ]
    found = read_change(token, KEYS)
    again = change(_void(one), _void(other), lists=2)

    assert list(found.places) == seen
    assert again == token
    assert found.applied(one).keys() == other.keys()
    assert all(lists.bits == other[place].bits for place, lists in found.applied(one).items())


def _void(lists: dict[tuple[str, int], StatusList]) -> list[tuple[int, int]]:
    return [
        (number, 8 * at + bit)
        for (_, number), one in lists.items()
        for at, octet in enumerate(one.bits)
        if octet
        for bit in range(8)
        if octet >> bit & 1
    ]


@pytest.mark.parametrize("name", FRESHENED)
def test_a_kept_file_becomes_the_newest_by_changes_or_is_fetched_whole(name: str) -> None:
    kept, changes, fits = FRESHENED[name]

    require_newest(LATER, kept, changes, fits=fits)


def test_no_whole_file_takes_a_list_back_or_leaves_it_out() -> None:
    kept, later = read_trust(KEPT_AT_NOON), json.loads(LATER.file())
    older, none = ({**later, "lists": lists} for lists in (json.loads(NOW.file())["lists"], []))
    same = json.loads(with_changes(NOW, change(FIRST, FIRST, issued=AT + timedelta(hours=4))))

    refuse_older(read_trust(canonical(later)), kept)
    for one in (older, none, {**later, "lists": same["lists"], "changes": same["changes"]}):
        with pytest.raises(CodecError, match="leaves out"):
            refuse_older(read_trust(canonical(one)), kept)


def test_the_first_day_that_a_door_needs_is_that_of_its_lists() -> None:
    first, second = AT.date(), (AT + DAY).date()

    assert changes_from(NOW.read()) == {PARTY: first}
    assert changes_from(read_trust(KEPT)) == {PARTY: first}
    assert changes_from(read_trust(with_changes(NOW, LEADS))) == {PARTY: second}
    assert changes_from(read_trust(with_changes(NOW, LEADS, AND_ON))) == {PARTY: second}
    assert changes_from(read_trust(without_lists(NOW.file()))) == {}


def test_a_file_without_its_lists_lets_nobody_through() -> None:
    verdict = verify(NOW.text(), read_trust(without_lists(NOW.file())), AT, Venue.CARE_HOME)

    assert (verdict.outcome, verdict.reason) == (Outcome.NOTHING, Reason.NO_LIST)


def test_more_changes_than_a_door_keeps_are_refused() -> None:
    same = change(FIRST, FIRST, issued=AT)

    assert len(read_trust(with_changes(NOW, *[same] * 16)).changes) == 16
    with pytest.raises(CodecError):
        read_trust(with_changes(NOW, *[same] * 17))


@given(st.sets(st.integers(0, 9 * LIST_SIZE - 1), max_size=60))
def test_places_come_back_as_they_were(places: set[int]) -> None:
    rice, octets = pack_gaps(sorted(places))

    assert unpack_gaps(octets, len(places), rice, 9 * LIST_SIZE) == tuple(sorted(places))


def test_whatever_an_issuer_signs_is_read_or_refused_and_voids_exactly_what_it_says() -> None:
    chance, lists, read = random.Random(7), NOW.read().lists, 0
    for _ in range(1500):
        claims = cbor2.loads(cbor2.loads(chance.choice([LEADS, AND_ON])).value[2])
        claims[-65539][chance.randrange(7)] = chance.choice(
            [None, True, -1, 0, 1, 1 << 70, 2**33, 1.5, "x", b"", chance.randbytes(3), bytes(32), [], {}]
        )
        with suppress(CodecError):
            found = read_change(signed(claims), KEYS)
            read += 1
            applied = found.applied(lists)
            assert digest_of({number: one.bits for (_, number), one in applied.items()}) == found.result

    assert 0 < read < 800


def test_octets_by_chance_are_places_in_order_or_refused() -> None:
    for one in random_gaps(4000):
        places = one["places"]
        assert places is None or (places == sorted(set(places)) and all(place < one["size"] for place in places))


def test_a_change_is_of_use_no_longer_than_a_list() -> None:
    trust = read_trust(with_changes(NOW, LEADS))

    assert {one.expires - one.issued for one in trust.lists.values()} == {timedelta(days=7)}


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=1, ensure_ascii=False) + "\n", "utf-8")
