"""What a destroyed key sealed is told by nothing else either: what was derived of it goes, and each column is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from nodes import ID_CARD, a_node, a_number, a_patient, an_observation, send, system, update
from peopling import URN, a_keeping
from salus.app import Node
from salus.app.forgetting import forget_destroyed
from salus.records import Accepted
from salus.storage import Duty

DROPPED = {
    "records.token": "resource_key",
    "records.occurrence": "resource_key",
    "records.found": "resource_key",
    "records.charted": "resource_key",
    "records.found_date": "resource_key",
    "records.found_number": "resource_key",
    "records.vital": "chart_key",
    "records.keeping": "resource_key",
    "records.followed": "resource_key",
}
"""Tables that hold what entries say, in plain or as digests: nothing of a destroyed chart stays in them."""
KEPT = {
    "records.chart.chart_key": "that there was a chart, whose key is destroyed",
    "records.chart.chart_id": "as above",
    "records.resource.chart_key": "that there was an entry, of which type and when it came; its dates are dropped",
    "records.resource.resource_key": "as above",
    "records.version.chart_key": "the sealed bodies, which nobody can open",
    "records.version.resource_key": "as above",
    "records.deleted.chart_key": "that an entry was deleted; nothing of what it said",
    "records.deleted.resource_key": "as above",
    "records.message_resource.resource_key": "when a message said something of it last, so that no older one follows",
    "access.entry.chart_keys": "the resident's register of reads, which nothing takes back",
    "identity.member.chart_key": "whose the chart is: the index is sealed by the custodian's key, not by the chart's",
    "identity.resident.anchor_chart": "as above: the identifier that was minted for it",
    "identity.claim.chart_key": "which chart first held a number, a keyed digest: it is the resident's",
    "identity.number.chart_key": "as above, sealed by the custodian's key",
    "identity.said.chart_key": "as above, as keyed digests",
    "identity.person.chart_key": "what is compared, sealed by the custodian's key",
    "identity.found_by.chart_key": "as above, as keyed digests",
    "identity.assertion.chart_a": "who is one person, which is history and says nothing of the entries",
    "identity.assertion.chart_b": "as above",
    "identity.question.chart_a": "as above",
    "identity.question.chart_b": "as above",
    "identity.answer.charts": "as above",
    "healthcode.evidence.chart_key": "sealed under the chart's key; the commitment is the public log's",
    "healthcode.decision.chart_key": "as above",
}
"""Every other column that names a chart or an entry, with the reason why it stays."""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("forgetting"), "H1") as opened:
        yield opened


def a_record(node: Node, order: int) -> Accepted:
    """Send a record of which something stands in every table that holds what entries say."""
    pressure = {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}
    value = {"value": 120, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}
    return send(
        node,
        system(),
        a_patient(a_number(order), fullUrl=URN, gender="female", birthDate="1980-01-01"),
        a_keeping(URN, "2031-01-01"),
        an_observation(URN, code=pressure, effectiveDateTime="2031-02-01", valueQuantity=value, issued=NOW),
        {
            "resourceType": "Condition",
            "subject": {"reference": URN},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10"}]},
            "onsetDateTime": "2031-02-01",
            "recordedDate": "2031-02-01",
            "identifier": [{"system": ID_CARD, "value": "90"}],
        },
    )


NOW = "2031-02-02T10:00:00Z"


def rows(node: Node, done: Accepted) -> dict[str, int]:
    """Return how many rows of each table are about a record."""
    told: dict[str, Any] = {}
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        chart = done.outcomes[0].chart_key
        keys = "(select resource_key from records.resource where chart_key = %s)"
        for table, column in DROPPED.items():
            which = "= %s" if column == "chart_key" else f"in {keys}"
            row = owner.execute(f"select count(*) from {table} where {column} {which}".encode(), (chart,)).fetchone()
            told[table] = row[0] if row else None
        dated = "select count(*) from records.resource where chart_key = %s and coalesce(date_lo, date_hi) is not null"
        row = owner.execute(dated.encode(), (chart,)).fetchone()
        told["dated"] = row[0] if row else None
    return told


def test_what_was_derived_of_a_destroyed_chart_goes_and_nothing_of_another(node: Node) -> None:
    kept, gone = a_record(node, 1), a_record(node, 2)
    before = rows(node, kept), rows(node, gone)
    node.keys.shred(gone.outcomes[0].chart_key)
    dropped = forget_destroyed(node)
    after = rows(node, kept), rows(node, gone)

    assert all(before[0].values())
    assert before[0] == before[1]
    assert after == (before[0], dict.fromkeys(before[1], 0))
    assert (dropped, forget_destroyed(node)) == (4, 0)


def test_what_is_written_after_the_key_was_destroyed_is_refused(node: Node) -> None:
    gone = a_record(node, 3)
    node.keys.shred(gone.outcomes[0].chart_key)
    forget_destroyed(node)

    with pytest.raises(Exception, match="destroyed"):
        update(node, system(), a_patient(a_number(3), id=str(gone.outcomes[0].id)))

    assert not any(rows(node, gone).values())


def test_every_column_that_names_a_chart_or_an_entry_is_known(node: Node) -> None:
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        found = owner.execute(
            b"select table_schema || '.' || table_name, column_name from information_schema.columns"
            b" where table_schema not in ('pg_catalog', 'information_schema')"
            b" and column_name ~ '(chart|resource_key)'"
        ).fetchall()
    columns = {f"{table}.{column}" for table, column in found if table not in DROPPED}

    assert columns == set(KEPT)
    assert set(DROPPED) <= {table for table, _ in found}
    assert all(KEPT.values())
