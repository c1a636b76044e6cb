"""A light MLLP load generator: connections in one process, each with some messages under way.

Usage: python bench/instruments/mllp_load.py PORT CONNECTIONS SECONDS SEED [UNDER_WAY] [one]. Every patient is admitted
(A01), updated (A08: another telephone) and discharged (A03), one message each, so a third of the messages open a chart;
of those under way on a connection each is another patient's. With `one` each connection updates one patient again and
again. Prints one JSON object; its own CPU time is part of it, to be reported and not counted.
"""

from __future__ import annotations

import json
import resource
import selectors
import socket
import sys
import time
from collections import deque
from functools import lru_cache
from random import Random

from salus.identity.documents import check_character

EVENTS = ("A01", "A08", "A03")
SURNAMES = "王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 林 罗 高 郑 梁 谢 宋 唐 许 韩 冯 邓 曹 欧阳 司马".split()
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文华建国志红梅玉龙春燕海波雪松琴云飞鹏浩宇轩梓涵欣怡诗"


@lru_cache(maxsize=50_000)
def person(patient: str) -> tuple[str, str, str, str]:
    """Make up a patient who is like few others, always the same: PID-3 to PID-11, two telephones, a doctor."""
    dice = Random(patient)
    born = f"{dice.randrange(1940, 2020)}{dice.randrange(1, 13):02}{dice.randrange(1, 29):02}"
    digits = f"9{dice.randrange(10**5):05}{born}{dice.randrange(1000):03}"
    number = f"{patient}^^^HIS^MR~{digits}{check_character(digits)}^^^^NNCHN"
    name = f"{dice.choice(SURNAMES)}^{dice.choice(GIVEN)}{dice.choice(GIVEN)}^^^^^L^I"
    home = f"{dice.choice(GIVEN)}{dice.choice(GIVEN)}路{dice.randrange(999)}号^^某市^某省^100000^CHN^H"
    who = f"{number}||{name}||{born}|{dice.choice('FM')}|||{home}"
    return who, f"13{dice.randrange(10**9):09}", f"15{dice.randrange(10**9):09}", f"D{dice.randrange(400)}^李^医生"


def message(event: str, patient: str, serial: int, phone: str = "") -> bytes:
    """Write an ADT as a hospital's system does, some 600 bytes."""
    who, before, after, doctor = person(patient)
    written = f"203103{1 + serial // 86_400 % 28:02}{serial // 3600 % 24:02}{serial // 60 % 60:02}{serial % 60:02}"
    ended = "20310405100000" if event == "A03" else ""
    told = phone or (before if event == "A01" else after)
    control = f"{patient}-{event}-{serial}"
    lines = [
        f"MSH|^~\\&|HIS|B1|SALUS|NODE|{written}+0800||ADT^{event}^ADT_A01|{control}|P|2.5||||||UNICODE UTF-8",
        f"EVN|{event}|{written}+0800",
        f"PID|1||{who}||{told}^PRN^CP||||||",
        f"PV1|1|I|W1^12^3||||{doctor}||||||||||||V{patient}^^^HIS|||||||||||||||||||||||||20310301075500|{ended}",
    ]
    return ("\x0b" + "\r".join(lines) + "\r\x1c\r").encode()


class Connection:
    """One connection that always has so many messages under way."""

    def __init__(self, port: int, name: str, under_way: int, one: bool) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._name, self._place, self._under_way, self._one = name, 0, under_way, one
        self._heard = b""
        self.sent: deque[float] = deque()

    def send(self, count: int) -> None:
        """Send the next messages together."""
        self.sent.extend([time.perf_counter()] * count)
        self.socket.sendall(b"".join(self._next() for _ in range(count)))

    def _next(self) -> bytes:
        place, self._place = self._place, self._place + 1
        if self._one:
            return message("A08", self._name, place, f"13{place:09}")
        turn, patient = divmod(place, self._under_way)
        return message(EVENTS[turn % 3], f"{self._name}{turn // 3}y{patient}", place)

    def receive(self) -> list[str]:
        """Take what arrived; return MSA-1 of each answer that is whole."""
        *whole, self._heard = (self._heard + self.socket.recv(1 << 20)).split(b"\x1c\r")
        return [one.partition(b"\rMSA|")[2][:2].decode() for one in whole]


def main() -> None:
    """Keep the connections busy and print what came back."""
    port, count, seconds, seed = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    under_way = int(sys.argv[5]) if len(sys.argv) > 5 else 1
    selector = selectors.DefaultSelector()
    for number in range(count):
        connection = Connection(port, f"P{seed}x{number}x", under_way, sys.argv[6:] == ["one"])
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send(under_way)
    began = time.perf_counter()
    codes, times = converse(selector, began + seconds)
    wall, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    times.sort()
    told = {
        "answers": len(times),
        "codes": codes,
        "seconds": wall,
        "p50_ms": times[len(times) // 2] * 1000,
        "p99_ms": times[len(times) * 99 // 100] * 1000,
        "own_cpu_s": used.ru_utime + used.ru_stime,
    }
    print(json.dumps(told))


def converse(selector: selectors.BaseSelector, until: float) -> tuple[dict[str, int], list[float]]:
    """Send as many as were answered, until then; return the answers by code, and how long each took."""
    codes: dict[str, int] = {}
    times: list[float] = []
    while selector.get_map():
        for key, _ in selector.select():
            connection = key.data
            heard, now = connection.receive(), time.perf_counter()
            for code in heard:
                times.append(now - connection.sent.popleft())
                codes[code] = codes.get(code, 0) + 1
            if heard and now < until:
                connection.send(len(heard))
            elif not connection.sent:
                selector.unregister(connection.socket)
                connection.socket.close()
    return codes, times


if __name__ == "__main__":
    main()
