"""An identifier as a document carries it: typed, with its number space, validity and warnings. Never in a repr."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from salus.identity.documents import citizen
from salus.identity.documents.placeholders import is_placeholder
from salus.identity.documents.spelling import canonical
from salus.identity.documents.types import DocumentType, document_type
from salus.identity.errors import NumberRefused


class Doubt(StrEnum):
    """What is odd about a number that is read all the same."""

    UNKNOWN_AREA = "unknown-area"
    UPGRADED = "upgraded"
    BORN_BEFORE_1900 = "born-before-1900"
    OTHER_TYPE = "other-type"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Identifier:
    """One number of one document. Build it with `read`; the constructor refuses what is not canonical.

    `value` is canonical, `written` what the source wrote. `issuer` is the namespace that a hospital's number needs, and
    for a passport the state, where known. Validity is half-open, `valid_from <= day < valid_until`; None is open.
    `verified` says that somebody saw the document or a register confirmed it.
    """

    type: str
    value: str
    written: str
    issuer: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    verified: bool = False
    warnings: tuple[Doubt, ...] = ()

    def __post_init__(self) -> None:
        kind = document_type(self.type)
        if kind.pattern.fullmatch(self.value) is None:
            raise NumberRefused(f"this is no number of the type {kind.code}; check number and type")
        if kind.check and len(self.value) == 18:
            citizen.check_citizen(self.value)
        if kind.per_issuer and not self.issuer:
            raise NumberRefused(f"a number of the type {kind.code} needs its issuer; say who gave it")
        if self.valid_from is not None and self.valid_until is not None and self.valid_from >= self.valid_until:
            raise NumberRefused("the document ends before it begins; check its dates")

    @property
    def kind(self) -> DocumentType:
        """The row of the table of document types."""
        return document_type(self.type)

    @property
    def key(self) -> str:
        """Number space, issuer and value: equal keys are one number. As secret as the number itself."""
        return f"{self.kind.space}|{self.issuer}|{self.value}"

    @property
    def old_form(self) -> str | None:
        """The 15 digits that the source wrote, where `value` was upgraded from them: an identifier of its own."""
        return canonical(self.written) if Doubt.UPGRADED in self.warnings else None

    @property
    def born(self) -> date | None:
        """The birth date that the number names, or None where its type names none."""
        return citizen.birth_date(self.value) if self.kind.names_birth_date and len(self.value) == 18 else None

    @property
    def sex(self) -> str | None:
        """The sex that the number names, `male` or `female`, or None where its type names none."""
        return citizen.sex(self.value) if self.kind.names_sex and len(self.value) == 18 else None

    @property
    def placeholder(self) -> bool:
        """Whether the number is a filler."""
        if self.kind.per_issuer:  # a hospital's numbers are short, and runs are as good as others
            return set(self.value) == {"0"}
        return is_placeholder(self.value)

    @property
    def carries_weight(self) -> bool:
        """Whether two records with this number have anything in common: its type links, and it is no filler."""
        return self.kind.links and not self.placeholder

    def valid_on(self, day: date) -> bool:
        """Say whether the document was valid on a day; without dates it always was."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day < self.valid_until
        )

    def __repr__(self) -> str:
        return f"Identifier({self.type}, …)"
