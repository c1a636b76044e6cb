"""Facts out of a foreign certificate, as they are kept. Pure; a colour, a verdict or a measure has no field.

The name and birth date of the certificate are compared with the own record and not kept. Of an event's codes only those
are kept that say what was given or found: not who did that, nor where, nor the certificate's own name, by which shows
of it can be linked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from salus.codec.foreign import Event, EventKind
from salus.codec.recognising import Believed

MOST_FACTS: Final = 32
_VACCINATION: Final = frozenset({"vp", "mp", "ma", "dn", "sd", "lot"})
_TEST: Final = frozenset({"tt", "nm", "ma", "tr", "dr", "result"})
_RECOVERY: Final = frozenset({"df", "du"})
_KEPT: Final = {EventKind.VACCINATION: _VACCINATION, EventKind.TEST: _TEST, EventKind.RECOVERY: _RECOVERY}


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtFact:
    """One event by the codes of its format: what, of what, when; `detail` are what else was given or found."""

    kind: EventKind
    target: str
    on: str
    detail: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What one certificate said, who is recognised to have signed it, by which key, and SHA-256 of what was signed.

    `shown` is what its resident said when bringing it: whether places of care that treat them see it in their record.
    """

    brought_id: UUID
    form: str
    issuer: str
    kid: str
    source: str
    facts: tuple[BroughtFact, ...]
    at: datetime
    shown: bool = False


def brought_of(told: Believed, brought_id: UUID, at: datetime, *, shown: bool = False) -> Brought:
    """Keep the facts of a code that is believed, and of its issuer's opinions nothing."""
    return Brought(
        brought_id=brought_id,
        form=str(told.key.form),
        issuer=told.key.issuer,
        kid=told.key.kid,
        source=told.digest.hex(),
        facts=tuple(_fact(event) for event in told.events[:MOST_FACTS]),
        at=at,
        shown=shown,
    )


def written(one: Brought) -> bytes:
    """Write what is sealed."""
    facts = [{"kind": f.kind, "target": f.target, "on": f.on, "detail": dict(f.detail)} for f in one.facts]
    said = {"shown": True} if one.shown else {}
    told = {"form": one.form, "issuer": one.issuer, "kid": one.kid, "source": one.source, "facts": facts, **said}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def read(brought_id: UUID, octets: bytes, at: datetime) -> Brought:
    """Read what was sealed."""
    told: Mapping[str, Any] = json.loads(octets)
    return Brought(
        brought_id=brought_id,
        form=told["form"],
        issuer=told["issuer"],
        kid=told["kid"],
        source=told["source"],
        facts=tuple(
            BroughtFact(
                kind=EventKind(one["kind"]),
                target=one["target"],
                on=one["on"],
                detail=tuple(sorted(one["detail"].items())),
            )
            for one in told["facts"]
        ),
        at=at,
        shown=told.get("shown") is True,  # absent from what was brought before anybody was asked
    )


def _fact(event: Event) -> BroughtFact:
    detail = tuple(pair for pair in event.detail if pair[0] in _KEPT[event.kind])
    return BroughtFact(kind=event.kind, target=event.target, on=event.on, detail=detail)
