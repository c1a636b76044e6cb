"""Messages of several connections under way at once: nobody waits for who is slow, goes away, or sends nonsense."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

import salus.web.mllp as mllp
from hl7_messages import Line, a_line, a_receiving_node, adt, listening, message, oru, pid, pv1, said
from salus import records
from salus.app import Node
from salus.storage import Duty


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_receiving_node(tmp_path_factory.mktemp("together"), "H1") as opened, listening(opened):
        yield opened


def count(node: Node) -> int:
    """Return how many resources are stored."""
    with node.store.transaction(Duty.CARE) as tx:
        return records.totals(tx)["resources"]


def frames(*raw: bytes) -> bytes:
    """Put each message in a frame."""
    return b"".join(b"\x0b" + one + b"\x1c\r" for one in raw)


def shout(line: Line, raw: bytes, times: int) -> int:
    """Send until the other end takes no more; return how often it took all."""
    for sent in range(times):
        try:
            line.connection.sendall(raw)
        except OSError:  # a time-out of ours, or a reset
            return sent
    return times


def test_bad_messages_in_a_batch_of_good_ones_are_refused_alone(node: Node) -> None:
    before = count(node)
    good = {n: adt("A01", f"G{n}", pid(f"G{n}"), pv1(f"G{n}")) for n in range(12)}
    bad = {
        3: adt("A01", "G3", pid("G3", p7="13th of May"), pv1("G3")),
        5: b"nonsense",
        7: message("ADT^A01", "G7", pid("G7"), header={4: "H9"}),
        9: adt("A01", "G9", pid("G9", p11="^^" + "x" * 1_100_000), pv1("G9")),
    }
    with a_line(node) as line:
        line.connection.sendall(frames(*(good | bad).values()))
        codes = [said(line.hear()) for _ in good]

    assert codes == ["AA", "AA", "AA", "AE", "AA", "AE", "AA", "AR", "AA", "AE", "AA", "AA"]
    assert count(node) == before + 2 * 8


def test_a_sender_who_stops_in_the_middle_of_a_message_holds_nobody_up(node: Node) -> None:
    with a_line(node) as stalled, a_line(node) as line:
        stalled.connection.sendall(frames(adt("A28", "M0", pid("M0"))) + b"\x0b" + adt("A28", "M1", pid("M1"))[:50])

        assert said(stalled.hear()) == "AA"
        assert [said(line.say(adt("A28", f"M{n}", pid(f"M{n}")))) for n in range(2, 6)] == ["AA"] * 4


def test_a_sender_who_reads_no_answers_is_cut_off_and_holds_nobody_up(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mllp, "ANSWER_SECONDS", 0.5)
    with a_line(node) as deaf, a_line(node) as line:
        deaf.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connection.settimeout(0.2)
        refused = frames(*[message("ADT^A28", "D" * 190, header={3: "x" * 190, 4: "y" * 190})] * 400)
        assert shout(deaf, refused, 200) < 200
        assert said(line.say(adt("A28", "D1", pid("D1")))) == "AA"


def test_what_a_sender_did_not_wait_for_is_stored_once_and_answered_when_it_comes_again(node: Node) -> None:
    before = count(node)
    raw = [adt("A01", f"W{n}", pid(f"W{n}"), pv1(f"W{n}")) for n in range(20)]
    with a_line(node) as hasty:
        hasty.connection.sendall(frames(*raw))
        time.sleep(0.05)
    with a_line(node) as line:
        line.connection.sendall(frames(*raw))
        codes = [said(line.hear()) for _ in raw]

    assert codes == ["AA"] * 20
    assert count(node) == before + 2 * 20


def test_who_says_that_nothing_follows_still_hears_every_answer(node: Node) -> None:
    raw = [adt("A28", f"F{n}", pid(f"F{n}")) for n in range(8)]
    with a_line(node) as line:
        line.connection.sendall(frames(*raw))
        line.connection.shutdown(socket.SHUT_WR)

        assert [said(line.hear()) for _ in raw] == ["AA"] * 8
        assert line.hear() == b""


def test_a_merge_follows_the_admissions_that_were_sent_before_it(node: Node) -> None:
    merge = message("ADT^A40", "K3", pid("K2"), "MRG|K1^^^HIS^MR")
    with a_line(node) as line:
        line.connection.sendall(frames(adt("A28", "K1", pid("K1")), adt("A28", "K2", pid("K2")), merge))

        assert [said(line.hear()) for _ in range(3)] == ["AA"] * 3


def test_frames_of_megabytes_are_read_one_after_the_other(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mllp, "LARGE_BYTES", 2_000)
    text = "\r".join(f"OBX|{n}|TX|Y{n}^Y^L||{'x' * 900}||||||F" for n in range(4))
    raw = [oru(f"B{n}", pid(f"B{n}"), f"OBR|1||B{n}|X^X^L", text) for n in range(12)]
    with a_line(node) as line:
        line.connection.sendall(frames(*raw))

        assert [said(line.hear()) for _ in raw] == ["AA"] * 12
