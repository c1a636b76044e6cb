"""Two hospitals that break the glass, the board that judges it, and a resident of whom both know the number alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from consenting import NUMBER, Record, a_record
from nodes import add_hospital
from salus import parties
from salus.access.glass import Category
from salus.app import Node, Viewed, who_looked
from salus.app.emergencies import Broken, Proof, answer_opening, break_glass, view_in_emergency
from salus.appeals import Look
from salus.kernel import FixedClock, Purpose, Role
from salus.parties import FacilityKind, Principal, principal

WHY = "Brought in unconscious, identity card in the coat"


def in_emergency(name: str, facility: str = "H4", role: Role = Role.CLINICIAN) -> Principal:
    """Somebody who acts in an emergency."""
    return principal(role, name, facility=facility, purpose=Purpose.ETREAT, strong=True)


def judge(name: str = "judge-1", facility: str = "RB1") -> Principal:
    """An access reviewer."""
    return principal(Role.ACCESS_REVIEWER, name, facility=facility, purpose=Purpose.HOPERAT, strong=True)


@dataclass(slots=True)
class Ward:
    """A node with its record, and what is done on it in emergencies. Each test takes people of its own."""

    record: Record
    since: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.since = self.node.clock.now()

    @property
    def node(self) -> Node:
        """The node."""
        return self.record.node

    def move(self, by: timedelta) -> None:
        """Let time pass."""
        self.node.clock = FixedClock(self.node.clock.now() + by)

    def open(self, who: Principal, wanted: str = NUMBER, words: str = WHY, proof: Proof | None = None) -> Broken:
        """Break the glass."""
        return break_glass(self.node, who, wanted, Category.UNCONSCIOUS, words, proof or Proof())

    def read(self, who: Principal, broken: Broken) -> Viewed:
        """Read by an opening."""
        return view_in_emergency(self.node, who, broken.id)

    def answer(self, broken: Broken, *, upheld: bool = True, by: Principal | None = None) -> bool:
        """Judge an opening."""
        return answer_opening(self.node, by or judge(), broken.id, upheld=upheld)

    def looks(self) -> tuple[Look, ...]:
        """Return the newest page of who looked, as the resident sees it."""
        return who_looked(self.node, self.record.me).looks


@contextmanager
def a_ward(folder: Path) -> Iterator[Ward]:
    """Open a node with hospitals H4 and H5, which have no care relation with the resident, and two boards."""
    with a_record(folder) as record:
        node = record.node
        for facility in ("H4", "H5"):
            add_hospital(node, facility)
        parties.add_organisation(node.store, organisation_id="Board", name_en="Board", name_zh="评议会")
        parties.add_facility(
            node.store,
            facility_id="RB1",
            name_en="Review board",
            name_zh="评议会",
            level=3,
            kind=FacilityKind.REVIEW_BOARD,
            county="900101",
            organisation="Board",
        )
        add_hospital(node, "RB2", FacilityKind.REVIEW_BOARD)
        yield Ward(record=record)


def a_clinician(node: Node, facility: str = "H4") -> tuple[Principal, UUID]:
    """Register a clinician, who can have credentials; return who they are in an emergency, and their account."""
    member = parties.add_staff(node.store, role=Role.CLINICIAN, name_en="Dr An", name_zh="安医生", facility=facility)
    return in_emergency(str(member.staff_id), facility), member.staff_id
