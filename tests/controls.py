"""The controls behind the promises, and how to take each away; for tests alone, and in no release.

With SALUS_WITHOUT naming one, `conftest` takes it away before any test runs. A promise's test must fail then: one that
does not proves nothing. The list is closed by a test, `test_each_control_matters`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from salus_abuse.controls import CONTROLS as ATTACKED


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


def _whatever_was_said_is_told() -> None:
    from salus.records.intake import asking

    told = asking.agreeing
    elements = ("name", "birthDate", "gender", "identifier", "telecom")
    asking.agreeing = lambda patient, agreed, types: told(patient, [one for one in elements if one in patient], types)


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


def _any_field() -> None:
    from salus.web import evidence

    evidence.app.SETTING = frozenset()


def _negatives_release_nothing() -> None:
    from salus.rules import service

    service._releases = lambda *_: False


def _measures_do_not_end() -> None:
    from salus.rules import service

    over = service._over
    service._over = lambda *given: None if (found := over(*given)) is service.Why.LAPSED else found


def _nobody_vetoes() -> None:
    from salus.rules.publishing import checking

    checking.check_not_vetoed = lambda *given: None


def _rules_flash() -> None:
    from salus.rules.publishing import succeeding

    succeeding.LEAST_LIFE = timedelta(0)


def _operators_admit() -> None:
    from salus.app.node import Node

    Node.admitted = lambda *_: True


def _few_witnesses() -> None:
    from salus.rules.recomputing import recompute

    recompute.WITNESSING = 1


def _everybody_reads_notices() -> None:
    grant = (
        '@ground("x") permit (principal == Role::"clinician", action == Action::"read-notice",'
        ' resource == Kind::"record") when { context has purpose };'
    )
    _policy(lambda told: told + grant)


def _notices_opened_without_care() -> None:
    grant = (
        '@ground("x") permit (principal == Role::"clinician", action == Action::"open-notice",'
        ' resource == Kind::"record") when { context has purpose };'
    )
    _policy(lambda told: told + grant)


def _any_field_of_an_order() -> None:
    from salus.command.orders import model, service

    model.check_fields = service.check_fields = lambda given: None


def _feeds_hold_anything() -> None:
    from salus.surveillance.intake import feed

    feed._check_fields = lambda n, row: None


def _links_bring_measures() -> None:
    """Every chart that is the resident's now asks what its specimens ask."""
    from salus.app import measures

    measures._own_charts = lambda tx, node, who: measures.charts_of(tx, node.resident_key(tx, who.resident))


def _a_permit_wins() -> None:
    from salus.access.consent import service

    service.opened_by = lambda permits, forbids: permits


def _staff_open() -> None:
    from salus.access.consent.model import Directive

    Directive.__post_init__ = lambda directive: None


def _follow_up_of_everything() -> None:
    from salus.records.following import store

    followed_of = store.followed_of
    store.followed_of = lambda tx, sight: followed_of(tx, _all_of(sight))


def _all_of(sight: Any) -> Any:
    from salus.access import whole

    return whole(sight.closed, sight.facility)


def _writers_see_everything() -> None:
    from salus.app.seeing import Eyes

    Eyes.closed = lambda eyes, tx, found: [False for _ in found]


def _clinicians_search_across() -> None:
    from salus.app import searching
    from salus.kernel import Purpose, Role

    searching.ACROSS = dict.fromkeys(((role, purpose) for role in Role for purpose in Purpose), "")
    grant = (
        '@ground("x") permit (principal == Role::"clinician", action == Action::"search",'
        ' resource == Kind::"record") when { context has purpose };'
    )
    _policy(lambda told: told + grant)


def _policy_lets_staff_open() -> None:
    grant = (
        '@ground("x") permit (principal == Role::"clinician", action == Action::"change-consent",'
        ' resource == Kind::"record") when { context has purpose };'
    )
    _policy(lambda told: told + grant)


CONTROLS: Mapping[str, Control] = {
    "no action sets a measure": Control(promise=1, test="test_no_one_can_set_a_measure.py", take_away=_grant_by_policy),
    "doors ask only where declared": Control(
        promise=3, test="test_a_door_asks_only_where_declared.py", take_away=_doors_ask_anywhere
    ),
    "certificates are signed": Control(
        promise=3, test="test_a_door_asks_only_where_declared.py", take_away=_doors_believe_any_signature
    ),
    "a deadline ends what is contested": Control(
        promise=2, test="test_a_late_answer_ends_a_measure.py", take_away=ATTACKED["late-answers-end"]
    ),
    "only the own number brings a measure": Control(
        promise=2, test="test_a_link_never_brings_a_measure.py", take_away=_links_bring_measures
    ),
    "nobody answers for the own work": Control(
        promise=2, test="test_a_late_answer_ends_a_measure.py", take_away=ATTACKED["others-judge"]
    ),
    "codes are resolved at places of care only": Control(
        promise=4, test="test_identity_code_is_for_care.py", take_away=_codes_for_all
    ),
    "a quorum admits places of care": Control(
        promise=4, test="test_a_place_of_care_is_admitted_in_public.py", take_away=_operators_admit
    ),
    "places are taken out at the door": Control(
        promise=5, test="test_no_place_is_collected.py", take_away=_places_stay
    ),
    "reading registers": Control(promise=6, test="test_every_read_is_shown.py", take_away=_reads_unregistered),
    "the index confirms only what is right": Control(
        promise=6, test="test_the_index_tells_nothing_unsaid.py", take_away=_whatever_was_said_is_told
    ),
    "the form of an order is closed": Control(
        promise=7, test="test_commanders_see_counts_never_people.py", take_away=_any_field_of_an_order
    ),
    "feeds hold counts only": Control(
        promise=7, test="test_counts_never_lead_to_a_person.py", take_away=_feeds_hold_anything
    ),
    "purposes are a closed list": Control(promise=8, test="test_no_policing_purpose.py", take_away=_any_purpose),
    "what is shown is recomputed": Control(
        promise=1, test="test_no_one_can_set_a_measure.py", take_away=ATTACKED["rows-recomputed"]
    ),
    "a field that would set a measure is refused and counted": Control(
        promise=1, test="test_no_one_can_set_a_measure.py", take_away=_any_field
    ),
    "sensitive classes are closed": Control(
        promise=9, test="test_a_closed_class_is_opened_by_its_resident_alone.py", take_away=ATTACKED["classes-closed"]
    ),
    "a forbid wins": Control(
        promise=9, test="test_a_closed_class_is_opened_by_its_resident_alone.py", take_away=_a_permit_wins
    ),
    "only the resident opens": Control(
        promise=9, test="test_a_closed_class_is_opened_by_its_resident_alone.py", take_away=_staff_open
    ),
    "policy lets the resident alone change what is open": Control(
        promise=9, test="test_only_the_resident_opens.py", take_away=_policy_lets_staff_open
    ),
    "what is derived is closed alike": Control(
        promise=9, test="test_nothing_tells_of_what_is_closed.py", take_away=_follow_up_of_everything
    ),
    "what is closed is not there for writers": Control(
        promise=9, test="test_nothing_tells_of_what_is_closed.py", take_away=_writers_see_everything
    ),
    "searches across residents stand in a table": Control(
        promise=9, test="test_a_search_across_residents_needs_a_purpose.py", take_away=_clinicians_search_across
    ),
    "proofs age": Control(promise=2, test="test_a_measure_is_provable_and_ends.py", take_away=ATTACKED["proofs-age"]),
    "negatives release": Control(
        promise=2, test="test_a_measure_is_provable_and_ends.py", take_away=_negatives_release_nothing
    ),
    "measures end": Control(promise=2, test="test_a_measure_is_provable_and_ends.py", take_away=_measures_do_not_end),
    "rules need notice": Control(
        promise=2, test="test_a_measure_is_provable_and_ends.py", take_away=ATTACKED["notice"]
    ),
    "rules need signers": Control(
        promise=2, test="test_a_measure_is_provable_and_ends.py", take_away=ATTACKED["signers"]
    ),
    "one ombudsman stops a document": Control(
        promise=2, test="test_an_ombudsman_stops_what_was_published.py", take_away=_nobody_vetoes
    ),
    "rules count for a day": Control(
        promise=2, test="test_an_ombudsman_stops_what_was_published.py", take_away=_rules_flash
    ),
    "witnesses are of several organisations": Control(
        promise=2, test="test_a_measure_is_provable_and_ends.py", take_away=_few_witnesses
    ),
    "notices are their holders' alone": Control(
        promise=2, test="test_a_measure_is_provable_and_ends.py", take_away=_everybody_reads_notices
    ),
    "what a holder shows is opened in care alone": Control(
        promise=2, test="test_a_notice_is_shown_by_its_holder_alone.py", take_away=_notices_opened_without_care
    ),
}
