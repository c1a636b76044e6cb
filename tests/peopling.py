"""Charts with births, sexes, deaths and declarations of who keeps the record, for tests of the population register."""

from __future__ import annotations

from typing import Any

KEEPING = {"coding": [{"system": "urn:salus:code:episode", "code": "record-keeping"}]}
URN = "urn:uuid:00000000-0000-4000-8000-000000000001"


def a_keeping(patient: str, since: str, until: str | None = None, **more: Any) -> dict[str, Any]:
    """A facility's declaration that it keeps a Patient's record, from one day to another."""
    return {
        "resourceType": "EpisodeOfCare",
        "status": "active",
        "type": [KEEPING],
        "patient": {"reference": patient},
        "period": {"start": since} | ({"end": until} if until else {}),
        **more,
    }
