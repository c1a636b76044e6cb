"""What a node tells its doors of each day: exactly what leads from the lists that it had to those that it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from journeys.door import Door, a_door
from salus.app.doors import trust_rest, void_change
from salus.codec import CodecError
from salus.codec.certificates import (
    LIST_SIZE,
    StatusChange,
    changes_from,
    freshened,
    read_change,
    read_trust,
)
from salus.codec.cose import PublicKey
from salus.healthcode import certificates
from salus.healthcode.certificates import Fact
from salus.healthcode.certificates import store as sql
from salus.storage import Duty

DAY = timedelta(days=1)
RESIDENT = 70_000


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with a_door(tmp_path_factory.mktemp("changes")) as opened:
        yield opened


def taken(door: Door) -> UUID:
    """Take a certificate, and return its name."""
    at = door.now
    fact = Fact(resource=uuid4(), kind="vaccination", disease="influenza", at=at - DAY)
    with door.node.store.transaction(Duty.CARE) as tx:
        return certificates.take(tx, door.node.custodian, RESIDENT, fact, None, at=at)


def voided(door: Door, count: int = 1) -> set[tuple[int, int]]:
    """Take certificates and void them; return the places that are void by that."""
    names = [taken(door) for _ in range(count)]
    with door.node.store.transaction(Duty.CARE) as tx:
        before = set(sql.void_places(tx))
        for name in names:
            certificates.void(tx, [RESIDENT], name, door.now)
        return set(sql.void_places(tx)) - before


def of_day(door: Door, day: date) -> bytes:
    told = void_change(door.node, day)
    assert told is not None
    return told


def keys(door: Door) -> dict[bytes, PublicKey]:
    return {kid: one.key for kid, one in read_trust(door.trust()).issuers.items()}


def read(door: Door, day: date) -> StatusChange:
    return read_change(of_day(door, day), keys(door))


def places(one: StatusChange) -> set[tuple[int, int]]:
    return {(place // LIST_SIZE + 1, place % LIST_SIZE) for place in one.places}


def next_morning(door: Door, hour: int = 9) -> datetime:
    """Move all clocks to this hour of the next day."""
    now = door.now
    door.witnesses.advance(now.replace(hour=hour, minute=5, second=0, microsecond=0) + DAY - now)
    return door.now


def test_a_door_comes_by_changes_to_the_very_lists_that_whoever_fetches_whole_has(door: Door) -> None:
    next_morning(door)
    early = voided(door, 3)
    kept, first = door.trust(), door.now.date()
    late = voided(door, 2)
    next_morning(door)
    new = voided(door)
    for rounds in range(2):
        whole = read_trust(door.trust())
        (day,) = changes_from(read_trust(kept)).values()
        assert day == (first if rounds == 0 else door.now.date())
        days = [day] if rounds else [first, door.now.date()]
        kept = freshened(kept, trust_rest(door.node), [of_day(door, one) for one in days])
        found = read_trust(kept)
        assert (found.lists, found.made, found.dropped) == (whole.lists, whole.made, 0)
        new |= voided(door)

    assert places(read(door, first)) == early | late
    assert places(read(door, door.now.date())) == new
    assert read(door, first).closed
    assert not read(door, door.now.date()).closed


def test_a_door_that_was_away_takes_one_day_after_the_other_and_after_a_week_the_whole(door: Door) -> None:
    next_morning(door)
    kept, since = door.trust(), door.now.date()
    voided(door)
    for _ in range(3):
        next_morning(door)
        voided(door)
    days = [since + number * DAY for number in range(4)]
    found = read_trust(freshened(kept, trust_rest(door.node), [of_day(door, one) for one in days]))

    assert found.lists == read_trust(door.trust()).lists
    with pytest.raises(CodecError):
        freshened(kept, trust_rest(door.node), [of_day(door, one) for one in days[1:]])
    for _ in range(5):
        next_morning(door)
    assert void_change(door.node, since) is None


@pytest.mark.parametrize("away", [-8, -9, -4000, 1, 2])
def test_of_days_long_ago_or_to_come_nothing_is_told(door: Door, away: int) -> None:
    assert void_change(door.node, door.now.date() + away * DAY) is None


def test_a_new_list_begins_by_a_change(door: Door) -> None:
    next_morning(door)
    kept = door.trust()
    taken(door)
    with door.node.store.transaction(Duty.MIGRATION) as tx:
        tx.run("update healthcode.certificate set list_number = 2 where list_number = 1 and index not in"
               " (select index from healthcode.voided)")  # fmt: skip
    voided(door)
    found = read_trust(freshened(kept, trust_rest(door.node), [of_day(door, door.now.date())]))

    assert found.lists == read_trust(door.trust()).lists
    assert len(found.lists) == len(read_trust(kept).lists) + 1


def test_a_void_that_came_late_to_a_day_that_was_told_leads_to_the_whole_list(door: Door) -> None:
    kept, today = door.trust(), door.now.date()
    next_morning(door)
    kept = freshened(kept, trust_rest(door.node), [of_day(door, today), of_day(door, door.now.date())])
    with door.node.store.transaction(Duty.MIGRATION) as tx:
        tx.run("insert into healthcode.voided values (1, 99, 'asked', %s)", (door.now - DAY,))
    door.trust()

    with pytest.raises(CodecError):
        freshened(kept, trust_rest(door.node), [of_day(door, door.now.date())])
    assert read_trust(door.trust()).lists[f"{door.node.name}/issuer", 1].void(99)


def test_the_change_of_a_day_that_is_over_is_made_once_whatever_is_voided_after_it(door: Door) -> None:
    for _ in range(2):
        voided(door)
        next_morning(door)
    today = door.now.date()
    over = {today - age * DAY: of_day(door, today - age * DAY) for age in range(1, 8)}
    first = of_day(door, today)
    new = voided(door)
    second = of_day(door, today)
    door.witnesses.advance(timedelta(hours=1))

    assert all(of_day(door, day) is told for day, told in over.items())
    assert len({first, second, of_day(door, today)}) == 3
    assert places(read(door, today)) == new
    next_morning(door)
    assert all(of_day(door, day) is told for day, told in over.items() if day > today - 7 * DAY)


def test_a_new_list_is_of_the_changes_that_were_made_before_it_too(door: Door) -> None:
    kept, since = door.trust(), door.now.date()
    voided(door)
    next_morning(door)
    days = [since, door.now.date()]
    before = [read(door, day).lists for day in days]
    name = taken(door)
    with door.node.store.transaction(Duty.MIGRATION) as tx:
        tx.run("update healthcode.certificate set list_number = 1 + (select max(list_number) from"
               " healthcode.certificate) where certificate_id = %s", (name,))  # fmt: skip
    voided(door)
    door.witnesses.advance(timedelta(minutes=1))
    found = read_trust(freshened(kept, trust_rest(door.node), [of_day(door, day) for day in days]))

    assert [read(door, day).lists - one for day, one in zip(days, before, strict=True)] == [1, 1]
    assert found.lists == read_trust(door.trust()).lists


def test_a_void_that_came_late_is_told_of_its_day_a_minute_later_and_no_earlier_day_is_made_again(door: Door) -> None:
    days = []
    for _ in range(3):
        voided(door)
        days.append(door.now.date())
        kept = door.trust()
        next_morning(door)
    before = [of_day(door, day) for day in days]
    with door.node.store.transaction(Duty.MIGRATION) as tx:
        tx.run("insert into healthcode.voided values (1, 4242, 'asked', %s)", (door.now - 2 * DAY,))
    door.witnesses.advance(timedelta(minutes=1))
    after = [of_day(door, day) for day in days]

    assert after[0] is before[0]
    assert [(1, 4242) in places(read(door, day)) for day in days] == [False, True, False]
    assert read(door, days[2]).base == read(door, days[1]).result != read_change(before[1], keys(door)).result
    with pytest.raises(CodecError):
        freshened(kept, trust_rest(door.node), [after[2], of_day(door, door.now.date())])


def test_the_voids_of_each_day_are_counted_as_they_stand_there(door: Door) -> None:
    voided(door, 2)
    today = door.now.date()
    days = [today - 9 * DAY, today - 2 * DAY, today, today + DAY]
    with door.node.store.transaction(Duty.CARE) as tx:
        rows = tx.rows("select at from healthcode.voided where list_number > 0")
        counted = certificates.voids_as_of(tx, days)
        slowly = {day: sum(at.astimezone(UTC).date() < day for (at,) in rows) for day in days}
        listed = {day: sum(one.bit_count() for one in _ints(certificates.lists_as_of(tx, day))) for day in days}

    assert counted == slowly == listed
    assert counted[today] + 2 <= counted[today + DAY]


def _ints(lists: Mapping[int, bytes | bytearray]) -> list[int]:
    return [int.from_bytes(one) for one in lists.values()]


def test_the_file_that_everybody_fetches_has_no_changes_and_the_rest_no_lists(door: Door) -> None:
    whole, rest = door.trust(), trust_rest(door.node)

    assert b'"changes"' not in whole
    assert read_trust(rest).lists == {}
    assert read_trust(rest).dropped == 0
    assert len(rest) < len(whole)
