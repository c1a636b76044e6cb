"""What happens day by day, against its truth: seasons, weekdays, the outbreak, schools, hospitals and specimens."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

import pytest

from salus import synth
from salus.kernel import Role
from salus.parties import FacilityKind
from salus.parties.model import FACILITY_ROLES, STAFF_ROLES
from salus.synth import Country, Truth

SEED, RESIDENTS = 3, 6_000
Counts = dict[tuple[str, date, str], int]


@pytest.fixture(scope="module")
def made() -> Country:
    return synth.country(SEED, RESIDENTS)


@pytest.fixture(scope="module")
def true(made: Country) -> Truth:
    return synth.truth(made)


def recent(country: Country, bundle: dict[str, Any]) -> Iterator[tuple[str, tuple[str, date, str]]]:
    """Yield (identifier, (county, day, ICD-10)) of every visit of the last sixty days in a bundle."""
    first = country.until - timedelta(days=59)
    whose = {}
    for entry in bundle["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Encounter":
            day = date.fromisoformat(resource["period"]["start"][:10])
            whose[entry["fullUrl"]] = ("|".join(resource["identifier"][0].values()), day)
    county = bundle["entry"][0]["resource"]["address"][0]["postalCode"]
    for entry in bundle["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Condition":
            identifier, day = whose[resource["encounter"]["reference"]]
            if day >= first:
                yield identifier, (county, day, resource["code"]["coding"][1]["code"])


def everything(country: Country) -> Iterator[Any]:
    yield from (country.counties, country.facilities, synth.workers(country), synth.present(country))
    yield from country.residents
    yield [(r.number, r.name_zh, r.pinyin, r.phone, r.street, r.household) for r in country.residents]
    yield json.dumps(synth.topology(country))
    yield from (json.dumps(d.bundle, ensure_ascii=False) + d.planted + d.facility_id for d in synth.deliveries(country))
    for told in (synth.visits, synth.school_absence, synth.resources, synth.specimens):
        for one in told(country):
            yield one, getattr(one, "resident", None), getattr(one, "result", None)
    yield synth.truth(country)
    yield synth.centres(country)


def fingerprint(seed: int, residents: int, counties: int) -> str:
    digest = hashlib.sha256()
    for one in everything(synth.country(seed, residents, counties)):
        digest.update(repr(one).encode())
    return digest.hexdigest()


def test_everything_is_the_same_in_another_process_with_another_hash_seed() -> None:
    program = "import test_synth_days as t; print(t.fingerprint(8, 2300, 25))"
    environment = {"PYTHONHASHSEED": "99", "PYTHONPATH": ":".join(sys.path)}
    other = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)

    assert other.stdout.strip() == fingerprint(8, 2300, 25)


def test_the_bundles_hold_exactly_the_visits_that_are_true(made: Country, true: Truth) -> None:
    counts = Counter(where for delivery in synth.bundles(made) for _, where in recent(made, delivery.bundle))

    assert dict(counts) == true.visits
    assert counts == Counter((v.county, v.at.date(), v.icd10) for v in synth.visits(made))


def test_what_is_sent_with_mistakes_tells_the_truth_once_it_is_counted_by_identifier(
    made: Country, true: Truth
) -> None:
    taken: dict[str, tuple[str, date, str]] = {}
    times: Counter[str] = Counter()
    for delivery in synth.deliveries(made):
        if delivery.planted != "mistyped-number":  # refused at the door, and sent again with the right number
            for identifier, where in recent(made, delivery.bundle):
                assert taken.setdefault(identifier, where) == where
                times[identifier] += 1

    assert Counter(taken.values()) == Counter(true.visits)
    assert max(times.values()) == 2


def test_the_truth_counts_what_was_planted(made: Country, true: Truth) -> None:
    planted = Counter(delivery.planted for delivery in synth.deliveries(made))
    late = sum(visit.late_days > 0 for visit in synth.visits(made))

    assert {kind: n for kind, n in true.planted.items() if kind != "late"} == {
        kind: n for kind, n in planted.items() if kind not in {"", "again", "phone-corrected", "number-corrected"}
    }
    assert true.planted["late"] == late > 0
    assert planted["sent-twice"] == planted["again"] > 0
    assert planted["mistyped-number"] == planted["number-corrected"] > 0
    assert planted["wrong-phone"] == planted["phone-corrected"] > 0
    assert min(planted[kind] for kind in ("no-birth-date", "pinyin-only", "other-character", "names-swapped")) > 0


def test_weekends_are_quiet(made: Country) -> None:
    days = Counter(visit.at.weekday() for visit in synth.visits(made) if visit.origin == "ordinary")

    assert max(days[5], days[6]) < 0.8 * min(days[day] for day in range(5))
    assert days[6] < days[5]
    assert days[0] == max(days.values())


def test_colds_come_in_winter_and_upset_stomachs_in_summer() -> None:
    def count(until: date) -> Counter[str]:
        return Counter(visit.icd10 for visit in synth.visits(synth.country(4, 3_000, until=until)))

    winter, summer = count(date(2026, 2, 10)), count(date(2026, 8, 10))

    assert winter["J06.9"] > 1.5 * summer["J06.9"]
    assert summer["K52.9"] > 1.3 * winter["K52.9"]


def test_the_outbreak_grows_and_is_visible_in_its_county_and_nowhere_else(made: Country, true: Truth) -> None:
    found = true.outbreak
    half = made.until - timedelta(days=12)
    rates = Counter()
    for (county, day, icd10), count in true.visits.items():
        if icd10 == found.icd10 and day > half:
            rates[county] += count
    people = synth.population(made)
    rate = {county: rates[county] / people[county] for county in people if people[county] > 50}

    assert {case.county for case in found.cases} == {found.county}
    assert sum(found.by_onset().values()) == len(found.cases)
    early = sum(case.onset <= half for case in found.cases)
    assert len(found.cases) - early > 2 * early
    assert all(found.begins <= case.onset <= made.until for case in found.cases)
    assert rate.pop(found.county) > 3 * max(rate.values())


def test_a_case_that_was_seen_has_its_visit_and_one_that_was_not_has_none(made: Country, true: Truth) -> None:
    cases = {(c.resident, c.facility, c.seen) for c in true.outbreak.cases if c.seen}
    visits = {(v.resident, v.facility, v.at.date()) for v in synth.visits(made) if v.origin == "outbreak"}

    assert visits == cases
    assert {case.seen is None for case in true.outbreak.cases} == {True, False}
    assert sum(true.outbreak.by_visit().values()) == len(cases)


def test_there_is_one_case_of_the_listed_illness(made: Country, true: Truth) -> None:
    counted = {where: n for where, n in true.visits.items() if where[2] == true.single_icd10}

    assert true.single is not None
    assert true.single.seen is not None
    assert counted == {(true.single.county, true.single.seen, true.single_icd10): 1}
    assert true.single.county != true.outbreak.county


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_small_country_has_an_outbreak_too(seed: int) -> None:
    small = synth.country(seed, 60)

    assert sum(specimen.final == "positive" for specimen in synth.specimens(small)) >= 2
    assert any(specimen.corrected for specimen in synth.specimens(small))


def test_households_share_home_and_name_and_children_do_not_live_alone(made: Country) -> None:
    later = [resident for resident in made.residents if resident.index >= 2_000]
    homes = [list(members) for _, members in groupby(later, key=lambda resident: resident.household)]

    assert len({members[0].household for members in homes}) == len(homes)
    whole = homes[:-1]
    assert 2 < sum(map(len, whole)) / len(whole) < 3.5
    for members in whole:
        assert len({(one.county, one.street) for one in members}) == 1
        assert len({one.family_zh for one in members}) <= 2
        assert max(one.age_years(made.until) for one in members) >= 18
    shared = Counter(one.phone for one in later if one.age_years(made.until) < 16)
    answering = {members[0].phone for members in whole}
    assert sum(phone in answering for phone in shared) > 0.9 * len(shared)


def test_more_residents_or_counties_leave_the_first_ones_and_their_bundles_as_they_were(made: Country) -> None:
    fewer, wider = synth.country(SEED, 2_100), synth.country(SEED, 300, 200)

    assert made.residents[:2_100] == fewer.residents
    assert wider.residents == made.residents[:300]
    assert sent(fewer, 300) == sent(made, 300)


def sent(country: Country, most: int) -> list[dict[str, Any]]:
    return [delivery.bundle for delivery in bounded(synth.bundles(country), most)]


def bounded(deliveries: Iterable[synth.Delivery], most: int) -> Iterator[synth.Delivery]:
    for delivery in deliveries:
        if delivery.resident >= most:
            return
        yield delivery


def test_schools_miss_pupils_where_the_outbreak_is(made: Country, true: Truth) -> None:
    shares: dict[tuple[bool, bool], list[float]] = {}
    for told in synth.school_absence(made):
        assert 0 <= told.absent <= told.enrolled
        assert told.day.weekday() < 5
        late = told.day > made.until - timedelta(days=5)
        shares.setdefault((told.county == true.outbreak.county, late), []).append(told.absent / told.enrolled)
    mean = {key: sum(values) / len(values) for key, values in shares.items()}

    assert mean[True, True] > 2 * mean[True, False]
    assert mean[False, True] < 1.4 * mean[False, False]


def test_hospitals_tell_of_five_kinds_of_beds_and_some_are_stale_or_silent(made: Country) -> None:
    told = list(synth.resources(made))
    newest = {one.facility: one.day for one in told}
    hospitals = {facility.facility_id for facility in made.hospitals()}

    for one in told:
        assert set(one.beds) == {"ordinary", "oxygen", "icu", "isolation", "other"}
        assert all(0 <= beds.occupied <= beds.staffed for beds in one.beds.values())
        assert 0 <= one.ventilators_in_use <= one.ventilators
        assert one.oxygen_days > 0
        assert one.antivirals >= 0
        assert one.masks >= 0
        assert one.told_at.date() == one.day <= made.until
    assert set(newest) < hospitals
    assert min(newest.values()) < made.until - timedelta(days=1)
    assert all(newest[f"H{n}"] == made.until for n in range(1, 6))


def test_a_specimen_has_two_organisations_and_one_result_is_corrected(made: Country, true: Truth) -> None:
    bodies = {facility.facility_id: facility.organisation for facility in made.facilities}
    kinds = {facility.facility_id: facility.kind for facility in made.facilities}
    ill = {case.resident for case in true.outbreak.cases}
    found = synth.specimens(made)

    for one in found:
        assert (kinds[one.collected_by], kinds[one.laboratory]) == ("sampling-site", "laboratory")
        assert bodies[one.collected_by] != bodies[one.laboratory]
        assert one.collected < one.resulted <= synth.present(made)
        assert (one.final == "positive") == (one.resident in ill)
    wrong = [one for one in found if one.corrected]
    assert [(one.result, one.final) for one in wrong] == [("positive", "negative")]
    assert len({one.resident for one in found}) == len(found)
    assert len({bodies[one.collected_by] for one in found} | {bodies[one.laboratory] for one in found}) >= 3


def test_kinds_and_roles_are_words_that_the_platform_knows(made: Country) -> None:
    facilities = {facility.facility_id: facility for facility in made.facilities}

    assert all(FacilityKind(facility.kind) for facility in made.facilities)
    assert all(facility.care == (FacilityKind(facility.kind) not in offices()) for facility in made.facilities)
    for worker in synth.workers(made):
        assert Role(worker.role) in STAFF_ROLES
        assert (worker.facility in facilities) == (Role(worker.role) in FACILITY_ROLES)
    assert {facility.county for facility in made.facilities if facility.care} >= {
        county.code for county in made.counties if county.code != "920223"
    }
    assert len(facilities) == len(made.facilities)


def offices() -> set[FacilityKind]:
    return {
        FacilityKind.LABORATORY,
        FacilityKind.SAMPLING_SITE,
        FacilityKind.DISEASE_CONTROL_CENTRE,
        FacilityKind.COMMAND_CENTRE,
        FacilityKind.REVIEW_BOARD,
        FacilityKind.DEPARTMENT,
    }


def test_there_are_the_offices_that_the_story_needs(made: Country) -> None:
    centre, other = made.of_kind("command-centre")

    assert centre.organisation != other.organisation
    for kind in ("disease-control-centre", "review-board", "department"):
        assert len(made.of_kind(kind)) == 1
    assert len({f.organisation for kind in ("laboratory", "sampling-site") for f in made.of_kind(kind)}) >= 3
    roles = {worker.role for worker in synth.workers(made)}
    assert roles >= {"clinician", "reception", "epidemiologist", "commander", "appeal-officer", "auditor"}


def test_the_demo_begins_on_the_morning_after_the_last_day(made: Country) -> None:
    present = synth.present(made)
    last = max(visit.at for visit in synth.visits(made))

    assert present.date() == synth.PRESENT_DAY
    assert present.utcoffset() == timedelta(hours=8)
    assert made.until == last.date() == present.date() - timedelta(days=1)
    assert datetime.combine(present.date(), present.time()) > last
