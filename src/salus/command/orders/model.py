"""Orders: what one can be aimed at, who signs it, when it ends. Pure.

No kind restricts anybody's movement, and none takes a person or a list of people. The limits are constants.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from salus.command.errors import CommandInvalid, FieldRefused, PeopleRefused, SameOrganisation, TooLate
from salus.command.model import Officer, check_area
from salus.command.resources.model import holds_a_number
from salus.kernel import canonical, format_instant

LONGEST_ORDER = timedelta(days=14)
MINIMUM_POPULATION = 10_000
MOST = 100_000_000
LONGEST_BASIS, LONGEST_REASON = 200, 500
LONGEST_NUMBER = 11
"""Digits in a row, from which on a text may hold a personal number: telephones have 11, identity numbers 15 or 18."""
_FACILITY = re.compile(r"[A-Z][A-Z0-9-]{0,31}", re.ASCII)
_CODE = re.compile(r"SL1:|HC1:|shc:/", re.IGNORECASE)


class OrderKind(StrEnum):
    """All that can be ordered in this version: what is done with supplies."""

    MOVE = "move-supply"
    DELIVER = "deliver-supply"
    DISTRIBUTE = "distribute-supply"
    PROCURE = "procure-supply"


class Supply(StrEnum):
    """What can be moved, delivered, distributed or bought; each in pieces of its own."""

    VENTILATORS = "ventilators"
    OXYGEN = "oxygen-cylinders"
    ANTIVIRALS = "antiviral-courses"
    MASKS = "masks"
    SUITS = "protective-suits"
    TESTS = "test-kits"


AIMED_AT: Mapping[OrderKind, frozenset[str]] = MappingProxyType(
    {
        OrderKind.MOVE: frozenset({"from_facility", "to_facility"}),
        OrderKind.DELIVER: frozenset({"to_facility"}),
        OrderKind.DISTRIBUTE: frozenset({"area"}),
        OrderKind.PROCURE: frozenset(),
    }
)
"""What each kind is aimed at besides its supply; everything else stays empty."""
ORDER_FIELDS = frozenset(
    "kind supply amount from_facility to_facility area basis reason starts ends".split()  # the form of an order
)


class Standing(StrEnum):
    """How an order stands at an instant."""

    WAITING = "waiting"
    COMING = "coming"
    IN_FORCE = "in-force"
    REJECTED = "rejected"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as it was given. It is public. `population` is that of `area`, as it was known then."""

    order_id: UUID
    incident_id: UUID
    kind: OrderKind
    supply: Supply
    amount: int
    from_facility: str | None
    to_facility: str | None
    area: str | None
    population: int | None
    basis: str
    reason: str
    starts: datetime
    ends: datetime
    ordered_at: datetime
    by: Officer

    def __post_init__(self) -> None:
        self._check_target()
        self._check_texts()
        if not 1 <= self.amount <= MOST:
            raise CommandInvalid(f"an amount is from 1 to {MOST:,}", where="amount")
        if self.starts < self.ordered_at:
            raise CommandInvalid("an order cannot start in the past", where="starts")
        if not timedelta(0) < self.ends - self.starts <= LONGEST_ORDER:
            raise CommandInvalid(
                f"an order ends after it starts, and after {LONGEST_ORDER.days} days at the latest; who wants it for"
                " longer gives a new one then",
                where="ends",
            )

    def _check_target(self) -> None:
        given = {name for name in ("from_facility", "to_facility", "area") if getattr(self, name)}
        if given != AIMED_AT[self.kind]:
            wanted = ", ".join(sorted(AIMED_AT[self.kind])) or "a supply alone"
            raise CommandInvalid(f"an order of this kind is aimed at: {wanted}", where="kind")
        for place in (self.from_facility, self.to_facility):
            if place and not _FACILITY.fullmatch(place):
                raise CommandInvalid("a facility is named by its id", where="to_facility")
        if self.from_facility and self.from_facility == self.to_facility:
            raise CommandInvalid("a supply moves from one facility to another", where="to_facility")
        if self.area:
            check_area(self.area)
            if self.population is None or self.population < MINIMUM_POPULATION:
                raise CommandInvalid(
                    f"an area has at least {MINIMUM_POPULATION:,} inhabitants that are known here; name a larger one",
                    where="area",
                )

    def _check_texts(self) -> None:
        for name, most in (("basis", LONGEST_BASIS), ("reason", LONGEST_REASON)):
            text = getattr(self, name)
            if not 1 <= len(text.strip()) <= most or not text.replace("\n", "").replace("\r", "").isprintable():
                raise CommandInvalid(f"write the {name} in 1 to {most} characters", where=name)
            if holds_a_number(text, LONGEST_NUMBER) or _CODE.search(text):
                raise PeopleRefused(name)

    @property
    def document(self) -> dict[str, object]:
        """The order as it is published; its canonical bytes are hashed into the log."""
        return {
            "order": str(self.order_id),
            "incident": str(self.incident_id),
            "kind": self.kind.value,
            "supply": self.supply.value,
            "amount": self.amount,
            "from_facility": self.from_facility,
            "to_facility": self.to_facility,
            "area": self.area,
            "population": self.population,
            "basis": self.basis,
            "reason": self.reason,
            "starts": whole_second(self.starts),
            "ends": whole_second(self.ends),
            "ordered_at": format_instant(self.ordered_at),
            "ordered_by": {"en": self.by.name_en, "zh": self.by.name_zh, "organisation": self.by.organisation},
        }

    @property
    def digest(self) -> bytes:
        """SHA-256 over the canonical bytes of the document."""
        return hashlib.sha256(canonical(self.document)).digest()


class Verdict(StrEnum):
    """What the second organisation says."""

    COUNTERSIGNED = "countersigned"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """The answer of the other organisation to an order; there is one at most. `pending` is the leaf handed over."""

    order_id: UUID
    verdict: Verdict
    reason: str
    at: datetime
    by: Officer
    pending: UUID | None = None

    def __post_init__(self) -> None:
        if self.verdict is Verdict.REJECTED and not self.reason.strip():
            raise CommandInvalid("write why the order is rejected", where="reason")
        if len(self.reason) > LONGEST_REASON:
            raise CommandInvalid(f"a reason has at most {LONGEST_REASON} characters", where="reason")
        if holds_a_number(self.reason, LONGEST_NUMBER) or _CODE.search(self.reason):
            raise PeopleRefused("reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenOrder:
    """An order with the answer to it, if there is one."""

    order: Order
    signing: Signing | None

    def standing(self, at: datetime) -> Standing:
        """Say how it stands at an instant: in force only while countersigned and `starts <= at < ends`."""
        if self.signing and self.signing.verdict is Verdict.REJECTED:
            return Standing.REJECTED
        if at >= self.order.ends:
            return Standing.ENDED
        if self.signing is None:
            return Standing.WAITING
        return Standing.COMING if at < max(self.order.starts, self.signing.at) else Standing.IN_FORCE


def check_fields(given: Mapping[str, object]) -> None:
    """Refuse, by its name, any field that the form of an order does not have. Raises FieldRefused."""
    for name in sorted(given):
        if name not in ORDER_FIELDS:
            raise FieldRefused(name[:40] if name.isprintable() else "?")


def check_signer(given: GivenOrder, by: Officer, at: datetime) -> None:
    """Refuse a second signature that does not count.

    Raises SameOrganisation, or TooLate for an order that has ended or is answered.
    """
    if by.organisation == given.order.by.organisation or by.subject == given.order.by.subject:
        raise SameOrganisation
    if given.signing is not None:
        raise TooLate("this order is answered already")
    if at >= given.order.ends:
        raise TooLate("this order ended before it was countersigned; give a new one")


def whole_second(at: datetime) -> str:
    """Write an instant to the second, as leaves carry it."""
    return format_instant(at.replace(microsecond=0))


# --- tasks


class TaskKind(StrEnum):
    """What a facility can be asked to do for an order."""

    HAND_OVER = "hand-over"
    TRANSPORT = "transport"
    RECEIVE = "receive"
    DISTRIBUTE = "distribute"
    BUY = "buy"


class Answer(StrEnum):
    """How a task ended."""

    DONE = "done"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAnswer:
    """What was said to a task, by whom and when."""

    answer: Answer
    note: str
    at: datetime
    by: Officer

    def __post_init__(self) -> None:
        if self.answer is Answer.DECLINED and not self.note.strip():
            raise CommandInvalid("write why the task is declined", where="note")
        if len(self.note) > LONGEST_REASON or holds_a_number(self.note, LONGEST_NUMBER):
            raise CommandInvalid(f"a note has at most {LONGEST_REASON} characters and no personal number", where="note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that a facility does for an order in force, until `due`."""

    task_id: UUID
    order_id: UUID
    kind: TaskKind
    facility: str
    due: datetime
    at: datetime
    by: Officer
    answer: TaskAnswer | None = None

    def overdue(self, at: datetime) -> bool:
        """Tell whether it should have been done by now and nobody has answered."""
        return self.answer is None and at >= self.due


def check_task(given: GivenOrder, due: datetime, at: datetime) -> None:
    """Refuse a task for an order that is not in force, or one that is due outside its time."""
    if given.standing(at) not in (Standing.IN_FORCE, Standing.COMING):
        raise TooLate("tasks follow from an order that is countersigned and has not ended")
    if not at < due <= given.order.ends:
        raise CommandInvalid("a task is due after now and before the order ends", where="due")
