"""Chart keys in their own database: made once, counted always, destroyed for good."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest

from salus.keys import ChartKeyMissing, Custodian, KeyService, KeyShredded, SealBroken
from salus.storage import Duty, Store


@pytest.fixture(scope="module")
def custodian(tmp_path_factory: pytest.TempPathFactory) -> Custodian:
    return Custodian.open(tmp_path_factory.mktemp("custodian"), b"a long enough passphrase")


@pytest.fixture
def service(store: Store, custodian: Custodian) -> KeyService:
    return KeyService(store, custodian)


def test_keys_made_are_the_keys_unwrapped(service: KeyService) -> None:
    made = service.create([1, 2, 3])

    assert service.unwrap([3, 1]) == {3: made[3], 1: made[1]}
    assert len(set(made.values())) == 3
    assert all(len(key) == 32 for key in made.values())


def test_no_key_is_stored_in_the_clear(service: KeyService, store: Store) -> None:
    key = service.create([10])[10]

    with store.transaction(Duty.KEYS) as tx:
        stored = tx.rows("select wrapped from keys.chart_key")

    assert all(key not in bytes(wrapped) for (wrapped,) in stored)


def test_asking_again_returns_the_same_key_and_counts_it(service: KeyService) -> None:
    first = service.create([20])
    before = service.unwraps()

    again = service.create([20, 21])

    assert again[20] == first[20]
    assert service.unwraps() == before + 1


def test_every_element_of_a_call_is_counted(service: KeyService) -> None:
    service.create([30, 31])
    before = service.unwraps()

    service.unwrap([30, 31, 30])

    assert service.unwraps() == before + 3


def test_an_empty_call_asks_nothing(service: KeyService) -> None:
    assert service.unwrap([]) == {}
    assert service.create([]) == {}


def test_a_shredded_key_is_refused_for_ever(service: KeyService) -> None:
    service.create([40, 41])
    service.shred(40)
    service.shred(40)
    before = service.unwraps()

    with pytest.raises(KeyShredded, match="destroyed"):
        service.unwrap([41, 40])
    with pytest.raises(KeyShredded):
        service.create([40, 42])

    assert service.unwraps() == before
    assert 41 in service.unwrap([41])
    with pytest.raises(ChartKeyMissing):
        service.unwrap([42])


def test_a_chart_without_a_key_stops_the_read(service: KeyService) -> None:
    service.create([50])
    before = service.unwraps()

    with pytest.raises(ChartKeyMissing, match="same time"):
        service.unwrap([50, 51])

    assert service.unwraps() == before


def test_a_wrapped_key_moved_to_another_chart_does_not_open(service: KeyService, store: Store) -> None:
    service.create([60])
    with store.connect(Duty.MIGRATION, "salus_keys") as owner:
        owner.execute("insert into keys.chart_key select 61, wrapped from keys.chart_key where chart_key = 60")

    with pytest.raises(SealBroken, match="another chart"):
        service.unwrap([61])


def test_the_keys_duty_can_neither_replace_a_key_nor_lower_the_count(service: KeyService, store: Store) -> None:
    service.create([70])
    service.unwrap([70])

    for statement in (
        "update keys.chart_key set wrapped = wrapped",
        "delete from keys.shredded",
        "truncate keys.chart_key",
        "delete from keys.unwraps_of_day",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), store.transaction(Duty.KEYS) as tx:
            tx.run(statement)
    with pytest.raises(psycopg.errors.RaiseException), store.transaction(Duty.KEYS) as tx:
        tx.run("update keys.unwraps_of_day set unwraps = 0 where unwraps > 0")


def test_many_threads_unwrap_without_losing_a_count(service: KeyService) -> None:
    charts = list(range(100, 164))
    made = service.create(charts)
    before = service.unwraps()
    right: list[bool] = []

    def read() -> None:
        right.extend(service.unwrap(charts) == made for _ in range(10))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert right == [True] * 80
    assert service.unwraps() == before + 8 * 10 * len(charts)


def test_threads_that_make_the_same_keys_agree_on_them(service: KeyService) -> None:
    charts = list(range(200, 220))
    answers: list[dict[int, bytes]] = []
    threads = [threading.Thread(target=lambda: answers.append(service.create(charts))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 6
    assert all(answer == answers[0] for answer in answers)


def test_a_key_survives_a_new_process(store: Store, custodian: Custodian, tmp_path: Path) -> None:
    made = KeyService(store, custodian).create([300])

    again = KeyService(store, Custodian.open(custodian.path.parent, b"a long enough passphrase"))

    assert again.unwrap([300]) == made


def test_keys_are_found_by_index_at_size(store: Store) -> None:
    with store.connect(Duty.MIGRATION, "salus_keys") as owner:
        owner.execute(
            "insert into keys.chart_key (chart_key, wrapped)"
            " select n, decode(repeat('00', 65), 'hex') from generate_series(1000000, 1050000) n"
        )
        owner.execute("insert into keys.shredded (chart_key) select generate_series(2000000, 2050000)")
        owner.commit()
        owner.execute("analyze")
        plans = [
            "\n".join(line for (line,) in owner.execute(f"explain {query}"))
            for query in (
                "select wrapped from keys.chart_key where chart_key = any(array[1000007, 1000008])",
                "select chart_key from keys.shredded where chart_key = any(array[2000007, 2000008])",
                "delete from keys.chart_key where chart_key = 1000009",
                "select chart_key from keys.shredded where chart_key > 2000007 order by chart_key limit 100",
            )
        ]

    assert all("Seq Scan" not in plan for plan in plans), plans


def test_what_is_left_is_opened_and_a_destroyed_key_is_counted_all_the_same(service: KeyService) -> None:
    made = service.create([400, 401, 402])
    service.shred(401)
    before = service.unwraps()

    assert service.unwrap_left([400, 401, 402, 400]) == {400: made[400], 402: made[402]}
    assert service.unwraps() == before + 4
    assert service.unwrap_left([401]) == {}
    assert service.unwraps() == before + 5
    with pytest.raises(ChartKeyMissing):
        service.unwrap_left([400, 401, 403])
    assert service.unwraps() == before + 5
