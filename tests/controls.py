"""The controls behind the promises, and how to take each away; for tests alone, and in no release.

With SALUS_WITHOUT naming one, `conftest` takes it away before any test runs. A promise's test must fail then: one that
does not proves nothing. The list is closed by a test, `test_each_control_matters`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What holds a promise (by its number in the README), a test of it, and how the control is taken away."""

    promise: int
    test: str
    take_away: Callable[[], None]


def _policy(change: Callable[[str], str]) -> None:
    from salus.access.policy import engine

    told = engine.policy_text()
    assert change(told) != told
    engine.policy_text = lambda: change(told)


def _grant_by_policy() -> None:
    from salus.access.policy import engine

    action = '\naction "set-measure" appliesTo { principal: [Role], resource: [Kind], context: Facts };'
    told = engine.schema_text()
    engine.schema_text = lambda: told + action


def _codes_for_all() -> None:
    _policy(lambda told: told.replace("&& context.care_facility", ""))


def _any_purpose() -> None:
    grant = (
        '@ground("x") permit (principal == Role::"clinician", action == Action::"read", resource == Kind::"record")'
        " when { context has purpose };"
    )
    _policy(lambda told: re.sub(r'@id\("purpose-is-outside.*?\n};', "", told, flags=re.DOTALL) + grant)


def _places_stay() -> None:
    from salus.records.fhir import walk

    walk._PLACE_WORDS = walk._GEO_URI = re.compile(r"(?!)")


def _reads_unregistered() -> None:
    from salus.access import store

    add_reads = store.add_reads
    store.add_reads = lambda tx, reads, nonces: add_reads(tx, reads[:1], nonces[:16])


def _doors_ask_anywhere() -> None:
    from salus.codec.certificates import verdict

    verdict.permitted = lambda trust, at, venue: trust.declarations


def _doors_believe_any_signature() -> None:
    from salus.codec.certificates.text import Presented

    Presented.verify = lambda presented, key: None


def _late_answers_count() -> None:
    """Both that hold it: how a contest stands here, and what whoever recomputes a file believes."""
    from salus import appeals
    from salus.appeals.contests import tally
    from salus.rules.recomputing import recompute

    appeals.standing = tally.standing = lambda *_: appeals.Standing.WAITING

    def read_on(reading: Any, file: Any, *_: Any) -> None:
        if "appeal" in file:
            reading.opening(file["appeal"]["opened"]["leaf"]["appeal"], "appeal")

    recompute._appeal = read_on


def _own_judges() -> None:
    from salus import appeals
    from salus.appeals.contests import service

    _policy(lambda told: told.replace("&& context.independent", ""))
    appeals.independent = service.independent = lambda *_: True


CONTROLS: Mapping[str, Control] = {
    "no action sets a measure": Control(promise=1, test="test_no_one_can_set_a_measure.py", take_away=_grant_by_policy),
    "doors ask only where declared": Control(
        promise=3, test="test_a_door_asks_only_where_declared.py", take_away=_doors_ask_anywhere
    ),
    "certificates are signed": Control(
        promise=3, test="test_a_door_asks_only_where_declared.py", take_away=_doors_believe_any_signature
    ),
    "a deadline ends what is contested": Control(
        promise=2, test="test_a_late_answer_ends_a_measure.py", take_away=_late_answers_count
    ),
    "nobody answers for the own work": Control(
        promise=2, test="test_a_late_answer_ends_a_measure.py", take_away=_own_judges
    ),
    "codes are resolved at places of care only": Control(
        promise=4, test="test_identity_code_is_for_care.py", take_away=_codes_for_all
    ),
    "places are taken out at the door": Control(
        promise=5, test="test_no_place_is_collected.py", take_away=_places_stay
    ),
    "reading registers": Control(promise=6, test="test_every_read_is_shown.py", take_away=_reads_unregistered),
    "purposes are a closed list": Control(promise=8, test="test_no_policing_purpose.py", take_away=_any_purpose),
}
