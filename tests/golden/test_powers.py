"""All powers as one table. It is made from every question that can be asked, so nothing is left out of it.

A row is a smallest set of facts that permits something; a tick holds whatever else is the case.
After a wanted change: `python tests/golden/test_powers.py > tests/golden/powers.txt`, and read the difference.

Where the head of no permit (its principal, action and resource) fits, Cedar's answer is no, and the table takes that
for granted; a sample of those questions is asked all the same, all 368,480 with SALUS_POWERS=all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from itertools import combinations, groupby
from pathlib import Path
from random import Random

from permits import spoken_of
from salus.access import Action, Kind, Request, load_policy
from salus.kernel import Purpose, Role

GOLDEN = Path(__file__).with_name("powers.txt")
FACTS = ("own_facility", "relation_open", "own_record", "care_facility", "independent")
PURPOSES = (*Purpose, None)
NOBODYS_ACTION = "set-measure"
COLUMNS = (*(action.value for action in Action), NOBODYS_ACTION)
Facts = tuple[str, ...]


def test_the_table_of_powers_is_the_one_that_was_reviewed() -> None:
    written = GOLDEN.read_text("utf-8")

    assert table() == written, "powers changed: python tests/golden/test_powers.py > tests/golden/powers.txt"


def test_another_fact_never_takes_a_power_away() -> None:
    for role, purpose, kind in _groups():
        for action in Action:
            for facts in _subsets():
                if _allowed(role, purpose, kind, action, facts):
                    wider = [other for other in _subsets() if set(facts) < set(other)]
                    assert all(_allowed(role, purpose, kind, action, more) for more in wider)


def test_what_no_permit_speaks_of_is_refused() -> None:
    silent = [(*group, action) for group in _groups() for action in Action if not spoken_of(group[0], group[2], action)]
    everything = os.environ.get("SALUS_POWERS") == "all"
    # with every fact that could permit, and with some
    asked = [(*one, facts) for one in silent for facts in (_subsets() if everything else (FACTS, ()))]
    asked = asked if everything else Random(1).sample(asked, 6_000)

    assert not any(_answer(*one) for one in asked)
    assert len(silent) < len(list(_groups())) * len(Action)


def test_no_column_of_the_table_sets_a_measure() -> None:
    last = [line.split()[-1] for line in table().splitlines() if line[:1].isalpha()]

    assert NOBODYS_ACTION not in {action.value for action in Action}
    assert last[0] == NOBODYS_ACTION
    assert set(last[1:]) == {"."}


@cache
def table() -> str:
    """Write the table: role, purpose, what is asked for, the facts that must hold; one column for each action."""
    head = f"{'role':18}{'purpose':9}{'kind':11}{'if':16}" + " ".join(COLUMNS)
    lines = [*(f"# {line}" for line in (__doc__ or "").strip().splitlines()[:3]), "", head]
    for role in Role:
        lines += ["", *_rows(role)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _rows(role: Role) -> Iterator[str]:
    silent = True
    for (purpose, kind), group in groupby(_powers(role), key=lambda power: power[:2]):
        for _, _, facts, actions in group:
            silent = False
            why = " + ".join(facts).replace("_", " ") or "always"
            yield f"{role:18}{purpose or 'none':9}{kind:11}{why:16}" + _ticks(actions)
    rest = "any" if silent else "others"
    yield f"{role:18}{rest:9}{'all':11}{'always':16}" + _ticks(set())


def _powers(role: Role) -> Iterator[tuple[Purpose | None, Kind, Facts, set[str]]]:
    for purpose in PURPOSES:
        for kind in Kind:
            smallest = {action: list(_smallest(role, purpose, kind, action)) for action in Action}
            for facts in _subsets():
                if any(facts in sets for sets in smallest.values()):
                    actions = {a.value for a, sets in smallest.items() if any(set(s) <= set(facts) for s in sets)}
                    yield purpose, kind, facts, actions


def _smallest(role: Role, purpose: Purpose | None, kind: Kind, action: Action) -> Iterator[Facts]:
    found: list[Facts] = []
    for facts in _subsets():
        enough = any(set(less) <= set(facts) for less in found)
        if not enough and _allowed(role, purpose, kind, action, facts):
            found.append(facts)
            yield facts


def _ticks(actions: set[str]) -> str:
    return " ".join(("x" if name in actions else ".").center(len(name)) for name in COLUMNS)


@cache
def _allowed(role: Role, purpose: Purpose | None, kind: Kind, action: Action, facts: Facts) -> bool:
    return spoken_of(role, kind, action) and _answer(role, purpose, kind, action, facts)


def _answer(role: Role, purpose: Purpose | None, kind: Kind, action: Action, facts: Facts) -> bool:
    asked = Request(role=role, purpose=purpose, action=action, kind=kind, **dict.fromkeys(facts, True))
    return load_policy().permit(asked).allowed


def _groups() -> Iterator[tuple[Role, Purpose | None, Kind]]:
    return ((role, purpose, kind) for role in Role for purpose in PURPOSES for kind in Kind)


@cache
def _subsets() -> list[Facts]:
    return [chosen for size in range(len(FACTS) + 1) for chosen in combinations(FACTS, size)]


if __name__ == "__main__":
    print(table(), end="")
