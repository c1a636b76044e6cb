"""What the record takes in and gives out. FHIR JSON stays inside; other rooms get bytes and these types. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from salus.identity.surviving import Survivor
from salus.records.errors import Problem
from salus.records.tcm import Term

# A prefix of FHIR's date search, and the half-open span of the date behind it.
Compared = tuple[str, datetime, datetime]


class Keys(Protocol):
    """The key service: per-chart keys, made durable before use."""

    def create(self, chart_keys: Sequence[int]) -> dict[int, bytes]: ...

    def unwrap(self, chart_keys: Sequence[int]) -> dict[int, bytes]: ...


class Sealer(Protocol):
    """Keyed digests and sealed bytes, from the custodian's keys."""

    def digest(self, domain: str, value: bytes) -> bytes: ...

    def seal(self, domain: str, plaintext: bytes, aad: bytes) -> bytes: ...


class Custodian(Sealer, Protocol):
    """Opens what it sealed, too."""

    def open_sealed(self, domain: str, sealed: bytes, aad: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The search by which a sender names a resource: `pairs` are its parameters, as they came."""

    type: str
    pairs: tuple[tuple[str, str], ...] = field(repr=False)

    @property
    def canonical(self) -> str:
        """One spelling of it, so that equal conditions are equal."""
        return f"{self.type}?" + "&".join(f"{name}={value}" for name, value in sorted(self.pairs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One thing that a sender wants: to create a resource, or to update, patch or delete one.

    Of what is deleted or patched `resource` says type and id. With a condition it is not yet said which resource is
    meant, nor, of a create, whether one is there already: then the verb becomes `stand`, and nothing is written.
    """

    verb: str
    resource: dict[str, Any] = field(repr=False)
    full_url: str | None = None
    id: UUID | None = None
    expected: int | None = None
    entry: int | None = None
    condition: Condition | None = None
    patch: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    @property
    def ready(self) -> bool:
        """Whether it is known what is to be written where."""
        return self.condition is None and self.verb != "patch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one intent. `body` is what a later read will return, byte for byte.

    `stands` says that a condition found it as it stands: nothing was written, and there is no body. `odd` are warnings
    of what was stored as it was sent all the same.
    """

    type: str
    id: UUID
    version: int
    at: datetime
    created: bool
    stripped: tuple[str, ...]
    chart_key: int
    resource_key: int
    body: bytes = field(repr=False)
    deleted: bool = False
    stands: bool = False
    odd: tuple[Problem, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Everything that one transaction took in."""

    acceptance: int
    outcomes: tuple[Outcome, ...]
    residents: Mapping[int, int]
    opened: int
    unwraps: Mapping[int, int]

    @property
    def stripped(self) -> int:
        """How many places were taken out."""
        return sum(len(outcome.stripped) for outcome in self.outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A stored resource as found: whose chart, which version, classes, sealed body, its place in a search's order.

    `deleted` tells that this version says that the resource was deleted.
    """

    resource_key: int
    id: UUID
    type: str
    version: int
    chart_key: int
    chart_kind: str
    facility: str
    at: datetime
    classes: int | None
    sealed: bytes = field(repr=False)
    deleted: bool = False
    place: tuple[str | None, ...] = ()

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> Located:
        """Return what a row says: columns in the order of the fields, `deleted` only where a query asks for it."""
        key, id_, name, version, chart, kind, facility, at, classes, body, *deleted = row
        return cls(
            resource_key=key,
            id=id_,
            type=name,
            version=version,
            chart_key=chart,
            chart_kind=kind,
            facility=facility,
            at=at,
            classes=classes,
            sealed=body,
            deleted=bool(deleted and deleted[0]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One series to count: diagnoses with one of these (system, code), or with `results` positive results of them.

    With `admitted` only residents who were also admitted that day count.
    """

    series: str
    codes: tuple[tuple[str, str], ...]
    results: bool = False
    admitted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many residents, of how many; about a whole county where `facility` is None. Never who.

    `reporting` is how many facilities there sent anything about that day.
    """

    series: str
    day: date
    county: str
    facility: str | None
    count: int
    denominator: int
    reporting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryLine:
    """One line of a readable summary.

    `detail` is a medicine's instruction or an allergy's reaction, `severity` mild, moderate or severe, `flag` low, high
    or abnormal, `usual` the reference range as written, `at` a FHIR date. `active` is false for what has ended. `tcm`
    are the diagnosis' terms of traditional Chinese medicine that this node knows.
    """

    text: str
    code: str | None
    active: bool
    confirmed: bool
    facility: str
    value: str | None = None
    detail: str | None = None
    severity: str | None = None
    flag: str | None = None
    usual: str | None = None
    at: str | None = None
    tcm: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a clinician needs first, over all charts of one resident, newest first in each list.

    `person` is who it is: of each element the value that stands, with its source; name, birth date, gender are of it.
    `no_known_allergy` is a written statement that there is none; an empty `allergies` alone is no such statement.
    """

    name: str | None = field(repr=False)
    birth_date: str | None = field(repr=False)
    gender: str | None = field(repr=False)
    person: tuple[Survivor, ...] = field(repr=False)
    allergies: tuple[SummaryLine, ...] = field(repr=False)
    no_known_allergy: SummaryLine | None = field(repr=False)
    medicines: tuple[SummaryLine, ...] = field(repr=False)
    problems: tuple[SummaryLine, ...] = field(repr=False)
    results: tuple[SummaryLine, ...] = field(repr=False)
    vaccinations: tuple[SummaryLine, ...] = field(repr=False)
    procedures: tuple[SummaryLine, ...] = field(repr=False)
    devices: tuple[SummaryLine, ...] = field(repr=False)
    counts: Mapping[str, int]
    facilities: tuple[str, ...]


__all__ = [
    "Accepted",
    "Compared",
    "Counted",
    "Intent",
    "Keys",
    "Located",
    "Outcome",
    "Problem",
    "Sealer",
    "Summary",
    "SummaryLine",
    "Wanted",
]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Personal:
    """What one chart's Patient says of who somebody is, as written, nothing clinical; and who says it, since when."""

    chart_key: int
    facility: str
    at: datetime
    names: tuple[str, ...]
    birth_date: str | None
    gender: str | None
    numbers: tuple[str, ...]
    telephones: tuple[str, ...]
    addresses: tuple[str, ...]

    def __repr__(self) -> str:
        return "Personal(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """One chart's Patient and the identifiers that it carries: (system, value)."""

    id: UUID
    facility: str
    identifiers: tuple[tuple[str, str], ...] = field(repr=False)
