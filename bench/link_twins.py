"""Which twins are linked whose names are alike: `python bench/link_twins.py [PEOPLE]`, 200,000 by default.

Registers of `synth` in which the names of same-sex twins are as they come, one in a hundred has another character of
the same sound, all have, and all are called exactly alike. Linked as `salus link` does it, and by plain Splink. Told
are pairs of twins with records in one cluster for each 10,000, and how the names differ in two records that were put
together. Two of one name of whom one has no number cannot be told apart from one person who forgot the card: the last
register measures that, and no rule can mend it.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from link_people import SEED, _splink, _write
from salus.identity.linkage.people import COLUMNS, features
from salus.identity.linkage.people.linking import link_people
from salus.identity.linkage.tables import opened
from salus.synth import Alike, records

REGISTERS = {
    "as they come": Alike(),
    "1 % of homophones": Alike(homophones=0.01),
    "all homophones": Alike(homophones=1.0),
    "all namesakes": Alike(namesakes=1.0),
}


def main() -> None:
    """Print a line for each register and engine."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    print(f"{'twins named':20}{'engine':8}{'pairs':>8}{'linked':>8}{'per 10,000':>12}   how the linked are called")
    with tempfile.TemporaryDirectory(prefix="salus-twins-") as folder:
        for name, alike in REGISTERS.items():
            register = records(SEED, people, alike=alike)
            rows = Path(folder) / "records.parquet"
            _write(rows, COLUMNS, register)
            for engine in ("salus", "splink"):
                out, review = Path(folder) / "clusters.parquet", Path(folder) / "review.parquet"
                if engine == "salus":
                    link_people(rows, out, review=review)
                else:
                    _splink(rows, out, review)
                pairs, linked = together(rows, out, register.people, register.twins)
                told = ", ".join(f"{kind} {count}" for kind, count in sorted(linked.items()))
                count = linked.total()
                print(f"{name:20}{engine:8}{pairs:>8,}{count:>8,}{10_000 * count / pairs:>12.1f}   {told}", flush=True)


def together(rows: Path, out: Path, people: dict[str, int], twins: list[tuple[int, int]]) -> tuple[int, Counter[str]]:
    """Return how many pairs of twins have records, and how those in one cluster are called."""
    records_of: dict[int, list[str]] = {}
    for record_id, person in people.items():
        records_of.setdefault(person, []).append(record_id)
    with opened() as connection:
        cluster = dict(connection.execute(f"select record_id, cluster_id from '{out}'").fetchall())
        names = dict(connection.execute(f"select record_id, name from '{rows}'").fetchall())
    pairs = [(a, b) for a, b in twins if a in records_of and b in records_of]
    linked: Counter[str] = Counter()
    for a, b in pairs:
        found = next(((x, y) for x in records_of[a] for y in records_of[b] if cluster[x] == cluster[y]), None)
        if found:
            linked[called(names[found[0]], names[found[1]])] += 1
    return len(pairs), linked


def called(one: str, other: str) -> str:
    """Say how two written names differ."""
    a, b = features({"name": one}), features({"name": other})
    if a.characters is None or b.characters is None:
        return "in Latin letters"
    if a.characters == b.characters:
        return "same characters"
    return "same tones" if a.tones == b.tones else "another tone"


if __name__ == "__main__":
    main()
