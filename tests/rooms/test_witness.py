"""A witness over its folder and over HTTP: what it refuses, what it remembers, and that it never begins anew."""

from __future__ import annotations

import base64
import http.client
import socket
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

import httpx
import pytest

from salus.cli.witnesses import start
from salus.kernel import FixedClock, SalusError, parse_instant, start_demo_clock
from salus.proof import (
    Frontier,
    Note,
    VerifierKey,
    leaf_hash,
    open_checkpoint,
    prove_consistency,
    sign_checkpoint,
)
from salus.proof.note import parse_signature
from salus.proof.tree import EMPTY_ROOT
from salus.witness import Settings, Witness, WitnessRefusal
from salus.witness.errors import AnotherSize, FolderHeld, Forgotten
from salus.witness.model import MOST_BODY_BYTES
from salus.witness.serving import QUIET_SECONDS
from salus.witness.store import Folder
from witness_keys import LOG, SeededSigner

KEY = VerifierKey.of(LOG)
NOW = parse_instant("2031-03-01T08:00:00Z")
HEADS = sha256(LOG.name.encode()).hexdigest()


class Tree:
    """A log whose heads and proofs are at hand; another `mark` makes another log."""

    def __init__(self, mark: str, size: int) -> None:
        frontier = Frontier()
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.roots = [EMPTY_ROOT]
        for number in range(size):
            for level, index, value in frontier.append(leaf_hash(f"{mark} {number}".encode())):
                self.nodes[level, index] = value
            self.roots.append(frontier.root())

    def asked(self, old: int, size: int, signer: SeededSigner = LOG) -> bytes:
        proof = prove_consistency(lambda level, index: self.nodes[level, index], old, size) if 0 < old < size else []
        lines = [f"old {old}", *(base64.b64encode(one).decode() for one in proof), ""]
        return ("\n".join(lines) + "\n" + sign_checkpoint(size, self.roots[size], signer).note).encode()


TREE, FORK = Tree("true", 300), Tree("fork", 300)


def settings(folder: Path, **other: object) -> Settings:
    return Settings(**{"data": folder, "name": "witness.example", "logs": (KEY,), "port": 0, **other})  # type: ignore[arg-type]


@contextmanager
def opened(folder: Path, now: FixedClock | None = None, **other: object) -> Iterator[Witness]:
    held = Folder(folder)
    try:
        yield Witness(settings(folder, **other), held, now or FixedClock(NOW))
    finally:
        held.close()


def refused(witness: Witness, body: bytes) -> int:
    with pytest.raises(WitnessRefusal) as refusal:
        witness.add_checkpoint(body)
    return refusal.value.status


def test_heads_that_grow_are_cosigned_and_their_lines_verify(tmp_path: Path) -> None:
    clock = FixedClock(NOW)
    with opened(tmp_path, clock) as witness:
        old = 0
        for size in (0, 1, 1, 7, 256, 300):
            clock.at += timedelta(minutes=1)
            line = parse_signature(witness.add_checkpoint(TREE.asked(old, size)).removesuffix("\n"))
            text = sign_checkpoint(size, TREE.roots[size], LOG).text
            assert witness.key.time_of(text, line) == clock.at
            old = size

        kept = witness.checkpoint(LOG.name)
        assert kept is not None
        assert open_checkpoint(kept, [KEY]).size == 300
        assert len(Note.parse(kept).signatures) == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (FORK.asked(7, 7), 422),
        (FORK.asked(7, 9), 422),
        (TREE.asked(7, 9).replace(b"\n\n", b"\n" + b"A" * 43 + b"=\n\n", 1), 422),
        (TREE.asked(7, 9).replace(b"\n\n", "\né\n\n".encode(), 1), 400),
        (TREE.asked(0, 9), 409),
        (FORK.asked(0, 9), 409),
        (TREE.asked(3, 3), 409),
        (TREE.asked(3, 7), 409),
        (TREE.asked(9, 9), 409),
        (TREE.asked(7, 9, SeededSigner(LOG.name, 9)), 403),
        (TREE.asked(7, 9, SeededSigner("other.example/log", 1)), 404),
        (TREE.asked(7, 9).replace(b"old 7", b"old 07"), 400),
        (TREE.asked(7, 9).replace(b"old 7", b"old 10"), 400),
        (TREE.asked(7, 9).replace(b"\n\n", b"\nnot base64\n\n", 1), 400),
        (b"", 400),
        (b"old 7\n", 400),
        (b"\xff", 400),
        (b"old 7\n" + b"A\n" * 64 + b"\n" + TREE.asked(7, 9).partition(b"\n\n")[2], 400),
    ],
)
def test_what_a_witness_refuses_leaves_its_word_as_it_was(tmp_path: Path, body: bytes, status: int) -> None:
    with opened(tmp_path) as witness:
        witness.add_checkpoint(TREE.asked(0, 7))
        before = witness.checkpoint(LOG.name)

        assert refused(witness, body) == status
        assert witness.checkpoint(LOG.name) == before
        assert witness.add_checkpoint(TREE.asked(7, 9))


def test_an_empty_log_has_the_empty_root(tmp_path: Path) -> None:
    with opened(tmp_path) as witness:
        body = b"old 0\n\n" + sign_checkpoint(0, bytes(32), LOG).note.encode()
        assert refused(witness, body) == 422


def test_no_line_leaves_that_is_not_on_disk(tmp_path: Path) -> None:
    with opened(tmp_path) as witness:
        witness.add_checkpoint(TREE.asked(0, 7))
        obstacle = tmp_path / "logs" / HEADS / "checkpoint.new"
        obstacle.mkdir()
        with pytest.raises(OSError, match="directory"):
            witness.add_checkpoint(TREE.asked(7, 9))
        obstacle.rmdir()

        with pytest.raises(AnotherSize) as conflict:
            witness.add_checkpoint(TREE.asked(9, 9))
        assert conflict.value.size == 7


def test_a_witness_that_was_stopped_goes_on_with_its_key_and_its_word(tmp_path: Path) -> None:
    with opened(tmp_path) as first:
        first.add_checkpoint(TREE.asked(0, 7))
    with opened(tmp_path) as second:
        assert second.key == first.key
        assert refused(second, FORK.asked(0, 7)) == 409
        assert refused(second, FORK.asked(7, 7)) == 422
        assert second.add_checkpoint(TREE.asked(7, 9))


def test_its_clock_never_goes_back(tmp_path: Path) -> None:
    with opened(tmp_path) as first:
        first.add_checkpoint(TREE.asked(0, 7))
    with opened(tmp_path, FixedClock(NOW - timedelta(days=1))) as second:
        line = parse_signature(second.add_checkpoint(TREE.asked(7, 9)).removesuffix("\n"))
        assert second.key.time_of(sign_checkpoint(9, TREE.roots[9], LOG).text, line) == NOW


def test_the_key_is_sealed_and_for_its_own_user_alone(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass

    assert b"ENCRYPTED PRIVATE KEY" in (tmp_path / "witness.key").read_bytes()
    for path in tmp_path.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077 or path.is_dir(), path


def test_a_passphrase_of_ones_own_opens_the_key_and_no_other_does(tmp_path: Path) -> None:
    folder, passphrase, wrong = tmp_path / "witness", tmp_path / "passphrase", tmp_path / "wrong"
    passphrase.write_text("correct horse battery staple")
    wrong.write_text("something else")
    with opened(folder, passphrase_file=passphrase) as first:
        first.add_checkpoint(TREE.asked(0, 1))
    with pytest.raises(Forgotten), opened(folder, passphrase_file=wrong):
        pass
    with opened(folder, passphrase_file=passphrase) as again:
        assert again.key == first.key
    assert not (folder / "witness.passphrase").exists()


@pytest.mark.parametrize(
    "lost", ["witness.key", "witness.json", f"logs/{HEADS}/checkpoint", f"logs/{HEADS}", "witness.passphrase"]
)
def test_what_is_lost_ends_a_witness_rather_than_begin_anew(tmp_path: Path, lost: str) -> None:
    with opened(tmp_path) as witness:
        witness.add_checkpoint(TREE.asked(0, 7))
    path = tmp_path / lost
    if path.is_dir():
        (path / "checkpoint").unlink()
        path.rmdir()
    else:
        path.unlink()

    with pytest.raises(Forgotten), opened(tmp_path):
        pass


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\xff\xfe"])
def test_what_is_damaged_ends_a_witness_or_is_nothing_cosigned(tmp_path: Path, damage: bytes) -> None:
    with opened(tmp_path) as witness:
        witness.add_checkpoint(TREE.asked(0, 7))
    kept = tmp_path / "logs" / HEADS / "checkpoint"
    kept.write_bytes(damage or kept.read_bytes().replace(b"\n7\n", b"\n8\n"))

    with pytest.raises(Forgotten), opened(tmp_path):
        pass


@pytest.mark.parametrize(
    "other",
    [
        {"name": "another.example"},
        {"clock": Path("clock.json")},
        {"logs": (VerifierKey.of(SeededSigner(LOG.name, 5)),)},
    ],
)
def test_a_witness_stays_who_it_is(tmp_path: Path, other: dict[str, object]) -> None:
    with opened(tmp_path):
        pass
    with pytest.raises(FolderHeld), opened(tmp_path, **other):
        pass


def test_a_witness_may_watch_another_log_as_well(tmp_path: Path) -> None:
    second = SeededSigner("second.example/log", 3)
    with opened(tmp_path) as witness:
        witness.add_checkpoint(TREE.asked(0, 7))
    with opened(tmp_path, logs=(KEY, VerifierKey.of(second))) as witness:
        assert witness.add_checkpoint(FORK.asked(0, 4, second))
        assert witness.add_checkpoint(TREE.asked(7, 8))


def test_two_processes_are_never_one_witness(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(FolderHeld), opened(tmp_path):
        pass


def test_of_requests_at_once_each_head_is_cosigned_in_order(tmp_path: Path) -> None:
    done: list[int] = []
    with opened(tmp_path) as witness:

        def climb(steps: Random) -> None:
            old = 0
            while old < 300:
                size = min(old + steps.randint(1, 40), 300)
                try:
                    witness.add_checkpoint(TREE.asked(old, size))
                    done.append(size)
                    old = size
                except AnotherSize as conflict:
                    old = conflict.size

        threads = [threading.Thread(target=climb, args=(Random(seed),)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(done) == sorted(set(done))
    assert max(done) == 300


def test_over_http_it_answers_as_the_standard_says(tmp_path: Path) -> None:
    one = start(tmp_path / "w", "body", KEY, _clock(tmp_path))
    try:
        with httpx.Client(base_url=one.url, timeout=300) as client:
            assert client.get("/vkey").text == f"{one.key}\n"
            assert client.get(f"/{HEADS}/checkpoint").status_code == 404
            good = client.post("/add-checkpoint", content=TREE.asked(0, 7))
            assert (good.status_code, good.text[:2]) == (200, "\u2014 ")
            conflict = client.post("/add-checkpoint", content=TREE.asked(0, 9))
            assert (conflict.status_code, conflict.text) == (409, "7\n")
            assert conflict.headers["content-type"] == "text/x.tlog.size"
            assert client.get(f"/{HEADS}/checkpoint").text.endswith(good.text)
            assert client.post("/add-checkpoint", content=b"x" * (MOST_BODY_BYTES + 1)).status_code == 413
            assert client.post("/other", content=b"").status_code == 404
            assert client.put("/add-checkpoint", content=b"").status_code == 501
        assert (tmp_path / "w" / "served-at").read_text() == one.url
    finally:
        one.stop()


def test_those_who_say_nothing_keep_nobody_waiting(tmp_path: Path) -> None:
    """One after the other would keep the last waiting for five minutes."""
    one = start(tmp_path / "w", "body", KEY, _clock(tmp_path))
    try:
        host, port = httpx.URL(one.url).host, httpx.URL(one.url).port
        with ExitStack() as opened:
            for _ in range(30):
                silent = opened.enter_context(socket.create_connection((host, port or 0)))
                silent.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 100\r\n\r\nold")
            began = time.monotonic()
            asked = {"content": TREE.asked(0, 7), "timeout": 300}
            assert httpx.post(f"{one.url}/add-checkpoint", **asked).status_code == 200
            assert time.monotonic() - began < 15 * QUIET_SECONDS
    finally:
        one.stop()


def test_a_witness_ends_when_who_started_it_is_gone(tmp_path: Path) -> None:
    one = start(tmp_path / "w", "body", KEY, _clock(tmp_path))
    assert one.process.stdin is not None
    one.process.stdin.close()

    assert one.process.wait(timeout=300) == 0
    assert one.process.stdout is not None
    one.process.stdout.close()
    assert (tmp_path / "w" / "said.txt").read_text() == ""


@pytest.mark.slow
def test_no_word_that_left_is_forgotten_by_kill_9(tmp_path: Path) -> None:
    """Ten kills while heads are cosigned as fast as they come: what left is never above what is remembered."""
    clock, rng, told = _clock(tmp_path), Random(5), 0
    for seed in range(10):
        one = start(tmp_path / "w", "body", KEY, clock)
        kept = httpx.get(f"{one.url}/{HEADS}/checkpoint", timeout=300).text if told else ""
        assert not told or open_checkpoint(kept, [KEY]).size >= told, seed
        killing = threading.Timer(rng.uniform(0.05, 0.4), one.process.kill)
        killing.start()
        try:
            with httpx.Client(base_url=one.url) as client:
                told = _climb(client, told)
        except (httpx.HTTPError, http.client.HTTPException):
            pass
        killing.join()
        one.stop()
    one = start(tmp_path / "w", "body", KEY, clock)
    try:
        kept = open_checkpoint(httpx.get(f"{one.url}/{HEADS}/checkpoint", timeout=300).text, [KEY])
        assert kept.root == TREE.roots[kept.size]
        fork = httpx.post(f"{one.url}/add-checkpoint", content=FORK.asked(kept.size, 300), timeout=300)
        assert fork.status_code == 422
    finally:
        one.stop()


def _climb(client: httpx.Client, told: int) -> int:
    old = told
    while old < 300:
        answer = client.post("/add-checkpoint", content=TREE.asked(old, old + 1))
        old = int(answer.text) if answer.status_code == 409 else old + 1
    return old


def _clock(folder: Path) -> Path:
    start_demo_clock(folder / "clock.json", NOW)
    return folder / "clock.json"


def test_every_refusal_has_a_code_of_its_own() -> None:
    kinds = [WitnessRefusal, *WitnessRefusal.__subclasses__(), FolderHeld, Forgotten]

    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(issubclass(kind, SalusError) for kind in kinds)
