"""No one can set a measure: there is no action for it that any role, for any purpose, could be permitted."""

from __future__ import annotations

import pytest

from naming import everything, saying
from salus.access import Action, Policy, PolicyBroken
from salus.access.policy import engine
from salus.kernel import Role
from salus.storage import Store

SCHEMA = '{schema}\naction "set-measure" appliesTo {{ principal: [Role], resource: [Kind], context: Facts }};'
MEASURES = ("measure", "colour", "color", "status", "green", "yellow", "red", "quarantine", "restrict", "flag")


def test_no_action_names_a_measure() -> None:
    assert not [action for action in Action if any(word in action.value for word in MEASURES)]


@pytest.mark.parametrize("role", Role)
def test_a_policy_that_lets_a_role_set_a_measure_refuses_to_start(role: Role) -> None:
    grant = f'@ground("x") permit (principal == Role::"{role}", action == Action::"set-measure", resource);'

    with pytest.raises(PolicyBroken):
        Policy(engine.policy_text() + grant, engine.schema_text())


def test_the_check_can_fail() -> None:
    """With the action declared the same grant is accepted: it is the missing action that refuses it."""
    grant = '@ground("x") permit (principal, action == Action::"set-measure", resource);'

    assert Policy(engine.policy_text() + grant, SCHEMA.format(schema=engine.schema_text())).hash


WORDS = (
    "measure measures colour color status state green yellow amber red quarantine restriction restricted flag flags"
    " risk score tier grade clearance pass passed ban banned blocked allowed allow exposure exposed"
)
# What these words name here instead of what a person may or must do.
NO_MEASURE = {
    "salus.access.policy.model.Decision.allowed": "whether a request to read or write is permitted",
    "salus.records.model.SummaryLine.flag": "low or high beside a laboratory value",
    "salus.rules.model.Decision.measure": "the answer of the pure function; it is compared, and kept nowhere",
    "salus.rules.recomputing.model.Recomputed.measure": "the answer that anybody gets from a file; kept nowhere",
    "salus.web.views.Result.flag": "low or high beside a laboratory value",
}


def test_nothing_that_is_kept_or_sent_has_a_name_for_a_measure(store: Store) -> None:
    assert saying(WORDS, everything(store)) == set(NO_MEASURE)
