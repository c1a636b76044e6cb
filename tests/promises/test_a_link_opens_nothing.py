"""A wrong link opens nobody's record by another's word: what is opened goes with the number, what is closed with all.

Whoever can link could else read what is closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from consenting import ICD10
from nodes import a_node, a_number, a_patient, clinician, resident_of, send, system, the_resident
from salus import identity
from salus.access import About, Says
from salus.app import Node, Reader, Wished, arrive, say
from salus.identity import Author
from salus.kernel import Role
from salus.parties import Principal
from salus.records import Accepted, NotFound
from salus.storage import Duty

ONE, OTHER = a_number(1), a_number(2)
BOTH = Author(name="one", role=Role.INDEX_REVIEWER, second="two")
OPENING = Wished(says=Says.PERMIT, about=(About.HIV,), facility=None, lasts=timedelta(days=1))
CLOSING = Wished(says=Says.FORBID, about=(About.HIV,), facility=None, lasts=None)


@dataclass(frozen=True, slots=True)
class Linked:
    """Two people whom two reviewers linked: sensitive entries of the one at two hospitals, and one of the other."""

    node: Node
    one: Principal
    other: Principal
    entries: dict[str, UUID]

    def seen(self) -> set[str]:
        """Return what the hospital where the one is now can read."""
        reader, found = Reader(self.node), set()
        for name, id_ in self.entries.items():
            try:
                reader.read_one(clinician("H2"), "Condition", id_)
            except NotFound:
                continue
            found.add(name)
        return found


def written(node: Node, facility: str, *numbers: str) -> Accepted:
    condition = {
        "resourceType": "Condition",
        "subject": {"reference": "urn:uuid:p"},
        "code": {"coding": [{"system": ICD10, "code": "B20.1"}]},
    }
    return send(node, system(facility), a_patient(*numbers, fullUrl="urn:uuid:p"), condition)


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[Linked]:
    with a_node(tmp_path, "H1", "H2", "H3") as node:
        sent = {
            "here": written(node, "H1", ONE),
            "there": written(node, "H3", ONE),
            "another's": written(node, "H1", OTHER),
        }
        whose = [resident_of(node, sent[name]) for name in ("here", "another's")]
        with node.store.transaction(Duty.CARE) as tx:
            one, other = (the_resident(identity.residents(tx, [key])[key].resident_id) for key in whose)
            pair = sent["here"].outcomes[0].chart_key, sent["another's"].outcomes[0].chart_key
            identity.link(tx, pair, ground="review", author=BOTH, at=node.clock.now())
        arrive(node, clinician("H2"), ONE)
        entries = {name: done.outcomes[1].id for name, done in sent.items()}
        yield Linked(node=node, one=one, other=other, entries=entries)


def test_what_another_opens_stays_closed_in_the_own_record(linked: Linked) -> None:
    say(linked.node, linked.other, OPENING)

    assert linked.seen() == {"another's"}


def test_what_somebody_opens_is_open_in_every_chart_with_their_number(linked: Linked) -> None:
    say(linked.node, linked.one, OPENING)

    assert linked.seen() == {"here", "there"}


def test_each_opens_the_own_and_either_closes_both(linked: Linked) -> None:
    say(linked.node, linked.one, OPENING)
    seen = [linked.seen()]
    say(linked.node, linked.other, CLOSING)
    seen.append(linked.seen())

    assert seen == [{"here", "there"}, set()]
