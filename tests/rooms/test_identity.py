"""The resident index on a real node: who is found by which number, and what a number never does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from uuid import UUID

import pytest

from nodes import a_node, a_number, a_patient, read_back, resident_of, send, system, update
from salus import identity
from salus.app import Node, accept_each
from salus.identity import IdNumber, Resident
from salus.records import Accepted, Intent, RecordRefused
from salus.storage import Duty, Met

H1, H2 = system("H1"), system("H2")
_orders = count(1)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("identity"), "H1", "H2") as opened:
        yield opened


def fresh() -> str:
    """A number that nobody has sent yet."""
    order = next(_orders)
    return a_number(order % 1000, f"19{80 + order // 1000}0101")


def found(node: Node, number: str) -> Resident | None:
    with node.store.transaction(Duty.CARE) as tx:
        return identity.find(tx, node.custodian, IdNumber.read(number))


def key_of(node: Node, number: str) -> int | None:
    resident = found(node, number)
    return resident.key if resident else None


def counted(node: Node) -> int:
    with node.store.transaction(Duty.CARE) as tx:
        return int((tx.row("select count(*) from identity.resident") or (0,))[0])


def revised(node: Node, done: Accepted, *numbers: str) -> Accepted:
    """Update a stored Patient so that it has these numbers."""
    (body,) = read_back(node, done.outcomes[0].id)
    return update(node, H1, {**a_patient(*numbers), "id": body["id"]})


def test_charts_of_two_facilities_with_one_number_are_one_residents(node: Node) -> None:
    number = fresh()
    first, second = send(node, H1, a_patient(number)), send(node, H2, a_patient(number))

    resident = found(node, number)
    assert resident is not None
    assert (first.opened, second.opened) == (1, 1)
    assert {resident_of(node, first), resident_of(node, second)} == {resident.key}
    assert set(resident.charts) == {first.outcomes[0].chart_key, second.outcomes[0].chart_key}


def test_a_number_is_found_however_it_was_written(node: Node) -> None:
    number = fresh()
    wide = "".join(chr(ord(character) + 0xFEE0) for character in number)
    done = send(node, H1, a_patient(f" {number[:6]} {number[6:14]}-{number[14:]}".lower()))

    assert key_of(node, wide) == resident_of(node, done)


def test_a_chart_without_a_number_opens_a_resident(node: Node) -> None:
    before = counted(node)
    first, second = send(node, H1, a_patient()), send(node, H1, a_patient())

    assert counted(node) == before + 2
    assert resident_of(node, first) != resident_of(node, second)


def test_a_hospitals_own_number_is_no_identity_number(node: Node) -> None:
    number = fresh()
    patient = a_patient() | {"identifier": [{"system": "urn:salus:facility:H1:mrn", "value": number}]}
    send(node, H1, patient)

    assert found(node, number) is None


def test_two_people_in_one_transaction_are_two_residents(node: Node) -> None:
    one, two = fresh(), fresh()
    send(node, H1, a_patient(one), a_patient(), a_patient(two))

    assert len({key_of(node, one), key_of(node, two)}) == 2


def test_two_charts_with_one_number_in_one_transaction_are_one_residents(node: Node) -> None:
    number, before = fresh(), counted(node)
    done = send(node, H1, a_patient(number), a_patient(number))

    assert counted(node) == before + 1
    assert resident_of(node, done) == key_of(node, number)


def test_every_number_of_a_chart_finds_its_resident(node: Node) -> None:
    one, two, three = fresh(), fresh(), fresh()
    done = send(node, H1, a_patient(one, two, three))

    assert {key_of(node, number) for number in (one, two, three)} == {resident_of(node, done)}


def test_who_is_known_by_the_second_number_is_found_by_a_chart_that_has_it_first(node: Node) -> None:
    one, two = fresh(), fresh()
    called = [{"text": "欧阳春燕"}]
    first, second = send(node, H1, a_patient(one, two, name=called)), send(node, H2, a_patient(two, name=called))

    assert resident_of(node, first) == resident_of(node, second)


def test_an_update_that_brings_a_number_lets_its_resident_be_found(node: Node) -> None:
    number = fresh()
    done = send(node, H1, a_patient())
    assert found(node, number) is None

    revised(node, done, number)

    assert key_of(node, number) == resident_of(node, done)
    assert resident_of(node, send(node, H2, a_patient(number))) == resident_of(node, done)


def test_an_update_without_the_number_takes_nothing_back(node: Node) -> None:
    number = fresh()
    done = send(node, H1, a_patient(number))

    revised(node, done)

    assert key_of(node, number) == resident_of(node, done)


def test_a_corrected_number_finds_its_own_holder_and_no_more_who_had_it_by_mistake(node: Node) -> None:
    right, wrong = fresh(), fresh()
    mistaken = send(node, H1, a_patient(wrong, name=[{"text": "欧阳明辉"}]))
    true = send(node, H2, a_patient(wrong) | {"name": [{"text": "司徒远航"}]})
    assert key_of(node, wrong) == resident_of(node, mistaken) != resident_of(node, true)

    update(node, H1, a_patient(right, name=[{"text": "欧阳明辉"}], id=str(mistaken.outcomes[0].id)))

    assert key_of(node, wrong) == resident_of(node, true)
    assert key_of(node, right) == resident_of(node, mistaken)


@pytest.mark.parametrize("brought", ["as the second number", "by an update"])
def test_a_number_that_somebody_else_holds_links_nothing(node: Node, brought: str) -> None:
    theirs, mine = fresh(), fresh()
    holder = resident_of(node, send(node, H1, a_patient(theirs)))
    if brought == "by an update":
        other = send(node, H1, a_patient(mine))
        revised(node, other, mine, theirs)
    else:
        other = send(node, H1, a_patient(mine, theirs))

    held, me = found(node, theirs), found(node, mine)
    assert held is not None
    assert me is not None
    assert (held.key, me.key) == (holder, resident_of(node, other))
    assert held.key != me.key
    assert not set(held.charts) & set(me.charts)


def test_a_number_that_is_refused_stores_nothing(node: Node) -> None:
    before, good = counted(node), fresh()
    wrong = good[:17] + ("1" if good[17] != "1" else "2")

    with pytest.raises(RecordRefused) as refused:
        send(node, H1, a_patient(good), a_patient(wrong))

    assert counted(node) == before
    assert found(node, good) is None
    assert refused.value.problems[0].location == "Bundle.entry[1].resource.Patient.identifier[0].value"
    assert wrong[:6] not in str(refused.value)


def test_numbers_lie_sealed_beside_their_digests(node: Node) -> None:
    number = fresh()
    send(node, H1, a_patient(number))

    with node.store.transaction(Duty.CARE) as tx:
        rows = tx.rows("select digest, sealed from identity.number")
    opened = [node.custodian.open_sealed("identity.number", bytes(sealed), bytes(digest)) for digest, sealed in rows]
    assert number.encode() in opened
    assert not [row for row in rows if number.encode() in bytes(row[0]) + bytes(row[1])]


def test_a_resident_is_known_by_a_random_identifier(node: Node) -> None:
    number = fresh()
    done = send(node, H1, a_patient(number))
    with node.store.transaction(Duty.CARE) as tx:
        by_key = identity.resident_by_key(tx, resident_of(node, done))
        assert by_key is not None
        by_id = identity.resident(tx, by_key.resident_id)

    assert by_id == by_key == found(node, number)
    assert isinstance(by_key.resident_id, UUID)
    assert by_key.resident_id.version == 4


def test_facilities_that_send_one_number_at_the_same_time_end_at_one_resident(node: Node) -> None:
    rounds, together = 12, Barrier(4)

    def race(place: int, number: str) -> int:
        together.wait()
        return resident_of(node, send(node, (H1, H2)[place % 2], a_patient(number)))

    with ThreadPoolExecutor(4) as pool:
        for _ in range(rounds):
            number, before = fresh(), counted(node)
            ends = set(pool.map(race, range(4), [number] * 4))

            assert ends == {key_of(node, number)}
            assert counted(node) == before + 1


def test_facilities_that_send_two_numbers_in_either_order_at_the_same_time_do_not_block_each_other(
    node: Node,
) -> None:
    together = Barrier(2)

    def race(numbers: tuple[str, str]) -> Accepted:
        together.wait()
        return send(node, H1, a_patient(*numbers))

    with ThreadPoolExecutor(2) as pool:
        for _ in range(15):
            one, two = fresh(), fresh()
            list(pool.map(race, [(one, two), (two, one)]))

            assert key_of(node, one) is not None
            assert key_of(node, two) is not None


def test_batches_that_wait_for_each_other_are_told_to_come_again_and_lose_nobody(node: Node) -> None:
    """A batch places its entries one after the other; of two that meet crosswise one may be sent away whole."""
    together = Barrier(2)

    def batch(numbers: list[str]) -> list[int]:
        intents = [
            Intent(verb="create", resource=a_patient(number), entry=entry) for entry, number in enumerate(numbers)
        ]
        return [resident_of(node, one.accepted) for one in accept_each(node, H1, intents) if one.accepted]

    def race(numbers: list[str]) -> list[int] | None:
        together.wait()
        try:
            return batch(numbers)
        except Met:  # 503 with Retry-After: nothing was stored
            return None

    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            numbers = [fresh() for _ in range(6)]
            forth, back = pool.map(race, [numbers, numbers[::-1]])
            forth, back = forth or batch(numbers), back or batch(numbers[::-1])

            assert forth == back[::-1] == [key_of(node, number) for number in numbers]
