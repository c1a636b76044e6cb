"""Who may do what: the rules by example, then the whole space of questions."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from salus.access import Action, Decision, Kind, Policy, PolicyBroken, Request, load_policy, permit
from salus.access.policy import engine
from salus.kernel import Purpose, Role

SYSTEM, CLINICIAN, RECEPTION, RESIDENT = Role.HOSPITAL_SYSTEM, Role.CLINICIAN, Role.RECEPTION, Role.RESIDENT
TREAT, ETREAT, HOPERAT, PATRQT = Purpose.TREAT, Purpose.ETREAT, Purpose.HOPERAT, Purpose.PATRQT
OWN = {"own_facility": True}
RELATION = {"relation_open": True}
MINE = {"own_record": True}
CARE = {"care_facility": True}
DIRECTORY = {"kind": Kind.DIRECTORY}
INDEPENDENT = {"independent": True}
CLOSED = {"closed": True}
JUDGE = Role.ACCESS_REVIEWER

ALLOWED = [
    (SYSTEM, TREAT, Action.CREATE, OWN, "own-facility"),
    (SYSTEM, TREAT, Action.IMPORT, OWN, "own-facility"),
    (SYSTEM, TREAT, Action.READ, OWN, "own-facility"),
    (SYSTEM, TREAT, Action.SEARCH, RELATION, "care-relation"),
    (SYSTEM, TREAT, Action.READ, OWN | RELATION, "own-facility"),
    (SYSTEM, TREAT, Action.RESOLVE_CODE, CARE, "care-facility"),
    (SYSTEM, HOPERAT, Action.UPDATE, DIRECTORY | OWN, "own-facility"),
    (SYSTEM, TREAT, Action.READ, DIRECTORY, "directory"),
    (CLINICIAN, TREAT, Action.READ, RELATION, "care-relation"),
    (CLINICIAN, TREAT, Action.READ_SUMMARY, RELATION, "care-relation"),
    (CLINICIAN, TREAT, Action.SEARCH, DIRECTORY, "directory"),
    (CLINICIAN, TREAT, Action.RESOLVE_CODE, CARE, "care-facility"),
    (RECEPTION, TREAT, Action.RESOLVE_CODE, CARE, "care-facility"),
    (RECEPTION, TREAT, Action.READ_IDENTITY, RELATION, "care-relation"),
    (CLINICIAN, TREAT, Action.INVITE_RESIDENT, RELATION, "care-relation"),
    (RECEPTION, TREAT, Action.INVITE_RESIDENT, RELATION, "care-relation"),
    (RECEPTION, TREAT, Action.PRINT_CODE, RELATION | CARE, "card-agreed"),
    (CLINICIAN, TREAT, Action.PRINT_CODE, RELATION | CARE, "card-agreed"),
    (SYSTEM, TREAT, Action.PRINT_CODE, RELATION | CARE, "card-agreed"),
    (CLINICIAN, ETREAT, Action.BREAK_GLASS, CARE, "emergency"),
    (CLINICIAN, ETREAT, Action.READ_IN_EMERGENCY, RELATION | CARE, "emergency"),
    (JUDGE, HOPERAT, Action.REVIEW_EMERGENCY, INDEPENDENT, "emergency-review"),
    (RESIDENT, PATRQT, Action.READ, MINE, "own-record"),
    (RESIDENT, PATRQT, Action.READ_REGISTER, MINE, "own-record"),
    (RESIDENT, PATRQT, Action.REPLACE_CODE, MINE, "own-record"),
]

REFUSED = [
    ("another facility's chart", SYSTEM, TREAT, Action.CREATE, RELATION, "no-permit"),
    ("a chart without a care relation", SYSTEM, TREAT, Action.READ, CARE, "no-permit"),
    ("a person's chart for operations", SYSTEM, HOPERAT, Action.READ, OWN | RELATION, "no-permit"),
    ("another facility's directory entry", SYSTEM, TREAT, Action.UPDATE, DIRECTORY, "no-permit"),
    ("a relation that no person opened", SYSTEM, TREAT, Action.OPEN_RELATION, CARE, "no-permit"),
    ("a chart of the own house without a relation", CLINICIAN, TREAT, Action.READ, OWN | CARE, "no-permit"),
    ("a chart in an emergency, but for one screen", CLINICIAN, ETREAT, Action.READ, RELATION | CARE, "purpose"),
    ("a search in an emergency", CLINICIAN, ETREAT, Action.SEARCH, RELATION | CARE, "purpose"),
    ("a relation opened for an emergency", CLINICIAN, ETREAT, Action.OPEN_RELATION, RELATION | CARE, "purpose"),
    ("breaking the glass at a desk", RECEPTION, ETREAT, Action.BREAK_GLASS, CARE, "purpose"),
    ("breaking the glass by software", SYSTEM, ETREAT, Action.BREAK_GLASS, CARE, "purpose"),
    ("breaking the glass where nobody is treated", CLINICIAN, ETREAT, Action.BREAK_GLASS, RELATION, "no-permit"),
    ("breaking the glass as if it were care", CLINICIAN, TREAT, Action.BREAK_GLASS, RELATION | CARE, "no-permit"),
    ("an emergency that nobody opened", CLINICIAN, ETREAT, Action.READ_IN_EMERGENCY, CARE, "no-permit"),
    ("what is closed, though", CLINICIAN, ETREAT, Action.READ_IN_EMERGENCY, RELATION | CARE | CLOSED, "closed"),
    ("judging an opening of the own house", JUDGE, HOPERAT, Action.REVIEW_EMERGENCY, CARE, "no-permit"),
    ("reading what was opened", JUDGE, HOPERAT, Action.READ_IN_EMERGENCY, INDEPENDENT | RELATION | CARE, "no-permit"),
    ("writing", CLINICIAN, TREAT, Action.CREATE, OWN | RELATION, "no-permit"),
    ("a code at a place that gives no care", CLINICIAN, TREAT, Action.RESOLVE_CODE, OWN | RELATION, "no-permit"),
    ("clinical data", RECEPTION, TREAT, Action.READ, OWN | RELATION | CARE, "role"),
    ("a summary", RECEPTION, TREAT, Action.READ_SUMMARY, RELATION, "role"),
    ("a name before the code was shown", RECEPTION, TREAT, Action.READ_IDENTITY, CARE, "no-permit"),
    ("an invitation for somebody who is not there", RECEPTION, TREAT, Action.INVITE_RESIDENT, CARE, "no-permit"),
    ("an invitation for a patient of the own house", CLINICIAN, TREAT, Action.INVITE_RESIDENT, OWN | CARE, "no-permit"),
    ("an invitation", SYSTEM, TREAT, Action.INVITE_RESIDENT, OWN | RELATION | CARE, "no-permit"),
    ("an invitation for oneself", RESIDENT, PATRQT, Action.INVITE_RESIDENT, MINE, "no-permit"),
    ("a card of somebody who is not there", RECEPTION, TREAT, Action.PRINT_CODE, CARE, "no-permit"),
    ("a card of a patient of the own house", SYSTEM, TREAT, Action.PRINT_CODE, OWN | CARE, "no-permit"),
    ("a card at a place that gives no care", CLINICIAN, TREAT, Action.PRINT_CODE, RELATION, "no-permit"),
    ("another resident's record", RESIDENT, PATRQT, Action.READ, RELATION, "no-permit"),
    ("another resident's register", RESIDENT, PATRQT, Action.READ_REGISTER, {}, "no-permit"),
    ("the own record for a purpose of others", RESIDENT, TREAT, Action.READ, MINE, "purpose"),
    ("anything", Role.AUDITOR, TREAT, Action.READ, OWN | RELATION | MINE | CARE, "role"),
    ("anything", Role.OPERATOR, None, Action.READ_REGISTER, OWN | RELATION | MINE | CARE, "role"),
    ("anything without a purpose", CLINICIAN, None, Action.READ, RELATION, "purpose"),
]


@pytest.mark.parametrize(("role", "purpose", "action", "facts", "ground"), ALLOWED)
def test_a_permitted_request_names_its_ground(role, purpose, action, facts, ground) -> None:  # type: ignore[no-untyped-def]
    decision = permit(Request(role=role, purpose=purpose, action=action, **facts))

    assert decision == Decision(allowed=True, ground=ground)


@pytest.mark.parametrize(("what", "role", "purpose", "action", "facts", "ground"), REFUSED)
def test_a_refused_request_names_what_stood_against_it(what, role, purpose, action, facts, ground) -> None:  # type: ignore[no-untyped-def]
    decision = permit(Request(role=role, purpose=purpose, action=action, **facts))

    assert decision == Decision(allowed=False, ground=ground), f"{role} got {what}"


def test_a_remembered_answer_equals_a_fresh_one() -> None:
    policy = load_policy()
    asked = Random(1).sample(whole_space(), 8_000)
    first = [policy.permit(request) for request in asked]

    assert len(asked) < engine.MOST_REMEMBERED
    assert [policy.permit(request) for request in asked] == first
    assert [policy.evaluate(request) for request in asked] == first


def test_the_memory_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MOST_REMEMBERED", 8)
    policy = Policy(*sources())
    for request in whole_space()[:100]:
        policy.permit(request)

    assert len(policy._answers) <= 8


def test_another_policy_does_not_inherit_answers() -> None:
    policies, schema = sources()
    request = Request(role=CLINICIAN, purpose=TREAT, action=Action.READ, relation_open=True)
    stricter = Policy(policies + '\n@ground("role") forbid (principal == Role::"clinician", action, resource);', schema)

    assert load_policy().permit(request).allowed
    assert not stricter.permit(request).allowed
    assert stricter.hash != load_policy().hash


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('Purpose::"TREAT"', 'Purpose::"LAWENF"'),
        ('Role::"clinician"', 'Role::"police"'),
        ('Action::"read"', 'Action::"set-measure"'),
        ("context.relation_open", "context.is_vip"),
        ('context has purpose && context.purpose == Purpose::"PATRQT"', 'context.purpose == Purpose::"PATRQT"'),
        ("permit (", "permitt ("),
        ('@ground("directory")', ""),
    ],
)
def test_a_policy_that_does_not_fit_its_schema_refuses_to_start(was: str, becomes: str) -> None:
    policies, schema = sources()
    assert was in policies

    with pytest.raises(PolicyBroken):
        Policy(policies.replace(was, becomes), schema)


def test_a_schema_that_cannot_be_read_refuses_to_start() -> None:
    policies, schema = sources()

    with pytest.raises(PolicyBroken):
        Policy(policies, schema.replace("entity", "entiti"))


def test_a_question_outside_the_schema_is_not_decided() -> None:
    with pytest.raises(PolicyBroken):
        load_policy().evaluate(Request(role=CLINICIAN, purpose="LAWENF", action=Action.READ))  # type: ignore[arg-type]


def test_the_schema_lists_the_roles_purposes_kinds_and_actions_of_the_code() -> None:
    schema = "".join(line for line in sources()[1].splitlines() if not line.startswith("//"))

    for entity, names in (("Role", Role), ("Purpose", Purpose), ("Kind", Kind)):
        listed = schema.split(f"entity {entity} enum [")[1].split("]")[0]
        assert words(listed) == {name.value for name in names}
    assert words(schema.split("action ")[1].split("appliesTo")[0]) == {action.value for action in Action}


def sources() -> tuple[str, str]:
    """Return the policies and the schema as one text each."""
    return engine.policy_text(), engine.schema_text()


def words(quoted: str) -> set[str]:
    """Return what stands between quotes."""
    return set(quoted.split('"')[1::2])


def whole_space() -> list[Request]:
    """Return every question that can be asked."""
    return [
        Request(
            role=role,
            purpose=purpose,
            action=action,
            kind=kind,
            own_facility=own,
            relation_open=relation,
            own_record=mine,
            care_facility=care,
            independent=other,
            closed=closed,
        )
        for role, purpose, action, kind, own, relation, mine, care, other, closed in product(
            Role, (*Purpose, None), Action, Kind, *[(False, True)] * 6
        )
    ]
