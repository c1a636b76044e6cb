"""Speed of reading resident numbers: `python bench/documents.py [NUMBERS] [ROUNDS]`, 300,000 and 5 by default.

Three steps over the same random numbers, half of them with one wrong digit, in turn: the check alone
(`check_citizen`), `read` into an identifier, and the floor, the plain sum of GB 11643-1999 with a date, no refusals.
CPU time of one process; the median round is told with the fastest and the slowest.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from random import Random

from salus.identity.documents import check_character, check_citizen, read
from salus.identity.errors import NumberRefused

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def main() -> None:
    """Print one line for each step."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    numbers = sample(count)
    steps: dict[str, Callable[[Sequence[str]], int]] = {"check": checked, "read": identified, "floor, plain sum": plain}
    took: dict[str, list[float]] = {step: [] for step in steps}
    found = set()
    for _ in range(rounds):
        for step, work in steps.items():
            began = time.process_time()
            found.add(work(numbers))
            took[step].append(count / (time.process_time() - began))
    if len(found) != 1:
        sys.exit("the steps disagree on which numbers are valid")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {count:,} numbers, {found.pop():,} of them valid")
    for step, rates in took.items():
        print(f"{step:20}{statistics.median(rates):>12,.0f}/CPU-s   {min(rates):>12,.0f} to {max(rates):>12,.0f}")


def sample(count: int) -> list[str]:
    """Return random numbers; every other one has one wrong digit."""
    dice = Random(1999)
    numbers = []
    for index in range(count):
        born = date(1930, 1, 1) + timedelta(days=dice.randrange(36_000))
        digits = f"{dice.randrange(110_000, 660_000)}{born:%Y%m%d}{dice.randrange(1_000):03d}"
        number = digits + check_character(digits)
        place = dice.randrange(17)
        wrong = number[:place] + str((int(number[place]) + dice.randrange(1, 10)) % 10) + number[place + 1 :]
        numbers.append(wrong if index % 2 else number)
    return numbers


def checked(numbers: Sequence[str]) -> int:
    """Count the valid numbers by the check alone."""
    valid = 0
    for number in numbers:
        with suppress(NumberRefused):
            check_citizen(number)
            valid += 1
    return valid


def identified(numbers: Sequence[str]) -> int:
    """Count the valid numbers by reading each into an identifier."""
    valid = 0
    for number in numbers:
        with suppress(NumberRefused):
            read("resident-id", number)
            valid += 1
    return valid


def plain(numbers: Sequence[str]) -> int:
    """Count the valid numbers by the sum and a date, as a textbook has it."""
    valid = 0
    for number in numbers:
        total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number, strict=False))
        if "10X98765432"[total % 11] == number[17]:
            with suppress(ValueError):
                date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
                valid += 1
    return valid


if __name__ == "__main__":
    main()
