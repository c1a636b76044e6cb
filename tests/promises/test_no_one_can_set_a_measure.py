"""No one can set a measure: there is no action for it that any role, for any purpose, could be permitted."""

from __future__ import annotations

import pytest

from salus.access import Action, Policy, PolicyBroken
from salus.access.policy import engine
from salus.kernel import Role

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
