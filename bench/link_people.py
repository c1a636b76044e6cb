"""How well and how fast people are linked: `python bench/link_people.py [PEOPLE [OTHERS]]`, 620,000 and 125,000.

Two registers whose truth is known: `synth`'s, about 1.6 records a person, and one of another make (villages). Each is
linked as `salus link` does it (read, prepare, train, match, guard, cluster, write) in a process of its own, of which
wall and CPU time and peak memory are told; the peer in the same run is plain Splink with its usual comparisons on the
same columns and transitive closure at the same weight. Then the weights of 100,000 scored pairs are compared with those
of the online scorer. Registers are kept in the temporary folder for the next run.

auto P, R: pairs of records in one cluster. review: pairs that people are asked about, for each 100 records.
auto+review: true pairs that are linked or asked about. twins: pairs of same-sex twins with records in one
cluster, for each 10,000.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from instruments.villages import Villages
from salus.identity.linkage.people import COLUMNS, PEOPLE, Judge, features, people_weights
from salus.identity.linkage.people.linking import link_people
from salus.identity.linkage.people.matching import JUDGED, match_people
from salus.identity.linkage.tables import RAW, opened, read_table, write_table
from salus.synth import records

SEED = 4
PARITY = 100_000


def main() -> None:
    """Make both registers, link them by both engines, print a line for each, then the parity."""
    if len(sys.argv) > 3 and sys.argv[1] == "--one":
        print(json.dumps(_one(sys.argv[2], Path(sys.argv[3]))))
        return
    counts = [int(one) for one in sys.argv[1:3]] or [620_000]
    folders = [_register("synth", counts[0]), _register("villages", counts[1] if len(counts) > 1 else 125_000)]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(
        f"{'register':10}{'engine':8}{'records':>10}{'auto P':>10}{'auto R':>9}{'review':>8}{'auto+review':>13}"
        f"{'twins':>8}{'s':>8}{'CPU s':>8}{'GB':>6}"
    )
    for folder in folders:
        for engine in ("salus", "splink"):
            done = subprocess.run(
                [sys.executable, __file__, "--one", engine, str(folder)], check=False, capture_output=True, text=True
            )
            name = folder.name.split("-")[2]
            if done.returncode:
                print(f"{name:10}{engine:8}failed: {done.stderr.strip().splitlines()[-1]}")
                continue
            f = json.loads(done.stdout.splitlines()[-1])
            print(
                f"{name:10}{engine:8}{f['records']:>10,}{f['precision']:>10.6f}{f['recall']:>9.5f}{f['review']:>8.2f}"
                f"{f['both']:>13.5f}{f['twins']:>8.1f}{f['wall']:>8.1f}{f['cpu']:>8.1f}{f['gb']:>6.2f}",
                flush=True,
            )
    differing, compared = _parity(folders[0])
    print(f"parity: {differing} of {compared:,} pairs differ by more than 1e-9 bits or in their guard")


def _register(name: str, people: int) -> Path:
    """Write a register and its truth, unless they are there, and return their folder."""
    sources = b"".join(
        path.read_bytes() for path in sorted((Path(__file__).parents[1] / "src/salus/synth").rglob("*.py"))
    )
    made_by = hashlib.sha256(sources + (Path(__file__).parent / "instruments/villages.py").read_bytes()).hexdigest()[
        :10
    ]
    folder = Path(tempfile.gettempdir()) / f"salus-bench-{name}-{people}-{SEED}-{made_by}"
    if (folder / "twins.parquet").exists():
        return folder
    folder.mkdir(exist_ok=True)
    register = records(SEED, people) if name == "synth" else Villages(SEED, people)
    _write(folder / "records.parquet", COLUMNS, register)
    _write(folder / "truth.parquet", ("record_id", "person"), register.people.items())
    _write(folder / "twins.parquet", ("a", "b"), register.twins)
    return folder


def _write(path: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    between = path.with_suffix(".csv")
    with between.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    with opened() as connection:
        write_table(connection, f"from read_csv('{between}', all_varchar = true, header = true)", path)
    between.unlink()


def _one(engine: str, folder: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="salus-bench-") as results:
        out, review = Path(results) / "clusters.parquet", Path(results) / "review.parquet"
        begun, cpu = time.perf_counter(), time.process_time()
        if engine == "salus":
            link_people(folder / "records.parquet", out, review=review)
        else:
            _splink(folder / "records.parquet", out, review)
        wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        return {**_judged(folder, out, review), "wall": wall, "cpu": cpu, "gb": peak}


def _judged(folder: Path, out: Path, review: Path) -> dict[str, float]:
    with opened() as connection:
        connection.execute(
            f"create table joint as select record_id, cluster_id, person from '{out}'"
            f" join '{folder}/truth.parquet' using (record_id)"
        )
        pairs = "select coalesce(sum(k * (k - 1) // 2), 0) from (select count(*) as k from joint group by {})"
        linked, true, both = (
            float(connection.execute(pairs.format(key)).fetchall()[0][0])
            for key in ("cluster_id", "person", "cluster_id, person")
        )
        asked, asked_true = connection.execute(
            "select count(*), count(*) filter (a.person = b.person and a.cluster_id <> b.cluster_id)"
            f" from '{review}' r join joint a on a.record_id = record_id_a join joint b on b.record_id = record_id_b"
        ).fetchall()[0]
        twins, together = connection.execute(
            "select count(distinct (a, b)), count(distinct (a, b)) filter (x.cluster_id = y.cluster_id) from"
            f" (select cast(a as varchar) as a, cast(b as varchar) as b from '{folder}/twins.parquet')"
            " join joint x on x.person = a join joint y on y.person = b"
        ).fetchall()[0]
        total = connection.execute("select count(*) from joint").fetchall()[0][0]
    return {
        "records": total, "precision": both / linked if linked else 1.0, "recall": both / true,
        "review": 100 * asked / total, "both": (both + asked_true) / true, "twins": 10_000 * together / (twins or 1),
    }  # fmt: skip


def _splink(source: Path, out: Path, review: Path) -> None:
    """Link by plain Splink: its own comparisons, blocking on what agrees, training, transitive closure."""
    import logging  # noqa: PLC0415

    import splink.comparison_library as cl  # noqa: PLC0415
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # noqa: PLC0415

    logging.disable(logging.CRITICAL)
    with opened() as connection:
        columns = ", ".join(f"nullif({column}, '') as {column}" for column in COLUMNS[2:])
        connection.execute(f"create table people as select record_id, {columns} from '{source}'")
        settings = SettingsCreator(
            link_type="dedupe_only",
            unique_id_column_name="record_id",
            comparisons=[
                cl.JaroWinklerAtThresholds("name", [0.9, 0.7]).configure(term_frequency_adjustments=True),
                cl.LevenshteinAtThresholds("birth_date", [1, 2]),
                cl.LevenshteinAtThresholds("id_number", [1, 2]),
                cl.ExactMatch("phone"),
                cl.ExactMatch("sex"),
                cl.ExactMatch("county"),
                cl.LevenshteinAtThresholds("address", [2]),
            ],
            blocking_rules_to_generate_predictions=[
                block_on("id_number"), block_on("name", "birth_date"), block_on("phone", "substr(birth_date, 1, 4)"),
                block_on("name", "county"), block_on("birth_date", "county"),
            ],
        )  # fmt: skip
        linker = Linker(DuckDBAPI(connection).register("people"), settings, log_level=None)
        strong: list[Any] = [block_on("id_number", "birth_date"), block_on("name", "birth_date", "phone")]
        linker.training.estimate_probability_two_random_records_match(strong, recall=0.8)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
        for rule in (block_on("name", "birth_date"), block_on("id_number"), block_on("phone", "birth_date")):
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        scored = linker.inference.predict(threshold_match_weight=PEOPLE.review)
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
            scored, threshold_match_probability=1 / (1 + 2**-PEOPLE.link)
        )
        write_table(connection, f"select record_id, cluster_id from {clusters.physical_name}", out)
        asked = f"select record_id_l as record_id_a, record_id_r as record_id_b from {scored.physical_name}"
        write_table(connection, f"{asked} where match_weight < {PEOPLE.link}", review)


def _parity(folder: Path) -> tuple[int, int]:
    """Compare weight and guard of scored pairs with those of the online judge."""
    weights = people_weights()
    judge = Judge(weights)
    with opened() as connection:
        read_table(connection, folder / "records.parquet", PEOPLE)
        connection.execute(f"delete from {RAW} where hash(county) % 3 <> 0")
        match_people(connection, RAW, weights=weights)
        pairs = connection.execute(
            f"select a.record_id, b.record_id, bits, reason from (from {JUDGED} order by hash(l, r) limit {PARITY})"
            " join linkage_records a on a.n = l join linkage_records b on b.n = r"
        ).fetchall()
        wanted = list({record_id for pair in pairs for record_id in pair[:2]})
        rows = connection.execute(
            f"select {', '.join(COLUMNS)} from {RAW} where record_id in (select unnest(?::varchar[]))", [wanted]
        ).fetchall()
    prepared = {row[0]: features(dict(zip(COLUMNS, row, strict=True)))._asdict() for row in rows}
    differing = 0
    for one, other, bits, reason in pairs:
        verdict = judge(prepared[one], prepared[other])
        differing += abs(verdict.scored.bits - bits) > 1e-9 or verdict.reason != reason
    return differing, len(pairs)


if __name__ == "__main__":
    main()
