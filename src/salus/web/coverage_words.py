"""The words of coverage: by which way something comes, and what an institution is."""

from __future__ import annotations

from collections.abc import Mapping

from salus.web.words import noop

WAYS: Mapping[str, str] = {
    "fhir": noop("FHIR"),
    "v2": noop("HL7 v2 messages"),
    "import": noop("imported files"),
}
KINDS: Mapping[str, str] = {
    "hospital": noop("hospital"),
    "clinic": noop("clinic"),
    "community-health-centre": noop("community health centre"),
    "township-health-centre": noop("township health centre"),
    "village-clinic": noop("village clinic"),
    "maternal-and-child-centre": noop("maternal and child health centre"),
    "emergency-centre": noop("emergency centre"),
}
