"""What is asked of everything that charts hold. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

MOST_RESOURCES = 10_000
MOST_SEALED_BYTES = 16 * 1024 * 1024
MOST_OPENED_BYTES = 32 * 1024 * 1024
"""Bounds of one page; a page holds one resource at least, of 64 MiB at most, as the door takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedEverything:
    """A parsed `$everything`: which types (None for all), stored since when, of which days, and how far it got.

    `lo` and `hi` are ends of a half-open span. What has no date by which it is searched is in every span.
    """

    types: tuple[str, ...] | None
    since: datetime | None
    lo: datetime | None
    hi: datetime | None
    count: int
    after: int | None
    canonical: str


class Kept(NamedTuple):
    """A stored resource on a page of everything, still sealed; the id as its text. As slim as a row: there are many.

    `own` tells that the facility that asks wrote it.
    """

    resource_key: int
    id: str
    type: str
    version: int
    chart_key: int
    classes: int | None
    own: bool
    sealed: bytes

    def __repr__(self) -> str:
        return f"Kept({self.type}/{self.id})"
