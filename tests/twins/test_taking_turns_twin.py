"""Messages taken in batches, over several connections, against the same messages taken one by one."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import count
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hl7_messages import a_line, a_receiving_node, adt, listening, pid, pv1, said
from salus import access, records
from salus.app import Node
from salus.app.taking_turns import MOST_LOCKS, MOST_TOGETHER, Turn, Turns, apart
from salus.records.search.query import parse_query
from salus.records.v2 import Answer
from salus.storage import Duty

_serial = count(1)
EVENTS = ("A01", "A02", "A03", "A08", "A11", "A13", "A31")
BROKEN = Answer(code="AR")
numbers = st.frozensets(st.integers(0, 9), min_size=1, max_size=3)


@given(st.lists(numbers, max_size=40), numbers)
def test_a_batch_is_about_different_things_and_passes_nobody_over(
    each: list[frozenset[int]], busy: frozenset[int]
) -> None:
    turns = [Turn(locks) for locks in each]
    chosen = apart(turns, busy)

    for place, one in enumerate(turns):
        free = all(one.locks.isdisjoint(other.locks) for other in turns[:place]) and one.locks.isdisjoint(busy)
        assert (one in chosen) == free


def test_a_batch_is_bounded_in_messages_and_in_locks() -> None:
    small = [Turn(frozenset({n})) for n in range(3 * MOST_TOGETHER)]
    large = [Turn(frozenset(range(n * 100, n * 100 + 100))) for n in range(20)]

    assert apart(small) == small[:MOST_TOGETHER]
    assert apart(large) == large[: MOST_LOCKS // 100]
    assert apart([Turn(frozenset(range(2 * MOST_LOCKS)))]) != []


@settings(max_examples=30, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=60), st.integers(0, 2**32))
def test_turns_about_one_thing_are_taken_in_order_and_never_at_once(each: list[frozenset[int]], seed: int) -> None:
    dice, log, at_work, lock = Random(seed), list[int](), set[int](), threading.Lock()

    def read(asked: Sequence[int]) -> list[Turn]:
        return [_Numbered(number, each[number]) for number in asked]

    def take(turns: Sequence[Turn]) -> None:
        about = [number for one in turns for number in one.locks]
        with lock:
            assert len(about) == len(set(about))
            assert at_work.isdisjoint(about)
            at_work.update(about)
            log.extend(one.number for one in turns if isinstance(one, _Numbered))
        time.sleep(dice.random() / 1000)
        with lock:
            at_work.difference_update(about)
        for one in turns:
            assert isinstance(one, _Numbered)
            one.answer = Answer(code="AA", text=str(one.number))

    async def ask() -> list[Answer]:
        turns: Turns[int, Turn] = Turns(read, take, BROKEN, threads=3)
        asked = []
        for number in range(len(each)):
            asked.append(turns.submit(number))
            if dice.random() < 0.3:
                await asyncio.sleep(dice.random() / 1000)
        answers = list(await asyncio.gather(*asked))
        turns.close()
        return answers

    assert [one.text for one in asyncio.run(ask())] == [str(number) for number in range(len(each))]
    for thing in range(10):
        mine = [number for number in log if thing in each[number]]
        assert mine == sorted(mine)


class _Numbered(Turn):
    def __init__(self, number: int, locks: frozenset[int]) -> None:
        super().__init__(locks)
        self.number = number


def test_what_breaks_is_answered_and_the_rest_goes_on() -> None:
    def read(asked: Sequence[int]) -> list[Turn]:
        if 3 in asked:
            raise ValueError
        return [Turn(frozenset({one})) for one in asked]

    def take(turns: Sequence[Turn]) -> None:
        if any(5 in one.locks for one in turns):
            raise ValueError
        for one in turns:
            one.answer = Answer(code="AA")

    async def ask() -> list[str]:
        turns: Turns[int, Turn] = Turns(read, take, BROKEN)
        codes = [(await turns.submit(number)).code for number in (1, 3, 5, 7)]
        turns.close()
        return codes

    assert asyncio.run(ask()) == ["AA", "AR", "AR", "AA"]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_receiving_node(tmp_path_factory.mktemp("turns"), "H1") as opened, listening(opened):
        yield opened


Said = tuple[int, str, dict[str, str]]
"""Which patient, what happened, what PID says besides."""
told = st.fixed_dictionaries({}, optional={
    "p7": st.sampled_from(["19800101", "1980", '""']), "p8": st.sampled_from("FMU"),
    "p13": st.sampled_from(["13000000001", "13000000002", '""']), "p11": st.sampled_from(["1 Road^^City", ""]),
})  # fmt: skip
messages = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(EVENTS), told), min_size=4, max_size=20)


def written(name: str, each: Sequence[Said]) -> list[bytes]:
    """Write the messages, each said a minute after the one before it."""
    return [
        adt(event, f"{name}-{place}", pid(f"{name}-{who}", **more), pv1(f"{name}-{who}"),
            written=f"2031030108{place:02}00")
        for place, (who, event, more) in enumerate(each)
    ]  # fmt: skip


def send(node: Node, lines: Sequence[Sequence[bytes]]) -> None:
    """Send what each connection has to say, all without waiting for answers; each answers in its order."""

    def speak(raw: Sequence[bytes]) -> None:
        with a_line(node) as line:
            line.connection.sendall(b"".join(b"\x0b" + one + b"\x1c\r" for one in raw))
            heard.append([said(line.hear()) for _ in raw])

    heard: list[list[str]] = []
    threads = [threading.Thread(target=speak, args=(one,)) for one in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(len, heard)) == sorted(map(len, lines))
    assert {code for each in heard for code in each} <= {"AA"}


def kept(node: Node, name: str, who: int) -> list[dict[str, Any]]:
    """Return what is stored of a patient, without what tells two runs apart."""
    found: list[dict[str, Any]] = []
    sight = access.Sight(facility="H1", closed={})
    for kind in ("Patient", "Encounter"):
        asked = parse_query(kind, [("identifier", f"{name}-{who}")], node.custodian)
        with node.store.transaction(Duty.CARE) as tx:
            located, _ = records.search(tx, asked, "H1", sight)
        keys = node.keys.unwrap([one.chart_key for one in located])
        found += [orjson.loads(records.open_body(one, keys, sight).replace(name.encode(), b"-")) for one in located]
    for one in found:
        one["meta"].pop("lastUpdated")
        one.pop("id")
        one.pop("subject", None)
    return found


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages, st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_messages_over_several_connections_leave_the_records_that_they_leave_one_by_one(
    node: Node, each: list[Said], line_of: list[int]
) -> None:
    together, alone = f"T{next(_serial)}", f"A{next(_serial)}"
    raw = written(together, each)
    send(node, [[one for one, (who, *_) in zip(raw, each, strict=True) if line_of[who] == line] for line in range(3)])
    with a_line(node) as line:
        for one in written(alone, each):
            assert said(line.say(one)) == "AA"

    for who in range(4):
        assert kept(node, together, who) == kept(node, alone, who)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.sampled_from("FMU")), min_size=4, max_size=16))
def test_one_patient_over_several_connections_is_as_the_newest_message_says(
    node: Node, each: list[tuple[int, int, str]]
) -> None:
    name = f"N{next(_serial)}"
    raw = written(name, [(who, "A08", {"p8": sex, "p13": f"1300000{place:04}"})
                         for place, (who, _, sex) in enumerate(each)])  # fmt: skip
    send(node, [[one for one, (_, at, _) in zip(raw, each, strict=True) if at == line] for line in range(4)])

    for who in {one[0] for one in each}:
        place, (_, _, sex) = [found for found in enumerate(each) if found[1][0] == who][-1]
        (patient,) = [one for one in kept(node, name, who) if one["resourceType"] == "Patient"]
        assert patient["gender"] == {"F": "female", "M": "male", "U": "unknown"}[sex]
        assert patient["telecom"][0]["value"] == f"1300000{place:04}"
