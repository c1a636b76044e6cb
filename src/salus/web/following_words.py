"""The words of follow-up's closed lists: how a record stands, and how an item of a plan is."""

from __future__ import annotations

from collections.abc import Mapping

from salus.records.following import How
from salus.records.population import Standing
from salus.web.words import noop

STANDINGS: Mapping[Standing, str] = {
    Standing.ACTIVE: noop("active"),
    Standing.MOVED: noop("moved"),
    Standing.CLOSED: noop("closed, since a death was stated"),
}
HOWS: Mapping[How, str] = {
    How.DONE: noop("done"),
    How.COMING: noop("coming"),
    How.DUE: noop("due"),
    How.OVERDUE: noop("overdue"),
    How.LAPSED: noop("not written down"),
}
