"""What the record refuses, and how it tells entry and element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from salus.kernel import Invalid, SalusError


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with what was sent: where (a FHIRPath-like element path), why, and FHIR's issue code.

    `rule` is the key of the invariant that does not hold, such as obs-6, where it is one; of a warning, what is odd.
    """

    where: str
    text: str
    code: str = "invalid"
    entry: int | None = None
    severity: str = "error"
    rule: str = ""

    @property
    def location(self) -> str:
        """The element, with its bundle entry in front where there is one."""
        return self.where if self.entry is None else f"Bundle.entry[{self.entry}].resource.{self.where}"


class RecordRefused(Invalid):
    """What was sent cannot be stored; `problems` names each entry and element. Nothing of it was stored."""

    code = "SALUS-R001"

    def __init__(self, problems: Sequence[Problem], status: int = 400) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{first.location}: {first.text}{more}", where=first.location)
        self.problems = tuple(problems)
        self.status = status


class MeasureRefused(RecordRefused):
    """What was sent would hold a measure, which nobody can write. Nothing of it was stored; the attempt is counted."""

    code = "SALUS-R120"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems, 422)


class Held(RecordRefused):
    """A Patient would be opened under a number that one of the same facility has already. Nothing was stored."""

    code = "SALUS-R409"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems, 409)


class LeadsNowhere(RecordRefused):
    """Something refers to what is not stored here, or is as if it were not: `asked` is what, by type and id."""

    def __init__(self, problems: Sequence[Problem], asked: Sequence[tuple[str, UUID]]) -> None:
        super().__init__(problems)
        self.asked = tuple(asked)


class NotFound(SalusError):
    """There is nothing here that you could read."""

    code = "SALUS-R404"
    status = 404


class NotYours(NotFound):
    """It is not there, or another facility's: told alike, unless whoever writes may read it. `id` is which it is."""

    def __init__(self, text: str, kind: str, id_: UUID, where: str | None = None) -> None:
        super().__init__(text, where=where)
        self.kind = kind
        self.id = id_


class Gone(SalusError):
    """It was here and was deleted; its older versions can be read by their numbers."""

    code = "SALUS-R410"
    status = 410


class Conflict(Invalid):
    """Somebody else was faster, or the version you named is not the current one."""

    code = "SALUS-R412"
    status = 412
