"""Evidence, assignment tables, emergencies, and what follows from them. Pure; what breaks a limit cannot be built.

There is no type for a place, a movement, kin, money, work, household registration, ethnicity, a person's number or free
text: what has no type can decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from salus.rules.errors import TableRefused

ADVISE_LASTS: Final = timedelta(days=7)
PRECAUTION_LASTS: Final = timedelta(days=14)
"""The longest that any table may ask for. They carry rights: no setting and no publication changes them."""
EVIDENCE_AGE: Final = timedelta(days=7)
"""How old a specimen may be at most when its result is reported, whatever a table says."""
TEST_DUE_LASTS: Final = timedelta(hours=48)
"""The longest that an attested exposure asks its receiver for a test; it never asks for more than that."""
EXPOSURE_AGE: Final = timedelta(days=14)
"""How long ago the day of an exposure may be at most when it is attested."""


class Measure(StrEnum):
    """What evidence and published rules ask of a person. `none` is the answer to everything that is not proved."""

    NONE = "none"
    ADVISE = "advise"
    PRECAUTION = "precaution"


class EvidenceKind(StrEnum):
    """How a specimen was examined. A closed list: there is no `other`."""

    NUCLEIC_ACID = "nucleic-acid-test"
    ANTIGEN = "antigen-test"
    ANTIBODY = "antibody-test"
    CULTURE = "culture"


class Result(StrEnum):
    """What the examination found."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    INDETERMINATE = "indeterminate"


class Why(StrEnum):
    """Why a decision is as it is, in stable words."""

    QUALIFIES = "QUALIFIES"
    NO_EVIDENCE = "NO-EVIDENCE"
    RULES_NOT_LIVE = "RULES-NOT-LIVE"
    EMERGENCY_LAPSED = "EMERGENCY-LAPSED"
    ANOTHER_DISEASE = "ANOTHER-DISEASE"
    AMBIGUOUS = "AMBIGUOUS"
    NOT_YET = "NOT-YET"
    RETROACTIVE = "RETROACTIVE"
    TOO_OLD = "TOO-OLD"
    NOT_IN_TABLE = "NOT-IN-TABLE"
    ASKS_NOTHING = "ASKS-NOTHING"
    CORRECTED = "CORRECTED"
    RELEASED = "RELEASED"
    SAME_INDEX = "SAME-INDEX"
    LAPSED = "LAPSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One result about one specimen. `name` is the result's commitment, `replaces` that of the result it corrects.

    `taken` is when the site took the specimen, `reported` when the laboratory signed the result.
    """

    name: str
    disease: str
    kind: EvidenceKind
    result: Result
    taken: datetime
    reported: datetime
    replaces: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """That whoever brings it was near a case on a day, as two investigators attested; `name` is its commitment.

    `index` is the blinded reference to the case: the tag of its decision in the public log. `day` is the start of the
    day. There is no place, no relation and no person in it. `ended` tells that the case is none any more.
    """

    name: str
    disease: str
    index: str
    day: datetime
    attested: datetime
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """The words of a rule, as its holder reads them."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A negative of this kind ends the measure if its specimen was taken at least `after` the first one."""

    kind: EvidenceKind
    after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One cell of a table: what a result of this kind asks for, how fresh it must be, how long that lasts.

    `lasts` counts from when the specimen was taken, so that a slow laboratory makes nothing longer.
    """

    kind: EvidenceKind
    result: Result
    gives: Measure
    clause: str | None
    within: timedelta
    lasts: timedelta
    released_by: tuple[Release, ...]

    def __post_init__(self) -> None:
        most = {Measure.NONE: timedelta(0), Measure.ADVISE: ADVISE_LASTS, Measure.PRECAUTION: PRECAUTION_LASTS}
        if not timedelta(0) <= self.lasts <= most[self.gives] or not timedelta(0) <= self.within <= EVIDENCE_AGE:
            raise TableRefused(["OVERLONG"])
        if self.gives is not Measure.NONE and (not self.released_by or not self.clause or not self.lasts):
            raise TableRefused(["NO-RELEASE"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureRow:
    """What a table makes of an attested exposure: advice that a test is due, and nothing else can be written here.

    `within` is how long ago the day may be when it is attested; `lasts` counts from when it was attested.
    """

    clause: str
    within: timedelta
    lasts: timedelta
    released_by: tuple[Release, ...]

    def __post_init__(self) -> None:
        if not timedelta(0) < self.lasts <= TEST_DUE_LASTS or not timedelta(0) <= self.within <= EXPOSURE_AGE:
            raise TableRefused(["OVERLONG"])
        if not self.released_by or not self.clause:
            raise TableRefused(["NO-RELEASE"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A total decision table of one disease: one row for each kind of evidence that it knows and each result.

    `exposure` is None for a table under which nothing follows from an exposure.
    """

    disease: str
    longest: timedelta
    clauses: Mapping[str, Clause]
    rows: tuple[Row, ...]
    exposure: ExposureRow | None = None

    def row(self, kind: EvidenceKind, result: Result) -> Row | None:
        """Return the one row for this cell; None for a kind of evidence that this table does not know."""
        return next((row for row in self.rows if (row.kind, row.result) == (kind, result)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """A declared emergency of one disease, alive for starts <= t < ends."""

    disease: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A published table, alive for starts <= t < ends, and the emergency under which it may give measures."""

    table: Table
    starts: datetime
    ends: datetime
    emergency: Emergency | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What `decide` answers. `clause` names a clause of the table; `evidence` the results that it rests on.

    A measure has a clause, a start and an end; `none` has none of them, and `reasons` say why there is none.
    """

    measure: Measure
    clause: str | None
    starts: datetime | None
    ends: datetime | None
    reasons: tuple[Why, ...]
    evidence: tuple[str, ...]
