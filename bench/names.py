"""Speed of reading names: `python bench/names.py [NAMES] [ROUNDS]`, 1,000,000 and 3 by default.

Three steps in turn, over names drawn with repeats from skewed surnames and common characters: Chinese ones, the same in
pinyin, and the floor, the same Chinese names converted by OpenCC and read by pypinyin one by one (over one name in
fifty, scaled up). The first loading of both libraries is in the first step. CPU time of one process.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from random import Random

from opencc import OpenCC
from pypinyin import lazy_pinyin

from salus.identity.names import read_name

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗欧單曾解仇"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂文华玉建国志鹏宇浩然子涵欣怡梓轩诗雨晨曦乐晟曉龍鳳萱"
SHARE = 50


def main() -> None:
    """Print one line for each step."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    chinese = sample(count)
    pinyin = romanised(chinese)
    few = chinese[::SHARE]
    steps: dict[str, tuple[Callable[[Sequence[str]], None], list[str]]] = {
        "Chinese": (keys, chinese),
        "pinyin": (keys, pinyin),
        "floor, no tables": (plain, few),
    }
    took: dict[str, list[float]] = {step: [] for step in steps}
    for _ in range(rounds):
        for step, (work, names) in steps.items():
            began = time.process_time()
            work(names)
            took[step].append((time.process_time() - began) * 1_000_000 / len(names))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {count:,} names, {len(set(chinese)):,} distinct")
    for step, seconds in took.items():
        print(f"{step:20}{statistics.median(seconds):>8.1f} CPU-s a million   {min(seconds):.1f} to {max(seconds):.1f}")


def sample(count: int) -> list[str]:
    """Return names of two or three characters."""
    dice = Random(7)
    weights = [1 / (rank + 3) for rank in range(len(SURNAMES))]
    families = dice.choices(SURNAMES, weights, k=count)
    return [family + "".join(dice.choices(GIVEN, k=1 + (dice.random() < 0.8))) for family in families]


def romanised(names: Sequence[str]) -> list[str]:
    """Return the same names as a passport writes them."""
    readings = {char: "".join(lazy_pinyin(char)) for char in set("".join(names))}
    return [f"{readings[name[0]].upper()} {''.join(readings[char] for char in name[1:]).title()}" for name in names]


def keys(names: Sequence[str]) -> None:
    """Read all names."""
    for name in names:
        read_name(name)


def plain(names: Sequence[str]) -> None:
    """Simplify and read all names by the libraries alone."""
    convert = OpenCC("t2s").convert
    for name in names:
        lazy_pinyin(convert(name))


if __name__ == "__main__":
    main()
