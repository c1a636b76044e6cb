"""A data folder of an earlier release: who was connected before anything was counted is known from its deliveries."""

from __future__ import annotations

import os
from datetime import date
from importlib.resources import files
from pathlib import Path

from nodes import let_the_database_in
from salus.app import SCHEMAS
from salus.records import arriving
from salus.storage import Duty, Settings, open_store

OURS = {"records/0017_arrivals.sql", "records/0022_odd.sql", "parties/0005_sandbox.sql", "parties/0007_grace.sql"}
"""Of each two the second changes or reads what the first adds."""
OLD = b"""
insert into records.acceptance values (1, 'H1', 'fhir', '2031-03-01T20:00Z', 2, 0),
    (2, 'H1', 'fhir', '2031-03-05T08:00Z', 3, 0), (3, 'H1', 'import', '2031-03-02T08:00Z', 9, 0);
insert into records.delivery values (1, 1, 'H1', '2031-03-01', 2), (2, 2, 'H1', '2031-03-05', 3),
    (3, 3, 'H1', '2031-03-02', 9);
insert into records.chart values (1, gen_random_uuid(), 'resident', 'H1', 'n', 1, now()),
    (2, gen_random_uuid(), 'directory', 'H1', 'n', 1, now());
"""


def test_old_deliveries_say_who_was_connected(tmp_path: Path) -> None:
    let_the_database_in(tmp_path)
    every = {f"{one.name}/{file.name}" for one in SCHEMAS for file in (files(one.package) / "migrations").iterdir()}
    settings = Settings(data=tmp_path / "data", postgres=os.environ.get("SALUS_POSTGRES", "wheel"))
    with open_store(settings) as store:
        own = {"storage/0001_outbox.sql", "storage/0002_duties.sql"}
        store.migrate(SCHEMAS, only=(every | own) - OURS)
        with store.connect(Duty.MIGRATION, "salus") as connection:
            connection.execute(OLD)
        applied = store.migrate(SCHEMAS)
        with store.transaction(Duty.CARE) as tx:
            found = arriving.connections(tx)

    assert set(applied) == OURS
    assert [(one.source, one.first, one.last, one.acceptances, one.entries) for one in found] == [
        ("fhir", date(2031, 3, 2), date(2031, 3, 5), 2, 5),
        ("import", date(2031, 3, 2), date(2031, 3, 2), 1, 9),
    ]
