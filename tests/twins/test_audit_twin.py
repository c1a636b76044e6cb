"""`decide` and recomputing, as a node and as its auditor have them: two programs that share no line give one answer.

Tables are made at random and used for many cases. `SALUS_TWIN_CASES` says how many cases are decided; a million takes
some minutes and is what the slow set does.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from audited import keys_of
from measures import ALIVE, DAY, HOUR, AFile, a_file, a_world
from salus.cli.actors import sign_result
from salus.kernel import format_instant
from salus.rules import (
    Clause,
    Emergency,
    Evidence,
    EvidenceKind,
    Measure,
    Release,
    Result,
    Row,
    Rules,
    Table,
    decide,
    lint,
    recompute,
    shipped_table,
)
from salus_audit import Prover, faults_of
from salus_audit import Result as Twins
from salus_audit import Rules as TwinsRules
from salus_audit import Table as TwinsTable
from salus_audit import decide as twin
from salus_audit import recompute as again

QUICK, SLOW = 5_000, 1_000_000
DISEASES = ("covid-19", "measles")
MOST = {Measure.NONE: 0, Measure.ADVISE: 7 * 24, Measure.PRECAUTION: 14 * 24}
START = 1_900_000_000
HOUR_SECONDS = 3600


def a_table(rng: Random) -> dict[str, Any]:
    """A table as a document has it, of any shape that the linter lets pass."""
    longest = rng.randint(1, 14 * 24)
    rows = []
    for kind in rng.sample(list(EvidenceKind), rng.randint(1, 4)):
        for result in Result:
            free = {Result.POSITIVE: list(Measure), Result.INDETERMINATE: [Measure.NONE, Measure.ADVISE]}
            gives = rng.choice(free.get(result, [Measure.NONE]))
            asks = gives is not Measure.NONE
            releases = [
                {"kind": str(one), "after_hours": rng.choice((0, 0, 12, 24, 72))}
                for one in rng.choices(list(EvidenceKind), k=rng.randint(1, 3))
            ]
            rows.append(
                {
                    "kind": str(kind),
                    "result": str(result),
                    "within_hours": rng.choice((0, 6, 24, 72, 168)),
                    "gives": str(gives),
                    "lasts_hours": rng.randint(1, min(MOST[gives], longest)) if asks else 0,
                    "released_by": releases if asks else [],
                    "clause": rng.choice(("infectious", "may-be")) if asks else None,
                }
            )
    rng.shuffle(rows)
    clauses = {name: {"en": "Take care.", "zh": "请注意。"} for name in ("infectious", "may-be")}
    nothing = {"evidence": [], "gives": "none", "ends_in_hours": None}
    return {
        "name": "made-up",
        "disease": rng.choice(DISEASES),
        "longest_hours": longest,
        "clauses": clauses,
        "rows": rows,
        "examples": [nothing],
    }


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def ours(body: dict[str, Any]) -> Table:
    """The node's form of a table; built without its linter, which has a test of its own."""
    return Table(
        disease=body["disease"],
        longest=timedelta(hours=body["longest_hours"]),
        clauses={name: Clause(**one) for name, one in body["clauses"].items()},
        rows=tuple(
            Row(
                kind=EvidenceKind(row["kind"]),
                result=Result(row["result"]),
                gives=Measure(row["gives"]),
                clause=row["clause"],
                within=timedelta(hours=row["within_hours"]),
                lasts=timedelta(hours=row["lasts_hours"]),
                released_by=tuple(
                    Release(kind=EvidenceKind(one["kind"]), after=timedelta(hours=one["after_hours"]))
                    for one in row["released_by"]
                ),
            )
            for row in body["rows"]
        ),
    )


def some_evidence(rng: Random, disease: str) -> list[tuple[Evidence, Twins]]:
    """Up to five results, most of them in order, each in both forms."""
    found = []
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3, 5))):
        taken = START + HOUR_SECONDS * rng.randint(-60, 240)
        reported = taken + HOUR_SECONDS * rng.choice((-1, 0, 1, 2, 5, 5, 12, 24, 30, 80))
        one = Twins(
            rng.choice("abcdefgh"),
            disease if rng.random() < 0.95 else rng.choice(DISEASES),
            rng.choice(KINDS),
            rng.choice(RESULTS),
            taken,
            reported,
            rng.choice("abcdefgh") if rng.random() < 0.15 else None,
        )
        found.append((in_our_form(one), one))
    return found


KINDS = [str(one) for one in EvidenceKind]
RESULTS = [str(one) for one in Result]


def in_our_form(one: Twins) -> Evidence:
    return Evidence(
        name=one.name,
        disease=one.disease,
        kind=EvidenceKind(one.kind),
        result=Result(one.result),
        taken=at(one.taken),
        reported=at(one.reported),
        replaces=one.replaces,
    )


def span(rng: Random) -> tuple[int, int]:
    begins = START + HOUR_SECONDS * rng.choice((*[-500] * 8, -48, 0, 24))
    return begins, begins + HOUR_SECONDS * rng.choice((24, 600, *[2000] * 6))


def compare(cases: int, seed: int) -> Counter[tuple[str, ...]]:
    """Decide so many cases twice; return how often each answer came, by measure and reasons."""
    rng, told = Random(seed), Counter[tuple[str, ...]]()
    while told.total() < cases:
        body, alive, declared = a_table(rng), span(rng), span(rng)
        disease = body["disease"] if rng.random() < 0.95 else rng.choice(DISEASES)
        emergency = (disease, *declared) if rng.random() < 0.97 else None
        mine = Rules(
            table=ours(body),
            starts=at(alive[0]),
            ends=at(alive[1]),
            emergency=emergency and Emergency(disease=disease, starts=at(declared[0]), ends=at(declared[1])),
        )
        theirs = TwinsRules(TwinsTable.of(body), *alive, emergency)
        for _ in range(25):
            pairs = some_evidence(rng, body["disease"])
            for _ in range(4):
                second = START + HOUR_SECONDS * rng.randint(-20, 300)
                told[same(pairs, mine, theirs, second)] += 1
    return told


def same(pairs: list[tuple[Evidence, Twins]], mine: Rules, theirs: TwinsRules, second: int) -> tuple[str, ...]:
    """Decide one case twice; the answers are the same in every part."""
    one = decide([each for each, _ in pairs], mine, at(second))
    other = twin([each for _, each in pairs], theirs, second)
    answers = (
        str(one.measure),
        one.clause,
        one.starts and int(one.starts.timestamp()),
        one.ends and int(one.ends.timestamp()),
        tuple(one.evidence),
        tuple(map(str, one.reasons)),
    )
    rests_on = (other.rests_on,) if other.rests_on is not None else ()
    assert answers == (other.gives, other.clause, other.starts, other.ends, rests_on, other.words), pairs
    return (str(one.measure), *map(str, one.reasons))


def enough(told: Counter[tuple[str, ...]], least: int) -> None:
    """The cases are no trifles: every measure and every reason comes, each often."""
    words = Counter[str]()
    for answer, count in told.items():
        for word in answer:
            words[word] += count
    reasons = "NO-EVIDENCE RULES-NOT-LIVE EMERGENCY-LAPSED ANOTHER-DISEASE AMBIGUOUS NOT-YET RETROACTIVE TOO-OLD"
    wanted = [*Measure, *reasons.split(), *"NOT-IN-TABLE ASKS-NOTHING CORRECTED RELEASED LAPSED".split()]
    assert not {str(one): words[one] for one in wanted if words[one] < least}, words


def test_both_decide_alike() -> None:
    told = compare(QUICK, seed=1)

    enough(told, least=3)
    assert len(told) > 50, "distinct answers"


@pytest.mark.slow
def test_both_decide_alike_a_million_times() -> None:
    cases = int(os.environ.get("SALUS_TWIN_CASES", SLOW))

    told = compare(cases, seed=2)

    enough(told, least=cases // 2_000)


def test_the_twins_can_disagree() -> None:
    """Under another table they do, so the comparison is not one of nothing with nothing."""
    rng = Random(3)
    body = a_table(rng)
    while body["rows"][0]["gives"] == "none":
        body = a_table(rng)
    row = body["rows"][0]
    one = Twins("a", body["disease"], row["kind"], row["result"], START, START)
    long = (START - 100, START + 10_000_000)
    rules = Rules(
        table=ours(body),
        starts=at(long[0]),
        ends=at(long[1]),
        emergency=Emergency(disease=body["disease"], starts=at(long[0]), ends=at(long[1])),
    )
    changed = body | {"rows": [row | {"lasts_hours": 0}, *body["rows"][1:]]}
    theirs = TwinsRules(TwinsTable.of(changed), *long, (body["disease"], *long))

    with pytest.raises(AssertionError):
        same([(in_our_form(one), one)], rules, theirs, START)


# What a table may hold


def changed(rng: Random, body: dict[str, Any]) -> dict[str, Any]:
    """A table with one thing done to it that may or may not be allowed."""
    row = rng.choice(body["rows"])
    changes: list[Callable[[], Any]] = [
        lambda: row.update(lasts_hours=rng.choice((0, 1, 168, 169, 336, 337, "72", True, 1.5))),
        lambda: row.update(within_hours=rng.choice((0, 168, 169, -1, None))),
        lambda: row.update(gives=rng.choice((*map(str, Measure), "red"))),
        lambda: row.update(result=rng.choice((*RESULTS, "any"))),
        lambda: row.update(kind=rng.choice((*KINDS, "other"))),
        lambda: row.update(clause=rng.choice(("infectious", "missing", None))),
        lambda: row.update(released_by=[]),
        lambda: row.update(released_by=[{"kind": "culture", "after_hours": rng.choice((72, 73))}]),
        lambda: row.update(county="330100"),
        lambda: row.pop("within_hours"),
        lambda: body.update(longest_hours=rng.choice((0, 336, 337))),
        lambda: body.update(disease=rng.choice(("covid-19", "COVID", "a1b2c3d4e5", "x" * 33))),
        lambda: body.update(name=rng.choice(("made-up", "Made up", "a-b-c-d-e"))),
        lambda: body.update(examples=rng.choice(([], [{"evidence": [], "gives": "advise", "ends_in_hours": 3}]))),
        lambda: body["clauses"].update({rng.choice(("any", "其他", "short")): {"en": "x", "zh": "y"}}),
        lambda: body["clauses"]["infectious"].update(en=rng.choice(("12345", "1234", "f" * 16, "a" * 301, " ", "x\n"))),
        lambda: body["clauses"]["infectious"].update(fr="non"),
        lambda: body["rows"].append(dict(row)),
        lambda: body["rows"].remove(row),
        lambda: body["clauses"].update({f"c{n}": {"en": "x", "zh": "y"} for n in range(rng.choice((30, 31)))}),
        lambda: body.update(remark="none"),
    ]
    rng.choice(changes)()
    return body


def refused(body: dict[str, Any]) -> bool:
    """Tell whether the node refuses a table, by its linter or by its examples."""
    from salus.rules import TableRefused, table_of

    try:
        table_of(body)
    except TableRefused:
        return True
    return bool(lint(body))


def test_both_refuse_the_same_tables() -> None:
    rng, told = Random(4), Counter[bool]()

    for _ in range(1_500):
        body = changed(rng, a_table(rng))
        assert bool(faults_of(body)) == refused(body), (faults_of(body), lint(body), body)
        told[refused(body)] += 1

    assert min(told.values()) > 150, told
    assert not faults_of(shipped_table("covid-19"))
    assert not faults_of(shipped_table("measles"))


# Measures' files


def both(file: AFile, raw: bytes, when: datetime) -> tuple[str, str]:
    """What the node's and the auditor's program make of a file; the measure is the same."""
    key, *witnesses = keys_of(file.world.log)
    named = [type(key)(one.name, one.kind, one.key, one.name) for one in witnesses]
    mine = recompute(raw, file.world.log.trust, when)
    theirs = again(raw, Prover(key, named), int(when.timestamp()))
    assert str(mine.measure) == theirs.measure, (mine, theirs.why)
    assert (mine.fault is None) == (theirs.why is None), (mine, theirs.why)
    return mine.fault or "", theirs.why or ""


def test_both_recompute_a_file_alike_whenever_it_is_read() -> None:
    file = a_file()
    negative = sign_result(file.world.laboratory, file.specimen, Result.NEGATIVE, ALIVE + 30 * HOUR)
    for hours in (0, 6, 8, 20, 31, 40, 24 * 8):
        both(file, file.raw, ALIVE + hours * HOUR)

    later = file.later(negative, at=ALIVE + 30 * HOUR)

    assert both(file, later, ALIVE + 31 * HOUR)[0] == both(file, later, ALIVE + 31 * HOUR)[1].split(":")[0]
    assert both(file, file.fresh(ALIVE + 9 * DAY), ALIVE + 9 * DAY)[0] in ("RELEASED", "LAPSED")


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a file at which a value stands."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(one for name, item in items for one in paths(item, (*path, name)))]


def spoilt(rng: Random, value: Any) -> Any:
    if isinstance(value, str):
        other = [value[:-1], value + "A", value.swapcase(), "none", format_instant(ALIVE)]
        return rng.choice([one for one in other if one != value])
    if isinstance(value, dict):
        return {name: item for place, (name, item) in enumerate(value.items()) if place} if value else None
    return value[1:] if isinstance(value, list) and value else "spoilt"


def test_both_refuse_a_file_in_which_anything_was_changed() -> None:
    rng, file = Random(5), a_file(a_world())
    everywhere = [one for one in paths(file.value) if one]

    for path in rng.sample(everywhere, min(150, len(everywhere))):

        def change(value: dict[str, Any], path: tuple[Any, ...] = path) -> None:
            *way, last = path
            for name in way:
                value = value[name]
            value[last] = spoilt(rng, value[last])

        mine, theirs = both(file, file.changed(change), file.at)
        assert mine, path
        assert theirs, path
