"""A version of a resource, and a place in the order of all versions. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from salus.records.model import Located


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """Where a version stands: when it was written, with what, of which resource, which. Newer ones are greater."""

    at: datetime
    acceptance: int
    resource_key: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What of a history is asked: from an instant on, what was current in a span, before a place, how many a page."""

    since: datetime | None = None
    current: tuple[datetime, datetime] | None = None
    before: Place | None = None
    count: int
    canonical: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version as found, sealed, and its place."""

    located: Located
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A page of versions, newest first; `more` is the place after which there may be others."""

    versions: tuple[Version, ...]
    more: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A resource that is locked: its newest version, since when, and whether that says that it was deleted."""

    resource_key: int
    type: str
    chart_key: int
    version: int
    kind: str
    facility: str
    at: datetime
    classes: int | None
    deleted: bool = False
