"""What a trust file leaves out so that it can be read: old trust lists and old batches, and never the list in force."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import timedelta

from doors import AT, trusted_key
from listing import DAY, DOOR, NEW, OLD, listed
from salus.app.certificates import MOST_SIGNED, MOST_VERSIONS
from salus.codec.certificates import Logged, fitting, write_trust
from salus.codec.certificates.trust import MOST_OCTETS
from salus.rules import Document, TrustList, list_in_force, still_told


def versions(*starts: timedelta) -> list[Document]:
    """Write one version after the other; the last alone names the new key."""
    found = [listed(trusted_key(OLD), starts=starts[0])]
    for number, one in enumerate(starts[1:], 2):
        found.append(listed(trusted_key(NEW if number == len(starts) else OLD), before=found[-1], starts=one))
    return found


def told(documents: Sequence[Document]) -> list[int]:
    return [one.version for one in still_told([TrustList.of(one) for one in documents], AT, MOST_VERSIONS)]


def test_the_list_in_force_is_told_however_many_wait() -> None:
    waiting = versions(-10 * DAY, 2 * DAY, 3 * DAY, 4 * DAY, 5 * DAY)
    kept = [one for one in waiting if one.version in told(waiting)]
    read = dataclasses.replace(DOOR, trusted=tuple(kept)).read()

    assert told(waiting) == [1, 2, 3, 4, 5]
    assert list_in_force(read.chain, AT) is not None


def test_of_lists_that_have_started_the_newest_three_are_told() -> None:
    assert told(versions(-10 * DAY, -9 * DAY, -8 * DAY, -7 * DAY, -6 * DAY)) == [3, 4, 5]
    assert told(versions(-10 * DAY, -9 * DAY, -8 * DAY, 2 * DAY)) == [2, 3, 4]
    assert told(versions(2 * DAY, 3 * DAY, 4 * DAY, 5 * DAY)) == [2, 3, 4]
    assert still_told([], AT, MOST_VERSIONS) == []


def test_batches_of_ended_keys_stop_before_nobody_can_read_the_file() -> None:
    leaf = Logged(kind="certificates", body={"key": "a", "digest": "b"}, proof="a proof")
    asked = []

    def batches() -> Iterator[tuple[Sequence[bytes], Logged]]:
        for number in range(1000):
            asked.append(number)
            yield [number.to_bytes(16)] * 20_000, leaf

    found = fitting(batches(), MOST_SIGNED)
    file = write_trust(trust=DOOR.trust, head="", keys=(), issuers=(), declarations=(), lists=(), signed=found)

    assert [one[0][0] for one in found] == [number.to_bytes(16) for number in range(len(found))]
    assert len(asked) == len(found) + 1
    assert MOST_SIGNED * 0.9 < len(file) < MOST_OCTETS * 0.6
