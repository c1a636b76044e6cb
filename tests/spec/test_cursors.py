"""A cursor tells nothing: keys are counted, and their gaps would show that entries are left out between two pages."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from salus.keys import Custodian
from salus.records import RecordRefused
from salus.records.history.asking import make_cursor as history_cursor
from salus.records.history.asking import parse_history
from salus.records.history.model import Place
from salus.records.search.cursor import make_cursor, open_cursor

KEYS = (1, 9_223_372_036_854_775_807)


@pytest.fixture(scope="module")
def custodian(tmp_path_factory: pytest.TempPathFactory) -> Custodian:
    return Custodian.open(tmp_path_factory.mktemp("custodian"), b"a passphrase for this test")


def every_cursor(custodian: Custodian) -> Iterator[str]:
    """One of each kind for a small and a large key, and the first once more."""
    asked = parse_history("Condition/x", [], custodian)
    at = datetime(2031, 3, 1, tzinfo=UTC)
    for key in (*KEYS, KEYS[0]):
        yield make_cursor(custodian, "Condition?", [None, str(key)])
        yield history_cursor(custodian, asked, Place(at=at, acceptance=key, resource_key=key, version=1))


def test_a_cursor_holds_no_key_that_can_be_read(custodian: Custodian) -> None:
    for cursor in every_cursor(custodian):
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))

        assert not any(str(key).encode() in raw for key in KEYS[1:])
        assert not any(key.to_bytes(8, "big") in raw for key in KEYS)


def test_cursors_to_small_and_large_keys_are_of_one_length_and_never_the_same(custodian: Custodian) -> None:
    first = list(every_cursor(custodian))[::2]

    assert len({len(cursor) for cursor in first}) == 1
    assert len(set(first)) == len(first)


def test_a_cursor_opens_for_its_search_alone(custodian: Custodian) -> None:
    cursor = make_cursor(custodian, "Condition?", ["2031", None, "7"])

    assert open_cursor(custodian, "Condition?", cursor) == ("2031", None, "7")
    for search, given in (
        ("Encounter?", cursor),
        ("Condition?", cursor[:-1]),
        ("Condition?", ""),
        ("Condition?", "AA"),
    ):
        with pytest.raises(RecordRefused):
            open_cursor(custodian, search, given)
