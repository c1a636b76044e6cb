"""The controls behind the promises, and how to take each away; for tests alone, and in no release.

With SALUS_WITHOUT naming one, `conftest` takes it away before any test runs. A promise's test must fail then: one that
does not proves nothing. The list is closed by a test, `test_each_control_matters`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass


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


def _any_field_of_an_order() -> None:
    from salus.command.orders import model, service

    model.check_fields = service.check_fields = lambda given: None


def _feeds_hold_anything() -> None:
    from salus.surveillance.intake import feed

    feed._check_fields = lambda n, row: None


CONTROLS: Mapping[str, Control] = {
    "no action sets a measure": Control(promise=1, test="test_no_one_can_set_a_measure.py", take_away=_grant_by_policy),
    "codes are resolved at places of care only": Control(
        promise=4, test="test_identity_code_is_for_care.py", take_away=_codes_for_all
    ),
    "places are taken out at the door": Control(
        promise=5, test="test_no_place_is_collected.py", take_away=_places_stay
    ),
    "reading registers": Control(promise=6, test="test_every_read_is_shown.py", take_away=_reads_unregistered),
    "the form of an order is closed": Control(
        promise=7, test="test_commanders_see_counts_never_people.py", take_away=_any_field_of_an_order
    ),
    "feeds hold counts only": Control(
        promise=7, test="test_counts_never_lead_to_a_person.py", take_away=_feeds_hold_anything
    ),
    "purposes are a closed list": Control(promise=8, test="test_no_policing_purpose.py", take_away=_any_purpose),
}
