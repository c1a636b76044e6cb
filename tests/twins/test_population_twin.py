"""The table of denominators equals a naive recount over every decrypted body, over a country with deaths and moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from peopling import a_keeping
from salus import access, identity, records
from salus.records import Intent, accept, take_apart
from salus.records.population import changes, denominators
from salus.storage import Duty, Store
from salus.synth import bundles, country
from taking import Keys, a_writer

MONTHS = [date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)]
AT = datetime(2026, 6, 20, tzinfo=UTC)
Row = tuple[str | None, str, int | None]


@pytest.fixture(scope="module")
def world(store: Store) -> dict[str, str]:
    """Take in a country; let some die, some move, some come again under another chart. Returns facilities' counties."""
    with store.connect(Duty.MIGRATION, "salus") as connection:
        connection.execute("truncate records.vital, records.keeping")
    made = country(17, 220)
    places = {one.facility_id: one.county for one in made.facilities}
    homes = [one.facility_id for one in made.facilities if one.care]
    for n, delivery in enumerate(bundles(made)):
        sent = [delivery.bundle["entry"][0], *(e for e in delivery.bundle["entry"] if _keeps(e))]
        bundle = {**delivery.bundle, "entry": sent}
        if n % 9 == 4:
            bundle["entry"][0]["resource"]["deceasedDateTime"] = (
                date(2026, 3, 20) + timedelta(days=n % 80)
            ).isoformat()
        if n % 23 == 7:
            bundle["entry"][0]["resource"]["deceasedBoolean"] = False
            bundle["entry"][0]["resource"].pop("deceasedDateTime", None)
        moves = bundle["entry"][0]["fullUrl"]
        if n % 5 == 1:
            since = (date(2026, 3, 25) + timedelta(days=n % 70)).isoformat()
            ended = a_keeping(moves, since, "2026-05-30" if n % 10 == 1 else None)
            bundle["entry"].append({"resource": ended, "request": {"method": "POST", "url": "EpisodeOfCare"}})
            _take(store, homes[n % len(homes)], bundle)
        else:
            _take(store, delivery.facility_id, bundle)
    return places


def _keeps(entry: dict[str, Any]) -> bool:
    return bool(entry["resource"]["resourceType"] == "EpisodeOfCare")


def _take(store: Store, facility: str, bundle: dict[str, Any]) -> None:
    intents: list[Intent] = list(take_apart(records.parse(orjson.dumps(bundle))).intents)
    with store.transaction(Duty.CARE) as tx:
        accept(tx, a_writer(facility), intents, AT)


@pytest.mark.parametrize("month", MONTHS)
def test_the_table_is_what_a_naive_recount_finds(store: Store, world: dict[str, str], month: date) -> None:
    with store.transaction(Duty.CARE) as tx:
        found = Counter({(d.county, d.sex, d.age_from): d.residents for d in denominators(tx, month, world)})

    assert found == _recount(store, world, month)
    assert len(found) > 50


def test_what_comes_and_goes_adds_up_from_month_to_month(store: Store, world: dict[str, str]) -> None:
    kinds: Counter[str] = Counter()
    for month in MONTHS[1:]:
        with store.transaction(Duty.CARE) as tx:
            told = changes(tx, month, world)
            counted = Counter[str | None]()
            for one in denominators(tx, month, world):
                counted[one.county] += one.residents
        for one in told:
            came, went = one.births + one.registered + one.moved_in, one.deaths + one.moved_out
            assert one.before + came - went == one.after == counted[one.county]
            kinds.update(deaths=one.deaths, moved_in=one.moved_in, moved_out=one.moved_out)
        assert sum(one.moved_in for one in told) <= sum(one.moved_out for one in told)

    assert all(kinds[kind] for kind in ("deaths", "moved_in", "moved_out"))


def _recount(store: Store, places: dict[str, str], month: date) -> Counter[Row]:
    """Count by days, over bodies: a person is whoever the index says, alive and kept on the month's last day."""
    last = (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    counted: Counter[Row] = Counter()
    for found in _people(store):
        patients = [body for _, body in found if body["resourceType"] == "Patient"]
        born = next((date.fromisoformat(body["birthDate"]) for body in patients if "birthDate" in body), None)
        if (born and born > last) or _dead(patients, last):
            continue
        kept = sorted(
            (body["period"]["start"], body["id"], facility)
            for facility, body in found
            if body["resourceType"] == "EpisodeOfCare"
            and body["period"]["start"] <= last.isoformat() <= body["period"].get("end", "9999")
        )
        county = places[kept[-1][2]] if kept else None
        years = last.year - born.year - ((last.month, last.day) < (born.month, born.day)) if born else None
        band = None if years is None else 0 if years < 1 else 1 if years < 5 else min(85, years // 5 * 5)
        counted[county, patients[0].get("gender", "unknown"), band] += 1
    return counted


def _dead(patients: list[dict[str, Any]], last: date) -> bool:
    said = [body for body in patients if "deceasedDateTime" in body or "deceasedBoolean" in body]
    newest = said[-1] if said else {}
    return "deceasedDateTime" in newest and newest["deceasedDateTime"] <= last.isoformat()


def _people(store: Store) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Yield each resident's Patients and declarations, with the facility that sent them, in order of arrival."""
    with store.connect(Duty.MIGRATION, "salus") as connection:
        ids: list[UUID] = [
            row[0]
            for row in connection.execute(
                "select r.id from records.resource r join records.vital v on v.chart_key = r.chart_key"
                " order by r.resource_key"
            ).fetchall()
        ]
    with store.transaction(Duty.CARE) as tx:
        located = sorted(records.fetch(tx, ids), key=lambda one: (one.chart_key, one.resource_key))
        whose = identity.residents_of(tx, sorted({one.chart_key for one in located}))
    people: dict[int, list[tuple[str, dict[str, Any]]]] = {}
    for one in located:
        body = orjson.loads(records.open_body(one, Keys().unwrap([one.chart_key]), access.whole([one.chart_key])))
        people.setdefault(whose[one.chart_key], []).append((one.facility, body))
    yield from people.values()
