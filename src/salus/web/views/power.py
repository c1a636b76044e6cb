"""What the public page of power and the auditor's page are given: figures and names of institutions, never a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from salus.web.views import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """One publication: rules, an emergency or a declaration. `document` is where its text is; `index` its leaf.

    `counts` is false where too few signatures or too little notice stand behind it: then it has no effect. `vetoed`
    are the ombudsmen who stopped it, each with its organisation.
    """

    kind: str
    name: str
    version: int
    starts: datetime
    ends: datetime
    signers: tuple[tuple[str, str | None], ...]
    document: str
    index: int
    live: bool
    counts: bool = True
    vetoed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyLine:
    """One key of a party, as the log says it. `ended` is when it ended, or will, and `reason` why."""

    party: str
    organisation: str
    duty: str
    key: bytes
    index: int
    ended: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One order of the command room, by its hash, with the organisations that signed it."""

    order: bytes
    organisations: tuple[str, ...]
    starts: datetime
    ends: datetime
    index: int
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUse:
    """How many decisions were made under a version of rules. `name` is None for rules that nobody published."""

    digest: bytes
    name: str | None
    decisions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLine:
    """How many attempts to write a measure were refused on a day; `logged` tells that its leaf stands in the log."""

    day: date
    kind: str
    count: int
    logged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidLine:
    """How many certificates became void in a month, such as `2031-03`, for a reason, as the log was told."""

    month: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GlassLine:
    """How often an organisation broke the glass in the last 30 days; None for several that did so seldom."""

    organisation: Words | None
    opened: int
    unreviewed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contests:
    """How contests were answered, counted from the log."""

    opened: int
    stood: int
    ended: int
    waiting: int
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureLine:
    """What a court had disclosed, as the log tells it: who signed, and when the resident is told at the latest."""

    index: int
    signers: tuple[tuple[str, str | None], ...]
    notice: datetime
    told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShredCounts:
    """How many keys the log certifies as destroyed: of charts, and of emergencies."""

    charts: int
    emergencies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GraceLine:
    """How many places stay open without an admission, until when, and the digest of their list, as a leaf says."""

    index: int
    places: int
    digest: bytes
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GracedPlace:
    """One of those places, as the list tells it. `until` is when it closes; None where it is closed or admitted."""

    name: Words
    listed: str
    until: datetime | None
    admitted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorLine:
    """What is watched by one version of a detector, and how many cases raise an alert at the least."""

    version: str
    least: int
    series: tuple[Words, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """What power there is, who holds it, and how it was used; for anybody. Everything in it is counted from the log.

    `size` is the number of leaves it was counted from. `commands` are lines with which anybody counts again; `mirror`,
    `witness` and `audit` are three each with which somebody else copies the log, signs along, and judges it.
    """

    template: ClassVar[str] = "power.html"
    size: int
    contests: Contests
    publications: tuple[InForce, ...]
    orders: tuple[OrderLine, ...]
    parties: tuple[PartyLine, ...]
    specimens: int
    results: int
    rules: tuple[RuleUse, ...]
    attempts: tuple[AttemptLine, ...]
    voids: int
    voided: tuple[VoidLine, ...]
    disclosures: tuple[DisclosureLine, ...]
    shredded: ShredCounts
    glass: tuple[GlassLine, ...]
    commands: tuple[str, ...]
    graces: tuple[GraceLine, ...] = ()
    graced: tuple[GracedPlace, ...] = ()
    detectors: tuple[DetectorLine, ...] = ()
    mirror: tuple[str, ...] = ()
    witness: tuple[str, ...] = ()
    audit: tuple[str, ...] = ()

    @property
    def decisions(self) -> int:
        """Decisions under all rules together."""
        return sum(one.decisions for one in self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """One thing that the node's own checks found. `code` is stable."""

    code: str
    item: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessLine:
    """One witness and when it cosigned the newest head that has a quorum; None if it is not among those."""

    name: str
    organisation: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedLine:
    """One event that could not be delivered and waits for a person."""

    number: int
    kind: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an auditor sees of a node: its own checks, its log, its witnesses, what it parked, and a reconciliation.

    `registered` are the unwraps of chart keys that the register tells of, `unwrapped` those that the keys' own store
    counted; the second may be larger by reads that were broken off, the first never. `orphans` counts by institution
    the care relations of the last 30 days that rested on one person's word until they ended.
    """

    template: ClassVar[str] = "audit.html"
    findings: tuple[FindingLine, ...]
    size: int
    root: bytes | None
    signed: datetime | None
    quorum: int | None
    vouched: datetime | None
    witnesses: tuple[WitnessLine, ...]
    parked: tuple[ParkedLine, ...]
    registered: int
    unwrapped: int
    command: str
    orphans: tuple[tuple[Words, int], ...] = ()
