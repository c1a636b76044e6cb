"""What the event of an acceptance tells of what arrived: numbers, and digests that only this node can make. Pure."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from salus.kernel import civil_day
from salus.records.arriving.core import carried, day_of
from salus.records.model import Outcome, Sealer

SENT = "records.sent"
LATEST_DAYS = 3650
# What differs between two sendings of one thing: our ids and versions, and references to other things sent with it.
_OURS = re.compile(rb'"(?:id|versionId|lastUpdated|reference)":"[^"\\]*"')


def told(
    arrived: Iterable[tuple[dict[str, Any], Outcome]],
    residents: Mapping[int, int],
    sealer: Sealer,
    facility: str,
    at: datetime,
) -> dict[str, Any]:
    """Return, for each type, how many arrived, how many carry what, how late the new ones are, their digests.

    `odd`, where something is, says how many are so, and what: one counts once for each thing odd in it. One thing
    is the same as another where a facility says the same of the same resident, in the same bytes.
    """
    found: dict[str, dict[str, Any]] = {}
    digests: dict[str, list[bytes]] = {}
    today = civil_day(at)
    for resource, outcome in arrived:
        one = found.setdefault(outcome.type, {"all": 0, "has": {}, "late": {}})
        one["all"] += 1
        for name in carried(resource):
            one["has"][name] = one["has"].get(name, 0) + 1
        day = day_of(resource) if outcome.created else None
        if day is not None:
            days = str(min(max((today - day).days, 0), LATEST_DAYS))
            one["late"][days] = one["late"].get(days, 0) + 1
        for kind in dict.fromkeys(odd.rule for odd in outcome.odd):
            counted = one.setdefault("odd", {})
            counted[kind] = counted.get(kind, 0) + 1
        whose = residents.get(outcome.chart_key, outcome.chart_key)
        content = b"%s %d " % (facility.encode(), whose) + _OURS.sub(b"", outcome.body)
        digests.setdefault(outcome.type, []).append(sealer.digest(SENT, content)[:8])
    for name, several in digests.items():
        found[name]["sent"] = base64.b64encode(b"".join(several)).decode("ascii")
    return found


def digests_of(text: str) -> list[int]:
    """Read the digests of one type back."""
    packed = base64.b64decode(text)
    return list(struct.unpack(f">{len(packed) // 8}q", packed))
