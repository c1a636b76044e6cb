"""Visits to one facility, gathered into one R4 transaction bundle."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from salus.synth.clinic import resources as fhir
from salus.synth.clinic.catalogue import ALLERGIES, FOR_WOMEN, MEDICINES, PANELS, PRESENCE, PROCEDURES, TESTS, VACCINES
from salus.synth.clinic.codes import LOINC, Illness
from salus.synth.clinic.illnesses import BY_ICD10, befalling
from salus.synth.model import RECENT_DAYS, Country, County, Dice, Facility, Resident, Visit

WITH_HISTORY = 2_000
_YEARS_BACK = 3
_TEMPERATURE = fhir.concept("体温", fhir.coding(LOINC, "8310-5", "Body temperature"))
_HEART_RATE = fhir.concept("心率", fhir.coding(LOINC, "8867-4", "Heart rate"))
_WEIGHT = fhir.concept("体重", fhir.coding(LOINC, "29463-7", "Body weight"))


def bundle(
    country: Country, county: County, resident: Resident, facility: Facility, order: int, recent: list[Visit]
) -> dict[str, Any]:
    """Make the transaction bundle of one resident's visits to one facility; `order` tells first from second.

    Only the first residents have a history of three years; `recent` are the visits since. The first facility says last
    that it keeps the resident's health record.
    """
    chart = _Chart(country, county, resident, facility, order)
    for at in chart.visit_instants() if resident.index < WITH_HISTORY else ():
        chart.visit(at)
    for visit in recent:
        chart.recent(visit)
    if order == 0:
        chart.kept()
    return {"resourceType": "Bundle", "type": "transaction", "entry": chart.entries}


class _Chart:
    """One resident at one facility, as it grows entry by entry."""

    def __init__(self, country: Country, county: County, resident: Resident, facility: Facility, order: int) -> None:
        self.seed, self.until, self.resident, self.facility, self.order = (
            country.seed,
            country.until,
            resident,
            facility,
            order,
        )
        self.dice = Dice(country.seed, "chart", resident.index, facility.facility_id)
        self.zh = self.dice.chance(0.85)
        self.entries: list[dict[str, Any]] = []
        self.visits = 0
        number = f"{facility.facility_id[1:]}{resident.index:07d}"
        self.subject = self.add(fhir.patient(resident, county, facility, number))

    def add(self, resource: dict[str, Any]) -> dict[str, str]:
        """Append a resource and return a reference to it."""
        name = f"salus-synth/{self.seed}/{self.resident.index}/{self.facility.facility_id}/{len(self.entries)}"
        url = f"urn:uuid:{UUID(bytes=hashlib.sha256(name.encode()).digest()[:16], version=4)}"
        request = {"method": "POST", "url": resource["resourceType"]}
        self.entries.append({"fullUrl": url, "resource": resource, "request": request})
        return {"reference": url}

    def visit_instants(self) -> list[datetime]:
        """Choose one or two instants in opening hours of three years, in order.

        Never before birth, nor in the days that are told visit by visit: who is younger than these has none.
        """
        count = 2 if self.order == 0 and self.dice.chance(0.2) else 1
        days = min(_YEARS_BACK * 365, (self.until - self.resident.birth_date).days)
        opening = datetime.combine(self.until, time(8, 0))
        if days <= RECENT_DAYS:
            return []
        return sorted(
            opening
            - timedelta(days=self.dice.between(RECENT_DAYS, days - 1))
            + timedelta(minutes=self.dice.between(0, 540))
            for _ in range(count)
        )

    def visit(self, at: datetime) -> None:
        """Append everything that one visit leaves behind."""
        illness = self.illness(self.age_years(at))
        admitted = self.dice.chance(illness.admitted) and self.facility.level > 1
        lasts = timedelta(days=self.dice.between(2, 9)) if admitted else timedelta(minutes=self.dice.between(15, 90))
        scene = self.arrival(at, "IMP" if admitted else "AMB", lasts)
        diagnosis = self.add(fhir.condition(scene, illness))
        self.vitals(replace(scene, at=at + timedelta(minutes=5)), illness)
        self.results(replace(scene, at=at + timedelta(minutes=12)), illness)
        self.treatment(replace(scene, at=at + timedelta(minutes=14)), diagnosis, illness)
        self.prevention(replace(scene, at=at + timedelta(minutes=14)))

    def recent(self, visit: Visit) -> None:
        """Append what one of the last visits leaves behind: why they came, and a fever where there was one."""
        illness = BY_ICD10[visit.icd10]
        scene = self.arrival(visit.at, "AMB", timedelta(minutes=15 + visit.at.minute))
        written = visit.at + timedelta(days=visit.late_days)
        self.add(fhir.condition(replace(scene, written=written), illness))
        if illness.fever:
            warm = Dice(self.seed, "fever", self.resident.index, self.visits).near(38.3, 0.7)
            value = fhir.quantity(warm, "Cel", "°C")
            self.add(fhir.vital(replace(scene, at=visit.at + timedelta(minutes=5)), _TEMPERATURE, value))

    def kept(self) -> None:
        """Append that this facility keeps the resident's health record: since birth, or for up to eight years."""
        days = Dice(self.seed, "keeping", self.resident.index).between(RECENT_DAYS, 8 * 365)
        since = max(self.resident.birth_date, self.until - timedelta(days=days))
        self.add(fhir.keeping(self.subject, self.facility, since))

    def arrival(self, at: datetime, kind: str, lasts: timedelta) -> fhir.Scene:
        """Append an encounter, and return the scene of everything else that happens at it."""
        self.visits += 1
        number = f"{self.resident.index:07d}-{self.visits}"
        period = (at, min(at + lasts, datetime.combine(self.until, time(23, 0))))
        named = fhir.own_number(self.facility, "visit", number)
        visit = self.add(fhir.encounter(self.subject, self.facility, kind, period, named))
        diagnosis = fhir.own_number(self.facility, "diagnosis", number)
        return fhir.Scene(subject=self.subject, visit=visit, at=at, zh=self.zh, number=diagnosis)

    def age_years(self, at: datetime) -> int:
        return (at.date() - self.resident.birth_date).days // 365

    def illness(self, age_years: int) -> Illness:
        """Choose why the resident came, among what befalls their age and sex."""
        possible, sums = befalling(age_years, self.resident.sex)
        return possible[self.dice.along(sums)]

    def vitals(self, scene: fhir.Scene, illness: Illness) -> None:
        dice, age_years = self.dice, self.age_years(scene.at)
        if illness.fever or age_years < 14:
            value = dice.near(38.4, 0.8) if illness.fever else dice.near(36.7, 0.3)
            self.add(fhir.vital(scene, _TEMPERATURE, fhir.quantity(value, "Cel", "°C")))
        if age_years >= 14:
            high = illness.icd10 == "I10"
            systolic, diastolic = round(dice.near(152 if high else 122, 12)), round(dice.near(94 if high else 77, 7))
            self.add(fhir.blood_pressure(scene, systolic, diastolic))
        if dice.chance(0.2):
            rate = dice.between(62, 98) if age_years >= 6 else dice.between(90, 130)
            self.add(fhir.vital(scene, _HEART_RATE, fhir.quantity(rate, "/min", "次/分")))
        if dice.chance(0.2):
            grown = 62 if self.resident.sex == "female" else 71
            weight = dice.near(grown, 11) if age_years >= 16 else dice.near(4.5 + 2.8 * age_years, 0.5)
            self.add(fhir.vital(scene, _WEIGHT, fhir.quantity(weight, "kg")))

    def results(self, scene: fhir.Scene, illness: Illness) -> None:
        for key in illness.tests:
            if key in PRESENCE:
                positive = 0.05 if illness.icd10.startswith("Z") else 0.9
                self.add(fhir.presence(scene, key, self.dice.chance(positive)))
            elif key not in PANELS:
                self.measure(scene, key, 0.6)
            elif self.dice.chance(0.5):
                self.panel(scene, key)

    def measure(self, scene: fhir.Scene, key: str, abnormal: float) -> dict[str, str]:
        test = TESTS[key]
        low, high = test.abnormal if self.dice.chance(abnormal) else test.normal
        value = self.dice.near((low + high) / 2, (high - low) / 4, test.digits)
        return self.add(fhir.measured(scene, test, int(value) if test.digits == 0 else value))

    def panel(self, scene: fhir.Scene, key: str) -> None:
        """Append a panel's results and the report that gathers them."""
        loinc, en, name_zh, members = PANELS[key]
        before = len(self.entries)
        results = [self.measure(scene, member, 0.3) for member in members]
        flags = [entry["resource"]["interpretation"][0]["coding"][0]["code"] for entry in self.entries[before:]]
        outside = sum(flag != "N" for flag in flags)
        text_zh = f"{outside}项超出参考范围。" if outside else "各项均在参考范围内。"
        text_en = f"{outside} outside the reference range." if outside else "All within the reference range."
        code = fhir.concept(name_zh if self.zh else en, fhir.coding(LOINC, loinc, en))
        self.add(fhir.report(scene, code, results, text_zh if self.zh else text_en))

    def treatment(self, scene: fhir.Scene, diagnosis: dict[str, str], illness: Illness) -> None:
        for position, name in enumerate(illness.medicines):
            if position == 0 or self.dice.chance(0.4):
                self.add(fhir.prescription(scene, diagnosis, MEDICINES[name]))
        if illness.procedure and self.dice.chance(0.6):
            self.add(fhir.procedure(scene, diagnosis, PROCEDURES[illness.procedure]))

    def prevention(self, scene: fhir.Scene) -> None:
        age_years = self.age_years(scene.at)
        female = self.resident.sex == "female"
        due = tuple(row for row in VACCINES if row[3] <= age_years <= row[4] and (female or row[0] not in FOR_WOMEN))
        if due and self.dice.chance(0.55 if age_years < 7 else 0.22):
            self.add(fhir.immunization(scene, self.dice.pick(due), f"SYN{self.dice.between(0, 99999):05d}"))
        if self.dice.chance(0.08):
            self.add(fhir.allergy(scene, self.dice.pick(ALLERGIES)))
