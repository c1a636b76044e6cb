"""What a search asks, as a tree of conditions: what the parser makes and the SQL is made of. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final
from uuid import UUID

from salus.records.model import Compared, Sealer
from salus.records.search.parameters import is_directory

UPDATED, ID, DATE, NUMBER = "updated", "id", "date", "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """The resource has one of these ids."""

    ids: frozenset[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """One of these forms is there. `codes` are the same without systems, where a frequent type's code is asked for."""

    forms: tuple[str, ...]
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """Something is there at one of these slots."""

    slots: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """One of the dates at these paths compares so with one of these spans; `hot` is a frequent type's one date."""

    paths: tuple[str, ...]
    hot: bool
    asked: tuple[Compared, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """The current version was stored when one of these says."""

    asked: tuple[Compared, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A comparison of numbers; a closed range where it is about equality, else the number itself at both ends.

    `unit` is the form of system and code, `label` of a code or a printed unit whatever the system; "" asks for neither.
    """

    prefix: str
    low: Decimal
    high: Decimal
    keys: tuple[str, ...]
    unit: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """One of these comparisons holds for a number of the resource."""

    asked: tuple[Measured, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What one of these slots leads to, of one of these types, satisfies the type's condition."""

    slots: tuple[int, ...]
    of_types: tuple[tuple[str, Condition], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Has:
    """A resource of another type satisfies a condition and refers here from one of these slots."""

    type: str
    slots: tuple[int, ...]
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The condition does not hold; of what is not there nothing holds."""

    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Any:
    """One of the conditions holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    """Each of the conditions holds."""

    parts: tuple[Condition, ...]


Condition = Ids | Forms | Present | Dates | Updated | Numbers | Chain | Has | Not | Any | All


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Records of these types that a search names, each by an id or an identifier."""

    types: tuple[str, ...]
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """One key of an order. What has no value comes last."""

    kind: str
    descending: bool
    paths: tuple[str, ...] = ()
    hot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """One `_include` or `_revinclude`: references of a type at slots, to these types, or from it."""

    type: str
    slots: tuple[int, ...]
    targets: tuple[str, ...]
    reverse: bool
    iterate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What of each resource is answered, and whether how many there are is told."""

    summary: str = "false"
    elements: tuple[str, ...] = ()
    total: str = "none"

    @property
    def counts_only(self) -> bool:
        """Tell whether no resource leaves."""
        return self.summary == "count"


WHOLE: Final = Shape()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A parsed search. `patients` still have to be turned into charts by whoever runs it.

    `decides` are the types that chains and `_has` look at, `delivers` those that includes may bring, `named` are
    records about which it asks, whether or not something is found. A `sandbox` finds its own of the directory as well.
    """

    type: str
    patients: tuple[UUID, ...] | None
    conditions: tuple[Condition, ...]
    sort: tuple[Sort, ...]
    includes: tuple[Include, ...]
    shape: Shape
    count: int
    after: tuple[str | None, ...] | None
    canonical: str
    asker: str
    decides: frozenset[str]
    delivers: frozenset[str]
    named: tuple[Named, ...]
    sandbox: str | None = None
    sealer: Sealer = field(repr=False)

    @property
    def touches(self) -> frozenset[str]:
        """The types of records, beside the own, that chains, `_has` and reverse includes reach."""
        reverse = {one.type for one in self.includes if one.reverse}
        return frozenset(name for name in self.decides | reverse if not is_directory(name))
