"""The batch engine: a specification as settings of Splink, and Splink's scores of the pairs that were chosen."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from duckdb import DuckDBPyConnection
from splink import DuckDBAPI, Linker
from splink.internals.settings_creator import SettingsCreator

from salus.identity.linkage.candidates import PAIRS, RECORDS
from salus.identity.linkage.comparing import level_sql, missing_sql
from salus.identity.linkage.model import Comparison, Spec
from salus.identity.linkage.weights import Weights, check_weights

COMPARED = "linkage_compared"
SCORED = "linkage_scored"
"""The working table of scores: `l`, `r`, the numbers of two records, and `bits`."""

Probabilities = Mapping[str, Sequence[tuple[float | None, float]]]


def linker(connection: DuckDBPyConnection, table: str, spec: Spec, probabilities: Probabilities, prior: float,
           by_frequency: bool) -> Linker:  # fmt: skip
    """Return Splink's linker over a table with the levels of a specification. It logs nothing below a warning."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="n",
        comparisons=[_comparison(one, probabilities[one.name], by_frequency) for one in spec.comparisons],
        blocking_rules_to_generate_predictions=[],
        probability_two_random_records_match=prior,
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
        em_convergence=1e-5,
        max_iterations=100,
    )
    database = DuckDBAPI(connection)
    return Linker(database.register(table), settings, log_level=None, validate_settings=False)


def _comparison(
    comparison: Comparison, levels: Sequence[tuple[float | None, float]], by_frequency: bool
) -> dict[str, Any]:
    entries: list[dict[str, Any]] = [
        {"sql_condition": missing_sql(comparison), "label_for_charts": "missing", "is_null_level": True}
    ]
    conditions = [(level.name, level_sql(level), level.by_frequency) for level in comparison.levels]
    for (name, condition, weighed), (m, u) in zip([*conditions, ("else", "ELSE", "")], levels, strict=True):
        entry: dict[str, Any] = {"sql_condition": condition, "label_for_charts": name, "u_probability": u}
        if m is not None:
            entry["m_probability"] = m
        if weighed and by_frequency:
            entry |= {"tf_adjustment_column": weighed, "disable_tf_exact_match_detection": True}
        entries.append(entry)
    return {"output_column_name": comparison.name, "comparison_levels": entries}


def scores(connection: DuckDBPyConnection, spec: Spec, weights: Weights, pairs: str = PAIRS) -> None:
    """Score the pairs by Splink into `SCORED`: those that reach the threshold for review."""
    check_weights(weights, spec)
    probabilities = {one.name: [(w.m, w.u) for w in weights.of(one.name)] for one in spec.comparisons}
    compared = sorted({column for one in spec.comparisons for column in one.columns})
    # Splink copies its table once for each side.
    connection.execute(f"create or replace view {COMPARED} as select n, {', '.join(compared)} from {RECORDS}")  # noqa: S608
    splink = linker(connection, COMPARED, spec, probabilities, weights.prior, by_frequency=True)
    for one in weights.frequencies:
        _lookup(connection, one.column, one.shares, one.pooled)
        splink.table_management.register_term_frequency_lookup(
            splink._db_api.register(f"linkage_tf_{one.column}"), one.column
        )
    splink.table_management.register_blocked_pairs_for_predict(splink._db_api.register(pairs))
    found = splink.inference.predict(threshold_match_weight=weights.review, warning_mode="never")
    connection.execute(
        f"create or replace table {SCORED} as select n_l as l, n_r as r, match_weight as bits"  # noqa: S608
        f" from {found.physical_name}"
    )
    found.drop_table_from_database_and_remove_from_cache()
    connection.execute(f"drop view {COMPARED}")


def _lookup(connection: DuckDBPyConnection, column: str, shares: Mapping[str, float], pooled: float) -> None:
    """Write a share for every value of a column, so that none goes unweighed."""
    connection.execute("create or replace temp table listed (value varchar, share double)")
    if shares:
        connection.execute(
            "insert into listed select unnest(?), unnest(?)", [list(shares.keys()), list(shares.values())]
        )
    connection.execute(
        f"create or replace table linkage_tf_{column} as select v.{column}, coalesce(share, ?) as tf_{column} from"  # noqa: S608
        f" (select distinct {column} from {RECORDS} where {column} is not null) v"
        f" left join listed on value = cast(v.{column} as varchar)",
        [pooled],
    )
