"""The words of coverage: by which way something comes, what an institution is, what is odd about who somebody is."""

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
ODD: Mapping[str, str] = {
    "birth-to-come": noop("a birth date in the future"),
    "no-number": noop("a number that cannot be one of that document"),
    "filler": noop("a number that is a filler, or the example of a printed form"),
    "unknown-area": noop("an identity card’s number that begins with no province’s digits"),
    "other-document": noop("a number of another document than its type says"),
    "born-before-1900": noop("an old number that says the person was born before 1900"),
    "other-birth-date": noop("a number that names another birth date"),
    "other-sex": noop("a number that names another sex"),
}
