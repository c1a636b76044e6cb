"""Who writes, and whether policy lets them: only the facility that keeps a chart changes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from salus.access import Action, Kind, Request, permit
from salus.identity import Judge
from salus.kernel import Purpose, Refused, Role
from salus.records.model import Custodian, Keys
from salus.storage import Transaction


class Eyes(Protocol):
    """What is there for the writer of what other facilities wrote."""

    def closed(self, tx: Transaction, found: Sequence[tuple[int, str, int | None]], *, missing: bool) -> list[bool]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Who sends: the facts that policy needs, and the keys to store it under. People of a `sandbox` are fictional.

    Without `eyes` nothing of others is looked for. What begins with `base` is an address here.
    """

    role: Role
    purpose: Purpose | None
    facility: str
    care_facility: bool
    custodian: str
    keys: Keys = field(repr=False)
    sealer: Custodian = field(repr=False)
    judge: Judge = field(repr=False)
    source: str = "fhir"
    sandbox: bool = False
    base: str = ""
    eyes: Eyes | None = field(default=None, repr=False)


def permit_write(writer: Writer, action: str, kind: str, facility: str, where: str) -> None:
    """Raise Refused unless policy lets this writer do this to a chart of this kind that this facility keeps."""
    decision = permit(
        Request(
            role=writer.role,
            purpose=writer.purpose,
            action=Action.IMPORT if writer.source == "import" else Action(action),
            kind=Kind.DIRECTORY if kind == "directory" else Kind.RECORD,
            own_facility=facility == writer.facility,
            relation_open=False,
            own_record=False,
            care_facility=writer.care_facility,
        )
    )
    if not decision.allowed:
        text = "you may write only charts of your own facility, for treatment: send your own Patient first"
        raise Refused(text, where=where)
