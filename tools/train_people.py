"""Train the weights of people that come with Salus: `python tools/train_people.py [PEOPLE]`.

From a register of people who do not exist, seed 20260701, 200,000 of them if nothing else is said; no labels are used.
Writes `weights.json` of `salus.identity.linkage.people` and prints its hash and the bits of each level.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from pathlib import Path

import salus.identity.linkage.people
from salus.identity.linkage import write_weights
from salus.identity.linkage.people import COLUMNS, PEOPLE
from salus.identity.linkage.people.matching import match_people
from salus.identity.linkage.tables import RAW, opened, read_table
from salus.synth import records

SEED = 20_260_701


def main() -> None:
    """Make the register, train, write."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory(prefix="salus-train-") as folder, opened() as connection:
        table = Path(folder) / "people.csv"
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(records(SEED, people))
        read_table(connection, table, PEOPLE)
        weights = match_people(connection, RAW, progress=print).weights
    path = Path(salus.identity.linkage.people.__file__).with_name("weights.json")
    path.write_text(write_weights(weights), "utf-8")
    for one in weights.levels:
        print(f"{one.comparison:10} {one.level:22} m {one.m:.6f}  u {one.u:.8f}  {one.bits:+.2f} bits")
    print(f"prior {weights.prior_bits:+.2f} bits, {weights.records:,} records, model {weights.hash}")


if __name__ == "__main__":
    main()
