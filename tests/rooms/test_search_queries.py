"""Every shape of search finds its rows by an index, in tables of a size where it matters."""

from __future__ import annotations

import re
from typing import Any, cast
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import pytest

from explaining import Explaining
from salus import access, records
from salus.records.search import store as tables
from salus.records.search.digests import digest, scope
from salus.storage import Duty, Store, Transaction
from taking import Sealer

SEALER = Sealer()
CHARTS, RESOURCES, FACILITIES = 10_000, 60_000, 4
SOME = uuid4()
WALK = r"Seq Scan on (?!chart )"
"""In tests there are four facilities with as many charts each: to join them all is cheaper than any index."""
AT_HOME = access.Sight(facility="H1", closed={})
SIGHT = access.Sight(facility="H1", closed={5: 7, 9: 0})
BOUNDS = {"facility": ("H1", AT_HOME), "charts": (None, SIGHT)}
SHAPES = {
    "all": "",
    "a code": "code=7",
    "two codes": "code=7&category=3",
    "a code and not another": "code=7&status:not=final",
    "a reference": f"subject=Group/{SOME}",
    "missing": "code:missing=true",
    "its date": "date=ge2031-03-01",
    "another date": "value-date=ge2031-03-01",
    "a number": "value-quantity=gt5",
    "when it was stored": "_lastUpdated=ge2031-03-01",
    "ids": f"_id={SOME}",
    "a chain into the directory": "performer:Practitioner.identifier=7",
    "a chain into records": "subject:Patient.identifier=7",
    "two hops": "encounter.subject:Patient.identifier=7",
    "who refers to it": "_has:DiagnosticReport:result:code=7",
    "sorted by date": "_sort=-date",
    "sorted by number": "_sort=value-quantity&code=7",
    "sorted by when it was stored": "_sort=-_lastUpdated",
}


FILL = """
insert into records.chart select n, gen_random_uuid(), 'resident', 'H' || (n %% 4), 'test', 0, now()
    from generate_series(1, %(charts)s) n;
insert into records.resource
    select n, gen_random_uuid(), 'Observation', 1 + n %% %(charts)s, 1, now(), now(), now()
    from generate_series(1, %(rows)s) n;
insert into records.version select n, 1, 1 + n %% %(charts)s, 1, now(), '' from generate_series(1, %(rows)s) n;
insert into records.found
    select n, 1 + n %% %(charts)s, (%(scopes)s::bigint[])[1 + n %% 4], now() - n * interval '1 second',
    now() - n * interval '1 hour', now() - n * interval '1 hour', '{1,2}',
    array[(%(codes)s::bigint[])[1 + n %% 50], n, n * 7], array[(n %% 1000) * 1024 + 3]
    from generate_series(1, %(rows)s) n;
insert into records.charted select 1 + n %% %(charts)s, (%(codes)s::bigint[])[1 + n %% 50], now(), now(), n
    from generate_series(1, %(rows)s) n;
insert into records.found_date select %(date)s, now() - n * interval '1 hour', now(), n
    from generate_series(1, %(rows)s) n;
insert into records.found_number select %(number)s, n, n, 0, 0, 0, n from generate_series(1, %(rows)s) n;
analyze
"""


@pytest.fixture(scope="module")
def filled(store: Store) -> Store:
    """Fill the tables as the owner: charts of four facilities, their Observations, and what these are found by."""
    values = {
        "charts": CHARTS,
        "rows": RESOURCES,
        "scopes": [scope(SEALER, f"H{n}", "Observation") for n in range(FACILITIES)],
        "codes": [digest(SEALER, "H1", "Observation", f"code\0c{n}") for n in range(50)],
        "date": digest(SEALER, "H1", "Observation", "valueDateTime"),
        "number": digest(SEALER, "H1", "Observation", "valueQuantity\0"),
    }
    with store.connect(Duty.MIGRATION, "salus") as connection:
        for statement in FILL.split(";"):
            connection.execute(statement.encode(), values)
    return store


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("within", BOUNDS)
def test_a_search_walks_through_no_table(filled: Store, shape: str, within: str) -> None:
    pairs = parse_qsl(SHAPES[shape])
    asked = records.parse_query("Observation", pairs, SEALER)
    plans = _plans(filled, lambda tx: records.search(tx, asked, *BOUNDS[within]))

    assert [plan for plan in plans if re.search(WALK, plan)] == []


def test_a_chart_s_codes_are_found_by_their_own_index(filled: Store) -> None:
    asked = records.parse_query("Observation", [("code", "7"), ("date", "ge2031-03-01")], SEALER)
    plans = _plans(filled, lambda tx: records.search(tx, asked, None, SIGHT))

    assert "charted_code" in plans[-1]
    assert "found_pkey" in plans[-1]
    assert "found_chart" not in plans[-1]  # a chart may hold thousands of others


@pytest.mark.parametrize("within", BOUNDS)
def test_what_is_included_or_counted_is_found_by_an_index(filled: Store, within: str) -> None:
    pairs = [("_include", "Observation:subject"), ("_revinclude", "DiagnosticReport:result"), ("code", "7")]
    pairs += [("identifier", "urn:lab|7"), ("subject.identifier", "7"), ("has-member", str(UUID(int=7)))]
    asked = records.parse_query("Observation", pairs, SEALER)
    bound = BOUNDS[within]

    def ask(tx: Transaction) -> None:
        found, _ = records.search(tx, asked, *bound)
        records.included(tx, asked, found, *bound)
        records.total(tx, asked, *bound)
        records.whose(tx, asked, *bound, 200)
        if bound[0]:
            records.asked_about(tx, asked, bound[0])

    assert [plan for plan in _plans(filled, ask) if re.search(WALK, plan)] == []


def test_rows_are_dropped_and_looked_for_by_an_index(filled: Store) -> None:
    def ask(tx: Transaction) -> None:
        tables.drop(tx, [(7, 8), (9, 10)])
        tables.keys_of(tx, [SOME])
        tables.without_rows(tx, 100, 10_000, 50, 1_000)
        tables.begin(tx, 1)

    assert [plan for plan in _plans(filled, ask) if re.search(WALK, plan)] == []


def _plans(store: Store, ask: Any) -> list[str]:
    with store.transaction(Duty.CARE) as tx:
        explaining = Explaining(tx)
        ask(cast("Transaction", explaining))
    assert explaining.plans
    return explaining.plans
