"""Honest days, a seed each: whatever an auditor or a verifier finds in them is a false alarm.

A seed chooses what happens: an outbreak, a backlog, a mass event, clocks that differ, a correction, an import of an old
system's records, two charts of one person, a contest that is answered, a case with slips that ends. What is true is
known, and held against what the residents' own pages, a fresh verifier and the auditor say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from salus.app import import_files
from salus.app.slips import read_slips
from salus.cli.actors import Signed, commit_specimen, new_subject, sign_result
from salus.kernel import Role, parse_instant
from salus.rules import EvidenceKind, Measure, Result, SlipPaper
from salus_abuse.attacks.slips import Case, a_slip, an_end, hand_over
from salus_abuse.forking import CORES, Fell, each
from salus_abuse.prepared import a_prepared_scene, scenes_folder
from salus_abuse.scene import DISEASE, HOUR, Person, Scene, a_patient, a_scene
from salus_abuse.wallet import case_in

AT_ONCE = 50
"""How many days are lived on one node: its emergency lasts thirty days, and a seed takes up to twelve hours."""


@dataclass(slots=True)
class Day:
    """One seed: its luck, and what was found that should not be."""

    scene: Scene
    random: Random
    found: list[str] = field(default_factory=list)
    expected: list[tuple[Person, Measure]] = field(default_factory=list)

    def tested(self, result: Result, *, late: timedelta = timedelta(0), ahead: timedelta = timedelta(0)) -> Person:
        """Somebody is tested; the specimen was taken so long ago, by a clock that runs ahead."""
        s = self.scene
        person = s.person()
        specimen = s.specimen(person, taken=s.now - late + ahead)
        self.reported(specimen, result)
        gives = {Result.POSITIVE: Measure.PRECAUTION, Result.INDETERMINATE: Measure.ADVISE}
        self.expected.append((person, gives.get(result, Measure.NONE)))
        return person

    def reported(self, specimen: Signed, result: Result, *, replaces: str | None = None, **more: str) -> Signed:
        """The laboratory reports, by a clock that may be a little ahead of the node's too."""
        at = max(self.scene.now, _taken(specimen))
        signed = sign_result(
            self.scene.laboratory, specimen, result, at, kind=EvidenceKind.NUCLEIC_ACID, replaces=replaces
        )
        self.scene.send_result(signed, **more).raise_for_status()
        return signed

    def held(self) -> None:
        """Hold what is true against what each page and each verifier says."""
        for person, measure in self.expected:
            file = person.file
            told = self.scene.judge(file) if file else None
            said = told.measure if told else Measure.NONE
            if said is not measure or (told and told.fault):
                self.found.append(f"{said} instead of {measure}: {told.fault if told else 'no notice'}")


def _taken(specimen: Signed) -> datetime:
    return parse_instant(specimen.body["taken"])


def outbreak(day: Day) -> None:
    """Several fall ill; a day later one tests negative."""
    for _ in range(day.random.randint(2, 4)):
        day.tested(Result.POSITIVE)
    day.scene.settle()


def backlog(day: Day) -> None:
    """Specimens of the day before come in with their results, all at once."""
    for _ in range(day.random.randint(2, 4)):
        day.tested(day.random.choice([Result.POSITIVE, Result.NEGATIVE]), late=HOUR * day.random.randint(4, 20))
    day.scene.settle()


def mass_event(day: Day) -> None:
    """Many are tested before an event; nearly nobody has anything."""
    for _ in range(8):
        day.tested(Result.NEGATIVE)
    if day.random.random() < 0.3:
        day.tested(Result.INDETERMINATE)
    day.scene.settle()


def clocks(day: Day) -> None:
    """The site's clock runs up to four minutes ahead, or writes another zone's time of the same instant."""
    ahead = timedelta(minutes=day.random.randint(1, 4))
    day.tested(Result.POSITIVE, ahead=ahead)
    day.tested(Result.NEGATIVE, ahead=ahead)
    day.scene.close()
    day.scene.advance(timedelta(minutes=10))
    day.scene.settle()


def correction(day: Day) -> None:
    """The laboratory corrects its own positive."""
    person = day.scene.person()
    specimen = day.scene.specimen(person)
    wrong = day.reported(specimen, Result.POSITIVE)
    day.scene.settle()
    day.reported(specimen, Result.NEGATIVE, replaces=wrong.commitment)
    day.scene.settle()
    day.expected.append((person, Measure.NONE))


def old_system(day: Day) -> None:
    """An old system's records are imported: people, and results that are records and no evidence."""
    s = day.scene
    people = [s.number() for _ in range(4)]
    tested = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "94500-6"}]},
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "10828004"}]},
    }
    bundles = [
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                {"fullUrl": "urn:uuid:p", "request": {"method": "POST", "url": "Patient"}, "resource": a_patient(one)},
                {
                    "request": {"method": "POST", "url": "Observation"},
                    "resource": {**tested, "subject": {"reference": "urn:uuid:p"}},
                },
            ],
        }
        for one in people
    ]
    file = s.folder / f"old-{s.number()}.ndjson"
    file.write_text("\n".join(map(json.dumps, bundles)), "utf-8")
    done = import_files(s.node, "H1", [file])
    day.found += [f"an honest line was refused: {text}" for _, _, text in done.refused]
    s.settle()
    day.expected += [(Person(s, one, ""), Measure.NONE) for one in people]


def two_charts(day: Day) -> None:
    """One person is known at two places by one number, and tests positive at one."""
    person = day.tested(Result.POSITIVE)
    day.scene.register(person.number, "H1")
    day.scene.settle()


def contest(day: Day) -> None:
    """Somebody contests, and a board answers in time."""
    s = day.scene
    person = day.tested(Result.POSITIVE)
    s.settle()
    (form, *_) = person.browser.links("/me/notice", "/me/contests/new?notice=")
    sent = person.browser.post("/me/contests", words="I was never there.", notice=form.partition("notice=")[2])
    receipt = sent.headers["location"].replace("/me/contests", "/appeals")
    s.close()
    outcome = day.random.choice(["stands", "ended"])
    s.browser(Role.APPEAL_OFFICER, "COURT").post(receipt, outcome=outcome, reason="We looked into it.")
    s.settle()
    if outcome == "ended":
        day.expected[-1] = (person, Measure.NONE)


def release(day: Day) -> None:
    """A day after a positive the same person tests negative."""
    s = day.scene
    person = s.person()
    specimen = commit_specimen(s.site, disease=DISEASE, taken=s.now - 30 * HOUR, subject=new_subject())
    s.send_specimen(person.patient, specimen).raise_for_status()
    day.reported(specimen, Result.POSITIVE)
    s.settle()
    clean = commit_specimen(s.site, disease=DISEASE, taken=s.now, subject=specimen.body["subject"])
    s.send_specimen(person.patient, clean).raise_for_status()
    day.reported(clean, Result.NEGATIVE)
    s.settle()
    day.expected.append((person, Measure.NONE))


def traced(day: Day) -> None:
    """A case has slips, and ends: by an investigator who signed one, or with its laboratory's correction."""
    s = day.scene
    person = s.person()
    specimen = s.specimen(person)
    wrong = day.reported(specimen, Result.POSITIVE)
    s.settle()
    case = Case(*case_in(person.file))
    handed = [a_slip(s, case, number) for number in range(1, day.random.randint(2, 5))]
    hand_over(s, *handed).raise_for_status()
    if day.random.random() < 0.5:
        s.close()
    if day.random.random() < 0.5:
        told = json.dumps({"end": an_end(case.tag, s.investigators[0])})
        s.browser(Role.EPIDEMIOLOGIST, "CDC1").post("/exposures", leaves=told).raise_for_status()
        day.expected.append((person, Measure.PRECAUTION))
    else:
        ends = an_end(case.tag, s.laboratory)["signature"]
        day.reported(specimen, Result.NEGATIVE, replaces=wrong.commitment, ends=ends)
        day.expected.append((person, Measure.NONE))
    s.settle()
    day.found += [f"slip {one.leaf['number']} still asks for a test" for one in handed if not ended(s, one)]


def ended(s: Scene, slip: SlipPaper) -> bool:
    """Tell whether a slip says at the node's desk that its case is none any more."""
    return read_slips(s.node, None, [slip.text]).found.fault == "CORRECTED"


KINDS: Sequence[Callable[[Day], None]] = (
    outbreak,
    backlog,
    mass_event,
    clocks,
    correction,
    old_system,
    two_charts,
    contest,
    release,
    traced,
)


def run_seeds(seeds: Sequence[int]) -> dict[int, list[str]]:
    """Live these seeds, two nodes at a time; return what was found in each, which has to be nothing."""
    most = min(AT_ONCE, -(-len(seeds) // CORES))
    parts = [tuple(seeds[at : at + most]) for at in range(0, len(seeds), most)]
    found: dict[int, list[str]] = {}
    with a_prepared_scene() as prepared:
        for part, lived in each(partial(_live, prepared), parts):
            found |= {one: [str(lived)] for one in part} if isinstance(lived, Fell) else lived
    return {one: found[one] for one in seeds}


def _live(prepared: Path, seeds: Sequence[int]) -> dict[int, list[str]]:
    with scenes_folder(prepared) as folder, a_scene(folder) as scene:
        scene.advance(40 * HOUR)  # specimens of the day before are taken under the rules too
        return dict(_days(scene, seeds))


def _days(scene: Scene, seeds: Sequence[int]) -> Iterator[tuple[int, list[str]]]:
    for seed in seeds:
        day = Day(scene, Random(seed))
        try:
            KINDS[seed % len(KINDS)](day)
            day.held()
        except Exception as error:
            day.found.append(f"{KINDS[seed % len(KINDS)].__name__} could not be lived: {error!r}")
        scene.advance(HOUR * day.random.randint(1, 11))
        if seed == seeds[-1]:
            day.found += [f"the auditor reports {code} {where}" for code, where in scene.audit()]
            day.found += [f"salus-audit reports {code}" for code in scene.outside() or ()]
        yield seed, day.found
