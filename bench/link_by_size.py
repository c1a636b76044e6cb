"""How people are linked in registers of more people: `python bench/link_by_size.py [PEOPLE]`, 620,000.

First what grows with a register: of three sizes, how often two records of two people have one value of a column, times
the people. Where the product stays, an agreement is rarer by a bit for each doubling; where it doubles, it is not.
Then one register is weighed for several sizes, with homes as `salus link` sees it and without as the index does: its
links; how many true ones of a hundred become questions, or not even that; pairs for each hundred records that are no
links and are asked about unless others join them; false links; and, since their share grows with the people, how many
of a million links would be false among as many people as the class is for. The first line of each is the peer: the
weights as they were trained.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from duckdb import DuckDBPyConnection

from link_people import _register
from salus.identity.linkage.candidates import PAIRS, RECORDS, pair, take
from salus.identity.linkage.engine import scores
from salus.identity.linkage.people import PEOPLE, PROVEN, Outcome, guards, people_weights
from salus.identity.linkage.people.matching import JUDGED, judge
from salus.identity.linkage.people.tables import prepare_people
from salus.identity.linkage.tables import RAW, opened, read_table

CLASSES = (1, 4, 64, 1024, 2048)
COLUMNS = ("typed", "phone", "dwelling", "house", "county", "birth", "sound")


def main() -> None:
    """Make the registers, print both tables."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 620_000
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(
        f"{'people':>9}{'prior':>9}" + "".join(f"{one:>12}" for one in COLUMNS) + "  (chance of two strangers x people)"
    )
    for some in (people // 16, people // 8, people // 4):
        _chances(some)
    print(
        f"{'homes':7}{'people':>8}{'prior':>8}{'links':>10}{'asked':>8}{'nothing':>8}{'questions':>10}{'false':>7}"
        f"{'false/M then':>14}"
    )
    for homes in (True, False):
        _classes(_register("synth", people), people, homes)


def _chances(people: int) -> None:
    with opened() as connection:
        folder = _register("synth", people)
        read_table(connection, folder / "records.parquet", PEOPLE)
        prepare_people(connection, RAW, "prepared", None)
        _with_truth(connection, folder, "prepared")
        alike = [_alike(connection, one) for one in ("", *COLUMNS)]
        told = f"{people:>9,}{alike[0][1] * people:>9.3f}" + "".join(f"{one * people:>12.5g}" for one, _ in alike[1:])
    print(told, flush=True)


def _with_truth(connection: DuckDBPyConnection, folder: Path, table: str) -> None:
    truth = f"{folder}/truth.parquet"
    connection.execute(f"create table judged_people as from {table} join '{truth}' using (record_id)")


def _alike(connection: DuckDBPyConnection, column: str) -> tuple[float, float]:
    """Return of pairs that say a column the share of those of two people that are alike in it, and of one person's."""
    wanted = f"where {column} is not null" if column else ""
    pairs = (
        f"select coalesce(sum(k * (k - 1)), 0) from (select count(*) as k from judged_people {wanted} group by {{}})"
    )
    said = connection.execute(f"select count(*) from judged_people {wanted}").fetchall()[0][0]
    alike, one = (
        float(connection.execute(pairs.format(key)).fetchall()[0][0]) / said / (said - 1)
        for key in (column or "record_id", f"{column}, person" if column else "person")
    )
    return alike - one, one


def _classes(folder: Path, people: int, homes: bool) -> None:
    with opened() as connection:
        read_table(connection, folder / "records.parquet", PEOPLE)
        if not homes:
            connection.execute(f"update {RAW} set county = '', address = ''")
        prepare_people(connection, RAW, "prepared", None)
        connection.execute(f"drop table {RAW}")
        take(connection, "prepared", PEOPLE, also=frozenset().union(*(guard.columns for guard in guards())))
        pair(connection, PEOPLE)
        connection.execute(f"create table pairs_kept as from {PAIRS}")
        connection.execute(
            f"create table persons as select n, person from {RECORDS} join '{folder}/truth.parquet' using (record_id)"
        )
        for millions in CLASSES:
            weights = people_weights(millions * PROVEN)
            scores(connection, PEOPLE, weights, "pairs_kept")
            judge(connection)
            _tell(connection, "yes" if homes else "no", millions, weights.prior_bits, people)


def _tell(connection: DuckDBPyConnection, homes: str, millions: int, prior: float, people: int) -> None:
    connection.execute(
        f"create or replace table now as select l, r, a.person = b.person as right_one, reason = '' and bits >="
        f" {PEOPLE.link} as links from {JUDGED} join persons a on a.n = l join persons b on b.n = r"
        " where not list_contains(?, reason)",
        [[guard.code for guard in guards() if guard.outcome is Outcome.APART]],
    )
    if millions == CLASSES[0]:
        connection.execute("create or replace table first as from now where links")
    links, questions, false = connection.execute(
        "select count(*) filter (links), count(*) filter (not links), count(*) filter (links and not right_one)"
        " from now"
    ).fetchall()[0]
    of, asked, silent = connection.execute(
        "select count(*), count(*) filter (not n.links), count(*) filter (n.links is null)"
        " from first f left join now n using (l, r) where f.right_one"
    ).fetchall()[0]
    records = connection.execute("select count(*) from persons").fetchall()[0][0]
    print(
        f"{homes:7}{millions:>7}M{prior:>8.2f}{links:>10,}{100 * asked / of:>8.2f}{100 * silent / of:>8.2f}"
        f"{100 * questions / records:>10.2f}{false:>7}{1e6 * false / links * millions * PROVEN / people:>14.0f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
