"""What pages for anybody are made of is made once for a state of the log, whoever and however many ask."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from contesting import Scene, contesting
from salus import ledger
from salus.app import answer_proofs, audited, powers, trust_file
from salus.app.remembering import Memory
from salus.healthcode import measures


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with contesting(tmp_path_factory.mktemp("remembering")) as opened:
        opened.infected().contest_notice()
        yield opened


def test_what_many_ask_for_at_once_is_made_once() -> None:
    memory, made, begun = Memory(), [], threading.Event()

    def make() -> str:
        begun.wait(1)
        made.append(1)
        return "it"

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(memory.recall, "a", 1, make) for _ in range(8)]
        begun.set()

    assert [one.result() for one in asked] == ["it"] * 8
    assert len(made) == 1


def test_another_stamp_makes_it_anew_and_what_fails_is_not_remembered() -> None:
    memory = Memory()

    assert memory.recall("a", 1, lambda: "first") == "first"
    assert memory.recall("b", 1, lambda: "other") == "other"
    with pytest.raises(ZeroDivisionError):
        memory.recall("a", 2, lambda: str(1 // 0))
    assert memory.recall("a", 2, lambda: "second") == "second"
    assert memory.recall("a", 2, lambda: "third") == "second"


def test_pages_for_anybody_read_the_log_once_a_minute(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    node, read = scene.node, []
    leaves, checked = ledger.leaves, ledger.verify_directory
    measures.key_ends(node.store, node.trust)  # of the ends of keys is thought once for each head
    monkeypatch.setattr(ledger, "leaves", lambda store, kind: read.append(kind) or leaves(store, kind))
    monkeypatch.setattr(ledger, "verify_directory", lambda *given: read.append("audit") or checked(*given))
    asked = (powers, answer_proofs, trust_file, audited)
    for ask in asked:
        ask(node)
    before = len(read)
    for ask in asked:
        ask(node)

    assert len(read) == before
    scene.measuring.witnesses.advance(timedelta(minutes=1))
    for ask in asked:
        ask(node)
    assert len(read) == 2 * before
