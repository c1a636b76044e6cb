"""Acceptance rules and emergencies as documents, and doors that have them, for tests of what they decide."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from doors import AT, Door
from salus.cli.actors import acceptance_document, emergency_document
from salus.rules import Document
from salus.rules.acceptance import shipped_acceptance

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NOTICED = timedelta(days=-40)
"""How long before `AT` everything of these doors stood in the log."""
FOUR, FIVE, OTHERS = (0, 1, 2, 3), (0, 1, 2, 3, 4), (3, 4, 5, 6, 7)
SIX = (0, 1, 2, 3, 4, 5)
"""Of four organisations, as short notice takes them."""

Change = Callable[[dict[str, Any]], Any]


def body(disease: str = "covid-19", change: Change | None = None) -> dict[str, Any]:
    """Rules that come with this release, with what is changed about them."""
    found = copy.deepcopy(shipped_acceptance(disease))
    if change:
        change(found)
    return found


def rules(
    disease: str = "covid-19",
    *,
    region: str = "900101",
    starts: datetime = AT - DAY,
    lasts: timedelta = 60 * DAY,
    change: Change | None = None,
    version: int = 1,
) -> Document:
    """A region's acceptance rules."""
    told = body("measles" if disease == "measles" else "covid-19", change)
    return acceptance_document(disease, starts, starts + lasts, region=region, rules=told, version=version)


def emergency(
    starts: datetime, lasts: timedelta = 30 * DAY, *, renews: Document | None = None, disease: str = "covid-19"
) -> Document:
    """An emergency, the first or one that renews another."""
    digest = renews.digest if renews else None
    return emergency_document(disease, starts, starts + lasts, en="An outbreak.", zh="疫情。", renews=digest)


def a_door(*others: tuple[Document, tuple[int, ...]], **changed: Any) -> Door:
    """A door whose trust file holds these documents besides its declaration, and each who signed it."""
    hands = 8 if len(others) > 1 or any(len(signing) > len(FIVE) for _, signing in others) else 5
    door = Door(noticed=NOTICED, hands=hands, starts=-DAY, houses=8)
    return dataclasses.replace(door, others=others, **changed)
